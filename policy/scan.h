/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source text of a configuration file, read before libconfig reads it:
 * its faults told in plain words with the line where they are, and the line
 * of every value. What passes here passes libconfig.
 */
#ifndef POLICY_SCAN_H
#define POLICY_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Bounds of a file: nesting, and keys in one group. */
#define SCAN_DEPTH_MAX 8
#define SCAN_KEYS_MAX  1024

/* One value, in the order of the text; groups come before their members. */
struct scan_value {
	unsigned line; /* of its key, or its own within a list */
	bool bad;      /* already reported: not to be judged again */
};

struct scan {
	struct scan_value *value;
	unsigned values, size;
	bool broken; /* a syntax error: there is no tree to read */
	bool failed; /* out of memory */
	/* how faults are told; hint may be NULL */
	void (*report)(void *context, unsigned line, const char *hint,
		       const char *text);
	void *context;
};

/* text[len] is NUL-terminated too. `report` is called for every fault. */
void scan_text(struct scan *scan, const char *text, size_t len);
void scan_free(struct scan *scan);

#endif
