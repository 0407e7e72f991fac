/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An event as it is sent: a packet with the marker, one each 20 ms with the
 * duration so far, the last one three times with the end bit; all with the
 * timestamp of its beginning. Between two events there is a pause.
 */
#include "media/dtmf.h"

#include <string.h>

#include "media/bytes.h"

#define MS_NS	  INT64_C(1000000)
#define STEP_MS	  20
#define ENDS	  3
#define PAUSE_MS  80
#define OVER_NS	  (100 * MS_NS)
#define VOLUME	  10	/* -dBm0 */
#define OLD_TICKS 80000 /* older than this is a clock that restarted */
#define SEGMENT	  0xffff

static const char digits[] = "0123456789*#ABCD!";

int dtmf_event(char digit)
{
	const char *at = digit ? strchr(digits, digit) : NULL;
	if (!at && digit >= 'a' && digit <= 'd')
		at = strchr(digits, digit - 'a' + 'A');
	return at ? (int)(at - digits) : -1;
}

char dtmf_digit(uint8_t event)
{
	return event < sizeof(digits) - 1 ? digits[event] : 0;
}

/* --- heard --------------------------------------------------------------
 */

static unsigned close(struct dtmf_ear *ear, struct dtmf_heard *out)
{
	if (!ear->open)
		return 0;
	ear->open = false;
	out->digit = dtmf_digit(ear->event);
	out->ticks = ear->before + ear->duration;
	return 1;
}

static void begin(struct dtmf_ear *ear, const struct rtp_header *h,
		  uint8_t event)
{
	ear->known = true;
	ear->open = true;
	ear->event = event;
	ear->duration = 0;
	ear->before = 0;
	ear->ssrc = h->ssrc;
	ear->rtp_ts = h->rtp_ts;
}

/* Is the packet of an event that was told, or that another one followed? */
static bool is_old(const struct dtmf_ear *ear, const struct rtp_header *h)
{
	int32_t d = (int32_t)(h->rtp_ts - ear->rtp_ts);
	if (!ear->known || h->ssrc != ear->ssrc)
		return false;
	return d == 0 ? !ear->open : d < 0 && d > -OLD_TICKS;
}

/* The next segment of an event too long for one (RFC 4733 2.5.1.3)? */
static bool goes_on(const struct dtmf_ear *ear, const struct rtp_header *h,
		    uint8_t event)
{
	return ear->open && event == ear->event && ear->duration == SEGMENT &&
	       h->rtp_ts - ear->rtp_ts == SEGMENT;
}

unsigned dtmf_hear(struct dtmf_ear *ear, const struct rtp_header *h,
		   bool is_event, int64_t now_ns, struct dtmf_heard out[2])
{
	unsigned n = 0;
	bool late = ear->open && now_ns - ear->heard_ns > OVER_NS;

	if (!is_event)
		return late ? close(ear, out) : 0;
	if (h->payload_len < 4 || !dtmf_digit(h->payload[0]) || is_old(ear, h))
		return 0;
	uint8_t event = h->payload[0];
	uint16_t duration = get16(h->payload + 2);
	if (!ear->open || h->ssrc != ear->ssrc || h->rtp_ts != ear->rtp_ts) {
		if (goes_on(ear, h, event)) {
			ear->before += SEGMENT;
			ear->duration = 0;
			ear->rtp_ts = h->rtp_ts;
		} else {
			n = close(ear, out);
			begin(ear, h, event);
		}
	}
	ear->heard_ns = now_ns;
	if (duration > ear->duration)
		ear->duration = duration;
	if (h->payload[1] & 0x80)
		n += close(ear, out + n);
	return n;
}

/* --- sent ---------------------------------------------------------------
 */

void dtmf_reset(struct dtmf_sender *sender)
{
	memset(sender, 0, sizeof(*sender));
	sender->due_ns = DTMF_NEVER;
}

bool dtmf_queue(struct dtmf_sender *sender, struct dtmf_key key, int64_t now_ns)
{
	if (!sender->keys || sender->count == DTMF_QUEUE_MAX)
		return false;
	sender->keys[(sender->first + sender->count) % DTMF_QUEUE_MAX] = key;
	if (sender->count++ == 0 && sender->due_ns == DTMF_NEVER)
		sender->due_ns = now_ns;
	return true;
}

void dtmf_wait(struct dtmf_sender *sender, int64_t now_ns)
{
	sender->due_ns = sender->count ? now_ns + STEP_MS * MS_NS : DTMF_NEVER;
}

/* The first one is over; timestamps are where it began. */
static void end(struct dtmf_sender *sender, struct line *line, uint32_t step)
{
	line_lasted(line, (sender->packets - 1u) * step);
	sender->first = (sender->first + 1) % DTMF_QUEUE_MAX;
	sender->count--;
	sender->packets = 0;
	sender->ends = 0;
	sender->due_ns += PAUSE_MS * MS_NS;
}

size_t dtmf_make(struct dtmf_sender *sender, struct line *line,
		 uint8_t payload_type, uint8_t buf[DTMF_PACKET_LEN],
		 int64_t now_ns)
{
	uint32_t step = line->clock_hz / (1000 / STEP_MS);
	struct rtp_header h = {.payload_len = 4};
	bool begins = sender->packets == 0;

	if (sender->count == 0) { /* that was the pause behind the last one */
		sender->due_ns = DTMF_NEVER;
		return 0;
	}
	struct dtmf_key key = sender->keys[sender->first];
	uint32_t total =
		(uint32_t)((uint64_t)key.duration_ms * line->clock_hz / 1000);
	uint32_t duration = ++sender->packets * step;
	if (total > SEGMENT)
		total = SEGMENT;
	if (duration >= total) {
		duration = total;
		sender->ends++;
	}
	line_own(line, &h, begins ? line_ticks(line, now_ns) : 0, step, now_ns);
	rtp_write(buf, payload_type, begins, h.seq, h.rtp_ts, h.ssrc);
	buf[RTP_HEADER_LEN] = key.event;
	buf[RTP_HEADER_LEN + 1] = (uint8_t)((sender->ends ? 0x80 : 0) | VOLUME);
	put16(buf + RTP_HEADER_LEN + 2, (uint16_t)duration);
	sender->due_ns = now_ns + STEP_MS * MS_NS;
	if (sender->ends == ENDS)
		end(sender, line, step);
	return DTMF_PACKET_LEN;
}
