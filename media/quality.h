/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loss and jitter of one received stream (RFC 3550 A.1, A.3, A.8): pure. */
#ifndef MEDIA_QUALITY_H
#define MEDIA_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

struct quality {
	bool started;
	uint32_t ssrc;
	uint32_t clock_hz;
	uint32_t base_seq;   /* extended: cycles << 16 | seq */
	uint32_t max_seq;    /* extended */
	uint32_t bad_seq;    /* where a restarted source would go on */
	uint64_t received;   /* of this SSRC */
	int64_t lost_before; /* of earlier SSRCs and before restarts */
	uint32_t last_rtp_ts;
	uint32_t transit;
	uint32_t jitter; /* in 1/16 of the RTP clock's ticks */
};

void quality_reset(struct quality *q, uint32_t clock_hz);

/* Count one packet. A new SSRC starts a new count; what was lost stays. */
void quality_packet(struct quality *q, uint32_t ssrc, uint16_t seq,
		    uint32_t rtp_ts, int64_t now_ns);

/* Packets lost till now; duplicates can hide a loss, never make it less
 * than 0. */
uint64_t quality_lost(const struct quality *q);
uint32_t quality_jitter_us(const struct quality *q);

#endif
