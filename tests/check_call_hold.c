/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mid-call requests of a phone toward a provider that is protected
 * (reinvite = suppress): answered here, and the provider sees one unbroken
 * call.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

/* A gap of 60 ms is promised; the fakes' own clock is good to a few ms, and
 * this machine may be busy. */
#define GAP_MS 100

static struct fixture f;

static void begin(void)
{
	fixture_start(&f);
	f.itsp.end.media.codecs = "8 101";
	f.itsp.behaviour = ITSP_REFUSES_REINVITE;
	fixture_talk_out(&f);
	fixture_from_now(&f);
}

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

static const struct text_stream *answered(void)
{
	return &line()->remote_sdp.stream[0];
}

static const struct tone_packet *last_heard(const struct tone *tone)
{
	for (unsigned i = tone->ins; i > 0; i--)
		if (!tone->in[i - 1].rtcp)
			return &tone->in[i - 1];
	ck_abort_msg("nothing was heard");
}

static void provider_noticed_nothing(void)
{
	fixture_from_now(&f);
	fixture_run_until(&f, itsp_hears_more);
	fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
	fixture_assert(&f, itsp_updates(&f.itsp) == 0);
	fixture_assert(&f, itsp_hangups(&f.itsp) == 0);
	fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
	ck_assert_uint_le(tone_longest_gap_ms(&f.itsp.end.tone, 3), GAP_MS);
	ck_assert(both_up(&f));
}

START_TEST(reinvite_stays_here_when_itsp_refuses_it)
	{
		begin();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		provider_noticed_nothing();
		ck_assert_status(
			&f,
			"leg=b peer=acme event=call-suppressed method=INVITE");
	}
END_TEST

static const struct {
	enum phone_hold_style style;
	const char *answer;
} holds[] = {
	{PHONE_HOLD_SENDONLY, "recvonly"},
	{PHONE_HOLD_INACTIVE, "inactive"},
	{PHONE_HOLD_ZERO, "recvonly"},
};

START_TEST(each_hold_gets_its_own_answer_and_ends_with_resume)
	{
		begin();
		phone_hold_as(&f.phone, holds[_i].style);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered()->direction, holds[_i].answer);
		ck_assert_str_eq(answered()->address, "127.0.1.1");
		ck_assert_uint_ne(answered()->port, 0);
		provider_noticed_nothing();
		phone_talk(&f.phone, true);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered()->direction, "sendrecv");
		provider_noticed_nothing();
		fixture_hear(&f, &f.phone.end, 6);
	}
END_TEST

START_TEST(a_held_phone_hears_nothing_and_the_provider_hears_the_music)
	{
		begin();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		fixture_watch(&f, 60);
		unsigned phone_heard = tone_heard(&f.phone.end.tone);
		unsigned sent = f.phone.end.tone.sent;
		provider_noticed_nothing();
		ck_assert_uint_gt(f.phone.end.tone.sent, sent);
		ck_assert_uint_eq(tone_heard(&f.phone.end.tone), phone_heard);
		/* What the phone plays, not something of ours. */
		ck_assert_mem_eq(last_heard(&f.itsp.end.tone)->bytes + 12,
				 f.phone.end.tone.last_sent + 12, 160);
	}
END_TEST

START_TEST(recvonly_is_answered_with_sendonly)
	{
		begin();
		line()->media.direction = "recvonly";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered()->direction, "sendonly");
		provider_noticed_nothing();
	}
END_TEST

static unsigned long version(void)
{
	return strtoul(line()->remote_sdp.version, NULL, 10);
}

START_TEST(the_version_rises_by_one_only_when_the_body_changes)
	{
		char session[40];

		begin();
		strcpy(session, line()->remote_sdp.session_id);
		unsigned long first = version();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_uint_eq(version(), first + 1);
		fake_refresh(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_uint_eq(version(), first + 1);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_uint_eq(version(), first + 2);
		/* Another offer, but no other answer. */
		phone_move(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(version(), first + 2);
		ck_assert_str_eq(line()->remote_sdp.session_id, session);
	}
END_TEST

START_TEST(a_refresh_is_answered_with_the_same_bytes)
	{
		begin();
		char *before = strdup(
			fake_last_message(&f.phone.end, "200 INVITE")->body);
		fake_refresh(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(
			fake_last_message(&f.phone.end, "200 INVITE")->body,
			before);
		free(before);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(a_phone_that_moves_its_port_is_followed)
	{
		begin();
		/* Packets from the new port before we know of it are a
		 * stranger's: the phone is quiet until it was heard. */
		phone_talk(&f.phone, false);
		fixture_watch(&f, 30); /* what it said before is through */
		phone_move(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		phone_talk(&f.phone, true);
		ck_assert_int_eq(line()->reinvite_status, 200);
		provider_noticed_nothing();
		fixture_hear(&f, &f.phone.end, 6);
	}
END_TEST

START_TEST(a_reinvite_without_offer_gets_ours_and_the_answer_counts)
	{
		begin();
		fake_reinvite_without_offer(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_ptr_nonnull(strstr(
			fake_last_message(&f.phone.end, "200 INVITE")->body,
			"m=audio "));
		ck_assert_str_eq(answered()->direction, "sendrecv");
		fixture_assert(&f, text_has_format(answered()->formats, "8"));
		fixture_assert(&f, !text_has_format(answered()->formats, "0"));
		provider_noticed_nothing();
	}
END_TEST

START_TEST(the_answer_keeps_the_codec_that_the_provider_has)
	{
		begin(); /* PCMA stands, with 101 for events */
		line()->media.codecs = "0 8 100";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		fixture_assert(&f, text_has_format(answered()->formats, "8"));
		fixture_assert(&f, !text_has_format(answered()->formats, "0"));
		/* As the phone numbers it. */
		fixture_assert(&f, text_has_format(answered()->formats, "100"));
		provider_noticed_nothing();
	}
END_TEST

START_TEST(the_other_law_of_g711_is_converted_here)
	{
		begin(); /* PCMA stands */
		line()->media.codecs = "0 101";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert(text_has_format(answered()->formats, "0"));
		ck_assert(!text_has_format(answered()->formats, "8"));
		f.phone.end.tone.payload_type = 0;
		provider_noticed_nothing();
		/* The provider hears PCMA, the phone PCMU. */
		ck_assert_uint_eq(last_heard(&f.itsp.end.tone)->payload_type,
				  8);
		ck_assert_uint_eq(last_heard(&f.phone.end.tone)->payload_type,
				  0);
		/* Other samples than the phone's, not only another number. */
		ck_assert_mem_ne(last_heard(&f.itsp.end.tone)->bytes + 12,
				 f.phone.end.tone.last_sent + 12, 160);
		line()->media.codecs = "8 101";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		f.phone.end.tone.payload_type = 8;
		provider_noticed_nothing();
		ck_assert_uint_eq(last_heard(&f.phone.end.tone)->payload_type,
				  8);
	}
END_TEST

START_TEST(a_codec_that_the_provider_does_not_have_is_refused)
	{
		char before[160];

		begin();
		strcpy(before, line()->remote_sdp.origin);
		line()->media.codecs = "18 101";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 488);
		fake_settle(line());
		f.phone.end.tone.payload_type = 8;
		provider_noticed_nothing();
		line()->media.codecs = "8 0 101";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
	}
END_TEST

START_TEST(video_added_to_a_call_gets_port_0_and_audio_goes_on)
	{
		begin();
		line()->media.more = "m=video 40000 RTP/AVP 96\r\n"
				     "a=rtpmap:96 H264/90000\r\n";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(line()->remote_sdp.streams, 2);
		ck_assert_uint_ne(line()->remote_sdp.stream[0].port, 0);
		ck_assert_uint_eq(line()->remote_sdp.stream[1].port, 0);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(an_update_without_sdp_gets_a_200_without_sdp)
	{
		begin();
		fake_update(line(), false);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 200);
		ck_assert_uint_eq(
			strlen(fake_last_message(&f.phone.end, "200 UPDATE")
				       ->body),
			0);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(an_update_that_holds_is_answered_like_a_reinvite)
	{
		begin();
		line()->media.direction = "sendonly";
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 200);
		ck_assert_str_eq(answered()->direction, "recvonly");
		provider_noticed_nothing();
	}
END_TEST

START_TEST(the_providers_own_reinvite_is_answered)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_int_eq(itsp_line(&f.itsp)->reinvite_status, 200);
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].direction,
			"sendrecv");
		fixture_hear(&f, &f.phone.end, 6);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(a_provider_that_moves_its_media_is_followed)
	{
		fixture_start(&f);
		fixture_talk_out(&f);
		fake_move_media(&f.itsp.end);
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_int_eq(itsp_line(&f.itsp)->reinvite_status, 200);
		unsigned phone = tone_heard(&f.phone.end.tone);
		fixture_hear(&f, &f.itsp.end, 6);
		fixture_hear(&f, &f.phone.end, 15);
		/* What it sends from there before its re-INVITE is read is a
		 * stranger's; from then on nothing is lost. */
		fixture_assert(&f, tone_unbroken(&f.phone.end.tone, phone));
	}
END_TEST

START_TEST(an_offer_while_ours_is_open_gets_491)
	{
		begin();
		line()->withhold_ack = true;
		fake_reinvite_without_offer(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 491);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(an_update_with_an_offer_while_ours_is_open_gets_491)
	{
		begin();
		line()->withhold_ack = true;
		fake_reinvite_without_offer(line());
		fixture_run_until(&f, phone_reinvite_done);
		fake_update(line(), true);
		fixture_run_until(&f, phone_update_done);
		ck_assert_int_eq(line()->update_status, 491);
	}
END_TEST

START_TEST(ten_holds_and_resumes_in_a_row_are_nobodys_business)
	{
		begin();
		for (unsigned i = 0; i < 10; i++) {
			if (i % 2)
				phone_resume(&f.phone);
			else
				phone_hold_as(&f.phone, holds[i % 3].style);
			phone_talk(&f.phone, true);
			fixture_run_until(&f, phone_reinvite_done);
			ck_assert_int_eq(line()->reinvite_status, 200);
		}
		provider_noticed_nothing();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_call_that_is_held_can_end_from_either_side)
	{
		begin();
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		fixture_run_until(&f, phone_reinvite_done);
		if (_i)
			itsp_hang_up(&f.itsp);
		else
			phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_call_from_outside_is_held_here_too)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_REFUSES_REINVITE;
		f.phone.answers_itself = true;
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered()->direction, "inactive");
		provider_noticed_nothing();
	}
END_TEST

START_TEST(a_provider_that_holds_us_is_answered)
	{
		fixture_start(&f);
		fixture_talk_out(&f);
		itsp_line(&f.itsp)->media.direction = "sendonly";
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_int_eq(itsp_line(&f.itsp)->reinvite_status, 200);
		ck_assert_str_eq(
			itsp_line(&f.itsp)->remote_sdp.stream[0].direction,
			"recvonly");
	}
END_TEST

START_TEST(a_lost_200_to_a_hold_is_sent_again_and_acked)
	{
		begin();
		fake_drop_next(&f.phone.end, FAKE_IN, "200 INVITE", 1);
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		provider_noticed_nothing();
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
	}
END_TEST

static bool phone_has_options_answer(struct fixture *x)
{
	return fake_seen(&x->phone.end, "200 OPTIONS") > 0;
}

START_TEST(options_in_a_call_are_answered_here)
	{
		begin();
		fake_request(line(), "OPTIONS", NULL, NULL);
		fixture_run_until(&f, phone_has_options_answer);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(a_request_that_comes_too_late_is_refused)
	{
		begin();
		line()->cseq = 0; /* the next one has CSeq 1 again */
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_ge(line()->reinvite_status, 400);
		provider_noticed_nothing();
	}
END_TEST

/* A second of a square wave, 8 kHz, one channel, 16 bits. */
static void write_music(const char *path)
{
	static const uint8_t head[44] =
		"RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0"
		"\x80\x3e\0\0\2\0\x10\0data\x80\x3e\0";
	int16_t wave[8000];
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (unsigned i = 0; i < 8000; i++)
		wave[i] = i / 10 % 2 ? 8000 : -8000;
	ck_assert_uint_eq(fwrite(head, sizeof(head), 1, file), 1);
	ck_assert_uint_eq(fwrite(wave, sizeof(wave), 1, file), 1);
	fclose(file);
}

START_TEST(who_is_held_hears_music_and_after_the_resume_the_phone)
	{
		char acme[160], path[] = "/tmp/check-call-hold.wav";

		write_music(path);
		snprintf(acme, sizeof(acme),
			 "reinvite = \"suppress\"; hold_music = \"%s\";", path);
		fixture_start_with(&f, &(struct fixture_setup){.acme = acme});
		unlink(path);
		fixture_talk_out(&f);
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		fixture_run_until(&f, phone_reinvite_done);
		provider_noticed_nothing();
		const struct tone_packet *music = last_heard(&f.itsp.end.tone);
		unsigned silent = 0;
		for (size_t i = 12; i < music->len; i++)
			silent += music->bytes[i] == 0xd5;
		ck_assert_uint_eq(music->len, 172);
		ck_assert_uint_eq(silent, 0);
		phone_talk(&f.phone, true);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		provider_noticed_nothing();
	}
END_TEST

START_TEST(a_phone_that_moves_to_another_address_proves_itself_and_is_followed)
	{
		begin();
		phone_talk(&f.phone, false);
		fixture_watch(&f, 30);
		fake_move_host(&f.phone.end, "127.0.1.77");
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_ge(line()->credentials_sent, 1);
		phone_talk(&f.phone, true);
		provider_noticed_nothing();
		fixture_hear(&f, &f.phone.end, 6);
		/* A BYE of ours finds it there. */
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_phone_that_moves_with_a_wrong_password_is_not_followed)
	{
		begin();
		fake_move_host(&f.phone.end, "127.0.1.77");
		f.phone.end.password = "wrong";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 407);
		fixture_assert(&f, f.agent->calls_count == 1);
	}
END_TEST

START_TEST(a_strangers_bye_for_our_call_changes_nothing)
	{
		static const char *const strangers[] = {
			"127.0.1.99", "127.0.2.99", "127.0.9.9"};

		begin();
		fake_request_from(line(), "BYE", strangers[_i]);
		provider_noticed_nothing();
		fixture_assert(&f, f.agent->calls_count == 1);
	}
END_TEST

static Suite *hold_suite(void)
{
	Suite *suite = suite_create("call_hold");
	TCase *tests = tcase_create("hold");

	fixture_around(tests, &f);
	tcase_add_test(tests, reinvite_stays_here_when_itsp_refuses_it);
	tcase_add_loop_test(tests,
			    each_hold_gets_its_own_answer_and_ends_with_resume,
			    0, 3);
	tcase_add_test(
		tests,
		a_held_phone_hears_nothing_and_the_provider_hears_the_music);
	tcase_add_test(tests, recvonly_is_answered_with_sendonly);
	tcase_add_test(tests,
		       the_version_rises_by_one_only_when_the_body_changes);
	tcase_add_test(tests, a_refresh_is_answered_with_the_same_bytes);
	tcase_add_test(tests, a_phone_that_moves_its_port_is_followed);
	tcase_add_test(
		tests,
		a_reinvite_without_offer_gets_ours_and_the_answer_counts);
	tcase_add_test(tests, the_answer_keeps_the_codec_that_the_provider_has);
	tcase_add_test(tests, the_other_law_of_g711_is_converted_here);
	tcase_add_test(tests,
		       a_codec_that_the_provider_does_not_have_is_refused);
	tcase_add_test(tests,
		       video_added_to_a_call_gets_port_0_and_audio_goes_on);
	tcase_add_test(tests, an_update_without_sdp_gets_a_200_without_sdp);
	tcase_add_test(tests, an_update_that_holds_is_answered_like_a_reinvite);
	tcase_add_test(tests, the_providers_own_reinvite_is_answered);
	tcase_add_test(tests, a_provider_that_moves_its_media_is_followed);
	tcase_add_test(tests, an_offer_while_ours_is_open_gets_491);
	tcase_add_test(tests,
		       an_update_with_an_offer_while_ours_is_open_gets_491);
	tcase_add_test(tests,
		       ten_holds_and_resumes_in_a_row_are_nobodys_business);
	tcase_add_loop_test(tests, a_call_that_is_held_can_end_from_either_side,
			    0, 2);
	tcase_add_test(tests, a_call_from_outside_is_held_here_too);
	tcase_add_test(tests, a_provider_that_holds_us_is_answered);
	tcase_add_test(tests, a_lost_200_to_a_hold_is_sent_again_and_acked);
	tcase_add_test(tests, options_in_a_call_are_answered_here);
	tcase_add_test(tests, a_request_that_comes_too_late_is_refused);
	tcase_add_loop_test(tests, a_strangers_bye_for_our_call_changes_nothing,
			    0, 3);
	tcase_add_test(
		tests,
		a_phone_that_moves_to_another_address_proves_itself_and_is_followed);
	tcase_add_test(
		tests,
		a_phone_that_moves_with_a_wrong_password_is_not_followed);
	tcase_add_test(tests,
		       who_is_held_hears_music_and_after_the_resume_the_phone);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(hold_suite())
