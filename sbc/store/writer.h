/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store's inside: the queue of changes and the thread that writes them.
 * A table (store_binding.c is the first) describes its changes to it.
 */
#ifndef SBC_STORE_WRITER_H
#define SBC_STORE_WRITER_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <sqlite3.h>
#include <sys/queue.h>

#include "sbc/store/store.h"

struct store_change;

/* What the writer must know of a table. */
struct store_table {
	/* Do both speak of the same row? Then the newer one suffices. */
	bool (*same)(const struct store_change *a,
		     const struct store_change *b);
	/* One row in the open transaction; an SQLite result code. */
	int (*apply)(sqlite3 *db, const struct store_change *change);
};

/* The head of every change; a table's own fields follow it. One malloc. */
struct store_change {
	TAILQ_ENTRY(store_change) entry;
	struct store_change *chain; /* of its hash bucket */
	uint64_t hash;		    /* of its row's key */
	const struct store_table *table;
};
TAILQ_HEAD(store_changes, store_change);

#define WRITER_QUEUE_MAX 65536
#define WRITER_BUCKETS	 4096
#define WRITER_BATCH	 1024

struct writer {
	sqlite3 *db; /* the thread's own while it runs */
	const char *path;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake, written;
	struct store_changes queue;
	struct store_change *bucket[WRITER_BUCKETS];
	unsigned waiting; /* queued and in flight */
	bool ending, ended;
	char trouble[256];
	unsigned troubles;
	uint64_t done, lost;
};

int writer_start(struct writer *writer, sqlite3 *db, const char *path);
/* Takes `change`. */
void writer_put(struct writer *writer, struct store_change *change);
/* At most `wait_ms`; false: the thread hangs in the disk and still uses
 * `writer`, which must then be left alone for ever. */
bool writer_stop(struct writer *writer, unsigned wait_ms);

struct store {
	char path[PATH_MAX];
	sqlite3 *db;
	struct writer writer;
};

/* Bring an empty or older database to this version's schema. */
int store_binding_create(sqlite3 *db);
int store_fact_create(sqlite3 *db);
/* Its version 3 knows the port that a phone registered at. */
int store_binding_add_port(sqlite3 *db);

#endif
