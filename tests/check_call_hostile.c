/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers and requests in mid-call that no honest end would send: refused
 * properly, from either side, and the call stands as it did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;
static char before[4096]; /* our SDP toward the end that misbehaves */
static char body[40000];

static struct fake_call *end_of(bool itsp)
{
	return itsp ? itsp_line(&f.itsp) : phone_line(&f.phone);
}

/* The final answer to this end's re-INVITE. */
static int answer_to(bool itsp)
{
	if (itsp)
		fixture_run_until(&f, itsp_reinvite_done);
	else
		fixture_run_until(&f, phone_reinvite_done);
	return end_of(itsp)->reinvite_status;
}

/* What we last said to this end: asked for by a refresh, which says nothing
 * new. */
static void ask_again(bool itsp, char *out, size_t size)
{
	struct fake_call *call = end_of(itsp);
	const struct text_message *answer;

	fake_refresh(call);
	fixture_assert(&f, answer_to(itsp) == 200);
	answer = fake_last_message(call->fake, "200 INVITE");
	snprintf(out, size, "%s", answer->body);
	ck_assert(strstr(out, "m=audio ") != NULL);
}

static void begin(const char *acme)
{
	struct fixture_setup setup = {.acme = acme};

	fixture_start_with(&f, &setup);
	f.itsp.end.media.codecs = f.phone.end.media.codecs = "8 101";
	fixture_talk_out(&f);
}

static void both_hear_again(void)
{
	fixture_both_ways(&f);
	fixture_assert(&f, both_up(&f));
}

/* Both hear each other, on one stream, and neither was asked anything. */
static void the_call_stands(bool itsp)
{
	char now[4096];

	both_hear_again();
	fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
	ask_again(itsp, now, sizeof(now));
	ck_assert_str_eq(now, before);
}

/* --- offers ------------------------------------------------------------- */

static void head(struct fake_call *call, char *out, size_t size, long version)
{
	snprintf(out, size,
		 "v=0\r\no=%s %u %ld IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\n",
		 call->fake->name, call->sdp_id, version, call->fake->host,
		 call->fake->host);
}

static void add(char *out, size_t size, const char *text)
{
	size_t len = strlen(out);

	ck_assert_uint_lt(len + strlen(text), size);
	strcpy(out + len, text);
}

enum trick {
	LESS_SLOTS,
	BACKWARDS,
	MANY_CODECS,
	MANY_SLOTS,
	MANY_ATTRIBUTES,
	NO_COMMON_CODEC,
	NO_SDP_AT_ALL,
	CONTROL_BYTES,
	PORT_TOO_BIG,
	NO_MEDIA,
	TRICKS
};

static void write_trick(struct fake_call *call, enum trick trick)
{
	char line[200];
	unsigned port = call->fake->tone.stream[0].port;

	head(call, body, sizeof(body),
	     trick == BACKWARDS ? (long)call->sdp_version - 1
				: (long)call->sdp_version + 1);
	switch (trick) {
	case LESS_SLOTS: /* of the two that there were */
	case BACKWARDS:
		snprintf(line, sizeof(line),
			 "m=audio %u RTP/AVP 8\r\na=sendonly\r\n", port);
		add(body, sizeof(body), line);
		return;
	case MANY_CODECS:
		snprintf(line, sizeof(line), "m=audio %u RTP/AVP", port);
		add(body, sizeof(body), line);
		for (unsigned i = 0; i < 300; i++) {
			snprintf(line, sizeof(line), " %u", i);
			add(body, sizeof(body), line);
		}
		add(body, sizeof(body), "\r\na=sendonly\r\n");
		return;
	case MANY_SLOTS:
		for (unsigned i = 0; i < 9; i++) {
			snprintf(line, sizeof(line),
				 "m=audio %u RTP/AVP 8\r\na=sendonly\r\n",
				 port);
			add(body, sizeof(body), line);
		}
		return;
	case MANY_ATTRIBUTES:
		snprintf(line, sizeof(line), "m=audio %u RTP/AVP 8\r\n", port);
		add(body, sizeof(body), line);
		for (unsigned i = 0; i < 300; i++)
			add(body, sizeof(body), "a=x\r\n");
		add(body, sizeof(body), "a=sendonly\r\n");
		return;
	case NO_COMMON_CODEC:
		snprintf(line, sizeof(line),
			 "m=audio %u RTP/AVP 99\r\na=rtpmap:99 X/8000\r\n"
			 "a=sendonly\r\n",
			 port);
		add(body, sizeof(body), line);
		return;
	case NO_SDP_AT_ALL:
		strcpy(body, "hold, please\r\n");
		return;
	case CONTROL_BYTES:
		snprintf(line, sizeof(line),
			 "m=audio %u RTP/AVP 8\r\na=\x01\x02\x1b[2J\r\n", port);
		add(body, sizeof(body), line);
		return;
	case PORT_TOO_BIG:
		add(body, sizeof(body), "m=audio 70000 RTP/AVP 8\r\n");
		return;
	case NO_MEDIA:
	case TRICKS:
		return;
	}
}

static const char *const policies[] = {"reinvite = \"suppress\";",
				       "reinvite = \"forward\";"};

/* Trick, who plays it, and what the provider's policy is. */
START_TEST(an_offer_that_makes_no_sense_is_refused)
	{
		enum trick trick = _i % TRICKS;
		bool itsp = _i / TRICKS % 2;
		struct fake_call *call;
		unsigned reinvites;
		int status;

		begin(policies[_i / TRICKS / 2]);
		call = end_of(itsp);
		if (trick == LESS_SLOTS) {
			call->media.more = "m=video 0 RTP/AVP 34\r\n";
			fake_reinvite(call);
			fixture_assert(&f, answer_to(itsp) == 200);
		}
		ask_again(itsp, before, sizeof(before));
		reinvites = fake_seen_inside(&f.phone.end, "INVITE") +
			    fake_seen_inside(&f.itsp.end, "INVITE");
		char *said = strdup(call->sdp);
		write_trick(call, trick);
		call->media.instead = body;
		fake_reinvite(call);
		status = answer_to(itsp);
		fixture_assert(&f,
			       status == 488 || status == 400 || status == 413);
		call->media.instead = NULL;
		strcpy(call->sdp, said);
		free(said);
		fake_settle(call);
		if (trick == NO_COMMON_CODEC) {
			/* The other end may know it: it was asked, and what it
			 * took in vain was taken back. */
			both_hear_again();
			return;
		}
		the_call_stands(itsp);
		ck_assert_uint_eq(
			reinvites,
			fake_seen_inside(&f.phone.end, "INVITE") +
				fake_seen_inside(&f.itsp.end, "INVITE"));
	}
END_TEST

static bool answered(const struct fake *fake, const char *method, int status)
{
	char label[40];

	snprintf(label, sizeof(label), "%d %s", status, method);
	for (unsigned i = 0; i < 200 && !fake_seen(fake, label); i++)
		fixture_watch(&f, 10);
	return fake_seen(fake, label) == 1;
}

/* A body that we cannot read is no wish to be offered something. */
START_TEST(a_body_that_is_no_sdp_is_415)
	{
		const char *method = _i % 2 ? "UPDATE" : "INVITE";
		bool itsp = _i / 2;
		struct fake_call *call;
		const struct text_message *answer;

		begin(policies[0]);
		call = end_of(itsp);
		ask_again(itsp, before, sizeof(before));
		fake_request_typed(call, method, NULL, "text/plain",
				   "hold\r\n");
		fixture_assert(&f, answered(call->fake, method, 415));
		answer = fake_last_message(call->fake, _i % 2 ? "415 UPDATE"
							      : "415 INVITE");
		ck_assert_str_eq(text_value(answer, "Accept"),
				 "application/sdp");
		ck_assert_status(&f, "event=call-refused status=415 "
				     "cause=body-not-sdp");
		the_call_stands(itsp);
		fake_request_typed(call, "UPDATE",
				   "Content-Disposition: render;"
				   "handling=optional\r\n",
				   "text/plain", "hello\r\n");
		fixture_assert(&f, answered(call->fake, "UPDATE", 200));
		the_call_stands(itsp);
	}
END_TEST

/* Everything refused is no media for a while, not the end of the call. */
START_TEST(port_0_everywhere_is_answered_with_it_and_can_be_taken_back)
	{
		bool itsp = _i % 2;
		struct fake_call *call;

		begin(policies[_i / 2]);
		call = end_of(itsp);
		ask_again(itsp, before, sizeof(before));
		call->media.port_zero = true;
		fake_reinvite(call);
		fixture_assert(&f, answer_to(itsp) == 200);
		ck_assert_uint_eq(call->remote_sdp.streams, 1);
		ck_assert_uint_eq(call->remote_sdp.stream[0].port, 0);
		call->media.port_zero = false;
		fake_reinvite(call);
		fixture_assert(&f, answer_to(itsp) == 200);
		ck_assert_uint_ne(call->remote_sdp.stream[0].port, 0);
		both_hear_again();
	}
END_TEST

/* Our offer in the 200, and such an answer in the ACK. */
START_TEST(an_answer_that_makes_no_sense_changes_nothing)
	{
		enum trick trick = _i % TRICKS;
		bool itsp = _i / TRICKS;
		struct fake_call *call;
		char *said;

		begin(policies[0]);
		call = end_of(itsp);
		ask_again(itsp, before, sizeof(before));
		said = strdup(call->sdp);
		write_trick(call, trick);
		if (trick == LESS_SLOTS || trick == BACKWARDS) /* one too many
								*/
			add(body, sizeof(body), "m=video 4000 RTP/AVP 34\r\n");
		call->media.instead = body;
		fake_reinvite_without_offer(call);
		fixture_assert(&f, answer_to(itsp) == 200);
		ck_assert_status(&f, "event=call-answer-missing");
		call->media.instead = NULL;
		strcpy(call->sdp, said);
		free(said);
		fake_settle(call);
		both_hear_again();
	}
END_TEST

/* --- requests that are not what they seem -------------------------------- */

static const char *const methods[] = {"INVITE", "UPDATE", "BYE",  "REFER",
				      "INFO",	"NOTIFY", "PRACK"};
#define METHODS (sizeof(methods) / sizeof(*methods))

START_TEST(a_request_with_a_wrong_tag_is_481)
	{
		bool itsp = _i / METHODS % 2, theirs = _i / METHODS / 2;
		struct fake_call *call;
		char label[40], good[128], *tag;

		begin(policies[0]);
		ask_again(itsp, before, sizeof(before));
		call = end_of(itsp);
		tag = theirs ? call->remote_tag : call->local_tag;
		strcpy(good, tag);
		strcpy(tag, "forged-by-somebody");
		fake_request(call, methods[_i % METHODS],
			     "Refer-To: <sip:0666@127.0.1.1>\r\n"
			     "RAck: 1 1 INVITE\r\n"
			     "Contact: <sip:x@127.0.1.99>\r\n",
			     NULL);
		strcpy(tag, good);
		snprintf(label, sizeof(label), "481 %s", methods[_i % METHODS]);
		for (unsigned i = 0; i < 200 && !fake_seen(call->fake, label);
		     i++)
			fixture_watch(&f, 10);
		fixture_assert(&f, fake_seen(call->fake, label) == 1);
		the_call_stands(itsp);
	}
END_TEST

/* The right tags, from where another phone, another trunk or nobody is. */
static const struct {
	const char *from;
	bool itsp;
} forgers[] = {
	{"127.0.1.11", false},
	{"127.0.1.77", false},
	{"127.0.2.20", true},
	{"127.0.2.77", true},
};

START_TEST(a_request_from_elsewhere_changes_nothing)
	{
		unsigned forger = (unsigned)_i / METHODS;
		bool itsp = forgers[forger].itsp;

		begin(policies[0]);
		ask_again(itsp, before, sizeof(before));
		fake_request_from(end_of(itsp), methods[_i % METHODS],
				  forgers[forger].from);
		fixture_watch(&f, 150);
		the_call_stands(itsp);
	}
END_TEST

/* What the ACK of a stranger says of where to send is not believed. */
START_TEST(the_answer_in_a_strangers_ack_is_not_taken)
	{
		bool itsp = forgers[_i].itsp;
		struct fake_call *call;

		begin(policies[0]);
		call = end_of(itsp);
		call->withhold_ack = true;
		fake_reinvite_without_offer(call);
		ck_assert_int_eq(answer_to(itsp), 200);
		head(call, body, sizeof(body), (long)call->sdp_version + 1);
		add(body, sizeof(body), "m=audio 9 RTP/AVP 8\r\n");
		fake_forge(call, "ACK", call->invite_cseq, NULL, body,
			   forgers[_i].from);
		fixture_watch(&f, 150);
		both_hear_again();
	}
END_TEST

static Suite *hostile_suite(void)
{
	Suite *s = suite_create("call-hostile");
	TCase *tests = tcase_create("hostile");

	fixture_around(tests, &f);
	tcase_add_loop_test(tests, an_offer_that_makes_no_sense_is_refused, 0,
			    TRICKS * 4);
	tcase_add_loop_test(tests, a_body_that_is_no_sdp_is_415, 0, 4);
	tcase_add_loop_test(
		tests,
		port_0_everywhere_is_answered_with_it_and_can_be_taken_back, 0,
		4);
	tcase_add_loop_test(tests,
			    an_answer_that_makes_no_sense_changes_nothing, 0,
			    TRICKS * 2);
	tcase_add_loop_test(tests, a_request_with_a_wrong_tag_is_481, 0,
			    METHODS * 4);
	tcase_add_loop_test(tests, a_request_from_elsewhere_changes_nothing, 0,
			    METHODS * sizeof(forgers) / sizeof(*forgers));
	tcase_add_loop_test(tests, the_answer_in_a_strangers_ack_is_not_taken,
			    0, sizeof(forgers) / sizeof(*forgers));
	suite_add_tcase(s, tests);
	return s;
}

CHECK_MAIN(hostile_suite())
