/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one logger. Lines are formatted in the calling thread, queued in a
 * bounded ring and written by the logger's own thread, so a slow or full disk
 * never stops a call. Lost lines are counted and said once there is room
 * (event=log-trouble in the status log, and a message).
 * There is one logger a process: its functions take no handle and may be
 * called from any thread.
 */
#ifndef SBC_REPORT_LOG_H
#define SBC_REPORT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

/* Messages about the program go to standard error ("<3>" prefixes under
 * systemd) until log_settle, status lines to `status_path` ("-": standard
 * output). 0 or -errno: then `why` tells which path and what to do. */
int log_start(const char *status_path, enum policy_log_level level, char *why,
	      size_t why_size);
/* Write what is queued (at most 2 s), then close. */
void log_stop(void);
void log_level(enum policy_log_level level);
bool log_wants(enum policy_log_level level);
/* Where messages go once the start has succeeded: this file; NULL or "-":
 * standard error, or in the background the system's log. 0 or -errno: then
 * `why` tells what to do. */
int log_messages(const char *path, char *why, size_t why_size);
/* The start has succeeded. What was said so far stands on standard error when
 * this returns, after at most a second. In the background standard error is
 * nobody's from now on. */
void log_settle(bool background);
/* USR1: open the status log's path anew. A changed path after reload too.
 * If that fails, the old file stays in use and a message says why. */
void log_reopen(const char *status_path);
/* The same for messages, after log_settle. */
void log_reopen_messages(const char *path);

/* Without a running logger these write to standard error at once. Control
 * bytes become spaces: one call is one line. */
void log_message(enum policy_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * For what an outsider can trigger: at most LOG_LIMIT_BURST lines in
 * LOG_LIMIT_PERIOD_MS, the next line that passes says how many were left out.
 * A limit belongs to one thread; zeros begin it.
 */
#define LOG_LIMIT_BURST	    5
#define LOG_LIMIT_PERIOD_MS 10000
struct log_limit {
	uint64_t since_ms;
	unsigned said, unsaid;
};
/* May one more line be written? For status lines; `unsaid` is the caller's to
 * tell and to clear. */
bool log_limit_passes(struct log_limit *limit);
void log_limited(struct log_limit *limit, enum policy_log_level level,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Network text made fit for a line: UTF-8 kept, control bytes, quotes and
 * broken UTF-8 as \xNN, cut at size. Returns out. */
const char *log_quote(char *out, size_t size, const char *text, size_t len);
/* The same, but quotes and backslashes stay: for people to read. */
const char *log_visible(char *out, size_t size, const char *text, size_t len);

/* One finished status line, without newline; for status.c. */
void log_status(const char *line, size_t len);

/* lines: written; lost: never written, of both kinds; write_errors: times a
 * write failed (a full disk that is tried again counts each time). */
struct log_counts {
	uint64_t lines, lost, write_errors;
};
void log_counts(struct log_counts *out);

#endif
