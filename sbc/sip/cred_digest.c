/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameters of a digest header, and the digest over libcrypto. */
#include "sbc/sip/cred_digest.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Weakest first (RFC 8760 section 2.3 lets the recipient choose). */
static const struct cred_hash hashes[] = {
	{"MD5", "MD5", false},
	{"MD5-sess", "MD5", true},
	{"SHA-256", "SHA256", false},
	{"SHA-256-sess", "SHA256", true},
	{"SHA-512-256", "SHA512-256", false},
	{"SHA-512-256-sess", "SHA512-256", true},
};

struct cred_span cred_span(const char *text)
{
	return (struct cred_span){text, strlen(text)};
}

bool cred_span_is(struct cred_span span, const char *text)
{
	return span.text != NULL && strlen(text) == span.len &&
	       strncasecmp(span.text, text, span.len) == 0;
}

bool cred_has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			return true;
	}
	return false;
}

const struct cred_hash *cred_hash_find(struct cred_span algorithm)
{
	if (algorithm.text == NULL)
		return &hashes[0];
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
		if (cred_span_is(algorithm, hashes[i].name))
			return &hashes[i];
	}
	return NULL;
}

int cred_hash_rank(const struct cred_hash *hash)
{
	return (int)(hash - hashes);
}

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')
		at++;
	return at;
}

static bool is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("-.!%*_+`'~", c) != NULL);
}

/* Bytes that a value may hold: a folded line's break is only a blank. */
static bool text_ok(const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '\r' && value[i + 1] == '\n' &&
		    (value[i + 2] == ' ' || value[i + 2] == '\t')) {
			i += 2;
			continue;
		}
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* A token or quoted string at `*at`; false if neither. Some phones leave
 * out the quotes of a URI, so anything up to a comma or blank will do. */
static bool read_value(struct cred_span *out, const char **at)
{
	const char *p = *at;

	if (*p == '"') {
		out->text = ++p;
		while (*p != '"') {
			if (*p == '\\' && p[1] != '\0')
				p++;
			if (*p == '\0' || *p == '\r')
				return false;
			p++;
		}
		out->len = (size_t)(p - out->text);
		*at = p + 1;
		return true;
	}
	out->text = p;
	out->len = strcspn(p, ", \t\r\n\"\\");
	*at = p + out->len;
	return true;
}

static struct cred_span *param_named(struct cred_params *out,
				     struct cred_span name)
{
	const struct {
		const char *name;
		struct cred_span *at;
	} params[] = {
		{"username", &out->username}, {"realm", &out->realm},
		{"nonce", &out->nonce},	      {"uri", &out->uri},
		{"response", &out->response}, {"algorithm", &out->algorithm},
		{"cnonce", &out->cnonce},     {"opaque", &out->opaque},
		{"qop", &out->qop},	      {"nc", &out->nc},
		{"stale", &out->stale},
	};

	for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
		if (cred_span_is(name, params[i].name))
			return params[i].at;
	}
	return NULL;
}

int cred_params_read(struct cred_params *out, const char *value)
{
	const char *at = value;

	memset(out, 0, sizeof *out);
	if (strlen(value) > CRED_TEXT_MAX)
		return -EMSGSIZE;
	if (!text_ok(value))
		return -EPROTO;
	at = skip_blanks(at);
	if (strncasecmp(at, "Digest", 6) != 0 || is_token(at[6]))
		return -EPROTO;
	at = skip_blanks(at + 6);
	while (*at != '\0') {
		struct cred_span name = {at, 0}, text, *param;

		while (is_token(*at))
			at++;
		name.len = (size_t)(at - name.text);
		at = skip_blanks(at);
		if (name.len == 0 || *at != '=')
			return -EPROTO;
		at = skip_blanks(at + 1);
		if (!read_value(&text, &at))
			return -EPROTO;
		param = param_named(out, name);
		if (param != NULL) {
			if (param->text != NULL)
				return -EPROTO;
			*param = text;
		}
		at = skip_blanks(at);
		if (*at != ',' && *at != '\0')
			return -EPROTO;
		while (*at == ',')
			at = skip_blanks(at + 1);
	}
	return 0;
}

/* Hash parts joined by ":" into hex. */
static int hash_parts(char out[CRED_HEX_MAX], EVP_MD_CTX *ctx, const EVP_MD *md,
		      const struct cred_span *part, unsigned parts)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1)
		return -EIO;
	for (unsigned i = 0; i < parts; i++) {
		if (i > 0 && EVP_DigestUpdate(ctx, ":", 1) != 1)
			return -EIO;
		if (part[i].len > 0 &&
		    EVP_DigestUpdate(ctx, part[i].text, part[i].len) != 1)
			return -EIO;
	}
	if (EVP_DigestFinal_ex(ctx, bytes, &len) != 1 ||
	    len * 2 >= CRED_HEX_MAX)
		return -EIO;
	for (unsigned i = 0; i < len; i++) {
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	out[2 * len] = '\0';
	return 0;
}

int cred_digest_make(char out[CRED_HEX_MAX], EVP_MD_CTX *ctx, const EVP_MD *md,
		     const struct cred_digest *d)
{
	char ha1[CRED_HEX_MAX], ha2[CRED_HEX_MAX];
	struct cred_span a1[] = {d->username, d->realm, d->password};
	struct cred_span a2[] = {d->method, d->uri};
	int error;

	error = hash_parts(ha1, ctx, md, a1, 3);
	if (error == 0 && d->session) {
		struct cred_span a1s[] = {cred_span(ha1), d->nonce, d->cnonce};

		error = hash_parts(ha1, ctx, md, a1s, 3);
	}
	if (error == 0)
		error = hash_parts(ha2, ctx, md, a2, 2);
	if (error == 0 && d->qop.text == NULL) {
		struct cred_span kd[] = {cred_span(ha1), d->nonce,
					 cred_span(ha2)};

		error = hash_parts(out, ctx, md, kd, 3);
	} else if (error == 0) {
		struct cred_span kd[] = {cred_span(ha1), d->nonce,
					 d->nc,		 d->cnonce,
					 d->qop,	 cred_span(ha2)};

		error = hash_parts(out, ctx, md, kd, 6);
	}
	OPENSSL_cleanse(ha1, sizeof ha1);
	return error;
}
