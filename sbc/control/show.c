/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One description of what is shown, written as aligned text or as JSON. */
#include "config.h"

#include "sbc/control/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/report/log.h"

#define LABEL_WIDTH 18

void show_clear(struct show *show)
{
	free(show->text);
	*show = (struct show){0};
}

struct show_value show_text(const char *text)
{
	return (struct show_value){
		.kind = text && *text ? SHOW_TEXT : SHOW_NOTHING,
		.text = text,
	};
}

struct show_value show_number(int64_t number)
{
	return (struct show_value){.kind = SHOW_NUMBER, .number = number};
}

struct show_value show_seconds(int64_t seconds)
{
	return (struct show_value){.kind = SHOW_SECONDS, .number = seconds};
}

struct show_value show_real(double real)
{
	return (struct show_value){.kind = SHOW_REAL, .real = real};
}

struct show_value show_yes(bool yes)
{
	return (struct show_value){.kind = SHOW_YES, .number = yes};
}

/* --- bytes -------------------------------------------------------------- */

static void put(struct show *show, const char *text, size_t len)
{
	if (show->broken)
		return;
	if (show->len + len > show->size) {
		size_t size = 2 * (show->len + len) + 4096;
		char *bigger = realloc(show->text, size);

		if (!bigger) {
			show->broken = true;
			return;
		}
		show->text = bigger;
		show->size = size;
	}
	memcpy(show->text + show->len, text, len);
	show->len += len;
}

void show_raw(struct show *show, const char *text)
{
	put(show, text, strlen(text));
}

static void print(struct show *show, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void print(struct show *show, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	show_raw(show, text);
}

/* --- JSON --------------------------------------------------------------- */

/* log_visible leaves well-formed UTF-8 without control bytes. */
static void json_string(struct show *show, const char *text)
{
	char clean[1024];

	log_visible(clean, sizeof clean, text, strlen(text));
	show_raw(show, "\"");
	for (const char *at = clean; *at;) {
		size_t n = strcspn(at, "\"\\");

		put(show, at, n);
		at += n;
		if (*at) {
			show_raw(show, "\\");
			put(show, at++, 1);
		}
	}
	show_raw(show, "\"");
}

static void json_value(struct show *show, struct show_value value)
{
	switch (value.kind) {
	case SHOW_NOTHING:
		show_raw(show, "null");
		break;
	case SHOW_TEXT:
		json_string(show, value.text);
		break;
	case SHOW_NUMBER:
	case SHOW_SECONDS:
		print(show, "%" PRId64, value.number);
		break;
	case SHOW_REAL:
		print(show, "%.2f", value.real);
		break;
	case SHOW_YES:
		show_raw(show, value.number ? "true" : "false");
		break;
	}
}

/* What stands before a value: a comma if one is due, and its key. */
static void json_key(struct show *show, const char *key)
{
	if (show->comma)
		show_raw(show, ",");
	show->comma = true;
	if (key)
		print(show, "\"%s\":", key);
}

/* --- text --------------------------------------------------------------- */

static void text_value(char *out, size_t size, struct show_value value)
{
	int64_t s = value.number;

	switch (value.kind) {
	case SHOW_NOTHING:
		snprintf(out, size, "-");
		break;
	case SHOW_TEXT:
		log_visible(out, size, value.text, strlen(value.text));
		break;
	case SHOW_NUMBER:
		snprintf(out, size, "%" PRId64, s);
		break;
	case SHOW_SECONDS:
		if (s >= 3600)
			snprintf(out, size, "%" PRId64 ":%02d:%02d", s / 3600,
				 (int)(s / 60 % 60), (int)(s % 60));
		else
			snprintf(out, size, "%d:%02d", (int)(s / 60),
				 (int)(s % 60));
		break;
	case SHOW_REAL:
		snprintf(out, size, "%.2f", value.real);
		break;
	case SHOW_YES:
		snprintf(out, size, "%s", s ? "yes" : "no");
		break;
	}
}

/* Columns are counted in characters, not in bytes of UTF-8. */
static void text_cell(struct show *show, const char *text, int width)
{
	int shown = 0;

	show_raw(show, text);
	for (const char *at = text; *at; at++)
		shown += (*at & 0xc0) != 0x80;
	if (width < 0) {
		show_raw(show, "\n");
		return;
	}
	do
		show_raw(show, " ");
	while (++shown <= width);
}

/* --- both --------------------------------------------------------------- */

void show_open(struct show *show, const char *key, const char *title)
{
	if (show->json) {
		json_key(show, key);
		show_raw(show, "{");
		show->comma = false;
	} else if (title) {
		print(show, "%s%s\n", show->len ? "\n" : "", title);
	}
}

void show_close(struct show *show)
{
	if (show->json) {
		show_raw(show, "}");
		show->comma = true;
	}
}

void show_field(struct show *show, const char *key, const char *label,
		struct show_value value)
{
	char text[1024];

	if (show->json) {
		json_key(show, key);
		json_value(show, value);
		return;
	}
	text_value(text, sizeof text, value);
	text_cell(show, label, LABEL_WIDTH);
	text_cell(show, text, -1);
}

void show_rows_open(struct show *show, const struct show_table *table)
{
	if (show->json) {
		show_list_open(show, table->key);
		return;
	}
	for (unsigned i = 0; i < table->columns; i++)
		text_cell(show, table->column[i].heading,
			  table->column[i].width);
}

void show_row(struct show *show, const struct show_table *table,
	      const struct show_value *value)
{
	char text[1024];

	if (show->json)
		show_open(show, NULL, NULL);
	for (unsigned i = 0; i < table->columns; i++) {
		if (show->json) {
			json_key(show, table->column[i].key);
			json_value(show, value[i]);
		} else {
			text_value(text, sizeof text, value[i]);
			text_cell(show, text, table->column[i].width);
		}
	}
	if (show->json) {
		show_close(show);
		show_raw(show, "\n");
	}
}

void show_rows_close(struct show *show)
{
	show_list_close(show);
}

void show_list_open(struct show *show, const char *key)
{
	if (!show->json)
		return;
	json_key(show, key);
	show_raw(show, "[");
	show->comma = false;
}

void show_list_close(struct show *show)
{
	if (!show->json)
		return;
	show_raw(show, "]");
	show->comma = true;
}

void show_line(struct show *show, const char *key, const char *text)
{
	char clean[1024];

	if (show->json) {
		json_key(show, key);
		json_string(show, text);
	} else {
		log_visible(clean, sizeof clean, text, strlen(text));
		text_cell(show, clean, -1);
	}
}
