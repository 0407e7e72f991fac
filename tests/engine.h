/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A media engine over real sockets on loopback: one session, sides a and b on
 * 127.0.0.1, and a far end of each that a test sends and receives with.
 */
#ifndef TESTS_ENGINE_H
#define TESTS_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "media/media.h"

#define FIRST_PORT 28200 /* the kernel gives higher ones to anybody */
#define WAIT_MS	   5000

/* --- a far end: an RTP and an RTCP socket --------------------------------- */

struct far {
	int fds[2];
	struct sockaddr_storage addr[2];
};

socklen_t addr_len(const struct sockaddr_storage *ss);
struct sockaddr_storage address(const char *host, uint16_t port);
uint16_t port_of(const struct sockaddr_storage *ss);

void far_open(struct far *far, const char *host);
void far_close(struct far *far);
void far_send(const struct far *far, int channel, const char *host,
	      uint16_t port, const void *buf, size_t len);
/* The next datagram within ms, or -1. */
ssize_t far_receive(const struct far *far, int channel, void *buf, size_t len,
		    int ms);
void far_expect(const struct far *far, int channel, const void *want,
		size_t len);

/* --- the fixture ---------------------------------------------------------- */

struct fixture {
	struct media_engine *engine;
	struct media_block *block;
	struct media_session *session;
	struct far a, b;
	uint16_t port[2];
	bool closed;
};

/* What far ends see comes after what the engine was asked before. */
extern struct media_engine *under_test;
void turn(struct media_engine *engine);

/* An engine with a session; the ports from `first` to `last`. */
void start_engine(struct fixture *f, uint16_t first, uint16_t last,
		  unsigned quarantine_ms);
/* The same, both sides bound and aimed at their far ends. */
void start(struct fixture *f);
void bind_side(struct fixture *f, enum media_side side, const char *host);
struct media_target target(const struct far *far);
void close_session(struct fixture *f);
void finish(struct fixture *f);

/* The next event, of the kind that is expected. */
struct media_event expect_event(struct fixture *f, enum media_event_kind kind);
struct media_stats stats(const struct fixture *f, enum media_side side);
/* What is sent is counted behind the sending: it may be seen first. */
void await_sent(const struct fixture *f, enum media_side side,
		uint64_t packets);

/* 172 bytes: PCMA, 20 ms. */
struct packet {
	uint8_t bytes[172];
};

struct packet rtp(uint32_t ssrc, uint16_t seq, uint32_t rtp_ts);
void a_sends(struct fixture *f, const struct packet *p);
void b_sends(struct fixture *f, const struct packet *p);

#endif
