/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SRTP that the media engine ends, over real sockets on loopback. */
#include "check_main.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/bytes.h"
#include "media/crypt.h"
#include "media/media.h"
#include "media/rtp.h"

#define FIRST_PORT 29200 /* the kernel gives higher ones to anybody */
#define WAIT_MS	   5000
#define PACKET	   172
#define BIG	   65507

struct packet {
	_Alignas(8) uint8_t bytes[BIG + CRYPT_ROOM];
	size_t len;
};

/* A far end, which secures what it sends and reads. */
struct far {
	int fds[2];
	struct sockaddr_storage addr[2];
	struct crypt *send, *receive; /* NULL: plain */
};

struct fixture {
	struct media_engine *engine;
	struct media_block *block;
	struct media_session *session;
	struct far far[2];
	uint16_t port[2];
	struct media_crypto crypto[2];
};

static struct sockaddr_storage address(const char *host, unsigned port)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	memset(&ss, 0, sizeof(ss));
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	ck_assert_int_eq(inet_pton(AF_INET, host, &in->sin_addr), 1);
	return ss;
}

static void far_open(struct far *far, const char *host)
{
	for (int c = 0; c < 2; c++) {
		struct sockaddr_storage ss = address(host, 0);
		socklen_t len = sizeof(ss);
		far->fds[c] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(bind(far->fds[c], (struct sockaddr *)&ss,
				      sizeof(struct sockaddr_in)),
				 0);
		getsockname(far->fds[c], (struct sockaddr *)&far->addr[c],
			    &len);
	}
}

static void far_free(struct far *far)
{
	close(far->fds[0]);
	close(far->fds[1]);
	crypt_free(far->send);
	crypt_free(far->receive);
}

static void bind_side(struct fixture *f, enum media_side side)
{
	struct sockaddr_storage local = address("127.0.0.1", 0);
	ck_assert_int_eq(media_session_bind(f->session, side, 0, f->block,
					    (struct sockaddr *)&local,
					    &f->port[side]),
			 0);
}

static void aim(struct fixture *f, enum media_side side)
{
	struct media_target target = {
		.rtp = f->far[side].addr[0],
		.rtcp = f->far[side].addr[1],
		.may_send = true,
		.may_receive = true,
		.rtp_checked = true,
	};
	media_session_target(f->session, side, 0, &target);
}

static void start(struct fixture *f)
{
	struct media_config config = {.workers = 1, .dscp = 46};
	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(media_engine_new(&f->engine, &config), 0);
	ck_assert_int_eq(media_block_new(&f->block, f->engine, FIRST_PORT,
					 FIRST_PORT + 99, 0),
			 0);
	ck_assert_int_eq(media_session_new(&f->session, f->engine, f), 0);
	far_open(&f->far[MEDIA_A], "127.0.0.2");
	far_open(&f->far[MEDIA_B], "127.0.0.3");
	for (int side = MEDIA_A; side <= MEDIA_B; side++) {
		bind_side(f, side);
		aim(f, side);
	}
}

static void finish(struct fixture *f)
{
	media_engine_free(f->engine);
	far_free(&f->far[MEDIA_A]);
	far_free(&f->far[MEDIA_B]);
}

static struct media_key key_of(enum media_crypto_suite suite, uint8_t seed)
{
	struct media_key key = {.suite = suite};
	for (unsigned i = 0; i < MEDIA_KEY_MAX; i++)
		key.key[i] = (uint8_t)(seed + i * 5);
	return key;
}

static void far_key(struct crypt **crypt, const struct media_key *key,
		    enum crypt_direction direction)
{
	crypt_free(*crypt);
	*crypt = NULL;
	if (key->suite != MEDIA_CRYPTO_NONE)
		ck_assert_int_eq(crypt_new(crypt, key, direction), 0);
}

/* Our side is told; the far end has the keys of f->crypto from now on. */
static void give(struct fixture *f, enum media_side side)
{
	ck_assert_int_eq(
		media_session_crypto(f->session, side, 0, &f->crypto[side]), 0);
}

static void secure(struct fixture *f, enum media_side side,
		   enum media_crypto_suite suite, uint8_t seed)
{
	struct media_crypto *crypto = &f->crypto[side];
	crypto->receive = key_of(suite, seed);
	crypto->send = key_of(suite, (uint8_t)(seed + 100));
	give(f, side);
	far_key(&f->far[side].send, &crypto->receive, CRYPT_SEND);
	far_key(&f->far[side].receive, &crypto->send, CRYPT_RECEIVE);
}

/* --- packets
 * ------------------------------------------------------------------------ */

static struct packet rtp(uint32_t ssrc, uint16_t seq)
{
	static struct packet p; /* a big one */
	p.len = PACKET;
	rtp_write(p.bytes, 8, false, seq, seq * 160u, ssrc);
	for (size_t i = RTP_HEADER_LEN; i < PACKET; i++)
		p.bytes[i] = (uint8_t)(i * 3 + seq);
	return p;
}

static struct packet report(uint32_t ssrc)
{
	static struct packet p;
	p.len = 8;
	memcpy(p.bytes, "\x80\xc9\0\1", 4);
	put32(p.bytes + 4, ssrc);
	return p;
}

static void send_raw(struct fixture *f, const struct far *far,
		     enum media_side side, int channel, const struct packet *p)
{
	struct sockaddr_storage to =
		address("127.0.0.1", f->port[side] + (unsigned)channel);
	media_engine_flush(f->engine);
	ck_assert_int_eq(sendto(far->fds[channel], p->bytes, p->len, 0,
				(struct sockaddr *)&to,
				sizeof(struct sockaddr_in)),
			 (ssize_t)p->len);
}

static struct packet sealed(const struct far *far, int channel, struct packet p)
{
	if (far->send)
		ck_assert_int_eq(
			crypt_protect(far->send, channel == 1, p.bytes, &p.len),
			0);
	return p;
}

static void says(struct fixture *f, enum media_side side, int channel,
		 const struct packet *plain)
{
	struct packet p = sealed(&f->far[side], channel, *plain);
	send_raw(f, &f->far[side], side, channel, &p);
}

static bool next(struct fixture *f, enum media_side side, int channel,
		 struct packet *out, int ms)
{
	struct pollfd pfd = {.fd = f->far[side].fds[channel], .events = POLLIN};
	media_engine_flush(f->engine);
	if (poll(&pfd, 1, ms) != 1)
		return false;
	ssize_t n = recv(pfd.fd, out->bytes, sizeof(out->bytes), 0);
	ck_assert_int_ge(n, 0);
	out->len = (size_t)n;
	return true;
}

/* The next one that comes to the far end, as it reads it. */
static void reads(struct fixture *f, enum media_side side, int channel,
		  struct packet *out)
{
	struct crypt *crypt = f->far[side].receive;
	ck_assert(next(f, side, channel, out, WAIT_MS));
	if (crypt)
		ck_assert_int_eq(crypt_unprotect(crypt, channel == 1,
						 out->bytes, &out->len, 0),
				 0);
}

static void hears(struct fixture *f, enum media_side side, int channel,
		  const struct packet *plain)
{
	struct packet p;
	reads(f, side, channel, &p);
	ck_assert_uint_eq(p.len, plain->len);
	ck_assert_mem_eq(p.bytes, plain->bytes, p.len);
}

static void crosses(struct fixture *f, enum media_side from, uint16_t seq)
{
	struct packet p = rtp(from + 1, seq);
	says(f, from, 0, &p);
	hears(f, !from, 0, &p);
}

static struct media_stats stats(const struct fixture *f, enum media_side side)
{
	struct media_stats s;
	media_session_stats(f->session, side, 0, &s);
	return s;
}

static void await_dropped(struct fixture *f, enum media_side side,
			  uint64_t packets)
{
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (stats(f, side).dropped_crypto >= packets)
			break;
		media_engine_flush(f->engine);
		poll(NULL, 0, 1);
	}
	ck_assert_uint_eq(stats(f, side).dropped_crypto, packets);
}

static struct media_event event_of(struct fixture *f,
				   enum media_event_kind kind)
{
	struct media_event event;
	struct pollfd pfd = {.fd = media_engine_fd(f->engine),
			     .events = POLLIN};
	do
		while (!media_engine_event(f->engine, &event))
			ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	while (event.kind != kind);
	return event;
}

/* How many of a kind are there, now that all packets were seen? */
static unsigned events_of(struct fixture *f, enum media_event_kind kind)
{
	struct media_event event;
	unsigned n = 0;
	while (media_engine_event(f->engine, &event))
		n += event.kind == kind;
	return n;
}

/* --- crossing
 * ----------------------------------------------------------------------- */

static void cross_all(struct fixture *f)
{
	for (uint16_t seq = 65530; seq != 10; seq++)
		for (int side = MEDIA_A; side <= MEDIA_B; side++)
			crosses(f, side, seq);
	for (int side = MEDIA_A; side <= MEDIA_B; side++) {
		struct packet p = report(side + 1);
		says(f, side, 1, &p);
		hears(f, !side, 1, &p);
		ck_assert_uint_eq(stats(f, side).packets, 16);
		ck_assert_uint_eq(stats(f, side).rtcp_packets, 1);
		ck_assert_uint_eq(stats(f, side).dropped_crypto, 0);
		ck_assert_uint_eq(stats(f, side).lost, 0);
	}
}

START_TEST(srtp_and_rtp_meet_in_every_suite)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, _i, 1);
		cross_all(&f);
		finish(&f);
	}
END_TEST

START_TEST(srtp_and_srtp_of_another_suite_meet)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, _i, 1);
		secure(&f, MEDIA_B, MEDIA_CRYPTO_SUITES - _i, 50);
		f.crypto[MEDIA_B].send.mki_len = 4;
		memset(f.crypto[MEDIA_B].send.mki, 9, 4);
		give(&f, MEDIA_B);
		far_key(&f.far[MEDIA_B].receive, &f.crypto[MEDIA_B].send,
			CRYPT_RECEIVE);
		cross_all(&f);
		finish(&f);
	}
END_TEST

START_TEST(a_secured_side_becomes_plain_and_secured_again)
	{
		struct fixture f;
		start(&f);
		crosses(&f, MEDIA_A, 1);
		secure(&f, MEDIA_A, 1, 1);
		crosses(&f, MEDIA_A, 2);
		crosses(&f, MEDIA_B, 2);
		f.crypto[MEDIA_A] = (struct media_crypto){0};
		give(&f, MEDIA_A);
		far_key(&f.far[MEDIA_A].send, &f.crypto[MEDIA_A].send,
			CRYPT_SEND);
		far_key(&f.far[MEDIA_A].receive, &f.crypto[MEDIA_A].receive,
			CRYPT_RECEIVE);
		crosses(&f, MEDIA_A, 3);
		crosses(&f, MEDIA_B, 3);
		secure(&f, MEDIA_A, 5, 77);
		crosses(&f, MEDIA_A, 4);
		crosses(&f, MEDIA_B, 4);
		finish(&f);
	}
END_TEST

/* On the wire a byte of the payload can be read only where it is plain. */
START_TEST(nothing_plain_is_sent_to_a_secured_side)
	{
		static const uint8_t stun[20] = {0,    1,    0,	   0,
						 0x21, 0x12, 0xa4, 0x42};
		struct fixture f;
		struct packet p = {.len = sizeof(stun)}, got;
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		memcpy(p.bytes, stun, sizeof(stun));
		send_raw(&f, &f.far[MEDIA_B], MEDIA_B, 0, &p);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &p);
		crosses(&f, MEDIA_A, 1); /* the next thing that b hears */
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_other, 1);
		ck_assert_uint_eq(events_of(&f, MEDIA_UNAUTHENTIC), 0);
		p = rtp(1, 1);
		says(&f, MEDIA_B, 0, &p);
		ck_assert(next(&f, MEDIA_A, 0, &got, WAIT_MS));
		ck_assert_uint_eq(got.len, PACKET + 10);
		ck_assert_mem_ne(got.bytes + 12, p.bytes + 12, PACKET - 12);
		ck_assert_uint_eq(stats(&f, MEDIA_B).dropped_other, 1);
		finish(&f);
	}
END_TEST

START_TEST(a_packet_too_long_with_its_tag_is_dropped_alone)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_B, 1, 1);
		struct packet p = rtp(1, 1);
		p.len = BIG;
		says(&f, MEDIA_A, 0, &p);
		crosses(&f, MEDIA_A, 2);
		ck_assert_uint_eq(events_of(&f, MEDIA_FAULT), 0);
		p = rtp(1, 3);
		p.len = BIG - 10; /* just fits */
		says(&f, MEDIA_A, 0, &p);
		hears(&f, MEDIA_B, 0, &p);
		finish(&f);
	}
END_TEST

/* --- what is not authentic
 * ------------------------------------------------------------ */

START_TEST(what_is_forged_is_dropped_counted_and_told_once)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, _i, 1);
		struct packet good = rtp(1, 7), first = report(1);
		/* RTCP in the clear, before the stream: no reason to alarm. */
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 1, &first);
		await_dropped(&f, MEDIA_A, 1);
		ck_assert_uint_eq(events_of(&f, MEDIA_UNAUTHENTIC), 0);
		for (uint16_t i = 0; i < 5; i++) {
			struct packet p = rtp(1, i);
			send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &p);
			p = report(1);
			send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 1, &p);
		}
		await_dropped(&f, MEDIA_A, 11);
		struct media_event event = event_of(&f, MEDIA_UNAUTHENTIC);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_uint_eq(event.slot, 0);
		ck_assert_mem_eq(&event.source, &f.far[MEDIA_A].addr[0],
				 sizeof(struct sockaddr_in));
		struct media_stats s = stats(&f, MEDIA_A);
		ck_assert_uint_eq(s.packets, 0);
		ck_assert_uint_eq(s.rtcp_packets, 0);
		ck_assert_int_eq(s.source.ss_family, AF_UNSPEC);
		struct media_totals totals;
		media_engine_totals(f.engine, &totals);
		ck_assert_uint_eq(totals.dropped, 11);
		ck_assert_uint_eq(totals.packets, 0);
		says(&f, MEDIA_A, 0, &good);
		hears(&f, MEDIA_B, 0, &good);
		ck_assert_uint_eq(events_of(&f, MEDIA_UNAUTHENTIC), 0);
		/* A new key has a voice of its own. */
		secure(&f, MEDIA_A, _i, 9);
		good = rtp(1, 8);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &good);
		await_dropped(&f, MEDIA_A, 12);
		event_of(&f, MEDIA_UNAUTHENTIC);
		finish(&f);
	}
END_TEST

START_TEST(forged_packets_never_move_the_latch)
	{
		struct fixture f;
		struct far attacker;
		memset(&attacker, 0, sizeof(attacker));
		start(&f);
		far_open(&attacker, "127.0.0.2"); /* of the same host */
		struct media_target target = {
			.rtp = address("192.168.7.7", 4000),
			.expect = address("127.0.0.2", 5060),
			.latch = MEDIA_LATCH_LEARN,
			.may_send = true,
			.may_receive = true,
			.rtp_checked = true,
		};
		media_session_target(f.session, MEDIA_A, 0, &target);
		secure(&f, MEDIA_A, 1, 1);
		for (uint16_t i = 0; i < 5; i++) {
			struct packet p = rtp(66, i);
			send_raw(&f, &attacker, MEDIA_A, 0, &p);
		}
		await_dropped(&f, MEDIA_A, 5);
		crosses(&f, MEDIA_A, 1);
		struct media_event event = event_of(&f, MEDIA_FIRST_PACKET);
		ck_assert_mem_eq(&event.source, &f.far[MEDIA_A].addr[0],
				 sizeof(struct sockaddr_in));
		ck_assert_uint_eq(stats(&f, MEDIA_A).packets, 1);
		crosses(&f, MEDIA_B, 1);
		far_free(&attacker);
		finish(&f);
	}
END_TEST

START_TEST(a_replayed_packet_is_dropped_and_not_told)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		struct packet plain = rtp(1, 1);
		struct packet p = sealed(&f.far[MEDIA_A], 0, plain);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &p);
		hears(&f, MEDIA_B, 0, &plain);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &p);
		await_dropped(&f, MEDIA_A, 1);
		crosses(&f, MEDIA_A, 2);
		ck_assert_uint_eq(events_of(&f, MEDIA_UNAUTHENTIC), 0);
		finish(&f);
	}
END_TEST

/* --- keys
 * -------------------------------------------------------------------------- */

START_TEST(an_equal_key_keeps_counter_and_window)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, _i, 1);
		struct packet old_plain = rtp(1, 65534), got;
		struct packet old = sealed(&f.far[MEDIA_A], 0, old_plain);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &old);
		hears(&f, MEDIA_B, 0, &old_plain);
		for (uint16_t seq = 65535; seq != 3; seq++)
			for (int side = MEDIA_A; side <= MEDIA_B; side++)
				crosses(&f, side, seq);
		f.crypto[MEDIA_A].send.lifetime = 77; /* no part of the key */
		give(&f, MEDIA_A);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &old);
		await_dropped(&f, MEDIA_A, 1);
		for (int side = MEDIA_A; side <= MEDIA_B; side++)
			crosses(&f, side, 3);
		/* Other ports, the same keys: as before. */
		media_session_unbind(f.session, MEDIA_A, 0);
		bind_side(&f, MEDIA_A);
		aim(&f, MEDIA_A);
		give(&f, MEDIA_A);
		for (int side = MEDIA_A; side <= MEDIA_B; side++)
			crosses(&f, side, 4);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &old);
		await_dropped(&f, MEDIA_A, 1);
		/* And without them it is plain, also if the worker was never
		 * told of those ports. */
		media_session_unbind(f.session, MEDIA_A, 0);
		bind_side(&f, MEDIA_A);
		give(&f, MEDIA_A);
		media_session_unbind(f.session, MEDIA_A, 0);
		bind_side(&f, MEDIA_A);
		aim(&f, MEDIA_A);
		struct packet p = rtp(2, 5);
		says(&f, MEDIA_B, 0, &p);
		ck_assert(next(&f, MEDIA_A, 0, &got, WAIT_MS));
		ck_assert_uint_eq(got.len, PACKET);
		finish(&f);
	}
END_TEST

START_TEST(a_rekey_loses_no_packet_and_the_old_key_ends)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, _i, 1);
		struct far *a = &f.far[MEDIA_A];
		crosses(&f, MEDIA_A, 1);
		struct crypt *before = a->send;
		a->send = NULL;
		secure(&f, MEDIA_A, MEDIA_CRYPTO_SUITES - _i, 33);
		struct crypt *now = a->send;
		/* Under way with the old key, also behind the first new one. */
		static const bool is_new[] = {0, 0, 1, 0, 1, 1};
		for (uint16_t i = 0; i < 6; i++) {
			a->send = is_new[i] ? now : before;
			crosses(&f, MEDIA_A, (uint16_t)(i + 2));
			crosses(&f, MEDIA_B, (uint16_t)(i + 2));
		}
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_crypto, 0);
		ck_assert_uint_eq(events_of(&f, MEDIA_UNAUTHENTIC), 0);
		poll(NULL, 0, 2100);
		a->send = before;
		struct packet p = rtp(1, 20);
		says(&f, MEDIA_A, 0, &p);
		await_dropped(&f, MEDIA_A, 1);
		a->send = now;
		crosses(&f, MEDIA_A, 21);
		crypt_free(before);
		finish(&f);
	}
END_TEST

START_TEST(many_keys_are_all_given_back)
	{
		struct fixture f;
		start(&f);
		for (int i = 0; i < 2000; i++) {
			secure(&f, i & 1, 1 + i % (MEDIA_CRYPTO_SUITES - 1),
			       (uint8_t)i);
			if (i % 7 == 0)
				give(&f, i & 1);
			if (i % 100 == 99) {
				crosses(&f, MEDIA_A, (uint16_t)i);
				crosses(&f, MEDIA_B, (uint16_t)i);
			}
			if (i % 50 == 0) {
				media_session_unbind(f.session, i & 1, 0);
				bind_side(&f, i & 1);
				aim(&f, i & 1);
				give(&f, i & 1);
			}
			events_of(&f, MEDIA_FAULT);
		}
		media_session_close(f.session);
		ck_assert_int_eq(media_session_crypto(f.session, MEDIA_A, 0,
						      &f.crypto[MEDIA_A]),
				 -EINVAL);
		event_of(&f, MEDIA_CLOSED);
		finish(&f);
	}
END_TEST

START_TEST(a_worn_key_is_told_once)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		f.crypto[MEDIA_A].send = key_of(1, 200);
		f.crypto[MEDIA_A].send.lifetime = 16;
		give(&f, MEDIA_A);
		far_key(&f.far[MEDIA_A].receive, &f.crypto[MEDIA_A].send,
			CRYPT_RECEIVE);
		for (uint16_t i = 0; i < 13; i++)
			crosses(&f, MEDIA_B, i);
		ck_assert_uint_eq(events_of(&f, MEDIA_KEY_WORN), 0);
		crosses(&f, MEDIA_B, 13);
		struct media_event event = event_of(&f, MEDIA_KEY_WORN);
		ck_assert_int_eq(event.side, MEDIA_A);
		for (uint16_t i = 14; i < 30; i++)
			crosses(&f, MEDIA_B, i);
		ck_assert_uint_eq(events_of(&f, MEDIA_KEY_WORN), 0);
		finish(&f);
	}
END_TEST

/* The far end changes over to its second key by itself, and the line that is
 * said again keeps both. */
START_TEST(a_further_key_is_taken_when_its_mki_comes)
	{
		struct fixture f;
		struct media_crypto *crypto = &f.crypto[MEDIA_A];
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		crypto->receive.mki_len = 1;
		crypto->further[0] = key_of(1, 77);
		crypto->further[0].mki_len = 1;
		crypto->further[0].mki[0] = 9;
		crypto->furthers = 1;
		give(&f, MEDIA_A);
		far_key(&f.far[MEDIA_A].send, &crypto->receive, CRYPT_SEND);
		crosses(&f, MEDIA_A, 1);
		far_key(&f.far[MEDIA_A].send, &crypto->further[0], CRYPT_SEND);
		crosses(&f, MEDIA_A, 2);
		give(&f, MEDIA_A);
		crosses(&f, MEDIA_A, 3);
		crosses(&f, MEDIA_B, 1);
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_crypto, 0);
		/* Too many keys are none. */
		ck_assert_int_eq(media_session_crypto(
					 f.session, MEDIA_A, 0,
					 &(struct media_crypto){
						 .receive = crypto->receive,
						 .send = crypto->send,
						 .furthers = MEDIA_KEYS_MAX}),
				 -EINVAL);
		crosses(&f, MEDIA_A, 4);
		finish(&f);
	}
END_TEST

/* A re-offer brings another one beside the key in use. */
START_TEST(a_key_that_stays_keeps_its_window_when_others_change)
	{
		struct fixture f;
		struct media_crypto *crypto = &f.crypto[MEDIA_A];
		start(&f);
		secure(&f, MEDIA_A, _i, 1);
		crypto->receive.mki_len = 1;
		give(&f, MEDIA_A);
		far_key(&f.far[MEDIA_A].send, &crypto->receive, CRYPT_SEND);
		struct packet plain = rtp(1, 65534);
		struct packet p = sealed(&f.far[MEDIA_A], 0, plain);
		send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &p);
		hears(&f, MEDIA_B, 0, &plain);
		for (uint16_t seq = 65535; seq != 3; seq++)
			crosses(&f, MEDIA_A, seq);
		for (unsigned i = 1; i <= 4; i++) {
			crypto->further[0] = key_of(_i, (uint8_t)(70 + i));
			crypto->further[0].mki_len = 1;
			crypto->further[0].mki[0] = 9;
			crypto->furthers = i % 2;
			give(&f, MEDIA_A);
			send_raw(&f, &f.far[MEDIA_A], MEDIA_A, 0, &p);
			await_dropped(&f, MEDIA_A, i);
			crosses(&f, MEDIA_A, (uint16_t)(2 + i));
		}
		finish(&f);
	}
END_TEST

START_TEST(keys_that_are_none_change_nothing)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		struct media_crypto bad = f.crypto[MEDIA_A];
		bad.receive = key_of(1, 88);
		bad.send.suite = MEDIA_CRYPTO_SUITES;
		ck_assert_int_eq(
			media_session_crypto(f.session, MEDIA_A, 0, &bad),
			-EINVAL);
		bad.send = key_of(1, 3);
		bad.receive.mki_len = MEDIA_MKI_MAX + 1;
		ck_assert_int_eq(
			media_session_crypto(f.session, MEDIA_A, 0, &bad),
			-EINVAL);
		ck_assert_int_eq(media_session_crypto(f.session, MEDIA_A,
						      MEDIA_SLOTS_MAX,
						      &f.crypto[MEDIA_A]),
				 -EINVAL);
		crosses(&f, MEDIA_A, 1);
		crosses(&f, MEDIA_B, 1);
		finish(&f);
	}
END_TEST

/* --- what we send ourselves
 * ------------------------------------------------------------ */

START_TEST(filler_digits_and_reports_are_secured_on_one_line)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		secure(&f, MEDIA_B, 5, 9);
		struct media_flow flow = {.steady = true, .event_pt = 101};
		struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
					      .payload_type = 8,
					      .ptime_ms = 20,
					      .armed = true};
		media_session_flow(f.session, MEDIA_B, 0, &flow);
		media_session_filler(f.session, MEDIA_B, 0, &filler);
		struct packet p = rtp(1, 1), got;
		struct rtp_header first, h;
		says(&f, MEDIA_A, 0, &p);
		reads(&f, MEDIA_B, 0, &got);
		ck_assert_int_eq(rtp_parse(&first, got.bytes, got.len), 0);
		ck_assert_uint_ne(first.ssrc, 1);
		for (uint16_t i = 1; i < 4; i++) { /* nobody speaks */
			reads(&f, MEDIA_B, 0, &got);
			ck_assert_int_eq(rtp_parse(&h, got.bytes, got.len), 0);
			ck_assert_uint_eq(h.ssrc, first.ssrc);
			ck_assert_uint_eq(h.seq, (uint16_t)(first.seq + i));
		}
		media_session_dtmf(f.session, MEDIA_B, 0, '5', 100);
		do {
			reads(&f, MEDIA_B, 0, &got);
			ck_assert_int_eq(rtp_parse(&h, got.bytes, got.len), 0);
			ck_assert_uint_eq(h.ssrc, first.ssrc);
		} while (h.payload_type != 101);
		ck_assert_uint_eq(h.payload[0], 5);
		p = report(1); /* in our SSRC's name, encrypted */
		says(&f, MEDIA_A, 1, &p);
		reads(&f, MEDIA_B, 1, &got);
		ck_assert_uint_eq(get32(got.bytes + 4), first.ssrc);
		/* Another source, held back while the digit is sent. */
		for (uint16_t seq = 40000; h.payload[0] != 0x5a; seq++) {
			p = rtp(2, seq);
			p.bytes[RTP_HEADER_LEN] = 0x5a;
			says(&f, MEDIA_A, 0, &p);
			reads(&f, MEDIA_B, 0, &got);
			ck_assert_int_eq(rtp_parse(&h, got.bytes, got.len), 0);
			ck_assert_uint_eq(h.ssrc, first.ssrc);
		}
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_crypto, 0);
		finish(&f);
	}
END_TEST

START_TEST(sources_that_change_have_a_stream_each_up_to_a_bound)
	{
		struct fixture f;
		start(&f);
		secure(&f, MEDIA_A, 1, 1);
		for (uint32_t i = 0; i < CRYPT_SEND_MAX + 3; i++) {
			struct packet p = rtp(1000 + i, 1);
			says(&f, MEDIA_B, 0, &p);
			if (i < CRYPT_SEND_MAX)
				hears(&f, MEDIA_A, 0, &p);
		}
		struct packet p = rtp(1000, 2);
		says(&f, MEDIA_B, 0, &p);
		hears(&f, MEDIA_A, 0, &p);
		ck_assert_uint_eq(stats(&f, MEDIA_B).dropped_other, 3);
		event_of(&f, MEDIA_KEY_WORN);
		finish(&f);
	}
END_TEST

static Suite *srtp_suite(void)
{
	Suite *suite = suite_create("srtp");
	TCase *tcase = tcase_create("srtp");
	tcase_set_timeout(tcase, 60);
#define EACH(test) tcase_add_loop_test(tcase, test, 1, MEDIA_CRYPTO_SUITES)
	EACH(srtp_and_rtp_meet_in_every_suite);
	EACH(srtp_and_srtp_of_another_suite_meet);
	tcase_add_test(tcase, a_secured_side_becomes_plain_and_secured_again);
	tcase_add_test(tcase, nothing_plain_is_sent_to_a_secured_side);
	tcase_add_test(tcase, a_packet_too_long_with_its_tag_is_dropped_alone);
	EACH(what_is_forged_is_dropped_counted_and_told_once);
	tcase_add_test(tcase, forged_packets_never_move_the_latch);
	tcase_add_test(tcase, a_replayed_packet_is_dropped_and_not_told);
	EACH(an_equal_key_keeps_counter_and_window);
	tcase_add_loop_test(tcase, a_rekey_loses_no_packet_and_the_old_key_ends,
			    3, 6);
	tcase_add_test(tcase, many_keys_are_all_given_back);
	tcase_add_test(tcase, a_worn_key_is_told_once);
	tcase_add_test(tcase, a_further_key_is_taken_when_its_mki_comes);
	EACH(a_key_that_stays_keeps_its_window_when_others_change);
	tcase_add_test(tcase, keys_that_are_none_change_nothing);
	tcase_add_test(tcase,
		       filler_digits_and_reports_are_secured_on_one_line);
	tcase_add_test(tcase,
		       sources_that_change_have_a_stream_each_up_to_a_bound);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(srtp_suite())
