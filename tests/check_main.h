/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every check_*.c ends with: `CHECK_MAIN(port_suite())`.
 *
 * CHECK_ONLY=NAME in the environment runs that test alone (tests/mutants.sh);
 * exit status 77: there is none of that name.
 */
#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool check_wanted(const TTest *test)
{
	const char *only = getenv("CHECK_ONLY");

	return !only || strcmp(only, test->name) == 0;
}

/* All of check's tcase_add_*test*() end in this. */
#define _tcase_add_test(tcase, test, ...)                            \
	(check_wanted(test)                                          \
		 ? (_tcase_add_test)((tcase), (test), ##__VA_ARGS__) \
		 : (void)0)

#define CHECK_MAIN(suite)                                    \
	int main(void)                                       \
	{                                                    \
		SRunner *runner = srunner_create(suite);     \
		srunner_run_all(runner, CK_ENV);             \
		int failed = srunner_ntests_failed(runner);  \
		int run = srunner_ntests_run(runner);        \
		srunner_free(runner);                        \
		if (!run && getenv("CHECK_ONLY"))            \
			return 77;                           \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS; \
	}

#endif
