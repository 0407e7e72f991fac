/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in a call that carry no offer: each gets exactly one answer. */
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static bool options_answered(struct fixture *x)
{
	return fake_seen(&x->phone.end, "200 OPTIONS") > 0;
}

START_TEST(options_in_a_call_are_answered_and_name_what_we_take)
	{
		char allow[256];

		fixture_start(&f);
		fixture_call_out(&f);
		fake_request(phone_line(&f.phone), "OPTIONS", NULL, NULL);
		fixture_run_until(&f, options_answered);
		ck_assert(text_header(
			fake_last_message(&f.phone.end, "200 OPTIONS"), "Allow",
			0, allow, sizeof(allow)));
		ck_assert_ptr_nonnull(strstr(allow, "REFER"));
		ck_assert_ptr_nonnull(strstr(allow, "INFO"));
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "OPTIONS"), 0);
	}
END_TEST

static bool too_large(struct fixture *x)
{
	return fake_seen(&x->phone.end, "413 INFO") > 0;
}

START_TEST(a_body_that_is_too_long_is_refused_and_the_call_goes_on)
	{
		static char body[6000];

		memset(body, 'x', sizeof(body) - 1);
		fixture_start(&f);
		fixture_call_out(&f);
		fake_request(phone_line(&f.phone), "INFO", NULL, body);
		fixture_run_until(&f, too_large);
		fixture_assert(&f, both_up(&f));
		fixture_run_until(&f, both_hear);
	}
END_TEST

static bool refer_refused(struct fixture *x)
{
	return fake_seen(&x->phone.end, "403 REFER") > 0;
}

START_TEST(a_refer_outside_of_any_call_is_refused)
	{
		fixture_start(&f);
		fake_send_request(&f.phone.end, "REFER", "sip:102@127.0.1.1",
				  "<sip:101@127.0.1.1>;tag=x",
				  "<sip:102@127.0.1.1>", "refer-1@127.0.1.10",
				  1, "Refer-To: <sip:05551234@127.0.1.1>\r\n",
				  NULL);
		fixture_run_until(&f, refer_refused);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
	}
END_TEST

static bool notify_refused(struct fixture *x)
{
	return fake_seen(&x->phone.end, "481 NOTIFY") > 0;
}

START_TEST(a_notify_outside_of_any_subscription_is_refused)
	{
		fixture_start(&f);
		fake_send_request(&f.phone.end, "NOTIFY", "sip:101@127.0.1.1",
				  "<sip:101@127.0.1.1>;tag=x",
				  "<sip:101@127.0.1.1>", "notify-1@127.0.1.10",
				  1, "Event: refer\r\n", NULL);
		fixture_run_until(&f, notify_refused);
	}
END_TEST

/* --- INFO and MESSAGE -------------------------------------------------------
 */

static unsigned got(const struct fake *fake, const char *label)
{
	return fake_seen(fake, label);
}

static bool phone_info_done(struct fixture *x)
{
	for (unsigned i = 0; i < x->phone.end.records; i++) {
		const struct fake_record *r = &x->phone.end.record[i];

		if (r->way == FAKE_IN && !r->message.request &&
		    r->message.status >= 200 &&
		    (!strcmp(r->message.method, "INFO") ||
		     !strcmp(r->message.method, "MESSAGE")))
			return true;
	}
	return false;
}

START_TEST(a_message_is_passed_on_where_the_policy_says_so)
	{
		static const struct fixture_setup passing = {
			.acme = "info = \"pass\";\n"};

		fixture_start_with(&f, &passing);
		fixture_call_out(&f);
		fake_request_typed(phone_line(&f.phone), "MESSAGE", NULL,
				   "text/plain", "hello there");
		fixture_run_until(&f, phone_info_done);
		ck_assert_uint_eq(got(&f.phone.end, "200 MESSAGE"), 1);
		ck_assert_uint_eq(fake_seen_inside(&f.itsp.end, "MESSAGE"), 1);
		ck_assert_str_eq(
			fake_last_message(&f.itsp.end, "MESSAGE")->body,
			"hello there");
		fixture_assert(&f, nothing_of_the_inside_outside(&f));
		ck_assert_status(&f, "event=call-request cause=passed");
	}
END_TEST

START_TEST(an_info_is_answered_here_for_a_provider)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		fake_request_typed(phone_line(&f.phone), "INFO", NULL,
				   "application/media_control+xml", "<x/>");
		fixture_run_until(&f, phone_info_done);
		ck_assert_uint_eq(got(&f.phone.end, "200 INFO"), 1);
		ck_assert_uint_eq(got(&f.itsp.end, "INFO"), 0);
	}
END_TEST

START_TEST(an_info_is_refused_where_the_policy_says_so)
	{
		static const struct fixture_setup refusing = {
			.acme = "info = \"reject\";\n"};

		fixture_start_with(&f, &refusing);
		fixture_call_out(&f);
		fake_request_typed(phone_line(&f.phone), "INFO", NULL,
				   "text/plain", "x");
		fixture_run_until(&f, phone_info_done);
		ck_assert_uint_eq(got(&f.phone.end, "403 INFO"), 1);
		ck_assert_uint_eq(got(&f.itsp.end, "INFO"), 0);
		fixture_assert(&f, both_up(&f));
	}
END_TEST

START_TEST(a_type_that_nobody_allowed_is_415)
	{
		static const struct fixture_setup passing = {
			.acme = "info = \"pass\";\n"};

		fixture_start_with(&f, &passing);
		fixture_call_out(&f);
		fake_request_typed(phone_line(&f.phone), "INFO", NULL,
				   "application/octet-stream", "127.0.1.10");
		fixture_run_until(&f, phone_info_done);
		ck_assert_uint_eq(got(&f.phone.end, "415 INFO"), 1);
		ck_assert_uint_eq(got(&f.itsp.end, "INFO"), 0);
	}
END_TEST

static bool itsp_has_six_finals(struct fixture *x)
{
	return fake_seen(&x->itsp.end, "500 INFO") == 2 &&
	       fake_seen(&x->itsp.end, "200 INFO") == 4;
}

static bool itsp_was_refused_twice(struct fixture *x)
{
	return fake_seen(&x->itsp.end, "500 INFO") == 2;
}

START_TEST(only_a_few_wait_and_each_gets_one_answer)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		f.phone.silent = true;
		for (int i = 0; i < 6; i++)
			fake_request_typed(itsp_line(&f.itsp), "INFO", NULL,
					   "text/plain", "x");
		fixture_run_until(&f, itsp_was_refused_twice);
		ck_assert_uint_eq(got(&f.phone.end, "INFO"), 4);
		for (unsigned i = 0; i < 4; i++)
			fake_reply(&f.phone.end,
				   fake_message(&f.phone.end, "INFO", i), 200,
				   NULL);
		fixture_run_until(&f, itsp_has_six_finals);
		fixture_assert(&f, both_up(&f));
	}
END_TEST

/* --- key presses -------------------------------------------------------------
 */

static unsigned events_heard(const struct tone *tone, uint8_t digit)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tone->ins; i++)
		count += !tone->in[i].rtcp && tone->in[i].payload_type == 101 &&
			 tone->in[i].bytes[12] == digit;
	return count;
}

static bool itsp_heard_five(struct fixture *x)
{
	return events_heard(&x->itsp.end.tone, 5) >= 3;
}

static void press_by_info(void)
{
	fake_request_typed(phone_line(&f.phone), "INFO", NULL,
			   "application/dtmf-relay",
			   "Signal=5\r\nDuration=100\r\n");
	fixture_run_until(&f, phone_info_done);
	ck_assert_uint_eq(got(&f.phone.end, "200 INFO"), 1);
}

START_TEST(a_key_by_info_becomes_an_event_where_that_was_agreed)
	{
		fixture_start(&f);
		f.itsp.end.media.codecs = "8 101";
		fixture_talk_out(&f);
		press_by_info();
		fixture_run_until(&f, itsp_heard_five);
		ck_assert_uint_eq(got(&f.itsp.end, "INFO"), 0);
	}
END_TEST

static bool itsp_has_info(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "INFO") == 1;
}

static void itsp_was_told_five(void)
{
	const struct text_message *info;

	fixture_run_until(&f, itsp_has_info);
	info = fake_last_message(&f.itsp.end, "INFO");
	ck_assert_ptr_nonnull(strstr(info->body, "Signal=5\r\n"));
}

START_TEST(a_key_by_info_stays_one_where_no_event_was_agreed)
	{
		fixture_start(&f);
		f.itsp.end.media.codecs = "8";
		fixture_talk_out(&f);
		press_by_info();
		itsp_was_told_five();
	}
END_TEST

START_TEST(a_key_heard_as_an_event_is_told_by_info_where_the_policy_says_so)
	{
		static const struct fixture_setup info = {
			.acme = "dtmf = \"info\";\n"};
		uint8_t packet[16] = {0x80, 0x80 | 101, 0,    1,    0,	  0,
				      0,    1,		0xca, 0xfe, 0xba, 0xbe,
				      5,    10,		0,    160};

		fixture_start_with(&f, &info);
		f.itsp.end.media.codecs = "8 101";
		fixture_talk_out(&f);
		phone_talk(&f.phone, false);
		for (unsigned i = 0; i < 5; i++) {
			packet[3]++;
			packet[14] = (uint8_t)((i + 1) * 160 >> 8);
			packet[15] = (uint8_t)((i + 1) * 160);
			tone_send(&f.phone.end.tone, packet, sizeof(packet));
			packet[1] = 101;
			fixture_watch(&f, 20);
		}
		packet[13] |= 0x80;
		for (unsigned i = 0; i < 3; i++) {
			packet[3]++;
			tone_send(&f.phone.end.tone, packet, sizeof(packet));
		}
		itsp_was_told_five();
		ck_assert_uint_eq(events_heard(&f.itsp.end.tone, 5), 0);
	}
END_TEST

START_TEST(what_is_no_key_is_refused)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		fake_request_typed(phone_line(&f.phone), "INFO", NULL,
				   "application/dtmf-relay", "Signal=99");
		fixture_run_until(&f, phone_info_done);
		ck_assert_uint_eq(got(&f.phone.end, "400 INFO"), 1);
		ck_assert_status(&f, "event=call-request cause=not-forwarded");
		ck_assert_uint_eq(fixture_status_count(&f, "cause=key"), 0);
		fixture_assert(&f, both_up(&f));
	}
END_TEST

static Suite *request_suite(void)
{
	Suite *suite = suite_create("call_request");
	TCase *tests = tcase_create("call_request");

	fixture_around(tests, &f);
	tcase_add_test(tests,
		       options_in_a_call_are_answered_and_name_what_we_take);
	tcase_add_test(tests,
		       a_body_that_is_too_long_is_refused_and_the_call_goes_on);
	tcase_add_test(tests, a_refer_outside_of_any_call_is_refused);
	tcase_add_test(tests, a_notify_outside_of_any_subscription_is_refused);
	tcase_add_test(tests, a_message_is_passed_on_where_the_policy_says_so);
	tcase_add_test(tests, an_info_is_answered_here_for_a_provider);
	tcase_add_test(tests, an_info_is_refused_where_the_policy_says_so);
	tcase_add_test(tests, a_type_that_nobody_allowed_is_415);
	tcase_add_test(tests, only_a_few_wait_and_each_gets_one_answer);
	tcase_add_test(tests,
		       a_key_by_info_becomes_an_event_where_that_was_agreed);
	tcase_add_test(tests,
		       a_key_by_info_stays_one_where_no_event_was_agreed);
	tcase_add_test(
		tests,
		a_key_heard_as_an_event_is_told_by_info_where_the_policy_says_so);
	tcase_add_test(tests, what_is_no_key_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(request_suite())
