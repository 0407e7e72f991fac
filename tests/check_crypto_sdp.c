/* SPDX-License-Identifier: GPL-3.0-or-later */
/* a=crypto lines, and the bodies of a leg whose SRTP ends here. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/sip/crypto.h"
#include "sbc/sip/offer.h"
#include "tests/check_main.h"

#define S80  "AES_CM_128_HMAC_SHA1_80"
#define S32  "AES_CM_128_HMAC_SHA1_32"
#define KEY  "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define KEY2 "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"
#define K80  "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0"
#define K46                                        \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" \
	"Hh8gISIjJCUmJygpKissLQ"
#define K28 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw=="
#define K44                                        \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd" \
	"Hh8gISIjJCUmJygpKis="

static struct body_span span(const char *text)
{
	return (struct body_span){*text ? text : NULL, (uint16_t)strlen(text)};
}

/* What one line gives; lifetime 0 and MKI length 0: it says none. */
static const struct line_case {
	const char *value;
	int error;
	unsigned tag;
	enum media_crypto_suite suite;
	uint64_t lifetime;
	unsigned mki_len;
	uint8_t mki[MEDIA_MKI_MAX];
} lines[] = {
	{"1 " S80 " inline:" KEY,
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 0,
	 0,
	 {0}},
	{"999999999  aes_cm_128_hmac_sha1_32 \tINLINE:" KEY " ",
	 0,
	 999999999,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_32,
	 0,
	 0,
	 {0}},
	{"2 AES_256_CM_HMAC_SHA1_80 inline:" K46 "==",
	 0,
	 2,
	 MEDIA_CRYPTO_AES_256_CM_SHA1_80,
	 0,
	 0,
	 {0}},
	/* the padding left out, as some do */
	{"2 AES_256_CM_HMAC_SHA1_32 inline:" K46,
	 0,
	 2,
	 MEDIA_CRYPTO_AES_256_CM_SHA1_32,
	 0,
	 0,
	 {0}},
	{"3 AEAD_AES_128_GCM inline:" K28,
	 0,
	 3,
	 MEDIA_CRYPTO_AEAD_AES_128_GCM,
	 0,
	 0,
	 {0}},
	{"4 AEAD_AES_256_GCM inline:" K44,
	 0,
	 4,
	 MEDIA_CRYPTO_AEAD_AES_256_GCM,
	 0,
	 0,
	 {0}},
	/* complaint 24 */
	{"1 " S80 " inline:" KEY "|2^31",
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 UINT64_C(1) << 31,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY "|2^48|1:1",
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 UINT64_C(1) << 48,
	 1,
	 {1}},
	{"1 " S80 " inline:" KEY "|1048576|258:4",
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 1048576,
	 4,
	 {0, 0, 1, 2}},
	{"1 " S80 " inline:" KEY "|1:4",
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 0,
	 4,
	 {0, 0, 0, 1}},
	{"1 " S80 " inline:" KEY "|2^20|1:4;inline:" KEY2 "|2^20|2:4",
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 UINT64_C(1) << 20,
	 4,
	 {0, 0, 0, 1}},
	/* session parameters that may be left aside */
	{"1 " S80 " inline:" KEY " WSH=128 -FEC_KEY=x KDR=0",
	 0,
	 1,
	 MEDIA_CRYPTO_AES_CM_128_SHA1_80,
	 0,
	 0,
	 {0}},
	/* ... and those that may not */
	{"1 " S80 " inline:" KEY " KDR=10", -ENOTSUP, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY " UNENCRYPTED_SRTP",
	 -ENOTSUP,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY " UNENCRYPTED_SRTCP WSH=64",
	 -ENOTSUP,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY " UNAUTHENTICATED_SRTP",
	 -ENOTSUP,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY " NEVER_HEARD_OF", -ENOTSUP, 0, 0, 0, 0, {0}},
	{"1 F8_128_HMAC_SHA1_80 inline:" KEY, -ENOTSUP, 0, 0, 0, 0, {0}},
	{"1 " S80 " uri:" KEY, -ENOTSUP, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|2^20|1:5", -ENOTSUP, 0, 0, 0, 0, {0}},
	/* broken */
	{"", -EPROTO, 0, 0, 0, 0, {0}},
	{"1", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80, -EPROTO, 0, 0, 0, 0, {0}},
	{"x " S80 " inline:" KEY, -EPROTO, 0, 0, 0, 0, {0}},
	{"-1 " S80 " inline:" KEY, -EPROTO, 0, 0, 0, 0, {0}},
	{"1000000000 " S80 " inline:" KEY, -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:d0Rm", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "d0Rm", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:*0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
	 -EPROTO,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 AEAD_AES_256_GCM inline:" KEY, -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|2^49", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|2^", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|0", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|281474976710657", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|99999999999999999999",
	 -EPROTO,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY "|2^20|256:1", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|2^20|1:0", -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|2^20|:4", -EPROTO, 0, 0, 0, 0, {0}},
	/* two keys that nothing tells apart */
	{"1 " S80 " inline:" KEY "|1:4;inline:" KEY2 "|1:4",
	 -EPROTO,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY "|1:4;inline:" KEY2 "|2:1",
	 -EPROTO,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY "|1:1;inline:" KEY2 "|2:1;inline:" KEY "|2:1",
	 -EPROTO,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	/* more than we keep */
	{"1 " S80 " inline:" KEY "|1:1;inline:" KEY "|2:1;inline:" KEY
	 "|3:1;inline:" KEY "|4:1;inline:" KEY "|5:1",
	 -ENOTSUP,
	 0,
	 0,
	 0,
	 0,
	 {0}},
	{"1 " S80 " inline:" KEY ";inline:" KEY2, -EPROTO, 0, 0, 0, 0, {0}},
	{"1 " S80 " inline:" KEY "|2^20|1:4;inline:short|2^20|2:4",
	 -EPROTO,
	 0,
	 0,
	 0,
	 0,
	 {0}},
};

START_TEST(a_line_is_read)
	{
		const struct line_case *c = &lines[_i];
		struct crypto_line line;

		ck_assert_int_eq(crypto_parse(&line, span(c->value)), c->error);
		if (c->error) {
			ck_assert_int_eq(line.key.suite, MEDIA_CRYPTO_NONE);
			return;
		}
		ck_assert_uint_eq(line.tag, c->tag);
		ck_assert_int_eq(line.key.suite, c->suite);
		ck_assert(line.key.lifetime == c->lifetime);
		ck_assert_uint_eq(line.key.mki_len, c->mki_len);
		ck_assert_mem_eq(line.key.mki, c->mki, MEDIA_MKI_MAX);
	}
END_TEST

START_TEST(what_is_written_is_read_again)
	{
		static const struct {
			uint64_t lifetime;
			unsigned mki_len;
			const char *tail;
		} cases[] = {
			{0, 0, ""},
			{UINT64_C(1) << 31, 0, "|2^31"},
			{UINT64_C(1) << 48, 4, "|2^48|1:4"},
			{1000000, 1, "|1000000|1:1"},
			{0, 4, "|1:4"},
		};

		for (int suite = 1; suite < MEDIA_CRYPTO_SUITES; suite++) {
			for (size_t i = 0; i < 5; i++) {
				struct crypto_line line = {.tag = 7}, again;
				static struct body_writer w;

				w.len = 0;
				w.overflow = false;
				ck_assert_int_eq(
					crypto_fresh(
						&line.key,
						(enum media_crypto_suite)suite),
					0);
				line.key.lifetime = cases[i].lifetime;
				line.key.mki_len = (uint8_t)cases[i].mki_len;
				if (line.key.mki_len)
					line.key.mki[line.key.mki_len - 1] = 1;
				crypto_write(&w, &line);
				ck_assert(!strncmp(w.text, "a=crypto:7 ", 11));
				w.text[w.len - 2] = '\0';
				ck_assert_msg(
					strlen(w.text) >
							strlen(cases[i].tail) &&
						!strcmp(w.text + w.len - 2 -
								strlen(cases[i].tail),
							cases[i].tail),
					"%s", w.text);
				ck_assert_int_eq(
					crypto_parse(&again, span(w.text + 9)),
					0);
				ck_assert_uint_eq(again.tag, 7);
				ck_assert_mem_eq(again.key.key, line.key.key,
						 MEDIA_KEY_MAX);
				ck_assert(again.key.lifetime ==
					  line.key.lifetime);
				ck_assert_mem_eq(again.key.mki, line.key.mki,
						 MEDIA_MKI_MAX);
			}
		}
	}
END_TEST

#define KEYS                                                         \
	"7 " S80 " inline:" KEY "|2^20|1:4;inline:" KEY2 "|2^31|2:4" \
	";inline:" KEY "|3:4"

START_TEST(each_key_of_a_line_counts)
	{
		struct crypto_line line, one, two;
		static struct body_writer w;

		ck_assert_int_eq(crypto_parse(&line, span(KEYS)), 0);
		ck_assert_int_eq(
			crypto_parse(&one, span("1 " S80 " inline:" KEY)), 0);
		ck_assert_int_eq(
			crypto_parse(&two, span("1 " S80 " inline:" KEY2)), 0);
		ck_assert_uint_eq(line.furthers, 2);
		ck_assert_mem_eq(line.key.key, one.key.key, MEDIA_KEY_MAX);
		ck_assert_mem_eq(line.further[0].key, two.key.key,
				 MEDIA_KEY_MAX);
		ck_assert_mem_eq(line.further[0].mki, "\0\0\0\2", 4);
		ck_assert(line.further[0].lifetime == UINT64_C(1) << 31);
		ck_assert_mem_eq(line.further[1].mki, "\0\0\0\3", 4);
		ck_assert_int_eq(line.further[1].suite, line.key.suite);
		w.len = 0;
		w.overflow = false;
		crypto_write(&w, &line);
		ck_assert_str_eq(w.text, "a=crypto:" KEYS "\r\n");
	}
END_TEST

START_TEST(no_two_keys_of_ours_are_alike)
	{
		struct media_key one, two;

		crypto_fresh(&one, MEDIA_CRYPTO_AES_CM_128_SHA1_80);
		crypto_fresh(&two, MEDIA_CRYPTO_AES_CM_128_SHA1_80);
		ck_assert_mem_ne(one.key, two.key, 30);
	}
END_TEST

/* --- a leg whose SRTP ends here ------------------------------------------ */

#define HEAD                                                \
	"v=0\r\no=x 1 1 IN IP4 192.168.1.9\r\ns=-\r\nc=IN " \
	"IP4 192.168.1.9\r\nt=0 0\r\n"
#define PLAIN  HEAD "m=audio 5 RTP/AVP 8 101\r\n" EVENT
#define EVENT  "a=rtpmap:101 telephone-event/8000\r\n"
#define LOCKED HEAD "m=audio 5 RTP/SAVP 8 101\r\n" EVENT
#define LINE1  "a=crypto:1 " S80 " inline:" KEY "\r\n"
#define LINE2  "a=crypto:2 " S32 " inline:" KEY2 "\r\n"

static struct offer leg;
static struct body source, chosen;
static struct offer_secure secure;
static struct offer_rules rules;
static char had[BODY_BYTES_MAX];

static void setup(void)
{
	offer_init(&leg, 4242);
	secure = (struct offer_secure){
		.how = OFFER_SDES,
		.suite = {MEDIA_CRYPTO_AES_CM_128_SHA1_80,
			  MEDIA_CRYPTO_AES_CM_128_SHA1_32},
		.suites = 2};
	rules = (struct offer_rules){.secure = &secure};
}

static void teardown(void)
{
	offer_clear(&leg);
}

static const struct offer_place *places(void)
{
	static struct offer_place place[BODY_MEDIA_MAX];

	for (unsigned i = 0; i < BODY_MEDIA_MAX; i++) {
		address_parse(&place[i].at, "203.0.113.7",
			      (uint16_t)(20000 + 2 * i));
		place[i].direction = BODY_SENDRECV;
	}
	return place;
}

static void parse(struct body *body, const char *text)
{
	ck_assert_int_eq(body_parse(body, text, strlen(text), NULL), 0);
}

static int offer(const char *text)
{
	parse(&source, text);
	return offer_write_offer(&leg, &source, &rules, places());
}

static int answer(const char *theirs, const char *t)
{
	int error;

	parse(&source, theirs);
	parse(&chosen, t);
	error = offer_write_answer(&leg, &source, &chosen, &rules, places());
	if (!error)
		offer_remember(&leg, theirs, strlen(theirs));
	return error;
}

static unsigned count(const char *what)
{
	unsigned n = 0;

	for (const char *at = leg.local; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void keep(void)
{
	strcpy(had, leg.local);
}

/* The first line of the body that begins so, up to `until`. */
static const char *line_of(const char *text, const char *begin)
{
	static char out[2][512];
	static unsigned which;
	const char *at = strstr(text, begin);

	which = !which;
	snprintf(out[which], sizeof(out[which]), "%.*s",
		 at ? (int)strcspn(at, "\r") : 0, at ? at : "");
	return out[which];
}

START_TEST(an_offer_has_our_transport_and_our_keys)
	{
		ck_assert_int_eq(offer(PLAIN), 0);
		ck_assert_uint_eq(count("m=audio 20000 RTP/SAVP 8 101"), 1);
		ck_assert_uint_eq(count("a=crypto:1 " S80 " inline:"), 1);
		ck_assert_uint_eq(count("a=crypto:2 " S32 " inline:"), 1);
		ck_assert_uint_eq(count("a=crypto"), 2);
		/* nor does a key of the other side's cross */
		offer_clear(&leg);
		setup();
		ck_assert_int_eq(offer(LOCKED LINE1
				       "a=setup:actpass\r\na=fingerprint:"
				       "sha-1 00\r\na=zrtp-hash:1.1 0\r\n"
				       "a=key-mgmt:mikey AA\r\n"),
				 0);
		ck_assert_uint_eq(count(KEY), 0);
		ck_assert_uint_eq(count("a=setup"), 0);
		ck_assert_uint_eq(count("a=fingerprint"), 0);
		ck_assert_uint_eq(count("a=zrtp"), 0);
		ck_assert_uint_eq(count("a=key-mgmt"), 0);
		ck_assert_uint_eq(count("a=crypto"), 2);
	}
END_TEST

START_TEST(a_plain_leg_sees_nothing_of_the_others_keys)
	{
		secure.how = OFFER_PLAIN;
		ck_assert_int_eq(offer(HEAD "m=audio 5 RTP/SAVPF 8\r\n" LINE1),
				 0);
		ck_assert_uint_eq(count("m=audio 20000 RTP/AVPF 8\r"), 1);
		ck_assert_uint_eq(count("crypto"), 0);
	}
END_TEST

START_TEST(lifetime_and_mki_are_offered_by_policy)
	{
		secure.mki = true;
		secure.lifetime = UINT64_C(1) << 31;
		ck_assert_int_eq(offer(PLAIN), 0);
		ck_assert_uint_eq(count("|2^31|1:4\r"), 2);
	}
END_TEST

START_TEST(the_same_body_is_written_again_byte_for_byte)
	{
		ck_assert_int_eq(offer(PLAIN), 0);
		keep();
		ck_assert_int_eq(offer(PLAIN), 0);
		ck_assert_str_eq(leg.local, had);
	}
END_TEST

/* Answers: what the leg takes, and how. */
static const struct {
	enum offer_how how;
	const char *theirs;
	int error;
	const char *media, *crypto; /* "" : none */
} answers[] = {
	/* the suite by our order, the tag theirs */
	{OFFER_SDES,
	 LOCKED "a=crypto:3 " S32 " inline:" KEY2 "\r\na=crypto:9 " S80
		" inline:" KEY "\r\n",
	 0, "m=audio 20000 RTP/SAVP 8", "a=crypto:9 " S80 " inline:"},
	{OFFER_SDES, LOCKED LINE2, 0, "m=audio 20000 RTP/SAVP 8",
	 "a=crypto:2 " S32 " inline:"},
	/* RFC 8643: keys in a plain profile */
	{OFFER_SDES, PLAIN LINE1, 0, "m=audio 20000 RTP/AVP 8",
	 "a=crypto:1 " S80 " inline:"},
	{OFFER_EITHER, PLAIN LINE1, 0, "m=audio 20000 RTP/AVP 8",
	 "a=crypto:1 " S80 " inline:"},
	{OFFER_EITHER, PLAIN, 0, "m=audio 20000 RTP/AVP 8", ""},
	{OFFER_EITHER, LOCKED LINE1, 0, "m=audio 20000 RTP/SAVP 8",
	 "a=crypto:1 " S80 " inline:"},
	{OFFER_PLAIN, PLAIN, 0, "m=audio 20000 RTP/AVP 8", ""},
	{OFFER_PLAIN, PLAIN LINE1, 0, "m=audio 20000 RTP/AVP 8", ""},
	/* what cannot be had */
	{OFFER_SDES, PLAIN, -EPROTONOSUPPORT, "", ""},
	{OFFER_PLAIN, LOCKED LINE1, -EPROTONOSUPPORT, "", ""},
	{OFFER_SDES, LOCKED, -EPROTONOSUPPORT, "", ""},
	{OFFER_EITHER, LOCKED "a=key-mgmt:mikey AAAA\r\n", -EPROTONOSUPPORT, "",
	 ""},
	{OFFER_EITHER, LOCKED "a=crypto:1 AEAD_AES_128_GCM inline:" K28 "\r\n",
	 -EPROTONOSUPPORT, "", ""},
	{OFFER_EITHER,
	 LOCKED "a=crypto:1 " S80 " inline:" KEY " UNENCRYPTED_SRTP\r\n",
	 -EPROTONOSUPPORT, "", ""},
	{OFFER_EITHER,
	 HEAD "m=audio 5 UDP/TLS/RTP/SAVP 8\r\na=setup:actpass\r\n"
	      "a=fingerprint:sha-1 00\r\n" LINE1,
	 -EPROTONOSUPPORT, "", ""},
};

START_TEST(an_offer_is_answered_as_the_leg_takes_it)
	{
		secure.how = answers[_i].how;
		ck_assert_int_eq(answer(answers[_i].theirs, PLAIN),
				 answers[_i].error);
		if (answers[_i].error)
			return;
		ck_assert_uint_eq(count(answers[_i].media), 1);
		ck_assert_uint_eq(count("a=crypto"), *answers[_i].crypto != 0);
		if (*answers[_i].crypto)
			ck_assert_uint_eq(count(answers[_i].crypto), 1);
		ck_assert_uint_eq(count(KEY), 0);
		ck_assert_uint_eq(count(KEY2), 0);
	}
END_TEST

START_TEST(of_a_pair_of_slots_one_is_answered_and_both_stay)
	{
		/* what T was offered of it: the first one */
		ck_assert_int_eq(answer(LOCKED LINE1 "m=audio 7 RTP/AVP 8\r\n",
					PLAIN "m=audio 0 RTP/AVP 8\r\n"),
				 0);
		ck_assert_uint_eq(count("m=audio 20000 RTP/SAVP 8"), 1);
		ck_assert_uint_eq(count("m=audio 0 RTP/AVP 8"), 1);
	}
END_TEST

START_TEST(our_key_stays_when_theirs_changes)
	{
		char first[512];

		ck_assert_int_eq(answer(LOCKED LINE1, PLAIN), 0);
		snprintf(first, sizeof(first), "%s",
			 line_of(leg.local, "a=crypto:1 "));
		keep();
		/* their new key, and their hold: our line is the same */
		ck_assert_int_eq(answer(LOCKED "a=crypto:1 " S80 " inline:" KEY2
					       "\r\na=sendonly\r\n",
					PLAIN),
				 0);
		ck_assert_str_eq(line_of(leg.local, "a=crypto:1 "), first);
		/* another tag for the same: the key after it is the same */
		ck_assert_int_eq(answer(LOCKED "a=crypto:5 " S80 " inline:" KEY2
					       "\r\n" LINE2,
					PLAIN),
				 0);
		ck_assert_str_eq(line_of(leg.local, "inline:"),
				 line_of(had, "inline:"));
	}
END_TEST

START_TEST(the_suite_stays_as_long_as_it_is_offered)
	{
		/* they began with the 32 bit tag alone, and now offer both */
		ck_assert_int_eq(answer(LOCKED LINE2, PLAIN), 0);
		keep();
		ck_assert_int_eq(answer(LOCKED LINE1 LINE2, PLAIN), 0);
		ck_assert_str_eq(line_of(leg.local, "a=crypto"),
				 line_of(had, "a=crypto"));
		/* gone: another suite, another key */
		ck_assert_int_eq(answer(LOCKED LINE1, PLAIN), 0);
		ck_assert_str_eq(line_of(leg.local, "a=crypto:1 " S32), "");
		ck_assert_str_ne(line_of(leg.local, "inline:"),
				 line_of(had, "inline:"));
	}
END_TEST

START_TEST(a_later_offer_of_ours_says_what_was_agreed)
	{
		ck_assert_int_eq(offer(PLAIN), 0);
		keep();
		offer_remember(&leg, LOCKED LINE2, strlen(LOCKED LINE2));
		parse(&source, leg.local);
		ck_assert_int_eq(
			offer_write_own(&leg, &source, &rules, places(), 1), 0);
		ck_assert_uint_eq(count("a=crypto"), 1);
		ck_assert_uint_eq(count(S32), 1);
		ck_assert_str_eq(strstr(line_of(leg.local, S32), "inline:"),
				 strstr(line_of(had, S32), "inline:"));
		/* and a new key when one is due, once */
		keep();
		leg.rekey = true;
		parse(&source, had);
		ck_assert_int_eq(
			offer_write_own(&leg, &source, &rules, places(), 1), 0);
		ck_assert_str_ne(line_of(leg.local, "inline:"),
				 line_of(had, "inline:"));
		keep();
		parse(&source, had);
		ck_assert_int_eq(
			offer_write_own(&leg, &source, &rules, places(), 1), 0);
		ck_assert_str_eq(leg.local, had);
	}
END_TEST

#define TWO_KEYS LOCKED "a=crypto:1 " S80 " inline:" KEY "|1:1;inline:"
START_TEST(keys_that_passed_through_are_none_of_ours)
	{
		char *kept = NULL;

		rules.secure = NULL;
		ck_assert_int_eq(offer(TWO_KEYS K80 "|2:1\r\n"), 0);
		ck_assert_int_eq(offer_save(&leg, &kept), 0);
		ck_assert_int_eq(offer(LOCKED LINE2), 0);
		ck_assert_uint_eq(count(KEY2), 1);
		offer_restore(&leg, &kept);
		ck_assert_uint_eq(count("inline:" K80), 1);
		/* Another end comes that SRTP does not pass through to. */
		rules.secure = &secure;
		offer_end(&leg);
		ck_assert(leg.rekey);
		/* It could not be sent, and is said later. */
		ck_assert_int_eq(offer_save(&leg, &kept), 0);
		ck_assert_int_eq(offer(PLAIN), 0);
		offer_unsaid(&leg, &kept);
		ck_assert_uint_eq(count("inline:" K80), 1);
		ck_assert_int_eq(offer(PLAIN), 0);
		ck_assert_uint_eq(count("inline:"), 2);
		ck_assert_uint_eq(count(KEY) + count(K80) + count(KEY2), 0);
		parse(&chosen, leg.local);
		struct crypto_line line[CRYPTO_LINES_MAX];
		ck_assert_uint_eq(crypto_lines(line, &chosen, 0), 2);
		/* Nor is anything new at the second time. */
		keep();
		offer_end(&leg);
		ck_assert_int_eq(offer(PLAIN), 0);
		ck_assert_str_eq(leg.local, had);
	}
END_TEST

START_TEST(keys_in_a_plain_profile_stay_in_it)
	{
		secure.how = OFFER_EITHER;
		ck_assert_int_eq(answer(PLAIN LINE1, PLAIN), 0);
		keep();
		parse(&source, had);
		ck_assert_int_eq(
			offer_write_own(&leg, &source, &rules, places(), 1), 0);
		ck_assert_str_eq(leg.local, had);
		/* also where the other end is put on hold by a plain offer */
		ck_assert_int_eq(offer(PLAIN), 0);
		ck_assert_str_eq(leg.local, had);
	}
END_TEST

START_TEST(an_answer_that_lacks_our_keys_is_none)
	{
		static const struct {
			enum offer_how how;
			const char *theirs;
			bool fits;
		} cases[] = {
			{OFFER_SDES, LOCKED LINE1, true},
			{OFFER_SDES, LOCKED LINE2, true},
			{OFFER_SDES, PLAIN, false},
			{OFFER_SDES, LOCKED, false},
			/* a tag that was not offered, a suite not of the tag */
			{OFFER_SDES,
			 LOCKED "a=crypto:3 " S80 " inline:" KEY "\r\n", false},
			{OFFER_SDES,
			 LOCKED "a=crypto:2 " S80 " inline:" KEY "\r\n", false},
			{OFFER_SDES, HEAD "m=audio 0 RTP/SAVP 8\r\n", true},
			{OFFER_PLAIN, PLAIN, true},
			{OFFER_PLAIN, LOCKED LINE1, false},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			offer_clear(&leg);
			setup();
			secure.how = cases[i].how;
			ck_assert_int_eq(offer(PLAIN), 0);
			parse(&source, leg.local);
			parse(&chosen, cases[i].theirs);
			ck_assert_msg(offer_secure_answered(&source, &chosen) ==
					      cases[i].fits,
				      "case %zu", i);
		}
	}
END_TEST

START_TEST(both_ends_agree_on_the_line_of_one_tag)
	{
		struct media_crypto agreed;
		struct crypto_line line;

		ck_assert_int_eq(answer(LOCKED LINE1 LINE2, PLAIN), 0);
		parse(&source, leg.local);
		parse(&chosen, LOCKED LINE1 LINE2);
		ck_assert(crypto_agree(&agreed, &source, &chosen, 0));
		crypto_parse(&line, span("1 " S80 " inline:" KEY));
		ck_assert_mem_eq(agreed.receive.key, line.key.key, 30);
		ck_assert_int_eq(agreed.send.suite,
				 MEDIA_CRYPTO_AES_CM_128_SHA1_80);
		ck_assert_mem_ne(agreed.send.key, line.key.key, 30);
		ck_assert(!crypto_agree(&agreed, &source, &chosen, 1));
		ck_assert_uint_eq(agreed.furthers, 0);
		parse(&chosen, LOCKED "a=crypto:1 " S80 " inline:" KEY
				      "|1:1;inline:" KEY2 "|2:1\r\n");
		ck_assert(crypto_agree(&agreed, &source, &chosen, 0));
		ck_assert_uint_eq(agreed.furthers, 1);
		ck_assert_uint_eq(agreed.further[0].mki[0], 2);
	}
END_TEST

START_TEST(a_new_key_is_told_from_the_same_one)
	{
		static const struct {
			const char *then, *now;
			bool key;
		} cases[] = {
			{LOCKED LINE1, LOCKED LINE1, false},
			/* an answer had one line, the offer has all */
			{LOCKED LINE2, LOCKED LINE1 LINE2, false},
			{LOCKED LINE1,
			 LOCKED "a=crypto:4 " S80 " inline:" KEY "\r\n", false},
			{LOCKED LINE1,
			 LOCKED "a=crypto:1 " S80 " inline:" KEY2 "\r\n", true},
			{LOCKED LINE1, PLAIN, true},
			{PLAIN, LOCKED LINE1, true},
			{PLAIN "a=setup:active\r\n",
			 PLAIN "a=setup:actpass\r\n", false},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct offer_change change;

			parse(&source, cases[i].then);
			parse(&chosen, cases[i].now);
			offer_compare(&change, &source, &chosen);
			ck_assert_msg(change.key == cases[i].key, "case %zu",
				      i);
		}
	}
END_TEST

static Suite *crypto_suite(void)
{
	Suite *suite = suite_create("crypto_sdp");
	TCase *line = tcase_create("line"), *body = tcase_create("body");

	tcase_add_loop_test(line, a_line_is_read, 0,
			    sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(line, what_is_written_is_read_again);
	tcase_add_test(line, no_two_keys_of_ours_are_alike);
	tcase_add_test(line, each_key_of_a_line_counts);
	suite_add_tcase(suite, line);
	tcase_add_checked_fixture(body, setup, teardown);
	tcase_add_test(body, an_offer_has_our_transport_and_our_keys);
	tcase_add_test(body, a_plain_leg_sees_nothing_of_the_others_keys);
	tcase_add_test(body, lifetime_and_mki_are_offered_by_policy);
	tcase_add_test(body, the_same_body_is_written_again_byte_for_byte);
	tcase_add_loop_test(body, an_offer_is_answered_as_the_leg_takes_it, 0,
			    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(body, of_a_pair_of_slots_one_is_answered_and_both_stay);
	tcase_add_test(body, our_key_stays_when_theirs_changes);
	tcase_add_test(body, the_suite_stays_as_long_as_it_is_offered);
	tcase_add_test(body, a_later_offer_of_ours_says_what_was_agreed);
	tcase_add_test(body, keys_that_passed_through_are_none_of_ours);
	tcase_add_test(body, keys_in_a_plain_profile_stay_in_it);
	tcase_add_test(body, an_answer_that_lacks_our_keys_is_none);
	tcase_add_test(body, both_ends_agree_on_the_line_of_one_tag);
	tcase_add_test(body, a_new_key_is_told_from_the_same_one);
	suite_add_tcase(suite, body);
	return suite;
}

CHECK_MAIN(crypto_suite())
