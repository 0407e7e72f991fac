/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The G.722 encoder at 64 kbit/s (ITU-T G.722, mode 1). */
#ifndef MEDIA_G722_H
#define MEDIA_G722_H

#include <stddef.h>
#include <stdint.h>

struct g722_band {
	int s, sp, sz;
	int r[3], a[3], p[3];
	int d[7], b[7];
	int nb, det;
};

struct g722_encoder {
	int x[24]; /* of the band filter */
	struct g722_band low, high;
};

void g722_init(struct g722_encoder *encoder);
/* Two samples of 16 kHz to one byte. */
uint8_t g722_encode(struct g722_encoder *encoder, const int16_t sample[2]);

#endif
