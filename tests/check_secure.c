/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a call's SRTP ends: the whole table of two peers and an offer. */
#include <string.h>

#include "sbc/call/secure.h"
#include "tests/check_main.h"

#define HEAD                                                \
	"v=0\r\no=x 1 1 IN IP4 192.168.1.9\r\ns=-\r\nc=IN " \
	"IP4 192.168.1.9\r\nt=0 0\r\n"
#define CRYPTO                                \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 " \
	"inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"

/* What is offered. */
static const char *const offers[] = {
	[0] = NULL,
	['p'] = HEAD "m=audio 5 RTP/AVP 8\r\n",
	['s'] = HEAD "m=audio 5 RTP/SAVP 8\r\n" CRYPTO,
	/* RFC 8643 */
	['o'] = HEAD "m=audio 5 RTP/AVP 8\r\n" CRYPTO,
	['d'] = HEAD "m=audio 5 UDP/TLS/RTP/SAVP 8\r\na=setup:actpass\r\n"
		     "a=fingerprint:sha-1 00\r\n",
	['m'] = HEAD "m=audio 5 RTP/SAVP 8\r\na=key-mgmt:mikey AA\r\n",
	/* complaint 25: pairs */
	['2'] = HEAD "m=audio 5 RTP/AVP 8\r\nm=audio 7 RTP/SAVP 8\r\n" CRYPTO,
	['v'] = HEAD "m=audio 5 RTP/SAVP 8\r\n" CRYPTO
		     "m=video 7 RTP/AVP 96\r\n",
	['i'] = HEAD "m=image 5 udptl t38\r\n",
};

#define PASS POLICY_SRTP_PASS
#define OFF  POLICY_SRTP_OFF
#define SDES POLICY_SRTP_SDES
#define OPT  POLICY_SRTP_OPTIONAL

/*
 * says: "pass"; "no"; else of each slot whether it may be offered on, "+" or
 * "-".
 */
static const struct secure_case {
	enum policy_srtp from, to;
	char offer;
	bool ended;
	const char *says;
} cases[] = {
	/* both pass: whatever it is */
	{PASS, PASS, 'p', false, "pass"},
	{PASS, PASS, 's', false, "pass"},
	{PASS, PASS, 'd', false, "pass"},
	{PASS, PASS, 'm', false, "pass"},
	{PASS, PASS, '2', false, "pass"},
	{PASS, PASS, 0, false, "pass"},
	/* ... unless it has ended here before */
	{PASS, PASS, 'p', true, "+"},
	{PASS, PASS, 'd', true, "no"},
	/* one that passes beside one that does not: as it offers */
	{PASS, SDES, 'p', false, "+"},
	{PASS, SDES, 's', false, "+"},
	{PASS, SDES, 'o', false, "+"},
	{PASS, OFF, 's', false, "+"},
	{PASS, OFF, 'p', false, "+"},
	{PASS, OPT, 's', false, "+"},
	{PASS, OFF, 'd', false, "no"},
	{PASS, SDES, 'd', false, "no"},
	{PASS, SDES, 'm', false, "no"},
	{PASS, SDES, 0, false, "?"},
	/* nothing but SRTP */
	{SDES, PASS, 's', false, "+"},
	{SDES, PASS, 'o', false, "+"},
	{SDES, PASS, 'p', false, "no"},
	{SDES, OFF, 's', false, "+"},
	{SDES, OFF, 'p', false, "no"},
	{SDES, SDES, 'd', false, "no"},
	/* nothing but plain */
	{OFF, PASS, 'p', false, "+"},
	{OFF, PASS, 's', false, "no"},
	{OFF, SDES, 'p', false, "+"},
	{OFF, SDES, 'o', false, "+"},
	{OFF, SDES, 'd', false, "no"},
	/* either */
	{OPT, PASS, 'p', false, "+"},
	{OPT, PASS, 's', false, "+"},
	{OPT, OPT, 'm', false, "no"},
	/* pairs: the secured one, unless who is asked can choose */
	{PASS, OFF, '2', false, "-+"},
	{PASS, SDES, '2', false, "-+"},
	{PASS, OPT, '2', false, "++"},
	{SDES, OPT, '2', false, "-+"},
	{OFF, SDES, '2', false, "+-"},
	/* other slots by themselves; fax has no SRTP */
	{SDES, OFF, 'v', false, "+-"},
	{PASS, OFF, 'v', false, "++"},
	{SDES, OFF, 'i', false, "+"},
};

static struct policy_peer peer(enum policy_srtp srtp)
{
	return (struct policy_peer){
		.srtp = srtp,
		.srtp_suite = {"AES_CM_128_HMAC_SHA1_80"},
		.srtp_suites = 1,
	};
}

START_TEST(the_table_holds)
	{
		const struct secure_case *c = &cases[_i];
		struct policy_peer from = peer(c->from), to = peer(c->to);
		struct secure_decision decision;
		char says[BODY_MEDIA_MAX + 8] = "";
		static struct body body;
		const char *text = offers[(int)c->offer];

		if (text)
			ck_assert_int_eq(
				body_parse(&body, text, strlen(text), NULL), 0);
		secure_judge(&decision, &from, &to, text ? &body : NULL,
			     c->ended);
		if (!decision.possible)
			strcpy(says, "no");
		else if (!decision.ended)
			strcpy(says, "pass");
		else if (!text)
			strcpy(says, "?");
		else
			for (unsigned i = 0; i < body.medias; i++)
				strcat(says, decision.live[i] ? "+" : "-");
		ck_assert_msg(!strcmp(says, c->says), "%d to %d, %c: %s",
			      c->from, c->to, c->offer, says);
	}
END_TEST

START_TEST(policy_becomes_the_rules_of_a_leg)
	{
		struct policy_peer p = {
			.srtp = POLICY_SRTP_SDES,
			.srtp_suite = {"AEAD_AES_256_GCM",
				       "AES_256_CM_HMAC_SHA1_32"},
			.srtp_suites = 2,
			.srtp_mki = true,
			.srtp_lifetime = 4096,
		};
		struct offer_secure rules;

		secure_rules(&p, &rules);
		ck_assert_int_eq(rules.how, OFFER_SDES);
		ck_assert_uint_eq(rules.suites, 2);
		ck_assert_int_eq(rules.suite[0], MEDIA_CRYPTO_AEAD_AES_256_GCM);
		ck_assert_int_eq(rules.suite[1],
				 MEDIA_CRYPTO_AES_256_CM_SHA1_32);
		ck_assert(rules.mki);
		ck_assert_uint_eq(rules.lifetime, 4096);
		p.srtp = POLICY_SRTP_OFF;
		secure_rules(&p, &rules);
		ck_assert_int_eq(rules.how, OFFER_PLAIN);
		p.srtp = POLICY_SRTP_PASS;
		secure_rules(&p, &rules);
		ck_assert_int_eq(rules.how, OFFER_EITHER);
	}
END_TEST

static Suite *secure_suite(void)
{
	Suite *suite = suite_create("secure");
	TCase *tests = tcase_create("secure");

	tcase_add_loop_test(tests, the_table_holds, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, policy_becomes_the_rules_of_a_leg);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(secure_suite())
