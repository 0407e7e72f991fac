/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong in the files: collected while loading, sorted at the end. */
#include "policy/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/unit.h"

#define TEXT_MAX 400

/* A value from a file may hold anything; a terminal must not obey it. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	if (!text_is_utf8(text))
		for (unsigned char *p = (unsigned char *)text; *p; p++)
			if (*p >= 0x80)
				*p = '?';
}

void fault_add(struct fault_list *list, const char *file, unsigned order,
	       unsigned line, bool warning, const char *hint,
	       const char *format, va_list args)
{
	char text[TEXT_MAX], full[TEXT_MAX + 128];

	if (!warning)
		list->errors++;
	if (list->count == FAULTS_MAX) {
		list->dropped++;
		return;
	}
	if (list->count == list->size) {
		unsigned size = list->size ? list->size * 2 : 16;
		struct fault *grown =
			realloc(list->fault, size * sizeof(*grown));
		if (!grown) {
			list->failed = true;
			return;
		}
		list->fault = grown;
		list->size = size;
	}
	vsnprintf(text, sizeof(text), format, args);
	if (hint)
		snprintf(full, sizeof(full), "%s; did you mean \"%.80s\"?",
			 text, hint);
	else
		snprintf(full, sizeof(full), "%s", text);
	make_printable(full);
	char *copy = strdup(full);
	if (!copy) {
		list->failed = true;
		return;
	}
	list->fault[list->count] = (struct fault){
		.file = file,
		.order = order,
		.line = line,
		.sequence = list->count,
		.warning = warning,
		.text = copy,
	};
	list->count++;
}

static int fault_compare(const void *a, const void *b)
{
	const struct fault *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static char *fault_line(const struct fault *fault)
{
	const char *word = fault->warning ? "warning" : "error";
	char number[16] = "";
	char *line = NULL;

	if (fault->line)
		snprintf(number, sizeof(number), ":%u", fault->line);
	if (asprintf(&line, "%s%s: %s: %s", fault->file, number, word,
		     fault->text) < 0)
		return NULL;
	return line;
}

int fault_finish(struct fault_list *list, struct policy_faults *out)
{
	int error = list->failed ? -ENOMEM : 0;

	*out = (struct policy_faults){.errors = list->errors};
	if (list->count)
		qsort(list->fault, list->count, sizeof(*list->fault),
		      fault_compare);
	out->line = calloc(list->count + 1, sizeof(*out->line));
	if (!out->line)
		error = -ENOMEM;
	for (unsigned i = 0; i < list->count && !error; i++) {
		out->line[i] = fault_line(&list->fault[i]);
		if (!out->line[i])
			error = -ENOMEM;
		else
			out->count++;
	}
	if (list->dropped && !error) {
		if (asprintf(&out->line[out->count], "and %u more",
			     list->dropped) < 0)
			error = -ENOMEM;
		else
			out->count++;
	}
	fault_free(list);
	return error;
}

void fault_free(struct fault_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		free(list->fault[i].text);
	free(list->fault);
	memset(list, 0, sizeof(*list));
}

void policy_faults_free(struct policy_faults *faults)
{
	for (unsigned i = 0; i < faults->count; i++)
		free(faults->line[i]);
	free(faults->line);
	memset(faults, 0, sizeof(*faults));
}
