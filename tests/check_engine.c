/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the media engine relays, and from whom. */
#include "check_main.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "media/media.h"
#include "media/rtp.h"
#include "tests/engine.h"

/* --- relaying ------------------------------------------------------------- */

START_TEST(packets_cross_byte_for_byte_both_ways)
	{
		struct fixture f;
		start(&f);
		for (uint16_t i = 0; i < 20; i++) {
			struct packet p = rtp(1, i, i * 160u),
				      q = rtp(2, i, i * 160u);
			a_sends(&f, &p);
			far_expect(&f.b, 0, &p, sizeof(p));
			b_sends(&f, &q);
			far_expect(&f.a, 0, &q, sizeof(q));
		}
		struct media_event event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_uint_eq(port_of(&event.source),
				  port_of(&f.a.addr[0]));
		event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_int_eq(event.side, MEDIA_B);
		struct media_stats s = stats(&f, MEDIA_A);
		ck_assert_uint_eq(s.packets, 20);
		ck_assert_uint_eq(s.bytes, 20 * 172);
		await_sent(&f, MEDIA_A, 20);
		ck_assert_uint_eq(s.ssrc, 1);
		ck_assert_uint_eq(s.lost, 0);
		ck_assert_uint_eq(port_of(&s.source), port_of(&f.a.addr[0]));
		finish(&f);
	}
END_TEST

START_TEST(rtcp_crosses_also_on_the_rtp_port)
	{
		static const uint8_t rr[] = {0x80, 201, 0, 1, 0, 0, 0, 1};
		static const uint8_t cut[] = {0x80, 201, 0, 9, 0, 0, 0, 1};
		struct fixture f;
		start(&f);
		far_send(&f.a, 1, "127.0.0.1", f.port[MEDIA_A] + 1, rr,
			 sizeof(rr));
		far_expect(&f.b, 1, rr, sizeof(rr));
		far_send(&f.b, 1, "127.0.0.1", f.port[MEDIA_B] + 1, rr,
			 sizeof(rr));
		far_expect(&f.a, 1, rr, sizeof(rr));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], cut,
			 sizeof(cut));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], rr, sizeof(rr));
		far_expect(&f.b, 1, rr, sizeof(rr));
		ck_assert_uint_eq(stats(&f, MEDIA_A).rtcp_packets, 2);
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_other, 1);
		finish(&f);
	}
END_TEST

START_TEST(what_the_ends_share_crosses_and_garbage_does_not)
	{
		static const uint8_t stun[20] = {0,    1,    0,	   0,
						 0x21, 0x12, 0xa4, 0x42};
		static const uint8_t zrtp[16] = {0x10, 0,   0,	 1,
						 'Z',  'R', 'T', 'P'};
		static const uint8_t dtls[16] = {22, 254, 253};
		static const uint8_t bad[][20] = {
			{0x40, 1}, {0x80}, {0xff}, {5}, {0}};
		struct fixture f;
		start(&f);
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], bad[i],
				 i == 1 ? 11 : 20);
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], "", 0);
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], stun,
			 sizeof(stun));
		far_expect(&f.b, 0, stun, sizeof(stun));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], zrtp,
			 sizeof(zrtp));
		far_expect(&f.b, 0, zrtp, sizeof(zrtp));
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], dtls,
			 sizeof(dtls));
		far_expect(&f.b, 0, dtls, sizeof(dtls));
		ck_assert_uint_eq(stats(&f, MEDIA_A).dropped_other, 6);
		finish(&f);
	}
END_TEST

START_TEST(udptl_passes_where_rtp_is_not_checked)
	{
		struct fixture f;
		start(&f);
		struct media_target t = target(&f.a);
		t.rtp_checked = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A], "\0\1\2", 3);
		/* The target may come after the packet: send till one passes.
		 */
		uint8_t buf[64];
		while (far_receive(&f.b, 0, buf, sizeof(buf), 100) < 0)
			far_send(&f.a, 0, "127.0.0.1", f.port[MEDIA_A],
				 "\0\1\2", 3);
		ck_assert_mem_eq(buf, "\0\1\2", 3);
		finish(&f);
	}
END_TEST

START_TEST(ipv6_and_ipv4_meet)
	{
		struct fixture f;
		start_engine(&f, FIRST_PORT, FIRST_PORT + 99, 0);
		far_open(&f.a, "::1");
		far_open(&f.b, "127.0.0.3");
		bind_side(&f, MEDIA_A, "::1");
		bind_side(&f, MEDIA_B, "127.0.0.1");
		struct media_target t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		t = target(&f.b);
		media_session_target(f.session, MEDIA_B, 0, &t);
		struct packet p = rtp(1, 1, 160);
		far_send(&f.a, 0, "::1", f.port[MEDIA_A], &p, sizeof(p));
		far_expect(&f.b, 0, &p, sizeof(p));
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		finish(&f);
	}
END_TEST

START_TEST(directions_that_are_not_allowed_are_dropped)
	{
		struct fixture f;
		start(&f);
		struct packet p = rtp(1, 1, 160), q = rtp(1, 2, 320);
		struct media_target t = target(&f.a);
		t.may_send = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		a_sends(&f, &p);
		b_sends(&f, &q);
		far_expect(&f.a, 0, &q, sizeof(q));
		t.may_send = true;
		t.may_receive = false;
		media_session_target(f.session, MEDIA_A, 0, &t);
		while (stats(&f, MEDIA_A).dropped_other < 1)
			turn(under_test);
		b_sends(&f, &p);
		a_sends(&f, &q);
		far_expect(&f.b, 0, &q, sizeof(q));
		await_sent(&f, MEDIA_A, 1);
		finish(&f);
	}
END_TEST

START_TEST(a_target_may_come_late)
	{
		struct fixture f;
		start_engine(&f, FIRST_PORT, FIRST_PORT + 99, 0);
		far_open(&f.a, "127.0.0.2");
		far_open(&f.b, "127.0.0.3");
		bind_side(&f, MEDIA_A, "127.0.0.1");
		struct media_target t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		struct packet p = rtp(1, 1, 160);
		a_sends(&f, &p);
		expect_event(&f, MEDIA_FIRST_PACKET);
		while (stats(&f, MEDIA_A).dropped_other < 1)
			turn(under_test);
		bind_side(&f, MEDIA_B, "127.0.0.1");
		t = target(&f.b);
		media_session_target(f.session, MEDIA_B, 0, &t);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		finish(&f);
	}
END_TEST

/* --- sources -------------------------------------------------------------- */

START_TEST(strangers_never_latch)
	{
		struct fixture f;
		struct far attacker;
		start(&f);
		far_open(&attacker, "127.0.0.9");
		struct media_target t = target(NULL);
		t.rtp = address("192.168.77.5", 4000);
		t.expect = address("127.0.0.2", 5060);
		t.latch = MEDIA_LATCH_LEARN;
		media_session_target(f.session, MEDIA_A, 0, &t);
		struct packet bad = rtp(66, 1, 160), good = rtp(1, 1, 160);
		for (int i = 0; i < 10; i++)
			far_send(&attacker, 0, "127.0.0.1", f.port[MEDIA_A],
				 &bad, sizeof(bad));
		a_sends(&f, &good);
		far_expect(&f.b, 0, &good, sizeof(good));
		/* Ten before and ten after: the kernel answers these. */
		for (int i = 0; i < 10; i++)
			sendto(attacker.fds[0], &bad, sizeof(bad), 0,
			       (struct sockaddr *)&f.a.addr[0],
			       addr_len(&f.a.addr[0]));
		a_sends(&f, &good);
		far_expect(&f.b, 0, &good, sizeof(good));
		struct media_event event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_uint_eq(port_of(&event.source),
				  port_of(&f.a.addr[0]));
		struct media_stats s = stats(&f, MEDIA_A);
		ck_assert_uint_eq(s.packets, 2);
		ck_assert_uint_eq(s.dropped_source, 10);
		/* Toward a learned end packets go where its own came from. */
		b_sends(&f, &good);
		uint8_t buf[200];
		ssize_t n;
		do /* behind the ten that the attacker sent to it directly */
			n = far_receive(&f.a, 0, buf, sizeof(buf), WAIT_MS);
		while (n == sizeof(bad) && memcmp(buf, &bad, sizeof(bad)) == 0);
		ck_assert_int_eq(n, sizeof(good));
		ck_assert_mem_eq(buf, &good, sizeof(good));
		far_close(&attacker);
		finish(&f);
	}
END_TEST

START_TEST(a_new_address_reopens_this_side_only)
	{
		struct fixture f;
		struct far moved;
		start(&f);
		far_open(&moved, "127.0.0.4");
		struct packet p = rtp(1, 1, 160), q = rtp(1, 2, 320);
		a_sends(&f, &p);
		far_expect(&f.b, 0, &p, sizeof(p));
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		expect_event(&f, MEDIA_FIRST_PACKET);
		expect_event(&f, MEDIA_FIRST_PACKET);

		/* The same address again changes nothing. */
		struct media_target t = target(&f.a);
		media_session_target(f.session, MEDIA_A, 0, &t);
		a_sends(&f, &q);
		far_expect(&f.b, 0, &q, sizeof(q));

		t = target(&moved);
		media_session_target(f.session, MEDIA_A, 0, &t);
		b_sends(&f, &q);
		far_expect(&moved, 0, &q, sizeof(q));
		far_send(&moved, 0, "127.0.0.1", f.port[MEDIA_A], &p,
			 sizeof(p));
		far_expect(&f.b, 0, &p, sizeof(p));
		struct media_event event = expect_event(&f, MEDIA_MOVED);
		ck_assert_int_eq(event.side, MEDIA_A);
		ck_assert_uint_eq(port_of(&event.source),
				  port_of(&moved.addr[0]));
		event = expect_event(&f, MEDIA_FIRST_PACKET);
		ck_assert_int_eq(event.side, MEDIA_A);
		far_close(&moved);
		finish(&f);
	}
END_TEST

START_TEST(an_end_that_is_gone_neither_spins_nor_kills)
	{
		struct fixture f;
		struct media_event event;
		start(&f);
		struct packet p = rtp(1, 1, 160);
		b_sends(&f, &p);
		far_expect(&f.a, 0, &p, sizeof(p));
		close(f.b.fds[0]); /* answers with port unreachable from now on
				    */
		for (uint16_t i = 0; i < 10; i++) {
			p = rtp(1, i, 160);
			a_sends(&f, &p);
		}
		while (stats(&f, MEDIA_A).packets < 10)
			turn(under_test);
		f.b.fds[0] = dup(f.b.fds[1]);
		b_sends(&f,
			&p); /* now from another port: dropped by the kernel */
		ck_assert_uint_ge(stats(&f, MEDIA_A).dropped_other +
					  stats(&f, MEDIA_B).dropped_other,
				  1);
		while (media_engine_event(f.engine, &event))
			ck_assert_int_ne(event.kind, MEDIA_FAULT);
		finish(&f);
	}
END_TEST

static Suite *engine_suite(void)
{
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, packets_cross_byte_for_byte_both_ways);
	tcase_add_test(tc, rtcp_crosses_also_on_the_rtp_port);
	tcase_add_test(tc, what_the_ends_share_crosses_and_garbage_does_not);
	tcase_add_test(tc, udptl_passes_where_rtp_is_not_checked);
	tcase_add_test(tc, ipv6_and_ipv4_meet);
	tcase_add_test(tc, directions_that_are_not_allowed_are_dropped);
	tcase_add_test(tc, a_target_may_come_late);
	tcase_add_test(tc, strangers_never_latch);
	tcase_add_test(tc, a_new_address_reopens_this_side_only);
	tcase_add_test(tc, an_end_that_is_gone_neither_spins_nor_kills);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(engine_suite())
