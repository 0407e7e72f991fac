/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Did you mean: the nearest known name to one that is not known. */
#include <string.h>

#include "policy/fault.h"

/* Longer names than these are never mistyped into each other. */
#define NAME_MAX_LEN 48

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned suggest_distance(const char *a, const char *b)
{
	unsigned row[3][NAME_MAX_LEN + 1];
	size_t a_len = strnlen(a, NAME_MAX_LEN + 1);
	size_t b_len = strnlen(b, NAME_MAX_LEN + 1);

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = row[i % 3], *up = row[(i - 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);
			now[j] = least(least(up[j], now[j - 1]) + 1,
				       up[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) &&
			    lower(a[i - 2]) == y)
				now[j] = least(now[j],
					       row[(i - 2) % 3][j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

/* `wanted` is a word of `candidate`: "timeout" of "media_timeout". */
static bool is_part(const char *wanted, const char *candidate)
{
	const char *at = strstr(candidate, wanted);

	return at && strlen(wanted) >= 4 && (at == candidate || at[-1] == '_');
}

void suggest_try(struct suggest *suggest, const char *candidate)
{
	unsigned distance = suggest_distance(suggest->wanted, candidate);
	size_t len = strlen(suggest->wanted);
	unsigned limit = len <= 4 ? 1 : len <= 7 ? 2 : 3;

	if (distance > limit && is_part(suggest->wanted, candidate))
		distance = limit;
	if ((distance == 0 && strcmp(suggest->wanted, candidate) == 0) ||
	    distance > limit || distance >= len)
		return;
	if (!suggest->best || distance < suggest->distance) {
		suggest->best = candidate;
		suggest->distance = distance;
	}
}

const char *suggest_best(const struct suggest *suggest)
{
	return suggest->best;
}
