/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logger's clock: monotonic, and no test puts it forward. */
#ifndef SBC_REPORT_CLOCK_H
#define SBC_REPORT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t report_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
