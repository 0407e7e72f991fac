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

/* --- registrar.c --- */
/* A status line of this binding; reason: why it ended, NULL while it lives. */
void registrar_say(const struct binding *binding, const char *event,
		   const char *reason);
void registrar_store(struct registrar *registrar,
		     const struct binding *binding);
/* The end of a binding, whatever ends it: said, forgotten, freed. */
void registrar_drop(struct registrar *registrar, struct binding *binding,
		    const char *event, const char *reason);
/* The timer follows what is due first. */
void registrar_rearm(struct registrar *registrar);

/* --- contact.c --- */
/* Contacts in one request; policy's max_contacts may be lower. */
#define CONTACTS_MAX 16

/* One Contact of a request, judged. */
struct wanted {
	char contact[256];
	char instance[80];
	uint32_t expires_s;
	struct sockaddr_storage address; /* its host, if that is a literal */
};

struct request {
	struct registrar *registrar;
	nta_incoming_t *irq;
	const sip_t *sip;
	const struct policy_network *network;
	const struct sockaddr *source;
	enum policy_transport transport;
	const struct policy_phones *phones;
	const char *user;
	bool all; /* Contact: * */
	struct wanted wanted[CONTACTS_MAX];
	unsigned count;
};

/* A refusal: answered and said. */
void request_reply(struct request *request, unsigned status,
		   const char *phrase);
/* Fills `all` or `wanted`; false: refused. */
bool request_read_contacts(struct request *request);
/* The URI's text and address; false if it is none that we would call. */
bool contact_read(struct wanted *wanted, const url_t *from);
bool contact_is_elsewhere(const struct request *request,
			  const struct wanted *wanted);
bool contact_used_stun(const struct request *request,
		       const struct wanted *wanted);

/* --- authenticate.c --- */
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

/* --- keepalive.c --- */
/* When must this one be pinged first, or again? Sets keepalive_at_ms. */
void keepalive_plan(struct registrar *registrar, struct binding *binding,
		    bool first);
void keepalive_send(struct registrar *registrar, struct binding *binding);
void keepalive_cancel(struct binding *binding);

/* A random number below `below` (not 0). */
uint32_t registrar_random(uint32_t below);

#endif
