/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring between two threads, its bell, and the wheel of timers. */
#include "check_main.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>

#include "media/mailbox.h"
#include "media/wheel.h"

START_TEST(a_full_ring_refuses_and_keeps_order)
	{
		struct mailbox box;
		uint32_t v;
		ck_assert_int_eq(mailbox_init(&box, 4, sizeof(v)), 0);
		for (int round = 0; round < 3; round++) {
			ck_assert(mailbox_is_empty(&box));
			ck_assert(!mailbox_take(&box, &v));
			for (uint32_t i = 0; i < 4; i++)
				ck_assert(mailbox_put(&box, &i));
			v = 9;
			ck_assert(!mailbox_put(&box, &v));
			for (uint32_t i = 0; i < 4; i++) {
				ck_assert(mailbox_take(&box, &v));
				ck_assert_uint_eq(v, i);
			}
		}
		mailbox_fini(&box);
	}
END_TEST

#define MESSAGES 20000

struct pair {
	struct mailbox box;
	struct bell bell;
};

struct message {
	uint32_t number, check;
};

static void *writer(void *arg)
{
	struct pair *pair = arg;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct message m = {i, ~i};
		while (!mailbox_put(&pair->box, &m))
			sched_yield();
		bell_ring(&pair->bell);
	}
	return NULL;
}

START_TEST(two_threads_lose_nothing_and_no_wake_up)
	{
		struct pair pair;
		pthread_t thread;
		struct message m;
		uint32_t next = 0;
		ck_assert_int_eq(mailbox_init(&pair.box, 64, sizeof(m)), 0);
		ck_assert_int_eq(bell_init(&pair.bell), 0);
		ck_assert_int_eq(pthread_create(&thread, NULL, writer, &pair),
				 0);
		struct pollfd pfd = {.fd = pair.bell.fd, .events = POLLIN};
		while (next < MESSAGES) {
			/* The ring is empty: a lost wake-up ends this by
			 * timeout. */
			ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
			bell_answer(&pair.bell);
			while (mailbox_take(&pair.box, &m)) {
				ck_assert_uint_eq(m.number, next);
				ck_assert_uint_eq(m.check, ~next);
				next++;
			}
		}
		pthread_join(thread, NULL);
		mailbox_fini(&pair.box);
		bell_fini(&pair.bell);
	}
END_TEST

struct timer {
	struct wheel_entry entry;
	int64_t due_ms, came_ms;
	struct wheel *wheel;
};

static void came(void *arg, struct wheel_entry *entry)
{
	struct timer *timer = (struct timer *)entry;
	(void)arg;
	timer->came_ms = timer->wheel->now_ms;
	if (timer->due_ms > timer->came_ms) /* it was too far away */
		wheel_put(timer->wheel, entry, timer->due_ms);
}

START_TEST(timers_come_in_their_millisecond)
	{
		struct wheel wheel;
		struct timer timers[500] = {0};
		wheel_init(&wheel, 1000);
		ck_assert_int_eq(wheel_next_ms(&wheel), -1);
		for (int i = 0; i < 500; i++) {
			timers[i].wheel = &wheel;
			timers[i].due_ms = 1000 + (i * 37) % 500;
			wheel_put(&wheel, &timers[i].entry, timers[i].due_ms);
		}
		for (int64_t ms = 1001; ms < 1600; ms++) {
			int64_t next_ms = wheel_next_ms(&wheel);
			ck_assert(next_ms == -1 || next_ms >= ms);
			wheel_advance(&wheel, ms, came, NULL);
		}
		for (int i = 0; i < 500; i++) {
			int64_t due_ms = timers[i].due_ms;
			ck_assert_int_eq(timers[i].came_ms,
					 due_ms > 1000 ? due_ms : 1001);
			ck_assert(!timers[i].entry.queued);
		}
		ck_assert_int_eq(wheel_next_ms(&wheel), -1);
	}
END_TEST

START_TEST(a_late_look_finds_all_that_was_due)
	{
		struct wheel wheel;
		struct timer timers[3] = {0};
		wheel_init(&wheel, 0);
		for (int i = 0; i < 3; i++) {
			timers[i].wheel = &wheel;
			timers[i].due_ms = 10 * (i + 1);
			wheel_put(&wheel, &timers[i].entry, timers[i].due_ms);
		}
		wheel_remove(&wheel, &timers[1].entry);
		wheel_remove(&wheel, &timers[1].entry);
		ck_assert_int_eq(wheel_next_ms(&wheel), 10);
		wheel_advance(&wheel, 5000, came, NULL);
		ck_assert_int_eq(timers[0].came_ms, 10);
		ck_assert_int_eq(timers[1].came_ms, 0);
		ck_assert_int_eq(timers[2].came_ms, 30);
		ck_assert_int_eq(wheel.now_ms, 5000);
		wheel_put(&wheel, &timers[0].entry, 4000);
		ck_assert_int_eq(wheel_next_ms(&wheel), 5001);
	}
END_TEST

static Suite *mailbox_suite(void)
{
	Suite *suite = suite_create("mailbox");
	TCase *tc = tcase_create("mailbox");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_full_ring_refuses_and_keeps_order);
	tcase_add_test(tc, two_threads_lose_nothing_and_no_wake_up);
	tcase_add_test(tc, timers_come_in_their_millisecond);
	tcase_add_test(tc, a_late_look_finds_all_that_was_due);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(mailbox_suite())
