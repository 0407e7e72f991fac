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
 * A leg that is busy or asks us at the same time (491) is asked again, a few
 * times. Whatever fails: the call and its media are as they were, P is told by
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

#include "sbc/call/delayed.h"
#include "sbc/call/modify.h"
#include "sbc/sip/glare.h"
#include "sbc/sip/refer.h"

#define TRANSFER_DISARM_MS 3000
#define TRANSFER_BUSY_MS   500
#define TRANSFER_TRIES	   5
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

	transfer_done(call); /* One that is over. */
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

static void transfer_fill(struct transfer *t)
{
	/* T waits as if it were held: with music, if there is any. */
	path_leave(t->call, t->by);
	path_arm(t->call, t->far, true);
}

void transfer_accept(struct transfer *t, const struct leg_event *refer)
{
	t->silent = refer_wants_silence(refer->sip);
	snprintf(t->event_id, sizeof(t->event_id), ";id=%u",
		 refer->sip->sip_cseq->cs_seq);
	transfer_take_outside(t, refer);
	leg_refer_reply(t->asker, refer->ticket, 202,
			t->silent ? "Refer-Sub: false\r\n" : NULL);
	t->call->transfers++;
	transfer_line(t, "call-transfer", 0);
	transfer_notify(t, 100);
	transfer_fill(t);
}

/* --- N has come --------------------------------------------------------- */

static void transfer_in(struct transfer *t, unsigned ms);

static bool transfer_wait(struct transfer *t, unsigned ms)
{
	t->waits = t->tries++ < TRANSFER_TRIES;
	if (t->waits)
		transfer_in(t, ms);
	return t->waits;
}

bool transfer_glare(struct transfer *t, struct leg *leg,
		    const struct leg_event *event)
{
	if (event->kind != LEG_UNMODIFIED || event->status != 491)
		return false;
	offer_restore(&leg->offer, &t->kept);
	return transfer_wait(t, glare_wait_ms(leg));
}

void transfer_ask(struct transfer *t)
{
	int error = 0;

	t->waits = false;
	switch (t->state) {
	case TRANSFER_ASKING:
		error = transfer_lend(t);
		break;
	case TRANSFER_TELLING:
		error = transfer_tell(t, t->far, t->next);
		break;
	case TRANSFER_OVER:
		transfer_in(t, TRANSFER_DISARM_MS);
		transfer_resume(t);
		return;
	case TRANSFER_DIALLING:
	case TRANSFER_FORWARDED:
		return;
	}
	if (error && (error != -EBUSY || !transfer_wait(t, TRANSFER_BUSY_MS)))
		transfer_fail(t, 488);
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
	if (!status && next->state != LEG_INCOMING &&
	    !transfer_takes(call, &said))
		status = 488;
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
	if (status) {
		transfer_fail(t, status);
	} else if (tell) {
		t->state = TRANSFER_TELLING;
		transfer_ask(t);
	} else {
		transfer_settle(t);
	}
}

/* --- the outcome -------------------------------------------------------- */

static void transfer_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			      void *arg)
{
	struct transfer *t = arg;

	(void)magic;
	(void)timer;
	if (t->waits) {
		transfer_ask(t);
		return;
	}
	if (t->state == TRANSFER_FORWARDED) {
		transfer_line(t, "call-transfer-failed", 408);
		transfer_notify(t, 408);
		transfer_over(t);
		return;
	}
	if (t->call->state == CALL_ANSWERED)
		path_disarm(t->call, t->far);
	if (t->resuming) /* The answer is ours to take. */
		transfer_in(t, TRANSFER_DISARM_MS);
	else
		transfer_done(t->call);
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
	offer_forget(&t->kept);
	offer_forget(&t->kept_next);
	t->state = TRANSFER_OVER;
	t->waits = t->told = false;
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

void transfer_resume(struct transfer *t)
{
	struct leg *next = call_other(t->call, t->far);
	int error = 0;

	t->resuming = true;
	if (transfer_is_held(t, t->far))
		error = transfer_tell(t, t->far, next);
	else if (transfer_is_held(t, next))
		error = transfer_tell(t, next, t->far);
	else
		t->resuming = false;
	if (error)
		t->resuming =
			error == -EBUSY && transfer_wait(t, TRANSFER_BUSY_MS);
}

void transfer_settle(struct transfer *t)
{
	struct call *call = t->call, *other = t->other;
	struct leg *by = t->by, *next = t->next;
	struct leg *other_by = t->other_by;
	const struct policy_peer **counted =
		by->place == 'a' ? &call->counted_a : &call->counted_b;
	/* In its own call, where nobody waits for it any more. */
	const struct status_leg *was = !other ? NULL
				       : t->next_place == 'a'
					       ? &other->status.a
					       : &other->status.b;
	bool holding = was && was->held;
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
	forward_leave(call, by);
	delayed_unanswered(by);
	leg_own(next, call, call_on_leg, by->place);
	if (call->a == by)
		call->a = next;
	else
		call->b = next;
	pass_forget(call, by);
	call_uncount(call, counted);
	*counted = t->counted;
	t->counted = NULL;
	transfer_line(t, "call-transferred", 0);
	if (body_parse(&said, next->offer.remote, next->offer.remote_len, &why))
		holding = false;
	else
		path_target(call, next, &said);
	path_flows(call, next, t->far);
	/* The new one's first packet may be late; and what the end of another
	 * call heard until now was perhaps filler, too. */
	path_arm(call, t->far, true);
	if (other)
		modify_fill(call, t->far);
	if (next->state == LEG_INCOMING)
		leg_answer(next, next->offer.local);
	transfer_notify(t, 200);
	transfer_describe(t);
	if (holding)
		modify_tell_hold(call, next, &said);
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
	if (next->state != LEG_ESTABLISHED)
		return;
	if (t->state == TRANSFER_ASKING && t->kept) /* It may yet take it. */
		forward_take_back(t->other, next, &t->kept);
	if (!t->kept_next)
		return;
	/* It took our offer before T refused. */
	offer_restore(&next->offer, &t->kept_next);
	forward_put_back(t->other, next);
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
	if (t->told && !by_left) {
		offer_restore(&t->far->offer, &t->kept);
		forward_put_back(call, t->far);
	} else if (call->state == CALL_ANSWERED &&
		   t->state == TRANSFER_TELLING && t->kept &&
		   t->far->state == LEG_ESTABLISHED) {
		forward_take_back(call, t->far, &t->kept);
	}
	transfer_drop_next(t);
	path_guest_leave(call);
	path_return(call);
	if (call->state == CALL_ANSWERED)
		path_arm(call, t->far, true);
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
