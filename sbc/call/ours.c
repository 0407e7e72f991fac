/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Offers of ours that no far end's offer is behind. */
#include "config.h"

#include "sbc/call/ours.h"

#include "sbc/call/call_private.h"
#include "sbc/call/forward.h"
#include "sbc/call/learn.h"
#include "sbc/call/modify.h"

/* --- what is answered ------------------------------------------------------
 */

/* Is this an answer to what we last offered on that leg? NULL: it is, and
 * `said` has heard it. */
static const char *ours_unfit(struct said *said, struct body_span sdp)
{
	const struct body *ours = said_local(said);

	if (!sdp.len)
		return "no-answer";
	if (said_hear(said, sdp))
		return "broken-sdp";
	if (!ours || !offer_fits(ours, said_remote(said)))
		return "answer-unusable";
	return secure_answered(said, said_remote(said)) ? NULL : "srtp";
}

const char *ours_answered(struct call *call, struct leg *leg,
			  struct body_span sdp)
{
	const char *why;
	struct said said;

	said_begin(&said, leg);
	why = ours_unfit(&said, sdp);
	if (!why && offer_remember(&leg->offer, sdp.text, sdp.len))
		why = "internal";
	if (why)
		return why;
	path_target_said(call, &said, said_remote(&said));
	path_note_law(call, &said);
	path_flows(call, leg, call_other(call, leg));
	modify_tell_hold(call, leg, said_remote(&said));
	modify_fill(call, leg);
	return NULL;
}

/* --- what was missed -------------------------------------------------------
 */

void ours_catch_up(struct call *call, struct leg *p)
{
	struct leg *t = call_other(call, p);
	const bool *quiet = call->path.quiet[p->place == 'a' ? PATH_A : PATH_B];
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body told;
	const char *why;
	char *kept = NULL;
	bool news = false;

	if (call->forward.told != t || call->forward.p ||
	    call_status_leg(call, t)->held || !modify_may_ask(call, t) ||
	    body_parse(&told, t->offer.local, t->offer.local_len, &why) ||
	    path_place(call, t, t, &told, place))
		return;
	for (unsigned i = 0; i < told.medias; i++) {
		if (!call->path.anchored)
			place[i].at = told.media[i].address;
		if (place[i].direction == BODY_SENDRECV || quiet[i])
			continue;
		place[i].direction = BODY_SENDRECV;
		news = true;
	}
	if (!news || offer_save(&t->offer, &kept))
		return;
	call_rules_session(call, t, &rules);
	if (!offer_write_own(&t->offer, &told, &rules.rules, place,
			     told.medias))
		forward_say(call, t, &kept);
	offer_forget(&kept);
}

static int ours_place(struct call *call, const struct leg *to,
		      const struct leg *from, const struct body *source,
		      struct offer_place *place)
{
	int error = path_place(call, to, from, source, place);

	for (unsigned i = 0; i < source->medias; i++)
		place[i].direction = call_hold_told(to, call->path.anchored,
						    place[i].direction);
	return error;
}

void ours_tell_answer(struct call *call)
{
	struct leg *to = call->a, *from = call->b;
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	struct body source;
	char *kept = NULL;

	if (!call->untold || offer_save(&to->offer, &kept))
		return;
	if (!learn_allows(call->agent->learn, to->peer, LEARN_REINVITE) ||
	    call_rules_both(to, from, &rules) || said_session(&source, from) ||
	    ours_place(call, to, from, &source, place) ||
	    call_keep_fax(to, &source, place) ||
	    (to->offer.ended && secure_offer(from, to, &source, place)) ||
	    offer_write_offer(&to->offer, &source, &rules.rules, place))
		call->untold = false;
	else
		forward_say(call, to, &kept);
	offer_forget(&kept);
}

void ours_again(struct call *call, struct leg *t)
{
	if (t == call->a && call->untold)
		ours_tell_answer(call);
	else
		ours_catch_up(call, call_other(call, t));
}
