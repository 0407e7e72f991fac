/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One stream out of many.
 *
 *   line      real packet                         packet of ours, or break
 *   free      passes, its numbers are noted       -> mapped / no matter
 *   kept      passes; a switch -> mapped          -> mapped / broken
 *   mapped    renumbered by the same offsets;     broken
 *             a switch is joined on; late: dropped
 *   broken    joined on behind the last sent      broken
 *             -> mapped; late ones dropped
 *
 * A switch is another SSRC, or a jump that no loss explains (RFC 3550 A.1).
 * What is missing in a source's own numbers stays missing.
 */
#include "media/line.h"

#include <string.h>

#define S_NS	       INT64_C(1000000000)
#define MS_NS	       INT64_C(1000000)
#define MAX_MISORDER   100
#define MAX_DROPOUT    3000
#define LONG_PAUSE_NS  (200 * MS_NS)
#define TAIL_NS	       (40 * MS_NS)
#define STEP_MAX_MS    120
#define FILLED_MS      100
#define FILLED_PACKETS 10
#define SHIFT_NS       (40 * MS_NS)

void line_reset(struct line *line)
{
	memset(line, 0, sizeof(*line));
	line->clock_hz = 8000;
	line->usual_ms = 20;
	line->event_type = 255;
}

void line_clock(struct line *line, uint32_t clock_hz)
{
	if (!clock_hz)
		clock_hz = 8000;
	if (clock_hz != line->clock_hz)
		line->step = 0;
	line->clock_hz = clock_hz;
}

void line_keep(struct line *line, bool kept, bool ours, uint64_t random)
{
	line->kept = kept;
	line->ours = ours;
	if (line->numbered)
		return;
	line->numbered = true;
	line->cname = (uint32_t)(random >> 24) ^ 0x2545f491;
	if (line->flowing)
		return;
	line->out_ssrc = (uint32_t)random;
	line->out_seq = (uint16_t)(random >> 32) & 0x7fff;
	line->out_ts = (uint32_t)(random >> 16) ^ 0x5bd1e995;
}

static int64_t ticks_ns(const struct line *line, uint32_t ticks)
{
	return ticks * S_NS / line->clock_hz;
}

static uint32_t ms_ticks(const struct line *line, uint32_t ms)
{
	return (uint32_t)((uint64_t)ms * line->clock_hz / 1000);
}

uint32_t line_ticks(const struct line *line, int64_t now_ns)
{
	uint32_t step =
		line->step ? line->step : ms_ticks(line, line->usual_ms);
	int64_t pause_ns = now_ns - line->sent_ns;
	if (pause_ns < LONG_PAUSE_NS || step == 0)
		return step;
	/* Whole packets: some receivers count in them. */
	uint64_t ticks = (uint64_t)(pause_ns / MS_NS) * line->clock_hz / 1000;
	return (uint32_t)(ticks / step * step);
}

/* The timestamps went on by `ticks` while the clock went on to now. */
static void go_on(struct line *line, uint32_t ticks, int64_t now_ns)
{
	line->ahead_ns += ticks_ns(line, ticks) - (now_ns - line->sent_ns);
}

static void count(struct line *line, size_t payload_len, int64_t now_ns)
{
	line->packets++;
	line->octets += (uint32_t)payload_len;
	line->sent_ns = now_ns;
}

static void note(struct line *line, const struct rtp_header *h)
{
	line->heard = true;
	line->in_ssrc = h->ssrc;
	line->in_seq = h->seq;
	line->in_ts = h->rtp_ts;
	line->in_type = h->payload_type;
}

/* Two packets in a row tell how long one lasts. */
static void measure(struct line *line, const struct rtp_header *h)
{
	uint32_t step = h->rtp_ts - line->in_ts;
	if (h->seq == (uint16_t)(line->in_seq + 1) &&
	    h->payload_type == line->in_type && step != 0 &&
	    step <= ms_ticks(line, STEP_MAX_MS))
		line->step = step;
}

/* The stream is the source's own. */
static void follow(struct line *line, const struct rtp_header *h)
{
	if (!line->flowing || h->ssrc != line->out_ssrc) {
		line->packets = 0;
		line->octets = 0;
	}
	line->flowing = true;
	line->broken = line->filled = false;
	line->seq_offset = 0;
	line->ts_offset = 0;
	note(line, h);
	line->out_ssrc = h->ssrc;
	line->out_seq = h->seq;
	line->out_ts = h->rtp_ts;
}

static enum line_verdict pass(struct line *line, const struct rtp_header *h)
{
	int16_t d = (int16_t)(h->seq - line->in_seq);
	if (!line->flowing || h->ssrc != line->in_ssrc || d > 0 ||
	    d <= -MAX_MISORDER)
		follow(line, h);
	return LINE_PASS;
}

/* Where the source that was interrupted would be by its own clock; false if
 * that is not where it should be. */
static bool same_clock(const struct line *line, const struct rtp_header *h,
		       int64_t now_ns)
{
	int32_t ticks = (int32_t)(h->rtp_ts + line->ts_offset - line->out_ts);
	int64_t most_ns = line->filled ? SHIFT_NS : S_NS;
	if (ticks < 0 || (ticks == 0 && line->filled))
		return false;
	int64_t off_ns =
		ticks_ns(line, (uint32_t)ticks) - (now_ns - line->sent_ns);
	return off_ns < most_ns && off_ns > -most_ns;
}

/* A packet that was only late: ours took its place in time. Passing it would
 * let a source with much jitter run away from the clock. */
static bool was_filled(const struct line *line, const struct rtp_header *h,
		       int64_t now_ns)
{
	int32_t behind = (int32_t)(line->out_ts - h->rtp_ts - line->ts_offset);
	uint16_t d = (uint16_t)(h->seq - line->in_seq);
	/* All packets of a key have the time of its first one: none may be
	 * missing because that was late, and none may begin it again. */
	if (h->payload_type == line->event_type)
		return line->filled && h->rtp_ts == line->in_ts;
	return line->filled && d <= FILLED_PACKETS &&
	       now_ns - line->real_ns < LONG_PAUSE_NS && behind >= 0 &&
	       (uint32_t)behind < ms_ticks(line, FILLED_MS);
}

/* Join a real stream on behind what was sent last. */
static void join(struct line *line, const struct rtp_header *h, int64_t now_ns)
{
	bool same = line->heard && h->ssrc == line->in_ssrc;
	if (!line->flowing) {
		line->ts_offset = line->out_ts - h->rtp_ts;
	} else if (!same || !same_clock(line, h, now_ns)) {
		uint32_t ticks = line_ticks(line, now_ns);
		go_on(line, ticks, now_ns);
		line->ts_offset = line->out_ts + ticks - h->rtp_ts;
	} else if (line->filled) {
		/* Its time runs as if nothing had been. */
		line->ahead_ns = line->before_ns;
	}
	line->seq_offset = (uint16_t)(line->out_seq + 1 - h->seq);
	if (line->heard && !same) {
		line->has_other = true;
		line->other_ssrc = line->in_ssrc;
	}
	note(line, h);
	line->in_first = h->seq;
	line->flowing = true;
	line->mapped = true;
	line->broken = line->filled = false;
	line->out_seq++;
	line->out_ts = h->rtp_ts + line->ts_offset;
}

static void advance(struct line *line, const struct rtp_header *h)
{
	measure(line, h);
	note(line, h);
	line->out_seq = (uint16_t)(h->seq + line->seq_offset);
	line->out_ts = h->rtp_ts + line->ts_offset;
	/* Its serial numbers wrap: keep "first" within their reach. */
	if ((uint16_t)(h->seq - line->in_first) > 0x4000)
		line->in_first = (uint16_t)(h->seq - 0x2000);
}

/* A packet whose place in the stream has gone by. */
static bool is_late(const struct line *line, const struct rtp_header *h)
{
	uint16_t first =
		line->broken ? (uint16_t)(line->in_seq + 1) : line->in_first;
	int16_t d = (int16_t)(h->seq - first);
	return (line->mapped || line->broken) && d < 0 && d > -MAX_MISORDER;
}

/* The rest of a source that another one follows. */
static bool is_tail(const struct line *line, const struct rtp_header *h,
		    int64_t now_ns)
{
	return line->has_other && h->ssrc == line->other_ssrc &&
	       now_ns - line->real_ns < TAIL_NS;
}

static enum line_verdict keep(struct line *line, struct rtp_header *h,
			      int64_t now_ns)
{
	int16_t d = (int16_t)(h->seq - line->in_seq);

	if (line->heard && h->ssrc == line->in_ssrc) {
		if (is_late(line, h) || was_filled(line, h, now_ns))
			return LINE_DROP;
		if (line->broken || d > MAX_DROPOUT || d <= -MAX_MISORDER)
			join(line, h, now_ns);
		else if (d > 0)
			advance(line, h);
	} else {
		if (is_tail(line, h, now_ns))
			return LINE_DROP;
		join(line, h, now_ns);
	}
	if (!line->mapped)
		return LINE_PASS;
	h->seq = (uint16_t)(h->seq + line->seq_offset);
	h->rtp_ts += line->ts_offset;
	h->ssrc = line->out_ssrc;
	return LINE_RENUMBER;
}

enum line_verdict line_real(struct line *line, struct rtp_header *h,
			    int64_t now_ns)
{
	enum line_verdict verdict = LINE_PASS;

	if (line->mapped || (line->kept && (line->flowing || line->ours)))
		verdict = keep(line, h, now_ns);
	else
		pass(line, h);
	if (verdict == LINE_DROP)
		return verdict;
	line->real_ns = now_ns;
	count(line, h->payload_len, now_ns);
	return verdict;
}

void line_skip(struct line *line, const struct rtp_header *h)
{
	int16_t d = (int16_t)(h->seq - line->in_seq);
	if (!line->heard || h->ssrc != line->in_ssrc || line->broken ||
	    d > MAX_DROPOUT || d <= -MAX_MISORDER)
		return; /* A switch: what follows is joined on anyway. */
	if (d <= 0)
		return; /* Its number is a gap already. */
	/* All up to it count as sent: what is missing before it will be
	 * missed there, what is late now comes too late. */
	line->out_seq = (uint16_t)(h->seq + line->seq_offset - 1);
	line->seq_offset--;
	line->in_seq = h->seq;
	line->in_first = (uint16_t)(h->seq + 1);
	line->in_type = 0xff; /* no step is measured across it */
	line->mapped = true;
}

void line_break(struct line *line)
{
	line->broken = line->flowing;
}

void line_own(struct line *line, struct rtp_header *h, uint32_t ticks,
	      uint32_t lasts, int64_t now_ns)
{
	if (!line->filled)
		line->before_ns = line->ahead_ns;
	if (line->flowing) {
		go_on(line, ticks, now_ns);
		line->out_seq++;
		line->out_ts += ticks;
	}
	line->flowing = true;
	line->mapped = true;
	line->broken = true;
	line->filled = true;
	line->step = lasts;
	h->seq = line->out_seq;
	h->rtp_ts = line->out_ts;
	h->ssrc = line->out_ssrc;
	count(line, h->payload_len, now_ns);
}

void line_again(struct line *line, struct rtp_header *h, int64_t now_ns)
{
	line->out_seq++;
	line->seq_offset++;
	line->in_first = (uint16_t)(line->in_seq + 1);
	line->mapped = true;
	h->seq = line->out_seq;
	h->rtp_ts = line->out_ts;
	h->ssrc = line->out_ssrc;
	count(line, h->payload_len, now_ns);
}

void line_behind(struct line *line, int64_t begun_ns)
{
	int64_t took_ms = (line->sent_ns - begun_ns) / MS_NS;
	line->out_ts += ms_ticks(line, (uint32_t)took_ms);
}

void line_lasted(struct line *line, uint32_t ticks)
{
	line->out_ts += ticks;
	line->ahead_ns += ticks_ns(line, ticks);
}

bool line_rtcp_map(const struct line *sent, const struct line *back,
		   struct rtcp_map *map)
{
	bool sent_on = sent->mapped || sent->kept;
	bool back_on = back->mapped && back->heard;
	if (!sent_on && !back_on)
		return false;
	memset(map, 0, sizeof(*map));
	map->ours = sent->ours;
	map->cname = sent->cname;
	map->sent = sent->heard && (sent->mapped || sent->ours);
	map->sent_from = sent->in_ssrc;
	map->sent_to = sent->out_ssrc;
	map->rtp_ts_offset = sent->ts_offset;
	map->packets = sent->packets;
	map->octets = sent->octets;
	map->drop_bye = sent->filled || sent->kept;
	map->back = back_on;
	map->back_from = back->in_ssrc;
	map->back_to = back->out_ssrc;
	map->back_seq_offset = back->seq_offset;
	return true;
}
