/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/offer: what we answer on a leg, from what the other one has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/offer.h"

#define HEAD "v=0\no=x 1 1 IN IP4 192.168.7.7\nc=IN IP4 192.168.7.7\n"

/* Offer, what the other side chose, rules, our answer's m= lines. */
static const struct {
	const char *theirs, *chosen, *rules;
	int error;
	const char *media[3], *line;
} answers[] = {
	/* the provider numbers telephone-event otherwise */
	{"m=audio 5 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\n",
	 "m=audio 7 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n"
	 "a=fmtp:96 0-11\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=fmtp:101 0-11"},
	/* chosen's order counts, what was not offered does not */
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 18 0 8\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 0 8"},
	 "a=rtpmap:0 PCMU/8000"},
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 18\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* rules of this leg */
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 0 8\n",
	 "PCMA",
	 0,
	 {"m=audio 20000 RTP/AVP 8"},
	 "a=rtpmap:8 PCMA/8000"},
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 0 8\n",
	 "G729",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* telephone-event alone is no audio */
	{"m=audio 5 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n",
	 "m=audio 7 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* names in any case, dynamic numbers for static codecs */
	{"m=audio 5 RTP/AVP 97\na=rtpmap:97 pcma/8000\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 97"},
	 "a=rtpmap:97 PCMA/8000"},
	/* another clock or number of channels is another codec */
	{"m=audio 5 RTP/AVP 97\na=rtpmap:97 L16/16000\n",
	 "m=audio 7 RTP/AVP 97\na=rtpmap:97 L16/8000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 5 RTP/AVP 97\na=rtpmap:97 L16/8000/2\n",
	 "m=audio 7 RTP/AVP 97\na=rtpmap:97 L16/8000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* octet-align tells AMR apart */
	{"m=audio 5 RTP/AVP 96 97\na=rtpmap:96 AMR/8000\na=rtpmap:97 "
	 "AMR/8000/1\na=fmtp:97 mode-set=7; octet-align=1\n",
	 "m=audio 7 RTP/AVP 100\na=rtpmap:100 AMR/8000\n"
	 "a=fmtp:100 octet-align=1\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 97"},
	 "a=fmtp:97 octet-align=1"},
	{"m=audio 5 RTP/AVP 96\na=rtpmap:96 AMR/8000\n",
	 "m=audio 7 RTP/AVP 100\na=rtpmap:100 AMR/8000\n"
	 "a=fmtp:100 octet-align=1\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 5 RTP/AVP 96\na=rtpmap:96 AMR/8000\n",
	 "m=audio 7 RTP/AVP 100\na=rtpmap:100 AMR/8000\n"
	 "a=fmtp:100 octet-align=0\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 96"},
	 "a=fmtp:96 octet-align=0"},
	{"m=audio 5 RTP/AVP 96\na=rtpmap:96 G7221/16000\n"
	 "a=fmtp:96 bitrate=24000\n",
	 "m=audio 7 RTP/AVP 96\na=rtpmap:96 G7221/16000\n"
	 "a=fmtp:96 bitrate=32000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* H.264: profile and packetization, not the level */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 97 98\n"
	 "a=rtpmap:97 H264/90000\na=fmtp:97 profile-level-id=64001f\n"
	 "a=rtpmap:98 H264/90000\na=fmtp:98 profile-level-id=42801f;"
	 "packetization-mode=0\n",
	 "m=audio 7 RTP/AVP 8\nm=video 8 RTP/AVP 99\n"
	 "a=rtpmap:99 H264/90000\na=fmtp:99 profile-level-id=428014\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 20002 RTP/AVP 98"},
	 NULL},
	/* slots: refused by the other side, missing there, of another kind */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 34\nm=text 7 RTP/AVP 98\n",
	 "m=audio 7 RTP/AVP 8\nm=video 0 RTP/AVP 34\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 0 RTP/AVP 34",
	  "m=text 0 RTP/AVP 98"},
	 NULL},
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 34\n",
	 "m=audio 7 RTP/AVP 8\nm=audio 9 RTP/AVP 34\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 0 RTP/AVP 34"},
	 NULL},
	{"m=audio 0 RTP/AVP 8\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 0,
	 {"m=audio 0 RTP/AVP 8"},
	 NULL},
	{"m=audio 5 RTP/AVP 8\n",
	 "m=audio 0 RTP/AVP 8\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* video without audio is no call, audio that goes away is one */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 34\n",
	 "m=audio 7 RTP/AVP 0\nm=video 8 RTP/AVP 34\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 0 RTP/AVP 8\nm=video 6 RTP/AVP 34\n",
	 "m=audio 7 RTP/AVP 0\nm=video 8 RTP/AVP 34\n",
	 "",
	 0,
	 {"m=audio 0 RTP/AVP 8", "m=video 20002 RTP/AVP 34"},
	 NULL},
	/* plain and secure do not meet; the profile is the offer's */
	{"m=audio 5 RTP/SAVP 8\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 5 RTP/AVPF 8\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVPF 8"},
	 NULL},
	/* one crypto, the tag as offered */
	{"m=audio 5 RTP/SAVP 8\na=crypto:4 AES_CM_128_HMAC_SHA1_32 "
	 "inline:AAAA\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:BBBB\n",
	 "m=audio 7 RTP/SAVP 8\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
	 "inline:CCCC|2^31|1:1\na=crypto:2 AES_CM_128_HMAC_SHA1_32 "
	 "inline:DDDD\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:CCCC|2^31|1:1"},
	/* setup: actpass is no answer */
	{"m=audio 5 RTP/SAVP 8\na=setup:actpass\n",
	 "m=audio 7 RTP/SAVP 8\na=setup:active\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=setup:active"},
	{"m=audio 5 RTP/SAVP 8\na=setup:actpass\n",
	 "m=audio 7 RTP/SAVP 8\na=setup:actpass\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=setup:passive"},
	{"m=audio 5 RTP/SAVP 8\na=setup:passive\n",
	 "m=audio 7 RTP/SAVP 8\na=setup:actpass\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=setup:active"},
	/* fax */
	{"m=image 5 udptl t38\n",
	 "m=image 7 udptl t38\na=T38FaxVersion:0\na=candidate:x\n",
	 "PCMA",
	 0,
	 {"m=image 20000 udptl t38"},
	 "a=T38FaxVersion:0"},
	{"m=image 5 udptl t38\n",
	 "m=image 7 udptl t37\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* the same codec twice keeps its two numbers */
	{"m=audio 5 RTP/AVP 8 97\na=rtpmap:97 PCMA/8000\n",
	 "m=audio 7 RTP/AVP 97 8\na=rtpmap:97 PCMA/8000\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 97 8"},
	 NULL},
	/* rtcp-fb speaks of the offer's numbers */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVPF 97\na=rtpmap:97 VP8/90000\n",
	 "m=audio 7 RTP/AVP 8\na=rtcp-fb:97 nack\nm=video 8 RTP/AVPF 120\n"
	 "a=rtpmap:120 VP8/90000\na=rtcp-fb:120 nack pli\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 20002 RTP/AVPF 97"},
	 "a=rtcp-fb:97 nack pli"},
};

START_TEST(answers_hold_what_both_have)
	{
		char theirs[2048], chosen[2048];
		struct offer_rules rules = rules_of(answers[_i].rules);
		int error;

		snprintf(theirs, sizeof theirs, HEAD "%s", answers[_i].theirs);
		snprintf(chosen, sizeof chosen, HEAD "%s", answers[_i].chosen);
		parse(&source, theirs);
		parse(&other, chosen);
		error = offer_write_answer(&leg, &source, &other, &rules,
					   places(OURS, BODY_SENDRECV));
		ck_assert_int_eq(error, answers[_i].error);
		if (error != 0) {
			ck_assert_ptr_null(leg.local);
			return;
		}
		for (unsigned i = 0; i < 3 && answers[_i].media[i] != NULL; i++)
			ck_assert_str_eq(line_of("m=", i),
					 answers[_i].media[i]);
		if (answers[_i].line != NULL)
			ck_assert_msg(strstr(leg.local, answers[_i].line) !=
					      NULL,
				      "%s", leg.local);
		ck_assert_ptr_null(strstr(leg.local, "192.168"));
	}
END_TEST

START_TEST(our_key_stays_ours)
	{
		/* T offered two keys; P took the second; later P offers again
		 */
		static const char t[] = HEAD
			"m=audio 5 RTP/SAVP 8\n"
			"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:FIRST\n"
			"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:SECOND\n";
		static const char p[] =
			HEAD "m=audio 5 RTP/SAVP 8\n"
			     "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:PPPP\n";

		parse(&other, HEAD
		      "m=audio 5 RTP/SAVP 8\n"
		      "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:SECOND\n");
		ck_assert_int_eq(offer_write_offer(&leg, &other, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		parse(&source, p);
		parse(&other, t);
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &other, NULL,
					   places(OURS, BODY_SENDRECV)),
			0);
		ck_assert_str_eq(
			line_of("a=crypto", 0),
			"a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:SECOND");
	}
END_TEST

/*
 * Mid-call offers of P as far as SDP answers them: T's session is
 * `itsp-answer`; the place's direction is what the row of each says.
 */
static const struct {
	const char *row, *theirs;
	enum body_direction direction;
	const char *media[2], *said;
} rows[] = {
	{"hold sendonly",
	 "m=audio 5 RTP/AVP 8 101\na=sendonly\n",
	 BODY_RECVONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=recvonly"},
	{"hold inactive",
	 "m=audio 5 RTP/AVP 8 101\na=inactive\n",
	 BODY_INACTIVE,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=inactive"},
	{"recvonly offered",
	 "m=audio 5 RTP/AVP 8 101\na=recvonly\n",
	 BODY_SENDONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=sendonly"},
	{"RFC 2543 hold",
	 "m=audio 5 RTP/AVP 8 101\nc=IN IP4 0.0.0.0\n",
	 BODY_RECVONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=recvonly"},
	{"resume",
	 "m=audio 5 RTP/AVP 8 101\na=sendrecv\n",
	 BODY_SENDRECV,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=sendrecv"},
	{"another address",
	 "m=audio 9 RTP/AVP 8 101\nc=IN IP4 192.0.2.99\n",
	 BODY_SENDRECV,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=sendrecv"},
	{"T's codec still there, and a hold",
	 "m=audio 5 RTP/AVP 9 0 8 101\na=sendonly\n",
	 BODY_RECVONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=recvonly"},
	{"extra m=",
	 "m=audio 5 RTP/AVP 8 101\nm=video 6 RTP/AVP 34\n",
	 BODY_SENDRECV,
	 {"m=audio 20000 RTP/AVP 8 101", "m=video 0 RTP/AVP 34"},
	 "a=sendrecv"},
	{"stream removed",
	 "m=audio 0 RTP/AVP 8 101\n",
	 BODY_INACTIVE,
	 {"m=audio 0 RTP/AVP 8"},
	 "m=audio 0 RTP/AVP 8"},
	{"T's codec gone",
	 "m=audio 5 RTP/AVP 9 101\n",
	 BODY_SENDRECV,
	 {NULL},
	 NULL},
	{"fax where T has audio",
	 "m=image 5 udptl t38\n",
	 BODY_SENDRECV,
	 {NULL},
	 NULL},
};

START_TEST(mid_call_offers_are_answered_here)
	{
		static const char *const list[] = {"PCMA", "telephone-event"};
		struct offer_rules rules = names(list, 2);
		char theirs[1024], first[1024];
		int error;

		load(&other, other_text, "itsp-answer");
		load(&source, source_text, "yealink");
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &other, NULL,
					   places(OURS, BODY_SENDRECV)),
			0);
		snprintf(first, sizeof first, "%s", leg.local);
		snprintf(theirs, sizeof theirs,
			 "v=0\no=- 20001 20002 IN IP4 10.0.20.31\n"
			 "c=IN IP4 10.0.20.31\n%s",
			 rows[_i].theirs);
		if (strstr(theirs, " 101\n") != NULL) {
			char *at = strchr(strstr(theirs, " 101\n"), '\n') + 1;
			static const char map[] =
				"a=rtpmap:101 telephone-event/8000\n";

			memmove(at + sizeof map - 1, at, strlen(at) + 1);
			memcpy(at, map, sizeof map - 1);
		}
		parse(&source, theirs);
		error = offer_write_answer(&leg, &source, &other, &rules,
					   places(OURS, rows[_i].direction));
		if (rows[_i].said == NULL) {
			ck_assert_int_eq(error, -ENOTSUP);
			ck_assert_str_eq(leg.local, first);
			return;
		}
		ck_assert_int_eq(error, 0);
		for (unsigned i = 0; i < 2 && rows[_i].media[i] != NULL; i++)
			ck_assert_str_eq(line_of("m=", i), rows[_i].media[i]);
		ck_assert_msg(strstr(leg.local, rows[_i].said) != NULL, "%s",
			      leg.local);
		ck_assert_ptr_null(strstr(leg.local, "0.0.0.0"));
		ck_assert_ptr_null(strstr(leg.local, "10.0.20"));
		/* the version rises exactly if the body differs */
		ck_assert_uint_eq(leg.version,
				  strcmp(leg.local, first) == 0 ? 1 : 2);
		/* and the same offer again gets the same bytes */
		snprintf(first, sizeof first, "%s", leg.local);
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &other, &rules,
					   places(OURS, rows[_i].direction)),
			0);
		ck_assert_str_eq(leg.local, first);
	}
END_TEST

START_TEST(holding_for_ever_leaks_nothing)
	{
		load(&other, other_text, "itsp-answer");
		load(&source, source_text, "yealink");
		for (int i = 0; i < 1000; i++)
			ck_assert_int_eq(
				offer_write_answer(
					&leg, &source, &other, NULL,
					places(OURS, i % 2 ? BODY_RECVONLY
							   : BODY_SENDRECV)),
				0);
		ck_assert_uint_eq(leg.version, 1000);
		ck_assert_uint_lt(leg.local_len, 400);
	}
END_TEST

static Suite *answer_suite(void)
{
	Suite *suite = suite_create("offer_answer");
	TCase *tcase = tcase_create("offer_answer");

	tcase_add_checked_fixture(tcase, offer_setup, offer_teardown);
	tcase_add_loop_test(tcase, answers_hold_what_both_have, 0,
			    sizeof answers / sizeof *answers);
	tcase_add_test(tcase, our_key_stays_ours);
	tcase_add_loop_test(tcase, mid_call_offers_are_answered_here, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_test(tcase, holding_for_ever_leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(answer_suite())
