/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The heap's growth in steps, and when it is trimmed. */
#include "config.h"

#include "sbc/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* A step holds what some thirty calls leave behind. */
#define HEAP_STEP      (1 << 20)
#define HEAP_RUSH_RATE 200 /* calls a second */

/* Of Linux 5.14; an older one refuses it, and pages come one by one. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void heap_start(struct heap *heap)
{
	mallopt(M_TOP_PAD, HEAP_STEP);
	/* Else each free at the top would give it back, call by call. */
	mallopt(M_TRIM_THRESHOLD, 16 * HEAP_STEP);
	heap->top = sbrk(0);
}

void heap_turn(struct heap *heap)
{
	char *top = sbrk(0); /* no system call: libc knows */
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)heap->top + page - 1) & ~(page - 1);

	if (top == heap->top)
		return;
	if ((uintptr_t)top > from)
		madvise((void *)from, (uintptr_t)top - from,
			MADV_POPULATE_WRITE);
	heap->top = top;
}

void heap_rest(struct heap *heap, unsigned calls, unsigned time_s)
{
	if (calls - heap->resting < HEAP_RUSH_RATE * time_s)
		malloc_trim(0);
	heap->resting = calls;
}
