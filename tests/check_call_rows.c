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

/* Keys that the phone offers beside plain RTP, and the provider does not take:
 * what they talk is plain. */
START_TEST(keys_that_were_not_taken_are_no_reason_for_silence)
	{
		fixture_start_with(
			&f, &(struct fixture_setup){
				    .acme = "reinvite = \"suppress\";",
				    .phones = "reinvite = \"suppress\";"});
		f.itsp.end.media.codecs = "8 101";
		f.phone.end.media.lines =
			"a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
			"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		ck_assert_status(&f, "encryption_a=none encryption_b=none");
		asks = _i ? &f.itsp.end : &f.phone.end;
		other = _i ? &f.phone.end : &f.itsp.end;
		ck_assert_int_eq(hold("inactive"), 200);
		t_hears_on();
		ck_assert_int_eq(hold(NULL), 200);
		both_ways();
	}
END_TEST

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
static bool p_was_left(struct fixture *x)
{
	(void)x;
	return fake_seen(asks, "BYE") > 0;
}

/* The same body, from another Contact. */
START_TEST(a_contact_that_moves_alone_is_followed)
	{
		unsigned long version;

		begin(_i);
		version = version_of(p());
		snprintf(asks->user, sizeof(asks->user), "moved");
		fake_refresh(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_uint_eq(version_of(p()), version);
		t_was_left_alone();
		t_hears_on();
		both_ways();
		fake_bye(t());
		fixture_run_until(&f, p_was_left);
		ck_assert_ptr_nonnull(
			strstr(fake_last_message(asks, "BYE")->uri, "moved@"));
	}
END_TEST

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

static unsigned events_from;

static bool t_hears_an_event(struct fixture *x)
{
	const struct tone *tone = &other->tone;

	(void)x;
	for (unsigned i = events_from; i < tone->ins; i++)
		if (tone->in[i].payload_type == 101 && tone->in[i].len == 16)
			return true;
	return false;
}

START_TEST(events_are_numbered_anew_after_a_change)
	{
		static const uint8_t event[16] = {0x80, 0x80 | 100, 0, 1,  0, 0,
						  0,	160,	    1, 2,  3, 4,
						  5,	10,	    0, 160};

		begin(_i);
		asks->tone.talking = false;
		p()->media.codecs = "8 100";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "8 100");
		events_from = other->tone.ins;
		tone_send(&asks->tone, event, sizeof(event));
		fixture_run_until(&f, t_hears_an_event);
	}
END_TEST

/* --- anything, in any order ------------------------------------------------
 */

static unsigned dice_state;

static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 1103515245u + 12345u;
	return (dice_state >> 16) % sides;
}

static struct {
	char body[4096];
	unsigned long version;
} said[2];	      /* our last body on each side */
static bool moved[2]; /* what was on its way to the old port is lost */

/* RFC 3264 8: one more when it differs, the same bytes else. */
static void version_is_right(int side, const char *body)
{
	const char *tail = strstr(body, "\r\ns=");
	unsigned long version = version_of(p());

	ck_assert_ptr_nonnull(tail);
	if (said[side].body[0])
		ck_assert_uint_eq(version,
				  said[side].version +
					  !!strcmp(tail, said[side].body));
	snprintf(said[side].body, sizeof(said[side].body), "%s", tail);
	said[side].version = version;
}

static void ask_offer(int side, bool update)
{
	if (update) {
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		fixture_assert(&f, p()->update_status == 200);
		version_is_right(side, last_body(asks, "200 UPDATE"));
	} else {
		fixture_assert(&f, reinvite() == 200);
		version_is_right(side, last_body(asks, "200 INVITE"));
	}
}

static void ask_something(int side)
{
	static const char *const codecs[] = {"8 101", "0 8 101", "8 100",
					     "101 9 8 0"};
	int i = (int)dice(HOLDS);

	switch (dice(8)) {
	case 0:
	case 1:
		set_hold(i);
		ask_offer(side, dice(3) == 0);
		break;
	case 2:
		set_resume();
		ask_offer(side, dice(3) == 0);
		break;
	case 3:
		p()->media.codecs = codecs[dice(4)];
		ask_offer(side, false);
		break;
	case 4:
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		fixture_assert(&f, p()->reinvite_status == 200);
		version_is_right(side, last_body(asks, "200 INVITE"));
		fixture_assert(&f, p_was_told()->port != 0);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		break;
	case 5:
		fake_update(p(), false);
		fixture_run_until(&f, p_update_done);
		fixture_assert(&f, p()->update_status == 200);
		break;
	case 6:
		asks->tone.talking = false;
		fixture_watch(&f, 30);
		fake_move_media(asks);
		ask_offer(side, false);
		fixture_watch(&f, 30); /* the worker has heard of it */
		asks->tone.talking = true;
		moved[side] = true;
		break;
	case 7: {
		const char *had = p()->media.codecs;

		p()->media.codecs = "18 101";
		bool live = !p()->media.port_zero;
		fixture_assert(&f, reinvite() == (live ? 488 : 200));
		if (!live)
			version_is_right(side, last_body(asks, "200 INVITE"));
		p()->media.codecs = had;
		ask_offer(side, false);
		break;
	}
	}
}

START_TEST(anything_in_any_order_is_nobodys_business)
	{
		dice_state = 7919u * (unsigned)_i + 1;
		memset(said, 0, sizeof(said));
		moved[0] = moved[1] = false;
		begin(0);
		for (unsigned i = 0; i < 12; i++) {
			int side = (int)dice(2);

			asks = side ? &f.itsp.end : &f.phone.end;
			other = side ? &f.phone.end : &f.itsp.end;
			ask_something(side);
			if (dice(4) == 0)
				hurry(&f, 4);
			fixture_watch(&f, 20 + dice(40));
		}
		for (int side = 0; side < 2; side++) {
			swap_roles();
			p()->media.codecs = "8 101";
			set_resume();
			ask_offer(asks == &f.itsp.end, false);
		}
		both_ways();
		hurry(&f, 4);
		both_ways();
		fixture_assert(&f,
			       moved[0] || tone_unbroken(&f.phone.end.tone, 0));
		fixture_assert(&f,
			       moved[1] || tone_unbroken(&f.itsp.end.tone, 0));
		t_was_left_alone();
		swap_roles();
		t_was_left_alone();
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
	tcase_add_loop_test(tests,
			    keys_that_were_not_taken_are_no_reason_for_silence,
			    0, 2);
	tests = group(suite, "no offer");
	tcase_add_loop_test(tests, the_answer_in_the_ack_is_taken_like_an_offer,
			    0, 2 * HOLDS);
	tcase_add_loop_test(tests, what_we_offer_is_the_codec_that_t_has, 0, 2);
	tcase_add_loop_test(tests, an_ack_without_an_answer_keeps_the_session,
			    0, 2);
	tcase_add_loop_test(tests, a_contact_that_moves_alone_is_followed, 0,
			    2);
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
	tests = group(suite, "random");
	tcase_add_loop_test(tests, anything_in_any_order_is_nobodys_business, 0,
			    30);
	return suite;
}

CHECK_MAIN(call_rows_suite())
