/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A REFER outside of a call: only who has a leg of the call that it names
 * transfers it, and hears of it in the dialog that the REFER made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/report/status.h"
#include "tests/check_main.h"
#include "tests/fakes/digest.h"
#include "tests/fakes/transfer.h"

/* The last REFER that was sent so, and what came of it. */
static struct asked {
	struct fake *fake;
	char call_id[64], tag[32], uri[64], head[256];
	char more[1800];
	unsigned cseq, tries;
	int status; /* final; 0: none yet */
	bool wrong; /* password */
} asked;
static unsigned asks;
static int notify_status; /* the answer to each NOTIFY outside of a call */

static struct wrapped {
	struct fake *fake;
	struct fake_hooks hooks;
} wrapped[4];

static struct fake_hooks *hooks_of(const struct fake *fake)
{
	for (unsigned i = 0; i < 4; i++)
		if (wrapped[i].fake == fake)
			return &wrapped[i].hooks;
	abort();
}

static bool on_request(struct fake *fake, struct fake_call *call,
		       const struct text_message *m)
{
	if (!call && !strcmp(m->method, "NOTIFY") && m->to_tag[0]) {
		fake_reply(fake, m, notify_status, NULL);
		return true;
	}
	return hooks_of(fake)->request &&
	       hooks_of(fake)->request(fake, call, m);
}

static void send_refer(const char *credentials)
{
	char from[200], to[100], more[2600];

	snprintf(from, sizeof(from), "<sip:%s@%s>;tag=%s", asked.fake->user,
		 asked.fake->host, asked.tag);
	snprintf(to, sizeof(to), "<%s>", asked.uri);
	snprintf(more, sizeof(more), "%s%s%s", asked.head, asked.more,
		 credentials);
	fake_send_request(asked.fake, "REFER", asked.uri, from, to,
			  asked.call_id, ++asked.cseq, more, NULL);
}

static void on_answer(struct fake *fake, struct fake_call *call,
		      const struct text_message *m)
{
	char challenge[512] = "", other[512], answer[1024], text[1200];

	if (call || strcmp(m->method, "REFER")) {
		if (hooks_of(fake)->answer)
			hooks_of(fake)->answer(fake, call, m);
		return;
	}
	if (m->status < 200 || strcmp(m->call_id, asked.call_id))
		return;
	if (m->status != 407 || asked.tries++) {
		asked.status = m->status;
		return;
	}
	for (unsigned n = 0;
	     text_header(m, "Proxy-Authenticate", n, other, sizeof(other)); n++)
		if (!challenge[0] || digest_is_sha256(other))
			strcpy(challenge, other);
	digest_answer(answer, sizeof(answer), challenge, "REFER", asked.uri,
		      fake->user, asked.wrong ? "wrong" : fake->password);
	snprintf(text, sizeof(text), "Proxy-Authorization: %s\r\n", answer);
	send_refer(text);
}

static void wrap(struct fake *fake, unsigned i)
{
	wrapped[i] = (struct wrapped){fake, fake->hooks};
	fake->hooks.request = on_request;
	fake->hooks.answer = on_answer;
}

/* target NULL: without a Refer-To. more: header lines. */
static void refer(struct fake *fake, const char *target, const char *more)
{
	char line_to[200] = "";

	memset(&asked, 0, sizeof(asked));
	asked.fake = fake;
	snprintf(asked.call_id, sizeof(asked.call_id), "outside-%u", ++asks);
	snprintf(asked.tag, sizeof(asked.tag), "o%u", asks);
	snprintf(asked.uri, sizeof(asked.uri), "sip:127.0.%c.1:%u",
		 fake == &f.phone.end || fake == &f.other.end ? '1' : '2',
		 ntohs(fake->proxy.sin_port));
	snprintf(asked.head, sizeof(asked.head), "Contact: <sip:%s@%s:%u>\r\n",
		 fake->user, fake->host, fake->port);
	if (target)
		snprintf(line_to, sizeof(line_to), "Refer-To: <%s>\r\n",
			 target);
	snprintf(asked.more, sizeof(asked.more), "%s%s", line_to,
		 more ? more : "");
	send_refer("");
}

static const char *dialog(const char *call_id, const char *local,
			  const char *remote)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "Target-Dialog: %s;local-tag=%s;remote-tag=%s\r\n", call_id,
		 local, remote);
	return text;
}

static const char *dialog_of(const struct fake_call *call)
{
	return dialog(call->call_id, call->local_tag, call->remote_tag);
}

static bool got_answer(struct fixture *x)
{
	(void)x;
	return asked.status != 0;
}

static void got(int status)
{
	fixture_run_until(&f, got_answer);
	if (asked.status == status)
		return;
	fixture_tell(&f);
	ck_abort_msg("%d, not %d: %s", asked.status, status, asked.more);
}

static void start_with(const char *phones)
{
	begin_with(phones);
	notify_status = 200;
	wrap(&f.phone.end, 0);
	wrap(&f.other.end, 1);
	wrap(&f.itsp.end, 2);
	wrap(&f.backup.end, 3);
}

static void start(void)
{
	start_with(NULL);
}

/* The n-th NOTIFY of the REFER's own dialog, or NULL. */
static const struct text_message *notify(unsigned n)
{
	for (unsigned i = 0; i < 40; i++) {
		const struct text_message *m =
			fake_message(asked.fake, "NOTIFY", i);

		if (!m)
			return NULL;
		if (!strcmp(m->call_id, asked.call_id) && !n--)
			return m;
	}
	return NULL;
}

static bool was_told(const char *fragment)
{
	const struct text_message *m;

	for (unsigned n = 0; (m = notify(n)); n++)
		if (strstr(m->body, fragment))
			return true;
	return false;
}

static bool told_final(struct fixture *x)
{
	const struct text_message *m;

	(void)x;
	for (unsigned n = 0; (m = notify(n)); n++)
		if (strstr(text_value(m, "Subscription-State"), "terminated"))
			return true;
	return false;
}

/* --- one's own call ------------------------------------------------------- */

START_TEST(a_phone_transfers_its_call_by_a_refer_outside_of_it)
	{
		start();
		f.other.answers_itself = true;
		f.other.ring_ms = 100;
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, told_final);
		got(202);
		fixture_assert(&f, was_told("SIP/2.0 100"));
		fixture_assert(&f, was_told("SIP/2.0 180"));
		fixture_assert(&f, was_told("SIP/2.0 200"));
		fixture_assert(&f, line->bye_seen);
		they_talk();
		provider_noticed_nothing();
		ck_assert_status(&f, "event=call-transferred number=102");
		other_hangs_up();
	}
END_TEST

START_TEST(its_notifies_come_in_the_dialog_that_the_refer_made)
	{
		const struct text_message *accepted, *m;
		char lines[700], route[64], id[32], uri[64];
		unsigned cseq = 0, n;

		start();
		f.other.answers_itself = true;
		snprintf(route, sizeof(route), "<sip:hop@127.0.1.10:%u;lr>",
			 f.phone.end.port);
		snprintf(lines, sizeof(lines), "%sRecord-Route: %s\r\n",
			 dialog_of(line), route);
		refer(&f.phone.end, "sip:102@127.0.1.1", lines);
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, told_final);
		accepted = fake_last_message(&f.phone.end, "202 REFER");
		fixture_assert(&f,
			       accepted && text_value(accepted, "Contact")[0]);
		snprintf(id, sizeof(id), "refer;id=%u", asked.cseq);
		snprintf(uri, sizeof(uri), "sip:101@127.0.1.10:%u",
			 f.phone.end.port);
		for (n = 0; (m = notify(n)); n++) {
			fixture_assert(&f, !strcmp(m->to_tag, asked.tag));
			fixture_assert(&f,
				       !strcmp(m->from_tag, accepted->to_tag));
			fixture_assert(&f, !cseq || m->cseq == cseq + 1);
			fixture_assert(&f, !strcmp(text_value(m, "Event"), id));
			fixture_assert(&f,
				       !strcmp(text_value(m, "Route"), route));
			fixture_assert(&f, !strcmp(m->uri, uri));
			cseq = m->cseq;
		}
		/* None was in the call's, none was sent twice. */
		fixture_assert(&f, n >= 2);
		fixture_assert(&f, fake_seen(&f.phone.end, "NOTIFY") == n);
	}
END_TEST

START_TEST(refer_sub_false_gets_no_notify)
	{
		char lines[600];

		start();
		f.other.answers_itself = true;
		snprintf(lines, sizeof(lines),
			 "%sRefer-Sub: false\r\nRequire: tdialog\r\n",
			 dialog_of(line));
		refer(&f.phone.end, "sip:102@127.0.1.1", lines);
		fixture_run_until(&f, line_ended);
		got(202);
		fixture_assert(
			&f, !strcmp(text_value(fake_last_message(&f.phone.end,
								 "202 REFER"),
					       "Refer-Sub"),
				    "false"));
		they_talk();
		fixture_assert(&f, fake_seen(&f.phone.end, "NOTIFY") == 0);
	}
END_TEST

START_TEST(a_busy_target_leaves_the_call_as_it_was)
	{
		start();
		f.other.refuses = 486;
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 486"));
		call_is_as_it_was();
	}
END_TEST

/* From another device of the same user: a click on a screen. */
START_TEST(another_device_of_the_user_may_ask)
	{
		start();
		snprintf(f.other.end.user, sizeof(f.other.end.user), "101");
		f.other.end.password = "secret101";
		f.other.answers_itself = true;
		refer(&f.other.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		fixture_assert(&f, fake_seen(&f.phone.end, "NOTIFY") == 0);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(a_provider_transfers_its_own_call)
	{
		start();
		f.other.answers_itself = true;
		refer(&f.itsp.end, "sip:442079460102@127.0.2.1",
		      dialog_of(itsp_line(&f.itsp)));
		fixture_run_until(&f, told_final);
		got(202);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		fixture_run_until(&f, itsp_ended);
		fixture_assert(&f, line->state == FAKE_UP);
		fixture_from_now(&f);
		fixture_run_until(&f, phone_hears_more);
		fixture_run_until(&f, other_hears_more);
	}
END_TEST

START_TEST(a_consulted_call_is_joined)
	{
		char target[900];

		start();
		consult_other();
		snprintf(target, sizeof(target),
			 "sip:102@127.0.1.1?Replaces=%.*s%%40%s%%3Bto-tag%%3D%s"
			 "%%3Bfrom-tag%%3D%s",
			 (int)strcspn(consult->call_id, "@"), consult->call_id,
			 strchr(consult->call_id, '@') + 1, consult->remote_tag,
			 consult->local_tag);
		refer(&f.phone.end, target, dialog_of(line));
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, phone_ended);
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
	}
END_TEST

START_TEST(it_is_passed_on_where_the_policy_says_so)
	{
		start_with("refer = \"forward\";");
		refer(&f.phone.end, "sip:05554444@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, itsp_was_referred);
		got(200);
		fake_request_typed(itsp_line(&f.itsp), "NOTIFY",
				   "Event: refer\r\nSubscription-State: "
				   "terminated;reason=noresource\r\n",
				   "message/sipfrag", "SIP/2.0 200 OK\r\n");
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		fixture_assert(&f, line->state == FAKE_UP);
	}
END_TEST

/* It is carried out here then, as far as our routes allow. */
START_TEST(it_is_not_passed_on_to_who_does_not_know_refer)
	{
		start_with("refer = \"forward\";");
		f.itsp.end.no_refer = true;
		fake_refresh(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		refer(&f.phone.end, "sip:05554444@127.0.1.1", dialog_of(line));
		got(403);
		fixture_assert(&f, fake_seen(&f.itsp.end, "REFER") == 0);
		fixture_assert(&f, line->state == FAKE_UP);
		ck_assert_status(&f, "event=call-transfer-failed "
				     "cause=provider-to-provider");
	}
END_TEST

START_TEST(phones_are_told_that_they_may_name_a_dialog_and_providers_not)
	{
		start();
		ck_assert_ptr_nonnull(
			strstr(text_value(fake_last_message(&f.phone.end,
							    "200 INVITE"),
					  "Supported"),
			       "tdialog"));
		ck_assert_ptr_null(fake_saw_text(&f.itsp.end, "tdialog"));
	}
END_TEST

START_TEST(where_transfers_are_refused_no_phone_is_told)
	{
		start_with("refer = \"reject\";");
		ck_assert_ptr_null(fake_saw_text(&f.phone.end, "tdialog"));
	}
END_TEST

/* --- what is refused ------------------------------------------------------ */

START_TEST(nobody_transfers_a_call_that_he_has_no_leg_of)
	{
		const struct fake_call *theirs;

		start();
		theirs = itsp_line(&f.itsp);
		refer(&f.other.end, "sip:102@127.0.1.1", dialog_of(line));
		got(481);
		refer(&f.itsp.end, "sip:442079460102@127.0.2.1",
		      dialog_of(line));
		got(481);
		refer(&f.backup.end, "sip:442079460102@127.0.2.1",
		      dialog_of(theirs));
		got(481);
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(theirs));
		got(481);
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		call_is_as_it_was();
	}
END_TEST

START_TEST(who_cannot_prove_who_he_is_transfers_nothing)
	{
		start();
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		asked.wrong = true;
		fixture_run_until(&f, got_answer);
		fixture_assert(&f, asked.status == 407 || asked.status == 403);
		/* All is right but where it comes from. */
		fake_move_host(&f.itsp.end, "127.0.2.99");
		refer(&f.itsp.end, "sip:442079460102@127.0.2.1",
		      dialog_of(itsp_line(&f.itsp)));
		fixture_watch(&f, 300);
		fixture_assert(&f, !asked.status);
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		fixture_assert(&f, line->state == FAKE_UP);
	}
END_TEST

START_TEST(a_dialog_that_is_not_there_is_481)
	{
		start();
		refer(&f.phone.end, "sip:102@127.0.1.1",
		      dialog(line->call_id, line->remote_tag, line->local_tag));
		got(481);
		refer(&f.phone.end, "sip:102@127.0.1.1",
		      dialog(line->call_id, line->local_tag, "x"));
		got(481);
		refer(&f.phone.end, "sip:102@127.0.1.1",
		      dialog(line->call_id, "x", line->remote_tag));
		got(481);
		refer(&f.phone.end, "sip:102@127.0.1.1",
		      dialog("x", line->local_tag, line->remote_tag));
		got(481);
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		call_is_as_it_was();
	}
END_TEST

START_TEST(a_call_that_nobody_has_answered_is_481)
	{
		struct fake_call *early;

		start();
		early = phone_call(&f.phone, "102");
		fixture_run_until(&f, other_is_ringing);
		fixture_run_until(&f, phone_rings_back);
		refer(&f.phone.end, "sip:05554444@127.0.1.1", dialog_of(early));
		got(481);
		fixture_assert(&f, early->state == FAKE_CALLING);
	}
END_TEST

static void refused(int status, const char *more)
{
	refer(&f.phone.end, "sip:102@127.0.1.1", more);
	got(status);
}

START_TEST(without_a_call_that_it_names_it_is_refused)
	{
		const char *id, *local;
		char more[900];

		start();
		id = line->call_id;
		local = line->local_tag;
		refused(403, NULL);
		snprintf(more, sizeof(more), "Target-Dialog: %s\r\n", id);
		refused(400, more);
		snprintf(more, sizeof(more),
			 "Target-Dialog: %s;local-tag=%s\r\n", id, local);
		refused(400, more);
		refused(400, dialog(id, local, "0"));
		refused(400, dialog(id, local, ""));
		snprintf(more, sizeof(more),
			 "%sTarget-Dialog: x;local-tag=1;"
			 "remote-tag=2\r\n",
			 dialog_of(line));
		refused(400, more);
		snprintf(more, sizeof(more), "%sRequire: tdialog, gold\r\n",
			 dialog_of(line));
		refused(420, more);
		fixture_assert(&f, fake_seen(&f.other.end, "INVITE") == 0);
		call_is_as_it_was();
	}
END_TEST

START_TEST(it_is_judged_as_one_inside_of_the_call)
	{
		static const struct {
			const char *target;
			int status;
		} cases[] = {
			{NULL, 400},
			{"sip:127.0.1.1", 400},
			{"sip:999@127.0.1.1", 404},
			{"sip:05559999@127.0.1.1", 403},
			{"sip:102@127.0.1.1;method=BYE", 403},
			{"sip:102@127.0.1.1?Replaces=x%3Bto-tag%3D1"
			 "%3Bfrom-tag%3D2",
			 403},
		};

		start();
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			refer(&f.phone.end, cases[i].target, dialog_of(line));
			got(cases[i].status);
		}
		fixture_assert(&f, fake_seen(&f.phone.end, "NOTIFY") == 0);
		call_is_as_it_was();
	}
END_TEST

START_TEST(the_policy_may_refuse_it)
	{
		start_with("refer = \"reject\";");
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		got(403);
		call_is_as_it_was();
	}
END_TEST

/* --- meanwhile ------------------------------------------------------------ */

START_TEST(a_second_one_waits_for_the_first_wherever_it_came)
	{
		struct asked first;

		start();
		if (_i)
			phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		else
			refer(&f.phone.end, "sip:102@127.0.1.1",
			      dialog_of(line));
		fixture_run_until(&f, other_is_ringing);
		first = asked;
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		got(491);
		if (!_i) {
			phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
			fixture_watch(&f, 100);
			fixture_assert(
				&f, fake_seen(&f.phone.end, "491 REFER") == 2);
		}
		phone_answer(&f.other);
		fixture_run_until(&f, line_ended);
		asked = first;
		if (!_i)
			fixture_run_until(&f, told_final);
		they_talk();
	}
END_TEST

START_TEST(one_comes_after_the_other)
	{
		start();
		f.other.refuses = 486;
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, told_final);
		f.other.refuses = 0;
		f.other.answers_itself = true;
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
	}
END_TEST

START_TEST(the_asker_hears_how_it_went_after_it_has_hung_up)
	{
		start();
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, other_is_ringing);
		got(202);
		fake_bye(line);
		fixture_watch(&f, 100);
		phone_answer(&f.other);
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
	}
END_TEST

START_TEST(the_call_ends_while_the_newcomer_rings)
	{
		start();
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, other_is_ringing);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
		fixture_run_until(&f, line_ended);
		fixture_run_until(&f, other_was_cancelled);
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 487"));
		/* And with it what the REFER began. */
		fixture_assert(&f, TAILQ_EMPTY(&f.agent->legs));
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		got(481);
	}
END_TEST

START_TEST(the_program_ends_while_the_newcomer_rings)
	{
		start();
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, other_is_ringing);
		fixture_end(&f);
	}
END_TEST

START_TEST(who_does_not_know_the_notify_gets_no_other)
	{
		start();
		notify_status = 481;
		f.other.answers_itself = true;
		f.other.ring_ms = 200;
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, line_ended);
		they_talk();
		fixture_assert(&f, was_told("SIP/2.0 100"));
		fixture_assert(&f, !was_told("SIP/2.0 200"));
		provider_noticed_nothing();
	}
END_TEST

static bool inside_answered(struct fixture *x)
{
	return fake_seen(&x->phone.end, "481 BYE") == 1 &&
	       fake_seen(&x->phone.end, "481 UPDATE") == 1 &&
	       fake_seen(&x->phone.end, "403 REFER") == 1 &&
	       fake_seen(&x->phone.end, "405 SUBSCRIBE") == 1;
}

/* What is asked in its dialog is nobody's call. */
START_TEST(the_dialog_of_a_refer_takes_nothing_else)
	{
		static const char *const methods[] = {"BYE", "UPDATE", "REFER",
						      "SUBSCRIBE"};
		char from[100], to[200];

		start();
		refer(&f.phone.end, "sip:102@127.0.1.1", dialog_of(line));
		fixture_run_until(&f, other_is_ringing);
		got(202);
		snprintf(from, sizeof(from), "<sip:101@127.0.1.10>;tag=%s",
			 asked.tag);
		snprintf(to, sizeof(to), "<%s>;tag=%s", asked.uri,
			 fake_last_message(&f.phone.end, "202 REFER")->to_tag);
		for (unsigned i = 0; i < 4; i++)
			fake_send_request(
				&f.phone.end, methods[i], asked.uri, from, to,
				asked.call_id, asked.cseq + 1 + i,
				"Event: refer\r\nExpires: 0\r\n", NULL);
		fixture_run_until(&f, inside_answered);
		phone_answer(&f.other);
		fixture_run_until(&f, told_final);
		fixture_assert(&f, was_told("SIP/2.0 200"));
		they_talk();
		provider_noticed_nothing();
	}
END_TEST

static Suite *refer_outside_suite(void)
{
	Suite *suite = suite_create("call_refer_outside");
	TCase *tests = tcase_create("call_refer_outside");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	T(a_phone_transfers_its_call_by_a_refer_outside_of_it);
	T(its_notifies_come_in_the_dialog_that_the_refer_made);
	T(refer_sub_false_gets_no_notify);
	T(a_busy_target_leaves_the_call_as_it_was);
	T(another_device_of_the_user_may_ask);
	T(a_provider_transfers_its_own_call);
	T(a_consulted_call_is_joined);
	T(it_is_passed_on_where_the_policy_says_so);
	T(it_is_not_passed_on_to_who_does_not_know_refer);
	T(phones_are_told_that_they_may_name_a_dialog_and_providers_not);
	T(where_transfers_are_refused_no_phone_is_told);
	T(nobody_transfers_a_call_that_he_has_no_leg_of);
	T(who_cannot_prove_who_he_is_transfers_nothing);
	T(a_dialog_that_is_not_there_is_481);
	T(a_call_that_nobody_has_answered_is_481);
	T(without_a_call_that_it_names_it_is_refused);
	T(it_is_judged_as_one_inside_of_the_call);
	T(the_policy_may_refuse_it);
	tcase_add_loop_test(
		tests, a_second_one_waits_for_the_first_wherever_it_came, 0, 2);
	T(one_comes_after_the_other);
	T(the_asker_hears_how_it_went_after_it_has_hung_up);
	T(the_call_ends_while_the_newcomer_rings);
	T(the_program_ends_while_the_newcomer_rings);
	T(who_does_not_know_the_notify_gets_no_other);
	T(the_dialog_of_a_refer_takes_nothing_else);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(refer_outside_suite())
