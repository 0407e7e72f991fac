/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks: where we stand, checked against this host and one another. */
#include <stdio.h>
#include <string.h>

#include "policy/load.h"
#include "policy/unit.h"

#define ADDRESSES_MAX 16

static bool is_unusable(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		uint32_t host = ntohl(in->sin_addr.s_addr);
		return host == 0 || host >= 0xe0000000;
	}
	const struct sockaddr_in6 *in6 = (const void *)address;
	return IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr) ||
	       IN6_IS_ADDR_MULTICAST(&in6->sin6_addr);
}

/* A literal address without a port. */
static bool parse_address(const struct section *section, const char *key,
			  const struct conf_text *item,
			  struct sockaddr_storage *out)
{
	struct address_prefix prefix;
	struct sockaddr_storage with_port;
	const char *wrong = NULL;

	if (address_prefix_parse(&prefix, item->text) == 0 &&
	    !strchr(item->text, '/')) {
		if (!is_unusable(&prefix.base)) {
			*out = prefix.base;
			return true;
		}
		wrong = "is not one host's address";
	} else if (strchr(item->text, '/')) {
		wrong = "is a prefix: the address alone is needed";
	} else if (address_parse(&with_port, item->text, 0) == 0) {
		wrong = "has a port: ports have keys of their own";
	} else {
		wrong = "is no literal address";
	}
	load_error(section->source, item->line, "%s \"%.60s\" %s", key,
		   item->text, wrong);
	return false;
}

void load_prefixes(const struct section *section, const struct conf_list *list,
		   struct address_prefix **out, unsigned *count)
{
	struct arena *arena = &section->source->load->policy->arena;

	*count = 0;
	*out = arena_array(arena, list->count, sizeof(**out));
	if (!*out)
		return;
	for (unsigned i = 0; i < list->count; i++) {
		if (address_prefix_parse(&(*out)[*count], list->item[i].text) ==
		    0)
			(*count)++;
		else
			load_error(section->source, list->item[i].line,
				   "\"%.60s\" is no address or prefix like "
				   "\"192.0.2.0/24\"",
				   list->item[i].text);
	}
}

/* Our interface's prefix, or what such an address commonly stands in. */
static unsigned default_bits(const struct policy_host *host,
			     const struct sockaddr *address)
{
	for (unsigned i = 0; host && i < host->addresses; i++)
		if (address_host_equal(
			    (const struct sockaddr *)&host->address[i].base,
			    address))
			return host->address[i].bits;
	if (address->sa_family == AF_INET6)
		return 64;
	return address_is_private(address) ? 24 : 32;
}

/* On the loopback interface every address of the prefix is the host's. */
static bool is_loopback(const struct address_prefix *prefix,
			const struct sockaddr *address)
{
	const struct sockaddr_in *base =
		(const struct sockaddr_in *)&prefix->base;

	return base->sin_family == AF_INET &&
	       ntohl(base->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET &&
	       address_in(prefix, address);
}

static bool is_host_address(const struct policy_host *host,
			    const struct sockaddr *address)
{
	for (unsigned i = 0; i < host->addresses; i++)
		if (address_host_equal(
			    (const struct sockaddr *)&host->address[i].base,
			    address) ||
		    is_loopback(&host->address[i], address))
			return true;
	return false;
}

static void tell_not_ours(struct load_file *file, const struct conf_text *item)
{
	const struct policy_host *host = file->load->host;
	struct suggest suggest = {.wanted = item->text};
	char text[64][ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < host->addresses && i < 64; i++) {
		address_host(text[i],
			     (const struct sockaddr *)&host->address[i].base);
		suggest_try(&suggest, text[i]);
	}
	load_hint(file, item->line, suggest_best(&suggest),
		  "\"%.60s\" is no address of this host", item->text);
}

static void read_addresses(struct load_file *file, struct conf_network *conf)
{
	struct policy_network *net = &conf->net;

	if (conf->address.count > ADDRESSES_MAX) {
		load_error(file, load_key_line(&conf->section, "address"),
			   "a network has at most %d addresses", ADDRESSES_MAX);
		return;
	}
	net->address = arena_array(&file->load->policy->arena,
				   conf->address.count, sizeof(*net->address));
	for (unsigned i = 0; net->address && i < conf->address.count; i++) {
		struct policy_network_address *a =
			&net->address[net->addresses];
		struct sockaddr *local = (struct sockaddr *)&a->local;
		if (!parse_address(&conf->section, "address",
				   &conf->address.item[i], &a->local))
			continue;
		for (unsigned k = 0; k < net->addresses; k++)
			if (address_host_equal(
				    (struct sockaddr *)&net->address[k].local,
				    local))
				load_error(file, conf->address.item[i].line,
					   "\"%s\" stands here twice",
					   conf->address.item[i].text);
		if (file->load->host &&
		    !is_host_address(file->load->host, local))
			tell_not_ours(file, &conf->address.item[i]);
		address_set_port(local, net->sip_port);
		net->addresses++;
	}
}

/* fe80:: needs a scope that no URI or SDP can tell. */
static bool is_link_local(const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;

	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

/* What stands at the interface now, which may be nothing: a line that is not
 * up yet. The addresses come and go (policy_move). */
static void read_interface(struct load_file *file, struct conf_network *conf)
{
	const struct policy_host *host = file->load->host;
	struct policy_network *net = &conf->net;

	if (conf->address.count)
		load_error(file, load_key_line(&conf->section, "interface"),
			   "both \"address\" and \"interface\" are given");
	net->address = arena_array(&file->load->policy->arena, ADDRESSES_MAX,
				   sizeof(*net->address));
	for (unsigned i = 0;
	     host && host->interface && net->address && i < host->addresses &&
	     net->addresses < ADDRESSES_MAX;
	     i++) {
		struct policy_network_address *a =
			&net->address[net->addresses];

		if (strcmp(host->interface[i], net->interface) != 0 ||
		    is_link_local((struct sockaddr *)&host->address[i].base))
			continue;
		a->local = host->address[i].base;
		address_set_port((struct sockaddr *)&a->local, net->sip_port);
		net->addresses++;
	}
	if (host && !net->addresses)
		load_warning(file, load_key_line(&conf->section, "interface"),
			     "interface \"%.15s\" has no address now",
			     net->interface);
}

static unsigned family_count(const struct policy_network *net,
			     sa_family_t family)
{
	unsigned count = 0;

	for (unsigned i = 0; i < net->addresses; i++)
		count += net->address[i].local.ss_family == family;
	return count;
}

/* One public address of a family serves all of ours; else each its own. */
static void map_public(struct load_file *file, struct conf_network *conf,
		       const struct sockaddr_storage *public, unsigned count,
		       sa_family_t family)
{
	struct policy_network *net = &conf->net;
	unsigned given = 0, next = 0, ours = family_count(net, family);

	for (unsigned i = 0; i < count; i++)
		given += public[i].ss_family == family;
	/* An interface's addresses come and go. */
	if (given == 0 || (ours == 0 && net->interface))
		return;
	if (ours == 0 || (given > 1 && given != ours)) {
		load_error(file, load_key_line(&conf->section, "public"),
			   "%u public %s address%s for %u of \"address\"",
			   given, family == AF_INET ? "IPv4" : "IPv6",
			   given == 1 ? "" : "es", ours);
		return;
	}
	for (unsigned i = 0; i < net->addresses; i++) {
		struct policy_network_address *a = &net->address[i];
		if (a->local.ss_family != family)
			continue;
		while (public[next].ss_family != family)
			next++;
		a->public = public[next];
		address_set_port((struct sockaddr *)&a->public,
				 net->public_sip_port);
		next += given > 1;
	}
}

static void read_public(struct load_file *file, struct conf_network *conf)
{
	struct sockaddr_storage public[ADDRESSES_MAX];
	unsigned count = 0;

	if (!load_is_set(&conf->section, "public_sip_port"))
		conf->net.public_sip_port = conf->net.sip_port;
	if (conf->public.count > ADDRESSES_MAX) {
		load_error(file, load_key_line(&conf->section, "public"),
			   "a network has at most %d addresses", ADDRESSES_MAX);
		return;
	}
	for (unsigned i = 0; i < conf->public.count; i++)
		count += parse_address(&conf->section, "public",
				       &conf->public.item[i], &public[count]);
	map_public(file, conf, public, count, AF_INET);
	map_public(file, conf, public, count, AF_INET6);
	if (load_is_set(&conf->section, "public_sip_port") &&
	    !conf->public.count)
		load_error(file,
			   load_key_line(&conf->section, "public_sip_port"),
			   "\"public_sip_port\" needs \"public\"");
}

/* Clear the bits that a prefix does not count. */
static void mask(struct address_prefix *prefix)
{
	bool four = prefix->base.ss_family == AF_INET;
	uint8_t *byte = four ? (uint8_t *)&((struct sockaddr_in *)&prefix->base)
					->sin_addr
			     : ((struct sockaddr_in6 *)&prefix->base)
					->sin6_addr.s6_addr;

	address_set_port((struct sockaddr *)&prefix->base, 0);
	for (unsigned i = 0; i < (four ? 4 : 16); i++) {
		if (prefix->bits <= i * 8)
			byte[i] = 0;
		else if (prefix->bits < i * 8 + 8)
			byte[i] &=
				(uint8_t)(0xff << (i * 8 + 8 - prefix->bits));
	}
}

static void read_subnets(struct load_file *file, struct conf_network *conf)
{
	struct arena *arena = &file->load->policy->arena;
	struct policy_network *net = &conf->net;
	struct address_prefix *subnet;
	unsigned subnets;
	struct conf_list shown = {0};

	load_prefixes(&conf->section, &conf->subnet, &subnet, &subnets);
	load_prefixes(&conf->section, &conf->local, &net->local, &net->locals);
	for (unsigned i = 0; i < net->addresses; i++) {
		struct policy_network_address *a = &net->address[i];
		const struct sockaddr *local = (struct sockaddr *)&a->local;
		char host[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 8];
		bool family_given = false;

		a->subnet.base = a->local;
		a->subnet.bits = default_bits(file->load->host, local);
		for (unsigned k = 0; k < subnets; k++) {
			family_given |=
				subnet[k].base.ss_family == a->local.ss_family;
			if (address_in(&subnet[k], local)) {
				a->subnet = subnet[k];
				family_given = false;
				break;
			}
		}
		if (family_given && !net->interface)
			load_error(file,
				   load_key_line(&conf->section, "subnet"),
				   "address %s is in none of the subnets",
				   address_host(host, local));
		mask(&a->subnet);
		snprintf(text, sizeof(text), "%.60s/%u",
			 address_host(host, (struct sockaddr *)&a->subnet.base),
			 a->subnet.bits);
		load_list_add(arena, &shown, text);
	}
	conf->subnet = shown;
}

static void read_ports(struct load_file *file, struct conf_network *conf)
{
	struct policy_network *net = &conf->net;
	unsigned line = load_key_line(&conf->section, "rtp_ports");
	char low[24], high[24], hint[48];
	uint64_t first, last;

	if (!conf->rtp_ports)
		return;
	if (!unit_range(conf->rtp_ports, low, high) ||
	    unit_number(&first, low) != 0 || unit_number(&last, high) != 0) {
		load_error(file, line,
			   "rtp_ports \"%.40s\" must be like \"20000-20999\"",
			   conf->rtp_ports);
		return;
	}
	if (first < 1024 || last > 65535) {
		load_error(file, line,
			   "rtp_ports \"%.40s\" must lie in 1024-65535",
			   conf->rtp_ports);
	} else if (first >= last) {
		load_error(file, line, "rtp_ports \"%.40s\" is an empty range",
			   conf->rtp_ports);
	} else if (first % 2 || last % 2 == 0) {
		snprintf(hint, sizeof(hint), "%llu-%llu",
			 (unsigned long long)(first & ~1ull),
			 (unsigned long long)(last | 1));
		load_hint(file, line, hint,
			  "rtp_ports \"%.40s\" must go from an even port to an "
			  "odd one (RTP and RTCP are a pair)",
			  conf->rtp_ports);
	} else if (net->sip_port >= first && net->sip_port <= last) {
		load_error(file, line, "rtp_ports \"%.40s\" holds sip_port %u",
			   conf->rtp_ports, net->sip_port);
	} else {
		net->rtp_first = (uint16_t)first;
		net->rtp_last = (uint16_t)last;
	}
}

static void read_sip_ports(struct load_file *file, struct conf_network *conf)
{
	struct policy_network *net = &conf->net;

	for (unsigned i = 0; i < conf->sip_ports.count; i++) {
		const struct conf_text *item = &conf->sip_ports.item[i];
		uint64_t port;

		if (unit_number(&port, item->text) != 0 || port < 1 ||
		    port > 65535)
			load_error(file, item->line,
				   "sip_ports: \"%.40s\" is no port from 1 to "
				   "65535",
				   item->text);
		else if (policy_has_port(net, (uint16_t)port))
			load_error(file, item->line,
				   "sip_ports: %u is listened on already",
				   (unsigned)port);
		else if (net->rtp_last && port >= net->rtp_first &&
			 port <= net->rtp_last)
			load_error(file, item->line,
				   "rtp_ports \"%.40s\" holds %u of sip_ports",
				   conf->rtp_ports, (unsigned)port);
		else if (net->more_sip_ports == POLICY_SIP_PORTS_MAX)
			load_error(file, item->line,
				   "a network has at most %d further SIP ports",
				   POLICY_SIP_PORTS_MAX);
		else
			net->more_sip_port[net->more_sip_ports++] =
				(uint16_t)port;
	}
}

static void read_transports(struct load_file *file, struct conf_network *conf)
{
	for (unsigned i = 0; i < conf->transports.count; i++) {
		const struct conf_text *item = &conf->transports.item[i];
		struct suggest suggest = {.wanted = item->text};
		suggest_try(&suggest, "udp");
		suggest_try(&suggest, "tcp");
		if (strcmp(item->text, "udp") == 0)
			conf->net.udp = true;
		else if (strcmp(item->text, "tcp") == 0)
			conf->net.tcp = true;
		else
			load_hint(file, item->line, suggest_best(&suggest),
				  "transport \"%.40s\" is not known, only udp "
				  "and tcp",
				  item->text);
	}
}

/* The first SIP port that both listen on; 0: none. */
static uint16_t shared_port(const struct policy_network *a,
			    const struct policy_network *b)
{
	if (policy_has_port(a, b->sip_port))
		return b->sip_port;
	for (unsigned i = 0; i < b->more_sip_ports; i++)
		if (policy_has_port(a, b->more_sip_port[i]))
			return b->more_sip_port[i];
	return 0;
}

/* The first SIP port of `sip` that the other one's media may take; 0: none. */
static uint16_t port_in_block(const struct policy_network *media,
			      const struct policy_network *sip)
{
	for (unsigned port = media->rtp_first; port && port <= media->rtp_last;
	     port++)
		if (policy_has_port(sip, (uint16_t)port))
			return (uint16_t)port;
	return 0;
}

static void compare_block(struct load_file *file,
			  const struct conf_network *media,
			  const struct conf_network *sip)
{
	unsigned port = port_in_block(&media->net, &sip->net);

	if (port)
		load_error(file, load_key_line(&media->section, "rtp_ports"),
			   "rtp_ports %u-%u hold the SIP port %u of network "
			   "\"%s\" on the same address (line %u)",
			   media->net.rtp_first, media->net.rtp_last, port,
			   sip->net.name, sip->section.line);
}

/* Do two networks stand on one address? Then they must share nothing else. */
static void compare(struct load_file *file, const struct conf_network *a,
		    const struct conf_network *b)
{
	bool shared = false;
	unsigned port = shared_port(&a->net, &b->net);

	for (unsigned i = 0; i < a->net.addresses; i++)
		for (unsigned k = 0; k < b->net.addresses; k++)
			shared |= address_host_equal(
				(struct sockaddr *)&a->net.address[i].local,
				(struct sockaddr *)&b->net.address[k].local);
	if (!shared)
		return;
	if (port)
		load_error(file,
			   load_key_line(&b->section, port == b->net.sip_port
							      ? "sip_port"
							      : "sip_ports"),
			   "network \"%s\" has the same address and SIP port "
			   "%u as \"%s\" (line %u)",
			   b->net.name, port, a->net.name, a->section.line);
	if (a->net.rtp_first <= b->net.rtp_last &&
	    b->net.rtp_first <= a->net.rtp_last && a->net.rtp_last &&
	    b->net.rtp_last)
		load_error(file, load_key_line(&b->section, "rtp_ports"),
			   "rtp_ports %u-%u overlap those of network \"%s\" "
			   "on the same address: %u-%u (line %u)",
			   b->net.rtp_first, b->net.rtp_last, a->net.name,
			   a->net.rtp_first, a->net.rtp_last, a->section.line);
	compare_block(file, a, b);
	compare_block(file, b, a);
}

static bool read_network(struct load_file *file, struct conf_network *conf,
			 const struct config_setting_t *node, unsigned index)
{
	struct arena *arena = &file->load->policy->arena;
	const char *name = load_name(node);
	struct policy_network *net = &conf->net;

	net->name = arena_text(arena, name, strlen(name));
	net->at = (struct policy_at){file->name, load_line(node)};
	net->index = index;
	if (strchr(name, '*'))
		load_error(file, net->at.line,
			   "the name \"%.60s\" may not hold a \"*\"", name);
	if (!load_section(file, &conf->section,
			  arena_printf(arena, "networks.%s", name),
			  "networks.NAME", NULL, net->at.line, conf))
		return false;
	load_keys(&conf->section, node);
	if (net->interface)
		read_interface(file, conf);
	else if (load_is_set(&conf->section, "address"))
		read_addresses(file, conf);
	else if (!load_is_set(&conf->section, "interface"))
		load_error(file, net->at.line,
			   "a network has no \"address\" and no "
			   "\"interface\"");
	read_public(file, conf);
	read_subnets(file, conf);
	read_ports(file, conf);
	read_sip_ports(file, conf);
	read_transports(file, conf);
	return true;
}

void load_networks(struct load_file *file)
{
	struct policy *policy = file->load->policy;
	const struct config_setting_t *nodes =
		load_member(load_root(file), "networks");
	unsigned count = load_count(nodes);

	if (!nodes || !load_is_group(nodes))
		return;
	if (count == 0 || count > LOAD_NETS_MAX) {
		load_error(file, load_line(nodes),
			   "\"networks\" must hold 1 to %d networks",
			   LOAD_NETS_MAX);
		return;
	}
	policy->network =
		arena_array(&policy->arena, count, sizeof(*policy->network));
	for (unsigned i = 0; policy->network && i < count; i++) {
		const struct config_setting_t *node = load_child(nodes, i);
		if (!load_is_group(node)) {
			load_error(file, load_line(node),
				   "network \"%.60s\" must be a group: { ... }",
				   load_name(node));
			continue;
		}
		if (!read_network(file, &policy->network[policy->networks],
				  node, policy->networks))
			return;
		policy->networks++;
	}
	for (unsigned i = 0; i < policy->networks; i++)
		for (unsigned k = 0; k < i; k++)
			compare(file, &policy->network[k], &policy->network[i]);
}

const struct policy_network *load_network_named(const struct section *section,
						unsigned line, const char *name)
{
	const struct load *load = section->source->load;
	const struct policy *policy = load->policy;
	struct suggest suggest = {.wanted = name};

	for (unsigned i = 0; i < policy->networks; i++) {
		if (strcmp(policy->network[i].net.name, name) == 0)
			return &policy->network[i].net;
		suggest_try(&suggest, policy->network[i].net.name);
	}
	/* What sallyport.conf says is not known when it is broken. */
	if (load->file[0]->config)
		load_hint(section->source, line, suggest_best(&suggest),
			  "there is no network \"%.60s\"", name);
	return NULL;
}
