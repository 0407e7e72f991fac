/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The B2BUA.
 *
 *   call_invite: authenticated, routed
 *        |
 *     HUNTING --- a: CANCEL, BYE ----------------------------+
 *        |    \-- no candidate left: refusal to a -----------+
 *        | b: 2xx                                            |
 *     ANSWERED -- BYE of either, media timeout, hangup ------+--> ENDED
 *
 * ENDED waits for the media's last statistics, writes the line that holds the
 * whole story, and is freed between two turns of the loop.
 */
#include "config.h"

#include "sbc/call/call_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sbc/call/answer.h"
#include "sbc/call/delayed.h"
#include "sbc/call/learn.h"
#include "sbc/call/modify.h"
#include "sbc/call/ours.h"
#include "sbc/call/teach.h"
#include "sbc/call/transfer.h"
#include "sbc/register/alg.h"
#include "sbc/register/trunk.h"
#include "sbc/text.h"

/* An ACK is lost, but is anybody there? */
#define CALL_ACK_LOST_MS 5000

/* Ids do not repeat in 2^32 calls and do not tell how many there were. */
static void call_id(struct status_call *status)
{
	static uint32_t serial, salt;

	if (!salt && getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		salt = (uint32_t)agent_now_ms();
	status->serial = ++serial;
	text_hex(status->id, (serial ^ salt) * 2654435761u);
}

struct leg *call_other(const struct call *call, const struct leg *leg)
{
	if (leg != call->a)
		return call->a;
	/* Before the answer: whose early session leg a has. */
	return call->hunt ? hunt_branch(call->hunt, call->told) : call->b;
}

/* --- birth ------------------------------------------------------------- */

struct call *call_new(struct agent_network *at, struct leg *a)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->agent = at->agent;
	call->policy = policy_ref(at->agent->policy);
	call->a = a;
	call->status.started_ms = agent_now_ms();
	call_id(&call->status);
	leg_own(a, call, call_on_leg, 'a');
	TAILQ_INSERT_TAIL(&call->agent->calls, call, entry);
	call->agent->calls_count++;
	call->agent->calls_begun++;
	call->status.stats = call_live_stats;
	status_call_add(&call->status);
	return call;
}

void call_free(struct call *call)
{
	struct agent *agent = call->agent;

	if (call->state == CALL_ENDED) {
		TAILQ_REMOVE(&agent->ended, call, entry);
	} else {
		TAILQ_REMOVE(&agent->calls, call, entry);
		agent->calls_count--;
		status_call_remove(&call->status);
		leg_free(call->a);
		leg_free(call->b);
		hunt_free(call->hunt);
	}
	if (call->timer)
		su_timer_destroy(call->timer);
	forward_clear(call);
	rekey_free(call);
	path_row_free(call);
	transfer_free(call);
	policy_unref(call->policy);
	free(call);
}

void call_reap(struct agent *agent)
{
	struct call *call, *next;

	for (call = TAILQ_FIRST(&agent->ended); call; call = next) {
		next = TAILQ_NEXT(call, entry);
		if (path_is_closed(call))
			call_free(call);
	}
}

/* --- the first INVITE -------------------------------------------------- */

/* Where this candidate's media would go; known before its SDP is written. */
static int call_planned(struct call *call, struct hunt *hunt,
			const struct sockaddr *local)
{
	(void)local;
	call->plan = hunt->plan;
	call->status.class = call->plan.class;
	call->status.anchored = call->plan.anchored;
	call->status.anchor_why = call->plan.anchor_why;
	call->status.route = hunt->now->at;
	if (call->path.session || call->path.anchored)
		return 0; /* Ports that the caller knows already stay ours. */
	return path_open(call, call->plan.anchored || call->delayed_offer);
}

/* The SDP of a new branch: a's offer with our places, or one of our own. */
static int call_offer(struct call *call, struct leg *branch)
{
	struct offer_place place[BODY_MEDIA_MAX];
	struct secure_decision secure;
	struct call_rules rules;
	const struct body *source = call->offered;
	struct body body;
	const char *why;
	int error = 0;

	if (!source)
		source = &body;
	if (call->delayed_offer) {
		body.medias = 1;
		body.media[0] = (struct body_media){.kind = BODY_AUDIO,
						    .rtp = true,
						    .port = 9,
						    .direction = BODY_SENDRECV};
	} else if (source == &body) {
		error = body_parse(&body, call->a->offer.remote,
				   call->a->offer.remote_len, &why);
	}
	if (error)
		return error;
	/* What leg a was told stays: its media has ended here already. */
	secure_judge(&secure, call->a->peer, branch->peer, NULL,
		     call->a->offer.ended && call->a->offer.local);
	if (secure.ended) {
		secure_end(call->a);
		secure_end(branch);
	} else {
		call->a->offer.ended = false;
	}
	error = call_rules_both(branch, call->a, &rules);
	if (error)
		return error;
	if (call->delayed_offer &&
	    branch->peer->delayed_offer == POLICY_DELAYED_KEEP)
		return 0; /* call_asked */
	/* The caller's ports too: nobody is rung for a call that has none. */
	if (call->path.anchored)
		error = path_place(call, call->a, call->a, source, place);
	if (!error)
		error = path_place(call, branch, call->a, source, place);
	for (unsigned i = 0; !error && i < source->medias; i++)
		place[i].direction = call_hold_told(branch, call->path.anchored,
						    place[i].direction);
	if (!error && call->delayed_offer)
		return offer_write_own(&branch->offer, NULL, &rules.rules,
				       place, 1);
	if (!error)
		error = call_keep_fax(branch, source, place);
	if (!error)
		error = secure_offer(call->a, branch, source, place);
	if (!error)
		error = offer_write_offer(&branch->offer, source, &rules.rules,
					  place);
	return error;
}

/* Keys that the two ends would have to agree: leg a hears of them after b has
 * our answer. SDES ends here, then; the others cannot be had. */
static bool call_asked_plainly(struct call *call, struct leg *branch,
			       const struct body *theirs)
{
	struct secure_decision secure;
	bool keys = false;

	for (unsigned i = 0; i < theirs->medias; i++)
		keys |= theirs->media[i].port &&
			(theirs->media[i].secure ||
			 strcmp(offer_encryption(theirs, i), "none"));
	if (!keys && !branch->offer.ended)
		return true;
	secure_end(call->a);
	secure_end(branch);
	secure_judge(&secure, branch->peer, call->a->peer, theirs, true);
	return secure.possible;
}

/* The offer that we asked a branch for: answered with one codec, before its
 * ACK, which cannot wait for leg a's. */
void call_asked(struct call *call, struct leg *branch,
		const struct leg_event *event)
{
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body theirs, ours;
	const char *why;

	if (body_parse(&theirs, event->sdp.text, event->sdp.len, &why) ||
	    !call_asked_plainly(call, branch, &theirs) ||
	    call_rules_both(branch, call->a, &rules) ||
	    path_place(call, branch, call->a, &theirs, place) ||
	    call_keep_fax(call->a, &theirs, place))
		return;
	for (unsigned i = 0; i < theirs.medias; i++)
		place[i].direction =
			body_direction_reverse(theirs.media[i].direction);
	/* Which codecs both take; of those the first one. */
	if (offer_write_answer(&branch->offer, &theirs, &theirs, &rules.rules,
			       place) ||
	    body_parse(&ours, branch->offer.local, branch->offer.local_len,
		       &why))
		return;
	call_note_codec(call, &ours);
	call_rules_session(call, branch, &rules);
	offer_write_answer(&branch->offer, &theirs, &theirs, &rules.rules,
			   place);
}

/* None of the candidates answered. */
static void call_unanswered(struct call *call,
			    const struct leg_refusal *refusal)
{
	call_refuse(call, refusal, "b", "no-candidate");
}

int call_hunt(struct call *call, const struct policy_target *targets,
	      unsigned count)
{
	static const struct hunt_client client = {
		.planned = call_planned,
		.offer = call_offer,
		.progress = answer_progress,
		.accepted = answer_accepted,
		.failed = call_unanswered,
	};
	struct hunt_task task = {.client = &client,
				 .from = call->a,
				 .policy = call->policy,
				 .place = 'b',
				 .counted = &call->counted_b,
				 .invite = call->a->invite_in,
				 .caller = call->caller};
	int error = hunt_new(&call->hunt, call, &task, targets, count);

	if (!error)
		hunt_next(call->hunt);
	return error;
}

/* --- events ------------------------------------------------------------ */

static void call_ack_lost(struct call *call, struct leg *leg)
{
	bool alive = path_alive(call, leg, CALL_ACK_LOST_MS);
	bool kept =
		alive && leg->peer->reinvite_ack_lost == POLICY_ACK_LOST_KEEP;
	struct trunk *trunk = leg->peer->kind == POLICY_PHONES
				      ? NULL
				      : agent_trunk(call->agent, leg->peer);
	const struct alg_way way = {leg->transport, leg->local_port};
	char advice[ALG_ADVICE_MAX];
	struct status_line line;

	call_status(call, &line, leg, "call-ack-lost");
	status_text(&line, "media", alive ? "flows" : "silent");
	status_text(&line, "kept", kept ? "yes" : "no");
	status_text(&line, "suspect", "SIP ALG in a router between");
	alg_advice(advice, leg->peer, &way);
	status_text(&line, "advice", advice);
	status_end(&line);
	if (trunk && alive)
		trunk_touched(trunk, &way, ALG_ACK, call->status.id,
			      "no ACK for our 200, though media flows");
	delayed_unanswered(leg);
	if (!kept)
		call_end(call, leg == call->a ? "a" : "b", "ack-lost");
}

/* Our own refresh of a leg's session timer is over. */
static void call_refreshed(struct call *call, struct leg *leg,
			   const struct leg_event *event)
{
	struct status_line line;
	char came[40];

	if (event->status >= 200 && event->status < 300) {
		/* A re-INVITE asked for their SDP too: they may have moved. */
		if (event->sdp.len &&
		    !offer_is_same(&leg->offer, event->sdp.text,
				   event->sdp.len) &&
		    !ours_answered(call, leg, event->sdp))
			ours_catch_up(call, leg);
		return;
	}
	call_status(call, &line, leg, "call-refresh-failed");
	if (event->status)
		status_text(&line, "method",
			    event->update ? "UPDATE" : "INVITE");
	status_number(&line, "status", event->status);
	status_text(&line, "cause", event->status ? "refused" : "no-means");
	status_end(&line);
	if (!event->update || !learn_is_refusal(event->status))
		return;
	snprintf(came, sizeof(came), "%u", event->status);
	call_learned(call, leg, LEARN_UPDATE, "UPDATE, refresh", came);
}

/* Was it our UPDATE that the far end could not take? */
static void call_hung_up(struct call *call, struct leg *leg,
			 const struct leg_event *event)
{
	uint64_t since = agent_now_ms() - leg->refresh.update_ms;
	char came[40] = "no reply";

	if (event->update) {
		call_learned(call, leg, LEARN_UPDATE, "UPDATE, refresh", came);
		return;
	}
	if (event->status || !leg->refresh.update_ms || since > LEARN_BYE_MS)
		return;
	snprintf(came, sizeof(came), "BYE after %u ms", (unsigned)since);
	call_learned(call, leg, LEARN_UPDATE, "UPDATE, refresh", came);
}

static void call_established_event(struct call *call, struct leg *leg,
				   const struct leg_event *event)
{
	switch (event->kind) {
	case LEG_CANCELLED:
		call_end(call, "a", "cancelled");
		return;
	case LEG_ACKED:
		delayed_acked(call, leg, event);
		if (leg == call->a)
			ours_tell_answer(call);
		return;
	case LEG_ACK_LOST:
		call_ack_lost(call, leg);
		return;
	case LEG_OFFERED:
		modify_offered(call, leg, event);
		return;
	case LEG_RECALLED:
		forward_recalled(call, leg);
		return;
	case LEG_MODIFIED:
	case LEG_UNMODIFIED:
		if (!rekey_answered(call, leg, event))
			forward_answered(call, leg, event);
		return;
	case LEG_REFRESHED:
		call_refreshed(call, leg, event);
		return;
	case LEG_ASKED:
		return;
	case LEG_SLIMMED:
		call_slimmed(call, leg, event->diet);
		return;
	case LEG_UNPRACKED:
		call->dial_status = 504;
		call_end(call, "a", "prack-missing");
		return;
	case LEG_EXPIRED:
		if (leg->refresh.out)
			call_learned(call, leg, LEARN_UPDATE, "UPDATE, refresh",
				     "no reply");
		call_end(call, leg == call->a ? "a" : "b", "session-expired");
		return;
	case LEG_HUNG_UP:
		call_hung_up(call, leg, event);
		call_end(call, leg == call->a ? "a" : "b",
			 event->status ? "dialog-lost" : "hangup");
		return;
	case LEG_REFERRED:
		transfer_referred(call, leg, event);
		return;
	case LEG_REQUESTED:
		pass_requested(call, leg, event);
		return;
	case LEG_REPLIED:
		pass_replied(call, leg, event);
		return;
	case LEG_PROGRESS:
	case LEG_ACCEPTED:
	case LEG_REFUSED:
		return;
	}
}

void call_on_leg(void *owner, struct leg *leg, const struct leg_event *event)
{
	struct call *call = owner;

	if (call->state == CALL_ANSWERED)
		teach_event(call, leg, event);
	if (call->state == CALL_HUNTING && leg != call->a)
		hunt_event(call->hunt, leg, event);
	else if (call->state == CALL_HUNTING && event->kind == LEG_OFFERED)
		modify_early(call, leg, event);
	else if (call->state == CALL_HUNTING && event->kind == LEG_REQUESTED)
		leg_request_reply(leg, event->ticket, 500, NULL);
	else if (call->state != CALL_ENDED && !transfer_event(call, leg, event))
		call_established_event(call, leg, event);
	forward_resume(call);
}

static void call_media_line(struct call *call, const struct leg *leg,
			    const struct media_event *event, const char *name)
{
	struct status_line line;

	if (call->state == CALL_ENDED)
		return;
	call_status(call, &line, leg, name);
	status_number(&line, "slot", event->slot);
	if (event->kind == MEDIA_FAULT)
		status_text(&line, "error", strerror(-event->error));
	else if (event->source.ss_family != AF_UNSPEC)
		status_address(&line, "source",
			       (const struct sockaddr *)&event->source);
	status_end(&line);
}

void call_media_event(struct call *call, const struct media_event *event)
{
	struct leg *leg = NULL;

	/* What comes from the next session in the row is no far end's. */
	if (path_is_at(call, PATH_A, event->session, event->side))
		leg = call->a;
	else if (path_is_at(call, PATH_B, event->session, event->side))
		leg = call_other(call, call->a); /* a branch has early media */
	else if (event->kind == MEDIA_FIRST_PACKET ||
		 event->kind == MEDIA_MOVED ||
		 event->kind == MEDIA_UNAUTHENTIC ||
		 event->kind == MEDIA_KEY_WORN)
		return;

	switch (event->kind) {
	case MEDIA_CLOSED:
		if (path_closed(call, event->session))
			call_report_end(call);
		return;
	case MEDIA_SILENT:
		if (call->state != CALL_ENDED)
			call_end(call, "sallyport", "media-timeout");
		return;
	case MEDIA_FIRST_PACKET:
		call_media_line(call, leg, event, "call-media");
		return;
	case MEDIA_MOVED:
		call_media_line(call, leg, event, "media-moved");
		return;
	case MEDIA_DTMF: /* It crossed as RTP, where that is agreed. */
		if (call->state == CALL_ANSWERED && leg)
			pass_heard(call, leg, event->digit, event->duration_ms);
		return;
	case MEDIA_UNAUTHENTIC:
		call_media_line(call, leg, event, "media-unauthentic");
		return;
	case MEDIA_KEY_WORN:
		if (call->state == CALL_ANSWERED && leg)
			rekey_worn(call, leg);
		return;
	case MEDIA_FAULT:
		call_media_line(call, leg, event, "media-fault");
		return;
	}
}

/* --- the end ----------------------------------------------------------- */

void call_uncount(struct call *call, const struct policy_peer **counted)
{
	struct trunk *trunk =
		*counted ? agent_trunk(call->agent, *counted) : NULL;

	if (trunk)
		trunk_give(trunk);
	*counted = NULL;
}

static void call_finish(struct call *call, const char *by, const char *cause)
{
	struct agent *agent = call->agent;

	call->state = CALL_ENDED;
	call->ended_ms = agent_now_ms();
	call->ended_by = by;
	call->cause = cause;
	TAILQ_REMOVE(&agent->calls, call, entry);
	TAILQ_INSERT_TAIL(&agent->ended, call, entry);
	agent->calls_count--;
	status_call_remove(&call->status);
	call_uncount(call, &call->counted_a);
	call_uncount(call, &call->counted_b);
	if (!path_close(call))
		call_report_end(call);
}

void call_refuse(struct call *call, const struct leg_refusal *refusal,
		 const char *by, const char *cause)
{
	if (call->state == CALL_ENDED)
		return;
	call->dial_status = refusal->status;
	call_describe(call);
	leg_refuse(call->a, refusal);
	call_end(call, by, cause);
}

/* What our BYE says of it (RFC 3326); NULL: nothing. */
static const char *call_reason(const char *cause)
{
	if (!strcmp(cause, "session-expired"))
		return "SIP;cause=408;text=\"Session Timer Expired\"";
	return NULL;
}

void call_end(struct call *call, const char *by, const char *cause)
{
	struct hunt *hunt = call->hunt;
	struct leg *a, *b;

	if (call->state == CALL_ENDED)
		return;
	transfer_call_ends(call);
	a = call->a;
	b = call->b;
	if (!call->dial_status)
		call->dial_status = call->status.answered_ms	  ? 200
				    : !strcmp(cause, "cancelled") ? 487
								  : 503;
	call_finish(call, by, cause);
	call->a = call->b = NULL;
	call->hunt = NULL;
	if (a)
		leg_end(a, call->dial_status == 200 ? 0 : call->dial_status,
			call_reason(cause));
	if (b)
		leg_end(b, 0, call_reason(cause));
	hunt_free(hunt);
}

struct call *call_find(struct agent *agent, const char *id)
{
	struct call *call;

	TAILQ_FOREACH (call, &agent->calls, entry)
		if (!strcmp(call->status.id, id))
			return call;
	return NULL;
}
