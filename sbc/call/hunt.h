/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Candidates in order until one answers. A trunk is tried at each address it
 * resolved to, a phone user at all contacts at once; a candidate that is down
 * or full is passed over, one that fails or stays silent gives way to the next.
 */
#ifndef SBC_CALL_HUNT_H
#define SBC_CALL_HUNT_H

#include <sofia-sip/su_wait.h>

#include "policy/policy.h"

struct call;
struct leg;
struct leg_event;

#define HUNT_BRANCHES_MAX 8

struct hunt {
	struct call *call;
	struct policy_target target[POLICY_TARGETS_MAX];
	unsigned targets, next; /* next: not yet tried */
	unsigned address;	/* of a trunk: next one to try */
	const struct policy_target *now;
	struct leg *branch[HUNT_BRANCHES_MAX];
	unsigned branches;
	bool answering; /* a provisional answer came */
	bool rang;
	unsigned status; /* what to tell the caller at the end */
	const char *phrase;
	unsigned retry_after_s;
	su_timer_t *timer;
};

int hunt_new(struct hunt **out, struct call *call,
	     const struct policy_target *targets, unsigned count);
/* Try the next candidate; refuses the call when none is left. */
void hunt_next(struct hunt *hunt);
/* An event of one of its branches. */
void hunt_event(struct hunt *hunt, struct leg *branch,
		const struct leg_event *event);
/* Take the winner out; the other branches are ended. */
void hunt_win(struct hunt *hunt, struct leg *winner);
/* That leg, if it is one of the branches; `branch` is not followed. */
struct leg *hunt_branch(const struct hunt *hunt, const struct leg *branch);
/* Ends all branches. */
void hunt_free(struct hunt *hunt);

#endif
