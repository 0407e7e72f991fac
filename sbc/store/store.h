/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must survive a restart, in SQLite (WAL). Changes are queued to the
 * store's own writer thread: the loop never waits for a disk. A full disk or
 * a broken file costs durability, never a call.
 */
#ifndef SBC_STORE_STORE_H
#define SBC_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct store;

struct store_binding {
	char user[64];
	char contact[256];
	char call_id[128];
	uint32_t cseq;
	struct sockaddr_storage source;
	unsigned transport;
	uint16_t local_port; /* ours; 0: not known */
	char network[32];
	int64_t expires_at; /* wall clock, seconds since 1970 */
	char user_agent[64];
	char instance[80]; /* +sip.instance, "" if none */
};

/* Everything below takes NULL for a store that could not be opened: nothing
 * is kept and nothing is loaded. */

/*
 * Open or create, readable by its owner only. Returns 0; -errno with a message
 * in `why` (path, what to do). A file that is no database, or a damaged one,
 * is moved aside to PATH.broken (PATH.broken-2, ...) and a new one is begun
 * (said in `why`, returns 0). -EPROTONOSUPPORT: written by a newer version.
 */
int store_open(struct store **out, const char *path, char *why,
	       size_t why_size);
/* Writes what is queued (at most 2 s), then closes. */
void store_close(struct store *store);

/* Blocking; only at start. Returns the number loaded or -errno. */
int store_load_bindings(struct store *store,
			void (*each)(void *user,
				     const struct store_binding *binding),
			void *user);
/* Queued: at most 65,536 changes wait, a newer one of the same binding takes
 * the older one's place; beyond that the oldest is lost (see store_counts). */
void store_put_binding(struct store *store, const struct store_binding *b);
void store_drop_binding(struct store *store, const char *user,
			const char *contact);

/* A fact learned of a peer: it could not take this method in mid-call. */
struct store_fact {
	char peer[72]; /* a name has at most 64 */
	char method[16];
	char sent[64], came[64]; /* the evidence */
	char call[20];
	int64_t learned_at; /* wall clock, seconds since 1970 */
};
/* As for bindings. */
int store_load_facts(struct store *store,
		     void (*each)(void *user, const struct store_fact *fact),
		     void *user);
void store_put_fact(struct store *store, const struct store_fact *fact);
void store_drop_fact(struct store *store, const char *peer, const char *method);

/* The writer's last trouble ("" if all is well), for the log and sallyctl;
 * `count` rises with each new failure. */
unsigned store_trouble(struct store *store, char *out, size_t size);

struct store_counts {
	unsigned waiting; /* changes not yet in the file */
	uint64_t written, lost;
};
void store_counts(struct store *store, struct store_counts *out);

#endif
