/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet's way: payload type, law, number; and what is sent between. */
#include "media/flow.h"

#include <string.h>

/* One look tells that there is nothing to look at, for most packets. */
static void judge(struct flow *flow)
{
	flow->special = flow->rules.mapped || flow->rules.converted ||
			flow->dtmf.count > 0;
}

void flow_reset(struct flow *flow)
{
	flow->special = false;
	memset(&flow->rules, 0, sizeof(flow->rules));
	flow->rules.event_type = FLOW_NO_TYPE;
	dtmf_reset(&flow->dtmf);
	line_reset(&flow->line);
	memset(&flow->press, 0, sizeof(flow->press));
	memset(&flow->report, 0, sizeof(flow->report));
	filler_reset(&flow->filler);
}

static void keep(struct flow *flow, uint64_t random)
{
	bool steady = flow->rules.steady;
	line_keep(&flow->line, steady || flow->filler.config.armed, steady,
		  random);
}

void flow_rules(struct flow *flow, const struct flow_rules *rules,
		uint64_t random)
{
	if (rules->event_type != flow->rules.event_type)
		memset(&flow->press, 0, sizeof(flow->press));
	flow->rules = *rules;
	flow->line.event_type = rules->event_type;
	if (rules->event_type == FLOW_NO_TYPE)
		dtmf_reset(&flow->dtmf);
	judge(flow);
	keep(flow, random);
}

void flow_filler(struct flow *flow, const struct media_filler *config,
		 uint64_t random, int64_t now_ns)
{
	filler_configure(&flow->filler, &flow->line, config, now_ns);
	keep(flow, random);
}

uint8_t flow_event_type(const struct flow *flow)
{
	const struct flow_rules *rules = &flow->rules;
	if (!rules->mapped || rules->event_type == FLOW_NO_TYPE)
		return rules->event_type;
	for (uint8_t type = 127; type > 0; type--) /* dynamic ones first */
		if (rules->map[type] == rules->event_type)
			return type;
	return FLOW_NO_TYPE;
}

void flow_dtmf(struct flow *flow, struct dtmf_key key, int64_t now_ns)
{
	if (flow->rules.event_type != FLOW_NO_TYPE)
		dtmf_queue(&flow->dtmf, key, now_ns);
	judge(flow);
}

/* SRTP never comes here: its padding could not be seen. */
static void convert(const uint8_t *table, const struct rtp_header *h,
		    uint8_t *buf, size_t len)
{
	size_t from = len - h->payload_len, to = len;
	if (buf[0] & 0x20) {
		uint8_t padding = buf[len - 1];
		if (padding > h->payload_len)
			return;
		to -= padding;
	}
	for (size_t i = from; i < to; i++)
		buf[i] = table[buf[i]];
}

static bool apply(struct flow *flow, struct rtp_header *h, uint8_t *buf,
		  size_t len)
{
	const struct flow_rules *rules = &flow->rules;
	uint8_t type = h->payload_type;
	if (dtmf_is_sending(&flow->dtmf))
		return false; /* and joined on: the line is broken by ours */
	if (rules->mapped) {
		uint8_t to = rules->map[type];
		if (to > 127) {
			line_skip(&flow->line, h);
			return false;
		}
		h->payload_type = to;
		buf[1] = (uint8_t)((buf[1] & 0x80) | to);
	}
	if (rules->converted && type == rules->convert_type)
		convert(rules->table, h, buf, len);
	return true;
}

bool flow_real(struct flow *flow, struct rtp_header *h, uint8_t *buf,
	       size_t len, int64_t now_ns)
{
	if (flow->special && !apply(flow, h, buf, len))
		return false;
	bool is_event = h->payload_type == flow->line.event_type;
	if (is_event && press_is_over(&flow->press, &flow->line, h)) {
		line_skip(&flow->line, h);
		return false;
	}
	switch (line_real(&flow->line, h, now_ns)) {
	case LINE_PASS:
		break;
	case LINE_RENUMBER:
		rtp_renumber(buf, h->seq, h->rtp_ts, h->ssrc);
		break;
	case LINE_DROP:
		filler_listen(&flow->filler, &flow->line);
		return false;
	}
	press_sent(&flow->press, &flow->line, h, is_event, now_ns);
	filler_yield(&flow->filler, is_event ? NULL : h->payload,
		     h->payload_len, now_ns);
	return true;
}

/* An event that is due waits for none; between two, filler may be due. */
static bool is_event_due(const struct flow *flow)
{
	return dtmf_is_sending(&flow->dtmf) ||
	       flow->dtmf.due_ns <= filler_due(&flow->filler);
}

/* The source is silent: it may hold a key. */
static size_t fill(struct flow *flow, uint8_t buf[FLOW_PACKET_MAX],
		   int64_t now_ns)
{
	if (!press_is_held(&flow->press)) {
		press_leave(&flow->press, &flow->line);
		return filler_make(&flow->filler, &flow->line, buf, now_ns);
	}
	size_t len = press_make(&flow->press, &flow->line,
				flow->rules.event_type, buf, now_ns);
	filler_hold(&flow->filler, now_ns);
	return len;
}

size_t flow_make(struct flow *flow, uint8_t buf[FLOW_PACKET_MAX],
		 int64_t now_ns)
{
	if (!is_event_due(flow))
		return fill(flow, buf, now_ns);
	if (flow->dtmf.count > 0)
		press_leave(&flow->press, &flow->line);
	size_t len = dtmf_make(&flow->dtmf, &flow->line, flow->rules.event_type,
			       buf, now_ns);
	judge(flow);
	if (len)
		filler_hold(&flow->filler, now_ns);
	return len;
}

size_t flow_report(struct flow *flow, uint8_t buf[REPORT_LEN], int64_t now_ns,
		   int64_t wall_ns)
{
	if (!flow->filler.running ||
	    !report_is_due(&flow->report, &flow->line, now_ns))
		return 0;
	return report_write(&flow->report, &flow->line, buf, now_ns, wall_ns);
}

void flow_skip(struct flow *flow, int64_t now_ns)
{
	if (is_event_due(flow))
		dtmf_wait(&flow->dtmf, now_ns);
	else
		filler_skip(&flow->filler, now_ns);
}
