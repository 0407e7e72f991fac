/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phones' part: accounts, networks, where they may send from. */
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"

/* Characters of a user that need no escape in a URI (RFC 3261 25.1). */
static bool is_user_text(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "-_.!~*'()&=+$,")] == '\0';
}

static void check_user(struct load_file *file, struct conf_user *conf)
{
	const char *name = conf->user.user;
	unsigned line = load_key_line(&conf->section, "user");

	if (!is_user_text(name))
		load_error(file, line,
			   "user \"%.64s\" holds a character that a number "
			   "or name cannot have",
			   name);
	else if (strcmp(name, "phones") == 0 || strcmp(name, "any") == 0)
		load_error(file, line, "no user can be called \"%s\"", name);
}

static void read_user(struct load_file *file, struct conf_user *conf,
		      const struct config_setting_t *node)
{
	struct arena *arena = &file->load->policy->arena;
	const char *name = load_string(load_member(node, "user"));
	struct policy_user *user = &conf->user;

	if (!load_section(
		    file, &conf->section,
		    arena_printf(arena, "phones.users.%s", name ? name : "?"),
		    "phones.users", NULL, load_line(node), conf))
		return;
	load_keys(&conf->section, node);
	user->at = (struct policy_at){file->name,
				      load_key_line(&conf->section, "user")};
	bool given = load_is_set(&conf->section, "password") ||
		     load_is_set(&conf->section, "password_file");
	user->password = load_secret(&conf->section, user->password,
				     conf->password_file);
	if (given && !load_is_set(&conf->section, "password"))
		load_set_at(&conf->section, "password",
			    load_at(&conf->section, "password_file"));
	if (user->user)
		check_user(file, conf);
	if (!given && user->user)
		load_error(file, user->at.line,
			   "user \"%.64s\" has neither \"password\" nor "
			   "\"password_file\"",
			   user->user);
}

static int user_compare(const void *a, const void *b)
{
	const struct policy_user *x = a, *y = b;
	int order = strcmp(x->user, y->user);

	return order ? order : x->at.line < y->at.line ? -1 : 1;
}

/* The sorted table that decisions use. */
static void sort_users(struct load_file *file, struct conf_phones *conf,
		       unsigned count)
{
	struct policy_phones *phones = &conf->phones;

	phones->user = arena_array(&file->load->policy->arena, count,
				   sizeof(*phones->user));
	if (!phones->user)
		return;
	for (unsigned i = 0; i < count; i++)
		if (conf->user[i].user.user)
			phones->user[phones->users++] = conf->user[i].user;
	qsort(phones->user, phones->users, sizeof(*phones->user), user_compare);
	for (unsigned i = 1; i < phones->users; i++)
		if (strcmp(phones->user[i].user, phones->user[i - 1].user) == 0)
			load_error(file, phones->user[i].at.line,
				   "user \"%.64s\" stands here twice; first "
				   "on line %u",
				   phones->user[i].user,
				   phones->user[i - 1].at.line);
}

static void read_users(struct load_file *file, struct conf_phones *conf,
		       const struct config_setting_t *nodes)
{
	unsigned count = load_count(nodes);

	if (!nodes || !load_is_list(nodes))
		return;
	if (count > LOAD_USERS_MAX) {
		load_error(file, load_line(nodes), "more than %d users",
			   LOAD_USERS_MAX);
		return;
	}
	conf->user = arena_array(&file->load->policy->arena, count,
				 sizeof(*conf->user));
	for (unsigned i = 0; conf->user && i < count; i++) {
		const struct config_setting_t *node = load_child(nodes, i);
		if (load_is_group(node))
			read_user(file, &conf->user[i], node);
		else
			load_error(file, load_line(node),
				   "a user must be a group: { user = ...; }");
	}
	if (conf->user)
		sort_users(file, conf, count);
}

static void read_networks(struct load_file *file, struct conf_phones *conf)
{
	struct policy *policy = file->load->policy;
	struct section *section = &conf->conf.section;
	struct policy_phones *phones = &conf->phones;
	unsigned count = conf->network.count;

	if (count == 0 && policy->networks == 1) {
		load_list_add(&policy->arena, &conf->network,
			      policy->network[0].net.name);
		count = conf->network.count;
	} else if (count == 0 && policy->networks) {
		load_error(file, load_key_line(section, "network"),
			   "phones need \"network\": there are %u networks",
			   policy->networks);
	}
	phones->network = arena_array(&policy->arena, count,
				      sizeof(struct policy_network *));
	for (unsigned i = 0; phones->network && i < count; i++) {
		const struct conf_text *item = &conf->network.item[i];
		const struct policy_network *net =
			load_network_named(section, item->line, item->text);
		if (net)
			phones->network[phones->networks++] = net;
	}
	if (phones->networks)
		conf->conf.peer.network = phones->network[0];
}

/* Default: the subnets of the phones' own networks (see source_build). */
static void read_from(struct conf_phones *conf)
{
	struct section *section = &conf->conf.section;
	struct policy_peer *peer = &conf->conf.peer;

	for (unsigned i = 0; i < conf->from.count; i++)
		if (strcmp(conf->from.item[i].text, "any") == 0)
			conf->phones.from_anywhere = true;
	if (conf->phones.from_anywhere && conf->from.count > 1)
		load_error(section->source, load_key_line(section, "from"),
			   "\"any\" stands alone in \"from\"");
	else if (!conf->phones.from_anywhere)
		load_prefixes(section, &conf->from, &peer->source,
			      &peer->sources);
}

static void check_expires(struct load_file *file, struct conf_phones *conf)
{
	struct section *section = &conf->conf.section;
	struct policy_phones *phones = &conf->phones;

	/* A default that nobody wrote follows the bounds that somebody did. */
	if (!load_is_set(section, "expires_max") &&
	    phones->expires_max_s < phones->expires_min_s)
		phones->expires_max_s = phones->expires_min_s;
	if (!load_is_set(section, "expires_default")) {
		if (phones->expires_default_s > phones->expires_max_s)
			phones->expires_default_s = phones->expires_max_s;
		if (phones->expires_default_s < phones->expires_min_s)
			phones->expires_default_s = phones->expires_min_s;
	}
	if (phones->expires_min_s > phones->expires_max_s)
		load_error(file, load_key_line(section, "expires_max"),
			   "expires_max is less than expires_min");
	else if (phones->expires_default_s < phones->expires_min_s ||
		 phones->expires_default_s > phones->expires_max_s)
		load_error(file, load_key_line(section, "expires_default"),
			   "expires_default lies outside of expires_min and "
			   "expires_max");
}

void load_phones(struct load_file *file)
{
	struct policy *policy = file->load->policy;
	const struct config_setting_t *node =
		load_member(load_root(file), "phones");

	if (!node || !load_is_group(node))
		return;
	struct conf_phones *conf = arena_take(&policy->arena, sizeof(*conf));
	if (!conf || !load_section(file, &conf->conf.section, "phones",
				   "phones", NULL, load_line(node), conf))
		return;
	struct policy_peer *peer = &conf->conf.peer;
	peer->name = "phones";
	peer->kind = POLICY_PHONES;
	peer->at = (struct policy_at){file->name, load_line(node)};
	load_keys(&conf->conf.section, node);
	read_networks(file, conf);
	read_from(conf);
	check_expires(file, conf);
	load_peer_common(&conf->conf);
	read_users(file, conf, load_member(node, "users"));
	policy->phones = conf;
}

void load_phones_finish(struct load_file *file)
{
	struct policy *policy = file->load->policy;

	if (!policy->phones)
		return;
	policy->phones->conf.peer.index = policy->peers;
	for (unsigned i = 0; i < policy->peers; i++) {
		const struct conf_peer *conf = &policy->peer[i];
		const struct policy_user *user =
			policy_user(policy, conf->peer.name);
		if (user)
			load_error(file, user->at.line,
				   "user \"%.64s\" has the name of the peer "
				   "in %s: a route could mean either",
				   user->user, conf->section.file);
	}
}
