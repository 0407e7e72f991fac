/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loss and jitter as RFC 3550 counts them. */
#include "check_main.h"

#include "media/quality.h"

#define MS INT64_C(1000000)

START_TEST(loss_is_what_is_missing)
	{
		static const struct {
			const char *what;
			uint16_t seqs[12];
			unsigned n;
			uint64_t lost;
		} cases[] = {
			{"none", {1, 2, 3, 4}, 4, 0},
			{"one", {1, 2, 4, 5}, 4, 1},
			{"nine", {10, 20}, 2, 9},
			{"over the wrap", {65534, 65535, 1, 2}, 4, 1},
			{"wrong order", {1, 3, 2, 4}, 4, 0},
			{"late before the first", {2, 1, 3}, 3, 0},
			{"a double hides one", {1, 2, 2, 4}, 4, 0},
			{"doubles alone", {1, 1, 1}, 3, 0},
			{"one packet far away", {1, 2, 30000, 3, 4}, 5, 0},
			{"restart", {1, 2, 4, 30000, 30001, 30002}, 6, 1},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct quality q;
			quality_reset(&q, 8000);
			for (unsigned k = 0; k < cases[i].n; k++)
				quality_packet(&q, 1, cases[i].seqs[k],
					       k * 160u, k * 20 * MS);
			ck_assert_msg(quality_lost(&q) == cases[i].lost,
				      "%s: %llu", cases[i].what,
				      (unsigned long long)quality_lost(&q));
		}
	}
END_TEST

START_TEST(a_new_source_keeps_what_was_lost)
	{
		struct quality q;
		quality_reset(&q, 8000);
		quality_packet(&q, 1, 1, 0, 0);
		quality_packet(&q, 1, 4, 480, 60 * MS);
		quality_packet(&q, 2, 9000, 7, 80 * MS);
		quality_packet(&q, 2, 9002, 327, 120 * MS);
		ck_assert_uint_eq(quality_lost(&q), 3);
	}
END_TEST

START_TEST(a_steady_stream_has_no_jitter)
	{
		static const uint32_t clocks[] = {8000, 16000, 48000, 90000};
		for (size_t i = 0; i < 4; i++) {
			struct quality q;
			quality_reset(&q, clocks[i]);
			for (unsigned k = 0; k < 500; k++)
				quality_packet(&q, 1, (uint16_t)k,
					       k * clocks[i] / 50,
					       (1000 + k * 20) * MS);
			ck_assert_uint_eq(quality_jitter_us(&q), 0);
		}
	}
END_TEST

START_TEST(jitter_nears_the_mean_distance)
	{
		/* Each second packet is 10 ms late: |D| is 10 ms each time. */
		struct quality q;
		quality_reset(&q, 8000);
		for (unsigned k = 0; k < 1000; k++)
			quality_packet(&q, 1, (uint16_t)k, k * 160u,
				       (k * 20 + (k % 2) * 10) * MS);
		ck_assert_uint_ge(quality_jitter_us(&q), 9500);
		ck_assert_uint_le(quality_jitter_us(&q), 10500);
	}
END_TEST

START_TEST(dtmf_and_jumps_are_no_jitter)
	{
		struct quality q;
		quality_reset(&q, 8000);
		for (unsigned k = 0; k < 10; k++)
			quality_packet(&q, 1, (uint16_t)k, k * 160u,
				       k * 20 * MS);
		for (unsigned k = 10; k < 20;
		     k++) /* one event, one timestamp */
			quality_packet(&q, 1, (uint16_t)k, 1600, k * 20 * MS);
		quality_packet(&q, 1, 20, 20 * 160, 400 * MS);
		quality_packet(&q, 1, 21, 900000, 420 * MS);
		quality_packet(&q, 1, 22, 900160, 440 * MS);
		ck_assert_uint_eq(quality_jitter_us(&q), 0);
	}
END_TEST

START_TEST(nothing_counts_as_nothing)
	{
		struct quality q;
		quality_reset(&q, 0);
		ck_assert_uint_eq(quality_lost(&q), 0);
		ck_assert_uint_eq(quality_jitter_us(&q), 0);
	}
END_TEST

static Suite *quality_suite(void)
{
	Suite *suite = suite_create("quality");
	TCase *tc = tcase_create("quality");
	tcase_add_test(tc, loss_is_what_is_missing);
	tcase_add_test(tc, a_new_source_keeps_what_was_lost);
	tcase_add_test(tc, a_steady_stream_has_no_jitter);
	tcase_add_test(tc, jitter_nears_the_mean_distance);
	tcase_add_test(tc, dtmf_and_jumps_are_no_jitter);
	tcase_add_test(tc, nothing_counts_as_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(quality_suite())
