/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is taken in many small pieces and given back all at once. */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *block;
	size_t used, size; /* of the newest block */
	int failed;	   /* a piece was refused: out of memory */
};

/* A zeroed, aligned piece; NULL (and `failed` set) if there is no memory. */
void *arena_take(struct arena *arena, size_t size);
/* The same for `count` times `size`, which may not overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Copy of text[len], NUL-terminated. */
char *arena_text(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

#endif
