/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many descriptors the program may have: a call holds four for each stream
 * that we relay, RTP and RTCP on both sides.
 */
#ifndef SBC_DESCRIPTORS_H
#define SBC_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

/* Take as many as the system gives us. */
void descriptors_raise(void);
/* Too few for `calls` calls with one stream each? Then `why` says how many
 * they are enough for, and what to set. 0 calls: no limit, nothing to say. */
bool descriptors_short(unsigned calls, char *why, size_t why_size);

#endif
