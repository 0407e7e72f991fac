/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small stock of random bytes for each thread that asks. */
#include "media/chance.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#define STOCK 256 /* what getrandom never gives in parts */

bool chance_take(void *out, size_t len)
{
	static _Thread_local unsigned char stock[STOCK];
	static _Thread_local size_t left;

	assert(len <= CHANCE_MAX);
	if (left < len) {
		if (getrandom(stock, STOCK, GRND_NONBLOCK) != STOCK)
			return false;
		left = STOCK;
	}
	left -= len;
	memcpy(out, stock + left, len);
	memset(stock + left, 0, len);
	return true;
}
