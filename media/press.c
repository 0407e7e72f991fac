/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key whose packets are late: said again, and closed if they are lost. */
#include "media/press.h"

#include <string.h>

#include "media/bytes.h"

#define EVENT_LEN 4
#define END	  0x80
#define ENDS	  3

void press_sent(struct press *press, const struct line *line,
		const struct rtp_header *h, bool is_event, int64_t now_ns)
{
	/* One in the wrong order is not what was sent last. */
	press->last = is_event && h->payload_len >= EVENT_LEN &&
		      h->rtp_ts == line->out_ts;
	if (!press->last)
		return;
	if (!press->known || h->rtp_ts != press->rtp_ts) {
		*press = (struct press){
			.known = true,
			.held = true,
			.last = true,
			.rtp_ts = h->rtp_ts,
			.begun_ns = now_ns,
		};
	}
	press->real_ns = now_ns;
	bool ends = h->payload[1] & END;
	if (press->held &&
	    (ends || get16(h->payload + 2) >= get16(press->payload + 2)))
		memcpy(press->payload, h->payload, EVENT_LEN);
	press->held &= !ends;
}

bool press_is_over(const struct press *press, const struct line *line,
		   const struct rtp_header *h)
{
	return press->ends > 0 && press->last && line->heard &&
	       h->ssrc == line->in_ssrc &&
	       h->rtp_ts + line->ts_offset == press->rtp_ts;
}

size_t press_make(struct press *press, struct line *line, uint8_t payload_type,
		  uint8_t buf[DTMF_PACKET_LEN], int64_t now_ns)
{
	struct rtp_header h = {.payload_len = EVENT_LEN};
	if (now_ns - press->real_ns >= PRESS_GONE_NS) {
		press->payload[1] |= END;
		press->held = ++press->ends < ENDS;
	}
	line_again(line, &h, now_ns);
	rtp_write(buf, payload_type, false, h.seq, h.rtp_ts, h.ssrc);
	memcpy(buf + RTP_HEADER_LEN, press->payload, EVENT_LEN);
	return DTMF_PACKET_LEN;
}

void press_leave(struct press *press, struct line *line)
{
	if (press->last)
		line_behind(line, press->begun_ns);
	press->last = press->held = false;
}
