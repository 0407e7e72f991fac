/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refer-To, Replaces and sipfrag, read from friends and from the hostile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sofia-sip/su_alloc.h>

#include "sbc/sip/refer.h"
#include "tests/check_main.h"

static int read_uri(struct refer *out, const char *text)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	url_t *url = url_make(home, text);
	int error = url ? refer_read(out, url) : -EINVAL;

	su_home_deinit(home);
	return error;
}

START_TEST(targets_are_read)
	{
		static const struct {
			const char *uri, *number, *call_id, *to, *from;
		} cases[] = {
			{"sip:102@127.0.1.1", "102", "", "", ""},
			{"sip:%2B442079460101@x.example;user=phone",
			 "+442079460101", "", "", ""},
			{"tel:+442079460101", "+442079460101", "", "", ""},
			{"sip:102@h;method=INVITE", "102", "", "", ""},
			{"sip:102@h?Replaces=abc%40h%3Bto-tag%3D1"
			 "%3Bfrom-tag%3D2&Require=replaces",
			 "102", "abc@h", "1", "2"},
			{"sip:102@h?Replaces=abc%3Bfrom-tag%3D2%3Bto-tag%3D1",
			 "102", "abc", "1", "2"},
		};
		struct refer refer;

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			ck_assert_int_eq(read_uri(&refer, cases[i].uri), 0);
			ck_assert_str_eq(refer.number, cases[i].number);
			ck_assert_str_eq(refer.replaces.call_id,
					 cases[i].call_id);
			ck_assert_str_eq(refer.replaces.to_tag, cases[i].to);
			ck_assert_str_eq(refer.replaces.from_tag,
					 cases[i].from);
		}
	}
END_TEST

static int read_dialog(struct refer_replaces *out, const char *value,
		       const char *again)
{
	sip_unknown_t second = {.un_name = "target-dialog", .un_value = again};
	sip_unknown_t other = {.un_next = again ? &second : NULL,
			       .un_name = "X-Other",
			       .un_value = "1"};
	sip_unknown_t first = {.un_next = &other,
			       .un_name = "Target-Dialog",
			       .un_value = value};
	sip_t sip = {.sip_unknown = value ? &first : &other};

	return refer_target_read(out, &sip);
}

START_TEST(a_dialog_is_read_as_its_sender_has_it)
	{
		static const char *const good[] = {
			"a@h;local-tag=1;remote-tag=2",
			"a@h;remote-tag=2;local-tag=1",
			"a@h ; x=y;Local-Tag = 1 ;\tremote-tag= 2 ",
			"a@h;flag;local-tag=1;remote-tag=2",
		};
		static const char *const bad[] = {
			"",
			";local-tag=1;remote-tag=2",
			"a@h",
			"a@h;local-tag=1",
			"a@h;remote-tag=2",
			"a@h;local-tag=;remote-tag=2",
			"a@h;local-tag;remote-tag=2",
			"a@h;local-tag=0;remote-tag=2",
			"a@h;local-tag=1;remote-tag=0",
			"a@h;local-tag=1;local-tag=1;remote-tag=2",
			"a@h;local-tag=1;;remote-tag=2",
			"a@h;local-tag=1;remote-tag=2;",
			"a h;local-tag=1;remote-tag=2",
			"a@h;local-tag=1 3;remote-tag=2",
		};
		struct refer_replaces out;
		char huge[700];

		for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
			ck_assert_int_eq(read_dialog(&out, good[i], NULL), 0);
			ck_assert_str_eq(out.call_id, "a@h");
			ck_assert_str_eq(out.from_tag, "1");
			ck_assert_str_eq(out.to_tag, "2");
		}
		for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
			if (read_dialog(&out, bad[i], NULL) != -EINVAL)
				ck_abort_msg("taken: %s", bad[i]);
			ck_assert_str_eq(out.call_id, "");
			ck_assert_str_eq(out.to_tag, "");
		}
		snprintf(huge, sizeof(huge),
			 "a@h;local-tag=%0200d;remote-tag=2", 1);
		ck_assert_int_eq(read_dialog(&out, huge, NULL), -EINVAL);
		snprintf(huge, sizeof(huge), "%0300d;local-tag=1;remote-tag=2",
			 1);
		ck_assert_int_eq(read_dialog(&out, huge, NULL), -EINVAL);
		ck_assert_int_eq(read_dialog(&out, NULL, NULL), -ENOENT);
		ck_assert_int_eq(read_dialog(&out, good[0], good[0]), -EINVAL);
	}
END_TEST

START_TEST(hostile_targets_are_refused)
	{
		static const struct {
			const char *uri;
			int error;
		} cases[] = {
			{"sip:127.0.1.1", -EINVAL},
			{"http://102@h/", -EINVAL},
			{"sip:10%0d%0a2@h", -EINVAL},
			{"sip:1%002@h", -EINVAL},
			{"sip:1%402@h", -EINVAL},
			{"sip:%20@h", -EINVAL},
			{"sip:102@h;method=BYE", -EPERM},
			{"sip:102@h?From=sip:boss@h", -EPERM},
			{"sip:102@h?body=hello", -EPERM},
			{"sip:102@h?Route=%3Csip:evil%3E", -EPERM},
			{"sip:102@h?Require=100rel", -EPERM},
			{"sip:102@h?Replaces=", -EINVAL},
			{"sip:102@h?Replaces=abc", -EINVAL},
			{"sip:102@h?Replaces=abc%3Bto-tag%3D1", -EINVAL},
			{"sip:102@h?Replaces=abc%3Bto-tag%3D0%3Bfrom-tag%3D0",
			 -EINVAL},
			{"sip:102@h?Replaces=a%0d%0a%3Bto-tag%3D1"
			 "%3Bfrom-tag%3D2",
			 -EINVAL},
			{"sip:102@h?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2"
			 "&Replaces=b%3Bto-tag%3D1%3Bfrom-tag%3D2",
			 -EINVAL},
		};
		struct refer refer;

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			ck_assert_msg(read_uri(&refer, cases[i].uri) ==
					      cases[i].error,
				      "%s", cases[i].uri);
	}
END_TEST

START_TEST(a_number_that_is_too_long_is_refused)
	{
		char uri[400] = "sip:";
		struct refer refer;

		memset(uri + 4, '1', 128);
		strcpy(uri + 132, "@h");
		ck_assert_int_eq(read_uri(&refer, uri), -EINVAL);
	}
END_TEST

START_TEST(replaces_values_are_read)
	{
		struct refer_replaces r;

		ck_assert_int_eq(
			refer_replaces_read(
				&r, "a@b;to-tag=1;from-tag=2;early-only"),
			0);
		ck_assert(r.early_only);
		ck_assert_int_eq(
			refer_replaces_read(&r, "a@b ; from-tag=2 ; to-tag=1"),
			0);
		ck_assert(!r.early_only);
		ck_assert_str_eq(r.call_id, "a@b");
		ck_assert_int_eq(refer_replaces_read(&r, ""), -EINVAL);
		ck_assert_int_eq(refer_replaces_read(&r, ";;;"), -EINVAL);
		ck_assert_int_eq(refer_replaces_read(&r, "a;to-tag=;from-tag="),
				 -EINVAL);
	}
END_TEST

START_TEST(fragments_tell_their_status)
	{
		static const struct {
			const char *body;
			unsigned status;
		} cases[] = {
			{"SIP/2.0 100 Trying\r\n", 100},
			{"SIP/2.0 486 Busy Here", 486},
			{"SIP/2.0 200", 200},
			{"SIP/2.0 20", 0},
			{"SIP/2.0 999 X", 0},
			{"SIP/2.0 abc", 0},
			{"HTTP/1.1 200 OK", 0},
			{"", 0},
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
			ck_assert_uint_eq(
				refer_fragment_status(cases[i].body,
						      strlen(cases[i].body)),
				cases[i].status);
	}
END_TEST

static Suite *refer_suite(void)
{
	Suite *suite = suite_create("refer");
	TCase *tests = tcase_create("refer");

	tcase_add_test(tests, targets_are_read);
	tcase_add_test(tests, a_dialog_is_read_as_its_sender_has_it);
	tcase_add_test(tests, hostile_targets_are_refused);
	tcase_add_test(tests, a_number_that_is_too_long_is_refused);
	tcase_add_test(tests, replaces_values_are_read);
	tcase_add_test(tests, fragments_tell_their_status);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(refer_suite())
