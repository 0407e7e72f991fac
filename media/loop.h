/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker's loop: datagrams in, datagrams out. Its users see packets, not
 * readiness, so that another kernel interface can take epoll's place.
 */
#ifndef MEDIA_LOOP_H
#define MEDIA_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/endpoint.h"

struct loop;

struct loop_socket {
	int fd; /* -1: none */
	bool connected;
	bool trusted;	 /* only the peer's packets can still be queued */
	uint8_t channel; /* free for the owner */
	void *owner;
	int64_t connected_ns;
};

/* Bytes behind a received packet that may be written, too. */
#define LOOP_ROOM 64

struct loop_handler {
	/* buf may be changed; it is aligned to eight bytes. `from` is NULL
	 * where the kernel has let only the connected peer through. */
	void (*packet)(void *arg, struct loop_socket *socket, uint8_t *buf,
		       size_t len, const struct endpoint *from);
	/* A packet is probably about to be read; may be NULL. */
	void (*soon)(struct loop_socket *socket);
	/* An error came back for an earlier packet, such as ECONNREFUSED. */
	void (*error)(void *arg, struct loop_socket *socket, int error);
	/* The bell rang. Any handler may remove sockets, but what owns them
	 * must live to the end of the turn. */
	void (*bell)(void *arg);
	void *arg;
};

/* Returns 0; -EMFILE, -ENOMEM. */
int loop_new(struct loop **out, const struct loop_handler *handler,
	     int bell_fd);
void loop_free(struct loop *loop);

/* socket->fd is a bound, non-blocking UDP socket. Returns 0 or -errno. */
int loop_add(struct loop *loop, struct loop_socket *socket);
/* Afterwards nothing of it is used; the descriptor is closed. */
void loop_close(struct loop *loop, struct loop_socket *socket);

/* Let the kernel take packets from this peer only. Returns 0 or -errno. */
int loop_connect(struct loop *loop, struct loop_socket *socket,
		 const struct endpoint *peer);
/* Take packets from anybody again; address and port stay. */
int loop_disconnect(struct loop *loop, struct loop_socket *socket);

/* Send to `dest`, NULL being the connected peer, or drop with -errno. */
int loop_send(struct loop *loop, struct loop_socket *socket, const uint8_t *buf,
	      size_t len, const struct endpoint *dest);

/* Wait at most timeout_ms (-1: for ever), then handle what is there. */
void loop_turn(struct loop *loop, int timeout_ms);

/* CLOCK_MONOTONIC at the beginning of this turn's packets. */
int64_t loop_now_ns(const struct loop *loop);

#endif
