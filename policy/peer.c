/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose packet is this? For each network the known prefixes stand in one
 * sorted table, grouped by family and length, longest first: a look-up masks
 * the address once a length and searches that group.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/snapshot.h"

/* Family and address bytes, without the bits a prefix does not count. */
static bool make_key(uint8_t key[17], unsigned *width,
		     const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;

	memset(key, 0, 17);
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		key[0] = 4;
		memcpy(key + 1, &in->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
		key[0] = mapped ? 4 : 6;
		if (mapped)
			memcpy(key + 1, in6->sin6_addr.s6_addr + 12, 4);
		else
			memcpy(key + 1, in6->sin6_addr.s6_addr, 16);
	} else {
		return false;
	}
	*width = key[0] == 4 ? 32 : 128;
	return true;
}

static void mask_key(uint8_t key[17], unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (rest)
		key[1 + whole] &= (uint8_t)(0xff << (8 - rest));
	if (whole + (rest > 0) < 16)
		memset(key + 1 + whole + (rest > 0), 0,
		       16 - whole - (rest > 0));
}

/* --- building ------------------------------------------------------------ */

struct build {
	struct policy *policy;
	struct source_index *index;
	unsigned size; /* entries that there is room for */
};

static void add(struct build *build, const struct policy_network *network,
		const struct address_prefix *prefix, uint16_t port,
		unsigned peer)
{
	struct source_index *index = &build->index[network->index];
	struct source_entry entry = {.port = port, .peer = peer};
	unsigned width, bits = prefix->bits;

	if (!make_key(entry.key, &width,
		      (const struct sockaddr *)&prefix->base))
		return;
	/* ::ffff:192.0.2.0/120 is 192.0.2.0/24 */
	if (width == 32 && prefix->base.ss_family == AF_INET6)
		bits = bits > 96 ? bits - 96 : 0;
	entry.bits = (uint8_t)(bits < width ? bits : width);
	mask_key(entry.key, entry.bits);
	/* First pass: only counted. */
	if (index->entry)
		index->entry[index->entries] = entry;
	index->entries++;
}

static void add_peer(struct build *build, const struct conf_peer *conf)
{
	const struct policy_peer *peer = &conf->peer;

	if (!peer->network)
		return;
	if (conf->literal.ss_family != AF_UNSPEC) {
		struct address_prefix whole = {conf->literal, 128};
		if (conf->literal.ss_family == AF_INET)
			whole.bits = 32;
		add(build, peer->network, &whole,
		    peer->port ? peer->port : 5060, peer->index);
	}
	for (unsigned i = 0; i < peer->sources; i++)
		add(build, peer->network, &peer->source[i], 0, peer->index);
}

static void add_phones(struct build *build, const struct conf_phones *conf)
{
	const struct policy_peer *peer = &conf->conf.peer;
	struct address_prefix every[2] = {{.base.ss_family = AF_INET},
					  {.base.ss_family = AF_INET6}};
	unsigned index = build->policy->peers;

	for (unsigned n = 0; n < conf->phones.networks; n++) {
		const struct policy_network *net = conf->phones.network[n];
		if (conf->phones.from_anywhere) {
			add(build, net, &every[0], 0, index);
			add(build, net, &every[1], 0, index);
			continue;
		}
		for (unsigned i = 0; i < peer->sources; i++)
			add(build, net, &peer->source[i], 0, index);
		for (unsigned i = 0;
		     conf->from.count == 0 && i < net->addresses; i++)
			add(build, net, &net->address[i].subnet, 0, index);
	}
}

static void add_all(struct build *build)
{
	for (unsigned i = 0; i < build->policy->networks; i++)
		build->index[i].entries = 0;
	for (unsigned i = 0; i < build->policy->peers; i++)
		add_peer(build, &build->policy->peer[i]);
	if (build->policy->phones)
		add_phones(build, build->policy->phones);
}

/* Longest prefix first; then by key; then in the order they are asked. */
static int entry_compare(const void *a, const void *b)
{
	const struct source_entry *x = a, *y = b;

	if (x->key[0] != y->key[0])
		return x->key[0] < y->key[0] ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	int order = memcmp(x->key, y->key, sizeof(x->key));
	if (order == 0 && x->peer != y->peer)
		order = x->peer < y->peer ? -1 : 1;
	return order;
}

static int group_entries(struct arena *arena, struct source_index *index)
{
	if (index->entries)
		qsort(index->entry, index->entries, sizeof(*index->entry),
		      entry_compare);
	/* At most one group a length: 33 of IPv4, 129 of IPv6. */
	unsigned most = index->entries < 162 ? index->entries : 162;
	index->group = arena_array(arena, most, sizeof(*index->group));
	if (!index->group)
		return -ENOMEM;
	for (unsigned i = 0; i < index->entries; i++) {
		const struct source_entry *entry = &index->entry[i];
		struct source_group *last = &index->group[index->groups];
		if (index->groups && last[-1].family == entry->key[0] &&
		    last[-1].bits == entry->bits) {
			last[-1].count++;
			continue;
		}
		*last = (struct source_group){entry->key[0], entry->bits, i, 1};
		index->groups++;
	}
	return 0;
}

int source_build(struct policy *policy)
{
	struct arena *arena = &policy->arena;
	struct build build = {.policy = policy};

	build.index =
		arena_array(arena, policy->networks, sizeof(*build.index));
	if (!build.index)
		return -ENOMEM;
	add_all(&build);
	for (unsigned i = 0; i < policy->networks; i++) {
		struct source_index *index = &build.index[i];
		index->entry = arena_array(arena, index->entries,
					   sizeof(*index->entry));
		if (!index->entry)
			return -ENOMEM;
	}
	add_all(&build);
	for (unsigned i = 0; i < policy->networks; i++)
		if (group_entries(arena, &build.index[i]) != 0)
			return -ENOMEM;
	policy->source = build.index;
	return 0;
}

/* --- asking -------------------------------------------------------------- */

/* The first entry of the group that is not below `key`. */
static unsigned lower_bound(const struct source_index *index,
			    const struct source_group *group,
			    const uint8_t key[17])
{
	unsigned low = group->first, high = group->first + group->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (memcmp(index->entry[middle].key, key, 17) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of several peers at one address, the one that has the source's port. */
static const struct source_entry *choose(const struct source_index *index,
					 const struct source_group *group,
					 const uint8_t key[17], uint16_t port)
{
	unsigned first = lower_bound(index, group, key);
	unsigned end = group->first + group->count;

	if (first == end || memcmp(index->entry[first].key, key, 17) != 0)
		return NULL;
	for (unsigned i = first;
	     i < end && memcmp(index->entry[i].key, key, 17) == 0; i++)
		if (index->entry[i].port == port)
			return &index->entry[i];
	return &index->entry[first];
}

const struct policy_peer *policy_peer_by_source(
	const struct policy *policy, const struct policy_network *network,
	const struct sockaddr *source)
{
	const struct source_index *index = &policy->source[network->index];
	uint8_t whole[17], key[17];
	unsigned width;

	if (!make_key(whole, &width, source))
		return NULL;
	for (unsigned i = 0; i < index->groups; i++) {
		const struct source_group *group = &index->group[i];
		if (group->family != whole[0])
			continue;
		memcpy(key, whole, sizeof(key));
		mask_key(key, group->bits);
		const struct source_entry *entry =
			choose(index, group, key, address_port(source));
		if (entry)
			return policy_peer(policy, entry->peer);
	}
	return NULL;
}

unsigned policy_sources(const struct policy *policy,
			const struct policy_network *network,
			struct address_prefix *out, unsigned max)
{
	const struct source_index *index = &policy->source[network->index];

	for (unsigned i = 0; i < index->entries && i < max; i++) {
		const struct source_entry *entry = &index->entry[i];
		struct sockaddr_in *in = (struct sockaddr_in *)&out[i].base;
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out[i].base;

		memset(&out[i], 0, sizeof(out[i]));
		out[i].bits = entry->bits;
		if (entry->key[0] == 4) {
			in->sin_family = AF_INET;
			memcpy(&in->sin_addr, entry->key + 1, 4);
		} else {
			in6->sin6_family = AF_INET6;
			memcpy(&in6->sin6_addr, entry->key + 1, 16);
		}
	}
	return index->entries;
}
