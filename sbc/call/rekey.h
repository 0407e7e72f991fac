/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A key of ours nears the end of its lifetime: its leg's far end is given
 * another one by re-INVITE, unless it may be sent none.
 */
#ifndef SBC_CALL_REKEY_H
#define SBC_CALL_REKEY_H

#include <stdbool.h>
#include <sofia-sip/su_wait.h>

struct call;
struct leg;
struct leg_event;

struct rekey { /* of a's place, and of b's */
	struct call *call;
	struct leg *leg; /* NULL: nothing is under way */
	bool sent;
	bool unsent; /* it could not be, and is due in the leg's next body */
	unsigned tries;
	char *kept; /* our body before */
	su_timer_t *timer;
};

/* MEDIA_KEY_WORN of this leg. */
void rekey_worn(struct call *call, struct leg *leg);
/* The answer to our re-INVITE, if it is one of these. */
bool rekey_answered(struct call *call, struct leg *leg,
		    const struct leg_event *event);
void rekey_free(struct call *call);

#endif
