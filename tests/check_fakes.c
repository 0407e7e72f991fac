/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fakes against each other: a phone that calls a provider directly. */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/itsp.h"
#include "tests/fakes/machine.h"
#include "tests/fakes/phone.h"

static struct phone phone;
static struct itsp itsp;

static void setup(void)
{
	struct sockaddr_in nowhere = {.sin_family = AF_INET};

	phone_open(&phone, "101", "127.0.1.10", "secret101", &nowhere);
	itsp_open(&itsp, "acme", "127.0.2.10", &phone.end.at);
	phone.end.proxy = itsp.end.at;
	phone.end.t1_ms = itsp.end.t1_ms = 50;
	phone_talk(&phone, true);
	itsp_talk(&itsp, true);
}

static void teardown(void)
{
	phone_close(&phone);
	itsp_close(&itsp);
}

typedef bool condition(void);

static void run_until(condition *met)
{
	uint64_t end = fake_now_ms() + 5000;

	while (!met()) {
		fake_step(&phone.end);
		fake_step(&itsp.end);
		if (fake_now_ms() > end) {
			fake_tell(&phone.end);
			fake_tell(&itsp.end);
			ck_abort_msg("it did not come to that");
		}
		poll(NULL, 0, 1);
	}
}

static bool both_up(void)
{
	return phone_is(&phone, FAKE_UP) && itsp_is(&itsp, FAKE_UP);
}

static bool both_hear(void)
{
	return tone_heard(&phone.end.tone) > 5 &&
	       tone_heard(&itsp.end.tone) > 5;
}

static bool both_ended(void)
{
	return phone_is(&phone, FAKE_ENDED) && itsp_is(&itsp, FAKE_ENDED);
}

static bool reinvite_answered(void)
{
	return phone_line(&phone)->reinvite_status >= 200;
}

START_TEST(a_call_stands_and_both_hear_each_other)
	{
		phone_call(&phone, "5551234");
		run_until(both_up);
		run_until(both_hear);
		ck_assert(tone_unbroken(&phone.end.tone, 0));
		phone_hang_up(&phone);
		run_until(both_ended);
		ck_assert_uint_eq(itsp_hangups(&itsp), 1);
	}
END_TEST

START_TEST(lost_messages_are_sent_again_and_counted_once)
	{
		fake_drop_next(&itsp.end, FAKE_IN, "INVITE", 2);
		fake_drop_next(&phone.end, FAKE_IN, "200 INVITE", 1);
		fake_drop_next(&itsp.end, FAKE_IN, "ACK", 1);
		phone_call(&phone, "5551234");
		run_until(both_up);
		ck_assert_uint_eq(fake_seen(&itsp.end, "INVITE"), 1);
		ck_assert_uint_eq(fake_seen(&phone.end, "200 INVITE"), 1);
		ck_assert_uint_ge(fake_seen_copies(&phone.end, "200 INVITE"),
				  2);
		ck_assert_uint_ge(itsp_line(&itsp)->acks, 1);
	}
END_TEST

START_TEST(a_hold_is_answered_and_silences_the_other_end)
	{
		phone_call(&phone, "5551234");
		run_until(both_up);
		phone_hold_as(&phone, PHONE_HOLD_INACTIVE);
		run_until(reinvite_answered);
		ck_assert_int_eq(phone_line(&phone)->reinvite_status, 200);
		ck_assert_str_eq(
			phone_line(&phone)->remote_sdp.stream[0].direction,
			"inactive");
		ck_assert(!fake_may_talk(itsp_line(&itsp)));
		phone_resume(&phone);
		run_until(reinvite_answered);
		ck_assert(fake_may_talk(itsp_line(&itsp)));
		ck_assert_uint_eq(itsp_reinvites(&itsp), 2);
	}
END_TEST

START_TEST(a_provider_that_refuses_reinvites_hangs_up)
	{
		itsp.behaviour = ITSP_REFUSES_REINVITE;
		phone_call(&phone, "5551234");
		run_until(both_up);
		phone_hold(&phone);
		run_until(both_ended);
		ck_assert_int_eq(phone_line(&phone)->reinvite_status, 488);
	}
END_TEST

static bool phone_has_487(void)
{
	return phone_line(&phone)->status == 487;
}

static bool phone_rings(void)
{
	return phone_line(&phone)->status == 180;
}

START_TEST(a_cancel_ends_a_ringing_call)
	{
		itsp.behaviour = ITSP_RINGS;
		phone_call(&phone, "5551234");
		run_until(phone_rings);
		phone_cancel(&phone);
		run_until(phone_has_487);
		ck_assert(itsp_line(&itsp)->cancel_seen);
	}
END_TEST

START_TEST(a_challenge_is_answered_with_the_strongest_it_offers)
	{
		itsp.behaviour = ITSP_CHALLENGES | ITSP_SHA256_TOO;
		itsp.secret = "secret101";
		phone_call(&phone, "5551234");
		run_until(both_up);
		ck_assert_uint_eq(itsp.admitted, 1);
		ck_assert_uint_eq(itsp.challenged, 1);
		ck_assert_ptr_nonnull(
			strstr(fake_last_message(&itsp.end, "INVITE")->raw,
			       "SHA-256"));
	}
END_TEST

static bool phone_registered(void)
{
	return phone.register_status != 0;
}

START_TEST(a_registration_is_challenged_and_accepted)
	{
		itsp.secret = "secret101";
		phone_register(&phone, 300);
		run_until(phone_registered);
		ck_assert_int_eq(phone.register_status, 200);
		ck_assert_int_eq(itsp.registers, 1);
	}
END_TEST

static bool three_branches(void)
{
	return itsp.end.calls == 3 && fake_seen(&phone.end, "200 INVITE") == 2;
}

START_TEST(a_forking_provider_answers_from_two_branches)
	{
		itsp.behaviour = ITSP_FORKS;
		phone_call(&phone, "5551234");
		run_until(three_branches);
		ck_assert_str_ne(itsp.end.call[0]->local_tag,
				 itsp.end.call[2]->local_tag);
	}
END_TEST

START_TEST(a_delayed_offer_is_answered_in_the_ack)
	{
		fake_invite_without_offer(&phone.end, "5551234");
		run_until(both_up);
		run_until(both_hear);
		ck_assert_uint_eq(itsp_line(&itsp)->remote_sdps, 1);
	}
END_TEST

START_TEST(digest_of_rfc2617_section_3_5)
	{
		static const char right[] =
			"Digest username=\"Mufasa\", "
			"realm=\"testrealm@host.com\", "
			"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
			"uri=\"/dir/index.html\", qop=auth, nc=00000001, "
			"cnonce=\"0a4f113b\", "
			"response=\"6629fae49393a05397450978507c4ef1\"";

		ck_assert(digest_right(right, "GET", "Circle Of Life"));
		ck_assert(!digest_right(right, "GET", "Circle of Life"));
	}
END_TEST

START_TEST(what_the_machine_took_is_counted_once_and_not_waited_for)
	{
		uint64_t from = fake_now_ms(), stood;

		ck_assert_uint_eq(machine_lost_ms(from, from + 500), 0);
		machine_watch();
		from = fake_now_ms();
		stood = machine_time_ms();
		/* Moments to come, which no CPU can have lost yet. */
		machine_missed(from + 1000, from + 1000 + MACHINE_LATE_MS);
		ck_assert_uint_eq(machine_lost_ms(from + 1000, from + 2000), 0);
		machine_missed(from + 1000, from + 1100);
		machine_missed(from + 1050, from + 1150);
		ck_assert_uint_eq(machine_lost_ms(from + 1000, from + 2000),
				  150 - MACHINE_LATE_MS);
		ck_assert_uint_eq(machine_lost_ms(from + 1100, from + 1120),
				  20);
		/* 145 ms, and what the CPUs lost by themselves. */
		ck_assert_uint_le(machine_time_ms() + 145,
				  stood + (fake_now_ms() - from) + 1);
		machine_end();
		ck_assert_uint_eq(machine_lost_ms(from + 1000, from + 2000), 0);
	}
END_TEST

static Suite *fakes_suite(void)
{
	Suite *suite = suite_create("fakes");
	TCase *tests = tcase_create("fakes");

	tcase_set_timeout(tests, 20);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_call_stands_and_both_hear_each_other);
	tcase_add_test(tests, lost_messages_are_sent_again_and_counted_once);
	tcase_add_test(tests, a_hold_is_answered_and_silences_the_other_end);
	tcase_add_test(tests, a_provider_that_refuses_reinvites_hangs_up);
	tcase_add_test(tests, a_cancel_ends_a_ringing_call);
	tcase_add_test(tests,
		       a_challenge_is_answered_with_the_strongest_it_offers);
	tcase_add_test(tests, a_registration_is_challenged_and_accepted);
	tcase_add_test(tests, a_forking_provider_answers_from_two_branches);
	tcase_add_test(tests, a_delayed_offer_is_answered_in_the_ack);
	tcase_add_test(tests, digest_of_rfc2617_section_3_5);
	tcase_add_test(
		tests,
		what_the_machine_took_is_counted_once_and_not_waited_for);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(fakes_suite())
