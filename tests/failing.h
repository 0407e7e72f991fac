/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Put in front of policy's sources by check_policy_memory: their allocations
 * can be made to fail, one after the other.
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);
void *failing_realloc(void *old, size_t size);
char *failing_strdup(const char *text);
char *failing_strndup(const char *text, size_t len);
int failing_asprintf(char **out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
FILE *failing_memstream(char **out, size_t *len);

#undef asprintf
#undef strdup
#undef strndup
#define malloc	       failing_malloc
#define calloc	       failing_calloc
#define realloc	       failing_realloc
#define strdup	       failing_strdup
#define strndup	       failing_strndup
#define asprintf       failing_asprintf
#define open_memstream failing_memstream

#endif
