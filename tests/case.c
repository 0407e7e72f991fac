/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configurations in one file, cut into their parts. */
#include "tests/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void part_begin(struct case_text *out, const char *line, size_t len)
{
	struct case_part *part = &out->part[out->parts];
	char name[sizeof(part->name) + 16];
	char *mode;

	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	memcpy(name, line, len);
	name[len] = '\0';
	*part = (struct case_part){.mode = 0600};
	mode = strstr(name, " mode=");
	if (mode) {
		part->mode = (unsigned)strtoul(mode + 6, NULL, 8) & 0777;
		*mode = '\0';
	}
	snprintf(part->name, sizeof(part->name), "%.79s", name);
	out->parts++;
}

void case_cut(struct case_text *out, const char *text, size_t len)
{
	const char *end = text + len, *next;

	out->parts = 0;
	for (const char *line = text; line < end; line = next) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		next = eol ? eol + 1 : end;
		size_t line_len = (size_t)((eol ? eol : end) - line);
		if (line_len > 4 && memcmp(line, "=== ", 4) == 0) {
			if (out->parts == CASE_PARTS)
				return;
			part_begin(out, line + 4, line_len - 4);
			out->part[out->parts - 1].text = next;
		} else if (out->parts) {
			struct case_part *part = &out->part[out->parts - 1];
			part->len = (size_t)(next - part->text);
		}
	}
}

const struct case_part *case_part(const struct case_text *c, const char *name)
{
	for (unsigned i = 0; i < c->parts; i++)
		if (strcmp(c->part[i].name, name) == 0)
			return &c->part[i];
	return NULL;
}
