/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database file: opening, moving a broken one aside, its schema. */
#include "config.h"

#include "sbc/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sbc/store/writer.h"

/* PRAGMA user_version. A higher one is another version's file. */
#define SCHEMA_VERSION 3
#define CLOSE_WAIT_MS  2000
#define BUSY_WAIT_MS   2000
/* Files up to this size are read whole at start to find damage. */
#define CHECK_SIZE_MAX (64 << 20)
#define ASIDE_MAX      100

static int refuse(int error, char *why, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int refuse(int error, char *why, size_t size, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, size, format, ap);
	va_end(ap);
	return error;
}

static int folder_missing(const char *path, char *why, size_t why_size)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	else
		snprintf(folder, sizeof(folder), ".");
	return refuse(-ENOENT, why, why_size,
		      "cannot open %s: there is no folder %s; make it "
		      "(mkdir -p %s), let our user write in it, or name "
		      "another file with the key \"store.file\"",
		      path, folder, folder);
}

/* The file exists afterwards and belongs to its owner only; SQLite gives its
 * companions (-wal, -shm) the same mode. */
static int prepare(const char *path, off_t *bytes, char *why, size_t why_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat is;

	if (fd < 0 && errno == ENOENT)
		return folder_missing(path, why, why_size);
	if (fd < 0)
		return refuse(-errno, why, why_size,
			      "cannot open %s: %s; let our user read and write "
			      "the file and its folder, or name another file "
			      "with the key \"store.file\"",
			      path, strerror(errno));
	if (fstat(fd, &is) || !S_ISREG(is.st_mode)) {
		close(fd);
		return refuse(-EINVAL, why, why_size,
			      "cannot use %s: it is no plain file; name "
			      "another one with the key \"store.file\"",
			      path);
	}
	if (is.st_mode & 077)
		(void)!fchmod(fd, 0600); /* not the owner: left as it is */
	*bytes = is.st_size;
	close(fd);
	return 0;
}

static int take_int(void *user, int columns, char **value, char **name)
{
	(void)name;
	if (columns > 0 && value[0])
		*(int *)user = atoi(value[0]);
	return 0;
}

static int take_ok(void *user, int columns, char **value, char **name)
{
	(void)name;
	*(bool *)user = columns > 0 && value[0] && !strcmp(value[0], "ok");
	return 0;
}

/* Each case brings a file from the version before to the next. */
static int migrate(sqlite3 *db, int version)
{
	char pragma[64];
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return rc;
	if (version < 1)
		rc = store_binding_create(db);
	if (rc == SQLITE_OK && version < 2)
		rc = store_fact_create(db);
	if (rc == SQLITE_OK && version < 3)
		rc = store_binding_add_port(db);
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d",
		 SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, pragma, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static bool is_damage(int rc)
{
	return (rc & 0xff) == SQLITE_NOTADB || (rc & 0xff) == SQLITE_CORRUPT;
}

/* An SQLite result code; *version is what the file said. */
static int open_database(sqlite3 **out, const char *path, off_t bytes,
			 int *version)
{
	sqlite3 *db = NULL;
	bool sound = true;
	int rc = sqlite3_open_v2(path, &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
					 SQLITE_OPEN_FULLMUTEX,
				 NULL);

	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_WAIT_MS);
		rc = sqlite3_exec(db, "PRAGMA user_version", take_int, version,
				  NULL);
	}
	if (rc == SQLITE_OK && *version > SCHEMA_VERSION) {
		sqlite3_close(db);
		return SQLITE_OK;
	}
	if (rc == SQLITE_OK && bytes && bytes <= CHECK_SIZE_MAX)
		rc = sqlite3_exec(db, "PRAGMA quick_check(1)", take_ok, &sound,
				  NULL);
	if (rc == SQLITE_OK && !sound)
		rc = SQLITE_CORRUPT;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
				  "PRAGMA journal_mode = WAL;"
				  "PRAGMA synchronous = NORMAL",
				  NULL, NULL, NULL);
	if (rc == SQLITE_OK && *version < SCHEMA_VERSION)
		rc = migrate(db, *version);
	if (rc != SQLITE_OK) {
		sqlite3_close(db);
		return rc;
	}
	*out = db;
	return SQLITE_OK;
}

static void move_companion(const char *path, const char *aside,
			   const char *suffix)
{
	char from[PATH_MAX + 8], to[PATH_MAX + 24];

	snprintf(from, sizeof(from), "%s%s", path, suffix);
	snprintf(to, sizeof(to), "%s%s", aside, suffix);
	if (rename(from, to) && errno != ENOENT)
		unlink(from); /* never a foreign journal on a new file */
}

static int move_aside(const char *path, char *aside, size_t size)
{
	for (unsigned n = 1; n < ASIDE_MAX; n++) {
		if (n == 1)
			snprintf(aside, size, "%s.broken", path);
		else
			snprintf(aside, size, "%s.broken-%u", path, n);
		if (!access(aside, F_OK))
			continue;
		if (rename(path, aside))
			return -errno;
		move_companion(path, aside, "-wal");
		move_companion(path, aside, "-shm");
		return 0;
	}
	return -EEXIST;
}

static int open_or_replace(struct store *store, char *why, size_t why_size)
{
	const char *path = store->path;
	char aside[PATH_MAX + 16];
	int version = 0;
	off_t bytes;
	int error = prepare(path, &bytes, why, why_size);

	if (error)
		return error;
	int rc = open_database(&store->db, path, bytes, &version);
	if (is_damage(rc)) {
		const char *damage = sqlite3_errstr(rc);
		error = move_aside(path, aside, sizeof(aside));
		if (error)
			return refuse(error, why, why_size,
				      "%s is damaged (%s) and cannot be moved "
				      "aside: %s; remove it by hand",
				      path, damage, strerror(-error));
		snprintf(why, why_size,
			 "%s is damaged (%s); it was moved to %s and a new "
			 "one begun: phones are known again when they "
			 "register next",
			 path, damage, aside);
		error = prepare(path, &bytes, why, why_size);
		if (error)
			return error;
		version = 0;
		rc = open_database(&store->db, path, bytes, &version);
	}
	if (rc != SQLITE_OK)
		return refuse(-EIO, why, why_size,
			      "cannot open %s: %s; see that its disk has room "
			      "and that our user may write the file and its "
			      "folder",
			      path, sqlite3_errstr(rc));
	if (!store->db)
		return refuse(-EPROTONOSUPPORT, why, why_size,
			      "%s was written by a newer version (schema %d, "
			      "we know %d); install that version, or name "
			      "another file with the key \"store.file\"",
			      path, version, SCHEMA_VERSION);
	return 0;
}

int store_open(struct store **out, const char *path, char *why, size_t why_size)
{
	why[0] = '\0';
	if (strlen(path) >= PATH_MAX - 32)
		return refuse(-ENAMETOOLONG, why, why_size,
			      "the path of the store is too long");
	struct store *store = calloc(1, sizeof(*store));
	if (!store)
		return refuse(-ENOMEM, why, why_size, "out of memory");
	snprintf(store->path, sizeof(store->path), "%s", path);

	int error = open_or_replace(store, why, why_size);
	if (error)
		goto undo_store;
	error = writer_start(&store->writer, store->db, store->path);
	if (error) {
		refuse(error, why, why_size,
		       "cannot start the store's thread: %s", strerror(-error));
		goto undo_db;
	}
	*out = store;
	return 0;
undo_db:
	sqlite3_close(store->db);
undo_store:
	free(store);
	return error;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	/* A thread stuck in the disk keeps the store: losing its memory is
	 * better than waiting for ever. */
	if (!writer_stop(&store->writer, CLOSE_WAIT_MS))
		return;
	sqlite3_close(store->db);
	free(store);
}

unsigned store_trouble(struct store *store, char *out, size_t size)
{
	struct writer *writer = &store->writer;

	if (!store) {
		snprintf(out, size, "there is no store: nothing is kept");
		return 1;
	}
	pthread_mutex_lock(&writer->lock);
	snprintf(out, size, "%s", writer->trouble);
	unsigned troubles = writer->troubles;
	pthread_mutex_unlock(&writer->lock);
	return troubles;
}

void store_counts(struct store *store, struct store_counts *out)
{
	struct writer *writer = &store->writer;

	*out = (struct store_counts){0};
	if (!store)
		return;
	pthread_mutex_lock(&writer->lock);
	out->waiting = writer->waiting;
	out->written = writer->done;
	out->lost = writer->lost;
	pthread_mutex_unlock(&writer->lock);
}
