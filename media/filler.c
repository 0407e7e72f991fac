/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When silence is filled, and with what.
 *
 * Ours start when patience ends, and those that were missed till then follow
 * at once, so that the timestamps stay with the clock however often sources
 * and fillers take turns.
 */
#include "media/filler.h"

#include <string.h>

#define MS_NS	   INT64_C(1000000)
#define GAP_MS	   60 /* no gap passes this */
#define GUARD_MS   20 /* what waking up may cost on a busy machine */
#define MISSED_MAX 3  /* at once */

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

void filler_configure(struct filler *f, struct line *line,
		      const struct media_filler *config, int64_t now_ns)
{
	f->config = *config;
	if (config->ptime_ms < 10 || config->ptime_ms > FILLER_PTIME_MAX_MS)
		f->config.ptime_ms = 20;
	if (config->kind == MEDIA_FILLER_NONE)
		f->config.armed = false;
	line->usual_ms = f->config.ptime_ms;
	if (!line->flowing)
		line->sent_ns = now_ns;
	f->due_ns = FILLER_NEVER;
	if (f->config.armed) {
		f->due_ns = line->sent_ns + patience_ns(f);
		if (f->due_ns < now_ns)
			f->due_ns = now_ns;
	}
}

void filler_yield(struct filler *f, int64_t now_ns)
{
	f->running = false;
	if (f->config.armed)
		f->due_ns = now_ns + patience_ns(f);
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

/* When this packet, the first of ours, should have been sent. */
static int64_t first_ns(const struct filler *f, const struct line *line,
			uint32_t ticks, int64_t now_ns)
{
	int64_t step_ns = ticks * INT64_C(1000000000) / line->clock_hz;
	int64_t missed_ns = MISSED_MAX * (int64_t)f->config.ptime_ms * MS_NS;
	int64_t due_ns = line->sent_ns + step_ns + line->ahead_ns;
	if (!line->flowing || due_ns > now_ns)
		return now_ns;
	return due_ns < now_ns - missed_ns ? now_ns - missed_ns : due_ns;
}

size_t filler_make(struct filler *f, struct line *line,
		   uint8_t buf[FILLER_PACKET_MAX], int64_t now_ns)
{
	size_t payload_len = f->config.ptime_ms * 8u;
	struct rtp_header h = {.payload_len = payload_len};
	int64_t ptime_ns = f->config.ptime_ms * MS_NS;
	uint32_t ticks = line_ticks(line, now_ns);

	if (!f->running)
		f->due_ns = first_ns(f, line, ticks, now_ns);
	else if (f->due_ns < now_ns - MISSED_MAX * ptime_ns)
		f->due_ns = now_ns;
	f->running = true;
	f->due_ns += ptime_ns;
	line_own(line, &h, ticks, f->config.ptime_ms * line->clock_hz / 1000,
		 now_ns);
	rtp_write(buf, f->config.payload_type, false, h.seq, h.rtp_ts, h.ssrc);
	memset(buf + RTP_HEADER_LEN, silence_byte(f->config.kind), payload_len);
	return RTP_HEADER_LEN + payload_len;
}

void filler_skip(struct filler *f, int64_t now_ns)
{
	f->due_ns = now_ns + patience_ns(f);
}
