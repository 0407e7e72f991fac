/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first INVITE, where several things happen to it at once: forks with
 * media, holds from the first moment, offers before the answer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"
#include "tests/fakes/inside.h"

static struct fixture f;

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

/* --- forks ------------------------------------------------------------------
 */

#define BRANCH(o, port, codecs)                                            \
	"v=0\r\no=b " o " 1 IN IP4 127.0.2.10\r\ns=-\r\n"                  \
	"c=IN IP4 127.0.2.10\r\nt=0 0\r\nm=audio " port " RTP/AVP " codecs \
	"\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"

static struct fake_call *fork_of[2];
static char body_of[2][600];
static bool reliable, final_sdp;
static int winner;

static void answer_fork(struct fake_call *call, int status, bool sdp, int i,
			const char *more)
{
	call->media.instead = body_of[i];
	fake_answer(call, status, sdp, more);
}

static bool two_forks(struct fake *fake, struct fake_call *call,
		      const struct text_message *m)
{
	const char *rel[2] = {"Require: 100rel\r\nRSeq: 7\r\n",
			      "Require: 100rel\r\nRSeq: 91\r\n"};

	if (!strcmp(m->method, "PRACK")) {
		fake_reply(fake, m, 200, NULL);
		return true;
	}
	if (strcmp(m->method, "INVITE") || m->to_tag[0])
		return false;
	snprintf(body_of[0], sizeof(body_of[0]), BRANCH("11", "%u", "8"),
		 fake->tone.stream[0].port);
	snprintf(body_of[1], sizeof(body_of[1]), BRANCH("22", "%u", "0"),
		 fake->tone.stream[1].port);
	fork_of[0] = call;
	fork_of[1] = fake_fork(call);
	fake_answer(call, 100, false, NULL);
	for (int i = 0; i < 2; i++)
		answer_fork(fork_of[i], 183, true, i, reliable ? rel[i] : NULL);
	return true;
}

static bool phone_had_two(struct fixture *x)
{
	return phone_line(&x->phone)->provisionals >= 2;
}

static bool winner_acked(struct fixture *x)
{
	(void)x;
	return fork_of[winner]->acks > 0;
}

static unsigned heard_on(unsigned stream)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.itsp.end.tone.ins; i++)
		n += !f.itsp.end.tone.in[i].rtcp &&
		     f.itsp.end.tone.in[i].stream == stream;
	return n;
}

static unsigned heard_by_then[2];

static bool winner_hears_more(struct fixture *x)
{
	(void)x;
	return heard_on((unsigned)winner) >= heard_by_then[winner] + 8;
}

/* Two branches show early media, each its own; either may answer, the
 * reliable ones without saying it again. */
START_TEST(the_branch_that_answers_is_the_one_that_is_heard)
	{
		reliable = _i & 1;
		winner = _i >> 1 & 1;
		final_sdp = !reliable || _i & 4;
		fixture_start_with(&f, &(struct fixture_setup){0});
		f.itsp.end.hooks.request = two_forks;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_had_two);
		answer_fork(fork_of[winner], 200, final_sdp, winner, NULL);
		fixture_run_until(&f, phone_up);
		fixture_run_until(&f, winner_acked);
		ck_assert_str_eq(line()->remote_sdp.stream[0].formats,
				 winner ? "0" : "8");
		fixture_watch(&f, 60);
		heard_by_then[0] = heard_on(0);
		heard_by_then[1] = heard_on(1);
		fixture_watch(&f, 300);
		fixture_run_until(&f, winner_hears_more);
		ck_assert_uint_eq(heard_on((unsigned)!winner),
				  heard_by_then[!winner]);
	}
END_TEST

/* --- held from the first moment ---------------------------------------------
 */

/* What fills the silence does not end by itself. */
static void itsp_hears_on_until_resumed(void)
{
	fixture_from_now(&f);
	fixture_run_until(&f, itsp_hears_more);
	hurry(&f, 5);
	fixture_from_now(&f);
	fixture_run_until(&f, itsp_hears_more);
	phone_talk(&f.phone, true);
	phone_resume(&f.phone);
	fixture_run_until(&f, phone_reinvite_done);
	ck_assert_int_eq(line()->reinvite_status, 200);
	ck_assert_str_eq(line()->remote_sdp.stream[0].direction, "sendrecv");
	fixture_both_ways(&f);
}

static const char *const holds[] = {"sendonly", "inactive", "recvonly"};
static const char *const answers[] = {"recvonly", "inactive", "sendonly"};

START_TEST(a_call_that_begins_on_hold_can_be_taken_up)
	{
		bool zero = _i == 3;

		fixture_start_with(
			&f, &(struct fixture_setup){.acme = "reinvite = "
							    "\"suppress\";"});
		f.itsp.behaviour = ITSP_REFUSES_REINVITE;
		f.phone.end.media.direction = zero ? "sendrecv" : holds[_i];
		f.phone.end.media.zero_address = zero;
		phone_talk(&f.phone, false);
		fixture_call_out(&f);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 zero ? "recvonly" : answers[_i]);
		/* The provider cannot be told later: it is not told now. */
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].direction,
			"sendrecv");
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].address,
			"127.0.2.1");
		itsp_hears_on_until_resumed();
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

/* Who may not be told that it is taken up was not told of the hold. */
START_TEST(a_call_that_is_answered_on_hold_can_be_taken_up)
	{
		fixture_start_with(
			&f, &(struct fixture_setup){.acme = "reinvite = "
							    "\"suppress\";",
						    .phones = "reinvite = "
							      "\"suppress\";"});
		f.itsp.end.media.direction = holds[_i];
		itsp_talk(&f.itsp, false);
		fixture_call_out(&f);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "sendrecv");
		fixture_from_now(&f);
		itsp_talk(&f.itsp, true);
		itsp_line(&f.itsp)->media.direction = "sendrecv";
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_int_eq(itsp_line(&f.itsp)->reinvite_status, 200);
		fixture_both_ways(&f);
	}
END_TEST

/* Who may be told is told both. */
START_TEST(a_call_that_begins_on_hold_is_passed_on_where_it_may_be)
	{
		fixture_start_with(
			&f, &(struct fixture_setup){.acme = "reinvite = "
							    "\"forward\";"});
		f.phone.end.media.direction = "sendonly";
		fixture_call_out(&f);
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].direction,
			"sendonly");
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].direction,
			"sendrecv");
		fixture_both_ways(&f);
	}
END_TEST

/* --- offers before the answer ------------------------------------------------
 */

static bool phone_rang(struct fixture *x)
{
	return phone_line(&x->phone)->provisionals > 0 &&
	       phone_line(&x->phone)->remote_tag[0];
}

static bool phone_has_500(struct fixture *x)
{
	return fake_seen(&x->phone.end, "500 INVITE") > 0;
}

START_TEST(a_second_invite_before_the_answer_waits)
	{
		char retry[16];

		fixture_start(&f);
		f.itsp.answer_ms = 500;
		f.itsp.behaviour = ITSP_EARLY_MEDIA;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rang);
		unsigned first = line()->invite_cseq;
		fake_request(line(), "INVITE", NULL, line()->sdp);
		line()->invite_cseq = first;
		fixture_run_until(&f, phone_has_500);
		ck_assert(text_header(
			fake_last_message(&f.phone.end, "500 INVITE"),
			"Retry-After", 0, retry, sizeof(retry)));
		ck_assert_int_le(atoi(retry), 10);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 1);
	}
END_TEST

static bool itsp_refused(struct fixture *x)
{
	return fake_seen(&x->itsp.end, "491 INVITE") > 0;
}

START_TEST(the_providers_invite_before_its_answer_is_glare)
	{
		fixture_start(&f);
		f.itsp.answer_ms = 400;
		f.itsp.behaviour = ITSP_EARLY_MEDIA;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rang);
		fake_request(itsp_line(&f.itsp), "INVITE", NULL,
			     itsp_line(&f.itsp)->sdp);
		fixture_run_until(&f, itsp_refused);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 0);
	}
END_TEST

/* A hold before the answer stays one after it. */
START_TEST(a_hold_before_the_answer_is_one_after_it)
	{
		fixture_start_with(
			&f, &(struct fixture_setup){.acme = "reinvite = "
							    "\"suppress\";"});
		f.itsp.answer_ms = 500;
		f.itsp.behaviour =
			_i ? ITSP_EARLY_MEDIA | ITSP_NO_SDP : ITSP_EARLY_MEDIA;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rang);
		phone_talk(&f.phone, false);
		line()->media.direction = "inactive";
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 200);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "inactive");
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "inactive");
		itsp_hears_on_until_resumed();
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
	}
END_TEST

/* --- no offer ----------------------------------------------------------------
 */

static const struct fixture_setup delayed[] = {
	{.acme = "reinvite = \"suppress\"; delayed_offer = \"make_early\";"},
	{.acme = "reinvite = \"suppress\"; delayed_offer = \"keep\";"},
};

START_TEST(an_answer_in_the_first_ack_may_be_a_hold)
	{
		fixture_start_with(&f, &delayed[_i]);
		f.itsp.end.media.codecs = "8 101";
		f.phone.end.media.direction = "inactive";
		phone_talk(&f.phone, false);
		fake_invite_without_offer(&f.phone.end, "05551234");
		fixture_run_until(&f, both_up);
		itsp_hears_on_until_resumed();
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

/* --- media past us
 * ------------------------------------------------------------ */

START_TEST(a_protected_provider_is_not_asked_though_media_goes_past_us)
	{
		fixture_start_with(&f,
				   &(struct fixture_setup){
					   .acme = "reinvite = \"suppress\"; "
						   "anchor = \"never\";",
					   .phones = "anchor = \"never\";"});
		f.itsp.behaviour = ITSP_REFUSES_REINVITE;
		fixture_call_out(&f);
		line()->media.direction = "sendonly";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "recvonly");
		ck_assert_str_eq(line()->remote_sdp.stream[0].address,
				 "127.0.2.10");
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		phone_move(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 488);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		fixture_assert(&f, both_up(&f));
	}
END_TEST

static Suite *first_suite(void)
{
	Suite *suite = suite_create("call_first");
	TCase *tests = tcase_create("first");

	fixture_around(tests, &f);
	tcase_add_loop_test(
		tests, the_branch_that_answers_is_the_one_that_is_heard, 0, 8);
	tcase_add_loop_test(tests, a_call_that_begins_on_hold_can_be_taken_up,
			    0, 4);
	tcase_add_loop_test(
		tests, a_call_that_is_answered_on_hold_can_be_taken_up, 0, 3);
	tcase_add_test(tests,
		       a_call_that_begins_on_hold_is_passed_on_where_it_may_be);
	tcase_add_test(tests, a_second_invite_before_the_answer_waits);
	tcase_add_test(tests, the_providers_invite_before_its_answer_is_glare);
	tcase_add_loop_test(tests, a_hold_before_the_answer_is_one_after_it, 0,
			    2);
	tcase_add_loop_test(tests, an_answer_in_the_first_ack_may_be_a_hold, 0,
			    2);
	tcase_add_test(
		tests,
		a_protected_provider_is_not_asked_though_media_goes_past_us);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(first_suite())
