/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attended transfers and INVITEs with Replaces: two calls are joined where
 * they are, and nobody joins what is not his.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/transfer.h"

#define GAP_MS 100 /* of what is heard, with what a busy machine adds */

/* Calls between phones are relayed, too; these are 101's and 102's codecs. */
static void begin_anchored(const char *phone, const char *other)
{
	static const struct fixture_setup anchored = {
		.phones = "anchor = \"always\"; reinvite = \"suppress\";"};

	fixture_start_with(&f, &anchored);
	f.itsp.behaviour = ITSP_REFUSES_REINVITE;
	f.phone.end.media.codecs = phone;
	f.other.end.media.codecs = other;
	call_out();
}

static uint8_t last_type(const struct tone *tone)
{
	for (unsigned i = tone->ins; i-- > 0;)
		if (!tone->in[i].rtcp)
			return tone->in[i].payload_type;
	return 255;
}

/* --- attended ------------------------------------------------------------- */

static bool both_lines_ended(struct fixture *x)
{
	(void)x;
	return line->state == FAKE_ENDED && consult->state == FAKE_ENDED;
}

static void join(struct fake_call *held, const struct fake_call *consulted)
{
	phone_refer_attended(&f.phone, held, consulted);
	fixture_run_until(&f, both_lines_ended);
}

START_TEST(an_attended_transfer_to_a_colleague_frees_the_phone)
	{
		begin();
		consult_other();
		join(line, consult);
		fixture_assert(&f, refer_got(202));
		fixture_assert(&f, told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
		other_hangs_up();
	}
END_TEST

START_TEST(an_attended_transfer_works_from_either_of_the_two_calls)
	{
		begin();
		consult_other();
		join(consult, line);
		they_talk();
		provider_noticed_nothing();
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
	}
END_TEST

static bool consult_rings(struct fixture *x)
{
	return phone_is(&x->other, FAKE_RINGING) && consult->provisionals > 0;
}

static bool other_rings_for_t(struct fixture *x)
{
	return x->other.end.calls == 2 && phone_is(&x->other, FAKE_RINGING);
}

/* The colleague has not answered yet: what rings there now is T's call. */
START_TEST(an_attended_transfer_while_the_colleague_rings_goes_on_ringing)
	{
		begin();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		consult = phone_call(&f.phone, "102");
		fixture_run_until(&f, consult_rings);
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, other_rings_for_t);
		fixture_assert(&f, refer_got(202));
		fixture_assert(&f, consult->status == 487);
		if (_i) /* P need not stay for it. */
			fake_bye(line);
		phone_answer(&f.other);
		fixture_run_until(&f, other_up);
		fixture_run_until(&f, line_ended);
		they_talk();
		provider_noticed_nothing();
		other_hangs_up();
	}
END_TEST

START_TEST(a_call_that_rings_at_the_asker_is_not_its_to_give_away)
	{
		struct fake_call *rings;

		begin();
		phone_call(&f.other, "101");
		fixture_run_until(&f, phone_is_ringing);
		rings = fake_last_call(&f.phone.end);
		phone_refer_attended(&f.phone, line, rings);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(403));
		fixture_assert(&f, phone_is_ringing(&f));
	}
END_TEST

START_TEST(two_relayed_calls_are_joined_without_a_word_to_either_end)
	{
		struct media_totals totals;

		begin_anchored("8 0 101", "8 101");
		consult_other();
		join(line, consult);
		they_talk();
		provider_noticed_nothing();
		fixture_assert(&f,
			       fake_seen_inside(&f.other.end, "INVITE") == 0);
		other_hangs_up();
		fixture_watch(&f, 200);
		media_engine_totals(f.agent->media, &totals);
		ck_assert_uint_eq(totals.sessions, 0);
		ck_assert_uint_eq(totals.sockets, 0);
	}
END_TEST

/* The colleague's phone needs a while until it talks into the joined call. */
START_TEST(who_was_held_hears_something_until_the_colleague_talks)
	{
		const struct tone *heard = &f.itsp.end.tone;

		begin_anchored("8 0 101", "8 101");
		consult_other();
		phone_talk(&f.other, false);
		join(_i ? consult : line, _i ? line : consult);
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		fixture_assert(&f, tone_unbroken(heard, 0));
		ck_assert_uint_le(tone_longest_gap_ms(heard, 3), GAP_MS);
		phone_talk(&f.other, true);
		they_talk();
		provider_noticed_nothing();
		other_hangs_up();
	}
END_TEST

static unsigned sessions_now(void)
{
	struct media_totals totals;

	media_engine_totals(f.agent->media, &totals);
	return totals.sessions;
}

static bool two_sessions_are_left(struct fixture *x)
{
	(void)x;
	return sessions_now() == 2;
}

/*
 * T goes from 101 to 102 and back, six times, each time joined with the call
 * in which the two had talked: a row of sessions that would grow for ever.
 */
START_TEST(a_call_is_joined_again_and_again)
	{
		struct phone *has = &f.phone, *gets = &f.other;

		begin_anchored("8 101", "8 101");
		for (unsigned i = 0; i < 6; i++) {
			struct phone *was = has;

			gets->answers_itself = true;
			consult = phone_call(has,
					     gets == &f.other ? "102" : "101");
			fixture_run_until(&f, consult_up);
			phone_refer_attended(has, line, consult);
			fixture_run_until(&f, both_lines_ended);
			fixture_run_until(&f, two_sessions_are_left);
			line = fake_last_call(&gets->end);
			fixture_assert(&f, line->state == FAKE_UP);
			fixture_from_now(&f);
			fixture_run_until(&f, itsp_hears_more);
			fixture_run_until(&f, gets == &f.other
						      ? other_hears_more
						      : phone_hears_more);
			has = gets;
			gets = was;
		}
		provider_noticed_nothing();
		fake_bye(line);
		fixture_run_until(&f, no_calls);
		fixture_watch(&f, 200);
		ck_assert_uint_eq(sessions_now(), 0);
	}
END_TEST

START_TEST(two_relayed_calls_of_different_laws_are_joined_and_converted)
	{

		begin_anchored("8 0 101", "0 101");
		consult_other();
		join(line, consult);
		fixture_assert(&f, told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
		fixture_assert(&f, last_type(&f.itsp.end.tone) == 8);
		fixture_assert(&f, last_type(&f.other.end.tone) == 0);
		phone_hang_up(&f.other);
		fixture_run_until(&f, no_calls);
	}
END_TEST

static void hold_and_resume(struct fake_call *call, fixture_condition *done)
{
	static const char *const directions[] = {"sendonly", "sendrecv"};

	for (unsigned i = 0; i < 2; i++) {
		call->media.direction = directions[i];
		call->reinvite_status = 0;
		fake_reinvite(call);
		fixture_run_until(&f, done);
		fixture_assert(&f, call->reinvite_status == 200);
	}
}

static void converted_on(void)
{
	hold_and_resume(fake_last_call(&f.other.end), other_reinvite_done);
	they_talk();
	provider_noticed_nothing();
	fixture_assert(&f, last_type(&f.itsp.end.tone) == 8);
	fixture_assert(&f, last_type(&f.other.end.tone) == 0);
}

static bool other_let_go(struct fixture *x)
{
	return fake_last_call(&x->other.end)->state == FAKE_ENDED;
}

static bool phone_has_it(struct fixture *x)
{
	const struct fake_call *call = fake_last_call(&x->phone.end);

	return call != line && call != consult && call->state == FAKE_UP;
}

START_TEST(a_converted_end_of_a_joined_call_holds_resumes_and_transfers)
	{
		struct fake_call *theirs;

		begin_anchored("8 0 101", "0 101");
		consult_other();
		if (_i)
			join(consult, line);
		else
			join(line, consult);
		converted_on();
		/* The provider's own offers are answered in its law. */
		hold_and_resume(fake_last_call(&f.itsp.end),
				itsp_reinvite_done);
		/* Both laws: what the provider has, unconverted. */
		theirs = fake_last_call(&f.other.end);
		theirs->media.codecs = "0 8 101";
		theirs->reinvite_status = 0;
		fake_reinvite(theirs);
		fixture_run_until(&f, other_reinvite_done);
		fixture_assert(&f, theirs->reinvite_status == 200);
		fixture_assert(
			&f, text_has_format(
				    theirs->remote_sdp.stream[0].formats, "8"));
		f.other.end.tone.payload_type = 8;
		they_talk();
		/* And on, to a phone that may speak the one law only. */
		f.phone.answers_itself = true;
		f.phone.end.media.codecs = "8 101";
		fake_request(theirs, "REFER",
			     "Refer-To: <sip:101@127.0.1.1>\r\n", NULL);
		fixture_run_until(&f, other_let_go);
		fixture_run_until(&f, phone_has_it);
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		provider_noticed_nothing();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(nobody_transfers_what_is_not_his)
	{
		begin();
		f.other.end.media.codecs = "8 101";
		consult = phone_call(&f.other, "05557777");
		fixture_run_until(&f, consult_up);
		/* 102 knows the dialog of 101 with us, whoever told it. */
		phone_refer_attended(&f.other, consult, line);
		fixture_watch(&f, 200);
		fixture_assert(&f, fake_seen(&f.other.end, "403 REFER") == 1);
		fixture_assert(&f, line->state == FAKE_UP);
		fixture_assert(&f, consult->state == FAKE_UP);
		fixture_assert(&f, itsp_hangups(&f.itsp) == 0);
	}
END_TEST

/* --- INVITE with Replaces ------------------------------------------------- */

static void step_with(struct phone *third)
{
	fixture_step(&f);
	fake_step(&third->end);
}

START_TEST(a_second_phone_of_the_same_user_takes_the_call_over)
	{
		struct fake_call *taken;
		struct phone desk;

		begin();
		phone_open(&desk, "101", "127.0.1.12", "secret101", &f.lan);
		desk.end.media.codecs = "8 0 101";
		phone_talk(&desk, false);
		taken = phone_replace(&desk, line);
		for (int i = 0; i < 3000 && (taken->state != FAKE_UP ||
					     tone_heard(&desk.end.tone) < 20 ||
					     line->state != FAKE_ENDED);
		     i++)
			step_with(&desk);
		fixture_assert(&f, taken->state == FAKE_UP);
		fixture_assert(&f, line->bye_seen);
		fixture_assert(&f, tone_heard(&desk.end.tone) >= 20);
		/* The desk phone has said nothing yet. */
		provider_noticed_nothing();
		fixture_from_now(&f);
		for (int i = 0; i < 3000 && !itsp_hears_more(&f); i++)
			step_with(&desk);
		fixture_assert(&f, itsp_hears_more(&f));
		ck_assert_uint_le(tone_longest_gap_ms(&f.itsp.end.tone, 3),
				  GAP_MS);
		phone_talk(&desk, true);
		fixture_from_now(&f);
		for (int i = 0; i < 3000 && !itsp_hears_more(&f); i++)
			step_with(&desk);
		provider_noticed_nothing();
		phone_close(&desk);
	}
END_TEST

START_TEST(nobody_takes_over_somebody_elses_call)
	{
		struct fake_call *taken;

		begin();
		taken = phone_replace(&f.other, line);
		fixture_run_until(&f, other_ended);
		ck_assert_int_eq(taken->status, 481);
		call_is_as_it_was();
	}
END_TEST

START_TEST(an_invite_that_replaces_nothing_is_refused)
	{
		struct fake_call gone = {
			.call_id = "x@y", .remote_tag = "1", .local_tag = "2"};
		struct fake_call *taken;

		begin();
		taken = phone_replace(&f.other, &gone);
		fixture_run_until(&f, other_ended);
		ck_assert_int_eq(taken->status, 481);
		call_is_as_it_was();
	}
END_TEST

static Suite *joined_suite(void)
{
	Suite *suite = suite_create("call_joined");
	TCase *tests = tcase_create("call_joined");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	T(an_attended_transfer_to_a_colleague_frees_the_phone);
	T(an_attended_transfer_works_from_either_of_the_two_calls);
	tcase_add_loop_test(
		tests,
		an_attended_transfer_while_the_colleague_rings_goes_on_ringing,
		0, 2);
	T(a_call_that_rings_at_the_asker_is_not_its_to_give_away);
	T(two_relayed_calls_are_joined_without_a_word_to_either_end);
	tcase_add_loop_test(
		tests, who_was_held_hears_something_until_the_colleague_talks,
		0, 2);
	T(a_call_is_joined_again_and_again);
	T(two_relayed_calls_of_different_laws_are_joined_and_converted);
	tcase_add_loop_test(
		tests,
		a_converted_end_of_a_joined_call_holds_resumes_and_transfers, 0,
		2);
	T(nobody_transfers_what_is_not_his);
	T(a_second_phone_of_the_same_user_takes_the_call_over);
	T(nobody_takes_over_somebody_elses_call);
	T(an_invite_that_replaces_nothing_is_refused);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(joined_suite())
