/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One description of what is shown, written as aligned text or as JSON. Text
 * of the network is made fit for either on its way.
 */
#ifndef SBC_CONTROL_SHOW_H
#define SBC_CONTROL_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct show {
	char *text; /* owned; what is to be sent */
	size_t len, size;
	bool json;
	bool comma;  /* JSON: a value stands before the next one */
	bool broken; /* out of memory: the text is not whole */
};

void show_clear(struct show *show);

enum show_kind {
	SHOW_NOTHING, /* "-", null */
	SHOW_TEXT,
	SHOW_NUMBER,
	SHOW_SECONDS, /* "1:02:03", 3723 */
	SHOW_REAL,    /* two decimals */
	SHOW_YES,     /* "yes" or "no", true or false */
};
struct show_value {
	enum show_kind kind;
	const char *text;
	int64_t number;
	double real;
};
struct show_value show_text(const char *text); /* NULL or "": nothing */
struct show_value show_number(int64_t number);
struct show_value show_seconds(int64_t seconds);
struct show_value show_real(double real);
struct show_value show_yes(bool yes);

/* key: JSON's name, NULL for the outermost one and within a list; title: what
 * text shows above it, NULL for nothing. */
void show_open(struct show *show, const char *key, const char *title);
void show_close(struct show *show);
/* One value; text shows "label      value". */
void show_field(struct show *show, const char *key, const char *label,
		struct show_value value);

/* Rows with the same columns; a width below 0 ends the line. */
struct show_column {
	const char *key, *heading;
	int width;
};
struct show_table {
	const char *key;
	const struct show_column *column;
	unsigned columns;
};
void show_rows_open(struct show *show, const struct show_table *table);
void show_row(struct show *show, const struct show_table *table,
	      const struct show_value *value);
void show_rows_close(struct show *show);

/* A line of its own; in JSON one string of a list or "key": string. */
void show_line(struct show *show, const char *key, const char *text);
void show_list_open(struct show *show, const char *key);
void show_list_close(struct show *show);

/* Exactly this, in both forms. */
void show_raw(struct show *show, const char *text);

#endif
