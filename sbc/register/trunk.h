/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trunk or PBX while the program runs: where it is now, our registration
 * there, its health and how many calls it carries.
 */
#ifndef SBC_REGISTER_TRUNK_H
#define SBC_REGISTER_TRUNK_H

#include <sys/queue.h>
#include <sofia-sip/sip.h>

#include "policy/policy.h"
#include "sbc/register/alg.h"
#include "sbc/sip/resolve.h"

struct agent;
struct trunk;

enum trunk_health { TRUNK_UNKNOWN, TRUNK_UP, TRUNK_DOWN };
enum trunk_registration {
	TRUNK_NOT_WANTED,
	TRUNK_TRYING,
	TRUNK_REGISTERED,
	TRUNK_REFUSED
};

struct trunk_state { /* for sallyctl and hunt */
	const struct policy_peer *peer;
	enum trunk_health health;
	enum trunk_registration registration;
	unsigned registration_status; /* last SIP status of REGISTER */
	uint64_t registered_until_ms;
	unsigned targets, calls;
	struct resolve_target target[RESOLVE_TARGETS_MAX];
	bool stale;		       /* DNS silent, last good answer used */
	char why[96];		       /* last trouble, "" if none */
	struct alg_way way;	       /* by which it is talked to */
	char alg[ALG_ADVICE_MAX + 32]; /* an ALG is suspected: what to set */
};

/* `peer` is borrowed from the agent's current policy. Requests go out by the
 * nta agent of its network, which must outlive the trunk. */
int trunk_new(struct trunk **out, struct agent *agent,
	      const struct policy_peer *peer);
/* A reload: the same peer in the new snapshot; keeps what did not change. */
void trunk_update(struct trunk *trunk, const struct policy_peer *peer);
/* When `politely`, one de-registration is sent; its answer is dealt with by
 * itself if the loop runs on (a second is enough). Nothing waits for it. */
void trunk_free(struct trunk *trunk, bool politely);

/* Its network's nta agent may go: nothing of the trunk is under way there any
 * more. trunk_update, which must follow, begins anew. */
void trunk_let_go(struct trunk *trunk);

/* The program ends: de-register now, keep the trunk for calls that still say
 * goodbye. True if a REGISTER went out: let the loop run on, a second at most,
 * since its answer may be a challenge. trunk_free then has nothing to say. */
bool trunk_leave(struct trunk *trunk);

const struct trunk_state *trunk_state(const struct trunk *trunk);

/* Does this source belong to it (resolved addresses; policy knows literals)? */
bool trunk_owns(const struct trunk *trunk, const struct sockaddr *source);

/* An ALG was seen at work on `way`; said and learned once. With `alg = avoid`
 * another way is taken from the loop's next turn on. call: its id or NULL */
void trunk_touched(struct trunk *trunk, const struct alg_way *way,
		   enum alg_sign sign, const char *call, const char *evidence);

/* A call begins: false at max_calls. */
bool trunk_take(struct trunk *trunk);
void trunk_give(struct trunk *trunk);
/* What a call met: alive (any answer), or silence/transport error. */
void trunk_answered(struct trunk *trunk);
void trunk_silent(struct trunk *trunk, const char *why);

#endif
