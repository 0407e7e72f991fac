/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What both ways of digest share: reading a header's parameters, and the
 * digest itself as a pure function (RFC 7616 section 3.4).
 */
#ifndef SBC_SIP_CRED_DIGEST_H
#define SBC_SIP_CRED_DIGEST_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRED_TEXT_MAX 4096 /* a header's value */
#define CRED_HEX_MAX  65   /* 32 bytes and a NUL */

struct cred_span {
	const char *text; /* not NUL-terminated; NULL: not there */
	size_t len;
};
struct cred_span cred_span(const char *text);
bool cred_span_is(struct cred_span span, const char *text); /* any case */

/* Quotes are cut, backslashes stay as they came (that is what is hashed). */
struct cred_params {
	struct cred_span username, realm, nonce, uri, response, algorithm,
		cnonce, opaque, qop, nc, stale;
};
/*
 * Read "Digest name=value, ...". Unknown parameters are passed over.
 * Returns 0; -EPROTO if it is no Digest, cannot be read, names a parameter
 * twice or holds control bytes; -EMSGSIZE over CRED_TEXT_MAX.
 */
int cred_params_read(struct cred_params *out, const char *value);

/* The algorithms, weakest first; the index is the rank. */
struct cred_hash {
	const char *name;  /* algorithm= */
	const char *fetch; /* libcrypto's name */
	bool session;	   /* -sess */
};
/* NULL if unknown; without an algorithm it is MD5. */
const struct cred_hash *cred_hash_find(struct cred_span algorithm);
int cred_hash_rank(const struct cred_hash *hash);

struct cred_digest {
	struct cred_span username, realm, password, method, uri, nonce;
	struct cred_span qop;	     /* text NULL: none (RFC 2069) */
	struct cred_span nc, cnonce; /* with qop; cnonce also with -sess */
	bool session;
};
/* out: lower-case hex. Returns 0, or -EIO if libcrypto refuses. */
int cred_digest_make(char out[CRED_HEX_MAX], EVP_MD_CTX *ctx, const EVP_MD *md,
		     const struct cred_digest *d);

/* Any byte below space, or DEL? (UTF-8 is fine, tab is not.) */
bool cred_has_control(const char *text);

#endif
