/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A 3xx: whoever redirects is followed by our routes, or not at all.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static bool backup_up(struct fixture *x)
{
	return itsp_is(&x->backup, FAKE_UP);
}

START_TEST(a_phone_that_redirects_is_followed_by_our_routes)
	{
		fixture_start(&f);
		f.other.redirects_to = "sip:05554444@127.0.1.1";
		phone_call(&f.phone, "102");
		fixture_run_until(&f, both_up);
		ck_assert_int_eq(
			strncmp(fake_message(&f.itsp.end, "INVITE", 0)->uri,
				"sip:5554444@", 12),
			0);
		ck_assert_status(&f, "event=call-redirected number=05554444");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_phone_that_redirects_to_itself_is_asked_once)
	{
		fixture_start(&f);
		f.other.redirects_to = "sip:102@127.0.1.1";
		phone_call(&f.phone, "102");
		fixture_run_until(&f, phone_ended);
		ck_assert_int_eq(phone_line(&f.phone)->status, 502);
		ck_assert_uint_eq(fake_seen(&f.other.end, "INVITE"), 1);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(a_redirect_leads_no_provider_to_a_provider)
	{
		fixture_start(&f);
		f.other.redirects_to = "sip:05554444@127.0.1.1";
		itsp_call(&f.itsp, "442079460102");
		fixture_run_until(&f, itsp_ended);
		ck_assert_int_eq(itsp_line(&f.itsp)->status, 502);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
		ck_assert_uint_eq(fake_seen(&f.backup.end, "INVITE"), 0);
	}
END_TEST

START_TEST(a_providers_redirect_is_a_refusal_unless_the_policy_says_follow)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_REDIRECTS;
		snprintf(f.itsp.redirect_to, sizeof(f.itsp.redirect_to),
			 "sip:442079460102@127.0.2.1");
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, backup_up);
		ck_assert_uint_eq(fake_seen(&f.other.end, "INVITE"), 0);
	}
END_TEST

START_TEST(a_providers_redirect_is_followed_where_the_policy_says_so)
	{
		static const struct fixture_setup follow = {
			.acme = "redirect = \"follow\";\n"};

		fixture_start_with(&f, &follow);
		f.itsp.behaviour = ITSP_REDIRECTS;
		snprintf(f.itsp.redirect_to, sizeof(f.itsp.redirect_to),
			 "sip:442079460102@127.0.2.1");
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, other_is_ringing);
		ck_assert_uint_eq(fake_seen(&f.backup.end, "INVITE"), 0);
	}
END_TEST

static unsigned hops;
static struct fake_hooks before;

/* Each time to a number that it was not asked for yet. */
static bool sends_on_and_on(struct fake *fake, struct fake_call *call,
			    const struct text_message *request)
{
	char contact[80];

	if (strcmp(request->method, "INVITE") != 0)
		return before.request(fake, call, request);
	snprintf(contact, sizeof(contact), "Contact: <sip:0555%u@%s>\r\n",
		 ++hops, fake->host);
	fake_reply(fake, request, 302, contact);
	return true;
}

START_TEST(five_redirects_are_followed_and_no_more)
	{
		static const struct fixture_setup follow = {
			.acme = "redirect = \"follow\";\n",
			.routes = "{ from = [\"phones\", \"acme\"]; "
				  "number = \"^0\\\\d+$\"; to = [\"acme\"]; }"};

		fixture_start_with(&f, &follow);
		hops = 0;
		before = f.itsp.end.hooks;
		f.itsp.end.hooks.request = sends_on_and_on;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 502);
		ck_assert_uint_eq(hops, 6);
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=call-redirected"), 5);
		fixture_run_until(&f, no_calls);
	}
END_TEST

static Suite *redirect_suite(void)
{
	Suite *suite = suite_create("call_redirect");
	TCase *tests = tcase_create("call_redirect");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	T(a_phone_that_redirects_is_followed_by_our_routes);
	T(a_phone_that_redirects_to_itself_is_asked_once);
	T(a_redirect_leads_no_provider_to_a_provider);
	T(a_providers_redirect_is_a_refusal_unless_the_policy_says_follow);
	T(a_providers_redirect_is_followed_where_the_policy_says_so);
	T(five_redirects_are_followed_and_no_more);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(redirect_suite())
