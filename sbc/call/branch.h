/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The INVITE to one candidate. */
#ifndef SBC_CALL_BRANCH_H
#define SBC_CALL_BRANCH_H

#include <sofia-sip/su_alloc.h>

#include "sbc/call/hunt.h"

struct agent_network;

/* The present candidate's request URI, "sip:NUMBER@HOST"; text in `home`, NULL
 * if memory is short. */
const char *branch_uri(const struct hunt *hunt, su_home_t *home);

/*
 * Send an INVITE to the present candidate at `target` and add it to the hunt.
 * 0; -EADDRNOTAVAIL if we have no address of that family; -ENOTSUP if the
 * candidate's peer allows none of the caller's codecs; -EAGAIN and others of
 * path_place; -EHOSTUNREACH; -ENOMEM.
 */
int branch_new(struct hunt *hunt, struct agent_network *at,
	       const struct sockaddr *target, enum policy_transport transport,
	       uint16_t local_port, const char *uri);

#endif
