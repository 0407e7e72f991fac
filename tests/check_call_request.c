/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in a call that carry no offer: each gets exactly one answer. */
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static void call_out(void)
{
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
}

static bool options_answered(struct fixture *x)
{
	return fake_seen(&x->phone.end, "200 OPTIONS") > 0;
}

START_TEST(options_in_a_call_are_answered_and_name_what_we_take)
	{
		char allow[256];

		fixture_start(&f);
		call_out();
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
		call_out();
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
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(request_suite())
