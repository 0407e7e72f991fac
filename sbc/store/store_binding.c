/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of phones' bindings. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/address.h"
#include "sbc/store/writer.h"

struct binding_change {
	struct store_change head;
	bool drop;
	struct store_binding b;
};

int store_binding_create(sqlite3 *db)
{
	return sqlite3_exec(db,
			    "CREATE TABLE binding ("
			    " user TEXT NOT NULL,"
			    " contact TEXT NOT NULL,"
			    " call_id TEXT NOT NULL,"
			    " cseq INTEGER NOT NULL,"
			    " source TEXT NOT NULL,"
			    " transport INTEGER NOT NULL,"
			    " network TEXT NOT NULL,"
			    " expires_at INTEGER NOT NULL,"
			    " user_agent TEXT NOT NULL,"
			    " instance TEXT NOT NULL,"
			    " PRIMARY KEY (user, contact)) WITHOUT ROWID",
			    NULL, NULL, NULL);
}

int store_binding_add_port(sqlite3 *db)
{
	return sqlite3_exec(db,
			    "ALTER TABLE binding ADD COLUMN"
			    " local_port INTEGER NOT NULL DEFAULT 0",
			    NULL, NULL, NULL);
}

static const struct store_binding *binding_of(const struct store_change *change)
{
	return &((const struct binding_change *)change)->b;
}

static bool binding_same(const struct store_change *a,
			 const struct store_change *b)
{
	return !strcmp(binding_of(a)->user, binding_of(b)->user) &&
	       !strcmp(binding_of(a)->contact, binding_of(b)->contact);
}

static void bind_text(sqlite3_stmt *row, int column, const char *text)
{
	sqlite3_bind_text(row, column, text, -1, SQLITE_STATIC);
}

static int apply_put(sqlite3 *db, const struct store_binding *b)
{
	char source[ADDRESS_TEXT_MAX];
	sqlite3_stmt *row;
	int rc = sqlite3_prepare_v2(db,
				    "INSERT OR REPLACE INTO binding VALUES "
				    "(?,?,?,?,?,?,?,?,?,?,?)",
				    -1, &row, NULL);

	if (rc != SQLITE_OK)
		return rc;
	address_text(source, (const struct sockaddr *)&b->source);
	bind_text(row, 1, b->user);
	bind_text(row, 2, b->contact);
	bind_text(row, 3, b->call_id);
	sqlite3_bind_int64(row, 4, b->cseq);
	bind_text(row, 5, source);
	sqlite3_bind_int64(row, 6, b->transport);
	bind_text(row, 7, b->network);
	sqlite3_bind_int64(row, 8, b->expires_at);
	bind_text(row, 9, b->user_agent);
	bind_text(row, 10, b->instance);
	sqlite3_bind_int64(row, 11, b->local_port);
	sqlite3_step(row);
	return sqlite3_finalize(row);
}

static int apply_drop(sqlite3 *db, const struct store_binding *b)
{
	sqlite3_stmt *row;
	int rc = sqlite3_prepare_v2(
		db, "DELETE FROM binding WHERE user = ? AND contact = ?", -1,
		&row, NULL);

	if (rc != SQLITE_OK)
		return rc;
	bind_text(row, 1, b->user);
	bind_text(row, 2, b->contact);
	sqlite3_step(row);
	return sqlite3_finalize(row);
}

static int binding_apply(sqlite3 *db, const struct store_change *change)
{
	const struct binding_change *binding =
		(const struct binding_change *)change;

	return binding->drop ? apply_drop(db, &binding->b)
			     : apply_put(db, &binding->b);
}

static const struct store_table binding_table = {
	.same = binding_same,
	.apply = binding_apply,
};

/* FNV-1a */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
	while (*text++);
	return hash;
}

static void put_change(struct store *store, const struct store_binding *b,
		       bool drop)
{
	struct binding_change *change = store ? malloc(sizeof(*change)) : NULL;

	if (!change)
		return; /* durability is lost, never a call */
	*change = (struct binding_change){
		.head.table = &binding_table,
		.head.hash = hash_text(hash_text(0xcbf29ce484222325u, b->user),
				       b->contact),
		.drop = drop,
		.b = *b,
	};
	writer_put(&store->writer, &change->head);
}

void store_put_binding(struct store *store, const struct store_binding *b)
{
	put_change(store, b, false);
}

void store_drop_binding(struct store *store, const char *user,
			const char *contact)
{
	struct store_binding b = {0};

	snprintf(b.user, sizeof(b.user), "%s", user);
	snprintf(b.contact, sizeof(b.contact), "%s", contact);
	put_change(store, &b, true);
}

/* --- reading --- */

static void copy_column(char *out, size_t size, sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	snprintf(out, size, "%s", text ? text : "");
}

#define COPY_COLUMN(field, row, column) \
	copy_column(field, sizeof(field), row, column)

static bool read_row(struct store_binding *b, sqlite3_stmt *row)
{
	char source[ADDRESS_TEXT_MAX];

	memset(b, 0, sizeof(*b));
	COPY_COLUMN(b->user, row, 0);
	COPY_COLUMN(b->contact, row, 1);
	COPY_COLUMN(b->call_id, row, 2);
	b->cseq = (uint32_t)sqlite3_column_int64(row, 3);
	COPY_COLUMN(source, row, 4);
	b->transport = (unsigned)sqlite3_column_int(row, 5);
	COPY_COLUMN(b->network, row, 6);
	b->expires_at = sqlite3_column_int64(row, 7);
	COPY_COLUMN(b->user_agent, row, 8);
	COPY_COLUMN(b->instance, row, 9);
	b->local_port = (uint16_t)sqlite3_column_int(row, 10);
	return b->user[0] && b->contact[0] &&
	       !address_parse(&b->source, source, 5060);
}

static int load_rows(sqlite3 *db,
		     void (*each)(void *user,
				  const struct store_binding *binding),
		     void *user)
{
	struct store_binding b;
	sqlite3_stmt *row;
	int count = 0, step;

	if (sqlite3_prepare_v2(db,
			       "SELECT user, contact, call_id, cseq, source,"
			       " transport, network, expires_at, user_agent,"
			       " instance, local_port FROM binding"
			       " ORDER BY user, expires_at",
			       -1, &row, NULL) != SQLITE_OK)
		return -EIO;
	while ((step = sqlite3_step(row)) == SQLITE_ROW) {
		if (!read_row(&b, row))
			continue;
		each(user, &b);
		count++;
	}
	return sqlite3_finalize(row) == SQLITE_OK && step == SQLITE_DONE ? count
									 : -EIO;
}

int store_load_bindings(struct store *store,
			void (*each)(void *user,
				     const struct store_binding *binding),
			void *user)
{
	sqlite3_stmt *old;

	if (!store)
		return 0;
	/* A full disk does not matter here: they are skipped by their time. */
	if (sqlite3_prepare_v2(store->db,
			       "DELETE FROM binding WHERE expires_at <= ?", -1,
			       &old, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(old, 1, (int64_t)time(NULL));
		sqlite3_step(old);
		sqlite3_finalize(old);
	}
	return load_rows(store->db, each, user);
}
