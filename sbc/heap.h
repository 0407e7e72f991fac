/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the heap of the signalling thread grows and shrinks. The library keeps
 * some 20 kB of each call for 32 s, so that at thousands of calls a second
 * each one needs fresh pages: a page fault for each is 7 % of a call's cost.
 */
#ifndef SBC_HEAP_H
#define SBC_HEAP_H

struct heap {
	char *top;	  /* as far as there are pages */
	unsigned resting; /* calls at the last heap_rest */
};

/* Before anything big is allocated. */
void heap_start(struct heap *heap);
/* Once a turn: where the heap has grown, its pages are made in one go. */
void heap_turn(struct heap *heap);
/*
 * Give what is free back to the system, unless there is a rush, whose next
 * calls need it at once.
 * calls    how many there were since the start
 * time_s   since this was called last
 */
void heap_rest(struct heap *heap, unsigned calls, unsigned time_s);

#endif
