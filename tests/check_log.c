/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logger: what reaches the file, what is lost and told, and that nobody
 * waits for it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sbc/report/log.h"
#include "sbc/report/sink.h"
#include "tests/check_main.h"

static char dir[] = "/tmp/check_log.XXXXXX";
static char path[64], moved[64], errors[64];
static char why[256];

static void setup(void)
{
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/status.log", dir);
	snprintf(moved, sizeof moved, "%s/status.log.1", dir);
	snprintf(errors, sizeof errors, "%s/stderr", dir);
	fflush(stderr);
	fd = open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void teardown(void)
{
	unlink(path);
	unlink(moved);
	unlink(errors);
	rmdir(dir);
}

static char *slurp(const char *name)
{
	FILE *file = fopen(name, "r");
	char *text = calloc(1, 4 << 20);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_lt(fread(text, 1, (4 << 20) - 1, file), (4 << 20) - 1);
	fclose(file);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void start(const char *name)
{
	ck_assert_int_eq(log_start(name, POLICY_LOG_INFO, why, sizeof why), 0);
}

static void status(const char *text)
{
	log_status(text, strlen(text));
}

/* Until the counts say so; fails after 10 s. */
#define WAIT_FOR(condition)                                          \
	do {                                                         \
		uint64_t until = now_ms() + 10000;                   \
		struct log_counts c;                                 \
		for (log_counts(&c); !(condition); log_counts(&c)) { \
			ck_assert_msg(now_ms() < until, #condition); \
			usleep(1000);                                \
		}                                                    \
	} while (0)

START_TEST(lines_reach_the_file_in_order)
	{
		char line[64], *text, *at;

		start(path);
		for (int i = 0; i < 3000; i++) {
			snprintf(line, sizeof line, "line %d.", i);
			status(line);
		}
		log_stop();
		text = at = slurp(path);
		for (int i = 0; i < 3000; i++) {
			snprintf(line, sizeof line, "line %d.\n", i);
			ck_assert_int_eq(strncmp(at, line, strlen(line)), 0);
			at += strlen(line);
		}
		ck_assert_int_eq(*at, '\0');
		free(text);
	}
END_TEST

START_TEST(lines_come_without_being_asked_for)
	{
		char *text;

		start(path);
		status("one");
		WAIT_FOR(c.lines == 1);
		status("two");
		WAIT_FOR(c.lines == 2);
		text = slurp(path);
		ck_assert_str_eq(text, "one\ntwo\n");
		free(text);
		log_stop();
	}
END_TEST

static void *many(void *user)
{
	char line[128];

	for (int i = 0; i < 2000; i++) {
		snprintf(line, sizeof line, "<thread %d line %d>", *(int *)user,
			 i);
		status(line);
		if (i % 100 == 0)
			log_info("thread %d at %d", *(int *)user, i);
	}
	return NULL;
}

START_TEST(threads_do_not_mix_their_lines)
	{
		static int number[] = {0, 1, 2, 3};
		struct log_counts counts;
		pthread_t thread[4];
		char *text;

		start(path);
		for (int i = 0; i < 4; i++)
			pthread_create(&thread[i], NULL, many, &number[i]);
		for (int i = 0; i < 4; i++)
			pthread_join(thread[i], NULL);
		log_stop();
		log_counts(&counts);
		ck_assert_uint_eq(counts.lost, 0);
		text = slurp(path);
		ck_assert_uint_eq(count(text, "\n"), 8000);
		ck_assert_uint_eq(count(text, ">\n"), 8000);
		free(text);
		text = slurp(errors);
		ck_assert_uint_eq(count(text, "info: thread"), 80);
		free(text);
	}
END_TEST

START_TEST(rotation_goes_on_in_a_new_file)
	{
		char *text;

		start(path);
		status("before");
		WAIT_FOR(c.lines == 1);
		ck_assert_int_eq(rename(path, moved), 0);
		status("still before");
		WAIT_FOR(c.lines == 2);
		log_reopen(path);
		status("after");
		log_stop();
		text = slurp(moved);
		ck_assert_str_eq(text, "before\nstill before\n");
		free(text);
		text = slurp(path);
		ck_assert_str_eq(text, "after\n");
		free(text);
	}
END_TEST

START_TEST(reopen_that_fails_keeps_the_old_file)
	{
		char *text;

		start(path);
		log_reopen("/nonexistent/status.log");
		status("kept");
		log_stop();
		text = slurp(path);
		ck_assert_str_eq(text, "kept\n");
		free(text);
		text = slurp(errors);
		ck_assert_ptr_nonnull(
			strstr(text, "cannot open the status log "
				     "/nonexistent/status.log: No such"));
		free(text);
	}
END_TEST

START_TEST(full_disk_holds_nobody_and_is_told_once)
	{
		enum { LINES = 40000 };
		char line[101], *text, *told;
		uint64_t began;
		unsigned lost;

		memset(line, 'x', 100);
		line[100] = '\0';
		start("/dev/full");
		began = now_ms();
		for (int i = 0; i < LINES; i++)
			status(line);
		ck_assert_uint_lt(now_ms() - began, 2000);
		WAIT_FOR(c.write_errors >= 2); /* tried again by itself */
		log_reopen(path);
		log_stop();

		text = slurp(path);
		told = strstr(text, "event=log-trouble lost=");
		ck_assert_ptr_nonnull(told);
		lost = (unsigned)atoi(
			strchr(told, '=') ? strstr(told, "lost=") + 5 : "");
		ck_assert_uint_gt(lost, 0);
		/* every line is either there, whole, or in that number */
		ck_assert_uint_eq(count(text, "\n"), LINES - lost + 1);
		line[99] = '\0';
		ck_assert_uint_eq(count(text, line), LINES - lost);
		free(text);
		text = slurp(errors);
		ck_assert_uint_eq(
			count(text, "cannot write the status log /dev/full: "
				    "No space left"),
			1);
		ck_assert_uint_eq(count(text, "is written again"), 1);
		ck_assert_uint_eq(count(text, "status lines were lost"), 1);
		free(text);
	}
END_TEST

START_TEST(stopped_terminal_does_not_stop_the_status_log)
	{
		struct log_counts counts;
		char *text, filler[4096] = {0};
		uint64_t began;
		int ends[2];

		ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
		while (write(ends[1], filler, sizeof filler) > 0)
			;
		fcntl(ends[1], F_SETFL, 0);
		dup2(ends[1], STDERR_FILENO);
		start(path);
		began = now_ms();
		for (int i = 0; i < 1000; i++) {
			log_error("nobody reads this");
			status("but this is written");
		}
		log_stop();
		ck_assert_uint_lt(now_ms() - began, 5000);
		log_counts(&counts);
		ck_assert_uint_eq(counts.lost, 1000);
		text = slurp(path);
		ck_assert_uint_eq(count(text, "but this is written\n"), 1000);
		free(text);
		close(ends[0]);
		close(ends[1]);
	}
END_TEST

START_TEST(reader_of_standard_output_may_be_slow)
	{
		static char line[1001];
		struct log_counts counts;
		uint64_t began;
		int ends[2], out = dup(STDOUT_FILENO);

		memset(line, 'y', 1000);
		ck_assert_int_eq(pipe(ends), 0);
		fflush(stdout);
		dup2(ends[1], STDOUT_FILENO);
		start("-");
		for (int i = 0; i < 200; i++)
			status(line);
		WAIT_FOR(c.write_errors >= 1);
		began = now_ms();
		log_stop();
		ck_assert_uint_lt(now_ms() - began, 4000);
		dup2(out, STDOUT_FILENO);
		log_counts(&counts);
		ck_assert_uint_le(counts.lines, 65);
		close(ends[0]);
		close(ends[1]);
		close(out);
	}
END_TEST

START_TEST(a_path_that_cannot_be_opened_is_explained)
	{
		char fifo[80];

		ck_assert_int_eq(log_start("/nonexistent/status.log",
					   POLICY_LOG_INFO, why, sizeof why),
				 -ENOENT);
		ck_assert_str_eq(
			why, "cannot open the status log "
			     "/nonexistent/status.log: No such file or "
			     "directory; let the program's user write there "
			     "or set log.status");
		/* a FIFO that nobody reads must not hang the start */
		snprintf(fifo, sizeof fifo, "%s/fifo", dir);
		ck_assert_int_eq(mkfifo(fifo, 0600), 0);
		ck_assert_int_eq(
			log_start(fifo, POLICY_LOG_INFO, why, sizeof why),
			-ENXIO);
		unlink(fifo);
	}
END_TEST

START_TEST(messages_are_one_clean_line_each)
	{
		char *text;

		start(path);
		log_debug("not at this level");
		log_warning("two\nlines and \x1b[31m colour\n");
		log_level(POLICY_LOG_ERROR);
		log_warning("not any more");
		log_error("%s", "last");
		log_stop();
		text = slurp(errors);
		ck_assert_uint_eq(count(text, "\n"), 2);
		ck_assert_ptr_nonnull(strstr(
			text, "Z warning: two lines and  [31m colour\n"));
		ck_assert_ptr_nonnull(strstr(text, "Z error: last\n"));
		free(text);
	}
END_TEST

START_TEST(journal_gets_priorities)
	{
		struct stat stat;
		char stream[64], *text;

		ck_assert_int_eq(fstat(STDERR_FILENO, &stat), 0);
		snprintf(stream, sizeof stream, "%llu:%llu",
			 (unsigned long long)stat.st_dev,
			 (unsigned long long)stat.st_ino);
		setenv("JOURNAL_STREAM", stream, 1);
		start(path);
		log_error("a");
		log_warning("b");
		log_info("c");
		log_stop();
		text = slurp(errors);
		ck_assert_str_eq(text, "<3>a\n<4>b\n<6>c\n");
		free(text);
	}
END_TEST

START_TEST(messages_go_to_their_file_once_the_start_succeeded)
	{
		char file[80], *text;

		snprintf(file, sizeof file, "%s/messages", dir);
		start(path);
		ck_assert_int_eq(log_messages(file, why, sizeof why), 0);
		log_warning("%s", "said at the start");
		log_settle(true);
		/* whoever started us has read it by now */
		text = slurp(errors);
		ck_assert_ptr_nonnull(
			strstr(text, "Z warning: said at the start\n"));
		free(text);
		log_warning("%s", "said later");
		WAIT_FOR(c.lines == 2);
		ck_assert_int_eq(rename(file, moved), 0);
		log_reopen_messages(file);
		WAIT_FOR(access(file, F_OK) == 0);
		log_error("%s", "after the rotation");
		log_stop();
		text = slurp(errors);
		ck_assert_uint_eq(count(text, "\n"), 1);
		free(text);
		text = slurp(moved);
		ck_assert_uint_eq(count(text, "\n"), 1);
		ck_assert_ptr_nonnull(strstr(text, "Z warning: said later\n"));
		free(text);
		text = slurp(file);
		ck_assert_ptr_nonnull(
			strstr(text, "Z error: after the rotation\n"));
		free(text);
		unlink(file);
	}
END_TEST

START_TEST(a_message_file_that_cannot_be_opened_is_explained)
	{
		char file[80], *text;

		snprintf(file, sizeof file, "%s/messages", dir);
		start(path);
		ck_assert_int_eq(
			log_messages("/nonexistent/m.log", why, sizeof why),
			-ENOENT);
		ck_assert_str_eq(why, "cannot open the message log "
				      "/nonexistent/m.log: No such file or "
				      "directory; let the program's user write "
				      "there or set log.messages");
		ck_assert_int_eq(log_messages(file, why, sizeof why), 0);
		log_settle(false);
		log_reopen_messages("/nonexistent/m.log");
		log_stop();
		text = slurp(file);
		ck_assert_ptr_nonnull(strstr(
			text, "error: cannot open the message log "
			      "/nonexistent/m.log: No such file or directory; "
			      "messages go where they went\n"));
		free(text);
		unlink(file);
	}
END_TEST

static int system_log(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s", name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

START_TEST(the_systems_log_gets_one_datagram_a_message)
	{
		static const char line[] = "42026-11-22T14:15:26.531Zso it is";
		struct sink sink = {.fd = -1};
		char name[80], got[256], end[64];
		uint64_t began;
		int fd, error = 0;

		snprintf(name, sizeof name, "%s/log", dir);
		sink_system(&sink, name);
		ck_assert_int_eq(sink_write(&sink, line, strlen(line)),
				 -ENOENT);
		fd = system_log(name);
		/* started anew once, as rsyslog is after an update */
		for (int i = 0; i < 2; i++) {
			ck_assert_int_eq(sink_write(&sink, line, strlen(line)),
					 0);
			ssize_t len = recv(fd, got, sizeof got - 1, 0);
			ck_assert_int_gt(len, 0);
			got[len] = '\0';
			ck_assert_int_eq(strncmp(got, "<28>", 4), 0);
			snprintf(end, sizeof end, " sallyport[%d]: so it is",
				 (int)getpid());
			/* "Nov 22 14:15:26" */
			ck_assert_str_eq(got + 4 + 15, end);
			close(fd);
			unlink(name);
			fd = system_log(name);
		}
		/* nobody reads: lost, and nothing waits for it but once */
		for (int i = 0; !error && i < 100000; i++)
			error = sink_write(&sink, line, strlen(line));
		ck_assert_int_eq(error, -EAGAIN);
		began = now_ms();
		for (int i = 0; i < 100; i++)
			ck_assert_int_eq(sink_write(&sink, line, strlen(line)),
					 -EAGAIN);
		ck_assert_uint_lt(now_ms() - began, 50 * SINK_WAIT_MS);
		sink_close(&sink);
		close(fd);
		unlink(name);
	}
END_TEST

START_TEST(a_message_that_a_full_disk_cut_ends_its_line)
	{
		const char *line = "42026-01-01T00:00:00.000Zwritten";
		struct rlimit limit, whole;
		struct sink sink = {.fd = -1};
		int error[3];
		char *text;

		signal(SIGXFSZ, SIG_IGN);
		getrlimit(RLIMIT_FSIZE, &whole);
		limit = whole;
		limit.rlim_cur = 60;
		ck_assert_int_eq(sink_file(&sink, path), 0);
		/* The test's own results are written to a file, too. */
		setrlimit(RLIMIT_FSIZE, &limit);
		for (unsigned i = 0; i < 3; i++)
			error[i] = sink_write(&sink, line, strlen(line));
		setrlimit(RLIMIT_FSIZE, &whole);
		ck_assert_int_eq(error[0], 0);
		ck_assert_int_eq(error[1], -ENOSPC);
		ck_assert_int_eq(error[2], -EFBIG);
		ck_assert_int_eq(sink_write(&sink, line, strlen(line)), 0);
		ck_assert_int_eq(sink_write(&sink, line, strlen(line)), 0);
		sink_close(&sink);
		text = slurp(path);
		ck_assert_str_eq(text,
				 "2026-01-01T00:00:00.000Z warning: written\n"
				 "2026-01-01T00:00:0\n"
				 "2026-01-01T00:00:00.000Z warning: written\n"
				 "2026-01-01T00:00:00.000Z warning: written\n");
		free(text);
	}
END_TEST

START_TEST(an_outsider_cannot_flood_the_log)
	{
		struct log_limit limit = {0};
		char *text;

		start(path);
		for (int i = 0; i < 1000; i++)
			log_limited(&limit, POLICY_LOG_WARNING, "garbage %d",
				    i);
		ck_assert_uint_eq(limit.unsaid, 1000 - LOG_LIMIT_BURST);
		limit.since_ms -= LOG_LIMIT_PERIOD_MS;
		log_limited(&limit, POLICY_LOG_WARNING, "garbage again");
		log_stop();
		text = slurp(errors);
		ck_assert_uint_eq(count(text, "\n"), LOG_LIMIT_BURST + 1);
		ck_assert_ptr_nonnull(strstr(
			text, "garbage again (995 more were left out)\n"));
		free(text);
	}
END_TEST

START_TEST(logger_can_be_started_again)
	{
		char *text;

		status("into nothing");
		log_stop();
		start(path);
		status("one");
		log_stop();
		status("into nothing");
		log_warning("at once");
		start(path);
		status("two");
		log_stop();
		log_stop();
		text = slurp(path);
		ck_assert_str_eq(text, "one\ntwo\n");
		free(text);
		text = slurp(errors);
		ck_assert_uint_eq(count(text, "warning: at once\n"), 1);
		free(text);
	}
END_TEST

static const struct {
	const char *in;
	size_t len, size;
	const char *out;
} quotes[] = {
	{"plain text", 10, 64, "plain text"},
	{"Gr\xc3\xbc\xc3\x9f", 6, 64, "Gr\xc3\xbc\xc3\x9f"},
	{"\xe2\x82\xac \xf0\x9f\x93\x9e", 8, 64,
	 "\xe2\x82\xac \xf0\x9f\x93\x9e"},
	{"a\r\nb\0c", 6, 64, "a\\x0d\\x0ab\\x00c"},
	{"say \"x\" \\", 9, 64, "say \\x22x\\x22 \\x5c"},
	{"\x1b[2J\x7f", 5, 64, "\\x1b[2J\\x7f"},
	{"\xc2\x85", 2, 64, "\\xc2\\x85"},	    /* NEL, a C1 */
	{"\xe2\x80\xae", 3, 64, "\\xe2\\x80\\xae"}, /* turns the line */
	{"\xc0\xaf", 2, 64, "\\xc0\\xaf"},	    /* overlong "/" */
	{"\xed\xa0\x80", 3, 64, "\\xed\\xa0\\x80"}, /* a surrogate */
	{"\xf4\x90\x80\x80", 4, 64, "\\xf4\\x90\\x80\\x80"},
	{"\xff\xfe", 2, 64, "\\xff\\xfe"},
	{"\xe2\x82", 2, 64, "\\xe2\\x82"}, /* cut off */
	{"\xe2\x28\xa1", 3, 64, "\\xe2(\\xa1"},
	{"abcdef", 6, 4, "abc"},
	{"ab\xc3\xbc", 4, 4, "ab"}, /* not half a letter */
	{"ab\n", 3, 6, "ab"},	    /* nor half a \xNN */
	{"ab\n", 3, 7, "ab\\x0a"},
	{"", 0, 1, ""},
};

START_TEST(network_text_is_made_fit_for_a_line)
	{
		char out[64];

		ck_assert_ptr_eq(log_quote(out, quotes[_i].size, quotes[_i].in,
					   quotes[_i].len),
				 out);
		ck_assert_str_eq(out, quotes[_i].out);
	}
END_TEST

static Suite *log_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines_reach_the_file_in_order);
	tcase_add_test(t, lines_come_without_being_asked_for);
	tcase_add_test(t, threads_do_not_mix_their_lines);
	tcase_add_test(t, rotation_goes_on_in_a_new_file);
	tcase_add_test(t, reopen_that_fails_keeps_the_old_file);
	tcase_add_test(t, full_disk_holds_nobody_and_is_told_once);
	tcase_add_test(t, stopped_terminal_does_not_stop_the_status_log);
	tcase_add_test(t, reader_of_standard_output_may_be_slow);
	tcase_add_test(t, a_path_that_cannot_be_opened_is_explained);
	tcase_add_test(t, messages_are_one_clean_line_each);
	tcase_add_test(t, journal_gets_priorities);
	tcase_add_test(t, messages_go_to_their_file_once_the_start_succeeded);
	tcase_add_test(t, a_message_file_that_cannot_be_opened_is_explained);
	tcase_add_test(t, the_systems_log_gets_one_datagram_a_message);
	tcase_add_test(t, a_message_that_a_full_disk_cut_ends_its_line);
	tcase_add_test(t, an_outsider_cannot_flood_the_log);
	tcase_add_test(t, logger_can_be_started_again);
	tcase_add_loop_test(t, network_text_is_made_fit_for_a_line, 0,
			    sizeof quotes / sizeof *quotes);
	suite_add_tcase(suite, t);
	return suite;
}

CHECK_MAIN(log_suite())
