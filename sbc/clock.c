/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one monotonic clock, apart from the agent so that a part links alone. */
#include "config.h"

#include <time.h>

#include "sbc/agent.h"

uint64_t agent_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
