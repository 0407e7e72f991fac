/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scene of every transfer: 101 talks with acme, and a REFER sends acme on
 * to 102. What is asked in it, and what each end may have noticed then.
 *
 * One scene a program; fixture_around(tests, &f) opens and closes it.
 */
#ifndef TESTS_FAKES_TRANSFER_H
#define TESTS_FAKES_TRANSFER_H

#include "tests/fakes/fixture.h"

extern struct fixture f;
extern struct fake_call *line;	  /* of 101 with the provider */
extern struct fake_call *consult; /* of 101 with 102, while line is held */

/* After fixture_start: 101 calls acme, and they talk. */
void call_out(void);
/* All of it, with an acme that refuses every re-INVITE. */
void begin(void);
void begin_with(const char *phones); /* as in struct fixture_setup */
/* 101 holds its line and calls 102, which answers. */
void consult_other(void);

void they_talk(void); /* acme and 102, from now on */
void other_hangs_up(void);
void provider_noticed_nothing(void);
void call_is_as_it_was(void); /* and ends, as any */

/* Was 101 told this, in a NOTIFY of its line? */
bool told(const char *fragment);
/* Did one REFER of 101 get this? */
bool refer_got(int status);

bool refer_answered(struct fixture *x); /* finally, at 101 */
bool line_ended(struct fixture *x);
bool consult_up(struct fixture *x);
bool other_was_cancelled(struct fixture *x);
bool itsp_was_referred(struct fixture *x); /* once, in its call */

#endif
