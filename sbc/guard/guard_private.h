/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guard.c and overload.c share. */
#ifndef SBC_GUARD_GUARD_PRIVATE_H
#define SBC_GUARD_GUARD_PRIVATE_H

#include "sbc/guard/guard.h"

#define GUARD_CHAINS GUARD_SOURCES_MAX

/* Thousandths of a request, so that a rate per second is one per ms. */
struct bucket {
	uint64_t tokens_m;
	uint64_t at_ms;
};

struct source {
	uint64_t key[2];
	struct bucket bucket;
	uint32_t next;	       /* in its hash chain, or in the free list */
	uint32_t older, newer; /* by last use */
};

struct guard {
	struct policy_limits limits;
	struct bucket global;
	uint64_t seed;
	struct guard_counts counts;
	unsigned refuse_m, refused_m; /* new calls: overload.c */
	unsigned fill_mean;
	uint64_t late_ms; /* since when something waits too long; 0: not */
	uint32_t free, oldest, newest;
	uint32_t fresh; /* nodes from here on were never used */
	uint32_t chain[GUARD_CHAINS];
	struct source source[GUARD_SOURCES_MAX];
};

#endif
