/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The media engine alone, for the bench: opens calls between two far ends,
 * prints their ports ("A B", a line a call, then "ready"), relays until its
 * input ends. With "armed", the filler is armed toward both sides.
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

static uint16_t open_side(struct media_session *session,
			  struct media_block *block, enum media_side side,
			  const char *host, unsigned far_port, bool armed)
{
	uint16_t port;
	struct sockaddr_storage local = address("127.0.0.1", 0);
	struct media_target target = {
		.rtp = address(host, far_port),
		.latch = MEDIA_LATCH_FIXED,
		.may_send = true,
		.may_receive = true,
		.rtp_checked = true,
	};
	int rc = media_session_bind(session, side, 0, block,
				    (struct sockaddr *)&local, &port);
	if (rc < 0)
		die("bind", rc);
	media_session_target(session, side, 0, &target);
	struct media_filler filler = {.kind = MEDIA_FILLER_PCMA,
				      .payload_type = 8,
				      .ptime_ms = 20,
				      .armed = true};
	if (armed)
		media_session_filler(session, side, 0, &filler);
	return port;
}

static void open_calls(struct media_engine *engine, struct media_block *block,
		       unsigned calls, unsigned far_port, bool armed)
{
	for (unsigned i = 0; i < calls; i++) {
		struct media_session *session;
		struct media_event event;
		int rc = media_session_new(&session, engine, NULL);
		if (rc < 0)
			die("session", rc);
		media_session_timeouts(session, 60000, 60000);
		unsigned a = open_side(session, block, MEDIA_A, "127.0.0.2",
				       far_port, armed);
		unsigned b = open_side(session, block, MEDIA_B, "127.0.0.3",
				       far_port, armed);
		printf("%u %u\n", a, b);
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
		fprintf(stderr, "usage: relay_host CALLS FAR_PORT [armed]\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	int rc = media_engine_new(&engine, &config);
	if (rc < 0)
		die("engine", rc);
	rc = media_block_new(&block, engine, 20000, 40001, 0);
	if (rc < 0)
		die("block", rc);
	/* So that memory before and after the calls can be told apart. */
	printf("started\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	open_calls(engine, block, (unsigned)atoi(argv[1]),
		   (unsigned)atoi(argv[2]), argc == 4);
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
