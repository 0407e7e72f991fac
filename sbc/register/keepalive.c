/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Phones behind a NAT or on a TCP connection of their own are kept reachable
 * by OPTIONS from our listener. Each has its own random phase, so that ten
 * thousand of them make no burst.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/register/registrar_parts.h"
#include "sbc/sip/wire.h"

uint32_t registrar_random(uint32_t below)
{
	uint32_t dice;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		dice = (uint32_t)agent_now_ms() * 2654435761u;
	return dice % below;
}

static bool is_needed(const struct binding *binding)
{
	if (binding->pub.transport == POLICY_TCP)
		return true;
	/* a STUN user on our own LAN has no NAT between us */
	return binding->pub.behind_nat && !binding->pub.stun;
}

void keepalive_plan(struct registrar *registrar, struct binding *binding,
		    bool first)
{
	const struct policy_phones *phones =
		policy_phones(registrar->agent->policy);
	unsigned every_ms = phones ? phones->keepalive_ms : 0;
	uint64_t now_ms = agent_now_ms();

	if (!every_ms || !is_needed(binding)) {
		binding->keepalive_at_ms = UINT64_MAX;
		return;
	}
	/* A refresh is a packet too, but the phase is kept. */
	if (first && binding->keepalive_at_ms != UINT64_MAX)
		return;
	binding->keepalive_at_ms =
		now_ms + (first ? 1 + registrar_random(every_ms) : every_ms);
}

static int on_pong(nta_outgoing_magic_t *magic, nta_outgoing_t *orq,
		   const sip_t *sip)
{
	struct binding *binding = (struct binding *)magic;

	if (sip && sip->sip_status->st_status < 200)
		return 0;
	nta_outgoing_destroy(orq);
	binding->ping = NULL;
	return 0;
}

void keepalive_cancel(struct binding *binding)
{
	nta_outgoing_destroy(binding->ping);
	binding->ping = NULL;
}

static const struct agent_network *network_of(const struct registrar *registrar,
					      const struct binding *binding)
{
	const struct agent *agent = registrar->agent;

	for (unsigned i = 0; i < agent->networks; i++)
		if (agent->network[i].policy &&
		    !strcmp(agent->network[i].policy->name,
			    binding->pub.network_name))
			return &agent->network[i];
	return NULL;
}

void keepalive_send(struct registrar *registrar, struct binding *binding)
{
	const struct agent_network *network = network_of(registrar, binding);
	const struct sockaddr *source =
		(const struct sockaddr *)&binding->pub.source;
	const struct policy_network_address *ours;
	char host[ADDRESS_TEXT_MAX], us[ADDRESS_TEXT_MAX];
	char route[ADDRESS_TEXT_MAX + 32], from[ADDRESS_TEXT_MAX + 16];
	char to[sizeof(binding->pub.contact) + 2];
	char call_id[WIRE_CALL_ID_MAX], ident[ADDRESS_TEXT_MAX];
	struct sockaddr_storage listener;

	/* An unanswered one is still being retransmitted: packet enough. */
	if (binding->ping || !network || !network->out_of_dialog)
		return;
	ours = policy_network_address(network->policy, source);
	if (!ours)
		return;
	address_host(us, (const struct sockaddr *)&ours->local);
	listener = ours->local;
	if (binding->pub.local_port)
		address_set_port((struct sockaddr *)&listener,
				 binding->pub.local_port);
	address_text(ident, (struct sockaddr *)&listener);
	snprintf(route, sizeof(route), "sip:%s;transport=%s",
		 address_text(host, source),
		 binding->pub.transport == POLICY_TCP ? "tcp" : "udp");
	snprintf(from, sizeof(from),
		 strchr(us, ':') ? "<sip:[%s]>" : "<sip:%s>", us);
	snprintf(to, sizeof(to), "<%s>", binding->pub.contact);
	binding->ping = nta_outgoing_tcreate(
		network->out_of_dialog, on_pong,
		(nta_outgoing_magic_t *)binding, (url_string_t *)route,
		SIP_METHOD_OPTIONS, (url_string_t *)binding->pub.contact,
		SIPTAG_FROM_STR(from), SIPTAG_TO_STR(to),
		SIPTAG_CALL_ID_STR(wire_call_id(call_id)),
		TAG_IF(network->named, TPTAG_IDENT(ident)), TAG_END());
}
