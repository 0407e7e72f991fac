/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reliable provisional answers (RFC 3262), ended on each leg by itself, and
 * UPDATE before the answer (RFC 3311).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"

static struct fixture f;

#define SUPPORTS       "Supported: 100rel\r\n"
#define REQUIRES       "Require: 100rel\r\n"
#define RELIABLE(rseq) "Require: 100rel\r\nRSeq: " rseq "\r\n"

static const struct fixture_setup phones_require = {
	.phones = "prack = \"require\";"};

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

static struct fake_call *trunk(void)
{
	return f.itsp.end.call[0];
}

static bool phone_pracked(struct fixture *x)
{
	return phone_line(&x->phone)->prack_status != 0;
}

static void dial(const struct fixture_setup *setup, const char *lines,
		 unsigned behaviour)
{
	static const struct fixture_setup plain;

	fixture_start_with(&f, setup ? setup : &plain);
	f.phone.end.invite_lines = lines;
	f.itsp.behaviour = behaviour;
	phone_call(&f.phone, "05551234");
}

/* --- toward the provider ------------------------------------------------- */

START_TEST(reliable_18x_are_pracked_and_their_sdp_is_the_answer)
	{
		fixture_start(&f);
		f.itsp.reliable = true;
		fixture_call_out(&f);
		ck_assert_uint_eq(f.itsp.pracks, 2);
		ck_assert_str_eq(itsp_got(&f.itsp, "PRACK")->body, "");
		/* Nothing of it crossed. */
		ck_assert_uint_eq(fake_seen(&f.phone.end, "PRACK"), 0);
		ck_assert(!fake_saw_text(&f.phone.end, "RSeq"));
		ck_assert_str_eq(text_value(phone_got(&f.phone, "180 INVITE"),
					    "Require"),
				 "");
		ck_assert_str_eq(
			text_value(itsp_got(&f.itsp, "INVITE"), "Require"), "");
		fixture_run_until(&f, both_hear);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(each_prack_and_the_bye_follow_one_count_of_cseq)
	{
		fixture_start(&f);
		f.itsp.reliable = true;
		fixture_call_out(&f);
		unsigned invite = itsp_got(&f.itsp, "INVITE")->cseq;
		ck_assert_uint_eq(fake_message(&f.itsp.end, "PRACK", 0)->cseq,
				  invite + 1);
		ck_assert_uint_eq(fake_message(&f.itsp.end, "PRACK", 1)->cseq,
				  invite + 2);
		ck_assert_uint_eq(itsp_got(&f.itsp, "ACK")->cseq, invite);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_got(&f.itsp, "BYE")->cseq, invite + 3);
		ck_assert_str_eq(itsp_got(&f.itsp, "BYE")->to_tag,
				 trunk()->local_tag);
	}
END_TEST

START_TEST(a_peer_may_be_required_to_be_reliable)
	{
		static const struct fixture_setup require = {
			.acme = "prack = \"require\";"};

		dial(&require, NULL, ITSP_RINGS);
		fixture_run_until(&f, itsp_is_ringing);
		ck_assert_str_eq(
			text_value(itsp_got(&f.itsp, "INVITE"), "Require"),
			"100rel");
	}
END_TEST

START_TEST(prack_that_is_off_is_never_mentioned)
	{
		static const struct fixture_setup off = {
			.acme = "prack = \"off\";"};

		dial(&off, SUPPORTS, 0);
		fixture_run_until(&f, both_up);
		ck_assert(!fake_saw_text(&f.itsp.end, "100rel"));
	}
END_TEST

/* 183 with RSeq 7, a copy, 9 (too early), then 8. */
START_TEST(copies_and_what_comes_too_early_go_no_further)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, RELIABLE("7"));
		fake_answer(trunk(), 183, true, RELIABLE("7"));
		fake_answer(trunk(), 181, false, RELIABLE("9"));
		fixture_run_until(&f, phone_rings_back);
		fixture_watch(&f, 100);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), 1);
		ck_assert_uint_eq(line()->provisionals, 1);
		ck_assert_int_eq(line()->status, 183);
		fake_answer(trunk(), 180, false, RELIABLE("8"));
		fixture_watch(&f, 100);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), 2);
		ck_assert_int_eq(line()->status, 180);
	}
END_TEST

START_TEST(reliable_and_unreliable_18x_may_be_mixed)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 180, false, NULL);
		fake_answer(trunk(), 183, true, RELIABLE("7"));
		fake_answer(trunk(), 182, false, NULL);
		fake_answer(trunk(), 180, false, RELIABLE("8"));
		fixture_watch(&f, 150);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), 2);
		ck_assert_uint_eq(line()->provisionals, 4);
		fake_answer(trunk(), 200, false, NULL);
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(each_fork_is_pracked_in_its_own_dialog)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		struct fake_call *second = fake_fork(trunk());
		fake_answer(trunk(), 183, true, RELIABLE("100"));
		fake_answer(second, 183, true, RELIABLE("500"));
		fake_answer(trunk(), 180, false, RELIABLE("101"));
		fixture_watch(&f, 150);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), 3);
		const struct text_message *m =
			fake_message(&f.itsp.end, "PRACK", 1);
		ck_assert_str_eq(m->to_tag, second->local_tag);
		ck_assert(!strncmp(text_value(m, "RAck"), "500 ", 4));
		m = fake_message(&f.itsp.end, "PRACK", 2);
		ck_assert_str_eq(m->to_tag, trunk()->local_tag);
		/* The second one answers. */
		fake_answer(second, 200, true, NULL);
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		phone_hang_up(&f.phone);
		fixture_watch(&f, 100);
		ck_assert_str_eq(itsp_got(&f.itsp, "BYE")->to_tag,
				 second->local_tag);
	}
END_TEST

/*
 * The answer in a reliable 18x is the answer (RFC 3261 13.2.1); a provider that
 * shows another place in its 200 sends from there all the same: early media of
 * an announcement, then the gateway. What came last counts.
 */
START_TEST(an_answer_that_changes_in_the_200_is_followed)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, RELIABLE("100"));
		fixture_watch(&f, 100);
		fake_move_media(&f.itsp.end);
		fake_answer(trunk(), 200, true, NULL);
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		ck_assert(nothing_of_the_inside_outside(&f));
	}
END_TEST

START_TEST(a_200_of_an_unheard_branch_wins_over_pracked_ones)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		struct fake_call *second = fake_fork(trunk());
		fake_answer(trunk(), 183, true, RELIABLE("100"));
		fixture_watch(&f, 50);
		fake_answer(second, 200, true, NULL);
		fixture_run_until(&f, both_up);
		phone_hang_up(&f.phone);
		fixture_watch(&f, 100);
		ck_assert_str_eq(itsp_got(&f.itsp, "BYE")->to_tag,
				 second->local_tag);
	}
END_TEST

START_TEST(more_forks_than_we_prack_do_no_harm)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		for (unsigned i = 0; i < 12; i++)
			fake_answer(fake_fork(trunk()), 183, true,
				    RELIABLE("1"));
		fixture_watch(&f, 200);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), 8);
		phone_cancel(&f.phone);
		fixture_run_until(&f, phone_ended);
	}
END_TEST

START_TEST(a_prack_that_is_refused_ends_nothing)
	{
		fixture_start(&f);
		f.itsp.prack_broken = true;
		f.itsp.behaviour = ITSP_TRIES;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, RELIABLE("7"));
		fixture_watch(&f, 100);
		fake_answer(trunk(), 200, true, NULL);
		fixture_run_until(&f, both_up);
	}
END_TEST

START_TEST(a_cancel_after_a_reliable_18x_ends_both_sides)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, RELIABLE("7"));
		fixture_run_until(&f, phone_rings_back);
		phone_cancel(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert(trunk()->cancel_seen);
	}
END_TEST

/* --- toward the caller --------------------------------------------------- */

START_TEST(a_caller_that_requires_100rel_gets_it_and_nobody_else)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA);
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(
			text_value(itsp_got(&f.itsp, "INVITE"), "Require"), "");
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), 0);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "183 INVITE"),
					    "Require"),
				 "100rel");
		ck_assert_int_eq(line()->prack_status, 200);
		/* The 180 came behind it, with the next number. */
		unsigned long first = strtoul(
			text_value(phone_got(&f.phone, "183 INVITE"), "RSeq"),
			NULL, 10);
		ck_assert_uint_eq(
			strtoul(text_value(phone_got(&f.phone, "180 INVITE"),
					   "RSeq"),
				NULL, 10),
			first + 1);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(support_alone_is_not_used_unless_the_policy_asks)
	{
		dial(NULL, SUPPORTS, ITSP_EARLY_MEDIA);
		fixture_run_until(&f, both_up);
		ck_assert_uint_eq(line()->rseq, 0);
	}
END_TEST

START_TEST(support_is_used_where_the_policy_asks)
	{
		dial(&phones_require, SUPPORTS, ITSP_EARLY_MEDIA);
		fixture_run_until(&f, both_up);
		ck_assert_uint_ne(line()->rseq, 0);
		ck_assert_int_eq(line()->prack_status, 200);
	}
END_TEST

START_TEST(a_caller_without_it_is_refused_where_it_is_required)
	{
		dial(&phones_require, NULL, ITSP_EARLY_MEDIA);
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(line()->status, 421);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "421 INVITE"),
					    "Require"),
				 "100rel");
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
		/* To require it is to have it. */
		f.phone.end.invite_lines = REQUIRES;
		fixture_call_out(&f);
	}
END_TEST

START_TEST(a_required_100rel_is_refused_where_it_is_off)
	{
		static const struct fixture_setup off = {
			.phones = "prack = \"off\";"};

		dial(&off, REQUIRES, 0);
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(line()->status, 420);
		ck_assert_str_eq(text_value(phone_got(&f.phone, "420 INVITE"),
					    "Unsupported"),
				 "100rel");
	}
END_TEST

START_TEST(both_sides_reliable_each_by_itself)
	{
		fixture_start(&f);
		f.phone.end.invite_lines = REQUIRES;
		f.itsp.reliable = true;
		fixture_call_out(&f);
		ck_assert_uint_eq(f.itsp.pracks, 2);
		ck_assert_int_eq(line()->prack_status, 200);
		fixture_run_until(&f, both_hear);
		ck_assert(nothing_of_the_inside_outside(&f));
	}
END_TEST

START_TEST(the_200_waits_for_the_prack)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, itsp_up);
		fixture_watch(&f, 300);
		ck_assert_int_lt(line()->status, 200);
		ck_assert_int_eq(line()->status, 183);
		f.phone.end.no_prack = false; /* the copy is PRACKed */
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(no_prack_at_all_ends_the_call_with_504)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA | ITSP_RINGS);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, phone_rings_back);
		hurry(&f, 32);
		fixture_run_until(&f, phone_ended);
		ck_assert_int_eq(line()->status, 504);
		ck_assert_status(&f, "by=a cause=prack-missing status=504");
		ck_assert(trunk()->cancel_seen);
	}
END_TEST

START_TEST(no_prack_and_an_answer_ends_the_call_too)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, itsp_up);
		hurry(&f, 32);
		fixture_run_until(&f, both_ended);
		ck_assert_int_eq(line()->status, 504);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(a_cancel_while_the_200_waits_ends_both_sides)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, itsp_up);
		phone_cancel(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_int_eq(line()->status, 487);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(the_provider_hangs_up_while_the_200_waits)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, itsp_up);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
		ck_assert_int_ge(line()->status, 400);
	}
END_TEST

START_TEST(a_refusal_does_not_wait_for_the_prack)
	{
		dial(NULL, REQUIRES, ITSP_TRIES);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, NULL);
		fixture_run_until(&f, phone_rings_back);
		fake_answer(trunk(), 486, false, NULL);
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(line()->status, 486);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_prack_for_nothing_gets_481)
	{
		dial(NULL, REQUIRES, ITSP_RINGS);
		fixture_run_until(&f, phone_pracked);
		line()->prack_status = 0;
		fake_request(line(), "PRACK", "RAck: 1 1 INVITE\r\n", NULL);
		fixture_run_until(&f, phone_pracked);
		ck_assert_int_eq(line()->prack_status, 481);
		phone_cancel(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(required_without_an_offer_hears_no_18x_but_the_200)
	{
		fixture_start(&f);
		f.phone.end.invite_lines = REQUIRES;
		fake_invite_without_offer(&f.phone.end, "05551234");
		fixture_run_until(&f, both_up);
		ck_assert_uint_eq(line()->provisionals, 0);
		fixture_run_until(&f, both_hear);
	}
END_TEST

/* --- UPDATE before the answer -------------------------------------------- */

START_TEST(an_early_update_is_answered_from_the_early_session)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA | ITSP_RINGS);
		f.itsp.end.media.codecs = "8 101";
		fixture_run_until(&f, phone_pracked);
		fake_move_media(&f.phone.end);
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 200);
		ck_assert_uint_ne(line()->remote_sdp.stream[0].port, 0);
		ck_assert(text_has_format(line()->remote_sdp.stream[0].formats,
					  "8"));
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		ck_assert_status(&f, "event=call-suppressed method=UPDATE "
				     "cause=early");
		fixture_hear(&f, &f.phone.end, 6);
	}
END_TEST

/* What T has said stands: whether it is reliable, and takes UPDATE, or not. */
START_TEST(an_early_update_is_kept_from_t_whatever_it_takes)
	{
		dial(NULL, REQUIRES, ITSP_TRIES);
		f.itsp.end.no_update = _i % 2;
		f.itsp.end.media.codecs = "8 101";
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, _i / 2 ? RELIABLE("7") : NULL);
		fixture_run_until(&f, phone_pracked);
		line()->media.direction = "sendonly";
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 200);
		ck_assert_str_eq(line()->remote_sdp.stream[0].direction,
				 "recvonly");
		ck_assert_status(&f, "event=call-suppressed method=UPDATE "
				     "cause=early");
		fake_answer(trunk(), 200, true, NULL);
		fixture_run_until(&f, both_up);
		fixture_watch(&f, 100);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "PRACK"), _i / 2);
	}
END_TEST

/* T would have to be asked, and a final answer is due at once (RFC 3311 5.2).
 */
START_TEST(an_early_update_where_media_goes_past_us_gets_504)
	{
		static const struct fixture_setup never = {
			.acme = "anchor = \"never\";",
			.phones = "anchor = \"never\";"};

		dial(&never, REQUIRES, ITSP_EARLY_MEDIA | ITSP_RINGS);
		fixture_run_until(&f, phone_pracked);
		fake_move_media(&f.phone.end);
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 504);
		ck_assert_uint_eq(itsp_updates(&f.itsp), 0);
		ck_assert_status(&f, "event=call-refused status=504 "
				     "cause=early");
	}
END_TEST

START_TEST(an_early_update_without_sdp_is_answered_without)
	{
		dial(NULL, NULL, ITSP_RINGS);
		fixture_run_until(&f, phone_rings_back);
		fake_update(line(), false);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 200);
		ck_assert_str_eq(phone_got(&f.phone, "200 UPDATE")->body, "");
	}
END_TEST

START_TEST(an_early_update_before_any_early_session_has_to_wait)
	{
		dial(NULL, NULL, ITSP_RINGS);
		fixture_run_until(&f, phone_rings_back);
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 500);
		ck_assert_str_ne(text_value(phone_got(&f.phone, "500 UPDATE"),
					    "Retry-After"),
				 "");
	}
END_TEST

START_TEST(the_providers_early_update_is_answered_here)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 183, true, RELIABLE("7"));
		fixture_watch(&f, 50);
		fake_move_media(&f.itsp.end);
		fake_update(trunk(), true);
		fixture_watch(&f, 100);
		ck_assert_int_eq(trunk()->update_status, 200);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "UPDATE"), 0);
		fake_answer(trunk(), 200, false, NULL);
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(the_providers_update_over_our_open_offer_gets_491)
	{
		dial(NULL, NULL, ITSP_TRIES);
		fixture_run_until(&f, itsp_is_ringing);
		fake_answer(trunk(), 180, false, RELIABLE("7"));
		fixture_watch(&f, 50);
		fake_update(trunk(), true);
		fixture_watch(&f, 100);
		ck_assert_int_eq(trunk()->update_status, 491);
	}
END_TEST

START_TEST(an_offer_in_a_prack_is_answered_in_its_200)
	{
		fixture_start(&f);
		f.phone.end.invite_lines = REQUIRES;
		f.phone.end.prack_offers = true;
		f.itsp.behaviour = ITSP_EARLY_MEDIA;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_pracked);
		ck_assert_int_eq(line()->prack_status, 200);
		ck_assert_ptr_nonnull(
			strstr(fake_message(&f.phone.end, "200 PRACK", 0)->body,
			       "m=audio"));
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
	}
END_TEST

/* Another phone's PRACK says that the media should go to itself. */
START_TEST(an_offer_in_a_strangers_prack_is_not_taken)
	{
		static const char to_me[] =
			"v=0\r\no=- 1 1 IN IP4 127.0.1.11\r\ns=-\r\n"
			"c=IN IP4 127.0.1.11\r\nt=0 0\r\n"
			"m=audio 9 RTP/AVP 8\r\n";
		char lines[80];

		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA | ITSP_RINGS);
		f.phone.end.no_prack = true;
		f.itsp.end.media.codecs = "8 101";
		fixture_run_until(&f, phone_rings_back);
		snprintf(lines, sizeof(lines), "RAck: %s %u INVITE\r\n",
			 text_value(phone_got(&f.phone, "183 INVITE"), "RSeq"),
			 line()->invite_cseq);
		fake_forge(line(), "PRACK", line()->cseq + 1, lines, to_me,
			   "127.0.1.11");
		fixture_watch(&f, 100);
		unsigned heard = tone_heard(&f.phone.end.tone);
		fixture_watch(&f, 300);
		ck_assert_uint_gt(tone_heard(&f.phone.end.tone), heard + 5);
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=call-suppressed"), 0);
	}
END_TEST

START_TEST(an_agent_that_ends_while_a_prack_is_due_leaks_nothing)
	{
		dial(NULL, REQUIRES, ITSP_EARLY_MEDIA);
		f.phone.end.no_prack = true;
		fixture_run_until(&f, _i ? itsp_up : phone_rings_back);
		fixture_end(&f);
	}
END_TEST

static Suite *call_reliable_suite(void)
{
	Suite *suite = suite_create("call_reliable");
	TCase *out = tcase_create("provider");
	TCase *in = tcase_create("caller");
	TCase *update = tcase_create("update");

	fixture_around(out, &f);
	tcase_add_test(out,
		       reliable_18x_are_pracked_and_their_sdp_is_the_answer);
	tcase_add_test(out, each_prack_and_the_bye_follow_one_count_of_cseq);
	tcase_add_test(out, a_peer_may_be_required_to_be_reliable);
	tcase_add_test(out, prack_that_is_off_is_never_mentioned);
	tcase_add_test(out, copies_and_what_comes_too_early_go_no_further);
	tcase_add_test(out, reliable_and_unreliable_18x_may_be_mixed);
	tcase_add_test(out, each_fork_is_pracked_in_its_own_dialog);
	tcase_add_test(out, an_answer_that_changes_in_the_200_is_followed);
	tcase_add_test(out, a_200_of_an_unheard_branch_wins_over_pracked_ones);
	tcase_add_test(out, more_forks_than_we_prack_do_no_harm);
	tcase_add_test(out, a_prack_that_is_refused_ends_nothing);
	tcase_add_test(out, a_cancel_after_a_reliable_18x_ends_both_sides);
	suite_add_tcase(suite, out);

	fixture_around(in, &f);
	tcase_add_test(in,
		       a_caller_that_requires_100rel_gets_it_and_nobody_else);
	tcase_add_test(in, support_alone_is_not_used_unless_the_policy_asks);
	tcase_add_test(in, support_is_used_where_the_policy_asks);
	tcase_add_test(in, a_caller_without_it_is_refused_where_it_is_required);
	tcase_add_test(in, a_required_100rel_is_refused_where_it_is_off);
	tcase_add_test(in, both_sides_reliable_each_by_itself);
	tcase_add_test(in, the_200_waits_for_the_prack);
	tcase_add_test(in, no_prack_at_all_ends_the_call_with_504);
	tcase_add_test(in, no_prack_and_an_answer_ends_the_call_too);
	tcase_add_test(in, a_cancel_while_the_200_waits_ends_both_sides);
	tcase_add_test(in, the_provider_hangs_up_while_the_200_waits);
	tcase_add_test(in, a_refusal_does_not_wait_for_the_prack);
	tcase_add_test(in, a_prack_for_nothing_gets_481);
	tcase_add_test(in, required_without_an_offer_hears_no_18x_but_the_200);
	suite_add_tcase(suite, in);

	fixture_around(update, &f);
	tcase_add_test(update,
		       an_early_update_is_answered_from_the_early_session);
	tcase_add_loop_test(
		update, an_early_update_is_kept_from_t_whatever_it_takes, 0, 4);
	tcase_add_test(update,
		       an_early_update_where_media_goes_past_us_gets_504);
	tcase_add_test(update, an_early_update_without_sdp_is_answered_without);
	tcase_add_test(update,
		       an_early_update_before_any_early_session_has_to_wait);
	tcase_add_test(update, the_providers_early_update_is_answered_here);
	tcase_add_test(update,
		       the_providers_update_over_our_open_offer_gets_491);
	tcase_add_test(update, an_offer_in_a_strangers_prack_is_not_taken);
	tcase_add_test(update, an_offer_in_a_prack_is_answered_in_its_200);
	tcase_add_loop_test(
		update, an_agent_that_ends_while_a_prack_is_due_leaks_nothing,
		0, 2);
	suite_add_tcase(suite, update);
	return suite;
}

CHECK_MAIN(call_reliable_suite())
