/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of RTP toward one side: any packets, holds, fillers and keys go in,
 * and what comes out is one stream. The input is a list of acts, each a byte
 * and its arguments.
 */
#include <stdlib.h>
#include <string.h>

#include "media/flow.h"
#include "media/g711.h"

#define MS	     INT64_C(1000000)
#define MAX_DROPOUT  3000
#define MAX_MISORDER 100
#define OURS	     UINT64_MAX

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

struct watch {
	struct flow flow;
	uint8_t map[FLOW_MAP_LEN], last[FILLER_REPEAT_MAX];
	struct dtmf_key keys[DTMF_QUEUE_MAX];
	int64_t now_ns, sent_ns;
	bool begun; /* something came out */
	uint32_t ssrc;
	uint16_t seq; /* the highest that came out, or was left out */
	uint32_t rtp_ts;
	bool heard; /* of the source that flows: */
	bool broken;
	uint32_t in_ssrc, in_ts;
	uint16_t in_seq;
	uint64_t users[65536]; /* who had a number */
};

static void require(int fact)
{
	if (!fact)
		abort();
}

static uint8_t take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static uint16_t take16(struct input *in)
{
	uint16_t high = take(in);
	return (uint16_t)(high << 8 | take(in));
}

/* A number is used once, within the reach of reordering. */
static void use(struct watch *w, uint16_t seq, uint64_t user)
{
	int16_t d = (int16_t)(seq - w->seq);
	if (w->begun)
		for (int16_t i = 1; i <= d; i++)
			w->users[(uint16_t)(w->seq + i)] = 0;
	require(w->users[seq] == 0 || w->users[seq] == user ||
		w->users[seq] == 1);
	w->users[seq] = user;
}

/* Time went on, by no more than the clock did, and a packet. */
static void goes_on(const struct watch *w, uint32_t rtp_ts)
{
	int64_t ticks = (int32_t)(rtp_ts - w->rtp_ts);
	int64_t passed_ms = (w->now_ns - w->sent_ns) / MS;
	if (!w->begun)
		return;
	require(ticks >= 0);
	/* 48 a millisecond at most, and DTMF ends in time of its own. */
	require(ticks <= (passed_ms + 1500) * 48);
}

static void came_out(struct watch *w, const struct rtp_header *h)
{
	require(!w->begun || h->ssrc == w->ssrc);
	w->begun = true;
	w->ssrc = h->ssrc;
	w->seq = h->seq;
	w->rtp_ts = h->rtp_ts;
	w->sent_ns = w->now_ns;
}

static void make(struct watch *w)
{
	uint8_t buf[FLOW_PACKET_MAX];
	struct rtp_header h;
	size_t len = flow_make(&w->flow, buf, w->now_ns);
	if (len == 0)
		return;
	require(len <= sizeof(buf) && rtp_parse(&h, buf, len) == 0);
	require(!w->begun || h.seq == (uint16_t)(w->seq + 1));
	goes_on(w, h.rtp_ts);
	use(w, h.seq, OURS);
	came_out(w, &h);
	w->broken = true;
}

static void pass_time(struct watch *w, unsigned ms)
{
	for (; ms > 0; ms--) {
		w->now_ns += MS;
		for (int i = 0; i < 4 && flow_due(&w->flow) <= w->now_ns; i++)
			make(w);
	}
}

/* What came in for `in` as it was sent, `d` behind the last one. */
static void check_sent(struct watch *w, const struct rtp_header *in,
		       const struct rtp_header *h, int16_t d)
{
	bool same = w->heard && in->ssrc == w->in_ssrc;
	uint64_t user = (uint64_t)in->ssrc << 20 | (uint64_t)in->seq << 1 | 1;
	user |= UINT64_C(1) << 60;
	require(!w->begun || h->ssrc == w->ssrc);
	if (same && !w->broken && d <= 0 && d > -MAX_MISORDER) {
		require(h->seq == (uint16_t)(w->seq + d));
		use(w, h->seq, user);
		return; /* late, in its place */
	}
	if (same && !w->broken && d > 0 && d <= MAX_DROPOUT) {
		require(h->seq == (uint16_t)(w->seq + d));
		require(h->rtp_ts - w->rtp_ts == in->rtp_ts - w->in_ts);
	} else {
		require(!w->begun || h->seq == (uint16_t)(w->seq + 1));
		goes_on(w, h->rtp_ts);
	}
	use(w, h->seq, user);
	came_out(w, h);
	w->heard = true;
	w->broken = false;
	w->in_ssrc = in->ssrc;
	w->in_seq = in->seq;
	w->in_ts = in->rtp_ts;
}

static void check_dropped(struct watch *w, const struct rtp_header *in,
			  int16_t d, bool sending)
{
	const struct flow_rules *rules = &w->flow.rules;
	bool same = w->heard && in->ssrc == w->in_ssrc;
	if (sending)
		return;
	if (!rules->mapped || rules->map[in->payload_type] < 128) {
		/* late; or the tail of another; or ours took its place */
		require(!same || d <= 0 || (w->broken && d <= 10));
		return;
	}
	if (!same || w->broken || d <= 0 || d > MAX_DROPOUT)
		return;
	/* Left out: those before it keep their numbers. */
	for (int16_t i = 1; i < d; i++)
		w->users[(uint16_t)(w->seq + i)] = 0;
	w->seq = (uint16_t)(w->seq + d - 1);
	w->in_seq = in->seq;
	w->users[w->seq] = w->users[w->seq] ? w->users[w->seq] : 1;
}

static void come(struct watch *w, struct input *input)
{
	uint8_t buf[RTP_HEADER_LEN + 8], before[8];
	struct rtp_header in, h;
	uint8_t type = take(input);
	uint32_t ssrc = 1 + take(input) % 3;
	uint16_t seq = (uint16_t)(w->in_seq + (int8_t)take(input));
	uint32_t rtp_ts = w->in_ts + (uint32_t)(int8_t)take(input) * 16;
	if (type & 0x40)
		seq = take16(input);
	if (type & 0x20)
		rtp_ts = (uint32_t)take16(input) << 16;
	type &= 0x9f;
	rtp_write(buf, type, type & 0x80, seq, rtp_ts, ssrc);
	for (size_t i = 0; i < 8; i++)
		buf[RTP_HEADER_LEN + i] = before[i] = take(input);
	if (before[0] & 1)
		buf[0] |= 0x20;
	require(rtp_classify(&in, buf, sizeof(buf)) == RTP_KIND_RTP);
	h = in;
	int16_t d = (int16_t)(in.seq - w->in_seq);
	bool sending = dtmf_is_sending(&w->flow.dtmf);
	/* A source's own clock may do what it likes; ours must not then. */
	if (!flow_real(&w->flow, &h, buf, sizeof(buf), w->now_ns)) {
		check_dropped(w, &in, d, sending);
		return;
	}
	struct rtp_header out;
	require(rtp_classify(&out, buf, sizeof(buf)) == RTP_KIND_RTP);
	require(out.seq == h.seq && out.rtp_ts == h.rtp_ts &&
		out.ssrc == h.ssrc && out.marker == in.marker);
	check_sent(w, &in, &h, d);
}

static void ask(struct watch *w, struct input *input)
{
	static struct g711_tables g711;
	struct flow_rules rules = {.steady = true};
	uint8_t how = take(input);
	g711_tables(&g711);
	rules.mapped = how & 1;
	rules.map = w->map;
	for (int i = 0; i < 128; i++)
		w->map[i] = (uint8_t)(i % 8 == how >> 5 ? 255 : i);
	rules.converted = how & 2;
	rules.convert_type = 8;
	rules.table = how & 4 ? g711.a_to_u : g711.u_to_a;
	rules.event_type = how & 8 ? 101 : FLOW_NO_TYPE;
	flow_rules(&w->flow, &rules, 7);
}

static void fill(struct watch *w, struct input *input)
{
	uint8_t how = take(input);
	struct media_filler filler = {
		.kind = how % (MEDIA_FILLER_REPEAT + 1),
		.payload_type = 8,
		.ptime_ms = take(input),
		.armed = how & 0x80,
	};
	flow_filler(&w->flow, &filler, 7, w->now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, data + size};
	struct watch *w = calloc(1, sizeof(*w));
	struct flow_rules steady = {.steady = true, .event_type = 101};
	require(w != NULL);
	flow_reset(&w->flow);
	if (size > 2)
		line_clock(&w->flow.line, data[0] & 1 ? 48000 : 8000);
	w->flow.filler.last = w->last;
	flow_rules(&w->flow, &steady, (uint64_t)size << 32 | size * 77);
	while (input.at < input.end) {
		uint8_t act = take(&input);
		switch (act & 7) {
		case 0:
			ask(w, &input);
			break;
		case 1:
			fill(w, &input);
			break;
		case 2:
			w->flow.dtmf.keys = w->keys;
			flow_dtmf(&w->flow,
				  (struct dtmf_key){
					  act >> 4,
					  (uint16_t)(40 + take(&input))},
				  w->now_ns);
			break;
		case 3:
			flow_break(&w->flow);
			w->broken = w->begun;
			break;
		case 4:
			pass_time(w, take(&input));
			break;
		default:
			pass_time(w, act >> 3);
			come(w, &input);
			break;
		}
	}
	free(w);
	return 0;
}
