/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new key for a leg.
 *
 *   worn --protected--> said, and no more
 *     |
 *     +--> waits until the leg is idle --> sent --2xx--> the new key holds
 *               ^   (REKEY_WAIT_MS)          |
 *               +-- 491: glare's pause ------+ other refusal: the old one stays
 *               +-- it could not be sent; any other body of ours that is sent
 *                   meanwhile has the new key, and that ends it
 */
#include "config.h"

#include "sbc/call/rekey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/call_private.h"
#include "sbc/call/learn.h"
#include "sbc/call/ours.h"
#include "sbc/call/secure.h"
#include "sbc/sip/glare.h"

#define REKEY_WAIT_MS 3000
#define REKEY_TRIES   20

static void rekey_line(struct call *call, const struct leg *leg,
		       const char *cause, unsigned status)
{
	struct status_line line;

	call_status(call, &line, leg, "srtp-key-worn");
	status_text(&line, "cause", cause);
	if (status)
		status_number(&line, "status", status);
	status_end(&line);
}

static void rekey_done(struct rekey *rekey)
{
	if (rekey->timer)
		su_timer_reset(rekey->timer);
	offer_forget(&rekey->kept);
	*rekey = (struct rekey){.call = rekey->call, .timer = rekey->timer};
}

static int rekey_send(struct rekey *rekey)
{
	struct call *call = rekey->call;
	struct leg *leg = rekey->leg;
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body session;
	const char *why;
	int error = body_parse(&session, leg->offer.local, leg->offer.local_len,
			       &why);

	leg->offer.rekey = true;
	if (!error)
		error = path_place(call, leg, leg, &session, place);
	if (error)
		return error;
	error = offer_save(&leg->offer, &rekey->kept);
	if (error)
		return error;
	call_rules(leg, &rules);
	error = offer_write_own(&leg->offer, &session, &rules.rules, place,
				session.medias);
	if (!error)
		error = leg_reinvite(leg, "key");
	if (error) {
		offer_unsaid(&leg->offer, &rekey->kept);
		leg->offer.rekey = true;
	}
	return error;
}

static void rekey_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			   void *arg);

/* Until the leg is idle, however long that takes. */
static void rekey_wait(struct rekey *rekey, unsigned ms)
{
	if (!rekey->timer)
		rekey->timer = su_timer_create(
			su_root_task(rekey->call->agent->root), 0);
	if (rekey->timer)
		su_timer_set_interval(rekey->timer, rekey_on_timer, rekey,
				      (su_duration_t)ms);
	else
		rekey_done(rekey);
}

static void rekey_again(struct rekey *rekey, unsigned ms)
{
	if (++rekey->tries < REKEY_TRIES) {
		rekey_wait(rekey, ms);
		return;
	}
	rekey_line(rekey->call, rekey->leg, "refused", 0);
	rekey_done(rekey);
}

/* It may have left for a newcomer, who has a key of its own. */
static bool rekey_is_here(const struct rekey *rekey)
{
	const struct call *call = rekey->call;

	return rekey->leg && call->state == CALL_ANSWERED &&
	       (rekey->leg == call->a || rekey->leg == call->b);
}

static void rekey_try(struct rekey *rekey)
{
	const struct call *call = rekey->call;

	if (!rekey_is_here(rekey) ||
	    (rekey->unsent && !rekey->leg->offer.rekey))
		rekey_done(rekey);
	else if (!leg_is_idle(rekey->leg) || call->forward.p || call->lent ||
		 call->a->answer_due || call->b->answer_due || call->transfer)
		rekey_wait(rekey, REKEY_WAIT_MS);
	else {
		rekey->sent = !rekey_send(rekey);
		rekey->unsent = !rekey->sent;
		if (rekey->unsent)
			rekey_again(rekey, REKEY_WAIT_MS);
	}
}

static void rekey_on_timer(su_root_magic_t *magic, su_timer_t *timer, void *arg)
{
	struct rekey *rekey = arg;

	(void)magic;
	(void)timer;
	if (!rekey->sent)
		rekey_try(rekey);
}

void rekey_worn(struct call *call, struct leg *leg)
{
	struct rekey *rekey = &call->rekey[leg == call->a ? 0 : 1];

	if (call->state != CALL_ANSWERED || !leg->offer.ended)
		return;
	if (!learn_allows(call->agent->learn, leg->peer, LEARN_REINVITE)) {
		rekey_line(call, leg, "protected", 0);
		return;
	}
	rekey_line(call, leg, "renewed", 0);
	rekey_done(rekey);
	rekey->call = call;
	rekey->leg = leg;
	rekey_try(rekey);
}

bool rekey_answered(struct call *call, struct leg *leg,
		    const struct leg_event *event)
{
	struct rekey *rekey = &call->rekey[leg == call->a ? 0 : 1];

	if (!rekey->sent || rekey->leg != leg)
		return false;
	if (event->kind == LEG_MODIFIED &&
	    !ours_answered(call, leg, event->sdp)) {
		rekey_done(rekey);
		ours_catch_up(call, leg);
		return true;
	}
	offer_restore(&leg->offer, &rekey->kept);
	leg->offer.rekey = rekey->sent = false;
	if (event->kind == LEG_UNMODIFIED && event->status == 491) {
		rekey_again(rekey, glare_wait_ms(leg));
		return true;
	}
	rekey_line(call, leg, "refused", event->status);
	rekey_done(rekey);
	if (event->kind == LEG_MODIFIED) /* It took the key, all the same. */
		forward_put_back(call, leg);
	return true;
}

void rekey_free(struct call *call)
{
	for (unsigned i = 0; i < 2; i++) {
		rekey_done(&call->rekey[i]);
		if (call->rekey[i].timer)
			su_timer_destroy(call->rekey[i].timer);
		call->rekey[i].timer = NULL;
	}
}
