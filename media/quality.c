/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting as RFC 3550 appendix A does. */
#include "media/quality.h"

#include <string.h>

/* RFC 3550 A.1 */
#define MAX_DROPOUT  3000
#define MAX_MISORDER 100
#define SEQ_MOD	     65536u

void quality_reset(struct quality *q, uint32_t clock_hz)
{
	memset(q, 0, sizeof(*q));
	q->clock_hz = clock_hz ? clock_hz : 8000;
}

static int64_t lost_now(const struct quality *q)
{
	if (!q->started)
		return 0;
	int64_t expected = (int64_t)q->max_seq - q->base_seq + 1;
	int64_t lost = expected - (int64_t)q->received;
	return lost > 0 ? lost : 0;
}

static uint32_t arrival_ticks(const struct quality *q, int64_t now_ns)
{
	uint64_t s = (uint64_t)now_ns / 1000000000u;
	uint64_t ns = (uint64_t)now_ns % 1000000000u;
	return (uint32_t)(s * q->clock_hz + ns * q->clock_hz / 1000000000u);
}

static void start(struct quality *q, uint32_t ssrc, uint16_t seq,
		  uint32_t rtp_ts, int64_t now_ns)
{
	q->lost_before += lost_now(q);
	q->started = true;
	q->ssrc = ssrc;
	/* One cycle up, so that a late packet of before stays above 0. */
	q->base_seq = SEQ_MOD + seq;
	q->max_seq = q->base_seq;
	q->bad_seq = SEQ_MOD + 1;
	q->received = 1;
	q->last_rtp_ts = rtp_ts;
	q->transit = arrival_ticks(q, now_ns) - rtp_ts;
}

/* True if the packet belongs to the stream (A.1 update_seq). */
static bool take_seq(struct quality *q, uint16_t seq)
{
	uint16_t delta = (uint16_t)(seq - (uint16_t)q->max_seq);
	if (delta < MAX_DROPOUT) {
		q->max_seq += delta;
	} else if (delta <= SEQ_MOD - MAX_MISORDER) {
		/* A jump: a restart only if the next one follows on it. */
		if (seq != q->bad_seq) {
			q->bad_seq = (seq + 1u) & (SEQ_MOD - 1);
			return false;
		}
		q->lost_before += lost_now(q);
		q->base_seq = SEQ_MOD + seq;
		q->max_seq = q->base_seq;
		q->bad_seq = SEQ_MOD + 1;
		q->received = 0;
	}
	q->received++;
	return true;
}

/* A.8, where jitter is kept in 1/16 against rounding. Packets of one
 * timestamp (DTMF updates, slices of a picture) say nothing of the path. */
static void take_jitter(struct quality *q, uint32_t rtp_ts, int64_t now_ns)
{
	if (rtp_ts == q->last_rtp_ts)
		return;
	q->last_rtp_ts = rtp_ts;
	uint32_t transit = arrival_ticks(q, now_ns) - rtp_ts;
	int32_t d = (int32_t)(transit - q->transit);
	q->transit = transit;
	uint32_t distance = d < 0 ? 0u - (uint32_t)d : (uint32_t)d;
	/* A timestamp jump of seconds is a new origin, not jitter. */
	if (distance > 4 * q->clock_hz)
		return;
	q->jitter += distance - ((q->jitter + 8) >> 4);
}

void quality_packet(struct quality *q, uint32_t ssrc, uint16_t seq,
		    uint32_t rtp_ts, int64_t now_ns)
{
	if (!q->started || ssrc != q->ssrc) {
		start(q, ssrc, seq, rtp_ts, now_ns);
		return;
	}
	if (take_seq(q, seq))
		take_jitter(q, rtp_ts, now_ns);
}

uint64_t quality_lost(const struct quality *q)
{
	return (uint64_t)(q->lost_before + lost_now(q));
}

uint32_t quality_jitter_us(const struct quality *q)
{
	return (uint32_t)((uint64_t)(q->jitter >> 4) * 1000000u / q->clock_hz);
}
