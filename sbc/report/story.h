/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the status log said of each call, kept in memory while the call lives
 * and for the last ones that ended, so that it can be explained. Fed by
 * status_end(); signalling thread only.
 *
 * Bounded: a call's first lines stay, and its last ones; what is too much goes
 * from the middle, oldest first, and is counted.
 */
#ifndef SBC_REPORT_STORY_H
#define SBC_REPORT_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#define STORY_ENTRIES_MAX 40
#define STORY_BYTES_MAX	  4096 /* of one call's lines */
#define STORY_HEAD	  10   /* lines of the beginning that stay */
#define STORY_HEAD_BYTES  1536 /* as long as they are not longer */
#define STORY_ENDED_MAX	  500  /* calls */

/* A status line without its call: "TIME leg=a peer=acme event=..." */
struct story_entry {
	TAILQ_ENTRY(story_entry) entry;
	size_t len;
	char text[];
};
TAILQ_HEAD(story_entries, story_entry);

struct story {
	LIST_ENTRY(story) bucket;
	TAILQ_ENTRY(story) entry; /* of the live ones, or the ended */
	unsigned long serial;	  /* in the order they began */
	char id[17];
	struct story_entries entries;
	struct story_entry *head; /* the last line that stays */
	unsigned count, head_count, dropped;
	size_t bytes, head_bytes;
	bool ended;
};

/* A call begins: its lines are kept from now on. */
void story_begin(const char *id);
/* A finished status line, without newline. One of a call that did not begin
 * here is none of ours; "call-end" ends its story. */
void story_tell(const char *line, size_t len);
/* NULL: not one of them, or forgotten. */
const struct story *story_find(const char *id);
/* The call that began last. */
const struct story *story_newest(void);
void story_clear(void);

/* One field after the other; `*at` is entry->text at first. False at the end.
 * key and value point into the text; quotes are taken off. */
struct story_field {
	const char *key, *value;
	size_t key_len, value_len;
};
bool story_next(const char **at, struct story_field *out);

/* The value of a field, cut to fit; "" and false if it is not there or holds
 * nothing. "time" is the line's time. */
bool story_value(const struct story_entry *entry, const char *key, char *out,
		 size_t size);
/* Is it exactly this? */
bool story_is(const struct story_entry *entry, const char *key,
	      const char *value);
/* A number; 0 if it is not there. */
long long story_number(const struct story_entry *entry, const char *key);

#endif
