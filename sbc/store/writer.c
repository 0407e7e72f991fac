/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's writer thread: a bounded queue, written in transactions. */
#include "config.h"

#include "sbc/store/writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_FIRST_MS 500
#define RETRY_MAX_MS   30000

static struct timespec from_now(unsigned ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* --- the queue, under the lock --- */

static struct store_change **bucket_of(struct writer *writer, uint64_t hash)
{
	return &writer->bucket[hash % WRITER_BUCKETS];
}

static struct store_change *find_same(struct writer *writer,
				      const struct store_change *change)
{
	struct store_change *it = *bucket_of(writer, change->hash);

	for (; it; it = it->chain)
		if (it->hash == change->hash && it->table == change->table &&
		    it->table->same(it, change))
			return it;
	return NULL;
}

static void unchain(struct writer *writer, struct store_change *change)
{
	struct store_change **at = bucket_of(writer, change->hash);

	while (*at != change)
		at = &(*at)->chain;
	*at = change->chain;
}

static void chain(struct writer *writer, struct store_change *change)
{
	struct store_change **at = bucket_of(writer, change->hash);

	change->chain = *at;
	*at = change;
}

static void discard(struct writer *writer, struct store_change *change)
{
	unchain(writer, change);
	TAILQ_REMOVE(&writer->queue, change, entry);
	writer->waiting--;
	free(change);
}

void writer_put(struct writer *writer, struct store_change *change)
{
	pthread_mutex_lock(&writer->lock);
	struct store_change *older = find_same(writer, change);
	if (older)
		discard(writer, older);
	if (writer->waiting >= WRITER_QUEUE_MAX) {
		writer->lost++;
		if (TAILQ_EMPTY(&writer->queue)) {
			free(change);
			goto out;
		}
		discard(writer, TAILQ_FIRST(&writer->queue));
	}
	chain(writer, change);
	TAILQ_INSERT_TAIL(&writer->queue, change, entry);
	writer->waiting++;
	pthread_cond_signal(&writer->wake);
out:
	pthread_mutex_unlock(&writer->lock);
}

/* The oldest changes leave the queue for the batch being written. */
static unsigned take_batch(struct writer *writer, struct store_changes *batch)
{
	struct store_change *change;
	unsigned count = 0;

	TAILQ_INIT(batch);
	while (count < WRITER_BATCH && (change = TAILQ_FIRST(&writer->queue))) {
		unchain(writer, change);
		TAILQ_REMOVE(&writer->queue, change, entry);
		TAILQ_INSERT_TAIL(batch, change, entry);
		count++;
	}
	return count;
}

/* Not written: back to the front in the old order, unless a newer change of
 * the same row came in the meantime. */
static void give_back(struct writer *writer, struct store_changes *batch)
{
	struct store_change *change;

	while ((change = TAILQ_LAST(batch, store_changes))) {
		TAILQ_REMOVE(batch, change, entry);
		if (find_same(writer, change)) {
			writer->waiting--;
			free(change);
			continue;
		}
		chain(writer, change);
		TAILQ_INSERT_HEAD(&writer->queue, change, entry);
	}
}

/* --- the thread --- */

static int write_batch(sqlite3 *db, const struct store_changes *batch)
{
	const struct store_change *change;
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return rc;
	TAILQ_FOREACH (change, batch, entry) {
		rc = change->table->apply(db, change);
		if (rc != SQLITE_OK)
			break;
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static void free_batch(struct store_changes *batch)
{
	struct store_change *change;

	while ((change = TAILQ_FIRST(batch))) {
		TAILQ_REMOVE(batch, change, entry);
		free(change);
	}
}

static const char *advice(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
		return "free some room there; changes wait in memory";
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return "make the file and its folder writable for us; changes "
		       "wait in memory";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "the file is damaged; a restart moves it aside";
	default:
		return "changes wait in memory";
	}
}

static void note_trouble(struct writer *writer, int rc, const char *message)
{
	snprintf(writer->trouble, sizeof(writer->trouble),
		 "cannot write %s: %s; %s", writer->path, message, advice(rc));
	writer->troubles++;
}

/* The lock is held, and given up while the disk works. Returns the time to
 * wait before the next try, 0 if all went well. */
static unsigned write_once(struct writer *writer, unsigned retry_ms)
{
	struct store_changes batch;
	unsigned count = take_batch(writer, &batch);
	char message[128];

	pthread_mutex_unlock(&writer->lock);
	int rc = write_batch(writer->db, &batch);
	if (rc == SQLITE_OK)
		free_batch(&batch);
	else
		snprintf(message, sizeof(message), "%s",
			 sqlite3_errmsg(writer->db));
	pthread_mutex_lock(&writer->lock);

	if (rc != SQLITE_OK) {
		give_back(writer, &batch);
		note_trouble(writer, rc, message);
		if (!retry_ms)
			return RETRY_FIRST_MS;
		return retry_ms < RETRY_MAX_MS / 2 ? retry_ms * 2
						   : RETRY_MAX_MS;
	}
	writer->waiting -= count;
	writer->done += count;
	writer->trouble[0] = '\0';
	return 0;
}

static void wait_retry(struct writer *writer, unsigned ms)
{
	struct timespec until = from_now(ms);

	while (!writer->ending &&
	       !pthread_cond_timedwait(&writer->wake, &writer->lock, &until))
		;
}

static void *writer_run(void *arg)
{
	struct writer *writer = arg;
	unsigned retry_ms = 0;

	pthread_mutex_lock(&writer->lock);
	for (;;) {
		while (!writer->ending && TAILQ_EMPTY(&writer->queue))
			pthread_cond_wait(&writer->wake, &writer->lock);
		if (TAILQ_EMPTY(&writer->queue))
			break;
		bool last_try = writer->ending;
		retry_ms = write_once(writer, retry_ms);
		if (retry_ms && last_try)
			break;
		if (retry_ms)
			wait_retry(writer, retry_ms);
	}
	writer->ended = true;
	pthread_cond_broadcast(&writer->written);
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

int writer_start(struct writer *writer, sqlite3 *db, const char *path)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	writer->db = db;
	writer->path = path;
	TAILQ_INIT(&writer->queue);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->wake, &monotonic);
	pthread_cond_init(&writer->written, &monotonic);
	pthread_condattr_destroy(&monotonic);

	/* Signals are the loop's to take. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&writer->thread, NULL, writer_run, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

bool writer_stop(struct writer *writer, unsigned wait_ms)
{
	struct timespec until = from_now(wait_ms);

	pthread_mutex_lock(&writer->lock);
	writer->ending = true;
	pthread_cond_broadcast(&writer->wake);
	while (!writer->ended &&
	       !pthread_cond_timedwait(&writer->written, &writer->lock, &until))
		;
	bool ended = writer->ended;
	pthread_mutex_unlock(&writer->lock);
	if (!ended) {
		pthread_detach(writer->thread);
		return false;
	}
	pthread_join(writer->thread, NULL);
	free_batch(&writer->queue);
	pthread_cond_destroy(&writer->wake);
	pthread_cond_destroy(&writer->written);
	pthread_mutex_destroy(&writer->lock);
	return true;
}
