/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The delayed offer: who asks without an offer gets ours in the 2xx, and its
 * answer comes in the ACK (RFC 3261 sections 13.2.1 and 14.2).
 */
#ifndef SBC_CALL_DELAYED_H
#define SBC_CALL_DELAYED_H

struct call;
struct leg;
struct leg_event;

/* A re-INVITE of `p` without an offer gets ours: the session as it is, both
 * ways, but for a hold of the other end's. Or its refusal. */
void delayed_reply(struct call *call, struct leg *p);

/* The ACK of a 2xx of ours that carried our offer: it holds the answer. */
void delayed_acked(struct call *call, struct leg *leg,
		   const struct leg_event *event);

/* That ACK did not come, or held none: what was said before is our body again.
 */
void delayed_unanswered(struct leg *leg);

#endif
