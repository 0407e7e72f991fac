/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of a re-INVITE of ours, whatever it was for, teaches what its
 * peer can take (learn.h).
 */
#ifndef SBC_CALL_TEACH_H
#define SBC_CALL_TEACH_H

struct call;
struct leg;
struct leg_event;

/* A refusal, no answer at all, or a BYE that follows at once; any other event
 * teaches nothing. Before the event is dealt with: what is done then may
 * depend on it. */
void teach_event(struct call *call, const struct leg *leg,
		 const struct leg_event *event);

#endif
