/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What systemd is told, by sd_notify(3)'s protocol. */
#include "config.h"

#include "sbc/report/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len;
	int fd, rc = 0;

	if (!path || !*path)
		return 0;
	len = strlen(path);
	if (len >= sizeof to.sun_path)
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, len);
	if (*path == '@') /* an abstract socket */
		to.sun_path[0] = '\0';
	else
		len++;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
	    0)
		rc = -errno;
	close(fd);
	return rc;
}

int notify_ready(const char *status)
{
	char text[256];

	snprintf(text, sizeof text, "READY=1\n%s%.200s",
		 status ? "STATUS=" : "", status ? status : "");
	return notify(text);
}

int notify_reloading(void)
{
	struct timespec now;
	char text[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	return notify(text);
}

int notify_stopping(void)
{
	return notify("STOPPING=1");
}

int notify_watchdog(void)
{
	return notify("WATCHDOG=1");
}

unsigned notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"),
		   *pid = getenv("WATCHDOG_PID");
	unsigned long long us;

	if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	us = strtoull(usec, NULL, 10);
	if (us < 2000 || us > 86400000000ULL)
		return 0;
	return (unsigned)(us / 2000);
}
