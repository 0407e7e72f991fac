/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limit of open files against the calls it has to be enough for. */
#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include "sbc/descriptors.h"
#include "tests/check_main.h"

static void limit_to(rlim_t soft)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert(limit.rlim_max >= soft);
	limit.rlim_cur = soft;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_limit_too_low_for_max_calls_is_told_with_the_number_to_set)
	{
		char why[256] = "";

		limit_to(656);
		ck_assert(descriptors_short(200, why, sizeof(why)));
		ck_assert_ptr_nonnull(strstr(why, "is 656, enough for 100 "));
		ck_assert_ptr_nonnull(strstr(why, "limits.max_calls is 200"));
		ck_assert_ptr_nonnull(strstr(why, "LimitNOFILE=1056 "));
		limit_to(64);
		ck_assert(descriptors_short(1, why, sizeof(why)));
		ck_assert_ptr_nonnull(strstr(why, "enough for 0 calls"));
	}
END_TEST

START_TEST(a_limit_that_is_enough_is_not_told)
	{
		char why[8] = "";

		limit_to(656);
		ck_assert(!descriptors_short(100, why, sizeof(why)));
		ck_assert(!descriptors_short(0, why, sizeof(why)));
		ck_assert_str_eq(why, "");
	}
END_TEST

START_TEST(the_soft_limit_is_raised_to_the_hard_one)
	{
		struct rlimit limit;

		limit_to(64);
		descriptors_raise();
		ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
		ck_assert(limit.rlim_cur == limit.rlim_max);
	}
END_TEST

static Suite *descriptors_suite(void)
{
	Suite *s = suite_create("descriptors");
	TCase *t = tcase_create("descriptors");

	tcase_add_test(
		t,
		a_limit_too_low_for_max_calls_is_told_with_the_number_to_set);
	tcase_add_test(t, a_limit_that_is_enough_is_not_told);
	tcase_add_test(t, the_soft_limit_is_raised_to_the_hard_one);
	suite_add_tcase(s, t);
	return s;
}
CHECK_MAIN(descriptors_suite())
