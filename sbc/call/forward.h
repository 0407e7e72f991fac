/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mid-call offer on its way from P to T: waits while T is busy with its own,
 * is tried again after glare, is answered here when T refuses.
 */
#ifndef SBC_CALL_FORWARD_H
#define SBC_CALL_FORWARD_H

#include <sofia-sip/su_wait.h>

#include "sbc/sip/body.h"

struct call;
struct leg;
struct leg_event;

struct forward {       /* in the call; all zero: none is under way */
	struct leg *p; /* who asked; its offer has no answer yet */
	char *text;    /* the offer */
	size_t len;
	const char *what; /* judge's word for it */
	bool sent;	  /* false: T is busy, or glare's pause is not over */
	bool paused;	  /* for T's 491, until the timer ends */
	bool withdrawn;	  /* ours was cancelled; T may yet have taken it */
	bool undoing;	  /* T took it in vain; our re-INVITE puts it back */
	bool undo_due;	  /* and is sent (again) when the timer ends */
	unsigned tries, undo_tries;
	char *t_local; /* our last body on T, in force again if it refuses */
	const struct leg *told;	   /* took it that P is silent; to compare */
	const struct leg *sent_to; /* the last one ever asked; to compare */
	const struct leg *undo_to; /* who took it in vain; to compare */
	bool late;		   /* it is told of something (ours_again) */
	char *late_local;  /* our body there before, while that is out */
	uint64_t asked_ms; /* when P asked: a fax has little time */
	su_timer_t *timer; /* glare's pause; P's patience */
};

/* Ask T. 0: P will be answered later; else the status that refuses P, and *why
 * is set if it is known better. */
unsigned forward_ask(struct call *call, struct leg *p,
		     const struct body *theirs, struct body_span text,
		     const char *what, const char **why);
/* T accepted or refused ours. */
void forward_answered(struct call *call, struct leg *t,
		      const struct leg_event *event);
/* P took its offer back. */
void forward_recalled(struct call *call, struct leg *p);
/* After each event: is T free now for an offer that waits? */
void forward_resume(struct call *call);
/* `t` took an offer that came to nothing: our last body goes there again,
 * until it is taken. */
void forward_put_back(struct call *call, struct leg *t);
/* A transfer's re-INVITE to `t` is not waited for: it is cancelled, `kept` is
 * our body again, and goes there if that takes it after all. */
void forward_take_back(struct call *call, struct leg *t, char **kept);
/* `t` hears our last body, written for it alone; `kept`, which is taken, is in
 * force again if it does not take that. Tried again later, from
 * ours_again, if it is busy or after glare. */
void forward_say(struct call *call, struct leg *t, char **kept);
/* `by` leaves the call: no offer goes to it or comes from it any more. */
void forward_leave(struct call *call, struct leg *by);
void forward_clear(struct call *call);

#endif
