/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of the mid-call table, each in both directions: P asks, T may not
 * be told. P is the phone in side 0 and the provider in side 1.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"
#include "tests/fakes/inside.h"

/* 60 ms are promised; the fakes' clock is good to a few ms. */
#define GAP_MS 100

static struct fixture f;
static struct fake *asks, *other; /* P and T */
static unsigned p_from, t_from;	  /* packets that they had heard */

static struct fake_call *p(void)
{
	return fake_last_call(asks);
}

static struct fake_call *t(void)
{
	return fake_last_call(other);
}

static const struct text_stream *p_was_told(void)
{
	return &p()->remote_sdp.stream[0];
}

static void from_now(void)
{
	p_from = tone_heard(&asks->tone);
	t_from = tone_heard(&other->tone);
}

static bool t_hears(struct fixture *x)
{
	(void)x;
	return tone_heard(&other->tone) >= t_from + 15;
}

static bool p_hears(struct fixture *x)
{
	(void)x;
	return tone_heard(&asks->tone) >= p_from + 15;
}

static bool p_done(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status >= 200;
}

static bool p_update_done(struct fixture *x)
{
	(void)x;
	return p()->update_status >= 200;
}

/* A call of the phone's; P is the phone (0) or the provider (1). */
static void begin_with(int side, const char *acme, const char *phones)
{
	fixture_start_with(
		&f, &(struct fixture_setup){.acme = acme, .phones = phones});
	f.itsp.end.media.codecs = "8 101";
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
}

static void begin(int side)
{
	begin_with(side, "reinvite = \"suppress\"; update = \"suppress\";",
		   "reinvite = \"suppress\"; update = \"suppress\";");
}

static void begin_forward(int side)
{
	begin_with(side, "reinvite = \"forward\";", "reinvite = \"forward\";");
}

static int reinvite(void)
{
	fake_reinvite(p());
	fixture_run_until(&f, p_done);
	return p()->reinvite_status;
}

static int hold(const char *direction)
{
	p()->media.direction = direction;
	return reinvite();
}

static void t_was_left_alone(void)
{
	fixture_assert(&f, fake_seen_inside(other, "INVITE") == 0);
	fixture_assert(&f, fake_seen_inside(other, "UPDATE") == 0);
	fixture_assert(&f, both_up(&f));
}

/* T's stream: one, unbroken, still there. */
static void t_hears_on(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_assert(&f, tone_unbroken(&other->tone, 0));
	/* P is silent from before its request until its answer. */
	ck_assert_uint_le(tone_longest_gap_ms(&other->tone, 3),
			  GAP_MS + 3 * f.stall_ms);
}

static void both_ways(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_run_until(&f, p_hears);
}

static unsigned long version_of(const struct fake_call *call)
{
	return strtoul(call->remote_sdp.version, NULL, 10);
}

/* --- hold, resume ------------------------------------------------------- */

static const struct {
	const char *name, *direction, *answer;
	bool zero, removed, talks;
} holds[] = {
	{"sendonly, with music", "sendonly", "recvonly", .talks = true},
	{"sendonly, silent", "sendonly", "recvonly", .zero = false},
	{"inactive", "inactive", "inactive", .zero = false},
	{"recvonly", "recvonly", "sendonly", .zero = false},
	{"c=0.0.0.0", "sendrecv", "recvonly", .zero = true},
	{"c=0.0.0.0 and sendonly", "sendonly", "recvonly", .zero = true},
	{"c=0.0.0.0 and inactive", "inactive", "inactive", .zero = true},
	{"removed", "sendrecv", NULL, .removed = true},
};
#define HOLDS ((int)(sizeof(holds) / sizeof(holds[0])))

static void set_hold(int i)
{
	p()->media.direction = holds[i].direction;
	p()->media.zero_address = holds[i].zero;
	p()->media.port_zero = holds[i].removed;
	asks->tone.talking = holds[i].talks;
}

static void set_resume(void)
{
	p()->media.direction = "sendrecv";
	p()->media.zero_address = p()->media.port_zero = false;
	asks->tone.talking = true;
}

static void answer_is(int i)
{
	fixture_assert(&f, p()->remote_sdp.streams == 1);
	if (holds[i].removed) {
		fixture_assert(&f, p_was_told()->port == 0);
		return;
	}
	fixture_assert(&f, p_was_told()->port != 0);
	ck_assert_str_eq(p_was_told()->direction, holds[i].answer);
	ck_assert_str_ne(p_was_told()->address, "0.0.0.0");
}

/* T hears something as long as it lasts, which is longer than the filler is
 * armed after a resume. */
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

static bool p_has_200(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status == 200;
}

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

/* --- forwarded ----------------------------------------------------------- */

static const struct {
	const char *key, *asked, *told, *answer, *address;
} kinds[] = {
	{"sendonly", "sendonly", "sendonly", "recvonly", NULL},
	{"sendonly", "inactive", "inactive", "inactive", NULL},
	{"inactive", "sendonly", "inactive", "inactive", NULL},
	{"inactive", "inactive", "inactive", "inactive", NULL},
	{"zero", "sendonly", "sendonly", "recvonly", "0.0.0.0"},
	{"zero", "inactive", "inactive", "inactive", "0.0.0.0"},
	{"none", "sendonly", "sendrecv", "recvonly", NULL},
	{"none", "inactive", "sendrecv", "inactive", NULL},
	{"none", "recvonly", "sendrecv", "sendonly", NULL},
};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

START_TEST(a_hold_is_written_as_t_wants_it_and_answered_as_p_asked)
	{
		int i = _i / 2;
		char keys[80];

		snprintf(keys, sizeof(keys),
			 "reinvite = \"forward\"; hold = \"%s\";",
			 kinds[i].key);
		begin_with(_i % 2, keys, keys);
		unsigned long version = version_of(t());
		asks->tone.talking = false;
		ck_assert_int_eq(hold(kinds[i].asked), 200);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 kinds[i].told);
		if (kinds[i].address)
			ck_assert_str_eq(t()->remote_sdp.stream[0].address,
					 kinds[i].address);
		ck_assert_str_eq(p_was_told()->direction, kinds[i].answer);
		bool differs = strcmp(kinds[i].told, "sendrecv");
		ck_assert_uint_eq(version_of(t()), version + differs);
		asks->tone.talking = true;
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 "sendrecv");
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		ck_assert_uint_eq(version_of(t()), version + 2u * differs);
		both_ways();
	}
END_TEST

/* Whoever was not told of the hold hears something. */
START_TEST(a_refused_hold_leaves_t_with_something_to_hear)
	{
		begin_forward(0);
		f.itsp.behaviour = ITSP_REINVITE_488;
		asks->tone.talking = false;
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		from_now();
		fixture_run_until(&f, t_hears);
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, t_hears);
	}
END_TEST

START_TEST(a_hold_by_update_leaves_t_with_something_to_hear)
	{
		begin_forward(_i);
		asks->tone.talking = false;
		p()->media.direction = "inactive";
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		from_now();
		fixture_run_until(&f, t_hears);
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, t_hears);
	}
END_TEST

/* --- P takes its offer back --------------------------------------------- */

static struct text_message waiting; /* the re-INVITE at T */

static bool keep_reinvite(struct fake *fake, struct fake_call *call,
			  const struct text_message *m)
{
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	(void)call;
	text_read(&waiting, m->raw, m->len);
	fake_reply(fake, m, 100, NULL);
	return true;
}

static bool t_was_asked(struct fixture *x)
{
	(void)x;
	return waiting.raw;
}

static bool t_saw_cancel(struct fixture *x)
{
	(void)x;
	return fake_seen(other, "CANCEL") > 0;
}

static bool (*t_request)(struct fake *fake, struct fake_call *call,
			 const struct text_message *m);

static void t_keeps_reinvites(void)
{
	memset(&waiting, 0, sizeof(waiting));
	t_request = other->hooks.request;
	other->hooks.request = keep_reinvite;
}

/* T answers the one it kept. */
static void t_answers(void)
{
	other->hooks.request = t_request;
	text_free(&t()->invite);
	text_read(&t()->invite, waiting.raw, waiting.len);
	fake_learn_sdp(t(), &waiting);
	fake_answer(t(), 200, true, NULL);
}

static bool t_is_sendrecv(struct fixture *x)
{
	(void)x;
	return !strcmp(t()->remote_sdp.stream[0].direction, "sendrecv");
}

START_TEST(an_offer_that_p_takes_back_is_taken_back_from_t)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 487);
		fixture_run_until(&f, t_saw_cancel);
		other->hooks.request = t_request;
		fake_reply(other, &waiting, 487, NULL);
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
		fixture_assert(&f, both_up(&f));
	}
END_TEST

START_TEST(an_offer_that_t_took_too_late_is_undone)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "inactive";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 487);
		fixture_run_until(&f, t_saw_cancel);
		t_answers();
		unsigned long version = version_of(t());
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 "inactive");
		fixture_run_until(&f, t_is_sendrecv);
		ck_assert_uint_gt(version_of(t()), version);
		/* P has what it had before. */
		p()->media.direction = "sendrecv";
		p()->sdp[0] = '\0';
		strcpy(p()->sdp, "");
		fake_settle(p());
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
	}
END_TEST

static bool t_has_our_200(struct fixture *x)
{
	(void)x;
	return t()->reinvite_status == 200;
}

START_TEST(an_offer_that_was_taken_back_before_its_turn_is_not_sent)
	{
		begin_forward(_i);
		t()->withhold_ack = true;
		fake_refresh(t());
		fixture_run_until(&f, t_has_our_200);
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_watch(&f, 100);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 487);
		t()->withhold_ack = false;
		fake_ack(t());
		fixture_watch(&f, 300);
		t_was_left_alone();
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
	}
END_TEST

/* --- one thing at a time -------------------------------------------------- */

START_TEST(while_one_offer_is_open_the_next_one_waits_and_a_refresh_does_not)
	{
		char retry[16];

		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_update(p(), false);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
		fixture_assert(&f,
			       !fake_last_message(asks, "200 UPDATE")->body[0]);
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 500);
		ck_assert(text_header(fake_last_message(asks, "500 UPDATE"),
				      "Retry-After", 0, retry, sizeof(retry)));
		ck_assert_int_le(atoi(retry), 10);
		t_answers();
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
	}
END_TEST

START_TEST(an_update_without_an_offer_is_no_glare)
	{
		begin(_i);
		p()->withhold_ack = true;
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		fake_update(p(), false);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
	}
END_TEST

START_TEST(who_asked_gets_an_answer_though_t_hangs_up)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		other->hooks.request = t_request;
		fake_bye(t());
		fixture_run_until(&f, both_ended);
		fixture_watch(&f, 100);
		fixture_assert(&f,
			       fake_seen(asks, "487 INVITE") +
					       fake_seen(asks, "500 INVITE") >
				       0);
	}
END_TEST

static TCase *group(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);

	fixture_around(tests, &f);
	suite_add_tcase(suite, tests);
	return tests;
}

static Suite *rows_suite(void)
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
	tests = group(suite, "forward");
	tcase_add_loop_test(
		tests, a_hold_is_written_as_t_wants_it_and_answered_as_p_asked,
		0, 2 * KINDS);
	tcase_add_test(tests, a_refused_hold_leaves_t_with_something_to_hear);
	tcase_add_loop_test(
		tests, a_hold_by_update_leaves_t_with_something_to_hear, 0, 2);
	tests = group(suite, "recall");
	tcase_add_loop_test(
		tests, an_offer_that_p_takes_back_is_taken_back_from_t, 0, 2);
	tcase_add_loop_test(tests, an_offer_that_t_took_too_late_is_undone, 0,
			    2);
	tcase_add_loop_test(
		tests, an_offer_that_was_taken_back_before_its_turn_is_not_sent,
		0, 2);
	tests = group(suite, "open");
	tcase_add_loop_test(
		tests,
		while_one_offer_is_open_the_next_one_waits_and_a_refresh_does_not,
		0, 2);
	tcase_add_loop_test(tests, an_update_without_an_offer_is_no_glare, 0,
			    2);
	tcase_add_loop_test(tests, who_asked_gets_an_answer_though_t_hangs_up,
			    0, 2);
	return suite;
}

CHECK_MAIN(rows_suite())
