/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The status log's file, and the lines that are on their way into it. It
 * belongs to the logger's thread; its troubles become messages.
 */
#ifndef SBC_REPORT_STATUS_FILE_H
#define SBC_REPORT_STATUS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATUS_FILE_BATCH    (64 * 1024)
#define STATUS_FILE_RETRY_MS 1000 /* after a failed write */

struct status_file {
	char *path; /* owned */
	int fd;
	bool failing;	   /* the last write failed */
	uint64_t retry_ms; /* monotonic: when to try again; 0: now */
	char batch[STATUS_FILE_BATCH];
	size_t len, done; /* of the batch; done: written */
	unsigned lines;	  /* in the batch */
};

/* path: "-" is standard output. 0 or -errno; then nothing is open. */
int status_file_open(struct status_file *file, const char *path);
void status_file_close(struct status_file *file);
/* Takes `path`. Where it cannot be opened the old file stays. A line that was
 * half written begins anew in the new one. */
void status_file_reopen(struct status_file *file, char *path);
/* One more line, without its newline; false: no room. */
bool status_file_add(struct status_file *file, const char *line, size_t len);
/* May it be written to now? */
bool status_file_due(const struct status_file *file);
/* Write the batch and empty it, waiting at most so long for a reader. 0, or
 * -errno: what is left is kept, and due in STATUS_FILE_RETRY_MS. */
int status_file_write(struct status_file *file, int wait_ms);

#endif
