/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our offer to P, who asked without one, and the answer in its ACK. T is the
 * other leg.
 */
#include "config.h"

#include "sbc/call/delayed.h"

#include "sbc/call/call_private.h"
#include "sbc/call/learn.h"
#include "sbc/call/modify.h"
#include "sbc/call/ours.h"

/* P was told that T holds it: what T said then. RFC 6337 5.3: an offer of ours
 * does not end it. */
static bool delayed_is_holding(struct call *call, const struct leg *p,
			       struct body *held)
{
	const struct leg *t = call_other(call, p);
	const char *why;

	return call_status_leg(call, t)->held &&
	       learn_allows(call->agent->learn, p->peer, LEARN_REINVITE) &&
	       !body_parse(held, t->offer.remote, t->offer.remote_len, &why);
}

static enum body_direction delayed_held(const struct body *held, unsigned slot)
{
	if (slot >= held->medias || !held->media[slot].port)
		return BODY_INACTIVE;
	return held->media[slot].zero
		       ? held->media[slot].direction & BODY_SENDONLY
		       : held->media[slot].direction;
}

/* A line that P refused, and T does not have, stays refused. */
static void delayed_strike(const struct leg *p, const struct leg *t,
			   struct body *session)
{
	struct body has[2];

	if (said_session(&has[0], p) || said_session(&has[1], t))
		return;
	for (unsigned i = 0; i < session->medias; i++) {
		bool live = false;

		for (unsigned k = 0; k < 2; k++)
			live |= i < has[k].medias && has[k].media[i].port;
		if (!live)
			session->media[i].port = 0;
	}
}

void delayed_reply(struct call *call, struct leg *p)
{
	const struct leg *t = call_other(call, p);
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body session, held;
	bool holding = delayed_is_holding(call, p, &held);
	const char *why;
	int error;

	error = body_parse(&session, p->offer.local, p->offer.local_len, &why);
	if (!error && modify_is_removed(call, &session)) {
		/* P had removed it: T's is offered anew. */
		error = said_session(&session, t);
		call->path.law[p->place == 'a' ? PATH_A : PATH_B] =
			call->path.law[t->place == 'a' ? PATH_A : PATH_B];
	}
	if (!error)
		delayed_strike(p, t, &session);
	call_rules_session(call, p, &rules);
	if (!error)
		error = path_place(call, p, p, &session, place);
	for (unsigned i = 0; !error && i < session.medias; i++) {
		place[i].direction =
			holding ? delayed_held(&held, i) : BODY_SENDRECV;
		if (!call->path.anchored)
			place[i].at = session.media[i].address;
	}
	if (!error)
		error = offer_save(&p->offer, &p->answer_kept);
	if (!error)
		error = offer_write_own(&p->offer, &session, &rules.rules,
					place, session.medias);
	if (error) {
		offer_forget(&p->answer_kept);
		why = path_lack(error);
		modify_refuse(call, p, why ? 503 : 500, why ? why : "internal");
		return;
	}
	modify_suppressed(call, p, false, "no-offer");
	modify_fill(call, p); /* The answer may be a hold, already in force. */
	p->answer_due = true;
	leg_reply(p, p->offer.local);
}

void delayed_unanswered(struct leg *leg)
{
	if (!leg->answer_due)
		return;
	leg->answer_due = false;
	offer_restore(&leg->offer, &leg->answer_kept);
}

void delayed_acked(struct call *call, struct leg *leg,
		   const struct leg_event *event)
{
	const char *why;

	if (!leg->answer_due)
		return;
	why = ours_answered(call, leg, event->sdp);
	if (why) {
		struct status_line line;

		/* The session stays as it was. */
		delayed_unanswered(leg);
		call_status(call, &line, leg, "call-answer-missing");
		status_text(&line, "cause", why);
		status_end(&line);
		return;
	}
	leg->answer_due = false;
	offer_forget(&leg->answer_kept);
	ours_catch_up(call, leg);
}
