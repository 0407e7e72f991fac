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

#include <sofia-sip/nta.h>

#include "sbc/sip/header.h"

struct call;
struct hunt;
struct leg;
struct leg_event;
struct leg_refusal;

#define HUNT_BRANCHES_MAX  8
#define HUNT_REDIRECTS_MAX 5 /* of one call */

/* What the candidates are tried for: the call itself, or its transfer. */
struct hunt_client {
	/* hunt->plan is the present candidate's; `local` is our address there.
	 * 0, or why it cannot be tried. */
	int (*planned)(struct call *call, struct hunt *hunt,
		       const struct sockaddr *local);
	/* Write the offer of a branch. 0 or -errno, as path_place. */
	int (*offer)(struct call *call, struct leg *branch);
	/* A branch's 18x, its 2xx (take it with hunt_win), none is left. */
	void (*progress)(struct call *call, struct leg *branch,
			 const struct leg_event *event);
	void (*accepted)(struct call *call, struct leg *branch,
			 const struct leg_event *event);
	void (*failed)(struct call *call, const struct leg_refusal *refusal);
};

struct hunt_task {
	const struct hunt_client *client;
	struct leg *from;      /* the leg that is to hear the answer */
	struct policy *policy; /* of the targets; the call keeps it alive */
	char place;	       /* of the branches in the call */
	const struct policy_peer **counted;
	nta_incoming_t *invite; /* whose headers cross; NULL: none */
	struct header_caller caller;
};

struct hunt {
	struct call *call;
	struct hunt_task task;
	struct policy_plan plan;
	unsigned redirects; /* 3xx followed */
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
	const char *warned; /* why, if a Warning says it: "srtp", "t38" */
	unsigned retry_after_s;
	su_timer_t *timer;
};

int hunt_new(struct hunt **out, struct call *call, const struct hunt_task *task,
	     const struct policy_target *targets, unsigned count);
/* Try the next candidate; tells `failed` when none is left. */
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
