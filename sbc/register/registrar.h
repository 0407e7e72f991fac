/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The phones' registrar (RFC 3261 section 10): bindings by AOR and source.
 */
#ifndef SBC_REGISTER_REGISTRAR_H
#define SBC_REGISTER_REGISTRAR_H

#include <sys/queue.h>
#include <sofia-sip/nta.h>

#include "policy/policy.h"
#include "sbc/sip/cred.h"

struct agent;
struct registrar;

struct registrar_binding {
	TAILQ_ENTRY(registrar_binding) entry;
	char user[64];
	char contact[256]; /* the phone's Contact URI */
	char call_id[128];
	uint32_t cseq;
	struct sockaddr_storage source; /* where its packets come from */
	enum policy_transport transport;
	uint16_t local_port; /* ours, that it registered at; 0: sip_port */
	unsigned network;    /* index */
	char network_name[32];
	uint64_t expires_ms; /* monotonic */
	bool behind_nat;     /* its Contact is not its source */
	bool stun;	     /* its Contact shows a public address
				though it stands on our LAN */
	char user_agent[64];
};

/* Loads what the store kept. */
int registrar_new(struct registrar **out, struct agent *agent);
void registrar_free(struct registrar *registrar);

/* A REGISTER that guard let in; takes `irq` and answers it. */
void registrar_request(struct registrar *registrar, nta_incoming_t *irq,
		       const sip_t *sip, const struct policy_network *network,
		       const struct sockaddr *source,
		       enum policy_transport transport);

/* Keepalives through this network's nta agent are given up. */
void registrar_let_go(struct registrar *registrar, const char *network);

/* The live bindings of a user, newest first. Borrowed until the loop runs. */
unsigned registrar_find(const struct registrar *registrar, const char *user,
			const struct registrar_binding **out, unsigned max);
/* All of them, in order; NULL starts. For sallyctl. */
const struct registrar_binding *registrar_next(
	const struct registrar *registrar,
	const struct registrar_binding *after);
unsigned registrar_count(const struct registrar *registrar);

/*
 * Who sends this request? Checks the digest that phones must give.
 * Returns the user; NULL if the request was answered (401/407 challenge, 403,
 * 400): then `irq` is done with and was destroyed.
 * header: Authorization (UAS, 401) or Proxy-Authorization (407).
 */
const struct policy_user *registrar_authenticate(struct registrar *registrar,
						 nta_incoming_t *irq,
						 const sip_t *sip,
						 const struct sockaddr *source);

#endif
