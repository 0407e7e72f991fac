/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Token buckets: one for each source, one for all. Sources stand in a hash
 * table and, by last use, in a list, so that finding one, forgetting the
 * idlest and making room all cost the same, however many there are.
 */
#include "config.h"

#include "sbc/guard/guard_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "policy/address.h"

#define NONE UINT32_MAX

int guard_new(struct guard **out, const struct policy_limits *limits)
{
	struct guard *guard = calloc(1, sizeof *guard);

	if (!guard)
		return -ENOMEM;
	if (getrandom(&guard->seed, sizeof guard->seed, GRND_NONBLOCK) < 0)
		guard->seed = (uint64_t)(uintptr_t)guard;
	guard->free = guard->oldest = guard->newest = NONE;
	memset(guard->chain, 0xff, sizeof guard->chain);
	guard->limits = *limits;
	guard->global.tokens_m = (uint64_t)limits->global_burst * 1000;
	*out = guard;
	return 0;
}

void guard_free(struct guard *guard)
{
	free(guard);
}

void guard_limits(struct guard *guard, const struct policy_limits *limits)
{
	guard->limits = *limits;
}

void guard_counts(const struct guard *guard, struct guard_counts *out)
{
	*out = guard->counts;
}

/* --- buckets ------------------------------------------------------------ */

static uint64_t full_m(unsigned burst)
{
	return (uint64_t)(burst ? burst : 1) * 1000;
}

static bool take(struct bucket *bucket, unsigned rate, unsigned burst,
		 uint64_t now_ms)
{
	uint64_t full = full_m(burst), passed;

	if (!rate)
		return true;
	passed = now_ms > bucket->at_ms ? now_ms - bucket->at_ms : 0;
	bucket->at_ms = now_ms;
	if (passed >= full / rate + 1 ||
	    bucket->tokens_m + passed * rate > full)
		bucket->tokens_m = full;
	else
		bucket->tokens_m += passed * rate;
	if (bucket->tokens_m < 1000)
		return false;
	bucket->tokens_m -= 1000;
	return true;
}

/* --- sources ------------------------------------------------------------ */

static void key_of(uint64_t key[2], const struct sockaddr *source)
{
	unsigned char bytes[16] = {0};

	if (source->sa_family == AF_INET) {
		bytes[10] = bytes[11] = 0xff;
		memcpy(bytes + 12,
		       &((const struct sockaddr_in *)source)->sin_addr, 4);
	} else if (source->sa_family == AF_INET6) {
		const struct in6_addr *in6 =
			&((const struct sockaddr_in6 *)source)->sin6_addr;
		/* Every neighbour on a link shares fe80::/64. */
		bool whole =
			IN6_IS_ADDR_V4MAPPED(in6) || IN6_IS_ADDR_LINKLOCAL(in6);

		memcpy(bytes, in6, whole ? 16 : 8);
	}
	memcpy(key, bytes, 16);
}

/* Not to be foreseen from outside, or one chain could be made long. */
static uint32_t hash(const struct guard *guard, const uint64_t key[2])
{
	uint64_t h = guard->seed;

	for (unsigned i = 0; i < 2; i++) {
		h = (h ^ key[i]) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
		h = (h + guard->seed) * 0xd6e8feb86659fd93ULL;
		h ^= h >> 29;
	}
	return (uint32_t)(h % GUARD_CHAINS);
}

static void unlink_age(struct guard *guard, struct source *s)
{
	if (s->older != NONE)
		guard->source[s->older].newer = s->newer;
	else
		guard->oldest = s->newer;
	if (s->newer != NONE)
		guard->source[s->newer].older = s->older;
	else
		guard->newest = s->older;
}

static void link_newest(struct guard *guard, uint32_t index)
{
	struct source *s = &guard->source[index];

	s->newer = NONE;
	s->older = guard->newest;
	if (guard->newest != NONE)
		guard->source[guard->newest].newer = index;
	else
		guard->oldest = index;
	guard->newest = index;
}

static void forget(struct guard *guard, uint32_t index)
{
	struct source *s = &guard->source[index];
	uint32_t *link = &guard->chain[hash(guard, s->key)];

	while (*link != index)
		link = &guard->source[*link].next;
	*link = s->next;
	unlink_age(guard, s);
	s->next = guard->free;
	guard->free = index;
	guard->counts.sources--;
}

/* A source whose bucket has filled up again is like one never seen. Two at a
 * time: faster than they can come. */
static void forget_idle(struct guard *guard, uint64_t now_ms)
{
	const struct policy_limits *l = &guard->limits;
	uint64_t idle_ms = 10000;

	if (l->per_source_rate)
		idle_ms += full_m(l->per_source_burst) / l->per_source_rate;
	for (unsigned i = 0; i < 2 && guard->oldest != NONE; i++) {
		uint64_t at_ms = guard->source[guard->oldest].bucket.at_ms;

		if (now_ms < at_ms || now_ms - at_ms < idle_ms)
			return;
		forget(guard, guard->oldest);
	}
}

static struct source *find(struct guard *guard, const uint64_t key[2],
			   uint64_t now_ms)
{
	uint32_t *chain = &guard->chain[hash(guard, key)];
	uint32_t index = *chain;
	struct source *s;

	while (index != NONE && memcmp(guard->source[index].key, key, 16) != 0)
		index = guard->source[index].next;
	if (index != NONE) {
		s = &guard->source[index];
		unlink_age(guard, s);
		link_newest(guard, index);
		return s;
	}
	if (guard->counts.sources == GUARD_SOURCES_MAX)
		forget(guard, guard->oldest);
	if (guard->free != NONE) {
		index = guard->free;
		guard->free = guard->source[index].next;
	} else {
		index = guard->fresh++;
	}
	s = &guard->source[index];
	memcpy(s->key, key, sizeof s->key);
	s->bucket.tokens_m = full_m(guard->limits.per_source_burst);
	s->bucket.at_ms = now_ms;
	s->next = *chain;
	*chain = index;
	link_newest(guard, index);
	guard->counts.sources++;
	return s;
}

enum guard_verdict guard_admit(struct guard *guard,
			       const struct sockaddr *source, uint64_t now_ms)
{
	const struct policy_limits *l = &guard->limits;
	struct source *s;
	uint64_t key[2];

	forget_idle(guard, now_ms);
	key_of(key, source);
	s = find(guard, key, now_ms);
	/* Also without a limit: the time of its last use. */
	if (!l->per_source_rate)
		s->bucket.at_ms = now_ms;
	if (!take(&s->bucket, l->per_source_rate, l->per_source_burst,
		  now_ms)) {
		guard->counts.dropped_source++;
		return GUARD_DROP_SOURCE;
	}
	if (!take(&guard->global, l->global_rate, l->global_burst, now_ms)) {
		guard->counts.shed++;
		return GUARD_SHED;
	}
	guard->counts.admitted++;
	return GUARD_ADMIT;
}
