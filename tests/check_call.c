/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole calls: out, in, between phones; their media; what crosses. */
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

static struct fixture f;

static void call_in(void)
{
	f.phone.answers_itself = true;
	itsp_call(&f.itsp, "442079460101");
	fixture_run_until(&f, both_up);
}

START_TEST(a_phone_calls_out_and_both_hear_each_other)
	{
		fixture_start(&f);
		fixture_talk_out(&f);
		const struct text_message *invite =
			fake_message(&f.itsp.end, "INVITE", 0);
		ck_assert_int_eq(
			strncmp(invite->uri, "sip:5551234@127.0.2.10", 22), 0);
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 1);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
		ck_assert_status(&f, "event=call-end");
	}
END_TEST

START_TEST(the_provider_hangs_up_and_the_phone_is_told)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "BYE"), 1);
		fixture_assert(&f, itsp_line(&f.itsp)->bye_status == 200);
	}
END_TEST

START_TEST(a_call_from_outside_rings_the_phone_and_both_hear_each_other)
	{
		fixture_start(&f);
		call_in();
		fixture_run_until(&f, both_hear);
		fixture_assert(&f, itsp_line(&f.itsp)->provisionals >= 1);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_phone_hangs_up_a_call_from_outside)
	{
		fixture_start(&f);
		call_in();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
		fixture_assert(&f, phone_line(&f.phone)->bye_status == 200);
	}
END_TEST

START_TEST(phones_of_one_subnet_talk_directly)
	{
		fixture_start(&f);
		f.other.answers_itself = true;
		phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		ck_assert_str_eq(
			phone_line(&f.phone)->remote_sdp.stream[0].address,
			"127.0.1.11");
		ck_assert_str_eq(
			phone_line(&f.other)->remote_sdp.stream[0].address,
			"127.0.1.10");
		phone_hang_up(&f.other);
		fixture_run_until(&f, both_phones_ended);
		ck_assert_status(&f, "event=call-end");
	}
END_TEST

static bool phones_hear(struct fixture *x)
{
	return tone_heard(&x->phone.end.tone) > 5 &&
	       tone_heard(&x->other.end.tone) > 5;
}

START_TEST(phones_are_relayed_where_the_policy_says_so)
	{
		static const struct fixture_setup anchored = {
			.phones = "anchor = \"always\";"};

		fixture_start_with(&f, &anchored);
		f.other.answers_itself = true;
		phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		ck_assert_str_eq(
			phone_line(&f.phone)->remote_sdp.stream[0].address,
			"127.0.1.1");
		fixture_run_until(&f, phones_hear);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_phones_ended);
	}
END_TEST

START_TEST(packets_cross_byte_for_byte_both_ways)
	{
		static const uint8_t odd[] = {
			0x90, 0x88, 0x12, 0x34, 0,    0,    1,	 0,
			0xca, 0xfe, 0xba, 0xbe, 0xbe, 0xde, 0,	 1,
			0x10, 0xff, 0,	  0,	'o',  'd',  'd',
		};
		uint8_t last[256];

		fixture_start_with(&f, &(struct fixture_setup){
					       .acme = "stream = \"pass\";"});
		fixture_talk_out(&f);
		phone_talk(&f.phone, false);
		itsp_talk(&f.itsp, false);
		fixture_watch(&f, 50);
		memcpy(last, f.phone.end.tone.last_sent,
		       f.phone.end.tone.last_len);
		fixture_assert(&f, tone_heard_bytes(&f.itsp.end.tone, last,
						    f.phone.end.tone.last_len));
		memcpy(last, f.itsp.end.tone.last_sent,
		       f.itsp.end.tone.last_len);
		fixture_assert(&f, tone_heard_bytes(&f.phone.end.tone, last,
						    f.itsp.end.tone.last_len));
		tone_send(&f.phone.end.tone, odd, sizeof(odd));
		fixture_watch(&f, 50);
		fixture_assert(&f, tone_heard_bytes(&f.itsp.end.tone, odd,
						    sizeof(odd)));
	}
END_TEST

static bool both_have_reports(struct fixture *x)
{
	return tone_heard_rtcp(&x->phone.end.tone) > 0 &&
	       tone_heard_rtcp(&x->itsp.end.tone) > 0;
}

START_TEST(reports_cross_both_ways)
	{
		fixture_start(&f);
		f.phone.end.tone.rtcp_too = f.itsp.end.tone.rtcp_too = true;
		fixture_call_out(&f);
		fixture_run_until(&f, both_have_reports);
	}
END_TEST

START_TEST(nothing_of_the_inside_is_seen_outside_nor_the_other_way)
	{
		fixture_start(&f);
		f.phone.end.media.lines =
			"a=candidate:1 1 UDP 2130706431 127.0.1.10 "
			"30000 typ host\r\na=x-secret:127.0.1.10\r\n";
		fixture_call_out(&f);
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		fixture_assert(&f, nothing_of_the_inside_outside(&f));
	}
END_TEST

START_TEST(nothing_of_the_inside_is_seen_by_a_caller_from_outside)
	{
		fixture_start(&f);
		call_in();
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		fixture_assert(&f, nothing_of_the_inside_outside(&f));
	}
END_TEST

#define KEY_A                        \
	"1 AES_CM_128_HMAC_SHA1_80 " \
	"inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define KEY_B                        \
	"1 AES_CM_128_HMAC_SHA1_80 " \
	"inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"

START_TEST(keys_of_srtp_stay_between_the_two_ends)
	{
		fixture_start(&f);
		f.phone.end.media.protocol = "RTP/SAVP";
		f.phone.end.media.lines = "a=crypto:" KEY_A "\r\n";
		f.itsp.end.media.lines = "a=crypto:" KEY_B "\r\n";
		fixture_call_out(&f);
		const struct text_stream *outside =
			&itsp_line(&f.itsp)->remote_sdp.stream[0];
		ck_assert_str_eq(outside->protocol, "RTP/SAVP");
		ck_assert_str_eq(outside->crypto, KEY_A);
		ck_assert_str_eq(
			phone_line(&f.phone)->remote_sdp.stream[0].crypto,
			KEY_B);
		fixture_run_until(&f, both_hear);
	}
END_TEST

START_TEST(a_phone_that_offers_nothing_gets_our_offer)
	{
		fixture_start(&f);
		fake_invite_without_offer(&f.phone.end, "05551234");
		fixture_run_until(&f, both_up);
		ck_assert_uint_eq(phone_line(&f.phone)->remote_sdps, 1);
		fixture_assert(&f,
			       fake_message(&f.itsp.end, "INVITE", 0)->body[0]);
		fixture_run_until(&f, both_hear);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(a_provider_that_offers_nothing_gets_our_offer)
	{
		fixture_start(&f);
		f.phone.answers_itself = true;
		fake_invite_without_offer(&f.itsp.end, "442079460101");
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(video_that_nobody_takes_keeps_its_slot)
	{
		fixture_start(&f);
		f.phone.end.media.more = "m=video 40000 RTP/AVP 96\r\n"
					 "a=rtpmap:96 H264/90000\r\n";
		fixture_call_out(&f);
		const struct text_sdp *answer =
			&phone_line(&f.phone)->remote_sdp;
		ck_assert_uint_eq(answer->streams, 2);
		ck_assert_str_eq(answer->stream[0].media, "audio");
		ck_assert_uint_ne(answer->stream[0].port, 0);
		ck_assert_str_eq(answer->stream[1].media, "video");
		ck_assert_uint_eq(answer->stream[1].port, 0);
		fixture_run_until(&f, both_hear);
	}
END_TEST

static bool second_stream_is_heard(struct fixture *x)
{
	unsigned second = 0;

	for (unsigned i = 0; i < x->itsp.end.tone.ins; i++)
		second += x->itsp.end.tone.in[i].stream == 1;
	return second > 5;
}

START_TEST(two_audio_streams_both_cross)
	{
		fixture_start(&f);
		f.phone.end.media.streams = f.itsp.end.media.streams = 2;
		fixture_call_out(&f);
		ck_assert_uint_eq(itsp_line(&f.itsp)->remote_sdp.streams, 2);
		ck_assert_uint_eq(phone_line(&f.phone)->remote_sdp.streams, 2);
		fixture_run_until(&f, both_hear);
		fixture_run_until(&f, second_stream_is_heard);
	}
END_TEST

START_TEST(rtp_ports_are_even_and_ours_on_each_side)
	{
		fixture_start(&f);
		fixture_call_out(&f);
		const struct text_stream *in =
			&phone_line(&f.phone)->remote_sdp.stream[0];
		const struct text_stream *out =
			&itsp_line(&f.itsp)->remote_sdp.stream[0];
		ck_assert_str_eq(in->address, "127.0.1.1");
		ck_assert_str_eq(out->address, "127.0.2.1");
		ck_assert_uint_eq(in->port % 2, 0);
		ck_assert_uint_eq(out->port % 2, 0);
		ck_assert(in->port >= f.rtp_first &&
			  in->port < f.rtp_first + 100);
		ck_assert(out->port >= f.rtp_first + 100 &&
			  out->port < f.rtp_first + 200);
	}
END_TEST

START_TEST(lost_messages_are_sent_again_and_the_call_stands)
	{
		fixture_start(&f);
		fake_drop_next(&f.itsp.end, FAKE_IN, "INVITE", 1);
		fake_drop_next(&f.phone.end, FAKE_IN, "200 INVITE", 1);
		fake_drop_next(&f.phone.end, FAKE_OUT, "ACK", 1);
		fixture_call_out(&f);
		ck_assert_uint_eq(fake_seen(&f.phone.end, "200 INVITE"), 1);
		fixture_run_until(&f, both_hear);
		fake_drop_next(&f.itsp.end, FAKE_IN, "BYE", 1);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), 1);
	}
END_TEST

START_TEST(every_copy_of_a_200_is_acked)
	{
		fixture_start(&f);
		f.itsp.end.t1_ms = 100;
		fake_drop_next(&f.itsp.end, FAKE_IN, "ACK", 3);
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, itsp_up);
		unsigned acks = 0, answers = 0;
		for (unsigned i = 0; i < f.itsp.end.records; i++) {
			const struct fake_record *r = &f.itsp.end.record[i];
			acks += !strcmp(r->label, "ACK");
			answers += !strcmp(r->label, "200 INVITE");
		}
		ck_assert_uint_ge(acks, 4);
		ck_assert_uint_ge(answers, 4);
		ck_assert_uint_eq(fake_seen(&f.phone.end, "200 INVITE"), 1);
		fixture_run_until(&f, both_hear);
	}
END_TEST

static bool itsp_saw_ack(struct fixture *x)
{
	return itsp_line(&x->itsp)->acks > 0;
}

START_TEST(the_provider_is_acked_without_waiting_for_the_phone)
	{
		fixture_start(&f);
		phone_call(&f.phone, "05551234")->withhold_ack = true;
		fixture_run_until(&f, itsp_saw_ack);
		ck_assert(!phone_is(&f.phone, FAKE_UP));
		fixture_run_until(&f, phone_has_200);
		fake_ack(phone_line(&f.phone));
		fixture_run_until(&f, both_hear);
	}
END_TEST

static bool phone_saw_three_copies(struct fixture *x)
{
	return fake_seen_copies(&x->phone.end, "200 INVITE") >= 3;
}

START_TEST(our_200_is_sent_again_until_it_is_acked)
	{
		fixture_start(&f);
		phone_call(&f.phone, "05551234")->withhold_ack = true;
		fixture_run_until(&f, phone_saw_three_copies);
		fake_ack(phone_line(&f.phone));
		fixture_run_until(&f, both_hear);
		unsigned copies = fake_seen_copies(&f.phone.end, "200 INVITE");
		fixture_watch(&f, 2500);
		ck_assert_uint_eq(fake_seen_copies(&f.phone.end, "200 INVITE"),
				  copies);
	}
END_TEST

START_TEST(a_missing_ack_does_not_end_a_call_whose_media_flows)
	{
		fixture_start(&f);
		phone_call(&f.phone, "05551234")->withhold_ack = true;
		fixture_run_until(&f, phone_has_200);
		phone_line(&f.phone)->state =
			FAKE_UP; /* it thinks so; no ACK came */
		fake_settle(phone_line(&f.phone));
		fixture_run_until(&f, both_hear);
		fixture_watch(&f, 34000);
		fixture_assert(&f, both_up(&f));
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
	}
END_TEST

START_TEST(fourteen_calls_one_after_the_other_leave_nothing_behind)
	{
		fixture_start(&f);
		for (unsigned i = 0; i < 14; i++) {
			fixture_call_out(&f);
			phone_hang_up(&f.phone);
			fixture_run_until(&f, both_ended);
		}
		struct media_totals totals;
		fixture_watch(&f, 200);
		media_engine_totals(f.agent->media, &totals);
		ck_assert_uint_eq(totals.sessions, 0);
		ck_assert_uint_eq(totals.sockets, 0);
		for (unsigned i = 0; i < f.agent->networks; i++)
			ck_assert_uint_eq(
				media_block_used(f.agent->network[i].block), 0);
		ck_assert_uint_eq(fixture_status_count(&f, "event=call-end"),
				  14);
	}
END_TEST

static Suite *call_suite(void)
{
	Suite *suite = suite_create("call");
	TCase *tests = tcase_create("call");

	fixture_around(tests, &f);
	tcase_add_test(tests, a_phone_calls_out_and_both_hear_each_other);
	tcase_add_test(tests, the_provider_hangs_up_and_the_phone_is_told);
	tcase_add_test(
		tests,
		a_call_from_outside_rings_the_phone_and_both_hear_each_other);
	tcase_add_test(tests, a_phone_hangs_up_a_call_from_outside);
	tcase_add_test(tests, phones_of_one_subnet_talk_directly);
	tcase_add_test(tests, phones_are_relayed_where_the_policy_says_so);
	tcase_add_test(tests, packets_cross_byte_for_byte_both_ways);
	tcase_add_test(tests, reports_cross_both_ways);
	tcase_add_test(tests,
		       nothing_of_the_inside_is_seen_outside_nor_the_other_way);
	tcase_add_test(tests,
		       nothing_of_the_inside_is_seen_by_a_caller_from_outside);
	tcase_add_test(tests, keys_of_srtp_stay_between_the_two_ends);
	tcase_add_test(tests, a_phone_that_offers_nothing_gets_our_offer);
	tcase_add_test(tests, a_provider_that_offers_nothing_gets_our_offer);
	tcase_add_test(tests, video_that_nobody_takes_keeps_its_slot);
	tcase_add_test(tests, two_audio_streams_both_cross);
	tcase_add_test(tests, rtp_ports_are_even_and_ours_on_each_side);
	tcase_add_test(tests, lost_messages_are_sent_again_and_the_call_stands);
	tcase_add_test(tests, every_copy_of_a_200_is_acked);
	tcase_add_test(tests,
		       the_provider_is_acked_without_waiting_for_the_phone);
	tcase_add_test(tests, our_200_is_sent_again_until_it_is_acked);
	tcase_add_test(tests,
		       fourteen_calls_one_after_the_other_leave_nothing_behind);
	suite_add_tcase(suite, tests);
	TCase *slow = tcase_create("slow");
	fixture_around(slow, &f);
	tcase_set_timeout(slow, 60);
	tcase_add_test(slow,
		       a_missing_ack_does_not_end_a_call_whose_media_flows);
	suite_add_tcase(suite, slow);
	return suite;
}

CHECK_MAIN(call_suite())
