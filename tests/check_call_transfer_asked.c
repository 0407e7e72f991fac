/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An end that has to be asked with a re-INVITE: what is asked of it, what its
 * refusal teaches, and what it is told when all has ended meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/report/status.h"
#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/fakes/transfer.h"

/* --- keys between the ends ------------------------------------------------ */

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

/* --- what a refusal teaches ----------------------------------------------- */

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

/* --- meanwhile ------------------------------------------------------------ */

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

static Suite *asked_suite(void)
{
	Suite *suite = suite_create("call_transfer_asked");
	TCase *tests = tcase_create("call_transfer_asked");

	fixture_around(tests, &f);
#define T(name) tcase_add_test(tests, name)
	tcase_add_loop_test(tests, keys_of_the_ends_follow_a_transfer, 0, 2);
	tcase_add_loop_test(tests, keys_that_cannot_be_told_stay_where_they_are,
			    0, 2);
	T(a_refused_reinvite_of_a_transfer_teaches);
	T(a_bye_after_the_reinvite_of_a_transfer_teaches);
	T(an_end_that_another_call_gives_teaches_too);
	T(a_refused_reinvite_of_a_transfer_has_had_its_version);
	T(an_attended_transfer_that_the_colleague_refuses_changes_nothing);
	T(the_call_that_gives_its_end_is_ended_while_that_is_asked);
	T(the_program_ends_while_an_end_of_another_call_is_asked);
	T(an_end_that_is_asked_while_the_provider_hangs_up_is_put_back);
	T(a_provider_that_is_asked_while_the_other_call_ends_is_put_back);
#undef T
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(asked_suite())
