/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: what comes back after a restart, and what trouble costs. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy/address.h"
#include "sbc/store/store.h"
#include "tests/check_main.h"

static char folder[64], path[96], why[512];

static void in_a_folder(void)
{
	strcpy(folder, "/tmp/check-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/store.db", folder);
}

static void away_with_it(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static struct store *opened(void)
{
	struct store *store = NULL;

	ck_assert_msg(!store_open(&store, path, why, sizeof(why)), "%s", why);
	return store;
}

static struct store_binding binding(unsigned n, int64_t in_s)
{
	struct store_binding b = {.cseq = n, .transport = 1};

	snprintf(b.user, sizeof(b.user), "%u", n);
	snprintf(b.contact, sizeof(b.contact), "sip:%u@192.0.2.1:5062", n);
	snprintf(b.call_id, sizeof(b.call_id), "call-%u", n);
	snprintf(b.network, sizeof(b.network), "lan");
	snprintf(b.user_agent, sizeof(b.user_agent), "Phone; DROP TABLE 'x'");
	snprintf(b.instance, sizeof(b.instance), "\"<urn:uuid:%u>\"", n);
	address_parse(&b.source, n % 2 ? "192.0.2.1:5062" : "[2001:db8::1]:9",
		      0);
	b.expires_at = (int64_t)time(NULL) + in_s;
	return b;
}

struct seen {
	unsigned count;
	struct store_binding last;
};

static void see(void *user, const struct store_binding *b)
{
	struct seen *seen = user;

	seen->count++;
	seen->last = *b;
}

static struct seen load(struct store *store)
{
	struct seen seen = {0};
	int count = store_load_bindings(store, see, &seen);

	ck_assert_int_eq(count, (int)seen.count);
	return seen;
}

/* Until the writer is idle or in trouble; bounded. */
static unsigned settle(struct store *store, unsigned troubles)
{
	struct timespec nap = {.tv_nsec = 2000000};
	struct store_counts counts;
	char text[256];

	for (unsigned i = 0; i < 5000; i++) {
		store_counts(store, &counts);
		unsigned now = store_trouble(store, text, sizeof(text));
		if (!counts.waiting || now > troubles)
			return now;
		nanosleep(&nap, NULL);
	}
	ck_abort_msg("the writer never settled");
	return 0;
}

START_TEST(a_binding_comes_back_whole)
	{
		struct store *store = opened();
		struct store_binding b = binding(7, 100);

		store_put_binding(store, &b);
		store_close(store);
		store = opened();
		struct seen seen = load(store);
		store_close(store);
		ck_assert_uint_eq(seen.count, 1);
		ck_assert_mem_eq(&seen.last, &b, sizeof(b));
	}
END_TEST

START_TEST(the_newest_change_of_a_binding_stands)
	{
		struct store *store = opened();
		struct store_binding b = binding(1, 100),
				     gone = binding(2, 100);

		for (unsigned i = 0; i < 1000; i++) {
			b.cseq = i;
			store_put_binding(store, &b);
			store_put_binding(store, &gone);
			store_drop_binding(store, gone.user, gone.contact);
		}
		store_close(store);
		store = opened();
		struct seen seen = load(store);
		store_close(store);
		ck_assert_uint_eq(seen.count, 1);
		ck_assert_uint_eq(seen.last.cseq, 999);
	}
END_TEST

START_TEST(what_ran_out_meanwhile_does_not_come_back)
	{
		struct store *store = opened();
		struct store_binding old = binding(1, -1),
				     live = binding(2, 100);

		store_put_binding(store, &old);
		store_put_binding(store, &live);
		store_close(store);
		store = opened();
		struct seen seen = load(store);
		store_close(store);
		ck_assert_uint_eq(seen.count, 1);
		ck_assert_str_eq(seen.last.user, "2");
	}
END_TEST

START_TEST(ten_thousand_phones_are_written_and_read)
	{
		struct store *store = opened();

		for (unsigned i = 0; i < 10000; i++) {
			struct store_binding b = binding(i, 1000);
			store_put_binding(store, &b);
		}
		settle(store, 0);
		store_close(store);
		store = opened();
		ck_assert_uint_eq(load(store).count, 10000);
		store_close(store);
	}
END_TEST

START_TEST(only_its_owner_may_read_it)
	{
		struct store *store;
		struct stat is;
		char wal[128];
		struct store_binding b = binding(1, 100);
		int fd = open(path, O_CREAT | O_WRONLY, 0644);

		close(fd);
		store = opened();
		store_put_binding(store, &b);
		settle(store, 0);
		ck_assert_int_eq(stat(path, &is), 0);
		ck_assert_uint_eq(is.st_mode & 0777, 0600);
		snprintf(wal, sizeof(wal), "%s-wal", path);
		ck_assert_int_eq(stat(wal, &is), 0);
		ck_assert_uint_eq(is.st_mode & 0777, 0600);
		store_close(store);
	}
END_TEST

START_TEST(a_missing_folder_is_named_with_what_to_do)
	{
		struct store *store = NULL;
		char far[128];

		snprintf(far, sizeof(far), "%s/not/there.db", folder);
		ck_assert_int_eq(store_open(&store, far, why, sizeof(why)),
				 -ENOENT);
		ck_assert_ptr_null(store);
		ck_assert_ptr_nonnull(strstr(why, "/not"));
		ck_assert_ptr_nonnull(strstr(why, "mkdir -p"));
		ck_assert_int_eq(store_open(&store, folder, why, sizeof(why)),
				 -EISDIR);
	}
END_TEST

static void write_garbage(const char *to)
{
	int fd = open(to, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	char text[8192];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(write(fd, text, sizeof(text)), sizeof(text));
	close(fd);
}

START_TEST(a_file_that_is_no_database_is_moved_aside)
	{
		char aside[128];
		struct store_binding b = binding(1, 100);

		for (unsigned i = 1; i <= 3; i++) {
			write_garbage(path);
			struct store *store = opened();
			if (i == 1)
				snprintf(aside, sizeof(aside), "%s.broken",
					 path);
			else
				snprintf(aside, sizeof(aside), "%s.broken-%u",
					 path, i);
			ck_assert_ptr_nonnull(strstr(why, aside));
			ck_assert_int_eq(access(aside, F_OK), 0);
			store_put_binding(store, &b);
			store_close(store);
			ck_assert_int_eq(access(path, F_OK), 0);
		}
	}
END_TEST

START_TEST(a_damaged_page_is_found_at_start)
	{
		struct store *store = opened();
		struct stat is;

		for (unsigned i = 0; i < 2000; i++) {
			struct store_binding b = binding(i, 1000);
			store_put_binding(store, &b);
		}
		store_close(store);
		int fd = open(path, O_RDWR);
		char bad[4096];
		memset(bad, 0xff, sizeof(bad));
		ck_assert_int_eq(fstat(fd, &is), 0);
		ck_assert_int_gt(is.st_size, 10 * 4096);
		ck_assert_int_eq(pwrite(fd, bad, sizeof(bad), 2 * 4096),
				 sizeof(bad));
		close(fd);
		store = opened();
		ck_assert_ptr_nonnull(strstr(why, ".broken"));
		ck_assert_uint_eq(load(store).count, 0);
		store_close(store);
	}
END_TEST

START_TEST(a_newer_version_s_file_is_left_alone)
	{
		struct store *store = NULL;
		sqlite3 *db;

		store_close(opened());
		ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
		ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version = 99",
					      NULL, NULL, NULL),
				 SQLITE_OK);
		sqlite3_close(db);
		ck_assert_int_eq(store_open(&store, path, why, sizeof(why)),
				 -EPROTONOSUPPORT);
		ck_assert_ptr_nonnull(strstr(why, "newer"));
	}
END_TEST

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_costs_nothing_once_there_is_room_again)
	{
		struct store *store = opened();
		struct store_counts counts;
		char text[256];
		unsigned troubles;

		signal(SIGXFSZ, SIG_IGN);
		limit_files(64 * 1024);
		for (unsigned i = 0; i < 3000; i++) {
			struct store_binding b = binding(i, 1000);
			store_put_binding(store, &b);
		}
		troubles = settle(store, 0);
		ck_assert_uint_gt(troubles, 0);
		store_trouble(store, text, sizeof(text));
		ck_assert_ptr_nonnull(strstr(text, path));
		ck_assert_ptr_nonnull(strstr(text, "room"));
		store_counts(store, &counts);
		ck_assert_uint_gt(counts.waiting, 0);
		ck_assert_uint_eq(counts.lost, 0);

		limit_files(RLIM_INFINITY);
		for (unsigned again = troubles; counts.waiting;) {
			again = settle(store, again);
			store_counts(store, &counts);
		}
		store_trouble(store, text, sizeof(text));
		ck_assert_str_eq(text, "");
		store_close(store);
		store = opened();
		ck_assert_uint_eq(load(store).count, 3000);
		store_close(store);
	}
END_TEST

START_TEST(a_queue_that_is_full_loses_the_oldest_and_counts)
	{
		struct store *store = opened();
		struct store_counts counts;

		signal(SIGXFSZ, SIG_IGN);
		limit_files(64 * 1024);
		for (unsigned i = 0; i < 70000; i++) {
			struct store_binding b = binding(i, 1000);
			store_put_binding(store, &b);
		}
		store_counts(store, &counts);
		ck_assert_uint_le(counts.waiting, 65536);
		ck_assert_uint_gt(counts.lost, 0);
		ck_assert_uint_eq(counts.waiting + counts.lost + counts.written,
				  70000);
		store_close(store);
		limit_files(RLIM_INFINITY);
	}
END_TEST

static Suite *store_suite(void)
{
	Suite *suite = suite_create("store");
	TCase *cases = tcase_create("store");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, in_a_folder, away_with_it);
	tcase_add_test(cases, a_binding_comes_back_whole);
	tcase_add_test(cases, the_newest_change_of_a_binding_stands);
	tcase_add_test(cases, what_ran_out_meanwhile_does_not_come_back);
	tcase_add_test(cases, ten_thousand_phones_are_written_and_read);
	tcase_add_test(cases, only_its_owner_may_read_it);
	tcase_add_test(cases, a_missing_folder_is_named_with_what_to_do);
	tcase_add_test(cases, a_file_that_is_no_database_is_moved_aside);
	tcase_add_test(cases, a_damaged_page_is_found_at_start);
	tcase_add_test(cases, a_newer_version_s_file_is_left_alone);
	tcase_add_test(cases,
		       a_full_disk_costs_nothing_once_there_is_room_again);
	tcase_add_test(cases, a_queue_that_is_full_loses_the_oldest_and_counts);
	suite_add_tcase(suite, cases);
	return suite;
}

CHECK_MAIN(store_suite())
