/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * INFO and MESSAGE in a call: passed to the other leg or answered here, as the
 * peer's policy says that would receive them; and key presses between INFO and
 * RFC 4733.
 */
#ifndef SBC_CALL_PASS_H
#define SBC_CALL_PASS_H

#include <stdbool.h>

#include "sbc/sip/leg.h"

struct call;

/* A request that waits for the other leg's answer. */
struct pass {
	struct leg *p, *t;   /* p NULL: free */
	unsigned came, sent; /* their tickets */
};
#define PASS_MAX (2 * LEG_REQUESTS_MAX)

/* INFO, MESSAGE or NOTIFY on `p`; it gets its final answer. */
void pass_requested(struct call *call, struct leg *p,
		    const struct leg_event *event);
/* The final answer to one that was passed on. */
void pass_replied(struct call *call, struct leg *t,
		  const struct leg_event *event);
/* What P is told where T answered `status`: our credentials, and a dialog of
 * ours that is gone, are not P's to solve. */
unsigned pass_status(unsigned status);
/* This leg goes: nothing of it is waited for any more. */
void pass_forget(struct call *call, const struct leg *leg);

/* A key was heard in p's RTP. */
void pass_heard(struct call *call, struct leg *p, char digit,
		unsigned duration_ms);
/* Does `leg` hear keys by INFO, so that RTP events are kept from it? */
bool pass_by_info(const struct leg *leg);

#endif
