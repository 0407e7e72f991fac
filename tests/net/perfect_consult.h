/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The second call that a phone makes, or takes, before it transfers the first
 * one: a dialog of its own at the same SIP address.
 */
#ifndef TESTS_NET_PERFECT_CONSULT_H
#define TESTS_NET_PERFECT_CONSULT_H

#include "tests/net/perfect_end.h"

enum consult_way {
	CONSULT_PHONE_CALLS = 0,
	CONSULT_COLLEAGUE_CALLS = 1,
	CONSULT_ASK_HERE = 0,  /* REFER in the first call, to the second one */
	CONSULT_ASK_THERE = 2, /* and the other way round */
	CONSULT_WAYS = 4,
};

/* `phone` and `colleague` begin to talk, in the dialogs `consult` (phone's) and
 * `colleague`. `consult` has a stream of its own, opened by the caller. */
void consult_begin(struct end *consult, const struct end *phone,
		   struct end *colleague, enum consult_way way);
/* They talk: REFER with Replaces. Returns the end that was used to ask. */
struct end *consult_refer(struct end *consult, struct end *phone,
			  const struct end *colleague, enum consult_way way);

#endif
