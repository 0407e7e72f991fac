/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A SIP ALG in a router on the way: by what it shows itself, which key helps,
 * and which way to a trunk is taken past it.
 *
 * A way is a transport and a port of ours. An ALG mostly looks at UDP port
 * 5060, so that another port of ours, or TCP, goes past it.
 */
#ifndef SBC_REGISTER_ALG_H
#define SBC_REGISTER_ALG_H

#include <stdbool.h>
#include <sofia-sip/sip.h>

#include "policy/policy.h"

struct agent;
struct learn;

struct alg_way {
	enum policy_transport transport;
	uint16_t port;
};

enum alg_sign {
	ALG_NONE,
	ALG_ACK,     /* our 200 is never acknowledged, though media flows */
	ALG_VIA,     /* Via came back with another place than we wrote */
	ALG_CONTACT, /* our registration came back with another Contact */
	ALG_SDP,     /* a phone's SDP was rewritten in part */
};
const char *alg_sign_name(enum alg_sign sign);

#define ALG_TEXT_MAX	 112
#define ALG_ADVICE_MAX	 256
#define ALG_WAY_TEXT_MAX 12

/* "udp:5060" */
const char *alg_way_text(char out[ALG_WAY_TEXT_MAX], const struct alg_way *way);

/*
 * The top Via of an answer to a request of ours.
 *
 * wrote   the sent-by that we wrote
 * local   our own address; `mapped`: a public one is configured in its place
 * target  who answered
 * A private `received` in an answer from the Internet was written by a router:
 * the far end cannot have seen that address.
 * Returns ALG_NONE or ALG_VIA with what was seen in `evidence`.
 */
enum alg_sign alg_judge_via(char evidence[ALG_TEXT_MAX], const sip_via_t *via,
			    const struct sockaddr *wrote,
			    const struct sockaddr *local, bool mapped,
			    const struct sockaddr *target);

/*
 * The Contacts of a 2xx to our REGISTER, of which none is ours: one with our
 * user that shows neither our address nor the one in Via's received, which a
 * registrar may put there to help a NAT, was rewritten on the way.
 */
enum alg_sign alg_judge_contact(char evidence[ALG_TEXT_MAX],
				const sip_contact_t *contact, const char *user,
				const struct sockaddr *ours,
				const sip_via_t *via);

/*
 * SDP of a phone behind a NAT: its o= still names the private address that the
 * phone wrote, its c= the public one that it signals from. origin[len] is the
 * address in o=.
 */
enum alg_sign alg_judge_sdp(char evidence[ALG_TEXT_MAX], const char *origin,
			    size_t len, const struct sockaddr *shown,
			    const struct sockaddr *source);

/* What the administrator can set against it, with the file's name:
 * `local_port = 5080 in acme.conf`. `way`: the one that is disturbed. */
void alg_advice(char out[ALG_ADVICE_MAX], const struct policy_peer *peer,
		const struct alg_way *way);

/* The way to this peer: as configured; with `alg = avoid` the first that is
 * not known to be disturbed, if there is one. `learn` may be NULL. */
void alg_choose(struct alg_way *out, const struct learn *learn,
		const struct policy_peer *peer);

#endif
