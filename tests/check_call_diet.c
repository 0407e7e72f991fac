/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Complaint 14: a big INVITE vanishes in fragments, or goes to TCP that the
 * provider lacks. It is made short enough for max_message, over UDP.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

#define MANY                                                                \
	"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1;stereo=0\r\n" \
	"a=rtpmap:97 speex/16000\r\na=rtpmap:98 speex/8000\r\n"             \
	"a=rtpmap:99 iLBC/8000\r\na=fmtp:99 mode=30\r\n"                    \
	"a=rtpmap:100 G726-32/8000\r\na=rtpmap:102 AMR-WB/16000\r\n"        \
	"a=fmtp:102 octet-align=1\r\na=rtpmap:103 AMR/8000\r\n"             \
	"a=fmtp:103 octet-align=1\r\na=rtpmap:104 opus/24000/2\r\n"

static void dial(const char *acme)
{
	const struct fixture_setup setup = {.acme = acme};

	fixture_start_with(&f, &setup);
	f.phone.end.media.codecs = "8 0 9 18 3 96 97 98 99 100 102 103 104 101";
	f.phone.end.media.lines = MANY;
	fixture_call_out(&f);
}

static const struct text_message *invite(void)
{
	return fake_message(&f.itsp.end, "INVITE", 0);
}

static const char *formats(void)
{
	static struct text_sdp sdp;

	ck_assert_int_eq(text_sdp(&sdp, invite()), 0);
	return sdp.stream[0].formats;
}

START_TEST(a_short_invite_is_left_as_it_is)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		ck_assert_ptr_nonnull(strstr(invite()->raw, "\r\nContact: "));
		ck_assert(!fixture_status_holds(&f, "event=call-slimmed"));
	}
END_TEST

static const unsigned limits[] = {1150, 1100, 1000, 900, 750};

START_TEST(a_big_invite_fits_in_what_its_peer_takes)
	{
		char key[40], words[80];

		snprintf(key, sizeof(key), "max_message = %u;", limits[_i]);
		dial(key);
		ck_assert_uint_le(invite()->len, limits[_i]);
		/* And is not starved: at most two lines below. */
		ck_assert_uint_ge(invite()->len, limits[_i] - 250);
		snprintf(words, sizeof(words),
			 "leg=b peer=acme event=call-slimmed limit=%u",
			 limits[_i]);
		ck_assert_status(&f, words);
		ck_assert_status(&f, "fits=yes");
		ck_assert(text_has_format(formats(), "8"));
		ck_assert(text_has_format(formats(), "101"));
		ck_assert_ptr_nonnull(strstr(invite()->raw, "SIP/2.0/UDP"));
		fixture_run_until(&f, both_hear);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(what_can_not_fit_goes_out_all_the_same)
	{
		dial("max_message = 500;");
		ck_assert_str_eq(formats(), "8 101");
		ck_assert_status(&f, "fits=no");
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(the_answer_to_a_slimmed_offer_is_understood)
	{
		dial("max_message = 850;");
		ck_assert(!text_has_format(formats(), "104"));
		ck_assert_uint_ne(
			phone_line(&f.phone)->remote_sdp.stream[0].port, 0);
		fixture_run_until(&f, both_hear);
	}
END_TEST

static Suite *call_diet_suite(void)
{
	Suite *suite = suite_create("call_diet");
	TCase *tests = tcase_create("diet");

	fixture_around(tests, &f);
	tcase_add_test(tests, a_short_invite_is_left_as_it_is);
	tcase_add_loop_test(tests, a_big_invite_fits_in_what_its_peer_takes, 0,
			    (int)(sizeof(limits) / sizeof(limits[0])));
	tcase_add_test(tests, what_can_not_fit_goes_out_all_the_same);
	tcase_add_test(tests, the_answer_to_a_slimmed_offer_is_understood);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(call_diet_suite())
