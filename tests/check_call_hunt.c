/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates, challenges, limits, and calls that go nowhere. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static bool hear_backup(struct fixture *x)
{
	return tone_heard(&x->phone.end.tone) > 5 &&
	       tone_heard(&x->backup.end.tone) > 5;
}

START_TEST(the_next_candidate_is_taken_when_the_first_fails)
	{
		static const unsigned failures[] = {ITSP_UNAVAILABLE,
						    ITSP_SILENT};

		fixture_start(&f);
		f.itsp.behaviour = failures[_i];
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_up_by_backup);
		fixture_run_until(&f, hear_backup);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, phone_ended);
		fixture_run_until(&f, no_calls);
		ck_assert_uint_eq(itsp_hangups(&f.backup), 1);
	}
END_TEST

static bool backup_is_ringing(struct fixture *x)
{
	return itsp_is(&x->backup, FAKE_RINGING);
}

START_TEST(the_second_candidate_may_ring_as_long_as_the_first)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_UNAVAILABLE;
		f.backup.answer_ms = 2000; /* attempt_timeout is 1 s here */
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, backup_is_ringing);
		fixture_run_until(&f, phone_up_by_backup);
	}
END_TEST

START_TEST(a_provider_whose_port_is_closed_costs_no_time)
	{
		fixture_start(&f);
		itsp_close(&f.itsp);
		phone_call(&f.phone, "05551234");
		fixture_run_until_in(&f, 900, phone_up_by_backup);
	}
END_TEST

START_TEST(a_late_answer_of_the_silent_candidate_is_ended)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_TRIES;
		f.itsp.end.t1_ms = 100;
		fake_drop_next(&f.itsp.end, FAKE_OUT, "100", 20);
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_up_by_backup);
		fake_answer(itsp_line(&f.itsp), 200, true, NULL);
		fixture_run_until(&f, itsp_ended);
		fixture_assert(&f, itsp_line(&f.itsp)->acks > 0);
		fixture_assert(&f, itsp_line(&f.itsp)->bye_seen);
		fixture_assert(&f, phone_up_by_backup(&f));
	}
END_TEST

START_TEST(busy_ends_the_hunt)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_BUSY;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 486);
		ck_assert_uint_eq(fake_seen(&f.backup.end, "INVITE"), 0);
		ck_assert_status(&f, "event=call-end");
	}
END_TEST

START_TEST(when_all_fail_the_caller_is_told)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_UNAVAILABLE;
		f.backup.behaviour = ITSP_SILENT;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_ge(phone_line(&f.phone)->status, 480);
		ck_assert_uint_eq(fake_seen(&f.backup.end, "INVITE"), 1);
	}
END_TEST

static const struct fixture_setup with_account = {
	.acme = "username = \"edge\"; password = \"t0psecret\";"};

START_TEST(a_challenge_of_the_provider_is_answered_here)
	{
		static const unsigned ways[] = {
			ITSP_CHALLENGES,
			ITSP_CHALLENGES_401,
			ITSP_CHALLENGES | ITSP_SHA256_TOO,
			ITSP_CHALLENGES_401 | ITSP_SHA256_TOO,
		};

		fixture_start_with(&f, &with_account);
		f.itsp.behaviour = ways[_i];
		f.itsp.secret = "t0psecret";
		fixture_call_out(&f);
		ck_assert_uint_eq(f.itsp.challenged, 1);
		ck_assert_uint_eq(f.itsp.admitted, 1);
		fixture_assert(&f,
			       !fake_saw_text(&f.phone.end, "itsp.example"));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, phone_ended);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(the_second_invite_says_all_that_the_first_one_said)
	{
		char hops[2][16] = {"", ""};

		fixture_start_with(&f, &with_account);
		f.itsp.behaviour = ITSP_CHALLENGES | ITSP_100_FIRST;
		f.itsp.secret = "t0psecret";
		fixture_call_out(&f);
		for (unsigned i = 0; i < 2; i++)
			text_header(fake_message(&f.itsp.end, "INVITE", i),
				    "Max-Forwards", 0, hops[i],
				    sizeof(hops[i]));
		ck_assert_str_eq(hops[0], "69");
		ck_assert_str_eq(hops[1], "69");
	}
END_TEST

START_TEST(a_wrong_password_is_not_tried_for_ever)
	{
		fixture_start_with(&f, &with_account);
		f.itsp.behaviour = ITSP_CHALLENGES;
		f.itsp.secret = "another";
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_up_by_backup);
		ck_assert_uint_le(f.itsp.challenged, 3);
		fixture_assert(&f,
			       !fake_saw_text(&f.phone.end, "itsp.example"));
	}
END_TEST

static bool both_calls_up(struct fixture *x)
{
	return both_up(x) && phone_is(&x->other, FAKE_UP) &&
	       itsp_is(&x->backup, FAKE_UP);
}

START_TEST(a_trunk_that_is_full_is_passed_over)
	{
		static const struct fixture_setup narrow = {
			.acme = "max_calls = 1;"};

		fixture_start_with(&f, &narrow);
		fixture_call_out(&f);
		phone_call(&f.other, "05555678");
		fixture_run_until(&f, both_calls_up);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 1);
	}
END_TEST

START_TEST(too_many_calls_get_503_with_retry_after)
	{
		static const struct fixture_setup few[] = {
			{.conf = "limits: { max_calls = 1; };"},
			{.acme = "max_calls = 1;", .backup = "max_calls = 1;"},
			{.rtp_wan = "41000-41001"},
			{.rtp_lan = "41000-41001"},
		};
		char retry[32];

		fixture_start_with(&f, &few[_i]);
		f.other.answers_itself = true;
		fixture_call_out(&f);
		if (_i == 1) { /* the second trunk is full as well */
			phone_call(&f.phone, "05551235");
			fixture_run_until(&f, phone_up_by_backup);
		}
		phone_call(&f.other, "05555678");
		fixture_run_until(&f, other_ended);
		ck_assert_int_eq(phone_line(&f.other)->status, 503);
		if (_i == 0)
			ck_assert_status(&f, "status=503 cause=max_calls");
		const struct text_message *refusal =
			fake_last_message(&f.other.end, "503 INVITE");
		if (_i != 1)
			fixture_assert(&f,
				       text_header(refusal, "Retry-After", 0,
						   retry, sizeof(retry)));
		fixture_assert(&f, phone_is(&f.phone, FAKE_UP));
	}
END_TEST

START_TEST(ports_come_back_after_their_quarantine)
	{
		static const struct fixture_setup one_pair = {
			.rtp_wan = "41000-41001",
			.conf = "media: { quarantine = \"1s\"; };"};

		fixture_start_with(&f, &one_pair);
		fixture_call_out(&f);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		fixture_watch(&f, 1300);
		fixture_call_out(&f);
	}
END_TEST

START_TEST(a_failed_candidate_gives_its_ports_back)
	{
		static const struct fixture_setup two_pairs = {
			.rtp_wan = "41000-41003"};

		fixture_start_with(&f, &two_pairs);
		f.itsp.behaviour = ITSP_UNAVAILABLE;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_up_by_backup);
		unsigned used = 0;
		for (unsigned i = 0; i < f.agent->networks; i++)
			used += media_block_used(f.agent->network[i].block);
		ck_assert_uint_eq(used, 2);
	}
END_TEST

/* Only so many more descriptors can be opened. */
static void leave_descriptors(unsigned count, struct rlimit *before)
{
	struct rlimit limit;
	int next = dup(STDERR_FILENO);

	ck_assert_int_ge(next, 0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, before), 0);
	limit = *before;
	limit.rlim_cur = (rlim_t)next + count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_call_without_descriptors_is_503_and_says_so)
	{
		struct rlimit before;

		fixture_start(&f);
		leave_descriptors(3, &before); /* a call takes four */
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		ck_assert_int_eq(phone_line(&f.phone)->status, 503);
		ck_assert_status(&f, "event=call-candidate-failed");
		ck_assert_status(&f, "cause=descriptors");
		/* What it took was given back: the next one finds room. */
		fixture_call_out(&f);
	}
END_TEST

START_TEST(a_number_without_a_route_is_404)
	{
		fixture_start(&f);
		phone_call(&f.phone, "777");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 404);
	}
END_TEST

static bool itsp_was_refused(struct fixture *x)
{
	return itsp_is(&x->itsp, FAKE_ENDED) && no_calls(x);
}

START_TEST(an_unknown_number_from_outside_is_404)
	{
		fixture_start(&f);
		itsp_call(&f.itsp, "15550000");
		fixture_run_until(&f, itsp_was_refused);
		ck_assert_int_eq(itsp_line(&f.itsp)->status, 404);
	}
END_TEST

START_TEST(a_phone_that_is_not_registered_is_480)
	{
		static const struct fixture_setup nobody = {.unregistered =
								    true};

		fixture_start_with(&f, &nobody);
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, itsp_was_refused);
		ck_assert_int_eq(itsp_line(&f.itsp)->status, 480);
	}
END_TEST

START_TEST(a_provider_cannot_dial_out_through_us)
	{
		fixture_start(&f);
		itsp_call(&f.itsp, "05551234");
		fixture_run_until(&f, itsp_was_refused);
		ck_assert_int_eq(itsp_line(&f.itsp)->status, 404);
		ck_assert_uint_eq(fake_seen(&f.backup.end, "INVITE"), 0);
	}
END_TEST

START_TEST(a_phone_with_a_wrong_password_makes_no_calls)
	{
		fixture_start(&f);
		f.phone.end.password = "wrong";
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		fixture_assert(&f,
			       phone_line(&f.phone)->status == 401 ||
				       phone_line(&f.phone)->status == 403 ||
				       phone_line(&f.phone)->status == 407);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
	}
END_TEST

static bool registered_again(struct fixture *x)
{
	return x->phone.register_status != 0;
}

START_TEST(a_phone_that_knows_only_md5_registers_and_calls)
	{
		fixture_start(&f);
		f.phone.md5_only = true;
		phone_register(&f.phone, 300);
		fixture_run_until(&f, registered_again);
		ck_assert_int_eq(f.phone.register_status, 200);
	}
END_TEST

START_TEST(a_wrong_password_registers_nobody)
	{
		fixture_start(&f);
		f.phone.wrong_password = true;
		phone_register(&f.phone, 300);
		fixture_run_until(&f, registered_again);
		fixture_assert(&f, f.phone.register_status == 401 ||
					   f.phone.register_status == 403);
	}
END_TEST

START_TEST(a_phone_that_signs_off_is_not_called)
	{
		fixture_start(&f);
		phone_register(&f.phone, 0);
		fixture_run_until(&f, registered_again);
		ck_assert_int_eq(f.phone.register_status, 200);
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, itsp_was_refused);
		ck_assert_int_eq(itsp_line(&f.itsp)->status, 480);
	}
END_TEST

START_TEST(a_silent_phone_does_not_hold_the_caller_outside)
	{
		fixture_start(&f);
		f.phone.silent = true;
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, itsp_was_refused);
		ck_assert_int_ge(itsp_line(&f.itsp)->status, 408);
	}
END_TEST

START_TEST(a_phone_that_was_unplugged_does_not_hold_the_caller_outside)
	{
		fixture_start(&f);
		phone_close(&f.phone); /* its port is closed: ICMP says so */
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, itsp_was_refused);
		ck_assert_int_ge(itsp_line(&f.itsp)->status, 408);
	}
END_TEST

static Suite *hunt_suite(void)
{
	Suite *suite = suite_create("call_hunt");
	TCase *tests = tcase_create("hunt");

	fixture_around(tests, &f);
	tcase_add_loop_test(
		tests, the_next_candidate_is_taken_when_the_first_fails, 0, 2);
	tcase_add_test(tests,
		       the_second_candidate_may_ring_as_long_as_the_first);
	tcase_add_test(tests, a_provider_whose_port_is_closed_costs_no_time);
	tcase_add_test(tests, a_late_answer_of_the_silent_candidate_is_ended);
	tcase_add_test(tests, busy_ends_the_hunt);
	tcase_add_test(tests, when_all_fail_the_caller_is_told);
	tcase_add_loop_test(tests, a_challenge_of_the_provider_is_answered_here,
			    0, 4);
	tcase_add_test(tests,
		       the_second_invite_says_all_that_the_first_one_said);
	tcase_add_test(tests, a_wrong_password_is_not_tried_for_ever);
	tcase_add_test(tests, a_trunk_that_is_full_is_passed_over);
	tcase_add_loop_test(tests, too_many_calls_get_503_with_retry_after, 0,
			    4);
	tcase_add_test(tests, ports_come_back_after_their_quarantine);
	tcase_add_test(tests, a_failed_candidate_gives_its_ports_back);
	tcase_add_test(tests, a_call_without_descriptors_is_503_and_says_so);
	tcase_add_test(tests, a_number_without_a_route_is_404);
	tcase_add_test(tests, an_unknown_number_from_outside_is_404);
	tcase_add_test(tests, a_phone_that_is_not_registered_is_480);
	tcase_add_test(tests, a_provider_cannot_dial_out_through_us);
	tcase_add_test(tests, a_phone_with_a_wrong_password_makes_no_calls);
	tcase_add_test(tests, a_phone_that_knows_only_md5_registers_and_calls);
	tcase_add_test(tests, a_wrong_password_registers_nobody);
	tcase_add_test(tests, a_phone_that_signs_off_is_not_called);
	tcase_add_test(tests, a_silent_phone_does_not_hold_the_caller_outside);
	tcase_add_test(
		tests,
		a_phone_that_was_unplugged_does_not_hold_the_caller_outside);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(hunt_suite())
