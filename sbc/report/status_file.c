/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status log's file: opened anew on demand, tried again while it is full.
 */
#include "config.h"

#include "sbc/report/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sbc/report/clock.h"
#include "sbc/report/log.h"
#include "sbc/report/sink.h"

/* The descriptor, or -errno. */
static int open_path(const char *path)
{
	int fd;

	if (!strcmp(path, "-")) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	/* O_NONBLOCK: a FIFO without a reader must not hold us. */
	fd = open(path,
		  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY |
			  O_NONBLOCK,
		  0640);
	return fd < 0 ? -errno : fd;
}

int status_file_open(struct status_file *file, const char *path)
{
	int fd = open_path(path);

	file->failing = false;
	file->retry_ms = 0;
	file->len = file->done = 0;
	file->lines = 0;
	file->fd = -1;
	file->path = NULL;
	if (fd < 0)
		return fd;
	file->path = strdup(path);
	if (!file->path) {
		close(fd);
		return -ENOMEM;
	}
	file->fd = fd;
	return 0;
}

void status_file_close(struct status_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->path);
	file->path = NULL;
}

void status_file_reopen(struct status_file *file, char *path)
{
	int fd = open_path(path);

	if (fd < 0) {
		log_error("cannot open the status log %s: %s; %s stays in use",
			  path, strerror(-fd), file->path);
		free(path);
		return;
	}
	status_file_close(file);
	file->fd = fd;
	file->path = path;
	file->retry_ms = 0;
	while (file->done && file->batch[file->done - 1] != '\n')
		file->done--;
}

bool status_file_add(struct status_file *file, const char *line, size_t len)
{
	if (file->len + len + 1 > sizeof file->batch)
		return false;
	memcpy(file->batch + file->len, line, len);
	file->len += len;
	file->batch[file->len++] = '\n';
	file->lines++;
	return true;
}

bool status_file_due(const struct status_file *file)
{
	return !file->retry_ms || report_now_ms() >= file->retry_ms;
}

int status_file_write(struct status_file *file, int wait_ms)
{
	while (file->done < file->len) {
		ssize_t n = sink_put(file->fd, file->batch + file->done,
				     file->len - file->done, wait_ms);

		if (n == -EINTR)
			continue;
		if (n < 0) {
			if (!file->failing)
				log_warning("cannot write the status log %s: "
					    "%s; lines are kept while there is "
					    "room and tried again every second",
					    file->path, strerror((int)-n));
			file->failing = true;
			file->retry_ms = report_now_ms() + STATUS_FILE_RETRY_MS;
			return (int)n;
		}
		file->done += (size_t)n;
	}
	if (file->failing)
		log_warning("the status log %s is written again", file->path);
	file->failing = false;
	file->retry_ms = 0;
	file->len = file->done = 0;
	file->lines = 0;
	return 0;
}
