/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and prefixes as text and in comparison. */
#include <errno.h>

#include "tests/check_main.h"
#include "tests/policy_text.h"

START_TEST(literal_addresses_are_read_and_written_back)
	{
		static const struct {
			const char *text, *host, *full;
		} cases[] = {
			{"192.0.2.1", "192.0.2.1", "192.0.2.1:7"},
			{"192.0.2.1:5060", "192.0.2.1", "192.0.2.1:5060"},
			{"192.0.2.1:65535", "192.0.2.1", "192.0.2.1:65535"},
			{"2001:db8::1", "2001:db8::1", "[2001:db8::1]:7"},
			{"[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:7"},
			{"[2001:DB8:0::1]:5061", "2001:db8::1",
			 "[2001:db8::1]:5061"},
			{"::", "::", "[::]:7"},
			{"fe80::1%1", "fe80::1%1", "[fe80::1%1]:7"},
			{"::ffff:192.0.2.1", "::ffff:192.0.2.1",
			 "[::ffff:192.0.2.1]:7"},
			{"0.0.0.0:0", "0.0.0.0", "0.0.0.0:0"},
		};
		char buf[ADDRESS_TEXT_MAX];
		struct sockaddr_storage address;
		const struct sockaddr *sa = (struct sockaddr *)&address;

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			ck_assert_msg(
				address_parse(&address, cases[i].text, 7) == 0,
				"%s", cases[i].text);
			ck_assert_str_eq(address_host(buf, sa), cases[i].host);
			ck_assert_str_eq(address_text(buf, sa), cases[i].full);
		}
	}
END_TEST

START_TEST(what_is_no_literal_address_is_refused)
	{
		static const char *const cases[] = {
			"",
			"sip.acme.example",
			"192.0.2",
			"192.0.2.256",
			"192.0.2.1:",
			"192.0.2.1:65536",
			"192.0.2.1:-1",
			"192.0.2.1: 5060",
			"192.0.2.1:5060x",
			"[192.0.2.1]",
			"[2001:db8::1",
			"[2001:db8::1]5060",
			"[]:5060",
			"2001:db8::1::2",
			" 192.0.2.1",
			"192.0.2.1 ",
			"192.0.2.1/24",
			"0x7f.1",
			"192.0.02.1x",
			"[2001:db8::1]:99999",
			":5060",
			"fe80::1%nosuch9interface",
			("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:"
			 "bbbb:cccc:d"),
		};
		struct sockaddr_storage address;

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			ck_assert_msg(address_parse(&address, cases[i], 0) ==
					      -EINVAL,
				      "%s", cases[i]);
	}
END_TEST

START_TEST(a_prefix_holds_what_shares_its_leading_bits)
	{
		static const struct {
			const char *prefix, *address;
			bool in;
		} cases[] = {
			{"192.0.2.0/24", "192.0.2.255", true},
			{"192.0.2.0/24", "192.0.3.0", false},
			{"192.0.2.77/24", "192.0.2.1", true},
			{"192.0.2.128/25", "192.0.2.127", false},
			{"192.0.2.128/25", "192.0.2.129", true},
			{"192.0.2.1", "192.0.2.1:9", true},
			{"192.0.2.1", "192.0.2.2", false},
			{"0.0.0.0/0", "203.0.113.9", true},
			{"0.0.0.0/0", "2001:db8::1", false},
			{"::/0", "2001:db8::1", true},
			{"::/0", "192.0.2.1", false},
			{"2001:db8::/33", "2001:db8:7fff::1", true},
			{"2001:db8::/33", "2001:db8:8000::1", false},
			{"192.0.2.0/24", "::ffff:192.0.2.4", true},
			{"::ffff:192.0.2.0/120", "192.0.2.4", true},
			{"::ffff:192.0.2.0/120", "192.0.3.4", false},
		};
		struct address_prefix prefix;

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			ck_assert_int_eq(
				address_prefix_parse(&prefix, cases[i].prefix),
				0);
			ck_assert_msg(
				address_in(&prefix,
					   address_of(cases[i].address)) ==
					cases[i].in,
				"%s in %s", cases[i].address, cases[i].prefix);
		}
	}
END_TEST

START_TEST(what_is_no_prefix_is_refused)
	{
		static const char *const cases[] = {
			"192.0.2.0/33", "192.0.2.0/",	   "192.0.2.0/-1",
			"192.0.2.0/2x", "2001:db8::/129",  "/24",
			"any",		"192.0.2.0/24/24", "",
		};
		struct address_prefix prefix;

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			ck_assert_msg(address_prefix_parse(&prefix, cases[i]) ==
					      -EINVAL,
				      "%s", cases[i]);
	}
END_TEST

START_TEST(equal_means_the_same_host_whatever_its_form)
	{
		static const struct {
			const char *a, *b;
			bool host, port;
		} cases[] = {
			{"192.0.2.1:1", "192.0.2.1:1", true, true},
			{"192.0.2.1:1", "192.0.2.1:2", true, false},
			{"192.0.2.1:1", "192.0.2.2:1", false, false},
			{"192.0.2.1:1", "[::ffff:192.0.2.1]:1", true, true},
			{"[2001:db8::1]:1", "[2001:db8:0:0::1]:1", true, true},
			{"[fe80::1%1]:1", "[fe80::1%2]:1", false, false},
			{"[fe80::1%1]:1", "[fe80::1]:1", true, true},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct sockaddr *a = address_of(cases[i].a);
			struct sockaddr *b = address_of(cases[i].b);
			ck_assert_msg(address_host_equal(a, b) == cases[i].host,
				      "%s %s", cases[i].a, cases[i].b);
			ck_assert_msg(address_equal(a, b) == cases[i].port,
				      "%s %s", cases[i].a, cases[i].b);
		}
		struct sockaddr_storage none = {0};
		ck_assert(!address_host_equal((struct sockaddr *)&none,
					      (struct sockaddr *)&none));
	}
END_TEST

START_TEST(private_is_what_the_internet_cannot_reach)
	{
		static const struct {
			const char *address;
			bool private;
		} cases[] = {
			{"10.255.255.255", true},
			{"11.0.0.0", false},
			{"172.15.255.255", false},
			{"172.16.0.0", true},
			{"172.31.255.255", true},
			{"172.32.0.0", false},
			{"192.168.0.1", true},
			{"192.169.0.1", false},
			{"100.63.255.255", false},
			{"100.64.0.0", true},
			{"100.127.255.255", true},
			{"100.128.0.0", false},
			{"127.0.0.1", true},
			{"169.254.1.1", true},
			{"fe80::1", true},
			{"fec0::1", false},
			{"fc00::1", true},
			{"fdff::1", true},
			{"fe00::1", false},
			{"::1", true},
			{"::2", false},
			{"2001:db8::1", false},
			{"::ffff:10.0.0.1", true},
			{"::ffff:8.8.8.8", false},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			ck_assert_msg(address_is_private(
					      address_of(cases[i].address)) ==
					      cases[i].private,
				      "%s", cases[i].address);
	}
END_TEST

static Suite *address_suite(void)
{
	Suite *suite = suite_create("policy_address");
	TCase *tcase = tcase_create("address");

	tcase_add_test(tcase, literal_addresses_are_read_and_written_back);
	tcase_add_test(tcase, what_is_no_literal_address_is_refused);
	tcase_add_test(tcase, a_prefix_holds_what_shares_its_leading_bits);
	tcase_add_test(tcase, what_is_no_prefix_is_refused);
	tcase_add_test(tcase, equal_means_the_same_host_whatever_its_form);
	tcase_add_test(tcase, private_is_what_the_internet_cannot_reach);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(address_suite())
