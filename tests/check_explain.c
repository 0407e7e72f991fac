/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole calls, explained: what sallyctl explain and sallyctl learned say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/learn.h"
#include "sbc/control/ctl_show.h"
#include "sbc/report/status.h"
#include "sbc/report/story.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;
static struct show show;
static char id[20];

static void teardown(void)
{
	show_clear(&show);
}

static const char *explain(const char *call, bool json)
{
	show_clear(&show);
	show.json = json;
	fixture_assert(&f, !ctl_show_explain(&show, call));
	show_raw(&show, "\n");
	return show.text;
}

/* The text that is said of the call has these words. */
#define ck_assert_says(call, words)                                      \
	do {                                                             \
		const char *said_ = explain(call, false);                \
		if (!strstr(said_, words)) {                             \
			fixture_tell(&f);                                \
			ck_abort_msg("no \"%s\" in:\n%s", words, said_); \
		}                                                        \
	} while (0)

#define ck_assert_says_not(call, words)                               \
	do {                                                          \
		const char *said_ = explain(call, false);             \
		if (strstr(said_, words))                             \
			ck_abort_msg("\"%s\" in:\n%s", words, said_); \
	} while (0)

static void call_out(void)
{
	fixture_call_out(&f);
	strcpy(id, fixture_call_id(&f));
}

static bool is_ended(struct fixture *x)
{
	const struct story *story = story_find(id);

	(void)x;
	return story && story->ended;
}

static bool newest_is_ended(struct fixture *x)
{
	(void)x;
	return story_newest() && story_newest()->ended;
}

START_TEST(a_good_call_is_told_from_beginning_to_end)
	{
		fixture_start(&f);
		call_out();
		fixture_run_until(&f, both_hear);
		ck_assert_says(id, "state              established\n");
		ck_assert_says(id, "calling end        a (phones)\n");
		ck_assert_says(id, "called end         b (acme)\n");
		ck_assert_says(id, "media              relay\n");
		ck_assert_says(id, "101 of a (phones) called 05551234, from "
				   "127.0.1.10:");
		ck_assert_says(id, "Route sallyport.conf:");
		ck_assert_says(id, "asks acme first, for the number 5551234.");
		ck_assert_says(id, "b (acme) answered as 5551234 after ");
		ck_assert_says(id, "; a sends PCMA to 127.0.1.1:");
		ck_assert_says(id, "; b sends PCMA to 127.0.2.1:");
		ck_assert_says(id, "The first packet came from a (phones)");
		ck_assert_says(id, "nothing that shows here");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		fixture_run_until(&f, is_ended);
		ck_assert_says(id, "state              ended\n");
		ck_assert_says(id, "a (phones) hung up after ");
		ck_assert_says(id, "nothing that shows here");
		char *by_id = strdup(explain(id, false));
		ck_assert_str_eq(explain("last", false), by_id);
		free(by_id);
		ck_assert_ptr_nonnull(
			strstr(explain(id, true), "\"wrong\":[]"));
		ck_assert_int_eq(ctl_show_explain(&show, "nosuch"), -ENOENT);
	}
END_TEST

START_TEST(what_was_kept_from_the_provider_is_said_with_file_and_line)
	{
		static const struct fixture_setup suppress = {
			.acme = "reinvite = \"suppress\";"};

		fixture_start_with(&f, &suppress);
		call_out();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_says(id,
			       "a (phones) put the call on hold (sendonly)");
		ck_assert_says(id, "answered here and kept from b (acme), as "
				   "the policy says (acme.conf:");
		ck_assert_says(id, "from b (acme): 1 re-INVITE (policy, "
				   "acme.conf:");
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_says(id, "from b (acme): 2 re-INVITE (policy, "
				   "acme.conf:");
		ck_assert_ptr_nonnull(strstr(explain(id, true), "\"count\":2"));
	}
END_TEST

START_TEST(a_forwarded_hold_is_said)
	{
		static const struct fixture_setup forward = {
			.acme = "reinvite = \"forward\";"};

		fixture_start_with(&f, &forward);
		call_out();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_says(id, "The re-INVITE of a (phones) (change) was "
				   "passed on to b (acme), which took it "
				   "(200).");
		ck_assert_says_not(id, "What was kept from an end");
	}
END_TEST

static bool backup_rings(struct fixture *x)
{
	return fake_seen(&x->backup.end, "INVITE") > 0;
}

START_TEST(failed_candidates_are_said_with_their_reasons)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_UNAVAILABLE;
		f.backup.behaviour = ITSP_RINGS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, backup_rings);
		ck_assert_says("last", "b (acme) refused the number 5551234 "
				       "with 503");
	}
END_TEST

START_TEST(credentials_that_the_provider_does_not_take_are_said)
	{
		static const struct fixture_setup account = {
			.acme = "username = \"us\"; password = \"wrong\";",
			.backup = "username = \"us\"; password = \"wrong\";"};

		fixture_start_with(&f, &account);
		f.itsp.behaviour = f.backup.behaviour = ITSP_CHALLENGES;
		f.itsp.secret = f.backup.secret = "right";
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, newest_is_ended);
		ck_assert_says("last",
			       "b (acme) did not take our user name and "
			       "password (407)");
		ck_assert_says("last", "No candidate was left: the caller was "
				       "told 502.");
	}
END_TEST

START_TEST(silence_of_a_trunk_is_said)
	{
		static const struct fixture_setup hasty = {
			.acme = "attempt_timeout = \"1s\";"};

		fixture_start_with(&f, &hasty);
		f.itsp.behaviour = ITSP_SILENT;
		f.backup.behaviour = ITSP_RINGS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, backup_rings);
		ck_assert_says("last", "b (acme) did not answer the INVITE at "
				       "all.");
	}
END_TEST

START_TEST(codecs_that_do_not_meet_are_said)
	{
		static const struct fixture_setup only = {
			.acme = "codecs = [\"G722\"];",
			.backup = "codecs = [\"G722\"];",
			.phones = "codecs = [\"PCMA\"];"};

		fixture_start_with(&f, &only);
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, newest_is_ended);
		ck_assert_says("last", "The caller's offer had no codec that "
				       "the policy of b (acme) allows");
		ck_assert_says("last", "the caller was told 488.");
	}
END_TEST

START_TEST(ports_that_are_all_taken_are_said)
	{
		static const struct fixture_setup narrow = {
			.rtp_wan = "20000-20001"};

		fixture_start_with(&f, &narrow);
		call_out();
		phone_call(&f.other, "05559999");
		fixture_run_until(&f, newest_is_ended);
		ck_assert_says("last", "b (acme) could not be tried: all RTP "
				       "ports of the network are taken.");
		ck_assert_says("last", "rtp_ports of that network is too "
				       "small");
	}
END_TEST

START_TEST(an_end_that_falls_silent_is_said)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		strcpy(id, fixture_call_id(&f));
		ck_assert_says(id, "nothing that shows here");
		fixture_run_until(&f, both_hear);
		itsp_talk(&f.itsp, false);
		fixture_watch(&f, 5300);
		ck_assert_says(id, "No RTP from b (acme) since ");
		ck_assert_says_not(id, "No RTP from a (phones)");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, is_ended);
		ck_assert_says(id, "No RTP from b (acme) since ");
	}
END_TEST

/* Who said that it only listens, or nothing at all, is not missed. */
START_TEST(silence_that_was_agreed_is_no_trouble)
	{
		static const char *const directions[] = {"recvonly",
							 "inactive"};

		fixture_start_with(
			&f, &(struct fixture_setup){.acme = "reinvite = "
							    "\"suppress\";"});
		phone_talk(&f.phone, false);
		f.phone.end.media.direction = directions[_i % 2];
		if (_i / 2) /* in mid-call */
			f.phone.end.media.direction = "sendrecv";
		call_out();
		if (_i / 2) {
			phone_talk(&f.phone, true);
			fixture_run_until(&f, both_hear);
			phone_talk(&f.phone, false);
			phone_line(&f.phone)->media.direction =
				directions[_i % 2];
			fake_reinvite(phone_line(&f.phone));
			fixture_run_until(&f, phone_reinvite_done);
		}
		fixture_watch(&f, _i / 2 ? 5300 : 3300);
		ck_assert_says(id, "nothing that shows here");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, is_ended);
		ck_assert_says(id, "nothing that shows here");
	}
END_TEST

#define FAX(host)                                                 \
	"v=0\r\no=- 7 8 IN IP4 " host "\r\ns=-\r\nc=IN IP4 " host \
	"\r\nt=0 0\r\nm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n"

/* Who receives a page says nothing meanwhile. */
START_TEST(silence_in_a_fax_is_no_trouble)
	{
		fixture_start_with(&f, &(struct fixture_setup){
					       .acme = "reinvite = "
						       "\"forward\"; t38 = "
						       "\"forward\";"});
		call_out();
		fixture_run_until(&f, both_hear);
		itsp_line(&f.itsp)->media.instead = FAX("127.0.2.10");
		phone_line(&f.phone)->media.instead = FAX("127.0.1.10");
		fake_reinvite(phone_line(&f.phone));
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(phone_line(&f.phone)->reinvite_status, 200);
		fixture_watch(&f, 5300);
		ck_assert_says(id, "nothing that shows here");
	}
END_TEST

START_TEST(an_sdp_that_shows_another_address_is_said)
	{
		fixture_start(&f);
		f.phone.end.media.address = "192.0.2.77";
		call_out();
		ck_assert_says(id, "The SDP of a (phones) showed 192.0.2.77:");
		ck_assert_says(id, "its packets are taken from 127.0.1.10,");
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_uint_eq(fixture_status_count(&f, "event=media-nat"),
				  1);
	}
END_TEST

static bool early_media_came(struct fixture *x)
{
	return tone_heard(&x->phone.end.tone) > 0;
}

/* It has no other end yet, and an end is heard all the same. */
START_TEST(early_media_is_whose_branch_it_is)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_EARLY_MEDIA | ITSP_RINGS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, early_media_came);
		ck_assert_status(&f, "leg=b peer=acme event=call-media");
		ck_assert_says("last", "state              ringing\n");
		ck_assert_says("last", "The first packet came from b (acme), ");
		ck_assert_says_not("last", "came from Sallyport");
	}
END_TEST

START_TEST(an_end_whose_sdp_leads_nowhere_is_said)
	{
		fixture_start(&f);
		f.phone.end.media.address = "192.168.9.1";
		phone_talk(&f.phone, false);
		call_out();
		fixture_watch(&f, 3200);
		ck_assert_says(id, "The SDP of a (phones) showed 192.168.9.1:");
		ck_assert_says(id, "which is not where it signals from, and "
				   "no packet came");
	}
END_TEST

/* --- learned ------------------------------------------------------------ */

static const char *learned(bool json)
{
	show_clear(&show);
	show.json = json;
	ctl_show_learned(&show, f.agent);
	show_raw(&show, "\n");
	return show.text;
}

START_TEST(what_was_learned_is_shown_until_it_is_forgotten)
	{
		static const struct fixture_setup automatic = {
			.acme = "reinvite = \"auto\";"};

		fixture_start_with(&f, &automatic);
		ck_assert_ptr_nonnull(
			strstr(learned(true), "{\"learned\":[]}"));
		call_out();
		ck_assert(learn_refused(
			f.agent->learn,
			policy_peer_named(f.agent->policy, "acme"),
			LEARN_REINVITE, id, "re-INVITE, hold",
			"488 Not \"Here\""));
		ck_assert_ptr_nonnull(strstr(learned(false), "re-INVITE yes"));
		ck_assert_ptr_nonnull(strstr(show.text, "488 Not \"Here\""));
		ck_assert_ptr_nonnull(strstr(
			learned(true), "\"came\":\"488 Not \\\"Here\\\"\""));
		ck_assert_ptr_nonnull(strstr(show.text, "\"peer\":\"acme\""));
		ck_assert_uint_eq(learn_forget(f.agent->learn, "acme"), 1);
		ck_assert_ptr_nonnull(
			strstr(learned(true), "{\"learned\":[]}"));
	}
END_TEST

START_TEST(a_peer_with_the_longest_name_is_learned_once)
	{
		char name[65];
		const struct policy_peer peer = {.name = name,
						 .reinvite = POLICY_AUTO};

		memset(name, 'x', 64);
		name[64] = '\0';
		fixture_start(&f);
		ck_assert(learn_refused(f.agent->learn, &peer, LEARN_REINVITE,
					"1", "", ""));
		ck_assert(!learn_refused(f.agent->learn, &peer, LEARN_REINVITE,
					 "2", "", ""));
		ck_assert(!learn_allows(f.agent->learn, &peer, LEARN_REINVITE));
		ck_assert_uint_eq(learn_forget(f.agent->learn, name), 1);
	}
END_TEST

static Suite *explain_suite(void)
{
	Suite *suite = suite_create("explain");
	TCase *t = tcase_create("explain");

	fixture_around(t, &f);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, a_good_call_is_told_from_beginning_to_end);
	tcase_add_test(
		t, what_was_kept_from_the_provider_is_said_with_file_and_line);
	tcase_add_test(t, a_forwarded_hold_is_said);
	tcase_add_test(t, failed_candidates_are_said_with_their_reasons);
	tcase_add_test(t, credentials_that_the_provider_does_not_take_are_said);
	tcase_add_test(t, silence_of_a_trunk_is_said);
	tcase_add_test(t, codecs_that_do_not_meet_are_said);
	tcase_add_test(t, ports_that_are_all_taken_are_said);
	tcase_add_test(t, an_end_that_falls_silent_is_said);
	tcase_add_test(t, silence_in_a_fax_is_no_trouble);
	tcase_add_loop_test(t, silence_that_was_agreed_is_no_trouble, 0, 4);
	tcase_add_test(t, an_sdp_that_shows_another_address_is_said);
	tcase_add_test(t, early_media_is_whose_branch_it_is);
	tcase_add_test(t, an_end_whose_sdp_leads_nowhere_is_said);
	tcase_add_test(t, what_was_learned_is_shown_until_it_is_forgotten);
	tcase_add_test(t, a_peer_with_the_longest_name_is_learned_once);
	suite_add_tcase(suite, t);
	return suite;
}

CHECK_MAIN(explain_suite())
