/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The library's listeners, found among our own descriptors. */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "policy/address.h"
#include "sbc/guard/guard.h"

static int option(int fd, int name)
{
	socklen_t size = sizeof(int);
	int value = -1;

	if (getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0)
		return -1;
	return value;
}

/* An unconnected UDP socket or a listening TCP socket, bound to local? */
static bool listens_on(int fd, const struct sockaddr *local)
{
	struct sockaddr_storage bound = {0}, far;
	socklen_t size = sizeof bound, far_size = sizeof far;

	if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0 ||
	    bound.ss_family != local->sa_family ||
	    !address_equal((struct sockaddr *)&bound, local))
		return false;
	switch (option(fd, SO_TYPE)) {
	case SOCK_DGRAM:
		return getpeername(fd, (struct sockaddr *)&far, &far_size) < 0;
	case SOCK_STREAM:
		return option(fd, SO_ACCEPTCONN) == 1;
	default:
		return false;
	}
}

unsigned guard_find_listeners(const struct sockaddr *local, int *fds,
			      unsigned max)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	unsigned count = 0;

	if (!dir)
		return 0;
	while (count < max && (entry = readdir(dir))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end && listens_on((int)fd, local))
			fds[count++] = (int)fd;
	}
	closedir(dir);
	return count;
}
