/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Media sessions in a row: what a line that is added later gets, where IPv4
 * and IPv6 meet and where ports are short. Calls and legs are made by hand,
 * the ports are real.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/call_private.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

#define LAN "127.0.1.1"
#define WAN "127.0.2.1"
#define SIX "::1"

static struct fixture f;
static struct call call[3];
static struct leg legs[3][2];

static const char one_line[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
			       "c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
			       "m=audio 4000 RTP/AVP 8\r\n";
static const char two_lines[] = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n"
				"c=IN IP4 192.0.2.1\r\nt=0 0\r\n"
				"m=audio 4000 RTP/AVP 8\r\n"
				"m=video 4002 RTP/AVP 34\r\n";

static struct leg *leg_at(unsigned i, char place, const char *host)
{
	struct leg *leg = &legs[i][place - 'a'];
	unsigned network = strcmp(host, LAN) ? 1 : 0;

	leg->place = place;
	leg->at = &f.agent->network[network];
	ck_assert_int_eq(address_parse(&leg->local, host, 5060), 0);
	ck_assert_int_eq(address_parse(&leg->remote, host, 5062), 0);
	return leg;
}

/* The first call's; its line i's port, 0: refused. */
static int place(unsigned i, char at, const char *text, uint16_t port[2])
{
	struct offer_place out[BODY_MEDIA_MAX] = {0};
	const struct leg *from = &legs[i][at == 'a'];
	struct body body;
	const char *why;
	int error;

	ck_assert_int_eq(body_parse(&body, text, strlen(text), &why), 0);
	error = path_place(&call[i], &legs[i][at - 'a'], from, &body, out);
	for (unsigned k = 0; k < 2; k++)
		port[k] = address_port((struct sockaddr *)&out[k].at);
	return error;
}

static void call_at(unsigned i, const char *a, const char *b)
{
	uint16_t port[2];

	memset(&call[i], 0, sizeof(call[i]));
	memset(legs[i], 0, sizeof(legs[i]));
	call[i].agent = f.agent;
	call[i].policy = f.agent->policy;
	call[i].a = leg_at(i, 'a', a);
	call[i].b = leg_at(i, 'b', b);
	ck_assert_int_eq(path_open(&call[i], true), 0);
	ck_assert_int_eq(place(i, 'a', one_line, port), 0);
	ck_assert_int_eq(place(i, 'b', one_line, port), 0);
}

/* The end b of the first call is followed by that of call i. */
static void join(unsigned i)
{
	ck_assert_int_eq(path_join(&call[0], call[0].b, &call[i], call[i].a),
			 0);
	ck_assert_int_eq(path_take(&call[0], call[0].b), 0);
	legs[0][1] = legs[i][1];
}

static void done(void)
{
	path_close(&call[0]);
	/* The sessions are told to be closed; nobody hears of it. */
	media_engine_flush(f.agent->media);
}

static unsigned used(unsigned network)
{
	return media_block_used(f.agent->network[network].block);
}

/* T and X are IPv4 and IPv6, and so are the ends that meet inside. */
START_TEST(a_line_that_cannot_cross_a_row_is_refused_alone)
	{
		uint16_t had[2], port[2];
		char first = _i ? 'b' : 'a', second = _i ? 'a' : 'b';
		unsigned lan, wan;

		fixture_start(&f);
		call_at(0, WAN, LAN);
		call_at(1, LAN, SIX);
		call_at(2, SIX, SIX);
		join(1);
		join(2);
		ck_assert_int_eq(place(0, first, one_line, had), 0);
		lan = used(0);
		wan = used(1);
		/* Who is asked first is not offered what cannot be. */
		ck_assert_int_eq(place(0, first, two_lines, port), 0);
		ck_assert_uint_eq(port[0], had[0]);
		ck_assert_uint_eq(port[1], 0);
		ck_assert_int_eq(place(0, second, two_lines, port), 0);
		ck_assert_uint_ne(port[0], 0);
		ck_assert_uint_eq(port[1], 0);
		ck_assert_uint_eq(used(0), lan);
		ck_assert_uint_eq(used(1), wan);
		/* A hold, afterwards. */
		ck_assert_int_eq(place(0, first, one_line, port), 0);
		ck_assert_uint_eq(port[0], had[0]);
		ck_assert_int_eq(place(0, second, one_line, port), 0);
		done();
	}
END_TEST

/* There are ports for it at either end, but one too few between them. */
START_TEST(ports_that_are_short_in_a_row_are_given_back)
	{
		static const struct fixture_setup three = {
			.rtp_lan = "18100-18105"};
		uint16_t had[2], port[2];

		fixture_start_with(&f, &three);
		call_at(0, WAN, LAN);
		call_at(1, LAN, WAN);
		join(1);
		ck_assert_uint_eq(used(0), 2);
		ck_assert_int_eq(place(0, 'a', two_lines, had), 0);
		ck_assert_uint_ne(had[1], 0);
		ck_assert_int_eq(place(0, 'b', two_lines, port), -EAGAIN);
		ck_assert_uint_eq(used(0), 2);
		/* Either end's next offer, of whatever it has. */
		ck_assert_int_eq(place(0, 'a', two_lines, port), 0);
		ck_assert_uint_eq(port[1], had[1]);
		ck_assert_int_eq(place(0, 'b', one_line, port), 0);
		ck_assert_uint_ne(port[0], 0);
		done();
	}
END_TEST

/* Once the call is up its audio needs a port, other lines may go without. */
START_TEST(a_line_without_a_port_is_refused_alone_unless_it_is_the_audio)
	{
		static const struct fixture_setup two = {.rtp_lan =
								 "18100-18103"};
		static const struct policy_peer peer = {.name = "it"};
		uint16_t port[2];

		fixture_start_with(&f, &two);
		call_at(0, WAN, LAN);
		call_at(1, WAN, LAN);
		ck_assert_int_eq(place(0, 'b', two_lines, port), -EAGAIN);
		call[0].state = CALL_ANSWERED;
		legs[0][1].peer = &peer;
		call[0].path.audio = _i;
		ck_assert_int_eq(place(0, 'b', two_lines, port),
				 _i ? -EAGAIN : 0);
		ck_assert_uint_ne(port[0], 0);
		ck_assert_uint_eq(port[1], 0);
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=call-line-refused "
						 "slot=1 cause=ports-taken"),
			!_i);
		path_close(&call[1]);
		done();
	}
END_TEST

static Suite *path_suite(void)
{
	Suite *suite = suite_create("path");
	TCase *tests = tcase_create("row");

	fixture_around(tests, &f);
	suite_add_tcase(suite, tests);
	tcase_add_loop_test(
		tests, a_line_that_cannot_cross_a_row_is_refused_alone, 0, 2);
	tcase_add_test(tests, ports_that_are_short_in_a_row_are_given_back);
	tcase_add_loop_test(
		tests,
		a_line_without_a_port_is_refused_alone_unless_it_is_the_audio,
		0, 2);
	return suite;
}

CHECK_MAIN(path_suite())
