/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What no honest phone would send: refused or dropped, and the next call
 * works as if nothing had been. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static unsigned long rss_kb(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*u %lu", &pages), 1);
	fclose(file);
	return pages * 4;
}

static void a_call_still_works(void)
{
	f.phone.end.media = (struct fake_media){.codecs = "8 0 101",
						.direction = "sendrecv"};
	fixture_talk_out(&f);
	phone_hang_up(&f.phone);
	fixture_run_until(&f, both_ended);
}

#define HEAD                                                                 \
	"v=0\r\no=x 1 1 IN IP4 127.0.1.10\r\ns=-\r\nc=IN IP4 127.0.1.10\r\n" \
	"t=0 0\r\n"

static const char *const bad_bodies[] = {
	"this is no SDP at all\r\n",
	"v=0\r\n",
	"v=0\r\nm=audio\r\n",
	HEAD "m=audio 99999 RTP/AVP 0\r\n",
	HEAD "m=audio 0 RTP/AVP 0\r\n",
	HEAD "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
	HEAD "m=audio 4000 RTP/AVP 99\r\na=rtpmap:99 X-NOBODY/8000\r\n",
	("v=0\r\no=x 1 1 IN IP4 nowhere\r\ns=-\r\nc=IN IP4 \x01\x02\r\n"
	 "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"),
};

START_TEST(a_body_that_makes_no_call_is_refused)
	{
		fixture_start(&f);
		f.phone.end.media.instead = bad_bodies[_i];
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		int status = phone_line(&f.phone)->status;
		fixture_assert(&f, status == 488 || status == 400);
		if (strstr(bad_bodies[_i], "m=audio 0"))
			ck_assert_status(&f, "event=call-end cause=no-media "
					     "status=488");

		a_call_still_works();
	}
END_TEST

START_TEST(codecs_that_the_provider_may_not_have_are_488)
	{
		static const struct fixture_setup narrow = {
			.acme = "codecs = [ \"PCMA\", \"telephone-event\" ];",
			.backup = "codecs = [ \"PCMA\", \"telephone-event\" ];",
		};

		fixture_start_with(&f, &narrow);
		f.phone.end.media.codecs = "0 101";
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_refused);
		ck_assert_int_eq(phone_line(&f.phone)->status, 488);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
	}
END_TEST

START_TEST(codecs_that_policy_does_not_allow_are_not_offered)
	{
		static const struct fixture_setup narrow = {
			.acme = "codecs = [ \"PCMA\", \"telephone-event\" ];"};

		fixture_start_with(&f, &narrow);
		fixture_call_out(&f);
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].formats,
			"8 101");
	}
END_TEST

/* The media line that makes the stack's own SDP parser allocate for ever. */
START_TEST(the_sdp_that_loops_is_refused_and_memory_stays_flat)
	{
		fixture_start(&f);
		a_call_still_works();
		unsigned long before = rss_kb();
		for (unsigned i = 0; i < 5; i++) {
			f.phone.end.media.instead =
				"v=0\r\no=- 1 1 IN IP4 127.0.1.10\r\ns=-\r\n"
				"c=IN IP4 127.0.1.10\r\nt=0 0\r\n"
				"m=audio 9 RTP/SAVPF 0 (\r\n";
			phone_call(&f.phone, "05551234");
			fixture_watch(&f, 200);
			struct fake_call *call = phone_line(&f.phone);
			fixture_assert(&f, call->status > 100);
			if (call->state == FAKE_UP)
				fake_bye(call);
			fixture_run_until(&f, no_calls);
		}
		ck_assert_uint_lt(rss_kb(), before + 20000);
		a_call_still_works();
	}
END_TEST

#define SDP HEAD "m=audio 4000 RTP/AVP 8 0\r\n"

static const struct {
	const char *type, *body;
	bool works;
} multiparts[] = {
	{"multipart/mixed;boundary=b",
	 "--b\r\nContent-Type: application/sdp\r\n\r\n" SDP "\r\n--b--\r\n",
	 true},
	{"multipart/mixed;boundary=\"b\"",
	 "\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\n"
	 "Content-Type: application/sdp\r\n\r\n" SDP "\r\n--b--\r\n",
	 true},
	{"multipart/mixed", "--b\r\n\r\n" SDP "\r\n--b--\r\n", false},
	{"multipart/mixed;boundary=b", "--b", false},
	{"multipart/mixed;boundary=b", "--b\r\n", false},
	{"multipart/mixed;boundary=b", "--b--\r\n--b\r\n--b--", false},
	{"multipart/mixed;boundary=b",
	 "--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\n"
	 "Content-Type: application/sdp\r\n\r\n--b--\r\n--b--\r\n",
	 false},
	{"multipart/mixed;boundary=b",
	 "--b\r\nContent-Length: 99999\r\nContent-Type: application/sdp\r\n"
	 "\r\nv=0\r\n--b--",
	 false},
	{"multipart/mixed;boundary=", "----\r\n\r\n" SDP, false},
};

static bool itsp_or_refusal(struct fixture *x)
{
	return fake_seen(&x->itsp.end, "INVITE") > 0 ||
	       phone_line(&x->phone)->state == FAKE_ENDED;
}

/* An INVITE of its own: the fake's builder writes only application/sdp. */
static void send_multipart(const char *type, const char *body)
{
	char raw[4096];
	int len = snprintf(
		raw, sizeof(raw),
		"INVITE sip:442079460101@127.0.2.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK-m%d;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:x@127.0.2.10>;tag=m%d\r\n"
		"To: <sip:442079460101@127.0.2.1>\r\nCall-ID: multi-%d\r\n"
		"CSeq: 1 INVITE\r\nContact: <sip:x@%s:%u>\r\n"
		"Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
		f.itsp.end.host, f.itsp.end.port, rand(), rand(), rand(),
		f.itsp.end.host, f.itsp.end.port, type, strlen(body), body);

	fake_send_raw(&f.itsp.end, raw, (size_t)len);
}

static bool multipart_was_answered(struct fixture *x)
{
	const struct fake *end = &x->itsp.end;

	for (unsigned i = 0; i < end->records; i++)
		if (end->record[i].way == FAKE_IN &&
		    end->record[i].message.status >= 180)
			return true;
	return false;
}

START_TEST(a_multipart_body_is_read_or_refused_and_nobody_aborts)
	{
		fixture_start(&f);
		send_multipart(multiparts[_i].type, multiparts[_i].body);
		fixture_run_until(&f, multipart_was_answered);
		bool rings = fake_seen(&f.itsp.end, "180 INVITE") > 0;
		fixture_assert(&f, rings == multiparts[_i].works);
		if (!rings)
			a_call_still_works();
	}
END_TEST

START_TEST(ten_thousand_attributes_are_refused_or_cut)
	{
		static char body[15000];
		size_t len = (size_t)snprintf(body, sizeof(body), "%s", SDP);

		for (unsigned i = 0; i < 700; i++)
			len += (size_t)snprintf(body + len, sizeof(body) - len,
						"a=x-line:%u\r\n", i);
		fixture_start(&f);
		f.phone.end.media.instead = body;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, itsp_or_refusal);
		fixture_assert(&f, !fake_saw_text(&f.itsp.end, "x-line"));
		if (phone_line(&f.phone)->state != FAKE_ENDED) {
			fixture_run_until(&f, both_up);
			phone_hang_up(&f.phone);
			fixture_run_until(&f, both_ended);
		}
		a_call_still_works();
	}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
} garbage[] = {
#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
	BYTES(""),
	BYTES("\0\0\0\0"),
	BYTES("\r\n\r\n"),
	BYTES("INVITE"),
	BYTES("INVITE sip:x SIP/2.0\r\n"),
	BYTES("INVITE sip:x SIP/2.0\r\n\r\n"),
	BYTES("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.1.1\r\n\r\n"),
	BYTES("\xff\xfe\xfd\xfc INVITE sip:x SIP/2.0\r\nVia: \x01\r\n\r\n"),
	BYTES("INVITE sip:0555@127.0.1.1 SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP 127.0.1.10;branch=z9hG4bKx\r\n"
	      "From: <sip:101@127.0.1.1>;tag=x\r\nTo: <sip:1@127.0.1.1>\r\n"
	      "Call-ID: a\x01\x02\"'`$(x)\r\nCSeq: 99999999999 INVITE\r\n"
	      "Content-Length: 4000000000\r\n\r\nv=0"),
	BYTES("ACK sip:0555@127.0.1.1 SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP 127.0.1.10;branch=z9hG4bKy\r\n"
	      "From: <sip:101@127.0.1.1>;tag=x\r\nTo: <sip:1@127.0.1.1>\r\n"
	      "Call-ID: nobody\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"),
};

START_TEST(garbage_is_dropped)
	{
		fixture_start(&f);
		fake_send_raw(&f.phone.end, garbage[_i].bytes, garbage[_i].len);
		fixture_watch(&f, 100);
		a_call_still_works();
	}
END_TEST

START_TEST(an_oversize_message_is_dropped)
	{
		static char raw[60000];

		fixture_start(&f);
		size_t len =
			(size_t)snprintf(raw, sizeof(raw),
					 "INVITE sip:05551234@127.0.1.1 SIP/2.0"
					 "\r\nX-Long: ");
		memset(raw + len, 'a', sizeof(raw) - len);
		memcpy(raw + sizeof(raw) - 4, "\r\n\r\n", 4);
		fake_send_raw(&f.phone.end, raw, sizeof(raw));
		fixture_watch(&f, 100);
		a_call_still_works();
	}
END_TEST

/* The library asserts that an ACK finds its INVITE answered. */
static const char *const vias[] = {
	"127.0.1.10;maddr=255.255.255.255",
	"127.0.1.10;maddr=name.invalid",
	"127.0.1.10:0",
	"127.0.1.10:65536",
};

START_TEST(an_ack_for_an_answer_that_cannot_be_sent_harms_nobody)
	{
		static const char *const methods[] = {"INVITE", "ACK"};
		char raw[600];

		fixture_start(&f);
		for (unsigned i = 0; i < 4; i++) {
			/* The second pair is taken for a merged request. */
			int len = snprintf(
				raw, sizeof(raw),
				"%s sip:0555@127.0.1.1 SIP/2.0\r\n"
				"Via: SIP/2.0/UDP %s;branch=z9hG4bK%u\r\n"
				"From: <sip:101@127.0.1.1>;tag=x\r\n"
				"To: <sip:0555@127.0.1.1>\r\nCall-ID: one\r\n"
				"CSeq: 1 %s\r\nContact: <sip:101@127.0.1.10>"
				"\r\nContent-Length: 0\r\n\r\n",
				methods[i % 2], vias[_i], i / 2,
				methods[i % 2]);
			fake_send_raw(&f.phone.end, raw, (size_t)len);
		}
		fixture_watch(&f, 100);
		a_call_still_works();
	}
END_TEST

START_TEST(a_stranger_gets_no_answer_at_all)
	{
		static const char *const strangers[] = {
			"127.0.3.3", "127.0.1.200", "127.0.2.200"};
		struct phone stranger;
		bool inside = _i == 1;

		fixture_start(&f);
		phone_open(&stranger, "mallory", strangers[_i], "x",
			   _i == 2 ? &f.wan : &f.lan);
		phone_call(&stranger, "05551234");
		for (unsigned i = 0; i < 300; i++) {
			fake_step(&stranger.end);
			fixture_step(&f);
		}
		/* On the phones' own network it is only somebody without
		 * password. */
		if (inside)
			ck_assert_uint_eq(
				fake_seen(&stranger.end, "200 INVITE"), 0);
		for (unsigned i = 0; !inside && i < stranger.end.records; i++)
			ck_assert(stranger.end.record[i].way == FAKE_OUT);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
		phone_close(&stranger);
		a_call_still_works();
	}
END_TEST

static bool phone_has_481(struct fixture *x)
{
	return fake_seen(&x->phone.end, "481 BYE") > 0;
}

START_TEST(a_bye_for_a_call_that_is_not_gets_481)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		strcpy(phone_line(&f.phone)->remote_tag, "nobody");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, phone_has_481);
		fixture_assert(&f, f.agent->calls_count == 1);
	}
END_TEST

START_TEST(names_with_control_bytes_do_not_reach_the_log_raw)
	{
		fixture_start(&f);
		snprintf(f.phone.end.agent, sizeof(f.phone.end.agent),
			 "Evil\x1b[31m\x07");
		phone_call(&f.phone, "0555\x1b[31m");
		fixture_watch(&f, 300);
		fixture_assert(&f, !fixture_status_holds(&f, "\x1b[31m"));
		a_call_still_works();
	}
END_TEST

START_TEST(packets_of_a_stranger_do_not_cross)
	{
		static const uint8_t voice[172] = {0x80, 8};
		struct sockaddr_in from = {.sin_family = AF_INET};

		fixture_start(&f);
		fixture_talk_out(&f);
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		inet_pton(AF_INET, "127.0.2.66", &from.sin_addr);
		ck_assert_int_eq(
			bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
		itsp_talk(&f.itsp, false);
		fixture_watch(&f, 60);
		unsigned before = tone_heard(&f.phone.end.tone);
		for (unsigned i = 0; i < 20; i++)
			sendto(fd, voice, sizeof(voice), 0,
			       (struct sockaddr *)&f.itsp.end.tone.stream[0].to,
			       sizeof(from));
		fixture_watch(&f, 100);
		ck_assert_uint_eq(tone_heard(&f.phone.end.tone), before);
	}
END_TEST

static Suite *bad_suite(void)
{
	Suite *suite = suite_create("call_bad");
	TCase *tests = tcase_create("bad");

	fixture_around(tests, &f);
	tcase_add_loop_test(tests, a_body_that_makes_no_call_is_refused, 0,
			    sizeof(bad_bodies) / sizeof(*bad_bodies));
	tcase_add_test(tests, codecs_that_the_provider_may_not_have_are_488);
	tcase_add_test(tests,
		       codecs_that_policy_does_not_allow_are_not_offered);
	tcase_add_test(tests,
		       the_sdp_that_loops_is_refused_and_memory_stays_flat);
	tcase_add_loop_test(
		tests, a_multipart_body_is_read_or_refused_and_nobody_aborts, 0,
		sizeof(multiparts) / sizeof(*multiparts));
	tcase_add_test(tests, ten_thousand_attributes_are_refused_or_cut);
	tcase_add_loop_test(tests, garbage_is_dropped, 0,
			    sizeof(garbage) / sizeof(*garbage));
	tcase_add_test(tests, an_oversize_message_is_dropped);
	tcase_add_loop_test(
		tests, an_ack_for_an_answer_that_cannot_be_sent_harms_nobody, 0,
		sizeof(vias) / sizeof(*vias));
	tcase_add_loop_test(tests, a_stranger_gets_no_answer_at_all, 0, 3);
	tcase_add_test(tests, a_bye_for_a_call_that_is_not_gets_481);
	tcase_add_test(tests,
		       names_with_control_bytes_do_not_reach_the_log_raw);
	tcase_add_test(tests, packets_of_a_stranger_do_not_cross);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(bad_suite())
