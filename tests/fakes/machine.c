/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the machine kept us from our work. */
#include "tests/fakes/machine.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <time.h>

#define TICK_MS	 5
#define CPUS_MAX 16
#define SPAN_MS	 600000
#define NICE	 -10 /* as media/worker.c has it */

static struct sleeper {
	pthread_t thread;
	int cpu;
	_Atomic uint64_t due_ms;
} sleeper[CPUS_MAX];

static unsigned sleepers;
static atomic_bool over;
static uint64_t begun_ms;
static atomic_uchar lost[SPAN_MS]; /* each ms: was it? */
static _Atomic uint64_t lost_ms;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void clip(uint64_t *from_ms, uint64_t *until_ms)
{
	if (*from_ms < begun_ms)
		*from_ms = begun_ms;
	if (*until_ms > begun_ms + SPAN_MS)
		*until_ms = begun_ms + SPAN_MS;
}

/* Many may say so of the same time: it is counted once. */
static void lose(uint64_t from_ms, uint64_t until_ms)
{
	clip(&from_ms, &until_ms);
	for (uint64_t at = from_ms; at < until_ms; at++)
		if (!atomic_exchange(&lost[at - begun_ms], true))
			atomic_fetch_add(&lost_ms, 1);
}

/* Those that are late and sleep still. */
static void lose_overdue(void)
{
	uint64_t now = now_ms();

	for (unsigned i = 0; i < sleepers; i++) {
		uint64_t due = atomic_load(&sleeper[i].due_ms);
		if (now > due + MACHINE_LATE_MS)
			lose(due, now);
	}
}

static void *sleep_on_cpu(void *arg)
{
	struct sleeper *s = arg;
	const struct sched_param usual = {0};
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(s->cpu, &set);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	(void)pthread_setschedparam(pthread_self(), SCHED_OTHER, &usual);
	(void)setpriority(PRIO_PROCESS, 0, NICE); /* of the thread */
	while (!atomic_load(&over)) {
		uint64_t due = now_ms() + TICK_MS;
		struct timespec at = {(time_t)(due / 1000),
				      (long)(due % 1000 * 1000000)};

		atomic_store(&s->due_ms, due);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		if (now_ms() > due + MACHINE_LATE_MS)
			lose(due, now_ms());
	}
	return NULL;
}

void machine_watch(void)
{
	cpu_set_t set;

	if (sleepers)
		return;
	begun_ms = now_ms();
	atomic_store(&over, false);
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE && sleepers < CPUS_MAX; cpu++) {
		struct sleeper *s = &sleeper[sleepers];
		if (!CPU_ISSET(cpu, &set))
			continue;
		s->cpu = cpu;
		atomic_store(&s->due_ms, begun_ms + TICK_MS);
		if (pthread_create(&s->thread, NULL, sleep_on_cpu, s))
			return;
		sleepers++;
	}
}

void machine_end(void)
{
	atomic_store(&over, true);
	while (sleepers)
		pthread_join(sleeper[--sleepers].thread, NULL);
	for (unsigned i = 0; i < SPAN_MS && atomic_load(&lost_ms); i++)
		if (atomic_exchange(&lost[i], false))
			atomic_fetch_sub(&lost_ms, 1);
}

void machine_missed(uint64_t from_ms, uint64_t until_ms)
{
	lose(from_ms + MACHINE_LATE_MS, until_ms);
}

unsigned machine_lost_ms(uint64_t from_ms, uint64_t until_ms)
{
	unsigned count = 0;

	lose_overdue();
	clip(&from_ms, &until_ms);
	for (uint64_t at = from_ms; at < until_ms; at++)
		count += atomic_load(&lost[at - begun_ms]);
	return count;
}

uint64_t machine_time_ms(void)
{
	lose_overdue();
	return now_ms() - atomic_load(&lost_ms);
}
