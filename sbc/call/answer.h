/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to leg a, written from what a branch's far end answered: in a
 * provisional response of ours, and in the 2xx that makes the call.
 */
#ifndef SBC_CALL_ANSWER_H
#define SBC_CALL_ANSWER_H

struct call;
struct leg;
struct leg_event;

/* For a call's hunt: a branch rings, or showed early media. */
void answer_progress(struct call *call, struct leg *branch,
		     const struct leg_event *event);
/* A branch answered: it becomes leg b and leg a hears of it, or the call is
 * refused. */
void answer_accepted(struct call *call, struct leg *branch,
		     const struct leg_event *event);

#endif
