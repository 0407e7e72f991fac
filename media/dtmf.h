/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telephone events in RTP (RFC 4733): heard, and sent. Pure over state and
 * time. */
#ifndef MEDIA_DTMF_H
#define MEDIA_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/line.h"
#include "media/rtp.h"

#define DTMF_PACKET_LEN (RTP_HEADER_LEN + 4)
#define DTMF_QUEUE_MAX	32
#define DTMF_MIN_MS	40
#define DTMF_MAX_MS	6000
#define DTMF_NEVER	INT64_MAX

/* '0'..'9' '*' '#' 'A'..'D' and '!' for a flash; -1 if it is none. */
int dtmf_event(char digit);
char dtmf_digit(uint8_t event); /* 0: none of them */

/* --- heard --------------------------------------------------------------- */

struct dtmf_ear {
	bool known; /* the rest holds */
	bool open;  /* its end was not seen yet */
	uint8_t event;
	uint16_t duration; /* of this segment */
	uint32_t ssrc, rtp_ts;
	uint32_t before; /* segments of this event that are over */
	int64_t heard_ns;
};

struct dtmf_heard {
	char digit;
	uint32_t ticks;
};

/*
 * A packet came: one of the event payload type (`is_event`), or another one.
 * An event is complete with the first packet that says so, with the next
 * event, or 100 ms behind its last packet; each is told once, whatever
 * markers, repeats and losses there were.
 * Fills `out` and returns how many events that completes.
 */
unsigned dtmf_hear(struct dtmf_ear *ear, const struct rtp_header *header,
		   bool is_event, int64_t now_ns, struct dtmf_heard out[2]);

/* --- sent ---------------------------------------------------------------- */

struct dtmf_key {
	uint8_t event;
	uint16_t duration_ms;
};

struct dtmf_sender {
	struct dtmf_key *keys; /* room for DTMF_QUEUE_MAX, or NULL */
	uint8_t first, count;  /* in keys; the first is being sent */
	uint8_t ends;	       /* of it that were sent */
	uint16_t packets;      /* of it that were sent; 0: it waits */
	int64_t due_ns;	       /* DTMF_NEVER if there is nothing */
};

/* Its room is forgotten, too: most streams never send a digit, so it is given
 * with the first. */
void dtmf_reset(struct dtmf_sender *sender);
/* False if too many wait, or there is no room. */
bool dtmf_queue(struct dtmf_sender *sender, struct dtmf_key key,
		int64_t now_ns);
/* Write the packet that is due; returns its length. */
size_t dtmf_make(struct dtmf_sender *sender, struct line *line,
		 uint8_t payload_type, uint8_t buf[DTMF_PACKET_LEN],
		 int64_t now_ns);
/* Nothing can be sent now. */
void dtmf_wait(struct dtmf_sender *sender, int64_t now_ns);

/* Other packets are held back. */
static inline bool dtmf_is_sending(const struct dtmf_sender *sender)
{
	return sender->packets > 0;
}

#endif
