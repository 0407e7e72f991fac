/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An engine, and the far ends of its one session. */
#include "tests/engine.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/rtp.h"

/* --- a far end: an RTP and an RTCP socket --------------------------------- */

socklen_t addr_len(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					: sizeof(struct sockaddr_in6);
}

struct sockaddr_storage address(const char *host, uint16_t port)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	memset(&ss, 0, sizeof(ss));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, host, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	}
	return ss;
}

uint16_t port_of(const struct sockaddr_storage *ss)
{
	return ntohs(((const struct sockaddr_in *)ss)->sin_port);
}

void far_open(struct far *far, const char *host)
{
	for (int c = 0; c < 2; c++) {
		struct sockaddr_storage ss = address(host, 0);
		socklen_t len = sizeof(ss);
		far->fds[c] =
			socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ck_assert_int_ge(far->fds[c], 0);
		ck_assert_int_eq(bind(far->fds[c], (struct sockaddr *)&ss,
				      addr_len(&ss)),
				 0);
		ck_assert_int_eq(getsockname(far->fds[c],
					     (struct sockaddr *)&far->addr[c],
					     &len),
				 0);
	}
}

void far_close(struct far *far)
{
	close(far->fds[0]);
	close(far->fds[1]);
}

struct media_engine *under_test;

void turn(struct media_engine *engine)
{
	media_engine_flush(engine);
	poll(NULL, 0, 1);
}

void far_send(const struct far *far, int channel, const char *host,
	      uint16_t port, const void *buf, size_t len)
{
	struct sockaddr_storage to = address(host, port);
	media_engine_flush(under_test);
	ck_assert_int_eq(sendto(far->fds[channel], buf, len, 0,
				(struct sockaddr *)&to, addr_len(&to)),
			 (ssize_t)len);
}

ssize_t far_receive(const struct far *far, int channel, void *buf, size_t len,
		    int ms)
{
	struct pollfd pfd = {.fd = far->fds[channel], .events = POLLIN};
	media_engine_flush(under_test);
	if (poll(&pfd, 1, ms) != 1)
		return -1;
	return recv(far->fds[channel], buf, len, 0);
}

void far_expect(const struct far *far, int channel, const void *want,
		size_t len)
{
	uint8_t buf[2048];
	ssize_t n = far_receive(far, channel, buf, sizeof(buf), WAIT_MS);
	ck_assert_int_eq(n, (ssize_t)len);
	ck_assert_mem_eq(buf, want, len);
}

/* --- the fixture: one session, sides a and b on 127.0.0.1 ----------------- */

void start_engine(struct fixture *f, uint16_t first, uint16_t last,
		  unsigned quarantine_ms)
{
	struct media_config config = {.workers = 1, .dscp = 46};
	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(media_engine_new(&f->engine, &config), 0);
	under_test = f->engine;
	ck_assert_int_eq(media_block_new(&f->block, f->engine, first, last,
					 quarantine_ms),
			 0);
	ck_assert_int_eq(media_session_new(&f->session, f->engine, f), 0);
}

struct media_target target(const struct far *far)
{
	struct media_target t = {
		.latch = MEDIA_LATCH_FIXED,
		.may_send = true,
		.may_receive = true,
		.rtp_checked = true,
	};
	if (far) {
		t.rtp = far->addr[0];
		t.rtcp = far->addr[1];
	}
	return t;
}

void bind_side(struct fixture *f, enum media_side side, const char *host)
{
	struct sockaddr_storage local = address(host, 0);
	ck_assert_int_eq(media_session_bind(f->session, side, 0, f->block,
					    (struct sockaddr *)&local,
					    &f->port[side]),
			 0);
	ck_assert_int_eq(f->port[side] % 2, 0);
}

void start(struct fixture *f)
{
	start_engine(f, FIRST_PORT, FIRST_PORT + 99, 0);
	far_open(&f->a, "127.0.0.2");
	far_open(&f->b, "127.0.0.3");
	bind_side(f, MEDIA_A, "127.0.0.1");
	bind_side(f, MEDIA_B, "127.0.0.1");
	struct media_target t = target(&f->a);
	media_session_target(f->session, MEDIA_A, 0, &t);
	t = target(&f->b);
	media_session_target(f->session, MEDIA_B, 0, &t);
}

struct media_event expect_event(struct fixture *f, enum media_event_kind kind)
{
	struct media_event event;
	struct pollfd pfd = {.fd = media_engine_fd(f->engine),
			     .events = POLLIN};
	while (!media_engine_event(f->engine, &event))
		ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	ck_assert_int_eq(event.kind, kind);
	return event;
}

void close_session(struct fixture *f)
{
	struct media_event event;
	struct pollfd pfd = {.fd = media_engine_fd(f->engine),
			     .events = POLLIN};
	media_session_close(f->session);
	do {
		while (!media_engine_event(f->engine, &event))
			ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	} while (event.kind != MEDIA_CLOSED);
	ck_assert_ptr_eq(event.session, f->session);
	ck_assert_ptr_eq(event.user, f);
	f->session = NULL;
}

void finish(struct fixture *f)
{
	if (f->session)
		close_session(f);
	ck_assert_uint_eq(media_block_used(f->block), 0);
	media_engine_free(f->engine);
	far_close(&f->a);
	far_close(&f->b);
}

struct media_stats stats(const struct fixture *f, enum media_side side)
{
	struct media_stats s;
	media_session_stats(f->session, side, 0, &s);
	return s;
}

void await_sent(const struct fixture *f, enum media_side side, uint64_t packets)
{
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (stats(f, side).sent_packets >= packets)
			break;
		poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(stats(f, side).sent_packets, packets);
}

struct packet rtp(uint32_t ssrc, uint16_t seq, uint32_t rtp_ts)
{
	struct packet p;
	rtp_write(p.bytes, 8, false, seq, rtp_ts, ssrc);
	for (size_t i = RTP_HEADER_LEN; i < sizeof(p.bytes); i++)
		p.bytes[i] = (uint8_t)(i * 7 + seq);
	return p;
}

void a_sends(struct fixture *f, const struct packet *p)
{
	far_send(&f->a, 0, "127.0.0.1", f->port[MEDIA_A], p, sizeof(*p));
}

void b_sends(struct fixture *f, const struct packet *p)
{
	far_send(&f->b, 0, "127.0.0.1", f->port[MEDIA_B], p, sizeof(*p));
}
