/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of bindings: by user (hash), by time (heap), and all in order.
 * It knows no SIP and no store.
 */
#ifndef SBC_REGISTER_BINDING_H
#define SBC_REGISTER_BINDING_H

#include "sbc/register/registrar.h"

struct binding {
	struct registrar_binding pub; /* first: the face shows only this */
	struct binding *chain;	      /* of its user's bucket, newest first */
	size_t heap_index;
	uint64_t due_ms;	  /* the sooner of expiry and keepalive */
	uint64_t keepalive_at_ms; /* UINT64_MAX: needs none */
	uint64_t serial;	  /* rises with each refresh */
	nta_outgoing_t *ping;	  /* keepalive not yet answered */
	struct registrar *registrar;
	char instance[80]; /* +sip.instance, "" if none */
};

struct binding_table;

int binding_table_new(struct binding_table **out);
/* Frees the bindings too; their pings must be gone. */
void binding_table_free(struct binding_table *table);

/* An empty one of this user, in the table, never due; NULL: no memory. */
struct binding *binding_add(struct binding_table *table, const char *user);
void binding_remove(struct binding_table *table, struct binding *binding);
/* It was refreshed: now the user's newest. */
void binding_touch(struct binding_table *table, struct binding *binding);
/* Its pub.expires_ms or keepalive_at_ms changed. */
void binding_schedule(struct binding_table *table, struct binding *binding);

struct binding *binding_first(const struct binding_table *table,
			      const char *user);
struct binding *binding_next(const struct binding *binding);
struct binding *binding_find(const struct binding_table *table,
			     const char *user, const char *contact);
/* The one that is due first; NULL if there is none. */
struct binding *binding_due(const struct binding_table *table);
const struct registrar_binding *binding_walk(
	const struct binding_table *table,
	const struct registrar_binding *after);
unsigned binding_count(const struct binding_table *table);

#endif
