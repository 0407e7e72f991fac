/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trunks and PBXs: one file each. */
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* A DNS name: labels of letters, digits, "-" and "_", not all digits. */
static bool is_host_name(const char *text)
{
	size_t label = 0;

	if (strspn(text, "0123456789.") == strlen(text))
		return false;
	for (const char *p = text; *p; p++) {
		if (*p == '.') {
			if (label == 0 || p[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!strchr(ALNUM "-_", *p) || (label == 0 && *p == '-'))
			return false;
		if (++label > 63)
			return false;
	}
	return *text && *text != '.';
}

/* --- codecs -------------------------------------------------------------- */

static void read_codecs(struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	struct policy_peer *peer = &conf->peer;

	peer->codecs = arena_array(&section->source->load->policy->arena,
				   conf->codecs.count, sizeof(char *));
	for (unsigned i = 0; peer->codecs && i < conf->codecs.count; i++) {
		const struct conf_text *item = &conf->codecs.item[i];
		const char *name = codec_named(item->text);
		bool twice = false;
		if (!name) {
			struct suggest suggest = {.wanted = item->text};
			for (unsigned k = 0; codec_names()[k]; k++)
				suggest_try(&suggest, codec_names()[k]);
			load_hint(section->source, item->line,
				  suggest_best(&suggest),
				  "codec \"%.40s\" is not known", item->text);
			continue;
		}
		for (unsigned k = 0; k < peer->codecs_count; k++)
			twice |= strcmp(peer->codecs[k], name) == 0;
		if (twice)
			load_error(section->source, item->line,
				   "codec \"%s\" stands here twice", name);
		else
			peer->codecs[peer->codecs_count++] = name;
	}
	if (peer->codecs_count == 1 &&
	    strcmp(peer->codecs[0], "telephone-event") == 0)
		load_error(section->source, load_key_line(section, "codecs"),
			   "\"codecs\" names none that carries speech");
}

/* What trunks, PBXs and the phones have alike. */
void load_peer_common(struct conf_peer *conf)
{
	static const char *const anchors[] = {"always", "auto", "never"};
	const struct section *section = &conf->section;
	struct policy_peer *peer = &conf->peer;

	peer->reinvite_at = load_at(section, "reinvite");
	peer->update_at = load_at(section, "update");
	peer->anchor_at = load_at(section, "anchor");
	for (unsigned i = 0; i < 3; i++) {
		struct arena *arena = &section->source->load->policy->arena;
		const struct policy_at *at = &peer->anchor_at;
		conf->anchor_why[i] =
			at->line ? arena_printf(arena, "anchor=%s %s:%u",
						anchors[i], at->file, at->line)
				 : arena_printf(arena, "anchor=%s default",
						anchors[i]);
	}
	if (peer->session_expires_s < peer->min_se_s) {
		if (load_is_set(section, "session_expires"))
			load_error(section->source,
				   load_key_line(section, "session_expires"),
				   "session_expires is less than min_se");
		peer->session_expires_s = peer->min_se_s;
	}
	read_codecs(conf);
	load_srtp(conf);
}

/* --- where it is --------------------------------------------------------- */

static void check_family(const struct section *section,
			 const struct policy_network *net,
			 const struct sockaddr_storage *address, unsigned line)
{
	/* An interface's addresses come and go. */
	if (!net || net->addresses == 0 || net->interface ||
	    policy_network_address(net, (const struct sockaddr *)address))
		return;
	load_error(section->source, line,
		   "network \"%s\" has no %s address to reach this peer from",
		   net->name, address->ss_family == AF_INET ? "IPv4" : "IPv6");
}

/* "192.0.2.1", "192.0.2.1:5060", "[2001:db8::1]", "sip.acme.example:5070" */
static void read_host(struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	struct arena *arena = &section->source->load->policy->arena;
	struct policy_peer *peer = &conf->peer;
	unsigned line = load_key_line(section, "host");
	const char *text = conf->hostport;
	char host[ADDRESS_TEXT_MAX];

	if (address_parse(&conf->literal, text, 0) == 0) {
		struct sockaddr *literal = (struct sockaddr *)&conf->literal;
		peer->port = address_port(literal);
		address_host(host, literal);
		peer->host = arena_text(arena, host, strlen(host));
		check_family(section, peer->network, &conf->literal, line);
		return;
	}
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	char *name = arena_text(arena, text, len);
	if (!name)
		return;
	unsigned long port = 0;
	if (colon) {
		char *end;
		port = strtoul(colon + 1, &end, 10);
		if (*end || colon[1] < '0' || colon[1] > '9' || port < 1 ||
		    port > 65535) {
			load_error(section->source, line,
				   "host \"%.80s\" has no port from 1 to 65535 "
				   "behind its \":\"",
				   text);
			return;
		}
	}
	if (!is_host_name(name)) {
		load_error(section->source, line,
			   "host \"%.80s\" is neither an address nor a host "
			   "name",
			   text);
		return;
	}
	peer->host = name;
	peer->port = (uint16_t)port;
}

static void read_place(struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	struct load_file *file = (struct load_file *)(uintptr_t)section->source;
	struct policy_peer *peer = &conf->peer;
	bool domain = load_is_set(section, "domain");
	bool host = load_is_set(section, "host");
	struct sockaddr_storage literal;

	if (domain && host)
		load_error(file, load_key_line(section, "host"),
			   "both \"domain\" and \"host\" are given");
	else if (!domain && !host)
		load_error(file, section->line,
			   "a %s needs \"host\" or \"domain\"",
			   conf->kind == CONF_PBX ? "pbx" : "trunk");
	if (peer->domain && address_parse(&literal, peer->domain, 0) == 0)
		load_error(file, load_key_line(section, "domain"),
			   "domain \"%.80s\" is an address: use \"host\"",
			   peer->domain);
	else if (peer->domain && !is_host_name(peer->domain))
		load_error(file, load_key_line(section, "domain"),
			   "domain \"%.80s\" is no domain name%s", peer->domain,
			   strchr(peer->domain, ':')
				   ? ": for a port use \"host\""
				   : "");
	if (conf->hostport)
		read_host(conf);
	load_prefixes(section, &conf->source, &peer->source, &peer->sources);
}

static void read_network(struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	const struct policy *policy = section->source->load->policy;
	struct policy_peer *peer = &conf->peer;
	unsigned line = load_key_line(section, "network");

	if (conf->network_name)
		peer->network =
			load_network_named(section, line, conf->network_name);
	else if (load_is_set(section, "network"))
		return;
	else if (policy->networks == 1)
		peer->network = &policy->network[0].net;
	else if (policy->networks)
		load_error(section->source, line,
			   "\"network\" is missing: there are %u networks",
			   policy->networks);
	if (!peer->network)
		return;
	conf->network_name = peer->network->name;
	if (load_is_set(section, "local_port") &&
	    !policy_has_port(peer->network, (uint16_t)peer->local_port))
		load_error(section->source,
			   load_key_line(section, "local_port"),
			   "network \"%s\" does not listen on port %u: add it "
			   "to its \"sip_ports\"",
			   peer->network->name, peer->local_port);
	bool heard = peer->transport == POLICY_UDP ? peer->network->udp
						   : peer->network->tcp;
	if (!heard && (peer->network->udp || peer->network->tcp))
		load_error(section->source, load_key_line(section, "transport"),
			   "network \"%s\" has no transport %s",
			   peer->network->name,
			   peer->transport == POLICY_UDP ? "udp" : "tcp");
}

/* --- credentials and registration ---------------------------------------- */

static void read_register(struct load_file *file, struct conf_peer *conf)
{
	struct policy_peer *peer = &conf->peer;
	const struct config_setting_t *node =
		load_member(load_root(file), "register");
	struct arena *arena = &file->load->policy->arena;

	if (!load_section(file, &conf->reg,
			  arena_printf(arena, "peers.%s.register", peer->name),
			  "peer.register", NULL, node ? load_line(node) : 1,
			  conf))
		return;
	bool here = load_is_set(&conf->section, "password") ||
		    load_is_set(&conf->section, "password_file");
	peer->password = load_secret(&conf->section, peer->password,
				     conf->password_file);
	if (here && !load_is_set(&conf->section, "password"))
		load_set_at(&conf->section, "password",
			    load_at(&conf->section, "password_file"));
	if (!node || !load_is_group(node))
		return;
	load_keys(&conf->reg, node);
	peer->reg.wanted = true;
	bool there = load_is_set(&conf->reg, "password") ||
		     load_is_set(&conf->reg, "password_file");
	const char *password = load_secret(&conf->reg, conf->reg_password,
					   conf->reg_password_file);
	if (here && there)
		load_error(file, conf->reg.line,
			   "a password stands both here and outside of "
			   "\"register\"");
	if (!here && !there)
		load_error(file, conf->reg.line,
			   "\"register\" has neither \"password\" nor "
			   "\"password_file\"");
	if (there) {
		peer->password = conf->reg_password = password;
		load_set_at(&conf->section, "password",
			    (struct policy_at){
				    file->name,
				    load_key_line(
					    &conf->reg,
					    load_is_set(&conf->reg, "password")
						    ? "password"
						    : "password_file")});
	}
	if (peer->reg.registrar && !is_host_name(peer->reg.registrar)) {
		struct sockaddr_storage literal;
		if (address_parse(&literal, peer->reg.registrar, 0) != 0)
			load_error(file, load_key_line(&conf->reg, "registrar"),
				   "registrar \"%.80s\" is neither an address "
				   "nor a host name",
				   peer->reg.registrar);
	}
	if (!peer->username) {
		peer->username = peer->reg.user;
		load_set_at(&conf->section, "username",
			    load_at(&conf->reg, "user"));
	}
}

static void check_credentials(struct load_file *file, struct conf_peer *conf)
{
	const struct section *section = &conf->section;
	const struct policy_peer *peer = &conf->peer;

	if (peer->reg.wanted)
		return;
	if (peer->username && !load_is_set(section, "password") &&
	    !load_is_set(section, "password_file"))
		load_error(file, load_key_line(section, "username"),
			   "\"username\" has neither \"password\" nor "
			   "\"password_file\"");
	if (!peer->username && peer->password)
		load_error(
			file,
			load_key_line(section, load_is_set(section, "password")
						       ? "password"
						       : "password_file"),
			"there is a password, but no \"username\"");
}

/* --- one file ------------------------------------------------------------ */

static char *peer_name(struct load_file *file)
{
	size_t len = strlen(file->name);

	if (len > 5 && strcmp(file->name + len - 5, ".conf") == 0)
		len -= 5;
	return arena_text(&file->load->policy->arena, file->name, len);
}

static void check_name(struct load_file *file, const char *name)
{
	if (name[strspn(name, ALNUM "-_.")] || strlen(name) > 64)
		load_error(file, 0,
			   "a peer's name is its file's name: at most 64 "
			   "letters, digits, \"-\", \"_\" and \".\"");
	if (strcmp(name, "phones") == 0 || strcmp(name, "any") == 0)
		load_error(file, 0, "no peer can be called \"%s\"", name);
}

void load_peer(struct load_file *file)
{
	struct policy *policy = file->load->policy;
	struct conf_peer *conf = &policy->peer[policy->peers];
	const struct config_setting_t *root = load_root(file);
	const char *kind = load_string(load_member(root, "kind"));
	bool pbx = kind && strcmp(kind, "pbx") == 0;
	char *name = peer_name(file);

	if (!name ||
	    !load_section(file, &conf->section,
			  arena_printf(&policy->arena, "peers.%s", name),
			  "peer", pbx ? "pbx" : NULL, 1, conf))
		return;
	conf->peer.name = name;
	conf->peer.index = policy->peers++;
	conf->peer.at = (struct policy_at){file->name, 1};
	check_name(file, name);
	if (!root)
		return;
	load_keys(&conf->section, root);
	conf->peer.kind = pbx ? POLICY_PBX : POLICY_TRUNK;
	if (load_is_set(&conf->section, "kind"))
		conf->peer.at.line = load_key_line(&conf->section, "kind");
	conf->section.line = conf->peer.at.line;
	read_network(conf);
	read_place(conf);
	read_register(file, conf);
	check_credentials(file, conf);
	load_peer_common(conf);
}

/* --- all of them --------------------------------------------------------- */

static int literal_compare(const void *a, const void *b)
{
	const struct conf_peer *x = *(const struct conf_peer *const *)a;
	const struct conf_peer *y = *(const struct conf_peer *const *)b;

	if (x->peer.network != y->peer.network)
		return x->peer.network->index < y->peer.network->index ? -1 : 1;
	int order = strcmp(x->peer.host, y->peer.host);
	if (order == 0 && x->peer.port != y->peer.port)
		order = x->peer.port < y->peer.port ? -1 : 1;
	if (order == 0)
		order = x->peer.index < y->peer.index ? -1 : 1;
	return order;
}

static void check_literals(struct load *load)
{
	struct policy *policy = load->policy;
	const struct conf_peer **sorted;
	unsigned count = 0;

	sorted = arena_array(&policy->arena, policy->peers, sizeof(*sorted));
	for (unsigned i = 0; sorted && i < policy->peers; i++) {
		struct conf_peer *conf = &policy->peer[i];
		if (conf->literal.ss_family == AF_UNSPEC ||
		    !conf->peer.network || !conf->peer.host)
			continue;
		sorted[count++] = conf;
	}
	if (count)
		qsort(sorted, count, sizeof(*sorted), literal_compare);
	for (unsigned i = 1; i < count; i++) {
		const struct conf_peer *a = sorted[i - 1], *b = sorted[i];
		uint16_t a_port = a->peer.port ? a->peer.port : 5060;
		uint16_t b_port = b->peer.port ? b->peer.port : 5060;
		if (a->peer.network == b->peer.network &&
		    strcmp(a->peer.host, b->peer.host) == 0 && a_port == b_port)
			load_error(b->section.source,
				   load_key_line(&b->section, "host"),
				   "host \"%.80s\" is also that of peer "
				   "\"%s\" (%s:%u)",
				   b->hostport, a->peer.name, a->section.file,
				   load_key_line(&a->section, "host"));
	}
}

/* Two peers that send from one prefix: only the first would ever be known. */
static void check_sources(struct load *load)
{
	const struct policy *policy = load->policy;

	for (unsigned n = 0; policy->source && n < policy->networks; n++) {
		const struct source_index *index = &policy->source[n];
		for (unsigned i = 1; i < index->entries; i++) {
			const struct source_entry *a = &index->entry[i - 1];
			const struct source_entry *b = &index->entry[i];
			if (a->bits != b->bits || a->peer == b->peer ||
			    a->port != 0 || b->port != 0 ||
			    memcmp(a->key, b->key, sizeof(a->key)) != 0 ||
			    b->peer >= policy->peers)
				continue;
			const struct conf_peer *peer = &policy->peer[b->peer];
			load_warning(peer->section.source,
				     load_key_line(&peer->section, "source"),
				     "a prefix of \"source\" is also that of "
				     "peer \"%s\", which is taken first",
				     policy->peer[a->peer].peer.name);
		}
	}
}

void load_peers_finish(struct load *load)
{
	check_literals(load);
	if (source_build(load->policy) == 0)
		check_sources(load);
}
