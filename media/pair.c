/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An RTP and an RTCP socket on neighbouring ports. */
#include "media/engine.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The work that one call may cause, about a millisecond: a block of which
 * other programs hold nine tenths is still searched with success. What was
 * found busy is not tried again for PORT_ASIDE_MS, by whichever call. */
#define TRIES 256

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A mark that cannot be set is no reason to refuse a call. */
static void mark(int fd, int family, unsigned dscp)
{
	int tos = (int)(dscp << 2);
	if (dscp == 0)
		return;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else
		setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
}

/* No SO_REUSEADDR: another program on our port would take our packets. */
static int open_socket(const struct sockaddr_storage *local, uint16_t port,
		       unsigned dscp)
{
	struct sockaddr_storage ss = *local;
	socklen_t len = sizeof(struct sockaddr_in);
	int on = 1;
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);
	if (fd < 0)
		return -errno;
	if (ss.ss_family == AF_INET6) {
		len = sizeof(struct sockaddr_in6);
		((struct sockaddr_in6 *)&ss)->sin6_port = htons(port);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	} else {
		((struct sockaddr_in *)&ss)->sin_port = htons(port);
	}
	mark(fd, ss.ss_family, dscp);
	if (bind(fd, (struct sockaddr *)&ss, len) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int open_both(int fds[2], const struct sockaddr_storage *local,
		     uint16_t port, unsigned dscp)
{
	fds[0] = open_socket(local, port, dscp);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = open_socket(local, (uint16_t)(port + 1), dscp);
	if (fds[1] < 0) {
		close(fds[0]);
		return fds[1];
	}
	return 0;
}

static int take_and_bind(struct pair *pair, struct media_engine *engine,
			 const struct sockaddr_storage *local)
{
	struct port_pool *pool = pair->block->pool;
	int rc = -EAGAIN;
	for (int tries = 0; tries < TRIES; tries++) {
		int taken = port_take(pool, &pair->port, now_ms());
		if (taken < 0)
			return rc == -EADDRINUSE ? rc : taken;
		rc = open_both(pair->fds, local, pair->port,
			       engine->config.dscp);
		if (rc == 0)
			return 0;
		if (rc != -EADDRINUSE) {
			port_untake(pool, pair->port);
			return rc;
		}
		port_set_aside(pool, pair->port, now_ms());
	}
	return rc;
}

int pair_open(struct pair **out, struct media_engine *engine,
	      struct media_block *block, const struct sockaddr *local)
{
	struct sockaddr_storage ss;
	memset(&ss, 0, sizeof(ss));
	if (local->sa_family == AF_INET)
		memcpy(&ss, local, sizeof(struct sockaddr_in));
	else if (local->sa_family == AF_INET6)
		memcpy(&ss, local, sizeof(struct sockaddr_in6));
	else
		return -EAFNOSUPPORT;
	struct pair *pair = calloc(1, sizeof(*pair));
	if (!pair)
		return -ENOMEM;
	pair->block = block;
	int rc = take_and_bind(pair, engine, &ss);
	if (rc < 0) {
		free(pair);
		return rc == -ENFILE ? -EMFILE : rc;
	}
	engine->socket_count += 2;
	*out = pair;
	return 0;
}

void pair_close(struct pair *pair, struct media_engine *engine)
{
	struct media_block *block = pair->block;
	for (int c = MEDIA_RTP; c <= MEDIA_RTCP; c++)
		if (pair->fds[c] >= 0) /* no worker had it, or none is left */
			close(pair->fds[c]);
	engine->socket_count -= 2;
	port_give(block->pool, pair->port, now_ms());
	free(pair);
	if (block->retired && port_used(block->pool) == 0) {
		LIST_REMOVE(block, link);
		port_pool_free(block->pool);
		free(block);
	}
}
