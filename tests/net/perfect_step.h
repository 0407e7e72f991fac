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

struct step {
	const char *name;
	bool provider;	     /* the provider asks, not the phone */
	bool may_be_refused; /* 488, and the call goes on as it was */
	bool transfers;	     /* 202, and another phone has the call */
	void (*take)(struct end *end, struct step_dice *dice);
};

const struct step *step_choose(struct step_dice *dice);
/* After it both ends are to hear each other. */
const struct step *step_last(void);
void step_take(const struct step *step, struct end *end,
	       struct step_dice *dice);

#endif
