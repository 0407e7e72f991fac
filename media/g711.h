/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G.711: A-law and mu-law (ITU-T G.711, tables 1 to 4), as sent on the wire. */
#ifndef MEDIA_G711_H
#define MEDIA_G711_H

#include <stdint.h>

/* One law's bytes to the other's. */
struct g711_tables {
	uint8_t a_to_u[256];
	uint8_t u_to_a[256];
};

void g711_tables(struct g711_tables *out);

/* To and from 16-bit linear samples. */
int16_t g711_from_a(uint8_t a);
int16_t g711_from_u(uint8_t u);
uint8_t g711_to_a(int16_t sample);
uint8_t g711_to_u(int16_t sample);

#endif
