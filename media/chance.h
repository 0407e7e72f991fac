/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random bytes of the kernel in small portions: a call needs seven, and a
 * system call for each costs more than the bytes.
 */
#ifndef MEDIA_CHANCE_H
#define MEDIA_CHANCE_H

#include <stdbool.h>
#include <stddef.h>

#define CHANCE_MAX 32

/* Fill out[len], at most CHANCE_MAX. False if the kernel has none: then out is
 * as it was. What was given out is kept nowhere. */
bool chance_take(void *out, size_t len);

#endif
