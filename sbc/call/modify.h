/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers in mid-call: answered here, forwarded or refused, as the plan and the
 * peer that would receive them say (interworking of re-INVITE and UPDATE).
 */
#ifndef SBC_CALL_MODIFY_H
#define SBC_CALL_MODIFY_H

struct call;
struct leg;
struct leg_event;

/* A re-INVITE or UPDATE came on `leg`; it gets its final answer, now or when
 * the other leg has answered. */
void modify_offered(struct call *call, struct leg *leg,
		    const struct leg_event *event);

/* The leg that an offer was forwarded to accepted or refused it. */
void modify_answered(struct call *call, struct leg *leg,
		     const struct leg_event *event);

/* The ACK of a 2xx of ours that carried our offer: it holds the answer. */
void modify_acked(struct call *call, struct leg *leg,
		  const struct leg_event *event);

#endif
