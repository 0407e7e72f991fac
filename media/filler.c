/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One stream out of real packets and silence.
 *
 *   flow        real packet                        silence is due
 *   untouched   passes, its numbers are noted      -> running
 *   running     joined on behind the last of ours  next of ours
 *               -> mapped; late ones dropped
 *   mapped      renumbered by the same offsets;    -> running
 *               joined on anew if its source
 *               restarts; late ones dropped
 */
#include "media/filler.h"

#include <string.h>

#define MS_NS	      INT64_C(1000000)
#define TICKS_A_MS    8 /* G.711 and, by RFC 3551 4.5.2, G.722 too */
#define MAX_MISORDER  100
#define MAX_DROPOUT   3000
#define GAP_MS	      60 /* no gap passes this */
#define GUARD_MS      20 /* what waking up may cost on a busy machine */
#define LONG_PAUSE_MS 200

void filler_reset(struct filler *f)
{
	memset(f, 0, sizeof(*f));
	f->due_ns = FILLER_NEVER;
}

/* The next packet is 40 ms overdue, but the gap stays under GAP_MS however
 * late we wake up; yet a source with some jitter is not cut short. */
static int64_t patience_ns(const struct filler *f)
{
	unsigned ms = f->config.ptime_ms + 40;
	if (ms > GAP_MS)
		ms = GAP_MS;
	ms -= GUARD_MS;
	if (ms < f->config.ptime_ms + 15)
		ms = f->config.ptime_ms + 15;
	return ms * MS_NS;
}

void filler_configure(struct filler *f, const struct media_filler *config,
		      uint64_t random, int64_t now_ns)
{
	f->config = *config;
	if (config->ptime_ms < 10 || config->ptime_ms > FILLER_PTIME_MAX_MS)
		f->config.ptime_ms = 20;
	if (config->kind == MEDIA_FILLER_NONE)
		f->config.armed = false;
	if (!f->flowing) {
		f->out_ssrc = (uint32_t)random;
		f->out_seq = (uint16_t)(random >> 32) & 0x7fff;
		f->out_ts = (uint32_t)(random >> 16) ^ 0x5bd1e995;
		f->last_ns = now_ns;
	}
	f->due_ns = FILLER_NEVER;
	if (f->config.armed) {
		f->due_ns = f->last_ns + patience_ns(f);
		if (f->due_ns < now_ns)
			f->due_ns = now_ns;
	}
}

/* RTP ticks from the last packet sent to now, in whole packets. */
static uint32_t ticks_since(const struct filler *f, int64_t now_ns)
{
	unsigned ptime_ms = f->config.ptime_ms ? f->config.ptime_ms : 20;
	int64_t ms = (now_ns - f->last_ns) / MS_NS;
	if (ms < LONG_PAUSE_MS)
		return ptime_ms * TICKS_A_MS;
	return (uint32_t)(ms / ptime_ms * ptime_ms * TICKS_A_MS);
}

static void count(struct filler *f, size_t payload_len)
{
	f->packets++;
	f->octets += (uint32_t)payload_len;
}

static void note_real(struct filler *f, const struct rtp_header *h)
{
	if (!f->flowing || h->ssrc != f->out_ssrc) {
		f->packets = 0;
		f->octets = 0;
	}
	f->flowing = true;
	f->heard = true;
	f->in_ssrc = h->ssrc;
	f->in_seq = h->seq;
}

/* Join a real stream on behind what was sent last. */
static void join(struct filler *f, struct rtp_header *h, int64_t now_ns)
{
	f->seq_offset = (uint16_t)(f->out_seq + 1 - h->seq);
	f->ts_offset = f->out_ts + ticks_since(f, now_ns) - h->rtp_ts;
	f->in_ssrc = h->ssrc;
	f->in_seq = h->seq;
	f->in_first = h->seq;
	f->heard = true;
	f->mapped = true;
	f->running = false;
	f->out_seq++;
	f->out_ts = h->rtp_ts + f->ts_offset;
}

/* A packet whose place in the stream has gone by. */
static bool is_late(const struct filler *f, const struct rtp_header *h,
		    uint16_t first)
{
	int16_t d = (int16_t)(h->seq - first);
	return f->heard && h->ssrc == f->in_ssrc && d < 0 && d > -MAX_MISORDER;
}

static enum filler_verdict pass(struct filler *f, const struct rtp_header *h)
{
	int16_t d = (int16_t)(h->seq - f->in_seq);
	if (!f->flowing || h->ssrc != f->in_ssrc || d > 0 ||
	    d <= -MAX_MISORDER) {
		note_real(f, h);
		f->out_ssrc = h->ssrc;
		f->out_seq = h->seq;
		f->out_ts = h->rtp_ts;
	}
	return FILLER_PASS;
}

static enum filler_verdict renumber(struct filler *f, struct rtp_header *h,
				    int64_t now_ns)
{
	int16_t d = (int16_t)(h->seq - f->in_seq);

	if (is_late(f, h, f->in_first))
		return FILLER_DROP;
	if (h->ssrc != f->in_ssrc || d > MAX_DROPOUT || d <= -MAX_MISORDER) {
		join(f, h, now_ns);
	} else if (d > 0) {
		f->in_seq = h->seq;
		f->out_seq = (uint16_t)(h->seq + f->seq_offset);
		f->out_ts = h->rtp_ts + f->ts_offset;
		/* Its serial numbers wrap: keep "first" within their reach. */
		if ((uint16_t)(h->seq - f->in_first) > 0x4000)
			f->in_first = (uint16_t)(h->seq - 0x2000);
	}
	h->seq = (uint16_t)(h->seq + f->seq_offset);
	h->rtp_ts += f->ts_offset;
	h->ssrc = f->out_ssrc;
	return FILLER_RENUMBER;
}

enum filler_verdict filler_real(struct filler *f, struct rtp_header *h,
				int64_t now_ns)
{
	enum filler_verdict verdict;

	if (f->running) {
		if (is_late(f, h, (uint16_t)(f->in_seq + 1)))
			return FILLER_DROP;
		join(f, h, now_ns);
		h->seq = f->out_seq;
		h->rtp_ts = f->out_ts;
		h->ssrc = f->out_ssrc;
		verdict = FILLER_RENUMBER;
	} else if (f->mapped) {
		verdict = renumber(f, h, now_ns);
		if (verdict == FILLER_DROP)
			return verdict;
	} else {
		verdict = pass(f, h);
	}
	count(f, h->payload_len);
	f->last_ns = now_ns;
	if (f->config.armed)
		f->due_ns = now_ns + patience_ns(f);
	return verdict;
}

static uint8_t silence_byte(enum media_filler_kind kind)
{
	switch (kind) {
	case MEDIA_FILLER_PCMU:
		return 0xff;
	case MEDIA_FILLER_PCMA:
		return 0xd5;
	case MEDIA_FILLER_G722:
		/* Both bands at the quantizer's step next to 0, so that every
		 * decoder's state runs down to silence. */
		return 0xfd;
	case MEDIA_FILLER_NONE:
		break;
	}
	return 0;
}

size_t filler_make(struct filler *f, uint8_t buf[FILLER_PACKET_MAX],
		   int64_t now_ns)
{
	size_t payload_len = f->config.ptime_ms * 8u;

	if (f->flowing) {
		f->out_seq++;
		f->out_ts += ticks_since(f, now_ns);
	}
	f->flowing = true;
	f->running = true;
	f->last_ns = now_ns;
	f->due_ns += f->config.ptime_ms * MS_NS;
	if (f->due_ns < now_ns - LONG_PAUSE_MS * MS_NS / 2)
		f->due_ns = now_ns + f->config.ptime_ms * MS_NS;
	count(f, payload_len);
	rtp_write(buf, f->config.payload_type, false, f->out_seq, f->out_ts,
		  f->out_ssrc);
	memset(buf + RTP_HEADER_LEN, silence_byte(f->config.kind), payload_len);
	return RTP_HEADER_LEN + payload_len;
}

void filler_skip(struct filler *f, int64_t now_ns)
{
	f->due_ns = now_ns + patience_ns(f);
}

bool filler_rtcp_map(const struct filler *sent, const struct filler *back,
		     struct rtcp_map *map)
{
	bool sent_on = sent->mapped || sent->running || sent->config.armed;
	bool back_on = back->mapped && back->heard;
	if (!sent_on && !back_on)
		return false;
	memset(map, 0, sizeof(*map));
	map->sent = sent->mapped || (sent->running && sent->heard);
	map->sent_from = sent->in_ssrc;
	map->sent_to = sent->out_ssrc;
	map->rtp_ts_offset = sent->ts_offset;
	map->packets = sent->packets;
	map->octets = sent->octets;
	map->drop_bye = sent->running || sent->config.armed;
	map->back = back_on;
	map->back_from = back->in_ssrc;
	map->back_to = back->out_ssrc;
	map->back_seq_offset = back->seq_offset;
	return true;
}
