/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=crypto lines, bounded by the span they stand in. */
#define _GNU_SOURCE
#include "sbc/sip/crypto.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* RFC 3711 section 9.2 */
#define PACKETS_MAX (UINT64_C(1) << 48)

static const char *const suites[MEDIA_CRYPTO_SUITES] = {
	[MEDIA_CRYPTO_AES_CM_128_SHA1_80] = "AES_CM_128_HMAC_SHA1_80",
	[MEDIA_CRYPTO_AES_CM_128_SHA1_32] = "AES_CM_128_HMAC_SHA1_32",
	[MEDIA_CRYPTO_AES_256_CM_SHA1_80] = "AES_256_CM_HMAC_SHA1_80",
	[MEDIA_CRYPTO_AES_256_CM_SHA1_32] = "AES_256_CM_HMAC_SHA1_32",
	[MEDIA_CRYPTO_AEAD_AES_128_GCM] = "AEAD_AES_128_GCM",
	[MEDIA_CRYPTO_AEAD_AES_256_GCM] = "AEAD_AES_256_GCM",
};

static const char digits64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void crypto_wipe(void *memory, size_t len)
{
	if (memory != NULL)
		explicit_bzero(memory, len);
}

const char *crypto_suite_name(enum media_crypto_suite suite)
{
	return suites[suite];
}

enum media_crypto_suite crypto_suite_named(struct body_span name)
{
	for (int i = MEDIA_CRYPTO_NONE + 1; i < MEDIA_CRYPTO_SUITES; i++)
		if (body_span_is(name, suites[i]))
			return (enum media_crypto_suite)i;
	return MEDIA_CRYPTO_NONE;
}

/* --- pieces of text --------------------------------------------------------
 */

/* What stands before the first `stop`, which goes with it. */
static struct body_span cut(struct body_span *rest, char stop)
{
	const char *at = rest->len ? memchr(rest->text, stop, rest->len) : NULL;
	struct body_span piece = *rest;

	if (at == NULL) {
		*rest = (struct body_span){NULL, 0};
		return piece;
	}
	piece.len = (uint16_t)(at - rest->text);
	rest->len = (uint16_t)(rest->len - piece.len - 1);
	rest->text = rest->len ? at + 1 : NULL;
	return piece;
}

/* The next word; blanks around it go. */
static struct body_span word(struct body_span *rest)
{
	size_t skip = 0, len;
	struct body_span out;

	while (skip < rest->len && strchr(" \t", rest->text[skip]))
		skip++;
	len = skip;
	while (len < rest->len && !strchr(" \t", rest->text[len]))
		len++;
	if (len == skip) {
		*rest = (struct body_span){NULL, 0};
		return *rest;
	}
	out = (struct body_span){rest->text + skip, (uint16_t)(len - skip)};
	rest->len = (uint16_t)(rest->len - len);
	rest->text = rest->len ? rest->text + len : NULL;
	return out;
}

/* A decimal number of at most `most`. */
static bool number(uint64_t *out, struct body_span text, uint64_t most)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.text[i];

		if (c < '0' || c > '9')
			return false;
		*out = *out * 10 + (uint64_t)(c - '0');
		if (*out > most)
			return false;
	}
	return text.len > 0;
}

/* Exactly `len` bytes; the padding may be missing. */
static bool decode(uint8_t *out, unsigned len, struct body_span text)
{
	unsigned bits = 0, held = 0, done = 0;
	size_t chars = text.len;

	while (chars > 0 && text.len - chars < 2 && text.text[chars - 1] == '=')
		chars--;
	if (chars != (len * 8 + 5) / 6)
		return false;
	for (size_t i = 0; i < chars; i++) {
		const char *at = memchr(digits64, text.text[i], 64);

		if (at == NULL)
			return false;
		held = (held << 6 | (unsigned)(at - digits64)) & 0xffff;
		bits += 6;
		if (bits >= 8 && done < len) {
			bits -= 8;
			out[done++] = (uint8_t)(held >> bits);
		}
	}
	return done == len;
}

static void encode(struct body_writer *w, const uint8_t *bytes, unsigned len)
{
	char four[5] = "";

	for (unsigned i = 0; i < len; i += 3) {
		unsigned left = len - i;
		unsigned held = (unsigned)bytes[i] << 16;

		held |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
		held |= left > 2 ? bytes[i + 2] : 0;
		four[0] = digits64[held >> 18];
		four[1] = digits64[held >> 12 & 63];
		four[2] = left > 1 ? digits64[held >> 6 & 63] : '=';
		four[3] = left > 2 ? digits64[held & 63] : '=';
		body_write_text(w, four);
	}
	crypto_wipe(four, sizeof four);
}

/* --- one line ----------------------------------------------------------------
 */

/* "2^31" or "1000000" */
static int parse_lifetime(uint64_t *out, struct body_span text)
{
	uint64_t value;

	if (text.len > 2 && memcmp(text.text, "2^", 2) == 0) {
		text.text += 2;
		text.len = (uint16_t)(text.len - 2);
		if (!number(&value, text, 48))
			return -EPROTO;
		*out = UINT64_C(1) << value;
		return 0;
	}
	if (!number(out, text, PACKETS_MAX) || *out == 0)
		return -EPROTO;
	return 0;
}

/* "1:4": value and how many bytes of each packet it takes */
static int parse_mki(struct media_key *out, struct body_span text)
{
	struct body_span value = cut(&text, ':');
	uint64_t mki, len;

	if (!number(&len, text, 128) || len == 0)
		return -EPROTO;
	if (len > MEDIA_MKI_MAX)
		return -ENOTSUP;
	if (!number(&mki, value, (UINT64_C(1) << len * 8) - 1))
		return -EPROTO;
	out->mki_len = (uint8_t)len;
	for (unsigned i = 0; i < len; i++)
		out->mki[i] = (uint8_t)(mki >> (len - 1 - i) * 8);
	return 0;
}

/* "inline:KEY|2^31|1:4"; lifetime and MKI may be missing, in that order. */
static int parse_key(struct media_key *out, struct body_span text)
{
	struct body_span method = cut(&text, ':'), part;
	int error = 0;

	if (!body_span_is(method, "inline"))
		return -ENOTSUP;
	part = cut(&text, '|');
	if (!decode(out->key, media_key_len(out->suite), part))
		return -EPROTO;
	if (text.len > 0 && !memchr(text.text, '|', text.len) &&
	    memchr(text.text, ':', text.len))
		return parse_mki(out, text);
	if (text.len > 0)
		error = parse_lifetime(&out->lifetime, cut(&text, '|'));
	if (error == 0 && text.len > 0)
		error = parse_mki(out, text);
	return error;
}

/* Which of several a packet is under only an MKI can tell. */
static bool is_told_apart(const struct crypto_line *line,
			  const struct media_key *key)
{
	const struct media_key *first = &line->key;

	if (!key->mki_len || key->mki_len != first->mki_len ||
	    !memcmp(key->mki, first->mki, key->mki_len))
		return false;
	for (unsigned i = 0; i < line->furthers; i++)
		if (!memcmp(key->mki, line->further[i].mki, key->mki_len))
			return false;
	return true;
}

/* "inline:...;inline:..." */
static int parse_keys(struct crypto_line *out, struct body_span text)
{
	int error = parse_key(&out->key, cut(&text, ';'));

	while (error == 0 && text.len > 0) {
		struct media_key *key = &out->further[out->furthers];

		if (out->furthers == MEDIA_KEYS_MAX - 1)
			return -ENOTSUP;
		key->suite = out->key.suite;
		error = parse_key(key, cut(&text, ';'));
		if (error == 0 && !is_told_apart(out, key))
			error = -EPROTO;
		out->furthers += error == 0;
	}
	return error;
}

/* KDR, UNENCRYPTED_SRTP, FEC_KEY ...: what changes the packets is not ours. */
static int parse_session(struct body_span text)
{
	for (;;) {
		struct body_span one = word(&text);

		if (one.len == 0)
			return 0;
		if (one.text[0] == '-' ||
		    (one.len > 4 && strncasecmp(one.text, "WSH=", 4) == 0) ||
		    body_span_is(one, "KDR=0"))
			continue;
		return -ENOTSUP;
	}
}

int crypto_parse(struct crypto_line *out, struct body_span value)
{
	struct body_span tag = word(&value), suite = word(&value);
	struct body_span keys = word(&value);
	uint64_t digits;
	int error;

	*out = (struct crypto_line){0};
	if (!number(&digits, tag, 999999999) || suite.len == 0 || keys.len == 0)
		return -EPROTO;
	out->tag = (unsigned)digits;
	out->key.suite = crypto_suite_named(suite);
	if (out->key.suite == MEDIA_CRYPTO_NONE)
		return -ENOTSUP;
	error = parse_keys(out, keys);
	if (error == 0)
		error = parse_session(value);
	if (error != 0)
		crypto_wipe(out, sizeof *out);
	return error;
}

static void write_lifetime(struct body_writer *w, uint64_t packets)
{
	unsigned power = 0;

	while (power < 48 && UINT64_C(1) << power < packets)
		power++;
	if (UINT64_C(1) << power == packets) {
		body_write_text(w, "|2^");
		body_write_number(w, power);
	} else {
		body_write_text(w, "|");
		body_write_number(w, packets);
	}
}

static void write_key(struct body_writer *w, const struct media_key *key)
{
	uint64_t mki = 0;

	body_write_text(w, "inline:");
	encode(w, key->key, media_key_len(key->suite));
	if (key->lifetime != 0)
		write_lifetime(w, key->lifetime);
	for (unsigned i = 0; i < key->mki_len; i++)
		mki = mki << 8 | key->mki[i];
	if (key->mki_len != 0) {
		body_write_text(w, "|");
		body_write_number(w, mki);
		body_write_text(w, ":");
		body_write_number(w, key->mki_len);
	}
}

void crypto_write(struct body_writer *w, const struct crypto_line *line)
{
	body_write_text(w, "a=crypto:");
	body_write_number(w, line->tag);
	body_write_text(w, " ");
	body_write_text(w, suites[line->key.suite]);
	body_write_text(w, " ");
	write_key(w, &line->key);
	for (unsigned i = 0; i < line->furthers; i++) {
		body_write_text(w, ";");
		write_key(w, &line->further[i]);
	}
	body_write_text(w, "\r\n");
}

/* --- slots
 * --------------------------------------------------------------------- */

unsigned crypto_lines(struct crypto_line out[CRYPTO_LINES_MAX],
		      const struct body *body, unsigned slot)
{
	const struct body_media *media = &body->media[slot];
	unsigned count = 0, seen = 0;

	if (slot >= body->medias)
		return 0;
	for (unsigned i = 0; i < media->attributes; i++) {
		const struct body_attribute *a =
			&body->attribute[media->first_attribute + i];

		if (!body_span_is(a->name, "crypto"))
			continue;
		if (++seen > CRYPTO_LINES_MAX)
			break;
		if (crypto_parse(&out[count], a->value) == 0)
			count++;
	}
	return count;
}

int crypto_fresh(struct media_key *out, enum media_crypto_suite suite)
{
	*out = (struct media_key){.suite = suite};
	/* Never short for so few bytes, once the kernel has any. */
	if (getrandom(out->key, media_key_len(suite), 0) !=
	    (ssize_t)media_key_len(suite))
		return -EIO;
	return 0;
}

bool crypto_agree(struct media_crypto *out, const struct body *ours,
		  const struct body *theirs, unsigned slot)
{
	struct crypto_line mine[CRYPTO_LINES_MAX], far[CRYPTO_LINES_MAX];
	unsigned mines = crypto_lines(mine, ours, slot);
	unsigned fars = crypto_lines(far, theirs, slot);
	bool found = false;

	for (unsigned i = 0; i < fars && !found; i++) {
		for (unsigned k = 0; k < mines && !found; k++) {
			found = far[i].tag == mine[k].tag &&
				far[i].key.suite == mine[k].key.suite;
			if (!found)
				continue;
			out->receive = far[i].key;
			out->send = mine[k].key;
			out->furthers = far[i].furthers;
			memcpy(out->further, far[i].further,
			       sizeof out->further);
		}
	}
	crypto_wipe(mine, sizeof mine);
	crypto_wipe(far, sizeof far);
	return found;
}
