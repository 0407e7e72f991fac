/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of the mid-call table, each in both directions: P asks, T may not
 * be told. P is the phone in side 0 and the provider in side 1.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"
#include "tests/fakes/inside.h"

/* 60 ms are promised; the fakes' clock is good to a few ms. */
#define GAP_MS 100

static struct fixture f;
static struct fake *asks, *other; /* P and T */
static unsigned p_from, t_from;	  /* packets that they had heard */

static struct fake_call *p(void)
{
	return fake_last_call(asks);
}

static struct fake_call *t(void)
{
	return fake_last_call(other);
}

static const struct text_stream *p_was_told(void)
{
	return &p()->remote_sdp.stream[0];
}

static void from_now(void)
{
	p_from = tone_heard(&asks->tone);
	t_from = tone_heard(&other->tone);
}

static bool t_hears(struct fixture *x)
{
	(void)x;
	return tone_heard(&other->tone) >= t_from + 15;
}

static bool p_hears(struct fixture *x)
{
	(void)x;
	return tone_heard(&asks->tone) >= p_from + 15;
}

static bool p_done(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status >= 200;
}

static bool p_update_done(struct fixture *x)
{
	(void)x;
	return p()->update_status >= 200;
}

/* A call of the phone's; P is the phone (0) or the provider (1). */
static void begin_with(int side, const char *acme, const char *phones)
{
	fixture_start_with(
		&f, &(struct fixture_setup){.acme = acme, .phones = phones});
	f.itsp.end.media.codecs = "8 101";
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
}

static void begin(int side)
{
	begin_with(side, "reinvite = \"suppress\"; update = \"suppress\";",
		   "reinvite = \"suppress\"; update = \"suppress\";");
}

static void begin_forward(int side)
{
	begin_with(side, "reinvite = \"forward\";", "reinvite = \"forward\";");
}

static int reinvite(void)
{
	fake_reinvite(p());
	fixture_run_until(&f, p_done);
	return p()->reinvite_status;
}

static int hold(const char *direction)
{
	p()->media.direction = direction;
	return reinvite();
}

static void t_was_left_alone(void)
{
	fixture_assert(&f, fake_seen_inside(other, "INVITE") == 0);
	fixture_assert(&f, fake_seen_inside(other, "UPDATE") == 0);
	fixture_assert(&f, both_up(&f));
}

/* T's stream: one, unbroken, still there. */
static void t_hears_on(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_assert(&f, tone_unbroken(&other->tone, 0));
	/* P is silent from before its request until its answer. */
	ck_assert_uint_le(tone_longest_gap_ms(&other->tone, 3),
			  GAP_MS + 3 * f.stall_ms);
}

static void both_ways(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	fixture_run_until(&f, p_hears);
}

static unsigned long version_of(const struct fake_call *call)
{
	return strtoul(call->remote_sdp.version, NULL, 10);
}

/* --- hold, resume ------------------------------------------------------- */

static const struct {
	const char *name, *direction, *answer;
	bool zero, removed, talks;
} holds[] = {
	{"sendonly, with music", "sendonly", "recvonly", .talks = true},
	{"sendonly, silent", "sendonly", "recvonly", .zero = false},
	{"inactive", "inactive", "inactive", .zero = false},
	{"recvonly", "recvonly", "sendonly", .zero = false},
	{"c=0.0.0.0", "sendrecv", "recvonly", .zero = true},
	{"c=0.0.0.0 and sendonly", "sendonly", "recvonly", .zero = true},
	{"c=0.0.0.0 and inactive", "inactive", "inactive", .zero = true},
	{"removed", "sendrecv", NULL, .removed = true},
};
#define HOLDS ((int)(sizeof(holds) / sizeof(holds[0])))

static void set_hold(int i)
{
	p()->media.direction = holds[i].direction;
	p()->media.zero_address = holds[i].zero;
	p()->media.port_zero = holds[i].removed;
	asks->tone.talking = holds[i].talks;
}

static void set_resume(void)
{
	p()->media.direction = "sendrecv";
	p()->media.zero_address = p()->media.port_zero = false;
	asks->tone.talking = true;
}

static void answer_is(int i)
{
	fixture_assert(&f, p()->remote_sdp.streams == 1);
	if (holds[i].removed) {
		fixture_assert(&f, p_was_told()->port == 0);
		return;
	}
	fixture_assert(&f, p_was_told()->port != 0);
	ck_assert_str_eq(p_was_told()->direction, holds[i].answer);
	ck_assert_str_ne(p_was_told()->address, "0.0.0.0");
}

/* T hears something as long as it lasts, which is longer than the filler is
 * armed after a resume. */
START_TEST(each_hold_is_answered_and_t_hears_something_all_the_while)
	{
		int i = _i / 2;

		begin(_i % 2);
		set_hold(i);
		ck_assert_int_eq(reinvite(), 200);
		answer_is(i);
		t_hears_on();
		hurry(&f, 5);
		t_hears_on();
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		both_ways();
		t_hears_on();
		hurry(&f, 5);
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

/* --- no offer ------------------------------------------------------------ */

START_TEST(the_answer_in_the_ack_is_taken_like_an_offer)
	{
		int i = _i / 2;

		begin(_i % 2);
		set_hold(i);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		t_hears_on();
		hurry(&f, 5);
		t_hears_on();
		set_resume();
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		ck_assert_uint_ne(p_was_told()->port, 0);
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

START_TEST(what_we_offer_is_the_codec_that_t_has)
	{
		begin(_i);
		p()->media.codecs = "0 8 101";
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		fixture_assert(&f, text_has_format(p_was_told()->formats, "8"));
		fixture_assert(&f,
			       text_has_format(p_was_told()->formats, "101"));
		fixture_assert(&f,
			       !text_has_format(p_was_told()->formats, "0"));
		asks->tone.payload_type = 8;
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

static bool p_has_200(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status == 200;
}

START_TEST(an_ack_without_an_answer_keeps_the_session)
	{
		begin(_i);
		p()->withhold_ack = true;
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_has_200);
		p()->delayed = false;
		fake_ack(p());
		p()->withhold_ack = false;
		ck_assert_status(&f, "event=call-answer-missing");
		both_ways();
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		t_was_left_alone();
	}
END_TEST

/* T's hold was passed on to P: it holds until T ends it. */
START_TEST(without_an_offer_a_hold_of_ts_goes_on)
	{
		begin_forward(!_i);
		ck_assert_int_eq(hold("sendonly"), 200);
		struct fake *swap = asks;
		asks = other;
		other = swap;
		ck_assert_str_eq(p_was_told()->direction, "sendonly");
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "sendonly");
	}
END_TEST

/* --- forwarded ----------------------------------------------------------- */

static const struct {
	const char *key, *asked, *told, *answer, *address;
} kinds[] = {
	{"sendonly", "sendonly", "sendonly", "recvonly", NULL},
	{"sendonly", "inactive", "inactive", "inactive", NULL},
	{"inactive", "sendonly", "inactive", "inactive", NULL},
	{"inactive", "inactive", "inactive", "inactive", NULL},
	{"zero", "sendonly", "sendonly", "recvonly", "0.0.0.0"},
	{"zero", "inactive", "inactive", "inactive", "0.0.0.0"},
	{"none", "sendonly", "sendrecv", "recvonly", NULL},
	{"none", "inactive", "sendrecv", "inactive", NULL},
	{"none", "recvonly", "sendrecv", "sendonly", NULL},
};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

START_TEST(a_hold_is_written_as_t_wants_it_and_answered_as_p_asked)
	{
		int i = _i / 2;
		char keys[80];

		snprintf(keys, sizeof(keys),
			 "reinvite = \"forward\"; hold = \"%s\";",
			 kinds[i].key);
		begin_with(_i % 2, keys, keys);
		unsigned long version = version_of(t());
		asks->tone.talking = false;
		ck_assert_int_eq(hold(kinds[i].asked), 200);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 kinds[i].told);
		if (kinds[i].address)
			ck_assert_str_eq(t()->remote_sdp.stream[0].address,
					 kinds[i].address);
		ck_assert_str_eq(p_was_told()->direction, kinds[i].answer);
		bool differs = strcmp(kinds[i].told, "sendrecv");
		ck_assert_uint_eq(version_of(t()), version + differs);
		asks->tone.talking = true;
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 "sendrecv");
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		ck_assert_uint_eq(version_of(t()), version + 2u * differs);
		both_ways();
	}
END_TEST

/* Whoever was not told of the hold hears something. */
START_TEST(a_refused_hold_leaves_t_with_something_to_hear)
	{
		begin_forward(0);
		f.itsp.behaviour = ITSP_REINVITE_488;
		asks->tone.talking = false;
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		from_now();
		fixture_run_until(&f, t_hears);
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, t_hears);
	}
END_TEST

START_TEST(a_hold_by_update_leaves_t_with_something_to_hear)
	{
		begin_forward(_i);
		asks->tone.talking = false;
		p()->media.direction = "inactive";
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		from_now();
		fixture_run_until(&f, t_hears);
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, t_hears);
	}
END_TEST

/* --- P takes its offer back --------------------------------------------- */

static struct text_message waiting; /* the re-INVITE at T */

static bool keep_reinvite(struct fake *fake, struct fake_call *call,
			  const struct text_message *m)
{
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	(void)call;
	text_read(&waiting, m->raw, m->len);
	fake_reply(fake, m, 100, NULL);
	return true;
}

static bool t_was_asked(struct fixture *x)
{
	(void)x;
	return waiting.raw;
}

static bool t_saw_cancel(struct fixture *x)
{
	(void)x;
	return fake_seen(other, "CANCEL") > 0;
}

static bool (*t_request)(struct fake *fake, struct fake_call *call,
			 const struct text_message *m);

static void t_keeps_reinvites(void)
{
	memset(&waiting, 0, sizeof(waiting));
	t_request = other->hooks.request;
	other->hooks.request = keep_reinvite;
}

/* T answers the one it kept. */
static void t_answers(void)
{
	other->hooks.request = t_request;
	text_free(&t()->invite);
	text_read(&t()->invite, waiting.raw, waiting.len);
	fake_learn_sdp(t(), &waiting);
	fake_answer(t(), 200, true, NULL);
}

static bool t_is_sendrecv(struct fixture *x)
{
	(void)x;
	return !strcmp(t()->remote_sdp.stream[0].direction, "sendrecv");
}

START_TEST(an_offer_that_p_takes_back_is_taken_back_from_t)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 487);
		fixture_run_until(&f, t_saw_cancel);
		other->hooks.request = t_request;
		fake_reply(other, &waiting, 487, NULL);
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
		fixture_assert(&f, both_up(&f));
	}
END_TEST

START_TEST(an_offer_that_t_took_too_late_is_undone)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "inactive";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 487);
		fixture_run_until(&f, t_saw_cancel);
		t_answers();
		unsigned long version = version_of(t());
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 "inactive");
		fixture_run_until(&f, t_is_sendrecv);
		ck_assert_uint_gt(version_of(t()), version);
		/* P has what it had before. */
		p()->media.direction = "sendrecv";
		p()->sdp[0] = '\0';
		strcpy(p()->sdp, "");
		fake_settle(p());
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
	}
END_TEST

static bool t_has_our_200(struct fixture *x)
{
	(void)x;
	return t()->reinvite_status == 200;
}

START_TEST(an_offer_that_was_taken_back_before_its_turn_is_not_sent)
	{
		begin_forward(_i);
		t()->withhold_ack = true;
		fake_refresh(t());
		fixture_run_until(&f, t_has_our_200);
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_watch(&f, 100);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 487);
		t()->withhold_ack = false;
		fake_ack(t());
		fixture_watch(&f, 300);
		t_was_left_alone();
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
	}
END_TEST

/* --- one thing at a time -------------------------------------------------- */

START_TEST(while_one_offer_is_open_the_next_one_waits_and_a_refresh_does_not)
	{
		char retry[16];

		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_update(p(), false);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
		fixture_assert(&f,
			       !fake_last_message(asks, "200 UPDATE")->body[0]);
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 500);
		ck_assert(text_header(fake_last_message(asks, "500 UPDATE"),
				      "Retry-After", 0, retry, sizeof(retry)));
		ck_assert_int_le(atoi(retry), 10);
		t_answers();
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
	}
END_TEST

START_TEST(an_update_without_an_offer_is_no_glare)
	{
		begin(_i);
		p()->withhold_ack = true;
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		fake_update(p(), false);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
	}
END_TEST

START_TEST(who_asked_gets_an_answer_though_t_hangs_up)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		other->hooks.request = t_request;
		fake_bye(t());
		fixture_run_until(&f, both_ended);
		fixture_watch(&f, 100);
		fixture_assert(&f,
			       fake_seen(asks, "487 INVITE") +
					       fake_seen(asks, "500 INVITE") >
				       0);
	}
END_TEST

/* --- several slots ---------------------------------------------------------
 */

#define VIDEO                          \
	"m=video 40000 RTP/AVP 34\r\n" \
	"a=rtpmap:34 H263/90000\r\n"

/* The body of the last message of this label that arrived. */
static const char *last_body(const struct fake *fake, const char *label)
{
	const struct text_message *m = fake_last_message(fake, label);

	return m ? m->body : "";
}

static unsigned slots_in(const char *body)
{
	unsigned n = 0;

	while ((body = strstr(body, "\nm="))) {
		body++;
		n++;
	}
	return n;
}

static void begin_video(int side, const char *keys)
{
	fixture_start_with(
		&f, &(struct fixture_setup){.acme = keys, .phones = keys});
	f.itsp.end.media.instead = "";
	f.phone.end.media.more = VIDEO;
	f.phone.end.media.codecs = "8 101";
	static char body[2048];
	snprintf(body, sizeof(body),
		 "v=0\r\no=t 5 5 IN IP4 127.0.2.10\r\ns=-\r\n"
		 "c=IN IP4 127.0.2.10\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
		 "a=rtpmap:101 telephone-event/8000\r\n"
		 "m=video 41000 RTP/AVP 34\r\na=rtpmap:34 H263/90000\r\n",
		 f.itsp.end.tone.stream[0].port);
	f.itsp.end.media.instead = body;
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, both_up);
	fixture_run_until(&f, both_hear);
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
	fixture_assert(&f, phone_line(&f.phone)->remote_sdp.streams == 2);
	fixture_assert(&f,
		       phone_line(&f.phone)->remote_sdp.stream[1].port != 0);
}

START_TEST(a_hold_answered_here_keeps_the_video_of_both)
	{
		begin_video(0, "reinvite = \"suppress\";");
		ck_assert_int_eq(hold("sendonly"), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		fixture_assert(&f, p()->remote_sdp.stream[1].port != 0);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		fixture_assert(&f, p()->remote_sdp.stream[1].port != 0);
		t_was_left_alone();
	}
END_TEST

/* RFC 3264 8: T is not asked to follow. */
START_TEST(an_offer_that_forgets_a_slot_changes_nothing)
	{
		begin_video(0, "reinvite = \"forward\";");
		p()->media.more = NULL;
		ck_assert_int_eq(hold("sendonly"), 488);
		t_was_left_alone();
		p()->media.more = VIDEO;
		ck_assert_int_eq(hold("sendonly"), 200);
		const char *told = last_body(other, "INVITE");
		fixture_assert(&f, slots_in(told) == 2);
	}
END_TEST

/* P's slot was refused here, and T never heard of it. */
START_TEST(slots_that_were_refused_stay_in_our_offers)
	{
		begin_with(_i, "reinvite = \"suppress\";",
			   "reinvite = \"suppress\";");
		p()->media.more = VIDEO;
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		both_ways();
		t_was_left_alone();
	}
END_TEST

START_TEST(a_forwarded_offer_names_slots_that_t_alone_has)
	{
		begin_with(0, "reinvite = \"suppress\";",
			   "reinvite = \"forward\";");
		p()->media.more = VIDEO;
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		/* Now the provider asks, and the phone may be told. */
		asks = &f.itsp.end;
		other = &f.phone.end;
		t()->media.instead = NULL;
		ck_assert_int_eq(hold("sendonly"), 200);
		fixture_assert(&f, t()->remote_sdp.streams == 2);
		fixture_assert(&f, t()->remote_sdp.stream[1].port == 0);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 "sendonly");
		fixture_assert(&f, p()->remote_sdp.streams == 1);
	}
END_TEST

/* T removed its stream, P does not know. */
START_TEST(what_t_removed_is_no_reason_to_refuse_p)
	{
		begin(!_i);
		set_hold(HOLDS - 1);
		ck_assert_int_eq(reinvite(), 200);
		struct fake *swap = asks;
		asks = other;
		other = swap;
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		fixture_assert(&f, p_was_told()->port != 0);
		ck_assert_int_eq(hold("sendrecv"), 200);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		fixture_assert(&f, p_was_told()->port != 0);
		other = asks;
		asks = swap;
		/* And it comes back, asked for ours. */
		set_resume();
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		fixture_assert(&f, p_was_told()->port != 0);
		both_ways();
	}
END_TEST

/* --- both at once -----------------------------------------------------------
 */

static void swap_roles(void)
{
	struct fake *swap = asks;

	asks = other;
	other = swap;
}

START_TEST(both_hold_and_take_up_again_in_any_order)
	{
		begin(_i % 2);
		set_hold((_i / 2) % HOLDS);
		ck_assert_int_eq(reinvite(), 200);
		answer_is((_i / 2) % HOLDS);
		swap_roles();
		set_hold((_i / 2 + 3) % HOLDS);
		ck_assert_int_eq(reinvite(), 200);
		answer_is((_i / 2 + 3) % HOLDS);
		if (_i % 4 < 2)
			swap_roles();
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		hurry(&f, 5);
		swap_roles();
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		both_ways();
		hurry(&f, 5);
		both_ways();
		fixture_assert(&f, tone_unbroken(&other->tone, 0));
		fixture_assert(&f, tone_unbroken(&asks->tone, 0));
		fixture_assert(&f, both_up(&f));
	}
END_TEST

/* P took it up again while T still holds: P hears something. */
START_TEST(a_resume_while_t_holds_lets_p_hear_something)
	{
		begin(!_i);
		set_hold(2);
		ck_assert_int_eq(reinvite(), 200);
		swap_roles();
		set_hold(2);
		ck_assert_int_eq(reinvite(), 200);
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		from_now();
		fixture_run_until(&f, p_hears);
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, p_hears);
		fixture_assert(&f, tone_unbroken(&asks->tone, 0));
	}
END_TEST

START_TEST(everything_at_once_is_one_answer)
	{
		char *before;

		begin(_i);
		asks->tone.talking = false;
		fake_move_media(asks);
		p()->media.codecs = "0 8 101";
		p()->media.more = VIDEO;
		p()->media.direction = "sendonly";
		strcpy(asks->user, "moved");
		unsigned long version = version_of(p());
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(version_of(p()), version + 1);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
		ck_assert_uint_eq(p()->remote_sdp.streams, 2);
		ck_assert_uint_eq(p()->remote_sdp.stream[1].port, 0);
		ck_assert_str_eq(p_was_told()->formats, "8 101");
		t_hears_on();
		before = strdup(last_body(asks, "200 INVITE"));
		fake_refresh(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(last_body(asks, "200 INVITE"), before);
		p()->media.codecs = "18 101";
		ck_assert_int_eq(reinvite(), 488);
		p()->media.codecs = "0 8 101";
		p()->sdp_version--;
		fake_reinvite(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(last_body(asks, "200 INVITE"), before);
		free(before);
		asks->tone.talking = true;
		asks->tone.payload_type = 8;
		ck_assert_int_eq(hold("sendrecv"), 200);
		asks->tone.payload_type = 8;
		both_ways();
		t_hears_on();
		t_was_left_alone();
	}
END_TEST

/* --- codec ------------------------------------------------------------------
 */

START_TEST(the_other_law_goes_through_every_change)
	{
		begin(_i);
		p()->media.codecs = "0 101";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "0 101");
		t_hears_on();
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		t_hears_on();
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_str_eq(p_was_told()->formats, "0 101");
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		fixture_assert(&f, text_has_format(p_was_told()->formats, "0"));
		asks->tone.payload_type = 0;
		both_ways();
		t_hears_on();
		swap_roles(); /* T moves its port: P's law stays */
		asks->tone.talking = false;
		fake_move_media(asks);
		ck_assert_int_eq(reinvite(), 200);
		/* What P speaks now, if T has it. */
		ck_assert_str_eq(p_was_told()->formats, _i ? "0 101" : "8 101");
		asks->tone.talking = true;
		both_ways();
		swap_roles();
		t_was_left_alone();
	}
END_TEST

START_TEST(a_codec_that_t_lacks_is_refused_or_asked_of_t)
	{
		begin_with(_i, "reinvite = \"suppress\";",
			   "reinvite = \"suppress\";");
		/* The provider's first answer is shorter than our offer. */
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_int_eq(hold("sendrecv"), 200);
		char *before = strdup(p()->remote_sdp.origin);
		p()->media.codecs = "18 101";
		ck_assert_int_eq(reinvite(), 488);
		char warning[200];
		ck_assert(text_header(fake_last_message(asks, "488 INVITE"),
				      "Warning", 0, warning, sizeof(warning)));
		ck_assert_int_eq(strncmp(warning, "305 ", 4), 0);
		p()->media.codecs = "8 101";
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p()->remote_sdp.origin, before);
		free(before);
		both_ways();
		t_was_left_alone();
	}
END_TEST

START_TEST(events_are_numbered_anew_after_a_change)
	{
		static const uint8_t event[16] = {0x80, 0x80 | 100, 0, 1,  0, 0,
						  0,	160,	    1, 2,  3, 4,
						  5,	10,	    0, 160};
		bool heard = false;

		begin(_i);
		asks->tone.talking = false;
		p()->media.codecs = "8 100";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "8 100");
		unsigned from = other->tone.ins;
		tone_send(&asks->tone, event, sizeof(event));
		fixture_watch(&f, 200);
		for (unsigned i = from; i < other->tone.ins; i++)
			heard |= other->tone.in[i].payload_type == 101 &&
				 other->tone.in[i].len == 16;
		fixture_assert(&f, heard);
	}
END_TEST

/* --- fax --------------------------------------------------------------------
 */

static char fax_body[2][1024];

static const char *fax(struct fake *fake, unsigned version, bool beside)
{
	char *out = fax_body[fake == &f.itsp.end];

	snprintf(out, sizeof(fax_body[0]),
		 "v=0\r\no=%s %u %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\n%sm=image 4000 udptl t38\r\n"
		 "a=T38FaxVersion:0\r\n",
		 fake->name, fake_last_call(fake)->sdp_id, version, fake->host,
		 fake->host, beside ? "m=audio 0 RTP/AVP 8\r\n" : "");
	return out;
}

/* The provider takes re-INVITEs for fax only. */
static void begin_fax(int side, const char *t38)
{
	char keys[100];

	snprintf(keys, sizeof(keys), "reinvite = \"suppress\"; t38 = \"%s\";",
		 t38);
	begin_with(side, keys, keys);
}

START_TEST(a_fax_is_passed_on_and_so_is_the_way_back)
	{
		bool beside = _i & 2;
		unsigned slot = beside ? 1 : 0;

		begin_fax(_i & 1, "forward");
		p()->media.instead = fax(asks, 20, beside);
		t()->media.instead = fax(other, 20, beside);
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p()->remote_sdp.stream[slot].media, "image");
		fixture_assert(&f, p()->remote_sdp.stream[slot].port != 0);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
		/* A new version of the same is nobody's business. */
		p()->media.instead = fax(asks, 21, beside);
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p()->remote_sdp.stream[slot].media, "image");
		fixture_assert(&f, p()->remote_sdp.stream[slot].port != 0);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
		/* And audio again. */
		p()->media.instead = t()->media.instead = NULL;
		p()->sdp_version = t()->sdp_version = 22;
		if (beside) {
			p()->media.more = "m=image 0 udptl t38\r\n";
			t()->media.more = NULL;
		}
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 2);
		ck_assert_str_eq(p_was_told()->media, "audio");
		fixture_assert(&f, p_was_told()->port != 0);
		fixture_assert(&f, p()->remote_sdp.streams == slot + 1);
		both_ways();
		fixture_assert(&f, both_up(&f));
	}
END_TEST

START_TEST(a_fax_that_t_takes_too_late_is_undone)
	{
		begin_fax(_i, "forward");
		t_keeps_reinvites();
		p()->media.instead = fax(asks, 20, false);
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		hurry(&f, 6);
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 488);
		fixture_run_until(&f, t_saw_cancel);
		t()->media.instead = fax(other, 20, false);
		t_answers();
		unsigned long version = version_of(t());
		t()->media.instead = NULL;
		t()->sdp_version = 21;
		fixture_run_until(&f, t_is_sendrecv);
		fixture_watch(&f, 100);
		ck_assert_str_eq(t()->remote_sdp.stream[0].media, "audio");
		ck_assert_uint_gt(version_of(t()), version);
		p()->media.instead = NULL;
		p()->sdp_version = 21;
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
	}
END_TEST

static bool both_asked(struct fixture *x)
{
	(void)x;
	return p()->reinvite_status >= 200 && t()->reinvite_status >= 200;
}

/* Each refuses the other's while its own is open, and asks again. */
static bool glaring(struct fake *fake, struct fake_call *call,
		    const struct text_message *m)
{
	if (!call || strcmp(m->method, "INVITE") || !m->to_tag[0] ||
	    call->reinvite_status)
		return false;
	fake_reply(fake, m, 491, NULL);
	return true;
}

START_TEST(both_switch_to_fax_at_once_and_one_gets_it)
	{
		begin_fax(0, "forward");
		asks->hooks.request = other->hooks.request = glaring;
		p()->media.instead = fax(asks, 20, false);
		t()->media.instead = fax(other, 20, false);
		fake_reinvite(p());
		fake_reinvite(t());
		fixture_run_until(&f, both_asked);
		fixture_assert(&f, p()->reinvite_status == 200 ||
					   p()->reinvite_status == 491 ||
					   p()->reinvite_status == 488);
		hurry(&f, 1);
		if (p()->reinvite_status != 200) {
			p()->reinvite_status = 0;
			fake_reinvite(p());
			fixture_run_until(&f, p_done);
		}
		fixture_assert(&f, p()->reinvite_status == 200);
		ck_assert_str_eq(p_was_told()->media, "image");
		ck_assert_str_eq(t()->remote_sdp.stream[0].media, "image");
		fixture_assert(&f, both_up(&f));
	}
END_TEST

static bool always_491(struct fake *fake, struct fake_call *call,
		       const struct text_message *m)
{
	(void)call;
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	fake_reply(fake, m, 491, NULL);
	return true;
}

START_TEST(ts_491_is_not_handed_to_p)
	{
		begin_fax(_i, "forward");
		other->hooks.request = always_491;
		p()->media.instead = fax(asks, 20, false);
		fake_reinvite(p());
		fixture_watch(&f, 100);
		for (unsigned i = 0; i < 6; i++) {
			hurry(&f, 2);
			fixture_watch(&f, 50);
		}
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 488);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 3);
		p()->media.instead = NULL;
		fake_settle(p());
		fixture_assert(&f, both_up(&f));
	}
END_TEST

/* --- glare ------------------------------------------------------------------
 */

START_TEST(both_ask_at_once_and_both_get_an_answer)
	{
		begin_forward(0);
		asks->hooks.request = glaring;
		p()->media.direction = "sendonly";
		t()->media.codecs = "8 0 101";
		fake_reinvite(p());
		fake_reinvite(t());
		fixture_run_until(&f, both_asked);
		hurry(&f, 5);
		fixture_watch(&f, 200);
		fixture_assert(&f, both_up(&f));
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		both_ways();
	}
END_TEST

static unsigned refusals;

static bool first_491_then_488(struct fake *fake, struct fake_call *call,
			       const struct text_message *m)
{
	(void)call;
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	fake_reply(fake, m, refusals++ ? 488 : 491, NULL);
	return true;
}

static bool t_reinvite_done(struct fixture *x)
{
	(void)x;
	return t()->reinvite_status >= 200;
}

static bool t_refused_once(struct fixture *x)
{
	(void)x;
	return refusals > 0;
}

/* After its 491 T asks for a change of its own, and gets it; then it refuses
 * ours for good: what it was told last stays in force. */
START_TEST(what_t_got_between_glare_and_refusal_stays)
	{
		refusals = 0;
		begin_forward(_i);
		other->hooks.request = first_491_then_488;
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_refused_once);
		fixture_watch(&f, 20);
		other->tone.talking = false;
		fake_move_media(other);
		t()->media.codecs = "8"; /* events are gone */
		fake_update(t(), true);
		fixture_watch(&f, 50);
		ck_assert_int_eq(t()->update_status, 200);
		char *told = strdup(last_body(other, "200 UPDATE"));
		hurry(&f, 5);
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		other->hooks.request = NULL;
		fake_refresh(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_assert_int_eq(t()->reinvite_status, 200);
		ck_assert_str_eq(last_body(other, "200 INVITE"), told);
		free(told);
	}
END_TEST

/* --- target, ACK ------------------------------------------------------------
 */

START_TEST(a_refused_offer_refreshes_no_target)
	{
		begin(_i);
		strcpy(asks->user, "nowhere");
		p()->media.codecs = "18 101";
		ck_assert_int_eq(reinvite(), 488);
		fake_bye(t());
		fixture_run_until(&f, both_ended);
		const struct text_message *bye = fake_last_message(asks, "BYE");
		fixture_assert(&f, !strstr(bye->uri, "nowhere"));
	}
END_TEST

START_TEST(an_accepted_offer_refreshes_the_target)
	{
		begin(_i % 2);
		strcpy(asks->user, "moved");
		if (_i / 2) {
			fake_update(p(), _i / 4);
			fixture_run_until(&f, p_update_done);
			ck_assert_int_eq(p()->update_status, 200);
		} else {
			ck_assert_int_eq(reinvite(), 200);
		}
		fake_bye(t());
		fixture_run_until(&f, both_ended);
		const struct text_message *bye = fake_last_message(asks, "BYE");
		fixture_assert(&f, strstr(bye->uri, "moved@"));
	}
END_TEST

/* A held phone sends nothing, which is no sign of a dead call. */
START_TEST(the_ack_of_a_hold_may_be_missing)
	{
		begin(_i);
		p()->withhold_ack = true;
		set_hold(2);
		fake_reinvite(p());
		fixture_run_until(&f, p_has_200);
		fake_settle(p());
		fixture_watch(&f, 5200); /* longer than a live stream pauses */
		hurry(&f, 34);
		ck_assert_status(&f, "event=call-ack-lost kept=yes");
		t_hears_on();
		fixture_assert(&f, f.agent->calls_count == 1);
	}
END_TEST

START_TEST(a_missing_ack_ends_the_call_where_the_policy_says_so)
	{
		begin_with(_i,
			   "reinvite = \"suppress\"; "
			   "reinvite_ack_lost = \"bye\";",
			   "reinvite = \"suppress\"; "
			   "reinvite_ack_lost = \"bye\";");
		p()->withhold_ack = true;
		fake_reinvite(p());
		fixture_run_until(&f, p_has_200);
		fake_settle(p());
		hurry(&f, 34);
		fixture_run_until(&f, no_calls);
		ck_assert_status(&f, "event=call-ack-lost kept=no");
	}
END_TEST

static TCase *group(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);

	fixture_around(tests, &f);
	suite_add_tcase(suite, tests);
	return tests;
}

static Suite *rows_suite(void)
{
	Suite *suite = suite_create("call_rows");
	TCase *tests = group(suite, "hold");

	tcase_add_loop_test(
		tests,
		each_hold_is_answered_and_t_hears_something_all_the_while, 0,
		2 * HOLDS);
	tests = group(suite, "no offer");
	tcase_add_loop_test(tests, the_answer_in_the_ack_is_taken_like_an_offer,
			    0, 2 * HOLDS);
	tcase_add_loop_test(tests, what_we_offer_is_the_codec_that_t_has, 0, 2);
	tcase_add_loop_test(tests, an_ack_without_an_answer_keeps_the_session,
			    0, 2);
	tcase_add_loop_test(tests, without_an_offer_a_hold_of_ts_goes_on, 0, 2);
	tests = group(suite, "forward");
	tcase_add_loop_test(
		tests, a_hold_is_written_as_t_wants_it_and_answered_as_p_asked,
		0, 2 * KINDS);
	tcase_add_test(tests, a_refused_hold_leaves_t_with_something_to_hear);
	tcase_add_loop_test(
		tests, a_hold_by_update_leaves_t_with_something_to_hear, 0, 2);
	tests = group(suite, "recall");
	tcase_add_loop_test(
		tests, an_offer_that_p_takes_back_is_taken_back_from_t, 0, 2);
	tcase_add_loop_test(tests, an_offer_that_t_took_too_late_is_undone, 0,
			    2);
	tcase_add_loop_test(
		tests, an_offer_that_was_taken_back_before_its_turn_is_not_sent,
		0, 2);
	tests = group(suite, "open");
	tcase_add_loop_test(
		tests,
		while_one_offer_is_open_the_next_one_waits_and_a_refresh_does_not,
		0, 2);
	tcase_add_loop_test(tests, an_update_without_an_offer_is_no_glare, 0,
			    2);
	tcase_add_loop_test(tests, who_asked_gets_an_answer_though_t_hangs_up,
			    0, 2);
	tests = group(suite, "slots");
	tcase_add_test(tests, a_hold_answered_here_keeps_the_video_of_both);
	tcase_add_test(tests, an_offer_that_forgets_a_slot_changes_nothing);
	tcase_add_loop_test(tests, slots_that_were_refused_stay_in_our_offers,
			    0, 2);
	tcase_add_test(tests, a_forwarded_offer_names_slots_that_t_alone_has);
	tcase_add_loop_test(tests, what_t_removed_is_no_reason_to_refuse_p, 0,
			    2);
	tests = group(suite, "both");
	tcase_add_loop_test(tests, both_hold_and_take_up_again_in_any_order, 0,
			    4 * HOLDS);
	tcase_add_loop_test(tests, a_resume_while_t_holds_lets_p_hear_something,
			    0, 2);
	tcase_add_loop_test(tests, everything_at_once_is_one_answer, 0, 2);
	tests = group(suite, "codec");
	tcase_add_loop_test(tests, the_other_law_goes_through_every_change, 0,
			    2);
	tcase_add_loop_test(
		tests, a_codec_that_t_lacks_is_refused_or_asked_of_t, 0, 2);
	tcase_add_loop_test(tests, events_are_numbered_anew_after_a_change, 0,
			    2);
	tests = group(suite, "fax");
	tcase_add_loop_test(tests, a_fax_is_passed_on_and_so_is_the_way_back, 0,
			    4);
	tcase_add_loop_test(tests, a_fax_that_t_takes_too_late_is_undone, 0, 2);
	tcase_add_test(tests, both_switch_to_fax_at_once_and_one_gets_it);
	tcase_add_loop_test(tests, ts_491_is_not_handed_to_p, 0, 2);
	tests = group(suite, "glare");
	tcase_add_test(tests, both_ask_at_once_and_both_get_an_answer);
	tcase_add_loop_test(tests, what_t_got_between_glare_and_refusal_stays,
			    0, 2);
	tests = group(suite, "dialog");
	tcase_add_loop_test(tests, a_refused_offer_refreshes_no_target, 0, 2);
	tcase_add_loop_test(tests, an_accepted_offer_refreshes_the_target, 0,
			    6);
	tcase_add_loop_test(tests, the_ack_of_a_hold_may_be_missing, 0, 2);
	tcase_add_loop_test(
		tests, a_missing_ack_ends_the_call_where_the_policy_says_so, 0,
		2);
	return suite;
}

CHECK_MAIN(rows_suite())
