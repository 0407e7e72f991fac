/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configurations in one file: parts that begin with "=== NAME [mode=0644]".
 * The part "host" lists this host's addresses, the part "expect" the faults.
 */
#ifndef TESTS_CASE_H
#define TESTS_CASE_H

#include <stddef.h>

#define CASE_PARTS 32

struct case_text {
	char *text; /* the whole file; parts point into it */
	struct case_part {
		char name[80];
		unsigned mode;
		const char *text;
		size_t len;
	} part[CASE_PARTS];
	unsigned parts;
};

/* Cut text[len], which is kept; more parts than fit are left away. */
void case_cut(struct case_text *out, const char *text, size_t len);
const struct case_part *case_part(const struct case_text *c, const char *name);

#endif
