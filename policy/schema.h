/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one table of every key, as the loader and the dump read it. */
#ifndef POLICY_SCHEMA_H
#define POLICY_SCHEMA_H

#include "policy/policy.h"

/* What a key's text becomes; policy_key.store. */
enum schema_store {
	SCHEMA_NESTED,	/* a group or list of groups: read by its own file */
	SCHEMA_TEXT,	/* const char * */
	SCHEMA_PATH,	/* const char *, relative to the file's folder */
	SCHEMA_SECRET,	/* const char *, never shown */
	SCHEMA_NUMBER,	/* unsigned, or uint16_t by policy_key.size */
	SCHEMA_MS,	/* unsigned, milliseconds */
	SCHEMA_SECONDS, /* unsigned, seconds */
	SCHEMA_SIZE,	/* unsigned, bytes */
	SCHEMA_BOOLEAN, /* bool */
	SCHEMA_CHOICE,	/* an enum in the order of the range */
	SCHEMA_LIST,	/* struct conf_list: one string or a list of them */
};

/* Keys of one place stand together: its first row and their count. */
bool schema_place(const char *place, const struct policy_key **first,
		  unsigned *count);
/* The row's number within its place, or -1. */
int schema_index(const char *place, const char *key);

/* The default for a variant ("pbx"): presets are "auto; pbx: forward".
 * NULL: there is none ("-"), or the key must be given ("required"). */
const char *schema_preset(const struct policy_key *key, const char *variant,
			  char buf[64]);
bool schema_required(const struct policy_key *key);

#endif
