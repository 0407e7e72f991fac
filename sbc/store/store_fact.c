/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what was learned of peers. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/store/writer.h"

struct fact_change {
	struct store_change head;
	bool drop;
	struct store_fact fact;
};

int store_fact_create(sqlite3 *db)
{
	return sqlite3_exec(db,
			    "CREATE TABLE fact ("
			    " peer TEXT NOT NULL,"
			    " method TEXT NOT NULL,"
			    " sent TEXT NOT NULL,"
			    " came TEXT NOT NULL,"
			    " call TEXT NOT NULL,"
			    " learned_at INTEGER NOT NULL,"
			    " PRIMARY KEY (peer, method)) WITHOUT ROWID",
			    NULL, NULL, NULL);
}

static const struct store_fact *fact_of(const struct store_change *change)
{
	return &((const struct fact_change *)change)->fact;
}

static bool fact_same(const struct store_change *a,
		      const struct store_change *b)
{
	return !strcmp(fact_of(a)->peer, fact_of(b)->peer) &&
	       !strcmp(fact_of(a)->method, fact_of(b)->method);
}

static int fact_apply(sqlite3 *db, const struct store_change *change)
{
	const struct store_fact *fact = fact_of(change);
	bool drop = ((const struct fact_change *)change)->drop;
	sqlite3_stmt *row;
	int rc = sqlite3_prepare_v2(
		db,
		drop ? "DELETE FROM fact WHERE peer = ? AND method = ?"
		     : "INSERT OR REPLACE INTO fact VALUES (?,?,?,?,?,?)",
		-1, &row, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_text(row, 1, fact->peer, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, fact->method, -1, SQLITE_STATIC);
	if (!drop) {
		sqlite3_bind_text(row, 3, fact->sent, -1, SQLITE_STATIC);
		sqlite3_bind_text(row, 4, fact->came, -1, SQLITE_STATIC);
		sqlite3_bind_text(row, 5, fact->call, -1, SQLITE_STATIC);
		sqlite3_bind_int64(row, 6, fact->learned_at);
	}
	sqlite3_step(row);
	return sqlite3_finalize(row);
}

static const struct store_table fact_table = {
	.same = fact_same,
	.apply = fact_apply,
};

static void put_change(struct store *store, const struct store_fact *fact,
		       bool drop)
{
	struct fact_change *change = store ? malloc(sizeof(*change)) : NULL;

	if (!change)
		return; /* durability is lost, never a call */
	*change = (struct fact_change){
		.head.table = &fact_table,
		/* Facts are few: one bucket of the queue serves them all. */
		.head.hash = 0,
		.drop = drop,
		.fact = *fact,
	};
	writer_put(&store->writer, &change->head);
}

void store_put_fact(struct store *store, const struct store_fact *fact)
{
	put_change(store, fact, false);
}

void store_drop_fact(struct store *store, const char *peer, const char *method)
{
	struct store_fact fact = {.learned_at = 0};

	snprintf(fact.peer, sizeof(fact.peer), "%s", peer);
	snprintf(fact.method, sizeof(fact.method), "%s", method);
	put_change(store, &fact, true);
}

static void take(char *out, size_t size, sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	snprintf(out, size, "%s", text ? text : "");
}

int store_load_facts(struct store *store,
		     void (*each)(void *user, const struct store_fact *fact),
		     void *user)
{
	sqlite3_stmt *row;
	int count = 0;

	if (!store)
		return 0;
	if (sqlite3_prepare_v2(store->db,
			       "SELECT peer, method, sent, came, call,"
			       " learned_at FROM fact",
			       -1, &row, NULL) != SQLITE_OK)
		return -EIO;
	while (sqlite3_step(row) == SQLITE_ROW) {
		struct store_fact fact;

		take(fact.peer, sizeof(fact.peer), row, 0);
		take(fact.method, sizeof(fact.method), row, 1);
		take(fact.sent, sizeof(fact.sent), row, 2);
		take(fact.came, sizeof(fact.came), row, 3);
		take(fact.call, sizeof(fact.call), row, 4);
		fact.learned_at = sqlite3_column_int64(row, 5);
		each(user, &fact);
		count++;
	}
	sqlite3_finalize(row);
	return count;
}
