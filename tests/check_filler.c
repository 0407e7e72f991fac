/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silence and real packets, numbered as one stream; on a clock of our own. */
#include "check_main.h"

#include <string.h>

#include "media/flow.h"

#define MS INT64_C(1000000)

static const struct media_filler armed = {.kind = MEDIA_FILLER_PCMA,
					  .payload_type = 8,
					  .ptime_ms = 20,
					  .armed = true};

static struct rtp_header real(uint32_t ssrc, uint16_t seq, uint32_t rtp_ts)
{
	return (struct rtp_header){.ssrc = ssrc,
				   .seq = seq,
				   .rtp_ts = rtp_ts,
				   .payload_type = 8,
				   .payload_len = 160};
}

static struct rtp_header make(struct flow *f, int64_t now_ns)
{
	uint8_t buf[FLOW_PACKET_MAX];
	struct rtp_header h;
	size_t len = flow_make(f, buf, now_ns);
	ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
	h.payload = NULL;
	return h;
}

/* Through the flow: true if it is sent, and then as it is sent. */
static bool pass(struct flow *f, struct rtp_header *h, int64_t now_ns)
{
	uint8_t buf[RTP_HEADER_LEN + 160] = {0};
	struct rtp_header sent;
	rtp_write(buf, h->payload_type, h->marker, h->seq, h->rtp_ts, h->ssrc);
	if (!flow_real(f, h, buf, sizeof(buf), now_ns))
		return false;
	ck_assert(rtp_parse(&sent, buf, sizeof(buf)) == 0 &&
		  sent.ssrc == h->ssrc && sent.seq == h->seq &&
		  sent.rtp_ts == h->rtp_ts);
	return true;
}

static bool is_same(const struct rtp_header *a, const struct rtp_header *b)
{
	return a->ssrc == b->ssrc && a->seq == b->seq && a->rtp_ts == b->rtp_ts;
}

START_TEST(what_is_never_filled_is_never_touched)
	{
		struct media_filler unarmed = armed;
		struct flow f;

		unarmed.armed = false;
		flow_reset(&f);
		for (uint16_t i = 0; i < 1000; i++) {
			/* another source now and then, a jump, a duplicate */
			struct rtp_header h = real(
				i / 300, (uint16_t)(i * (i % 7)), i * 999u);
			struct rtp_header before = h;
			ck_assert(pass(&f, &h, i * 20 * MS));
			ck_assert(is_same(&h, &before));
			if (i % 100 == 0)
				flow_break(&f);
			/* What is known of the codec is not armed yet. */
			if (i == 500)
				flow_filler(&f, &unarmed, 1, i * 20 * MS);
			ck_assert_int_eq(flow_due(&f), FILLER_NEVER);
		}
	}
END_TEST

START_TEST(an_armed_flow_is_not_touched_before_it_has_to_be)
	{
		struct flow f;
		flow_reset(&f);
		flow_filler(&f, &armed, 1, 0);
		for (uint16_t i = 0; i < 1000; i++) {
			struct rtp_header h = real(
				5, (uint16_t)(65000 + i + i / 9), i * 160u);
			struct rtp_header before = h;
			ck_assert(pass(&f, &h, i * 20 * MS));
			ck_assert(is_same(&h, &before));
		}
		ck_assert_int_gt(flow_due(&f), 999 * 20 * MS);
		struct rtp_header h = real(6, 3, 77);
		ck_assert(pass(&f, &h, 1000 * 20 * MS));
		ck_assert_uint_eq(h.ssrc, 5);
		ck_assert_uint_eq(h.seq, (uint16_t)(65000 + 999 + 111 + 1));
		ck_assert_uint_eq(h.rtp_ts, 1000 * 160);
	}
END_TEST

START_TEST(silence_comes_before_a_gap_of_60_ms)
	{
		static const unsigned ptimes[] = {10, 20, 30, 40};
		for (size_t i = 0; i < 4; i++) {
			struct flow f;
			struct media_filler config = armed;
			struct rtp_header h = real(1, 1, 160);
			config.ptime_ms = ptimes[i];
			flow_reset(&f);
			flow_filler(&f, &config, 1, 0);
			pass(&f, &h, 100 * MS);
			int64_t gap_ms = flow_due(&f) / MS - 100;
			ck_assert_int_ge(gap_ms, ptimes[i] + 10);
			ck_assert_int_lt(gap_ms, 60);
			make(&f, flow_due(&f));
			ck_assert_int_eq(flow_due(&f) / MS - 100 - gap_ms,
					 ptimes[i]);
		}
	}
END_TEST

START_TEST(patience_is_less_where_we_wake_up_late)
	{
		static const struct {
			unsigned ptime_ms, late_ms;
			int gap_ms;
		} cases[] = {{20, 0, 40},  {20, 10, 40}, {20, 15, 35},
			     {20, 20, 30}, {20, 50, 30}, {30, 0, 40},
			     {40, 0, 50},  {10, 50, 20}};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct flow f;
			struct media_filler config = armed;
			struct rtp_header h = real(1, 1, 160);
			config.ptime_ms = cases[i].ptime_ms;
			flow_reset(&f);
			f.filler.late_ms = cases[i].late_ms;
			flow_filler(&f, &config, 1, 0);
			pass(&f, &h, 100 * MS);
			ck_assert_int_eq(flow_due(&f) / MS - 100,
					 cases[i].gap_ms);
		}
	}
END_TEST

/* A phone that presses hold twice, or changes its address while it holds. */
START_TEST(what_runs_keeps_its_pace_when_it_is_told_again)
	{
		struct media_filler music = armed, off = armed;
		struct flow f;

		music.kind = MEDIA_FILLER_PCMU;
		music.payload_type = 0;
		off.armed = false;
		flow_reset(&f);
		struct rtp_header h = real(7, 1, 160);
		ck_assert(pass(&f, &h, 0));
		flow_filler(&f, &armed, 1, 0);
		make(&f, 40 * MS);
		ck_assert_int_eq(flow_due(&f), 60 * MS);
		flow_filler(&f, &music, 1, 50 * MS);
		ck_assert_int_eq(flow_due(&f), 60 * MS);
		h = make(&f, 60 * MS);
		ck_assert_uint_eq(h.payload_type, 0);
		/* Put away in between, it waits as at the beginning. */
		flow_filler(&f, &off, 1, 61 * MS);
		ck_assert_int_eq(flow_due(&f), FILLER_NEVER);
		flow_filler(&f, &armed, 1, 62 * MS);
		ck_assert_int_eq(flow_due(&f), 100 * MS);
	}
END_TEST

START_TEST(it_runs_on_and_yields_without_a_break)
	{
		struct flow f;
		flow_reset(&f);
		struct rtp_header h = real(7, 65534, 0xffffff00);
		ck_assert(pass(&f, &h, 0));
		flow_filler(&f, &armed, 1, 10 * MS);
		uint32_t ts = 0xffffff00;
		uint16_t seq = 65534;
		for (int i = 0; i < 5; i++) {
			h = make(&f, flow_due(&f));
			ck_assert_uint_eq(h.ssrc, 7);
			ck_assert_uint_eq(h.seq, (uint16_t)++seq);
			ck_assert_uint_eq(h.rtp_ts, ts += 160);
			ck_assert_uint_eq(h.payload_len, 160);
			ck_assert_uint_eq(h.payload_type, 8);
		}
		/* The same source goes on where it stopped; then another one.
		 */
		for (uint16_t i = 0; i < 40; i++) {
			h = i < 20 ? real(7, (uint16_t)(65535 + i),
					  5000 + i * 160u)
				   : real(8, (uint16_t)(100 + i),
					  77 + i * 160u);
			int64_t now_ns = flow_due(&f) - (i ? 20 : 40) * MS;
			ck_assert(pass(&f, &h, now_ns));
			ck_assert_int_eq(flow_due(&f), now_ns + 40 * MS);
			ck_assert_uint_eq(h.ssrc, 7);
			ck_assert_uint_eq(h.seq, (uint16_t)++seq);
			ck_assert_uint_eq(h.rtp_ts, ts += 160);
		}
		/* Once renumbered, always: also when nothing is armed any more.
		 */
		struct media_filler off = {.kind = MEDIA_FILLER_NONE};
		flow_filler(&f, &off, 1, 0);
		ck_assert_int_eq(flow_due(&f), FILLER_NEVER);
		h = real(8, 140, 77 + 40 * 160);
		ck_assert(pass(&f, &h, 0));
		ck_assert_uint_eq(h.seq, (uint16_t)(seq + 1));
	}
END_TEST

START_TEST(late_and_double_packets_do_not_step_back)
	{
		struct flow f;
		flow_reset(&f);
		flow_filler(&f, &armed, 1, 0);
		struct rtp_header h;
		for (uint16_t i = 10; i < 15; i++) {
			h = real(7, i, i * 160u);
			pass(&f, &h, i * 20 * MS);
		}
		h = make(&f, 340 * MS);
		ck_assert_uint_eq(h.seq, 15);
		/* While ours run: what was sent already, or is older. */
		h = real(7, 14, 14 * 160);
		ck_assert(!pass(&f, &h, 341 * MS));
		h = real(7, 9, 9 * 160);
		ck_assert(!pass(&f, &h, 341 * MS));
		ck_assert(f.filler.running);
		/* Behind the join: 17 came before 16, 16 is from before the
		 * join. */
		h = real(7, 17, 17 * 160);
		ck_assert(pass(&f, &h, 360 * MS));
		ck_assert_uint_eq(h.seq, 16);
		h = real(7, 16, 16 * 160);
		ck_assert(!pass(&f, &h, 361 * MS));
		/* Two in the wrong order keep their order of numbers. */
		h = real(7, 19, 19 * 160);
		pass(&f, &h, 380 * MS);
		ck_assert_uint_eq(h.seq, 18);
		h = real(7, 18, 18 * 160);
		ck_assert(pass(&f, &h, 381 * MS));
		ck_assert_uint_eq(h.seq, 17);
		/* and ours go on behind the highest. */
		ck_assert_uint_eq(make(&f, 440 * MS).seq, 19);
	}
END_TEST

START_TEST(a_source_that_restarts_is_joined_on)
	{
		struct flow f;
		flow_reset(&f);
		flow_filler(&f, &armed, 1, 0);
		struct rtp_header h = real(7, 100, 0);
		pass(&f, &h, 0);
		make(&f, 55 * MS);
		h = real(7, 40000, 99);
		ck_assert(pass(&f, &h, 70 * MS));
		ck_assert_uint_eq(h.seq, 102);
		h = real(7, 5, 99999);
		ck_assert(pass(&f, &h, 90 * MS));
		ck_assert_uint_eq(h.seq, 103);
		ck_assert_uint_eq(h.rtp_ts, 480);
	}
END_TEST

START_TEST(a_renumbered_stream_lives_through_many_wraps)
	{
		struct flow f;
		flow_reset(&f);
		flow_filler(&f, &armed, 1, 0);
		struct rtp_header h = real(7, 1, 0);
		pass(&f, &h, 0);
		make(&f, 55 * MS);
		uint16_t seq = 2;
		for (uint32_t i = 2; i < 300000; i++) {
			h = real(7, (uint16_t)i, i * 160);
			ck_assert(pass(&f, &h, i * 20 * MS));
			ck_assert_uint_eq(h.seq, (uint16_t)++seq);
		}
	}
END_TEST

START_TEST(timestamps_follow_the_clock_over_a_long_pause)
	{
		struct flow f;
		flow_reset(&f);
		struct rtp_header h = real(7, 1, 1000);
		pass(&f, &h, 0);
		flow_filler(&f, &armed, 1, 10000 * MS);
		ck_assert_int_eq(flow_due(&f), 10000 * MS);
		ck_assert_uint_eq(make(&f, 10000 * MS).rtp_ts, 1000 + 80000);
	}
END_TEST

/* 2000 holds and resumes: the stream's time stays with the clock. */
START_TEST(turns_do_not_lead_away_from_the_clock)
	{
		struct flow f;
		flow_reset(&f);
		flow_filler(&f, &armed, 1, 0);
		uint16_t in_seq = 1, seq = 0;
		uint32_t ts = 0;
		int64_t now_ns = 0, sent_ns = 0;
		for (int turn = 0; turn < 2000; turn++) {
			struct rtp_header h;
			for (int i = 0; i < 5; i++, now_ns += 20 * MS) {
				h = real(7 + (turn & 1), in_seq++,
					 (uint32_t)(now_ns / MS) * 8);
				ck_assert(pass(&f, &h, now_ns));
				if (seq)
					ck_assert_uint_eq(h.seq,
							  (uint16_t)(seq + 1));
				seq = h.seq;
				ts = h.rtp_ts;
				sent_ns = now_ns;
			}
			now_ns += (100 + turn * 7 % 50) * MS;
			while (flow_due(&f) < now_ns) {
				int64_t at_ns = flow_due(&f);
				if (at_ns < sent_ns)
					at_ns = sent_ns;
				ck_assert_int_le(at_ns - sent_ns, 60 * MS);
				h = make(&f, at_ns);
				ck_assert_uint_eq(h.seq, (uint16_t)(seq + 1));
				ck_assert_uint_eq(h.rtp_ts, ts + 160);
				seq = h.seq;
				ts = h.rtp_ts;
				sent_ns = at_ns;
			}
			int64_t off_ms = (int64_t)ts / 8 - sent_ns / MS;
			ck_assert_int_ge(off_ms, -80);
			ck_assert_int_le(off_ms, 80);
		}
	}
END_TEST

/* Packets late by 0 to 30 ms, or three at once: nothing is missing. */
START_TEST(a_source_with_much_jitter_does_not_run_away)
	{
		for (int bursts = 0; bursts < 2; bursts++) {
			struct flow f;
			unsigned sent = 0, random = 1;
			uint16_t in_seq = 0, seq = 0;
			uint32_t ts = 0;
			int next_ms = 0;
			flow_reset(&f);
			flow_filler(&f, &armed, 1, 0);
			for (int ms = 0; ms < 60000; ms++) {
				struct rtp_header h;
				while (flow_due(&f) <= ms * MS) {
					h = make(&f, ms * MS);
					ck_assert_uint_eq(h.seq,
							  (uint16_t)(seq + 1));
					seq = h.seq;
					ts = h.rtp_ts;
				}
				while (next_ms <= ms) {
					h = real(7, in_seq, in_seq * 160u);
					in_seq++;
					random = random * 1103515245 + 12345;
					next_ms = in_seq * 20 +
						  (int)(random >> 16) % 31;
					if (bursts)
						next_ms = in_seq / 3 * 60;
					if (!pass(&f, &h, ms * MS))
						continue;
					sent++;
					seq = h.seq;
					ts = h.rtp_ts;
				}
			}
			ck_assert_int_ge((int64_t)ts / 8, 59880);
			ck_assert_int_le((int64_t)ts / 8, 60200);
			ck_assert_uint_ge(sent, bursts ? 900 : 2700);
		}
	}
END_TEST

START_TEST(each_codec_has_its_silence)
	{
		static const struct {
			enum media_filler_kind kind;
			uint8_t byte;
		} cases[] = {{MEDIA_FILLER_PCMU, 0xff},
			     {MEDIA_FILLER_PCMA, 0xd5},
			     {MEDIA_FILLER_G722, 0xfd}};
		for (size_t i = 0; i < 3; i++) {
			struct flow f;
			uint8_t buf[FILLER_PACKET_MAX];
			struct media_filler config = armed;
			config.kind = cases[i].kind;
			flow_reset(&f);
			flow_filler(&f, &config, 0x123456789abcdef0, 0);
			ck_assert_uint_eq(flow_make(&f, buf, flow_due(&f)),
					  172);
			for (int k = RTP_HEADER_LEN; k < 172; k++)
				ck_assert_uint_eq(buf[k], cases[i].byte);
		}
	}
END_TEST

/* The others: what they send, and how their clock goes on. */
START_TEST(codecs_without_an_encoder_are_kept_alive)
	{
		static const struct {
			const char *encoding;
			unsigned ptime_ms;
			uint32_t clock_hz;
			size_t len;
			uint8_t first, last;
			uint32_t ticks;
		} cases[] = {
			{"CN", 20, 8000, 1, 70, 70, 160},
			{"OPUS", 20, 48000, 1, 0x48, 0x48, 960},
			{"opus", 60, 48000, 1, 0x48, 0x48, 960},
			{"G729", 20, 8000, 20, 0x78, 0xd6, 160},
			{"g729", 30, 8000, 30, 0x78, 0xd6, 240},
			{"GSM", 20, 8000, 33, 0xd8, 0x24, 160},
			{"GSM", 40, 8000, 66, 0xd8, 0x24, 320},
			{"speex", 20, 16000, 160, 1, 160, 320},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			uint8_t last[FILLER_REPEAT_MAX];
			struct flow f;
			uint8_t buf[FLOW_PACKET_MAX], in[RTP_HEADER_LEN + 160];
			struct rtp_header h, before;
			struct media_filler config = {
				.kind = media_filler_kind(
					cases[i].encoding,
					strlen(cases[i].encoding)),
				.payload_type = 99,
				.ptime_ms = cases[i].ptime_ms,
				.armed = true};
			flow_reset(&f);
			f.filler.last = last;
			line_clock(&f.line, cases[i].clock_hz);
			flow_filler(&f, &config, 1, 0);
			for (int k = 0; k < 160; k++)
				in[RTP_HEADER_LEN + k] = (uint8_t)(k + 1);
			rtp_write(in, 99, false, 7, 1000, 5);
			ck_assert_int_eq(rtp_parse(&before, in, sizeof(in)), 0);
			ck_assert(flow_real(&f, &before, in, sizeof(in), 0));
			for (int k = 0; k < 3; k++) {
				size_t len = flow_make(&f, buf, flow_due(&f));
				ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
				ck_assert_uint_eq(h.payload_len, cases[i].len);
				ck_assert_uint_eq(h.payload[0], cases[i].first);
				ck_assert_uint_eq(h.payload[h.payload_len - 1],
						  cases[i].last);
				ck_assert_uint_eq(h.payload_type, 99);
				ck_assert_uint_eq(h.ssrc, 5);
				ck_assert_uint_eq(h.seq, before.seq + 1);
				if (k > 0)
					ck_assert_uint_eq(h.rtp_ts -
								  before.rtp_ts,
							  cases[i].ticks);
				before = h;
			}
		}
	}
END_TEST

START_TEST(before_there_is_anything_to_repeat_nothing_is_sent)
	{
		struct flow f;
		uint8_t buf[FLOW_PACKET_MAX];
		struct media_filler config = armed;
		config.kind = MEDIA_FILLER_REPEAT;
		flow_reset(&f);
		flow_filler(&f, &config, 1, 0);
		int64_t due_ns = flow_due(&f);
		ck_assert_uint_eq(flow_make(&f, buf, due_ns), 0);
		ck_assert_int_gt(flow_due(&f), due_ns);
		ck_assert(!f.line.flowing);
	}
END_TEST

START_TEST(reports_are_mapped_only_where_numbers_are)
	{
		struct flow to_b, to_a;
		struct rtcp_map map;
		flow_reset(&to_a);
		flow_reset(&to_b);
		struct rtp_header h = real(7, 1, 160);
		pass(&to_b, &h, 0);
		ck_assert(!line_rtcp_map(&to_b.line, &to_a.line, &map));
		flow_filler(&to_b, &armed, 1, 0);
		make(&to_b, flow_due(&to_b));
		h = real(8, 500, 9000);
		pass(&to_b, &h, 80 * MS);
		ck_assert(line_rtcp_map(&to_b.line, &to_a.line, &map));
		ck_assert(map.sent && !map.back && map.drop_bye);
		ck_assert_uint_eq(map.sent_from, 8);
		ck_assert_uint_eq(map.sent_to, 7);
		ck_assert_uint_eq(9000 + map.rtp_ts_offset, h.rtp_ts);
		ck_assert_uint_eq(map.packets, 3);
		ck_assert_uint_eq(map.octets, 480);
		/* What b reports of it goes back to a's own numbers. */
		ck_assert(line_rtcp_map(&to_a.line, &to_b.line, &map));
		ck_assert(!map.sent && map.back && !map.drop_bye);
		ck_assert_uint_eq(map.back_from, 8);
		ck_assert_uint_eq(map.back_to, 7);
		ck_assert_uint_eq((uint16_t)(500 + map.back_seq_offset), h.seq);
	}
END_TEST

static Suite *filler_suite(void)
{
	Suite *suite = suite_create("filler");
	TCase *tc = tcase_create("filler");
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, what_is_never_filled_is_never_touched);
	tcase_add_test(tc, an_armed_flow_is_not_touched_before_it_has_to_be);
	tcase_add_test(tc, turns_do_not_lead_away_from_the_clock);
	tcase_add_test(tc, a_source_with_much_jitter_does_not_run_away);
	tcase_add_test(tc, silence_comes_before_a_gap_of_60_ms);
	tcase_add_test(tc, what_runs_keeps_its_pace_when_it_is_told_again);
	tcase_add_test(tc, it_runs_on_and_yields_without_a_break);
	tcase_add_test(tc, late_and_double_packets_do_not_step_back);
	tcase_add_test(tc, a_source_that_restarts_is_joined_on);
	tcase_add_test(tc, a_renumbered_stream_lives_through_many_wraps);
	tcase_add_test(tc, timestamps_follow_the_clock_over_a_long_pause);
	tcase_add_test(tc, each_codec_has_its_silence);
	tcase_add_test(tc, codecs_without_an_encoder_are_kept_alive);
	tcase_add_test(tc, before_there_is_anything_to_repeat_nothing_is_sent);
	tcase_add_test(tc, patience_is_less_where_we_wake_up_late);
	tcase_add_test(tc, reports_are_mapped_only_where_numbers_are);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(filler_suite())
