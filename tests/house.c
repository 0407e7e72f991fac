/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small agent; and the decisions of policy, made from its fields. */
#include "config.h"

#include "tests/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/url_tag.h>

#include "sbc/register/registrar.h"
#include "sbc/report/status.h"

extern su_log_t nta_log[], tport_log[];

static struct house *lived_in;

/* --- policy --- */

const struct policy_phones *policy_phones(const struct policy *policy)
{
	return &policy->phones;
}

const struct policy_user *policy_user(const struct policy *policy,
				      const char *user)
{
	for (unsigned i = 0; i < policy->phones.users; i++)
		if (!strcmp(policy->phones.user[i].user, user))
			return &policy->phones.user[i];
	return NULL;
}

unsigned policy_networks(const struct policy *policy)
{
	(void)policy;
	return 1;
}

const struct policy_network *policy_network(const struct policy *policy,
					    unsigned index)
{
	return index ? NULL : &policy->network;
}

enum policy_class policy_zone(const struct policy *policy,
			      const struct policy_network *network,
			      const struct sockaddr *address)
{
	(void)policy;
	return address_in(&network->address->subnet, address)
		       ? POLICY_SAME_SUBNET
		       : POLICY_REMOTE;
}

const struct policy_network_address *policy_network_address(
	const struct policy_network *network, const struct sockaddr *far)
{
	return far->sa_family == AF_INET ? network->address : NULL;
}

void agent_sources_changed(struct agent *agent)
{
	(void)agent;
	lived_in->sources_changed++;
}

/* --- the agent --- */

static void on_line(void *user, const char *line, size_t len)
{
	struct house *house = user;

	if (house->line_count < 256)
		snprintf(house->lines[house->line_count++],
			 sizeof(house->lines[0]), "%.*s", (int)len, line);
}

static void source_of(struct sockaddr_storage *out, const struct house *house,
		      const sip_t *sip)
{
	const sip_via_t *via = sip->sip_via;

	if (house->source.ss_family) {
		*out = house->source;
		return;
	}
	const char *port = via->v_rport ? via->v_rport : via->v_port;
	if (address_parse(out, via->v_received ? via->v_received : via->v_host,
			  (uint16_t)(port ? atoi(port) : 5060)))
		abort();
}

static int on_message(nta_agent_magic_t *magic, nta_agent_t *nta, msg_t *msg,
		      sip_t *sip)
{
	struct house *house = (struct house *)magic;
	struct sockaddr_storage source;
	nta_incoming_t *irq;

	if (!sip || !sip->sip_request ||
	    !(irq = nta_incoming_create(nta, NULL, msg, sip, TAG_END()))) {
		msg_destroy(msg);
		return 0;
	}
	source_of(&source, house, sip);
	if (house->authenticate_only) {
		house->caller =
			registrar_authenticate(house->agent.registrar, irq, sip,
					       (struct sockaddr *)&source);
		if (house->caller) {
			nta_incoming_treply(irq, SIP_200_OK, TAG_END());
			nta_incoming_destroy(irq);
		}
		return 0;
	}
	registrar_request(house->agent.registrar, irq, sip,
			  &house->policy.network, (struct sockaddr *)&source,
			  strcasecmp(sip_via_transport(sip->sip_via), "TCP")
				  ? POLICY_UDP
				  : POLICY_TCP);
	return 0;
}

static void find_port(struct house *house)
{
	sip_via_t *via = nta_agent_via(house->network.nta);

	if (!via || !via->v_port ||
	    address_parse(&house->at, "127.0.0.1", (uint16_t)atoi(via->v_port)))
		abort();
	house->policy.network.sip_port = house->policy.network.public_sip_port =
		(uint16_t)atoi(via->v_port);
}

static void write_policy(struct policy *policy)
{
	policy->network = (struct policy_network){
		.name = "lan",
		.address = &policy->address,
		.addresses = 1,
		.udp = true,
	};
	address_parse(&policy->address.local, "127.0.0.1", 0);
	address_prefix_parse(&policy->address.subnet, "127.0.0.0/8");
	policy->user[0] = (struct policy_user){"101", "secret-1", NULL, {0}};
	policy->user[1] = (struct policy_user){"102", "secret-2", NULL, {0}};
	policy->phones = (struct policy_phones){
		.realm = "sallyport",
		.user = policy->user,
		.users = 2,
		.expires_min_s = 60,
		.expires_max_s = 3600,
		.expires_default_s = 600,
		.max_contacts = 3,
		.digest = POLICY_DIGEST_BOTH,
	};
}

void house_build(struct house *house)
{
	memset(house, 0, sizeof(*house));
	lived_in = house;
	write_policy(&house->policy);
	su_init();
	su_log_set_level(NULL, 0);
	su_log_set_level(nta_log, 0);
	su_log_set_level(tport_log, 0);
	house->agent.policy = &house->policy;
	house->agent.network = &house->network;
	house->agent.networks = 1;
	house->agent.root = su_root_create(NULL);
	su_root_threading(house->agent.root, 0);
	house->network.agent = &house->agent;
	house->network.policy = &house->policy.network;
	house->network.nta = nta_agent_create(
		house->agent.root, (url_string_t *)"sip:127.0.0.1:*",
		on_message, (nta_agent_magic_t *)house, NTATAG_UA(0),
		NTATAG_SERVER_RPORT(2), NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0),
		TAG_END());
	if (!house->network.nta)
		abort();
	house->network.out_of_dialog = nta_leg_tcreate(
		house->network.nta, NULL, NULL, NTATAG_NO_DIALOG(1),
		URLTAG_URL("sip:out-of-dialog@invalid"), TAG_END());
	find_port(house);
	if (cred_new(&house->agent.cred, "sallyport", 60000))
		abort();
	status_strict(true);
	status_watch(on_line, house);
}

void house_pull_down(struct house *house)
{
	status_watch(NULL, NULL);
	nta_leg_destroy(house->network.out_of_dialog);
	nta_agent_destroy(house->network.nta);
	cred_free(house->agent.cred);
	su_root_destroy(house->agent.root);
	su_deinit();
}

bool house_run(struct house *house, bool (*done)(void *user), void *user,
	       unsigned limit_ms)
{
	uint64_t until_ms = agent_now_ms() + limit_ms;

	while (!done || !done(user)) {
		if (agent_now_ms() >= until_ms)
			return false;
		su_root_step(house->agent.root, 5);
	}
	return true;
}

unsigned house_said(const struct house *house, const char *a, const char *b)
{
	unsigned count = 0;

	for (unsigned i = 0; i < house->line_count; i++)
		if (strstr(house->lines[i], a) &&
		    (!b || strstr(house->lines[i], b)))
			count++;
	return count;
}
