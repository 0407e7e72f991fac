/* SPDX-License-Identifier: GPL-3.0-or-later */
/* We are asked: the answer to a trunk's challenge. */
#include "sbc/sip/cred.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "sbc/sip/cred_digest.h"

/* A value being written; one byte stays for the NUL. */
struct answer {
	char *text;
	size_t len;
	bool overflow;
};

static void put(struct answer *a, const char *text, size_t len)
{
	if (a->overflow || len >= CRED_ANSWER_MAX - a->len) {
		a->overflow = true;
		return;
	}
	memcpy(a->text + a->len, text, len);
	a->len += len;
	a->text[a->len] = '\0';
}

static void put_param(struct answer *a, const char *name,
		      struct cred_span value)
{
	put(a, name, strlen(name));
	put(a, "=\"", 2);
	put(a, value.text, value.len);
	put(a, "\"", 1);
}

static void put_escaped(struct answer *a, const char *name, const char *value)
{
	put(a, name, strlen(name));
	put(a, "=\"", 2);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			put(a, "\\", 1);
		put(a, value, 1);
	}
	put(a, "\"", 1);
}

/* The challenge's qop list: *auth says whether "auth" is in it. Returns 0,
 * or -ENOTSUP if there is a list without it. */
static int choose_qop(struct cred_span qop, bool *auth)
{
	size_t i = 0;

	*auth = false;
	if (qop.text == NULL)
		return 0;
	while (i < qop.len) {
		struct cred_span word;

		while (i < qop.len && strchr(", \t", qop.text[i]) != NULL)
			i++;
		word.text = qop.text + i;
		word.len = 0;
		while (i < qop.len && strchr(", \t", qop.text[i]) == NULL) {
			word.len++;
			i++;
		}
		*auth |= cred_span_is(word, "auth");
	}
	return *auth ? 0 : -ENOTSUP;
}

/* What a challenge asks of us. */
static int read_challenge(struct cred_params *p, const struct cred_hash **hash,
			  bool *auth, const char *challenge)
{
	int error = cred_params_read(p, challenge);

	if (error != 0)
		return error;
	if (p->realm.text == NULL || p->nonce.text == NULL)
		return -EPROTO;
	*hash = cred_hash_find(p->algorithm);
	if (*hash == NULL)
		return -ENOTSUP;
	return choose_qop(p->qop, auth);
}

int cred_challenge_rank(const char *challenge)
{
	struct cred_params p;
	const struct cred_hash *hash;
	bool auth;

	if (read_challenge(&p, &hash, &auth, challenge) != 0)
		return -1;
	return cred_hash_rank(hash);
}

bool cred_challenge_is_stale(const char *challenge)
{
	struct cred_params p;

	return cred_params_read(&p, challenge) == 0 &&
	       cred_span_is(p.stale, "true");
}

static int random_hex(char out[33])
{
	unsigned char bytes[16];

	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return -EIO;
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int make_response(char out[CRED_HEX_MAX], const struct cred_hash *hash,
			 const struct cred_digest *d)
{
	EVP_MD *md = EVP_MD_fetch(NULL, hash->fetch, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int error = -ENOTSUP;

	if (md != NULL && ctx != NULL)
		error = cred_digest_make(out, ctx, md, d);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return error;
}

static int write_answer(char out[CRED_ANSWER_MAX], const struct cred_params *p,
			const struct cred_digest *d, const char *user,
			const char *response)
{
	struct answer a = {.text = out};

	put(&a, "Digest ", 7);
	put_escaped(&a, "username", user);
	put_param(&a, ", realm", p->realm);
	put_param(&a, ", nonce", p->nonce);
	put_param(&a, ", uri", d->uri);
	put_param(&a, ", response", cred_span(response));
	if (p->algorithm.text != NULL) {
		put(&a, ", algorithm=", 12);
		put(&a, p->algorithm.text, p->algorithm.len);
	}
	if (d->cnonce.text != NULL)
		put_param(&a, ", cnonce", d->cnonce);
	if (d->qop.text != NULL) {
		put(&a, ", qop=auth, nc=", 15);
		put(&a, d->nc.text, d->nc.len);
	}
	if (p->opaque.text != NULL)
		put_param(&a, ", opaque", p->opaque);
	return a.overflow ? -EMSGSIZE : 0;
}

int cred_answer(char out[CRED_ANSWER_MAX], const char *challenge,
		const char *method, const char *uri, const char *user,
		const char *password, unsigned nc)
{
	struct cred_params p;
	const struct cred_hash *hash;
	struct cred_digest d = {0};
	char cnonce[33], count[9], response[CRED_HEX_MAX];
	bool auth;
	int error = read_challenge(&p, &hash, &auth, challenge);

	if (error != 0)
		return error;
	if (cred_has_control(method) || cred_has_control(uri) ||
	    cred_has_control(user) || cred_has_control(password) ||
	    strpbrk(uri, "\"\\ ") != NULL)
		return -EPROTO;
	d.username = cred_span(user);
	d.realm = p.realm;
	d.password = cred_span(password);
	d.method = cred_span(method);
	d.uri = cred_span(uri);
	d.nonce = p.nonce;
	d.session = hash->session;
	if (auth || hash->session) {
		error = random_hex(cnonce);
		if (error != 0)
			return error;
		d.cnonce = cred_span(cnonce);
	}
	if (auth) {
		snprintf(count, sizeof count, "%08x", nc);
		d.nc = cred_span(count);
		d.qop = cred_span("auth");
	}
	error = make_response(response, hash, &d);
	if (error != 0)
		return error;
	return write_answer(out, &p, &d, user, response);
}
