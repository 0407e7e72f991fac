/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The media engine alone, for the bench: opens calls between two far ends,
 * prints their ports ("A B", a line a call, then "ready"), relays until its
 * input ends. With "armed", the filler is armed toward both sides. With
 * "twice", each packet goes through two sessions, one behind the other; with
 * a suite's number, it is encrypted between the two, with a key for each call
 * and direction, so that half of what is done to it is protecting, and half
 * unprotecting.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "media/media.h"

static struct sockaddr_storage address(const char *host, unsigned port)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	memset(&ss, 0, sizeof(ss));
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1) {
		fprintf(stderr, "relay_host: %s is no IPv4 address\n", host);
		exit(2);
	}
	return ss;
}

static void die(const char *what, int rc)
{
	fprintf(stderr, "relay_host: %s: %s\n", what, strerror(-rc));
	exit(1);
}

static uint16_t bind_side(struct media_session *session,
			  struct media_block *block, enum media_side side)
{
	uint16_t port;
	struct sockaddr_storage local = address("127.0.0.1", 0);
	int rc = media_session_bind(session, side, 0, block,
				    (struct sockaddr *)&local, &port);
	if (rc < 0)
		die("bind", rc);
	return port;
}

static void aim(struct media_session *session, enum media_side side,
		const char *host, unsigned far_port)
{
	struct media_target target = {
		.rtp = address(host, far_port),
		.latch = MEDIA_LATCH_FIXED,
		.may_send = true,
		.may_receive = true,
		.rtp_checked = true,
	};
	media_session_target(session, side, 0, &target);
}

static void arm(struct media_session *session, enum media_side side)
{
	struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
				      .payload_type = 8,
				      .ptime_ms = 20,
				      .armed = true};
	media_session_filler(session, side, 0, &filler);
}

static struct media_session *open_session(struct media_engine *engine)
{
	struct media_session *session;
	int rc = media_session_new(&session, engine, NULL);
	if (rc < 0)
		die("session", rc);
	media_session_timeouts(session, 60000, 60000);
	return session;
}

static void open_call(struct media_engine *engine, struct media_block *block,
		      unsigned far_port, bool armed)
{
	struct media_session *session = open_session(engine);
	unsigned a = bind_side(session, block, MEDIA_A);
	unsigned b = bind_side(session, block, MEDIA_B);
	aim(session, MEDIA_A, "127.0.0.2", far_port);
	aim(session, MEDIA_B, "127.0.0.3", far_port);
	if (armed) {
		arm(session, MEDIA_A);
		arm(session, MEDIA_B);
	}
	printf("%u %u\n", a, b);
}

static struct media_key key_of(unsigned suite, unsigned call, unsigned way)
{
	struct media_key key = {.suite = suite};
	for (unsigned i = 0; i < MEDIA_KEY_MAX; i++)
		key.key[i] =
			(uint8_t)(call >> (i % 4 * 4)) ^ (uint8_t)(i + way);
	return key;
}

static void secure(struct media_session *session, enum media_side side,
		   const struct media_crypto *crypto)
{
	int rc = media_session_crypto(session, side, 0, crypto);
	if (rc < 0)
		die("crypto", rc);
}

static void open_twice(struct media_engine *engine, struct media_block *block,
		       unsigned far_port, unsigned suite, unsigned call)
{
	struct media_session *one = open_session(engine);
	struct media_session *two = open_session(engine);
	struct media_crypto there = {.receive = key_of(suite, call, 0),
				     .send = key_of(suite, call, 99)};
	struct media_crypto back = {.receive = there.send,
				    .send = there.receive};
	unsigned a = bind_side(one, block, MEDIA_A);
	unsigned b = bind_side(two, block, MEDIA_B);
	unsigned out = bind_side(one, block, MEDIA_B);
	unsigned in = bind_side(two, block, MEDIA_A);
	aim(one, MEDIA_A, "127.0.0.2", far_port);
	aim(one, MEDIA_B, "127.0.0.1", in);
	aim(two, MEDIA_A, "127.0.0.1", out);
	aim(two, MEDIA_B, "127.0.0.3", far_port);
	secure(one, MEDIA_B, &there);
	secure(two, MEDIA_A, &back);
	printf("%u %u\n", a, b);
}

static void open_calls(struct media_engine *engine, struct media_block *block,
		       unsigned calls, unsigned far_port, const char *mode)
{
	struct media_event event;
	bool armed = strcmp(mode, "armed") == 0;
	bool twice = *mode && !armed; /* "twice" is suite 0: plain */
	for (unsigned i = 0; i < calls; i++) {
		if (twice)
			open_twice(engine, block, far_port,
				   (unsigned)atoi(mode), i);
		else
			open_call(engine, block, far_port, armed);
		while (media_engine_event(engine, &event))
			;
	}
}

int main(int argc, char **argv)
{
	struct media_engine *engine;
	struct media_block *block;
	struct media_event event;
	struct media_config config = {.workers = 1, .dscp = 46};
	struct rlimit limit = {100000, 100000};
	char line[16];

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: relay_host CALLS FAR_PORT "
				"[armed|twice|SUITE]\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	int rc = media_engine_new(&engine, &config);
	if (rc < 0)
		die("engine", rc);
	/* Two of them side by side have ports enough. */
	bool high = argc == 4 && atoi(argv[3]) > 0;
	rc = media_block_new(&block, engine, high ? 40002 : 20000,
			     high ? 60003 : 40001, 0);
	if (rc < 0)
		die("block", rc);
	/* So that memory before and after the calls can be told apart. */
	printf("started\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	open_calls(engine, block, (unsigned)atoi(argv[1]),
		   (unsigned)atoi(argv[2]), argc == 4 ? argv[3] : "");
	printf("ready\n");
	fflush(stdout);
	struct pollfd fds[] = {
		{.fd = media_engine_fd(engine), .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN},
	};
	while (poll(fds, 2, -1) >= 0 && !fds[1].revents)
		while (media_engine_event(engine, &event))
			;
	media_engine_free(engine);
	return 0;
}
