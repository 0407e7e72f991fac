/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers in mid-call. P is the leg that asks, T the other one.
 *
 * Order of judgement: no offer; same version and body; broken; then
 *   media goes past us       forwarded: only T can follow
 *   T's peer is protected    answered here (reinvite = suppress or auto)
 *   an UPDATE                answered here: RFC 3311 5.2 wants it at once
 *   nothing that T would see answered here (address, port, Contact)
 *   else                     forwarded; answered here if T refuses
 * Glare was judged by the leg.
 */
#include "config.h"

#include "sbc/call/modify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/call_private.h"

/* How long the filler stays armed after a resume: the phone's own stream
 * starts when its user's hand has left the key. */
#define MODIFY_DISARM_MS 3000

/* --- what is said of it ------------------------------------------------ */

static void modify_suppressed(struct call *call, struct leg *p, bool update,
			      const char *cause)
{
	struct leg *t = call_other(call, p);
	struct policy_at at =
		update ? t->peer->update_at : t->peer->reinvite_at;
	struct status_line line;

	call_status_leg(call, t)->suppressed++;
	call_status(call, &line, t, "call-suppressed");
	status_text(&line, "method", update ? "UPDATE" : "INVITE");
	status_text(&line, "cause", cause);
	status_at(&line, "policy", at);
	status_end(&line);
}

static void modify_refuse(struct call *call, struct leg *p, unsigned status,
			  const char *cause)
{
	char warning[160], host[ADDRESS_TEXT_MAX];
	struct status_line line;

	call_status(call, &line, p, "call-refused");
	status_number(&line, "status", status);
	status_text(&line, "cause", cause);
	status_end(&line);
	snprintf(warning, sizeof(warning),
		 "305 %s \"Incompatible media format\"",
		 address_text(host, (const struct sockaddr *)&p->local));
	leg_reply_refuse(p, &(struct leg_refusal){
				    .status = status,
				    .warning = status == 488 ? warning : NULL});
}

/* Hold and resume as the far end of `p` sees them. */
static void modify_tell_hold(struct call *call, struct leg *p,
			     const struct body *theirs)
{
	struct status_leg *side = call_status_leg(call, p);
	const struct body_media *audio = &theirs->media[call->path.audio];
	bool held = theirs->medias > call->path.audio &&
		    (audio->zero || !(audio->direction & BODY_RECVONLY));
	struct status_line line;

	if (held == side->held)
		return;
	side->held = held;
	call->status.state = call->status.a.held || call->status.b.held
				     ? STATUS_HELD
				     : STATUS_ESTABLISHED;
	call_status(call, &line, p, held ? "call-hold" : "call-resume");
	status_text(&line, "direction",
		    audio->zero ? "zero"
				: body_direction_name(audio->direction));
	status_end(&line);
}

/* --- the filler toward T ----------------------------------------------- */

static void modify_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			    void *arg)
{
	struct call *call = arg;

	(void)magic;
	(void)timer;
	if (call->state != CALL_ANSWERED)
		return;
	if (!call->status.a.held)
		path_disarm(call, call->b);
	if (!call->status.b.held)
		path_disarm(call, call->a);
}

static void modify_fill(struct call *call, struct leg *t)
{
	struct body codec;
	const char *why;

	if (body_parse(&codec, t->offer.remote, t->offer.remote_len, &why))
		return;
	path_arm(call, t, &codec);
	if (!call->timer)
		call->timer =
			su_timer_create(su_root_task(call->agent->root), 0);
	if (call->timer)
		su_timer_set_interval(call->timer, modify_on_timer, call,
				      MODIFY_DISARM_MS);
}

/* --- answered here ----------------------------------------------------- */

static enum body_direction modify_direction(const struct body_media *media)
{
	if (media->zero && media->direction == BODY_SENDRECV)
		return BODY_RECVONLY;
	return body_direction_reverse(media->direction);
}

/* Our answer to P from the session that T has. 0 or the refusing status. */
static unsigned modify_answer(struct call *call, struct leg *p,
			      const struct body *theirs, const char *text,
			      size_t len)
{
	struct leg *t = call_other(call, p);
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body chosen;
	const char *why;
	int error;

	error = body_parse(&chosen, t->offer.remote, t->offer.remote_len, &why);
	if (!error)
		error = path_place(call, p, t, theirs, place);
	if (error)
		return 503;
	for (unsigned i = 0; i < theirs->medias; i++)
		place[i].direction = modify_direction(&theirs->media[i]);
	call_rules_session(call, p, &rules);
	error = offer_write_answer(&p->offer, theirs, &chosen, &rules.rules,
				   place);
	if (error)
		return error == -ENOTSUP ? 488 : 500;
	if (offer_remember(&p->offer, text, len))
		return 500;
	path_target(call, p, theirs);
	return 0;
}

static void modify_here(struct call *call, struct leg *p,
			const struct body *theirs, const char *text, size_t len,
			bool update, const char *cause)
{
	struct leg *t = call_other(call, p);
	unsigned status = modify_answer(call, p, theirs, text, len);

	if (status) {
		modify_refuse(call, p, status,
			      status == 488 ? "no-common-codec" : "internal");
		return;
	}
	modify_suppressed(call, p, update, cause);
	modify_tell_hold(call, p, theirs);
	if (t->peer->reinvite != POLICY_FORWARD)
		modify_fill(call, t);
	leg_reply(p, p->offer.local);
}

/* A re-INVITE without an offer gets ours: the session as it is, both ways. */
static void modify_offer_ours(struct call *call, struct leg *p)
{
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body session;
	const char *why;
	int error;

	call_rules(p, &rules);
	error = body_parse(&session, p->offer.local, p->offer.local_len, &why);
	if (!error)
		error = path_place(call, p, p, &session, place);
	for (unsigned i = 0; !error && i < session.medias; i++) {
		place[i].direction = BODY_SENDRECV;
		if (!call->path.anchored)
			place[i].at = session.media[i].address;
	}
	if (!error)
		error = offer_write_own(&p->offer, &session, &rules.rules,
					place, session.medias);
	if (error) {
		modify_refuse(call, p, 500, "internal");
		return;
	}
	modify_suppressed(call, p, false, "no-offer");
	call->answer_due = p;
	leg_reply(p, p->offer.local);
}

void modify_acked(struct call *call, struct leg *leg,
		  const struct leg_event *event)
{
	struct body answer;
	const char *why;

	if (call->answer_due != leg)
		return;
	call->answer_due = NULL;
	if (!event->sdp.len ||
	    body_parse(&answer, event->sdp.text, event->sdp.len, &why)) {
		struct status_line line;

		/* The session stays as it was. */
		call_status(call, &line, leg, "call-answer-missing");
		status_end(&line);
		return;
	}
	if (offer_remember(&leg->offer, event->sdp.text, event->sdp.len))
		return;
	path_target(call, leg, &answer);
	modify_tell_hold(call, leg, &answer);
}

/* --- forwarded --------------------------------------------------------- */

static void modify_forget(struct call *call)
{
	free(call->asked);
	free(call->asked_local);
	call->asked = call->asked_local = NULL;
	call->asking = NULL;
}

static unsigned modify_forward(struct call *call, struct leg *p,
			       const struct body *theirs, const char *text,
			       size_t len)
{
	struct leg *t = call_other(call, p);
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	int error;

	if (call->asking || !leg_is_idle(t))
		return 491;
	call->asked = strndup(text, len);
	call->asked_len = len;
	call->asked_local = strdup(t->offer.local);
	if (!call->asked || !call->asked_local) {
		modify_forget(call);
		return 500;
	}
	error = call_rules_both(t, p, &rules);
	if (!error)
		error = path_place(call, t, p, theirs, place);
	if (!error)
		error = offer_write_offer(&t->offer, theirs, &rules.rules,
					  place);
	if (!error)
		error = leg_reinvite(t);
	if (error) {
		modify_forget(call);
		return error == -ENOTSUP ? 488 : error == -EBUSY ? 491 : 500;
	}
	call->asking = p;
	leg_progress(p, 100, NULL, NULL);
	return 0;
}

/* T refused: what it last heard from us is in force again. */
static void modify_restore(struct call *call, struct leg *t)
{
	free(t->offer.local);
	t->offer.local = call->asked_local;
	t->offer.local_len = strlen(call->asked_local);
	call->asked_local = NULL;
}

static unsigned modify_take(struct call *call, struct leg *p, struct leg *t,
			    const struct body *theirs, struct body_span answer)
{
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	struct body chosen;
	const char *why;
	int error;

	if (!answer.len || body_parse(&chosen, answer.text, answer.len, &why) ||
	    offer_remember(&t->offer, answer.text, answer.len))
		return 502;
	path_target(call, t, &chosen);
	call_note_codec(call, &chosen);
	call_rules(p, &rules);
	error = path_place(call, p, t, call->path.anchored ? theirs : &chosen,
			   place);
	for (unsigned i = 0; !error && i < theirs->medias; i++)
		place[i].direction = i < chosen.medias
					     ? chosen.media[i].direction
					     : BODY_INACTIVE;
	if (!error)
		error = offer_write_answer(&p->offer, theirs, &chosen,
					   &rules.rules, place);
	if (error)
		return error == -ENOTSUP ? 488 : 500;
	if (offer_remember(&p->offer, call->asked, call->asked_len))
		return 500;
	path_target(call, p, theirs);
	return 0;
}

/* P took its offer back before T answered: for P nothing has changed. */
static void modify_cancelled(struct call *call, struct leg *t,
			     const struct leg_event *event)
{
	struct body answer;
	const char *why;

	if (event->kind == LEG_UNMODIFIED)
		modify_restore(call, t);
	else if (!body_parse(&answer, event->sdp.text, event->sdp.len, &why) &&
		 !offer_remember(&t->offer, event->sdp.text, event->sdp.len))
		path_target(call, t, &answer);
	modify_forget(call);
}

void modify_answered(struct call *call, struct leg *t,
		     const struct leg_event *event)
{
	struct leg *p = call->asking;
	struct body theirs;
	const char *why;
	unsigned status;

	if (!p || p == t)
		return;
	/* It was parsed once already, when it came. */
	if (body_parse(&theirs, call->asked, call->asked_len, &why)) {
		modify_forget(call);
		return;
	}
	if (!leg_is_asked(p)) {
		modify_cancelled(call, t, event);
		return;
	}
	if (event->kind == LEG_UNMODIFIED) {
		modify_restore(call, t);
		if (call->path.anchored)
			modify_here(call, p, &theirs, call->asked,
				    call->asked_len, false, "refused-by-peer");
		else
			modify_refuse(call, p, event->status,
				      "refused-by-peer");
		modify_forget(call);
		return;
	}
	status = modify_take(call, p, t, &theirs, event->sdp);
	if (status) {
		modify_refuse(call, p, status, "answer-unusable");
	} else {
		modify_tell_hold(call, p, &theirs);
		leg_reply(p, p->offer.local);
	}
	modify_forget(call);
	call_describe(call);
}

/* --- judgement --------------------------------------------------------- */

static bool span_equal(struct body_span x, struct body_span y)
{
	return x.len == y.len && !memcmp(x.text, y.text, x.len);
}

/* Would T see anything new? Addresses, ports and keys are ours to answer. */
static bool modify_matters(const struct body *now, const struct body *was)
{
	if (now->medias != was->medias)
		return true;
	for (unsigned i = 0; i < now->medias; i++) {
		const struct body_media *n = &now->media[i];
		const struct body_media *w = &was->media[i];

		if (n->kind != w->kind || n->direction != w->direction ||
		    n->zero != w->zero || !n->port != !w->port ||
		    n->formats != w->formats)
			return true;
		for (unsigned f = 0; f < n->formats; f++)
			if (!span_equal(now->format[n->first_format + f].id,
					was->format[w->first_format + f].id))
				return true;
	}
	return false;
}

static bool modify_stays(const struct call *call, const struct leg *p,
			 const struct body *theirs, bool update,
			 const char **cause)
{
	const struct leg *t = call_other(call, p);
	struct body was;
	const char *why;

	*cause = "policy";
	if (!call->path.anchored)
		return false;
	if (t->peer->reinvite != POLICY_FORWARD || update)
		return true;
	*cause = "address";
	return !body_parse(&was, p->offer.remote, p->offer.remote_len, &why) &&
	       !modify_matters(theirs, &was);
}

static void modify_judge(struct call *call, struct leg *p,
			 const struct leg_event *event)
{
	const char *cause = "broken-sdp";
	struct body theirs;
	unsigned status;

	if (body_parse(&theirs, event->sdp.text, event->sdp.len, &cause)) {
		modify_refuse(call, p, 488, cause);
		return;
	}
	if (modify_stays(call, p, &theirs, event->update, &cause)) {
		modify_here(call, p, &theirs, event->sdp.text, event->sdp.len,
			    event->update, cause);
		return;
	}
	if (event->update) {
		modify_refuse(call, p, 504, "update-needs-time");
		return;
	}
	status = modify_forward(call, p, &theirs, event->sdp.text,
				event->sdp.len);
	if (status)
		modify_refuse(call, p, status,
			      status == 491 ? "other-leg-busy"
					    : "not-forwarded");
}

void modify_offered(struct call *call, struct leg *p,
		    const struct leg_event *event)
{
	if (!event->sdp.len && event->update) {
		leg_reply(p, NULL);
	} else if (!event->sdp.len) {
		modify_offer_ours(call, p);
	} else if (p->offer.remote &&
		   offer_is_same(&p->offer, event->sdp.text, event->sdp.len)) {
		modify_suppressed(call, p, event->update, "refresh");
		leg_reply(p, p->offer.local);
	} else {
		modify_judge(call, p, event);
	}
}
