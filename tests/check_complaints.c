/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What users of such boxes complain about: one whole call for each symptom.
 * tests/complaints.txt tells which tests show which of them, also those that
 * stand elsewhere; tests/complaints.sh sees to it that they exist.
 */
#include <stdlib.h>
#include <string.h>

#include "sbc/call/learn.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"

static struct fixture f;

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

static const struct text_stream *answered(void)
{
	return &line()->remote_sdp.stream[0];
}

/* A call of the phone's toward a provider that has PCMA. */
static void begin(const char *acme, unsigned behaviour)
{
	fixture_start_with(&f, &(struct fixture_setup){.acme = acme});
	f.itsp.end.media.codecs = "8 101";
	f.itsp.behaviour = behaviour;
	fixture_talk_out(&f);
}

static void protected_call(void)
{
	begin("reinvite = \"suppress\";", ITSP_REFUSES_REINVITE);
}

static int reinvite(void)
{
	fake_reinvite(line());
	fixture_run_until(&f, phone_reinvite_done);
	return line()->reinvite_status;
}

static void provider_was_left_alone(void)
{
	fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
	fixture_assert(&f, itsp_updates(&f.itsp) == 0);
	fixture_assert(&f, both_up(&f));
}

START_TEST(complaint_01_pressing_hold_hangs_up)
	{
		protected_call();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered()->direction, "recvonly");
		fixture_watch(&f, 300);
		provider_was_left_alone();
	}
END_TEST

START_TEST(complaint_02_the_providers_reinvite_is_a_new_call)
	{
		const struct text_sdp *sdp;
		unsigned streams;

		protected_call();
		sdp = &itsp_line(&f.itsp)->remote_sdp;
		streams = sdp->streams;
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_int_eq(itsp_line(&f.itsp)->reinvite_status, 200);
		/* Our own description, not an echo of theirs. */
		ck_assert_uint_eq(sdp->streams, streams);
		ck_assert_str_eq(sdp->stream[0].address, "127.0.2.1");
		ck_assert_ptr_null(
			strstr(itsp_line(&f.itsp)->sdp, sdp->session_id));
		ck_assert_uint_eq(fixture_status_count(&f, "event=call-start"),
				  1);
		fixture_both_ways(&f);
	}
END_TEST

START_TEST(complaint_03_no_audio_after_another_codec)
	{
		protected_call();
		line()->media.codecs = "9 8 101";
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, text_has_format(answered()->formats, "8"));
		fixture_both_ways(&f);
		line()->media.codecs = "18 101";
		ck_assert_int_eq(reinvite(), 488);
		fake_settle(line());
		f.phone.end.tone.payload_type = 8;
		fixture_both_ways(&f);
		provider_was_left_alone();
	}
END_TEST

START_TEST(complaint_04_one_way_audio_after_hold_and_resume)
	{
		protected_call();
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		fixture_run_until(&f, phone_reinvite_done);
		/* It comes back on other ports, which nobody has heard of. */
		fake_move_media(&f.phone.end);
		phone_talk(&f.phone, true);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		fixture_both_ways(&f);
		provider_was_left_alone();
	}
END_TEST

START_TEST(complaint_05_inactive_kills_rtp_to_the_other_leg)
	{
		protected_call();
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		phone_talk(&f.phone, false);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(answered()->direction, "inactive");
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, 0));
		provider_was_left_alone();
	}
END_TEST

static bool itsp_has_a_report(struct fixture *x)
{
	return tone_heard_rtcp(&x->itsp.end.tone) > 0;
}

/* RTCP goes on (RFC 3264 6.1), also while only silence of ours is sent. */
START_TEST(complaint_05_inactive_ends_the_reports)
	{
		const struct tone *tone = &f.itsp.end.tone;
		const struct tone_packet *rtp = NULL, *report = NULL;

		protected_call();
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		phone_talk(&f.phone, false);
		fixture_run_until(&f, phone_reinvite_done);
		fixture_run_until_in(&f, 10000, itsp_has_a_report);
		for (unsigned i = 0; i < tone->ins; i++)
			if (tone->in[i].rtcp)
				report = &tone->in[i];
			else
				rtp = &tone->in[i];
		ck_assert_uint_eq(report->bytes[1], 200);
		ck_assert_uint_eq((uint32_t)report->bytes[4] << 24 |
					  (uint32_t)report->bytes[5] << 16 |
					  (uint32_t)report->bytes[6] << 8 |
					  report->bytes[7],
				  rtp->ssrc);
		fixture_assert(&f, tone_unbroken(tone, 0));
	}
END_TEST

START_TEST(complaint_06_stuck_on_hold_after_a_reinvite_without_offer)
	{
		protected_call();
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		fixture_run_until(&f, phone_reinvite_done);
		line()->media.direction = "sendrecv";
		phone_talk(&f.phone, true);
		fake_reinvite_without_offer(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered()->direction, "sendrecv");
		fixture_both_ways(&f);
	}
END_TEST

START_TEST(complaint_07_hold_with_another_codec_is_half_applied)
	{
		protected_call();
		line()->media.codecs = "0 8 101";
		line()->media.direction = "sendonly";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(answered()->direction, "recvonly");
		fixture_assert(&f, text_has_format(answered()->formats, "8"));
		fixture_from_now(&f);
		fixture_run_until(&f, itsp_hears_more);
		provider_was_left_alone();
	}
END_TEST

START_TEST(complaint_08_a_failed_reinvite_is_never_answered)
	{
		begin("reinvite = \"forward\";", ITSP_REINVITE_488);
		line()->media.codecs = "18";
		ck_assert_int_eq(reinvite(), 488);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		fixture_watch(&f, 100);
		ck_assert(both_up(&f));
	}
END_TEST

#define FAX(host)                                                 \
	"v=0\r\no=- 7 8 IN IP4 " host "\r\ns=-\r\nc=IN IP4 " host \
	"\r\nt=0 0\r\nm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n"

START_TEST(complaint_10_a_refresh_ends_the_fax)
	{
		begin("reinvite = \"forward\"; t38 = \"forward\";",
		      ITSP_ANSWERS);
		itsp_line(&f.itsp)->media.instead = FAX("127.0.2.10");
		line()->media.instead = FAX("127.0.1.10");
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(answered()->media, "image");
		fake_refresh(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(line()->remote_sdp.streams, 1);
		ck_assert_str_eq(answered()->media, "image");
		ck_assert_uint_ne(answered()->port, 0);
		ck_assert_ptr_nonnull(strstr(
			fake_last_message(&f.phone.end, "200 INVITE")->body,
			"m=image "));
		ck_assert(both_up(&f));
	}
END_TEST

static struct fake_call *trunk_line(void)
{
	return itsp_line(&f.itsp);
}

/* The other way: the provider refreshes, or switched itself; and a refresh
 * that we owe the phone re-offers the fax. */
START_TEST(complaint_10_the_providers_refresh_ends_the_fax)
	{
		begin("reinvite = \"forward\"; t38 = \"forward\";",
		      ITSP_ANSWERS);
		trunk_line()->media.instead = FAX("127.0.2.10");
		line()->media.instead = FAX("127.0.1.10");
		if (_i) {
			fake_reinvite(trunk_line());
			fixture_run_until(&f, itsp_reinvite_done);
			ck_assert_int_eq(trunk_line()->reinvite_status, 200);
		} else {
			ck_assert_int_eq(reinvite(), 200);
		}
		unsigned asked = fake_seen_inside(&f.phone.end, "INVITE");
		fake_refresh(trunk_line());
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_int_eq(trunk_line()->reinvite_status, 200);
		ck_assert_uint_eq(trunk_line()->remote_sdp.streams, 1);
		ck_assert_str_eq(trunk_line()->remote_sdp.stream[0].media,
				 "image");
		ck_assert_uint_ne(trunk_line()->remote_sdp.stream[0].port, 0);
		/* A refresh is its own leg's. */
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"),
				  asked);
		ck_assert(both_up(&f));
	}
END_TEST

static bool phone_was_refreshed(struct fixture *x)
{
	return fake_seen_inside(&x->phone.end, "INVITE") > 0;
}

START_TEST(complaint_10_our_refresh_ends_the_fax)
	{
		static const struct fixture_setup setup = {
			.acme = "reinvite = \"forward\"; t38 = \"forward\";",
			.phones = "reinvite = \"forward\"; update = "
				  "\"suppress\"; session_expires = \"90s\";"};
		const struct text_message *offer;

		fixture_start_with(&f, &setup);
		f.phone.end.invite_lines = "Supported: timer\r\n"
					   "Session-Expires: "
					   "90;refresher=uas\r\n";
		fixture_call_out(&f);
		itsp_line(&f.itsp)->media.instead = FAX("127.0.2.10");
		line()->media.instead = FAX("127.0.1.10");
		ck_assert_int_eq(reinvite(), 200);
		hurry(&f, 50);
		fixture_run_until(&f, phone_was_refreshed);
		offer = fake_last_message(&f.phone.end, "INVITE");
		ck_assert_ptr_nonnull(strstr(offer->body, "m=image "));
		ck_assert_ptr_null(strstr(offer->body, "m=audio"));
		fixture_watch(&f, 50);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(complaint_11_a_fax_switch_fails_and_takes_the_audio_along)
	{
		begin("reinvite = \"suppress\"; t38 = \"reject\";",
		      ITSP_REFUSES_REINVITE);
		line()->media.instead = FAX("127.0.1.2");
		ck_assert_int_eq(reinvite(), 488);
		fixture_both_ways(&f);
		provider_was_left_alone();
	}
END_TEST

START_TEST(complaint_12_the_call_ends_at_32_s)
	{
		fixture_start(&f);
		f.itsp.end.t1_ms = 100;
		fake_drop_next(&f.itsp.end, FAKE_IN, "ACK", 4);
		phone_call(&f.phone, "05551234");
		/* Each copy of its 200 gets an ACK of its own: the fifth
		 * arrives. */
		fixture_run_until(&f, itsp_up);
		ck_assert_uint_eq(fake_seen(&f.phone.end, "200 INVITE"), 1);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(complaint_13_an_alg_breaks_the_ack)
	{
		fixture_start(&f);
		phone_call(&f.phone, "05551234")->withhold_ack = true;
		fixture_run_until(&f, phone_has_200);
		line()->state = FAKE_UP; /* it sent one, that never came */
		fake_settle(line());
		fixture_run_until(&f, both_hear);
		hurry(&f, 34);
		ck_assert_status(&f,
				 "event=call-ack-lost media=flows kept=yes");
		fixture_both_ways(&f);
	}
END_TEST

/* The port that a header of the provider's last INVITE names for us. */
static unsigned shown_port(const char *header)
{
	const struct text_message *invite =
		fake_last_message(&f.itsp.end, "INVITE");
	char value[512];
	const char *at;

	ck_assert_ptr_nonnull(invite);
	ck_assert(text_header(invite, header, 0, value, sizeof(value)));
	at = strstr(value, "127.0.2.1:");
	return at ? (unsigned)atoi(at + 10) : 5060;
}

START_TEST(complaint_13_another_port_is_taken)
	{
		static const struct fixture_setup setup = {.second_port = true,
							   .acme_second = true};
		char place[32];
		unsigned port;

		fixture_start_with(&f, &setup);
		port = ntohs(f.wan_second.sin_port);
		fixture_call_out(&f);
		ck_assert_uint_eq(shown_port("Via"), port);
		ck_assert_uint_eq(shown_port("Contact"), port);
		fixture_run_until(&f, both_hear);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
		/* Who calls us there is answered from there. */
		f.itsp.end.proxy = f.wan_second;
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, phone_is_ringing);
		phone_answer(&f.phone);
		fixture_run_until(&f, both_up);
		snprintf(place, sizeof(place), "127.0.2.1:%u", port);
		ck_assert_ptr_nonnull(
			strstr(itsp_line(&f.itsp)->target, place));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

static bool itsp_has_200(struct fixture *x)
{
	return itsp_line(&x->itsp)->status == 200;
}

/* The provider's ACK is lost in our own router, though audio flows. */
static void lose_the_providers_ack(void)
{
	struct fake_call *call = itsp_call(&f.itsp, "442079460101");

	call->withhold_ack = true;
	fixture_run_until(&f, phone_is_ringing);
	phone_answer(&f.phone);
	fixture_run_until(&f, itsp_has_200);
	call->state = FAKE_UP;
	fake_settle(call);
	fixture_run_until(&f, both_hear);
	hurry(&f, 34);
	itsp_hang_up(&f.itsp);
	fixture_run_until(&f, no_calls);
}

START_TEST(complaint_13_it_is_said_what_to_set)
	{
		static const struct fixture_setup setup = {.second_port = true};
		char advice[80];

		fixture_start_with(&f, &setup);
		lose_the_providers_ack();
		snprintf(advice, sizeof(advice),
			 "advice=\"local_port = %u in acme.conf,",
			 ntohs(f.wan_second.sin_port));
		ck_assert_status(&f, "event=call-ack-lost kept=yes");
		fixture_assert(&f, fixture_status_count(&f, advice) == 2);
		ck_assert_status(&f, "event=alg-suspected");
		/* Only said: it goes on as it was set. */
		fixture_call_out(&f);
		ck_assert_uint_eq(shown_port("Contact"), ntohs(f.wan.sin_port));
	}
END_TEST

START_TEST(complaint_13_it_is_avoided_and_remembered)
	{
		static const struct fixture_setup setup = {
			.second_port = true, .acme = "alg = \"avoid\";"};

		fixture_start_with(&f, &setup);
		lose_the_providers_ack();
		ck_assert_status(&f, "event=trunk-way");
		fixture_call_out(&f);
		ck_assert_uint_eq(shown_port("Contact"),
				  ntohs(f.wan_second.sin_port));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(learn_forget(f.agent->learn, "acme"), 1);
		agent_relearn(f.agent, "acme");
		fixture_call_out(&f);
		ck_assert_uint_eq(shown_port("Contact"), ntohs(f.wan.sin_port));
	}
END_TEST

/* The way through a NAT is kept open on the trunk's own socket. */
START_TEST(complaint_15_calls_in_fail_180_s_after_registering)
	{
		/* As it is when nothing is said. */
		static const struct fixture_setup usual = {
			.acme = "options_ping = \"60s\";"};
		unsigned before;

		fixture_start_with(&f, &usual);
		hurry(&f, 5);
		for (unsigned i = 0; i < 3; i++) {
			before = fake_seen(&f.itsp.end, "OPTIONS");
			hurry(&f, 100);
			ck_assert_uint_gt(fake_seen(&f.itsp.end, "OPTIONS"),
					  before);
		}
	}
END_TEST

static bool phone_rings_after_183(struct fixture *x)
{
	return fake_seen(&x->phone.end, "183 INVITE") > 0 &&
	       fake_seen(&x->phone.end, "180 INVITE") > 0;
}

START_TEST(complaint_18_no_ringback_after_183)
	{
		fixture_start(&f);
		f.itsp.behaviour = ITSP_EARLY_MEDIA;
		f.itsp.answer_ms = 3000;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rings_after_183);
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(complaint_22_the_number_leaks_although_withheld)
	{
		const struct text_message *invite;
		char from[256];

		fixture_start(&f);
		f.phone.end.invite_lines = "Privacy: id\r\n";
		fixture_call_out(&f);
		invite = fake_message(&f.itsp.end, "INVITE", 0);
		ck_assert_ptr_nonnull(invite);
		ck_assert(text_header(invite, "From", 0, from, sizeof(from)));
		ck_assert_ptr_nonnull(strstr(from, "anonymous.invalid"));
		ck_assert_ptr_null(strstr(from, "101"));
	}
END_TEST

START_TEST(complaint_25_image_beside_audio_in_the_first_invite)
	{
		fixture_start(&f);
		f.phone.end.media.more = "m=image 40000 udptl t38\r\n"
					 "a=T38FaxVersion:0\r\n";
		fixture_call_out(&f);
		ck_assert_uint_eq(line()->remote_sdp.streams, 2);
		ck_assert_uint_ne(answered()->port, 0);
		ck_assert_uint_eq(line()->remote_sdp.stream[1].port, 0);
		fixture_run_until(&f, both_hear);
	}
END_TEST

#define SRTP_LINE                             \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 " \
	"inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define SRTP_NEW_LINE                         \
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 " \
	"inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"

START_TEST(complaint_23_srtp_one_way_after_a_while_or_a_reinvite)
	{
		char ours[256];

		fixture_start_with(&f,
				   &(struct fixture_setup){
					   .phones = "srtp = \"sdes\";",
					   .acme = "srtp = \"off\"; "
						   "reinvite = \"suppress\";"});
		f.phone.end.media.protocol = "RTP/SAVP";
		f.phone.end.media.lines = SRTP_LINE "\r\n";
		f.itsp.behaviour = ITSP_REFUSES_REINVITE;
		/* the sequence numbers soon begin anew: the ROC is 1 then */
		f.phone.end.tone.stream[0].sequence = 65520;
		fixture_call_out(&f);
		fixture_both_ways(&f);
		fixture_both_ways(&f);
		snprintf(ours, sizeof(ours), "%s", answered()->crypto);
		/* the same key: the ROC stays; ours is ours */
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(answered()->crypto, ours);
		fixture_both_ways(&f);
		/* another one: it starts at 0; ours is ours */
		line()->media.lines = SRTP_NEW_LINE "\r\n";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(answered()->crypto, ours);
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
		provider_was_left_alone();
	}
END_TEST

START_TEST(complaint_24_a_provider_wants_lifetime_and_mki)
	{
		const struct text_stream *told;

		fixture_start_with(
			&f, &(struct fixture_setup){
				    .acme = "srtp = \"sdes\"; srtp_mki = true; "
					    "srtp_lifetime = \"2^31\";"});
		f.itsp.end.media.lines = SRTP_LINE "|2^20|1:1\r\n";
		fixture_call_out(&f);
		told = &itsp_line(&f.itsp)->remote_sdp.stream[0];
		ck_assert_ptr_nonnull(strstr(told->crypto, "|2^31|1:4"));
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.itsp.end.tone.unauthentic, 0);
	}
END_TEST

START_TEST(complaint_25_rtp_beside_srtp_in_the_first_invite)
	{
		static char more[256];
		const struct text_sdp *sdp;

		fixture_start_with(
			&f, &(struct fixture_setup){.acme = "srtp = \"off\";"});
		f.itsp.end.media.codecs = "8 101";
		snprintf(more, sizeof(more),
			 "m=audio %u RTP/SAVP 8 101\r\n" SRTP_LINE "\r\n",
			 f.phone.end.tone.stream[1].port);
		f.phone.end.media.more = more;
		fixture_call_out(&f);
		/* the secured one is taken here, and is plain over there */
		sdp = &itsp_line(&f.itsp)->remote_sdp;
		ck_assert_uint_eq(sdp->streams, 2);
		ck_assert_uint_eq(sdp->stream[0].port, 0);
		ck_assert_uint_ne(sdp->stream[1].port, 0);
		ck_assert_str_eq(sdp->stream[1].protocol, "RTP/AVP");
		sdp = &line()->remote_sdp;
		ck_assert_uint_eq(sdp->streams, 2);
		ck_assert_uint_eq(sdp->stream[0].port, 0);
		ck_assert_uint_ne(sdp->stream[1].port, 0);
		ck_assert_str_eq(sdp->stream[1].protocol, "RTP/SAVP");
		ck_assert_status(&f, "codec_a=PCMA codec_b=PCMA "
				     "encryption_a=sdes encryption_b=none");
	}
END_TEST

START_TEST(complaint_26_bye_goes_to_the_old_address)
	{
		const struct text_message *bye;

		protected_call();
		if (_i) {
			strcpy(f.phone.end.user, "moved");
			fake_update(line(), false);
			fixture_run_until(&f, phone_update_done);
		} else {
			strcpy(f.phone.end.user, "moved");
			ck_assert_int_eq(reinvite(), 200);
		}
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
		bye = fake_last_message(&f.phone.end, "BYE");
		ck_assert_ptr_nonnull(bye);
		ck_assert_ptr_nonnull(strstr(bye->uri, "moved@"));
	}
END_TEST

static Suite *complaints_suite(void)
{
	Suite *suite = suite_create("complaints");
	TCase *tests = tcase_create("complaints");

	fixture_around(tests, &f);
	tcase_add_test(tests, complaint_01_pressing_hold_hangs_up);
	tcase_add_test(tests,
		       complaint_02_the_providers_reinvite_is_a_new_call);
	tcase_add_test(tests, complaint_03_no_audio_after_another_codec);
	tcase_add_test(tests, complaint_04_one_way_audio_after_hold_and_resume);
	tcase_add_test(tests, complaint_05_inactive_kills_rtp_to_the_other_leg);
	tcase_add_test(tests, complaint_05_inactive_ends_the_reports);
	tcase_add_test(
		tests,
		complaint_06_stuck_on_hold_after_a_reinvite_without_offer);
	tcase_add_test(tests,
		       complaint_07_hold_with_another_codec_is_half_applied);
	tcase_add_test(tests, complaint_08_a_failed_reinvite_is_never_answered);
	tcase_add_test(
		tests,
		complaint_11_a_fax_switch_fails_and_takes_the_audio_along);
	tcase_add_test(tests, complaint_10_a_refresh_ends_the_fax);
	tcase_add_loop_test(
		tests, complaint_10_the_providers_refresh_ends_the_fax, 0, 2);
	tcase_add_test(tests, complaint_10_our_refresh_ends_the_fax);
	tcase_add_test(tests,
		       complaint_15_calls_in_fail_180_s_after_registering);
	tcase_add_test(tests, complaint_12_the_call_ends_at_32_s);
	tcase_add_test(tests, complaint_13_an_alg_breaks_the_ack);
	tcase_add_test(tests, complaint_13_another_port_is_taken);
	tcase_add_test(tests, complaint_13_it_is_said_what_to_set);
	tcase_add_test(tests, complaint_13_it_is_avoided_and_remembered);
	tcase_add_test(tests, complaint_18_no_ringback_after_183);
	tcase_add_test(tests, complaint_22_the_number_leaks_although_withheld);
	tcase_add_test(tests,
		       complaint_25_image_beside_audio_in_the_first_invite);
	tcase_add_test(tests,
		       complaint_23_srtp_one_way_after_a_while_or_a_reinvite);
	tcase_add_test(tests, complaint_24_a_provider_wants_lifetime_and_mki);
	tcase_add_test(tests, complaint_25_rtp_beside_srtp_in_the_first_invite);
	tcase_add_loop_test(tests, complaint_26_bye_goes_to_the_old_address, 0,
			    2);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(complaints_suite())
