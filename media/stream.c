/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A packet's way: latch, unprotect, kind, lock, count, permission, renumber,
 * protect, send. Drops are counted at the end the packet came from.
 */
#include "media/stream.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "media/rtcp.h"
#include "media/rtp.h"
#include "media/secure.h"
#include "media/worker.h"

#define MS_NS INT64_C(1000000)
#define LINE  64 /* of the processor's cache */

void stream_init(struct stream *stream, struct relay *relay, unsigned slot)
{
	memset(stream, 0, sizeof(*stream));
	stream->relay = relay;
	for (uint8_t side = 0; side < 2; side++) {
		struct end *end = &stream->ends[side];
		end->stream = stream;
		end->side = side;
		end->slot = (uint8_t)slot;
		end->event_type = FLOW_NO_TYPE;
		flow_reset(&end->flow);
		quality_reset(&end->quality, 0);
		for (uint8_t c = 0; c < 2; c++) {
			end->sockets[c].fd = -1;
			end->sockets[c].owner = end;
			end->sockets[c].channel = c;
		}
	}
}

static void tell(struct worker *worker, struct end *end,
		 enum relay_event_kind kind, int error)
{
	struct relay_event event = {
		.kind = kind,
		.side = end->side,
		.slot = end->slot,
		.error = error,
		.generation = end->generation,
		.relay = end->stream->relay,
		.source = end->latch.channel[MEDIA_RTP].source,
	};
	worker_tell(worker, &event);
}

static void fault(struct worker *worker, struct end *end, int error)
{
	if (end->faulted)
		return;
	end->faulted = true;
	tell(worker, end, EVENT_FAULT, error);
}

static void refresh_dest(struct end *end)
{
	for (int c = MEDIA_RTP; c <= MEDIA_RTCP; c++) {
		struct endpoint dest;
		end->has_dest[c] = latch_dest(&end->latch, c, &dest);
		end->to_peer[c] =
			end->has_dest[c] && end->sockets[c].connected &&
			endpoint_equal(&dest, &end->latch.channel[c].source);
	}
}

static void counters_reset(struct counters *c, int64_t now_ns)
{
	struct endpoint nobody;
	endpoint_clear(&nobody);
	counter_set(&c->packets, 0);
	counter_set(&c->bytes, 0);
	counter_set(&c->sent_packets, 0);
	counter_set(&c->sent_bytes, 0);
	counter_set(&c->dropped_source, 0);
	counter_set(&c->dropped_crypto, 0);
	counter_set(&c->dropped_other, 0);
	counter_set(&c->filler_packets, 0);
	counter_set(&c->rtcp_packets, 0);
	counter_set(&c->lost, 0);
	counter_set(&c->jitter_ticks, 0);
	counter_set(&c->ssrc, 0);
	counter_set(&c->last_ns, now_ns);
	shared_endpoint_write(&c->source, &nobody);
}

void end_attach(struct worker *worker, struct end *end, struct pair *pair,
		const int fds[2], uint32_t generation)
{
	end->pair = pair;
	end->generation = generation;
	end->announced = false;
	end->faulted = false;
	counters_reset(&end->counters, loop_now_ns(worker->loop));
	quality_reset(&end->quality, end->quality.clock_hz);
	for (int c = MEDIA_RTP; c <= MEDIA_RTCP; c++) {
		end->sockets[c].fd = fds[c];
		int rc = loop_add(worker->loop, &end->sockets[c]);
		if (rc < 0)
			fault(worker, end, rc);
	}
}

/* Which of its packets are events. */
static void refresh_event_type(struct end *end)
{
	end->event_type = end->event_told;
	if (!end->event_told)
		end->event_type =
			flow_event_type(&end->stream->ends[!end->side].flow);
}

void end_detach(struct worker *worker, struct end *end)
{
	for (int c = MEDIA_RTP; c <= MEDIA_RTCP; c++) {
		loop_close(worker->loop, &end->sockets[c]);
		if (end->pair)
			end->pair->fds[c] = -1;
		end->has_dest[c] = end->to_peer[c] = false;
	}
	wheel_remove(&worker->wheel, &end->timer);
	flow_reset(&end->flow);
	refresh_event_type(&end->stream->ends[!end->side]);
	memset(&end->ear, 0, sizeof(end->ear));
	flow_break(&end->stream->ends[!end->side].flow);
	secure_detach(worker, end);
	latch_reset(&end->latch);
	end->may_send = end->may_receive = end->held = false;
	end->pair = NULL;
}

void end_target(struct worker *worker, struct end *end,
		const struct target *target)
{
	int64_t now_ns = loop_now_ns(worker->loop);
	unsigned reopened =
		latch_target(&end->latch, target->latch, &target->rtp,
			     &target->rtcp, &target->expect, now_ns);
	for (int c = MEDIA_RTP; c <= MEDIA_RTCP; c++) {
		if (!(reopened & 1u << c))
			continue;
		int rc = loop_disconnect(worker->loop, &end->sockets[c]);
		if (rc < 0)
			fault(worker, end, rc);
	}
	if (reopened & 1u << MEDIA_RTP) {
		end->announced = false;
		flow_break(&end->stream->ends[!end->side].flow);
	}
	line_clock(&end->flow.line, target->clock_hz);
	end->event_told = target->event_type;
	refresh_event_type(end);
	if (target->held != end->held) { /* another limit counts from now on */
		end->stream->relay->since_ns = now_ns;
		end->stream->relay->silence_told = false;
	}
	if (target->clock_hz != end->quality.clock_hz) {
		end->quality.jitter = 0;
		end->quality.clock_hz = target->clock_hz;
	}
	end->faulted = false;
	end->may_send = target->may_send;
	end->may_receive = target->may_receive;
	end->rtp_checked = target->rtp_checked;
	end->held = target->held;
	refresh_dest(end);
}

static void await(struct worker *worker, struct end *end)
{
	int64_t due_ns = flow_due(&end->flow);
	if (due_ns == FILLER_NEVER)
		wheel_remove(&worker->wheel, &end->timer);
	else
		wheel_put(&worker->wheel, &end->timer,
			  (due_ns + MS_NS - 1) / MS_NS);
}

void end_filler(struct worker *worker, struct end *end,
		const struct media_filler *config, uint64_t random)
{
	flow_filler(&end->flow, config, random, loop_now_ns(worker->loop));
	await(worker, end);
}

void end_flow(struct end *end, const struct flow_rules *rules, uint64_t random)
{
	flow_rules(&end->flow, rules, random);
	refresh_event_type(&end->stream->ends[!end->side]);
}

void end_dtmf(struct worker *worker, struct end *end, struct dtmf_key key)
{
	flow_dtmf(&end->flow, key, loop_now_ns(worker->loop));
	await(worker, end);
}

/* buf has CRYPT_ROOM bytes behind len. */
static int send_to(struct worker *worker, struct end *to,
		   enum media_channel channel, uint8_t *buf, size_t len)
{
	if (!to->has_dest[channel] || to->sockets[channel].fd < 0)
		return -ENOTCONN;
	struct endpoint dest;
	bool to_peer = to->to_peer[channel];
	if (!to_peer && !latch_dest(&to->latch, channel, &dest))
		return -ENOTCONN;
	int rc = 0;
	if (to->secure) {
		rc = secure_send(worker, to, channel == MEDIA_RTCP, buf, &len);
		if (rc < 0)
			return rc;
	}
	rc = loop_send(worker->loop, &to->sockets[channel], buf, len,
		       to_peer ? NULL : &dest);
	if (rc == 0) {
		counter_add(&to->counters.sent_packets, 1);
		counter_add(&to->counters.sent_bytes, len);
		return 0;
	}
	/* A full queue, or ICMP's answer to an earlier packet: it may pass. So
	 * may the packet that is too long with its tag. */
	if (rc != -EAGAIN && rc != -EMSGSIZE && rc != -ENOBUFS &&
	    rc != -ECONNREFUSED && rc != -EINTR)
		fault(worker, to, rc);
	return rc;
}

static void dropped(struct worker *worker, _Atomic uint64_t *counter)
{
	counter_add(counter, 1);
	counter_add(&worker->dropped, 1);
}

static void lock(struct worker *worker, struct end *end,
		 struct loop_socket *socket, const struct endpoint *from)
{
	bool moved = latch_lock(&end->latch, socket->channel, from);
	int rc = loop_connect(worker->loop, socket, from);
	if (rc < 0)
		fault(worker, end, rc);
	refresh_dest(end);
	if (socket->channel != MEDIA_RTP)
		return;
	shared_endpoint_write(&end->counters.source, from);
	if (moved)
		tell(worker, end, EVENT_MOVED, 0);
}

static void announce(struct worker *worker, struct end *end)
{
	if (end->announced || !end->latch.channel[MEDIA_RTP].locked)
		return;
	end->announced = true;
	tell(worker, end, EVENT_FIRST_PACKET, 0);
}

static void count_rtp(struct worker *worker, struct end *end,
		      const struct rtp_header *h)
{
	struct quality *q = &end->quality;
	quality_packet(q, h->ssrc, h->seq, h->rtp_ts,
		       loop_now_ns(worker->loop));
	counter_set(&end->counters.lost, quality_lost(q));
	counter_set(&end->counters.jitter_ticks, q->jitter >> 4);
	counter_set(&end->counters.ssrc, h->ssrc);
}

static void hear(struct worker *worker, struct end *end,
		 const struct rtp_header *h)
{
	struct dtmf_heard heard[2];
	bool is_event = h->payload_type == end->event_type;
	unsigned n = dtmf_hear(&end->ear, h, is_event,
			       loop_now_ns(worker->loop), heard);
	for (unsigned i = 0; i < n; i++) {
		struct relay_event event = {
			.kind = EVENT_DTMF,
			.side = end->side,
			.slot = end->slot,
			.generation = end->generation,
			.relay = end->stream->relay,
			.digit = heard[i].digit,
			.duration_ms =
				(uint32_t)((uint64_t)heard[i].ticks * 1000 /
					   end->flow.line.clock_hz),
		};
		worker_tell(worker, &event);
	}
}

static enum rtp_kind kind_of(const struct end *end, enum media_channel channel,
			     struct rtp_header *header, const uint8_t *buf,
			     size_t len)
{
	if (len == 0)
		return RTP_KIND_BAD;
	if (!end->rtp_checked)
		return RTP_KIND_OTHER;
	enum rtp_kind kind = rtp_classify(header, buf, len);
	if (kind == RTP_KIND_RTP && channel == MEDIA_RTCP)
		return RTP_KIND_BAD;
	return kind;
}

static void count(struct worker *worker, struct end *end,
		  enum media_channel channel, enum rtp_kind kind,
		  const struct rtp_header *header, size_t len)
{
	counter_set(&end->counters.last_ns, loop_now_ns(worker->loop));
	counter_add(&worker->packets, 1);
	counter_add(&worker->bytes, len);
	if (kind == RTP_KIND_RTCP || channel == MEDIA_RTCP) {
		counter_add(&end->counters.rtcp_packets, 1);
		return;
	}
	counter_add(&end->counters.packets, 1);
	counter_add(&end->counters.bytes, len);
	if (kind == RTP_KIND_RTP)
		count_rtp(worker, end, header);
	if (kind == RTP_KIND_RTP || !end->rtp_checked)
		announce(worker, end);
}

/* Returns the length to send; 0: nothing; or -errno. */
static long map_rtcp(const struct end *from, struct end *to, uint8_t *buf,
		     size_t len, int64_t now_ns)
{
	struct rtcp_map map;
	long n;
	/* RTCP goes on while media is held (RFC 3264 section 6.1). */
	if (!line_rtcp_map(&to->flow.line, &from->flow.line, &map))
		return (long)len;
	n = rtcp_rewrite(buf, len, &map);
	if (n > 0)
		report_heard(&to->flow.report, &to->flow.line, buf, (size_t)n,
			     now_ns);
	return n;
}

static bool forward(struct worker *worker, struct end *from,
		    enum media_channel channel, enum rtp_kind kind,
		    struct rtp_header *header, uint8_t *buf, size_t len)
{
	struct end *to = &from->stream->ends[!from->side];
	bool allowed = from->may_send && to->may_receive;
	if (kind == RTP_KIND_RTCP) {
		long n =
			map_rtcp(from, to, buf, len, loop_now_ns(worker->loop));
		if (n <= 0)
			return n == 0;
		len = (size_t)n;
		channel = MEDIA_RTCP;
		allowed = true;
	} else if (kind == RTP_KIND_RTP) {
		if ((header->payload_type == from->event_type ||
		     from->ear.open) &&
		    from->may_send)
			hear(worker, from, header);
		allowed = allowed && to->has_dest[MEDIA_RTP];
		if (!allowed)
			flow_break(&to->flow);
		else if (!flow_real(&to->flow, header, buf, len,
				    loop_now_ns(worker->loop)))
			return false;
	}
	return allowed && send_to(worker, to, channel, buf, len) == 0;
}

void stream_packet(void *arg, struct loop_socket *socket, uint8_t *buf,
		   size_t len, const struct endpoint *from)
{
	struct worker *worker = arg;
	struct end *end = socket->owner;
	enum latch_verdict verdict = LATCH_PASS;
	struct rtp_header header;

	/* What was sent behind a command finds it obeyed. That can have
	 * removed this socket, or undone what the kernel checked for us. */
	worker_obey(worker);
	if (socket->fd < 0 || (!from && !socket->trusted))
		return;
	if (from)
		verdict = latch_check(&end->latch, socket->channel, from,
				      loop_now_ns(worker->loop));
	if (verdict == LATCH_DROP) {
		dropped(worker, &end->counters.dropped_source);
		return;
	}
	size_t wire_len = len;
	int rc = end->secure ? secure_receive(worker, end, from, buf, &len) : 0;
	if (rc < 0) {
		dropped(worker, rc == -EPROTO ? &end->counters.dropped_other
					      : &end->counters.dropped_crypto);
		return;
	}
	enum rtp_kind kind = kind_of(end, socket->channel, &header, buf, len);
	if (kind == RTP_KIND_BAD) {
		dropped(worker, &end->counters.dropped_other);
		return;
	}
	if (verdict == LATCH_LOCK)
		lock(worker, end, socket, from);
	count(worker, end, socket->channel, kind, &header, wire_len);
	if (!forward(worker, end, socket->channel, kind, &header, buf, len))
		dropped(worker, &end->counters.dropped_other);
}

void stream_soon(struct loop_socket *socket)
{
	const struct end *from = socket->owner;
	const struct end *to = &from->stream->ends[!from->side];
	const char *f = (const char *)from, *t = (const char *)to;
	for (size_t at = LINE; at < offsetof(struct end, ear); at += LINE)
		__builtin_prefetch(f + at, 1);
	for (size_t at = 0; at < offsetof(struct end, flow.rules); at += LINE)
		__builtin_prefetch(t + at, 1);
}

void stream_error(void *arg, struct loop_socket *socket, int error)
{
	struct worker *worker = arg;
	struct end *end = socket->owner;
	(void)error;
	dropped(worker, &end->counters.dropped_other);
}

/* RTCP goes on while only we send (RFC 3264 6.1). */
static void send_report(struct worker *worker, struct end *end, int64_t now_ns)
{
	_Alignas(8) uint8_t buf[REPORT_LEN + CRYPT_ROOM];
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	size_t len =
		flow_report(&end->flow, buf, now_ns,
			    (int64_t)wall.tv_sec * 1000 * MS_NS + wall.tv_nsec);
	if (len)
		send_to(worker, end, MEDIA_RTCP, buf, len);
}

void stream_flow_due(void *arg, struct wheel_entry *entry)
{
	struct worker *worker = arg;
	struct end *end = (struct end *)(void *)((char *)entry -
						 offsetof(struct end, timer));
	int64_t now_ns = loop_now_ns(worker->loop);
	_Alignas(8) uint8_t buf[FLOW_PACKET_MAX + CRYPT_ROOM];

	end->flow.filler.late_ms = worker->late_ms;
	if (flow_due(&end->flow) <= now_ns) {
		if (end->may_receive && end->has_dest[MEDIA_RTP] && end->pair) {
			size_t len = flow_make(&end->flow, buf, now_ns);
			if (len &&
			    send_to(worker, end, MEDIA_RTP, buf, len) == 0)
				counter_add(&end->counters.filler_packets, 1);
			send_report(worker, end, now_ns);
		} else {
			flow_skip(&end->flow, now_ns);
		}
	}
	await(worker, end);
}
