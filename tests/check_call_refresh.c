/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session timers (RFC 4028) in whole calls: ended on each leg by itself; a
 * protected provider (reinvite = suppress) is never sent a re-INVITE for it.
 * The agent's clock is put forward, see fakes/hurry.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"

static struct fixture f;

#define TIMER(s, who) \
	"Supported: timer\r\nSession-Expires: " s ";refresher=" who "\r\n"
#define TIMER_OK(s, who) \
	"Require: timer\r\nSession-Expires: " s ";refresher=" who "\r\n"

static void calls(const struct fixture_setup *setup, const char *phone_lines,
		  const char *itsp_lines)
{
	if (setup)
		fixture_start_with(&f, setup);
	else
		fixture_start(&f);
	f.phone.end.invite_lines = phone_lines;
	f.itsp.end.ok_lines = itsp_lines;
	phone_call(&f.phone, "05551234");
}

static void call_up(const char *phone_lines, const char *itsp_lines)
{
	calls(NULL, phone_lines, itsp_lines);
	fixture_run_until(&f, both_up);
}

/* --- what is asked ------------------------------------------------------- */

START_TEST(a_protected_provider_is_made_the_refresher)
	{
		call_up(NULL, NULL);
		ck_assert_ptr_nonnull(strstr(
			text_value(itsp_got(&f.itsp, "INVITE"), "Supported"),
			"timer"));
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "INVITE"),
					    "Session-Expires"),
				 "1800;refresher=uas");
		/* The phone asked for none. */
		ck_assert_str_eq(text_value(phone_got(&f.phone, "200 INVITE"),
					    "Session-Expires"),
				 "");
	}
END_TEST

START_TEST(a_timer_that_is_off_is_never_mentioned)
	{
		static const struct fixture_setup off = {
			.acme = "session_timer = \"off\";",
			.phones = "session_timer = \"off\";"};

		calls(&off, TIMER("600", "uac"), NULL);
		fixture_run_until(&f, both_up);
		ck_assert(!fake_saw_text(&f.itsp.end, "timer"));
		ck_assert(!fake_saw_text(&f.itsp.end, "session-expires"));
		ck_assert_str_eq(text_value(phone_got(&f.phone, "200 INVITE"),
					    "Session-Expires"),
				 "");
	}
END_TEST

START_TEST(forward_passes_the_callers_interval_on)
	{
		static const struct fixture_setup forward = {
			.acme = "session_timer = \"forward\";"};

		calls(&forward, TIMER("600", "uac"), NULL);
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "INVITE"),
					    "Session-Expires"),
				 "600;refresher=uas");
	}
END_TEST

START_TEST(forward_asks_for_none_where_the_caller_has_none)
	{
		static const struct fixture_setup forward = {
			.acme = "session_timer = \"forward\";"};

		calls(&forward, NULL, NULL);
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "INVITE"),
					    "Session-Expires"),
				 "");
	}
END_TEST

START_TEST(a_422_is_answered_by_raising_the_interval)
	{
		fixture_start(&f);
		f.itsp.min_se_s = 3600;
		fixture_call_out(&f);
		ck_assert_uint_eq(f.itsp.too_short, 1);
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "INVITE"),
					    "Session-Expires"),
				 "3600;refresher=uas");
		ck_assert_str_eq(
			text_value(itsp_got(&f.itsp, "INVITE"), "Min-SE"),
			"3600");
		ck_assert(nothing_of_the_inside_outside(&f));
		fixture_run_until(&f, both_hear);
	}
END_TEST

static bool always_422(struct fake *fake, struct fake_call *call,
		       const struct text_message *m)
{
	if (strcmp(m->method, "INVITE") ||
	    !text_value(m, "Session-Expires")[0]) {
		fake->hooks.request = NULL;
		return false;
	}
	fake_answer(call, 422, false, NULL);
	return true;
}

static bool itsp_rings_itself(struct fixture *x)
{
	return itsp_is(&x->itsp, FAKE_RINGING);
}

START_TEST(a_422_without_min_se_is_asked_without_a_timer)
	{
		fixture_start(&f);
		f.itsp.end.hooks.request = always_422;
		phone_call(&f.phone, "05551234");
		/* Without its hook the fake only acknowledges; then rings. */
		fixture_run_until(&f, itsp_rings_itself);
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "INVITE"),
					    "Session-Expires"),
				 "");
		ck_assert_uint_le(fake_seen(&f.itsp.end, "INVITE"), 3);
	}
END_TEST

/* --- what is answered ---------------------------------------------------- */

START_TEST(too_short_an_interval_is_refused_with_ours)
	{
		calls(NULL, TIMER("60", "uac"), NULL);
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 422);
		ck_assert_str_eq(
			text_value(phone_got(&f.phone, "422 INVITE"), "Min-SE"),
			"90");
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
	}
END_TEST

START_TEST(a_required_timer_is_taken_and_does_not_cross)
	{
		calls(NULL,
		      "Require: timer\r\nSession-Expires: 600\r\n"
		      "Supported: timer\r\n",
		      NULL);
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "200 INVITE"),
					    "Session-Expires"),
				 "600;refresher=uac");
		ck_assert_str_eq(text_value(phone_got(&f.phone, "200 INVITE"),
					    "Require"),
				 "timer");
		ck_assert_str_eq(
			text_value(itsp_got(&f.itsp, "INVITE"), "Require"), "");
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "INVITE"),
					    "Session-Expires"),
				 "1800;refresher=uas");
	}
END_TEST

START_TEST(only_what_is_not_known_is_named_in_a_420)
	{
		calls(NULL, "Require: timer, telepathy\r\n", NULL);
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 420);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "420 INVITE"),
					    "Unsupported"),
				 "telepathy");
	}
END_TEST

START_TEST(a_required_timer_is_refused_where_timers_are_off)
	{
		static const struct fixture_setup off = {
			.phones = "session_timer = \"off\";"};

		calls(&off, "Require: timer\r\n", NULL);
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 420);
	}
END_TEST

/* --- who refreshes ------------------------------------------------------- */

START_TEST(a_refresh_that_we_owe_a_protected_provider_is_an_update)
	{
		call_up(NULL, TIMER_OK("90", "uac"));
		hurry(&f, 40);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		hurry(&f, 10);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 1);
		ck_assert_str_eq(itsp_got(&f.itsp, "UPDATE")->body, "");
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "UPDATE"),
					    "Session-Expires"),
				 "90;refresher=uac");
		hurry(&f, 190);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 5);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert(both_up(&f));
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "UPDATE"), 0);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 0);
	}
END_TEST

START_TEST(a_provider_that_takes_no_update_is_left_in_peace)
	{
		calls(NULL, NULL, TIMER_OK("90", "uac"));
		f.itsp.end.no_update = true;
		fixture_run_until(&f, both_up);
		hurry(&f, 150);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert(both_up(&f));
		ck_assert_status(&f,
				 "leg=b peer=acme event=call-refresh-failed");
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=call-refresh-failed"),
			1);
	}
END_TEST

START_TEST(update_suppressed_by_policy_is_not_sent)
	{
		static const struct fixture_setup suppressed = {
			.acme = "update = \"suppress\";"};

		calls(&suppressed, NULL, TIMER_OK("90", "uac"));
		fixture_run_until(&f, both_up);
		hurry(&f, 100);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

START_TEST(a_refused_update_ends_nothing_and_is_not_repeated)
	{
		call_up(NULL, TIMER_OK("90", "uac"));
		f.itsp.behaviour = ITSP_REFUSES_UPDATE;
		hurry(&f, 200);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 1);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert(both_up(&f));
		ck_assert_status(&f, "event=call-refresh-failed method=UPDATE "
				     "status=501");
	}
END_TEST

static bool hang_up_on_update(struct fake *fake, struct fake_call *call,
			      const struct text_message *m)
{
	if (strcmp(m->method, "UPDATE"))
		return false;
	fake_reply(fake, m, 200, NULL);
	fake_bye(call);
	return true;
}

START_TEST(a_provider_that_hangs_up_on_an_update_is_known_then)
	{
		static const struct fixture_setup learns = {
			.acme = "update = \"auto\";"};

		calls(&learns, NULL, TIMER_OK("90", "uac"));
		fixture_run_until(&f, both_up);
		if (_i)
			f.itsp.end.hooks.request = hang_up_on_update;
		else
			fake_drop_next(&f.itsp.end, FAKE_IN, "UPDATE", 100);
		hurry(&f, 46);
		if (!_i)
			hurry(&f, 34);
		fixture_run_until(&f, no_calls);
		ck_assert_status(&f, "leg=b peer=acme event=peer-learned "
				     "method=UPDATE");
	}
END_TEST

START_TEST(a_422_to_our_refresh_raises_the_interval)
	{
		call_up(NULL, TIMER_OK("90", "uac"));
		f.itsp.min_se_s = 120;
		f.itsp.end.ok_lines = NULL;
		hurry(&f, 47);
		ck_assert_uint_eq(f.itsp.too_short, 1);
		ck_assert_str_eq(text_value(itsp_got(&f.itsp, "UPDATE"),
					    "Session-Expires"),
				 "120;refresher=uac");
		ck_assert(both_up(&f));
	}
END_TEST

/* Complaint 10: what is re-offered is what stands, whatever it is. */
START_TEST(a_phone_without_update_is_refreshed_by_the_same_offer)
	{
		fixture_start(&f);
		f.phone.answers_itself = true;
		f.phone.end.no_update = true;
		f.phone.end.ok_lines = TIMER_OK("90", "uac");
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, both_up);
		char *said =
			strdup(fake_message(&f.phone.end, "INVITE", 0)->body);
		hurry(&f, 47);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 1);
		ck_assert_str_eq(phone_got(&f.phone, "INVITE")->body, said);
		hurry(&f, 100);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 3);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert(both_up(&f));
		fixture_run_until(&f, both_hear);
		free(said);
	}
END_TEST

/* A call to a phone that is refreshed by re-INVITE; what it offers has both
 * laws of G.711, and the phone answered with one. */
static void begin_refreshed(void)
{
	fixture_start(&f);
	f.phone.answers_itself = true;
	f.phone.end.no_update = true;
	f.phone.end.ok_lines = TIMER_OK("90", "uac");
	f.phone.end.media.codecs = "8 101";
	f.itsp.end.media.codecs = "8 0 101";
	itsp_call(&f.itsp, "442079460101");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
}

static unsigned itsp_from; /* packets that it had heard */

static bool itsp_hears_on(struct fixture *x)
{
	return tone_heard(&x->itsp.end.tone) > itsp_from + 50;
}

static unsigned heard_of_type(const struct tone *tone, uint8_t type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tone->ins; i++)
		count += !tone->in[i].rtcp && tone->in[i].payload_type == type;
	return count;
}

/* The provider was told PCMA alone. */
START_TEST(a_refresh_that_is_answered_in_the_other_law_is_converted)
	{
		unsigned before;

		begin_refreshed();
		phone_line(&f.phone)->media.codecs = "0 100";
		hurry(&f, 47);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 1);
		/* It speaks what it said. */
		f.phone.end.tone.payload_type = 0;
		fixture_both_ways(&f);
		before = heard_of_type(&f.phone.end.tone, 8);
		itsp_from = tone_heard(&f.itsp.end.tone);
		fixture_run_until(&f, itsp_hears_on);
		ck_assert_uint_eq(heard_of_type(&f.itsp.end.tone, 0), 0);
		ck_assert_uint_eq(heard_of_type(&f.phone.end.tone, 8), before);
		ck_assert_uint_gt(heard_of_type(&f.phone.end.tone, 0), 0);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

/* Nobody is told of the hold: the provider may not be asked. */
START_TEST(a_refresh_that_is_answered_with_a_hold_is_filled)
	{
		begin_refreshed();
		phone_line(&f.phone)->media.direction = "inactive";
		phone_talk(&f.phone, false);
		hurry(&f, 47);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 1);
		ck_assert_status(&f, "leg=b peer=phones event=call-hold "
				     "direction=inactive");
		itsp_from = tone_heard(&f.itsp.end.tone);
		fixture_run_until(&f, itsp_hears_on);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

/* What the UPDATE did not say takes no number. */
START_TEST(a_reinvite_after_a_refused_update_is_the_same_offer)
	{
		static const struct fixture_setup forward = {
			.acme = "reinvite = \"forward\";"};
		char *said;

		calls(&forward, NULL, TIMER_OK("90", "uac"));
		fixture_run_until(&f, both_up);
		f.itsp.behaviour = ITSP_REFUSES_UPDATE;
		said = strdup(itsp_got(&f.itsp, "INVITE")->body);
		hurry(&f, 47);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 1);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		ck_assert_str_eq(itsp_got(&f.itsp, "INVITE")->body, said);
		free(said);
	}
END_TEST

/* --- their refreshes ----------------------------------------------------- */

START_TEST(calls_drop_or_go_mute_at_15_minutes)
	{
		call_up(TIMER("90", "uac"), NULL);
		for (unsigned i = 0; i < 4; i++) {
			hurry(&f, 45);
			phone_line(&f.phone)->reinvite_status = 0;
			fake_refresh(phone_line(&f.phone));
			fixture_run_until(&f, phone_reinvite_done);
			ck_assert_int_eq(phone_line(&f.phone)->reinvite_status,
					 200);
			ck_assert_str_eq(
				text_value(phone_got(&f.phone, "200 INVITE"),
					   "Session-Expires"),
				"90;refresher=uac");
		}
		ck_assert(both_up(&f));
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		fixture_run_until(&f, both_hear);
		ck_assert(tone_unbroken(&f.itsp.end.tone, 0));
	}
END_TEST

START_TEST(an_update_without_sdp_refreshes_too)
	{
		call_up(TIMER("90", "uac"), NULL);
		for (unsigned i = 0; i < 3; i++) {
			hurry(&f, 50);
			phone_line(&f.phone)->update_status = 0;
			fake_request(phone_line(&f.phone), "UPDATE",
				     TIMER("90", "uac"), NULL);
			fixture_run_until(&f, phone_update_done);
			ck_assert_str_eq(
				text_value(phone_got(&f.phone, "200 UPDATE"),
					   "Session-Expires"),
				"90;refresher=uac");
			ck_assert_str_eq(
				phone_got(&f.phone, "200 UPDATE")->body, "");
		}
		ck_assert(both_up(&f));
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
	}
END_TEST

START_TEST(a_hold_that_says_nothing_of_it_keeps_the_timer)
	{
		call_up(TIMER("90", "uac"), NULL);
		f.phone.end.invite_lines = NULL;
		hurry(&f, 40);
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "200 INVITE"),
					    "Session-Expires"),
				 "90;refresher=uac");
		hurry(&f, 50);
		ck_assert(both_up(&f));
		hurry(&f, 15);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(too_short_in_mid_call_is_refused_and_changes_nothing)
	{
		call_up(TIMER("90", "uac"), NULL);
		f.phone.end.invite_lines = TIMER("30", "uac");
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(phone_line(&f.phone)->reinvite_status, 422);
		ck_assert_str_eq(
			text_value(phone_got(&f.phone, "422 INVITE"), "Min-SE"),
			"90");
		ck_assert_uint_eq(fixture_status_count(&f, "event=call-hold"),
				  0);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(two_refreshers_do_not_fight_after_the_roles_flip)
	{
		call_up(TIMER("90", "uac"), NULL);
		/* Now they are the uac, and want us to do it. */
		f.phone.end.invite_lines = TIMER("90", "uas");
		fake_refresh(phone_line(&f.phone));
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "200 INVITE"),
					    "Session-Expires"),
				 "90;refresher=uas");
		hurry(&f, 47);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "UPDATE"), 1);
		/* In that UPDATE we are the uac. */
		ck_assert_str_eq(text_value(phone_got(&f.phone, "UPDATE"),
					    "Session-Expires"),
				 "90;refresher=uac");
		/* They take it back in their answer: theirs again. */
		f.phone.end.ok_lines = TIMER_OK("90", "uas");
		hurry(&f, 50);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "UPDATE"), 2);
		hurry(&f, 45);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "UPDATE"), 2);
		ck_assert(both_up(&f));
		hurry(&f, 20);
		fixture_run_until(&f, both_ended);
	}
END_TEST

/* --- the end ------------------------------------------------------------- */

START_TEST(a_missed_refresh_ends_the_call_with_its_reason)
	{
		call_up(TIMER("90", "uac"), NULL);
		hurry(&f, 50);
		ck_assert(both_up(&f));
		hurry(&f, 15);
		fixture_run_until(&f, both_ended);
		ck_assert_str_eq(
			text_value(itsp_got(&f.itsp, "BYE"), "Reason"),
			"SIP;cause=408;text=\"Session Timer Expired\"");
		ck_assert_str_eq(
			text_value(phone_got(&f.phone, "BYE"), "Reason"),
			"SIP;cause=408;text=\"Session Timer Expired\"");
		ck_assert_status(&f, "event=call-end");
		ck_assert_status(&f, "by=a cause=session-expired");
	}
END_TEST

START_TEST(a_provider_that_forgets_to_refresh_is_given_up)
	{
		call_up(NULL, TIMER_OK("96", "uas"));
		hurry(&f, 55); /* of 64 */
		ck_assert(both_up(&f));
		hurry(&f, 10);
		fixture_run_until(&f, both_ended);
		ck_assert_status(&f, "by=b cause=session-expired");
	}
END_TEST

START_TEST(a_refresh_that_nobody_answers_ends_the_call)
	{
		call_up(NULL, TIMER_OK("90", "uac"));
		f.itsp.behaviour = ITSP_SILENT;
		hurry(&f, 62);
		fixture_run_until(&f, phone_ended);
		ck_assert_status(&f, "by=b cause=session-expired");
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "UPDATE"), 1);
	}
END_TEST

/* Long before the session would end by itself (RFC 4028 10). */
START_TEST(a_provider_that_does_not_answer_a_refresh_is_gone)
	{
		call_up(NULL, TIMER_OK("1800", "uac"));
		f.itsp.behaviour = ITSP_SILENT;
		hurry(&f, 900 + 40);
		fixture_run_until(&f, phone_ended);
		ck_assert_status(&f, "by=b cause=dialog-lost");
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "UPDATE"), 1);
	}
END_TEST

START_TEST(a_refresh_for_a_dialog_that_is_gone_ends_the_call)
	{
		call_up(NULL, TIMER_OK("90", "uac"));
		strcpy(f.itsp.end.call[0]->call_id, "another");
		hurry(&f, 47);
		fixture_run_until(&f, phone_ended);
		ck_assert_status(&f, "by=b cause=dialog-lost");
	}
END_TEST

START_TEST(a_hung_up_call_leaves_no_timer_behind)
	{
		call_up(TIMER("90", "uac"), TIMER_OK("90", "uac"));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		hurry(&f, 100);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		ck_assert_uint_eq(
			fixture_status_count(&f, "cause=session-expired"), 0);
	}
END_TEST

static Suite *call_refresh_suite(void)
{
	Suite *suite = suite_create("call_refresh");
	TCase *tests = tcase_create("refresh");

	fixture_around(tests, &f);
	tcase_add_test(tests, a_protected_provider_is_made_the_refresher);
	tcase_add_test(tests, a_timer_that_is_off_is_never_mentioned);
	tcase_add_test(tests, forward_passes_the_callers_interval_on);
	tcase_add_test(tests, forward_asks_for_none_where_the_caller_has_none);
	tcase_add_test(tests, a_422_is_answered_by_raising_the_interval);
	tcase_add_test(tests, a_422_without_min_se_is_asked_without_a_timer);
	tcase_add_test(tests, too_short_an_interval_is_refused_with_ours);
	tcase_add_test(tests, a_required_timer_is_taken_and_does_not_cross);
	tcase_add_test(tests, only_what_is_not_known_is_named_in_a_420);
	tcase_add_test(tests, a_required_timer_is_refused_where_timers_are_off);
	tcase_add_test(tests,
		       a_refresh_that_we_owe_a_protected_provider_is_an_update);
	tcase_add_test(tests, a_provider_that_takes_no_update_is_left_in_peace);
	tcase_add_test(tests, update_suppressed_by_policy_is_not_sent);
	tcase_add_loop_test(tests,
			    a_provider_that_hangs_up_on_an_update_is_known_then,
			    0, 2);
	tcase_add_test(tests,
		       a_refused_update_ends_nothing_and_is_not_repeated);
	tcase_add_test(tests, a_422_to_our_refresh_raises_the_interval);
	tcase_add_test(tests,
		       a_phone_without_update_is_refreshed_by_the_same_offer);
	tcase_add_test(
		tests,
		a_refresh_that_is_answered_in_the_other_law_is_converted);
	tcase_add_test(tests, a_refresh_that_is_answered_with_a_hold_is_filled);
	tcase_add_test(tests,
		       a_reinvite_after_a_refused_update_is_the_same_offer);
	tcase_add_test(tests, calls_drop_or_go_mute_at_15_minutes);
	tcase_add_test(tests, an_update_without_sdp_refreshes_too);
	tcase_add_test(tests, a_hold_that_says_nothing_of_it_keeps_the_timer);
	tcase_add_test(tests,
		       too_short_in_mid_call_is_refused_and_changes_nothing);
	tcase_add_test(tests, two_refreshers_do_not_fight_after_the_roles_flip);
	tcase_add_test(tests, a_missed_refresh_ends_the_call_with_its_reason);
	tcase_add_test(tests, a_provider_that_forgets_to_refresh_is_given_up);
	tcase_add_test(tests, a_refresh_that_nobody_answers_ends_the_call);
	tcase_add_test(tests,
		       a_provider_that_does_not_answer_a_refresh_is_gone);
	tcase_add_test(tests,
		       a_refresh_for_a_dialog_that_is_gone_ends_the_call);
	tcase_add_test(tests, a_hung_up_call_leaves_no_timer_behind);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(call_refresh_suite())
