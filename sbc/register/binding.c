/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hash, heap and list of bindings. */
#include "config.h"

#include "sbc/register/binding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384

struct binding_table {
	TAILQ_HEAD(, registrar_binding) all;
	struct binding *bucket[BUCKETS];
	struct binding **heap; /* the one due first at 0 */
	size_t count, room;
	uint64_t serial;
};

int binding_table_new(struct binding_table **out)
{
	struct binding_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	TAILQ_INIT(&table->all);
	*out = table;
	return 0;
}

void binding_table_free(struct binding_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->heap[i]);
	free(table->heap);
	free(table);
}

/* --- by time --- */

static void heap_set(struct binding_table *table, size_t i,
		     struct binding *binding)
{
	table->heap[i] = binding;
	binding->heap_index = i;
}

static void heap_up(struct binding_table *table, struct binding *binding)
{
	size_t i = binding->heap_index;

	while (i > 0) {
		struct binding *parent = table->heap[(i - 1) / 2];
		if (parent->due_ms <= binding->due_ms)
			break;
		heap_set(table, i, parent);
		i = (i - 1) / 2;
	}
	heap_set(table, i, binding);
}

static void heap_down(struct binding_table *table, struct binding *binding)
{
	size_t i = binding->heap_index;

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= table->count)
			break;
		if (child + 1 < table->count &&
		    table->heap[child + 1]->due_ms < table->heap[child]->due_ms)
			child++;
		if (binding->due_ms <= table->heap[child]->due_ms)
			break;
		heap_set(table, i, table->heap[child]);
		i = child;
	}
	heap_set(table, i, binding);
}

static bool heap_grow(struct binding_table *table)
{
	if (table->count < table->room)
		return true;
	size_t room = table->room ? table->room * 2 : 64;
	struct binding **heap =
		realloc(table->heap, room * sizeof(struct binding *));
	if (!heap)
		return false;
	table->heap = heap;
	table->room = room;
	return true;
}

static void heap_remove(struct binding_table *table, struct binding *binding)
{
	struct binding *last = table->heap[--table->count];

	if (last == binding)
		return;
	heap_set(table, binding->heap_index, last);
	heap_up(table, last);
	heap_down(table, last);
}

void binding_schedule(struct binding_table *table, struct binding *binding)
{
	binding->due_ms = binding->pub.expires_ms;
	if (binding->keepalive_at_ms < binding->due_ms)
		binding->due_ms = binding->keepalive_at_ms;
	heap_up(table, binding);
	heap_down(table, binding);
}

struct binding *binding_due(const struct binding_table *table)
{
	return table->count ? table->heap[0] : NULL;
}

/* --- by user --- */

static unsigned bucket_of(const char *user)
{
	uint32_t hash = 2166136261u;

	for (; *user; user++)
		hash = (hash ^ (uint8_t)*user) * 16777619u;
	return (hash ^ hash >> 16) % BUCKETS;
}

static void chain(struct binding_table *table, struct binding *binding)
{
	struct binding **at = &table->bucket[bucket_of(binding->pub.user)];

	binding->chain = *at;
	*at = binding;
}

static void unchain(struct binding_table *table, struct binding *binding)
{
	struct binding **at = &table->bucket[bucket_of(binding->pub.user)];

	while (*at != binding)
		at = &(*at)->chain;
	*at = binding->chain;
}

struct binding *binding_add(struct binding_table *table, const char *user)
{
	if (!heap_grow(table))
		return NULL;
	struct binding *binding = calloc(1, sizeof(*binding));
	if (!binding)
		return NULL;
	snprintf(binding->pub.user, sizeof(binding->pub.user), "%s", user);
	binding->pub.expires_ms = UINT64_MAX;
	binding->keepalive_at_ms = binding->due_ms = UINT64_MAX;
	binding->serial = ++table->serial;
	chain(table, binding);
	TAILQ_INSERT_TAIL(&table->all, &binding->pub, entry);
	heap_set(table, table->count++, binding);
	return binding;
}

void binding_remove(struct binding_table *table, struct binding *binding)
{
	unchain(table, binding);
	TAILQ_REMOVE(&table->all, &binding->pub, entry);
	heap_remove(table, binding);
	free(binding);
}

void binding_touch(struct binding_table *table, struct binding *binding)
{
	unchain(table, binding);
	chain(table, binding);
	binding->serial = ++table->serial;
}

static struct binding *of_user(struct binding *binding, const char *user)
{
	while (binding && strcmp(binding->pub.user, user))
		binding = binding->chain;
	return binding;
}

struct binding *binding_first(const struct binding_table *table,
			      const char *user)
{
	return of_user(table->bucket[bucket_of(user)], user);
}

struct binding *binding_next(const struct binding *binding)
{
	return of_user(binding->chain, binding->pub.user);
}

struct binding *binding_find(const struct binding_table *table,
			     const char *user, const char *contact)
{
	struct binding *it = binding_first(table, user);

	while (it && strcmp(it->pub.contact, contact))
		it = binding_next(it);
	return it;
}

const struct registrar_binding *binding_walk(
	const struct binding_table *table,
	const struct registrar_binding *after)
{
	return after ? TAILQ_NEXT(after, entry) : TAILQ_FIRST(&table->all);
}

unsigned binding_count(const struct binding_table *table)
{
	return (unsigned)table->count;
}
