/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The agent's clock for tests of long timers: real, but it can be put
 * forward. Linked instead of sbc/clock.c, and of sbc/sip/glare.c: the pause
 * after a 491 is long, so that what happens in it does. The media engine and
 * the fakes keep their own clocks.
 */
#ifndef TESTS_FAKES_HURRY_H
#define TESTS_FAKES_HURRY_H

struct fixture;

/* Put the agent's clock forward in steps, each with a turn of everything, so
 * that what is due in between happens in order. */
void hurry(struct fixture *f, unsigned seconds);

#endif
