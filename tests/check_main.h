/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every check_*.c ends with: `CHECK_MAIN(port_suite())`. */
#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H

#include <check.h>
#include <stdlib.h>

#define CHECK_MAIN(suite)                                    \
	int main(void)                                       \
	{                                                    \
		SRunner *runner = srunner_create(suite);     \
		srunner_run_all(runner, CK_ENV);             \
		int failed = srunner_ntests_failed(runner);  \
		srunner_free(runner);                        \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS; \
	}

#endif
