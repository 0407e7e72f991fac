/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blind transfers: the provider's leg is told nothing, and a transfer that
 * fails leaves the call as it was.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/hurry.h"
#include "tests/fakes/transfer.h"

/* --- blind ---------------------------------------------------------------- */

START_TEST(a_blind_transfer_is_carried_out_here_and_the_provider_sees_nothing)
	{
		begin();
		f.other.answers_itself = true;
		f.other.ring_ms = 100;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, line_ended);
		fixture_assert(&f, refer_got(202));
		fixture_assert(&f, told("SIP/2.0 100"));
		fixture_assert(&f, told("SIP/2.0 180"));
		fixture_assert(&f, told("SIP/2.0 200"));
		fixture_assert(&f, line->bye_seen);
		they_talk();
		provider_noticed_nothing();
		ck_assert_status(&f, "event=call-transferred number=102");
		other_hangs_up();
		/* It took the place of who had called. */
		ck_assert_status(&f, " event=call-end from=102 to=5551234 "
				     "peer_a=phones peer_b=acme ");
	}
END_TEST

/* The phone spoke PCMU, converted here: that is not what T speaks. */
START_TEST(the_newcomer_is_offered_what_the_provider_speaks)
	{
		begin();
		line->media.codecs = "0 101";
		fake_reinvite(line);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line->reinvite_status, 200);
		f.other.answers_itself = true;
		f.other.end.media.codecs = "8 101";
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, line_ended);
		fixture_assert(&f, told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
	}
END_TEST

START_TEST(the_newcomer_is_told_who_is_calling)
	{
		char from[256];

		fixture_start(&f);
		f.phone.answers_itself = true;
		f.itsp.end.media.codecs = "8 101";
		snprintf(f.itsp.end.user, sizeof(f.itsp.end.user),
			 "442071234567");
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		line = phone_line(&f.phone);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		ck_assert(text_header(fake_last_message(&f.other.end, "INVITE"),
				      "From", 0, from, sizeof(from)));
		ck_assert_ptr_nonnull(strstr(from, "442071234567"));
		phone_answer(&f.other);
		fixture_run_until(&f, line_ended);
		they_talk();
		provider_noticed_nothing();
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(a_phone_that_hangs_up_after_its_refer_is_gone_and_the_rest_goes_on)
	{
		begin();
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		fake_bye(line);
		fixture_watch(&f, 100);
		provider_noticed_nothing();
		phone_answer(&f.other);
		they_talk();
		provider_noticed_nothing();
		other_hangs_up();
	}
END_TEST

START_TEST(the_provider_hears_something_while_the_newcomer_rings)
	{
		begin();
		phone_talk(&f.phone, false);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
		provider_noticed_nothing();
	}
END_TEST

/* Its filler is the transfer's by then, not the resume's. */
START_TEST(the_provider_hears_something_also_where_a_hold_has_just_ended)
	{
		begin();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		phone_talk(&f.phone, false);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		hurry(&f, 4);
		fixture_watch(&f, 200);
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(refer_sub_false_gets_no_notify)
	{
		char value[32];

		begin();
		f.other.answers_itself = true;
		phone_refer(&f.phone, "sip:102@127.0.1.1",
			    "Refer-Sub: false\r\n");
		fixture_run_until(&f, line_ended);
		fixture_assert(&f, refer_got(202));
		fixture_assert(&f, fake_seen(&f.phone.end, "NOTIFY") == 0);
		ck_assert(text_header(
			fake_last_message(&f.phone.end, "202 REFER"),
			"Refer-Sub", 0, value, sizeof(value)));
		fixture_assert(&f, fake_seen(&f.phone.end, "NOTIFY") == 0);
		they_talk();
	}
END_TEST

/* --- a transfer that fails ------------------------------------------------ */

START_TEST(a_busy_target_leaves_the_call_as_it_was)
	{
		begin();
		f.other.refuses = 486;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 486"));
		call_is_as_it_was();
	}
END_TEST

START_TEST(a_silent_target_leaves_the_call_as_it_was)
	{
		static const struct fixture_setup quick = {
			.phones = "attempt_timeout = \"500ms\";"};

		fixture_start_with(&f, &quick);
		call_out();
		f.other.silent = true;
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 504"));
		call_is_as_it_was();
	}
END_TEST

START_TEST(targets_that_may_not_be_reached_are_refused)
	{
		static const struct {
			const char *target;
			int status;
		} cases[] = {
			{"sip:999@127.0.1.1", 404}, /* no route */
			{"sip:05559999@127.0.1.1", 403},
			{"sip:127.0.1.1", 400},
			{"http://102@127.0.1.1", 400},
			{"sip:1%0d%0a02@127.0.1.1", 400},
			{"sip:102@127.0.1.1;method=BYE", 403},
			{"sip:102@127.0.1.1?Route=%3Csip:127.0.9.9%3E", 403},
			{"sip:102@127.0.1.1?Replaces=x%3Bto-tag%3D1"
			 "%3Bfrom-tag%3D2",
			 403},
		};
		char label[32];

		begin();
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			unsigned had;

			snprintf(label, sizeof(label), "%d REFER",
				 cases[i].status);
			had = fake_seen(&f.phone.end, label);
			phone_refer(&f.phone, cases[i].target, NULL);
			fixture_watch(&f, 80);
			if (fake_seen(&f.phone.end, label) != had + 1) {
				fixture_tell(&f);
				ck_abort_msg("not %s: %s", label,
					     cases[i].target);
			}
		}
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		fixture_assert(&f, fake_seen(&f.backup.end, "INVITE") == 0);
		call_is_as_it_was();
	}
END_TEST

START_TEST(a_transfer_to_the_other_end_itself_is_a_loop)
	{
		fixture_start(&f);
		f.other.answers_itself = true;
		line = phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(482));
		ck_assert_uint_eq(fake_seen(&f.other.end, "INVITE"), 1);
		fixture_assert(&f, both_phones_up(&f));
	}
END_TEST

START_TEST(a_forged_refer_from_another_address_changes_nothing)
	{
		begin();
		fake_request_from(line, "REFER", "127.0.1.99");
		fixture_watch(&f, 200);
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		call_is_as_it_was();
	}
END_TEST

START_TEST(a_refer_without_a_target_or_with_two_is_refused)
	{
		begin();
		fake_request(line, "REFER", NULL, NULL);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(400));
		call_is_as_it_was();
	}
END_TEST

START_TEST(the_policy_may_refuse_every_transfer)
	{
		static const struct fixture_setup none = {
			.phones = "refer = \"reject\";"};

		fixture_start_with(&f, &none);
		call_out();
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(403));
		call_is_as_it_was();
	}
END_TEST

START_TEST(a_second_refer_waits_for_the_first)
	{
		begin();
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_watch(&f, 100);
		fixture_assert(&f, refer_got(491));
		phone_answer(&f.other);
		fixture_run_until(&f, line_ended);
		they_talk();
	}
END_TEST

START_TEST(the_provider_hangs_up_while_the_newcomer_rings)
	{
		begin();
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, other_was_cancelled);
		fixture_assert(&f, told("SIP/2.0 487"));
	}
END_TEST

/* --- to the outside ------------------------------------------------------- */

static bool backup_hears(struct fixture *x)
{
	return tone_heard(&x->backup.end.tone) > 5;
}

START_TEST(provider_to_provider_needs_a_route_that_says_so)
	{
		static const struct fixture_setup outside = {
			.routes =
				"{ from = \"phones\"; number = \"^0(\\\\d+)$\""
				"; to_number = \"\\\\1\"; to = \"acme\"; },\n"
				"{ from = \"phones\"; number = \"^9(\\\\d+)$\""
				"; to_number = \"\\\\1\"; to = \"backup\"; },"
				"\n{ from = \"acme\"; number = \"^9(\\\\d+)$\""
				"; to_number = \"\\\\1\"; to = \"backup\"; }"};

		fixture_start_with(&f, &outside);
		call_out();
		phone_refer(&f.phone, "sip:05559999@127.0.1.1", NULL);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(403));
		f.backup.end.media.codecs = "8 101";
		phone_refer(&f.phone, "sip:95559999@127.0.1.1", NULL);
		fixture_run_until(&f, line_ended);
		fixture_assert(&f, fake_seen(&f.backup.end, "INVITE") == 1);
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		fixture_run_until(&f, backup_hears);
		provider_noticed_nothing();
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
		fixture_assert(&f, itsp_hangups(&f.backup) == 1);
	}
END_TEST

/* --- calls whose media goes past us --------------------------------------- */

static bool backup_up(struct fixture *x)
{
	return itsp_is(&x->backup, FAKE_UP);
}

START_TEST(a_colleague_is_transferred_to_the_outside)
	{
		begin();
		fake_bye(line);
		fixture_run_until(&f, no_calls);
		f.other.answers_itself = true;
		line = phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		f.itsp.behaviour = ITSP_UNAVAILABLE;
		f.backup.end.media.codecs = "8 101";
		phone_refer(&f.phone, "sip:05559999@127.0.1.1", NULL);
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, backup_up);
		fixture_assert(&f,
			       fake_seen_inside(&f.other.end, "INVITE") == 1);
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, backup_hears);
		itsp_hang_up(&f.backup);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(a_transfer_that_the_colleague_cannot_follow_fails_cleanly)
	{
		begin();
		fake_bye(line);
		fixture_run_until(&f, no_calls);
		f.other.answers_itself = true;
		line = phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		f.other.refuses_reinvite = 488;
		f.itsp.behaviour = 0;
		phone_refer(&f.phone, "sip:05559999@127.0.1.1", NULL);
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 488"));
		fixture_assert(&f, line->state == FAKE_UP);
		fixture_assert(&f, phone_is(&f.other, FAKE_UP));
		fixture_run_until(&f, itsp_ended);
		fake_bye(line);
		fixture_run_until(&f, no_calls);
	}
END_TEST

/* --- passed on ------------------------------------------------------------ */

static bool itsp_was_referred_again(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "REFER") == 2;
}

START_TEST(a_refer_is_passed_on_where_the_policy_says_so)
	{
		static const struct fixture_setup forward = {
			.phones = "refer = \"forward\";"};
		char target[128];

		fixture_start_with(&f, &forward);
		call_out();
		phone_refer(&f.phone, "sip:05554444@127.0.1.1", NULL);
		fixture_run_until(&f, itsp_was_referred);
		fixture_run_until(&f, refer_answered);
		ck_assert(text_header(fake_last_message(&f.itsp.end, "REFER"),
				      "Refer-To", 0, target, sizeof(target)));
		ck_assert_ptr_nonnull(strstr(target, "sip:5554444@127.0.2.10"));
		fake_request_typed(itsp_line(&f.itsp), "NOTIFY",
				   "Event: refer\r\nSubscription-State: "
				   "terminated;reason=noresource\r\n",
				   "message/sipfrag", "SIP/2.0 200 OK\r\n");
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 200"));
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
	}
END_TEST

/* Without its own word for the end, or with a subscription that ends. */
START_TEST(a_provider_that_never_says_how_it_went_is_given_up)
	{
		static const struct fixture_setup forward = {
			.phones = "refer = \"forward\";"};

		fixture_start_with(&f, &forward);
		call_out();
		phone_refer(&f.phone, "sip:05554444@127.0.1.1", NULL);
		fixture_run_until(&f, itsp_was_referred);
		fixture_run_until(&f, refer_answered);
		if (_i == 1)
			fake_request_typed(
				itsp_line(&f.itsp), "NOTIFY",
				"Event: refer\r\nSubscription-State: "
				"active;expires=20\r\n",
				"message/sipfrag", "SIP/2.0 100 Trying\r\n");
		if (_i == 2)
			fake_request_typed(
				itsp_line(&f.itsp), "NOTIFY",
				"Event: refer\r\nSubscription-State: "
				"terminated;reason=timeout\r\n",
				"message/sipfrag", "SIP/2.0 100 Trying\r\n");
		if (_i < 2) {
			fixture_watch(&f, 100);
			fixture_assert(&f, !phone_was_told_final(&f));
			hurry(&f, _i == 1 ? 22 : 182);
		}
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 408"));
		fixture_assert(&f, both_up(&f));
		/* The next one is not in its way. */
		phone_refer(&f.phone, "sip:05553333@127.0.1.1", NULL);
		fixture_run_until(&f, itsp_was_referred_again);
	}
END_TEST

static Suite *transfer_suite(void)
{
	Suite *suite = suite_create("call_transfer");
	TCase *tests = tcase_create("call_transfer");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	T(a_blind_transfer_is_carried_out_here_and_the_provider_sees_nothing);
	T(the_newcomer_is_offered_what_the_provider_speaks);
	T(the_newcomer_is_told_who_is_calling);
	T(a_phone_that_hangs_up_after_its_refer_is_gone_and_the_rest_goes_on);
	T(the_provider_hears_something_while_the_newcomer_rings);
	T(the_provider_hears_something_also_where_a_hold_has_just_ended);
	T(refer_sub_false_gets_no_notify);
	T(a_busy_target_leaves_the_call_as_it_was);
	T(a_silent_target_leaves_the_call_as_it_was);
	T(targets_that_may_not_be_reached_are_refused);
	T(a_transfer_to_the_other_end_itself_is_a_loop);
	T(a_forged_refer_from_another_address_changes_nothing);
	T(a_refer_without_a_target_or_with_two_is_refused);
	T(the_policy_may_refuse_every_transfer);
	T(a_second_refer_waits_for_the_first);
	T(the_provider_hangs_up_while_the_newcomer_rings);
	T(provider_to_provider_needs_a_route_that_says_so);
	T(a_colleague_is_transferred_to_the_outside);
	T(a_transfer_that_the_colleague_cannot_follow_fails_cleanly);
	T(a_refer_is_passed_on_where_the_policy_says_so);
	tcase_add_loop_test(tests,
			    a_provider_that_never_says_how_it_went_is_given_up,
			    0, 3);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(transfer_suite())
