/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Status lines of a call in plain words. All sentences stand in one table
 * (sentence.c); each event of a call that status_words.c names has one.
 *
 * In a sentence {key} stands for a value, and what is in [brackets] is left
 * out if a value in it is not there. A key that ends in _ms is written as
 * seconds.
 */
#ifndef SBC_REPORT_SENTENCE_H
#define SBC_REPORT_SENTENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "sbc/report/story.h"

/* How the two ends are called, "a (phones)". */
struct sentence_ends {
	char name[2][48]; /* a, b */
};
void sentence_ends(const struct story *story, struct sentence_ends *out);

struct sentence {
	const char *event;
	const char *when; /* "key=value" that must stand in the line; NULL:
			     any line. The first that fits is said. */
	const char *text;
};
/* The whole table; for tests. */
const struct sentence *sentence_table(unsigned *count);

/* Finds a value; false and "" if there is none. */
typedef bool sentence_value_f(const void *user, const char *key, char *out,
			      size_t size);
void sentence_write(char *out, size_t size, const char *text,
		    sentence_value_f *value, const void *user);

/* One line of a story in words; {end} is the leg it speaks of, {far} the
 * other one. An event without a sentence is told by its fields. */
void sentence_of(char *out, size_t size, const struct story_entry *entry,
		 const struct sentence_ends *ends);
/* The same with a sentence of yours. */
void sentence_of_text(char *out, size_t size, const char *text,
		      const struct story_entry *entry,
		      const struct sentence_ends *ends);
/* Does the entry meet `when`? */
bool sentence_fits(const struct story_entry *entry, const char *when);

/* "why the media goes this way" for policy_plan's anchor_why. */
void sentence_anchor(char *out, size_t size, const char *anchor_why);

#define SENTENCE_MAX 768

#endif
