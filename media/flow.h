/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that happens to RTP toward one side: its payload types and its law, its
 * numbers, and what we send ourselves. Pure over state and time.
 */
#ifndef MEDIA_FLOW_H
#define MEDIA_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/dtmf.h"
#include "media/filler.h"
#include "media/line.h"
#include "media/media.h"
#include "media/press.h"
#include "media/report.h"

#define FLOW_NO_TYPE 255
#define FLOW_MAP_LEN 128

/* struct media_flow as the worker needs it. What its pointers name lives as
 * long as the flow has these rules. */
struct flow_rules {
	bool steady;
	bool mapped, converted;
	uint8_t convert_type;
	uint8_t event_type;   /* as it is sent; FLOW_NO_TYPE */
	const uint8_t *map;   /* of FLOW_MAP_LEN, while mapped */
	const uint8_t *table; /* of 256, while converted */
};

struct flow {
	bool special; /* look at the rules, or at keys that are sent */
	struct line line;
	struct press press;
	struct filler filler;
	/* What most packets do not touch. */
	struct flow_rules rules;
	struct dtmf_sender dtmf;
	struct report report;
};

#define FLOW_PACKET_MAX FILLER_PACKET_MAX

void flow_reset(struct flow *flow);
void flow_rules(struct flow *flow, const struct flow_rules *rules,
		uint64_t random);
void flow_filler(struct flow *flow, const struct media_filler *config,
		 uint64_t random, int64_t now_ns);

/* The payload type of events as the source sends them, or FLOW_NO_TYPE. */
uint8_t flow_event_type(const struct flow *flow);
/* Send this one, behind those that wait; too many, or where dtmf.keys has no
 * room yet, are forgotten. */
void flow_dtmf(struct flow *flow, struct dtmf_key key, int64_t now_ns);

/*
 * A real packet is about to be sent: change it as the rules say.
 * buf[len]  the datagram that `header` was read from
 * False if it is not to be sent.
 */
bool flow_real(struct flow *flow, struct rtp_header *header, uint8_t *buf,
	       size_t len, int64_t now_ns);
/* A real packet is not sent, for a reason that is not in it; or its source
 * is about to change. */
static inline void flow_break(struct flow *flow)
{
	line_break(&flow->line);
}

/* When flow_make() is to be called; FILLER_NEVER if not. */
static inline int64_t flow_due(const struct flow *flow)
{
	int64_t filler_ns = filler_due(&flow->filler);
	int64_t dtmf_ns = flow->dtmf.due_ns;
	if (dtmf_is_sending(&flow->dtmf))
		return dtmf_ns;
	return dtmf_ns < filler_ns ? dtmf_ns : filler_ns;
}
/* Write the packet that is due; returns its length, or 0. */
size_t flow_make(struct flow *flow, uint8_t buf[FLOW_PACKET_MAX],
		 int64_t now_ns);
/* Behind the packet that flow_make() wrote: a sender report, where nobody else
 * sends one. Returns its length, or 0. */
size_t flow_report(struct flow *flow, uint8_t buf[REPORT_LEN], int64_t now_ns,
		   int64_t wall_ns);
/* Nothing may be sent now. */
void flow_skip(struct flow *flow, int64_t now_ns);

#endif
