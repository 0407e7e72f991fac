/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silence and real packets, numbered as one stream; on a clock of our own. */
#include "check_main.h"

#include <string.h>

#include "media/filler.h"

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

static struct rtp_header make(struct filler *f, int64_t now_ns)
{
	uint8_t buf[FILLER_PACKET_MAX];
	struct rtp_header h;
	size_t len = filler_make(f, buf, now_ns);
	ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
	h.payload = NULL;
	return h;
}

START_TEST(what_is_never_filled_is_never_touched)
	{
		struct filler f;
		filler_reset(&f);
		filler_configure(&f, &armed, 1, 0);
		for (uint16_t i = 0; i < 1000; i++) {
			/* another source now and then, a jump, a duplicate */
			struct rtp_header h = real(
				i / 300, (uint16_t)(i * (i % 7)), i * 999u);
			struct rtp_header before = h;
			ck_assert_int_eq(filler_real(&f, &h, i * 20 * MS),
					 FILLER_PASS);
			ck_assert_mem_eq(&h, &before, sizeof(h));
		}
		ck_assert_int_gt(filler_due(&f), 999 * 20 * MS);
	}
END_TEST

START_TEST(silence_comes_before_a_gap_of_60_ms)
	{
		static const unsigned ptimes[] = {10, 20, 30, 40};
		for (size_t i = 0; i < 4; i++) {
			struct filler f;
			struct media_filler config = armed;
			struct rtp_header h = real(1, 1, 160);
			config.ptime_ms = ptimes[i];
			filler_reset(&f);
			filler_configure(&f, &config, 1, 0);
			filler_real(&f, &h, 100 * MS);
			int64_t gap_ms = filler_due(&f) / MS - 100;
			ck_assert_int_ge(gap_ms, ptimes[i] + 15);
			ck_assert_int_lt(gap_ms, 60);
			make(&f, filler_due(&f));
			ck_assert_int_eq(filler_due(&f) / MS - 100 - gap_ms,
					 ptimes[i]);
		}
	}
END_TEST

START_TEST(it_runs_on_and_yields_without_a_break)
	{
		struct filler f;
		filler_reset(&f);
		struct rtp_header h = real(7, 65534, 0xffffff00);
		ck_assert_int_eq(filler_real(&f, &h, 0), FILLER_PASS);
		filler_configure(&f, &armed, 1, 10 * MS);
		uint32_t ts = 0xffffff00;
		uint16_t seq = 65534;
		for (int i = 0; i < 5; i++) {
			h = make(&f, filler_due(&f));
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
			int64_t now_ns = filler_due(&f) - 40 * MS;
			ck_assert_int_eq(filler_real(&f, &h, now_ns),
					 FILLER_RENUMBER);
			ck_assert_uint_eq(h.ssrc, 7);
			ck_assert_uint_eq(h.seq, (uint16_t)++seq);
			ck_assert_uint_eq(h.rtp_ts, ts += 160);
		}
		/* Once renumbered, always: also when nothing is armed any more.
		 */
		struct media_filler off = {.kind = MEDIA_FILLER_NONE};
		filler_configure(&f, &off, 1, 0);
		ck_assert_int_eq(filler_due(&f), FILLER_NEVER);
		h = real(8, 140, 77 + 40 * 160);
		ck_assert_int_eq(filler_real(&f, &h, 0), FILLER_RENUMBER);
		ck_assert_uint_eq(h.seq, (uint16_t)(seq + 1));
	}
END_TEST

START_TEST(late_and_double_packets_do_not_step_back)
	{
		struct filler f;
		filler_reset(&f);
		filler_configure(&f, &armed, 1, 0);
		struct rtp_header h;
		for (uint16_t i = 10; i < 15; i++) {
			h = real(7, i, i * 160u);
			filler_real(&f, &h, i * 20 * MS);
		}
		h = make(&f, 340 * MS);
		ck_assert_uint_eq(h.seq, 15);
		/* While ours run: what was sent already, or is older. */
		h = real(7, 14, 14 * 160);
		ck_assert_int_eq(filler_real(&f, &h, 341 * MS), FILLER_DROP);
		h = real(7, 9, 9 * 160);
		ck_assert_int_eq(filler_real(&f, &h, 341 * MS), FILLER_DROP);
		ck_assert(f.running);
		/* Behind the join: 17 came before 16, 16 is from before the
		 * join. */
		h = real(7, 17, 17 * 160);
		ck_assert_int_eq(filler_real(&f, &h, 360 * MS),
				 FILLER_RENUMBER);
		ck_assert_uint_eq(h.seq, 16);
		h = real(7, 16, 16 * 160);
		ck_assert_int_eq(filler_real(&f, &h, 361 * MS), FILLER_DROP);
		/* Two in the wrong order keep their order of numbers. */
		h = real(7, 19, 19 * 160);
		filler_real(&f, &h, 380 * MS);
		ck_assert_uint_eq(h.seq, 18);
		h = real(7, 18, 18 * 160);
		ck_assert_int_eq(filler_real(&f, &h, 381 * MS),
				 FILLER_RENUMBER);
		ck_assert_uint_eq(h.seq, 17);
		/* and ours go on behind the highest. */
		ck_assert_uint_eq(make(&f, 440 * MS).seq, 19);
	}
END_TEST

START_TEST(a_source_that_restarts_is_joined_on)
	{
		struct filler f;
		filler_reset(&f);
		filler_configure(&f, &armed, 1, 0);
		struct rtp_header h = real(7, 100, 0);
		filler_real(&f, &h, 0);
		make(&f, 55 * MS);
		h = real(7, 40000, 99);
		ck_assert_int_eq(filler_real(&f, &h, 70 * MS), FILLER_RENUMBER);
		ck_assert_uint_eq(h.seq, 102);
		h = real(7, 5, 99999);
		ck_assert_int_eq(filler_real(&f, &h, 90 * MS), FILLER_RENUMBER);
		ck_assert_uint_eq(h.seq, 103);
		ck_assert_uint_eq(h.rtp_ts, 480);
	}
END_TEST

START_TEST(a_renumbered_stream_lives_through_many_wraps)
	{
		struct filler f;
		filler_reset(&f);
		filler_configure(&f, &armed, 1, 0);
		struct rtp_header h = real(7, 1, 0);
		filler_real(&f, &h, 0);
		make(&f, 55 * MS);
		uint16_t seq = 2;
		for (uint32_t i = 2; i < 300000; i++) {
			h = real(7, (uint16_t)i, i * 160);
			ck_assert_int_eq(filler_real(&f, &h, i * 20 * MS),
					 FILLER_RENUMBER);
			ck_assert_uint_eq(h.seq, (uint16_t)++seq);
		}
	}
END_TEST

START_TEST(timestamps_follow_the_clock_over_a_long_pause)
	{
		struct filler f;
		filler_reset(&f);
		struct rtp_header h = real(7, 1, 1000);
		filler_real(&f, &h, 0);
		filler_configure(&f, &armed, 1, 10000 * MS);
		ck_assert_int_eq(filler_due(&f), 10000 * MS);
		ck_assert_uint_eq(make(&f, 10000 * MS).rtp_ts, 1000 + 80000);
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
			struct filler f;
			uint8_t buf[FILLER_PACKET_MAX];
			struct media_filler config = armed;
			config.kind = cases[i].kind;
			filler_reset(&f);
			filler_configure(&f, &config, 0x123456789abcdef0, 0);
			ck_assert_uint_eq(filler_make(&f, buf, filler_due(&f)),
					  172);
			for (int k = RTP_HEADER_LEN; k < 172; k++)
				ck_assert_uint_eq(buf[k], cases[i].byte);
		}
	}
END_TEST

START_TEST(reports_are_mapped_only_where_numbers_are)
	{
		struct filler to_b, to_a;
		struct rtcp_map map;
		filler_reset(&to_a);
		filler_reset(&to_b);
		struct rtp_header h = real(7, 1, 160);
		filler_real(&to_b, &h, 0);
		ck_assert(!filler_rtcp_map(&to_b, &to_a, &map));
		filler_configure(&to_b, &armed, 1, 0);
		make(&to_b, filler_due(&to_b));
		h = real(8, 500, 9000);
		filler_real(&to_b, &h, 80 * MS);
		ck_assert(filler_rtcp_map(&to_b, &to_a, &map));
		ck_assert(map.sent && !map.back && map.drop_bye);
		ck_assert_uint_eq(map.sent_from, 8);
		ck_assert_uint_eq(map.sent_to, 7);
		ck_assert_uint_eq(9000 + map.rtp_ts_offset, h.rtp_ts);
		ck_assert_uint_eq(map.packets, 3);
		ck_assert_uint_eq(map.octets, 480);
		/* What b reports of it goes back to a's own numbers. */
		ck_assert(filler_rtcp_map(&to_a, &to_b, &map));
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
	tcase_add_test(tc, what_is_never_filled_is_never_touched);
	tcase_add_test(tc, silence_comes_before_a_gap_of_60_ms);
	tcase_add_test(tc, it_runs_on_and_yields_without_a_break);
	tcase_add_test(tc, late_and_double_packets_do_not_step_back);
	tcase_add_test(tc, a_source_that_restarts_is_joined_on);
	tcase_add_test(tc, a_renumbered_stream_lives_through_many_wraps);
	tcase_add_test(tc, timestamps_follow_the_clock_over_a_long_pause);
	tcase_add_test(tc, each_codec_has_its_silence);
	tcase_add_test(tc, reports_are_mapped_only_where_numbers_are);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(filler_suite())
