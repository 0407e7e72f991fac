/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop over epoll, level-triggered: at 50 packets a second a socket
 * seldom holds two, so a second look would cost more than it finds. Only a
 * loop that is behind, having found as much to do as it can take, looks now
 * and then, and goes on where it finds: so it catches up at less cost.
 */
#include "media/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS	   256
#define BURST	   16
#define LOOK_EVERY 32
#define LOOKS	   64
#define DATAGRAM   65536
#define SETTLED_NS INT64_C(1000000000)

struct loop {
	struct loop_handler handler;
	int epoll_fd;
	int64_t now_ns;
	unsigned count; /* of sockets read while behind */
	unsigned looks; /* how many of the next ones are looked at twice */
	struct epoll_event events[EVENTS];
	_Alignas(8) uint8_t buf[DATAGRAM + LOOP_ROOM];
};

static void take_time(struct loop *loop)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	loop->now_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int loop_new(struct loop **out, const struct loop_handler *handler, int bell_fd)
{
	int rc;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	struct loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	loop->handler = *handler;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, bell_fd, &event) < 0) {
		rc = -errno;
		loop_free(loop);
		return rc;
	}
	take_time(loop);
	*out = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop);
}

int loop_add(struct loop *loop, struct loop_socket *socket)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = socket};
	socket->connected = false;
	socket->trusted = false;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, socket->fd, &event) < 0)
		return -errno;
	return 0;
}

/* Nobody else holds the descriptor: closed, it leaves the set by itself. */
void loop_close(struct loop *loop, struct loop_socket *socket)
{
	(void)loop;
	if (socket->fd >= 0)
		close(socket->fd);
	socket->fd = -1;
	socket->connected = false;
	socket->trusted = false;
}

int loop_connect(struct loop *loop, struct loop_socket *socket,
		 const struct endpoint *peer)
{
	if (socket->fd < 0)
		return -EBADF;
	if (connect(socket->fd, &peer->sa, endpoint_len(peer)) < 0)
		return -errno;
	socket->connected = true;
	socket->trusted = false; /* strangers' packets may be queued */
	socket->connected_ns = loop->now_ns;
	return 0;
}

int loop_disconnect(struct loop *loop, struct loop_socket *socket)
{
	struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	(void)loop;
	if (!socket->connected)
		return 0;
	socket->connected = false;
	socket->trusted = false;
	if (connect(socket->fd, &nobody, sizeof(nobody)) < 0)
		return -errno;
	return 0;
}

static int send_once(struct loop_socket *socket, const uint8_t *buf, size_t len,
		     const struct endpoint *dest)
{
	ssize_t n;
	if (!dest)
		n = send(socket->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = sendto(socket->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			   &dest->sa, endpoint_len(dest));
	return n < 0 ? -errno : 0;
}

int loop_send(struct loop *loop, struct loop_socket *socket, const uint8_t *buf,
	      size_t len, const struct endpoint *dest)
{
	(void)loop;
	int rc = send_once(socket, buf, len, dest);
	/* That was the answer to an earlier packet: this one was not sent. */
	if (rc == -ECONNREFUSED)
		rc = send_once(socket, buf, len, dest);
	return rc;
}

/* A connected socket whose queue was empty a while after connecting holds no
 * stranger's packet any more. */
static void settle(struct loop *loop, struct loop_socket *socket)
{
	if (socket->connected &&
	    loop->now_ns - socket->connected_ns > SETTLED_NS)
		socket->trusted = true;
}

static bool read_one(struct loop *loop, struct loop_socket *socket)
{
	struct endpoint from;
	socklen_t from_len = sizeof(from);
	bool trusted = socket->trusted;
	ssize_t n;

	if (trusted)
		n = recv(socket->fd, loop->buf, DATAGRAM, MSG_DONTWAIT);
	else
		n = recvfrom(socket->fd, loop->buf, DATAGRAM, MSG_DONTWAIT,
			     &from.sa, &from_len);
	if (n >= 0) {
		loop->handler.packet(loop->handler.arg, socket, loop->buf,
				     (size_t)n, trusted ? NULL : &from);
		return true;
	}
	if (errno == EAGAIN) {
		settle(loop, socket);
		return false;
	}
	if (errno != EINTR)
		loop->handler.error(loop->handler.arg, socket, errno);
	return true;
}

/* The kernel has let only the peer's packets in, so one is the rule. */
static void read_trusted(struct loop *loop, struct loop_socket *socket,
			 bool behind)
{
	read_one(loop, socket);
	if (!loop->looks && (!behind || ++loop->count % LOOK_EVERY))
		return;
	if (loop->looks)
		loop->looks--;
	for (int k = 1; k < BURST && socket->fd >= 0; k++) {
		if (!read_one(loop, socket))
			break;
		loop->looks = LOOKS;
	}
}

void loop_turn(struct loop *loop, int timeout_ms)
{
	int n = epoll_wait(loop->epoll_fd, loop->events, EVENTS, timeout_ms);
	take_time(loop);
	for (int i = 0; i < n; i++) {
		struct loop_socket *socket = loop->events[i].data.ptr;
		if (!socket) {
			loop->handler.bell(loop->handler.arg);
			continue;
		}
		if (socket->fd < 0) /* removed in this turn */
			continue;
		if (loop->handler.soon)
			loop->handler.soon(socket);
		if (socket->trusted) {
			read_trusted(loop, socket, n == EVENTS);
			continue;
		}
		for (int k = 0; k < BURST && socket->fd >= 0; k++)
			if (!read_one(loop, socket))
				break;
	}
}

int64_t loop_now_ns(const struct loop *loop)
{
	return loop->now_ns;
}
