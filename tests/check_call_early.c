/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before the answer: ringing, early media, forks, cancelling, refusals. */
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static void dial(unsigned behaviour)
{
	fixture_start(&f);
	f.itsp.behaviour = behaviour;
	phone_call(&f.phone, "05551234");
}

START_TEST(ringing_is_passed_on)
	{
		dial(ITSP_RINGS);
		fixture_run_until(&f, phone_rings_back);
		ck_assert_int_eq(phone_line(&f.phone)->status, 180);
		ck_assert_uint_eq(phone_line(&f.phone)->remote_sdps, 0);
	}
END_TEST

START_TEST(early_media_is_heard_before_the_answer)
	{
		dial(ITSP_EARLY_MEDIA);
		f.itsp.answer_ms = 60000; /* not by itself */
		fixture_run_until(&f, phone_rings_back);
		ck_assert_uint_ge(phone_line(&f.phone)->remote_sdps, 1);
		fixture_hear(&f, &f.phone.end, 6);
		fixture_assert(&f, itsp_is(&f.itsp, FAKE_RINGING));
		fake_answer(itsp_line(&f.itsp), 200, true, NULL);
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		fixture_assert(&f, tone_unbroken(&f.phone.end.tone, 0));
	}
END_TEST

START_TEST(other_ways_to_say_it_rings_lead_to_a_call_too)
	{
		static const unsigned ways[] = {
			ITSP_183_NO_SDP, ITSP_180_WITH_SDP,
			ITSP_EARLY_MEDIA | ITSP_180_WITH_SDP};

		dial(ways[_i]);
		fixture_run_until(&f, both_up);
		fixture_assert(&f, phone_line(&f.phone)->provisionals >= 1);
		fixture_run_until(&f, both_hear);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

static bool losing_branch_was_ended(struct fixture *x)
{
	const struct fake_call *loser = x->itsp.end.call[0];

	return loser->acks > 0 && loser->bye_seen;
}

START_TEST(a_branch_that_nobody_heard_of_answers_and_the_loser_is_ended)
	{
		dial(_i ? ITSP_FORKS_TWICE : ITSP_FORKS);
		fixture_run_until(&f, phone_up);
		fixture_run_until(&f, losing_branch_was_ended);
		const struct fake_call *winner = f.itsp.end.call[2];
		fixture_assert(&f, winner->state == FAKE_UP);
		fixture_assert(&f, !winner->bye_seen && winner->acks > 0);
		ck_assert_uint_eq(fake_seen(&f.phone.end, "200 INVITE"), 1);
		fixture_assert(&f, phone_is(&f.phone, FAKE_UP));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, no_calls);
		fixture_run_until(&f, phone_ended);
		fixture_assert(&f, winner->bye_seen);
	}
END_TEST

static bool phone_has_487(struct fixture *x)
{
	return phone_line(&x->phone)->status == 487 && no_calls(x);
}

static bool phone_cancel_answered(struct fixture *x)
{
	return phone_line(&x->phone)->cancel_status == 200;
}

START_TEST(a_cancel_reaches_the_provider)
	{
		dial(ITSP_RINGS);
		fixture_run_until(&f, phone_rings_back);
		phone_cancel(&f.phone);
		fixture_run_until(&f, phone_has_487);
		fixture_run_until(&f, phone_cancel_answered);
		fixture_run_until(&f, itsp_ended);
		fixture_assert(&f, itsp_line(&f.itsp)->cancel_seen);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 0);
		ck_assert_status(&f, "event=call-end");
	}
END_TEST

START_TEST(a_cancel_before_it_rings_reaches_the_provider)
	{
		dial(ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fixture_watch(&f, 50);
		phone_cancel(&f.phone);
		fixture_run_until(&f, phone_has_487);
		fixture_run_until(&f, itsp_ended);
		fixture_assert(&f, itsp_line(&f.itsp)->cancel_seen);
	}
END_TEST

static bool itsp_was_asked(struct fixture *x)
{
	return fake_seen(&x->itsp.end, "INVITE") > 0;
}

START_TEST(a_cancel_while_the_provider_is_silent_frees_the_phone_at_once)
	{
		dial(ITSP_SILENT);
		fixture_run_until(&f, itsp_was_asked);
		phone_cancel(&f.phone);
		fixture_run_until_in(&f, 900, phone_has_487);
		ck_assert_uint_eq(fake_seen(&f.backup.end, "INVITE"), 0);
	}
END_TEST

static bool itsp_got_ack_and_bye(struct fixture *x)
{
	return itsp_line(&x->itsp)->acks > 0 && itsp_line(&x->itsp)->bye_seen;
}

START_TEST(a_200_that_crosses_our_cancel_gets_ack_and_bye)
	{
		dial(ITSP_ANSWERS_LATE);
		fixture_run_until(&f, phone_rings_back);
		phone_cancel(&f.phone);
		fixture_run_until(&f, phone_has_487);
		fixture_run_until(&f, itsp_got_ack_and_bye);
		ck_assert_uint_eq(fake_seen(&f.phone.end, "200 INVITE"), 0);
	}
END_TEST

START_TEST(a_provider_that_ignores_our_cancel_does_not_hold_the_phone)
	{
		dial(ITSP_RINGS | ITSP_IGNORES_CANCEL);
		fixture_run_until(&f, phone_rings_back);
		phone_cancel(&f.phone);
		fixture_run_until_in(&f, 1500, phone_has_487);
		fake_answer(itsp_line(&f.itsp), 200, true, NULL);
		fixture_run_until(&f, itsp_got_ack_and_bye);
	}
END_TEST

static bool itsp_has_487(struct fixture *x)
{
	return itsp_line(&x->itsp)->status == 487 && no_calls(x);
}

START_TEST(a_caller_outside_who_gives_up_stops_the_ringing)
	{
		fixture_start(&f);
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, phone_is_ringing);
		fake_cancel(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_has_487);
		fixture_run_until(&f, phone_ended);
		fixture_assert(&f, phone_line(&f.phone)->cancel_seen);
	}
END_TEST

static bool phone_got_bye(struct fixture *x)
{
	return phone_line(&x->phone)->bye_seen;
}

START_TEST(a_phone_that_picks_up_as_the_caller_gives_up_is_freed)
	{
		fixture_start(&f);
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, phone_is_ringing);
		/* Both are on the wire before the agent sees either. */
		if (_i) {
			phone_answer(&f.phone);
			fake_cancel(itsp_line(&f.itsp));
		} else {
			fake_cancel(itsp_line(&f.itsp));
			phone_answer(&f.phone);
		}
		fixture_run_until(&f, no_calls);
		fixture_run_until(&f, itsp_ended);
		fixture_run_until(&f, phone_got_bye);
		fixture_assert(&f, phone_line(&f.phone)->acks > 0);
	}
END_TEST

START_TEST(a_busy_phone_is_told_to_the_caller_outside)
	{
		fixture_start(&f);
		f.phone.refuses = 486;
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, itsp_ended);
		ck_assert_int_eq(itsp_line(&f.itsp)->status, 486);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(an_unanswered_call_ends_after_ring_timeout)
	{
		static const struct fixture_setup hasty = {
			.acme = "ring_timeout = \"5s\";",
			.routes = "{ from = \"phones\"; number = \"^0\"; to = "
				  "[ \"acme\" ]; }"};

		fixture_start_with(&f, &hasty);
		f.itsp.behaviour = ITSP_RINGS;
		phone_call(&f.phone, "05551234");
		fixture_run_until_in(&f, 7000, phone_refused);
		fixture_run_until(&f, itsp_ended);
		fixture_assert(&f, itsp_line(&f.itsp)->cancel_seen);
		ck_assert_int_eq(phone_line(&f.phone)->status, 408);
	}
END_TEST

START_TEST(an_answer_that_is_no_answer_ends_both_legs)
	{
		static const unsigned bad[] = {ITSP_BAD_SDP, ITSP_NO_SDP,
					       ITSP_PORT_0};

		dial(bad[_i]);
		fixture_run_until(&f, itsp_got_ack_and_bye);
		fixture_run_until(&f, phone_refused);
	}
END_TEST

START_TEST(a_provider_that_hangs_up_right_after_its_answer_is_understood)
	{
		dial(ITSP_RINGS);
		fixture_run_until(&f, itsp_is_ringing);
		fixture_run_until(&f, phone_rings_back);
		fake_answer(itsp_line(&f.itsp), 200, true, NULL);
		fake_bye(itsp_line(&f.itsp));
		fixture_run_until(&f, both_ended);
	}
END_TEST

static Suite *early_suite(void)
{
	Suite *suite = suite_create("call_early");
	TCase *tests = tcase_create("early");

	fixture_around(tests, &f);
	tcase_add_test(tests, ringing_is_passed_on);
	tcase_add_test(tests, early_media_is_heard_before_the_answer);
	tcase_add_loop_test(
		tests, other_ways_to_say_it_rings_lead_to_a_call_too, 0, 3);
	tcase_add_loop_test(
		tests,
		a_branch_that_nobody_heard_of_answers_and_the_loser_is_ended, 0,
		2);
	tcase_add_test(tests, a_cancel_reaches_the_provider);
	tcase_add_test(tests, a_cancel_before_it_rings_reaches_the_provider);
	tcase_add_test(
		tests,
		a_cancel_while_the_provider_is_silent_frees_the_phone_at_once);
	tcase_add_test(tests, a_200_that_crosses_our_cancel_gets_ack_and_bye);
	tcase_add_test(
		tests,
		a_provider_that_ignores_our_cancel_does_not_hold_the_phone);
	tcase_add_test(tests, a_caller_outside_who_gives_up_stops_the_ringing);
	tcase_add_loop_test(
		tests, a_phone_that_picks_up_as_the_caller_gives_up_is_freed, 0,
		2);
	tcase_add_test(tests, a_busy_phone_is_told_to_the_caller_outside);
	tcase_add_test(tests, an_unanswered_call_ends_after_ring_timeout);
	tcase_add_loop_test(tests, an_answer_that_is_no_answer_ends_both_legs,
			    0, 3);
	tcase_add_test(
		tests,
		a_provider_that_hangs_up_right_after_its_answer_is_understood);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(early_suite())
