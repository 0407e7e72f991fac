/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A transfer that meets another request: 491 to a re-INVITE of ours, offers of
 * ends that come or go while it is on its way. Nobody is left on hold, without
 * a session, or with somebody else's.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;
static struct fake_call *line; /* of 101 with the provider */

static const struct fixture_setup usual;
static const struct fixture_setup open_to_all = {
	.acme = "reinvite = \"forward\";"};

static void begin(const struct fixture_setup *setup, const char *protocol,
		  const char *lines)
{
	fixture_start_with(&f, setup);
	f.phone.end.media.protocol = f.itsp.end.media.protocol =
		f.other.end.media.protocol = protocol;
	f.phone.end.media.lines = f.itsp.end.media.lines =
		f.other.end.media.lines = lines;
	f.itsp.end.media.codecs = "8 101";
	line = fixture_talk_out(&f);
}

static bool line_ended(struct fixture *x)
{
	(void)x;
	return line->state == FAKE_ENDED;
}

static bool refer_accepted(struct fixture *x)
{
	return fake_seen(&x->phone.end, "200 REFER") == 1;
}

static unsigned heard[3];

static unsigned heard_by(const struct fake *end)
{
	return tone_heard(&end->tone);
}

static bool t_and_n_hear(struct fixture *x)
{
	return heard_by(&x->itsp.end) > heard[0] + 20 &&
	       heard_by(&x->other.end) > heard[1] + 20;
}

static bool t_and_p_hear(struct fixture *x)
{
	return heard_by(&x->itsp.end) > heard[0] + 20 &&
	       heard_by(&x->phone.end) > heard[2] + 20;
}

static void note_heard(void)
{
	heard[0] = heard_by(&f.itsp.end);
	heard[1] = heard_by(&f.other.end);
	heard[2] = heard_by(&f.phone.end);
}

static bool n_was_asked(struct fixture *x)
{
	return fake_seen_inside(&x->other.end, "INVITE") == 1;
}

static bool t_was_asked(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "INVITE") > 0;
}

static bool t_was_asked_again(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "INVITE") > 1;
}

static const char *t_direction(void)
{
	return itsp_line(&f.itsp)->remote_sdp.stream[0].direction;
}

static bool t_is_free(struct fixture *x)
{
	(void)x;
	return !strcmp(t_direction(), "sendrecv");
}

/* --- 491 to ours -----------------------------------------------------------
 */

/* T has to know N's keys. */
START_TEST(t_that_asked_us_meanwhile_is_told_of_the_newcomer_again)
	{
		begin(&open_to_all, "RTP/AVP", "a=zrtp-hash:1.10 aaaa\r\n");
		f.other.answers_itself = true;
		f.itsp.behaviour = ITSP_REINVITE_491;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, line_ended);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 2);
		/* The same text, as it may have been looked at. */
		ck_assert_str_eq(fake_message(&f.itsp.end, "INVITE", 2)->body,
				 fake_message(&f.itsp.end, "INVITE", 1)->body);
		note_heard();
		fixture_run_until(&f, t_and_n_hear);
	}
END_TEST

/* T's own re-INVITE is still open when N answers. */
START_TEST(t_that_is_busy_is_told_of_the_newcomer_afterwards)
	{
		begin(&open_to_all, "RTP/AVP", "a=zrtp-hash:1.10 aaaa\r\n");
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		itsp_line(&f.itsp)->withhold_ack = true;
		fake_refresh(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		phone_answer(&f.other);
		fixture_watch(&f, 200);
		fixture_assert(&f, !t_was_asked(&f));
		fixture_assert(&f, line->state == FAKE_UP);
		itsp_line(&f.itsp)->withhold_ack = false;
		fake_ack(itsp_line(&f.itsp));
		fixture_run_until(&f, line_ended);
		note_heard();
		fixture_run_until(&f, t_and_n_hear);
	}
END_TEST

static struct fake_call *consult_other(void)
{
	struct fake_call *consult;

	f.other.answers_itself = true;
	phone_hold(&f.phone);
	fixture_run_until(&f, phone_reinvite_done);
	consult = phone_call(&f.phone, "102");
	fixture_run_until(&f, both_phones_up);
	return consult;
}

/* A call between phones gives its far end, which has to be asked. */
START_TEST(an_end_of_another_call_that_asked_us_meanwhile_is_asked_again)
	{
		struct fake_call *consult;

		begin(&usual, NULL, NULL);
		consult = consult_other();
		f.other.refuses_reinvite = 491;
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, n_was_asked);
		f.other.refuses_reinvite = 0;
		fixture_run_until(&f, line_ended);
		note_heard();
		fixture_run_until(&f, t_and_n_hear);
	}
END_TEST

START_TEST(a_held_t_that_asked_us_meanwhile_is_not_left_on_hold)
	{
		begin(&open_to_all, NULL, NULL);
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(t_direction(), "sendonly");
		f.other.answers_itself = true;
		f.itsp.behaviour = ITSP_REINVITE_491;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, t_was_asked_again);
		fixture_run_until(&f, t_is_free);
		note_heard();
		fixture_run_until(&f, t_and_n_hear);
	}
END_TEST

static struct text_message waiting;

static bool keeps_reinvites(struct fake *fake, struct fake_call *call,
			    const struct text_message *m)
{
	(void)call;
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	text_read(&waiting, m->raw, m->len);
	fake_reply(fake, m, 100, NULL);
	return true;
}

static bool (*itsp_hook)(struct fake *, struct fake_call *,
			 const struct text_message *);

static bool t_saw_cancel(struct fixture *x)
{
	return fake_seen(&x->itsp.end, "CANCEL") > 0;
}

/* P's hold is on its way to T, who takes its time, when N answers. */
START_TEST(a_hold_that_t_takes_after_its_phone_has_gone_is_undone)
	{
		begin(&open_to_all, NULL, NULL);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		itsp_hook = f.itsp.end.hooks.request;
		f.itsp.end.hooks.request = keeps_reinvites;
		phone_hold(&f.phone);
		fixture_run_until(&f, t_was_asked);
		phone_answer(&f.other);
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, t_saw_cancel);
		f.itsp.end.hooks.request = itsp_hook;
		/* It does not heed the CANCEL. */
		text_free(&itsp_line(&f.itsp)->invite);
		text_read(&itsp_line(&f.itsp)->invite, waiting.raw,
			  waiting.len);
		fake_answer(itsp_line(&f.itsp), 200, true, NULL);
		fixture_run_until(&f, t_was_asked_again);
		fixture_run_until(&f, t_is_free);
		note_heard();
		fixture_run_until(&f, t_and_n_hear);
	}
END_TEST

/* --- offers of ends that come or go ----------------------------------------
 */

static bool bye_answered(struct fixture *x)
{
	(void)x;
	return line->bye_status == 200;
}

/* P has hung up and N rings: nobody can be asked. */
START_TEST(t_may_hold_while_the_newcomer_rings_and_the_phone_has_gone)
	{
		static const struct fixture_setup both = {
			.acme = "reinvite = \"forward\";",
			.phones = "reinvite = \"forward\";"};

		begin(&both, NULL, NULL);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		fake_bye(line);
		fixture_run_until(&f, bye_answered);
		itsp_line(&f.itsp)->media.direction = "sendonly";
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until_in(&f, 2000, itsp_reinvite_done);
		ck_assert_int_eq(itsp_line(&f.itsp)->reinvite_status, 200);
		phone_answer(&f.other);
		fixture_run_until(&f, other_up);
	}
END_TEST

static bool n_update_done(struct fixture *x)
{
	return phone_line(&x->other)->update_status;
}

/* The media is P's until N has answered. */
START_TEST(an_early_offer_of_the_newcomer_moves_no_media)
	{
		begin(&open_to_all, NULL, NULL);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		fake_answer(phone_line(&f.other), 183, true, NULL);
		fake_update(phone_line(&f.other), true);
		fixture_run_until(&f, n_update_done);
		ck_assert_int_eq(phone_line(&f.other)->update_status, 500);
		note_heard();
		fixture_run_until(&f, t_and_p_hear);
		fake_answer(phone_line(&f.other), 486, false, NULL);
		note_heard();
		fixture_run_until(&f, t_and_p_hear);
	}
END_TEST

/* --- passed on -------------------------------------------------------------
 */

START_TEST(a_refer_that_is_passed_on_says_that_it_will_not_be_told)
	{
		static const struct fixture_setup forward = {
			.phones = "refer = \"forward\";"};
		char value[32];

		begin(&forward, NULL, NULL);
		phone_refer(&f.phone, "sip:05554444@127.0.1.1",
			    "Refer-Sub: false\r\n");
		fixture_run_until(&f, refer_accepted);
		ck_assert(text_header(
			fake_last_message(&f.phone.end, "200 REFER"),
			"Refer-Sub", 0, value, sizeof(value)));
		ck_assert_str_eq(value, "false");
	}
END_TEST

/* --- two transfers ---------------------------------------------------------
 */

static struct phone desk; /* of 101, too */
static struct fake_call *taken;

static bool desk_has_it(struct fixture *x)
{
	(void)x;
	fake_step(&desk.end);
	return taken->state == FAKE_UP;
}

static bool desk_gone(struct fixture *x)
{
	(void)x;
	fake_step(&desk.end);
	return taken->bye_status == 200;
}

/* The call that gives its end has just been taken over itself. */
START_TEST(a_call_that_was_just_taken_over_may_give_its_end)
	{
		struct fake_call *consult;

		begin(&usual, NULL, NULL);
		consult = consult_other();
		phone_open(&desk, "101", "127.0.1.12", "secret101", &f.lan);
		desk.end.media.codecs = "8 0 101";
		taken = phone_replace(&desk, consult);
		fixture_run_until(&f, desk_has_it);
		f.other.refuses_reinvite = 491;
		phone_refer_attended(&f.phone, line, taken);
		fixture_run_until(&f, n_was_asked);
		fake_bye(taken);
		fixture_run_until(&f, desk_gone);
		fixture_watch(&f, 100);
		fixture_assert(&f, !phone_line(&f.other)->bye_seen);
		f.other.refuses_reinvite = 0;
		fixture_run_until(&f, line_ended);
		note_heard();
		fixture_run_until(&f, t_and_n_hear);
		phone_close(&desk);
	}
END_TEST

static Suite *glare_suite(void)
{
	Suite *suite = suite_create("call_glare");
	TCase *tests = tcase_create("call_glare");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	T(t_that_asked_us_meanwhile_is_told_of_the_newcomer_again);
	T(t_that_is_busy_is_told_of_the_newcomer_afterwards);
	T(an_end_of_another_call_that_asked_us_meanwhile_is_asked_again);
	T(a_held_t_that_asked_us_meanwhile_is_not_left_on_hold);
	T(a_hold_that_t_takes_after_its_phone_has_gone_is_undone);
	T(t_may_hold_while_the_newcomer_rings_and_the_phone_has_gone);
	T(an_early_offer_of_the_newcomer_moves_no_media);
	T(a_refer_that_is_passed_on_says_that_it_will_not_be_told);
	T(a_call_that_was_just_taken_over_may_give_its_end);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(glare_suite())
