/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Routes: their names resolved, their patterns compiled. */
#include <errno.h>
#include <string.h>

#include "policy/load.h"

/* After so many faults nobody reads hints; they cost a pass over all names. */
#define HINTS_MAX 64

static const struct policy_peer *peer_named(const struct policy *policy,
					    const char *name)
{
	return policy_peer_named(policy, name);
}

static void tell_dangling(const struct section *section,
			  const struct conf_text *item, bool target)
{
	const struct load *load = section->source->load;
	const struct policy *policy = load->policy;
	struct suggest suggest = {.wanted = item->text};

	if (strcmp(item->text, "phones") == 0) {
		load_error(section->source, item->line,
			   "there are no phones: sallyport.conf has no "
			   "\"phones\"");
		return;
	}
	if (load->faults.count < HINTS_MAX) {
		suggest_try(&suggest, target ? "phones" : "any");
		suggest_try(&suggest, "phones");
		for (unsigned i = 0; i < policy->peers; i++)
			suggest_try(&suggest, policy->peer[i].peer.name);
		for (unsigned i = 0; target && policy->phones &&
				     i < policy->phones->phones.users;
		     i++)
			suggest_try(&suggest,
				    policy->phones->phones.user[i].user);
	}
	load_hint(section->source, item->line, suggest_best(&suggest),
		  target ? "there is no peer and no user \"%.60s\""
			 : "there is no peer \"%.60s\"",
		  item->text);
}

static void read_from(struct load_file *file, struct conf_route *route)
{
	struct policy *policy = file->load->policy;

	route->peer = arena_array(&policy->arena, route->from.count,
				  sizeof(struct policy_peer *));
	for (unsigned i = 0; route->peer && i < route->from.count; i++) {
		const struct conf_text *item = &route->from.item[i];
		if (strcmp(item->text, "any") == 0) {
			route->from_any = true;
			continue;
		}
		const struct policy_peer *peer = peer_named(policy, item->text);
		if (peer)
			route->peer[route->peers++] = peer;
		else if (policy_user(policy, item->text))
			load_error(file, item->line,
				   "\"%s\" is a user: \"from\" takes peers, "
				   "for any phone write \"phones\"",
				   item->text);
		else
			tell_dangling(&route->section, item, false);
	}
}

static void read_to(struct load_file *file, struct conf_route *route)
{
	struct policy *policy = file->load->policy;

	if (route->to.count > POLICY_TARGETS_MAX)
		load_error(file, load_key_line(&route->section, "to"),
			   "\"to\" has more than %d candidates",
			   POLICY_TARGETS_MAX);
	route->target = arena_array(&policy->arena, route->to.count,
				    sizeof(*route->target));
	for (unsigned i = 0; route->target && i < route->to.count; i++) {
		const struct conf_text *item = &route->to.item[i];
		struct conf_target *target = &route->target[route->targets];
		target->peer = peer_named(policy, item->text);
		if (!target->peer) {
			target->user = policy_user(policy, item->text);
			if (target->user)
				target->peer = &policy->phones->conf.peer;
		}
		if (target->peer)
			route->targets++;
		else
			tell_dangling(&route->section, item, true);
	}
}

static void read_number(struct load_file *file, struct conf_route *route)
{
	struct number_fault fault;
	int error = number_new(&route->rule, route->number, route->to_number,
			       &fault);
	const char *key = fault.in_template ? "to_number" : "number";

	if (error == 0)
		return;
	if (error != -EINVAL)
		file->load->policy->arena.failed = 1;
	else if (fault.at >= 0)
		load_error(file, load_key_line(&route->section, key),
			   "\"%s\": %s, at character %d", key, fault.text,
			   fault.at + 1);
	else
		load_error(file, load_key_line(&route->section, key),
			   "\"%s\": %s", key, fault.text);
}

static bool read_route(struct load_file *file, struct conf_route *route,
		       const struct config_setting_t *node, unsigned index)
{
	struct arena *arena = &file->load->policy->arena;

	if (!load_section(file, &route->section,
			  arena_printf(arena, "routes[%u]", index), "routes",
			  NULL, load_line(node), route))
		return false;
	load_keys(&route->section, node);
	read_from(file, route);
	read_to(file, route);
	/* A pattern whose own text was bad is not judged without it. */
	if (load_is_set(&route->section, "number") && !route->number)
		return true;
	read_number(file, route);
	return true;
}

void load_routes(struct load_file *file)
{
	struct policy *policy = file->load->policy;
	const struct config_setting_t *nodes =
		load_member(load_root(file), "routes");
	unsigned count = load_count(nodes);

	if (!nodes || !load_is_list(nodes))
		return;
	if (count > LOAD_ROUTES_MAX) {
		load_error(file, load_line(nodes), "more than %d routes",
			   LOAD_ROUTES_MAX);
		return;
	}
	policy->route =
		arena_array(&policy->arena, count, sizeof(*policy->route));
	for (unsigned i = 0; policy->route && i < count; i++) {
		const struct config_setting_t *node = load_child(nodes, i);
		if (!load_is_group(node)) {
			load_error(file, load_line(node),
				   "a route must be a group: { from = ...; "
				   "to = ...; }");
			continue;
		}
		if (!read_route(file, &policy->route[policy->routes], node, i))
			return;
		policy->routes++;
	}
}
