/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mid-call offers that go on to the other end, or would have: learning,
 * glare, waiting, fall-back. */
#include "config.h"

#include <sofia-sip/su_alloc_stat.h>

#include "sbc/call/call_private.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"

static struct fixture f;

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

static const char *answered(void)
{
	return line()->remote_sdp.stream[0].direction;
}

static const char *itsp_was_told(void)
{
	return itsp_line(&f.itsp)->remote_sdp.stream[0].direction;
}

static void begin(const char *acme, unsigned behaviour)
{
	fixture_start_with(&f, &(struct fixture_setup){.acme = acme});
	f.itsp.behaviour = behaviour;
	fixture_call_out(&f);
}

static void hold(void)
{
	phone_hold(&f.phone);
	fixture_run_until(&f, phone_reinvite_done);
}

START_TEST(a_hold_goes_on_to_a_provider_that_takes_it)
	{
		begin("reinvite = \"forward\";", ITSP_ANSWERS);
		hold();
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		ck_assert_str_eq(itsp_was_told(), "sendonly");
		ck_assert_str_eq(answered(), "recvonly");
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 2);
		ck_assert_str_eq(itsp_was_told(), "sendrecv");
		ck_assert_str_eq(answered(), "sendrecv");
	}
END_TEST

START_TEST(auto_is_forward_until_the_provider_refuses)
	{
		begin("reinvite = \"auto\";", ITSP_REINVITE_488);
		hold();
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered(), "recvonly");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		ck_assert_status(&f, "leg=b peer=acme event=peer-learned "
				     "method=INVITE");
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered(), "sendrecv");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		ck_assert(both_up(&f));
	}
END_TEST

static bool (*itsp_request)(struct fake *fake, struct fake_call *call,
			    const struct text_message *request);

static void hang_up(struct fake *fake, struct fake_call *call)
{
	(void)fake;
	if (call->state == FAKE_UP)
		fake_bye(call);
}

/* It says 200 and means it not. */
static bool accept_and_hang_up(struct fake *fake, struct fake_call *call,
			       const struct text_message *m)
{
	if (call && !strcmp(m->method, "INVITE") && m->to_tag[0])
		fake_later(fake, 100, hang_up, call);
	return itsp_request(fake, call, m);
}

START_TEST(a_provider_that_hangs_up_on_a_reinvite_does_so_only_once)
	{
		begin("reinvite = \"auto\";",
		      _i ? ITSP_ANSWERS : ITSP_REFUSES_REINVITE);
		itsp_request = f.itsp.end.hooks.request;
		if (_i)
			f.itsp.end.hooks.request = accept_and_hang_up;
		hold();
		fixture_run_until(&f, both_ended);
		fixture_run_until(&f, no_calls);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		ck_assert_uint_eq(
			fixture_status_count(&f, "evidence=\"BYE after "),
			_i ? 1 : 0);
		fixture_call_out(&f);
		hold();
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		fixture_watch(&f, 200);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(a_provider_that_does_not_answer_a_reinvite_is_known_then)
	{
		begin("reinvite = \"auto\";", ITSP_ANSWERS);
		fake_drop_next(&f.itsp.end, FAKE_IN, "INVITE", 100);
		phone_hold(&f.phone);
		hurry(&f, 34);
		fixture_run_until(&f, no_calls);
		ck_assert_status(&f, "leg=b peer=acme event=peer-learned "
				     "method=INVITE evidence=\"no reply\"");
	}
END_TEST

START_TEST(a_provider_that_hangs_up_after_its_own_reinvite_taught_nothing)
	{
		fixture_start_with(&f, &(struct fixture_setup){
					       .acme = "reinvite = \"auto\";",
					       .phones = "reinvite = "
							 "\"forward\";"});
		fixture_call_out(&f);
		itsp_line(&f.itsp)->media.direction = "sendonly";
		fake_reinvite(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_reinvite_done);
		ck_assert_uint_eq(fake_seen_inside(&f.phone.end, "INVITE"), 1);
		itsp_hang_up(&f.itsp);
		fixture_run_until(&f, no_calls);
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=peer-learned"), 0);
	}
END_TEST

static bool challenge_inside(struct fake *fake, struct fake_call *call,
			     const struct text_message *m)
{
	char credentials[1024];

	if (strcmp(m->method, "INVITE") || !m->to_tag[0] ||
	    text_header(m, "Proxy-Authorization", 0, credentials,
			sizeof(credentials)))
		return itsp_request(fake, call, m);
	fake_reply(fake, m, 407,
		   "Proxy-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n");
	return true;
}

/* Bytes that the leg's home holds more than when its statistics began. */
static long leg_grew(struct leg *leg)
{
	su_home_stat_t stat;

	su_home_get_stats(leg->home, 0, &stat, sizeof(stat));
	return (long)(stat.hs_allocs.hsa_bytes - stat.hs_frees.hsf_bytes);
}

START_TEST(a_provider_that_challenges_every_reinvite_costs_no_memory)
	{
		struct leg *b;

		begin("reinvite = \"forward\"; username = \"us\"; "
		      "password = \"x\";",
		      ITSP_ANSWERS);
		itsp_request = f.itsp.end.hooks.request;
		f.itsp.end.hooks.request = challenge_inside;
		b = TAILQ_FIRST(&f.agent->calls)->b;
		su_home_init_stats(b->home);
		hold();
		ck_assert_int_eq(line()->reinvite_status, 200);
		for (unsigned i = 0; i < 10; i++) {
			phone_resume(&f.phone);
			fixture_run_until(&f, phone_reinvite_done);
			hold();
		}
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 42);
		/* One line of credentials. */
		ck_assert_int_lt(leg_grew(b), 1000);
	}
END_TEST

START_TEST(a_static_setting_wins_over_what_was_learned)
	{
		begin("reinvite = \"forward\";", ITSP_REINVITE_488);
		hold();
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 2);
		ck_assert_uint_eq(
			fixture_status_count(&f, "event=peer-learned"), 0);
	}
END_TEST

START_TEST(glare_is_waited_out_and_not_told_to_the_phone)
	{
		begin("reinvite = \"forward\";", ITSP_REINVITE_491);
		hold();
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 2);
		ck_assert_str_eq(itsp_was_told(), "sendonly");
	}
END_TEST

static bool itsp_has_our_200(struct fixture *x)
{
	return itsp_line(&x->itsp)->reinvite_status == 200;
}

static bool itsp_refused(struct fixture *x)
{
	return x->itsp.refused_reinvite;
}

static const struct fake_call *first_call;

static bool first_has_our_200(struct fixture *x)
{
	(void)x;
	return first_call->reinvite_status == 200;
}

START_TEST(an_offer_waits_until_the_other_leg_is_idle)
	{
		begin("reinvite = \"forward\";", ITSP_ANSWERS);
		struct fake_call *call = itsp_line(&f.itsp);
		call->withhold_ack = true;
		fake_refresh(call);
		fixture_run_until(&f, itsp_has_our_200);
		unsigned trying = fake_seen(&f.phone.end, "100 INVITE");
		phone_hold(&f.phone);
		fixture_watch(&f, 500);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert_int_eq(line()->reinvite_status, 0);
		ck_assert_uint_eq(fake_seen(&f.phone.end, "100 INVITE"),
				  trying + 1);
		call->withhold_ack = false;
		fake_ack(call);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
	}
END_TEST

static int refusal;
static struct fake_hooks usual;

static bool refuses_reinvites(struct fake *fake, struct fake_call *call,
			      const struct text_message *request)
{
	if (strcmp(request->method, "INVITE") || !request->to_tag[0])
		return usual.request(fake, call, request);
	fake_reply(fake, request, refusal, NULL);
	return true;
}

static bool phone_reinvite_refused(struct fixture *x)
{
	return fake_seen(&x->phone.end, "500 INVITE") == 1;
}

/* RFC 3261 14.1: 481 and 408 to ours end the dialog, and nothing else does. */
START_TEST(a_reinvite_of_ours_that_finds_no_dialog_ends_the_call)
	{
		static const int answers[] = {481, 408, 403, 480,
					      500, 503, 603};

		begin("reinvite = \"forward\";", ITSP_ANSWERS);
		usual = f.itsp.end.hooks;
		f.itsp.end.hooks.request = refuses_reinvites;
		refusal = answers[_i];
		phone_hold(&f.phone);
		if (_i > 1) {
			fixture_run_until(&f, phone_reinvite_done);
			ck_assert_int_eq(line()->reinvite_status, 200);
			fixture_watch(&f, 100);
			ck_assert(both_up(&f));
			return;
		}
		fixture_run_until(&f, phone_reinvite_refused);
		fixture_run_until(&f, phone_ended);
		fixture_run_until(&f, no_calls);
		ck_assert_uint_eq(itsp_hangups(&f.itsp), answers[_i] == 408);
		ck_assert_status(&f, "event=call-end by=b cause=dialog-lost");
	}
END_TEST

/* After its 491 it asks itself, and its ACK is late: ours waits on (RFC 3261
 * 14.1). */
START_TEST(after_glares_pause_an_offer_waits_until_the_leg_is_idle)
	{
		begin("reinvite = \"forward\";", ITSP_REINVITE_491);
		struct fake_call *call = itsp_line(&f.itsp);
		phone_hold(&f.phone);
		fixture_run_until(&f, itsp_refused);
		call->withhold_ack = true;
		fake_refresh(call);
		fixture_run_until(&f, itsp_has_our_200);
		hurry(&f, 5);
		fixture_watch(&f, 100);
		ck_assert_int_eq(line()->reinvite_status, 0);
		call->withhold_ack = false;
		fake_ack(call);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 2);
		ck_assert_str_eq(itsp_was_told(), "sendonly");
	}
END_TEST

/* Another call shows meanwhile that the provider takes none. */
START_TEST(an_offer_that_waited_is_not_sent_to_who_takes_none_by_then)
	{
		begin("reinvite = \"auto\";", ITSP_REINVITE_488);
		struct fake_call *call = itsp_line(&f.itsp);
		phone_call(&f.other, "05550000");
		fixture_run_until(&f, other_up);
		call->withhold_ack = true;
		fake_refresh(call);
		first_call = call;
		fixture_run_until(&f, first_has_our_200);
		phone_hold(&f.phone);
		fixture_watch(&f, 100);
		ck_assert_int_eq(line()->reinvite_status, 0);
		phone_hold(&f.other);
		fixture_run_until(&f, other_reinvite_done);
		ck_assert_status(&f, "event=peer-learned method=INVITE");
		call->withhold_ack = false;
		fake_ack(call);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(answered(), "recvonly");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
	}
END_TEST

START_TEST(an_offer_with_a_codec_that_the_provider_lacks_is_forwarded)
	{
		begin("reinvite = \"forward\";", ITSP_REINVITE_488);
		line()->media.codecs = "18";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 488);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		fixture_watch(&f, 100);
		ck_assert(both_up(&f));
	}
END_TEST

#define FAX                                                                \
	"v=0\r\no=- 7 8 IN IP4 127.0.1.2\r\ns=-\r\nc=IN IP4 127.0.1.2\r\n" \
	"t=0 0\r\nm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n"

static void offer_fax(void)
{
	line()->media.instead = FAX;
	fake_reinvite(line());
	fixture_run_until(&f, phone_reinvite_done);
}

START_TEST(a_fax_toward_a_provider_that_takes_none_is_refused_at_once)
	{
		begin("t38 = \"reject\";", ITSP_ANSWERS);
		offer_fax();
		ck_assert_int_eq(line()->reinvite_status, 488);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		fixture_hear(&f, &f.phone.end, 6);
	}
END_TEST

START_TEST(a_fax_beside_audio_is_kept_from_a_provider_that_takes_none)
	{
		const struct text_message *asked;

		begin("reinvite = \"forward\"; t38 = \"reject\";",
		      ITSP_ANSWERS);
		line()->media.direction = "sendonly"; /* it is asked anyway */
		line()->media.more = "m=image 4004 udptl t38\r\n";
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		asked = fake_last_message(&f.itsp.end, "INVITE");
		ck_assert_ptr_nonnull(strstr(asked->body, "m=image 0 "));
		ck_assert_uint_eq(line()->remote_sdp.stream[1].port, 0);
	}
END_TEST

START_TEST(a_fax_that_is_not_answered_in_5_s_is_given_up_and_audio_goes_on)
	{
		begin("t38 = \"forward\";", ITSP_REINVITE_WAITS);
		offer_fax();
		ck_assert_int_eq(line()->reinvite_status, 488);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 1);
		ck_assert_status(&f, "event=call-refused status=488 "
				     "cause=t38-timeout");
		fixture_hear(&f, &f.phone.end, 6);
		ck_assert(both_up(&f));
	}
END_TEST

START_TEST(a_fax_waits_5_s_in_all_for_a_provider_that_is_busy)
	{
		uint64_t began;

		begin("reinvite = \"forward\"; t38 = \"forward\";",
		      ITSP_ANSWERS);
		itsp_line(&f.itsp)->withhold_ack = true;
		fake_refresh(itsp_line(&f.itsp));
		fixture_run_until(&f, itsp_has_our_200);
		began = fake_now_ms();
		offer_fax();
		ck_assert_int_eq(line()->reinvite_status, 488);
		ck_assert_uint_ge(fake_now_ms() - began, 4500);
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		ck_assert_status(&f, "event=call-refused status=488 "
				     "cause=t38-timeout");
		fixture_assert(&f, both_up(&f));
	}
END_TEST

static Suite *call_modify_suite(void)
{
	Suite *suite = suite_create("call_modify");
	TCase *tests = tcase_create("modify");

	fixture_around(tests, &f);
	tcase_add_test(tests, a_hold_goes_on_to_a_provider_that_takes_it);
	tcase_add_test(tests, auto_is_forward_until_the_provider_refuses);
	tcase_add_loop_test(
		tests, a_provider_that_hangs_up_on_a_reinvite_does_so_only_once,
		0, 2);
	tcase_add_test(
		tests,
		a_provider_that_does_not_answer_a_reinvite_is_known_then);
	tcase_add_test(
		tests,
		a_provider_that_hangs_up_after_its_own_reinvite_taught_nothing);
	tcase_add_test(
		tests,
		a_provider_that_challenges_every_reinvite_costs_no_memory);
	tcase_add_test(tests, a_static_setting_wins_over_what_was_learned);
	tcase_add_test(tests, glare_is_waited_out_and_not_told_to_the_phone);
	tcase_add_test(tests, an_offer_waits_until_the_other_leg_is_idle);
	tcase_add_loop_test(
		tests, a_reinvite_of_ours_that_finds_no_dialog_ends_the_call, 0,
		7);
	tcase_add_test(tests,
		       after_glares_pause_an_offer_waits_until_the_leg_is_idle);
	tcase_add_test(
		tests,
		an_offer_that_waited_is_not_sent_to_who_takes_none_by_then);
	tcase_add_test(
		tests,
		an_offer_with_a_codec_that_the_provider_lacks_is_forwarded);
	tcase_add_test(
		tests,
		a_fax_toward_a_provider_that_takes_none_is_refused_at_once);
	tcase_add_test(
		tests,
		a_fax_beside_audio_is_kept_from_a_provider_that_takes_none);
	tcase_add_test(
		tests,
		a_fax_that_is_not_answered_in_5_s_is_given_up_and_audio_goes_on);
	tcase_add_test(tests,
		       a_fax_waits_5_s_in_all_for_a_provider_that_is_busy);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(call_modify_suite())
