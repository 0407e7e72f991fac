/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The streams that the media engine makes: filler, flows, what silence is. */
#include "check_main.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "media/bytes.h"
#include "media/media.h"
#include "media/rtp.h"
#include "tests/engine.h"

/* --- filler --------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(filler_and_real_packets_are_one_stream)
	{
		struct fixture f;
		struct packet p;
		uint8_t buf[300];
		struct rtp_header h;
		unsigned fillers = 0;
		int64_t before_ms = 0;
		start(&f);
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		uint16_t seq = 65530, in_seq = 65530;
		uint32_t rtp_ts = 0;
		for (int i = 0; i < 60; i++) {
			/* 10 real ones, a pause of 20, real ones of a new
			 * source */
			bool real = i < 10 || i >= 30;
			if (real) {
				p = rtp(i < 30 ? 7 : 8, in_seq++,
					i < 10 ? (uint32_t)i * 160
					       : 900000 + (uint32_t)i * 160);
				a_sends(&f, &p);
			}
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				172);
			ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
			ck_assert_uint_eq(h.ssrc, 7);
			ck_assert_uint_eq(h.seq, seq++);
			if (i > 0)
				ck_assert_uint_eq(h.rtp_ts, rtp_ts + 160);
			rtp_ts = h.rtp_ts;
			int64_t at_ms = now_ms();
			if (!real && i > 10 && before_ms)
				ck_assert_int_le(at_ms - before_ms, 60);
			before_ms = at_ms;
			if (h.payload[0] == 0xd5 && h.payload[50] == 0xd5)
				fillers++;
		}
		ck_assert_uint_ge(fillers, 20);
		while (stats(&f, MEDIA_B).filler_packets < fillers)
			turn(under_test);
		finish(&f);
	}
END_TEST

/* 0.1 s of a ramp that comes back; where its file is gone, it is loaded. */
static struct media_music *some_music(void)
{
	static uint8_t wav[44 + 1600] =
		"RIFF\0\0\0\0WAVEfmt \20\0\0\0\1\0\1\0\100\37\0\0\200\76"
		"\0\0\2\0\20\0data\100\6\0";
	char path[] = "/tmp/check_engine.XXXXXX", why[80];
	struct media_music *music;
	for (int i = 0; i < 800; i++)
		wav[44 + 2 * i + 1] = (uint8_t)(i < 400 ? i / 8 : 100 - i / 8);
	int fd = mkstemp(path);
	ck_assert_int_eq(write(fd, wav, sizeof(wav)), (ssize_t)sizeof(wav));
	close(fd);
	ck_assert_int_eq(media_music_load(&music, path, why, sizeof(why)), 0);
	unlink(path);
	return music;
}

START_TEST(music_plays_on_when_its_owner_lets_it_go)
	{
		struct fixture f;
		uint8_t buf[300], first[160];
		start(&f);
		struct media_music *music = some_music();
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMU,
					      .payload_type = 0,
					      .ptime_ms = 20,
					      .armed = true,
					      .music = music};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (int i = 0; i < 11; i++) {
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				172);
			if (i == 0)
				memcpy(first, buf + 12, 160);
			ck_assert_int_eq(memcmp(first, buf + 12, 160) == 0,
					 i % 5 == 0);
			if (i == 5)
				media_music_free(music);
		}
		finish(&f);
	}
END_TEST

START_TEST(filler_begins_a_stream_of_its_own)
	{
		struct fixture f;
		uint8_t buf[300];
		struct rtp_header first = {0}, h;
		start(&f);
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMU,
					      .payload_type = 0,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (uint16_t i = 0; i < 5; i++) {
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				172);
			ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
			ck_assert_uint_eq(h.payload[0], 0xff);
			if (i == 0)
				first = h;
			ck_assert_uint_eq(h.ssrc, first.ssrc);
			ck_assert_uint_eq(h.seq, (uint16_t)(first.seq + i));
			ck_assert_uint_eq(h.rtp_ts, first.rtp_ts + i * 160u);
		}
		filler.armed = false;
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		while (far_receive(&f.b, 0, buf, sizeof(buf), 100) > 0)
			ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		struct packet p = rtp(5, 700, 9);
		a_sends(&f, &p);
		uint16_t seq = h.seq;
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		ck_assert_uint_eq(h.ssrc, first.ssrc);
		ck_assert_uint_eq(h.seq, (uint16_t)(seq + 1));
		finish(&f);
	}
END_TEST

START_TEST(an_unknown_codec_is_kept_alive_by_its_last_payload)
	{
		struct fixture f;
		uint8_t buf[300];
		struct packet p = rtp(5, 700, 9);
		start(&f);
		struct media_filler filler = {.kind = MEDIA_FILLER_REPEAT,
					      .payload_type = 8,
					      .ptime_ms = 20};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		filler.armed = true;
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (uint16_t i = 1; i < 4; i++) {
			struct packet again = p;
			rtp_write(again.bytes, 8, false, (uint16_t)(700 + i),
				  9 + i * 160u, 5);
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				sizeof(again));
			ck_assert_mem_eq(buf + RTP_HEADER_LEN,
					 again.bytes + RTP_HEADER_LEN, 160);
			ck_assert_mem_eq(buf, again.bytes, 4);
		}
		finish(&f);
	}
END_TEST

/* --- flow ----------------------------------------------------------------- */

/* The next packet at b is `steps` behind the last one. */
static struct rtp_header follows(struct fixture *f, struct rtp_header *last,
				 unsigned steps)
{
	uint8_t buf[300];
	struct rtp_header h;
	ck_assert_int_eq(far_receive(&f->b, 0, buf, sizeof(buf), WAIT_MS), 172);
	ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
	if (last->ssrc) {
		ck_assert_uint_eq(h.ssrc, last->ssrc);
		ck_assert_uint_eq(h.seq, (uint16_t)(last->seq + steps));
		ck_assert_uint_eq(h.rtp_ts - last->rtp_ts, steps * 160);
	}
	*last = h;
	return h;
}

static struct media_flow steady_flow(void)
{
	struct media_flow flow = {.steady = true, .event_pt = 255};
	return flow;
}

START_TEST(a_steady_flow_is_one_stream_whoever_sends)
	{
		struct fixture f;
		struct far moved;
		struct rtp_header last = {0};
		uint8_t buf[300];
		start(&f);
		far_open(&moved, "127.0.0.4");
		struct media_flow flow = steady_flow();
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		struct packet p = rtp(7, 65535, 1000), q;
		a_sends(&f, &p);
		follows(&f, &last, 1);
		ck_assert_uint_ne(last.ssrc, 7);
		p = rtp(7, 0, 1160);
		a_sends(&f, &p);
		follows(&f, &last, 1);
		/* lost by the network: two */
		p = rtp(7, 3, 1640);
		a_sends(&f, &p);
		follows(&f, &last, 3);
		/* The phone moves: other address, SSRC and numbers. */
		struct media_target t = target(&moved);
		media_session_target(f.session, MEDIA_A, 0, &t);
		b_sends(&f, &p);
		far_expect(&moved, 0, &p, sizeof(p));
		q = rtp(8, 20000, 99);
		far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &q,
			 sizeof(q));
		follows(&f, &last, 1);
		/* It is held: what it sends is not passed and not missed. */
		t.may_send = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		uint64_t before = stats(&f, MEDIA_A).dropped_other;
		for (uint16_t i = 1; i < 4; i++) {
			q = rtp(8, (uint16_t)(20000 + i), 99 + i * 160u);
			far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &q,
				 sizeof(q));
		}
		while (stats(&f, MEDIA_A).dropped_other < before + 3)
			turn(under_test);
		t.may_send = true;
		media_session_target(f.session, MEDIA_A, 0, &t);
		q = rtp(8, 20004, 99 + 4 * 160);
		far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &q,
			 sizeof(q));
		struct rtp_header h = last;
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&last, buf, 172), 0);
		ck_assert_uint_eq(last.ssrc, h.ssrc);
		ck_assert_uint_eq(last.seq, (uint16_t)(h.seq + 1));
		ck_assert_uint_eq(last.rtp_ts, h.rtp_ts + 4 * 160);
		/* Another phone takes its place, on ports of its own. */
		media_session_unbind(f.session, MEDIA_A, 0);
		bind_side(&f, MEDIA_A, "127.0.0.1");
		t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		p = rtp(9, 5, 5);
		a_sends(&f, &p);
		follows(&f, &last, 1);
		/* The other way nothing was asked. */
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		far_close(&moved);
		finish(&f);
	}
END_TEST

START_TEST(filler_and_steady_make_one_stream_with_reports)
	{
		struct fixture f;
		struct rtp_header last = {0};
		uint8_t buf[300];
		start(&f);
		struct media_flow flow = steady_flow();
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (int i = 0; i < 5; i++)
			follows(&f, &last, 1);
		struct packet p = rtp(7, 100, 50);
		a_sends(&f, &p);
		for (int i = 0; i < 5; i++)
			follows(&f, &last, 1);
		filler.armed = false;
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		static const uint8_t bye[] = {0x80, 201,  0, 1, 0, 0, 0, 7,
					      0x81, 0xcb, 0, 1, 0, 0, 0, 7};
		far_send(&f.a, 1, "127.0.0.1", f.port[MEDIA_A] + 1, bye,
			 sizeof(bye));
		ck_assert_int_eq(
			far_receive(&f.b, 1, buf, sizeof(buf), WAIT_MS), 8);
		ck_assert_uint_eq(get32(buf + 4), last.ssrc);
		finish(&f);
	}
END_TEST

START_TEST(payload_types_and_law_change_in_one_direction)
	{
		struct fixture f;
		uint8_t buf[300];
		struct rtp_header h;
		start(&f);
		struct media_flow flow = {.mapped = true,
					  .convert = MEDIA_CONVERT_PCMA_TO_PCMU,
					  .convert_pt = 8,
					  .event_pt = 255};
		for (int i = 0; i < 128; i++)
			flow.map[i] = (uint8_t)i;
		flow.map[8] = 0;
		flow.map[13] = 255;
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		struct packet p = rtp(7, 1, 160);
		memset(p.bytes + RTP_HEADER_LEN, 0x55, 160);
		a_sends(&f, &p);
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		ck_assert_uint_eq(h.payload_type, 0);
		ck_assert_uint_eq(h.ssrc, 7);
		ck_assert_uint_eq(h.seq, 1);
		for (int i = 0; i < 160; i++)
			ck_assert_uint_eq(h.payload[i], 0x7e);
		p = rtp(7, 2, 320);
		p.bytes[1] = 13;
		a_sends(&f, &p);
		p = rtp(7, 3, 480);
		p.bytes[1] = 101;
		a_sends(&f, &p);
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		ck_assert_uint_eq(h.payload_type, 101);
		ck_assert_uint_eq(h.seq, 2);
		ck_assert_mem_eq(h.payload, p.bytes + RTP_HEADER_LEN, 160);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		finish(&f);
	}
END_TEST

/* An event of 60 ms, as a sends it. */
static void a_presses(struct fixture *f, uint8_t type, uint8_t event,
		      uint32_t rtp_ts)
{
	for (uint16_t i = 1; i <= 5; i++) {
		uint8_t buf[16];
		uint16_t duration = i < 3 ? (uint16_t)(i * 160) : 480;
		rtp_write(buf, type, false, i, rtp_ts, 7);
		buf[12] = event;
		buf[13] = i < 3 ? 10 : 0x8a;
		put16(buf + 14, duration);
		far_send(&f->a, 0, "127.0.0.1", f->port[MEDIA_A], buf,
			 sizeof(buf));
	}
}

START_TEST(events_without_a_marker_are_told_once_and_cross)
	{
		struct fixture f;
		uint8_t buf[300];
		struct rtp_header h;
		start(&f);
		struct media_target t = target(&f.a);
		t.event_pt = 96;
		media_session_target(f.session, MEDIA_A, 0, &t);
		a_presses(&f, 96, 5, 1000);
		expect_event(&f, MEDIA_FIRST_PACKET);
		struct media_event event = expect_event(&f, MEDIA_DTMF);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_int_eq(event.digit, '5');
		ck_assert_uint_eq(event.duration_ms, 60);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				16);
		/* The same told by the flow's map, and mapped. */
		t.event_pt = 0;
		media_session_target(f.session, MEDIA_A, 0, &t);
		struct media_flow flow = {.mapped = true, .event_pt = 101};
		memset(flow.map, 255, sizeof(flow.map));
		flow.map[97] = 101;
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		a_presses(&f, 97, 11, 90000);
		event = expect_event(&f, MEDIA_DTMF);
		ck_assert_int_eq(event.digit, '#');
		for (int i = 0; i < 5; i++) {
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				16);
			ck_assert_int_eq(rtp_parse(&h, buf, 16), 0);
			ck_assert_uint_eq(h.payload_type, 101);
		}
		ck_assert(!media_engine_event(f.engine, &event));
		finish(&f);
	}
END_TEST

START_TEST(keys_are_sent_on_the_stream_s_own_line)
	{
		struct fixture f;
		struct rtp_header h, last = {0};
		uint8_t buf[300];
		char told[3] = "";
		unsigned n = 0, audio = 0;
		start(&f);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '1', 100),
			-ENOTSUP);
		struct media_flow flow = {.steady = true, .event_pt = 101};
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, 'x', 100),
			-EINVAL);
		struct packet p = rtp(7, 65535, 1000);
		a_sends(&f, &p);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '1', 100), 0);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '*', 0), 0);
		uint16_t seq = 0;
		for (int i = 0; n < 2 || audio < 3; i++) {
			ck_assert_int_lt(i, 100);
			ssize_t len =
				far_receive(&f.b, 0, buf, sizeof(buf), 100);
			if (len < 0) { /* between events, or behind them */
				p = rtp(7, seq, 1160 + seq * 160u);
				seq++;
				a_sends(&f, &p);
				continue;
			}
			ck_assert_int_eq(rtp_parse(&h, buf, (size_t)len), 0);
			if (last.ssrc) {
				ck_assert_uint_eq(h.ssrc, last.ssrc);
				ck_assert_uint_eq(h.seq,
						  (uint16_t)(last.seq + 1));
			}
			audio += h.payload_type == 8;
			if (h.payload_type == 101 && h.marker)
				told[n++] = (char)('0' + h.payload[0]);
			last = h;
		}
		ck_assert_str_eq(told, "1:"); /* 10 is the star */
		for (int i = 0; i < 32; i++)
			ck_assert_int_eq(media_session_dtmf(f.session, MEDIA_B,
							    0, '1', 100),
					 0);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '1', 100),
			-ENOBUFS);
		finish(&f);
	}
END_TEST

/* --- silence -------------------------------------------------------------- */

START_TEST(silence_is_told_once_until_packets_come_again)
	{
		struct fixture f;
		start(&f);
		struct packet p = rtp(1, 1, 160);
		a_sends(&f, &p);
		expect_event(&f, MEDIA_FIRST_PACKET);
		int64_t from_ms = now_ms();
		media_session_timeouts(f.session, 200, 100000);
		struct media_event event = expect_event(&f, MEDIA_SILENT);
		ck_assert_ptr_eq(event.session, f.session);
		ck_assert_int_ge(now_ms() - from_ms, 199);
		/* Not again for 600 ms, then again behind a packet. */
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		ck_assert(!media_engine_event(f.engine, &event));
		if (poll(&pfd, 1, 600) == 1)
			ck_assert(!media_engine_event(f.engine, &event));
		a_sends(&f, &p);
		expect_event(&f, MEDIA_SILENT);
		/* A held side has the long limit. */
		struct media_target t = target(&f.a);
		t.held = true;
		media_session_target(f.session, MEDIA_A, 0, &t);
		if (poll(&pfd, 1, 600) == 1)
			ck_assert(!media_engine_event(f.engine, &event));
		t.held = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		expect_event(&f, MEDIA_SILENT);
		finish(&f);
	}
END_TEST

static Suite *stream_suite(void)
{
	/* Other work of the machine must not make what we measure late. */
	(void)setpriority(PRIO_PROCESS, 0, -10);
	Suite *suite = suite_create("engine_stream");
	TCase *tc = tcase_create("engine_stream");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, filler_and_real_packets_are_one_stream);
	tcase_add_test(tc, music_plays_on_when_its_owner_lets_it_go);
	tcase_add_test(tc, filler_begins_a_stream_of_its_own);
	tcase_add_test(tc, an_unknown_codec_is_kept_alive_by_its_last_payload);
	tcase_add_test(tc, a_steady_flow_is_one_stream_whoever_sends);
	tcase_add_test(tc, filler_and_steady_make_one_stream_with_reports);
	tcase_add_test(tc, payload_types_and_law_change_in_one_direction);
	tcase_add_test(tc, events_without_a_marker_are_told_once_and_cross);
	tcase_add_test(tc, keys_are_sent_on_the_stream_s_own_line);
	tcase_add_test(tc, silence_is_told_once_until_packets_come_again);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(stream_suite())
