/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of the mid-call table that T hears nothing of, each in both
 * directions.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

/* --- hold, resume ------------------------------------------------------- */

START_TEST(each_hold_is_answered_and_t_hears_something_all_the_while)
	{
		int i = _i / 2;

		begin(_i % 2);
		set_hold(i);
		ck_assert_int_eq(reinvite(), 200);
		answer_is(i);
		t_hears_on();
		hurry(&f, 5);
		t_hears_on();
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		both_ways();
		t_hears_on();
		hurry(&f, 5);
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

/* --- no offer ------------------------------------------------------------ */

START_TEST(the_answer_in_the_ack_is_taken_like_an_offer)
	{
		int i = _i / 2;

		begin(_i % 2);
		set_hold(i);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		t_hears_on();
		hurry(&f, 5);
		t_hears_on();
		set_resume();
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		ck_assert_uint_ne(p_was_told()->port, 0);
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

START_TEST(what_we_offer_is_the_codec_that_t_has)
	{
		begin(_i);
		p()->media.codecs = "0 8 101";
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		fixture_assert(&f, text_has_format(p_was_told()->formats, "8"));
		fixture_assert(&f,
			       text_has_format(p_was_told()->formats, "101"));
		fixture_assert(&f,
			       !text_has_format(p_was_told()->formats, "0"));
		asks->tone.payload_type = 8;
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

START_TEST(an_ack_without_an_answer_keeps_the_session)
	{
		begin(_i);
		p()->withhold_ack = true;
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_has_200);
		p()->delayed = false;
		fake_ack(p());
		p()->withhold_ack = false;
		ck_assert_status(&f, "event=call-answer-missing");
		both_ways();
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		t_was_left_alone();
	}
END_TEST

/* T's hold was passed on to P: it holds until T ends it. */
START_TEST(without_an_offer_a_hold_of_ts_goes_on)
	{
		begin_forward(!_i);
		ck_assert_int_eq(hold("sendonly"), 200);
		struct fake *swap = asks;
		asks = other;
		other = swap;
		ck_assert_str_eq(p_was_told()->direction, "sendonly");
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "sendonly");
	}
END_TEST

/* --- both at once -----------------------------------------------------------
 */

START_TEST(both_hold_and_take_up_again_in_any_order)
	{
		begin(_i % 2);
		set_hold((_i / 2) % HOLDS);
		ck_assert_int_eq(reinvite(), 200);
		answer_is((_i / 2) % HOLDS);
		swap_roles();
		set_hold((_i / 2 + 3) % HOLDS);
		ck_assert_int_eq(reinvite(), 200);
		answer_is((_i / 2 + 3) % HOLDS);
		if (_i % 4 < 2)
			swap_roles();
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		hurry(&f, 5);
		swap_roles();
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		both_ways();
		hurry(&f, 5);
		both_ways();
		fixture_assert(&f, tone_unbroken(&other->tone, 0));
		fixture_assert(&f, tone_unbroken(&asks->tone, 0));
		fixture_assert(&f, both_up(&f));
	}
END_TEST

/* P took it up again while T still holds: P hears something. */
START_TEST(a_resume_while_t_holds_lets_p_hear_something)
	{
		begin(!_i);
		set_hold(2);
		ck_assert_int_eq(reinvite(), 200);
		swap_roles();
		set_hold(2);
		ck_assert_int_eq(reinvite(), 200);
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		from_now();
		fixture_run_until(&f, p_hears);
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, p_hears);
		fixture_assert(&f, tone_unbroken(&asks->tone, 0));
	}
END_TEST

START_TEST(everything_at_once_is_one_answer)
	{
		char *before;

		begin(_i);
		asks->tone.talking = false;
		fake_move_media(asks);
		p()->media.codecs = "0 8 101";
		p()->media.more = VIDEO;
		p()->media.direction = "sendonly";
		strcpy(asks->user, "moved");
		unsigned long version = version_of(p());
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(version_of(p()), version + 1);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		ck_assert_uint_eq(p()->remote_sdp.streams, 2);
		ck_assert_uint_eq(p()->remote_sdp.stream[1].port, 0);
		ck_assert_str_eq(p_was_told()->formats, "8 101");
		t_hears_on();
		before = strdup(last_body(asks, "200 INVITE"));
		fake_refresh(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(last_body(asks, "200 INVITE"), before);
		p()->media.codecs = "18 101";
		ck_assert_int_eq(reinvite(), 488);
		p()->media.codecs = "0 8 101";
		p()->sdp_version--;
		fake_reinvite(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(last_body(asks, "200 INVITE"), before);
		free(before);
		asks->tone.talking = true;
		asks->tone.payload_type = 8;
		ck_assert_int_eq(hold("sendrecv"), 200);
		asks->tone.payload_type = 8;
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

/* --- codec ------------------------------------------------------------------
 */

START_TEST(the_other_law_goes_through_every_change)
	{
		begin(_i);
		p()->media.codecs = "0 101";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "0 101");
		t_hears_on();
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		t_hears_on();
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_str_eq(p_was_told()->formats, "0 101");
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		fixture_assert(&f, text_has_format(p_was_told()->formats, "0"));
		asks->tone.payload_type = 0;
		both_ways();
		t_hears_on();
		swap_roles(); /* T moves its port: P's law stays */
		asks->tone.talking = false;
		fake_move_media(asks);
		ck_assert_int_eq(reinvite(), 200);
		/* What P speaks now, if T has it. */
		ck_assert_str_eq(p_was_told()->formats, _i ? "0 101" : "8 101");
		asks->tone.talking = true;
		both_ways();
		swap_roles();
		t_was_left_alone();
	}
END_TEST

START_TEST(a_codec_that_t_lacks_is_refused_or_asked_of_t)
	{
		begin_with(_i, "reinvite = \"suppress\";",
			   "reinvite = \"suppress\";");
		/* The provider's first answer is shorter than our offer. */
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_int_eq(hold("sendrecv"), 200);
		char *before = strdup(p()->remote_sdp.origin);
		p()->media.codecs = "18 101";
		ck_assert_int_eq(reinvite(), 488);
		char warning[200];
		ck_assert(text_header(fake_last_message(asks, "488 INVITE"),
				      "Warning", 0, warning, sizeof(warning)));
		ck_assert_int_eq(strncmp(warning, "305 ", 4), 0);
		p()->media.codecs = "8 101";
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p()->remote_sdp.origin, before);
		free(before);
		both_ways();
		t_was_left_alone();
	}
END_TEST

START_TEST(events_are_numbered_anew_after_a_change)
	{
		static const uint8_t event[16] = {0x80, 0x80 | 100, 0, 1,  0, 0,
						  0,	160,	    1, 2,  3, 4,
						  5,	10,	    0, 160};
		bool heard = false;

		begin(_i);
		asks->tone.talking = false;
		p()->media.codecs = "8 100";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "8 100");
		unsigned from = other->tone.ins;
		tone_send(&asks->tone, event, sizeof(event));
		fixture_watch(&f, 200);
		for (unsigned i = from; i < other->tone.ins; i++)
			heard |= other->tone.in[i].payload_type == 101 &&
				 other->tone.in[i].len == 16;
		fixture_assert(&f, heard);
	}
END_TEST

static Suite *call_rows_suite(void)
{
	Suite *suite = suite_create("call_rows");
	TCase *tests = group(suite, "hold");

	tcase_add_loop_test(
		tests,
		each_hold_is_answered_and_t_hears_something_all_the_while, 0,
		2 * HOLDS);
	tests = group(suite, "no offer");
	tcase_add_loop_test(tests, the_answer_in_the_ack_is_taken_like_an_offer,
			    0, 2 * HOLDS);
	tcase_add_loop_test(tests, what_we_offer_is_the_codec_that_t_has, 0, 2);
	tcase_add_loop_test(tests, an_ack_without_an_answer_keeps_the_session,
			    0, 2);
	tcase_add_loop_test(tests, without_an_offer_a_hold_of_ts_goes_on, 0, 2);
	tests = group(suite, "both");
	tcase_add_loop_test(tests, both_hold_and_take_up_again_in_any_order, 0,
			    4 * HOLDS);
	tcase_add_loop_test(tests, a_resume_while_t_holds_lets_p_hear_something,
			    0, 2);
	tcase_add_loop_test(tests, everything_at_once_is_one_answer, 0, 2);
	tests = group(suite, "codec");
	tcase_add_loop_test(tests, the_other_law_goes_through_every_change, 0,
			    2);
	tcase_add_loop_test(
		tests, a_codec_that_t_lacks_is_refused_or_asked_of_t, 0, 2);
	tcase_add_loop_test(tests, events_are_numbered_anew_after_a_change, 0,
			    2);
	return suite;
}

CHECK_MAIN(call_rows_suite())
