/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registrar's life: its timer, its lines, what the store keeps. */
#include "config.h"

#include "sbc/register/registrar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sbc/register/registrar_parts.h"
#include "sbc/report/status.h"
#include "sbc/store/store.h"

/* Bindings dealt with in one turn of the loop. */
#define DUE_BATCH 200

/* --- status and store --- */

void registrar_say(const struct binding *binding, const char *event,
		   const char *reason)
{
	const struct registrar_binding *pub = &binding->pub;
	uint64_t now_ms = agent_now_ms();
	struct status_line line;

	status_begin(&line, NULL, '-', "phones", event);
	status_text(&line, "user", pub->user);
	status_text(&line, "contact", pub->contact);
	status_address(&line, "source", (const struct sockaddr *)&pub->source);
	status_text(&line, "network", pub->network_name);
	status_text(&line, "transport",
		    pub->transport == POLICY_TCP ? "tcp" : "udp");
	if (reason) {
		status_text(&line, "reason", reason);
	} else {
		status_number(
			&line, "expires_s",
			pub->expires_ms > now_ms
				? (int64_t)(pub->expires_ms - now_ms + 999) /
					  1000
				: 0);
		status_text(&line, "nat", pub->behind_nat ? "yes" : "no");
		status_text(&line, "stun", pub->stun ? "yes" : "no");
		if (pub->user_agent[0])
			status_text(&line, "user_agent", pub->user_agent);
	}
	status_end(&line);
}

void registrar_store(struct registrar *registrar, const struct binding *binding)
{
	const struct registrar_binding *pub = &binding->pub;
	uint64_t now_ms = agent_now_ms();
	struct store_binding row = {
		.cseq = pub->cseq,
		.source = pub->source,
		.transport = pub->transport,
		.local_port = pub->local_port,
	};

	if (!registrar->agent->store)
		return;
	memcpy(row.user, pub->user, sizeof(row.user));
	memcpy(row.contact, pub->contact, sizeof(row.contact));
	memcpy(row.call_id, pub->call_id, sizeof(row.call_id));
	memcpy(row.network, pub->network_name, sizeof(row.network));
	memcpy(row.user_agent, pub->user_agent, sizeof(row.user_agent));
	memcpy(row.instance, binding->instance, sizeof(row.instance));
	row.expires_at = (int64_t)time(NULL);
	if (pub->expires_ms > now_ms)
		row.expires_at +=
			(int64_t)(pub->expires_ms - now_ms + 999) / 1000;
	store_put_binding(registrar->agent->store, &row);
}

/* The end of a binding, whatever ends it. */
void registrar_drop(struct registrar *registrar, struct binding *binding,
		    const char *event, const char *reason)
{
	registrar_say(binding, event, reason);
	keepalive_cancel(binding);
	if (registrar->agent->store)
		store_drop_binding(registrar->agent->store, binding->pub.user,
				   binding->pub.contact);
	binding_remove(registrar->table, binding);
}

/* --- time --- */

static void deal_with(struct registrar *registrar, struct binding *binding,
		      uint64_t now_ms)
{
	if (binding->pub.expires_ms <= now_ms) {
		registrar_drop(registrar, binding, "expired",
			       "not refreshed in time");
		return;
	}
	if (!policy_user(registrar->agent->policy, binding->pub.user)) {
		registrar_drop(registrar, binding, "expired",
			       "user is no longer configured");
		return;
	}
	keepalive_send(registrar, binding);
	keepalive_plan(registrar, binding, false);
	binding_schedule(registrar->table, binding);
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	struct registrar *registrar = (struct registrar *)arg;
	uint64_t now_ms = agent_now_ms();
	struct binding *binding;

	(void)magic;
	(void)timer;
	registrar->timer_at_ms = UINT64_MAX;
	for (unsigned n = 0; n < DUE_BATCH; n++) {
		binding = binding_due(registrar->table);
		if (!binding || binding->due_ms > now_ms)
			break;
		deal_with(registrar, binding, now_ms);
	}
	registrar_rearm(registrar);
}

void registrar_rearm(struct registrar *registrar)
{
	const struct binding *binding = binding_due(registrar->table);
	uint64_t now_ms = agent_now_ms();

	if (!binding || binding->due_ms == UINT64_MAX ||
	    binding->due_ms >= registrar->timer_at_ms)
		return; /* a timer that comes too early finds nothing to do */
	registrar->timer_at_ms = binding->due_ms;
	su_timer_set_interval(
		registrar->timer, on_timer, (su_timer_arg_t *)registrar,
		binding->due_ms > now_ms ? (long)(binding->due_ms - now_ms)
					 : 1);
}

/* --- life --- */

static const struct policy_network *network_named(const struct policy *policy,
						  const char *name)
{
	for (unsigned i = 0; i < policy_networks(policy); i++)
		if (!strcmp(policy_network(policy, i)->name, name))
			return policy_network(policy, i);
	return NULL;
}

/* A clock that was set back must not make a binding live for years. */
static uint64_t remaining_ms(const struct registrar *registrar,
			     int64_t expires_at)
{
	const struct policy_phones *phones =
		policy_phones(registrar->agent->policy);
	int64_t left_s = expires_at - (int64_t)time(NULL);

	if (!phones || left_s <= 0)
		return 0;
	if (left_s > (int64_t)phones->expires_max_s)
		left_s = phones->expires_max_s;
	return (uint64_t)left_s * 1000;
}

static void restore_nat(struct registrar *registrar, struct binding *binding,
			const struct policy_network *network)
{
	struct registrar_binding *pub = &binding->pub;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	url_t *url = url_make(home, pub->contact);
	struct wanted wanted = {.address.ss_family = AF_UNSPEC};
	struct request request = {
		.registrar = registrar,
		.network = network,
		.source = (const struct sockaddr *)&pub->source,
		.transport = pub->transport,
	};

	if (url && contact_read(&wanted, url)) {
		pub->behind_nat = contact_is_elsewhere(&request, &wanted);
		pub->stun = contact_used_stun(&request, &wanted);
	}
	su_home_deinit(home);
}

static void restore(void *user, const struct store_binding *row)
{
	struct registrar *registrar = user;
	const struct policy *policy = registrar->agent->policy;
	const struct policy_network *network =
		network_named(policy, row->network);
	uint64_t left_ms = remaining_ms(registrar, row->expires_at);
	struct binding *binding;

	if (!left_ms || !network || !policy_user(policy, row->user) ||
	    row->transport > POLICY_TCP ||
	    !(binding = binding_add(registrar->table, row->user))) {
		store_drop_binding(registrar->agent->store, row->user,
				   row->contact);
		return;
	}
	struct registrar_binding *pub = &binding->pub;
	binding->registrar = registrar;
	memcpy(pub->contact, row->contact, sizeof(pub->contact));
	memcpy(pub->call_id, row->call_id, sizeof(pub->call_id));
	memcpy(pub->user_agent, row->user_agent, sizeof(pub->user_agent));
	memcpy(binding->instance, row->instance, sizeof(binding->instance));
	pub->cseq = row->cseq;
	pub->source = row->source;
	pub->transport = row->transport;
	if (policy_has_port(network, row->local_port))
		pub->local_port = row->local_port;
	pub->network = network->index;
	snprintf(pub->network_name, sizeof(pub->network_name), "%s",
		 network->name);
	pub->expires_ms = agent_now_ms() + left_ms;
	restore_nat(registrar, binding, network);
	keepalive_plan(registrar, binding, true);
	binding_schedule(registrar->table, binding);
}

int registrar_new(struct registrar **out, struct agent *agent)
{
	struct registrar *registrar = calloc(1, sizeof(*registrar));
	int error = -ENOMEM;

	if (!registrar)
		return -ENOMEM;
	registrar->agent = agent;
	registrar->timer_at_ms = UINT64_MAX;
	registrar->timer = su_timer_create(su_root_task(agent->root), 0);
	if (!registrar->timer)
		goto undo;
	error = binding_table_new(&registrar->table);
	if (error)
		goto undo;
	/* What cannot be read costs durability, never the start. */
	if (agent->store)
		(void)store_load_bindings(agent->store, restore, registrar);
	registrar_rearm(registrar);
	*out = registrar;
	return 0;
undo:
	su_timer_destroy(registrar->timer);
	free(registrar);
	return error;
}

void registrar_free(struct registrar *registrar)
{
	const struct registrar_binding *it = NULL;

	if (!registrar)
		return;
	while ((it = binding_walk(registrar->table, it)))
		keepalive_cancel((struct binding *)it);
	binding_table_free(registrar->table);
	su_timer_destroy(registrar->timer);
	free(registrar);
}

unsigned registrar_find(const struct registrar *registrar, const char *user,
			const struct registrar_binding **out, unsigned max)
{
	const struct binding *it = binding_first(registrar->table, user);
	uint64_t now_ms = agent_now_ms();
	unsigned count = 0;

	for (; it && count < max; it = binding_next(it))
		if (it->pub.expires_ms > now_ms)
			out[count++] = &it->pub;
	return count;
}

const struct registrar_binding *registrar_next(
	const struct registrar *registrar,
	const struct registrar_binding *after)
{
	return binding_walk(registrar->table, after);
}

void registrar_let_go(struct registrar *registrar, const char *network)
{
	const struct registrar_binding *it = NULL;

	while ((it = binding_walk(registrar->table, it)))
		if (!strcmp(it->network_name, network))
			keepalive_cancel((struct binding *)(uintptr_t)it);
}

unsigned registrar_count(const struct registrar *registrar)
{
	return binding_count(registrar->table);
}
