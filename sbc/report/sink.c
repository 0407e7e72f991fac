/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages on their way out: standard error, a file, the system's log. */
#include "config.h"

#include "sbc/report/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A pipe that poll() calls writable takes so much without blocking. */
#define PIPE_CHUNK 4096
/* syslog(3): LOG_DAEMON. */
#define SYSTEM_FACILITY (3 << 3)

static const char *const priority_word[8] = {
	"error", "error", "error", "error", "warning", "info", "info", "debug",
};

/* Is standard error the journal's stream? systemd.exec(5), JOURNAL_STREAM. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat stat;

	return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &stat) == 0 && stat.st_dev == device &&
	       stat.st_ino == inode;
}

size_t sink_line(char out[SINK_LINE_MAX], const struct sink *sink,
		 const char *line, size_t len)
{
	unsigned priority = (unsigned)(line[0] - '0') & 7;
	const char *text = line + SINK_HEAD_LEN;
	int text_len = (int)(len - SINK_HEAD_LEN), n;
	time_t now = time(NULL);
	char stamp[32];
	struct tm tm;

	if (sink->kind == SINK_SYSTEM) {
		localtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
		n = snprintf(out, SINK_LINE_MAX, "<%u>%s sallyport[%d]: %.*s",
			     SYSTEM_FACILITY | priority, stamp, (int)getpid(),
			     text_len, text);
	} else if (sink->kind == SINK_STDERR && sink->journal) {
		n = snprintf(out, SINK_LINE_MAX, "<%u>%.*s\n", priority,
			     text_len, text);
	} else {
		n = snprintf(out, SINK_LINE_MAX, "%.*s %s: %.*s\n",
			     SINK_TIME_LEN, line + 1, priority_word[priority],
			     text_len, text);
	}
	return (size_t)n < SINK_LINE_MAX ? (size_t)n : SINK_LINE_MAX - 1;
}

void sink_close(struct sink *sink)
{
	if (sink->kind != SINK_STDERR && sink->fd >= 0)
		close(sink->fd);
	sink->fd = -1;
}

void sink_stderr(struct sink *sink)
{
	sink_close(sink);
	*sink = (struct sink){
		.kind = SINK_STDERR, .fd = -1, .journal = stderr_is_journal()};
}

int sink_file(struct sink *sink, const char *path)
{
	/* O_NONBLOCK: a FIFO without a reader must not hold us. */
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY |
			      O_NONBLOCK,
		      0640);

	if (fd < 0)
		return -errno;
	sink_close(sink);
	*sink = (struct sink){.kind = SINK_FILE, .fd = fd};
	return 0;
}

void sink_system(struct sink *sink, const char *socket_path)
{
	sink_close(sink);
	*sink = (struct sink){
		.kind = SINK_SYSTEM, .fd = -1, .system_path = socket_path};
}

ssize_t sink_put(int fd, const char *data, size_t len, int wait_ms)
{
	struct pollfd ask = {.fd = fd, .events = POLLOUT};
	struct stat stat;
	ssize_t n;

	if (fstat(fd, &stat) == 0 && !S_ISREG(stat.st_mode)) {
		if (poll(&ask, 1, wait_ms) <= 0)
			return -EAGAIN;
		if (len > PIPE_CHUNK)
			len = PIPE_CHUNK;
	}
	n = write(fd, data, len);
	return n < 0 ? -errno : n;
}

static int system_connect(struct sink *sink)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", sink->system_path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		int error = -errno;

		close(fd);
		return error;
	}
	sink->fd = fd;
	return 0;
}

/* Twice: the other side may have been started anew. */
static int system_send(struct sink *sink, const char *text, size_t len,
		       int wait_ms)
{
	int error = 0;

	for (unsigned i = 0; i < 2; i++) {
		struct pollfd ask = {.events = POLLOUT};

		error = sink->fd < 0 ? system_connect(sink) : 0;
		if (error)
			return error;
		ask.fd = sink->fd;
		if (poll(&ask, 1, wait_ms) == 0)
			return -EAGAIN;
		if (send(sink->fd, text, len, MSG_NOSIGNAL) >= 0)
			return 0;
		error = -errno;
		if (error == -EAGAIN)
			return error;
		sink_close(sink);
	}
	return error;
}

/* 0, or -errno: not all of it is there. */
static int put_line(struct sink *sink, const char *text, size_t len,
		    int wait_ms)
{
	int fd = sink->kind == SINK_FILE ? sink->fd : STDERR_FILENO;
	ssize_t n = sink_put(fd, text, len, wait_ms);

	if (n < 0)
		return (int)n;
	sink->torn = (size_t)n < len;
	return sink->torn ? -ENOSPC : 0;
}

int sink_write(struct sink *sink, const char *line, size_t len)
{
	int wait_ms = sink->stuck ? 0 : SINK_WAIT_MS, error = 0;
	char out[1 + SINK_LINE_MAX];
	size_t size;

	if (sink->kind == SINK_SYSTEM) {
		size = sink_line(out, sink, line, len);
		error = system_send(sink, out, size, wait_ms);
	} else {
		/* Behind a line of which a full disk took the beginning. */
		out[0] = '\n';
		size = sink_line(out + 1, sink, line, len);
		error = put_line(sink, sink->torn ? out : out + 1,
				 size + sink->torn, wait_ms);
	}
	sink->stuck = error == -EAGAIN;
	return error;
}
