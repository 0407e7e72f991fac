/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fake's SIP sockets: UDP, and TCP connections both ways. */
#include "tests/net/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int wire_open(struct wire *wire, const struct sockaddr_storage *local,
	      socklen_t len)
{
	int on = 1;

	wire->udp = socket(local->ss_family,
			   SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	wire->listener = socket(local->ss_family,
				SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	for (int i = 0; i < WIRE_CONNS; i++)
		wire->conn[i].fd = -1;
	if (wire->udp < 0 || wire->listener < 0)
		return -1;
	setsockopt(wire->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(wire->udp, (const struct sockaddr *)local, len) < 0 ||
	    bind(wire->listener, (const struct sockaddr *)local, len) < 0)
		return -1;
	return listen(wire->listener, 8);
}

static int conn_keep(struct wire *wire, int fd)
{
	for (int i = 0; i < WIRE_CONNS; i++) {
		if (wire->conn[i].fd >= 0)
			continue;
		wire->conn[i].fd = fd;
		wire->conn[i].len = 0;
		return i;
	}
	close(fd);
	return -1;
}

int wire_connect(struct wire *wire, struct wire_path *path,
		 const struct sockaddr_storage *local)
{
	struct sockaddr_storage from = *local;
	int fd = socket(path->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	((struct sockaddr_in *)&from)->sin_port = 0;
	if (bind(fd, (struct sockaddr *)&from, path->len) < 0 ||
	    connect(fd, (struct sockaddr *)&path->address, path->len) < 0) {
		close(fd);
		return -1;
	}
	path->conn = conn_keep(wire, fd);
	return path->conn < 0 ? -1 : 0;
}

int wire_send(struct wire *wire, const struct wire_path *path, const char *text)
{
	size_t len = strlen(text);
	ssize_t sent;

	if (path->conn < 0)
		sent = sendto(wire->udp, text, len, 0,
			      (const struct sockaddr *)&path->address,
			      path->len);
	else
		sent = send(wire->conn[path->conn].fd, text, len, MSG_NOSIGNAL);
	return sent == (ssize_t)len ? 0 : -1;
}

unsigned wire_poll(const struct wire *wire, struct pollfd *out)
{
	unsigned count = 0;

	out[count++] = (struct pollfd){wire->udp, POLLIN, 0};
	out[count++] = (struct pollfd){wire->listener, POLLIN, 0};
	for (int i = 0; i < WIRE_CONNS; i++)
		if (wire->conn[i].fd >= 0)
			out[count++] =
				(struct pollfd){wire->conn[i].fd, POLLIN, 0};
	return count;
}

static void deliver(struct wire *wire, const char *data, size_t len,
		    const struct wire_path *from)
{
	struct text_message message;

	if (wire->messages) {
		fprintf(wire->messages, "%.*s\n=====\n", (int)len, data);
		fflush(wire->messages);
	}
	if (text_read(&message, data, len) < 0)
		return;
	wire->received(wire->arg, &message, from);
	text_free(&message);
}

static void udp_receive(struct wire *wire)
{
	static char buf[WIRE_BYTES];
	struct wire_path from = {.conn = -1};
	ssize_t len;

	for (;;) {
		from.len = sizeof(from.address);
		len = recvfrom(wire->udp, buf, WIRE_BYTES, 0,
			       (struct sockaddr *)&from.address, &from.len);
		if (len < 0 && errno == ECONNREFUSED)
			continue;
		if (len < 0)
			return;
		if (len > 4) /* not a keepalive */
			deliver(wire, buf, (size_t)len, &from);
	}
}

/* Head and body of what stands first in the stream; 0: not all of it came. */
static size_t message_len(const struct wire_conn *conn)
{
	const char *body = strstr(conn->buf, "\r\n\r\n");
	struct text_message head;
	size_t len;

	if (!body)
		return 0;
	len = (size_t)(body + 4 - conn->buf);
	if (text_read(&head, conn->buf, len) == 0) {
		len += (size_t)atoi(text_value(&head, "Content-Length"));
		text_free(&head);
	}
	return len <= conn->len ? len : 0;
}

static void conn_drop(struct wire_conn *conn, size_t len)
{
	conn->len -= len;
	memmove(conn->buf, conn->buf + len, conn->len + 1);
}

/* Take whole messages out of the stream, by Content-Length. */
static void conn_split(struct wire *wire, struct wire_conn *conn,
		       const struct wire_path *from)
{
	size_t len;

	for (;;) {
		conn->buf[conn->len] = 0;
		conn_drop(conn, strspn(conn->buf, "\r\n"));
		len = message_len(conn);
		if (!len)
			return;
		deliver(wire, conn->buf, len, from);
		conn_drop(conn, len);
	}
}

static void conn_receive(struct wire *wire, int i)
{
	struct wire_conn *conn = &wire->conn[i];
	struct wire_path from = {.conn = i, .len = sizeof(from.address)};
	ssize_t len = recv(conn->fd, conn->buf + conn->len,
			   WIRE_BYTES - conn->len, MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		close(conn->fd);
		conn->fd = -1;
		return;
	}
	getpeername(conn->fd, (struct sockaddr *)&from.address, &from.len);
	conn->len += (size_t)len;
	conn_split(wire, conn, &from);
}

void wire_turn(struct wire *wire)
{
	int fd;

	udp_receive(wire);
	while ((fd = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		conn_keep(wire, fd);
	for (int i = 0; i < WIRE_CONNS; i++)
		if (wire->conn[i].fd >= 0)
			conn_receive(wire, i);
}

void wire_close(struct wire *wire)
{
	close(wire->udp);
	close(wire->listener);
	for (int i = 0; i < WIRE_CONNS; i++)
		if (wire->conn[i].fd >= 0)
			close(wire->conn[i].fd);
	if (wire->messages)
		fclose(wire->messages);
}
