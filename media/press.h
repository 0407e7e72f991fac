/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A key that the source holds down (RFC 4733), where its packets fail to come
 * for a while. Silence in the middle would end it at the far end, and its rest
 * could not be sent behind that: all its packets have the time of its
 * beginning. So its last packet is sent again in place of silence, as a sender
 * may do at any time (section 2.5.1.3); and where the source is gone, three
 * with the end bit close it. Pure over state and time.
 */
#ifndef MEDIA_PRESS_H
#define MEDIA_PRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/dtmf.h"
#include "media/line.h"

/* No packet of it in this time: nobody holds it any more. */
#define PRESS_GONE_NS INT64_C(200000000)

struct press {
	bool known;	    /* the rest holds */
	bool held;	    /* its end was not sent */
	bool last;	    /* nothing was sent behind it */
	uint8_t ends;	    /* of ours that were sent */
	uint8_t payload[4]; /* its last packet's */
	uint32_t rtp_ts;    /* as it is sent */
	int64_t begun_ns;   /* its first packet; its last real one */
	int64_t real_ns;
};

/* A real packet was sent, as `header` says; is it one of an event? */
void press_sent(struct press *press, const struct line *line,
		const struct rtp_header *header, bool is_event, int64_t now_ns);
/* Of this real packet the end was sent for its source. */
bool press_is_over(const struct press *press, const struct line *line,
		   const struct rtp_header *header);

/* Its packet goes out where silence would. */
static inline bool press_is_held(const struct press *press)
{
	return press->held && press->last;
}
/* Write that packet; returns its length. */
size_t press_make(struct press *press, struct line *line, uint8_t payload_type,
		  uint8_t buf[DTMF_PACKET_LEN], int64_t now_ns);
/* Something else of ours is about to be sent: its time is behind the key. */
void press_leave(struct press *press, struct line *line);

#endif
