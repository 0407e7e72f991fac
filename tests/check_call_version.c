/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The version of our o= line toward T, number by number: one more for each
 * body that differs from those it saw, refused ones as well; what is said again
 * is the same text (RFC 3264 8).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

/* T's answers to our re-INVITEs in turn; 0: as it always does. */
static int verdict[4];
static unsigned asked;

static bool judges(struct fake *fake, struct fake_call *call,
		   const struct text_message *m)
{
	int status = 0;

	if (!strcmp(m->method, "INVITE") && m->to_tag[0] &&
	    asked < sizeof(verdict) / sizeof(verdict[0]))
		status = verdict[asked++];
	if (!status)
		return t_request && t_request(fake, call, m);
	fake_reply(fake, m, status, NULL);
	return true;
}

static unsigned long agreed; /* with T, when the test begins */

static void begin_judged(int side, int first, int second)
{
	begin_forward(side);
	agreed = version_of(t());
	asked = 0;
	verdict[0] = first;
	verdict[1] = second;
	t_request = other->hooks.request;
	other->hooks.request = judges;
}

/* The n-th re-INVITE that T saw. */
static const char *offer(unsigned n)
{
	for (unsigned i = 0; i < other->records; i++) {
		const struct fake_record *seen = &other->record[i];

		if (seen->way == FAKE_IN && seen->in_dialog && !seen->copy &&
		    !seen->dropped && !strcmp(seen->label, "INVITE") && !n--)
			return seen->message.body;
	}
	fixture_tell(&f);
	ck_abort_msg("T was not asked that often");
	return "";
}

static unsigned long version_in(const char *body)
{
	const char *origin = strstr(body, "o=- ");

	return origin ? strtoul(strchr(origin + 4, ' '), NULL, 10) : 0;
}

#define ck_version(body, more) \
	ck_assert_uint_eq(version_in(body), agreed + (more))

static void waits_and_is_answered(void)
{
	hurry(&f, 5);
	fixture_run_until(&f, p_done);
	ck_assert_int_eq(p()->reinvite_status, 200);
}

static bool t_was_asked_once(struct fixture *x)
{
	(void)x;
	return fake_seen_inside(other, "INVITE") == 1;
}

/* --- refused ---------------------------------------------------------------
 */

START_TEST(after_glare_the_same_text_is_sent_again)
	{
		begin_judged(_i, 491, 491);
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked_once);
		waits_and_is_answered();
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 3);
		ck_version(offer(0), 1);
		ck_assert_str_eq(offer(1), offer(0));
		ck_assert_str_eq(offer(2), offer(0));
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_version(offer(3), 2);
	}
END_TEST

START_TEST(a_change_after_glare_has_the_next_number)
	{
		begin_judged(_i, 491, 0);
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked_once);
		fixture_watch(&f, 20);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(hold("inactive"), 200);
		ck_version(offer(0), 1);
		ck_version(offer(1), 2);
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_version(offer(2), 3);
	}
END_TEST

START_TEST(what_t_asks_between_glare_and_ours_has_a_number_too)
	{
		begin_judged(_i, 491, 0);
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked_once);
		fixture_watch(&f, 20);
		t()->media.codecs = "8"; /* events are gone */
		fake_update(t(), true);
		fixture_watch(&f, 50);
		ck_assert_int_eq(t()->update_status, 200);
		ck_version(last_body(other, "200 UPDATE"), 2);
		waits_and_is_answered();
		ck_version(offer(1), 3);
	}
END_TEST

START_TEST(a_change_after_a_refusal_has_the_next_number)
	{
		static const int refusals[] = {405, 415, 488, 500, 501, 504};
		unsigned long told;

		begin_judged(_i % 2, refusals[_i / 2], 0);
		told = version_of(p());
		ck_assert_int_eq(hold("sendonly"), 200); /* answered here */
		ck_assert_uint_eq(version_of(p()), told + 1);
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_uint_eq(version_of(p()), told + 2);
		ck_version(offer(0), 1);
		ck_version(offer(1), 2);
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_version(offer(2), 3);
		ck_assert_uint_eq(version_of(p()), told + 3);
	}
END_TEST

START_TEST(after_a_refusal_what_was_agreed_is_the_same_text)
	{
		begin_judged(_i, 0, 0);
		verdict[2] = 488;
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_version(offer(1), 2);
		ck_assert_int_eq(hold("inactive"), 200); /* answered here */
		ck_version(offer(2), 3);
		fake_refresh(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_assert_str_eq(last_body(other, "200 INVITE"), offer(1));
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_str_eq(offer(3), offer(1));
	}
END_TEST

START_TEST(an_answer_that_we_refuse_takes_no_number)
	{
		unsigned long told;

		begin(_i);
		told = version_of(p());
		p()->media.codecs = "18"; /* T has it not */
		ck_assert_int_eq(hold("sendonly"), 488);
		p()->media.codecs = "8 101";
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_uint_eq(version_of(p()), told + 1);
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_uint_eq(version_of(p()), told + 1);
	}
END_TEST

/* --- taken back ------------------------------------------------------------
 */

/* P's offer is on its way to T, who takes its time, when P takes it back. */
static void p_takes_back(int side)
{
	begin_forward(side);
	agreed = version_of(t());
	asked = 0;
	memset(verdict, 0, sizeof(verdict));
	t_keeps_reinvites();
	p()->media.direction = "inactive";
	fake_reinvite(p());
	fixture_run_until(&f, t_was_asked);
	ck_version(waiting.body, 1);
	fake_cancel(p());
	fixture_run_until(&f, p_done);
	fixture_run_until(&f, t_saw_cancel);
	p()->media.direction = "sendrecv";
}

static bool t_heard_us_twice(struct fixture *x)
{
	(void)x;
	return fake_seen_inside(other, "INVITE") == 2;
}

START_TEST(an_offer_that_t_gave_up_has_had_its_number)
	{
		p_takes_back(_i);
		other->hooks.request = t_request;
		fake_reply(other, &waiting, 487, NULL);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_version(offer(1), 2);
	}
END_TEST

START_TEST(an_offer_that_t_took_in_vain_counts)
	{
		p_takes_back(_i);
		t_answers();
		fixture_run_until(&f, t_is_sendrecv);
		ck_version(offer(1), 2);
		fixture_watch(&f, 50);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_version(offer(2), 3);
	}
END_TEST

START_TEST(what_undoes_an_offer_is_the_same_text_after_glare)
	{
		p_takes_back(_i);
		verdict[0] = 491;
		t_answers();
		other->hooks.request = judges;
		fixture_run_until(&f, t_heard_us_twice);
		hurry(&f, 5);
		fixture_run_until(&f, t_is_sendrecv);
		ck_version(offer(1), 2);
		ck_assert_str_eq(offer(2), offer(1));
		fixture_watch(&f, 50);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_version(offer(3), 3);
	}
END_TEST

/* What undoes it is refused, and T has its own change in the pause. */
START_TEST(what_undoes_an_offer_in_vain_has_had_its_number)
	{
		p_takes_back(_i);
		verdict[0] = 491;
		t_answers();
		other->hooks.request = judges;
		fixture_run_until(&f, t_heard_us_twice);
		fixture_watch(&f, 20);
		ck_version(offer(1), 2);
		t()->media.codecs = "8";
		fake_update(t(), true);
		fixture_watch(&f, 50);
		ck_assert_int_eq(t()->update_status, 200);
		ck_version(last_body(other, "200 UPDATE"), 3);
	}
END_TEST

/* T will not have it, and goes on from what we say to its refresh. */
START_TEST(what_undid_nothing_has_had_its_number)
	{
		p_takes_back(_i);
		verdict[0] = 488;
		t_answers();
		other->hooks.request = judges;
		fixture_run_until(&f, t_heard_us_twice);
		fixture_watch(&f, 50);
		ck_version(offer(1), 2);
		fake_refresh(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_version(last_body(other, "200 INVITE"), 3);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_version(offer(2), 4);
	}
END_TEST

/* --- told late -------------------------------------------------------------
 */

static bool t_was_told_late(struct fixture *x)
{
	(void)x;
	return fake_seen_inside(other, "INVITE") == 2;
}

/* P ends by UPDATE a hold that T was told of, and T is told of that, which it
 * refuses with these statuses. */
static void p_resumes(int side, int first, int second)
{
	begin_judged(side, 0, 0);
	verdict[1] = first;
	verdict[2] = second;
	ck_assert_int_eq(hold("sendonly"), 200);
	ck_version(offer(0), 1);
	p()->media.direction = "sendrecv";
	fake_update(p(), true);
	fixture_run_until(&f, p_update_done);
	ck_assert_int_eq(p()->update_status, 200);
	fixture_run_until(&f, t_was_told_late);
	ck_version(offer(1), 2);
	fixture_watch(&f, 50);
}

/* T holds on, and we say what it agreed to. */
START_TEST(a_holds_end_that_t_refuses_was_not_said)
	{
		p_resumes(_i, 488, 0);
		fake_refresh(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_assert_int_eq(t()->reinvite_status, 200);
		ck_assert_str_eq(last_body(other, "200 INVITE"), offer(0));
		/* The next time it is the same text. */
		p()->media.codecs = "8";
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		fixture_run_until(&f, t_is_sendrecv);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 3);
		ck_assert_str_eq(offer(2), offer(1));
		from_now();
		fixture_run_until(&f, p_hears);
	}
END_TEST

/* What T asks in the pause after a 491 has a number of its own. */
START_TEST(a_holds_end_after_glare_is_said_from_what_t_has_then)
	{
		p_resumes(_i, 491, 0);
		fake_refresh(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_assert_str_eq(last_body(other, "200 INVITE"), offer(0));
		hurry(&f, 5);
		fixture_run_until(&f, t_is_sendrecv);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 3);
		ck_assert_str_eq(offer(2), offer(1));
	}
END_TEST

/* T takes the call up by itself in that pause: there is nothing more to say. */
START_TEST(a_holds_end_that_t_asks_for_is_not_said_again)
	{
		p_resumes(_i, 491, 0);
		fake_update(t(), true);
		fixture_run_until(&f, t_is_sendrecv);
		ck_version(last_body(other, "200 UPDATE"), 2);
		hurry(&f, 8);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 2);
		both_ways();
	}
END_TEST

/* --- asked of us, as an answer ---------------------------------------------
 */

/* Our offer in a 2xx: an ACK without an answer leaves what was before. */
START_TEST(an_offer_of_ours_without_an_answer_has_had_its_number)
	{
		unsigned long told;
		char *was;

		begin(_i);
		told = version_of(p());
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_uint_eq(version_of(p()), told + 1);
		was = strdup(last_body(asks, "200 INVITE"));
		p()->withhold_ack = true;
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_has_200);
		ck_assert_uint_eq(version_of(p()), told + 2);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		p()->delayed = false;
		fake_ack(p());
		p()->withhold_ack = false;
		ck_assert_status(&f, "event=call-answer-missing");
		fake_refresh(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(last_body(asks, "200 INVITE"), was);
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_uint_eq(version_of(p()), told + 3);
		free(was);
	}
END_TEST

static Suite *call_version_suite(void)
{
	Suite *suite = suite_create("call_version");
	TCase *tests = group(suite, "refused");
#define T(name, n) tcase_add_loop_test(tests, name, 0, n)
	T(after_glare_the_same_text_is_sent_again, 2);
	T(a_change_after_glare_has_the_next_number, 2);
	T(what_t_asks_between_glare_and_ours_has_a_number_too, 2);
	T(a_change_after_a_refusal_has_the_next_number, 12);
	T(after_a_refusal_what_was_agreed_is_the_same_text, 2);
	T(an_answer_that_we_refuse_takes_no_number, 2);
	tests = group(suite, "taken back");
	T(an_offer_that_t_gave_up_has_had_its_number, 2);
	T(an_offer_that_t_took_in_vain_counts, 2);
	T(what_undoes_an_offer_is_the_same_text_after_glare, 2);
	T(what_undoes_an_offer_in_vain_has_had_its_number, 2);
	T(what_undid_nothing_has_had_its_number, 2);
	tests = group(suite, "late");
	T(a_holds_end_that_t_refuses_was_not_said, 2);
	T(a_holds_end_after_glare_is_said_from_what_t_has_then, 2);
	T(a_holds_end_that_t_asks_for_is_not_said_again, 2);
	tests = group(suite, "ours in a 2xx");
	T(an_offer_of_ours_without_an_answer_has_had_its_number, 2);
#undef T
	return suite;
}

CHECK_MAIN(call_version_suite())
