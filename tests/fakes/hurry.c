/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clock that can be put forward, and pauses without dice. */
#include "config.h"

#include "tests/fakes/hurry.h"

#include <time.h>
#include <sofia-sip/su_time.h>

#include "sbc/agent.h"
#include "sbc/sip/glare.h"
#include "sbc/sip/leg.h"
#include "tests/fakes/fixture.h"

extern void (*_su_time)(su_time_t *tv);

static uint64_t ahead_ms;

uint64_t agent_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ahead_ms + (uint64_t)now.tv_sec * 1000 +
	       (uint64_t)now.tv_nsec / 1000000;
}

static void hurried(su_time_t *out)
{
	uint64_t now = agent_now_ms();

	out->tv_sec = (unsigned long)(SU_TIME_EPOCH + now / 1000);
	out->tv_usec = (unsigned long)(now % 1000 * 1000);
}

void agent_clock_init(void)
{
	_su_time = hurried;
}

unsigned glare_wait_ms(const struct leg *leg)
{
	return leg->uas ? 1900 : 3000;
}

void hurry(struct fixture *f, unsigned seconds)
{
	/* What the turns take is in it. */
	uint64_t until_ms = agent_now_ms() + 1000 * (uint64_t)seconds;

	while (agent_now_ms() < until_ms) {
		ahead_ms += until_ms - agent_now_ms() < 500
				    ? until_ms - agent_now_ms()
				    : 500;
		for (unsigned turn = 0; turn < 4; turn++)
			fixture_step(f);
	}
}
