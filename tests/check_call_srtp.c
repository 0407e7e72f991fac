/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole calls whose SRTP ends here (RFC 4568), on one leg or on both. */
#include <string.h>

#include "sbc/call/call_private.h"
#include "tests/check_main.h"
#include "tests/fakes/fixture.h"

#define S80    "AES_CM_128_HMAC_SHA1_80"
#define S32    "AES_CM_128_HMAC_SHA1_32"
#define KEY_A  "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
#define KEY_B  "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj"
#define KEY_C  "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
#define LINE_A "a=crypto:1 " S80 " inline:" KEY_A "\r\n"
#define LINE_B "a=crypto:1 " S80 " inline:" KEY_B "\r\n"
#define LINE_C "a=crypto:1 " S80 " inline:" KEY_C "\r\n"

#define SUPPRESS "reinvite = \"suppress\"; "

static struct fixture f;

static struct fake_call *line(void)
{
	return phone_line(&f.phone);
}

/* What the last SDP of ours said to each. */
static const struct text_stream *told_phone(void)
{
	return &line()->remote_sdp.stream[0];
}

static const struct text_stream *told_itsp(void)
{
	return &itsp_line(&f.itsp)->remote_sdp.stream[0];
}

static void phone_has_srtp(struct phone *phone, const char *lines)
{
	phone->end.media.protocol = "RTP/SAVP";
	phone->end.media.lines = lines;
}

static void start(const char *phones, const char *acme)
{
	fixture_start_with(
		&f, &(struct fixture_setup){.phones = phones, .acme = acme});
}

static void refused(int status)
{
	phone_call(&f.phone, "05551234");
	fixture_run_until(&f, phone_refused);
	ck_assert_int_eq(line()->status, status);
}

static bool has_warning(const char *words)
{
	char value[256];
	const struct text_message *m =
		fake_last_message(&f.phone.end, "488 INVITE");

	return m && text_header(m, "Warning", 0, value, sizeof(value)) &&
	       strstr(value, words);
}

/* Neither side's keys, nor ours, are where they have no business. */
static void no_key_leaked(void)
{
	fixture_assert(&f, !fake_saw_text(&f.itsp.end, KEY_A));
	fixture_assert(&f, !fake_saw_text(&f.itsp.end, KEY_C));
	fixture_assert(&f, !fake_saw_text(&f.phone.end, KEY_B));
	fixture_assert(&f, !fixture_status_holds(&f, "inline"));
	fixture_assert(&f, !fixture_status_holds(&f, KEY_A));
}

START_TEST(a_phone_with_srtp_calls_a_plain_provider)
	{
		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		ck_assert_str_eq(told_itsp()->protocol, "RTP/AVP");
		ck_assert_str_eq(told_itsp()->crypto, "");
		ck_assert_str_eq(told_phone()->protocol, "RTP/SAVP");
		ck_assert(!strncmp(told_phone()->crypto, "1 " S80 " inline:",
				   strlen("1 " S80 " inline:")));
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
		ck_assert_status(&f, "event=call-answer");
		ck_assert_status(&f, "encryption_a=sdes encryption_b=none");
		ck_assert_status(&f, "anchor_why=srtp");
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		ck_assert_status(&f, "event=call-end");
		no_key_leaked();
	}
END_TEST

START_TEST(a_provider_that_passes_is_offered_what_the_phone_has)
	{
		start("srtp = \"optional\";", NULL);
		phone_has_srtp(&f.phone, LINE_A);
		f.itsp.end.media.lines = LINE_B;
		fixture_talk_out(&f);
		ck_assert_str_eq(told_itsp()->protocol, "RTP/SAVP");
		ck_assert_str_ne(told_itsp()->crypto,
				 "1 " S80 " inline:" KEY_A);
		fixture_both_ways(&f);
		phone_hang_up(&f.phone);
		fixture_run_until(&f, both_ended);
		f.phone.end.media.protocol = NULL;
		f.phone.end.media.lines = f.itsp.end.media.lines = NULL;
		fixture_talk_out(&f);
		ck_assert_str_eq(told_itsp()->protocol, "RTP/AVP");
		fixture_both_ways(&f);
	}
END_TEST

START_TEST(a_plain_phone_calls_a_provider_that_wants_srtp)
	{
		start(NULL, "srtp = \"sdes\"; srtp_lifetime = \"2^31\"; "
			    "srtp_mki = true;");
		f.itsp.end.media.lines = LINE_B;
		fixture_talk_out(&f);
		ck_assert_str_eq(told_itsp()->protocol, "RTP/SAVP");
		ck_assert_ptr_nonnull(strstr(told_itsp()->crypto, "|2^31|1:4"));
		ck_assert_str_eq(told_phone()->protocol, "RTP/AVP");
		ck_assert_str_eq(told_phone()->crypto, "");
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.itsp.end.tone.unauthentic, 0);
		ck_assert_status(&f, "encryption_a=none encryption_b=sdes");
		no_key_leaked();
	}
END_TEST

START_TEST(each_leg_has_keys_of_its_own)
	{
		start("srtp = \"sdes\";", "srtp = \"sdes\";");
		phone_has_srtp(&f.phone, LINE_A);
		f.itsp.end.media.lines = LINE_B;
		f.phone.end.tone.rtcp_too = f.itsp.end.tone.rtcp_too = true;
		fixture_talk_out(&f);
		ck_assert_str_ne(told_itsp()->crypto, told_phone()->crypto);
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.itsp.end.tone.unauthentic, 0);
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
		fixture_assert(&f, tone_heard_rtcp(&f.phone.end.tone) > 0);
		no_key_leaked();
	}
END_TEST

START_TEST(a_call_from_a_plain_provider_reaches_a_phone_with_srtp)
	{
		start("srtp = \"sdes\";", NULL);
		phone_has_srtp(&f.phone, LINE_A);
		f.phone.answers_itself = true;
		itsp_call(&f.itsp, "442079460101");
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(told_phone()->protocol, "RTP/SAVP");
		ck_assert_str_eq(told_itsp()->crypto, "");
		fixture_run_until(&f, both_hear);
		fixture_both_ways(&f);
		no_key_leaked();
	}
END_TEST

START_TEST(who_offers_nothing_gets_our_keys)
	{
		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fake_invite_without_offer(&f.phone.end, "05551234");
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(told_phone()->protocol, "RTP/SAVP");
		ck_assert_str_eq(told_itsp()->protocol, "RTP/AVP");
		fixture_run_until(&f, both_hear);
		fixture_both_ways(&f);
	}
END_TEST

START_TEST(who_is_asked_for_an_offer_keeps_its_keys)
	{
		/* both pass, but b's offer is answered before a hears of it */
		start(NULL, "delayed_offer = \"keep\";");
		f.itsp.end.media.protocol = "RTP/SAVP";
		f.itsp.end.media.lines = LINE_B;
		f.phone.end.media.lines = LINE_A;
		fake_invite_without_offer(&f.phone.end, "05551234");
		fixture_run_until(&f, both_up);
		ck_assert_str_eq(told_phone()->protocol, "RTP/SAVP");
		fixture_run_until(&f, both_hear);
		fixture_both_ways(&f);
		no_key_leaked();
	}
END_TEST

START_TEST(a_plain_offer_is_refused_where_policy_wants_srtp)
	{
		start("srtp = \"sdes\";", NULL);
		refused(488);
		fixture_assert(&f, has_warning("302 "));
		fixture_assert(&f, has_warning("RTP/SAVP with a=crypto only"));
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
		ck_assert_status(&f, "status=488 cause=srtp");
	}
END_TEST

#define DTLS "a=setup:actpass\r\na=fingerprint:sha-1 00:11\r\n"

START_TEST(what_can_only_be_passed_is_refused_where_it_ends_here)
	{
		fixture_start_with(&f, &(struct fixture_setup){
					       .acme = "srtp = \"off\";",
					       .backup = "srtp = \"sdes\";"});
		f.phone.end.media.protocol = "UDP/TLS/RTP/SAVP";
		f.phone.end.media.lines = DTLS;
		refused(488);
		fixture_assert(&f, has_warning("302 "));
		ck_assert_status(&f, "peer=backup event=call-candidate-failed");
	}
END_TEST

static bool backup_was_asked(struct fixture *x)
{
	return fake_seen(&x->backup.end, "INVITE") == 1;
}

START_TEST(the_next_candidate_may_pass_what_the_first_cannot)
	{
		start(NULL, "srtp = \"off\";");
		f.phone.end.media.protocol = "UDP/TLS/RTP/SAVP";
		f.phone.end.media.lines = DTLS;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, backup_was_asked);
		fixture_assert(&f, fake_saw_text(&f.backup.end,
						 "a=fingerprint:sha-1 00:11"));
		ck_assert_uint_eq(fake_seen(&f.itsp.end, "INVITE"), 0);
	}
END_TEST

START_TEST(an_answer_in_the_clear_is_not_taken)
	{
		start(NULL, "srtp = \"sdes\";");
		refused(488); /* it says RTP/SAVP and names no key */
		ck_assert_status(&f, "cause=srtp");
		fixture_assert(&f, tone_heard(&f.phone.end.tone) == 0);
	}
END_TEST

START_TEST(hold_resume_and_a_new_key_leave_the_provider_alone)
	{
		char ours[256];
		unsigned from;

		start("srtp = \"sdes\";", SUPPRESS "srtp = \"off\";");
		f.itsp.behaviour = ITSP_REFUSES_REINVITE;
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		from = tone_heard(&f.itsp.end.tone);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		/* the same line: nothing starts anew */
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(told_phone()->crypto, ours);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		fixture_both_ways(&f);
		/* a new one, at the moment of a hold, a move and a resume */
		line()->media.lines = LINE_C;
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 200);
		ck_assert_str_eq(told_phone()->crypto, ours);
		line()->media.direction = "sendrecv";
		phone_move(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(told_phone()->crypto, ours);
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, from));
		no_key_leaked();
	}
END_TEST

START_TEST(a_reinvite_without_an_offer_brings_no_new_key)
	{
		char ours[256];

		start("srtp = \"sdes\";", SUPPRESS "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		fake_reinvite_without_offer(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_eq(told_phone()->protocol, "RTP/SAVP");
		ck_assert_str_eq(told_phone()->crypto, ours);
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
	}
END_TEST

START_TEST(keys_that_pass_are_changed_between_the_ends_or_not_at_all)
	{
		static const char *const acme[] = {"reinvite = \"forward\";",
						   "reinvite = \"suppress\";"};

		start(NULL, acme[_i]);
		phone_has_srtp(&f.phone, LINE_A);
		f.itsp.end.media.lines = LINE_B;
		fixture_talk_out(&f);
		line()->media.lines = LINE_C;
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, _i ? 488 : 200);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == !_i);
		if (!_i) {
			ck_assert_str_eq(told_itsp()->crypto,
					 "1 " S80 " inline:" KEY_C);
			fixture_both_ways(&f);
		}
	}
END_TEST

START_TEST(early_media_is_heard_under_its_own_key)
	{
		start(NULL, "srtp = \"sdes\";");
		f.itsp.end.media.lines = LINE_B;
		f.itsp.behaviour = ITSP_EARLY_MEDIA;
		fixture_call_out(&f);
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.itsp.end.tone.unauthentic, 0);
	}
END_TEST

static bool loser_was_ended(struct fixture *x)
{
	return x->itsp.end.calls > 2 && x->itsp.end.call[0]->bye_seen;
}

START_TEST(each_early_dialog_has_its_own_key)
	{
		static char lines[] = LINE_B;

		start(NULL, "srtp = \"sdes\";");
		strcpy(lines, LINE_B);
		f.itsp.end.media.lines = lines;
		f.itsp.behaviour = ITSP_FORKS;
		f.itsp.answer_ms = 300;
		phone_call(&f.phone, "05551234");
		fixture_run_until(&f, phone_rings_back);
		/* the branch that answers is not the one that was heard */
		strcpy(lines, LINE_C);
		fixture_run_until(&f, loser_was_ended);
		/* all branches of the fake share one tone */
		fake_settle(f.itsp.end.call[2]);
		fixture_both_ways(&f);
		ck_assert_uint_eq(f.itsp.end.tone.unauthentic, 0);
	}
END_TEST

START_TEST(a_held_provider_with_srtp_hears_the_filler)
	{
		unsigned from;

		start(NULL, SUPPRESS "srtp = \"sdes\";");
		f.itsp.end.media.lines = LINE_B;
		fixture_talk_out(&f);
		from = tone_heard(&f.itsp.end.tone);
		phone_hold_as(&f.phone, PHONE_HOLD_INACTIVE);
		fixture_run_until(&f, phone_reinvite_done);
		fixture_hear(&f, &f.itsp.end, 25);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		fixture_both_ways(&f);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, from));
		ck_assert_uint_eq(f.itsp.end.tone.unauthentic, 0);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
	}
END_TEST

static bool itsp_hears_an_event(struct fixture *x)
{
	const struct tone *tone = &x->itsp.end.tone;

	for (unsigned i = 0; i < tone->ins; i++)
		if (!tone->in[i].rtcp && tone->in[i].payload_type == 101)
			return true;
	return false;
}

START_TEST(a_key_press_crosses_into_srtp)
	{
		start(NULL, "srtp = \"sdes\";");
		f.itsp.end.media.lines = LINE_B;
		fixture_talk_out(&f);
		fake_request_typed(line(), "INFO", NULL,
				   "application/dtmf-relay",
				   "Signal=5\r\nDuration=100\r\n");
		fixture_run_until(&f, itsp_hears_an_event);
	}
END_TEST

START_TEST(a_newcomer_has_keys_of_its_own_and_the_provider_sees_nothing)
	{
		unsigned from;
		char uri[64];

		start("srtp = \"sdes\";", SUPPRESS "srtp = \"off\";");
		f.itsp.behaviour = ITSP_REFUSES_REINVITE;
		phone_has_srtp(&f.phone, LINE_A);
		phone_has_srtp(&f.other, LINE_C);
		f.other.answers_itself = true;
		fixture_talk_out(&f);
		from = tone_heard(&f.itsp.end.tone);
		snprintf(uri, sizeof(uri), "sip:102@127.0.1.1");
		phone_refer(&f.phone, uri, NULL);
		fixture_run_until(&f, phone_ended);
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, itsp_hears_more);
		ck_assert_str_eq(
			phone_line(&f.other)->remote_sdp.stream[0].protocol,
			"RTP/SAVP");
		ck_assert_uint_eq(f.other.end.tone.unauthentic, 0);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, from));
		no_key_leaked();
	}
END_TEST

#define FAX                                                                \
	"v=0\r\no=- 7 8 IN IP4 127.0.1.2\r\ns=-\r\nc=IN IP4 127.0.1.2\r\n" \
	"t=0 0\r\nm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n"

/* Its packets would go in the clear. */
START_TEST(a_fax_is_refused_where_there_are_keys)
	{
		start("srtp = \"sdes\"; t38 = \"forward\";",
		      "reinvite = \"forward\"; t38 = \"forward\"; "
		      "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		line()->media.instead = FAX;
		fake_reinvite(line());
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_int_eq(line()->reinvite_status, 488);
		ck_assert_status(&f, "event=call-refused status=488 cause=t38");
		ck_assert_uint_eq(itsp_reinvites(&f.itsp), 0);
		fixture_hear(&f, &f.phone.end, 6);
	}
END_TEST

/* Both take the same ports of ours, one after the other. */
START_TEST(a_plain_newcomer_takes_the_place_of_a_phone_with_srtp)
	{
		unsigned from;

		start("srtp = \"optional\";", SUPPRESS "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		f.other.answers_itself = true;
		fixture_talk_out(&f);
		from = tone_heard(&f.itsp.end.tone);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, phone_ended);
		fixture_from_now(&f);
		fixture_run_until(&f, other_hears_more);
		fixture_run_until(&f, itsp_hears_more);
		ck_assert_str_eq(
			phone_line(&f.other)->remote_sdp.stream[0].protocol,
			"RTP/AVP");
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
		fixture_assert(&f, tone_unbroken(&f.itsp.end.tone, from));
		no_key_leaked();
	}
END_TEST

/* The newcomer says plain RTP to our offer of SRTP. */
START_TEST(a_newcomer_that_answers_in_the_clear_is_not_taken)
	{
		start("srtp = \"sdes\";", SUPPRESS "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		f.other.answers_itself = true;
		fixture_talk_out(&f);
		phone_refer(&f.phone, "sip:102@127.0.1.1", NULL);
		fixture_run_until(&f, phone_was_told_final);
		ck_assert_ptr_nonnull(
			strstr(fake_last_message(&f.phone.end, "NOTIFY")->body,
			       "SIP/2.0 502"));
		fixture_both_ways(&f);
		ck_assert_uint_eq(tone_heard(&f.other.end.tone), 0);
		ck_assert_uint_eq(f.phone.end.tone.unauthentic, 0);
		no_key_leaked();
	}
END_TEST

/* Audio as the fakes send it: plain, of full length, and no filler's silence.
 */
static unsigned voices(const struct tone *tone, unsigned from)
{
	unsigned count = 0, number = 0;

	for (unsigned i = 0; i < tone->ins; i++)
		if (!tone->in[i].rtcp && number++ >= from &&
		    tone->in[i].len == 172)
			count += tone->in[i].bytes[13] ==
				 (uint8_t)(tone->in[i].bytes[12] + 1);
	return count;
}

static bool other_and_itsp_have_voices(struct fixture *x)
{
	return voices(&x->other.end.tone, f.other_heard) >= 15 &&
	       voices(&x->itsp.end.tone, f.itsp_heard) >= 15;
}

/* Two sessions in a row: between them packets are plain. */
START_TEST(a_newcomer_on_another_network_hears_a_phone_with_srtp)
	{
		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		phone_has_srtp(&f.other, LINE_C);
		f.other.answers_itself = true;
		phone_call(&f.phone, "102");
		fixture_run_until(&f, both_phones_up);
		phone_refer(&f.phone, "sip:05551234@127.0.1.1", NULL);
		fixture_run_until(&f, phone_ended);
		fixture_from_now(&f);
		fixture_run_until(&f, other_and_itsp_have_voices);
		ck_assert_str_eq(told_itsp()->protocol, "RTP/AVP");
		ck_assert_uint_eq(f.other.end.tone.unauthentic, 0);
		fixture_assert(&f, fixture_status_count(
					   &f, "event=media-unauthentic") == 0);
		no_key_leaked();
	}
END_TEST

static bool packets_were_not_authentic(struct fixture *x)
{
	return fixture_status_count(x, "event=media-unauthentic") > 0;
}

START_TEST(packets_under_another_key_are_dropped_and_told)
	{
		struct media_crypto wrong;

		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		wrong = f.phone.end.tone.keys;
		wrong.send.key[0] ^= 1;
		tone_lock(&f.phone.end.tone, &wrong);
		f.itsp_heard = tone_heard(&f.itsp.end.tone);
		fixture_run_until(&f, packets_were_not_authentic);
		ck_assert_status(&f, "leg=a peer=phones "
				     "event=media-unauthentic");
	}
END_TEST

static struct call *the_call(void)
{
	return TAILQ_FIRST(&f.agent->calls);
}

static bool phone_was_reinvited(struct fixture *x)
{
	return fake_seen_inside(&x->phone.end, "INVITE") == 1 &&
	       leg_is_idle(the_call()->a);
}

START_TEST(a_worn_key_is_renewed_by_reinvite)
	{
		char ours[256];

		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		rekey_worn(the_call(), the_call()->a);
		fixture_run_until(&f, phone_was_reinvited);
		ck_assert_str_ne(told_phone()->crypto, ours);
		ck_assert(!strncmp(told_phone()->crypto, ours,
				   strlen("1 " S80 " inline:")));
		fixture_both_ways(&f);
		fixture_both_ways(&f);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
		ck_assert_status(&f, "event=srtp-key-worn cause=renewed");
	}
END_TEST

START_TEST(a_worn_key_stays_where_no_reinvite_may_be_sent)
	{
		start(NULL, "srtp = \"sdes\"; reinvite = \"suppress\";");
		f.itsp.end.media.lines = LINE_B;
		fixture_talk_out(&f);
		rekey_worn(the_call(), the_call()->b);
		fixture_both_ways(&f);
		fixture_assert(&f, itsp_reinvites(&f.itsp) == 0);
		ck_assert_status(&f, "event=srtp-key-worn cause=protected");
	}
END_TEST

START_TEST(a_worn_key_stays_when_the_new_one_is_refused)
	{
		char ours[256];

		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		f.phone.refuses_reinvite = 488;
		fixture_talk_out(&f);
		snprintf(ours, sizeof(ours), "%s",
			 strstr(told_phone()->crypto, "inline"));
		rekey_worn(the_call(), the_call()->a);
		fixture_run_until(&f, phone_was_reinvited);
		fixture_assert(&f, strstr(the_call()->a->offer.local, ours));
		fixture_both_ways(&f);
		ck_assert_status(&f, "event=srtp-key-worn cause=refused");
	}
END_TEST

static bool phone_was_asked(struct fixture *x)
{
	return fake_seen_inside(&x->phone.end, "INVITE") == 1;
}

static bool phone_was_asked_again(struct fixture *x)
{
	return fake_seen_inside(&x->phone.end, "INVITE") == 2;
}

/* What it answers is none, but it has the new key by then. */
START_TEST(a_key_that_was_taken_in_vain_is_told_again)
	{
		char ours[256];

		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		phone_line(&f.phone)->media.instead = "v=0\r\nno SDP\r\n";
		rekey_worn(the_call(), the_call()->a);
		fixture_run_until(&f, phone_was_asked);
		ck_assert_str_ne(told_phone()->crypto, ours);
		phone_line(&f.phone)->media.instead = NULL;
		fixture_run_until(&f, phone_was_asked_again);
		ck_assert_str_eq(told_phone()->crypto, ours);
		fixture_watch(&f, 50);
		fixture_both_ways(&f);
		ck_assert_status(&f, "event=srtp-key-worn cause=refused");
	}
END_TEST

/* The worn key of leg a, while no request of it can be sent. */
static void wears_while_nothing_is_sent(void)
{
	struct leg *leg = the_call()->a;
	const char *contact = leg->contact;

	leg->contact = "<"; /* which no header can hold */
	rekey_worn(the_call(), leg);
	leg->contact = contact;
	ck_assert(!leg->invite_out);
	ck_assert(!the_call()->rekey[0].sent);
}

static bool nothing_to_renew(struct fixture *x)
{
	(void)x;
	return !the_call()->rekey[0].leg;
}

START_TEST(a_new_key_that_could_not_be_sent_is_sent_later)
	{
		char ours[256];

		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		wears_while_nothing_is_sent();
		fixture_run_until(&f, phone_was_reinvited);
		ck_assert_str_ne(told_phone()->crypto, ours);
		fixture_run_until(&f, nothing_to_renew);
		fixture_both_ways(&f);
		fixture_both_ways(&f);
	}
END_TEST

START_TEST(a_new_key_that_could_not_be_sent_goes_with_the_next_body)
	{
		char ours[256];

		start("srtp = \"sdes\";", SUPPRESS "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		fixture_talk_out(&f);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		wears_while_nothing_is_sent();
		phone_hold(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		ck_assert_str_ne(told_phone()->crypto, ours);
		fixture_run_until(&f, nothing_to_renew);
		phone_resume(&f.phone);
		fixture_run_until(&f, phone_reinvite_done);
		fixture_both_ways(&f);
		fixture_assert(&f,
			       fake_seen_inside(&f.phone.end, "INVITE") == 0);
	}
END_TEST

static unsigned reinvites;

/* Whom the phone refuses first, it takes the next time. */
static bool phone_took_it(struct fixture *x)
{
	unsigned seen = fake_seen_inside(&x->phone.end, "INVITE");

	if (seen)
		x->phone.refuses_reinvite = 0;
	return seen == reinvites && leg_is_idle(the_call()->a);
}

/* The far end may have looked at the first one. */
START_TEST(a_new_key_is_the_same_after_glare_and_another_the_next_time)
	{
		const struct text_message *refused;
		char ours[256];

		start("srtp = \"sdes\";", "srtp = \"off\";");
		phone_has_srtp(&f.phone, LINE_A);
		f.phone.refuses_reinvite = 491;
		fixture_talk_out(&f);
		rekey_worn(the_call(), the_call()->a);
		reinvites = 2;
		fixture_run_until(&f, phone_took_it);
		refused = fake_message(&f.phone.end, "INVITE", 0);
		ck_assert_str_eq(
			fake_last_message(&f.phone.end, "INVITE")->body,
			refused->body);
		fixture_both_ways(&f);
		snprintf(ours, sizeof(ours), "%s", told_phone()->crypto);
		rekey_worn(the_call(), the_call()->a);
		reinvites = 3;
		fixture_run_until(&f, phone_took_it);
		ck_assert_str_ne(told_phone()->crypto, ours);
		fixture_both_ways(&f);
	}
END_TEST

static Suite *srtp_suite(void)
{
	Suite *suite = suite_create("call_srtp");
	TCase *tests = tcase_create("srtp");

	fixture_around(tests, &f);
	tcase_add_test(tests, a_phone_with_srtp_calls_a_plain_provider);
	tcase_add_test(tests,
		       a_provider_that_passes_is_offered_what_the_phone_has);
	tcase_add_test(tests, a_plain_phone_calls_a_provider_that_wants_srtp);
	tcase_add_test(tests, each_leg_has_keys_of_its_own);
	tcase_add_test(tests,
		       a_call_from_a_plain_provider_reaches_a_phone_with_srtp);
	tcase_add_test(tests, who_offers_nothing_gets_our_keys);
	tcase_add_test(tests, who_is_asked_for_an_offer_keeps_its_keys);
	tcase_add_test(tests, a_plain_offer_is_refused_where_policy_wants_srtp);
	tcase_add_test(tests,
		       what_can_only_be_passed_is_refused_where_it_ends_here);
	tcase_add_test(tests,
		       the_next_candidate_may_pass_what_the_first_cannot);
	tcase_add_test(tests, an_answer_in_the_clear_is_not_taken);
	tcase_add_test(tests,
		       hold_resume_and_a_new_key_leave_the_provider_alone);
	tcase_add_test(tests, a_reinvite_without_an_offer_brings_no_new_key);
	tcase_add_loop_test(
		tests,
		keys_that_pass_are_changed_between_the_ends_or_not_at_all, 0,
		2);
	tcase_add_test(tests, early_media_is_heard_under_its_own_key);
	tcase_add_test(tests, each_early_dialog_has_its_own_key);
	tcase_add_test(tests, a_held_provider_with_srtp_hears_the_filler);
	tcase_add_test(tests, a_key_press_crosses_into_srtp);
	tcase_add_test(
		tests,
		a_newcomer_has_keys_of_its_own_and_the_provider_sees_nothing);
	tcase_add_test(tests, a_fax_is_refused_where_there_are_keys);
	tcase_add_test(tests,
		       a_plain_newcomer_takes_the_place_of_a_phone_with_srtp);
	tcase_add_test(tests,
		       a_newcomer_that_answers_in_the_clear_is_not_taken);
	tcase_add_test(tests,
		       a_newcomer_on_another_network_hears_a_phone_with_srtp);
	tcase_add_test(tests, packets_under_another_key_are_dropped_and_told);
	tcase_add_test(tests, a_worn_key_is_renewed_by_reinvite);
	tcase_add_test(tests, a_worn_key_stays_where_no_reinvite_may_be_sent);
	tcase_add_test(tests, a_worn_key_stays_when_the_new_one_is_refused);
	tcase_add_test(tests, a_key_that_was_taken_in_vain_is_told_again);
	tcase_add_test(tests, a_new_key_that_could_not_be_sent_is_sent_later);
	tcase_add_test(
		tests,
		a_new_key_that_could_not_be_sent_goes_with_the_next_body);
	tcase_add_test(
		tests,
		a_new_key_is_the_same_after_glare_and_another_the_next_time);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(srtp_suite())
