/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Admission: token buckets, the socket filter, the search for listeners. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sbc/guard/connections.h"
#include "sbc/guard/guard.h"
#include "policy/address.h"
#include "tests/check_main.h"

static struct sockaddr_storage addr(const char *text, uint16_t port)
{
	struct sockaddr_storage out = {0};
	struct sockaddr_in *in = (void *)&out;
	struct sockaddr_in6 *in6 = (void *)&out;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	}
	return out;
}

static struct address_prefix prefix(const char *text, unsigned bits)
{
	return (struct address_prefix){addr(text, 0), bits};
}

/* --- buckets ------------------------------------------------------------ */

static const struct policy_limits limits = {
	.per_source_rate = 10,
	.per_source_burst = 20,
	.global_rate = 100,
	.global_burst = 50,
};

static enum guard_verdict admit(struct guard *guard, const char *text,
				uint64_t now_ms)
{
	struct sockaddr_storage from = addr(text, 5060);

	return guard_admit(guard, (struct sockaddr *)&from, now_ms);
}

START_TEST(source_gets_its_burst_then_its_rate)
	{
		struct guard *guard;
		unsigned passed = 0;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(admit(guard, "192.0.2.1", 1000),
					 GUARD_ADMIT);
		ck_assert_int_eq(admit(guard, "192.0.2.1", 1000),
				 GUARD_DROP_SOURCE);
		ck_assert_int_eq(admit(guard, "192.0.2.1", 1099),
				 GUARD_DROP_SOURCE);
		ck_assert_int_eq(admit(guard, "192.0.2.1", 1100), GUARD_ADMIT);
		ck_assert_int_eq(admit(guard, "192.0.2.1", 1100),
				 GUARD_DROP_SOURCE);
		/* another source is not its neighbour's victim */
		ck_assert_int_eq(admit(guard, "192.0.2.2", 1100), GUARD_ADMIT);
		for (uint64_t now = 1101; now <= 11100; now++)
			passed += admit(guard, "192.0.2.1", now) == GUARD_ADMIT;
		ck_assert_uint_eq(passed, 100);
		/* a clock that stands or goes back gives nothing */
		ck_assert_int_eq(admit(guard, "192.0.2.1", 500),
				 GUARD_DROP_SOURCE);
		guard_free(guard);
	}
END_TEST

START_TEST(all_sources_together_are_limited)
	{
		struct guard_counts counts;
		struct guard *guard;
		unsigned admitted = 0, shed = 0;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		for (int i = 0; i < 200; i++) {
			char text[32];

			snprintf(text, sizeof text, "192.0.2.%d", i);
			switch (admit(guard, text, 5)) {
			case GUARD_ADMIT:
				admitted++;
				break;
			case GUARD_SHED:
				shed++;
				break;
			case GUARD_DROP_SOURCE:
				ck_abort_msg("no source is over its own rate");
			}
		}
		ck_assert_uint_eq(admitted, 50);
		ck_assert_uint_eq(shed, 150);
		guard_counts(guard, &counts);
		ck_assert_uint_eq(counts.admitted, 50);
		ck_assert_uint_eq(counts.shed, 150);
		ck_assert_uint_eq(counts.sources, 200);
		guard_free(guard);
	}
END_TEST

/* Of a hundred calls, how many are taken when the queue has stayed so? */
static unsigned taken_at(struct guard *guard, unsigned wait_ms, unsigned fill_m)
{
	const struct guard_queue queue = {.wait_ms = wait_ms, .fill_m = fill_m};
	static uint64_t now_ms = 1000;
	unsigned taken = 0;

	for (int i = 0; i < 80; i++)
		guard_queued(guard, &queue, now_ms += 5);
	for (int i = 0; i < 100; i++)
		taken += guard_takes_call(guard);
	return taken;
}

START_TEST(calls_are_refused_as_the_queue_gets_worse)
	{
		static const struct {
			unsigned wait_ms, fill_m, taken;
		} cases[] = {
			{0, 0, 100},
			{0, 500, 100},
			{0, 575, 80},
			{0, 650, 60},
			{0, 800, 20},
			{0, 875, 0},
			{0, 5000, 0},
			{0, 500, 100}, /* and all again once it is drained */
			{250, 0, 100},
			{290, 0, 80},
			{350, 100, 50},
			{450, 0, 0},
			{9000, 0, 0},
			{290, 800, 20}, /* the worse of both counts */
			{410, 575, 20},
			{0, 0, 100},
		};
		struct guard_counts counts;
		struct guard *guard;
		uint64_t refused = 0;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			unsigned taken = taken_at(guard, cases[i].wait_ms,
						  cases[i].fill_m);

			/* The mean is in whole thousandths. */
			ck_assert_msg(taken >= cases[i].taken &&
					      taken <= cases[i].taken + 1,
				      "%u ms, %u: %u", cases[i].wait_ms,
				      cases[i].fill_m, taken);
			refused += 100 - taken;
		}
		guard_counts(guard, &counts);
		ck_assert_uint_eq(counts.overload, refused);
		guard_free(guard);
	}
END_TEST

START_TEST(a_short_queue_that_fills_once_refuses_nobody)
	{
		const struct guard_queue full = {.fill_m = 1000}, none = {0};
		struct guard *guard;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		for (int i = 0; i < 1000; i++) {
			guard_queued(guard, i % 50 < 4 ? &full : &none,
				     (uint64_t)i * 5);
			ck_assert(guard_takes_call(guard));
		}
		guard_free(guard);
	}
END_TEST

START_TEST(what_a_pause_has_left_is_worked_off_before_a_call_is_refused)
	{
		const struct guard_queue late = {.wait_ms = 900}, none = {0};
		struct guard *guard;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		/* Each time it is looked at again after 400 ms. */
		for (uint64_t ms = 1000; ms < 4000; ms += 10) {
			if (ms % 1000 > 100 && ms % 1000 < 500)
				continue;
			guard_queued(guard,
				     ms % 1000 >= 500 && ms % 1000 < 800
					     ? &late
					     : &none,
				     ms);
			ck_assert(guard_takes_call(guard));
		}
		guard_queued(guard, &late, 4000);
		guard_queued(guard, &late, 4299);
		ck_assert(guard_takes_call(guard));
		guard_queued(guard, &late, 4300);
		ck_assert(!guard_takes_call(guard));
		guard_free(guard);
	}
END_TEST

START_TEST(half_the_calls_is_every_second_one)
	{
		const struct guard_queue queue = {.wait_ms = 350};
		struct guard *guard;
		bool before;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		guard_queued(guard, &queue, 1000);
		guard_queued(guard, &queue, 1300);
		before = guard_takes_call(guard);
		for (int i = 0; i < 20; i++) {
			bool now = guard_takes_call(guard);

			ck_assert(now != before);
			before = now;
		}
		guard_free(guard);
	}
END_TEST

/* A listener on loopback, and a socket that sends to it. */
static void open_queue(int *in, int *out)
{
	struct sockaddr_storage to = addr("127.0.0.1", 0);
	socklen_t size = sizeof(struct sockaddr_in);

	*in = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	*out = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(*in, (struct sockaddr *)&to, size), 0);
	ck_assert_int_eq(getsockname(*in, (struct sockaddr *)&to, &size), 0);
	ck_assert_int_eq(connect(*out, (struct sockaddr *)&to, size), 0);
	guard_queue_stamp(*in);
}

START_TEST(queue_fill_is_what_waits_in_the_socket)
	{
		struct guard_queue queue;
		char text[1000] = {0};
		unsigned before = 0;
		int in, out;

		open_queue(&in, &out);
		ck_assert_int_eq(guard_queue_look(in, &queue), 0);
		ck_assert_uint_eq(queue.fill_m, 0);
		for (int i = 0; i < 1000; i++) {
			before = queue.fill_m;
			for (int k = 0; k < 10; k++)
				send(out, text, sizeof text, 0);
			ck_assert_int_eq(guard_queue_look(in, &queue), 0);
			if (queue.fill_m <= before)
				break;
		}
		/* Full: what came on top of it is lost. */
		ck_assert_uint_gt(before, 900);
		while (recv(in, text, sizeof text, 0) > 0)
			;
		ck_assert_int_eq(guard_queue_look(in, &queue), 0);
		ck_assert_uint_lt(queue.fill_m, 100);
		close(in);
		ck_assert_int_lt(guard_queue_look(in, &queue), 0);
		ck_assert_uint_eq(queue.fill_m, 0);
		close(out);
	}
END_TEST

START_TEST(the_wait_is_that_of_the_oldest_datagram)
	{
		const struct timespec pause = {.tv_nsec = 30000000};
		struct guard_queue queue;
		char text[8] = {0};
		int in, out;

		open_queue(&in, &out);
		ck_assert_int_eq(send(out, "first", 5, 0), 5);
		nanosleep(&pause, NULL);
		ck_assert_int_eq(send(out, "second", 6, 0), 6);
		ck_assert_int_eq(guard_queue_look(in, &queue), 0);
		ck_assert_uint_ge(queue.wait_ms, 29);
		/* Nothing was taken from it. */
		ck_assert_int_eq(recv(in, text, sizeof text, 0), 5);
		ck_assert_int_eq(recv(in, text, sizeof text, 0), 6);
		ck_assert_int_eq(guard_queue_look(in, &queue), 0);
		ck_assert_uint_eq(queue.wait_ms, 0);
		close(in);
		close(out);
	}
END_TEST

START_TEST(a_datagram_is_no_arriving_connection)
	{
		struct pollfd bell = {.fd = arrivals_new(), .events = POLLIN};
		int in, out;

		ck_assert_int_ge(bell.fd, 0);
		open_queue(&in, &out);
		arrivals_watch(bell.fd, in);
		ck_assert_int_eq(send(out, "ping", 4, 0), 4);
		ck_assert_int_eq(poll(&bell, 1, 0), 0);
		close(in);
		close(out);
		close(bell.fd);
	}
END_TEST

START_TEST(ipv6_sources_are_their_64)
	{
		struct guard *guard;
		char text[64];

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		for (int i = 0; i < 20; i++) {
			snprintf(text, sizeof text, "2001:db8:0:1::%x", i);
			ck_assert_int_eq(admit(guard, text, 7), GUARD_ADMIT);
		}
		ck_assert_int_eq(admit(guard, "2001:db8:0:1:ffff::1", 7),
				 GUARD_DROP_SOURCE);
		ck_assert_int_eq(admit(guard, "2001:db8:0:2::1", 7),
				 GUARD_ADMIT);
		/* every neighbour on a link shares fe80::/64 */
		for (int i = 0; i < 21; i++) {
			snprintf(text, sizeof text, "fe80::%x", i + 1);
			ck_assert_int_eq(admit(guard, text, 7), GUARD_ADMIT);
		}
		guard_free(guard);
	}
END_TEST

START_TEST(mapped_ipv4_is_the_same_source)
	{
		struct guard *guard;

		ck_assert_int_eq(guard_new(&guard, &limits), 0);
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(admit(guard, "192.0.2.1", 7),
					 GUARD_ADMIT);
		ck_assert_int_eq(admit(guard, "::ffff:192.0.2.1", 7),
				 GUARD_DROP_SOURCE);
		guard_free(guard);
	}
END_TEST

START_TEST(sources_are_bounded_and_idle_ones_go)
	{
		static const struct policy_limits open = {
			.per_source_rate = 10,
			.per_source_burst = 1,
		};
		struct guard_counts counts;
		struct guard *guard;
		struct sockaddr_storage from = addr("10.0.0.0", 5060);
		struct sockaddr_in *in = (void *)&from;

		ck_assert_int_eq(guard_new(&guard, &open), 0);
		for (uint32_t i = 0; i < 200000; i++) {
			in->sin_addr.s_addr = htonl(0x0a000000 + i);
			ck_assert_int_eq(guard_admit(guard,
						     (struct sockaddr *)&from,
						     1000),
					 GUARD_ADMIT);
		}
		guard_counts(guard, &counts);
		ck_assert_uint_eq(counts.sources, GUARD_SOURCES_MAX);
		/* the newest are remembered, the oldest forgotten */
		ck_assert_int_eq(
			guard_admit(guard, (struct sockaddr *)&from, 1000),
			GUARD_DROP_SOURCE);
		ck_assert_int_eq(admit(guard, "10.0.0.0", 1000), GUARD_ADMIT);
		/* two go with each packet once they are idle */
		for (int i = 0; i < GUARD_SOURCES_MAX; i++)
			admit(guard, "192.0.2.1", 100000);
		guard_counts(guard, &counts);
		ck_assert_uint_eq(counts.sources, 1);
		guard_free(guard);
	}
END_TEST

START_TEST(rate_zero_is_no_limit)
	{
		static const struct policy_limits none = {0};
		struct guard *guard;

		ck_assert_int_eq(guard_new(&guard, &none), 0);
		for (int i = 0; i < 1000; i++)
			ck_assert_int_eq(admit(guard, "192.0.2.1", 7),
					 GUARD_ADMIT);
		guard_limits(guard, &limits);
		for (int i = 0; i < 1000; i++)
			admit(guard, "192.0.2.1", 7);
		ck_assert_int_eq(admit(guard, "192.0.2.1", 7),
				 GUARD_DROP_SOURCE);
		guard_free(guard);
	}
END_TEST

/* --- the filter, run here ----------------------------------------------- */

/* What the kernel does with it, for the instructions that we write. */
static uint32_t run(const struct sock_fprog *p, const uint8_t *ip, size_t len)
{
	uint32_t a = 0;

	for (unsigned pc = 0; pc < p->len; pc++) {
		const struct sock_filter *f = &p->filter[pc];
		uint32_t at = f->k - (uint32_t)SKF_NET_OFF;

		switch (f->code) {
		case BPF_LD | BPF_B | BPF_ABS:
			if (at >= len)
				return 0;
			a = ip[at];
			break;
		case BPF_LD | BPF_W | BPF_ABS:
			if (at + 4 > len)
				return 0;
			a = (uint32_t)ip[at] << 24 |
			    (uint32_t)ip[at + 1] << 16 |
			    (uint32_t)ip[at + 2] << 8 | ip[at + 3];
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			a >>= f->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			ck_abort_msg("instruction %#x", f->code);
		}
	}
	ck_abort_msg("ran off the end");
	return 0;
}

static bool passes(const struct sock_fprog *p,
		   const struct sockaddr_storage *from)
{
	uint8_t ip[40] = {0};

	if (from->ss_family == AF_INET) {
		ip[0] = 0x45;
		memcpy(ip + 12, &((const struct sockaddr_in *)from)->sin_addr,
		       4);
		return run(p, ip, 20) != 0;
	}
	ip[0] = 0x60;
	memcpy(ip + 8, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	return run(p, ip, 40) != 0;
}

static const uint8_t *bytes_of(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)a)
			->sin_addr;
	return (const uint8_t *)&((const struct sockaddr_in6 *)a)->sin6_addr;
}

/* The plain reading of a list of prefixes, bit by bit. */
static bool listed(const struct address_prefix *list, unsigned count,
		   const struct sockaddr_storage *from)
{
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *x = bytes_of(&list[i].base), *y = bytes_of(from);
		unsigned bit = 0;

		if (list[i].base.ss_family != from->ss_family)
			continue;
		while (bit < list[i].bits &&
		       !((x[bit / 8] ^ y[bit / 8]) & (0x80 >> bit % 8)))
			bit++;
		if (bit == list[i].bits)
			return true;
	}
	return false;
}

/* The address, the one before it and the one after its prefix. */
static void try_around(const struct sock_fprog *p,
		       const struct address_prefix *list, unsigned count,
		       const struct address_prefix *about, bool widened)
{
	size_t len = about->base.ss_family == AF_INET ? 4 : 16;

	for (int which = 0; which < 4; which++) {
		struct sockaddr_storage from = about->base;
		uint8_t *bytes = (uint8_t *)bytes_of(&from);

		for (unsigned bit = about->bits; bit < 8 * len; bit++) {
			if (which & 1)
				bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			else
				bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		}
		if (which == 2) /* one below its first */
			for (size_t i = len; i-- > 0;)
				if (bytes[i]--)
					break;
		if (which == 3) /* one above its last */
			for (size_t i = len; i-- > 0;)
				if (++bytes[i])
					break;
		if (widened && !listed(list, count, &from))
			continue;
		ck_assert_int_eq(passes(p, &from), listed(list, count, &from));
	}
}

START_TEST(filter_passes_what_is_listed_and_nothing_else)
	{
		static const struct {
			const char *base;
			unsigned bits;
		} all[] = {
			{"192.0.2.0", 24},
			{"192.0.3.0", 24},
			{"198.51.100.7", 32},
			{"10.0.0.0", 8},
			{"10.1.0.0", 16},
			{"255.255.255.255", 32},
			{"0.0.0.0", 32},
			{"2001:db8::", 32},
			{"2001:db9::", 48},
			{"2001:db9:0:1::", 64},
			{"2001:db9:1::1", 128},
			{"2001:db9:1::2", 128},
			{"2001:db9:1:8000::", 49},
			{"fe80::", 10},
			{"::1", 128},
			{"2001:db9:2::ff00:0", 104},
			{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128},
		};
		struct address_prefix list[sizeof all / sizeof *all];
		unsigned count = sizeof all / sizeof *all;
		struct sock_fprog p;
		bool widened;

		for (unsigned i = 0; i < count; i++)
			list[i] = prefix(all[i].base, all[i].bits);
		ck_assert_int_eq(guard_filter_build(&p, list, count, &widened),
				 0);
		ck_assert(!widened);
		for (unsigned i = 0; i < count; i++)
			try_around(&p, list, count, &list[i], false);
		free(p.filter);
	}
END_TEST

START_TEST(filter_is_right_for_many_random_lists)
	{
		srandom(1);
		for (int round = 0; round < 300; round++) {
			struct address_prefix list[64] = {0};
			unsigned count = 1 + (unsigned)random() % 64;
			struct sock_fprog p;
			bool widened;

			for (unsigned i = 0; i < count; i++) {
				bool v4 = random() % 2;
				size_t len = v4 ? 4 : 16;
				uint8_t *bytes;

				list[i].base.ss_family =
					v4 ? AF_INET : AF_INET6;
				bytes = (uint8_t *)bytes_of(&list[i].base);
				/* few values, so that words and ranges are
				 * shared */
				for (size_t k = 0; k < len; k++)
					bytes[k] = (uint8_t[]){
						0, 0, 1, 255}[random() % 4];
				list[i].bits =
					(unsigned)random() % (8 * len) + 1;
			}
			ck_assert_int_eq(
				guard_filter_build(&p, list, count, &widened),
				0);
			ck_assert(!widened);
			for (unsigned i = 0; i < count; i++)
				try_around(&p, list, count, &list[i], false);
			free(p.filter);
		}
	}
END_TEST

START_TEST(empty_list_passes_nothing)
	{
		struct sockaddr_storage v4 = addr("127.0.0.1", 0),
					v6 = addr("::1", 0);
		struct sock_fprog p;
		bool widened;

		ck_assert_int_eq(guard_filter_build(&p, NULL, 0, &widened), 0);
		ck_assert(!passes(&p, &v4));
		ck_assert(!passes(&p, &v6));
		free(p.filter);
	}
END_TEST

START_TEST(prefix_of_no_bits_passes_its_family_only)
	{
		struct sockaddr_storage v4 = addr("203.0.113.9", 0);
		struct sockaddr_storage v6 = addr("2001:db8::1", 0);
		struct address_prefix any4 = prefix("0.0.0.0", 0);
		struct address_prefix any6 = prefix("::", 0);
		struct sock_fprog p;
		bool widened;

		ck_assert_int_eq(guard_filter_build(&p, &any4, 1, &widened), 0);
		ck_assert(passes(&p, &v4));
		ck_assert(!passes(&p, &v6));
		free(p.filter);
		ck_assert_int_eq(guard_filter_build(&p, &any6, 1, &widened), 0);
		ck_assert(!passes(&p, &v4));
		ck_assert(passes(&p, &v6));
		free(p.filter);
	}
END_TEST

START_TEST(thousand_prefixes_are_still_exact)
	{
		struct address_prefix *list = calloc(1000, sizeof *list);
		struct sock_fprog p;
		bool widened;

		for (unsigned i = 0; i < 1000; i++) {
			list[i] = prefix("0.0.0.0", 24 + i % 9);
			((struct sockaddr_in *)&list[i].base)->sin_addr.s_addr =
				htonl((i + 1) * 4000037u);
		}
		ck_assert_int_eq(guard_filter_build(&p, list, 1000, &widened),
				 0);
		ck_assert_uint_le(p.len, 4096);
		for (unsigned i = 0; i < 1000; i++)
			try_around(&p, list, 1000, &list[i], widened);
		printf("# 1,000 IPv4 prefixes: %u instructions%s\n", p.len,
		       widened ? ", widened" : "");
		free(p.filter);
		free(list);
	}
END_TEST

START_TEST(too_many_prefixes_are_widened_never_narrowed)
	{
		enum { COUNT = 20000 };
		struct address_prefix *list = calloc(COUNT, sizeof *list);
		struct sockaddr_storage from = addr("0.0.0.1", 0);
		struct sock_fprog p;
		bool widened;

		for (unsigned i = 0; i < COUNT; i++) {
			if (i % 2) {
				uint8_t *bytes;

				list[i] = prefix("2001:db8::", 64);
				bytes = (uint8_t *)bytes_of(&list[i].base);
				bytes[5] = (uint8_t)(i >> 8);
				bytes[6] = (uint8_t)i;
			} else {
				list[i] = prefix("10.0.0.0", 32);
				((struct sockaddr_in *)&list[i].base)
					->sin_addr.s_addr =
					htonl(0x0a000000 + 97 * i);
			}
		}
		ck_assert_int_eq(guard_filter_build(&p, list, COUNT, &widened),
				 0);
		ck_assert(widened);
		ck_assert_uint_le(p.len, 4096);
		for (unsigned i = 0; i < COUNT; i++)
			ck_assert(passes(&p, &list[i].base));
		/* only between neighbours: what is far off stays out */
		ck_assert(!passes(&p, &from));
		from = addr("192.0.2.1", 0);
		ck_assert(!passes(&p, &from));
		from = addr("2001:db9::1", 0);
		ck_assert(!passes(&p, &from));
		free(p.filter);
		free(list);
	}
END_TEST

/* --- the filter in the kernel ------------------------------------------- */

static int bound(int type, const char *text, struct sockaddr_storage *local)
{
	struct sockaddr_storage at = addr(text, 0);
	socklen_t size = sizeof *local;
	int fd = socket(at.ss_family, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)local, &size), 0);
	return fd;
}

static int try_attach(int fd, const struct address_prefix *list, unsigned count)
{
	struct sock_fprog p;
	bool widened;
	int error;

	ck_assert_int_eq(guard_filter_build(&p, list, count, &widened), 0);
	error = guard_filter_attach(fd, &p);
	free(p.filter);
	return error;
}

static void attach(int fd, const struct address_prefix *list, unsigned count)
{
	ck_assert_int_eq(try_attach(fd, list, count), 0);
}

/* A datagram from there: does it come through? On loopback it is in the
 * receiver's queue, or dropped, before sendto() returns. */
static bool heard(int fd, const struct sockaddr_storage *local,
		  const char *from)
{
	struct sockaddr_storage far;
	int sender = bound(SOCK_DGRAM, from, &far);
	char text[8];
	ssize_t n;

	ck_assert_int_eq(sendto(sender, "hello", 5, 0,
				(const struct sockaddr *)local, sizeof *local),
			 5);
	n = recv(fd, text, sizeof text, MSG_DONTWAIT);
	close(sender);
	if (n >= 0)
		ck_assert_int_eq(n, 5);
	return n >= 0;
}

START_TEST(udp_listener_hears_known_sources_only)
	{
		struct address_prefix list[] = {prefix("127.0.0.1", 32),
						prefix("127.9.0.0", 16)};
		struct sockaddr_storage local;
		int fd = bound(SOCK_DGRAM, "127.0.0.1", &local);

		ck_assert(heard(fd, &local, "127.0.0.2"));
		attach(fd, list, 2);
		ck_assert(heard(fd, &local, "127.0.0.1"));
		ck_assert(heard(fd, &local, "127.9.255.1"));
		ck_assert(!heard(fd, &local, "127.0.0.2"));
		ck_assert(!heard(fd, &local, "127.10.0.1"));
		/* a reload replaces it */
		attach(fd, list + 1, 1);
		ck_assert(!heard(fd, &local, "127.0.0.1"));
		ck_assert(heard(fd, &local, "127.9.0.1"));
		attach(fd, NULL, 0);
		ck_assert(!heard(fd, &local, "127.9.0.1"));
		close(fd);
	}
END_TEST

START_TEST(ipv6_listener_hears_known_sources_only)
	{
		struct address_prefix good = prefix("::1", 128);
		struct address_prefix other = prefix("2001:db8::", 32);
		struct sockaddr_storage local;
		int fd = bound(SOCK_DGRAM, "::1", &local);

		attach(fd, &good, 1);
		ck_assert(heard(fd, &local, "::1"));
		attach(fd, &other, 1);
		ck_assert(!heard(fd, &local, "::1"));
		close(fd);
	}
END_TEST

START_TEST(kernel_takes_a_thousand_prefixes_twice)
	{
		struct address_prefix *list = calloc(1000, sizeof *list);
		struct sockaddr_storage local;
		int fd = bound(SOCK_DGRAM, "127.0.0.1", &local);

		for (unsigned i = 0; i < 1000; i++) {
			char text[32];

			snprintf(text, sizeof text, "127.%u.%u.1", 1 + i / 200,
				 i % 200);
			list[i] = prefix(text, 32);
		}
		for (int round = 0; round < 2; round++) {
			attach(fd, list, 1000);
			ck_assert(heard(fd, &local, "127.1.0.1"));
			ck_assert(heard(fd, &local, "127.3.77.1"));
			ck_assert(heard(fd, &local, "127.5.199.1"));
			ck_assert(!heard(fd, &local, "127.0.0.1"));
			ck_assert(!heard(fd, &local, "127.200.0.1"));
		}
		close(fd);
		free(list);
	}
END_TEST

static int start_connect(const struct sockaddr_storage *to, const char *from)
{
	struct sockaddr_storage at = addr(from, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		ck_assert_int_eq(errno, EINPROGRESS);
	return fd;
}

START_TEST(tcp_listener_does_not_answer_a_stranger)
	{
		struct address_prefix good = prefix("127.0.0.1", 32);
		struct sockaddr_storage local;
		int fd = bound(SOCK_STREAM, "127.0.0.1", &local), known,
		    stranger;
		struct pollfd ask = {.events = POLLOUT};

		ck_assert_int_eq(listen(fd, 8), 0);
		/* Newer kernels let only the administrator filter TCP. */
		int error = try_attach(fd, &good, 1);
		if (error == -EPERM && geteuid() != 0) {
			close(fd);
			return;
		}
		ck_assert_int_eq(error, 0);
		stranger = start_connect(&local, "127.0.0.2");
		known = start_connect(&local, "127.0.0.1");
		ask.fd = known;
		ck_assert_int_eq(poll(&ask, 1, 5000), 1);
		ck_assert_int_eq(ask.revents, POLLOUT);
		/* neither a connection nor a reset, though the later one is
		 * through */
		ask.fd = stranger;
		ck_assert_int_eq(poll(&ask, 1, 200), 0);
		close(stranger);
		close(known);
		close(fd);
	}
END_TEST

/* --- listeners ---------------------------------------------------------- */

START_TEST(listeners_are_found_by_their_address)
	{
		struct sockaddr_storage local, other, at;
		int udp = bound(SOCK_DGRAM, "127.0.0.1", &local);
		int away = bound(SOCK_DGRAM, "127.0.0.2", &other);
		int tcp = socket(AF_INET, SOCK_STREAM, 0), plain, fds[8],
		    on = 1;

		setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		ck_assert_int_eq(
			bind(tcp, (struct sockaddr *)&local, sizeof local), 0);
		ck_assert_int_eq(listen(tcp, 8), 0);
		/* a connection out of the listener has the same local address
		 */
		plain = start_connect(&local, "127.0.0.1");
		at = local;
		ck_assert_uint_eq(
			guard_find_listeners((struct sockaddr *)&at, fds, 8),
			2);
		ck_assert((fds[0] == udp && fds[1] == tcp) ||
			  (fds[0] == tcp && fds[1] == udp));
		ck_assert_uint_eq(
			guard_find_listeners((struct sockaddr *)&at, fds, 1),
			1);
		/* a connected UDP socket is somebody's media, not a listener */
		ck_assert_int_eq(
			connect(away, (struct sockaddr *)&local, sizeof local),
			0);
		ck_assert_uint_eq(
			guard_find_listeners((struct sockaddr *)&other, fds, 8),
			0);
		close(plain);
		close(tcp);
		close(away);
		close(udp);
	}
END_TEST

static Suite *guard_suite(void)
{
	Suite *suite = suite_create("guard");
	TCase *t = tcase_create("guard");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, source_gets_its_burst_then_its_rate);
	tcase_add_test(t, all_sources_together_are_limited);
	tcase_add_test(t, calls_are_refused_as_the_queue_gets_worse);
	tcase_add_test(t, a_short_queue_that_fills_once_refuses_nobody);
	tcase_add_test(
		t,
		what_a_pause_has_left_is_worked_off_before_a_call_is_refused);
	tcase_add_test(t, half_the_calls_is_every_second_one);
	tcase_add_test(t, queue_fill_is_what_waits_in_the_socket);
	tcase_add_test(t, the_wait_is_that_of_the_oldest_datagram);
	tcase_add_test(t, a_datagram_is_no_arriving_connection);
	tcase_add_test(t, ipv6_sources_are_their_64);
	tcase_add_test(t, mapped_ipv4_is_the_same_source);
	tcase_add_test(t, sources_are_bounded_and_idle_ones_go);
	tcase_add_test(t, rate_zero_is_no_limit);
	tcase_add_test(t, filter_passes_what_is_listed_and_nothing_else);
	tcase_add_test(t, filter_is_right_for_many_random_lists);
	tcase_add_test(t, empty_list_passes_nothing);
	tcase_add_test(t, prefix_of_no_bits_passes_its_family_only);
	tcase_add_test(t, thousand_prefixes_are_still_exact);
	tcase_add_test(t, too_many_prefixes_are_widened_never_narrowed);
	tcase_add_test(t, udp_listener_hears_known_sources_only);
	tcase_add_test(t, ipv6_listener_hears_known_sources_only);
	tcase_add_test(t, kernel_takes_a_thousand_prefixes_twice);
	tcase_add_test(t, tcp_listener_does_not_answer_a_stranger);
	tcase_add_test(t, listeners_are_found_by_their_address);
	suite_add_tcase(suite, t);
	return suite;
}

CHECK_MAIN(guard_suite())
