/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One dialog: its birth, what both directions share, its end.
 *
 *   leg a                                  leg b
 *   INCOMING --200--> ANSWERED             CALLING --18x--> EARLY
 *      |                 | ACK, or           |  |             | 2xx: ACK
 *      | 3xx-6xx,        | 32 s without it   |  +-------------+--> ESTABLISHED
 *      | CANCEL          v                   | 300-699, silence
 *      v              ESTABLISHED            v
 *    ENDED                                 ENDED
 *
 * From every state leg_end() leads by CANCEL or BYE over LEAVING to ENDED.
 * Timers: those of nta's transactions; a caller's patience is the owner's.
 */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>
#include <sofia-sip/su_tagarg.h>

#include "media/chance.h"
#include "sbc/sip/header.h"
#include "sbc/sip/listener.h"
#include "sbc/sip/wire.h"

const char *leg_allow(void)
{
	return "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, REFER, "
	       "NOTIFY, INFO, MESSAGE";
}

/* What is ended here, by the policy of whom we talk to. */
static const char *leg_options(const struct policy_peer *peer, bool reliable)
{
	bool timer = peer->session_timer != POLICY_TIMER_OFF;
	bool rel = reliable && peer->prack != POLICY_PRACK_OFF;

	/* A provider has no call here that it could replace. */
	if (peer->kind == POLICY_TRUNK)
		return timer ? rel ? "timer, 100rel" : "timer"
		       : rel ? "100rel"
			     : "";
	if (peer->refer == POLICY_REFER_REJECT)
		return timer ? rel ? "timer, 100rel, replaces"
				   : "timer, replaces"
		       : rel ? "100rel, replaces"
			     : "replaces";
	return timer ? rel ? "timer, 100rel, replaces, tdialog"
			   : "timer, replaces, tdialog"
	       : rel ? "100rel, replaces, tdialog"
		     : "replaces, tdialog";
}

const char *leg_supported(const struct leg *leg, bool reliable)
{
	const char *options = leg_options(leg->peer, reliable);

	return *options ? options : NULL;
}

sip_unsupported_t *leg_unsupported(su_home_t *home, const sip_t *sip,
				   const struct policy_peer *peer)
{
	sip_supported_t *ours =
		sip_supported_make(home, leg_options(peer, true));

	return sip->sip_require
		       ? sip_has_unsupported(home, ours, sip->sip_require)
		       : NULL;
}

struct leg *leg_alloc(struct agent_network *at, struct policy *policy,
		      const struct policy_peer *peer)
{
	su_home_t *home = su_home_new(sizeof(*home));
	struct leg *leg;
	uint64_t id = 0;

	if (!home)
		return NULL;
	leg = su_zalloc(home, sizeof(*leg));
	if (!leg) {
		su_home_unref(home);
		return NULL;
	}
	leg->home = home;
	leg->at = at;
	leg->policy = policy_ref(policy);
	leg->peer = peer;
	if (!chance_take(&id, sizeof(id)))
		id = agent_now_ms();
	offer_init(&leg->offer, id >> 2);
	TAILQ_INSERT_TAIL(&at->agent->legs, leg, entry);
	return leg;
}

/* To where it signals from; text in the leg's home. */
static const char *leg_route(const struct leg *leg)
{
	char text[ADDRESS_TEXT_MAX];

	return su_sprintf(
		leg->home, "sip:%s;transport=%s",
		address_text(text, (const struct sockaddr *)&leg->remote),
		leg->transport == POLICY_TCP ? "tcp" : "udp");
}

int leg_place(struct leg *leg)
{
	const struct sockaddr *remote = (const struct sockaddr *)&leg->remote;
	const struct policy_network *network = leg->at->policy;
	const struct policy_network_address *ours;
	const struct policy_peer *peer = leg->peer;
	char host[ADDRESS_TEXT_MAX];
	struct sockaddr_storage shown;
	const char *user = "", *at = "";

	ours = policy_network_address(network, remote);
	if (!ours)
		return -EADDRNOTAVAIL;
	if (!leg->local_port)
		leg->local_port = network->sip_port;
	leg->local = ours->local;
	address_set_port((struct sockaddr *)&leg->local, leg->local_port);
	shown = ours->public.ss_family ? ours->public : ours->local;
	address_set_port((struct sockaddr *)&shown,
			 policy_public_port(network, leg->local_port));
	if (peer->reg.wanted && peer->reg.user) {
		user = peer->reg.user;
		at = "@";
	}
	leg->contact = su_sprintf(
		leg->home, "<sip:%s%s%s%s>", user, at,
		address_text(host, (struct sockaddr *)&shown),
		leg->transport == POLICY_TCP ? ";transport=tcp" : "");
	leg->ident = su_strdup(
		leg->home, address_text(host, (struct sockaddr *)&leg->local));
	leg->route = leg_route(leg);
	return leg->contact && leg->ident && leg->route ? 0 : -ENOMEM;
}

/* Answers an INVITE that got no leg. */
static void leg_decline(nta_incoming_t *irq)
{
	nta_incoming_treply(irq, SIP_500_INTERNAL_SERVER_ERROR, TAG_END());
	nta_incoming_destroy(irq);
}

enum policy_transport leg_transport(const sip_t *sip)
{
	return su_casematch(sip_via_transport(sip->sip_via), "TCP")
		       ? POLICY_TCP
		       : POLICY_UDP;
}

int leg_answering(struct leg **out, struct agent_network *at,
		  struct policy *policy, const struct policy_peer *peer,
		  nta_incoming_t *irq, const sip_t *sip,
		  const struct sockaddr *source, nta_request_f *on_request)
{
	struct leg *leg = leg_alloc(at, policy, peer);

	if (!leg) {
		leg_decline(irq);
		return -ENOMEM;
	}
	leg->uas = true;
	memcpy(&leg->remote, source, address_len(source));
	leg->transport = leg_transport(sip);
	leg->local_port = listener_port(irq);
	if (leg_place(leg))
		goto failed;
	leg->dialog = nta_leg_tcreate(
		at->nta, on_request, leg, SIPTAG_CALL_ID(sip->sip_call_id),
		SIPTAG_FROM(sip->sip_to), SIPTAG_TO(sip->sip_from),
		NTATAG_REMOTE_CSEQ(sip->sip_cseq->cs_seq), TAG_END());
	if (!leg->dialog ||
	    !nta_leg_tag(leg->dialog, nta_incoming_tag(irq, NULL)))
		goto failed;
	nta_leg_server_route(leg->dialog, sip->sip_record_route,
			     sip->sip_contact);
	leg_retarget(leg, sip, true);
	*out = leg;
	return 0;
failed:
	leg_decline(irq);
	leg_free(leg);
	return -ENOMEM;
}

int leg_accept(struct leg **out, struct agent_network *at,
	       struct policy *policy, const struct policy_peer *peer,
	       nta_incoming_t *irq, const sip_t *sip,
	       const struct sockaddr *source)
{
	struct leg *leg;
	int error = leg_answering(&leg, at, policy, peer, irq, sip, source,
				  leg_on_request);

	if (error)
		return error;
	leg->state = LEG_INCOMING;
	leg->invite_in = irq;
	leg->offer_open = !leg_sdp(sip).len;
	refresh_asked(leg, sip, false); /* 422: screened before */
	reliable_asked(leg, sip);
	nta_incoming_bind(irq, leg_on_ack_cancel, leg);
	*out = leg;
	return 0;
}

int leg_new(struct leg **out, struct agent_network *at, struct policy *policy,
	    const struct policy_peer *peer, const struct policy_user *user,
	    const struct leg_invite *invite)
{
	struct leg *leg = leg_alloc(at, policy, peer);
	char call_id[WIRE_CALL_ID_MAX];
	int error = -ENOMEM;

	if (!leg)
		return error;
	leg->user = user;
	leg->state = LEG_CALLING;
	leg->transport = invite->transport;
	leg->local_port = invite->local_port;
	memcpy(&leg->remote, invite->target, address_len(invite->target));
	error = leg_place(leg);
	if (error)
		goto failed;
	error = -ENOMEM;
	leg->refresh.relayed_s = invite->expires_s;
	leg->uri = su_strdup(leg->home, invite->uri);
	leg->extra = su_sprintf(leg->home, "Max-Forwards: %u\r\n%s",
				invite->max_forwards,
				invite->extra ? invite->extra : "");
	if (!wire_call_id(call_id))
		goto failed;
	leg->dialog = nta_leg_tcreate(at->nta, leg_on_request, leg,
				      SIPTAG_CALL_ID_STR(call_id),
				      SIPTAG_FROM_STR(invite->from),
				      SIPTAG_TO_STR(invite->to), TAG_END());
	if (!leg->uri || !leg->extra || !leg->dialog ||
	    !nta_leg_tag(leg->dialog, NULL))
		goto failed;
	*out = leg;
	return 0;
failed:
	leg_free(leg);
	return error;
}

int leg_call(struct leg *leg)
{
	leg->bare = !leg->offer.local;
	return leg_send_invite(leg, NULL);
}

void leg_own(struct leg *leg, void *owner, leg_event_f *on_event, char place)
{
	leg->place = place;
	leg->owner = owner;
	leg->on_event = on_event;
}

void leg_emit(struct leg *leg, const struct leg_event *event)
{
	if (leg->on_event)
		leg->on_event(leg->owner, leg, event);
}

void leg_ended(struct leg *leg, const struct leg_event *event)
{
	leg->state = LEG_ENDED;
	if (leg->on_event)
		leg_emit(leg, event);
	else
		leg_free(leg);
}

struct body_span leg_sdp(const sip_t *sip)
{
	const char *type = "application/sdp";
	struct body_span none = {"", 0}, found;

	if (!sip || !sip->sip_payload || !sip->sip_payload->pl_len)
		return none;
	if (sip->sip_content_type && sip->sip_content_type->c_type) {
		type = sip->sip_content_type->c_type;
		/* The boundary stands in the parameters: give the whole value.
		 */
		if (su_casenmatch(type, "multipart/", 10)) {
			const char *boundary = msg_params_find(
				sip->sip_content_type->c_params, "boundary=");
			char whole[256];

			if (!boundary ||
			    snprintf(whole, sizeof(whole), "%s;boundary=%s",
				     type, boundary) >= (int)sizeof(whole))
				return none;
			return body_find_sdp(&found, whole,
					     sip->sip_payload->pl_data,
					     sip->sip_payload->pl_len)
				       ? none
				       : found;
		}
	}
	if (body_find_sdp(&found, type, sip->sip_payload->pl_data,
			  sip->sip_payload->pl_len))
		return none;
	return found;
}

bool leg_body_unknown(const sip_t *sip)
{
	const sip_content_disposition_t *how =
		sip ? sip->sip_content_disposition : NULL;

	return sip && sip->sip_payload && sip->sip_payload->pl_len &&
	       !leg_sdp(sip).len && !(how && how->cd_optional);
}

static bool leg_port_ok(const url_t *url)
{
	unsigned long port = strtoul(url->url_port, NULL, 10);

	return port > 0 && port < 65536;
}

/*
 * Does this URI name an address that we can reach as it stands? A host name
 * would have to be resolved in the stack, which waits for minutes; a private
 * address shown by a peer on the Internet is a NAT's mistake.
 */
static bool leg_reachable(const struct leg *leg, const url_t *url)
{
	const struct sockaddr *remote = (const struct sockaddr *)&leg->remote;
	struct sockaddr_storage address;
	char transport[8] = "";

	if (!url || url->url_type != url_sip || !url->url_host ||
	    address_parse(&address, url->url_host, 5060) ||
	    address.ss_family != leg->remote.ss_family)
		return false;
	/* A transport that we do not have with it, or somewhere else. */
	if (url_param(url->url_params, "transport", transport,
		      sizeof(transport)) &&
	    !su_casematch(transport,
			  leg->transport == POLICY_TCP ? "tcp" : "udp"))
		return false;
	if (url_has_param(url, "maddr") || (url->url_port && !leg_port_ok(url)))
		return false;
	return !address_is_private((struct sockaddr *)&address) ||
	       address_is_private(remote);
}

void leg_retarget(struct leg *leg, const sip_t *sip, bool initial)
{
	if (!initial && !leg->uas)
		nta_leg_client_route(leg->dialog, NULL, sip->sip_contact);
	else if (!initial)
		nta_leg_server_route(leg->dialog, NULL, sip->sip_contact);
	leg_reroute(leg);
}

void leg_reroute(struct leg *leg)
{
	const sip_route_t *route = NULL;
	const sip_contact_t *target = NULL;
	bool direct;

	nta_leg_get_route(leg->dialog, &route, &target);
	direct = leg->peer->kind != POLICY_PHONES &&
		 (route ? leg_reachable(leg, route->r_url)
			: target && leg_reachable(leg, target->m_url));
	if (leg->route)
		su_free(leg->home, (void *)(uintptr_t)leg->route);
	leg->route = direct ? NULL : leg_route(leg);
}

bool leg_is_asked(const struct leg *leg)
{
	return leg->update_in ||
	       (leg->invite_in && nta_incoming_status(leg->invite_in) < 200);
}

bool leg_is_idle(const struct leg *leg)
{
	return leg->state == LEG_ESTABLISHED && !leg->invite_in &&
	       !leg->invite_out && !leg->update_in && !leg->refresh.out;
}

void leg_end(struct leg *leg, unsigned status, const char *reason)
{
	struct agent *agent = leg->at->agent;

	leg->owner = NULL;
	leg->on_event = NULL;
	leg_requests_end(leg);
	leg->reason = reason ? su_strdup(leg->home, reason) : NULL;
	leg->left_ms = agent_now_ms();
	refresh_stop(leg);
	TAILQ_REMOVE(&agent->legs, leg, entry);
	TAILQ_INSERT_TAIL(&agent->leaving, leg, entry);
	switch (leg->state) {
	case LEG_INCOMING:
		/* 0: its 200 still waited for a PRACK. */
		leg_refuse(leg, &(struct leg_refusal){.status = status ? status
								       : 503});
		leg_free(leg);
		return;
	case LEG_CALLING:
	case LEG_EARLY:
		leg->state = LEG_LEAVING;
		/* nta holds the CANCEL back until a provisional answer came
		 * (RFC 3261 9.1); a 2xx that wins the race gets ACK and BYE. */
		if (!leg->invite_out || nta_outgoing_cancel(leg->invite_out))
			leg_free(leg);
		return;
	case LEG_ANSWERED:
		/* RFC 3261 15: no BYE before the ACK came, or never will. */
		leg->state = LEG_LEAVING;
		return;
	case LEG_ESTABLISHED:
		leg->state = LEG_LEAVING;
		leg_send_bye(leg, NULL);
		return;
	case LEG_LEAVING:
		return;
	case LEG_ENDED:
		leg_free(leg);
		return;
	}
}

void leg_free(struct leg *leg)
{
	if (!leg)
		return;
	if (leg->left_ms)
		TAILQ_REMOVE(&leg->at->agent->leaving, leg, entry);
	else
		TAILQ_REMOVE(&leg->at->agent->legs, leg, entry);
	refresh_clear(leg);
	if (leg->invite_in)
		nta_incoming_destroy(leg->invite_in);
	reliable_clear(leg);
	if (leg->update_in)
		nta_incoming_destroy(leg->update_in);
	if (leg->invite_out)
		nta_outgoing_destroy(leg->invite_out);
	if (leg->request_out)
		nta_outgoing_destroy(leg->request_out);
	leg_requests_free(leg);
	if (leg->dialog)
		nta_leg_destroy(leg->dialog);
	offer_clear(&leg->offer);
	offer_forget(&leg->answer_kept);
	policy_unref(leg->policy);
	su_home_unref(leg->home);
}
