/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telephone events: each told once whatever is lost, and sent on one line. */
#include "check_main.h"

#include <string.h>

#include "media/bytes.h"
#include "media/flow.h"

#define MS    INT64_C(1000000)
#define STEPS 14
#define END   0x80

/* --- heard
 * ------------------------------------------------------------------ */

/* A packet: digit 0 ends the case, '-' is audio. What is told then. */
struct step {
	unsigned at_ms;
	char digit;
	uint8_t end;
	bool marker;
	uint32_t rtp_ts;
	uint16_t duration;
	const char *told; /* digits */
	unsigned ticks;	  /* of the last of them */
};

static const struct {
	const char *what;
	struct step steps[STEPS];
} ears[] = {
	{"an event with its three ends",
	 {{0, '5', 0, true, 1000, 160, "", 0},
	  {20, '5', 0, false, 1000, 320, "", 0},
	  {40, '5', END, false, 1000, 480, "5", 480},
	  {41, '5', END, false, 1000, 480, "", 0},
	  {42, '5', END, false, 1000, 480, "", 0},
	  {60, '-', 0, false, 1480, 0, "", 0}}},
	{"one without a marker bit",
	 {{0, '#', 0, false, 1000, 160, "", 0},
	  {20, '#', END, false, 1000, 320, "#", 320}}},
	{"the same digit twice",
	 {{0, '1', END, true, 1000, 400, "1", 400},
	  {1, '1', END, true, 1000, 400, "", 0},
	  {100, '1', END, true, 2000, 800, "1", 800}}},
	{"all ends lost, another event follows",
	 {{0, 'A', 0, true, 1000, 160, "", 0},
	  {20, 'A', 0, false, 1000, 320, "", 0},
	  {90, '*', 0, true, 2000, 160, "A", 320},
	  {99, '*', END, false, 2000, 240, "*", 240}}},
	{"all but the next one's end lost",
	 {{0, '3', 0, true, 1000, 160, "", 0},
	  {90, '4', END, false, 2000, 240, "34", 240}}},
	{"all ends lost, audio goes on",
	 {{0, '7', 0, true, 1000, 160, "", 0},
	  {20, '-', 0, false, 1160, 0, "", 0},
	  {40, '7', 0, false, 1000, 480, "", 0},
	  {139, '-', 0, false, 2000, 0, "", 0},
	  {141, '-', 0, false, 2160, 0, "7", 480},
	  {161, '-', 0, false, 2320, 0, "", 0},
	  {162, '7', END, false, 1000, 640, "", 0}}},
	{"only its end was seen", {{0, '0', END, false, 1000, 800, "0", 800}}},
	{"packets in the wrong order",
	 {{0, '9', 0, true, 1000, 160, "", 0},
	  {20, '9', 0, false, 1000, 640, "", 0},
	  {21, '9', 0, false, 1000, 320, "", 0},
	  {40, '9', END, false, 1000, 480, "9", 640},
	  {60, '8', END, true, 3000, 100, "8", 100},
	  {61, '9', END, false, 1000, 480, "", 0}}},
	{"an event too long for one segment",
	 {{0, '2', 0, true, 1000, 160, "", 0},
	  {20, '2', 0, false, 1000, 0xffff, "", 0},
	  {40, '2', 0, false, 1000 + 0xffff, 160, "", 0},
	  {60, '2', END, false, 1000 + 0xffff, 320, "2", 0xffff + 320}}},
	{"timestamps that wrap",
	 {{0, '6', 0, true, 0xffffff00, 160, "", 0},
	  {20, '6', END, false, 0xffffff00, 320, "6", 320},
	  {90, '6', END, true, 0x100, 160, "6", 160}}},
	{"a source whose clock restarted",
	 {{0, '6', END, true, 0x20000000, 320, "6", 320},
	  {90, '6', END, true, 5, 160, "6", 160}}},
	{"a flash", {{0, '!', END, true, 5, 160, "!", 160}}},
};

static unsigned feed(struct dtmf_ear *ear, const struct step *s, uint32_t ssrc,
		     struct dtmf_heard out[2])
{
	uint8_t payload[4] = {0, s->end | 10};
	struct rtp_header h = {.ssrc = ssrc,
			       .rtp_ts = s->rtp_ts,
			       .marker = s->marker,
			       .payload = payload,
			       .payload_len = 4};
	if (s->digit != '-')
		payload[0] = (uint8_t)dtmf_event(s->digit);
	put16(payload + 2, s->duration);
	return dtmf_hear(ear, &h, s->digit != '-', s->at_ms * MS, out);
}

START_TEST(each_event_is_told_once)
	{
		for (size_t i = 0; i < sizeof(ears) / sizeof(ears[0]); i++) {
			struct dtmf_ear ear = {.known = false};
			for (size_t k = 0; k < STEPS && ears[i].steps[k].digit;
			     k++) {
				const struct step *s = &ears[i].steps[k];
				struct dtmf_heard out[2];
				unsigned n = feed(&ear, s, 7, out);
				ck_assert_msg(n == strlen(s->told),
					      "%s: step %zu: %u", ears[i].what,
					      k, n);
				for (unsigned e = 0; e < n; e++)
					ck_assert_int_eq(out[e].digit,
							 s->told[e]);
				if (n)
					ck_assert_msg(out[n - 1].ticks ==
							      s->ticks,
						      "%s: step %zu",
						      ears[i].what, k);
			}
		}
	}
END_TEST

START_TEST(another_source_is_another_event)
	{
		struct dtmf_ear ear = {.known = false};
		struct dtmf_heard out[2];
		struct step s = {0, '1', END, true, 1000, 160, "", 0};
		ck_assert_uint_eq(feed(&ear, &s, 7, out), 1);
		ck_assert_uint_eq(feed(&ear, &s, 8, out), 1);
		ck_assert_uint_eq(feed(&ear, &s, 8, out), 0);
	}
END_TEST

START_TEST(what_is_no_event_tells_nothing)
	{
		static const uint8_t bytes[4] = {17, END, 0, 160};
		struct dtmf_ear ear = {.known = false};
		struct dtmf_heard out[2];
		struct rtp_header h = {.payload = bytes, .payload_len = 4};
		ck_assert_uint_eq(dtmf_hear(&ear, &h, true, 0, out), 0);
		h.payload_len = 3;
		ck_assert_uint_eq(dtmf_hear(&ear, &h, true, 0, out), 0);
		ck_assert(!ear.known);
		ck_assert_int_eq(dtmf_event('x'), -1);
		ck_assert_int_eq(dtmf_event(0), -1);
		ck_assert_int_eq(dtmf_event('d'), 15);
		ck_assert_int_eq(dtmf_digit(17), 0);
	}
END_TEST

/* --- sent
 * ------------------------------------------------------------------- */

static void start(struct flow *f)
{
	static struct dtmf_key keys[DTMF_QUEUE_MAX];
	struct flow_rules rules = {.steady = true, .event_type = 101};
	flow_reset(f);
	flow_rules(f, &rules, 42);
	f->dtmf.keys = keys;
}

static bool real(struct flow *f, uint16_t seq, int64_t now_ns,
		 struct rtp_header *out)
{
	uint8_t buf[RTP_HEADER_LEN + 160] = {0};
	rtp_write(buf, 8, false, seq, seq * 160u, 5);
	ck_assert_int_eq(rtp_parse(out, buf, sizeof(buf)), 0);
	return flow_real(f, out, buf, sizeof(buf), now_ns);
}

/* Audio all the time, two digits, one of them while audio is held back. */
START_TEST(events_and_audio_are_one_stream)
	{
		struct flow f;
		struct rtp_header h, last = {0};
		struct dtmf_ear ear = {.known = false};
		struct dtmf_heard heard[2];
		char told[4] = "";
		unsigned ticks[4], n = 0, held = 0, passed_between = 0;
		int64_t last_ns = 0, at_ns = 0;
		uint32_t event_ts = 0;
		unsigned event_packets = 0, ends = 0;
		start(&f);
		for (int ms = 0; ms < 1000; ms++) {
			int64_t now_ns = ms * MS;
			bool sent = false, is_event = false;
			uint8_t buf[FLOW_PACKET_MAX];
			if (ms == 105) {
				flow_dtmf(&f, (struct dtmf_key){5, 100},
					  now_ns);
				flow_dtmf(&f, (struct dtmf_key){11, 50},
					  now_ns);
			}
			if (flow_due(&f) <= now_ns) {
				size_t len = flow_make(&f, buf, now_ns);
				if (len) {
					ck_assert_uint_eq(len, 16);
					ck_assert_int_eq(
						rtp_parse(&h, buf, len), 0);
					sent = is_event = true;
				}
			} else if (ms % 20 == 0) {
				sent = real(&f, (uint16_t)(ms / 20), now_ns,
					    &h);
				held += !sent;
			}
			if (!sent)
				continue;
			if (last.ssrc) {
				ck_assert_uint_eq(h.ssrc, last.ssrc);
				ck_assert_uint_eq(h.seq,
						  (uint16_t)(last.seq + 1));
				ck_assert_int_le(now_ns - last_ns, 40 * MS);
			}
			if (is_event) {
				bool begins = h.marker;
				ck_assert_uint_eq(h.payload_type, 101);
				ck_assert(begins || h.rtp_ts == event_ts);
				event_packets = begins ? 1 : event_packets + 1;
				ends += h.payload[1] >> 7;
				event_ts = h.rtp_ts;
				if (begins)
					at_ns = now_ns;
				for (unsigned k = dtmf_hear(&ear, &h, true,
							    now_ns, heard);
				     k > 0; k--) {
					told[n] = heard[0].digit;
					ticks[n++] = heard[0].ticks;
				}
			} else if (last.ssrc) {
				passed_between += n == 1;
				/* Time goes on, to a packet or two. */
				ck_assert_uint_ge(h.rtp_ts - last.rtp_ts, 160);
				int64_t off_ms =
					(int64_t)(h.rtp_ts - event_ts) / 8 -
					(now_ns - at_ns) / MS;
				if (event_ts) {
					ck_assert_int_ge(off_ms, -25);
					ck_assert_int_le(off_ms, 25);
				}
			}
			last = h;
			last_ns = now_ns;
		}
		ck_assert_str_eq(told, "5#");
		ck_assert_uint_eq(ticks[0], 800);
		ck_assert_uint_eq(ticks[1], 400);
		ck_assert_uint_eq(ends, 6);
		ck_assert_uint_eq(event_packets, 5); /* 20, 40, 50, 50, 50 */
		ck_assert_uint_ge(held, 8);
		ck_assert_uint_ge(passed_between, 3);
		ck_assert_int_eq(flow_due(&f), FILLER_NEVER);
	}
END_TEST

START_TEST(keys_wait_in_order_and_not_without_bound)
	{
		struct flow f;
		struct dtmf_ear ear = {.known = false};
		char told[64] = "";
		size_t n = 0;
		start(&f);
		for (int i = 0; i < 40; i++)
			flow_dtmf(&f, (struct dtmf_key){(uint8_t)(i % 10), 40},
				  0);
		for (int packets = 0;
		     packets < 1000 && flow_due(&f) != FILLER_NEVER;
		     packets++) {
			uint8_t buf[FLOW_PACKET_MAX];
			struct rtp_header h;
			struct dtmf_heard heard[2];
			int64_t now_ns = flow_due(&f);
			size_t len = flow_make(&f, buf, now_ns);
			if (!len)
				continue;
			ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
			if (dtmf_hear(&ear, &h, true, now_ns, heard))
				told[n++] = heard[0].digit;
		}
		ck_assert_str_eq(told, "01234567890123456789012345678901");
		/* and none where no payload type was agreed */
		struct flow_rules rules = {.event_type = FLOW_NO_TYPE};
		flow_rules(&f, &rules, 1);
		flow_dtmf(&f, (struct dtmf_key){1, 40}, 0);
		ck_assert_int_eq(flow_due(&f), FILLER_NEVER);
	}
END_TEST

START_TEST(filler_goes_on_around_an_event)
	{
		struct flow f;
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		struct rtp_header h, last = {0};
		int64_t now_ns = 0, last_ns = 0;
		unsigned events = 0;
		start(&f);
		flow_filler(&f, &filler, 1, 0);
		for (int packets = 0; packets < 60; packets++) {
			uint8_t buf[FLOW_PACKET_MAX];
			if (flow_due(&f) > now_ns)
				now_ns = flow_due(&f);
			size_t len = flow_make(&f, buf, now_ns);
			if (packets == 20)
				flow_dtmf(&f, (struct dtmf_key){5, 200},
					  now_ns);
			if (!len)
				continue;
			ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
			if (last.ssrc)
				ck_assert_uint_eq(h.seq,
						  (uint16_t)(last.seq + 1));
			ck_assert_int_le(now_ns - last_ns, 40 * MS);
			events += h.payload_type == 101;
			last = h;
			last_ns = now_ns;
		}
		ck_assert_uint_eq(events, 12);
		ck_assert_uint_eq(h.payload_type, 8);
	}
END_TEST

/* A real packet. Did it go out, and with which timestamp? */
static bool comes(struct flow *f, uint8_t type, uint16_t seq, uint32_t rtp_ts,
		  int64_t at_ms, uint32_t *sent_ts)
{
	uint8_t buf[RTP_HEADER_LEN + 4] = {0};
	struct rtp_header h;
	rtp_write(buf, type, false, seq, rtp_ts, 7);
	ck_assert_int_eq(rtp_parse(&h, buf, sizeof(buf)), 0);
	if (!flow_real(f, &h, buf, sizeof(buf), at_ms * MS))
		return false;
	ck_assert_int_eq(rtp_parse(&h, buf, sizeof(buf)), 0);
	*sent_ts = h.rtp_ts;
	return true;
}

/* Silence was sent in place of its beginning: no packet of it may be taken for
 * that, or a short key would be gone. */
START_TEST(a_key_that_comes_late_is_heard_and_once)
	{
		struct flow f;
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		uint8_t buf[FLOW_PACKET_MAX];
		uint32_t first, ts;
		start(&f);
		flow_filler(&f, &filler, 1, 0);
		ck_assert(comes(&f, 8, 500, 9000, 0, &ts));
		ck_assert(comes(&f, 8, 501, 9160, 20, &ts));
		while (flow_due(&f) < 90 * MS)
			flow_make(&f, buf, flow_due(&f));
		ck_assert(comes(&f, 101, 502, 9320, 95, &first));
		ck_assert_int_gt((int32_t)(first - ts), 0);
		ck_assert(comes(&f, 101, 503, 9320, 115, &ts));
		ck_assert_uint_eq(ts, first);
		/* Another pause: what follows would be a second key. */
		while (flow_due(&f) < 400 * MS)
			flow_make(&f, buf, flow_due(&f));
		ck_assert(!comes(&f, 101, 504, 9320, 410, &ts));
		ck_assert(comes(&f, 8, 505, 9320 + 3200, 430, &ts));
		ck_assert(comes(&f, 101, 506, 9320 + 3360, 450, &ts));
	}
END_TEST

/* --- a key whose packets fail to come
 * ------------------------------------------------- */

/* A far end, which takes all that is sent while filler is armed. */
struct far {
	struct flow flow;
	struct dtmf_ear ear;
	struct rtp_header last;
	uint8_t payload[4]; /* of the last event */
	int64_t last_ns;
	char told[8];
	unsigned keys, ticks, events, ends, fillers;
	unsigned lost; /* before the next one */
};

static void far_start(struct far *far)
{
	struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
				      .payload_type = 8,
				      .ptime_ms = 20,
				      .armed = true};
	memset(far, 0, sizeof(*far));
	start(&far->flow);
	flow_filler(&far->flow, &filler, 1, 0);
}

static void far_takes(struct far *far, const uint8_t *buf, size_t len,
		      int64_t now_ns)
{
	struct dtmf_heard heard[2];
	struct rtp_header h;
	ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
	bool is_event = h.payload_type == 101;
	if (far->last.ssrc) {
		ck_assert_uint_eq(h.seq,
				  (uint16_t)(far->last.seq + 1 + far->lost));
		far->lost = 0;
		ck_assert_uint_eq(h.ssrc, far->last.ssrc);
		ck_assert_int_ge((int32_t)(h.rtp_ts - far->last.rtp_ts), 0);
		ck_assert_int_le(now_ns - far->last_ns, 60 * MS);
	}
	unsigned n = dtmf_hear(&far->ear, &h, is_event, now_ns, heard);
	for (unsigned i = 0; i < n; i++) {
		far->told[far->keys++] = heard[i].digit;
		far->ticks = heard[i].ticks;
	}
	if (is_event) {
		far->events++;
		far->ends += h.payload[1] >> 7;
		memcpy(far->payload, h.payload, 4);
	}
	far->last = h;
	far->last_ns = now_ns;
}

/* The source is silent so long. */
static void silence_until(struct far *far, int64_t ms)
{
	uint8_t buf[FLOW_PACKET_MAX];
	while (flow_due(&far->flow) < ms * MS) {
		int64_t now_ns = flow_due(&far->flow);
		size_t len = flow_make(&far->flow, buf, now_ns);
		far->fillers += len > DTMF_PACKET_LEN;
		if (len)
			far_takes(far, buf, len, now_ns);
	}
}

static bool source_sends(struct far *far, uint8_t *buf, size_t len,
			 int64_t at_ms)
{
	struct rtp_header h;
	silence_until(far, at_ms);
	ck_assert_int_eq(rtp_parse(&h, buf, len), 0);
	if (!flow_real(&far->flow, &h, buf, len, at_ms * MS))
		return false;
	far_takes(far, buf, len, at_ms * MS);
	return true;
}

static bool speaks(struct far *far, uint16_t seq, uint32_t rtp_ts,
		   int64_t at_ms)
{
	uint8_t buf[RTP_HEADER_LEN + 160] = {0};
	rtp_write(buf, 8, false, seq, rtp_ts, 7);
	return source_sends(far, buf, sizeof(buf), at_ms);
}

static bool presses(struct far *far, uint16_t seq, uint32_t rtp_ts,
		    uint16_t duration, uint8_t end, int64_t at_ms)
{
	uint8_t buf[DTMF_PACKET_LEN] = {0};
	rtp_write(buf, 101, false, seq, rtp_ts, 7);
	buf[RTP_HEADER_LEN] = 5;
	buf[RTP_HEADER_LEN + 1] = end | 10;
	put16(buf + RTP_HEADER_LEN + 2, duration);
	return source_sends(far, buf, sizeof(buf), at_ms);
}

START_TEST(a_key_whose_packets_pause_stays_one_key)
	{
		struct far far;
		far_start(&far);
		ck_assert(speaks(&far, 500, 9000, 0));
		ck_assert(presses(&far, 501, 9160, 160, 0, 20));
		ck_assert(presses(&far, 502, 9160, 320, 0, 40));
		uint32_t begun = far.last.rtp_ts;
		/* Its last packet once more, as often as is needed. */
		silence_until(&far, 199);
		ck_assert_uint_eq(far.events, 5);
		ck_assert_uint_eq(far.fillers, 0);
		ck_assert_uint_eq(far.last.rtp_ts, begun);
		ck_assert_uint_eq(get16(far.payload + 2), 320);
		ck_assert_uint_eq(far.payload[0], 5);
		/* All that were late, and the rest of it. */
		for (uint16_t i = 0; i < 8; i++)
			ck_assert(presses(&far, (uint16_t)(503 + i), 9160,
					  (uint16_t)(480 + i * 160), 0, 199));
		for (uint16_t i = 0; i < 3; i++)
			ck_assert(presses(&far, (uint16_t)(511 + i), 9160, 1760,
					  END, 240));
		ck_assert_uint_eq(far.last.rtp_ts, begun);
		ck_assert(speaks(&far, 514, 9160 + 1760, 260));
		ck_assert_uint_eq(far.last.rtp_ts, begun + 1760);
		ck_assert_str_eq(far.told, "5");
		ck_assert_uint_eq(far.ticks, 1760);
		ck_assert_uint_eq(far.ends, 3);
		/* One that was overtaken by ours is not sent behind it. */
		far.lost = 1;
		ck_assert(presses(&far, 516, 20000, 320, 0, 280));
		silence_until(&far, 330);
		ck_assert(!presses(&far, 515, 20000, 160, 0, 330));
		ck_assert(presses(&far, 517, 20000, 480, END, 331));
		ck_assert_str_eq(far.told, "55");
		ck_assert_uint_eq(far.fillers, 0);
	}
END_TEST

START_TEST(a_key_whose_end_never_comes_is_ended_and_once)
	{
		struct far far;
		far_start(&far);
		ck_assert(speaks(&far, 500, 9000, 0));
		ck_assert(presses(&far, 501, 9160, 160, 0, 20));
		ck_assert(presses(&far, 502, 9160, 320, 0, 40));
		uint32_t begun = far.last.rtp_ts;
		silence_until(&far, 245);
		ck_assert_uint_eq(far.ends, 1);
		/* Now it is over, whatever comes. */
		ck_assert(!presses(&far, 503, 9160, 480, 0, 245));
		ck_assert(!presses(&far, 504, 9160, 480, END, 246));
		while (far.fillers == 0)
			silence_until(&far, far.last_ns / MS + 60);
		ck_assert_uint_eq(far.ends, 3);
		ck_assert_uint_eq(far.events, 9);
		ck_assert_str_eq(far.told, "5");
		ck_assert_uint_eq(far.ticks, 320);
		/* What follows has a time behind it, by the clock. */
		int64_t off_ms = (int64_t)(far.last.rtp_ts - begun) / 8 -
				 (far.last_ns / MS - 20);
		ck_assert_int_ge(off_ms, -60);
		ck_assert_int_le(off_ms, 20);
		ck_assert(!presses(&far, 505, 9160, 640, END,
				   far.last_ns / MS + 1));
		/* The next one is another key. */
		int64_t at_ms = far.last_ns / MS + 15;
		ck_assert(presses(&far, 506, 12000, 160, 0, at_ms));
		ck_assert(presses(&far, 507, 12000, 320, END, at_ms + 20));
		ck_assert_str_eq(far.told, "55");
	}
END_TEST

START_TEST(silence_behind_a_key_has_a_time_behind_it)
	{
		struct far far;
		far_start(&far);
		ck_assert(speaks(&far, 500, 9000, 0));
		for (uint16_t i = 1; i <= 10; i++)
			ck_assert(presses(&far, (uint16_t)(500 + i), 9160,
					  i > 8 ? 1280 : (uint16_t)(i * 160),
					  i > 7 ? END : 0, i * 20));
		uint32_t begun = far.last.rtp_ts;
		while (far.fillers == 0)
			silence_until(&far, far.last_ns / MS + 60);
		ck_assert_uint_ge(far.last.rtp_ts - begun, 1600);
		ck_assert_uint_le(far.last.rtp_ts - begun, 1600 + 160);
		/* And the source's own clock holds. */
		silence_until(&far, 390);
		ck_assert(speaks(&far, 511, 9160 + 380 * 8, 400));
		ck_assert_uint_eq(far.last.rtp_ts - begun, 380 * 8);
		ck_assert_uint_eq(far.ends, 3);
	}
END_TEST

/* What it says of its duration moves no clock, or who lies runs away. */
START_TEST(silence_behind_a_key_is_where_the_clock_is)
	{
		struct far far;
		far_start(&far);
		ck_assert(speaks(&far, 500, 9000, 0));
		ck_assert(presses(&far, 501, 9160, 0xffff, END, 20));
		uint32_t begun = far.last.rtp_ts;
		silence_until(&far, 390);
		ck_assert_uint_gt(far.last.rtp_ts - begun, 300 * 8);
		ck_assert_uint_lt(far.last.rtp_ts - begun, 380 * 8);
		ck_assert(speaks(&far, 502, 9160 + 380 * 8, 400));
		ck_assert_uint_eq(far.last.rtp_ts - begun, 380 * 8);
	}
END_TEST

/* Of a codec that we know nothing of we have what it sent. */
START_TEST(no_event_is_repeated_as_sound)
	{
		uint8_t last[FILLER_REPEAT_MAX];
		struct far far;
		far_start(&far);
		far.flow.filler.last = last;
		struct media_filler filler = far.flow.filler.config;
		filler.kind = MEDIA_FILLER_REPEAT;
		flow_filler(&far.flow, &filler, 1, 0);
		ck_assert(speaks(&far, 500, 9000, 0));
		ck_assert(presses(&far, 501, 9160, 160, 0, 20));
		ck_assert(presses(&far, 502, 9160, 320, END, 40));
		silence_until(&far, 120);
		ck_assert_uint_eq(far.last.payload_type, 8);
		ck_assert_uint_eq(far.last.payload_len, 160);
	}
END_TEST

START_TEST(the_source_numbers_events_as_the_map_says)
	{
		struct flow f;
		uint8_t map[FLOW_MAP_LEN];
		struct flow_rules rules = {
			.mapped = true, .event_type = 101, .map = map};
		flow_reset(&f);
		ck_assert_uint_eq(flow_event_type(&f), FLOW_NO_TYPE);
		memset(map, 255, sizeof(map));
		flow_rules(&f, &rules, 1);
		ck_assert_uint_eq(flow_event_type(&f), FLOW_NO_TYPE);
		map[96] = 101;
		flow_rules(&f, &rules, 1);
		ck_assert_uint_eq(flow_event_type(&f), 96);
		rules.mapped = false;
		flow_rules(&f, &rules, 1);
		ck_assert_uint_eq(flow_event_type(&f), 101);
	}
END_TEST

static Suite *dtmf_suite(void)
{
	Suite *suite = suite_create("dtmf");
	TCase *tc = tcase_create("dtmf");
	tcase_add_test(tc, each_event_is_told_once);
	tcase_add_test(tc, another_source_is_another_event);
	tcase_add_test(tc, what_is_no_event_tells_nothing);
	tcase_add_test(tc, events_and_audio_are_one_stream);
	tcase_add_test(tc, keys_wait_in_order_and_not_without_bound);
	tcase_add_test(tc, filler_goes_on_around_an_event);
	tcase_add_test(tc, a_key_that_comes_late_is_heard_and_once);
	tcase_add_test(tc, a_key_whose_packets_pause_stays_one_key);
	tcase_add_test(tc, a_key_whose_end_never_comes_is_ended_and_once);
	tcase_add_test(tc, silence_behind_a_key_has_a_time_behind_it);
	tcase_add_test(tc, silence_behind_a_key_is_where_the_clock_is);
	tcase_add_test(tc, no_event_is_repeated_as_sound);
	tcase_add_test(tc, the_source_numbers_events_as_the_map_says);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(dtmf_suite())
