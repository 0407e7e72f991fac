/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RSeq: what is next, what is a copy, what came too early. */
#include "config.h"

#include "tests/check_main.h"

#include "sbc/sip/reliable.h"

static const struct {
	uint32_t last, rseq;
	enum reliable_order order;
} rows[] = {
	{0, 1, RELIABLE_NEXT},
	{0, 0x7fffffff, RELIABLE_NEXT}, /* any beginning */
	{0, 0, RELIABLE_COPY},		/* is not allowed to be 0 */
	{1, 1, RELIABLE_COPY},
	{1, 2, RELIABLE_NEXT},
	{1, 3, RELIABLE_EARLY},
	{9, 8, RELIABLE_COPY},
	{0xfffffffe, 0xffffffff, RELIABLE_NEXT},
	{0xffffffff, 0, RELIABLE_COPY}, /* never wraps */
};

START_TEST(rseq_in_order)
	{
		ck_assert_int_eq(reliable_order(rows[_i].last, rows[_i].rseq),
				 rows[_i].order);
	}
END_TEST

static Suite *reliable_suite(void)
{
	Suite *suite = suite_create("reliable");
	TCase *tests = tcase_create("order");

	tcase_add_loop_test(tests, rseq_in_order, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(reliable_suite())
