/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nonces that carry their own proof, and which counts of them were seen.
 * A nonce is 36 letters of base64url: 6 bytes of time, 5 of a counter, 16 of
 * HMAC-SHA256 over both, the algorithm and the source's host. Nothing is kept
 * for a nonce until an answer with the right digest came for it.
 */
#ifndef SBC_SIP_CRED_NONCE_H
#define SBC_SIP_CRED_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define CRED_NONCE_LEN	36
#define CRED_NONCES_MAX 4096

struct cred_nonces;

int cred_nonces_new(struct cred_nonces **out, unsigned life_ms);
void cred_nonces_free(struct cred_nonces *nonces);

/* Returns 0, or -EIO if libcrypto refuses. */
int cred_nonce_write(struct cred_nonces *nonces, char out[CRED_NONCE_LEN + 1],
		     unsigned algorithm, const struct sockaddr *source,
		     uint64_t now_ms);

/* A nonce that is ours, for that algorithm and source. */
struct cred_nonce {
	uint64_t made_ms;
	uint8_t proof[16];
};
/* Returns 0, or -ENOENT if it is not ours. */
int cred_nonce_read(struct cred_nonces *nonces, struct cred_nonce *out,
		    const char *text, size_t len, unsigned algorithm,
		    const struct sockaddr *source);

/*
 * Take one use of a nonce whose digest was right.
 *
 * count  nc; NULL: a client without qop, whose nonce serves once
 * Returns false if it is too old, was used with this count, or may have been
 * (its counts were displaced by CRED_NONCES_MAX newer ones).
 */
bool cred_nonce_use(struct cred_nonces *nonces, const struct cred_nonce *nonce,
		    const uint32_t *count, uint64_t now_ms);

#endif
