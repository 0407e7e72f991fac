/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A caller whose INVITE has no offer: who makes one (`delayed_offer`). */
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static void dial(const char *acme, const char *itsp_codecs)
{
	const struct fixture_setup setup = {.acme = acme};

	fixture_start_with(&f, &setup);
	f.itsp.end.media.codecs = itsp_codecs;
	fake_invite_without_offer(&f.phone.end, "05551234");
}

START_TEST(an_offer_is_made_early_by_default)
	{
		dial(NULL, "8 101");
		fixture_run_until(&f, both_up);
		ck_assert_ptr_nonnull(
			strstr(itsp_got(&f.itsp, "INVITE")->body, "m="));
		ck_assert_str_eq(itsp_got(&f.itsp, "ACK")->body, "");
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(a_kept_one_is_asked_of_the_peer_and_answered_in_the_ack)
	{
		struct text_sdp answer;

		dial("delayed_offer = \"keep\";", "8 0 101");
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(itsp_got(&f.itsp, "INVITE")->body, "");
		ck_assert(!fake_saw_text(&f.itsp.end, "100rel"));
		ck_assert_int_eq(text_sdp(&answer, itsp_got(&f.itsp, "ACK")),
				 0);
		ck_assert_str_eq(answer.stream[0].formats, "8 101");
		ck_assert_str_eq(answer.stream[0].address, "127.0.2.1");
		/* The caller is offered just that. */
		ck_assert_str_eq(
			phone_line(&f.phone)->remote_sdp.stream[0].formats,
			"8 101");
		fixture_run_until(&f, both_hear);
		ck_assert(nothing_of_the_inside_outside(&f));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(each_copy_of_its_200_gets_the_same_ack)
	{
		dial("delayed_offer = \"keep\";", "8 101");
		fake_drop_next(&f.itsp.end, FAKE_IN, "ACK", 1);
		fixture_run_until(&f, both_up);
		ck_assert_ptr_nonnull(
			strstr(itsp_got(&f.itsp, "ACK")->body, "m="));
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(a_hold_after_it_is_an_offer_as_any_other)
	{
		dial("delayed_offer = \"keep\";", "8 101");
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(phone_line(&f.phone)->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
	}
END_TEST

START_TEST(without_a_common_codec_it_is_refused_on_both_sides)
	{
		dial("delayed_offer = \"keep\"; codecs = [ \"PCMA\" ];", "0");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 488);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(an_offer_in_the_invite_is_passed_on_all_the_same)
	{
		static const struct fixture_setup keep = {
			.acme = "delayed_offer = \"keep\";"};

		fixture_start_with(&f, &keep);
		fixture_call_out(&f);
		ck_assert_ptr_nonnull(
			strstr(itsp_got(&f.itsp, "INVITE")->body, "m="));
		ck_assert_str_eq(itsp_got(&f.itsp, "ACK")->body, "");
		fixture_run_until(&f, both_hear);
	}
END_TEST

static Suite *call_delayed_suite(void)
{
	Suite *suite = suite_create("call_delayed");
	TCase *tests = tcase_create("delayed");

	fixture_around(tests, &f);
	tcase_add_test(tests, an_offer_is_made_early_by_default);
	tcase_add_test(tests,
		       a_kept_one_is_asked_of_the_peer_and_answered_in_the_ack);
	tcase_add_test(tests, each_copy_of_its_200_gets_the_same_ack);
	tcase_add_test(tests, a_hold_after_it_is_an_offer_as_any_other);
	tcase_add_test(tests,
		       without_a_common_codec_it_is_refused_on_both_sides);
	tcase_add_test(tests, an_offer_in_the_invite_is_passed_on_all_the_same);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(call_delayed_suite())
