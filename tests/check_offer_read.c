/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/offer: what two bodies have in common, and what has changed. */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/offer.h"
#include "tests/vectors/vectors.h"

START_TEST(a_refresh_is_recognised)
	{
		size_t len = vectors_load(source_text, "yealink");

		ck_assert(!offer_is_same(&leg, source_text, len));
		ck_assert_int_eq(offer_remember(&leg, source_text, len), 0);
		ck_assert(offer_is_same(&leg, source_text, len));
		ck_assert(!offer_is_same(&leg, source_text, len - 1));
		source_text[20]++;
		ck_assert(!offer_is_same(&leg, source_text, len));
		ck_assert_int_eq(offer_remember(&leg, source_text, len), 0);
		ck_assert(offer_is_same(&leg, source_text, len));
		ck_assert_uint_eq(leg.remote_len, len);
	}
END_TEST

START_TEST(what_was_offered_is_no_answer_to_less)
	{
#define SAID(port, rest)                                               \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1" \
	"\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n" rest "m=audio " port \
	" RTP/AVP 8\r\n"
#define KEYS(lines)                                                  \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2" \
	".1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\n" lines
#define KEY(tag, suite) "a=crypto:" tag " " suite " inline:abc\r\n"
		static const struct {
			const char *ours, *theirs;
			bool stands;
		} table[] = {
			{SAID("4002", ""), SAID("5000", ""), true},
			{SAID("0", ""), SAID("0", ""), true},
			{SAID("0", ""), SAID("5000", ""), true},
			{SAID("4002", ""), SAID("0", ""), false},
			{SAID("0", ""), SAID("0", "a=sendonly\r\n"), false},
			{SAID("0", "a=recvonly\r\n"),
			 SAID("0", "a=sendonly\r\n"), true},
			{SAID("0", "a=inactive\r\n"),
			 SAID("0", "a=sendonly\r\n"), true},
			{SAID("0", ""), SAID("0", "c=IN IP4 0.0.0.0\r\n"),
			 false},
			{SAID("0", "a=recvonly\r\n"),
			 SAID("0", "c=IN IP4 0.0.0.0\r\n"), true},
			{KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")),
			 KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")), true},
			{KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")
				      KEY("2", "AES_CM_128_HMAC_SHA1_32")),
			 KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")), false},
		};
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			static struct body ours, theirs;
			parse(&ours, table[i].ours);
			parse(&theirs, table[i].theirs);
			ck_assert_msg(offer_stands(&ours, &theirs) ==
					      table[i].stands,
				      "row %zu", i);
		}
	}
END_TEST

START_TEST(payload_types_are_mapped)
	{
		uint8_t map[128];

		parse(&source, "v=0\nm=audio 5 RTP/AVP 8 96 97\n"
			       "a=rtpmap:96 telephone-event/8000\n"
			       "a=rtpmap:97 opus/48000/2\n");
		parse(&other, "v=0\nm=audio 5 RTP/AVP 8 101\n"
			      "a=rtpmap:101 telephone-event/8000\n");
		ck_assert(offer_payload_map(map, &source, &other, 0));
		ck_assert_uint_eq(map[8], 8);
		ck_assert_uint_eq(map[96], 101);
		ck_assert_uint_eq(map[97], 255);
		ck_assert_uint_eq(map[0], 255);
		ck_assert(!offer_payload_map(map, &source, &source, 0));
		ck_assert_uint_eq(map[97], 97);
		ck_assert(!offer_payload_map(map, &source, &other, 1));
		ck_assert_uint_eq(map[8], 255);
	}
END_TEST

START_TEST(the_agreed_codec_and_its_security)
	{
		static const struct {
			const char *name, *encoding, *encryption;
		} cases[] = {
			{"itsp-answer", "PCMA", "none"},
			{"webrtc", "opus", "dtls"},
			{"dtls-session", "PCMU", "dtls"},
			{"freeswitch-srtp", "PCMA", "sdes"},
			{"snom-srtp-optional", "PCMA", "sdes"},
			{"zrtp", "opus", "zrtp"},
			{"t38-with-audio", NULL, "none"},
		};
		const struct body_format *format;

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			load(&source, source_text, cases[i].name);
			format = offer_agreed(&source, 0);
			if (cases[i].encoding != NULL)
				ck_assert(body_span_is(format->encoding,
						       cases[i].encoding));
			else
				ck_assert_ptr_null(format);
			ck_assert_str_eq(offer_encryption(&source, 0),
					 cases[i].encryption);
		}
		ck_assert_ptr_null(offer_agreed(&source, 7));
		ck_assert_str_eq(offer_encryption(&source, 7), "none");
		parse(&source, "v=0\nm=audio 5 RTP/AVP 13 96 0\n"
			       "a=rtpmap:96 telephone-event/8000\n");
		ck_assert(body_span_is(offer_agreed(&source, 0)->encoding,
				       "PCMU"));
	}
END_TEST

START_TEST(lists_of_codecs_are_joined)
	{
		static const char *const one[] = {"PCMU", "G722", "PCMA"};
		static const char *const two[] = {"pcma", "opus", "PCMU"};
		static const char *const three[] = {"EVS"};
		const char *out[OFFER_CODECS_MAX];
		struct offer_rules a = names(one, 3), b = names(two, 3),
				   c = names(three, 1), all = {0};
		bool none;

		ck_assert_uint_eq(offer_codecs_join(out, &a, &b, &none), 2);
		ck_assert_str_eq(out[0], "pcma");
		ck_assert_str_eq(out[1], "PCMU");
		ck_assert(!none);
		ck_assert_uint_eq(offer_codecs_join(out, &a, &all, &none), 3);
		ck_assert_uint_eq(offer_codecs_join(out, &all, &b, &none), 3);
		ck_assert_uint_eq(offer_codecs_join(out, &all, &all, &none), 0);
		ck_assert(!none);
		ck_assert_uint_eq(offer_codecs_join(out, &a, &c, &none), 0);
		ck_assert(none);
	}
END_TEST

START_TEST(changes_are_told_apart)
	{
		static const char then[] =
			"v=0\no=- 1 1 IN IP4 192.0.2.1\n"
			"c=IN IP4 192.0.2.1\nm=audio 5 RTP/AVP 8 0\n";
		static const struct {
			const char *now, *change;
		} cases[] = {
			{then, "v"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 5 RTP/AVP 8 0\na=sendonly\n",
			 "d"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 0.0.0.0\n"
			 "m=audio 5 RTP/AVP 8 0\n",
			 "da"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 7 RTP/AVP 8\n",
			 "fa"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 0 RTP/AVP 8 0\nm=image 9 udptl t38\n",
			 "+-i"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 5 RTP/AVP 8 0\na=crypto:1 X inline:Y\n",
			 "k"},
		};

		parse(&other, then);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct offer_change c;
			char said[16] = "";

			parse(&source, cases[i].now);
			offer_compare(&c, &other, &source);
			snprintf(said, sizeof said, "%s%s%s%s%s%s%s%s",
				 c.same_version ? "v" : "",
				 c.slots_added ? "+" : "",
				 c.slots_removed ? "-" : "", c.image ? "i" : "",
				 c.formats ? "f" : "", c.direction ? "d" : "",
				 c.address ? "a" : "", c.key ? "k" : "");
			ck_assert_str_eq(said, cases[i].change);
		}
	}
END_TEST

static Suite *read_suite(void)
{
	Suite *suite = suite_create("offer_read");
	TCase *tcase = tcase_create("offer_read");

	tcase_add_checked_fixture(tcase, offer_setup, offer_teardown);
	tcase_add_test(tcase, a_refresh_is_recognised);
	tcase_add_test(tcase, what_was_offered_is_no_answer_to_less);
	tcase_add_test(tcase, payload_types_are_mapped);
	tcase_add_test(tcase, the_agreed_codec_and_its_security);
	tcase_add_test(tcase, lists_of_codecs_are_joined);
	tcase_add_test(tcase, changes_are_told_apart);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(read_suite())
