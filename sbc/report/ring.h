/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bounded queue of lines in one block of bytes. Not locked: the logger's
 * lock covers it.
 */
#ifndef SBC_REPORT_RING_H
#define SBC_REPORT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	char *bytes;
	size_t size, head, used; /* head: the oldest byte */
	uint64_t lost;		 /* lines that found no room, not told yet */
};

int ring_init(struct ring *ring, size_t size);
void ring_clear(struct ring *ring);
/* A newline is added. False, and counted, if there is no room. */
bool ring_push(struct ring *ring, const char *line, size_t len);
/* Move whole lines, newlines included, into out; returns the bytes. */
size_t ring_pop(struct ring *ring, char *out, size_t size, unsigned *lines);

#endif
