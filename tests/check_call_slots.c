/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * More than one stream, and fax.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/fakes/inside.h"
#include "tests/rows.h"

/* --- several slots ---------------------------------------------------------
 */

/* The body of the last message of this label that arrived. */
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

/* Audio goes and video is asked for at once: one answer says no to both. */
START_TEST(removed_audio_beside_a_line_that_t_has_not_is_answered)
	{
		begin(_i);
		set_hold(HOLD_REMOVED);
		p()->media.more = VIDEO;
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		fixture_assert(&f, p()->remote_sdp.stream[0].port == 0);
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		set_resume();
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		both_ways();
	}
END_TEST

/* T removed its stream, P does not know. */
START_TEST(what_t_removed_is_no_reason_to_refuse_p)
	{
		begin(!_i);
		set_hold(HOLD_REMOVED);
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

/* --- fax --------------------------------------------------------------------
 */

static char fax_body[2][1024];

static const char *fax(struct fake *fake, unsigned version, bool beside)
{
	char *out = fax_body[fake == &f.itsp.end];

	snprintf(out, sizeof(fax_body[0]),
		 "v=0\r\no=%s %u %u IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\n%sm=image %u udptl t38\r\n"
		 "a=T38FaxVersion:0\r\n",
		 fake->name, fake_last_call(fake)->sdp_id, version, fake->host,
		 fake->host, beside ? "m=audio 0 RTP/AVP 8\r\n" : "",
		 fake->tone.stream[0].port);
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
		/* Without an offer it gets the fax, as it is. */
		fake_reinvite_without_offer(p());
		fixture_run_until(&f, p_done);
		ck_assert_int_eq(p()->reinvite_status, 200);
		ck_assert_str_eq(p()->remote_sdp.stream[slot].media, "image");
		fixture_assert(&f, p()->remote_sdp.stream[slot].port != 0);
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

/* What was armed for the audio. */
START_TEST(a_fax_right_after_a_hold_is_not_filled)
	{
		begin_fax(_i, "forward");
		ck_assert_int_eq(hold("sendonly"), 200);
		ck_assert_int_eq(hold("sendrecv"), 200);
		p()->media.instead = fax(asks, 20, false);
		t()->media.instead = fax(other, 20, false);
		ck_assert_int_eq(reinvite(), 200);
		fixture_watch(&f, 50);
		unsigned heard[] = {tone_heard(&asks->tone),
				    tone_heard(&other->tone)};
		fixture_watch(&f, 500);
		ck_assert_uint_eq(tone_heard(&asks->tone), heard[0]);
		ck_assert_uint_eq(tone_heard(&other->tone), heard[1]);
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
		/* A fax is given up after 5 s, in which two pauses of the
		 * Call-ID's owner may not fit. */
		ck_assert_uint_ge(fake_seen_inside(other, "INVITE"), 2);
		ck_assert_uint_le(fake_seen_inside(other, "INVITE"), 3);
		p()->media.instead = NULL;
		fake_settle(p());
		fixture_assert(&f, both_up(&f));
	}
END_TEST

/* --- fax in the first INVITE ------------------------------------------------
 */

#define IMAGE(port) "m=image " port " udptl t38\r\na=T38FaxVersion:0\r\n"

/* T's policy is this, P's lets every fax pass. */
static void meet_fax(int side, const char *keys)
{
	static const char takes[] = "t38 = \"forward\";";

	fixture_start_with(
		&f, &(struct fixture_setup){.acme = side ? takes : keys,
					    .phones = side ? keys : takes});
	f.itsp.end.media.codecs = "8 101";
	f.phone.answers_itself = true;
	asks = side ? &f.itsp.end : &f.phone.end;
	other = side ? &f.phone.end : &f.itsp.end;
}

static void p_calls(void)
{
	if (asks == &f.itsp.end)
		itsp_call(&f.itsp, "442079460101");
	else
		phone_call(&f.phone, "05551234");
}

START_TEST(a_first_fax_beside_audio_is_kept_from_who_takes_none)
	{
		meet_fax(_i, "t38 = \"reject\";");
		asks->media.more = IMAGE("4000");
		p_calls();
		fixture_run_until(&f, both_up);
		ck_assert_ptr_nonnull(
			strstr(last_body(other, "INVITE"), "m=image 0 udptl"));
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		fixture_assert(&f, p_was_told()->port != 0);
		fixture_assert(&f, p()->remote_sdp.stream[1].port == 0);
		both_ways();
	}
END_TEST

START_TEST(a_first_fax_beside_audio_goes_to_who_takes_one)
	{
		meet_fax(_i, "t38 = \"forward\";");
		asks->media.more = IMAGE("4000");
		p_calls();
		fixture_run_until(&f, both_up);
		fixture_assert(&f, t()->remote_sdp.stream[1].port != 0);
		both_ways();
	}
END_TEST

static bool p_is_refused(struct fixture *x)
{
	(void)x;
	return p()->status >= 300;
}

START_TEST(a_first_fax_alone_does_not_go_to_who_takes_none)
	{
		static char body[512];
		char warning[256];

		meet_fax(_i % 2, "t38 = \"reject\";");
		snprintf(body, sizeof(body),
			 "v=0\r\no=t 5 5 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
			 "t=0 0\r\n%s" IMAGE("4000"),
			 asks->host, asks->host,
			 _i / 2 ? "m=audio 0 RTP/AVP 8\r\n" : "");
		asks->media.instead = body;
		p_calls();
		fixture_run_until(&f, p_is_refused);
		ck_assert_int_eq(p()->status, 488);
		ck_assert(text_header(fake_last_message(asks, "488 INVITE"),
				      "Warning", 0, warning, sizeof(warning)));
		fixture_assert(&f, !strncmp(warning, "304 ", 4));
		fixture_assert(&f, !fake_seen(other, "INVITE"));
		ck_assert_status(&f, "event=call-candidate-failed");
		ck_assert_status(&f, "status=488 cause=t38");
	}
END_TEST

/* T is asked for its offer, and P is who takes none. */
START_TEST(a_fax_in_a_delayed_offer_is_kept_from_who_takes_none)
	{
		bool takes = _i / 2;
		const char *p_takes =
			takes ? "t38 = \"forward\";" : "t38 = \"reject\";";
		const char *t_keeps = "delayed_offer = \"keep\";";
		struct text_sdp answer;

		fixture_start_with(
			&f, &(struct fixture_setup){
				    .acme = _i % 2 ? p_takes : t_keeps,
				    .phones = _i % 2 ? t_keeps : p_takes});
		f.phone.answers_itself = true;
		asks = _i % 2 ? &f.itsp.end : &f.phone.end;
		other = _i % 2 ? &f.phone.end : &f.itsp.end;
		other->media.more = IMAGE("4000");
		fake_invite_without_offer(asks,
					  _i % 2 ? "442079460101" : "05551234");
		fixture_run_until(&f, both_up);
		ck_assert_int_eq(
			text_sdp(&answer, fake_last_message(other, "ACK")), 0);
		fixture_assert(&f, answer.streams == 2);
		ck_assert_int_eq(answer.stream[1].port != 0, takes);
		fixture_assert(&f, p()->remote_sdp.streams == 2);
		ck_assert_int_eq(p()->remote_sdp.stream[1].port != 0, takes);
		both_ways();
	}
END_TEST

#define TEXT "m=text 40002 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n"
#define BFCP "m=application 40004 UDP/BFCP *\r\n"

START_TEST(a_line_of_any_kind_that_t_lacks_is_refused_alone)
	{
		static const struct {
			const char *lines;
			unsigned n;
			const char *refused[3];
		} added[] = {
			{VIDEO, 1, {"m=video 0 RTP/AVP 34\r\n"}},
			{TEXT, 1, {"m=text 0 RTP/AVP 98\r\n"}},
			{BFCP, 1, {"m=application 0 UDP/BFCP *\r\n"}},
			{BFCP TEXT VIDEO,
			 3,
			 {"m=application 0 UDP/BFCP *\r\n",
			  "m=text 0 RTP/AVP 98\r\n",
			  "m=video 0 RTP/AVP 34\r\n"}},
		};
		unsigned n = added[_i / 2].n;
		const char *at;

		begin(_i % 2);
		p()->media.more = added[_i / 2].lines;
		ck_assert_int_eq(reinvite(), 200);
		ck_assert_uint_eq(p()->remote_sdp.streams, 1 + n);
		ck_assert_uint_ne(p_was_told()->port, 0);
		ck_assert_str_eq(p_was_told()->direction, "sendrecv");
		at = last_body(asks, "200 INVITE");
		for (unsigned i = 0; i < n; i++) {
			at = strstr(at, added[_i / 2].refused[i]);
			fixture_assert(&f, at != NULL);
		}
		t_was_left_alone();
		both_ways();
		t_hears_on();
	}
END_TEST

/* T answers with a line more than it was offered: it may leave it away when it
 * asks itself. */
START_TEST(a_line_too_many_in_an_answer_is_no_slot)
	{
		static char body[512];

		begin_forward(_i);
		snprintf(body, sizeof(body),
			 "v=0\r\no=t 5 5 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\n"
			 "t=0 0\r\nm=audio %u RTP/AVP 8\r\na=rtpmap:8 "
			 "PCMA/8000\r\nm=audio 7000 RTP/AVP 8\r\n",
			 other->host, other->host, other->tone.stream[0].port);
		t()->media.instead = body;
		ck_assert_int_eq(hold("sendrecv"), 200);
		p()->media.codecs = "8";
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 1);
		swap_roles();
		p()->media.instead = NULL;
		ck_assert_int_eq(reinvite(), 200);
		fixture_assert(&f, p()->remote_sdp.streams == 1);
		both_ways();
	}
END_TEST

static bool t_was_put_back(struct fixture *x)
{
	(void)x;
	return fake_seen_inside(other, "INVITE") == 2;
}

/* P took back an offer with one slot more, which T took all the same. */
START_TEST(what_undoes_an_offer_keeps_its_slots)
	{
		begin_forward(_i);
		t_keeps_reinvites();
		p()->media.more = VIDEO;
		fake_reinvite(p());
		fixture_run_until(&f, t_was_asked);
		fake_cancel(p());
		fixture_run_until(&f, p_done);
		fixture_run_until(&f, t_saw_cancel);
		t_answers();
		fixture_run_until(&f, t_was_put_back);
		fixture_assert(&f, t()->remote_sdp.streams == 2);
		ck_assert_uint_eq(t()->remote_sdp.stream[1].port, 0);
		/* And so do all that follow. */
		fixture_watch(&f, 50);
		p()->media.more = NULL;
		ck_assert_int_eq(hold("sendonly"), 200);
		fixture_assert(&f, t()->remote_sdp.streams == 2);
		fixture_assert(&f, p()->remote_sdp.streams == 1);
	}
END_TEST

static Suite *call_slots_suite(void)
{
	Suite *suite = suite_create("call_slots");
	TCase *tests = group(suite, "slots");
	tcase_add_test(tests, a_hold_answered_here_keeps_the_video_of_both);
	tcase_add_test(tests, an_offer_that_forgets_a_slot_changes_nothing);
	tcase_add_loop_test(tests, slots_that_were_refused_stay_in_our_offers,
			    0, 2);
	tcase_add_test(tests, a_forwarded_offer_names_slots_that_t_alone_has);
	tcase_add_loop_test(
		tests, removed_audio_beside_a_line_that_t_has_not_is_answered,
		0, 2);
	tcase_add_loop_test(tests, what_t_removed_is_no_reason_to_refuse_p, 0,
			    2);
	tcase_add_loop_test(
		tests, a_line_of_any_kind_that_t_lacks_is_refused_alone, 0, 8);
	tcase_add_loop_test(tests, a_line_too_many_in_an_answer_is_no_slot, 0,
			    2);
	tcase_add_loop_test(tests, what_undoes_an_offer_keeps_its_slots, 0, 2);
	tests = group(suite, "fax");
	tcase_add_loop_test(tests, a_fax_right_after_a_hold_is_not_filled, 0,
			    2);
	tcase_add_loop_test(tests, a_fax_is_passed_on_and_so_is_the_way_back, 0,
			    4);
	tcase_add_loop_test(tests, a_fax_that_t_takes_too_late_is_undone, 0, 2);
	tcase_add_test(tests, both_switch_to_fax_at_once_and_one_gets_it);
	tcase_add_loop_test(tests, ts_491_is_not_handed_to_p, 0, 2);
	tcase_add_loop_test(
		tests, a_first_fax_beside_audio_is_kept_from_who_takes_none, 0,
		2);
	tcase_add_loop_test(
		tests, a_first_fax_beside_audio_goes_to_who_takes_one, 0, 2);
	tcase_add_loop_test(
		tests, a_first_fax_alone_does_not_go_to_who_takes_none, 0, 4);
	tcase_add_loop_test(
		tests, a_fax_in_a_delayed_offer_is_kept_from_who_takes_none, 0,
		4);
	return suite;
}

CHECK_MAIN(call_slots_suite())
