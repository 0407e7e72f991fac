/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transfers: the provider's leg is told nothing, a transfer that fails leaves
 * the call as it was, and nobody transfers what is not his.
 */
#include <stdio.h>
#include <string.h>

#include "sbc/report/status.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"
#include "tests/fakes/inside.h"

static struct fixture f;
static struct fake_call *line; /* of 101 with the provider */

static void call_out(void)
{
	f.itsp.end.media.codecs = "8 101";
	line = fixture_talk_out(&f);
}

static void begin(void)
{
	fixture_start(&f);
	f.itsp.behaviour = ITSP_REFUSES_REINVITE;
	call_out();
}

/* Calls between phones are relayed, too; these are 101's and 102's codecs. */
static void begin_anchored(const char *phone, const char *other)
{
	static const struct fixture_setup anchored = {
		.phones = "anchor = \"always\"; reinvite = \"suppress\";"};

	fixture_start_with(&f, &anchored);
	f.itsp.behaviour = ITSP_REFUSES_REINVITE;
	f.phone.end.media.codecs = phone;
	f.other.end.media.codecs = other;
	call_out();
}

static bool line_ended(struct fixture *x)
{
	(void)x;
	return line->state == FAKE_ENDED;
}

static void they_talk(void)
{
	fixture_from_now(&f);
	fixture_run_until(&f, itsp_hears_more);
	fixture_run_until(&f, other_hears_more);
}

static void other_hangs_up(void)
{
	phone_hang_up(&f.other);
	fixture_run_until(&f, itsp_ended);
	fixture_run_until(&f, no_calls);
}

static void provider_noticed_nothing(void)
{
	fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
	fixture_assert(&f, itsp_updates(&f.itsp) == 0);
	fixture_assert(&f, itsp_hangups(&f.itsp) == 0);
	fixture_assert(&f, fake_seen(&f.itsp.end, "REFER") == 0);
	fixture_assert(&f, itsp_is(&f.itsp, FAKE_UP));
	fixture_assert(&f, f.itsp.end.calls == 1);
	fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
}

static bool backup_hears(struct fixture *x)
{
	return tone_heard(&x->backup.end.tone) > 5;
}

static uint8_t last_type(const struct tone *tone)
{
	for (unsigned i = tone->ins; i-- > 0;)
		if (!tone->in[i].rtcp)
			return tone->in[i].payload_type;
	return 255;
}

static bool told(const char *fragment)
{
	for (unsigned i = 0; i < 20; i++) {
		const struct text_message *m =
			fake_message(&f.phone.end, "NOTIFY", i);

		if (!m)
			return false;
		if (strstr(m->body, fragment))
			return true;
	}
	return false;
}

static bool refer_answered(struct fixture *x)
{
	for (unsigned i = 0; i < x->phone.end.records; i++) {
		const struct fake_record *r = &x->phone.end.record[i];

		if (r->way == FAKE_IN && !r->message.request &&
		    !strcmp(r->message.method, "REFER") &&
		    r->message.status >= 200)
			return true;
	}
	return false;
}

static bool refer_got(int status)
{
	char label[32];

	snprintf(label, sizeof(label), "%d REFER", status);
	return fake_seen(&f.phone.end, label) == 1;
}

/* --- blind ------------------------------------------------------------------
 */

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

/* --- a transfer that fails ---------------------------------------------------
 */

static void call_is_as_it_was(void)
{
	unsigned had = tone_heard(&f.phone.end.tone);

	fixture_from_now(&f);
	fixture_run_until(&f, itsp_hears_more);
	fixture_assert(&f, tone_heard(&f.phone.end.tone) > had);
	fixture_assert(&f, line->state == FAKE_UP);
	fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
	provider_noticed_nothing();
	fake_bye(line);
	fixture_run_until(&f, itsp_ended);
	fixture_run_until(&f, no_calls);
}

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

static bool other_was_cancelled(struct fixture *x)
{
	return phone_line(&x->other)->cancel_seen;
}

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

/* --- to the outside
 * -----------------------------------------------------------
 */

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

/* --- attended
 * ------------------------------------------------------------------
 */

static struct fake_call *consult;

static bool consult_up(struct fixture *x)
{
	(void)x;
	return consult->state == FAKE_UP;
}

static bool both_lines_ended(struct fixture *x)
{
	(void)x;
	return line->state == FAKE_ENDED && consult->state == FAKE_ENDED;
}

static void consult_other(void)
{
	f.other.answers_itself = true;
	phone_hold(&f.phone);
	fixture_run_until(&f, phone_reinvite_done);
	consult = phone_call(&f.phone, "102");
	fixture_run_until(&f, consult_up);
	fixture_run_until(&f, other_up);
}

static void join(struct fake_call *held, const struct fake_call *consulted)
{
	phone_refer_attended(&f.phone, held, consulted);
	fixture_run_until(&f, both_lines_ended);
}

START_TEST(an_attended_transfer_to_a_colleague_frees_the_phone)
	{
		begin();
		consult_other();
		join(line, consult);
		fixture_assert(&f, refer_got(202));
		fixture_assert(&f, told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
		other_hangs_up();
	}
END_TEST

START_TEST(an_attended_transfer_works_from_either_of_the_two_calls)
	{
		begin();
		consult_other();
		join(consult, line);
		they_talk();
		provider_noticed_nothing();
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
	}
END_TEST

static bool consult_rings(struct fixture *x)
{
	return phone_is(&x->other, FAKE_RINGING) && consult->provisionals > 0;
}

static bool other_rings_for_t(struct fixture *x)
{
	return x->other.end.calls == 2 && phone_is(&x->other, FAKE_RINGING);
}

/* The colleague has not answered yet: what rings there now is T's call. */
START_TEST(an_attended_transfer_while_the_colleague_rings_goes_on_ringing)
	{
		begin();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		consult = phone_call(&f.phone, "102");
		fixture_run_until(&f, consult_rings);
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, other_rings_for_t);
		fixture_assert(&f, refer_got(202));
		fixture_assert(&f, consult->status == 487);
		if (_i) /* P need not stay for it. */
			fake_bye(line);
		phone_answer(&f.other);
		fixture_run_until(&f, other_up);
		fixture_run_until(&f, line_ended);
		they_talk();
		provider_noticed_nothing();
		other_hangs_up();
	}
END_TEST

START_TEST(a_call_that_rings_at_the_asker_is_not_its_to_give_away)
	{
		struct fake_call *rings;

		begin();
		phone_call(&f.other, "101");
		fixture_run_until(&f, phone_is_ringing);
		rings = fake_last_call(&f.phone.end);
		phone_refer_attended(&f.phone, line, rings);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(403));
		fixture_assert(&f, phone_is_ringing(&f));
	}
END_TEST

START_TEST(two_relayed_calls_are_joined_without_a_word_to_either_end)
	{
		struct media_totals totals;

		begin_anchored("8 0 101", "8 101");
		consult_other();
		join(line, consult);
		they_talk();
		provider_noticed_nothing();
		fixture_assert(&f,
			       fake_seen_inside(&f.other.end, "INVITE") == 0);
		other_hangs_up();
		fixture_watch(&f, 200);
		media_engine_totals(f.agent->media, &totals);
		ck_assert_uint_eq(totals.sessions, 0);
		ck_assert_uint_eq(totals.sockets, 0);
	}
END_TEST

static unsigned sessions_now(void)
{
	struct media_totals totals;

	media_engine_totals(f.agent->media, &totals);
	return totals.sessions;
}

static bool two_sessions_are_left(struct fixture *x)
{
	(void)x;
	return sessions_now() == 2;
}

/*
 * T goes from 101 to 102 and back, six times, each time joined with the call
 * in which the two had talked: a row of sessions that would grow for ever.
 */
START_TEST(a_call_is_joined_again_and_again)
	{
		struct phone *has = &f.phone, *gets = &f.other;

		begin_anchored("8 101", "8 101");
		for (unsigned i = 0; i < 6; i++) {
			struct phone *was = has;

			gets->answers_itself = true;
			consult = phone_call(has,
					     gets == &f.other ? "102" : "101");
			fixture_run_until(&f, consult_up);
			phone_refer_attended(has, line, consult);
			fixture_run_until(&f, both_lines_ended);
			fixture_run_until(&f, two_sessions_are_left);
			line = fake_last_call(&gets->end);
			fixture_assert(&f, line->state == FAKE_UP);
			fixture_from_now(&f);
			fixture_run_until(&f, itsp_hears_more);
			fixture_run_until(&f, gets == &f.other
						      ? other_hears_more
						      : phone_hears_more);
			has = gets;
			gets = was;
		}
		provider_noticed_nothing();
		fake_bye(line);
		fixture_run_until(&f, no_calls);
		fixture_watch(&f, 200);
		ck_assert_uint_eq(sessions_now(), 0);
	}
END_TEST

START_TEST(two_relayed_calls_of_different_laws_are_joined_and_converted)
	{

		begin_anchored("8 0 101", "0 101");
		consult_other();
		join(line, consult);
		fixture_assert(&f, told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
		fixture_assert(&f, last_type(&f.itsp.end.tone) == 8);
		fixture_assert(&f, last_type(&f.other.end.tone) == 0);
		phone_hang_up(&f.other);
		fixture_run_until(&f, no_calls);
	}
END_TEST

static void hold_and_resume(struct fake_call *call, fixture_condition *done)
{
	static const char *const directions[] = {"sendonly", "sendrecv"};

	for (unsigned i = 0; i < 2; i++) {
		call->media.direction = directions[i];
		call->reinvite_status = 0;
		fake_reinvite(call);
		fixture_run_until(&f, done);
		fixture_assert(&f, call->reinvite_status == 200);
	}
}

static void converted_on(void)
{
	hold_and_resume(fake_last_call(&f.other.end), other_reinvite_done);
	they_talk();
	provider_noticed_nothing();
	fixture_assert(&f, last_type(&f.itsp.end.tone) == 8);
	fixture_assert(&f, last_type(&f.other.end.tone) == 0);
}

static bool other_let_go(struct fixture *x)
{
	return fake_last_call(&x->other.end)->state == FAKE_ENDED;
}

static bool phone_has_it(struct fixture *x)
{
	const struct fake_call *call = fake_last_call(&x->phone.end);

	return call != line && call != consult && call->state == FAKE_UP;
}

START_TEST(a_converted_end_of_a_joined_call_holds_resumes_and_transfers)
	{
		struct fake_call *theirs;

		begin_anchored("8 0 101", "0 101");
		consult_other();
		if (_i)
			join(consult, line);
		else
			join(line, consult);
		converted_on();
		/* The provider's own offers are answered in its law. */
		hold_and_resume(fake_last_call(&f.itsp.end),
				itsp_reinvite_done);
		/* Both laws: what the provider has, unconverted. */
		theirs = fake_last_call(&f.other.end);
		theirs->media.codecs = "0 8 101";
		theirs->reinvite_status = 0;
		fake_reinvite(theirs);
		fixture_run_until(&f, other_reinvite_done);
		fixture_assert(&f, theirs->reinvite_status == 200);
		fixture_assert(
			&f, text_has_format(
				    theirs->remote_sdp.stream[0].formats, "8"));
		f.other.end.tone.payload_type = 8;
		they_talk();
		/* And on, to a phone that may speak the one law only. */
		f.phone.answers_itself = true;
		f.phone.end.media.codecs = "8 101";
		fake_request(theirs, "REFER",
			     "Refer-To: <sip:101@127.0.1.1>\r\n", NULL);
		fixture_run_until(&f, other_let_go);
		fixture_run_until(&f, phone_has_it);
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		provider_noticed_nothing();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(an_attended_transfer_that_the_colleague_refuses_changes_nothing)
	{
		begin();
		consult_other();
		f.other.refuses_reinvite = 488;
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 488"));
		fixture_assert(&f, line->state == FAKE_UP);
		fixture_assert(&f, consult->state == FAKE_UP);
		fixture_assert(&f, phone_is(&f.other, FAKE_UP));
		provider_noticed_nothing();
		fake_bye(consult);
		fake_bye(line);
		fixture_run_until(&f, no_calls);
	}
END_TEST

static bool refer_is_accepted(struct fixture *x)
{
	(void)x;
	return refer_got(202);
}

static bool bye_is_answered(struct fixture *x)
{
	(void)x;
	return line->bye_status == 200;
}

/* The call between the two phones. */
static const char *direct_call(void)
{
	const struct status_call *call = status_call_after(0);

	while (call && call->anchored)
		call = status_call_after(call->serial);
	ck_assert_ptr_nonnull(call);
	return call->id;
}

/* The colleague does not answer our re-INVITE. */
static void ask_colleague(void)
{
	begin();
	consult_other();
	fake_drop_next(&f.other.end, FAKE_IN, "INVITE", 100);
	phone_refer_attended(&f.phone, line, consult);
	fixture_run_until(&f, refer_is_accepted);
}

START_TEST(the_call_that_gives_its_end_is_ended_while_that_is_asked)
	{
		ask_colleague();
		fake_bye(line);
		fixture_run_until(&f, bye_is_answered);
		ck_assert_int_eq(agent_hangup(f.agent, direct_call()), 0);
		fixture_run_until(&f, no_calls);
		fixture_run_until(&f, itsp_ended);
		ck_assert_status(&f, "event=call-transfer-failed");
		ck_assert_status(&f, "cause=transfer-failed");
	}
END_TEST

START_TEST(the_program_ends_while_an_end_of_another_call_is_asked)
	{
		ask_colleague();
		fixture_end(&f);
	}
END_TEST

static struct text_message kept;
static struct fake_call *keeper;

static bool keeps_reinvite(struct fake *fake, struct fake_call *call,
			   const struct text_message *m)
{
	if (!call || strcmp(m->method, "INVITE") || kept.len)
		return false;
	text_read(&kept, m->raw, m->len);
	fake_reply(fake, m, 100, NULL);
	keeper = call;
	return true;
}

static bool other_was_asked(struct fixture *x)
{
	(void)x;
	return kept.len > 0;
}

static bool other_was_asked_again(struct fixture *x)
{
	return fake_seen_inside(&x->other.end, "INVITE") == 2;
}

/* What it was told in its n-th INVITE. */
static unsigned keeper_port(unsigned nth)
{
	const struct text_message *m =
		fake_message(&f.other.end, "INVITE", nth);

	ck_assert_ptr_nonnull(m);
	return (unsigned)strtoul(strstr(m->body, "m=audio ") + 8, NULL, 10);
}

/* It took what it was told of a session that is no more: it is told what it
 * had before. */
START_TEST(an_end_that_is_asked_while_the_provider_hangs_up_is_put_back)
	{
		bool (*usual)(struct fake *, struct fake_call *,
			      const struct text_message *);
		unsigned had;

		begin();
		consult_other();
		had = keeper_port(0);
		usual = f.other.end.hooks.request;
		f.other.end.hooks.request = keeps_reinvite;
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, other_was_asked);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, line_ended);
		ck_assert_status(&f, "event=call-transfer-failed");
		f.other.end.hooks.request = usual;
		text_free(&keeper->invite);
		text_read(&keeper->invite, kept.raw, kept.len);
		fake_learn_sdp(keeper, &kept);
		fake_answer(keeper, 200, true, NULL);
		fixture_run_until(&f, other_was_asked_again);
		ck_assert_uint_ne(keeper_port(1), had);
		ck_assert_uint_eq(keeper_port(2), had);
		ck_assert(consult->state == FAKE_UP);
		text_free(&kept);
		fake_bye(consult);
		fixture_run_until(&f, no_calls);
	}
END_TEST

START_TEST(nobody_transfers_what_is_not_his)
	{
		begin();
		f.other.end.media.codecs = "8 101";
		consult = phone_call(&f.other, "05557777");
		fixture_run_until(&f, consult_up);
		/* 102 knows the dialog of 101 with us, whoever told it. */
		phone_refer_attended(&f.other, consult, line);
		fixture_watch(&f, 200);
		fixture_assert(&f, fake_seen(&f.other.end, "403 REFER") == 1);
		fixture_assert(&f, line->state == FAKE_UP);
		fixture_assert(&f, consult->state == FAKE_UP);
		fixture_assert(&f, itsp_hangups(&f.itsp) == 0);
	}
END_TEST

/* --- INVITE with Replaces
 * -------------------------------------------------------
 */

START_TEST(a_second_phone_of_the_same_user_takes_the_call_over)
	{
		struct fake_call *taken;
		struct phone desk;

		begin();
		phone_open(&desk, "101", "127.0.1.12", "secret101", &f.lan);
		desk.end.media.codecs = "8 0 101";
		phone_talk(&desk, true);
		taken = phone_replace(&desk, line);
		for (int i = 0; i < 3000 && (taken->state != FAKE_UP ||
					     tone_heard(&desk.end.tone) < 20 ||
					     line->state != FAKE_ENDED);
		     i++) {
			fixture_step(&f);
			fake_step(&desk.end);
		}
		fixture_assert(&f, taken->state == FAKE_UP);
		fixture_assert(&f, line->bye_seen);
		fixture_assert(&f, tone_heard(&desk.end.tone) >= 20);
		provider_noticed_nothing();
		phone_close(&desk);
	}
END_TEST

START_TEST(nobody_takes_over_somebody_elses_call)
	{
		struct fake_call *taken;

		begin();
		taken = phone_replace(&f.other, line);
		fixture_run_until(&f, other_ended);
		ck_assert_int_eq(taken->status, 481);
		call_is_as_it_was();
	}
END_TEST

START_TEST(an_invite_that_replaces_nothing_is_refused)
	{
		struct fake_call gone = {
			.call_id = "x@y", .remote_tag = "1", .local_tag = "2"};
		struct fake_call *taken;

		begin();
		taken = phone_replace(&f.other, &gone);
		fixture_run_until(&f, other_ended);
		ck_assert_int_eq(taken->status, 481);
		call_is_as_it_was();
	}
END_TEST

/* --- calls whose media goes past us
 * ----------------------------------------------
 */

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

/* --- 3xx ---------------------------------------------------------------------
 */

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

/* --- passed on
 * ---------------------------------------------------------------- */

static bool itsp_was_referred(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "REFER") == 1;
}

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

/* --- keys between the ends -------------------------------------------------
 */

#define KEY(x)                                \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 " \
	"inline:" x "\r\n"
#define KEY_P KEY("d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj")
#define KEY_T KEY("NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj")
#define KEY_N KEY("WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz")

/* As the ends key themselves: SRTP by SDES, ZRTP in the stream. */
static const struct {
	const char *protocol, *p, *t, *n;
} keyed[] = {
	{"RTP/SAVP", KEY_P, KEY_T, KEY_N},
	{"RTP/AVP", "a=zrtp-hash:1.10 aaaa\r\n", "a=zrtp-hash:1.10 bbbb\r\n",
	 "a=zrtp-hash:1.10 cccc\r\n"},
};

static void begin_keyed(const char *acme, int how)
{
	struct fixture_setup setup = {.acme = acme};

	fixture_start_with(&f, &setup);
	f.phone.end.media.protocol = f.itsp.end.media.protocol =
		f.other.end.media.protocol = keyed[how].protocol;
	f.phone.end.media.lines = keyed[how].p;
	f.itsp.end.media.lines = keyed[how].t;
	f.other.end.media.lines = keyed[how].n;
	call_out();
}

static bool in_body(const struct text_message *m, const char *line_wanted)
{
	char text[128];

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line_wanted, "\r"),
		 line_wanted);
	return m && strstr(m->body, text);
}

static bool itsp_was_told(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "INVITE") > 0;
}

/* T has to know N's key, and N T's: nobody else has them. */
START_TEST(keys_of_the_ends_follow_a_transfer)
	{
		begin_keyed("reinvite = \"forward\";", _i);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, other_is_ringing);
		fixture_assert(
			&f, in_body(fake_last_message(&f.other.end, "INVITE"),
				    keyed[_i].t));
		phone_answer(&f.other);
		fixture_run_until(&f, itsp_was_told);
		fixture_assert(&f,
			       in_body(fake_last_message(&f.itsp.end, "INVITE"),
				       keyed[_i].n));
		fixture_run_until(&f, line_ended);
		fixture_assert(&f, told("SIP/2.0 200"));
		they_talk();
	}
END_TEST

START_TEST(keys_that_cannot_be_told_stay_where_they_are)
	{
		begin_keyed("reinvite = \"suppress\";", _i);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, refer_answered);
		fixture_assert(&f, refer_got(488));
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		call_is_as_it_was();
	}
END_TEST

static void hang_up(struct fake *fake, struct fake_call *call)
{
	(void)fake;
	if (call->state == FAKE_UP)
		fake_bye(call);
}

static bool (*itsp_request)(struct fake *fake, struct fake_call *call,
			    const struct text_message *request);

/* It says 200 and means it not. */
static bool take_and_hang_up(struct fake *fake, struct fake_call *call,
			     const struct text_message *m)
{
	if (call && !strcmp(m->method, "INVITE") && m->to_tag[0])
		fake_later(fake, 100, hang_up, call);
	return itsp_request(fake, call, m);
}

/* T has to be told of N. */
static void blind(void)
{
	f.other.answers_itself = true;
	phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
}

static bool refer_got_488(struct fixture *x)
{
	(void)x;
	return refer_got(488);
}

START_TEST(a_refused_reinvite_of_a_transfer_teaches)
	{
		begin_keyed("reinvite = \"auto\";", 1);
		f.itsp.behaviour = ITSP_REINVITE_488;
		blind();
		fixture_run_until(&f, phone_was_told_final);
		fixture_assert(&f, told("SIP/2.0 488"));
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 1);
		ck_assert_status(&f, "leg=b peer=acme event=peer-learned "
				     "method=INVITE evidence=\"488 ");
		/* The next one is not even tried. */
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, refer_got_488);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 1);
		fixture_assert(&f, line->state == FAKE_UP);
	}
END_TEST

START_TEST(a_bye_after_the_reinvite_of_a_transfer_teaches)
	{
		begin_keyed("reinvite = \"auto\";", 1);
		itsp_request = f.itsp.end.hooks.request;
		f.itsp.end.hooks.request = take_and_hang_up;
		blind();
		fixture_run_until(&f, no_calls);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 1);
		ck_assert_status(&f, "leg=b peer=acme event=peer-learned "
				     "method=INVITE evidence=\"BYE after ");
	}
END_TEST

START_TEST(an_end_that_another_call_gives_teaches_too)
	{
		static const struct fixture_setup learns = {
			.phones = "reinvite = \"auto\";"};

		fixture_start_with(&f, &learns);
		call_out();
		consult_other();
		f.other.refuses_reinvite = 501;
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, phone_was_told_final);
		ck_assert_status(&f, "peer=phones event=peer-learned "
				     "method=INVITE evidence=\"501 ");
	}
END_TEST

static unsigned long version_in(const struct text_message *m)
{
	return strtoul(strchr(strstr(m->body, "o=- ") + 4, ' '), NULL, 10);
}

static bool itsp_was_asked_thrice(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "INVITE") == 3;
}

/* It took the newcomer's keys after the call that lent it was ended. */
START_TEST(a_provider_that_is_asked_while_the_other_call_ends_is_put_back)
	{
		bool (*usual)(struct fake *, struct fake_call *,
			      const struct text_message *);
		char had[1024];

		begin_keyed("reinvite = \"forward\";", 1);
		consult_other();
		snprintf(had, sizeof(had), "%s",
			 strstr(fake_message(&f.itsp.end, "INVITE", 1)->body,
				"m=audio"));
		usual = f.itsp.end.hooks.request;
		f.itsp.end.hooks.request = keeps_reinvite;
		phone_refer_attended(&f.phone, line, consult);
		fixture_run_until(&f, other_was_asked);
		ck_assert_int_eq(agent_hangup(f.agent, direct_call()), 0);
		fixture_run_until(&f, phone_was_told_final);
		f.itsp.end.hooks.request = usual;
		text_free(&keeper->invite);
		text_read(&keeper->invite, kept.raw, kept.len);
		fake_learn_sdp(keeper, &kept);
		fake_answer(keeper, 200, true, NULL);
		fixture_run_until(&f, itsp_was_asked_thrice);
		ck_assert_str_ne(strstr(kept.body, "m=audio"), had);
		ck_assert_str_eq(
			strstr(fake_message(&f.itsp.end, "INVITE", 3)->body,
			       "m=audio"),
			had);
		fixture_assert(&f, line->state == FAKE_UP);
		text_free(&kept);
	}
END_TEST

static bool itsp_was_asked_twice(struct fixture *x)
{
	return fake_seen_inside(&x->itsp.end, "INVITE") == 2;
}

/* T saw it: one version, one body (RFC 3264 8). */
START_TEST(a_refused_reinvite_of_a_transfer_has_had_its_version)
	{
		unsigned long agreed;

		begin_keyed("reinvite = \"forward\";", 1);
		agreed = version_in(fake_message(&f.itsp.end, "INVITE", 0));
		f.itsp.behaviour = ITSP_REINVITE_488;
		blind();
		fixture_run_until(&f, phone_was_told_final);
		ck_assert_uint_eq(
			version_in(fake_message(&f.itsp.end, "INVITE", 1)),
			agreed + 1);
		f.itsp.behaviour = ITSP_ANSWERS;
		phone_hold(&f.phone);
		fixture_run_until(&f, itsp_was_asked_twice);
		ck_assert_uint_eq(
			version_in(fake_message(&f.itsp.end, "INVITE", 2)),
			agreed + 2);
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
	T(an_attended_transfer_to_a_colleague_frees_the_phone);
	T(an_attended_transfer_works_from_either_of_the_two_calls);
	tcase_add_loop_test(
		tests,
		an_attended_transfer_while_the_colleague_rings_goes_on_ringing,
		0, 2);
	T(a_call_that_rings_at_the_asker_is_not_its_to_give_away);
	T(two_relayed_calls_are_joined_without_a_word_to_either_end);
	T(a_call_is_joined_again_and_again);
	T(two_relayed_calls_of_different_laws_are_joined_and_converted);
	tcase_add_loop_test(
		tests,
		a_converted_end_of_a_joined_call_holds_resumes_and_transfers, 0,
		2);
	T(an_attended_transfer_that_the_colleague_refuses_changes_nothing);
	T(the_call_that_gives_its_end_is_ended_while_that_is_asked);
	T(the_program_ends_while_an_end_of_another_call_is_asked);
	T(an_end_that_is_asked_while_the_provider_hangs_up_is_put_back);
	T(nobody_transfers_what_is_not_his);
	T(a_second_phone_of_the_same_user_takes_the_call_over);
	T(nobody_takes_over_somebody_elses_call);
	T(an_invite_that_replaces_nothing_is_refused);
	T(a_colleague_is_transferred_to_the_outside);
	T(a_transfer_that_the_colleague_cannot_follow_fails_cleanly);
	T(a_phone_that_redirects_is_followed_by_our_routes);
	T(a_phone_that_redirects_to_itself_is_asked_once);
	T(a_redirect_leads_no_provider_to_a_provider);
	T(a_providers_redirect_is_a_refusal_unless_the_policy_says_follow);
	T(a_providers_redirect_is_followed_where_the_policy_says_so);
	T(a_refer_is_passed_on_where_the_policy_says_so);
	tcase_add_loop_test(tests, keys_of_the_ends_follow_a_transfer, 0, 2);
	tcase_add_loop_test(tests, keys_that_cannot_be_told_stay_where_they_are,
			    0, 2);
	T(a_refused_reinvite_of_a_transfer_teaches);
	T(a_bye_after_the_reinvite_of_a_transfer_teaches);
	T(an_end_that_another_call_gives_teaches_too);
	T(a_refused_reinvite_of_a_transfer_has_had_its_version);
	T(a_provider_that_is_asked_while_the_other_call_ends_is_put_back);
	tcase_add_loop_test(tests,
			    a_provider_that_never_says_how_it_went_is_given_up,
			    0, 3);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(transfer_suite())
