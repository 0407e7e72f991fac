/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small agent around the registrar or a trunk: one network on loopback with
 * a real nta agent, a policy that the test writes field by field, and every
 * status line that was said.
 */
#ifndef TESTS_HOUSE_H
#define TESTS_HOUSE_H

#include "sbc/agent.h"

struct policy { /* of this test: what the decisions below look at */
	struct policy_network network;
	struct policy_network_address address;
	struct policy_phones phones;
	struct policy_user user[4];
};

struct house {
	struct policy policy;
	struct agent agent;
	struct agent_network network;
	struct sockaddr_storage at; /* where its nta agent listens */
	char lines[256][600];	    /* status lines */
	unsigned line_count;
	unsigned sources_changed;
	bool authenticate_only;		  /* requests go to
					     registrar_authenticate, not to
					     registrar_request */
	const struct policy_user *caller; /* its last verdict */
	struct sockaddr_storage source;	  /* AF_UNSPEC: as it came; else this is
					     what the registrar is told */
};

void house_build(struct house *house);
void house_pull_down(struct house *house);
/* Turns of the loop until `done` or `limit_ms` went by; was it done? */
bool house_run(struct house *house, bool (*done)(void *user), void *user,
	       unsigned limit_ms);
/* Status lines that contain both texts (`b` may be NULL). */
unsigned house_said(const struct house *house, const char *a, const char *b);

#endif
