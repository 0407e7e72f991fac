/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One name, resolved for as long as it is wanted. */
#include "config.h"

#include "sbc/register/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/agent.h"

#define RETRY_FIRST_MS 2000
#define RETRY_MAX_MS   60000

struct place {
	struct agent *agent;
	su_timer_t *timer;
	char name[256];
	struct resolve_query query;
	place_changed *changed;
	void *user;
	struct place_state state;
	unsigned retry_ms;
	bool asking, answered;
};

static void ask(struct place *place);

static void on_timer(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	(void)magic;
	(void)timer;
	ask((struct place *)arg);
}

static bool has_target(const struct place_state *state,
		       const struct resolve_target *target)
{
	for (unsigned i = 0; i < state->targets; i++)
		if (state->target[i].transport == target->transport &&
		    address_equal(
			    (const struct sockaddr *)&state->target[i].address,
			    (const struct sockaddr *)&target->address))
			return true;
	return false;
}

static bool same_set(const struct place_state *a, const struct place_state *b)
{
	for (unsigned i = 0; i < a->targets; i++)
		if (!has_target(b, &a->target[i]))
			return false;
	for (unsigned i = 0; i < b->targets; i++)
		if (!has_target(a, &b->target[i]))
			return false;
	return true;
}

static void plan_next(struct place *place, unsigned ttl_s)
{
	unsigned wait_ms = ttl_s * 1000;

	if (place->state.error) {
		place->retry_ms =
			place->retry_ms ? place->retry_ms * 2 : RETRY_FIRST_MS;
		if (place->retry_ms > RETRY_MAX_MS)
			place->retry_ms = RETRY_MAX_MS;
		wait_ms = place->retry_ms;
	} else {
		place->retry_ms = 0;
	}
	su_timer_set_interval(place->timer, on_timer, (su_timer_arg_t *)place,
			      wait_ms);
}

static void on_done(void *user, int error, const struct resolve_target *targets,
		    unsigned count, bool stale, unsigned ttl_s)
{
	struct place *place = user;
	struct place_state before = place->state;
	bool first = !place->answered;

	place->asking = false;
	place->answered = true;
	place->state.error = error;
	place->state.stale = stale;
	/* Without any answer the last one stands: an address that worked is
	 * better than none. */
	if (count) {
		memcpy(place->state.target, targets, count * sizeof(*targets));
		place->state.targets = count;
	} else if (place->state.targets) {
		place->state.stale = true;
	}
	plan_next(place, ttl_s);
	bool moved = !same_set(&before, &place->state);
	if (first || moved || before.error != error ||
	    before.stale != place->state.stale)
		place->changed(place->user, &place->state, moved);
}

static void ask(struct place *place)
{
	if (place->asking)
		return;
	place->asking = true;
	int error = resolve_ask(place->agent->resolve, &place->query, on_done,
				place);
	if (error)
		on_done(place, error == -EINVAL ? -ENOENT : -ETIMEDOUT, NULL, 0,
			false, 30);
}

/* "name:5080" has its port; an IPv6 literal has more colons. */
static void split_port(char *name, uint16_t *port)
{
	char *colon = strchr(name, ':');

	if (!colon || strchr(colon + 1, ':'))
		return;
	if (!*port)
		*port = (uint16_t)atoi(colon + 1);
	*colon = '\0';
}

static void set_families(struct resolve_query *query,
			 const struct policy_network *network)
{
	for (unsigned i = 0; i < network->addresses; i++) {
		if (network->address[i].local.ss_family == AF_INET)
			query->ipv4 = true;
		if (network->address[i].local.ss_family == AF_INET6)
			query->ipv6 = true;
	}
}

int place_new(struct place **out, struct agent *agent, const char *name,
	      bool domain, uint16_t port, const struct policy_peer *peer,
	      enum policy_transport transport, place_changed *changed,
	      void *user)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -ENOMEM;
	place->agent = agent;
	place->changed = changed;
	place->user = user;
	snprintf(place->name, sizeof(place->name), "%s", name);
	split_port(place->name, &port);
	place->query = (struct resolve_query){
		.name = place->name,
		.domain = domain,
		.port = port,
		.transport = transport,
	};
	set_families(&place->query, peer->network);
	place->timer = su_timer_create(su_root_task(agent->root), 0);
	if (!place->timer) {
		free(place);
		return -ENOMEM;
	}
	*out = place;
	ask(place);
	return 0;
}

void place_free(struct place *place)
{
	if (!place)
		return;
	resolve_cancel(place->agent->resolve, place);
	su_timer_destroy(place->timer);
	free(place);
}

const struct place_state *place_state(const struct place *place)
{
	return &place->state;
}
