/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who comes in P's place by a transfer: he has to take the call's audio, and
 * hears of a hold of T's only if he will hear of its end.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/rows.h"

static struct fake_call *newcomer(void)
{
	return fake_last_call(&f.other.end);
}

static bool p_let_go(struct fixture *x)
{
	(void)x;
	return p()->state == FAKE_ENDED;
}

static bool newcomer_let_go(struct fixture *x)
{
	(void)x;
	return newcomer() && newcomer()->state == FAKE_ENDED;
}

#define SAYS(media)                                                          \
	"v=0\r\no=- 1 1 IN IP4 127.0.1.11\r\ns=-\r\nc=IN IP4 127.0.1.11\r\n" \
	"t=0 0\r\n" media

static const char *const no_audio[] = {
	SAYS("m=audio 0 RTP/AVP 8\r\n"),
	SAYS("m=audio 40000 RTP/AVP 18\r\n"), /* was not offered */
	SAYS("m=audio 40000 RTP/AVP 18 101\r\n"
	     "a=rtpmap:101 telephone-event/8000\r\n"),
	SAYS("m=video 40000 RTP/AVP 34\r\n"),
};

START_TEST(a_newcomer_that_takes_no_audio_is_let_go_and_the_call_is_as_it_was)
	{
		begin(0);
		f.other.end.media.instead = no_audio[_i];
		f.other.answers_itself = true;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, newcomer_let_go);
		fixture_run_until(&f, phone_was_told_final);
		ck_assert_status(&f, "event=call-transfer-failed number=102 "
				     "status=488");
		fixture_assert(&f, both_up(&f));
		both_ways();
		t_was_left_alone();
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
	}
END_TEST

/* T, whose media went past us, has to be told of the newcomer's. */
START_TEST(a_t_that_takes_no_audio_of_the_newcomers_keeps_the_call)
	{
		fixture_start(&f);
		f.other.answers_itself = true;
		phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		asks = &f.phone.end;
		other = &f.other.end;
		f.itsp.end.media.codecs = "8 101";
		t()->media.instead = no_audio[_i];
		phone_refer(&f.phone, "sip:05551234@127.0.1.1", NULL);
		fixture_run_until(&f, phone_was_told_final);
		ck_assert_status(&f, "event=call-transfer-failed");
		fixture_assert(&f, both_phones_up(&f));
		fixture_run_until(&f, itsp_ended);
	}
END_TEST

static const struct {
	const char *phones, *told;
} policies[] = {
	{"reinvite = \"forward\";", "sendonly"},
	{"reinvite = \"suppress\";", "sendrecv"},
	{"reinvite = \"auto\";", "sendrecv"},
};

START_TEST(a_newcomer_is_told_of_ts_hold_if_he_will_be_told_of_its_end)
	{
		unsigned asked;

		begin_with(0, "reinvite = \"suppress\";", policies[_i].phones);
		t()->media.direction = "sendonly";
		fake_reinvite(t());
		fixture_run_until(&f, t_reinvite_done);
		f.other.answers_itself = true;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, p_let_go);
		fixture_watch(&f, 300);
		ck_assert_str_eq(newcomer()->remote_sdp.stream[0].direction,
				 policies[_i].told);
		asked = fake_seen_inside(&f.other.end, "INVITE");
		ck_assert_uint_eq(asked, 0);
		t()->media.direction = "sendrecv";
		t()->reinvite_status = 0;
		fake_reinvite(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_assert_int_eq(t()->reinvite_status, 200);
		ck_assert_str_eq(newcomer()->remote_sdp.stream[0].direction,
				 "sendrecv");
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, itsp_hears_more);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

static bool consulted_is_up(struct fixture *x)
{
	(void)x;
	return p()->state == FAKE_UP && newcomer() &&
	       newcomer()->state == FAKE_UP;
}

/* The consulted colleague holds P: then he holds T, and is asked nothing. */
START_TEST(a_newcomer_that_holds_holds_on_and_takes_the_call_up_again)
	{
		struct fake_call *line, *his;

		begin_with(0, "reinvite = \"suppress\";",
			   "anchor = \"always\"; reinvite = \"forward\";");
		line = p();
		f.other.answers_itself = true;
		f.other.end.media.codecs = "8 101";
		phone_call(&f.phone, "102");
		fixture_run_until(&f, consulted_is_up);
		his = newcomer();
		his->media.direction = "sendonly";
		fake_reinvite(his);
		fixture_run_until(&f, other_reinvite_done);
		phone_refer_attended(&f.phone, line, p());
		fixture_run_until(&f, p_let_go);
		ck_assert_uint_eq(fixture_status_count(&f, "event=call-hold"),
				  2);
		ck_assert_uint_eq(fake_seen_inside(&f.other.end, "INVITE"), 0);
		his->media.direction = "sendrecv";
		his->reinvite_status = 0;
		fake_reinvite(his);
		fixture_run_until(&f, other_reinvite_done);
		ck_assert_status(&f, "event=call-resume direction=sendrecv");
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, itsp_hears_more);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

static bool newcomer_is_refused(struct fixture *x)
{
	return fake_seen(&x->other.end, "491 REFER") == 1;
}

static bool newcomer_is_taken(struct fixture *x)
{
	return fake_seen(&x->other.end, "202 REFER") == 1;
}

/* T is being told that it is not held any more, since who held it has left:
 * the next transfer waits for its answer. */
START_TEST(a_refer_while_t_is_taken_up_again_has_to_wait)
	{
		begin_forward(0);
		ck_assert_int_eq(hold("sendonly"), 200);
		t_keeps_reinvites();
		f.other.answers_itself = true;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, p_let_go);
		fixture_run_until(&f, t_was_asked);
		phone_refer(&f.other, "sip:101@127.0.1.1", NULL);
		fixture_run_until(&f, newcomer_is_refused);
		ck_assert_status(&f, "event=call-transfer-failed status=491 "
				     "cause=transfer-under-way");
		fake_move_media(other);
		t_answers();
		fixture_run_until(&f, t_is_sendrecv);
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, itsp_hears_more);
		phone_refer(&f.other, "sip:101@127.0.1.1", NULL);
		fixture_run_until(&f, newcomer_is_taken);
	}
END_TEST

static Suite *newcomer_suite(void)
{
	Suite *s = suite_create("call-newcomer");
	TCase *tests = group(s, "newcomer");

	tcase_add_loop_test(
		tests,
		a_newcomer_that_takes_no_audio_is_let_go_and_the_call_is_as_it_was,
		0, sizeof(no_audio) / sizeof(*no_audio));
	tcase_add_loop_test(
		tests, a_t_that_takes_no_audio_of_the_newcomers_keeps_the_call,
		0, sizeof(no_audio) / sizeof(*no_audio));
	tcase_add_loop_test(
		tests,
		a_newcomer_is_told_of_ts_hold_if_he_will_be_told_of_its_end, 0,
		sizeof(policies) / sizeof(*policies));
	tcase_add_test(
		tests,
		a_newcomer_that_holds_holds_on_and_takes_the_call_up_again);
	tcase_add_test(tests, a_refer_while_t_is_taken_up_again_has_to_wait);
	return s;
}

CHECK_MAIN(newcomer_suite())
