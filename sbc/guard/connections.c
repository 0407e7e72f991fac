/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts accepted TCP connections by address and ends those over a limit. */
#include "config.h"

#include "sbc/guard/connections.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "policy/address.h"

/* One far host, and how many connections it holds. */
struct holder {
	struct sockaddr_storage host;
	unsigned count;
};
#define HOLDERS_MAX 1024

static struct holder *holder_of(struct holder *holders, unsigned *count,
				const struct sockaddr *host)
{
	for (unsigned i = 0; i < *count; i++)
		if (address_host_equal((struct sockaddr *)&holders[i].host,
				       host))
			return &holders[i];
	if (*count == HOLDERS_MAX)
		return NULL;
	memcpy(&holders[*count].host, host, address_len(host));
	holders[*count].count = 0;
	return &holders[(*count)++];
}

/* Is this descriptor a connection accepted on `local`? */
static bool accepted(int fd, const struct sockaddr *local,
		     struct sockaddr_storage *far)
{
	struct sockaddr_storage ours;
	socklen_t len = sizeof(ours), far_len = sizeof(*far);
	socklen_t type_len = sizeof(int);
	int type;

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) &&
	       type == SOCK_STREAM &&
	       !getsockname(fd, (struct sockaddr *)&ours, &len) &&
	       address_equal((struct sockaddr *)&ours, local) &&
	       !getpeername(fd, (struct sockaddr *)far, &far_len);
}

/* An address of the kernel's table: words of network order, each printed as a
 * number of this machine. */
static bool table_address(struct sockaddr_storage *out, const char *text)
{
	uint32_t word[4];
	unsigned words = strlen(text) == 32 ? 4 : 1;

	for (unsigned i = 0; i < words; i++)
		if (sscanf(text + 8 * i, "%8" SCNx32, &word[i]) != 1)
			return false;
	memset(out, 0, sizeof(*out));
	if (words == 4) {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

		v6->sin6_family = AF_INET6;
		memcpy(&v6->sin6_addr, word, sizeof(v6->sin6_addr));
	} else {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;

		v4->sin_family = AF_INET;
		memcpy(&v4->sin_addr, word, sizeof(v4->sin_addr));
	}
	return true;
}

/* Lines of the kernel's table on our port: a cheap look before a dear one. */
static bool table_asks(const struct sockaddr *local, unsigned most,
		       connections_known *known, void *arg)
{
	bool v6 = local->sa_family == AF_INET6, asks = false;
	FILE *table =
		fopen(v6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp", "re");
	char line[256], host[33];
	unsigned count = 0, port, state;
	struct sockaddr_storage far;

	if (!table)
		return false;
	while (!asks && fgets(line, sizeof(line), table)) {
		if (sscanf(line, "%*d: %*[0-9A-F]:%x %32[0-9A-F]:%*x %x", &port,
			   host, &state) != 3 ||
		    port != address_port(local) || state != 1)
			continue;
		count++;
		asks = (most && count > most) ||
		       (known && table_address(&far, host) &&
			!known(arg, (struct sockaddr *)&far));
	}
	fclose(table);
	return asks;
}

unsigned connections_trim(const struct sockaddr *local, unsigned most,
			  connections_known *known, void *arg)
{
	struct holder *holders;
	unsigned count = 0, ended = 0;
	struct dirent *entry;
	DIR *dir;

	if (!table_asks(local, most, known, arg))
		return 0;
	holders = calloc(HOLDERS_MAX, sizeof(*holders));
	dir = opendir("/proc/self/fd");
	/* Descriptors are listed in rising order: the oldest come first. */
	while (holders && dir && (entry = readdir(dir))) {
		struct sockaddr_storage far;
		int fd = atoi(entry->d_name);
		struct holder *holder;

		if (fd <= 2 || !accepted(fd, local, &far))
			continue;
		if (!known || known(arg, (struct sockaddr *)&far)) {
			holder = holder_of(holders, &count,
					   (struct sockaddr *)&far);
			if (!most || !holder || ++holder->count <= most)
				continue;
		}
		shutdown(fd, SHUT_RDWR);
		ended++;
	}
	if (dir)
		closedir(dir);
	free(holders);
	return ended;
}

/* --- as they come ---------------------------------------------------------
 */

int arrivals_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void arrivals_watch(int arrivals, int listener)
{
	/* Edges: the stack accepts, we only hear the bell. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};
	socklen_t size = sizeof(int);
	int type = 0;

	/* A datagram is no connection, and there are thousands. */
	if (getsockopt(listener, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    type != SOCK_STREAM)
		return;
	(void)epoll_ctl(arrivals, EPOLL_CTL_ADD, listener, &event);
}

void arrivals_clear(int arrivals)
{
	struct epoll_event event[16];

	while (epoll_wait(arrivals, event, 16, 0) == 16)
		;
}
