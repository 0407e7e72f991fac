/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transfers: REFER in a call and INVITE with Replaces. P is the leg that asks
 * and leaves, T the other one, N the newcomer that takes P's place. Toward a T
 * whose media we relay nothing is sent at all.
 */
#ifndef SBC_CALL_TRANSFER_H
#define SBC_CALL_TRANSFER_H

#include <stdbool.h>
#include <sofia-sip/nta.h>

#include "policy/policy.h"

struct agent_network;
struct call;
struct leg;
struct leg_event;

/* REFER on `leg` of an answered call; it gets its final answer. */
void transfer_referred(struct call *call, struct leg *leg,
		       const struct leg_event *event);

/*
 * An INVITE with Replaces of `user` (a phone) or of `peer`. Takes `irq`, which
 * gets its final answer: 481 if it names no leg of that very user or peer.
 */
void transfer_replace(struct agent_network *at, const struct policy_peer *peer,
		      const struct policy_user *user, nta_incoming_t *irq,
		      const sip_t *sip, const struct sockaddr *source);

/*
 * A REFER outside of a call. Takes `msg`. Of a leg of that very user or peer
 * which its Target-Dialog names it is the REFER; else 481, and 403 without
 * such a header: who asks has to have a call here.
 */
void transfer_outside(struct agent_network *at, const struct policy_peer *peer,
		      const struct sockaddr *source, msg_t *msg, sip_t *sip);

/* An event of an answered call. true: it was the transfer's, and is done. */
bool transfer_event(struct call *call, struct leg *leg,
		    const struct leg_event *event);

/*
 * May a call that is diverted (REFER, 3xx) reach `target`, if the end that
 * stays in it is of peer `from`? Provider to provider only where a route leads
 * from the one to the other for this very number.
 */
bool transfer_may_reach(const struct policy *policy,
			const struct policy_peer *from, const char *number,
			const struct policy_target *target);

/* The call ends: so does every transfer it has a part in. */
void transfer_call_ends(struct call *call);
/* Free at once, silently. */
void transfer_free(struct call *call);

#endif
