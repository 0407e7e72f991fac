/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to the legs of a transfer that is on its way; its end. */
#include "config.h"

#include "sbc/call/transfer_private.h"

#include <stdlib.h>
#include <string.h>

#include "sbc/sip/refer.h"

static void transfer_busy(struct leg *leg, const struct leg_event *event)
{
	if (event->kind == LEG_OFFERED)
		leg_reply_refuse(leg, &(struct leg_refusal){.status = 491});
	else if (event->kind == LEG_REFERRED || event->kind == LEG_REQUESTED)
		leg_request_reply(leg, event->ticket, 491, NULL);
}

/* N hung up before it had taken its place. */
static void transfer_next_left(struct transfer *t)
{
	struct call *other = t->other;
	const char *by;

	if (t->state == TRANSFER_TELLING && !t->waits) {
		t->next_left = true; /* T's answer is awaited first. */
		return;
	}
	by = t->next_place == 'a' ? "a" : "b";
	transfer_fail(t, 487);
	if (other)
		call_end(other, by, "hangup");
}

static void transfer_next_event(struct transfer *t, struct leg *next,
				const struct leg_event *event)
{
	bool gone = event->kind == LEG_HUNG_UP || event->kind == LEG_CANCELLED;

	if (gone) {
		transfer_next_left(t);
	} else if (t->state == TRANSFER_ASKING && event->kind == LEG_MODIFIED) {
		offer_forget(&t->kept_next);
		t->kept_next = t->kept;
		t->kept = NULL;
		transfer_joined(t, event->sdp);
	} else if (t->state == TRANSFER_ASKING &&
		   event->kind == LEG_UNMODIFIED) {
		if (transfer_glare(t, next, event))
			return;
		offer_restore(&next->offer, &t->kept);
		transfer_fail(t, 488);
	} else {
		transfer_busy(next, event);
	}
}

/* How long the subscription goes on; 0: it does not say. */
static unsigned notify_expires(const sip_t *sip)
{
	const sip_subscription_state_t *state =
		sip ? sip->sip_subscription_state : NULL;
	unsigned long expires_s = state && state->ss_expires
					  ? strtoul(state->ss_expires, NULL, 10)
					  : 0;

	return expires_s > UINT16_MAX ? 0 : (unsigned)expires_s;
}

/* A subscription that ends without an outcome is one. */
static bool notify_is_last(const sip_t *sip)
{
	const sip_subscription_state_t *state =
		sip ? sip->sip_subscription_state : NULL;

	return state && state->ss_substate &&
	       !strcasecmp(state->ss_substate, "terminated");
}

/* What T answered to a REFER that it was sent, and told of it later. */
static bool transfer_forwarded_event(struct transfer *t, struct leg *leg,
				     const struct leg_event *event)
{
	unsigned status;

	if (leg != t->far)
		return false;
	if (event->kind == LEG_REPLIED && event->ticket == t->sent) {
		leg_refer_reply(t->outside ? t->outside : t->by, t->ticket,
				pass_status(event->status),
				t->silent && event->status < 300
					? "Refer-Sub: false\r\n"
					: NULL);
		if (event->status >= 300)
			transfer_over(t);
		return true;
	}
	if (event->kind != LEG_REQUESTED || strcmp(event->method, "NOTIFY"))
		return false;
	leg_request_reply(leg, event->ticket, 200, NULL);
	status = refer_fragment_status(event->body.text, event->body.len);
	transfer_expect(t, notify_expires(event->sip));
	if (status < 200 && notify_is_last(event->sip))
		status = 408;
	if (status)
		transfer_notify(t, status);
	if (status >= 200)
		transfer_over(t);
	return true;
}

static bool transfer_leaves(struct transfer *t, struct call *call,
			    struct leg *leg)
{
	if (t->state == TRANSFER_FORWARDED)
		return false;
	if (call == t->call && leg == t->by)
		t->by_left = true;
	else if (leg != t->other_by)
		return false;
	if (leg == t->asker)
		t->asker = NULL;
	return true;
}

/* N's media is joined when it has answered (RFC 3311 5.2): until then the call
 * is P's. */
static void transfer_branch_event(struct transfer *t, struct leg *branch,
				  const struct leg_event *event)
{
	if (event->kind == LEG_OFFERED && event->sdp.len)
		leg_reply_refuse(branch,
				 &(struct leg_refusal){.status = 500,
						       .retry_after_s = 2});
	else if (t->hunt)
		hunt_event(t->hunt, branch, event);
}

/* T's answer to N's media. */
static void transfer_far_said(struct transfer *t, const struct leg_event *event)
{
	if (transfer_glare(t, t->far, event))
		return;
	t->told = !transfer_told(t, event);
	if (!t->told || (t->next->state == LEG_INCOMING && transfer_answer(t)))
		transfer_fail(t, 488);
	else
		transfer_settle(t);
}

/* The answer of one that P had put on hold. */
static void transfer_resumed(struct transfer *t, struct leg *leg,
			     const struct leg_event *event)
{
	if (transfer_glare(t, leg, event))
		return;
	t->resuming = false;
	if (!transfer_told(t, event))
		transfer_resume(t);
}

/* A call that lends a leg has none of its own under way. */
static struct transfer *transfer_of(const struct call *call)
{
	return call->lent ? call->lent : call->transfer;
}

bool transfer_event(struct call *call, struct leg *leg,
		    const struct leg_event *event)
{
	struct transfer *t = transfer_of(call);
	bool answer =
		event->kind == LEG_MODIFIED || event->kind == LEG_UNMODIFIED;

	if (!t)
		return false;
	answer = answer && leg == t->tell && !t->waits;
	if (answer && t->resuming) {
		transfer_resumed(t, leg, event);
		return true;
	}
	if (t->state == TRANSFER_OVER)
		return false;
	if (t->state == TRANSFER_FORWARDED)
		return transfer_forwarded_event(t, leg, event);
	if (leg == t->next) {
		transfer_next_event(t, leg, event);
		return true;
	}
	if (leg != call->a && leg != call->b) {
		transfer_branch_event(t, leg, event);
		return true;
	}
	if (answer && t->state == TRANSFER_TELLING) {
		transfer_far_said(t, event);
		return true;
	}
	if (event->kind == LEG_HUNG_UP)
		return transfer_leaves(t, call, leg);
	/* The media is about to move: one thing at a time. */
	if (event->kind == LEG_OFFERED &&
	    (t->state != TRANSFER_DIALLING || !call->path.anchored)) {
		transfer_busy(leg, event);
		return true;
	}
	return false;
}

/* --- the end ----------------------------------------------------------------
 */

void transfer_free(struct call *call)
{
	if (call->lent)
		call->lent->other = NULL;
	call->lent = NULL;
	transfer_done(call);
}

void transfer_done(struct call *call)
{
	struct transfer *t = call->transfer;

	if (!t)
		return;
	call->transfer = NULL;
	path_return(call);
	if (t->other)
		t->other->lent = NULL;
	hunt_free(t->hunt);
	if (t->timer)
		su_timer_destroy(t->timer);
	leg_free(t->outside);
	offer_forget(&t->kept);
	offer_forget(&t->kept_next);
	policy_unref(t->policy);
	free(t);
}

void transfer_call_ends(struct call *call)
{
	struct transfer *t = transfer_of(call);
	bool own;

	if (!t)
		return;
	own = call == t->call;
	if (t->state != TRANSFER_OVER) {
		/* The other call may end by this, and take `t` along. */
		if (own) {
			t->by_left = false;
		} else {
			t->other_by = NULL;
			t->next_left = false;
		}
		if (t->state == TRANSFER_FORWARDED)
			transfer_over(t);
		else
			transfer_fail(t, 487);
	}
	if (own)
		transfer_done(call);
}
