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
	struct sockaddr_storage address; /* with port */
	enum policy_transport transport;
};

struct resolve_query {
	const char *name;
	bool domain;   /* NAPTR and SRV first; else A/AAAA only */
	uint16_t port; /* 0: from SRV, or 5060 */
	enum policy_transport transport;
	bool ipv4, ipv6;    /* families our network has */
	unsigned budget_ms; /* 0: 3 s */
};

/*
 * SRV order by priority and weight (RFC 2782); of one host IPv4 comes first.
 * NAPTR is asked for the transport's service only: the administrator's
 * transport stands. /etc/hosts is looked at before A and AAAA.
 *
 * error   0; -ETIMEDOUT; -ENOENT (no such name); with targets from an earlier
 *         answer they are given all the same and `stale` is set
 * ttl_s   when to ask again: 30 s to 1 h
 */
typedef void resolve_done(void *user, int error,
			  const struct resolve_target *targets, unsigned count,
			  bool stale, unsigned ttl_s);

int resolve_new(struct resolve **out, su_root_t *root);
/* Asks these servers, "127.0.0.1:5353,[::1]:53"; NULL: the system's. */
int resolve_new_with_servers(struct resolve **out, su_root_t *root,
			     const char *servers);
/* Nobody is called back any more. Not from within `done`. */
void resolve_free(struct resolve *resolve);
/* `done` is called exactly once unless cancelled; at once, before this
 * returns, for a literal or a name in /etc/hosts. 0, -ENOMEM, or -EINVAL for a
 * name that is none: then `done` is not called. */
int resolve_ask(struct resolve *resolve, const struct resolve_query *query,
		resolve_done *done, void *user);
void resolve_cancel(struct resolve *resolve, void *user);

#endif
