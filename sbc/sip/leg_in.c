/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the far end asks of a leg, and our answers. */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <string.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>

#include "sbc/guard/guard.h"
#include "sbc/register/registrar.h"
#include "sbc/sip/header.h"
#include "sbc/sip/ready.h"
#include "sbc/sip/wire.h"

/* --- answers ----------------------------------------------------------- */

static void leg_respond(struct leg *leg, nta_incoming_t *irq, unsigned status,
			const char *phrase, const char *sdp)
{
	bool granted = status >= 200 &&
		       (irq == leg->invite_in || irq == leg->update_in);
	char lines[REFRESH_LINES_MAX] = "";

	/* The library gave it its final answer already, for a CANCEL; after a
	 * second one the next ACK would fail an assertion. */
	if (nta_incoming_status(irq) >= 200)
		return;
	if (granted)
		refresh_answer(leg, irq == leg->update_in, lines);
	nta_incoming_treply(
		irq, status, phrase, SIPTAG_CONTACT_STR(leg->contact),
		SIPTAG_ALLOW(ready_allow()),
		SIPTAG_SUPPORTED(ready_supported(leg_supported(leg, true))),
		TAG_IF(lines[0], SIPTAG_HEADER_STR(lines)),
		TAG_IF(sdp, SIPTAG_CONTENT_TYPE(ready_sdp())),
		TAG_IF(sdp, SIPTAG_PAYLOAD_STR(sdp)), TAG_END());
}

static void leg_respond_refusal(nta_incoming_t *irq,
				const struct leg_refusal *refusal)
{
	const char *phrase = refusal->phrase;
	char retry[16], min_se[16];

	if (nta_incoming_status(irq) >= 200)
		return;
	if (!phrase)
		phrase = sip_status_phrase(refusal->status);
	snprintf(retry, sizeof(retry), "%u", refusal->retry_after_s);
	snprintf(min_se, sizeof(min_se), "%u", refusal->min_se_s);
	nta_incoming_treply(
		irq, refusal->status, phrase,
		TAG_IF(refusal->status == 405, SIPTAG_ALLOW(ready_allow())),
		TAG_IF(refusal->status == 415,
		       SIPTAG_ACCEPT_STR("application/sdp")),
		TAG_IF(refusal->retry_after_s, SIPTAG_RETRY_AFTER_STR(retry)),
		TAG_IF(refusal->warning, SIPTAG_WARNING_STR(refusal->warning)),
		TAG_IF(refusal->min_se_s, SIPTAG_MIN_SE_STR(min_se)),
		TAG_END());
}

void leg_progress(struct leg *leg, unsigned status, const char *phrase,
		  const char *sdp)
{
	if (leg->state != LEG_INCOMING)
		return;
	if (status == 100)
		nta_incoming_treply(leg->invite_in, SIP_100_TRYING, TAG_END());
	else if (!reliable_progress(leg, status, phrase, sdp))
		leg_respond(leg, leg->invite_in, status, phrase, sdp);
}

void leg_answer(struct leg *leg, const char *sdp)
{
	if (leg->state != LEG_INCOMING || reliable_delays(leg, sdp))
		return;
	leg->state = LEG_ANSWERED;
	leg_respond(leg, leg->invite_in, SIP_200_OK, sdp);
}

void leg_refuse(struct leg *leg, const struct leg_refusal *refusal)
{
	if (leg->state != LEG_INCOMING)
		return;
	leg->state = LEG_ENDED;
	leg_respond_refusal(leg->invite_in, refusal);
	nta_incoming_destroy(leg->invite_in);
	leg->invite_in = NULL;
}

/* RFC 3261 12.2.2, RFC 6141 4.7: a target is refreshed by what is accepted. */
static void leg_accept_target(struct leg *leg, nta_incoming_t *irq)
{
	msg_t *msg = nta_incoming_getrequest(irq);
	const sip_t *sip = sip_object(msg);

	if (sip->sip_contact && nta_incoming_status(irq) < 200 &&
	    (sip->sip_request->rq_method == sip_method_invite ||
	     sip->sip_request->rq_method == sip_method_update))
		leg_retarget(leg, sip, false);
	msg_destroy(msg);
}

void leg_reply(struct leg *leg, const char *sdp)
{
	if (leg->update_in)
		leg_accept_target(leg, leg->update_in);
	else if (leg->invite_in)
		leg_accept_target(leg, leg->invite_in);
	if (leg->update_in) {
		leg_respond(leg, leg->update_in, SIP_200_OK, sdp);
		nta_incoming_destroy(leg->update_in);
		leg->update_in = NULL;
	} else if (leg->invite_in) {
		leg_respond(leg, leg->invite_in, SIP_200_OK, sdp);
	}
}

void leg_reply_refuse(struct leg *leg, const struct leg_refusal *refusal)
{
	nta_incoming_t **irq =
		leg->update_in ? &leg->update_in : &leg->invite_in;

	if (!*irq)
		return;
	leg_respond_refusal(*irq, refusal);
	nta_incoming_destroy(*irq);
	*irq = NULL;
}

/* --- requests ---------------------------------------------------------- */

/* Did this come from somebody else's address than the far end's? */
static bool leg_is_strange(const struct leg *leg, msg_t *msg)
{
	const struct sockaddr *remote = (const struct sockaddr *)&leg->remote;
	struct sockaddr_storage source;

	header_source(&source, msg);
	return !address_host_equal((struct sockaddr *)&source, remote) &&
	       (leg->peer->kind == POLICY_PHONES ||
		agent_peer_by_source(leg->at->agent, leg->at,
				     (struct sockaddr *)&source) !=
			policy_peer_named(leg->at->agent->policy,
					  leg->peer->name));
}

/* A request that names our dialog but is not its far end's. */
bool leg_from_stranger(const struct leg *leg, nta_incoming_t *irq)
{
	msg_t *msg = nta_incoming_getrequest(irq);
	bool stranger = leg_is_strange(leg, msg);

	msg_destroy(msg);
	return stranger;
}

/* What the ACK says, if it is the far end's own: nobody can be asked who he is
 * by an answer to it. */
static struct body_span leg_ack_sdp(const struct leg *leg, nta_incoming_t *irq,
				    const sip_t *sip)
{
	msg_t *msg = nta_incoming_getrequest_ackcancel(irq);
	bool stranger = msg && leg_is_strange(leg, msg);

	msg_destroy(msg);
	return leg_sdp(stranger ? NULL : sip);
}

int leg_on_ack_cancel(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
	struct body_span said;

	if (irq != leg->invite_in)
		return 0;
	if (sip && sip->sip_request->rq_method == sip_method_cancel) {
		/* nta answers the CANCEL and gives the INVITE its 487. */
		if (leg->state != LEG_INCOMING) {
			if (nta_incoming_status(irq) < 200)
				leg_emit(leg, &(struct leg_event){
						      .kind = LEG_RECALLED,
						      .sip = sip});
			return 0;
		}
		nta_incoming_treply(irq, SIP_487_REQUEST_TERMINATED, TAG_END());
		nta_incoming_destroy(irq);
		leg->invite_in = NULL;
		leg_ended(leg, &(struct leg_event){.kind = LEG_CANCELLED,
						   .sip = sip});
		return 0;
	}
	if (nta_incoming_status(irq) >= 300) {
		nta_incoming_destroy(irq);
		leg->invite_in = NULL;
		return 0;
	}
	/* The ACK; or 32 s without one, and whether the call then goes on is
	 * the owner's word. */
	said = leg_ack_sdp(leg, irq, sip);
	nta_incoming_destroy(irq);
	leg->invite_in = NULL;
	if (leg->state == LEG_LEAVING) {
		leg_send_bye(leg, NULL);
		return 0;
	}
	leg->offer_open = false;
	if (leg->state == LEG_ANSWERED)
		leg->state = LEG_ESTABLISHED;
	leg_emit(leg,
		 &(struct leg_event){.kind = sip ? LEG_ACKED : LEG_ACK_LOST,
				     .sdp = said,
				     .sip = sip});
	return 0;
}

/*
 * A phone that moved to another address asks from there: it proves who it is,
 * and is followed. True: it did. False: the request was answered, with a
 * challenge if there is somebody to prove to be.
 */
static bool leg_proves_itself(struct leg *leg, nta_incoming_t *irq,
			      const sip_t *sip)
{
	const struct policy_user *user;
	struct sockaddr_storage source;
	msg_t *msg;

	if (leg->peer->kind != POLICY_PHONES || !leg->user) {
		leg_respond_refusal(irq, &(struct leg_refusal){.status = 403});
		nta_incoming_destroy(irq);
		return false;
	}
	msg = nta_incoming_getrequest(irq);
	header_source(&source, msg);
	msg_destroy(msg);
	user = registrar_authenticate(leg->at->agent->registrar, irq, sip,
				      (struct sockaddr *)&source);
	if (!user)
		return false;
	if (!strcmp(user->user, leg->user->user))
		return true;
	leg_respond_refusal(irq, &(struct leg_refusal){.status = 403});
	nta_incoming_destroy(irq);
	return false;
}

/* Inside a dialog the rates hold as well; a BYE is always welcome. */
bool leg_is_flooded(const struct leg *leg, nta_incoming_t *irq)
{
	msg_t *msg = nta_incoming_getrequest(irq);
	struct sockaddr_storage source;

	header_source(&source, msg);
	msg_destroy(msg);
	return guard_admit(leg->at->agent->guard, (struct sockaddr *)&source,
			   agent_now_ms()) != GUARD_ADMIT;
}

static int leg_on_bye(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
	nta_incoming_treply(irq, SIP_200_OK, TAG_END());
	nta_incoming_destroy(irq);
	if (leg->invite_in && nta_incoming_status(leg->invite_in) < 200)
		nta_incoming_treply(leg->invite_in, SIP_487_REQUEST_TERMINATED,
				    TAG_END());
	if (leg->state == LEG_LEAVING) /* BYEs crossed: ours is still open. */
		return 0;
	leg_ended(leg, &(struct leg_event){.kind = LEG_HUNG_UP, .sip = sip});
	return 0;
}

/* RFC 3261 14.2, RFC 3311 5.2: is there room for another offer? */
static unsigned leg_glare(const struct leg *leg, bool update, bool offer)
{
	if (leg->state == LEG_LEAVING || leg->state == LEG_ENDED)
		return 481;
	if (leg->update_in)
		return 500;
	if (update && !offer)
		return 0;
	if (leg_is_asked(leg))
		return update && leg->state == LEG_INCOMING ? 0 : 500;
	if (leg->invite_out && leg->state == LEG_ESTABLISHED)
		return 491;
	if (leg->invite_in && leg->offer_open)
		return 491;
	if (!update && leg->state != LEG_ESTABLISHED &&
	    leg->state != LEG_ANSWERED)
		return 491;
	return 0;
}

/* A phone's port changes with its NAT's mapping or its TCP connection: it is
 * reached where it last spoke from. */
static void leg_follow(struct leg *leg, nta_incoming_t *irq, const sip_t *sip)
{
	msg_t *msg = nta_incoming_getrequest(irq);

	header_source(&leg->remote, msg);
	leg->transport = leg_transport(sip);
	msg_destroy(msg);
	leg_reroute(leg);
}

static int leg_on_offer(struct leg *leg, nta_incoming_t *irq, const sip_t *sip,
			bool update)
{
	unsigned status = leg_glare(leg, update, leg_sdp(sip).len);

	if (!status)
		status = refresh_asked(leg, sip, update);

	if (status) {
		leg_respond_refusal(
			irq,
			&(struct leg_refusal){
				.status = status,
				.min_se_s =
					status == 422 ? leg->peer->min_se_s : 0,
				.retry_after_s =
					status == 500 ? 1 + status % 7 : 0});
		nta_incoming_destroy(irq);
		return 0;
	}
	if (leg->peer->kind == POLICY_PHONES)
		leg_follow(leg, irq, sip);
	if (update) {
		leg->update_in = irq;
	} else {
		/* Answered, and its ACK is still missing: that they go on
		 * shows that they have the answer. */
		if (leg->invite_in)
			nta_incoming_destroy(leg->invite_in);
		leg->state = LEG_ESTABLISHED;
		leg->invite_in = irq;
		leg->offer_open = !leg_sdp(sip).len;
		nta_incoming_bind(irq, leg_on_ack_cancel, leg);
	}
	leg_emit(leg, &(struct leg_event){.kind = LEG_OFFERED,
					  .update = update,
					  .sdp = leg_sdp(sip),
					  .sip = sip});
	return 0;
}

/* Refused with 420 what requires more than we do. */
static bool leg_bad_extension(const struct leg *leg, nta_incoming_t *irq,
			      const sip_t *sip)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	sip_unsupported_t *more = leg_unsupported(home, sip, leg->peer);

	if (more) {
		nta_incoming_treply(irq, SIP_420_BAD_EXTENSION,
				    SIPTAG_UNSUPPORTED(more), TAG_END());
		nta_incoming_destroy(irq);
	}
	su_home_deinit(home);
	return more;
}

int leg_on_request(struct leg *leg, nta_leg_t *dialog, nta_incoming_t *irq,
		   const sip_t *sip)
{
	sip_method_t method = sip->sip_request->rq_method;

	(void)dialog;
	if (method == sip_method_ack) { /* Of no transaction: a late copy. */
		nta_incoming_destroy(irq);
		return 0;
	}
	if (!wire_answerable(sip))
		return 403;
	if (leg_from_stranger(leg, irq) && !leg_proves_itself(leg, irq, sip))
		return 0;
	if (leg_bad_extension(leg, irq, sip))
		return 0;
	if (method != sip_method_bye && leg_is_flooded(leg, irq)) {
		leg_respond_refusal(irq,
				    &(struct leg_refusal){.status = 503,
							  .retry_after_s = 2});
		nta_incoming_destroy(irq);
		return 0;
	}
	if (method == sip_method_invite || method == sip_method_update)
		return leg_on_offer(leg, irq, sip, method == sip_method_update);
	if (method == sip_method_bye)
		return leg_on_bye(leg, irq, sip);
	if (leg_on_asked(leg, irq, sip))
		return 0;
	if (method == sip_method_options)
		leg_respond(leg, irq, SIP_200_OK, NULL);
	else
		leg_respond_refusal(irq, &(struct leg_refusal){.status = 405});
	nta_incoming_destroy(irq);
	return 0;
}
