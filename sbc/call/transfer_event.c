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

	if (t->state == TRANSFER_TELLING) {
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
		free(t->kept_next);
		t->kept_next = t->kept;
		t->kept = NULL;
		transfer_joined(t, event->sdp);
	} else if (t->state == TRANSFER_ASKING &&
		   event->kind == LEG_UNMODIFIED) {
		transfer_restore(t, next);
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
		leg_refer_reply(t->by, t->ticket, event->status, NULL);
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

bool transfer_event(struct call *call, struct leg *leg,
		    const struct leg_event *event)
{
	struct transfer *t = call->transfer ? call->transfer : call->lent;
	bool answer =
		event->kind == LEG_MODIFIED || event->kind == LEG_UNMODIFIED;

	if (!t)
		return false;
	if (answer && leg == t->tell && t->resuming) {
		t->resuming = false;
		if (!transfer_told(t, event))
			transfer_resume(t);
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
		if (t->hunt)
			hunt_event(t->hunt, leg, event);
		return true;
	}
	if (answer && leg == t->far && t->state == TRANSFER_TELLING) {
		if (transfer_told(t, event))
			transfer_fail(t, 488);
		else if (t->next->state == LEG_INCOMING && transfer_answer(t))
			transfer_fail(t, 488);
		else
			transfer_settle(t);
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
	struct transfer *t = call->transfer;

	if (call->lent)
		call->lent->other = NULL;
	call->lent = NULL;
	if (!t)
		return;
	call->transfer = NULL;
	if (t->other)
		t->other->lent = NULL;
	hunt_free(t->hunt);
	if (t->timer)
		su_timer_destroy(t->timer);
	transfer_unkeep(&t->kept);
	transfer_unkeep(&t->kept_next);
	policy_unref(t->policy);
	free(t);
}

void transfer_call_ends(struct call *call)
{
	struct transfer *t = call->transfer ? call->transfer : call->lent;
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
		transfer_free(call);
}
