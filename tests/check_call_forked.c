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
#include "tests/fakes/inside.h"

static struct fixture f;

#define RELIABLE(rseq) "Require: 100rel\r\nRSeq: " rseq "\r\n"

static struct fake_call *first, *second;
static char *told; /* the phone's answer */
static const char *acme;

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
	fixture_start_with(
		&f, &(struct fixture_setup){.phones = phones, .acme = acme});
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

/* Its 183 was reliable: RFC 3262 5 has no need of a second copy. */
START_TEST(what_the_phone_was_not_told_counts_when_the_2xx_has_no_body)
	{
		ring("reinvite = \"forward\";", "9 101");
		fake_answer(second, 200, false, NULL);
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(phone_got(&f.phone, "200 INVITE")->body, told);
		fixture_run_until(&f, phone_is_told);
		ck_assert_str_eq(line()->remote_sdp.stream[0].formats, "9 101");
		free(told);
	}
END_TEST

/* The second one spoke the law that is converted here; the third does not. */
START_TEST(the_law_of_a_branch_goes_with_it)
	{
		acme = "reinvite = \"suppress\";";
		ring("reinvite = \"forward\";", "0 101");
		acme = NULL;
		second = fake_fork(first);
		second->media.codecs = "9 101";
		answers();
		fixture_run_until(&f, phone_is_told);
		fixture_watch(&f, 50);
		line()->media.codecs = "9 101";
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "recvonly");
		free(told);
	}
END_TEST

START_TEST(who_cannot_be_told_of_its_end_is_told_of_no_hold)
	{
		ring("reinvite = \"auto\";", "9 101");
		second->media.direction = "inactive";
		answers();
		fixture_run_until(&f, phone_is_told);
		ck_assert_str_eq(line()->remote_sdp.stream[0].formats, "9 101");
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "sendrecv");
		free(told);
	}
END_TEST

static struct text_message waiting;

static bool keep_reinvite(struct fake *fake, struct fake_call *call,
			  const struct text_message *m)
{
	(void)fake;
	if (!call || strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	if (!waiting.raw)
		text_read(&waiting, m->raw, m->len);
	return true;
}

static bool itsp_was_asked(struct fixture *x)
{
	(void)x;
	return waiting.raw != NULL;
}

/* Its own offer, which waits for b, comes first: and tells it all. */
START_TEST(an_offer_before_the_ack_is_not_disturbed)
	{
		acme = "reinvite = \"forward\";";
		ring("reinvite = \"forward\";", "9 101");
		acme = NULL;
		memset(&waiting, 0, sizeof(waiting));
		f.itsp.end.hooks.request = keep_reinvite;
		line()->withhold_ack = true;
		fake_answer(second, 200, true, NULL);
		fixture_run_until(&f, phone_has_200);
		line()->media.codecs = "9 101";
		phone_hold(&f.phone);
		fixture_run_until(&f, itsp_was_asked);
		line()->withhold_ack = false;
		fake_ack(line());
		/* Longer than a leg that is busy is left alone. */
		fixture_watch(&f, 700);
		ck_assert_int_eq(line()->reinvite_status, 0);
		text_free(&second->invite);
		text_read(&second->invite, waiting.raw, waiting.len);
		fake_learn_sdp(second, &waiting);
		fake_answer(second, 200, true, NULL);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		fixture_watch(&f, 700);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 0);
		text_free(&waiting);
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
	tcase_add_test(
		tests,
		what_the_phone_was_not_told_counts_when_the_2xx_has_no_body);
	tcase_add_test(tests, the_law_of_a_branch_goes_with_it);
	tcase_add_test(tests, who_cannot_be_told_of_its_end_is_told_of_no_hold);
	tcase_add_test(tests, an_offer_before_the_ack_is_not_disturbed);
	return suite;
}

CHECK_MAIN(forked_suite())
