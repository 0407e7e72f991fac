/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The numbers of the RTP stream toward one side: one SSRC, sequence numbers
 * in steps of one and timestamps that run on, whoever sends: a source,
 * another one, or we ourselves. Pure over state and time.
 */
#ifndef MEDIA_LINE_H
#define MEDIA_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/rtcp.h"
#include "media/rtp.h"

struct line {
	bool ours;	/* its SSRC and CNAME are ours, in RTCP too */
	bool kept;	/* a switch of source is joined on */
	bool numbered;	/* out_*, cname were set by chance */
	bool flowing;	/* something was sent: out_* hold */
	bool heard;	/* of that a real one: in_* hold */
	bool mapped;	/* real packets are renumbered */
	bool broken;	/* what comes next is joined on ... */
	bool filled;	/* ... behind packets of our own */
	bool has_other; /* other_ssrc holds */
	uint8_t in_type;
	uint8_t event_type; /* of keys (RFC 4733) as sent; above 127: none */
	uint16_t out_seq, in_seq; /* the highest of each */
	uint16_t in_first;	  /* of this mapping; older ones are late */
	uint16_t seq_offset;	  /* out - in */
	uint32_t out_ssrc, in_ssrc;
	uint32_t other_ssrc; /* the source before this one */
	uint32_t out_ts, in_ts;
	uint32_t ts_offset;
	uint32_t clock_hz;
	uint32_t step;	   /* ticks of the packet sent last; 0: unknown */
	uint32_t usual_ms; /* of a packet, where nothing tells it */
	uint32_t packets, octets; /* sent as out_ssrc, for sender reports */
	uint32_t cname;
	int64_t sent_ns;   /* when the last one was sent */
	int64_t real_ns;   /* when the last real one was */
	int64_t ahead_ns;  /* by joining, timestamps went ahead of the clock */
	int64_t before_ns; /* the same before packets of our own */
};

void line_reset(struct line *line);

/*
 * Keep the stream one from now on, or leave it alone unless it is renumbered
 * already: then it stays so. `ours`: in every report, too. Fill `random` with
 * chance: it numbers a stream that has not begun.
 */
void line_keep(struct line *line, bool kept, bool ours, uint64_t random);

/* The RTP clock of what is sent; 0: 8000. */
void line_clock(struct line *line, uint32_t clock_hz);

enum line_verdict {
	LINE_PASS,     /* as it is */
	LINE_RENUMBER, /* seq, rtp_ts, ssrc of the header were changed */
	LINE_DROP,     /* late or twice: its number is used */
};

/* A real packet is about to be sent. */
enum line_verdict line_real(struct line *line, struct rtp_header *header,
			    int64_t now_ns);
/* A real packet is left out, so that those around it are neighbours. */
void line_skip(struct line *line, const struct rtp_header *header);
/* The source stops, changes, or its packets are not passed: the next one is
 * joined on, whatever its numbers are. */
void line_break(struct line *line);

/*
 * A packet of our own is about to be sent, `ticks` behind the last one: fill
 * sequence, timestamp and SSRC of the header; its payload_len is counted.
 * `lasts` is what the next one will be behind it.
 */
void line_own(struct line *line, struct rtp_header *header, uint32_t ticks,
	      uint32_t lasts, int64_t now_ns);
/*
 * The packet that was sent last, a real one, is about to be sent once more by
 * us: fill sequence, timestamp and SSRC. What comes from its source goes on
 * behind it; what is missing before it is missing.
 */
void line_again(struct line *line, struct rtp_header *header, int64_t now_ns);
/* The packets that were sent last, since begun_ns, had all one timestamp: what
 * follows is behind them by the clock, whatever they say of themselves. */
void line_behind(struct line *line, int64_t begun_ns);
/* How far the next packet is behind the last one. */
uint32_t line_ticks(const struct line *line, int64_t now_ns);
/* The packet that was sent last stood for so much more time. */
void line_lasted(struct line *line, uint32_t ticks);

/* What RTCP must know: `sent` is the flow this RTCP goes with, `back` the
 * one toward its sender. False if nothing was changed in either. */
bool line_rtcp_map(const struct line *sent, const struct line *back,
		   struct rtcp_map *map);

#endif
