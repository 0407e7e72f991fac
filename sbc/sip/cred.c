/* SPDX-License-Identifier: GPL-3.0-or-later */
/* We ask for digests: challenges, and the verdict on what comes back. */
#include "sbc/sip/cred.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/sip/cred_digest.h"
#include "sbc/sip/cred_nonce.h"

struct cred {
	char realm[129];
	struct cred_nonces *nonces;
	EVP_MD *md[2]; /* by enum cred_algorithm */
	EVP_MD_CTX *ctx;
};

static const char *const names[] = {
	[CRED_MD5] = "MD5", [CRED_SHA256] = "SHA-256"};

int cred_new(struct cred **out, const char *realm, unsigned nonce_life_ms)
{
	struct cred *cred;
	int error;

	if (strlen(realm) >= sizeof cred->realm || cred_has_control(realm) ||
	    strpbrk(realm, "\"\\") != NULL)
		return -EINVAL;
	cred = calloc(1, sizeof *cred);
	if (cred == NULL)
		return -ENOMEM;
	memcpy(cred->realm, realm, strlen(realm) + 1);
	cred->md[CRED_MD5] = EVP_MD_fetch(NULL, "MD5", NULL);
	cred->md[CRED_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	cred->ctx = EVP_MD_CTX_new();
	error = cred_nonces_new(&cred->nonces, nonce_life_ms);
	if (error == 0 && (cred->md[CRED_SHA256] == NULL || cred->ctx == NULL))
		error = -EIO;
	if (error != 0) {
		cred_free(cred);
		return error;
	}
	*out = cred;
	return 0;
}

void cred_free(struct cred *cred)
{
	if (cred == NULL)
		return;
	cred_nonces_free(cred->nonces);
	EVP_MD_free(cred->md[CRED_MD5]);
	EVP_MD_free(cred->md[CRED_SHA256]);
	EVP_MD_CTX_free(cred->ctx);
	free(cred);
}

int cred_challenge(struct cred *cred, enum cred_algorithm algorithm,
		   const struct sockaddr *source, uint64_t now_ms, bool stale,
		   char out[CRED_CHALLENGE_MAX])
{
	char nonce[CRED_NONCE_LEN + 1];
	int error, n;

	error = cred_nonce_write(cred->nonces, nonce, algorithm, source,
				 now_ms);
	if (error != 0)
		return error;
	n = snprintf(out, CRED_CHALLENGE_MAX,
		     "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, "
		     "qop=\"auth\"%s",
		     cred->realm, nonce, names[algorithm],
		     stale ? ", stale=true" : "");
	return n > 0 && n < CRED_CHALLENGE_MAX ? 0 : -EMSGSIZE;
}

/* Undo the backslashes of a quoted string. */
static int unescape(struct cred_span from, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < from.len; i++) {
		if (from.text[i] == '\\' && i + 1 < from.len)
			i++;
		if (n + 1 >= size)
			return -EMSGSIZE;
		out[n++] = from.text[i];
	}
	out[n] = '\0';
	return 0;
}

int cred_username(const char *authorization, char *out, size_t size)
{
	struct cred_params params;
	int error = cred_params_read(&params, authorization);

	if (error != 0)
		return error;
	if (params.username.len == 0)
		return -EPROTO;
	return unescape(params.username, out, size);
}

static bool read_count(struct cred_span nc, uint32_t *out)
{
	uint32_t value = 0;

	if (nc.len == 0 || nc.len > 8)
		return false;
	for (size_t i = 0; i < nc.len; i++) {
		char c = nc.text[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

/* What must stand in an answer, whatever it is worth. */
static bool complete(const struct cred_params *p, uint32_t *count)
{
	if (p->username.text == NULL || p->nonce.text == NULL ||
	    p->uri.text == NULL || p->response.len == 0)
		return false;
	if (p->qop.text == NULL)
		return true;
	return p->cnonce.text != NULL && read_count(p->nc, count);
}

/* Compare hex of any case without telling where it differs. */
static bool response_equal(struct cred_span given, const char *right)
{
	size_t len = strlen(right);
	unsigned differ = 0;

	if (given.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)given.text[i];
		unsigned upper = (unsigned)(c >= 'A' && c <= 'F') << 5;

		differ |= (c | upper) ^ (unsigned char)right[i];
	}
	return differ == 0;
}

static int algorithm_of(struct cred_span name)
{
	if (name.text == NULL || cred_span_is(name, names[CRED_MD5]))
		return CRED_MD5;
	return cred_span_is(name, names[CRED_SHA256]) ? CRED_SHA256 : -1;
}

/* Is the digest right? Takes as long for an unknown user. */
static bool digest_right(struct cred *cred, const struct cred_params *p,
			 int algorithm, const char *method,
			 const char *password)
{
	char user[256], right[CRED_HEX_MAX];
	struct cred_digest d = {
		.realm = cred_span(cred->realm),
		.password = cred_span(password != NULL ? password : "?"),
		.method = cred_span(method),
		.uri = p->uri,
		.nonce = p->nonce,
		.qop = p->qop,
		.nc = p->nc,
		.cnonce = p->cnonce,
	};
	bool equal;

	if (unescape(p->username, user, sizeof user) != 0)
		return false;
	d.username = cred_span(user);
	if (cred->md[algorithm] == NULL ||
	    cred_digest_make(right, cred->ctx, cred->md[algorithm], &d) != 0)
		return false;
	equal = response_equal(p->response, right);
	OPENSSL_cleanse(right, sizeof right);
	return equal && password != NULL;
}

enum cred_verdict cred_check(struct cred *cred, const char *authorization,
			     const char *method, const char *password,
			     const struct sockaddr *source, uint64_t now_ms)
{
	struct cred_params p;
	struct cred_nonce nonce;
	uint32_t count = 0;
	int algorithm;
	bool ours;

	if (cred_params_read(&p, authorization) != 0 || !complete(&p, &count))
		return CRED_BROKEN;
	algorithm = algorithm_of(p.algorithm);
	if (algorithm < 0 ||
	    (p.qop.text != NULL && !cred_span_is(p.qop, "auth")))
		return CRED_BAD; /* neither was offered */
	ours = cred_nonce_read(cred->nonces, &nonce, p.nonce.text, p.nonce.len,
			       (unsigned)algorithm, source) == 0;
	if (!digest_right(cred, &p, algorithm, method, password))
		return CRED_BAD;
	if (!ours ||
	    !cred_nonce_use(cred->nonces, &nonce,
			    p.qop.text != NULL ? &count : NULL, now_ms))
		return CRED_STALE;
	return CRED_GOOD;
}
