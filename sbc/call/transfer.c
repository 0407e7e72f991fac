/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A transfer on its way.
 *
 *   DIALLING --2xx--+                      no candidate, P's leg stays: fail
 *   ASKING ---2xx---+                      refused: fail
 *                   |
 *                   +-- T's media comes to us: nothing for T -----+
 *                   +-- it went past us --> TELLING --2xx--> settle: OVER
 *                                              refused: fail
 *
 * Whatever fails: the call and its media are as they were, P is told by
 * NOTIFY; a call whose P has hung up meanwhile ends. Timers: the candidates'
 * own (hunt); 3 s after the end T's filler is disarmed. A REFER that was passed
 * on is given up when T's subscription expires (RFC 3515 2.4.4), at the latest
 * after 180 s.
 */
#include "config.h"

#include "sbc/call/transfer_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sofia-sip/sip_status.h>

#include "sbc/call/learn.h"
#include "sbc/sip/crypto.h"
#include "sbc/sip/refer.h"

#define TRANSFER_DISARM_MS 3000
/* What P is told in its NOTIFYs, and so the longest that T may take. */
#define TRANSFER_EXPIRES_S 180
#define TRANSFER_TEXT_(x)  #x
#define TRANSFER_TEXT(x)   TRANSFER_TEXT_(x)

static void transfer_line(struct transfer *t, const char *event,
			  unsigned status)
{
	struct status_line line;

	call_status(t->call, &line, t->by, event);
	status_text(&line, "number", t->number);
	if (t->other)
		status_text(&line, "other", t->other->status.id);
	if (status)
		status_number(&line, "status", status);
	status_end(&line);
}

/* --- P is told --------------------------------------------------------- */

void transfer_notify(struct transfer *t, unsigned status)
{
	char extra[160], body[96];
	const char *phrase = sip_status_phrase((int)status);
	struct leg_message message = {.method = "NOTIFY",
				      .content_type =
					      "message/sipfrag;version=2.0",
				      .body = body,
				      .extra = extra};

	if (t->silent || !t->asker)
		return;
	snprintf(body, sizeof(body), "SIP/2.0 %u %s\r\n", status,
		 phrase ? phrase : "Answered");
	snprintf(extra, sizeof(extra),
		 "Event: refer%s\r\nSubscription-State: %s\r\n", t->event_id,
		 status < 200
			 ? "active;expires=" TRANSFER_TEXT(TRANSFER_EXPIRES_S)
			 : "terminated;reason=noresource");
	leg_request(t->asker, &message, NULL);
}

struct transfer *transfer_new(struct call *call, struct leg *by,
			      struct leg *asker)
{
	struct transfer *t;

	transfer_free(call); /* One that is over. */
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->call = call;
	t->by = by;
	t->asker = asker;
	t->far = call_other(call, by);
	t->policy = policy_ref(by->policy);
	call->transfer = t;
	return t;
}

static void transfer_arm(struct transfer *t)
{
	struct body codec;
	const char *why;

	if (!body_parse(&codec, t->far->offer.remote, t->far->offer.remote_len,
			&why))
		path_arm(t->call, t->far, &codec);
}

static void transfer_fill(struct transfer *t)
{
	bool *held = &t->call->path.held[t->by->place == 'a' ? PATH_A : PATH_B];

	/* T waits as if it were held: with music, if there is any. */
	t->was_held = *held;
	*held = true;
	transfer_arm(t);
}

void transfer_accept(struct transfer *t, const struct leg_event *refer)
{
	t->silent = refer_wants_silence(refer->sip);
	snprintf(t->event_id, sizeof(t->event_id), ";id=%u",
		 refer->sip->sip_cseq->cs_seq);
	leg_refer_reply(t->asker, refer->ticket, 202,
			t->silent ? "Refer-Sub: false\r\n" : NULL);
	t->call->transfers++;
	transfer_line(t, "call-transfer", 0);
	transfer_notify(t, 100);
	transfer_fill(t);
}

/* --- SDP --------------------------------------------------------------- */

static bool transfer_secure(const struct call *call)
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
	const char *why;
	int error = transfer_secures(t, to);

	if (!error)
		error = transfer_rules(call, t->far, to, &rules);
	if (!error)
		error = body_parse(&source, t->far->offer.remote,
				   t->far->offer.remote_len, &why);
	if (!error)
		error = path_place(call, to, t->far, &source, place);
	if (!error)
		error = secure_offer(t->far, to, &source, place);
	if (error)
		return error;
	/* What P's hold made of T's direction ends with P; T's own stays. */
	for (unsigned i = 0; i < source.medias; i++)
		if (!call_status_leg(call, t->far)->held)
			place[i].direction = BODY_SENDRECV;
	return offer_write_offer(&to->offer, &source, &rules.rules, place);
}

/* --- T is told, where it has to be ------------------------------------- */

/* It holds keys. */
void transfer_unkeep(char **kept)
{
	if (*kept)
		crypto_wipe(*kept, strlen(*kept));
	free(*kept);
	*kept = NULL;
}

void transfer_restore(struct transfer *t, struct leg *leg)
{
	if (!t->kept)
		return;
	crypto_wipe(leg->offer.local, leg->offer.local_len);
	free(leg->offer.local);
	leg->offer.local = t->kept;
	leg->offer.local_len = strlen(t->kept);
	t->kept = NULL;
}

/* Our re-INVITE to one of the two that stay, with what the other one said. */
static int transfer_tell(struct transfer *t, struct leg *to, struct leg *from)
{
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body source;
	const char *why;
	int error = call_rules_both(to, from, &rules);

	transfer_unkeep(&t->kept);
	t->kept = strdup(to->offer.local);
	t->tell = to;
	if (!t->kept)
		error = -ENOMEM;
	if (!error)
		error = body_parse(&source, from->offer.remote,
				   from->offer.remote_len, &why);
	if (!error)
		error = path_place(t->call, to, from, &source, place);
	if (!error && to->offer.ended)
		error = secure_offer(from, to, &source, place);
	for (unsigned i = 0; !error && i < source.medias; i++)
		if (!call_status_leg(t->call, from)->held)
			place[i].direction = BODY_SENDRECV;
	if (!error)
		error = offer_write_offer(&to->offer, &source, &rules.rules,
					  place);
	if (!error)
		error = leg_reinvite(to);
	if (error)
		transfer_restore(t, to);
	return error;
}

int transfer_told(struct transfer *t, const struct leg_event *event)
{
	struct leg *leg = t->tell;
	struct said said;

	said_begin(&said, leg);
	if (event->kind == LEG_UNMODIFIED || said_hear(&said, event->sdp) ||
	    !secure_answered(&said, said_remote(&said)) ||
	    offer_remember(&leg->offer, event->sdp.text, event->sdp.len)) {
		transfer_restore(t, leg);
		return -ENOTSUP;
	}
	transfer_unkeep(&t->kept);
	path_target_said(t->call, &said, said_remote(&said));
	if (leg == t->far)
		call_note_codec(t->call, said_remote(&said));
	path_flows(t->call, t->call->a, t->call->b);
	return 0;
}

/* --- N has come --------------------------------------------------------- */

/* The answer to N's INVITE with Replaces, from the session that T has. */
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
		error = body_parse(&chosen, t->far->offer.remote,
				   t->far->offer.remote_len, &why);
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

void transfer_joined(struct transfer *t, struct body_span sdp)
{
	struct call *call = t->call;
	struct leg *next = t->next;
	bool tell = !call->path.anchored || transfer_secure(call);
	struct said said;
	unsigned status = 0;

	if (!sdp.len && next->offer.remote)
		sdp = (struct body_span){next->offer.remote,
					 (uint16_t)next->offer.remote_len};
	said_begin(&said, next);
	if (!sdp.len || said_hear(&said, sdp) ||
	    (next->offer.local &&
	     !secure_answered(&said, said_remote(&said))) ||
	    (sdp.text != next->offer.remote &&
	     offer_remember(&next->offer, sdp.text, sdp.len)))
		status = 502;
	if (!status && next->state == LEG_INCOMING && !tell &&
	    transfer_answer(t))
		status = 488;
	if (!status && next->offer.ended)
		secure_end(t->far);
	else if (!status && t->far->offer.ended)
		secure_end(next);
	t->direct = !call->path.anchored;
	if (!status && path_take(call, t->by))
		status = 503;
	if (!status && tell) {
		t->state = TRANSFER_TELLING;
		status = transfer_tell(t, t->far, next) ? 488 : 0;
		if (!status)
			return;
	}
	if (status)
		transfer_fail(t, status);
	else
		transfer_settle(t);
}

/* --- the outcome -------------------------------------------------------- */

static void transfer_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			      void *arg)
{
	struct transfer *t = arg;

	(void)magic;
	(void)timer;
	if (t->state == TRANSFER_FORWARDED) {
		transfer_line(t, "call-transfer-failed", 408);
		transfer_notify(t, 408);
		transfer_over(t);
		return;
	}
	if (t->call->state == CALL_ANSWERED &&
	    !path_is_quiet(t->call, call_other(t->call, t->far)))
		path_disarm(t->call, t->far);
	transfer_free(t->call);
}

static void transfer_in(struct transfer *t, unsigned ms)
{
	if (!t->timer)
		t->timer =
			su_timer_create(su_root_task(t->call->agent->root), 0);
	if (t->timer)
		su_timer_set_interval(t->timer, transfer_on_timer, t,
				      (su_duration_t)ms);
}

void transfer_expect(struct transfer *t, unsigned expires_s)
{
	if (!expires_s || expires_s > TRANSFER_EXPIRES_S)
		expires_s = TRANSFER_EXPIRES_S;
	transfer_in(t, expires_s * 1000);
}

void transfer_over(struct transfer *t)
{
	hunt_free(t->hunt);
	t->hunt = NULL;
	t->state = TRANSFER_OVER;
	t->next = t->asker = t->other_by = NULL;
	if (t->other)
		t->other->lent = NULL;
	t->other = NULL;
	transfer_in(t, TRANSFER_DISARM_MS);
}

/* The leg that the other call gave, with its place among a trunk's calls. */
static void transfer_take_lent(struct transfer *t)
{
	struct call *other = t->other;
	const struct policy_peer **slot =
		t->next_place == 'a' ? &other->counted_a : &other->counted_b;

	if (t->next_place == 'a')
		other->a = NULL;
	else
		other->b = NULL;
	t->counted = *slot;
	*slot = NULL;
}

static void transfer_describe(struct transfer *t)
{
	struct call *call = t->call;
	struct leg *next = t->next;
	struct status_leg *row = call_status_leg(call, next);

	snprintf(row->peer, sizeof(row->peer), "%.31s", next->peer->name);
	snprintf(row->network, sizeof(row->network), "%.31s",
		 next->at->policy->name);
	snprintf(row->number, sizeof(row->number), "%.63s", t->number);
	row->signalling = next->remote;
	row->held = false;
	call->status.state = call->status.a.held || call->status.b.held
				     ? STATUS_HELD
				     : STATUS_ESTABLISHED;
	call->status.anchored = call->path.anchored;
	call->status.media = call->path.session;
	call->status.slots = call->path.slots;
	call_describe(call);
}

/* No offer may be on its way to or from a leg that goes. */
static void transfer_stop_forward(struct transfer *t)
{
	struct leg *p = t->call->forward.p;

	if (p && p != t->by)
		leg_reply_refuse(p, &(struct leg_refusal){.status = 491});
	forward_clear(t->call);
	if (t->call->answer_due == t->by)
		t->call->answer_due = NULL;
}

static bool transfer_is_held(const struct transfer *t, const struct leg *leg)
{
	unsigned audio = t->call->path.audio;
	struct body ours;
	const char *why;

	return !call_status_leg(t->call, leg)->held &&
	       !body_parse(&ours, leg->offer.local, leg->offer.local_len,
			   &why) &&
	       audio < ours.medias &&
	       ours.media[audio].direction != BODY_SENDRECV &&
	       learn_allows(t->call->agent->learn, leg->peer, LEARN_REINVITE);
}

/* P had put one of them on hold: it is taken up again, where it may be told. */
void transfer_resume(struct transfer *t)
{
	struct leg *next = call_other(t->call, t->far);

	if (transfer_is_held(t, t->far))
		t->resuming = !transfer_tell(t, t->far, next);
	else if (transfer_is_held(t, next))
		t->resuming = !transfer_tell(t, next, t->far);
}

void transfer_settle(struct transfer *t)
{
	struct call *call = t->call, *other = t->other;
	struct leg *by = t->by, *next = t->next;
	struct leg *other_by = t->other_by;
	const struct policy_peer **counted =
		by->place == 'a' ? &call->counted_a : &call->counted_b;
	bool left = t->next_left;
	struct body said;
	const char *why;

	if (other)
		transfer_take_lent(t);
	/* Of two calls that were joined, one leg's may have been plain. */
	if (next->offer.ended)
		secure_end(t->far);
	else if (t->far->offer.ended)
		secure_end(next);
	leg_own(next, call, call_on_leg, by->place);
	if (call->a == by)
		call->a = next;
	else
		call->b = next;
	transfer_stop_forward(t);
	pass_forget(call, by);
	call_uncount(call, counted);
	*counted = t->counted;
	t->counted = NULL;
	if (!body_parse(&said, next->offer.remote, next->offer.remote_len,
			&why))
		path_target(call, next, &said);
	path_flows(call, next, t->far);
	if (next->state == LEG_INCOMING)
		leg_answer(next, next->offer.local);
	transfer_line(t, "call-transferred", 0);
	transfer_notify(t, 200);
	transfer_describe(t);
	leg_end(by, 0, NULL);
	t->by = next;
	transfer_over(t);
	if (other && other_by)
		call_end(other, other_by->place == 'a' ? "a" : "b",
			 "transferred");
	if (call->path.anchored)
		transfer_resume(t);
	if (left)
		call_end(call, next->place == 'a' ? "a" : "b", "hangup");
}

/* N is given back, or let go. */
static void transfer_drop_next(struct transfer *t)
{
	struct leg *next = t->next;

	t->next = NULL;
	if (!next)
		return;
	if (!t->other) {
		leg_end(next, 488, NULL);
		return;
	}
	leg_own(next, t->other, call_on_leg, t->next_place);
	if (!t->kept_next || next->state != LEG_ESTABLISHED)
		return;
	/* It took our offer before T refused: back to what it had. */
	t->kept = t->kept_next;
	t->kept_next = NULL;
	transfer_restore(t, next);
	if (!offer_renew(&next->offer))
		leg_reinvite(next);
}

void transfer_fail(struct transfer *t, unsigned status)
{
	struct call *call = t->call, *other = t->other;
	bool by_left = t->by_left, next_left = t->next_left && other;
	const char *next_by = t->next_place == 'a' ? "a" : "b";
	bool other_left;
	struct leg *by = t->by, *other_by = t->other_by;

	if (t->state == TRANSFER_TELLING && t->direct)
		path_untake(call);
	transfer_drop_next(t);
	path_guest_leave(call);
	if (call->state == CALL_ANSWERED && !t->was_held) {
		call->path.held[by->place == 'a' ? PATH_A : PATH_B] = false;
		transfer_arm(t);
	}
	call_uncount(call, &t->counted);
	transfer_line(t, "call-transfer-failed", status);
	transfer_notify(t, status);
	other_left = other && other_by && other_by->state == LEG_ENDED;
	transfer_over(t);
	if (other_left)
		call_end(other, other_by->place == 'a' ? "a" : "b", "hangup");
	else if (next_left)
		call_end(other, next_by, "hangup");
	if (by_left)
		call_end(call, by->place == 'a' ? "a" : "b", "transfer-failed");
}

/* --- candidates --------------------------------------------------------- */

static int transfer_planned(struct call *call, struct hunt *hunt,
			    const struct sockaddr *local)
{
	struct transfer *t = call->transfer;
	int error = path_guest(call, t->by, local, hunt->plan.anchored);

	if (!error && call->path.anchored && transfer_secure(call) &&
	    !call->path.shared)
		return -ENOTSUP;
	return error;
}

static void transfer_progress(struct call *call, struct leg *branch,
			      const struct leg_event *event)
{
	struct transfer *t = call->transfer;

	/* Its 2xx may say no more than this. */
	if (event->sdp.len)
		offer_remember(&branch->offer, event->sdp.text, event->sdp.len);
	if (t->rang || event->status < 180)
		return;
	t->rang = true;
	transfer_notify(t, 180);
}

static void transfer_accepted(struct call *call, struct leg *branch,
			      const struct leg_event *event)
{
	struct transfer *t = call->transfer;

	hunt_win(t->hunt, branch);
	t->next = branch;
	transfer_joined(t, event->sdp);
}

static void transfer_unanswered(struct call *call,
				const struct leg_refusal *refusal)
{
	transfer_fail(call->transfer, refusal->status);
}

const struct hunt_client transfer_hunt = {
	.planned = transfer_planned,
	.offer = transfer_offer,
	.progress = transfer_progress,
	.accepted = transfer_accepted,
	.failed = transfer_unanswered,
};
