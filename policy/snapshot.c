/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The snapshot: its life, and looking around in it. */
#include "policy/snapshot.h"

#include <stdlib.h>
#include <string.h>

struct policy *policy_new(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		atomic_init(&policy->refs, 1);
	return policy;
}

struct policy *policy_ref(const struct policy *policy)
{
	struct policy *counted = (struct policy *)(uintptr_t)policy;

	atomic_fetch_add_explicit(&counted->refs, 1, memory_order_relaxed);
	return counted;
}

void policy_unref(struct policy *policy)
{
	if (!policy || atomic_fetch_sub_explicit(&policy->refs, 1,
						 memory_order_acq_rel) != 1)
		return;
	for (unsigned i = 0; i < policy->routes; i++)
		number_free(policy->route[i].rule);
	arena_free(&policy->arena);
	free(policy);
}

const struct policy_network *policy_network(const struct policy *policy,
					    unsigned index)
{
	return index < policy->networks ? &policy->network[index].net : NULL;
}

unsigned policy_networks(const struct policy *policy)
{
	return policy->networks;
}

const struct policy_peer *policy_peer(const struct policy *policy,
				      unsigned index)
{
	if (index < policy->peers)
		return &policy->peer[index].peer;
	if (index == policy->peers && policy->phones)
		return &policy->phones->conf.peer;
	return NULL;
}

unsigned policy_peers(const struct policy *policy)
{
	return policy->peers + (policy->phones != NULL);
}

static int peer_compare(const void *name, const void *conf)
{
	return strcmp(name, ((const struct conf_peer *)conf)->peer.name);
}

const struct policy_peer *policy_peer_named(const struct policy *policy,
					    const char *name)
{
	if (policy->phones && strcmp(name, "phones") == 0)
		return &policy->phones->conf.peer;
	if (policy->peers == 0)
		return NULL;
	const struct conf_peer *conf =
		bsearch(name, policy->peer, policy->peers,
			sizeof(*policy->peer), peer_compare);
	return conf ? &conf->peer : NULL;
}

static int user_compare(const void *name, const void *user)
{
	return strcmp(name, ((const struct policy_user *)user)->user);
}

const struct policy_user *policy_user(const struct policy *policy,
				      const char *user)
{
	if (!policy->phones || policy->phones->phones.users == 0)
		return NULL;
	return bsearch(user, policy->phones->phones.user,
		       policy->phones->phones.users, sizeof(struct policy_user),
		       user_compare);
}

const struct policy_phones *policy_phones(const struct policy *policy)
{
	return policy->phones ? &policy->phones->phones : NULL;
}

const struct policy_limits *policy_limits(const struct policy *policy)
{
	return &policy->main.limits;
}

const struct policy_media *policy_media(const struct policy *policy)
{
	return &policy->main.media;
}

const struct policy_files *policy_files(const struct policy *policy)
{
	return &policy->main.files;
}
