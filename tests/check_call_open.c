/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers that T is asked about: written as it wants them, taken back, refused,
 * in each other's way.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

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

/* c=0.0.0.0 is asked in our own words: P does not hear. */
START_TEST(a_hold_by_address_0_is_told_and_answered)
	{
		static const char *const told[] = {"sendonly", "sendrecv"};

		begin_with(_i % 2,
			   _i / 2 ? "reinvite = \"forward\"; hold = \"none\";"
				  : "reinvite = \"forward\";",
			   _i / 2 ? "reinvite = \"forward\"; hold = \"none\";"
				  : "reinvite = \"forward\";");
		set_hold(HOLD_ZERO);
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 told[_i / 2]);
		ck_assert_str_ne(t()->remote_sdp.stream[0].address, "0.0.0.0");
		answer_is(HOLD_ZERO);
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(t()->remote_sdp.stream[0].direction,
				 "sendrecv");
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		both_ways();
	}
END_TEST

static void t_is_not_left_in_silence(void)
{
	from_now();
	fixture_run_until(&f, t_hears);
	hurry(&f, 5);
	from_now();
	fixture_run_until(&f, t_hears);
}

/* Whoever was not told of the hold hears something. */
START_TEST(a_refused_hold_leaves_t_with_something_to_hear)
	{
		begin_forward(0);
		f.itsp.behaviour = ITSP_REINVITE_488;
		asks->tone.talking = false;
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		t_is_not_left_in_silence();
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
		t_is_not_left_in_silence();
	}
END_TEST

/* --- P takes its offer back --------------------------------------------- */

/* P asks for this, and T does not answer yet. */
static void begin_asking(int side, const char *direction)
{
	begin_forward(side);
	t_keeps_reinvites();
	p()->media.direction = direction;
	fake_reinvite(p());
	fixture_run_until(&f, t_was_asked);
}

static void p_takes_it_back(void)
{
	fake_cancel(p());
	fixture_run_until(&f, p_done);
	ck_assert_int_eq(p()->reinvite_status, 487);
}

static void p_resumes(void)
{
	p()->media.direction = "sendrecv";
	ck_assert_int_eq(reinvite(), 200);
	both_ways();
}

START_TEST(an_offer_that_p_takes_back_is_taken_back_from_t)
	{
		begin_asking(_i, "sendonly");
		p_takes_it_back();
		fixture_run_until(&f, t_saw_cancel);
		other->hooks.request = t_request;
		fake_reply(other, &waiting, 487, NULL);
		p_resumes();
		fixture_assert(&f, both_up(&f));
	}
END_TEST

START_TEST(an_offer_that_t_took_too_late_is_undone)
	{
		begin_asking(_i, "inactive");
		p_takes_it_back();
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
		fake_settle(p());
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
	}
END_TEST

/* T speaks the other law of G.711, converted here, and goes on doing so. */
START_TEST(what_undoes_an_offer_leaves_each_end_its_law)
	{
		begin_forward(!_i);
		p()->media.codecs = "0 101";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "0 101");
		t_was_left_alone();
		swap_roles();
		t_keeps_reinvites();
		p()->media.codecs = "8 0 101";
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		p_takes_it_back();
		fixture_run_until(&f, t_saw_cancel);
		t_answers();
		fixture_run_until(&f, t_is_sendrecv);
		fixture_watch(&f, 50);
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->formats, "8 101");
	}
END_TEST

static bool t_was_put_back(struct fixture *x)
{
	(void)x;
	return fake_seen_inside(other, "INVITE") == 2;
}

/* An answer that is none: what T spoke before is what it speaks. */
START_TEST(an_answer_that_cannot_be_used_changes_no_codec)
	{
		static char body[512];

		begin_forward(_i);
		snprintf(body, sizeof(body),
			 "v=0\r\no=t 5 5 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
			 "t=0 0\r\nm=video %u RTP/AVP 0\r\n",
			 other->host, other->host, other->tone.stream[0].port);
		t_keeps_reinvites();
		p()->media.codecs = "0 8 101";
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		t()->media.instead = body;
		t_answers();
		t()->media.instead = NULL;
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 488);
		fixture_run_until(&f, t_was_put_back);
		fixture_watch(&f, 50);
		p()->media.codecs = "8 101";
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->formats, "8 101");
		both_ways();
	}
END_TEST

static unsigned refusals;

static bool t_refuses_first(struct fake *fake, struct fake_call *call,
			    const struct text_message *m)
{
	if (strcmp(m->method, "INVITE") || !m->to_tag[0] || refusals++)
		return t_request && t_request(fake, call, m);
	fake_reply(fake, m, 491, NULL);
	return true;
}

START_TEST(what_undoes_an_offer_is_tried_again_after_glare)
	{
		begin_asking(_i, "inactive");
		p_takes_it_back();
		fixture_run_until(&f, t_saw_cancel);
		t_answers();
		refusals = 0;
		other->hooks.request = t_refuses_first;
		fixture_run_until(&f, t_is_sendrecv);
		ck_assert_uint_eq(refusals, 2);
		p_resumes();
	}
END_TEST

START_TEST(an_offer_that_was_taken_back_before_its_turn_is_not_sent)
	{
		begin_forward(_i);
		t()->withhold_ack = true;
		fake_refresh(t());
		fixture_run_until(&f, t_has_our_200);
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_watch(&f, 100);
		p_takes_it_back();
		t()->withhold_ack = false;
		fake_ack(t());
		fixture_watch(&f, 300);
		t_was_left_alone();
		p_resumes();
	}
END_TEST

/* --- one thing at a time -------------------------------------------------- */

START_TEST(while_one_offer_is_open_the_next_one_waits_and_a_refresh_does_not)
	{
		char retry[16];

		begin_asking(_i, "sendonly");
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

/* Ours to each is open at the same time; each ACK is taken for its own. */
START_TEST(both_ends_may_ask_for_an_offer_at_once)
	{
		begin(_i);
		p()->withhold_ack = t()->withhold_ack = true;
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_has_200);
		fake_reinvite_without_offer(t());
		fixture_run_until(&f, t_has_our_200);
		p()->media.direction = "sendonly";
		fake_ack(p());
		fake_ack(t());
		p()->withhold_ack = t()->withhold_ack = false;
		ck_assert_status(&f, "event=call-hold direction=sendonly");
		fixture_assert(&f,
			       fixture_status_count(
				       &f, "event=call-answer-missing") == 0);
		p()->media.direction = "sendrecv";
		ck_assert_int_eq(reinvite(), 200);
		both_ways();
		t_was_left_alone();
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
		begin_asking(_i, "sendonly");
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

static bool first_491_then_488(struct fake *fake, struct fake_call *call,
			       const struct text_message *m)
{
	(void)call;
	if (strcmp(m->method, "INVITE") || !m->to_tag[0])
		return false;
	fake_reply(fake, m, refusals++ ? 488 : 491, NULL);
	return true;
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

/* --- while ours is open -----------------------------------------------------
 */

START_TEST(what_t_asks_while_ours_is_open_is_glare)
	{
		begin_asking(_i, "sendonly");
		t()->reinvite_status = 0;
		fake_refresh(t());
		fixture_run_until(&f, t_reinvite_done);
		ck_assert_int_eq(t()->reinvite_status, 491);
		t()->update_status = 0;
		fake_update(t(), true);
		fixture_watch(&f, 50);
		ck_assert_int_eq(t()->update_status, 491);
		fake_update(t(), false);
		fixture_watch(&f, 50);
		ck_assert_int_eq(t()->update_status, 200);
		/* P waits and knows it, and asks for no more. */
		fixture_watch(&f, 250);
		ck_assert_uint_ge(fake_seen(asks, "100 INVITE"), 1);
		fake_refresh(p());
		fixture_watch(&f, 50);
		ck_assert_uint_eq(fake_seen(asks, "500 INVITE"), 1);
		p()->reinvite_status = 0;
		t_answers();
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
	}
END_TEST

/* The wait for an idle T ends with our offer to it. */
START_TEST(an_offer_that_waited_its_turn_may_take_t_long)
	{
		begin_forward(_i);
		t()->withhold_ack = true;
		fake_refresh(t());
		fixture_run_until(&f, t_has_our_200);
		t_keeps_reinvites();
		p()->media.direction = "sendonly";
		fake_reinvite(p());
		fixture_watch(&f, 100);
		t()->withhold_ack = false;
		fake_ack(t());
		fixture_run_until(&f, t_was_asked);
		hurry(&f, 15);
		ck_assert_int_eq(p()->reinvite_status, 0);
		t_answers();
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p_was_told()->direction, "recvonly");
	}
END_TEST

static bool t_acked(struct fixture *x)
{
	(void)x;
	return t()->acks > 0;
}

START_TEST(each_copy_of_ts_answer_is_acked)
	{
		begin_forward(_i);
		other->t1_ms = 100;
		t()->acks = 0;
		fake_drop_next(other, FAKE_IN, "ACK", 3);
		ck_assert_int_eq(hold("sendonly"), 200);
		fixture_run_until(&f, t_acked);
		ck_assert_int_eq(hold("sendrecv"), 200);
		both_ways();
	}
END_TEST

START_TEST(a_hold_before_the_first_ack_is_answered)
	{
		fixture_start(&f);
		f.itsp.end.media.codecs = "8 101";
		phone_call(&f.phone, "05551234")->withhold_ack = true;
		fixture_run_until(&f, phone_has_200);
		asks = &f.phone.end;
		other = &f.itsp.end;
		p()->state = FAKE_UP; /* it sent one, that never came */
		fake_settle(p());
		p()->withhold_ack = false;
		ck_assert_int_eq(hold("inactive"), 200);
		ck_assert_str_eq(p_was_told()->direction, "inactive");
		ck_assert_int_eq(hold("sendrecv"), 200);
		both_ways();
		t_was_left_alone();
	}
END_TEST

/* --- what T takes up
 * ---------------------------------------------------------- */

START_TEST(another_codec_goes_through_where_t_takes_it)
	{
		begin_forward(_i);
		t()->media.codecs = "18 8 101";
		p()->media.codecs = "18 101";
		unsigned long version = version_of(t());
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_str_eq(p_was_told()->formats, "18 101");
		ck_assert_str_eq(t()->remote_sdp.stream[0].formats, "18 101");
		ck_assert_uint_eq(version_of(t()), version + 1);
		both_ways();
		/* From now on that is the session's. */
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_str_eq(p_was_told()->formats, "18 101");
		swap_roles();
		p()->media.codecs = "8 18 101";
		p()->media.direction = "sendrecv";
		fake_move_media(asks);
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
		ck_assert_str_eq(p_was_told()->formats, "18 101");
	}
END_TEST

START_TEST(video_that_t_does_not_take_is_refused_there_and_here)
	{
		begin_forward(_i);
		p()->media.more = VIDEO;
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(t()->remote_sdp.streams, 2);
		ck_assert_uint_eq(p()->remote_sdp.streams, 2);
		ck_assert_uint_ne(p_was_told()->port, 0);
		ck_assert_uint_eq(p()->remote_sdp.stream[1].port, 0);
		both_ways();
	}
END_TEST

static void learn_by_another_call(void)
{
	f.itsp.behaviour = ITSP_REINVITE_488;
	phone_call(&f.other, "05554321");
	fixture_run_until(&f, other_up);
	phone_hold(&f.other);
	fixture_run_until(&f, other_reinvite_done);
	ck_assert_status(&f, "event=peer-learned method=INVITE");
	f.itsp.behaviour = ITSP_ANSWERS;
}

/* What it asked for itself is no sign that it may be asked. */
START_TEST(a_provider_that_only_listens_is_not_asked)
	{
		begin_with(0, "reinvite = \"auto\";",
			   "reinvite = \"suppress\";");
		struct fake_call *theirs = t();
		learn_by_another_call();
		theirs->media.direction = "recvonly";
		fake_reinvite(theirs);
		fixture_watch(&f, 100);
		ck_assert_int_eq(theirs->reinvite_status, 200);
		ck_assert_str_eq(theirs->remote_sdp.stream[0].direction,
				 "sendonly");
		unsigned asked = itsp_reinvites(&f.itsp);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), asked);
	}
END_TEST

/* It took our hold; what another call taught since does not leave it there. */
START_TEST(who_was_told_of_a_hold_is_told_of_its_end)
	{
		struct fake_call *held;

		begin_with(0, "reinvite = \"auto\";", NULL);
		ck_assert_int_eq(hold("sendonly"), 200);
		held = itsp_line(&f.itsp);
		ck_assert_str_eq(held->remote_sdp.stream[0].direction,
				 "sendonly");
		learn_by_another_call();
		ck_assert_int_eq(hold("sendrecv"), 200);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		ck_assert_str_eq(held->remote_sdp.stream[0].direction,
				 "sendrecv");
		/* And that was the last it was asked. */
		unsigned asked = itsp_reinvites(&f.itsp);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), asked);
	}
END_TEST

/* Whoever of the two spoke last. */
START_TEST(the_shorter_patience_of_two_peers_counts)
	{
		const char *shorter = "media_timeout = \"1s\";";
		begin_with(0, _i ? shorter : NULL, _i ? NULL : shorter);
		swap_roles();
		ck_assert_int_eq(reinvite(), 200);
		swap_roles();
		if (_i)
			ck_assert_int_eq(reinvite(), 200);
		asks->tone.talking = other->tone.talking = false;
		fixture_run_until(&f, both_ended);
		ck_assert_status(&f, "cause=media-timeout");
	}
END_TEST

/* Neither can wait for T, who would send nothing for ever. */
static bool t_hears_and_p(struct fixture *x)
{
	return t_hears(x) && p_hears(x);
}

START_TEST(a_forwarded_hold_is_over_by_update)
	{
		begin_forward(_i);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
		p()->media.direction = "sendrecv";
		fake_update(p(), true);
		fixture_run_until(&f, p_update_done);
		ck_assert_int_eq(p()->update_status, 200);
		from_now();
		fixture_run_until(&f, t_hears_and_p);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 2);
	}
END_TEST

static bool t_always_glares(struct fake *fake, struct fake_call *call,
			    const struct text_message *m)
{
	if (!call || strcmp(m->method, "INVITE") || !m->to_tag[0])
		return t_request && t_request(fake, call, m);
	fake_reply(fake, m, 491, NULL);
	return true;
}

static bool t_was_asked_five_times(struct fixture *x)
{
	(void)x;
	return fake_seen_inside(other, "INVITE") == 5;
}

static void updates(const char *direction)
{
	p()->media.direction = direction;
	p()->update_status = 0;
	fake_update(p(), true);
	fixture_run_until(&f, p_update_done);
	ck_assert_int_eq(p()->update_status, 200);
}

/* What was no news any more after glare takes no tries from what is. */
START_TEST(each_end_of_a_hold_has_its_tries)
	{
		begin_forward(_i);
		ck_assert_int_eq(hold("sendonly"), 200);
		t_request = other->hooks.request;
		other->hooks.request = t_always_glares;
		updates("sendrecv");
		fixture_run_until(&f, t_was_put_back);
		updates("sendonly");
		hurry(&f, 8);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 2);
		updates("sendrecv");
		hurry(&f, 30);
		fixture_run_until(&f, t_was_asked_five_times);
	}
END_TEST

START_TEST(a_forwarded_hold_is_over_in_an_ack)
	{
		begin_forward(_i);
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
		p()->media.direction = "sendrecv";
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		from_now();
		fixture_run_until(&f, t_hears_and_p);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 2);
	}
END_TEST

/* T holds, and answers so what P offers meanwhile. */
START_TEST(who_cannot_be_told_of_its_end_is_told_of_no_hold)
	{
		static const char *const key[] = {"reinvite = \"suppress\";",
						  "reinvite = \"forward\";"};

		begin_with(_i, key[!_i], key[_i]);
		swap_roles();
		ck_assert_int_eq(hold("inactive"), 200);
		swap_roles();
		other->tone.talking = false;
		p()->media.codecs = _i ? "8 0 101" : "8 101";
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(fake_seen_inside(other, "INVITE"), 1);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		hurry(&f, 5);
		from_now();
		fixture_run_until(&f, p_hears);
		other->tone.talking = true;
		swap_roles();
		ck_assert_int_eq(hold("sendrecv"), 200);
		swap_roles();
		both_ways();
		ck_assert_uint_eq(fake_seen_inside(asks, "INVITE"), 0);
	}
END_TEST

static Suite *call_open_suite(void)
{
	Suite *suite = suite_create("call_open");
	TCase *tests = group(suite, "forward");
	tcase_add_loop_test(
		tests, a_hold_is_written_as_t_wants_it_and_answered_as_p_asked,
		0, 2 * KINDS);
	tcase_add_loop_test(tests, a_hold_by_address_0_is_told_and_answered, 0,
			    4);
	tcase_add_test(tests, a_refused_hold_leaves_t_with_something_to_hear);
	tcase_add_loop_test(
		tests, a_hold_by_update_leaves_t_with_something_to_hear, 0, 2);
	tests = group(suite, "recall");
	tcase_add_loop_test(
		tests, an_offer_that_p_takes_back_is_taken_back_from_t, 0, 2);
	tcase_add_loop_test(
		tests, what_undoes_an_offer_is_tried_again_after_glare, 0, 2);
	tcase_add_loop_test(tests, an_offer_that_t_took_too_late_is_undone, 0,
			    2);
	tcase_add_loop_test(tests, what_undoes_an_offer_leaves_each_end_its_law,
			    0, 2);
	tcase_add_loop_test(
		tests, an_answer_that_cannot_be_used_changes_no_codec, 0, 2);
	tcase_add_loop_test(
		tests, an_offer_that_was_taken_back_before_its_turn_is_not_sent,
		0, 2);
	tests = group(suite, "open");
	tcase_add_loop_test(
		tests,
		while_one_offer_is_open_the_next_one_waits_and_a_refresh_does_not,
		0, 2);
	tcase_add_loop_test(tests, both_ends_may_ask_for_an_offer_at_once, 0,
			    2);
	tcase_add_loop_test(tests, an_update_without_an_offer_is_no_glare, 0,
			    2);
	tcase_add_loop_test(tests, who_asked_gets_an_answer_though_t_hangs_up,
			    0, 2);
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
	tests = group(suite, "asked");
	tcase_add_loop_test(tests, what_t_asks_while_ours_is_open_is_glare, 0,
			    2);
	tcase_add_loop_test(
		tests, an_offer_that_waited_its_turn_may_take_t_long, 0, 2);
	tcase_add_loop_test(tests, each_copy_of_ts_answer_is_acked, 0, 2);
	tcase_add_test(tests, a_hold_before_the_first_ack_is_answered);
	tcase_add_loop_test(tests, another_codec_goes_through_where_t_takes_it,
			    0, 2);
	tcase_add_loop_test(
		tests, video_that_t_does_not_take_is_refused_there_and_here, 0,
		2);
	tcase_add_test(tests, a_provider_that_only_listens_is_not_asked);
	tcase_add_loop_test(tests, the_shorter_patience_of_two_peers_counts, 0,
			    2);
	tcase_add_loop_test(tests, a_forwarded_hold_is_over_by_update, 0, 2);
	tcase_add_loop_test(tests, each_end_of_a_hold_has_its_tries, 0, 2);
	tcase_add_loop_test(tests, a_forwarded_hold_is_over_in_an_ack, 0, 2);
	tcase_add_test(tests, who_was_told_of_a_hold_is_told_of_its_end);
	tcase_add_loop_test(
		tests, who_cannot_be_told_of_its_end_is_told_of_no_hold, 0, 2);
	return suite;
}

CHECK_MAIN(call_open_suite())
