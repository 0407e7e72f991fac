/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an end may do in mid-call, and the dice that choose it. */
#ifndef TESTS_NET_PERFECT_STEP_H
#define TESTS_NET_PERFECT_STEP_H

#include "tests/net/perfect_end.h"

struct step_dice {
	uint64_t state;
};
/* 0 <= value < sides; the same from the same state on every machine. */
unsigned step_roll(struct step_dice *dice, unsigned sides);

enum step_kind {
	STEP_ASK,      /* 200 */
	STEP_MAY_FAIL, /* 200, or 488 and the call goes on as it was */
	STEP_THEIRS,   /* the provider asks, not the phone */
	STEP_SILENT,   /* nothing is asked */
	STEP_REKEY,    /* 200; only where there are keys */
	STEP_BOTH,     /* 200, and 200 to the provider's at the same time */
	STEP_BLIND,    /* 202, and another phone has the call */
	STEP_ATTENDED, /* the same, once the two phones have talked */
	STEP_TAKEN,    /* 200 to the other phone, which takes it over */
};

struct step {
	const char *name;
	enum step_kind kind;
	/* NULL: see perfect_consult.h (STEP_ATTENDED), end_replace(). */
	void (*take)(struct end *end, struct step_dice *dice);
};

/* Another microphone, another clock: a stream begun anew. */
void step_restart(struct end *end, struct step_dice *dice);

const struct step *step_choose(struct step_dice *dice);
/* After it both ends are to hear each other. */
const struct step *step_last(void);
void step_take(const struct step *step, struct end *end,
	       struct step_dice *dice);

#endif
