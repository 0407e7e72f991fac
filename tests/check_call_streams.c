/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call with more than one stream: each is one, whatever becomes of it.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

#define PROTECTED "reinvite = \"suppress\"; update = \"suppress\";"

static unsigned heard_before[TONE_STREAMS_MAX];

static void streams_from_now(void)
{
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++)
		heard_before[i] = tone_heard_in(&other->tone, i);
}

static bool each_goes_on(struct fixture *x)
{
	(void)x;
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++)
		if (tone_heard_in(&other->tone, i) < heard_before[i] + 15)
			return false;
	return true;
}

static bool second_stops(struct fixture *x)
{
	(void)x;
	return tone_heard_in(&other->tone, 0) >= heard_before[0] + 15;
}

/* Two audio lines; P is the phone (0) or the provider (1). */
static void begin_two(int side, const char *acme, const char *phones)
{
	fixture_start_with(
		&f, &(struct fixture_setup){.acme = acme, .phones = phones});
	f.phone.end.media.streams = f.itsp.end.media.streams = 2;
	f.phone.end.media.codecs = f.itsp.end.media.codecs = "8 101";
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
	streams_from_now();
	fixture_run_until(&f, each_goes_on);
}

/* Both of T's, and they were one each all the while. */
static void each_hears_on(void)
{
	streams_from_now();
	fixture_run_until(&f, each_goes_on);
	fixture_assert(&f, tone_unbroken(&other->tone, 0));
	ck_assert_uint_le(tone_longest_gap_ms(&other->tone, 3), ROWS_GAP_MS);
}

/* An offer of P's two audio lines with a direction each. */
static const char *two_lines(const char *first, const char *second)
{
	static char body[1024];
	static unsigned version = 1000;

	snprintf(body, sizeof(body),
		 "v=0\r\no=two 7 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\nm=audio %u RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\na=%s\r\n"
		 "m=audio %u RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\na=%s\r\n",
		 version++, asks->host, asks->host, asks->tone.stream[0].port,
		 first, asks->tone.stream[1].port, second);
	return body;
}

START_TEST(each_of_two_held_streams_goes_on)
	{
		begin_two(_i & 1, PROTECTED, PROTECTED);
		asks->tone.talking = false;
		ck_assert_int_eq(hold(_i & 2 ? "inactive" : "sendonly"), 200);
		each_hears_on();
		asks->tone.talking = true;
		ck_assert_int_eq(hold("sendrecv"), 200);
		each_hears_on();
		t_was_left_alone();
	}
END_TEST

START_TEST(a_hold_of_the_second_stream_alone_is_filled_there)
	{
		begin_two(_i, PROTECTED, PROTECTED);
		p()->media.instead = two_lines("sendrecv", "inactive");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		ck_assert_str_eq(p()->remote_sdp.stream[0].direction,
				 "sendrecv");
		ck_assert_str_eq(p()->remote_sdp.stream[1].direction,
				 "inactive");
		asks->tone.stream[1].to.sin_port = 0;
		each_hears_on();
		/* Longer than a filler is armed where the source may send. */
		fixture_watch(&f, 3500);
		each_hears_on();
		p()->media.instead = two_lines("sendrecv", "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		each_hears_on();
		t_was_left_alone();
	}
END_TEST

START_TEST(a_t_that_is_told_hears_filler_in_the_held_stream_alone)
	{
		begin_two(_i, "reinvite = \"forward\";",
			  "reinvite = \"forward\";");
		t()->media.instead = NULL;
		p()->media.instead = two_lines("sendrecv", "sendonly");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, fake_seen_inside(other, "INVITE") == 1);
		ck_assert_str_eq(t()->remote_sdp.stream[1].direction,
				 "sendonly");
		asks->tone.stream[1].to.sin_port = 0;
		each_hears_on();
		/* The first is left alone: a pause of its own is not filled. */
		asks->tone.talking = false;
		fixture_watch(&f, 100);
		unsigned first = tone_heard_in(&other->tone, 0);
		streams_from_now();
		fixture_watch(&f, 500);
		ck_assert_uint_le(tone_heard_in(&other->tone, 0), first + 1);
		ck_assert_uint_ge(tone_heard_in(&other->tone, 1),
				  heard_before[1] + 10);
	}
END_TEST

START_TEST(a_stream_that_was_removed_and_comes_back_is_told)
	{
		begin_two(_i, "reinvite = \"forward\";",
			  "reinvite = \"forward\";");
		unsigned port = asks->tone.stream[1].port;
		asks->tone.stream[1].port = 0;
		p()->media.instead = two_lines("sendrecv", "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, t()->remote_sdp.stream[1].port == 0);
		asks->tone.stream[1].port = port;
		p()->media.instead = two_lines("sendrecv", "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, fake_seen_inside(other, "INVITE") == 2);
		fixture_assert(&f, t()->remote_sdp.stream[1].port != 0);
		each_hears_on();
	}
END_TEST

START_TEST(a_line_that_was_refused_is_sent_nothing)
	{
		fixture_start_with(
			&f, &(struct fixture_setup){.acme = PROTECTED,
						    .phones = PROTECTED});
		f.phone.end.media.streams = 2;
		f.phone.end.media.codecs = f.itsp.end.media.codecs = "8 101";
		static char body[512];
		snprintf(body, sizeof(body),
			 "v=0\r\no=t 5 5 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
			 "t=0 0\r\nm=audio %u RTP/AVP 8\r\n"
			 "a=rtpmap:8 PCMA/8000\r\nm=audio 0 RTP/AVP 8\r\n",
			 f.itsp.end.host, f.itsp.end.host,
			 f.itsp.end.tone.stream[0].port);
		f.itsp.end.media.instead = body;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, both_up);
		fixture_run_until(&f, both_hear);
		asks = &f.phone.end;
		other = &f.itsp.end;
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		ck_assert_int_eq(hold("sendonly"), 200);
		asks->tone.talking = false;
		streams_from_now();
		fixture_run_until(&f, second_stops);
		ck_assert_uint_eq(tone_heard_in(&other->tone, 1), 0);
	}
END_TEST

/* T removed its second line, of which P hears when it asks the next time. */
START_TEST(a_line_that_is_refused_later_is_sent_nothing_any_more)
	{
		begin_two(_i, PROTECTED, PROTECTED);
		swap_roles();
		asks->tone.stream[1].port = 0;
		p()->media.instead = two_lines("sendrecv", "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		swap_roles();
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_int_eq(hold("sendrecv"), 200);
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		swap_roles();
		p()->media.instead = two_lines("sendonly", "sendonly");
		ck_assert_int_eq(reinvite(), 200);
		asks->tone.talking = false;
		streams_from_now();
		fixture_run_until(&f, second_stops);
		ck_assert_uint_eq(tone_heard_in(&other->tone, 1),
				  heard_before[1]);
	}
END_TEST

START_TEST(a_phone_that_moves_begins_no_new_stream_in_either)
	{
		begin_two(_i, PROTECTED, PROTECTED);
		for (unsigned i = 0; i < TONE_STREAMS_MAX; i++) {
			asks->tone.stream[i].ssrc ^= 0x5a5a5a5a;
			asks->tone.stream[i].sequence ^= 0x5555;
			asks->tone.stream[i].timestamp += 77777;
		}
		tone_move(&asks->tone);
		ck_assert_int_eq(reinvite(), 200);
		each_hears_on();
		t_was_left_alone();
	}
END_TEST

static bool p_hears_both(struct fixture *x)
{
	(void)x;
	return tone_heard_in(&asks->tone, 0) >= 15 &&
	       tone_heard_in(&asks->tone, 1) >= 15;
}

static bool backup_up(struct fixture *x)
{
	return itsp_is(&x->backup, FAKE_UP);
}

/* The phone transfers acme to backup: each stands in a session of its own, and
 * they meet inside. */
static void begin_transferred(void)
{
#define ASKABLE "reinvite = \"forward\"; t38 = \"forward\";"
	static const struct fixture_setup outside = {
		.acme = ASKABLE,
		.backup = ASKABLE,
		.routes = "{ from = \"phones\"; number = \"^0(\\\\d+)$\"; "
			  "to_number = \"\\\\1\"; to = \"acme\"; },\n"
			  "{ from = \"phones\"; number = \"^9(\\\\d+)$\"; "
			  "to_number = \"\\\\1\"; to = \"backup\"; },\n"
			  "{ from = \"acme\"; number = \"^9(\\\\d+)$\"; "
			  "to_number = \"\\\\1\"; to = \"backup\"; }"};

	fixture_start_with(&f, &outside);
	f.itsp.end.media.codecs = f.backup.end.media.codecs = "8 101";
	fixture_talk_out(&f);
	phone_refer(&f.phone, "sip:95559999@127.0.1.1", NULL);
	fixture_run_until(&f, phone_ended);
	fixture_run_until(&f, backup_up);
	asks = &f.itsp.end;
	other = &f.backup.end;
}

START_TEST(a_line_that_is_added_after_a_transfer_is_heard)
	{
		begin_transferred();
		p()->media.instead = two_lines("sendrecv", "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.stream[1].port != 0);
		fixture_assert(&f, t()->remote_sdp.stream[1].port != 0);
		streams_from_now();
		fixture_run_until(&f, each_goes_on);
		fixture_run_until(&f, p_hears_both);
	}
END_TEST

static const char udptl[] = "\0\1\4abcd";

static void send_fax(struct fixture *x)
{
	const struct text_stream *to = p_was_told();
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)to->port)};

	(void)x;
	inet_pton(AF_INET, to->address, &at.sin_addr);
	sendto(asks->tone.stream[0].rtp, udptl, sizeof(udptl), 0,
	       (struct sockaddr *)&at, sizeof(at));
}

static bool t_has_fax(struct fixture *x)
{
	send_fax(x);
	return tone_heard_bytes(&other->tone, udptl, sizeof(udptl));
}

START_TEST(a_fax_after_a_transfer_crosses)
	{
		static char body[2][256];

		begin_transferred();
		for (unsigned i = 0; i < 2; i++) {
			struct fake *end = i ? other : asks;
			snprintf(body[i], sizeof(body[i]),
				 "v=0\r\no=fax 7 9 IN IP4 %s\r\ns=-\r\n"
				 "c=IN IP4 %s\r\nt=0 0\r\n"
				 "m=image %u udptl t38\r\n",
				 end->host, end->host,
				 end->tone.stream[0].port);
			(i ? t() : p())->media.instead = body[i];
		}
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p_was_told()->port != 0);
		fixture_run_until(&f, t_has_fax);
	}
END_TEST

/* --- video ---------------------------------------------------------------
 */

static void send_video(uint16_t sequence, uint32_t timestamp, uint32_t ssrc)
{
	const struct text_stream *to = &p()->remote_sdp.stream[1];
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)to->port)};
	uint8_t packet[52] = {0x80, 34};
	const uint32_t numbers[] = {htonl(timestamp), htonl(ssrc)};

	sequence = htons(sequence);
	memcpy(packet + 2, &sequence, sizeof(sequence));
	memcpy(packet + 4, numbers, sizeof(numbers));
	inet_pton(AF_INET, to->address, &at.sin_addr);
	sendto(asks->tone.stream[1].rtp, packet, sizeof(packet), 0,
	       (struct sockaddr *)&at, sizeof(at));
}

static bool six_pictures(struct fixture *x)
{
	(void)x;
	return tone_heard_in(&other->tone, 1) == 6;
}

/* Six packets of video from the phone, of two sources. */
static void send_two_sources(const char *formats)
{
	static char more[256], body[1024];

	fixture_start_with(&f, &(struct fixture_setup){.acme = PROTECTED,
						       .phones = PROTECTED});
	f.phone.end.media.codecs = "8";
	snprintf(more, sizeof(more), "m=video %u RTP/AVP %s\r\n",
		 f.phone.end.tone.stream[1].port, formats);
	f.phone.end.media.more = more;
	snprintf(body, sizeof(body),
		 "v=0\r\no=t 5 5 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
		 "m=video %u RTP/AVP %s\r\n",
		 f.itsp.end.host, f.itsp.end.host,
		 f.itsp.end.tone.stream[0].port, f.itsp.end.tone.stream[1].port,
		 formats);
	f.itsp.end.media.instead = body;
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
	asks = &f.phone.end;
	other = &f.itsp.end;
	for (unsigned i = 0; i < 6; i++) {
		unsigned source = i / 3;
		send_video((uint16_t)(100 + 5000 * source + i),
			   1000000 + 90000 * source + 3600 * i,
			   0x11110000 + source);
	}
	fixture_run_until(&f, six_pictures);
}

START_TEST(video_from_two_sources_is_one_stream)
	{
		send_two_sources("34\r\na=rtpmap:34 H263/90000");
		fixture_assert(&f, tone_unbroken(&other->tone, 0));
		/* A camera may pause: nobody fills it. */
		p()->media.more = NULL;
		ck_assert_int_eq(hold("sendonly"), 488);
		fixture_watch(&f, 300);
		ck_assert_uint_eq(tone_heard_in(&other->tone, 1), 6);
	}
END_TEST

/* RFC 4588: what is sent again has an SSRC of its own. */
START_TEST(video_with_repairs_beside_it_is_left_as_it_is)
	{
		send_two_sources("34 98\r\na=rtpmap:34 H263/90000\r\n"
				 "a=rtpmap:98 rtx/90000\r\na=fmtp:98 apt=34");
		unsigned seen[2] = {0, 0};
		for (unsigned i = 0; i < other->tone.ins; i++) {
			const struct tone_packet *x = &other->tone.in[i];
			if (x->stream == 1 && !x->rtcp) {
				ck_assert_uint_eq(x->ssrc >> 16, 0x1111);
				seen[x->ssrc & 1]++;
			}
		}
		ck_assert_uint_eq(seen[0], 3);
		ck_assert_uint_eq(seen[1], 3);
	}
END_TEST

/* A line of PCMA, which may be gone, and one of G.722. */
static const char *mixed(const struct fake *end, unsigned version,
			 const char *first, bool gone, const char *second)
{
	static char body[2][1024];
	char *out = body[end == asks];
	snprintf(out, 1024,
		 "v=0\r\no=two 7 %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\nm=audio %u RTP/AVP 8\r\na=rtpmap:8 "
		 "PCMA/8000\r\na=%s\r\n"
		 "m=audio %u RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\na=%s\r\n",
		 version, end->host, end->host,
		 gone ? 0 : end->tone.stream[0].port, first,
		 end->tone.stream[1].port, second);
	return out;
}

START_TEST(a_line_that_goes_leaves_the_other_its_codec)
	{
		fixture_start_with(
			&f, &(struct fixture_setup){.acme = PROTECTED,
						    .phones = PROTECTED});
		asks = &f.phone.end;
		other = &f.itsp.end;
		asks->media.instead =
			mixed(asks, 1, "sendrecv", false, "sendrecv");
		other->media.instead =
			mixed(other, 1, "sendrecv", false, "sendrecv");
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, both_up);
		fixture_assert(&f, p()->remote_sdp.stream[1].port);
		p()->media.instead =
			mixed(asks, 2, "sendrecv", true, "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.stream[1].port);
		p()->media.instead =
			mixed(asks, 3, "sendrecv", true, "inactive");
		ck_assert_int_eq(reinvite(), 200);
		asks->tone.talking = false;
		streams_from_now();
		fixture_run_until(&f, each_goes_on);
		p()->media.instead =
			mixed(asks, 4, "sendrecv", false, "sendrecv");
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.stream[0].port);
		fixture_assert(&f, p()->remote_sdp.stream[1].port);
	}
END_TEST

static Suite *streams_suite(void)
{
	Suite *suite = suite_create("streams");
	TCase *tests = group(suite, "streams");

	tcase_add_loop_test(tests, each_of_two_held_streams_goes_on, 0, 4);
	tcase_add_loop_test(
		tests, a_hold_of_the_second_stream_alone_is_filled_there, 0, 2);
	tcase_add_loop_test(
		tests, a_t_that_is_told_hears_filler_in_the_held_stream_alone,
		0, 2);
	tcase_add_loop_test(
		tests, a_stream_that_was_removed_and_comes_back_is_told, 0, 2);
	tcase_add_test(tests, a_line_that_was_refused_is_sent_nothing);
	tcase_add_loop_test(
		tests, a_line_that_is_refused_later_is_sent_nothing_any_more, 0,
		2);
	tcase_add_loop_test(
		tests, a_phone_that_moves_begins_no_new_stream_in_either, 0, 2);
	tcase_add_test(tests, a_line_that_is_added_after_a_transfer_is_heard);
	tcase_add_test(tests, a_fax_after_a_transfer_crosses);
	tcase_add_test(tests, video_from_two_sources_is_one_stream);
	tcase_add_test(tests, video_with_repairs_beside_it_is_left_as_it_is);
	tcase_add_test(tests, a_line_that_goes_leaves_the_other_its_codec);
	return suite;
}

CHECK_MAIN(streams_suite())
