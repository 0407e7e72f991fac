/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Port pairs: taken, given back, rested, set aside. */
#include "check_main.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/port.h"

START_TEST(only_whole_even_pairs_are_counted)
	{
		static const struct {
			uint16_t first, last;
			int rc;
			unsigned pairs;
		} cases[] = {
			{20000, 20999, 0, 500},
			{20001, 20999, 0, 499},
			{20000, 20000, -EINVAL, 0},
			{20001, 20002, -EINVAL, 0},
			{20000, 20001, 0, 1},
			{20000, 20002, 0, 1},
			{20001, 20003, 0, 1},
			{21000, 20000, -EINVAL, 0},
			{0, 3, 0, 1},
			{65534, 65535, 0, 1},
			{65535, 65535, -EINVAL, 0},
			{0, 65535, 0, 32767},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct port_pool *pool;
			int rc = port_pool_new(&pool, cases[i].first,
					       cases[i].last, 0, i);
			ck_assert_int_eq(rc, cases[i].rc);
			if (rc < 0)
				continue;
			ck_assert_uint_eq(port_pairs(pool), cases[i].pairs);
			port_pool_free(pool);
		}
	}
END_TEST

START_TEST(each_pair_is_given_once)
	{
		struct port_pool *pool;
		bool seen[65536] = {false};
		uint16_t port;
		bool in_order = true;
		ck_assert_int_eq(port_pool_new(&pool, 20000, 20999, 0, 42), 0);
		for (unsigned i = 0; i < 500; i++) {
			ck_assert_int_eq(port_take(pool, &port, 1), 0);
			ck_assert(port % 2 == 0 && port >= 20000 &&
				  port < 20999);
			ck_assert(!seen[port]);
			seen[port] = true;
			in_order &= port == 20000 + 2 * i;
		}
		ck_assert(!in_order);
		ck_assert_uint_eq(port_used(pool), 500);
		ck_assert_int_eq(port_take(pool, &port, 1), -EAGAIN);
		port_pool_free(pool);
	}
END_TEST

START_TEST(a_pair_rests_before_it_is_given_again)
	{
		struct port_pool *pool;
		uint16_t one, two, again;
		ck_assert_int_eq(port_pool_new(&pool, 20000, 20003, 5000, 1),
				 0);
		ck_assert_int_eq(port_take(pool, &one, 1000), 0);
		ck_assert_int_eq(port_take(pool, &two, 1000), 0);
		port_give(pool, one, 2000);
		ck_assert_uint_eq(port_used(pool), 1);
		ck_assert_int_eq(port_take(pool, &again, 2000), -EAGAIN);
		ck_assert_int_eq(port_take(pool, &again, 6999), -EAGAIN);
		ck_assert_int_eq(port_take(pool, &again, 7000), 0);
		ck_assert_uint_eq(again, one);
		port_pool_free(pool);
	}
END_TEST

START_TEST(the_pair_that_rested_longest_comes_last_of_all)
	{
		/* A pair given back joins the end of the queue: the ports of a
		 * call that ended are the last ones to be used again. */
		struct port_pool *pool;
		uint16_t first, port;
		ck_assert_int_eq(port_pool_new(&pool, 20000, 20019, 0, 7), 0);
		ck_assert_int_eq(port_take(pool, &first, 0), 0);
		port_give(pool, first, 0);
		for (int i = 0; i < 9; i++) {
			ck_assert_int_eq(port_take(pool, &port, 0), 0);
			ck_assert_uint_ne(port, first);
		}
		ck_assert_int_eq(port_take(pool, &port, 0), 0);
		ck_assert_uint_eq(port, first);
		port_pool_free(pool);
	}
END_TEST

START_TEST(pairs_set_aside_are_tried_later)
	{
		struct port_pool *pool;
		uint16_t one, two, port;
		ck_assert_int_eq(port_pool_new(&pool, 20000, 20003, 0, 1), 0);
		ck_assert_int_eq(port_take(pool, &one, 0), 0);
		port_set_aside(pool, one, 0);
		ck_assert_int_eq(port_take(pool, &two, 0), 0);
		ck_assert_uint_ne(one, two);
		/* One in use, one aside: more may come back. */
		ck_assert_int_eq(port_take(pool, &port, 0), -EAGAIN);
		port_set_aside(pool, two, 0);
		ck_assert_int_eq(port_take(pool, &port, 0), -EADDRINUSE);
		ck_assert_int_eq(port_take(pool, &port, PORT_ASIDE_MS), 0);
		ck_assert_uint_eq(port, one);
		port_pool_free(pool);
	}
END_TEST

START_TEST(a_pair_not_used_is_given_at_once)
	{
		struct port_pool *pool;
		uint16_t one, port;
		ck_assert_int_eq(port_pool_new(&pool, 20000, 20001, 5000, 1),
				 0);
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(port_take(pool, &one, 0), 0);
			port_untake(pool, one);
			ck_assert_uint_eq(port_used(pool), 0);
		}
		ck_assert_int_eq(port_take(pool, &port, 0), 0);
		port_give(pool, port, 0);
		ck_assert_int_eq(port_take(pool, &port, 0), -EAGAIN);
		port_pool_free(pool);
		port_pool_free(NULL);
	}
END_TEST

static Suite *port_suite(void)
{
	Suite *suite = suite_create("port");
	TCase *tc = tcase_create("port");
	tcase_add_test(tc, only_whole_even_pairs_are_counted);
	tcase_add_test(tc, each_pair_is_given_once);
	tcase_add_test(tc, a_pair_rests_before_it_is_given_again);
	tcase_add_test(tc, the_pair_that_rested_longest_comes_last_of_all);
	tcase_add_test(tc, pairs_set_aside_are_tried_later);
	tcase_add_test(tc, a_pair_not_used_is_given_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(port_suite())
