/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The latch as a table: what SDP told, who sends, what happens. */
#include "check_main.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "media/latch.h"

#define S INT64_C(1000000000)

/* "host port", "" for none. */
static struct endpoint at(const char *text)
{
	struct endpoint e;
	char host[64] = "";
	unsigned port = 0;
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	endpoint_clear(&e);
	if (sscanf(text, "%63s %u", host, &port) < 1)
		return e;
	if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
		in.sin_port = htons((uint16_t)port);
		endpoint_set(&e, (struct sockaddr *)&in);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, host, &in6.sin6_addr), 1);
		in6.sin6_port = htons((uint16_t)port);
		endpoint_set(&e, (struct sockaddr *)&in6);
	}
	return e;
}

static unsigned tell(struct latch *latch, enum media_latch_mode mode,
		     const char *rtp, const char *rtcp, const char *expect,
		     int64_t now_ns)
{
	struct endpoint r = at(rtp), c = at(rtcp), e = at(expect);
	return latch_target(latch, mode, &r, &c, &e, now_ns);
}

static enum latch_verdict check(const struct latch *latch,
				enum media_channel channel, const char *from,
				int64_t now_ns)
{
	struct endpoint e = at(from);
	return latch_check(latch, channel, &e, now_ns);
}

static bool lock(struct latch *latch, enum media_channel channel,
		 const char *from)
{
	struct endpoint e = at(from);
	return latch_lock(latch, channel, &e);
}

static void dest_is(const struct latch *latch, enum media_channel channel,
		    const char *want)
{
	struct endpoint got, expected = at(want);
	bool some = latch_dest(latch, channel, &got);
	ck_assert_msg(some == endpoint_is_set(&expected), "%s", want);
	if (some)
		ck_assert_msg(endpoint_equal(&got, &expected),
			      "%s, not port %u", want, endpoint_port(&got));
}

START_TEST(who_may_lock)
	{
		static const struct {
			enum media_latch_mode mode;
			const char *rtp, *rtcp, *expect;
			enum media_channel channel;
			const char *from;
			enum latch_verdict verdict;
		} cases[] = {
#define FIXED MEDIA_LATCH_FIXED
#define LEARN MEDIA_LATCH_LEARN
#define RTP   MEDIA_RTP
#define RTCP  MEDIA_RTCP
			{FIXED, "198.51.100.4 4000", "", "", RTP,
			 "198.51.100.4 4000", LATCH_LOCK},
			{FIXED, "198.51.100.4 4000", "", "", RTP,
			 "198.51.100.4 4002", LATCH_DROP},
			{FIXED, "198.51.100.4 4000", "", "198.51.100.9 5060",
			 RTP, "198.51.100.9 4000", LATCH_DROP},
			{FIXED, "198.51.100.4 4000", "", "", RTCP,
			 "198.51.100.4 4001", LATCH_LOCK},
			{FIXED, "198.51.100.4 4000", "", "", RTCP,
			 "198.51.100.4 9", LATCH_LOCK},
			{FIXED, "198.51.100.4 4000", "198.51.100.7 5000", "",
			 RTCP, "198.51.100.7 5000", LATCH_LOCK},
			{FIXED, "198.51.100.4 4000", "", "", RTCP,
			 "198.51.100.5 4001", LATCH_DROP},
			{FIXED, "", "", "", RTP, "198.51.100.4 4000",
			 LATCH_DROP},
			{FIXED, "", "", "198.51.100.4 5060", RTP,
			 "198.51.100.4 4000", LATCH_DROP},
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5060", RTP,
			 "203.0.113.9 61000", LATCH_LOCK},
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5060", RTP,
			 "203.0.113.8 61000", LATCH_DROP},
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5060",
			 RTCP, "203.0.113.9 61001", LATCH_LOCK},
			/* A private address of SDP is another host here ... */
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5060", RTP,
			 "192.168.1.5 4002", LATCH_DROP},
			/* ... except where the port is right, too. */
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5060", RTP,
			 "192.168.1.5 4000", LATCH_LOCK},
			/* A media server beside the one that signals. */
			{LEARN, "198.51.100.4 4000", "", "203.0.113.9 5060",
			 RTP, "198.51.100.4 4444", LATCH_LOCK},
			{LEARN, "", "", "203.0.113.9 5060", RTP,
			 "203.0.113.9 61000", LATCH_LOCK},
			{LEARN, "", "", "", RTP, "203.0.113.9 61000",
			 LATCH_DROP},
			{LEARN, "2001:db8::4 4000", "", "2001:db8::9 5060", RTP,
			 "2001:db8::9 7", LATCH_LOCK},
			{LEARN, "fd00::4 4000", "", "2001:db8::9 5060", RTP,
			 "fd00::4 7", LATCH_DROP},
			{LEARN, "0.0.0.0 4000", "", "203.0.113.9 5060", RTP,
			 "198.51.100.1 4000", LATCH_DROP},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct latch latch;
			latch_reset(&latch);
			tell(&latch, cases[i].mode, cases[i].rtp, cases[i].rtcp,
			     cases[i].expect, S);
			ck_assert_msg(check(&latch, cases[i].channel,
					    cases[i].from,
					    S) == cases[i].verdict,
				      "case %zu: %s", i, cases[i].from);
		}
	}
END_TEST

START_TEST(nothing_passes_before_a_target)
	{
		struct latch latch;
		latch_reset(&latch);
		ck_assert_int_eq(
			check(&latch, MEDIA_RTP, "198.51.100.4 4000", 0),
			LATCH_DROP);
		dest_is(&latch, MEDIA_RTP, "");
	}
END_TEST

START_TEST(locked_means_one_source)
	{
		struct latch latch;
		latch_reset(&latch);
		tell(&latch, MEDIA_LATCH_LEARN, "192.168.1.5 4000", "",
		     "203.0.113.9 5060", S);
		ck_assert(!lock(&latch, MEDIA_RTP, "203.0.113.9 61000"));
		ck_assert_int_eq(
			check(&latch, MEDIA_RTP, "203.0.113.9 61000", S),
			LATCH_PASS);
		ck_assert_int_eq(
			check(&latch, MEDIA_RTP, "203.0.113.9 61002", S),
			LATCH_DROP);
		ck_assert_int_eq(
			check(&latch, MEDIA_RTP, "192.168.1.5 4000", 9 * S),
			LATCH_DROP);
		/* RTCP follows RTP's host from now on. */
		ck_assert_int_eq(check(&latch, MEDIA_RTCP, "203.0.113.9 7", S),
				 LATCH_LOCK);
		ck_assert_int_eq(check(&latch, MEDIA_RTCP, "203.0.113.10 7", S),
				 LATCH_DROP);
	}
END_TEST

START_TEST(where_packets_go)
	{
		struct latch latch;
		latch_reset(&latch);
		tell(&latch, MEDIA_LATCH_FIXED, "198.51.100.4 4000", "", "", S);
		dest_is(&latch, MEDIA_RTP, "198.51.100.4 4000");
		dest_is(&latch, MEDIA_RTCP, "198.51.100.4 4001");
		lock(&latch, MEDIA_RTCP, "198.51.100.4 9");
		dest_is(&latch, MEDIA_RTCP, "198.51.100.4 4001");
		tell(&latch, MEDIA_LATCH_FIXED, "", "", "", S);
		dest_is(&latch, MEDIA_RTP, "");

		latch_reset(&latch);
		tell(&latch, MEDIA_LATCH_LEARN, "192.168.1.5 4000", "",
		     "203.0.113.9 5060", S);
		dest_is(&latch, MEDIA_RTP, "192.168.1.5 4000");
		lock(&latch, MEDIA_RTP, "203.0.113.9 61000");
		dest_is(&latch, MEDIA_RTP, "203.0.113.9 61000");
		dest_is(&latch, MEDIA_RTCP, "203.0.113.9 61001");
		lock(&latch, MEDIA_RTCP, "203.0.113.9 62000");
		dest_is(&latch, MEDIA_RTCP, "203.0.113.9 62000");
		/* Hold by 0.0.0.0 forgets nothing. */
		ck_assert_uint_eq(tell(&latch, MEDIA_LATCH_LEARN,
				       "0.0.0.0 4000", "", "203.0.113.9 5060",
				       S),
				  0);
		dest_is(&latch, MEDIA_RTP, "203.0.113.9 61000");
	}
END_TEST

START_TEST(only_a_change_reopens)
	{
		static const struct {
			enum media_latch_mode mode;
			const char *rtp, *rtcp, *expect;
			unsigned reopened;
		} cases[] = {
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5060", 0},
			{LEARN, "192.168.1.5 4000", "", "203.0.113.9 5099", 0},
			{LEARN, "192.168.1.5 4000", "192.168.1.5 4001",
			 "203.0.113.9 5060", 0},
			{LEARN, "", "", "203.0.113.9 5060", 0},
			{LEARN, "192.168.1.5 4002", "", "203.0.113.9 5060", 3},
			{LEARN, "192.168.1.6 4000", "", "203.0.113.9 5060", 3},
			{LEARN, "192.168.1.5 4000", "", "203.0.113.10 5060", 3},
			{LEARN, "192.168.1.5 4000", "", "", 3},
			{LEARN, "192.168.1.5 4000", "192.168.1.5 5001",
			 "203.0.113.9 5060", 2},
			{FIXED, "192.168.1.5 4000", "", "", 3},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct latch latch;
			latch_reset(&latch);
			ck_assert_uint_eq(tell(&latch, MEDIA_LATCH_LEARN,
					       "192.168.1.5 4000", "",
					       "203.0.113.9 5060", S),
					  3);
			lock(&latch, MEDIA_RTP, "203.0.113.9 61000");
			lock(&latch, MEDIA_RTCP, "203.0.113.9 61001");
			ck_assert_msg(tell(&latch, cases[i].mode, cases[i].rtp,
					   cases[i].rtcp, cases[i].expect,
					   2 * S) == cases[i].reopened,
				      "case %zu", i);
			ck_assert_int_eq(latch.channel[MEDIA_RTP].locked,
					 !(cases[i].reopened & 1));
			ck_assert_int_eq(latch.channel[MEDIA_RTCP].locked,
					 !(cases[i].reopened & 2));
		}
	}
END_TEST

START_TEST(the_old_streams_tail_does_not_lock_again)
	{
		struct latch latch;
		latch_reset(&latch);
		tell(&latch, MEDIA_LATCH_LEARN, "192.168.1.5 4000", "",
		     "203.0.113.9 5060", S);
		lock(&latch, MEDIA_RTP, "203.0.113.9 61000");
		tell(&latch, MEDIA_LATCH_LEARN, "192.168.1.5 4002", "",
		     "203.0.113.9 5060", 10 * S);
		dest_is(&latch, MEDIA_RTP, "203.0.113.9 61000");
		ck_assert_int_eq(check(&latch, MEDIA_RTP, "203.0.113.9 61000",
				       10 * S + 1),
				 LATCH_PASS);
		ck_assert_int_eq(check(&latch, MEDIA_RTP, "203.0.113.9 61004",
				       10 * S + 1),
				 LATCH_LOCK);
		/* It is not a tail any more. */
		ck_assert_int_eq(
			check(&latch, MEDIA_RTP, "203.0.113.9 61000", 13 * S),
			LATCH_LOCK);
		ck_assert(lock(&latch, MEDIA_RTP, "203.0.113.9 61004"));
		ck_assert_int_eq(
			check(&latch, MEDIA_RTP, "203.0.113.9 61000", 13 * S),
			LATCH_DROP);
		/* The same one again is no move. */
		tell(&latch, MEDIA_LATCH_LEARN, "192.168.1.5 4006", "",
		     "203.0.113.9 5060", 20 * S);
		ck_assert(!lock(&latch, MEDIA_RTP, "203.0.113.9 61004"));
	}
END_TEST

START_TEST(private_addresses_are_known)
	{
		static const struct {
			const char *host;
			bool private;
		} cases[] = {
			{"10.1.2.3", true},	{"172.16.0.1", true},
			{"172.31.255.1", true}, {"172.32.0.1", false},
			{"192.168.0.1", true},	{"192.169.0.1", false},
			{"100.64.0.1", true},	{"100.127.255.1", true},
			{"100.128.0.1", false}, {"169.254.1.1", true},
			{"127.0.0.1", true},	{"203.0.113.1", false},
			{"fd12::1", true},	{"fe80::1", true},
			{"::1", true},		{"2001:db8::1", false},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct endpoint e = at(cases[i].host);
			ck_assert_msg(endpoint_is_private(&e) ==
					      cases[i].private,
				      "%s", cases[i].host);
		}
	}
END_TEST

static Suite *latch_suite(void)
{
	Suite *suite = suite_create("latch");
	TCase *tc = tcase_create("latch");
	tcase_add_test(tc, who_may_lock);
	tcase_add_test(tc, nothing_passes_before_a_target);
	tcase_add_test(tc, locked_means_one_source);
	tcase_add_test(tc, where_packets_go);
	tcase_add_test(tc, only_a_change_reopens);
	tcase_add_test(tc, the_old_streams_tail_does_not_lock_again);
	tcase_add_test(tc, private_addresses_are_known);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(latch_suite())
