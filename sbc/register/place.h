/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a name is now: asked for again by its TTL, the last answer kept. */
#ifndef SBC_REGISTER_PLACE_H
#define SBC_REGISTER_PLACE_H

#include "sbc/sip/resolve.h"

struct agent;
struct place;

struct place_state {
	struct resolve_target target[RESOLVE_TARGETS_MAX];
	unsigned targets;
	bool stale;
	int error; /* of the last answer: 0, -ENOENT, -ETIMEDOUT */
};

/* Something changed: the targets, or how we fare with the name. `moved`: the
 * set of addresses is another one. */
typedef void place_changed(void *user, const struct place_state *state,
			   bool moved);

/*
 * name   literal or name, perhaps with ":port"; a domain if `domain`
 * port   0: from the name, SRV or 5060
 * May call `changed` before it returns.
 */
int place_new(struct place **out, struct agent *agent, const char *name,
	      bool domain, uint16_t port, const struct policy_peer *peer,
	      enum policy_transport transport, place_changed *changed,
	      void *user);
void place_free(struct place *place);
const struct place_state *place_state(const struct place *place);

#endif
