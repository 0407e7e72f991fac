/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line that is added in mid-call when no port is left for it. */
#include "config.h"

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

#define SHORT "41000-41001" /* the call has them */
#define FAX                                                          \
	"v=0\r\no=t 5 5 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 %s\r\n"  \
	"t=0 0\r\nm=audio 0 RTP/AVP 8\r\nm=image 4000 udptl t38\r\n" \
	"a=T38FaxVersion:0\r\n"

/* The network of P or of T is short of ports. */
static void begin_short(int side, bool of_t, const char *keys)
{
	bool wan = (side != 0) != of_t;

	fixture_start_with(
		&f, &(struct fixture_setup){.acme = keys,
					    .phones = keys,
					    .rtp_wan = wan ? SHORT : NULL,
					    .rtp_lan = wan ? NULL : SHORT});
	f.itsp.end.media.codecs = "8 101";
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
}

static void video_is_refused_alone(const char *who)
{
	char words[96];

	p()->media.more = VIDEO;
	ck_assert_int_eq(reinvite(), 200);
	fixture_assert(&f, p()->remote_sdp.streams == 2);
	ck_assert_uint_ne(p_was_told()->port, 0);
	ck_assert_uint_eq(p()->remote_sdp.stream[1].port, 0);
	/* T hears of the slot, and that nobody wants anything of it. */
	ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
	fixture_assert(&f, t()->remote_sdp.streams == 2);
	ck_assert_uint_eq(t()->remote_sdp.stream[1].port, 0);
	snprintf(words, sizeof(words),
		 "peer=%s event=call-line-refused slot=1 cause=ports-taken",
		 who);
	ck_assert_uint_eq(fixture_status_count(&f, words), 1);
	both_ways();
	/* And the call can do what it could. */
	ck_assert_int_eq(hold("sendonly"), 200);
	ck_assert_str_eq(p_was_told()->direction, "recvonly");
	ck_assert_int_eq(hold("sendrecv"), 200);
	both_ways();
}

START_TEST(a_line_that_t_has_no_port_for_is_refused_alone)
	{
		begin_short(_i, true, "reinvite = \"forward\";");
		video_is_refused_alone(_i ? "phones" : "acme");
	}
END_TEST

START_TEST(what_p_has_no_port_for_is_not_offered_to_t)
	{
		begin_short(_i, false, "reinvite = \"forward\";");
		video_is_refused_alone(_i ? "acme" : "phones");
	}
END_TEST

START_TEST(a_line_that_t_lacks_needs_no_port)
	{
		begin_short(_i, false, "reinvite = \"suppress\";");
		p()->media.more = VIDEO;
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		ck_assert_uint_eq(p()->remote_sdp.stream[1].port, 0);
		t_was_left_alone();
		both_ways();
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=call-line-refused"), 0);
	}
END_TEST

/* Nothing would be left of the offer. */
START_TEST(a_fax_that_finds_no_port_is_refused_with_the_cause)
	{
		static char body[512];

		begin_short(_i % 2, _i / 2,
			    "reinvite = \"forward\"; t38 = \"forward\";");
		snprintf(body, sizeof(body), FAX, asks->host);
		p()->media.instead = body;
		ck_assert_int_eq(reinvite(), 503);
		ck_assert_status(&f, "event=call-refused status=503 "
				     "cause=ports-taken");
		t_was_left_alone();
		both_ways();
	}
END_TEST

static Suite *call_ports_suite(void)
{
	Suite *suite = suite_create("call_ports");
	TCase *tests = group(suite, "short");

	tcase_add_loop_test(
		tests, a_line_that_t_has_no_port_for_is_refused_alone, 0, 2);
	tcase_add_loop_test(tests, what_p_has_no_port_for_is_not_offered_to_t,
			    0, 2);
	tcase_add_loop_test(tests, a_line_that_t_lacks_needs_no_port, 0, 2);
	tcase_add_loop_test(tests,
			    a_fax_that_finds_no_port_is_refused_with_the_cause,
			    0, 4);
	return suite;
}

CHECK_MAIN(call_ports_suite())
