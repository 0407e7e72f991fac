/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line that was refused carries nothing, whatever is asked afterwards; and
 * what we offered last is not always an answer.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

#define PROTECTED "reinvite = \"suppress\"; update = \"suppress\";"

/* Two audio lines; the second one's port as given. */
static void two_lines(char out[512], const struct fake *end, unsigned version,
		      const char *direction, unsigned second)
{
	snprintf(out, 512,
		 "v=0\r\no=two 7 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 "
		 "0\r\nm=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=%s\r\n"
		 "m=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n",
		 version, end->host, end->host, end->tone.stream[0].port,
		 direction, second);
}

static unsigned second_port(const struct fake_call *call)
{
	fixture_assert(&f, call->remote_sdp.streams == 2);
	return call->remote_sdp.stream[1].port;
}

/* T calls with two audio lines, P takes the first one. Side as in rows.h; P
 * answers with this direction. */
static void begin_refused(int side, const char *direction, const char *keys)
{
	static char body[512];

	fixture_start_with(
		&f, &(struct fixture_setup){.acme = keys, .phones = keys});
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
	other->media.streams = 2;
	other->media.codecs = asks->media.codecs = "8";
	two_lines(body, asks, 5, direction, 0);
	asks->media.instead = body;
	f.phone.answers_itself = true;
	if (side)
		phone_call(&f.phone, "05551234");
	else
		itsp_call(&f.itsp, "442079460101");
	fixture_run_until(&f, both_up);
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_assert(&f, second_port(t()) == 0);
}

START_TEST(a_refresh_by_who_refused_a_line_keeps_it_refused)
	{
		begin_refused(_i, "sendrecv", PROTECTED);
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(second_port(p()), 0);
		unsigned long version = version_of(p());
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(version_of(p()), version);
		both_ways();
		t_was_left_alone();
	}
END_TEST

START_TEST(a_refresh_by_who_answered_on_hold_is_no_resume)
	{
		begin_refused(_i, "sendonly", PROTECTED);
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		t_was_left_alone();
	}
END_TEST

START_TEST(a_refresh_after_an_answer_in_the_ack_is_answered)
	{
		begin(_i);
		p()->media.direction = "sendonly";
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		fixture_watch(&f, 50);
		fake_refresh(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		t_was_left_alone();
	}
END_TEST

START_TEST(our_offer_to_who_refused_a_line_has_it_refused)
	{
		begin_refused(_i, "sendrecv", PROTECTED);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_uint_eq(second_port(p()), 0);
		t_was_left_alone();
	}
END_TEST

START_TEST(who_refused_a_line_cannot_have_it_where_t_may_not_be_told)
	{
		static char body[512];

		begin_refused(_i, "sendrecv", PROTECTED);
		two_lines(body, asks, 6, "sendrecv", asks->tone.stream[1].port);
		p()->media.instead = body;
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(second_port(p()), 0);
		both_ways();
		ck_assert_uint_eq(tone_heard_in(&asks->tone, 1), 0);
		ck_assert_uint_eq(tone_heard_in(&other->tone, 1), 0);
		t_was_left_alone();
	}
END_TEST

START_TEST(a_newcomer_is_not_offered_what_t_was_refused)
	{
		begin_refused(0, "sendrecv", PROTECTED);
		f.other.answers_itself = true;
		f.other.end.media.streams = 2;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, phone_ended);
		ck_assert_uint_eq(second_port(fake_last_call(&f.other.end)), 0);
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, itsp_hears_more);
		fixture_assert(&f, fake_seen_inside(other, "INVITE") == 0);
		fixture_assert(&f, itsp_up(&f));
	}
END_TEST

START_TEST(a_refused_line_is_no_hold)
	{
		begin_refused(_i, "sendrecv",
			      PROTECTED "media_timeout = \"2s\";");
		asks->tone.talking = other->tone.talking = false;
		fixture_run_until(&f, both_ended);
		ck_assert_status(&f, "cause=media-timeout");
	}
END_TEST

static Suite *refused_suite(void)
{
	Suite *suite = suite_create("refused");
	TCase *tests = group(suite, "refused");

	tcase_add_loop_test(
		tests, a_refresh_by_who_refused_a_line_keeps_it_refused, 0, 2);
	tcase_add_loop_test(
		tests, a_refresh_by_who_answered_on_hold_is_no_resume, 0, 2);
	tcase_add_loop_test(
		tests, a_refresh_after_an_answer_in_the_ack_is_answered, 0, 2);
	tcase_add_loop_test(
		tests, our_offer_to_who_refused_a_line_has_it_refused, 0, 2);
	tcase_add_loop_test(
		tests,
		who_refused_a_line_cannot_have_it_where_t_may_not_be_told, 0,
		2);
	tcase_add_test(tests, a_newcomer_is_not_offered_what_t_was_refused);
	tcase_add_loop_test(tests, a_refused_line_is_no_hold, 0, 2);
	return suite;
}

CHECK_MAIN(refused_suite())
