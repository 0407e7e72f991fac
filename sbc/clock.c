/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one monotonic clock, apart from the agent so that a part links alone. */
#include "config.h"

#include <time.h>
#include <sofia-sip/su_time.h>

#include "sbc/agent.h"

/* sofia-sip's hook, exported by the library though in none of its headers. */
extern void (*_su_time)(su_time_t *tv);

uint64_t agent_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * The library would follow the wall clock: a step of it would fail or freeze
 * every transaction. Whole milliseconds, because its loop truncates a timer's
 * last fraction to a wait of 0 and would spin through it.
 */
static void clock_for_library(su_time_t *out)
{
	uint64_t now = agent_now_ms();

	out->tv_sec = (unsigned long)(SU_TIME_EPOCH + now / 1000);
	out->tv_usec = (unsigned long)(now % 1000 * 1000);
}

void agent_clock_init(void)
{
	_su_time = clock_for_library;
}
