/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prefixes as sorted ranges of addresses that neither overlap nor touch. */
#include "config.h"

#include "sbc/guard/ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_words(const uint32_t *a, const uint32_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	return compare_words(((const struct range *)a)->low,
			     ((const struct range *)b)->low, RANGES_WORDS);
}

/* The address as words; false if it is of the other family. An IPv4-mapped
 * prefix is one of IPv4: that is what stands in the packet. */
static bool words_of(uint32_t out[RANGES_WORDS], unsigned *bits,
		     const struct address_prefix *prefix, unsigned words)
{
	const struct sockaddr_in *in = (const void *)&prefix->base;
	const struct sockaddr_in6 *in6 = (const void *)&prefix->base;
	unsigned char bytes[16] = {0};
	bool ipv4 = prefix->base.ss_family == AF_INET;

	*bits = prefix->bits;
	if (ipv4) {
		memcpy(bytes, &in->sin_addr, 4);
	} else if (prefix->base.ss_family == AF_INET6) {
		ipv4 = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && *bits >= 96;
		memcpy(bytes, (const char *)&in6->sin6_addr + (ipv4 ? 12 : 0),
		       ipv4 ? 4 : 16);
		if (ipv4)
			*bits -= 96;
	} else {
		return false;
	}
	if (ipv4 != (words == 1))
		return false;
	for (unsigned i = 0; i < RANGES_WORDS; i++)
		out[i] = (uint32_t)bytes[4 * i] << 24 |
			 (uint32_t)bytes[4 * i + 1] << 16 |
			 (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
	return true;
}

static void range_of(struct range *out, unsigned bits, unsigned words)
{
	for (unsigned i = 0; i < words; i++) {
		unsigned here = bits >= 32 * (i + 1) ? 32
				: bits > 32 * i	     ? bits - 32 * i
						     : 0;
		uint32_t mask = here ? UINT32_MAX << (32 - here) : 0;

		out->low[i] &= mask;
		out->high[i] = out->low[i] | ~mask;
	}
}

/* Is b what follows a without a gap, or within it? Both sorted by low. */
static bool touches(const struct range *a, const struct range *b,
		    unsigned words)
{
	uint32_t next[RANGES_WORDS];

	if (compare_words(b->low, a->high, words) <= 0)
		return true;
	memcpy(next, a->high, sizeof next);
	for (unsigned i = words; i-- > 0;)
		if (++next[i])
			break;
	return compare_words(next, b->low, words) == 0;
}

static void merge(struct ranges *list)
{
	unsigned kept = 0;

	qsort(list->range, list->count, sizeof *list->range, compare_ranges);
	for (unsigned i = 0; i < list->count; i++) {
		struct range *last = kept ? &list->range[kept - 1] : NULL;
		const struct range *r = &list->range[i];

		if (!last || !touches(last, r, list->words))
			list->range[kept++] = *r;
		else if (compare_words(last->high, r->high, list->words) < 0)
			memcpy(last->high, r->high, sizeof r->high);
	}
	list->count = kept;
}

int ranges_read(struct ranges *out, unsigned words,
		const struct address_prefix *allowed, unsigned count)
{
	out->words = words;
	out->count = 0;
	out->range = calloc(count ? count : 1, sizeof *out->range);
	if (!out->range)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		struct range *r = &out->range[out->count];
		unsigned bits;

		if (!words_of(r->low, &bits, &allowed[i], words))
			continue;
		range_of(r, bits, words);
		out->count++;
	}
	merge(out);
	return 0;
}

/* How much a gap lets in when it is closed: IPv4 addresses, IPv6 /64s. */
static uint64_t gap_between(const struct range *a, const struct range *b,
			    unsigned words)
{
	if (words == 1)
		return b->low[0] - a->high[0] - 1;
	return ((uint64_t)b->low[0] << 32 | b->low[1]) -
	       ((uint64_t)a->high[0] << 32 | a->high[1]);
}

static int compare_gaps(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void close_gaps(struct ranges *list, uint64_t up_to)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < list->count; i++) {
		struct range *last = kept ? &list->range[kept - 1] : NULL;
		const struct range *r = &list->range[i];

		if (last && gap_between(last, r, list->words) <= up_to)
			memcpy(last->high, r->high, sizeof r->high);
		else
			list->range[kept++] = *r;
	}
	list->count = kept;
}

bool ranges_widen(struct ranges list[2])
{
	unsigned gaps = 0, total = list[0].count + list[1].count;
	uint64_t *gap = calloc(total ? total : 1, sizeof *gap), up_to;

	if (!gap)
		return false;
	for (unsigned f = 0; f < 2; f++)
		for (unsigned i = 1; i < list[f].count; i++)
			gap[gaps++] =
				gap_between(&list[f].range[i - 1],
					    &list[f].range[i], list[f].words);
	if (gaps) {
		qsort(gap, gaps, sizeof *gap, compare_gaps);
		up_to = gap[gaps / 10];
		close_gaps(&list[0], up_to);
		close_gaps(&list[1], up_to);
	}
	free(gap);
	return gaps > 0;
}
