/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The RTP flow toward one side: the codec's silence when its source falls
 * silent, and the numbering that makes both one stream. Pure over state and
 * time.
 */
#ifndef MEDIA_FILLER_H
#define MEDIA_FILLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/media.h"
#include "media/rtcp.h"
#include "media/rtp.h"

#define FILLER_PTIME_MAX_MS 120
#define FILLER_PACKET_MAX   (RTP_HEADER_LEN + 8 * FILLER_PTIME_MAX_MS)
#define FILLER_NEVER	    INT64_MAX

struct filler {
	struct media_filler config;
	bool running; /* the last packet sent was ours */
	bool mapped;  /* real packets are renumbered */
	bool flowing; /* something was sent: out_* hold */
	bool heard;   /* a real one was sent: in_* hold */
	uint16_t out_seq, in_seq;
	uint16_t in_first; /* first one of the mapping; older ones are late */
	uint16_t seq_offset;
	uint32_t out_ssrc, in_ssrc;
	uint32_t out_ts;
	uint32_t ts_offset;
	uint32_t packets, octets; /* sent as out_ssrc, for sender reports */
	int64_t last_ns;	  /* when the last one was sent */
	int64_t due_ns;		  /* when ours is due; FILLER_NEVER */
};

void filler_reset(struct filler *f);

/*
 * Arm or disarm. Fill `random` with chance: it numbers a stream that we begin
 * ourselves. A ptime outside 10..120 ms means 20.
 */
void filler_configure(struct filler *f, const struct media_filler *config,
		      uint64_t random, int64_t now_ns);

enum filler_verdict {
	FILLER_PASS,	 /* as it is */
	FILLER_RENUMBER, /* seq, rtp_ts, ssrc of the header were changed */
	FILLER_DROP,	 /* late or twice: its number is used */
};

/* A real packet is about to be sent. */
enum filler_verdict filler_real(struct filler *f, struct rtp_header *header,
				int64_t now_ns);

/* When filler_make() is to be called; FILLER_NEVER if not. */
static inline int64_t filler_due(const struct filler *f)
{
	return f->due_ns;
}

/* Write the packet that is due; returns its length. */
size_t filler_make(struct filler *f, uint8_t buf[FILLER_PACKET_MAX],
		   int64_t now_ns);
/* Nothing may be sent now: wait for another interval. */
void filler_skip(struct filler *f, int64_t now_ns);

/* What RTCP must know: `sent` is the flow this RTCP goes with, `back` the
 * one toward its sender. False if nothing was changed in either. */
bool filler_rtcp_map(const struct filler *sent, const struct filler *back,
		     struct rtcp_map *map);

#endif
