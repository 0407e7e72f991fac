/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to a 401 or 407 that a peer gave to a request of ours. */
#ifndef SBC_SIP_CHALLENGE_H
#define SBC_SIP_CHALLENGE_H

#include <sofia-sip/sip.h>

/*
 * Of all challenges in `response` take the strongest that we can answer
 * (RFC 8760 section 2.4) and write the whole header line for the request's
 * next try: "Authorization: Digest ..." or "Proxy-Authorization: Digest ...".
 *
 * nc      how often this nonce was used, 1 for the first time
 * *out    text in `home`
 * Returns 0; -ENOENT if there is no challenge; -ENOTSUP if none can be
 * answered; -ENOMEM.
 */
int challenge_answer(const char **out, su_home_t *home, const sip_t *response,
		     const char *method, const char *uri, const char *user,
		     const char *password, unsigned nc);

#endif
