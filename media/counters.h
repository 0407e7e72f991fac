/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One end's counters: written by its worker alone, read by the signalling
 * thread at any moment. Each is whole by itself; together they are a moment
 * old. No locked instruction on the packet path.
 */
#ifndef MEDIA_COUNTERS_H
#define MEDIA_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "media/endpoint.h"

struct shared_endpoint {
	_Atomic uint32_t version; /* odd while it is written */
	_Atomic uint64_t words[(sizeof(struct endpoint) + 7) / 8];
};

struct counters {
	_Atomic uint64_t packets, bytes;
	_Atomic uint64_t sent_packets, sent_bytes;
	_Atomic uint64_t dropped_source, dropped_crypto, dropped_other;
	_Atomic uint64_t filler_packets, rtcp_packets, lost;
	_Atomic uint32_t jitter_ticks, ssrc;
	_Atomic int64_t last_ns; /* last accepted packet, or the beginning */
	struct shared_endpoint source;
};

static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t old = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, old + n, memory_order_relaxed);
}

#define counter_set(counter, value) \
	atomic_store_explicit(counter, value, memory_order_relaxed)
#define counter_get(counter) atomic_load_explicit(counter, memory_order_relaxed)

/* Writer. */
static inline void shared_endpoint_write(struct shared_endpoint *shared,
					 const struct endpoint *e)
{
	uint64_t words[(sizeof(*e) + 7) / 8] = {0};
	uint32_t version = counter_get(&shared->version);
	memcpy(words, e, sizeof(*e));
	counter_set(&shared->version, version + 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		atomic_store_explicit(&shared->words[i], words[i],
				      memory_order_release);
	atomic_store_explicit(&shared->version, version + 2,
			      memory_order_release);
}

/* Reader. A source changes a few times in a call, so this ends at once. */
static inline void shared_endpoint_read(const struct shared_endpoint *shared,
					struct endpoint *out)
{
	uint64_t words[(sizeof(*out) + 7) / 8];
	uint32_t before, after;
	do {
		before = atomic_load_explicit(&shared->version,
					      memory_order_acquire);
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			words[i] = atomic_load_explicit(&shared->words[i],
							memory_order_acquire);
		after = counter_get(&shared->version);
	} while (before != after || before & 1);
	memcpy(out, words, sizeof(*out));
}

#endif
