/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we ask of a leg's far end, and what it answers. */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <errno.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/sip/challenge.h"
#include "sbc/sip/ready.h"

/* A password that is wrong is refused for ever: do not ask again and again. */
#define LEG_CHALLENGES_MAX 2

/* Where the library sends a request of this dialog. */
static const url_string_t *leg_next_hop(const struct leg *leg)
{
	const sip_route_t *route = NULL;
	const sip_contact_t *target = NULL;

	if (leg->route)
		return (const url_string_t *)leg->route;
	nta_leg_get_route(leg->dialog, &route, &target);
	return route ? (const url_string_t *)route->r_url : NULL;
}

/* Our INVITE but for its body. */
static msg_t *leg_invite_message(struct leg *leg, const char *credentials)
{
	/* Also the one with credentials: a 100 may precede the challenge. */
	bool first = leg->state == LEG_CALLING || leg->state == LEG_EARLY;
	/* Our offer is open then: a PRACK never has to answer theirs. */
	bool reliable = first && leg->offer.local;
	msg_t *msg = nta_msg_create(leg->at->nta, 0);
	char lines[REFRESH_LINES_MAX];

	if (!msg)
		return NULL;
	refresh_request(leg, lines);
	if (sip_add_tl(
		    msg, sip_object(msg), SIPTAG_CONTACT_STR(leg->contact),
		    SIPTAG_ALLOW(ready_allow()),
		    SIPTAG_SUPPORTED(
			    ready_supported(leg_supported(leg, reliable))),
		    TAG_IF(reliable && leg->peer->prack == POLICY_PRACK_REQUIRE,
			   SIPTAG_REQUIRE_STR("100rel")),
		    TAG_IF(lines[0], SIPTAG_HEADER_STR(lines)),
		    TAG_IF(first && leg->extra, SIPTAG_HEADER_STR(leg->extra)),
		    TAG_IF(credentials, SIPTAG_HEADER_STR(credentials)),
		    TAG_IF(leg->offer.local, SIPTAG_CONTENT_TYPE(ready_sdp())),
		    TAG_END()) < 0 ||
	    nta_msg_request_complete(msg, leg->dialog, SIP_METHOD_INVITE,
				     (const url_string_t *)leg->uri) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

int leg_send_invite(struct leg *leg, const char *credentials)
{
	nta_outgoing_t *old = leg->invite_out;
	msg_t *msg = leg_invite_message(leg, credentials);

	if (!msg)
		return -EHOSTUNREACH;
	leg_slim(leg, msg);
	leg->invite_out = nta_outgoing_mcreate(
		leg->at->nta, leg_on_invite_response, leg, leg_next_hop(leg),
		msg,
		TAG_IF(leg->offer.local, SIPTAG_PAYLOAD_STR(leg->offer.local)),
		TPTAG_IDENT(leg->ident), TAG_END());
	if (old)
		nta_outgoing_destroy(old);
	if (!leg->invite_out) {
		msg_destroy(msg);
		return -EHOSTUNREACH;
	}
	leg->invite_cseq = nta_outgoing_cseq(leg->invite_out);
	return 0;
}

int leg_reinvite(struct leg *leg, const char *what)
{
	if (!leg_is_idle(leg))
		return -EBUSY;
	leg->challenges = 0;
	leg->reinvite_ms = agent_now_ms();
	leg->reinvite_what = what;
	return leg_send_invite(leg, NULL);
}

void leg_withdraw(struct leg *leg)
{
	if (leg->invite_out && leg->state == LEG_ESTABLISHED)
		nta_outgoing_cancel(leg->invite_out);
}

/*
 * The ACK of a 2xx. It is sent before anything else is done with the answer;
 * nta repeats it for every copy of the 2xx that still comes.
 */
static void leg_send_ack(struct leg *leg)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	nta_outgoing_t *ack;
	const char *body = leg->bare ? leg->offer.local : NULL;

	ack = nta_outgoing_tcreate(
		leg->dialog, NULL, NULL, (const url_string_t *)leg->route,
		SIP_METHOD_ACK, (const url_string_t *)leg->uri,
		SIPTAG_CSEQ(sip_cseq_create(home, leg->invite_cseq,
					    SIP_METHOD_ACK)),
		TAG_IF(body, SIPTAG_CONTENT_TYPE(ready_sdp())),
		TAG_IF(body, SIPTAG_PAYLOAD_STR(body)), TPTAG_IDENT(leg->ident),
		TAG_END());
	if (ack)
		nta_outgoing_destroy(ack);
	su_home_deinit(home);
	leg->bare = false;
}

void leg_send_bye(struct leg *leg, const char *credentials)
{
	nta_outgoing_t *old = leg->request_out;

	leg->request_out = nta_outgoing_tcreate(
		leg->dialog, leg_on_bye_response, leg,
		(const url_string_t *)leg->route, SIP_METHOD_BYE,
		(const url_string_t *)leg->uri,
		TAG_IF(leg->reason, SIPTAG_REASON_STR(leg->reason)),
		TAG_IF(credentials, SIPTAG_HEADER_STR(credentials)),
		TPTAG_IDENT(leg->ident), TAG_END());
	if (old)
		nta_outgoing_destroy(old);
	if (!leg->request_out)
		leg_free(leg);
}

const char *leg_credentials(struct leg *leg, const sip_t *sip,
			    const char *method, unsigned *tries)
{
	const struct policy_peer *peer = leg->peer;
	const sip_route_t *route = NULL;
	const sip_contact_t *target = NULL;
	const char *uri = leg->uri, *line;
	su_home_t home[1] = {SU_HOME_INIT(home)};

	if (!peer->username || !peer->password || *tries >= LEG_CHALLENGES_MAX)
		return NULL;
	++*tries;
	nta_leg_get_route(leg->dialog, &route, &target);
	if (target)
		uri = url_as_string(home, target->m_url);
	/* Some challenge each request of a long call. */
	su_free(leg->home, leg->credentials);
	leg->credentials = NULL;
	if (!challenge_answer(&line, home, sip, method, uri, peer->username,
			      peer->password, 1))
		leg->credentials = su_strdup(leg->home, line);
	su_home_deinit(home);
	return leg->credentials;
}

int leg_on_bye_response(struct leg *leg, nta_outgoing_t *orq, const sip_t *sip)
{
	unsigned status = nta_outgoing_status(orq);
	const char *credentials;

	if (status < 200 || orq != leg->request_out)
		return 0;
	if (sip && (status == 401 || status == 407)) {
		credentials = leg_credentials(leg, sip, "BYE", &leg->bye_tries);
		if (credentials) {
			leg_send_bye(leg, credentials);
			return 0;
		}
	}
	leg_free(leg);
	return 0;
}

/* 2xx: the dialog stands (or stands changed). */
static int leg_accepted(struct leg *leg, const sip_t *sip)
{
	struct leg_event event = {.status = sip->sip_status->st_status,
				  .phrase = sip->sip_status->st_phrase,
				  .sdp = leg_sdp(sip),
				  .sip = sip};
	bool leaving = leg->state == LEG_LEAVING;
	bool first =
		leaving || leg->state == LEG_CALLING || leg->state == LEG_EARLY;

	leg->challenges = 0;
	if (first && !reliable_won(leg, sip) && sip->sip_to->a_tag) {
		nta_leg_rtag(leg->dialog, sip->sip_to->a_tag);
		nta_leg_client_reroute(leg->dialog, sip->sip_record_route,
				       sip->sip_contact, 1);
	}
	if (first && !event.sdp.len && leg->reliable.answer_heard)
		event.sdp = (struct body_span){
			leg->reliable.answer_heard,
			(uint16_t)strlen(leg->reliable.answer_heard)};
	leg_retarget(leg, sip, first);
	if (leg->bare && !leaving)
		leg_emit(leg, &(struct leg_event){.kind = LEG_ASKED,
						  .sdp = leg_sdp(sip),
						  .sip = sip});
	leg_send_ack(leg);
	if (!leaving)
		refresh_accepted(leg, sip, first);
	if (leaving) {
		leg_send_bye(leg, NULL);
		return 0;
	}
	nta_outgoing_destroy(leg->invite_out);
	leg->invite_out = NULL;
	leg->state = LEG_ESTABLISHED;
	event.kind = first		       ? LEG_ACCEPTED
		     : leg->refresh.reinviting ? LEG_REFRESHED
					       : LEG_MODIFIED;
	leg->refresh.reinviting = false;
	leg_emit(leg, &event);
	return 0;
}

/* 300..699, or nta's own 408 and 503. */
static int leg_refused(struct leg *leg, unsigned status, const sip_t *sip)
{
	struct leg_event event = {.status = status, .sip = sip};
	bool first = leg->state == LEG_CALLING || leg->state == LEG_EARLY;
	const char *credentials = NULL;

	event.silent = !sip || nta_sip_is_internal(sip);
	event.phrase = event.silent ? sip_status_phrase(status)
				    : sip->sip_status->st_phrase;
	if (leg->state == LEG_LEAVING) {
		leg_free(leg);
		return 0;
	}
	if (!event.silent && (status == 401 || status == 407))
		credentials =
			leg_credentials(leg, sip, "INVITE", &leg->challenges);
	if (credentials && !leg_send_invite(leg, credentials))
		return 0;
	if (!event.silent && status == 422 && refresh_raise(leg, sip) &&
	    !leg_send_invite(leg, NULL))
		return 0;
	if (leg->invite_out)
		nta_outgoing_destroy(leg->invite_out);
	leg->invite_out = NULL;
	if (first) {
		event.kind = LEG_REFUSED;
		leg_ended(leg, &event);
	} else if (status == 481) {
		/* RFC 3261 12.2.1.2: the far end has no such dialog. */
		event.kind = LEG_HUNG_UP;
		leg_ended(leg, &event);
	} else if (status == 408) {
		/* It may still have one, and gets a BYE. */
		event.kind = LEG_HUNG_UP;
		leg_emit(leg, &event);
	} else if (leg->refresh.reinviting) {
		refresh_refused(leg, status);
	} else {
		event.kind = LEG_UNMODIFIED;
		leg_emit(leg, &event);
	}
	return 0;
}

int leg_on_invite_response(struct leg *leg, nta_outgoing_t *orq,
			   const sip_t *sip)
{
	unsigned status = nta_outgoing_status(orq);

	if (orq != leg->invite_out)
		return 0;
	if (status >= 300 || !sip)
		return leg_refused(leg, status < 300 ? 408 : status, sip);
	if (status >= 200)
		return leg_accepted(leg, sip);
	if (leg->state == LEG_CALLING)
		leg->state = LEG_EARLY;
	if (leg->state != LEG_EARLY || !reliable_heard(leg, sip))
		return 0;
	leg_emit(leg, &(struct leg_event){.kind = LEG_PROGRESS,
					  .status = status,
					  .phrase = sip->sip_status->st_phrase,
					  .sdp = leg_sdp(sip),
					  .sip = sip});
	return 0;
}
