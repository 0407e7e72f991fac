/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A provider that asks for a digest in mid-call: every request of ours is
 * repeated with one, each with its own count of tries.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"

static struct fixture f;

#define ACCOUNT "username = \"442079460101\"; password = \"hush\";\n"

static void begin(const char *acme, const char *phones)
{
	struct fixture_setup setup = {.acme = acme, .phones = phones};

	fixture_start_with(&f, &setup);
	f.itsp.behaviour = ITSP_CHALLENGES_INSIDE;
	f.itsp.secret = "hush";
}

static bool itsp_was_pracked(struct fixture *x)
{
	return x->itsp.pracks == 2;
}

START_TEST(a_prack_that_is_challenged_is_sent_with_a_digest)
	{
		begin(ACCOUNT, NULL);
		f.itsp.reliable = true;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, itsp_was_pracked);
		fixture_run_until(&f, both_up);
		ck_assert_uint_eq(f.itsp.challenged, 2);
		fixture_run_until(&f, both_hear);
	}
END_TEST

static bool itsp_was_asked_twice(struct fixture *x)
{
	return x->itsp.admitted == 1;
}

START_TEST(an_update_that_is_challenged_is_sent_with_a_digest)
	{
		begin(ACCOUNT "update = \"forward\";", NULL);
		f.itsp.end.ok_lines = "Require: timer\r\n"
				      "Session-Expires: 90;refresher=uac\r\n";
		fixture_call_out(&f);
		hurry(&f, 50);
		fixture_run_until(&f, itsp_was_asked_twice);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 2);
		hurry(&f, 50);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(a_bye_that_is_challenged_is_sent_with_a_digest)
	{
		begin(ACCOUNT, NULL);
		fixture_call_out(&f);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(f.itsp.challenged, 1);
		ck_assert_uint_eq(f.itsp.admitted, 1);
	}
END_TEST

START_TEST(a_refer_that_is_challenged_is_sent_with_a_digest)
	{
		begin(ACCOUNT, "refer = \"forward\";");
		fixture_call_out(&f);
		phone_refer(&f.phone, "sip:05554444@127.0.1.1", NULL);
		fixture_run_until(&f, itsp_was_asked_twice);
		ck_assert_uint_eq(fake_seen_inside(&f.itsp.end, "REFER"), 2);
	}
END_TEST

static unsigned infos_done(struct fixture *x)
{
	return fake_seen(&x->phone.end, "200 INFO");
}

static bool four_infos_done(struct fixture *x)
{
	return infos_done(x) == 4;
}

/* Four at a time: none of them takes the tries of another. */
START_TEST(infos_that_are_challenged_at_once_all_arrive)
	{
		begin(ACCOUNT "info = \"pass\";", NULL);
		fixture_call_out(&f);
		for (unsigned i = 0; i < 4; i++)
			fake_request_typed(phone_line(&f.phone), "INFO", NULL,
					   "application/media_control+xml",
					   "<x/>");
		fixture_run_until(&f, four_infos_done);
		ck_assert_uint_eq(f.itsp.challenged, 4);
		ck_assert_uint_eq(f.itsp.admitted, 4);
		ck_assert(both_up(&f));
	}
END_TEST

static bool info_refused(struct fixture *x)
{
	return fake_seen(&x->phone.end, "407 INFO") +
		       fake_seen(&x->phone.end, "403 INFO") +
		       fake_seen(&x->phone.end, "500 INFO") >
	       0;
}

START_TEST(a_wrong_password_is_not_tried_again_and_again)
	{
		begin("username = \"442079460101\"; password = \"wrong\";\n"
		      "info = \"pass\";",
		      NULL);
		fixture_call_out(&f);
		fake_request_typed(phone_line(&f.phone), "INFO", NULL,
				   "application/media_control+xml", "<x/>");
		fixture_run_until(&f, info_refused);
		ck_assert_uint_le(fake_seen_inside(&f.itsp.end, "INFO"), 3);
		ck_assert(both_up(&f));
	}
END_TEST

static Suite *challenge_suite(void)
{
	Suite *suite = suite_create("call_challenge");
	TCase *tests = tcase_create("call_challenge");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	T(a_prack_that_is_challenged_is_sent_with_a_digest);
	T(an_update_that_is_challenged_is_sent_with_a_digest);
	T(a_bye_that_is_challenged_is_sent_with_a_digest);
	T(a_refer_that_is_challenged_is_sent_with_a_digest);
	T(infos_that_are_challenged_at_once_all_arrive);
	T(a_wrong_password_is_not_tried_again_and_again);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(challenge_suite())
