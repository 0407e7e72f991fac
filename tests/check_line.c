/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of one stream, whoever sends: tables of what comes and what
 * goes out. */
#include "check_main.h"

#include <string.h>

#include "media/flow.h"
#include "media/g711.h"

#define MS    INT64_C(1000000)
#define STEPS 16

enum act {
	END,
	REAL,  /* a packet comes */
	BREAK, /* its source was interrupted, or changes */
	SKIP,  /* a packet comes that we leave out */
	OURS,  /* a packet of our own goes out */
};

/* What comes, and what is sent for it, relative to the first one sent. */
struct step {
	enum act act;
	unsigned at_ms;
	uint32_t ssrc;
	uint16_t seq;
	uint32_t rtp_ts;
	int sent_seq; /* NONE: nothing */
	int sent_ticks;
};
#define NONE -1

static const struct {
	const char *what;
	struct step steps[STEPS];
} line_cases[] = {
	{"one source is one stream",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 20, 1, 501, 9160, 1, 160},
	  {REAL, 40, 1, 502, 9320, 2, 320}}},
	{"what the network lost stays lost",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 60, 1, 503, 9480, 3, 480},
	  {REAL, 61, 1, 502, 9320, 2, 320},
	  {REAL, 80, 1, 504, 9640, 4, 640}}},
	{"a source that is silent by itself leaves its gap in time",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 900, 1, 501, 9000 + 7200, 1, 7200}}},
	{"another source is joined on",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 20, 2, 7, 77, 1, 160},
	  {REAL, 40, 2, 8, 237, 2, 320},
	  {REAL, 60, 3, 65535, 1, 3, 480},
	  {REAL, 80, 3, 0, 161, 4, 640}}},
	{"the tail of the source before is dropped, its return is not",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 20, 2, 7, 77, 1, 160},
	  {REAL, 21, 1, 501, 9160, NONE, 0},
	  {REAL, 40, 2, 8, 237, 2, 320},
	  {REAL, 41, 1, 502, 9320, NONE, 0},
	  {REAL, 90, 1, 504, 9640, 3, 480},
	  {REAL, 91, 2, 9, 397, NONE, 0}}},
	{"a packet of 30 ms is followed 240 ticks behind it",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 30, 1, 501, 9240, 1, 240},
	  {REAL, 60, 2, 9, 1, 2, 480},
	  {REAL, 80, 2, 10, 161, 3, 640},
	  {REAL, 100, 3, 1, 1, 4, 800}}},
	{"what was lost across a switch is not missed",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {BREAK, 10, 0, 0, 0, NONE, 0},
	  {REAL, 60, 1, 503, 9480, 1, 480},
	  {REAL, 80, 1, 504, 9640, 2, 640},
	  {REAL, 81, 1, 502, 9320, NONE, 0}}},
	{"a source that went on over a switch goes on",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {BREAK, 10, 0, 0, 0, NONE, 0},
	  {REAL, 20, 1, 501, 9160, 1, 160}}},
	{"a source that restarts its clock over a switch does not step back",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {BREAK, 10, 0, 0, 0, NONE, 0},
	  {REAL, 20, 1, 501, 160, 1, 160},
	  {REAL, 40, 1, 502, 320, 2, 320}}},
	{"a long pause before another source is whole packets of time",
	 {{REAL, 0, 1, 500, 9000, 0, 0}, {REAL, 1009, 2, 7, 77, 1, 8000}}},
	{"a jump no loss explains is joined on",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 20, 1, 9000, 9160, 1, 160},
	  {REAL, 40, 1, 100, 5, 2, 320}}},
	{"doubles are sent once where the stream was joined",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {REAL, 1, 1, 499, 8840, NONE, 0},
	  {REAL, 20, 2, 7, 77, 1, 160},
	  {REAL, 21, 2, 6, 1, NONE, 0}}},
	{"what is left out leaves no gap, what was lost before it does",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {SKIP, 20, 1, 501, 9160, NONE, 0},
	  {REAL, 40, 1, 502, 9320, 1, 320},
	  {SKIP, 80, 1, 504, 9640, NONE, 0},
	  {REAL, 100, 1, 505, 9800, 3, 800},
	  {REAL, 101, 1, 503, 9480, NONE, 0},
	  {SKIP, 102, 1, 503, 9480, NONE, 0},
	  {REAL, 120, 1, 506, 9960, 4, 960}}},
	{"ours and real ones take turns",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {OURS, 40, 0, 0, 0, 1, 160},
	  {OURS, 41, 0, 0, 0, 2, 320},
	  {REAL, 42, 1, 501, 9000 + 7000, 3, 480},
	  {REAL, 43, 1, 500, 9000, NONE, 0},
	  {REAL, 62, 1, 502, 9160 + 7000, 4, 640},
	  {OURS, 100, 0, 0, 0, 5, 800},
	  {REAL, 110, 2, 1, 1, 6, 960}}},
	{"what comes too late, ours in its place, is not sent",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {OURS, 40, 0, 0, 0, 1, 160},
	  {OURS, 41, 0, 0, 0, 2, 320},
	  {REAL, 45, 1, 501, 9160, NONE, 0},
	  {REAL, 47, 1, 502, 9320, NONE, 0},
	  {REAL, 60, 1, 503, 9480, 3, 480},
	  {REAL, 80, 1, 504, 9640, 4, 640}}},
	{"a source that stopped its clock is heard soon",
	 {{REAL, 0, 1, 500, 9000, 0, 0},
	  {OURS, 40, 0, 0, 0, 1, 160},
	  {OURS, 60, 0, 0, 0, 2, 320},
	  {OURS, 80, 0, 0, 0, 3, 480},
	  {OURS, 100, 0, 0, 0, 4, 640},
	  {OURS, 120, 0, 0, 0, 5, 800},
	  {OURS, 140, 0, 0, 0, 6, 960},
	  {REAL, 150, 1, 501, 9160, 7, 1120},
	  {REAL, 170, 1, 502, 9320, 8, 1280}}},
	{"ours come first",
	 {{OURS, 0, 0, 0, 0, 0, 0},
	  {OURS, 20, 0, 0, 0, 1, 160},
	  {REAL, 40, 1, 500, 9000, 2, 320},
	  {REAL, 60, 1, 501, 9160, 3, 480}}},
};

static void run(const char *what, const struct step *steps, uint64_t chance)
{
	struct line line;
	struct rtp_header first = {0};
	bool begun = false;
	line_reset(&line);
	line_keep(&line, true, true, chance);
	for (size_t i = 0; i < STEPS && steps[i].act != END; i++) {
		const struct step *s = &steps[i];
		struct rtp_header h = {.ssrc = s->ssrc,
				       .seq = s->seq,
				       .rtp_ts = s->rtp_ts,
				       .payload_len = 160};
		int64_t now_ns = (1000 + s->at_ms) * MS;
		bool sent = false;
		switch (s->act) {
		case REAL:
			sent = line_real(&line, &h, now_ns) != LINE_DROP;
			break;
		case OURS:
			line_own(&line, &h, line_ticks(&line, now_ns), 160,
				 now_ns);
			sent = true;
			break;
		case BREAK:
			line_break(&line);
			break;
		case SKIP:
			line_skip(&line, &h);
			break;
		case END:
			break;
		}
		ck_assert_msg(sent == (s->sent_seq != NONE), "%s: step %zu",
			      what, i);
		if (!sent)
			continue;
		if (!begun)
			first = h;
		begun = true;
		ck_assert_msg(
			h.ssrc == first.ssrc &&
				h.seq == (uint16_t)(first.seq + s->sent_seq) &&
				h.rtp_ts ==
					first.rtp_ts + (uint32_t)s->sent_ticks,
			"%s: step %zu: ssrc %u seq %d ticks %d", what, i,
			h.ssrc, (int16_t)(h.seq - first.seq),
			(int)(h.rtp_ts - first.rtp_ts));
	}
}

START_TEST(whatever_comes_one_stream_goes_out)
	{
		for (size_t i = 0;
		     i < sizeof(line_cases) / sizeof(line_cases[0]); i++) {
			run(line_cases[i].what, line_cases[i].steps, 1);
			/* also where sequence and timestamp wrap */
			run(line_cases[i].what, line_cases[i].steps,
			    0x7fffffffffffffff);
			run(line_cases[i].what, line_cases[i].steps,
			    UINT64_C(0x5bd1a4bae96a0000) ^ i);
		}
	}
END_TEST

START_TEST(a_stream_that_flows_already_keeps_its_numbers)
	{
		struct line line;
		struct rtp_header h = {.ssrc = 5, .seq = 10, .rtp_ts = 1000};
		line_reset(&line);
		ck_assert_int_eq(line_real(&line, &h, 0), LINE_PASS);
		line_keep(&line, true, true, 0x1234567890);
		h = (struct rtp_header){.ssrc = 5, .seq = 11, .rtp_ts = 1160};
		ck_assert_int_eq(line_real(&line, &h, 20 * MS), LINE_PASS);
		h = (struct rtp_header){.ssrc = 6, .seq = 1, .rtp_ts = 1};
		ck_assert_int_eq(line_real(&line, &h, 40 * MS), LINE_RENUMBER);
		ck_assert_uint_eq(h.ssrc, 5);
		ck_assert_uint_eq(h.seq, 12);
		ck_assert_uint_eq(h.rtp_ts, 1320);
		/* and, once renumbered, for good */
		line_keep(&line, false, false, 0x1234567890);
		h = (struct rtp_header){.ssrc = 6, .seq = 2, .rtp_ts = 161};
		ck_assert_int_eq(line_real(&line, &h, 60 * MS), LINE_RENUMBER);
		ck_assert_uint_eq(h.seq, 13);
	}
END_TEST

START_TEST(reports_speak_of_one_source_of_ours)
	{
		struct line to_b, to_a;
		struct rtcp_map map;
		line_reset(&to_a);
		line_reset(&to_b);
		ck_assert(!line_rtcp_map(&to_b, &to_a, &map));
		line_keep(&to_b, true, true, 0x1122334455667788);
		ck_assert(line_rtcp_map(&to_b, &to_a, &map));
		ck_assert(map.ours && !map.sent && !map.back && map.drop_bye);
		uint32_t ssrc = map.sent_to, cname = map.cname;
		struct rtp_header h = {.ssrc = 7, .seq = 9, .rtp_ts = 50};
		line_real(&to_b, &h, 0);
		/* Another chance later changes nothing. */
		line_keep(&to_b, true, true, 99);
		ck_assert(line_rtcp_map(&to_b, &to_a, &map));
		ck_assert(map.ours && map.sent);
		ck_assert_uint_eq(map.sent_from, 7);
		ck_assert_uint_eq(map.sent_to, ssrc);
		ck_assert_uint_eq(map.cname, cname);
		ck_assert_uint_eq(h.ssrc, ssrc);
		ck_assert_uint_eq(50 + map.rtp_ts_offset, h.rtp_ts);
	}
END_TEST

/* --- rules
 * ------------------------------------------------------------------ */

START_TEST(payload_types_are_mapped_and_the_law_changed)
	{
		struct g711_tables g711;
		struct flow f;
		uint8_t map[FLOW_MAP_LEN];
		struct flow_rules rules = {.steady = true,
					   .map = map,
					   .mapped = true,
					   .converted = true,
					   .convert_type = 8,
					   .event_type = FLOW_NO_TYPE,
					   .table = g711.a_to_u};
		static const struct {
			const char *what;
			uint8_t bytes[20];
			size_t len;
			bool sent;
			uint8_t type; /* with the marker */
			uint8_t payload[8];
			unsigned steps; /* of the sequence */
		} cases[] = {
			{"silence of the other law",
			 {0x80, 8, 0, 1, [12] = 0xd5, 0xd5, 0x55, 0x55},
			 16,
			 true,
			 0,
			 {0xfe, 0xfe, 0x7e, 0x7e},
			 0},
			{"its marker stays",
			 {0x80, 0x88, 0, 2, [12] = 0xd5},
			 13,
			 true,
			 0x80,
			 {0xfe},
			 1},
			{"an event is renumbered only",
			 {0x80, 96, 0, 3, [12] = 0xd5},
			 13,
			 true,
			 101,
			 {0xd5},
			 2},
			{"what has no number there is left out",
			 {0x80, 13, 0, 4, [12] = 0xd5},
			 13,
			 false,
			 0,
			 {0},
			 2},
			{"and leaves no gap",
			 {0x80, 8, 0, 5, [12] = 0xd5},
			 13,
			 true,
			 0,
			 {0xfe},
			 3},
			{"an extension and padding stay as they are",
			 {0xb0, 8, 0, 6, [12] = 0xbe, 0xde, 0, 0, 0xd5, 0xd5, 0,
			  2},
			 20,
			 true,
			 0,
			 {0xbe, 0xde, 0, 0, 0xfe, 0xfe, 0, 2},
			 4},
			{"padding longer than all is not believed",
			 {0xa0, 8, 0, 7, [12] = 0xd5, 77},
			 14,
			 true,
			 0,
			 {0xd5, 77},
			 5},
		};
		g711_tables(&g711);
		memset(map, 255, sizeof(map));
		map[8] = 0;
		map[96] = 101;
		flow_reset(&f);
		flow_rules(&f, &rules, 42);
		uint16_t first = 0;
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct rtp_header h;
			uint8_t buf[20];
			memcpy(buf, cases[i].bytes, sizeof(buf));
			ck_assert_int_eq(rtp_classify(&h, buf, cases[i].len),
					 RTP_KIND_RTP);
			bool sent = flow_real(&f, &h, buf, cases[i].len,
					      (int64_t)i * 20 * MS);
			ck_assert_msg(sent == cases[i].sent, "%s",
				      cases[i].what);
			if (!sent)
				continue;
			ck_assert_int_eq(rtp_classify(&h, buf, cases[i].len),
					 RTP_KIND_RTP);
			if (i == 0)
				first = h.seq;
			ck_assert_msg(buf[1] == cases[i].type, "%s",
				      cases[i].what);
			ck_assert_msg(memcmp(buf + 12, cases[i].payload,
					     cases[i].len - 12) == 0,
				      "%s", cases[i].what);
			ck_assert_msg((uint16_t)(h.seq - first) ==
					      cases[i].steps,
				      "%s", cases[i].what);
		}
	}
END_TEST

/* --- sender reports of ours ----------------------------------------------- */

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* The filler runs from 0 on; a source's report comes at `heard_ms`. */
static unsigned reports(struct flow *flow, unsigned from_ms, unsigned to_ms,
			uint8_t last[REPORT_LEN], unsigned *first_ms)
{
	uint8_t packet[FLOW_PACKET_MAX];
	unsigned count = 0;

	for (unsigned ms = from_ms; ms < to_ms; ms += 20) {
		uint8_t buf[REPORT_LEN];
		int64_t now_ns = ms * MS;

		if (flow_due(flow) > now_ns ||
		    !flow_make(flow, packet, now_ns) ||
		    !flow_report(flow, buf, now_ns,
				 INT64_C(1700000000) * 1000 * MS + now_ns))
			continue;
		memcpy(last, buf, REPORT_LEN);
		if (!count++)
			*first_ms = ms;
	}
	return count;
}

static void fill(struct flow *flow, bool steady)
{
	static const struct flow_rules steady_rules = {
		.steady = true, .event_type = FLOW_NO_TYPE};
	static const struct flow_rules plain_rules = {.event_type =
							      FLOW_NO_TYPE};
	struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
				      .payload_type = 8,
				      .ptime_ms = 20,
				      .armed = true};

	flow_reset(flow);
	flow_rules(flow, steady ? &steady_rules : &plain_rules, 0x1234567890);
	flow_filler(flow, &filler, 0x1234567890, 0);
}

START_TEST(reports_go_on_while_only_we_send)
	{
		struct flow flow;
		uint8_t sr[REPORT_LEN], next[REPORT_LEN];
		unsigned first_ms, second_ms, count;

		fill(&flow, true);
		count = reports(&flow, 20, 60000, sr, &first_ms);
		/* Every 2.5 to 7.5 s. */
		ck_assert_uint_ge(count, 8);
		ck_assert_uint_le(count, 24);
		ck_assert_uint_ge(first_ms, 1000);
		ck_assert_int_eq(rtcp_parse(sr, REPORT_LEN), 2);
		ck_assert_uint_eq(sr[1], RTCP_SR);
		ck_assert_uint_eq(word(sr + 4), flow.line.out_ssrc);
		ck_assert_uint_eq(sr[REPORT_LEN - RTCP_SDES_LEN + 1],
				  RTCP_SDES);
		/* Both clocks went on alike, and all was counted. */
		ck_assert_uint_eq(
			reports(&flow, 60000, 67600, next, &second_ms) > 0, 1);
		ck_assert_uint_eq(word(next + 20),
				  flow.line.packets - (67580 - second_ms) / 20);
		ck_assert_uint_eq(word(next + 24), word(next + 20) * 160);
		uint64_t before = (uint64_t)word(sr + 8) << 32 | word(sr + 12);
		uint64_t after =
			(uint64_t)word(next + 8) << 32 | word(next + 12);
		double seconds = (double)(after - before) / 4294967296.0;
		uint32_t ticks = word(next + 16) - word(sr + 16);
		ck_assert_double_eq_tol(seconds * 8000, ticks, 2);
		ck_assert_uint_eq(word(sr + 8) / 100000,
				  (1700000000u + 2208988800u) / 100000);
	}
END_TEST

START_TEST(a_source_that_reports_is_left_to_it)
	{
		static const uint8_t theirs[28] = {0x80, RTCP_SR, 0, 6, 0, 0,
						   0,	 1,	  1, 2, 3, 4};
		struct flow flow;
		uint8_t sr[REPORT_LEN];
		unsigned first_ms;

		fill(&flow, true);
		for (unsigned s = 0; s < 30; s += 2) {
			report_heard(&flow.report, &flow.line, theirs,
				     sizeof(theirs), s * 1000 * MS);
			ck_assert_uint_eq(reports(&flow, s * 1000 + 20,
						  s * 1000 + 2000, sr,
						  &first_ms),
					  0);
		}
		/* It stops: ours go on by its clock. */
		ck_assert_uint_ge(reports(&flow, 30000, 36000, sr, &first_ms),
				  1);
		ck_assert_uint_ge(word(sr + 8), 0x01020304u + 2);
		ck_assert_uint_le(word(sr + 8), 0x01020304u + 9);
	}
END_TEST

START_TEST(a_stream_that_is_not_ours_has_no_reports_of_ours)
	{
		struct flow flow;
		uint8_t sr[REPORT_LEN];
		unsigned first_ms;

		fill(&flow, false);
		ck_assert_uint_eq(reports(&flow, 20, 30000, sr, &first_ms), 0);
	}
END_TEST

static Suite *line_suite(void)
{
	Suite *suite = suite_create("line");
	TCase *tc = tcase_create("line");
	tcase_add_test(tc, whatever_comes_one_stream_goes_out);
	tcase_add_test(tc, a_stream_that_flows_already_keeps_its_numbers);
	tcase_add_test(tc, reports_speak_of_one_source_of_ours);
	tcase_add_test(tc, payload_types_are_mapped_and_the_law_changed);
	tcase_add_test(tc, reports_go_on_while_only_we_send);
	tcase_add_test(tc, a_source_that_reports_is_left_to_it);
	tcase_add_test(tc, a_stream_that_is_not_ours_has_no_reports_of_ours);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(line_suite())
