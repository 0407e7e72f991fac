/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one REGISTER of ours says, kept from one to the next: the registration
 * (signup.c) writes it, a farewell takes a copy with it.
 */
#ifndef SBC_REGISTER_WORDS_H
#define SBC_REGISTER_WORDS_H

#include "sbc/register/trunk_parts.h"

#define CHALLENGE_MAX 1024

struct words {
	nta_agent_t *nta;
	nta_leg_t *leg;
	char uri[TRUNK_NAME_MAX + 8];
	char aor[TRUNK_NAME_MAX + 160]; /* for From and To */
	char tag[20], call_id[40];
	char contact[256]; /* the URI */
	char route[TRUNK_ROUTE_MAX];
	char ident[ADDRESS_TEXT_MAX]; /* of the listener; "": any */
	uint32_t cseq;
	char user[128], password[256]; /* of the digest; "" if none */
	char challenge[CHALLENGE_MAX]; /* the last one, "" if none */
	bool proxy;		       /* it came with a 407 */
	unsigned nc;
};

/* Sends it with the credentials that the last challenge asks for; NULL: it
 * cannot be sent. Takes `msg` in any case. */
nta_outgoing_t *words_send(struct words *words, msg_t *msg, unsigned expires_s,
			   nta_response_f *callback,
			   nta_outgoing_magic_t *magic);
/* Of the challenges in a 401 or 407 the strongest that we can answer; false:
 * none. */
bool words_take_challenge(struct words *words, const sip_t *sip, bool *stale);
/* One REGISTER with Expires 0. It needs nobody afterwards: a challenge is
 * answered once, and its memory ends with its request. */
void words_farewell(const struct words *words);

#endif
