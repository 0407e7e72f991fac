/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What T, N and a leg of another call are offered and answered in a transfer.
 */
#include "config.h"

#include "sbc/call/transfer_private.h"

#include <errno.h>
#include <string.h>

#include "sbc/call/learn.h"

bool transfer_secure(const struct call *call)
{
	for (unsigned i = 0; i < call->path.slots; i++)
		if (call->path.secure[i])
			return true;
	return false;
}

/* N's SRTP ends here if T's does, or if N's policy says so; then T must have
 * no keys that it shared with P. */
static int transfer_secures(const struct transfer *t, struct leg *next)
{
	struct secure_decision secure;

	secure_judge(&secure, t->far->peer, next->peer, NULL,
		     t->far->offer.ended);
	if (!secure.ended)
		return 0;
	if (!t->far->offer.ended && transfer_secure(t->call))
		return -EPROTONOSUPPORT;
	secure_end(next);
	return 0;
}

static int transfer_rules(const struct call *call, const struct leg *far,
			  const struct leg *to, struct call_rules *out)
{
	const char *spoken = path_codec(call, far);
	int error = call_rules_both(to, far, out);

	if (error || !spoken[0])
		return error;
	for (unsigned i = 0; i < out->rules.codecs_count; i++)
		if (!strcasecmp(out->rules.codecs[i], spoken))
			out->rules.codecs_count = 0;
	if (out->rules.codecs_count)
		return -ENOTSUP; /* It may not speak what T speaks. */
	call_rules_session(call, to, out);
	return 0;
}

int transfer_offer(struct call *call, struct leg *to)
{
	struct transfer *t = call->transfer;
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body source;
	int error = transfer_secures(t, to);

	if (!error)
		error = transfer_rules(call, t->far, to, &rules);
	if (!error)
		error = said_session(&source, t->far);
	if (!error)
		error = path_place(call, to, t->far, &source, place);
	if (!error)
		error = call_keep_fax(to, &source, place);
	if (!error)
		error = secure_offer(t->far, to, &source, place);
	if (error)
		return error;
	/* What P's hold made of T's direction ends with P; T's own stays. */
	for (unsigned i = 0; i < source.medias; i++)
		place[i].direction =
			!call_status_leg(call, t->far)->held
				? BODY_SENDRECV
				: call_hold_told(to,
						 call->path.end[PATH_N].session,
						 place[i].direction);
	return offer_write_offer(&to->offer, &source, &rules.rules, place);
}

/* --- asked ------------------------------------------------------------- */

int transfer_tell(struct transfer *t, struct leg *to, struct leg *from)
{
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body source;
	int error = leg_is_idle(to) ? 0 : -EBUSY;

	t->tell = to;
	if (!error)
		error = offer_save(&to->offer, &t->kept);
	if (!error)
		error = call_rules_both(to, from, &rules);
	if (!error)
		error = said_session(&source, from);
	if (!error)
		error = path_place(t->call, to, from, &source, place);
	if (!error)
		error = call_keep_fax(to, &source, place);
	if (!error && to->offer.ended)
		error = secure_offer(from, to, &source, place);
	for (unsigned i = 0; !error && i < source.medias; i++)
		if (!call_status_leg(t->call, from)->held)
			place[i].direction = BODY_SENDRECV;
	if (!error)
		error = offer_write_offer(&to->offer, &source, &rules.rules,
					  place);
	if (!error)
		error = leg_reinvite(to, "transfer");
	if (error)
		offer_unsaid(&to->offer, &t->kept);
	return error;
}

int transfer_lend(struct transfer *t)
{
	struct leg *next = t->next;
	int error = leg_is_idle(next) ? 0 : -EBUSY;

	if (!error)
		error = offer_save(&next->offer, &t->kept);
	if (!error)
		error = transfer_offer(t->call, next);
	if (!error)
		error = leg_reinvite(next, "transfer");
	if (error)
		offer_unsaid(&next->offer, &t->kept);
	return error;
}

bool transfer_takes(const struct call *call, struct said *said)
{
	const struct body *ours = said_local(said);
	unsigned audio = call->path.audio;

	return ours && (audio >= ours->medias || !ours->media[audio].port ||
			offer_takes(ours, said_remote(said), audio));
}

int transfer_told(struct transfer *t, const struct leg_event *event)
{
	struct leg *leg = t->tell;
	struct said said;

	said_begin(&said, leg);
	if (event->kind == LEG_UNMODIFIED) {
		offer_restore(&leg->offer, &t->kept);
		return -ENOTSUP;
	}
	if (said_hear(&said, event->sdp) ||
	    !secure_answered(&said, said_remote(&said)) ||
	    !transfer_takes(t->call, &said) ||
	    offer_remember(&leg->offer, event->sdp.text, event->sdp.len)) {
		offer_restore(&leg->offer, &t->kept);
		forward_put_back(t->call, leg);
		return -EPROTO;
	}
	path_target_said(t->call, &said, said_remote(&said));
	if (leg == t->far)
		call_note_codec(t->call, said_remote(&said));
	path_flows(t->call, t->call->a, t->call->b);
	return 0;
}

int transfer_answer(struct transfer *t)
{
	struct call *call = t->call;
	struct leg *next = t->next;
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body theirs, chosen;
	const char *why;
	int error = transfer_secures(t, next);

	if (!error)
		error = body_parse(&theirs, next->offer.remote,
				   next->offer.remote_len, &why);
	if (!error)
		error = said_session(&chosen, t->far);
	if (!error)
		error = path_place(call, next, t->far,
				   call->path.anchored ? &theirs : &chosen,
				   place);
	for (unsigned i = 0; !error && i < theirs.medias; i++)
		place[i].direction =
			body_direction_reverse(theirs.media[i].direction);
	call_rules_session(call, next, &rules);
	if (!error)
		error = offer_write_answer(&next->offer, &theirs, &chosen,
					   &rules.rules, place);
	return error;
}

bool transfer_is_held(const struct transfer *t, const struct leg *leg)
{
	unsigned audio = t->call->path.audio;
	struct body ours;
	const char *why;

	return !call_status_leg(t->call, leg)->held &&
	       !call_status_leg(t->call, call_other(t->call, leg))->held &&
	       !body_parse(&ours, leg->offer.local, leg->offer.local_len,
			   &why) &&
	       audio < ours.medias &&
	       ours.media[audio].direction != BODY_SENDRECV &&
	       learn_allows(t->call->agent->learn, leg->peer, LEARN_REINVITE);
}
