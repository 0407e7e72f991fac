/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mid-call offer on its way from P to T.
 *
 *   asked --T idle--> sent --2xx--> P is answered with T's answer
 *     |                 | 491: pause (RFC 3261 14.1), then asked again
 *     |                 | other refusal: answered here, or refused where media
 *     |                 |   goes past us
 *     +-- FORWARD_WAIT_MS: T never was free: the same as refused
 *
 * What T took in vain, since P took it back or cannot be answered, is undone by
 * a re-INVITE with what T had before; 491 to that: the same pause.
 */
#include "config.h"

#include "sbc/call/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/call_private.h"
#include "sbc/call/modify.h"
#include "sbc/call/ours.h"
#include "sbc/sip/crypto.h"
#include "sbc/sip/glare.h"

/* P's own patience is timer B, 32 s. */
#define FORWARD_WAIT_MS 10000
#define FORWARD_TRIES	3
/* How long a leg that is busy is left alone. */
#define FORWARD_BUSY_MS 500
/* A fax that is not switched by then has given up, whatever it waited for. */
#define FORWARD_T38_MS 5000

static void forward_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			     void *arg);

static bool forward_is_fax(const struct forward *f)
{
	return f->p && !strcmp(f->what, "t38");
}

/* What is left of its time. */
static unsigned forward_fax_ms(const struct forward *f)
{
	uint64_t waited = agent_now_ms() - f->asked_ms;

	return waited < FORWARD_T38_MS ? (unsigned)(FORWARD_T38_MS - waited)
				       : 0;
}

static void forward_wait(struct call *call, unsigned ms)
{
	struct forward *f = &call->forward;

	if (!f->timer)
		f->timer = su_timer_create(su_root_task(call->agent->root), 0);
	if (forward_is_fax(f) && ms > forward_fax_ms(f))
		ms = forward_fax_ms(f);
	if (f->timer)
		su_timer_set_interval(f->timer, forward_on_timer, call,
				      (su_duration_t)ms);
}

/* Nobody waits for what is undone, or said, any more. */
static void forward_forget(struct forward *f)
{
	f->late = false;
	f->undo_tries = 0;
	offer_forget(&f->late_local);
}

/* P has its answer: nothing is under way any more. */
static void forward_done(struct call *call)
{
	struct forward *f = &call->forward;

	if (f->timer)
		su_timer_reset(f->timer);
	crypto_wipe(f->text, f->len);
	free(f->text);
	offer_forget(&f->t_local);
	*f = (struct forward){.timer = f->timer,
			      .withdrawn = f->withdrawn,
			      .undoing = f->undoing,
			      .undo_due = f->undo_due,
			      .undo_tries = f->undo_tries,
			      .undo_to = f->undo_to,
			      .late = f->late,
			      .late_local = f->late_local,
			      .told = f->told,
			      .sent_to = f->sent_to};
	if (f->undo_due)
		forward_wait(call, FORWARD_BUSY_MS);
}

void forward_clear(struct call *call)
{
	struct forward *f = &call->forward;

	f->undo_due = false;
	forward_forget(f);
	forward_done(call);
	if (f->timer)
		su_timer_destroy(f->timer);
	f->timer = NULL;
}

/* --- to T ---------------------------------------------------------------- */

/* T is not offered what P would get no port for. */
static int forward_place(struct call *call, const struct leg *t,
			 const struct body *theirs,
			 struct offer_place place[BODY_MEDIA_MAX])
{
	const struct leg *p = call->forward.p;
	struct offer_place own[BODY_MEDIA_MAX] = {0};
	int error = path_place(call, p, t, theirs, own);

	if (!error)
		error = path_place(call, t, p, theirs, place);
	if (error || !call->path.anchored)
		return error;
	for (unsigned i = 0; i < theirs->medias; i++)
		if (!address_port((struct sockaddr *)&own[i].at))
			address_set_port((struct sockaddr *)&place[i].at, 0);
	return 0;
}

static int forward_send(struct call *call, const struct body *theirs)
{
	struct forward *f = &call->forward;
	struct leg *t = call_other(call, f->p);
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	int error;

	error = offer_save(&t->offer, &f->t_local);
	if (!error)
		error = call_rules_both(t, f->p, &rules);
	if (!error)
		error = forward_place(call, t, theirs, place);
	if (!error)
		error = call_keep_fax(t, theirs, place);
	if (!error)
		error = secure_offer(f->p, t, theirs, place);
	if (!error)
		error = offer_write_offer(&t->offer, theirs, &rules.rules,
					  place);
	if (!error)
		error = leg_reinvite(t, f->what);
	if (error) {
		offer_unsaid(&t->offer, &f->t_local);
		return error;
	}
	f->sent = true;
	f->paused = false;
	f->sent_to = t;
	f->tries++;
	if (forward_is_fax(f))
		forward_wait(call, FORWARD_T38_MS);
	else if (f->timer) /* It may still wait for T to be idle. */
		su_timer_reset(f->timer);
	return 0;
}

static unsigned forward_status(int error)
{
	if (error == -ENOTSUP || error == -EPROTONOSUPPORT ||
	    error == -EMEDIUMTYPE)
		return 488;
	return path_lack(error) ? 503 : 500;
}

unsigned forward_ask(struct call *call, struct leg *p,
		     const struct body *theirs, struct body_span text,
		     const char *what, const char **why)
{
	struct forward *f = &call->forward;
	struct leg *t = call_other(call, p);
	int error = 0;

	if (f->p) /* T's own offer is on its way to P: glare of the two */
		return 491;
	f->text = strndup(text.text, text.len);
	if (!f->text)
		return 500;
	f->len = text.len;
	f->p = p;
	f->what = what;
	f->asked_ms = agent_now_ms();
	f->tries = 0;
	if (leg_is_idle(t))
		error = forward_send(call, theirs);
	else
		forward_wait(call, FORWARD_WAIT_MS);
	if (!error)
		return 0;
	forward_done(call);
	if (path_lack(error))
		*why = path_lack(error);
	return forward_status(error);
}

/* --- back to P ----------------------------------------------------------- */

static unsigned forward_take(struct call *call, struct leg *t,
			     const struct body *theirs, struct body_span answer)
{
	struct forward *f = &call->forward;
	struct offer_place place[BODY_MEDIA_MAX] = {0};
	struct call_rules rules;
	struct body common;
	const struct body *chosen;
	char codec[sizeof(call->codec)];
	struct said said;
	int error;

	memcpy(codec, call->codec, sizeof(codec));
	said_begin(&said, t);
	if (!answer.len || said_hear(&said, answer) ||
	    !secure_answered(&said, said_remote(&said)) ||
	    offer_remember(&t->offer, answer.text, answer.len))
		return 502;
	chosen = said_remote(&said);
	path_target_said(call, &said, chosen);
	call_note_codec(call, chosen);
	call_rules(f->p, &rules);
	modify_common(&common, theirs, chosen);
	error = path_place(call, f->p, t,
			   call->path.anchored ? &common : chosen, place);
	for (unsigned i = 0; !error && i < theirs->medias; i++)
		place[i].direction =
			i < chosen->medias
				? call_hold_told(f->p, call->path.anchored,
						 chosen->media[i].direction)
				: BODY_INACTIVE;
	if (!error)
		error = offer_write_answer(&f->p->offer, theirs, chosen,
					   &rules.rules, place);
	if (!error)
		error = offer_remember(&f->p->offer, f->text, f->len);
	if (error) { /* T is put back. */
		memcpy(call->codec, codec, sizeof(codec));
		return forward_status(error);
	}
	path_target(call, f->p, theirs);
	call_note_codec(call, chosen); /* Both may have left its line. */
	call->path.law[MEDIA_A] = call->path.law[MEDIA_B] = NULL;
	path_flows(call, f->p, t);
	return 0;
}

/* T did not take it: P is answered here, and T is left as it was. */
static void forward_fall_back(struct call *call, const struct body *theirs,
			      unsigned status)
{
	struct forward *f = &call->forward;
	struct body_span text = {f->text, (uint16_t)f->len};

	/* Neither a fax nor a key that T does not know can be had without it.
	 */
	if (call->path.anchored && strcmp(f->what, "t38") &&
	    strcmp(f->what, "rekey"))
		modify_here(call, f->p, theirs, text, false, false,
			    "refused-by-peer");
	else /* P is not told of T's glare, challenge or redirection. */
		modify_refuse(call, f->p,
			      status < 400 || status == 401 || status == 407 ||
					      status == 491
				      ? 488
				      : status,
			      "refused-by-peer");
	forward_done(call);
}

static void forward_refused(struct call *call, struct leg *t,
			    const struct body *theirs,
			    const struct leg_event *event)
{
	struct forward *f = &call->forward;

	if (event->status == 491 && f->tries < FORWARD_TRIES) {
		f->sent = false;
		/* It may ask us meanwhile. */
		offer_restore(&t->offer, &f->t_local);
		f->paused = true;
		forward_wait(call, glare_wait_ms(t));
		return;
	}
	offer_restore(&t->offer, &f->t_local);
	forward_fall_back(call, theirs, event->status);
}

/* --- taken back ----------------------------------------------------------- */

/* Ours is cancelled: nothing is under way any more, but T may have taken it. */
static void forward_withdraw(struct call *call)
{
	struct forward *f = &call->forward;
	struct leg *t = call_other(call, f->p);

	leg_withdraw(t);
	offer_restore(&t->offer, &f->t_local);
	forward_done(call);
	f->withdrawn = true;
}

void forward_take_back(struct call *call, struct leg *t, char **kept)
{
	struct forward *f = &call->forward;

	leg_withdraw(t);
	offer_restore(&t->offer, kept);
	f->sent_to = t;
	f->withdrawn = true;
}

void forward_recalled(struct call *call, struct leg *p)
{
	const struct forward *f = &call->forward;

	if (f->p != p)
		return;
	if (f->sent)
		forward_withdraw(call);
	else
		forward_done(call);
}

/* It may have left meanwhile. */
static struct leg *forward_undone(const struct call *call)
{
	const struct leg *t = call->forward.undo_to;

	return t == call->a ? call->a : t == call->b ? call->b : NULL;
}

static void forward_undo_send(struct call *call, struct leg *t)
{
	struct forward *f = &call->forward;
	int error = leg_reinvite(t, "undo");

	f->undo_due = error;
	if (!error) {
		f->undoing = true;
		return;
	}
	if (f->late)
		offer_unsaid(&t->offer, &f->late_local);
	if (!f->p) /* Else P's offer comes first, and has the timer. */
		forward_wait(call, FORWARD_BUSY_MS);
}

static void forward_undo_try(struct call *call)
{
	struct forward *f = &call->forward;
	struct leg *t = forward_undone(call);

	f->undo_due = false;
	if (t && t->state == LEG_ESTABLISHED && f->late) /* Still news? */
		ours_again(call, t);
	else if (t && t->state == LEG_ESTABLISHED)
		forward_undo_send(call, t);
	if (!f->undoing && !f->undo_due)
		forward_forget(f);
}

void forward_say(struct call *call, struct leg *t, char **kept)
{
	struct forward *f = &call->forward;

	offer_forget(&f->late_local);
	f->late_local = *kept;
	*kept = NULL;
	f->late = true;
	f->undo_to = t;
	forward_undo_send(call, t);
}

void forward_put_back(struct call *call, struct leg *t)
{
	struct forward *f = &call->forward;

	if (offer_renew(&t->offer))
		return;
	forward_forget(f);
	f->undo_to = t;
	forward_undo_try(call);
}

/* T answered what had been cancelled, or our putting it back. */
static void forward_undo(struct call *call, struct leg *t,
			 const struct leg_event *event)
{
	struct forward *f = &call->forward;
	bool ours = f->undoing && t == f->undo_to;
	bool taken = !ours && event->kind == LEG_MODIFIED;
	bool again = ours && event->kind == LEG_UNMODIFIED &&
		     event->status == 491 && ++f->undo_tries < FORWARD_TRIES;
	struct body answer;
	const char *why;

	if (ours)
		f->undoing = false;
	else
		f->withdrawn = false;
	/* It was not told, and may ask us meanwhile. */
	if (ours && event->kind == LEG_UNMODIFIED)
		offer_restore(&t->offer, &f->late_local);
	if (ours && !again && !f->undo_due) {
		forward_forget(f);
		call->untold = false;
	}
	if (again) {
		f->undo_due = true;
		if (!f->p) /* Else P's offer comes first. */
			forward_wait(call, glare_wait_ms(t));
		return;
	}
	/* T may have spoken the other law of G.711, and goes on doing so. */
	if (ours && event->kind == LEG_MODIFIED &&
	    !ours_answered(call, t, event->sdp))
		call_describe(call);
	if (!taken)
		return;
	if (!body_parse(&answer, event->sdp.text, event->sdp.len, &why))
		offer_remember(&t->offer, event->sdp.text, event->sdp.len);
	forward_put_back(call, t);
}

static void forward_said(struct call *call, const struct leg *t,
			 unsigned status)
{
	struct status_line line;

	call_status(call, &line, t, "call-forwarded");
	status_text(&line, "method", "INVITE");
	status_text(&line, "cause", call->forward.what);
	status_number(&line, "status", status);
	status_end(&line);
}

void forward_answered(struct call *call, struct leg *t,
		      const struct leg_event *event)
{
	struct forward *f = &call->forward;
	struct body theirs;
	const char *why;
	unsigned status;

	if ((f->withdrawn && t == f->sent_to) ||
	    (f->undoing && t == f->undo_to)) {
		forward_undo(call, t, event);
		return;
	}
	if (!f->p || f->p == t || !f->sent)
		return;
	/* It was parsed once already, when it came. */
	if (body_parse(&theirs, f->text, f->len, &why)) {
		forward_done(call);
		return;
	}
	if (event->kind == LEG_UNMODIFIED) {
		forward_refused(call, t, &theirs, event);
		return;
	}
	status = forward_take(call, t, &theirs, event->sdp);
	if (status) {
		modify_refuse(call, f->p, status, "answer-unusable");
		offer_restore(&t->offer, &f->t_local);
		forward_put_back(call, t);
	} else {
		if (t == f->undo_to) { /* It heard something newer. */
			f->undo_due = false;
			forward_forget(f);
		}
		call->untold = false;
		forward_said(call, t, event->status);
		modify_tell_hold(call, f->p, &theirs);
		modify_fill(call, f->p);
		if (path_is_quiet(call, t))
			modify_fill(call, t);
		f->told = path_is_quiet(call, f->p) ? t : NULL;
		leg_reply(f->p, f->p->offer.local);
	}
	forward_done(call);
	call_describe(call);
}

/* --- waiting ---------------------------------------------------------------
 */

static void forward_try(struct call *call)
{
	struct forward *f = &call->forward;
	struct body theirs;
	const char *why;
	int error;

	if (body_parse(&theirs, f->text, f->len, &why)) {
		forward_done(call);
		return;
	}
	/* T may have shown meanwhile that it takes none. */
	if (!modify_asks(call, f->p, &theirs,
			 (struct body_span){f->text, (uint16_t)f->len})) {
		forward_fall_back(call, &theirs, 488);
		return;
	}
	error = forward_send(call, &theirs);
	if (error)
		forward_fall_back(call, &theirs, forward_status(error));
}

static void forward_on_timer(su_root_magic_t *magic, su_timer_t *timer,
			     void *arg)
{
	struct call *call = arg;
	struct forward *f = &call->forward;
	struct body theirs;
	const char *why;

	(void)magic;
	(void)timer;
	if (call->state == CALL_ANSWERED && !f->p && f->undo_due)
		forward_undo_try(call);
	if (call->state != CALL_ANSWERED || !f->p)
		return;
	/* The call goes on with its audio. */
	if (f->sent || (forward_is_fax(f) && !forward_fax_ms(f))) {
		struct leg *p = f->p;

		forward_recalled(call, p);
		modify_refuse(call, p, 488, "t38-timeout");
		return;
	}
	if (leg_is_idle(call_other(call, f->p))) {
		forward_try(call);
	} else if (f->paused) {
		f->paused = false;
		forward_wait(call, FORWARD_WAIT_MS);
	} else if (!body_parse(&theirs, f->text, f->len, &why)) {
		forward_fall_back(call, &theirs, 491);
	}
}

void forward_resume(struct call *call)
{
	struct forward *f = &call->forward;

	/* After a 491 the pause decides, not the leg's being idle. */
	if (call->state == CALL_ANSWERED && f->p && !f->sent && !f->paused &&
	    leg_is_idle(call_other(call, f->p)))
		forward_try(call);
}

void forward_leave(struct call *call, struct leg *by)
{
	struct forward *f = &call->forward;

	if (f->p == by) {
		forward_recalled(call, by);
	} else if (f->p) {
		leg_reply_refuse(f->p, &(struct leg_refusal){.status = 491});
		forward_done(call);
	}
	if (f->sent_to == by)
		f->withdrawn = false;
	if (f->undo_to == by) {
		f->undoing = f->undo_due = false;
		forward_forget(f);
	}
	f->told = NULL;
	if (by == call->a)
		call->untold = false;
}
