/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which a= lines cross, and how their values are checked or rewritten. */
#define _GNU_SOURCE
#include "sbc/sip/offer_internal.h"

#include <string.h>
#include <strings.h>

#define VALUE_MAX  1024
#define CRYPTO_MAX 16 /* a=crypto lines looked at in one slot */

/* How a value is copied. */
enum attribute_how {
	HOW_FLAG,   /* no value */
	HOW_WORDS,  /* letters, digits, blanks, "-_,+*": no address fits */
	HOW_TEXT,   /* printable ASCII without an address (offer_value_ok) */
	HOW_TYPED,  /* payload type first, which is numbered anew */
	HOW_CRYPTO, /* an answer holds one, with the offer's tag */
	HOW_SETUP,  /* never actpass in an answer */
};

enum attribute_where {
	ON_RTP = 1,
	ON_IMAGE = 2,
};

/*
 * The allow-list. Written elsewhere: rtpmap, fmtp (of each format that stays),
 * the direction. Left behind on purpose:
 *   candidate, ice-*, rtcp, connection, X-nat, rtcp-xr, source-filter, path:
 *			they show or choose addresses; media goes through us
 *   rtcp-mux:		RTP and RTCP are relayed on pairs of ports
 *   ssrc, ssrc-group, msid, cname, group, mid, bundle-only:
 *			name the inside, and mean nothing without each other
 *   extmap, extmap-allow-mixed: not negotiated, so nobody adds extensions;
 *			a mid extension without mid would mislead
 *   acap, tcap, pcfg, acfg, cdsc, cpar, sqn: would choose around us
 *   curr, des, conf:	preconditions end on each leg (RFC 3312)
 *   tool, record, cat, keywds, type, charset, phone-context: fingerprints
 */
static const struct attribute_rule {
	const char *name;
	enum attribute_how how;
	unsigned where;
	bool inherited; /* a session's attribute counts for each slot */
	bool key;	/* crosses only if security does */
} rules[] = {
	{"ptime", HOW_WORDS, ON_RTP, true, false},
	{"maxptime", HOW_WORDS, ON_RTP, true, false},
	{"silenceSupp", HOW_WORDS, ON_RTP, false, false},
	{"framerate", HOW_TEXT, ON_RTP, false, false},
	{"content", HOW_WORDS, ON_RTP, false, false},
	{"label", HOW_WORDS, ON_RTP, false, false},
	{"lang", HOW_WORDS, ON_RTP, true, false},
	{"rtcp-fb", HOW_TYPED, ON_RTP, false, false},
	{"rtcp-rsize", HOW_FLAG, ON_RTP, false, false},
	{"gpmd", HOW_TYPED, ON_RTP, false, false},
	/* Keys between the ends: packets cross byte for byte. */
	{"crypto", HOW_CRYPTO, ON_RTP, false, true},
	{"fingerprint", HOW_TEXT, ON_RTP, true, true},
	{"setup", HOW_SETUP, ON_RTP, true, true},
	{"tls-id", HOW_WORDS, ON_RTP, true, true},
	{"zrtp-hash", HOW_TEXT, ON_RTP, true, true},
	{"key-mgmt", HOW_TEXT, ON_RTP, true, true},
	/* ITU-T T.38 annex D */
	{"T38FaxVersion", HOW_WORDS, ON_IMAGE, false, false},
	{"T38MaxBitRate", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxMaxRate", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxFillBitRemoval", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxTranscodingMMR", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxTranscodingJBIG", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxRateManagement", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxMaxBuffer", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxMaxDatagram", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxMaxIFP", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxUdpEC", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxUdpECDepth", HOW_WORDS, ON_IMAGE, false, false},
	{"T38FaxUdpFECMaxSpan", HOW_WORDS, ON_IMAGE, false, false},
	{"T38ModemType", HOW_WORDS, ON_IMAGE, false, false},
	{"T38VendorInfo", HOW_WORDS, ON_IMAGE, false, false},
};

#define RULES (sizeof rules / sizeof *rules)

/* Is there something like 192.0.2.1 in it? */
static bool has_dotted_quad(struct body_span value)
{
	unsigned groups = 0, digits = 0;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.text[i];

		if (c >= '0' && c <= '9') {
			digits++;
			if (groups == 3)
				return true;
		} else if (c == '.' && digits > 0) {
			groups++;
			digits = 0;
		} else {
			groups = digits = 0;
		}
	}
	return false;
}

bool offer_value_ok(struct body_span value, const struct body *from)
{
	struct body_span host = from->origin_host;

	if (value.len > VALUE_MAX)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.text[i];

		if (c < ' ' || c >= 0x7f || c == '@')
			return false;
		if (c == ':' && i + 1 < value.len && value.text[i + 1] == ':')
			return false; /* an IPv6 literal */
	}
	if (value.len > 0 && host.len >= 4 &&
	    memmem(value.text, value.len, host.text, host.len) != NULL)
		return false;
	return !has_dotted_quad(value);
}

bool offer_token_ok(struct body_span token)
{
	if (token.len > 32)
		return false;
	for (size_t i = 0; i < token.len; i++) {
		unsigned char c = (unsigned char)token.text[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]", c))
			return false;
	}
	return !has_dotted_quad(token);
}

static bool words_ok(struct body_span value)
{
	if (value.len > VALUE_MAX)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.text[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && strchr(" -_,+*", c) == NULL)
			return false;
	}
	return true;
}

static struct body_span first_word(struct body_span *rest)
{
	struct body_span word = *rest;
	size_t n = 0, skip;

	while (n < rest->len && rest->text[n] != ' ' && rest->text[n] != '\t')
		n++;
	skip = n;
	while (skip < rest->len &&
	       (rest->text[skip] == ' ' || rest->text[skip] == '\t'))
		skip++;
	word.len = (uint16_t)n;
	if (skip > 0)
		rest->text += skip;
	rest->len = (uint16_t)(rest->len - skip);
	return word;
}

static void write_line(struct body_writer *w, const char *name,
		       struct body_span value)
{
	body_write_text(w, "a=");
	body_write_text(w, name);
	if (value.len > 0) {
		body_write_text(w, ":");
		body_write_span(w, value);
	}
	body_write_text(w, "\r\n");
}

/* "96 nack pli" with the number that this leg has for 96; "*" stays. */
static void write_typed(struct body_writer *w, const char *name,
			const struct body_attribute *attribute,
			const struct body *from,
			const struct offer_picks *picks)
{
	struct body_span value = attribute->value;
	struct body_span id = first_word(&value);
	struct body_span number = id;

	/* transport-cc lives in an RTP header extension that is not offered */
	if (!offer_value_ok(value, from) || value.len == 0 ||
	    body_span_is(value, "transport-cc"))
		return;
	if (!body_span_is(id, "*")) {
		unsigned i;

		for (i = 0; i < picks->count; i++) {
			if (body_span_equal(picks->pick[i].format->id, id))
				break;
		}
		if (i == picks->count)
			return;
		number = picks->pick[i].number->id;
	}
	body_write_text(w, "a=");
	body_write_text(w, name);
	body_write_text(w, ":");
	body_write_span(w, number);
	body_write_text(w, " ");
	body_write_span(w, value);
	body_write_text(w, "\r\n");
}

/* RFC 5763 section 5: actpass in offers; an answer must decide. If the ends
 * never said (the far end's last word was its own offer), the one that
 * answered it was active, so we are not. */
static void write_setup(struct body_writer *w, const struct offer_job *job,
			unsigned slot, struct body_span value)
{
	const struct body_attribute *theirs;
	const char *say = NULL;

	if (job->role == OFFER_OWN) {
		say = "actpass";
	} else if (job->role == OFFER_ANSWER &&
		   body_span_is(value, "actpass")) {
		theirs = body_attribute(job->shape, (int)slot, "setup");
		if (theirs == NULL)
			theirs = body_attribute(job->shape, -1, "setup");
		say = theirs != NULL && body_span_is(theirs->value, "passive")
			      ? "active"
			      : "passive";
	}
	if (say != NULL) {
		value.text = say;
		value.len = (uint16_t)strlen(say);
	}
	if (words_ok(value))
		write_line(w, "setup", value);
}

/* The tag of the offered a=crypto with this suite; empty: not offered. */
static struct body_span offered_tag(const struct offer_job *job, unsigned slot,
				    struct body_span suite)
{
	const struct body_media *media = &job->shape->media[slot];

	for (unsigned i = 0; i < media->attributes; i++) {
		const struct body_attribute *a =
			&job->shape->attribute[media->first_attribute + i];
		struct body_span rest = a->value, tag;

		if (!body_span_is(a->name, "crypto"))
			continue;
		tag = first_word(&rest);
		if (body_span_equal(first_word(&rest), suite) && words_ok(tag))
			return tag;
	}
	return (struct body_span){NULL, 0};
}

/* RFC 4568 section 5.1.2: one line, the tag of the offered one. What we said
 * last on this leg is preferred: our key must not change by itself. */
static void write_crypto_answer(struct body_writer *w,
				const struct offer_job *job, unsigned slot)
{
	const struct body_media *media = &job->from->media[slot];
	struct body_span best = {NULL, 0}, best_tag = {NULL, 0};
	unsigned lines = 0;

	for (unsigned i = 0; i < media->attributes; i++) {
		const struct body_attribute *a =
			&job->from->attribute[media->first_attribute + i];
		struct body_span rest = a->value, params, tag;
		bool said;

		if (!body_span_is(a->name, "crypto") ||
		    !offer_value_ok(a->value, job->from))
			continue;
		if (++lines > CRYPTO_MAX)
			break;
		first_word(&rest);
		params = rest;
		tag = offered_tag(job, slot, first_word(&rest));
		if (tag.len == 0 || rest.len == 0)
			continue;
		said = job->o->local != NULL &&
		       memmem(job->o->local, job->o->local_len, params.text,
			      params.len) != NULL;
		if (best.len == 0 || said) {
			best = params;
			best_tag = tag;
		}
		if (said)
			break;
	}
	if (best.len == 0)
		return;
	body_write_text(w, "a=crypto:");
	body_write_span(w, best_tag);
	body_write_text(w, " ");
	body_write_span(w, best);
	body_write_text(w, "\r\n");
}

static void write_attribute(struct body_writer *w, const struct offer_job *job,
			    unsigned slot, const struct offer_picks *picks,
			    const struct attribute_rule *rule,
			    const struct body_attribute *a)
{
	static const struct body_span none = {NULL, 0};

	switch (rule->how) {
	case HOW_FLAG:
		write_line(w, rule->name, none);
		break;
	case HOW_WORDS:
		if (words_ok(a->value))
			write_line(w, rule->name, a->value);
		break;
	case HOW_CRYPTO:
		/* the answer's single line is written by itself */
		if (job->role == OFFER_ANSWER)
			break;
		/* fall through */
	case HOW_TEXT:
		if (offer_value_ok(a->value, job->from))
			write_line(w, rule->name, a->value);
		break;
	case HOW_TYPED:
		write_typed(w, rule->name, a, job->from, picks);
		break;
	case HOW_SETUP:
		write_setup(w, job, slot, a->value);
		break;
	}
}

static const struct attribute_rule *find_rule(struct body_span name,
					      unsigned where)
{
	for (size_t i = 0; i < RULES; i++) {
		if ((rules[i].where & where) != 0 &&
		    body_span_is(name, rules[i].name))
			return &rules[i];
	}
	return NULL;
}

void offer_write_attributes(struct body_writer *w, const struct offer_job *job,
			    unsigned slot, const struct offer_picks *picks)
{
	const struct body *from = offer_source(job, slot);
	const struct body_media *media = &from->media[slot];
	unsigned where = media->rtp ? ON_RTP : ON_IMAGE;
	bool own[RULES] = {false};

	for (unsigned i = 0; i < media->attributes; i++) {
		const struct body_attribute *a =
			&from->attribute[media->first_attribute + i];
		const struct attribute_rule *rule = find_rule(a->name, where);

		if (rule == NULL || (rule->key && job->locks != NULL))
			continue;
		own[rule - rules] = true;
		write_attribute(w, job, slot, picks, rule, a);
	}
	for (unsigned i = 0; i < from->session_attributes; i++) {
		const struct body_attribute *a = &from->attribute[i];
		const struct attribute_rule *rule = find_rule(a->name, where);

		if (rule != NULL && rule->inherited && !own[rule - rules] &&
		    !(rule->key && job->locks != NULL))
			write_attribute(w, job, slot, picks, rule, a);
	}
	if (job->locks != NULL) {
		const struct offer_lock *lock = &job->locks->slot[slot];

		for (unsigned i = 0; i < lock->lines; i++)
			crypto_write(w, &lock->line[i]);
	} else if (job->role == OFFER_ANSWER && media->rtp) {
		write_crypto_answer(w, job, slot);
	}
}
