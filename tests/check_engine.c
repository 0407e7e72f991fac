/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The media engine over real sockets on loopback. */
#include "check_main.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "media/bytes.h"
#include "media/media.h"
#include "media/rtp.h"

#define FIRST_PORT 28200 /* the kernel gives higher ones to anybody */
#define WAIT_MS	   5000

/* --- a far end: an RTP and an RTCP socket
 * ------------------------------------- */

struct far {
	int fds[2];
	struct sockaddr_storage addr[2];
};

static socklen_t addr_len(const struct sockaddr_storage *ss)
{
	return ss->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					: sizeof(struct sockaddr_in6);
}

static struct sockaddr_storage address(const char *host, uint16_t port)
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

static uint16_t port_of(const struct sockaddr_storage *ss)
{
	return ntohs(((const struct sockaddr_in *)ss)->sin_port);
}

static void far_open(struct far *far, const char *host)
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

static void far_close(struct far *far)
{
	close(far->fds[0]);
	close(far->fds[1]);
}

/* What far ends see comes after what the engine was asked before. */
static struct media_engine *under_test;

static void turn(struct media_engine *engine)
{
	media_engine_flush(engine);
	poll(NULL, 0, 1);
}

static void far_send(const struct far *far, int channel, const char *host,
		     uint16_t port, const void *buf, size_t len)
{
	struct sockaddr_storage to = address(host, port);
	media_engine_flush(under_test);
	ck_assert_int_eq(sendto(far->fds[channel], buf, len, 0,
				(struct sockaddr *)&to, addr_len(&to)),
			 (ssize_t)len);
}

/* The next datagram within ms, or -1. */
static ssize_t far_receive(const struct far *far, int channel, void *buf,
			   size_t len, int ms)
{
	struct pollfd pfd = {.fd = far->fds[channel], .events = POLLIN};
	media_engine_flush(under_test);
	if (poll(&pfd, 1, ms) != 1)
		return -1;
	return recv(far->fds[channel], buf, len, 0);
}

static void far_expect(const struct far *far, int channel, const void *want,
		       size_t len)
{
	uint8_t buf[2048];
	ssize_t n = far_receive(far, channel, buf, sizeof(buf), WAIT_MS);
	ck_assert_int_eq(n, (ssize_t)len);
	ck_assert_mem_eq(buf, want, len);
}

/* --- the fixture: one session, sides a and b on 127.0.0.1
 * ---------------------- */

struct fixture {
	struct media_engine *engine;
	struct media_block *block;
	struct media_session *session;
	struct far a, b;
	uint16_t port[2];
	bool closed;
};

static void start_engine(struct fixture *f, uint16_t last,
			 unsigned quarantine_ms)
{
	struct media_config config = {.workers = 1, .dscp = 46};
	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(media_engine_new(&f->engine, &config), 0);
	under_test = f->engine;
	ck_assert_int_eq(media_block_new(&f->block, f->engine, FIRST_PORT, last,
					 quarantine_ms),
			 0);
	ck_assert_int_eq(media_session_new(&f->session, f->engine, f), 0);
}

static struct media_target target(const struct far *far)
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

static void bind_side(struct fixture *f, enum media_side side, const char *host)
{
	struct sockaddr_storage local = address(host, 0);
	ck_assert_int_eq(media_session_bind(f->session, side, 0, f->block,
					    (struct sockaddr *)&local,
					    &f->port[side]),
			 0);
	ck_assert_int_eq(f->port[side] % 2, 0);
}

static void start(struct fixture *f)
{
	start_engine(f, FIRST_PORT + 99, 0);
	far_open(&f->a, "127.0.0.2");
	far_open(&f->b, "127.0.0.3");
	bind_side(f, MEDIA_A, "127.0.0.1");
	bind_side(f, MEDIA_B, "127.0.0.1");
	struct media_target t = target(&f->a);
	media_session_target(f->session, MEDIA_A, 0, &t);
	t = target(&f->b);
	media_session_target(f->session, MEDIA_B, 0, &t);
}

/* The next event, of the kind that is expected. */
static struct media_event expect_event(struct fixture *f,
				       enum media_event_kind kind)
{
	struct media_event event;
	struct pollfd pfd = {.fd = media_engine_fd(f->engine),
			     .events = POLLIN};
	while (!media_engine_event(f->engine, &event))
		ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	ck_assert_int_eq(event.kind, kind);
	return event;
}

static void close_session(struct fixture *f)
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

static void finish(struct fixture *f)
{
	if (f->session)
		close_session(f);
	ck_assert_uint_eq(media_block_used(f->block), 0);
	media_engine_free(f->engine);
	far_close(&f->a);
	far_close(&f->b);
}

static struct media_stats stats(const struct fixture *f, enum media_side side)
{
	struct media_stats s;
	media_session_stats(f->session, side, 0, &s);
	return s;
}

/* What is sent is counted behind the sending: it may be seen first. */
static void await_sent(const struct fixture *f, enum media_side side,
		       uint64_t packets)
{
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (stats(f, side).sent_packets >= packets)
			break;
		poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(stats(f, side).sent_packets, packets);
}

/* 172 bytes: PCMA, 20 ms. */
struct packet {
	uint8_t bytes[172];
};

static struct packet rtp(uint32_t ssrc, uint16_t seq, uint32_t rtp_ts)
{
	struct packet p;
	rtp_write(p.bytes, 8, false, seq, rtp_ts, ssrc);
	for (size_t i = RTP_HEADER_LEN; i < sizeof(p.bytes); i++)
		p.bytes[i] = (uint8_t)(i * 7 + seq);
	return p;
}

static void a_sends(struct fixture *f, const struct packet *p)
{
	far_send(&f->a, 0, "127.0.0.1", f->port[MEDIA_A], p, sizeof(*p));
}

static void b_sends(struct fixture *f, const struct packet *p)
{
	far_send(&f->b, 0, "127.0.0.1", f->port[MEDIA_B], p, sizeof(*p));
}

/* --- relaying
 * ------------------------------------------------------------------- */

START_TEST(packets_cross_byte_for_byte_both_ways)
	{
		struct fixture f;
		start(&f);
		for (uint16_t i = 0; i < 20; i++) {
			struct packet p = rtp(1, i, i * 160u),
				      q = rtp(2, i, i * 160u);
			a_sends(&f, &p);
			far_expect(&f.b, 0, &p, sizeof(p));
			b_sends(&f, &q);
			far_expect(&f.a, 0, &q, sizeof(q));
		}
		struct media_event event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_uint_eq(port_of(&event.source),
				  port_of(&f.a.addr[0]));
		event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_int_eq(event.side, MEDIA_B);
		struct media_stats s = stats(&f, MEDIA_A);
		ck_assert_uint_eq(s.packets, 20);
		ck_assert_uint_eq(s.bytes, 20 * 172);
		await_sent(&f, MEDIA_A, 20);
		ck_assert_uint_eq(s.ssrc, 1);
		ck_assert_uint_eq(s.lost, 0);
		ck_assert_uint_eq(port_of(&s.source), port_of(&f.a.addr[0]));
		finish(&f);
	}
END_TEST

START_TEST(rtcp_crosses_also_on_the_rtp_port)
	{
		static const uint8_t rr[] = {0x80, 201, 0, 1, 0, 0, 0, 1};
		static const uint8_t cut[] = {0x80, 201, 0, 9, 0, 0, 0, 1};
		struct fixture f;
		start(&f);
		far_send(&f.a, 1, "127.0.0.1", f.port[MEDIA_A] + 1, rr,
			 sizeof(rr));
		far_expect(&f.b, 1, rr, sizeof(rr));
		far_send(&f.b, 1, "127.0.0.1", f.port[MEDIA_B] + 1, rr,
			 sizeof(rr));
		far_expect(&f.a, 1, rr, sizeof(rr));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], cut,
			 sizeof(cut));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], rr, sizeof(rr));
		far_expect(&f.b, 1, rr, sizeof(rr));
		ck_assert_uint_eq(stats(&f, MEDIA_A).rtcp_packets, 2);
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_other, 1);
		finish(&f);
	}
END_TEST

START_TEST(what_the_ends_share_crosses_and_garbage_does_not)
	{
		static const uint8_t stun[20] = {0,    1,    0,	   0,
						 0x21, 0x12, 0xa4, 0x42};
		static const uint8_t zrtp[16] = {0x10, 0,   0,	 1,
						 'Z',  'R', 'T', 'P'};
		static const uint8_t dtls[16] = {22, 254, 253};
		static const uint8_t bad[][20] = {
			{0x40, 1}, {0x80}, {0xff}, {5}, {0}};
		struct fixture f;
		start(&f);
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], bad[i],
				 i == 1 ? 11 : 20);
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], "", 0);
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], stun,
			 sizeof(stun));
		far_expect(&f.b, 0, stun, sizeof(stun));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], zrtp,
			 sizeof(zrtp));
		far_expect(&f.b, 0, zrtp, sizeof(zrtp));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], dtls,
			 sizeof(dtls));
		far_expect(&f.b, 0, dtls, sizeof(dtls));
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_other, 6);
		finish(&f);
	}
END_TEST

START_TEST(udptl_passes_where_rtp_is_not_checked)
	{
		struct fixture f;
		start(&f);
		struct media_target t = target(&f.a);
		t.rtp_checked = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], "\0\1\2", 3);
		/* The target may come after the packet: send till one passes.
		 */
		uint8_t buf[64];
		while (far_receive(&f.b, 0, buf, sizeof(buf), 100) < 0)
			far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A],
				 "\0\1\2", 3);
		ck_assert_mem_eq(buf, "\0\1\2", 3);
		finish(&f);
	}
END_TEST

START_TEST(ipv6_and_ipv4_meet)
	{
		struct fixture f;
		start_engine(&f, FIRST_PORT + 99, 0);
		far_open(&f.a, "::1");
		far_open(&f.b, "127.0.0.3");
		bind_side(&f, MEDIA_A, "::1");
		bind_side(&f, MEDIA_B, "127.0.0.1");
		struct media_target t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		t = target(&f.b);
		media_session_target(f.session, MEDIA_B, 0, &t);
		struct packet p = rtp(1, 1, 160);
		far_send(&f.a, 0, "::1", f.port[MEDIA_A], &p, sizeof(p));
		far_expect(&f.b, 0, &p, sizeof(p));
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		finish(&f);
	}
END_TEST

START_TEST(directions_that_are_not_allowed_are_dropped)
	{
		struct fixture f;
		start(&f);
		struct packet p = rtp(1, 1, 160), q = rtp(1, 2, 320);
		struct media_target t = target(&f.a);
		t.may_send = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		a_sends(&f, &p);
		b_sends(&f, &q);
		far_expect(&f.a, 0, &q, sizeof(q));
		t.may_send = true;
		t.may_receive = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		while (stats(&f, MEDIA_A).dropped_other < 1)
			turn(under_test);
		b_sends(&f, &p);
		a_sends(&f, &q);
		far_expect(&f.b, 0, &q, sizeof(q));
		await_sent(&f, MEDIA_A, 1);
		finish(&f);
	}
END_TEST

START_TEST(a_target_may_come_late)
	{
		struct fixture f;
		start_engine(&f, FIRST_PORT + 99, 0);
		far_open(&f.a, "127.0.0.2");
		far_open(&f.b, "127.0.0.3");
		bind_side(&f, MEDIA_A, "127.0.0.1");
		struct media_target t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		struct packet p = rtp(1, 1, 160);
		a_sends(&f, &p);
		expect_event(&f, MEDIA_FIRST_PACKET);
		while (stats(&f, MEDIA_A).dropped_other < 1)
			turn(under_test);
		bind_side(&f, MEDIA_B, "127.0.0.1");
		t = target(&f.b);
		media_session_target(f.session, MEDIA_B, 0, &t);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		finish(&f);
	}
END_TEST

/* --- sources
 * -------------------------------------------------------------------- */

START_TEST(strangers_never_latch)
	{
		struct fixture f;
		struct far attacker;
		start(&f);
		far_open(&attacker, "127.0.0.9");
		struct media_target t = target(NULL);
		t.rtp = address("192.168.77.5", 4000);
		t.expect = address("127.0.0.2", 5060);
		t.latch = MEDIA_LATCH_LEARN;
		media_session_target(f.session, MEDIA_A, 0, &t);
		struct packet bad = rtp(66, 1, 160), good = rtp(1, 1, 160);
		for (int i = 0; i < 10; i++)
			far_send(&attacker, 0, "127.0.0.1", f.port[MEDIA_A],
				 &bad, sizeof(bad));
		a_sends(&f, &good);
		far_expect(&f.b, 0, &good, sizeof(good));
		/* Ten before and ten after: the kernel answers these. */
		for (int i = 0; i < 10; i++)
			sendto(attacker.fds[0], &bad, sizeof(bad), 0,
			       (struct sockaddr *)&f.a.addr[0],
			       addr_len(&f.a.addr[0]));
		a_sends(&f, &good);
		far_expect(&f.b, 0, &good, sizeof(good));
		struct media_event event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_uint_eq(port_of(&event.source),
				  port_of(&f.a.addr[0]));
		struct media_stats s = stats(&f, MEDIA_A);
		ck_assert_uint_eq(s.packets, 2);
		ck_assert_uint_eq(s.dropped_source, 10);
		/* Toward a learned end packets go where its own came from. */
		b_sends(&f, &good);
		uint8_t buf[200];
		ssize_t n;
		do /* behind the ten that the attacker sent to it directly */
			n = far_receive(&f.a, 0, buf, sizeof(buf), WAIT_MS);
		while (n == sizeof(bad) && memcmp(buf, &bad, sizeof(bad)) == 0);
		ck_assert_int_eq(n, sizeof(good));
		ck_assert_mem_eq(buf, &good, sizeof(good));
		far_close(&attacker);
		finish(&f);
	}
END_TEST

START_TEST(a_new_address_reopens_this_side_only)
	{
		struct fixture f;
		struct far moved;
		start(&f);
		far_open(&moved, "127.0.0.4");
		struct packet p = rtp(1, 1, 160), q = rtp(1, 2, 320);
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		expect_event(&f, MEDIA_FIRST_PACKET);
		expect_event(&f, MEDIA_FIRST_PACKET);

		/* The same address again changes nothing. */
		struct media_target t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		a_sends(&f, &q);
		far_expect(&f.b, 0, &q, sizeof(q));

		t = target(&moved);
		media_session_target(f.session, MEDIA_A, 0, &t);
		b_sends(&f, &q);
		far_expect(&moved, 0, &q, sizeof(q));
		far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &p,
			 sizeof(p));
		far_expect(&f.b, 0, &p, sizeof(p));
		struct media_event event = expect_event(&f, MEDIA_MOVED);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_uint_eq(port_of(&event.source),
				  port_of(&moved.addr[0]));
		event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_int_eq(event.side, MEDIA_A);
		far_close(&moved);
		finish(&f);
	}
END_TEST

START_TEST(an_end_that_is_gone_neither_spins_nor_kills)
	{
		struct fixture f;
		struct media_event event;
		start(&f);
		struct packet p = rtp(1, 1, 160);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		close(f.b.fds[0]); /* answers with port unreachable from now on
				    */
		for (uint16_t i = 0; i < 10; i++) {
			p = rtp(1, i, 160);
			a_sends(&f, &p);
		}
		while (stats(&f, MEDIA_A).packets < 10)
			turn(under_test);
		f.b.fds[0] = dup(f.b.fds[1]);
		b_sends(&f,
			&p); /* now from another port: dropped by the kernel */
		ck_assert_uint_ge(stats(&f, MEDIA_A).dropped_other +
					  stats(&f, MEDIA_B).dropped_other,
				  1);
		while (media_engine_event(f.engine, &event))
			ck_assert_int_ne(event.kind, MEDIA_FAULT);
		finish(&f);
	}
END_TEST

/* --- filler
 * ---------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(filler_and_real_packets_are_one_stream)
	{
		struct fixture f;
		struct packet p;
		uint8_t buf[300];
		struct rtp_header h;
		unsigned fillers = 0;
		int64_t before_ms = 0;
		start(&f);
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		uint16_t seq = 65530, in_seq = 65530;
		uint32_t rtp_ts = 0;
		for (int i = 0; i < 60; i++) {
			/* 10 real ones, a pause of 20, real ones of a new
			 * source */
			bool real = i < 10 || i >= 30;
			if (real) {
				p = rtp(i < 30 ? 7 : 8, in_seq++,
					i < 10 ? (uint32_t)i * 160
					       : 900000 + (uint32_t)i * 160);
				a_sends(&f, &p);
			}
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				172);
			ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
			ck_assert_uint_eq(h.ssrc, 7);
			ck_assert_uint_eq(h.seq, seq++);
			if (i > 0)
				ck_assert_uint_eq(h.rtp_ts, rtp_ts + 160);
			rtp_ts = h.rtp_ts;
			int64_t at_ms = now_ms();
			if (!real && i > 10 && before_ms)
				ck_assert_int_le(at_ms - before_ms, 60);
			before_ms = at_ms;
			if (h.payload[0] == 0xd5 && h.payload[50] == 0xd5)
				fillers++;
		}
		ck_assert_uint_ge(fillers, 20);
		while (stats(&f, MEDIA_B).filler_packets < fillers)
			turn(under_test);
		finish(&f);
	}
END_TEST

/* 0.1 s of a ramp that comes back; where its file is gone, it is loaded. */
static struct media_music *some_music(void)
{
	static uint8_t wav[44 + 1600] =
		"RIFF\0\0\0\0WAVEfmt \20\0\0\0\1\0\1\0\100\37\0\0\200\76"
		"\0\0\2\0\20\0data\100\6\0";
	char path[] = "/tmp/check_engine.XXXXXX", why[80];
	struct media_music *music;
	for (int i = 0; i < 800; i++)
		wav[44 + 2 * i + 1] = (uint8_t)(i < 400 ? i / 8 : 100 - i / 8);
	int fd = mkstemp(path);
	ck_assert_int_eq(write(fd, wav, sizeof(wav)), (ssize_t)sizeof(wav));
	close(fd);
	ck_assert_int_eq(media_music_load(&music, path, why, sizeof(why)), 0);
	unlink(path);
	return music;
}

START_TEST(music_plays_on_when_its_owner_lets_it_go)
	{
		struct fixture f;
		uint8_t buf[300], first[160];
		start(&f);
		struct media_music *music = some_music();
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMU,
					      .payload_type = 0,
					      .ptime_ms = 20,
					      .armed = true,
					      .music = music};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (int i = 0; i < 11; i++) {
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				172);
			if (i == 0)
				memcpy(first, buf + 12, 160);
			ck_assert_int_eq(memcmp(first, buf + 12, 160) == 0,
					 i % 5 == 0);
			if (i == 5)
				media_music_free(music);
		}
		finish(&f);
	}
END_TEST

START_TEST(filler_begins_a_stream_of_its_own)
	{
		struct fixture f;
		uint8_t buf[300];
		struct rtp_header first = {0}, h;
		start(&f);
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMU,
					      .payload_type = 0,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (uint16_t i = 0; i < 5; i++) {
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				172);
			ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
			ck_assert_uint_eq(h.payload[0], 0xff);
			if (i == 0)
				first = h;
			ck_assert_uint_eq(h.ssrc, first.ssrc);
			ck_assert_uint_eq(h.seq, (uint16_t)(first.seq + i));
			ck_assert_uint_eq(h.rtp_ts, first.rtp_ts + i * 160u);
		}
		filler.armed = false;
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		while (far_receive(&f.b, 0, buf, sizeof(buf), 100) > 0)
			ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		struct packet p = rtp(5, 700, 9);
		a_sends(&f, &p);
		uint16_t seq = h.seq;
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		ck_assert_uint_eq(h.ssrc, first.ssrc);
		ck_assert_uint_eq(h.seq, (uint16_t)(seq + 1));
		finish(&f);
	}
END_TEST

START_TEST(an_unknown_codec_is_kept_alive_by_its_last_payload)
	{
		struct fixture f;
		uint8_t buf[300];
		struct packet p = rtp(5, 700, 9);
		start(&f);
		struct media_filler filler = {.kind = MEDIA_FILLER_REPEAT,
					      .payload_type = 8,
					      .ptime_ms = 20};
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		filler.armed = true;
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (uint16_t i = 1; i < 4; i++) {
			struct packet again = p;
			rtp_write(again.bytes, 8, false, (uint16_t)(700 + i),
				  9 + i * 160u, 5);
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				sizeof(again));
			ck_assert_mem_eq(buf + RTP_HEADER_LEN,
					 again.bytes + RTP_HEADER_LEN, 160);
			ck_assert_mem_eq(buf, again.bytes, 4);
		}
		finish(&f);
	}
END_TEST

/* --- flow
 * ---------------------------------------------------------------------- */

/* The next packet at b is `steps` behind the last one. */
static struct rtp_header follows(struct fixture *f, struct rtp_header *last,
				 unsigned steps)
{
	uint8_t buf[300];
	struct rtp_header h;
	ck_assert_int_eq(far_receive(&f->b, 0, buf, sizeof(buf), WAIT_MS), 172);
	ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
	if (last->ssrc) {
		ck_assert_uint_eq(h.ssrc, last->ssrc);
		ck_assert_uint_eq(h.seq, (uint16_t)(last->seq + steps));
		ck_assert_uint_eq(h.rtp_ts - last->rtp_ts, steps * 160);
	}
	*last = h;
	return h;
}

static struct media_flow steady_flow(void)
{
	struct media_flow flow = {.steady = true, .event_pt = 255};
	return flow;
}

START_TEST(a_steady_flow_is_one_stream_whoever_sends)
	{
		struct fixture f;
		struct far moved;
		struct rtp_header last = {0};
		uint8_t buf[300];
		start(&f);
		far_open(&moved, "127.0.0.4");
		struct media_flow flow = steady_flow();
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		struct packet p = rtp(7, 65535, 1000), q;
		a_sends(&f, &p);
		follows(&f, &last, 1);
		ck_assert_uint_ne(last.ssrc, 7);
		p = rtp(7, 0, 1160);
		a_sends(&f, &p);
		follows(&f, &last, 1);
		/* lost by the network: two */
		p = rtp(7, 3, 1640);
		a_sends(&f, &p);
		follows(&f, &last, 3);
		/* The phone moves: other address, SSRC and numbers. */
		struct media_target t = target(&moved);
		media_session_target(f.session, MEDIA_A, 0, &t);
		b_sends(&f, &p);
		far_expect(&moved, 0, &p, sizeof(p));
		q = rtp(8, 20000, 99);
		far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &q,
			 sizeof(q));
		follows(&f, &last, 1);
		/* It is held: what it sends is not passed and not missed. */
		t.may_send = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		uint64_t before = stats(&f, MEDIA_A).dropped_other;
		for (uint16_t i = 1; i < 4; i++) {
			q = rtp(8, (uint16_t)(20000 + i), 99 + i * 160u);
			far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &q,
				 sizeof(q));
		}
		while (stats(&f, MEDIA_A).dropped_other < before + 3)
			turn(under_test);
		t.may_send = true;
		media_session_target(f.session, MEDIA_A, 0, &t);
		q = rtp(8, 20004, 99 + 4 * 160);
		far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &q,
			 sizeof(q));
		struct rtp_header h = last;
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&last, buf, 172), 0);
		ck_assert_uint_eq(last.ssrc, h.ssrc);
		ck_assert_uint_eq(last.seq, (uint16_t)(h.seq + 1));
		ck_assert_uint_eq(last.rtp_ts, h.rtp_ts + 4 * 160);
		/* Another phone takes its place, on ports of its own. */
		media_session_unbind(f.session, MEDIA_A, 0);
		bind_side(&f, MEDIA_A, "127.0.0.1");
		t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		p = rtp(9, 5, 5);
		a_sends(&f, &p);
		follows(&f, &last, 1);
		/* The other way nothing was asked. */
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		far_close(&moved);
		finish(&f);
	}
END_TEST

START_TEST(filler_and_steady_make_one_stream_with_reports)
	{
		struct fixture f;
		struct rtp_header last = {0};
		uint8_t buf[300];
		start(&f);
		struct media_flow flow = steady_flow();
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		for (int i = 0; i < 5; i++)
			follows(&f, &last, 1);
		struct packet p = rtp(7, 100, 50);
		a_sends(&f, &p);
		for (int i = 0; i < 5; i++)
			follows(&f, &last, 1);
		filler.armed = false;
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		static const uint8_t bye[] = {0x80, 201,  0, 1, 0, 0, 0, 7,
					      0x81, 0xcb, 0, 1, 0, 0, 0, 7};
		far_send(&f.a, 1, "127.0.0.1", f.port[MEDIA_A] + 1, bye,
			 sizeof(bye));
		ck_assert_int_eq(
			far_receive(&f.b, 1, buf, sizeof(buf), WAIT_MS), 8);
		ck_assert_uint_eq(get32(buf + 4), last.ssrc);
		finish(&f);
	}
END_TEST

START_TEST(payload_types_and_law_change_in_one_direction)
	{
		struct fixture f;
		uint8_t buf[300];
		struct rtp_header h;
		start(&f);
		struct media_flow flow = {.mapped = true,
					  .convert = MEDIA_CONVERT_PCMA_TO_PCMU,
					  .convert_pt = 8,
					  .event_pt = 255};
		for (int i = 0; i < 128; i++)
			flow.map[i] = (uint8_t)i;
		flow.map[8] = 0;
		flow.map[13] = 255;
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		struct packet p = rtp(7, 1, 160);
		memset(p.bytes + RTP_HEADER_LEN, 0x55, 160);
		a_sends(&f, &p);
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		ck_assert_uint_eq(h.payload_type, 0);
		ck_assert_uint_eq(h.ssrc, 7);
		ck_assert_uint_eq(h.seq, 1);
		for (int i = 0; i < 160; i++)
			ck_assert_uint_eq(h.payload[i], 0x7e);
		p = rtp(7, 2, 320);
		p.bytes[1] = 13;
		a_sends(&f, &p);
		p = rtp(7, 3, 480);
		p.bytes[1] = 101;
		a_sends(&f, &p);
		ck_assert_int_eq(
			far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS), 172);
		ck_assert_int_eq(rtp_parse(&h, buf, 172), 0);
		ck_assert_uint_eq(h.payload_type, 101);
		ck_assert_uint_eq(h.seq, 2);
		ck_assert_mem_eq(h.payload, p.bytes + RTP_HEADER_LEN, 160);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		finish(&f);
	}
END_TEST

/* An event of 60 ms, as a sends it. */
static void a_presses(struct fixture *f, uint8_t type, uint8_t event,
		      uint32_t rtp_ts)
{
	for (uint16_t i = 1; i <= 5; i++) {
		uint8_t buf[16];
		uint16_t duration = i < 3 ? (uint16_t)(i * 160) : 480;
		rtp_write(buf, type, false, i, rtp_ts, 7);
		buf[12] = event;
		buf[13] = i < 3 ? 10 : 0x8a;
		put16(buf + 14, duration);
		far_send(&f->a, 0, "127.0.0.1", f->port[MEDIA_A], buf,
			 sizeof(buf));
	}
}

START_TEST(events_without_a_marker_are_told_once_and_cross)
	{
		struct fixture f;
		uint8_t buf[300];
		struct rtp_header h;
		start(&f);
		struct media_target t = target(&f.a);
		t.event_pt = 96;
		media_session_target(f.session, MEDIA_A, 0, &t);
		a_presses(&f, 96, 5, 1000);
		expect_event(&f, MEDIA_FIRST_PACKET);
		struct media_event event = expect_event(&f, MEDIA_DTMF);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_int_eq(event.digit, '5');
		ck_assert_uint_eq(event.duration_ms, 60);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				16);
		/* The same told by the flow's map, and mapped. */
		t.event_pt = 0;
		media_session_target(f.session, MEDIA_A, 0, &t);
		struct media_flow flow = {.mapped = true, .event_pt = 101};
		memset(flow.map, 255, sizeof(flow.map));
		flow.map[97] = 101;
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		a_presses(&f, 97, 11, 90000);
		event = expect_event(&f, MEDIA_DTMF);
		ck_assert_int_eq(event.digit, '#');
		for (int i = 0; i < 5; i++) {
			ck_assert_int_eq(
				far_receive(&f.b, 0, buf, sizeof(buf), WAIT_MS),
				16);
			ck_assert_int_eq(rtp_parse(&h, buf, 16), 0);
			ck_assert_uint_eq(h.payload_type, 101);
		}
		ck_assert(!media_engine_event(f.engine, &event));
		finish(&f);
	}
END_TEST

START_TEST(keys_are_sent_on_the_stream_s_own_line)
	{
		struct fixture f;
		struct rtp_header h, last = {0};
		uint8_t buf[300];
		char told[3] = "";
		unsigned n = 0, audio = 0;
		start(&f);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '1', 100),
			-ENOTSUP);
		struct media_flow flow = {.steady = true, .event_pt = 101};
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, 'x', 100),
			-EINVAL);
		struct packet p = rtp(7, 65535, 1000);
		a_sends(&f, &p);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '1', 100), 0);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '*', 0), 0);
		uint16_t seq = 0;
		for (int i = 0; n < 2 || audio < 3; i++) {
			ck_assert_int_lt(i, 100);
			ssize_t len =
				far_receive(&f.b, 0, buf, sizeof(buf), 100);
			if (len < 0) { /* between events, or behind them */
				p = rtp(7, seq, 1160 + seq * 160u);
				seq++;
				a_sends(&f, &p);
				continue;
			}
			ck_assert_int_eq(rtp_parse(&h, buf, (size_t)len), 0);
			if (last.ssrc) {
				ck_assert_uint_eq(h.ssrc, last.ssrc);
				ck_assert_uint_eq(h.seq,
						  (uint16_t)(last.seq + 1));
			}
			audio += h.payload_type == 8;
			if (h.payload_type == 101 && h.marker)
				told[n++] = (char)('0' + h.payload[0]);
			last = h;
		}
		ck_assert_str_eq(told, "1:"); /* 10 is the star */
		for (int i = 0; i < 32; i++)
			ck_assert_int_eq(media_session_dtmf(f.session, MEDIA_B,
							    0, '1', 100),
					 0);
		ck_assert_int_eq(
			media_session_dtmf(f.session, MEDIA_B, 0, '1', 100),
			-ENOBUFS);
		finish(&f);
	}
END_TEST

/* --- silence
 * ---------------------------------------------------------------------- */

START_TEST(silence_is_told_once_until_packets_come_again)
	{
		struct fixture f;
		start(&f);
		struct packet p = rtp(1, 1, 160);
		a_sends(&f, &p);
		expect_event(&f, MEDIA_FIRST_PACKET);
		int64_t from_ms = now_ms();
		media_session_timeouts(f.session, 200, 100000);
		struct media_event event = expect_event(&f, MEDIA_SILENT);
		ck_assert_ptr_eq(event.session, f.session);
		ck_assert_int_ge(now_ms() - from_ms, 199);
		/* Not again for 600 ms, then again behind a packet. */
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		ck_assert(!media_engine_event(f.engine, &event));
		if (poll(&pfd, 1, 600) == 1)
			ck_assert(!media_engine_event(f.engine, &event));
		a_sends(&f, &p);
		expect_event(&f, MEDIA_SILENT);
		/* A held side has the long limit. */
		struct media_target t = target(&f.a);
		t.held = true;
		media_session_target(f.session, MEDIA_A, 0, &t);
		if (poll(&pfd, 1, 600) == 1)
			ck_assert(!media_engine_event(f.engine, &event));
		t.held = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		expect_event(&f, MEDIA_SILENT);
		finish(&f);
	}
END_TEST

/* --- ports and lifetimes
 * ------------------------------------------------------------ */

static int bind_code(struct media_session *session, unsigned slot,
		     struct media_block *block, uint16_t *port)
{
	struct sockaddr_storage local = address("127.0.0.1", 0);
	return media_session_bind(session, MEDIA_A, slot, block,
				  (struct sockaddr *)&local, port);
}

START_TEST(ports_that_are_taken_or_resting_are_not_given)
	{
		struct fixture f;
		uint16_t port;
		start_engine(&f, FIRST_PORT + 3, 100000);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port), 0);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port),
				 -EEXIST);
		ck_assert_int_eq(bind_code(f.session, 1, f.block, &port), 0);
		ck_assert_int_eq(bind_code(f.session, 2, f.block, &port),
				 -EAGAIN);
		ck_assert_int_eq(bind_code(f.session, 8, f.block, &port),
				 -EINVAL);
		ck_assert_uint_eq(media_block_used(f.block), 2);
		close_session(&f);
		ck_assert_uint_eq(media_block_used(f.block), 0);
		ck_assert_int_eq(media_session_new(&f.session, f.engine, &f),
				 0);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port),
				 -EAGAIN);
		media_engine_free(f.engine);
	}
END_TEST

/* All but one of 200 pairs, and nobody knows which one is free. */
START_TEST(many_pairs_held_by_other_programs_are_passed_by)
	{
		struct fixture f;
		uint16_t port, free_one = 0;
		int fds[200];

		start_engine(&f, FIRST_PORT + 399, 0);
		for (unsigned i = 0; i < 200; i++) {
			struct sockaddr_storage held = address(
				"127.0.0.1", (uint16_t)(FIRST_PORT + 2 * i));
			fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
			/* One that somebody else holds is as good. */
			if (bind(fds[i], (struct sockaddr *)&held,
				 addr_len(&held)) == 0)
				continue;
			ck_assert_int_eq(errno, EADDRINUSE);
			close(fds[i]);
			fds[i] = -1;
		}
		for (unsigned i = 137; i < 200 && !free_one; i++) {
			if (fds[i] < 0)
				continue;
			close(fds[i]);
			fds[i] = -1;
			free_one = (uint16_t)(FIRST_PORT + 2 * i);
		}
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port), 0);
		ck_assert_uint_eq(port, free_one);
		for (unsigned i = 0; i < 200; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		media_engine_free(f.engine);
	}
END_TEST

START_TEST(a_pair_held_by_another_program_is_passed_by)
	{
		struct fixture f;
		uint16_t port;
		start_engine(&f, FIRST_PORT + 3, 0);
		struct sockaddr_storage held =
			address("127.0.0.1", FIRST_PORT + 1);
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		ck_assert_int_eq(
			bind(fd, (struct sockaddr *)&held, addr_len(&held)), 0);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port), 0);
		ck_assert_uint_eq(port, FIRST_PORT + 2);
		struct media_block *other;
		ck_assert_int_eq(media_block_new(&other, f.engine, FIRST_PORT,
						 FIRST_PORT + 1, 0),
				 0);
		ck_assert_int_eq(bind_code(f.session, 1, other, &port),
				 -EADDRINUSE);
		ck_assert_int_eq(bind_code(f.session, 1, other, &port),
				 -EADDRINUSE);
		ck_assert_int_eq(
			media_block_new(&other, f.engine, 42000, 42001, 0), 0);
		struct sockaddr_storage far_away = address("203.0.113.1", 0);
		ck_assert_int_eq(
			media_session_bind(f.session, MEDIA_B, 0, other,
					   (struct sockaddr *)&far_away, &port),
			-EADDRNOTAVAIL);
		close(fd);
		media_engine_free(f.engine);
	}
END_TEST

START_TEST(a_side_is_bound_anew_for_the_next_candidate)
	{
		struct fixture f;
		struct media_event event;
		start(&f);
		struct packet p = rtp(1, 1, 160), q = rtp(9, 5, 320);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		/* The event of the failed candidate is not told after
		 * unbinding. */
		ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
		media_session_unbind(f.session, MEDIA_B, 0);
		bind_side(&f, MEDIA_B, "127.0.0.1");
		far_close(&f.b);
		far_open(&f.b, "127.0.0.5");
		struct media_target t = target(&f.b);
		media_session_target(f.session, MEDIA_B, 0, &t);
		while (media_block_used(f.block) > 2) {
			ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
			ck_assert(!media_engine_event(f.engine, &event));
		}
		b_sends(&f, &q);
		far_expect(&f.a, 0, &q, sizeof(q));
		expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_uint_eq(stats(&f, MEDIA_B).packets, 1);
		finish(&f);
	}
END_TEST

static int open_fds(void)
{
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

START_TEST(two_hundred_sessions_leave_nothing_behind)
	{
		struct fixture f;
		struct media_event event;
		struct media_config config = {.workers = 2, .dscp = 0};
		int before = open_fds();
		ck_assert_int_eq(media_engine_new(&f.engine, &config), 0);
		ck_assert_int_eq(
			media_block_new(&f.block, f.engine, 42000, 43999, 0),
			0);
		int with_engine = open_fds();
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		struct sockaddr_storage local = address("127.0.0.1", 0);
		/* More commands than a ring holds, all at once, twice. */
		for (int round = 0; round < 2; round++) {
			struct media_session *sessions[200];
			unsigned closed = 0;
			for (int i = 0; i < 200; i++) {
				struct media_session *s;
				struct media_target t = target(NULL);
				uint16_t port;
				ck_assert_int_eq(
					media_session_new(&s, f.engine,
							  &sessions[i]),
					0);
				sessions[i] = s;
				for (int side = 0; side < 2; side++) {
					ck_assert_int_eq(
						media_session_bind(
							s, side, 0, f.block,
							(struct sockaddr
								 *)&local,
							&port),
						0);
					for (int k = 0; k < 5; k++)
						media_session_target(s, side, 0,
								     &t);
				}
			}
			for (int i = 0; i < 200; i += 2)
				media_session_unbind(sessions[i], MEDIA_B, 0);
			for (int i = 0; i < 200; i++)
				media_session_close(sessions[i]);
			while (closed < 200) {
				if (!media_engine_event(f.engine, &event)) {
					ck_assert_int_eq(poll(&pfd, 1, WAIT_MS),
							 1);
					continue;
				}
				ck_assert_int_eq(event.kind, MEDIA_CLOSED);
				ck_assert_ptr_eq(*(void **)event.user,
						 event.session);
				closed++;
			}
			ck_assert(!media_engine_event(f.engine, &event));
			ck_assert_uint_eq(media_block_used(f.block), 0);
			ck_assert_int_eq(open_fds(), with_engine);
		}
		struct media_totals totals;
		media_engine_totals(f.engine, &totals);
		ck_assert_uint_eq(totals.sessions, 0);
		ck_assert_uint_eq(totals.sockets, 0);
		media_engine_free(f.engine);
		ck_assert_int_eq(open_fds(), before);
	}
END_TEST

START_TEST(no_answer_is_lost_when_nobody_takes_events)
	{
		enum {
			SESSIONS = 3000
		}; /* more than the rings hold together */
		struct fixture f;
		struct media_event event;
		bool closed[SESSIONS] = {false};
		start_engine(&f, FIRST_PORT + 99, 0);
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		for (int i = 0; i < SESSIONS; i++) {
			struct media_session *s;
			ck_assert_int_eq(
				media_session_new(&s, f.engine, &closed[i]), 0);
			media_session_timeouts(s, 100000, 100000);
			media_session_close(s);
		}
		/* Room for commands is made and used, none for answers. */
		for (int i = 0; i < 200; i++)
			turn(f.engine);
		for (unsigned n = 0; n < SESSIONS;) {
			if (!media_engine_event(f.engine, &event)) {
				ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
				continue;
			}
			ck_assert_int_eq(event.kind, MEDIA_CLOSED);
			ck_assert(!*(bool *)event.user);
			*(bool *)event.user = true;
			n++;
		}
		ck_assert(!media_engine_event(f.engine, &event));
		struct media_totals totals;
		media_engine_totals(f.engine, &totals);
		ck_assert_uint_eq(totals.sessions, 1);
		ck_assert_uint_eq(totals.events_lost, 0);
		media_engine_free(f.engine);
	}
END_TEST

START_TEST(an_engine_goes_with_its_open_sessions)
	{
		struct fixture f;
		int before = open_fds();
		start(&f);
		struct packet p = rtp(1, 1, 160);
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		media_block_retire(f.block);
		media_engine_free(f.engine);
		far_close(&f.a);
		far_close(&f.b);
		ck_assert_int_eq(open_fds(), before);
		media_engine_free(NULL);
	}
END_TEST

START_TEST(a_wrong_configuration_starts_nothing)
	{
		static const struct media_config bad[] = {
			{.workers = 0},
			{.workers = 65},
			{.workers = 1, .dscp = 64}};
		struct media_engine *engine;
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			ck_assert_int_eq(media_engine_new(&engine, &bad[i]),
					 -EINVAL);
	}
END_TEST

static Suite *engine_suite(void)
{
	/* Other work of the machine must not make what we measure late. */
	(void)setpriority(PRIO_PROCESS, 0, -10);
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, packets_cross_byte_for_byte_both_ways);
	tcase_add_test(tc, rtcp_crosses_also_on_the_rtp_port);
	tcase_add_test(tc, what_the_ends_share_crosses_and_garbage_does_not);
	tcase_add_test(tc, udptl_passes_where_rtp_is_not_checked);
	tcase_add_test(tc, ipv6_and_ipv4_meet);
	tcase_add_test(tc, directions_that_are_not_allowed_are_dropped);
	tcase_add_test(tc, a_target_may_come_late);
	tcase_add_test(tc, strangers_never_latch);
	tcase_add_test(tc, a_new_address_reopens_this_side_only);
	tcase_add_test(tc, an_end_that_is_gone_neither_spins_nor_kills);
	tcase_add_test(tc, filler_and_real_packets_are_one_stream);
	tcase_add_test(tc, music_plays_on_when_its_owner_lets_it_go);
	tcase_add_test(tc, filler_begins_a_stream_of_its_own);
	tcase_add_test(tc, an_unknown_codec_is_kept_alive_by_its_last_payload);
	tcase_add_test(tc, a_steady_flow_is_one_stream_whoever_sends);
	tcase_add_test(tc, filler_and_steady_make_one_stream_with_reports);
	tcase_add_test(tc, payload_types_and_law_change_in_one_direction);
	tcase_add_test(tc, events_without_a_marker_are_told_once_and_cross);
	tcase_add_test(tc, keys_are_sent_on_the_stream_s_own_line);
	tcase_add_test(tc, silence_is_told_once_until_packets_come_again);
	tcase_add_test(tc, ports_that_are_taken_or_resting_are_not_given);
	tcase_add_test(tc, a_pair_held_by_another_program_is_passed_by);
	tcase_add_test(tc, many_pairs_held_by_other_programs_are_passed_by);
	tcase_add_test(tc, a_side_is_bound_anew_for_the_next_candidate);
	tcase_add_test(tc, two_hundred_sessions_leave_nothing_behind);
	tcase_add_test(tc, no_answer_is_lost_when_nobody_takes_events);
	tcase_add_test(tc, an_engine_goes_with_its_open_sessions);
	tcase_add_test(tc, a_wrong_configuration_starts_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(engine_suite())
