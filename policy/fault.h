/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong in the files: collected while loading, sorted at the end. */
#ifndef POLICY_FAULT_H
#define POLICY_FAULT_H

#include <stdarg.h>
#include <stdbool.h>

#include "policy/policy.h"

/* More than these are counted, not kept. */
#define FAULTS_MAX 1000

struct fault_list {
	struct fault {
		const char *file; /* borrowed */
		unsigned order;	  /* of the file */
		unsigned line;	  /* 0: the file as a whole */
		unsigned sequence;
		bool warning;
		char *text;
	} * fault;
	unsigned count, size;
	unsigned dropped;
	unsigned errors;
	bool failed; /* out of memory */
};

/*
 * Keep one fault. `hint` may be NULL, else it ends the line as
 * `did you mean "hint"?`. Control bytes in the text are replaced.
 */
void fault_add(struct fault_list *list, const char *file, unsigned order,
	       unsigned line, bool warning, const char *hint,
	       const char *format, va_list args)
	__attribute__((format(printf, 7, 0)));

/* Sort and hand over as text; `list` is empty afterwards. 0 or -ENOMEM. */
int fault_finish(struct fault_list *list, struct policy_faults *out);
void fault_free(struct fault_list *list);

/* --- did you mean? ------------------------------------------------------- */

/* The nearest of the names shown to it; begin with { .wanted = text }. */
struct suggest {
	const char *wanted;
	const char *best;
	unsigned distance;
};

void suggest_try(struct suggest *suggest, const char *candidate);
/* The best one if it is near enough to be meant, else NULL. */
const char *suggest_best(const struct suggest *suggest);
/* Optimal string alignment (Damerau-Levenshtein), letters' case ignored. */
unsigned suggest_distance(const char *a, const char *b);

#endif
