/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A forked call whose branches answer with different codecs, toward a caller
 * who has one answer, and a reliable one (RFC 3262 5): the first.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

#define RELIABLE(rseq) "Require: 100rel\r\nRSeq: " rseq "\r\n"

static struct fake_call *first, *second;
static char *told; /* the phone's answer */

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

static bool phone_pracked(struct fixture *x)
{
	return phone_line(&x->phone)->prack_status == 200;
}

static bool phone_heard_of_both(struct fixture *x)
{
	return phone_line(&x->phone)->provisionals == 2;
}

/* The first branch has PCMA, the second one `codecs`; both ring, with early
 * media. */
static void ring(const char *phones, const char *codecs)
{
	fixture_start_with(&f, &(struct fixture_setup){.phones = phones});
	f.phone.end.invite_lines = "Require: 100rel\r\n";
	f.phone.end.media.codecs = "8 0 9 101";
	f.itsp.end.media.codecs = "8 101";
	f.itsp.behaviour = ITSP_TRIES;
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, itsp_is_ringing);
	first = f.itsp.end.call[0];
	second = fake_fork(first);
	second->media.codecs = codecs;
	fake_answer(first, 183, true, RELIABLE("100"));
	fixture_run_until(&f, phone_pracked);
	told = strdup(phone_got(&f.phone, "183 INVITE")->body);
	ck_assert_uint_ne(strlen(told), 0);
	fake_answer(second, 183, true, RELIABLE("500"));
	fixture_run_until(&f, phone_heard_of_both);
}

static void answers(void)
{
	fake_answer(second, 200, true, NULL);
	fixture_run_until(&f, both_up);
}

static unsigned heard_of_type(const struct tone *tone, uint8_t type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tone->ins; i++)
		count += !tone->in[i].rtcp && tone->in[i].payload_type == type;
	return count;
}

START_TEST(a_second_branch_gives_no_second_reliable_answer)
	{
		ring(NULL, "0 100");
		/* Early media of the second one, converted. */
		ck_assert_str_eq(phone_got(&f.phone, "183 INVITE")->body, told);
		f.itsp.end.tone.payload_type = 0;
		fixture_from_now(&f);
		fixture_run_until(&f, phone_hears_more);
		answers();
		ck_assert_str_eq(phone_got(&f.phone, "200 INVITE")->body, told);
		fixture_both_ways(&f);
		ck_assert_uint_eq(heard_of_type(&f.phone.end.tone, 0), 0);
		ck_assert_uint_eq(heard_of_type(&f.itsp.end.tone, 8), 0);
		ck_assert_uint_gt(heard_of_type(&f.itsp.end.tone, 0), 0);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 0);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		free(told);
	}
END_TEST

static bool first_is_up(struct fixture *x)
{
	(void)x;
	return first->state == FAKE_UP && line()->state == FAKE_UP;
}

START_TEST(the_first_branch_answers_after_all)
	{
		ring(NULL, "0 100");
		fake_answer(first, 200, true, NULL);
		fixture_run_until(&f, first_is_up);
		ck_assert_str_eq(phone_got(&f.phone, "200 INVITE")->body, told);
		f.itsp.end.tone.payload_type = 8;
		fixture_both_ways(&f);
		ck_assert_uint_eq(heard_of_type(&f.phone.end.tone, 0), 0);
		ck_assert_uint_eq(heard_of_type(&f.itsp.end.tone, 0), 0);
		free(told);
	}
END_TEST

static bool phone_is_told(struct fixture *x)
{
	return fake_seen_inside(&x->phone.end, "INVITE") == 1;
}

/* G.722: nothing that could be converted. */
START_TEST(another_codec_is_told_by_reinvite_once_it_is_the_answer)
	{
		ring("reinvite = \"forward\";", "9 101");
		ck_assert_str_eq(phone_got(&f.phone, "183 INVITE")->body, "");
		answers();
		ck_assert_str_eq(phone_got(&f.phone, "200 INVITE")->body, told);
		fixture_run_until(&f, phone_is_told);
		ck_assert_str_eq(line()->remote_sdp.stream[0].formats, "9 101");
		fixture_watch(&f, 50);
		f.phone.end.tone.payload_type = f.itsp.end.tone.payload_type =
			9;
		fixture_both_ways(&f);
		ck_assert_uint_gt(heard_of_type(&f.itsp.end.tone, 9), 10);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		free(told);
	}
END_TEST

START_TEST(who_takes_no_reinvite_is_told_in_the_answer)
	{
		ring("reinvite = \"suppress\";", "9 101");
		ck_assert_str_eq(phone_got(&f.phone, "183 INVITE")->body, "");
		answers();
		ck_assert_str_eq(line()->remote_sdp.stream[0].formats, "9 101");
		fixture_both_ways(&f);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 0);
		free(told);
	}
END_TEST

static Suite *forked_suite(void)
{
	Suite *suite = suite_create("call_forked");
	TCase *tests = tcase_create("forked");

	fixture_around(tests, &f);
	suite_add_tcase(suite, tests);
	tcase_add_test(tests, a_second_branch_gives_no_second_reliable_answer);
	tcase_add_test(tests, the_first_branch_answers_after_all);
	tcase_add_test(tests,
		       another_codec_is_told_by_reinvite_once_it_is_the_answer);
	tcase_add_test(tests, who_takes_no_reinvite_is_told_in_the_answer);
	return suite;
}

CHECK_MAIN(forked_suite())
