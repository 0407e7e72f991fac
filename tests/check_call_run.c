/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an administrator does while calls are up: hang up, reload, drain, end.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/crypt.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static void begin(void)
{
	fixture_start(&f);
	fixture_talk_out(&f);
}

START_TEST(a_call_hung_up_here_ends_on_both_sides)
	{
		begin();
		ck_assert_int_eq(agent_hangup(f.agent, "no-such-call"),
				 -ENOENT);
		ck_assert_int_eq(agent_hangup(f.agent, fixture_call_id(&f)), 0);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "BYE"), 1);
	}
END_TEST

static bool nobody_rings(struct fixture *x)
{
	return phone_is(&x->phone, FAKE_ENDED) &&
	       itsp_is(&x->itsp, FAKE_ENDED) && no_calls(x);
}

START_TEST(a_ringing_call_hung_up_here_ends_on_both_sides)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_RINGS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rings_back);
		ck_assert_int_eq(agent_hangup(f.agent, fixture_call_id(&f)), 0);
		fixture_run_until(&f, nobody_rings);
		fixture_assert(&f, itsp_line(&f.itsp)->cancel_seen);
		ck_assert_int_ge(phone_line(&f.phone)->status, 400);
	}
END_TEST

static void reload(int expected)
{
	char *why = NULL;
	int result = agent_reload(f.agent, &why);

	if (result != expected)
		fprintf(stderr, "# reload: %d %s\n", result, why ? why : "");
	ck_assert_int_eq(result, expected);
	free(why);
}

static void both_still_hear(void)
{
	fixture_hear(&f, &f.phone.end, 6);
	fixture_hear(&f, &f.itsp.end, 6);
}

START_TEST(a_reload_does_not_touch_a_call)
	{
		begin();
		reload(0);
		both_still_hear();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(phone_line(&f.phone)->reinvite_status, 200);
		reload(0);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(the_library_of_srtp_starts_with_the_policy_that_needs_it)
	{
		struct fixture_setup setup = {.acme = "srtp = \"pass\";"};

		fixture_start_with(&f, &setup);
		ck_assert_msg(!crypt_is_replaced(), "nobody needs it");
		setup.acme = "srtp = \"optional\";";
		fixture_write(&f, &setup);
		reload(0);
		media_engine_prepared(f.agent->media);
		ck_assert_msg(crypt_is_replaced(), "before any call");
	}
END_TEST

START_TEST(the_library_of_srtp_starts_with_the_program)
	{
		fixture_start_with(&f, &(struct fixture_setup){
					       .phones = "srtp = \"sdes\";",
					       .unregistered = true});
		ck_assert_msg(crypt_is_replaced(), "when it is ready");
	}
END_TEST

START_TEST(a_reload_changes_where_the_next_call_goes)
	{
		static const struct fixture_setup other_way = {
			.routes = "{ from = \"phones\"; number = "
				  "\"^0(\\\\d+)$\"; "
				  "to_number = \"\\\\1\"; to = [ \"backup\" ]; "
				  "}"};

		begin();
		fixture_write(&f, &other_way);
		reload(0);
		both_still_hear();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_up_by_backup);
	}
END_TEST

START_TEST(a_broken_file_changes_nothing)
	{
		static const struct fixture_setup broken = {
			.acme = "reinvite = \"supress\";"};

		begin();
		fixture_write(&f, &broken);
		reload(-EINVAL);
		both_still_hear();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		fixture_call_out(&f);
	}
END_TEST

START_TEST(phones_stay_registered_over_a_reload)
	{
		fixture_start(&f);
		reload(0);
		f.phone.answers_itself = true;
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, both_up);
	}
END_TEST

START_TEST(a_draining_agent_takes_no_calls_and_keeps_the_ones_it_has)
	{
		begin();
		agent_drain(f.agent);
		phone_call(&f.other, "05555678");
		fixture_run_until(&f, other_ended);
		ck_assert_int_eq(phone_line(&f.other)->status, 503);
		ck_assert_status(&f, "event=call-refused number=05555678");
		ck_assert_status(&f, "status=503 cause=draining");
		both_still_hear();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(phone_line(&f.phone)->reinvite_status, 200);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

static bool everybody_ended(struct fixture *x)
{
	return phone_is(&x->phone, FAKE_ENDED) &&
	       itsp_is(&x->itsp, FAKE_ENDED) && x->agent->calls_count == 0;
}

START_TEST(the_end_of_the_program_says_bye_to_everybody)
	{
		begin();
		agent_end(f.agent);
		fixture_run_until_in(&f, 5000, everybody_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "BYE"), 1);
		ck_assert_status(&f, "event=call-end");
	}
END_TEST

START_TEST(the_end_of_the_program_stops_the_ringing)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_RINGS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rings_back);
		agent_end(f.agent);
		fixture_run_until_in(&f, 5000, everybody_ended);
		fixture_assert(&f, itsp_line(&f.itsp)->cancel_seen);
	}
END_TEST

START_TEST(a_program_freed_in_the_middle_of_a_call_leaks_nothing)
	{
		fixture_start(&f);
		f.itsp.behaviour = _i ? ITSP_RINGS : ITSP_ANSWERS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rings_back);
		fixture_watch(&f, 50);
	}
END_TEST

static bool call_is_gone(struct fixture *x)
{
	return no_calls(x);
}

START_TEST(a_call_without_media_ends_by_itself)
	{
		static const struct fixture_setup hasty = {
			.acme = "media_timeout = \"1s\";",
			.phones = "media_timeout = \"1s\";"};

		fixture_start_with(&f, &hasty);
		fixture_talk_out(&f);
		phone_talk(&f.phone, false);
		itsp_talk(&f.itsp, false);
		fixture_run_until(&f, call_is_gone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(the_status_log_tells_the_story_of_a_call)
	{
		char words[64];

		begin();
		snprintf(words, sizeof(words), "call=%s", fixture_call_id(&f));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_ge(fixture_status_count(&f, words), 2);
		snprintf(words + strlen(words), sizeof(words) - strlen(words),
			 " event=call-end");
		ck_assert_uint_eq(fixture_status_count(&f, words), 1);
	}
END_TEST

/* sallyport-status(5), `to`: as its peer was asked for it, if one answered. */
START_TEST(the_end_of_a_call_names_who_answered)
	{
		begin();
		ck_assert_status(&f, " event=call-start from=101 to=05551234 ");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_status(&f, " event=call-end from=101 to=5551234 "
				     "peer_a=phones peer_b=acme ");
	}
END_TEST

START_TEST(the_end_of_a_call_that_nobody_answered_names_what_was_asked_for)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_BUSY;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		ck_assert_status(&f, " event=call-end from=101 to=05551234 "
				     "peer_a=phones peer_b=\"\" ");
	}
END_TEST

START_TEST(the_program_runs_without_its_store)
	{
		static const struct fixture_setup nowhere = {
			.store = "/proc/sallyport/no.db"};

		fixture_start_with(&f, &nowhere);
		ck_assert_status(&f, "event=store-trouble");
		ck_assert_ptr_null(f.agent->store);
		fixture_talk_out(&f);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

/* --- connections -----------------------------------------------------------
 */

#define MOST 20 /* limits.tcp_per_address */

static int flood[MOST + 10];

static unsigned flood_alive(void)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < MOST + 10; i++) {
		char byte;

		alive += recv(flood[i], &byte, 1, MSG_DONTWAIT) < 0;
	}
	return alive;
}

static bool flood_is_trimmed(struct fixture *x)
{
	(void)x;
	return flood_alive() <= MOST;
}

START_TEST(too_many_connections_of_one_address_are_ended_at_once)
	{
		struct sockaddr_in from = {.sin_family = AF_INET};

		fixture_start(&f);
		inet_pton(AF_INET, "127.0.1.66", &from.sin_addr);
		for (unsigned i = 0; i < MOST + 10; i++) {
			flood[i] = socket(AF_INET, SOCK_STREAM, 0);
			ck_assert_int_eq(bind(flood[i],
					      (struct sockaddr *)&from,
					      sizeof(from)),
					 0);
			ck_assert_int_eq(connect(flood[i],
						 (struct sockaddr *)&f.lan,
						 sizeof(f.lan)),
					 0);
		}
		/* Well before the look that comes every 5 s. */
		fixture_run_until_in(&f, 1000, flood_is_trimmed);
		ck_assert_uint_eq(flood_alive(), MOST);
		for (unsigned i = 0; i < MOST + 10; i++)
			close(flood[i]);
	}
END_TEST

static Suite *run_suite(void)
{
	Suite *suite = suite_create("call_run");
	TCase *tests = tcase_create("run");

	fixture_around(tests, &f);
	tcase_add_test(tests, a_call_hung_up_here_ends_on_both_sides);
	tcase_add_test(tests, a_ringing_call_hung_up_here_ends_on_both_sides);
	tcase_add_test(tests, a_reload_does_not_touch_a_call);
	tcase_add_test(
		tests,
		the_library_of_srtp_starts_with_the_policy_that_needs_it);
	tcase_add_test(tests, the_library_of_srtp_starts_with_the_program);
	tcase_add_test(tests, a_reload_changes_where_the_next_call_goes);
	tcase_add_test(tests, a_broken_file_changes_nothing);
	tcase_add_test(tests, phones_stay_registered_over_a_reload);
	tcase_add_test(
		tests,
		a_draining_agent_takes_no_calls_and_keeps_the_ones_it_has);
	tcase_add_test(tests, the_end_of_the_program_says_bye_to_everybody);
	tcase_add_test(tests, the_end_of_the_program_stops_the_ringing);
	tcase_add_loop_test(
		tests, a_program_freed_in_the_middle_of_a_call_leaks_nothing, 0,
		2);
	tcase_add_test(tests, a_call_without_media_ends_by_itself);
	tcase_add_test(tests, the_status_log_tells_the_story_of_a_call);
	tcase_add_test(tests, the_end_of_a_call_names_who_answered);
	tcase_add_test(
		tests,
		the_end_of_a_call_that_nobody_answered_names_what_was_asked_for);
	tcase_add_test(tests, the_program_runs_without_its_store);
	tcase_add_test(tests,
		       too_many_connections_of_one_address_are_ended_at_once);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(run_suite())
