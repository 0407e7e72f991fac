/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers of ours in mid-call that no far end's offer is behind, and what is
 * answered to them: in the ACK of a 2xx, to a session refresh, to a new key.
 */
#ifndef SBC_CALL_OURS_H
#define SBC_CALL_OURS_H

#include "sbc/sip/body.h"

struct call;
struct leg;

/*
 * The far end of `leg` answered our last body there: what it says is in force,
 * with the codec, the filler and the hold that come of it. NULL; or why it is
 * no answer, one of sallyport-status(5)'s words: the session stays as it was.
 */
const char *ours_answered(struct call *call, struct leg *leg,
			  struct body_span sdp);

/*
 * T was told of a hold that P has ended by UPDATE, or in its answer to an offer
 * of ours: neither could wait for T, who is told now.
 */
void ours_catch_up(struct call *call, struct leg *p);

/* Leg a was given another branch's answer before b's, which it could not be
 * told then: it is offered b's session, now that it has ACKed. */
void ours_tell_answer(struct call *call);

/* `t` was busy, or had an offer of its own: is that still to be said? */
void ours_again(struct call *call, struct leg *t);

#endif
