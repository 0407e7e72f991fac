/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the registrar share. */
#ifndef SBC_REGISTER_REGISTRAR_PARTS_H
#define SBC_REGISTER_REGISTRAR_PARTS_H

#include <sofia-sip/msg_header.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/url.h>

#include "sbc/agent.h"
#include "sbc/register/binding.h"

struct registrar {
	struct agent *agent;
	struct binding_table *table;
	su_timer_t *timer;
	uint64_t timer_at_ms;	   /* UINT64_MAX: not set */
	uint64_t refused_since_ms; /* refusals are said within a limit */
	unsigned refused_said, refused_unsaid;
};

/* Ask for credentials (WWW-Authenticate), or take them: as
 * registrar_authenticate, which does it with Proxy-Authenticate. */
const struct policy_user *registrar_challenge(struct registrar *registrar,
					      nta_incoming_t *irq,
					      const sip_t *sip,
					      const struct sockaddr *source,
					      bool proxy);

/* One status line of a refusal, at most a few a second. */
void registrar_refused(struct registrar *registrar, const char *event,
		       const char *user, const struct sockaddr *source,
		       unsigned status, const char *reason);

/* When must this one be pinged first, or again? Sets keepalive_at_ms. */
void keepalive_plan(struct registrar *registrar, struct binding *binding,
		    bool first);
void keepalive_send(struct registrar *registrar, struct binding *binding);
void keepalive_cancel(struct binding *binding);

/* A random number below `below` (not 0). */
uint32_t registrar_random(uint32_t below);

#endif
