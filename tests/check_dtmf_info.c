/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key presses in INFO bodies, as phones and gateways write them. */
#include <string.h>

#include "sbc/sip/dtmf_info.h"
#include "tests/check_main.h"

START_TEST(keys_are_read_as_phones_write_them)
	{
		static const struct {
			const char *body;
			char digit;
			unsigned ms;
		} cases[] = {
			{"Signal=5\r\nDuration=250\r\n", '5', 250},
			{"Signal= 5\nDuration= 250\n", '5', 250},
			{"signal = *\r\n", '*', 160},
			{"Signal=10\r\nDuration=100", '*', 100},
			{"Signal=11", '#', 160},
			{"Signal=hf\r\n", '!', 160},
			{"Duration=90\r\nSignal=#", '#', 90},
			{"Signal=a\r\nDuration=1", 'A', 40},
			{"Signal=1\r\nDuration=999999999", '1', 6000},
			{"7", '7', 160},
			{" d\r\n", 'D', 160},
		};
		unsigned ms;
		char digit;

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			ck_assert_msg(!dtmf_info_read(&digit, &ms,
						      cases[i].body,
						      strlen(cases[i].body)),
				      "%s", cases[i].body);
			ck_assert_int_eq(digit, cases[i].digit);
			ck_assert_uint_eq(ms, cases[i].ms);
		}
	}
END_TEST

START_TEST(what_is_no_key_is_refused)
	{
		static const char *const cases[] = {
			"",
			"Signal=",
			"Signal=55",
			"Signal=x",
			"Duration=5",
			"hello",
			"Signal=\r\n",
			"12",
			"Signal=1\r\nSignal=2",
			"\r\n\r\n",
			"=",
			"Signal=12",
		};
		unsigned ms;
		char digit;

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			ck_assert_msg(dtmf_info_read(&digit, &ms, cases[i],
						     strlen(cases[i])),
				      "%s", cases[i]);
		ck_assert(dtmf_info_read(&digit, &ms, "\0", 1));
		ck_assert(dtmf_info_read(&digit, &ms, "Signal=\0", 8));
	}
END_TEST

START_TEST(what_is_written_reads_back)
	{
		static const char keys[] = "0123456789*#ABCD!";
		char body[64], digit;
		unsigned ms;

		for (const char *key = keys; *key; key++) {
			size_t len =
				dtmf_info_write(body, sizeof(body), *key, 120);

			ck_assert_uint_gt(len, 0);
			ck_assert(!dtmf_info_read(&digit, &ms, body, len));
			ck_assert_int_eq(digit, *key);
			ck_assert_uint_eq(ms, 120);
		}
		ck_assert_uint_eq(dtmf_info_write(body, sizeof(body), 'x', 1),
				  0);
		ck_assert_uint_eq(dtmf_info_write(body, sizeof(body), 0, 1), 0);
		ck_assert_uint_eq(dtmf_info_write(body, 8, '1', 100), 0);
	}
END_TEST

START_TEST(the_two_types_are_known)
	{
		ck_assert(dtmf_info_is("application/dtmf-relay"));
		ck_assert(dtmf_info_is("Application/DTMF; x=y"));
		ck_assert(!dtmf_info_is("application/dtmf-other"));
		ck_assert(!dtmf_info_is("text/plain"));
		ck_assert(!dtmf_info_is(NULL));
	}
END_TEST

static Suite *dtmf_info_suite(void)
{
	Suite *suite = suite_create("dtmf_info");
	TCase *tests = tcase_create("dtmf_info");

	tcase_add_test(tests, keys_are_read_as_phones_write_them);
	tcase_add_test(tests, what_is_no_key_is_refused);
	tcase_add_test(tests, what_is_written_reads_back);
	tcase_add_test(tests, the_two_types_are_known);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(dtmf_info_suite())
