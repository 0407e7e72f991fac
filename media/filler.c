/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When silence is filled, and with what.
 *
 * Ours start when patience ends. Where sources and fillers that took turns
 * have let the timestamps fall behind the clock, more of them follow at once.
 */
#include "media/filler.h"

#include <string.h>
#include <strings.h>

#include "media/music.h"

#define MS_NS	   INT64_C(1000000)
#define GAP_MS	   60 /* no gap passes this */
#define GUARD_MS   20 /* what waking up may cost */
#define SPARE_MS   10 /* above the lateness that was seen */
#define JITTER_MS  10 /* less than a source has anyway */
#define MISSED_MAX 3  /* at once */

void filler_reset(struct filler *f)
{
	memset(f, 0, sizeof(*f));
	f->due_ns = FILLER_NEVER;
}

/* The gap stays under GAP_MS however late we wake up; yet a source with some
 * jitter is not cut short. */
static int64_t patience_ns(const struct filler *f)
{
	unsigned guard_ms = GUARD_MS, least_ms = f->config.ptime_ms + JITTER_MS;
	if (guard_ms < f->late_ms + SPARE_MS)
		guard_ms = f->late_ms + SPARE_MS;
	if (guard_ms + least_ms > GAP_MS)
		return least_ms * MS_NS;
	return (GAP_MS - guard_ms) * MS_NS;
}

void filler_configure(struct filler *f, struct line *line,
		      const struct media_filler *config, int64_t now_ns)
{
	f->config = *config;
	if (config->ptime_ms < 10 || config->ptime_ms > FILLER_PTIME_MAX_MS)
		f->config.ptime_ms = 20;
	if (config->kind == MEDIA_FILLER_OPUS) /* as the frame itself says */
		f->config.ptime_ms = 20;
	if (config->kind == MEDIA_FILLER_NONE)
		f->config.armed = false;
	line->usual_ms = f->config.ptime_ms;
	if (!line->flowing)
		line->sent_ns = now_ns;
	if (!f->config.armed) {
		f->due_ns = FILLER_NEVER;
	} else if (!f->running || f->due_ns == FILLER_NEVER) {
		f->due_ns = line->sent_ns + patience_ns(f);
		if (f->due_ns < now_ns)
			f->due_ns = now_ns;
	} /* else what runs goes on at its pace */
}

void filler_yield(struct filler *f, const uint8_t *payload, size_t len,
		  int64_t now_ns)
{
	f->running = false;
	if (f->config.armed)
		f->due_ns = now_ns + patience_ns(f);
	if (f->config.kind == MEDIA_FILLER_REPEAT && f->last && payload &&
	    len <= FILLER_REPEAT_MAX) {
		memcpy(f->last, payload, len);
		f->last_len = (uint16_t)len;
	}
}

void filler_listen(struct filler *f, const struct line *line)
{
	int64_t due_ns = line->sent_ns + patience_ns(f);
	if (f->config.armed && f->due_ns < due_ns)
		f->due_ns = due_ns;
}

void filler_hold(struct filler *f, int64_t now_ns)
{
	if (f->config.armed)
		f->due_ns = now_ns + (f->running ? f->config.ptime_ms * MS_NS
						 : patience_ns(f));
}

enum media_filler_kind media_filler_kind(const char *encoding, size_t len)
{
	static const struct {
		const char *name;
		enum media_filler_kind kind;
	} kinds[] = {
		{"PCMU", MEDIA_FILLER_PCMU}, {"PCMA", MEDIA_FILLER_PCMA},
		{"G722", MEDIA_FILLER_G722}, {"CN", MEDIA_FILLER_CN},
		{"opus", MEDIA_FILLER_OPUS}, {"G729", MEDIA_FILLER_G729},
		{"GSM", MEDIA_FILLER_GSM},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (len == strlen(kinds[i].name) &&
		    strncasecmp(encoding, kinds[i].name, len) == 0)
			return kinds[i].kind;
	return MEDIA_FILLER_REPEAT;
}

/* --- payloads -----------------------------------------------------------
 */

#define CN_LEVEL 70 /* -dBov, RFC 3389 section 3.1: a quiet room */

/* One frame of SILK, wide band, 20 ms, without a byte in it. */
static const uint8_t opus_dtx[] = {0x48};

/* What an encoder makes of digital silence: 10 ms; its codebook entries for
 * the fixed part change from frame to frame without being heard. */
static const uint8_t g729_silence[] = {0x78, 0x52, 0x80, 0xa0, 0x00,
				       0xfa, 0xc2, 0x00, 0x07, 0xd6};

/* The same of GSM full rate: 20 ms. */
static const uint8_t gsm_silence[] = {
	0xd8, 0x20, 0xa2, 0xe1, 0x5a, 0x50, 0x00, 0x49, 0x24, 0x92, 0x49,
	0x24, 0x50, 0x00, 0x49, 0x24, 0x92, 0x49, 0x24, 0x50, 0x00, 0x49,
	0x24, 0x92, 0x49, 0x24, 0x50, 0x00, 0x49, 0x24, 0x92, 0x49, 0x24};

static size_t repeat(uint8_t *out, const uint8_t *frame, size_t len,
		     unsigned times)
{
	if (times == 0)
		times = 1;
	for (unsigned i = 0; i < times; i++)
		memcpy(out + i * len, frame, len);
	return times * len;
}

/* The codecs of 8 bytes a millisecond. */
static size_t sound(struct filler *f, uint8_t *out, uint8_t silence)
{
	const struct media_music *music = f->config.music;
	const uint8_t *loop = music ? music_bytes(music, f->config.kind) : NULL;
	size_t len = f->config.ptime_ms * 8u;
	if (!loop) {
		memset(out, silence, len);
		return len;
	}
	for (size_t done = 0; done < len;) {
		size_t n = music->len - f->at;
		if (n > len - done)
			n = len - done;
		memcpy(out + done, loop + f->at, n);
		f->at = (f->at + n) % music->len;
		done += n;
	}
	return len;
}

/* Returns the payload's length; 0 if there is none. */
static size_t fill(struct filler *f, uint8_t *out)
{
	unsigned ptime_ms = f->config.ptime_ms;
	switch (f->config.kind) {
	case MEDIA_FILLER_PCMU:
		return sound(f, out, 0xff);
	case MEDIA_FILLER_PCMA:
		return sound(f, out, 0xd5);
	case MEDIA_FILLER_G722:
		/* Both bands at the quantizer's step next to 0, so that every
		 * decoder's state runs down to silence. */
		return sound(f, out, 0xfd);
	case MEDIA_FILLER_CN:
		out[0] = CN_LEVEL;
		return 1;
	case MEDIA_FILLER_OPUS:
		return repeat(out, opus_dtx, sizeof(opus_dtx), 1);
	case MEDIA_FILLER_G729:
		return repeat(out, g729_silence, sizeof(g729_silence),
			      ptime_ms / 10);
	case MEDIA_FILLER_GSM:
		return repeat(out, gsm_silence, sizeof(gsm_silence),
			      ptime_ms / 20);
	case MEDIA_FILLER_REPEAT:
		return f->last_len ? repeat(out, f->last, f->last_len, 1) : 0;
	case MEDIA_FILLER_NONE:
		break;
	}
	return 0;
}

/* --- when ---------------------------------------------------------------
 */

/* When this packet, the first of ours, was due if timestamps are to stay with
 * the clock: patience has ended, more or less what sources and fillers before
 * went ahead or behind. */
static int64_t first_ns(const struct filler *f, const struct line *line,
			int64_t now_ns)
{
	int64_t missed_ns = MISSED_MAX * (int64_t)f->config.ptime_ms * MS_NS;
	int64_t due_ns = line->sent_ns + patience_ns(f) + line->ahead_ns;
	if (!line->flowing || due_ns > now_ns)
		return now_ns;
	return due_ns < now_ns - missed_ns ? now_ns - missed_ns : due_ns;
}

size_t filler_make(struct filler *f, struct line *line,
		   uint8_t buf[FILLER_PACKET_MAX], int64_t now_ns)
{
	struct rtp_header h = {
		.payload_len = fill(f, buf + RTP_HEADER_LEN),
	};
	int64_t ptime_ns = f->config.ptime_ms * MS_NS;
	uint32_t ticks = line_ticks(line, now_ns);

	if (h.payload_len == 0) {
		filler_skip(f, now_ns);
		return 0;
	}
	if (!f->running)
		f->due_ns = first_ns(f, line, now_ns);
	else if (f->due_ns < now_ns - MISSED_MAX * ptime_ns)
		f->due_ns = now_ns;
	f->running = true;
	f->due_ns += ptime_ns;
	line_own(line, &h, ticks, f->config.ptime_ms * line->clock_hz / 1000,
		 now_ns);
	rtp_write(buf, f->config.payload_type, false, h.seq, h.rtp_ts, h.ssrc);
	return RTP_HEADER_LEN + h.payload_len;
}

void filler_skip(struct filler *f, int64_t now_ns)
{
	f->due_ns = now_ns + patience_ns(f);
}
