/* SPDX-License-Identifier: GPL-3.0-or-later */
/* G.711 against the recommendation's own numbers. */
#include "check_main.h"

#include <stdlib.h>

#include "media/g711.h"

/* Decoder output values at the ends of the segments, of 13 and 14 bits
 * (G.711 tables 1 and 2, column 8), and the bytes on the wire. */
START_TEST(decoders_give_the_recommended_values)
	{
		static const struct {
			uint8_t byte;
			int value;
		} a[] = {{0xd5, 1},    {0xd4, 3},     {0xc5, 33},
			 {0xf5, 66},   {0xe5, 132},   {0x95, 264},
			 {0x85, 528},  {0xb5, 1056},  {0xa5, 2112},
			 {0xaa, 4032}, {0x2a, -4032}, {0x55, -1}},
		  u[] = {{0xff, 0},    {0xfe, 2},     {0xef, 33},
			 {0xdf, 99},   {0xcf, 231},   {0xbf, 495},
			 {0xaf, 1023}, {0x9f, 2079},  {0x8f, 4191},
			 {0x80, 8031}, {0x00, -8031}, {0x7f, 0}};
		for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
			ck_assert_int_eq(g711_from_a(a[i].byte) / 8,
					 a[i].value);
		for (size_t i = 0; i < sizeof(u) / sizeof(u[0]); i++)
			ck_assert_int_eq(g711_from_u(u[i].byte) / 4,
					 u[i].value);
	}
END_TEST

START_TEST(encoders_choose_the_nearest_step)
	{
		for (int s = -32768; s < 32768; s++) {
			int a = abs(g711_from_a(g711_to_a((int16_t)s)) - s);
			int u = abs(g711_from_u(g711_to_u((int16_t)s)) - s);
			int level = abs(s);
			/* Half a step: at most a 32nd of the level. */
			ck_assert_int_le(a, 8 + level / 32);
			ck_assert_int_le(u,
					 level > 32124 ? 644 : 4 + level / 30);
		}
		for (int i = 0; i < 256; i++) {
			ck_assert_uint_eq(g711_to_a(g711_from_a((uint8_t)i)),
					  i);
			if (i != 0x7f) /* mu-law has two zeros */
				ck_assert_uint_eq(
					g711_to_u(g711_from_u((uint8_t)i)), i);
		}
	}
END_TEST

START_TEST(conversion_keeps_sign_and_level_and_settles_at_once)
	{
		struct g711_tables t;
		g711_tables(&t);
		ck_assert_uint_eq(t.a_to_u[0xd5], 0xfe);
		ck_assert_uint_eq(t.u_to_a[0xff], 0xd5);
		for (int i = 0; i < 256; i++) {
			uint8_t u = t.a_to_u[i], a = t.u_to_a[i];
			int from_a = g711_from_a((uint8_t)i);
			int from_u = g711_from_u((uint8_t)i);
			int error_u = abs(g711_from_u(u) - from_a);
			int error_a = abs(g711_from_a(a) - from_u);
			ck_assert_int_eq((i ^ u) & 0x80, 0);
			ck_assert_int_eq((i ^ a) & 0x80, 0);
			ck_assert_int_le(error_u, 8 + abs(from_a) / 16);
			ck_assert_int_le(error_a, 8 + abs(from_u) / 16);
			/* There and back again changes nothing more. */
			ck_assert_uint_eq(t.a_to_u[t.u_to_a[u]], u);
			ck_assert_uint_eq(t.u_to_a[t.a_to_u[a]], a);
		}
	}
END_TEST

static Suite *g711_suite(void)
{
	Suite *suite = suite_create("g711");
	TCase *tc = tcase_create("g711");
	tcase_add_test(tc, decoders_give_the_recommended_values);
	tcase_add_test(tc, encoders_choose_the_nearest_step);
	tcase_add_test(tc, conversion_keeps_sign_and_level_and_settles_at_once);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(g711_suite())
