/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fake's SIP sockets: UDP, and TCP connections both ways. */
#ifndef TESTS_NET_WIRE_H
#define TESTS_NET_WIRE_H

#include "tests/fakes/text.h"
#include "tests/net/address.h"

#include <poll.h>
#include <stdio.h>

#define WIRE_CONNS 8
#define WIRE_BYTES 65536 /* of a message */
#define WIRE_POLLS (2 + WIRE_CONNS)

/* Where a message came from or goes to. */
struct wire_path {
	int conn; /* -1: UDP */
	struct sockaddr_storage address;
	socklen_t len;
};

struct wire {
	int udp, listener;
	struct wire_conn {
		int fd;
		char buf[WIRE_BYTES + 1];
		size_t len;
	} conn[WIRE_CONNS];
	FILE *messages; /* what was received, word for word */
	void (*received)(void *arg, const struct text_message *message,
			 const struct wire_path *from);
	void *arg;
};

int wire_open(struct wire *wire, const struct sockaddr_storage *local,
	      socklen_t len);
/* A connection from `local`'s host to `path`'s address, kept in path->conn. */
int wire_connect(struct wire *wire, struct wire_path *path,
		 const struct sockaddr_storage *local);
int wire_send(struct wire *wire, const struct wire_path *path,
	      const char *text);
unsigned wire_poll(const struct wire *wire, struct pollfd *out);
void wire_turn(struct wire *wire);
void wire_close(struct wire *wire);

#endif
