/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker's loop alone, over sockets on loopback, turned by hand. */
#include "check_main.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/loop.h"

#define SOCKETS	  300 /* more than a turn takes */
#define QUEUED	  5
#define SETTLE_MS 1100

struct fixture {
	struct loop *loop;
	int bell_fd;
	struct loop_socket sockets[SOCKETS];
	int far[SOCKETS];
	uint8_t next[SOCKETS]; /* the packet that is to come */
	unsigned packets, errors;
	bool one_each; /* close a socket with its packet */
};

static void on_packet(void *arg, struct loop_socket *socket, uint8_t *buf,
		      size_t len, const struct endpoint *from)
{
	struct fixture *f = arg;
	size_t i = (size_t)(socket - f->sockets);
	ck_assert_uint_eq(len, 1);
	ck_assert(socket->trusted == (from == NULL));
	ck_assert_uint_eq(buf[0], f->next[i]);
	f->next[i]++;
	f->packets++;
	if (f->one_each)
		loop_close(f->loop, socket);
}

static void on_error(void *arg, struct loop_socket *socket, int error)
{
	struct fixture *f = arg;
	(void)socket;
	(void)error;
	f->errors++;
}

static void on_bell(void *arg)
{
	(void)arg;
}

static int bound(struct endpoint *at)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	endpoint_set(at, (struct sockaddr *)&in);
	return fd;
}

static void start(struct fixture *f)
{
	struct loop_handler handler = {.packet = on_packet,
				       .error = on_error,
				       .bell = on_bell,
				       .arg = f};
	memset(f, 0, sizeof(*f));
	f->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_ge(f->bell_fd, 0);
	ck_assert_int_eq(loop_new(&f->loop, &handler, f->bell_fd), 0);
	for (int i = 0; i < SOCKETS; i++) {
		struct endpoint near, far;
		f->far[i] = bound(&far);
		f->sockets[i].fd = bound(&near);
		ck_assert_int_eq(
			connect(f->far[i], &near.sa, endpoint_len(&near)), 0);
		ck_assert_int_eq(loop_add(f->loop, &f->sockets[i]), 0);
		ck_assert_int_eq(loop_connect(f->loop, &f->sockets[i], &far),
				 0);
	}
}

static void finish(struct fixture *f)
{
	for (int i = 0; i < SOCKETS; i++) {
		loop_close(f->loop, &f->sockets[i]);
		close(f->far[i]);
	}
	loop_free(f->loop);
	close(f->bell_fd);
}

static void far_sends(struct fixture *f, uint8_t from, uint8_t n)
{
	for (int i = 0; i < SOCKETS; i++)
		for (uint8_t k = from; k < from + n; k++)
			ck_assert_int_eq(send(f->far[i], &k, 1, 0), 1);
}

/* Returns how many turns it took. */
static unsigned turn_until(struct fixture *f, unsigned packets)
{
	unsigned turns = 0;
	while (f->packets < packets && turns < 100) {
		loop_turn(f->loop, 0);
		turns++;
	}
	ck_assert_uint_eq(f->packets, packets);
	return turns;
}

/* Once their queues were seen empty they are trusted. */
static void settle(struct fixture *f)
{
	poll(NULL, 0, SETTLE_MS);
	far_sends(f, 0, 1);
	turn_until(f, SOCKETS);
	for (int i = 0; i < SOCKETS; i++)
		ck_assert(f->sockets[i].trusted);
}

START_TEST(a_loop_that_is_behind_catches_up)
	{
		static struct fixture f;
		start(&f);
		settle(&f);
		far_sends(&f, 1, QUEUED);
		/* One packet of a socket a turn would take six of them. */
		ck_assert_uint_le(turn_until(&f, SOCKETS * (1 + QUEUED)), 3);
		for (int i = 0; i < SOCKETS; i++)
			ck_assert_uint_eq(f.next[i], 1 + QUEUED);
		ck_assert_uint_eq(f.errors, 0);
		finish(&f);
	}
END_TEST

START_TEST(a_socket_closed_by_its_packet_is_not_read_again)
	{
		static struct fixture f;
		start(&f);
		settle(&f);
		far_sends(&f, 1, QUEUED);
		f.one_each = true;
		turn_until(&f, 2 * SOCKETS);
		loop_turn(f.loop, 0);
		ck_assert_uint_eq(f.packets, 2 * SOCKETS);
		ck_assert_uint_eq(f.errors, 0);
		finish(&f);
	}
END_TEST

static Suite *loop_suite(void)
{
	Suite *suite = suite_create("loop");
	TCase *tc = tcase_create("loop");
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_loop_that_is_behind_catches_up);
	tcase_add_test(tc, a_socket_closed_by_its_packet_is_not_read_again);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(loop_suite())
