/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one logger: two bounded rings, one for program messages and one for
 * status lines, emptied by one thread. A file that cannot be written keeps
 * its ring filling up; what no longer fits is lost, counted and told later.
 */
#include "config.h"

#include "sbc/report/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sbc/report/clock.h"
#include "sbc/report/ring.h"
#include "sbc/report/sink.h"
#include "sbc/report/status.h"
#include "sbc/report/status_file.h"

#define LINE_MAX_BYTES 2048
#define STATUS_RING    (1024 * 1024)
#define MESSAGE_RING   (128 * 1024)
#define LINGER_MS      50 /* lines that come together are written together */
#define STOP_MS	       2000
#define SETTLE_MS      1000

static struct log {
	/* set by any thread under the lock, read by the writer under it */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool running, stopping, asleep;
	struct ring status, message;
	char *new_path;	    /* log_reopen: the writer's next path; owned */
	char *new_messages; /* the same for messages; "": no file */
	pthread_cond_t settled;
	bool settling, background;
	struct sink next; /* of messages, from log_settle on */

	/* the writer's own */
	pthread_t thread;
	struct status_file file;
	struct sink sink; /* of messages */
	bool leaving;
	uint64_t untold; /* status lines lost, not told yet */

	/* readable without the lock: written by any thread */
	_Atomic int level;
	_Atomic uint64_t lines, lost, write_errors;
} logger = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.settled = PTHREAD_COND_INITIALIZER,
	.file = {.fd = -1},
	.next = {.fd = -1},
	.sink = {.fd = -1},
	.level = POLICY_LOG_WARNING,
};

/* --- messages ----------------------------------------------------------- */

static const char priority_of[] = {
	[POLICY_LOG_ERROR] = '3',
	[POLICY_LOG_WARNING] = '4',
	[POLICY_LOG_INFO] = '6',
	[POLICY_LOG_DEBUG] = '7',
};

static size_t message_format(char *out, size_t size,
			     enum policy_log_level level, const char *format,
			     va_list args)
	__attribute__((format(printf, 4, 0)));

/* One message as sinks take it; returns its length. */
static size_t message_format(char *out, size_t size,
			     enum policy_log_level level, const char *format,
			     va_list args)
{
	char time[STATUS_TIME_MAX];
	int n, prefix = snprintf(out, size, "%c%.*s", priority_of[level],
				 SINK_TIME_LEN, status_time(time));

	n = vsnprintf(out + prefix, size - (size_t)prefix, format, args);
	if (n < 0)
		n = 0;
	n += prefix;
	if ((size_t)n >= size)
		n = (int)size - 1;
	while (n > prefix && out[n - 1] == '\n')
		n--;
	for (int i = prefix; i < n; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = ' ';
	return (size_t)n;
}

/* With the lock held: wake the writer if it sleeps. */
static void wake_writer(void)
{
	if (logger.asleep) {
		logger.asleep = false;
		pthread_cond_signal(&logger.wake);
	}
}

static void queue(struct ring *ring, const char *line, size_t len)
{
	if (ring_push(ring, line, len))
		wake_writer();
	else
		atomic_fetch_add(&logger.lost, 1);
}

static void message(enum policy_log_level level, const char *format,
		    va_list args) __attribute__((format(printf, 2, 0)));

static void message(enum policy_log_level level, const char *format,
		    va_list args)
{
	char line[LINE_MAX_BYTES];
	size_t len;
	bool running;

	if (!log_wants(level))
		return;
	len = message_format(line, sizeof line - 1, level, format, args);
	pthread_mutex_lock(&logger.lock);
	running = logger.running;
	if (running)
		queue(&logger.message, line, len);
	pthread_mutex_unlock(&logger.lock);
	if (!running) {
		struct sink own = {.fd = -1};
		char out[SINK_LINE_MAX];

		sink_stderr(&own);
		len = sink_line(out, &own, line, len);
		if (write(STDERR_FILENO, out, len) < 0)
			atomic_fetch_add(&logger.write_errors, 1);
	}
}

#define MESSAGE(level)                          \
	do {                                    \
		va_list args;                   \
		va_start(args, format);         \
		message((level), format, args); \
		va_end(args);                   \
	} while (0)

void log_error(const char *format, ...)
{
	MESSAGE(POLICY_LOG_ERROR);
}

void log_warning(const char *format, ...)
{
	MESSAGE(POLICY_LOG_WARNING);
}

void log_info(const char *format, ...)
{
	MESSAGE(POLICY_LOG_INFO);
}

void log_debug(const char *format, ...)
{
	MESSAGE(POLICY_LOG_DEBUG);
}

void log_message(enum policy_log_level level, const char *format, ...)
{
	MESSAGE(level);
}

void log_status(const char *line, size_t len)
{
	if (len > LINE_MAX_BYTES)
		len = LINE_MAX_BYTES;
	pthread_mutex_lock(&logger.lock);
	if (logger.running)
		queue(&logger.status, line, len);
	pthread_mutex_unlock(&logger.lock);
}

bool log_wants(enum policy_log_level level)
{
	return (int)level <= atomic_load(&logger.level);
}

void log_level(enum policy_log_level level)
{
	atomic_store(&logger.level, (int)level);
}

void log_counts(struct log_counts *out)
{
	*out = (struct log_counts){
		.lines = atomic_load(&logger.lines),
		.lost = atomic_load(&logger.lost),
		.write_errors = atomic_load(&logger.write_errors),
	};
}

/* --- the writer --------------------------------------------------------- */

/* Messages that are not taken in time are lost: the status log must not wait
 * for a terminal that somebody stopped. */
static void write_messages(const char *text, size_t len)
{
	while (len) {
		size_t line =
			(size_t)((const char *)memchr(text, '\n', len) - text);

		if (sink_write(&logger.sink, text, line)) {
			atomic_fetch_add(&logger.lost, 1);
			atomic_fetch_add(&logger.write_errors, 1);
		} else {
			atomic_fetch_add(&logger.lines, 1);
		}
		text += line + 1;
		len -= line + 1;
	}
}

/* The first line after a loss says so, in the file and among the messages. */
static void tell_lost(void)
{
	struct status_line line;

	status_begin(&line, NULL, '-', NULL, "log-trouble");
	status_number(&line, "lost", (int64_t)logger.untold);
	if (!status_file_add(&logger.file, line.text, line.len))
		return;
	log_message(POLICY_LOG_WARNING, "%llu status lines were lost",
		    (unsigned long long)logger.untold);
	logger.untold = 0;
}

/* False if the file does not take it now. */
static bool write_batch(void)
{
	unsigned lines = logger.file.lines;

	if (status_file_write(&logger.file,
			      logger.leaving ? STOP_MS / 4 : SINK_WAIT_MS)) {
		atomic_fetch_add(&logger.write_errors, 1);
		return false;
	}
	atomic_fetch_add(&logger.lines, lines);
	return true;
}

static void reopen_messages(char *path)
{
	int error = path[0] ? sink_file(&logger.sink, path) : 0;

	if (error)
		log_message(
			POLICY_LOG_ERROR,
			"cannot open the message log %s: %s; messages go where "
			"they went",
			path, strerror(-error));
	else if (!path[0] && logger.background)
		sink_system(&logger.sink, SINK_SYSTEM_PATH);
	else if (!path[0])
		sink_stderr(&logger.sink);
	free(path);
}

/* What was said before the start succeeded is written. */
static void settle(void)
{
	pthread_mutex_lock(&logger.lock);
	logger.sink = logger.next;
	logger.next.fd = -1;
	logger.settling = false;
	pthread_cond_signal(&logger.settled);
	pthread_mutex_unlock(&logger.lock);
}

/* With the lock held: anything to do now? */
static bool work_waits(void)
{
	if (logger.stopping || logger.new_path || logger.new_messages ||
	    logger.settling || logger.message.used)
		return true;
	return (logger.status.used || logger.file.len) &&
	       status_file_due(&logger.file);
}

static void deadline(struct timespec *out, unsigned ms)
{
	clock_gettime(CLOCK_MONOTONIC, out);
	out->tv_sec += ms / 1000;
	out->tv_nsec += (long)(ms % 1000) * 1000000;
	if (out->tv_nsec >= 1000000000) {
		out->tv_nsec -= 1000000000;
		out->tv_sec++;
	}
}

/* With the lock held. Once woken, linger: one wake-up serves a burst. */
static void wait_for_work(void)
{
	struct timespec until;

	while (!work_waits()) {
		logger.asleep = true;
		if (logger.file.retry_ms) {
			/* Between two tries only the time or a message
			 * matters, and messages do wake. */
			deadline(&until, STATUS_FILE_RETRY_MS);
			pthread_cond_timedwait(&logger.wake, &logger.lock,
					       &until);
		} else {
			pthread_cond_wait(&logger.wake, &logger.lock);
		}
	}
	logger.asleep = false;
	deadline(&until, LINGER_MS);
	while (!logger.stopping && !logger.settling &&
	       logger.status.used < logger.status.size / 2 &&
	       pthread_cond_timedwait(&logger.wake, &logger.lock, &until) == 0)
		;
}

/* One round without the lock; true if both rings may hold more. */
static bool write_round(void)
{
	char text[16 * 1024];
	unsigned lines;
	size_t len;
	uint64_t lost;
	char *path, *messages;
	bool more, settled;

	pthread_mutex_lock(&logger.lock);
	path = logger.new_path;
	messages = logger.new_messages;
	logger.new_path = logger.new_messages = NULL;
	len = ring_pop(&logger.message, text, sizeof text, &lines);
	lost = logger.message.lost;
	logger.message.lost = 0;
	settled = logger.settling && !logger.message.used;
	pthread_mutex_unlock(&logger.lock);

	write_messages(text, len);
	if (settled)
		settle();
	if (lost)
		log_message(POLICY_LOG_WARNING, "%llu messages were lost",
			    (unsigned long long)lost);
	if (path)
		status_file_reopen(&logger.file, path);
	if (messages)
		reopen_messages(messages);
	if (!status_file_due(&logger.file) && !logger.leaving)
		return false;
	if (!write_batch())
		return false;

	pthread_mutex_lock(&logger.lock);
	logger.file.len = ring_pop(&logger.status, logger.file.batch,
				   STATUS_FILE_BATCH - LINE_MAX_BYTES,
				   &logger.file.lines);
	logger.untold += logger.status.lost;
	logger.status.lost = 0;
	more = logger.status.used || logger.message.used;
	pthread_mutex_unlock(&logger.lock);
	if (!write_batch())
		return false;
	if (logger.untold)
		tell_lost();
	return write_batch() && more;
}

static void *writer(void *unused)
{
	char text[16 * 1024];
	uint64_t stop_ms;
	unsigned lines;
	size_t len;

	(void)unused;
	while (!logger.leaving) {
		pthread_mutex_lock(&logger.lock);
		wait_for_work();
		logger.leaving = logger.stopping;
		pthread_mutex_unlock(&logger.lock);
		stop_ms = report_now_ms() + STOP_MS;
		while (write_round())
			if (logger.leaving && report_now_ms() >= stop_ms)
				break;
	}
	/* What this last round itself had to say. */
	pthread_mutex_lock(&logger.lock);
	len = ring_pop(&logger.message, text, sizeof text, &lines);
	pthread_mutex_unlock(&logger.lock);
	write_messages(text, len);
	return NULL;
}

/* --- start and stop ----------------------------------------------------- */

static int start_thread(void)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int rc;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&logger.wake, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are for the signalling thread; SIGPIPE becomes EPIPE. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&logger.thread, NULL, writer, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

static void put_away(void)
{
	ring_clear(&logger.status);
	ring_clear(&logger.message);
	status_file_close(&logger.file);
	sink_close(&logger.sink);
	sink_close(&logger.next);
	free(logger.new_path);
	free(logger.new_messages);
	logger.new_path = logger.new_messages = NULL;
}

int log_start(const char *status_path, enum policy_log_level level, char *why,
	      size_t why_size)
{
	int rc;

	log_level(level);
	sink_stderr(&logger.sink);
	sink_stderr(&logger.next);
	atomic_store(&logger.lines, 0);
	atomic_store(&logger.lost, 0);
	atomic_store(&logger.write_errors, 0);
	logger.stopping = false;
	logger.settling = logger.background = false;
	logger.asleep = logger.leaving = false;
	logger.untold = 0;
	rc = status_file_open(&logger.file, status_path);
	if (rc) {
		snprintf(why, why_size,
			 "cannot open the status log %s: %s; let the "
			 "program's user write there or set log.status",
			 status_path, strerror(-rc));
		return rc;
	}
	rc = ring_init(&logger.status, STATUS_RING);
	if (!rc)
		rc = ring_init(&logger.message, MESSAGE_RING);
	if (!rc)
		rc = start_thread();
	if (rc) {
		snprintf(why, why_size, "cannot start the logger: %s",
			 strerror(-rc));
		put_away();
		return rc;
	}
	pthread_mutex_lock(&logger.lock);
	logger.running = true;
	pthread_mutex_unlock(&logger.lock);
	return 0;
}

void log_stop(void)
{
	struct timespec until;
	bool running;

	pthread_mutex_lock(&logger.lock);
	running = logger.running;
	if (running) {
		logger.stopping = true;
		pthread_cond_signal(&logger.wake);
	}
	pthread_mutex_unlock(&logger.lock);
	if (!running)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_MS / 1000 + 1;
	if (pthread_timedjoin_np(logger.thread, NULL, &until)) {
		/* It hangs in a dead file system: leave it there. */
		pthread_detach(logger.thread);
		return;
	}
	pthread_mutex_lock(&logger.lock);
	logger.running = false;
	pthread_mutex_unlock(&logger.lock);
	pthread_cond_destroy(&logger.wake);
	put_away();
}

void log_reopen(const char *status_path)
{
	char *path = strdup(status_path);

	pthread_mutex_lock(&logger.lock);
	if (logger.running && path) {
		free(logger.new_path);
		logger.new_path = path;
		path = NULL;
		wake_writer();
	}
	pthread_mutex_unlock(&logger.lock);
	free(path);
}

/* --- where messages go --------------------------------------------------- */

int log_messages(const char *path, char *why, size_t why_size)
{
	int error = 0;

	if (path && strcmp(path, "-") != 0)
		error = sink_file(&logger.next, path);
	if (error)
		snprintf(why, why_size,
			 "cannot open the message log %s: %s; let the "
			 "program's user write there or set log.messages",
			 path, strerror(-error));
	return error;
}

void log_settle(bool background)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SETTLE_MS / 1000;
	pthread_mutex_lock(&logger.lock);
	logger.background = background;
	if (background && logger.next.kind == SINK_STDERR)
		sink_system(&logger.next, SINK_SYSTEM_PATH);
	logger.settling = logger.running;
	pthread_cond_signal(&logger.wake);
	while (logger.settling &&
	       pthread_cond_timedwait(&logger.settled, &logger.lock, &until) ==
		       0)
		;
	pthread_mutex_unlock(&logger.lock);
}

void log_reopen_messages(const char *path)
{
	char *copy = strdup(path && strcmp(path, "-") != 0 ? path : "");

	pthread_mutex_lock(&logger.lock);
	if (logger.running && copy) {
		free(logger.new_messages);
		logger.new_messages = copy;
		copy = NULL;
		wake_writer();
	}
	pthread_mutex_unlock(&logger.lock);
	free(copy);
}
