/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digest for the fakes, both ends of it. */
#include "tests/fakes/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/fakes/text.h"

static void hash(char out[65], bool sha256, const char *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!EVP_Digest(text, strlen(text), sum, &len,
			sha256 ? EVP_sha256() : EVP_md5(), NULL))
		abort();
	for (unsigned i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", sum[i]);
}

struct digest_parts {
	const char *user, *realm, *password, *method, *uri, *nonce;
	const char *nc, *cnonce, *qop; /* qop "": the RFC 2069 form */
	bool sha256;
};

static void response(char out[65], const struct digest_parts *p)
{
	char text[2048], a1[65], a2[65];

	snprintf(text, sizeof(text), "%s:%s:%s", p->user, p->realm,
		 p->password);
	hash(a1, p->sha256, text);
	snprintf(text, sizeof(text), "%s:%s", p->method, p->uri);
	hash(a2, p->sha256, text);
	if (p->qop[0])
		snprintf(text, sizeof(text), "%s:%s:%s:%s:%s:%s", a1, p->nonce,
			 p->nc, p->cnonce, p->qop, a2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", a1, p->nonce, a2);
	hash(out, p->sha256, text);
}

bool digest_is_sha256(const char *challenge)
{
	char algorithm[32] = "MD5";

	text_param(challenge, "algorithm", algorithm, sizeof(algorithm));
	return !strcasecmp(algorithm, "SHA-256");
}

void digest_answer(char *out, size_t size, const char *challenge,
		   const char *method, const char *uri, const char *user,
		   const char *password)
{
	static unsigned counter;
	char realm[128] = "", nonce[256] = "", qop[32] = "", opaque[128] = "";
	char cnonce[32], sum[65];

	text_param(challenge, "realm", realm, sizeof(realm));
	text_param(challenge, "nonce", nonce, sizeof(nonce));
	text_param(challenge, "qop", qop, sizeof(qop));
	text_param(challenge, "opaque", opaque, sizeof(opaque));
	snprintf(cnonce, sizeof(cnonce), "c%08x", ++counter * 2654435761u);
	struct digest_parts parts = {
		.user = user,
		.realm = realm,
		.password = password,
		.method = method,
		.uri = uri,
		.nonce = nonce,
		.nc = "00000001",
		.cnonce = cnonce,
		.qop = qop[0] ? "auth" : "",
		.sha256 = digest_is_sha256(challenge),
	};
	response(sum, &parts);
	int n = snprintf(out, size,
			 "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
			 "uri=\"%s\", response=\"%s\", algorithm=%s",
			 user, realm, nonce, uri, sum,
			 parts.sha256 ? "SHA-256" : "MD5");
	if (qop[0])
		n += snprintf(out + n, size - (size_t)n,
			      ", qop=auth, nc=00000001, cnonce=\"%s\"", cnonce);
	if (opaque[0])
		snprintf(out + n, size - (size_t)n, ", opaque=\"%s\"", opaque);
}

bool digest_right(const char *credentials, const char *method,
		  const char *password)
{
	char user[128] = "", realm[128] = "", nonce[256] = "", uri[256] = "";
	char nc[16] = "", cnonce[128] = "", qop[32] = "", given[65] = "";
	char sum[65];

	text_param(credentials, "username", user, sizeof(user));
	text_param(credentials, "realm", realm, sizeof(realm));
	text_param(credentials, "nonce", nonce, sizeof(nonce));
	text_param(credentials, "uri", uri, sizeof(uri));
	text_param(credentials, "nc", nc, sizeof(nc));
	text_param(credentials, "cnonce", cnonce, sizeof(cnonce));
	text_param(credentials, "qop", qop, sizeof(qop));
	text_param(credentials, "response", given, sizeof(given));
	struct digest_parts parts = {
		.user = user,
		.realm = realm,
		.password = password,
		.method = method,
		.uri = uri,
		.nonce = nonce,
		.nc = nc,
		.cnonce = cnonce,
		.qop = qop,
		.sha256 = digest_is_sha256(credentials),
	};
	response(sum, &parts);
	return !strcmp(sum, given);
}
