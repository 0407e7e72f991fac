/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is taken in many small pieces and given back all at once. */
#include "policy/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 16384
#define ALIGN	   _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	_Alignas(max_align_t) unsigned char data[];
};

void *arena_take(struct arena *arena, size_t size)
{
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (!arena->block || arena->size - arena->used < size) {
		size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		struct arena_block *block =
			calloc(1, sizeof(struct arena_block) + want);
		if (!block) {
			arena->failed = 1;
			return NULL;
		}
		block->next = arena->block;
		arena->block = block;
		arena->used = 0;
		arena->size = want;
	}
	void *piece = arena->block->data + arena->used;
	arena->used += size;
	return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size) {
		arena->failed = 1;
		return NULL;
	}
	return arena_take(arena, count ? count * size : 1);
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_take(arena, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = len < 0 ? NULL : arena_take(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void arena_free(struct arena *arena)
{
	while (arena->block) {
		struct arena_block *next = arena->block->next;
		free(arena->block);
		arena->block = next;
	}
	memset(arena, 0, sizeof(*arena));
}
