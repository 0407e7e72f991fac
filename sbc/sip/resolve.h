/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a peer is: NAPTR, SRV, A and AAAA (RFC 3263) over c-ares, with a
 * budget in time and the last good answer kept. Runs in the signalling
 * thread's loop; nta only ever gets literal addresses.
 */
#ifndef SBC_SIP_RESOLVE_H
#define SBC_SIP_RESOLVE_H

#include <sofia-sip/su_wait.h>

#include "policy/policy.h"

struct resolve;

#define RESOLVE_TARGETS_MAX 8

struct resolve_target {
	struct sockaddr_storage address;	/* with port */
	enum policy_transport transport;
};

struct resolve_query {
	const char *name;
	bool domain;		/* NAPTR and SRV first; else A/AAAA only */
	uint16_t port;		/* 0: from SRV, or 5060 */
	enum policy_transport transport;
	bool ipv4, ipv6;	/* families our network has */
	unsigned budget_ms;
};

/*
 * error   0; -ETIMEDOUT; -ENOENT (no such name); with targets from an earlier
 *         answer they are given all the same and `stale` is set
 * ttl_s   when to ask again
 */
typedef void resolve_done(void *user, int error,
			  const struct resolve_target *targets,
			  unsigned count, bool stale, unsigned ttl_s);

int resolve_new(struct resolve **out, su_root_t *root);
void resolve_free(struct resolve *resolve);
/* `done` is called exactly once unless cancelled; at once for a literal. */
int resolve_ask(struct resolve *resolve, const struct resolve_query *query,
		resolve_done *done, void *user);
void resolve_cancel(struct resolve *resolve, void *user);

#endif
