/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Port pairs in three queues: free, resting, set aside. The time a pair waits
 * is the same for all of a queue, so each queue is in order of its end and
 * only the head is ever looked at.
 */
#include "media/port.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define NONE UINT16_MAX /* at most 32,768 pairs exist */

struct pair_slot {
	uint64_t until_ms;
	uint16_t next;
	bool taken;
};

struct queue {
	uint16_t head, tail;
};

struct port_pool {
	struct queue available, resting, aside;
	unsigned quarantine_ms;
	unsigned pairs, used;
	uint16_t base; /* even port of pair 0 */
	struct pair_slot slots[];
};

static void queue_put(struct port_pool *pool, struct queue *q, uint16_t i)
{
	pool->slots[i].next = NONE;
	if (q->head == NONE)
		q->head = i;
	else
		pool->slots[q->tail].next = i;
	q->tail = i;
}

static uint16_t queue_get(struct port_pool *pool, struct queue *q)
{
	uint16_t i = q->head;
	if (i != NONE)
		q->head = pool->slots[i].next;
	return i;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int fill_shuffled(struct port_pool *pool, uint64_t seed)
{
	uint16_t *order = malloc(pool->pairs * sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (unsigned i = 0; i < pool->pairs; i++) {
		unsigned j = (unsigned)(next_random(&seed) % (i + 1));
		order[i] = order[j];
		order[j] = (uint16_t)i;
	}
	for (unsigned i = 0; i < pool->pairs; i++)
		queue_put(pool, &pool->available, order[i]);
	free(order);
	return 0;
}

int port_pool_new(struct port_pool **out, uint16_t first, uint16_t last,
		  unsigned quarantine_ms, uint64_t seed)
{
	unsigned base = (first + 1u) & ~1u;
	if (base == 0) /* port 0 cannot be bound */
		base = 2;
	if (base + 1 > last)
		return -EINVAL;
	unsigned pairs = (last + 1u - base) / 2;
	struct port_pool *pool =
		calloc(1, sizeof(*pool) + pairs * sizeof(pool->slots[0]));
	if (!pool)
		return -ENOMEM;
	pool->base = (uint16_t)base;
	pool->pairs = pairs;
	pool->quarantine_ms = quarantine_ms;
	pool->available.head = NONE;
	pool->resting.head = NONE;
	pool->aside.head = NONE;
	int rc = fill_shuffled(pool, seed);
	if (rc < 0) {
		free(pool);
		return rc;
	}
	*out = pool;
	return 0;
}

void port_pool_free(struct port_pool *pool)
{
	free(pool);
}

/* At most two a take: each pair that rests was given back once, so the work
 * is paid for by port_give(). */
static void release_ripe(struct port_pool *pool, struct queue *q,
			 uint64_t now_ms)
{
	for (int n = 0; n < 2; n++) {
		if (q->head == NONE || pool->slots[q->head].until_ms > now_ms)
			return;
		queue_put(pool, &pool->available, queue_get(pool, q));
	}
}

int port_take(struct port_pool *pool, uint16_t *port, uint64_t now_ms)
{
	release_ripe(pool, &pool->resting, now_ms);
	release_ripe(pool, &pool->aside, now_ms);
	uint16_t i = queue_get(pool, &pool->available);
	if (i == NONE) {
		bool only_aside = pool->aside.head != NONE &&
				  pool->resting.head == NONE && !pool->used;
		return only_aside ? -EADDRINUSE : -EAGAIN;
	}
	pool->slots[i].taken = true;
	pool->used++;
	*port = (uint16_t)(pool->base + 2u * i);
	return 0;
}

static uint16_t untake(struct port_pool *pool, uint16_t port)
{
	unsigned i = (port - (unsigned)pool->base) / 2;
	assert(port >= pool->base && i < pool->pairs && pool->slots[i].taken);
	pool->slots[i].taken = false;
	pool->used--;
	return (uint16_t)i;
}

static void put_back(struct port_pool *pool, struct queue *q, uint16_t port,
		     uint64_t until_ms)
{
	uint16_t i = untake(pool, port);
	pool->slots[i].until_ms = until_ms;
	queue_put(pool, q, i);
}

void port_untake(struct port_pool *pool, uint16_t port)
{
	uint16_t i = untake(pool, port);
	pool->slots[i].next = pool->available.head;
	if (pool->available.head == NONE)
		pool->available.tail = i;
	pool->available.head = i;
}

void port_give(struct port_pool *pool, uint16_t port, uint64_t now_ms)
{
	put_back(pool, &pool->resting, port, now_ms + pool->quarantine_ms);
}

void port_set_aside(struct port_pool *pool, uint16_t port, uint64_t now_ms)
{
	put_back(pool, &pool->aside, port, now_ms + PORT_ASIDE_MS);
}

unsigned port_pairs(const struct port_pool *pool)
{
	return pool->pairs;
}

unsigned port_used(const struct port_pool *pool)
{
	return pool->used;
}
