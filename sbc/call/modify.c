/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers in mid-call. P is the leg that asks, T the other one. What is done is
 * judge's to say; here it is carried out, and forward asks T.
 * Glare was judged by the leg.
 */
#include "config.h"

#include "sbc/call/modify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sbc/call/call_private.h"
#include "sbc/call/delayed.h"
#include "sbc/call/forward.h"
#include "sbc/call/judge.h"
#include "sbc/call/learn.h"
#include "sbc/call/ours.h"

/* How long the filler stays armed after a resume: the phone's own stream
 * starts when its user's hand has left the key. */
#define MODIFY_DISARM_MS 3000

/* --- what is said of it ------------------------------------------------ */

void modify_suppressed(struct call *call, struct leg *p, bool update,
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

void modify_warning(const struct leg *p, const char *cause, char *out,
		    size_t size)
{
	static const struct {
		const char *cause;
		unsigned code;
		const char *text;
	} table[] = {
		{"t38", 304, "Media type not available"},
		{"slots-missing", 399, "m= lines are missing"},
		{"version-backwards", 399, "The version of o= went back"},
	};
	char host[ADDRESS_TEXT_MAX];
	const char *text = "Incompatible media format";
	unsigned code = 305;

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(cause, table[i].cause)) {
			code = table[i].code;
			text = table[i].text;
		}
	snprintf(out, size, "%u %s \"%s\"", code,
		 address_text(host, (const struct sockaddr *)&p->local), text);
}

void modify_refuse(struct call *call, struct leg *p, unsigned status,
		   const char *cause)
{
	char warning[160];
	struct status_line line;

	call_status(call, &line, p, "call-refused");
	status_number(&line, "status", status);
	status_text(&line, "cause", cause);
	status_end(&line);
	if (!strcmp(cause, "srtp"))
		secure_warning(p, warning, sizeof(warning));
	else
		modify_warning(p, cause, warning, sizeof(warning));
	leg_reply_refuse(p, &(struct leg_refusal){
				    .status = status,
				    .warning = status == 488 ? warning : NULL});
}

/* It hears nothing: in no line of audio. */
static bool modify_is_deaf(const struct body *theirs)
{
	bool audio = false;

	for (unsigned i = 0; i < theirs->medias; i++) {
		const struct body_media *media = &theirs->media[i];

		if (media->kind != BODY_AUDIO)
			continue;
		audio = true;
		if (media->port && !media->zero &&
		    media->direction & BODY_RECVONLY)
			return false;
	}
	return audio;
}

/* Hold and resume as the far end of `p` sees them. */
void modify_tell_hold(struct call *call, struct leg *p,
		      const struct body *theirs)
{
	struct status_leg *side = call_status_leg(call, p);
	const struct body_media *audio = &theirs->media[call->path.audio];
	bool held = modify_is_deaf(theirs);
	struct status_line line;

	if (held == side->held)
		return;
	side->held = held;
	call->status.state = call->status.a.held || call->status.b.held
				     ? STATUS_HELD
				     : STATUS_ESTABLISHED;
	call_status(call, &line, p, held ? "call-hold" : "call-resume");
	status_text(&line, "direction",
		    audio->zero	   ? "zero"
		    : !audio->port ? "inactive"
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
	path_disarm(call, call->a);
	path_disarm(call, call->b);
}

void modify_fill(struct call *call, struct leg *p)
{
	struct leg *t = call_other(call, p);

	/* A peer that may be told needs it as long as P is silent. */
	if (!path_arm(
		    call, t,
		    !learn_allows(call->agent->learn, t->peer, LEARN_REINVITE)))
		return;
	if (!call->timer)
		call->timer =
			su_timer_create(su_root_task(call->agent->root), 0);
	if (call->timer)
		su_timer_set_interval(call->timer, modify_on_timer, call,
				      MODIFY_DISARM_MS);
}

/* --- what T has to be told --------------------------------------------- */

static bool modify_tells_hold(const struct body *told)
{
	for (unsigned i = 0; i < told->medias; i++)
		if (told->media[i].kind == BODY_AUDIO && told->media[i].port &&
		    told->media[i].direction != BODY_SENDRECV)
			return true;
	return false;
}

bool modify_may_ask(const struct call *call, const struct leg *t)
{
	struct body told;
	const char *why;

	if (t->state == LEG_ENDED) /* P of a transfer, that has left. */
		return false;
	if (learn_allows(call->agent->learn, t->peer, LEARN_REINVITE))
		return true;
	return t->peer->reinvite == POLICY_AUTO && call->forward.told == t &&
	       !(t == call->a ? &call->status.a : &call->status.b)->held &&
	       !body_parse(&told, t->offer.local, t->offer.local_len, &why) &&
	       modify_tells_hold(&told);
}

/* --- answered here ----------------------------------------------------- */

static bool modify_has(const struct body *said, enum body_kind kind)
{
	for (unsigned i = 0; i < said->medias; i++)
		if (said->media[i].kind == kind && said->media[i].port)
			return true;
	return false;
}

static bool modify_is_fax(const struct body *said)
{
	return modify_has(said, BODY_IMAGE) && !modify_has(said, BODY_AUDIO);
}

bool modify_is_removed(const struct call *call, const struct body *said)
{
	/* Where it is secure its keys went with it. */
	return !call->path.secure[call->path.audio] &&
	       !modify_has(said, BODY_AUDIO) && !modify_has(said, BODY_IMAGE);
}

/* It leaves with its audio; a line that T does not have may stand beside it. */
static bool modify_leaves(const struct call *call, const struct body *theirs)
{
	const struct body_media *audio = &theirs->media[call->path.audio];

	return call->path.audio < theirs->medias && audio->kind == BODY_AUDIO &&
	       !audio->port && !modify_has(theirs, BODY_AUDIO) &&
	       !modify_has(theirs, BODY_IMAGE);
}

void modify_common(struct body *out, const struct body *theirs,
		   const struct body *chosen)
{
	*out = *theirs;
	for (unsigned i = 0; i < out->medias; i++)
		if (i >= chosen->medias || !chosen->media[i].port)
			out->media[i].port = 0;
}

/* Our answer to P from the session that T has. 0 or the refusing status. */
static unsigned modify_answer(struct call *call, struct leg *p,
			      const struct body *theirs, const char *text,
			      size_t len, bool convert, const char **cause)
{
	struct leg *t = call_other(call, p);
	const char **law = &call->path.law[p->place == 'a' ? MEDIA_A : MEDIA_B];
	const char *had = *law, *spoken = path_codec(call, t);
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	struct body chosen, common;
	char *kept = NULL;
	bool removed;
	int error;

	*cause = "internal";
	error = said_session(&chosen, t);
	if (error)
		return 503;
	removed = modify_is_removed(call, &chosen);
	modify_common(&common, theirs, removed ? theirs : &chosen);
	error = path_place(call, p, t, call->path.anchored ? &common : &chosen,
			   place);
	if (error) {
		if (path_lack(error))
			*cause = path_lack(error);
		return 503;
	}
	for (unsigned i = 0; i < theirs->medias; i++)
		place[i].direction =
			body_direction_reverse(theirs->media[i].direction);
	*law = convert ? judge_other_law(spoken) : spoken;
	if (!strcasecmp(*law, call->codec))
		*law = NULL;
	call_rules_session(call, p, &rules);
	/* T has none of that law, or removed its audio, which P does not know:
	 * P's own formats are chosen. */
	rules.rules.agreed_theirs = convert || removed;
	rules.rules.bare = modify_leaves(call, theirs);
	offer_save(&p->offer, &kept);
	error = offer_write_answer(&p->offer, theirs, &chosen, &rules.rules,
				   place);
	if (!error && offer_remember(&p->offer, text, len)) {
		offer_unsaid(&p->offer, &kept);
		error = -ENOMEM;
	}
	offer_forget(&kept);
	if (error)
		*law = had;
	*cause = error == -EPROTONOSUPPORT ? "srtp"
		 : error == -ENOTSUP	   ? "no-common-codec"
					   : "internal";
	if (error)
		return error == -EPROTONOSUPPORT || error == -ENOTSUP ? 488
								      : 500;
	path_target(call, p, theirs);
	path_flows(call, p, t);
	return 0;
}

void modify_here(struct call *call, struct leg *p, const struct body *theirs,
		 struct body_span text, bool update, bool convert,
		 const char *cause)
{
	const char *why;
	unsigned status = modify_answer(call, p, theirs, text.text, text.len,
					convert, &why);

	if (status) {
		modify_refuse(call, p, status, why);
		return;
	}
	modify_suppressed(call, p, update, cause);
	modify_tell_hold(call, p, theirs);
	modify_fill(call, p);
	leg_reply(p, p->offer.local);
	if (update)
		ours_catch_up(call, p);
}

void modify_early(struct call *call, struct leg *p,
		  const struct leg_event *event)
{
	const struct leg *t = call_other(call, p);
	struct leg_refusal refusal = {.status = 500, .retry_after_s = 2};
	const char *why = "early";
	struct body theirs;

	if (!event->sdp.len && !leg_body_unknown(event->sip)) {
		leg_reply(p, NULL);
		return;
	}
	/* RFC 3311 5.2: our offer is open on b's side, theirs on a's. */
	if (!event->sdp.len) {
		why = "body-not-sdp";
		refusal = (struct leg_refusal){.status = 415};
	} else if (p != call->a && !p->offer.remote)
		refusal = (struct leg_refusal){.status = 491};
	else if (!t || !t->offer.remote || !p->offer.local)
		why = "no-early-session";
	else if (body_parse(&theirs, event->sdp.text, event->sdp.len, &why))
		refusal = (struct leg_refusal){.status = 488};
	else if (!call->path.anchored)
		refusal = (struct leg_refusal){.status = 504};
	else
		refusal = (struct leg_refusal){
			.status =
				modify_answer(call, p, &theirs, event->sdp.text,
					      event->sdp.len, false, &why)};
	if (refusal.status) {
		struct status_line line;

		call_status(call, &line, p, "call-refused");
		status_number(&line, "status", refusal.status);
		status_text(&line, "cause", why);
		status_end(&line);
		leg_reply_refuse(p, &refusal);
		return;
	}
	modify_suppressed(call, p, true, "early");
	leg_reply(p, p->offer.local);
}

/* --- judgement ---------------------------------------------------------- */

/* UDPTL is not encrypted: nobody who has keys with us is sent it. */
static bool modify_takes_fax(const struct call *call, const struct leg *p,
			     const struct leg *t)
{
	return t->peer->t38 == POLICY_T38_FORWARD &&
	       !secure_is_keyed(p, call->path.audio) &&
	       !secure_is_keyed(t, call->path.audio);
}

static struct judge_decision modify_judge(const struct call *call,
					  const struct leg *p,
					  const struct leg_event *event,
					  const struct body *now)
{
	const struct leg *t = call_other(call, p);
	struct body was, ts, ours;
	const char *why;
	struct judge_question q = {
		.update = event->update,
		.anchored = call->path.anchored,
		.t_protected = !modify_may_ask(call, t),
		.t_takes_image = modify_takes_fax(call, p, t),
		.can_convert = !call->path.secure[call->path.audio],
		.secure = call->path.secure[call->path.audio],
		.codec = path_codec(call, t),
		.audio = call->path.audio,
		.now = now,
		.same = now && p->offer.remote &&
			offer_is_same(&p->offer, event->sdp.text,
				      event->sdp.len),
	};

	if (p->offer.remote &&
	    !body_parse(&was, p->offer.remote, p->offer.remote_len, &why))
		q.was = &was;
	/* An answer may have had a line too many: it is none of the session's.
	 */
	if (q.was && was.medias > offer_slots(&p->offer))
		was.medias = offer_slots(&p->offer);
	q.stands =
		q.same &&
		!body_parse(&ours, p->offer.local, p->offer.local_len, &why) &&
		offer_stands(&ours, now);
	if (!body_parse(&ts, t->offer.remote, t->offer.remote_len, &why))
		q.t_has_image = modify_is_fax(&ts);
	return judge_offer(&q);
}

bool modify_asks(const struct call *call, const struct leg *p,
		 const struct body *theirs, struct body_span text)
{
	const struct leg_event event = {.kind = LEG_OFFERED, .sdp = text};

	return modify_judge(call, p, &event, theirs).action == JUDGE_FORWARD;
}

static void modify_do(struct call *call, struct leg *p,
		      const struct leg_event *event, const struct body *theirs,
		      const struct judge_decision *decision)
{
	const char *why = "not-forwarded";
	unsigned status;

	switch (decision->action) {
	case JUDGE_PLAIN:
		leg_reply(p, NULL);
		return;
	case JUDGE_OURS:
		delayed_reply(call, p);
		return;
	case JUDGE_AGAIN:
		modify_suppressed(call, p, event->update, decision->cause);
		leg_reply(p, p->offer.local);
		return;
	case JUDGE_HERE:
		modify_here(call, p, theirs, event->sdp, event->update,
			    decision->convert, decision->cause);
		return;
	case JUDGE_FORWARD:
		status = forward_ask(call, p, theirs, event->sdp,
				     decision->cause, &why);
		if (status)
			modify_refuse(call, p, status, why);
		return;
	case JUDGE_REFUSE:
		modify_refuse(call, p, decision->status, decision->cause);
		return;
	}
}

void modify_offered(struct call *call, struct leg *p,
		    const struct leg_event *event)
{
	const char *why = "broken-sdp";
	struct judge_decision decision;
	struct body theirs;

	if (leg_body_unknown(event->sip)) {
		modify_refuse(call, p, 415, "body-not-sdp");
		return;
	}
	if (event->sdp.len &&
	    body_parse(&theirs, event->sdp.text, event->sdp.len, &why)) {
		modify_refuse(call, p, 488, why);
		return;
	}
	decision =
		modify_judge(call, p, event, event->sdp.len ? &theirs : NULL);
	modify_do(call, p, event, &theirs, &decision);
}
