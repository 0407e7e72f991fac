/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Status lines, their words, the table of live calls, what systemd is told. */
#include "config.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "sbc/report/notify.h"
#include "sbc/report/status.h"
#include "tests/check_main.h"

static char seen[2048];

static void keep(void *user, const char *line, size_t len)
{
	ck_assert_ptr_eq(user, seen);
	ck_assert_uint_lt(len, sizeof seen);
	ck_assert_uint_eq(strlen(line), len);
	memcpy(seen, line, len + 1);
}

static void setup(void)
{
	status_strict(true);
	status_watch(keep, seen);
}

/* What follows the time. */
static const char *rest(void)
{
	ck_assert_ptr_nonnull(strchr(seen, ' '));
	return strchr(seen, ' ') + 1;
}

START_TEST(line_begins_with_the_fixed_fields)
	{
		struct status_line line;

		status_begin(&line, "5f2c91aa", 'b', "itsp-one",
			     "call-refused");
		status_number(&line, "status", 488);
		status_text(&line, "cause", "no-media");
		status_at(&line, "policy",
			  (struct policy_at){
				  "/etc/sallyport/policy.d/itsp-one.conf", 12});
		status_end(&line);
		ck_assert_str_eq(rest(),
				 "call=5f2c91aa leg=b peer=itsp-one "
				 "event=call-refused status=488 cause=no-media "
				 "policy=itsp-one.conf:12");
		/* 2026-01-31T12:00:00.000Z */
		ck_assert_int_eq(seen[10], 'T');
		ck_assert_int_eq(seen[19], '.');
		ck_assert_int_eq(seen[23], 'Z');
		ck_assert_int_eq(seen[24], ' ');
		status_begin(&line, NULL, '-', NULL, "start");
		status_end(&line);
		ck_assert_str_eq(rest(), "call=- leg=- peer=- event=start");
	}
END_TEST

static const struct {
	const char *in, *out;
} values[] = {
	{"plain", "from=plain"},
	{"+44(20)7946-0101", "from=+44(20)7946-0101"},
	{"", "from=\"\""},
	{NULL, "from=-"},
	{"two words", "from=\"two words\""},
	{"a=b", "from=\"a=b\""},
	{"x event=call-end", "from=\"x event=call-end\""},
	{"say \"x\"", "from=\"say \\x22x\\x22\""},
	{"a\\b", "from=\"a\\x5cb\""},
	{"line\r\nbreak", "from=\"line\\x0d\\x0abreak\""},
	{"J\xc3\xbcrgen", "from=\"J\xc3\xbcrgen\""},
	{"\xff", "from=\"\\xff\""},
};

START_TEST(values_are_quoted_only_when_they_must_be)
	{
		struct status_line line;

		status_begin(&line, NULL, '-', NULL, "start");
		status_text(&line, "from", values[_i].in);
		status_text(&line, "to", "next");
		status_end(&line);
		ck_assert_ptr_nonnull(strstr(seen, values[_i].out));
		ck_assert_str_eq(strstr(seen, values[_i].out) +
					 strlen(values[_i].out),
				 " to=next");
	}
END_TEST

START_TEST(addresses_and_places_are_written_or_a_dash)
	{
		struct sockaddr_in in = {.sin_family = AF_INET,
					 .sin_port = htons(5060)};
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
					   .sin6_port = htons(5060)};
		struct sockaddr none = {.sa_family = AF_UNSPEC};
		struct status_line line;

		inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
		inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
		status_begin(&line, NULL, '-', NULL, "start");
		status_address(&line, "source", (struct sockaddr *)&in);
		status_address(&line, "target", (struct sockaddr *)&in6);
		status_address(&line, "from", &none);
		status_address(&line, "to", NULL);
		status_at(&line, "policy", (struct policy_at){"default", 0});
		status_at(&line, "route", (struct policy_at){NULL, 0});
		status_end(&line);
		ck_assert_str_eq(strstr(seen, "event="),
				 "event=start source=192.0.2.1:5060 "
				 "target=[2001:db8::1]:5060 from=- to=- "
				 "policy=default route=-");
	}
END_TEST

START_TEST(long_values_and_lines_are_cut_and_say_so)
	{
		static char value[5000];
		struct status_line line;

		memset(value, 'v', sizeof value - 1);
		status_begin(&line, NULL, '-', NULL, "start");
		status_text(&line, "from", value);
		status_text(&line, "to", "still there");
		status_end(&line);
		ck_assert_ptr_nonnull(strstr(seen, " to=\"still there\""));
		ck_assert_uint_le(strlen(seen), STATUS_VALUE_MAX + 120);
		ck_assert_ptr_null(strstr(seen, "cut="));

		status_begin(&line, value, '-', value, "start");
		for (int i = 0; i < 50; i++) {
			status_text(&line, "from", value);
			status_number(&line, "slot", i);
		}
		status_end(&line);
		ck_assert_uint_lt(strlen(seen), sizeof line.text);
		ck_assert_str_eq(seen + strlen(seen) - 8, " cut=yes");
		/* after the first field that is missing, none follows */
		ck_assert_ptr_null(strstr(seen, "slot=49"));
		/* the next line begins clean */
		status_begin(&line, NULL, '-', NULL, "start");
		status_end(&line);
		ck_assert_str_eq(rest(), "call=- leg=- peer=- event=start");
	}
END_TEST

START_TEST(unknown_event_is_found)
	{
		struct status_line line;

		status_begin(&line, NULL, '-', NULL, "no-such-event");
	}
END_TEST

START_TEST(unknown_field_is_found)
	{
		struct status_line line;

		status_begin(&line, NULL, '-', NULL, "start");
		status_text(&line, "no_such_field", "x");
	}
END_TEST

START_TEST(each_word_stands_in_the_table_once)
	{
		const struct status_word *table[2];
		unsigned count[2];

		table[0] = status_events(&count[0]);
		table[1] = status_fields(&count[1]);
		for (int t = 0; t < 2; t++)
			for (unsigned i = 0; i < count[t]; i++) {
				ck_assert_uint_gt(strlen(table[t][i].meaning),
						  3);
				for (unsigned j = 0; j < i; j++)
					ck_assert_str_ne(table[t][i].name,
							 table[t][j].name);
			}
	}
END_TEST

static const struct {
	uint64_t packets, lost;
	uint32_t jitter_us;
	double low, high;
} moses[] = {
	{0, 0, 0, 0, 0},
	{1000, 0, 0, 4.37, 4.41},
	{1000, 0, 5000, 4.35, 4.41},
	{990, 10, 2000, 4.25, 4.36}, /* 1 % */
	{950, 50, 2000, 3.85, 4.05}, /* 5 % */
	{800, 200, 2000, 2.2, 2.9},  /* 20 % */
	{1, 1000000, 0, 1, 1.2},
	{1000, 0, 200000, 2.5, 3.9},
	{1000, 0, UINT32_MAX, 1, 1},
};

START_TEST(mos_follows_the_e_model)
	{
		struct media_stats stats = {.packets = moses[_i].packets,
					    .lost = moses[_i].lost,
					    .jitter_us = moses[_i].jitter_us};

		ck_assert_double_ge(status_mos(&stats), moses[_i].low);
		ck_assert_double_le(status_mos(&stats), moses[_i].high);
	}
END_TEST

START_TEST(live_calls_are_walked_by_serial)
	{
		struct status_call call[3] = {
			{.id = "one"}, {.id = "two"}, {.id = "three"}};
		uint64_t after = 0;

		ck_assert_ptr_null(status_call_after(0));
		for (int i = 0; i < 3; i++)
			status_call_add(&call[i]);
		ck_assert_uint_eq(status_calls(), 3);
		for (int i = 0; i < 3; i++) {
			ck_assert_ptr_eq(status_call_after(after), &call[i]);
			after = call[i].serial;
		}
		ck_assert_ptr_null(status_call_after(after));
		ck_assert_ptr_eq(status_call_find("two"), &call[1]);
		status_call_remove(&call[1]);
		ck_assert_ptr_null(status_call_find("two"));
		/* the cursor stood on the one that went */
		ck_assert_ptr_eq(status_call_after(call[1].serial), &call[2]);
		status_call_remove(&call[0]);
		status_call_remove(&call[2]);
		ck_assert_uint_eq(status_calls(), 0);
	}
END_TEST

START_TEST(systemd_is_told)
	{
		struct sockaddr_un at = {.sun_family = AF_UNIX};
		char text[128] = "";
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

		unsetenv("NOTIFY_SOCKET");
		ck_assert_int_eq(notify_ready(NULL), 0);
		snprintf(at.sun_path, sizeof at.sun_path,
			 "/tmp/check_notify.%d", (int)getpid());
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at),
				 0);
		setenv("NOTIFY_SOCKET", at.sun_path, 1);
		ck_assert_int_eq(notify_ready("2 networks"), 0);
		ck_assert_int_eq(recv(fd, text, sizeof text, MSG_DONTWAIT), 25);
		ck_assert_str_eq(text, "READY=1\nSTATUS=2 networks");
		unlink(at.sun_path);
		close(fd);
	}
END_TEST

START_TEST(systemd_hears_an_abstract_socket_too)
	{
		struct sockaddr_un at = {.sun_family = AF_UNIX};
		char name[64], text[128] = "";
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

		snprintf(name, sizeof name, "@check_notify.%d", (int)getpid());
		memcpy(at.sun_path + 1, name + 1, strlen(name) - 1);
		ck_assert_int_eq(
			bind(fd, (struct sockaddr *)&at,
			     (socklen_t)(sizeof at.sun_family + strlen(name))),
			0);
		setenv("NOTIFY_SOCKET", name, 1);
		ck_assert_int_eq(notify_watchdog(), 0);
		ck_assert_int_eq(recv(fd, text, sizeof text, MSG_DONTWAIT), 10);
		ck_assert_str_eq(text, "WATCHDOG=1");
		close(fd);
		ck_assert_int_lt(notify_stopping(), 0);
	}
END_TEST

START_TEST(watchdog_is_due_at_half_its_time)
	{
		char pid[16];

		unsetenv("WATCHDOG_USEC");
		ck_assert_uint_eq(notify_watchdog_ms(), 0);
		setenv("WATCHDOG_USEC", "10000000", 1);
		ck_assert_uint_eq(notify_watchdog_ms(), 5000);
		setenv("WATCHDOG_PID", "1", 1);
		ck_assert_uint_eq(notify_watchdog_ms(), 0);
		snprintf(pid, sizeof pid, "%d", (int)getpid());
		setenv("WATCHDOG_PID", pid, 1);
		ck_assert_uint_eq(notify_watchdog_ms(), 5000);
		setenv("WATCHDOG_USEC", "garbage", 1);
		ck_assert_uint_eq(notify_watchdog_ms(), 0);
	}
END_TEST

static Suite *status_suite(void)
{
	Suite *suite = suite_create("status");
	TCase *t = tcase_create("status");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, line_begins_with_the_fixed_fields);
	tcase_add_loop_test(t, values_are_quoted_only_when_they_must_be, 0,
			    sizeof values / sizeof *values);
	tcase_add_test(t, addresses_and_places_are_written_or_a_dash);
	tcase_add_test(t, long_values_and_lines_are_cut_and_say_so);
	tcase_add_test_raise_signal(t, unknown_event_is_found, SIGABRT);
	tcase_add_test_raise_signal(t, unknown_field_is_found, SIGABRT);
	tcase_add_test(t, each_word_stands_in_the_table_once);
	tcase_add_loop_test(t, mos_follows_the_e_model, 0,
			    sizeof moses / sizeof *moses);
	tcase_add_test(t, live_calls_are_walked_by_serial);
	tcase_add_test(t, systemd_is_told);
	tcase_add_test(t, systemd_hears_an_abstract_socket_too);
	tcase_add_test(t, watchdog_is_due_at_half_its_time);
	suite_add_tcase(suite, t);
	return suite;
}

CHECK_MAIN(status_suite())
