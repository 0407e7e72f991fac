/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digest access authentication both ways (RFC 3261 section 22, RFC 7616,
 * RFC 8760): MD5 and SHA-256 over libcrypto, qop auth. Knows text only.
 */
#ifndef SBC_SIP_CRED_H
#define SBC_SIP_CRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum cred_algorithm { CRED_MD5, CRED_SHA256 };

/* --- we ask: the registrar and calls from phones -------------------------- */

struct cred; /* a realm, the key of its nonces, nonce counts seen */

/* realm  at most 128 bytes, no quotes, backslashes or control bytes
 * Returns 0; -EINVAL for such a realm; -ENOMEM; -EIO if libcrypto refuses. */
int cred_new(struct cred **out, const char *realm, unsigned nonce_life_ms);
void cred_free(struct cred *cred);

#define CRED_CHALLENGE_MAX 512
/*
 * The value of a WWW-Authenticate (or Proxy-Authenticate) header. The nonce
 * is bound to the source's host and to the time.
 * Returns 0; -EMSGSIZE; -EIO if libcrypto refuses.
 */
int cred_challenge(struct cred *cred, enum cred_algorithm algorithm,
		   const struct sockaddr *source, uint64_t now_ms, bool stale,
		   char out[CRED_CHALLENGE_MAX]);

enum cred_verdict {
	CRED_GOOD,
	CRED_STALE,  /* the digest is right, but the nonce is too old, its
			nc was seen, or it is not ours for this source and
			algorithm (we restarted, the phone moved):
			challenge again with stale=true */
	CRED_BAD,    /* wrong or unknown user: the same answer */
	CRED_BROKEN, /* the header cannot be read: 400 */
};
/* The user name of an Authorization value, for the look-up of its password.
 * Returns 0, -EPROTO, or -EMSGSIZE. */
int cred_username(const char *authorization, char *out, size_t size);
/*
 * authorization  the header's value; its uri is not compared with the
 *                request's (ALGs rewrite those), only hashed
 * password       NULL for an unknown user: the same work is done
 * Without qop (RFC 2069) a nonce serves once.
 */
enum cred_verdict cred_check(struct cred *cred, const char *authorization,
			     const char *method, const char *password,
			     const struct sockaddr *source, uint64_t now_ms);

/* --- we are asked: trunks --------------------------------------------------
 */

#define CRED_ANSWER_MAX 1024
/*
 * The value of an Authorization header for a challenge value. Of several
 * challenges the caller gives the strongest that this function takes
 * (cred_challenge_rank: SHA-512-256 over SHA-256 over MD5; -1: cannot be
 * answered). qop "auth" and none, opaque, and the -sess algorithms are known.
 *
 * nc  how many answers to this nonce, this one counted: 1 for the first
 * Returns 0; -EPROTO for a challenge that cannot be read or control bytes in
 * any argument; -ENOTSUP for an unknown algorithm or qop; -EMSGSIZE; -EIO.
 */
int cred_challenge_rank(const char *challenge);
int cred_answer(char out[CRED_ANSWER_MAX], const char *challenge,
		const char *method, const char *uri, const char *user,
		const char *password, unsigned nc);
bool cred_challenge_is_stale(const char *challenge);

#endif
