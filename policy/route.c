/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where does a call go? Routes in the order of their lines. */
#include <errno.h>
#include <string.h>

#include "policy/snapshot.h"

static bool is_from(const struct conf_route *route,
		    const struct policy_peer *from)
{
	if (route->from_any)
		return true;
	for (unsigned i = 0; i < route->peers; i++)
		if (route->peer[i] == from)
			return true;
	return false;
}

static bool is_listed(const struct policy_target *out, size_t count,
		      const struct policy_target *target)
{
	for (size_t i = 0; i < count; i++)
		if (out[i].peer == target->peer &&
		    out[i].user == target->user &&
		    strcmp(out[i].number, target->number) == 0)
			return true;
	return false;
}

static void fill(struct policy_target *out, const struct policy_peer *peer,
		 const struct policy_user *user, const char *number,
		 struct policy_at at)
{
	*out = (struct policy_target){.peer = peer, .user = user, .at = at};
	memcpy(out->number, number, strlen(number) + 1);
}

/* The route's candidates for this number; "phones" is whom it names. */
static size_t candidates(const struct policy *policy,
			 const struct conf_route *route, const char *number,
			 struct policy_target *out, size_t max)
{
	struct policy_at at = {route->section.file, route->section.line};
	size_t count = 0;

	for (unsigned i = 0; i < route->targets && count < max; i++) {
		const struct conf_target *target = &route->target[i];
		const struct policy_user *user = target->user;
		const char *called = number;
		if (target->peer->kind == POLICY_PHONES) {
			if (!user)
				user = policy_user(policy, number);
			/* A user's name may be longer than a number. */
			if (!user || strlen(user->user) > 127)
				continue;
			called = user->user;
		}
		fill(&out[count], target->peer, user, called, at);
		if (!is_listed(out, count, &out[count]))
			count++;
	}
	return count;
}

int policy_route(const struct policy *policy, const struct policy_peer *from,
		 const char *number, struct policy_target *out, size_t max)
{
	char rewritten[128];

	if (strlen(number) > 127)
		return -E2BIG;
	for (unsigned i = 0; i < policy->routes; i++) {
		const struct conf_route *route = &policy->route[i];
		if (!is_from(route, from))
			continue;
		int matched = number_apply(route->rule, number, rewritten);
		if (matched < 0)
			return matched;
		if (matched == 0)
			continue;
		size_t count = candidates(policy, route, rewritten, out, max);
		if (count)
			return (int)count;
	}
	/* Phones reach one another without a route. */
	const struct policy_user *user = policy_user(policy, number);
	if (!user || from->kind != POLICY_PHONES || max == 0)
		return 0;
	fill(out, &policy->phones->conf.peer, user, user->user, user->at);
	return 1;
}
