/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where messages about the program are written: standard error (the journal,
 * if it is that), a file, or the system's log. For the logger's thread alone,
 * but for sink_line.
 */
#ifndef SBC_REPORT_SINK_H
#define SBC_REPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The socket of the system's log (RFC 3164's format, as syslog(3) has it). */
#define SINK_SYSTEM_PATH "/dev/log"

struct sink {
	enum sink_kind { SINK_STDERR, SINK_FILE, SINK_SYSTEM } kind;
	bool journal; /* SINK_STDERR: it is the journal's stream */
	bool stuck;   /* it did not take the last line in time */
	bool torn;    /* it took the beginning of the last line alone */
	int fd;	      /* -1: standard error, or not connected */
	const char *system_path;
};

/* A message as it is queued: the priority of syslog(3) as a digit, the time,
 * the text. */
#define SINK_TIME_LEN 24
#define SINK_HEAD_LEN (1 + SINK_TIME_LEN)
#define SINK_LINE_MAX 2560

/* The line as this kind of sink has it, with a newline but for SINK_SYSTEM.
 * Returns its length. */
size_t sink_line(char out[SINK_LINE_MAX], const struct sink *sink,
		 const char *line, size_t len);

void sink_stderr(struct sink *sink);
/* Opens the file, to be appended to. -errno: the sink is as it was. */
int sink_file(struct sink *sink, const char *path);
/* Connects when there is a line. */
void sink_system(struct sink *sink, const char *socket_path);
void sink_close(struct sink *sink);

/* One line as it was queued, without newline. 0 or -errno: it is lost. Waits
 * at most SINK_WAIT_MS, and not at all after a line that was lost so. */
#define SINK_WAIT_MS 50
int sink_write(struct sink *sink, const char *line, size_t len);

/* Never waits in write() but `wait_ms` before it. Returns the bytes taken or
 * -errno; -EAGAIN if it is full. */
ssize_t sink_put(int fd, const char *data, size_t len, int wait_ms);

#endif
