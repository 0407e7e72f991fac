/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One m= line in the worker: two ends, each with its sockets, its latch, and
 * the flow toward it. Everything here belongs to the worker from the first
 * command that names it until the answer to the last; of that, only the
 * counters are read from outside.
 */
#ifndef MEDIA_STREAM_H
#define MEDIA_STREAM_H

#include "media/counters.h"
#include "media/endpoint.h"
#include "media/flow.h"
#include "media/latch.h"
#include "media/loop.h"
#include "media/media.h"
#include "media/quality.h"
#include "media/wheel.h"

struct worker;
struct relay;
struct pair;
struct secure;

/* struct media_target with small addresses. */
struct target {
	struct endpoint rtp, rtcp, expect;
	enum media_latch_mode latch;
	uint32_t clock_hz;
	uint8_t event_type; /* 0: as the flow tells */
	bool may_send, may_receive, rtp_checked, held;
};

struct end {
	struct loop_socket sockets[2]; /* by enum media_channel */
	bool has_dest[2];
	bool to_peer[2]; /* that is whom its socket is connected to */
	bool may_send, may_receive, rtp_checked, held;
	bool announced; /* MEDIA_FIRST_PACKET was told */
	bool faulted;	/* MEDIA_FAULT was told */
	uint8_t side, slot;
	uint8_t event_told; /* its events' payload type, by the target: 0: no */
	uint8_t event_type; /* so it is; FLOW_NO_TYPE */
	uint32_t generation; /* of the ports: events of earlier ones are old */
	struct secure *secure; /* NULL: plain */
	struct stream *stream;
	struct quality quality;
	struct counters counters;
	struct dtmf_ear ear;
	struct flow flow; /* toward this end */
	/* What a packet does not touch, once its source is locked. */
	struct pair *pair; /* NULL: no ports */
	struct wheel_entry timer;
	struct latch latch;
};

struct stream {
	struct relay *relay;
	struct end ends[2]; /* by enum media_side */
};

/* Before the worker knows it. */
void stream_init(struct stream *stream, struct relay *relay, unsigned slot);

/* The worker's hands. `fds` are RTP and RTCP; the pair's. */
void end_attach(struct worker *worker, struct end *end, struct pair *pair,
		const int fds[2], uint32_t generation);
/* Close the sockets, forget target and filler; the counters stay readable. */
void end_detach(struct worker *worker, struct end *end);
void end_target(struct worker *worker, struct end *end,
		const struct target *target);
void end_flow(struct end *end, const struct flow_rules *rules, uint64_t random);
void end_dtmf(struct worker *worker, struct end *end, struct dtmf_key key);
void end_filler(struct worker *worker, struct end *end,
		const struct media_filler *config, uint64_t random);

/* The loop's and the wheel's callbacks; arg is the worker. */
void stream_packet(void *arg, struct loop_socket *socket, uint8_t *buf,
		   size_t len, const struct endpoint *from);
/* A packet is about to be read from the socket: what it will touch is far
 * from the processor, with thousands of calls. */
void stream_soon(struct loop_socket *socket);
void stream_error(void *arg, struct loop_socket *socket, int error);
void stream_flow_due(void *arg, struct wheel_entry *entry);

#endif
