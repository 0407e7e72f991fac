/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the machine kept us from our work: what comes late then is not the
 * program's. On each CPU a thread of a media worker's priority sleeps and looks
 * whether it wakes up in time. Times are of CLOCK_MONOTONIC, in ms; what lies
 * more than ten minutes after machine_watch() is not looked at.
 */
#ifndef TESTS_FAKES_MACHINE_H
#define TESTS_FAKES_MACHINE_H

#include <stdint.h>

/* Who is later than that was kept from it. */
#define MACHINE_LATE_MS 5

/* From now on, with nothing lost so far; where no thread can be had nothing
 * is. */
void machine_watch(void);
void machine_end(void);

/* The caller's own loop did not turn from one to the other: what is longer
 * than MACHINE_LATE_MS is lost. */
void machine_missed(uint64_t from_ms, uint64_t until_ms);

/* How many ms of these were lost, here or on any CPU; 0 if nobody watches. */
unsigned machine_lost_ms(uint64_t from_ms, uint64_t until_ms);
/* The time of a clock that stands still in what is lost. What is found to be
 * lost only later puts it back. */
uint64_t machine_time_ms(void);

#endif
