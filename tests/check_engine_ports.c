/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ports of the media engine, and how long it and its sessions live. */
#include "check_main.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/media.h"
#include "media/rtp.h"
#include "tests/engine.h"

#define OWN_PORT 28600 /* what is free there is looked at */

/* --- ports and lifetimes -------------------------------------------------- */

static int bind_code(struct media_session *session, unsigned slot,
		     struct media_block *block, uint16_t *port)
{
	struct sockaddr_storage local = address("127.0.0.1", 0);
	return media_session_bind(session, MEDIA_A, slot, block,
				  (struct sockaddr *)&local, port);
}

START_TEST(ports_that_are_taken_or_resting_are_not_given)
	{
		struct fixture f;
		uint16_t port;
		start_engine(&f, OWN_PORT, OWN_PORT + 3, 100000);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port), 0);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port),
				 -EEXIST);
		ck_assert_int_eq(bind_code(f.session, 1, f.block, &port), 0);
		ck_assert_int_eq(bind_code(f.session, 2, f.block, &port),
				 -EAGAIN);
		ck_assert_int_eq(bind_code(f.session, 8, f.block, &port),
				 -EINVAL);
		ck_assert_uint_eq(media_block_used(f.block), 2);
		close_session(&f);
		ck_assert_uint_eq(media_block_used(f.block), 0);
		ck_assert_int_eq(media_session_new(&f.session, f.engine, &f),
				 0);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port),
				 -EAGAIN);
		media_engine_free(f.engine);
	}
END_TEST

/* All but one of 200 pairs, and nobody knows which one is free. */
START_TEST(many_pairs_held_by_other_programs_are_passed_by)
	{
		struct fixture f;
		uint16_t port, free_one = 0;
		int fds[200];

		start_engine(&f, OWN_PORT, OWN_PORT + 399, 0);
		for (unsigned i = 0; i < 200; i++) {
			struct sockaddr_storage held = address(
				"127.0.0.1", (uint16_t)(OWN_PORT + 2 * i));
			fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
			/* One that somebody else holds is as good. */
			if (bind(fds[i], (struct sockaddr *)&held,
				 addr_len(&held)) == 0)
				continue;
			ck_assert_int_eq(errno, EADDRINUSE);
			close(fds[i]);
			fds[i] = -1;
		}
		for (unsigned i = 137; i < 200 && !free_one; i++) {
			if (fds[i] < 0)
				continue;
			close(fds[i]);
			fds[i] = -1;
			free_one = (uint16_t)(OWN_PORT + 2 * i);
		}
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port), 0);
		ck_assert_uint_eq(port, free_one);
		for (unsigned i = 0; i < 200; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		media_engine_free(f.engine);
	}
END_TEST

START_TEST(a_pair_held_by_another_program_is_passed_by)
	{
		struct fixture f;
		uint16_t port;
		start_engine(&f, OWN_PORT, OWN_PORT + 3, 0);
		struct sockaddr_storage held =
			address("127.0.0.1", OWN_PORT + 1);
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		ck_assert_int_eq(
			bind(fd, (struct sockaddr *)&held, addr_len(&held)), 0);
		ck_assert_int_eq(bind_code(f.session, 0, f.block, &port), 0);
		ck_assert_uint_eq(port, OWN_PORT + 2);
		struct media_block *other;
		ck_assert_int_eq(media_block_new(&other, f.engine, OWN_PORT,
						 OWN_PORT + 1, 0),
				 0);
		ck_assert_int_eq(bind_code(f.session, 1, other, &port),
				 -EADDRINUSE);
		ck_assert_int_eq(bind_code(f.session, 1, other, &port),
				 -EADDRINUSE);
		ck_assert_int_eq(
			media_block_new(&other, f.engine, 42000, 42001, 0), 0);
		struct sockaddr_storage far_away = address("203.0.113.1", 0);
		ck_assert_int_eq(
			media_session_bind(f.session, MEDIA_B, 0, other,
					   (struct sockaddr *)&far_away, &port),
			-EADDRNOTAVAIL);
		close(fd);
		media_engine_free(f.engine);
	}
END_TEST

START_TEST(a_side_is_bound_anew_for_the_next_candidate)
	{
		struct fixture f;
		struct media_event event;
		start(&f);
		struct packet p = rtp(1, 1, 160), q = rtp(9, 5, 320);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		/* The event of the failed candidate is not told after
		 * unbinding. */
		ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
		media_session_unbind(f.session, MEDIA_B, 0);
		bind_side(&f, MEDIA_B, "127.0.0.1");
		far_close(&f.b);
		far_open(&f.b, "127.0.0.5");
		struct media_target t = target(&f.b);
		media_session_target(f.session, MEDIA_B, 0, &t);
		while (media_block_used(f.block) > 2) {
			ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
			ck_assert(!media_engine_event(f.engine, &event));
		}
		b_sends(&f, &q);
		far_expect(&f.a, 0, &q, sizeof(q));
		expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_uint_eq(stats(&f, MEDIA_B).packets, 1);
		finish(&f);
	}
END_TEST

static int open_fds(void)
{
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

START_TEST(two_hundred_sessions_leave_nothing_behind)
	{
		struct fixture f;
		struct media_event event;
		struct media_config config = {.workers = 2, .dscp = 0};
		int before = open_fds();
		ck_assert_int_eq(media_engine_new(&f.engine, &config), 0);
		ck_assert_int_eq(
			media_block_new(&f.block, f.engine, 42000, 43999, 0),
			0);
		int with_engine = open_fds();
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		struct sockaddr_storage local = address("127.0.0.1", 0);
		/* More commands than a ring holds, all at once, twice. */
		for (int round = 0; round < 2; round++) {
			struct media_session *sessions[200];
			unsigned closed = 0;
			for (int i = 0; i < 200; i++) {
				struct media_session *s;
				struct media_target t = target(NULL);
				uint16_t port;
				ck_assert_int_eq(
					media_session_new(&s, f.engine,
							  &sessions[i]),
					0);
				sessions[i] = s;
				for (int side = 0; side < 2; side++) {
					ck_assert_int_eq(
						media_session_bind(
							s, side, 0, f.block,
							(struct sockaddr
								 *)&local,
							&port),
						0);
					for (int k = 0; k < 5; k++)
						media_session_target(s, side, 0,
								     &t);
				}
			}
			for (int i = 0; i < 200; i += 2)
				media_session_unbind(sessions[i], MEDIA_B, 0);
			for (int i = 0; i < 200; i++)
				media_session_close(sessions[i]);
			while (closed < 200) {
				if (!media_engine_event(f.engine, &event)) {
					ck_assert_int_eq(poll(&pfd, 1, WAIT_MS),
							 1);
					continue;
				}
				ck_assert_int_eq(event.kind, MEDIA_CLOSED);
				ck_assert_ptr_eq(*(void **)event.user,
						 event.session);
				closed++;
			}
			ck_assert(!media_engine_event(f.engine, &event));
			ck_assert_uint_eq(media_block_used(f.block), 0);
			ck_assert_int_eq(open_fds(), with_engine);
		}
		struct media_totals totals;
		media_engine_totals(f.engine, &totals);
		ck_assert_uint_eq(totals.sessions, 0);
		ck_assert_uint_eq(totals.sockets, 0);
		media_engine_free(f.engine);
		ck_assert_int_eq(open_fds(), before);
	}
END_TEST

START_TEST(no_answer_is_lost_when_nobody_takes_events)
	{
		enum {
			SESSIONS = 3000
		}; /* more than the rings hold together */
		struct fixture f;
		struct media_event event;
		bool closed[SESSIONS] = {false};
		start_engine(&f, FIRST_PORT, FIRST_PORT + 99, 0);
		struct pollfd pfd = {.fd = media_engine_fd(f.engine),
				     .events = POLLIN};
		for (int i = 0; i < SESSIONS; i++) {
			struct media_session *s;
			ck_assert_int_eq(
				media_session_new(&s, f.engine, &closed[i]), 0);
			media_session_timeouts(s, 100000, 100000);
			media_session_close(s);
		}
		/* Room for commands is made and used, none for answers. */
		for (int i = 0; i < 200; i++)
			turn(f.engine);
		for (unsigned n = 0; n < SESSIONS;) {
			if (!media_engine_event(f.engine, &event)) {
				ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
				continue;
			}
			ck_assert_int_eq(event.kind, MEDIA_CLOSED);
			ck_assert(!*(bool *)event.user);
			*(bool *)event.user = true;
			n++;
		}
		ck_assert(!media_engine_event(f.engine, &event));
		struct media_totals totals;
		media_engine_totals(f.engine, &totals);
		ck_assert_uint_eq(totals.sessions, 1);
		ck_assert_uint_eq(totals.events_lost, 0);
		media_engine_free(f.engine);
	}
END_TEST

START_TEST(an_engine_goes_with_its_open_sessions)
	{
		struct fixture f;
		int before = open_fds();
		start(&f);
		struct packet p = rtp(1, 1, 160);
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		media_block_retire(f.block);
		media_engine_free(f.engine);
		far_close(&f.a);
		far_close(&f.b);
		ck_assert_int_eq(open_fds(), before);
		media_engine_free(NULL);
	}
END_TEST

START_TEST(a_wrong_configuration_starts_nothing)
	{
		static const struct media_config bad[] = {
			{.workers = 0},
			{.workers = 65},
			{.workers = 1, .dscp = 64}};
		struct media_engine *engine;
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			ck_assert_int_eq(media_engine_new(&engine, &bad[i]),
					 -EINVAL);
	}
END_TEST

static Suite *ports_suite(void)
{
	Suite *suite = suite_create("engine_ports");
	TCase *tc = tcase_create("engine_ports");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, ports_that_are_taken_or_resting_are_not_given);
	tcase_add_test(tc, many_pairs_held_by_other_programs_are_passed_by);
	tcase_add_test(tc, a_pair_held_by_another_program_is_passed_by);
	tcase_add_test(tc, a_side_is_bound_anew_for_the_next_candidate);
	tcase_add_test(tc, two_hundred_sessions_leave_nothing_behind);
	tcase_add_test(tc, no_answer_is_lost_when_nobody_takes_events);
	tcase_add_test(tc, an_engine_goes_with_its_open_sessions);
	tcase_add_test(tc, a_wrong_configuration_starts_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(ports_suite())
