/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/offer: what we offer on a leg, from what the other one said. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "tests/check_main.h"
#include "tests/offer.h"
#include "tests/vectors/vectors.h"

START_TEST(an_offer_is_written_anew)
	{
		static const char *const list[] = {"PCMA", "PCMU",
						   "telephone-event"};
		struct offer_rules rules = names(list, 3);

		load(&source, source_text, "snom");
		ck_assert_int_eq(offer_write_offer(&leg, &source, &rules,
						   places(OURS, BODY_SENDRECV)),
				 0);
		ck_assert_str_eq(leg.local,
				 "v=0\r\n"
				 "o=- 4242 1 IN IP4 203.0.113.7\r\n"
				 "s=-\r\n"
				 "c=IN IP4 203.0.113.7\r\n"
				 "t=0 0\r\n"
				 "m=audio 20000 RTP/AVP 8 0 101\r\n"
				 "a=rtpmap:8 PCMA/8000\r\n"
				 "a=rtpmap:0 PCMU/8000\r\n"
				 "a=rtpmap:101 telephone-event/8000\r\n"
				 "a=fmtp:101 0-15\r\n"
				 "a=ptime:20\r\n"
				 "a=sendrecv\r\n");
		ck_assert_uint_eq(leg.local_len, strlen(leg.local));
		ck_assert_str_eq(leg.address, OURS);
	}
END_TEST

/* Which formats an offer holds, by vector and rules. */
static const struct {
	const char *name, *rules;
	unsigned slot;
	const char *media;
} filtered[] = {
	{"snom", "", 0, "m=audio 20000 RTP/AVP 9 0 8 3 99 112 18 101"},
	{"snom", "pcmu", 0, "m=audio 20000 RTP/AVP 0"},
	{"snom", "g729,PCMA", 0, "m=audio 20000 RTP/AVP 18 8"},
	{"snom", "telephone-event,PCMA", 0, "m=audio 20000 RTP/AVP 8 101"},
	{"snom", "opus", 0, NULL},
	{"snom", "telephone-event", 0, NULL},
	/* telephone-event goes with the clock of what stays */
	{"asterisk", "PCMA,telephone-event", 0, "m=audio 20000 RTP/AVP 8 101"},
	{"asterisk", "opus,telephone-event", 0,
	 "m=audio 20000 RTP/AVP 107 100"},
	{"asterisk", "opus,PCMU,telephone-event", 0,
	 "m=audio 20000 RTP/AVP 107 0 101 100"},
	{"baresip", "opus,telephone-event", 0, "m=audio 20000 RTP/AVP 96 101"},
	{"linphone", "PCMA,telephone-event", 0, "m=audio 20000 RTP/AVP 8 100"},
	{"cisco-caps", "", 0, "m=audio 20000 RTP/AVP 8 101 19"},
	{"cisco-caps", "PCMA,CN", 0, "m=audio 20000 RTP/AVP 8 19"},
	{"ims", "AMR,telephone-event", 0, "m=audio 20000 RTP/AVP 102 108 100"},
	/* red names the codec it repeats, rtx the one it repairs */
	{"webrtc", "opus,red", 0, "m=audio 20000 UDP/TLS/RTP/SAVPF 111 63"},
	{"webrtc", "PCMA,red", 0, "m=audio 20000 UDP/TLS/RTP/SAVPF 8"},
	{"webrtc", "PCMA,H264,rtx", 1,
	 "m=video 20002 UDP/TLS/RTP/SAVPF 102 103"},
	{"webrtc", "PCMA", 1, "m=video 0 UDP/TLS/RTP/SAVPF 96"},
	/* an odd format is left out, a strange transport refused */
	{"hostile-format", "", 0, "m=audio 20000 RTP/SAVPF 0"},
	{"bfcp-and-data", "", 0, "m=audio 20000 RTP/AVP 9 8"},
	{"bfcp-and-data", "", 1, "m=video 20002 RTP/AVP 97"},
	{"bfcp-and-data", "", 2, "m=application 0 UDP/BFCP *"},
	{"bfcp-and-data", "", 3, "m=message 0 TCP/MSRP *"},
	{"bfcp-and-data", "", 4, "m=application 20008 RTP/AVP 100"},
	{"bfcp-and-data", "", 5, "m=image 0 udptl t38"},
	{"t38-offer", "PCMA", 0, "m=image 20000 udptl t38"},
	{"t38-with-audio", "", 0, "m=audio 0 RTP/AVP 8"},
	{"t38-with-audio", "", 1, "m=image 20002 UDPTL t38"},
	{"rfc4317-2.4", "", 2, "m=audio 0 RTP/AVP 110"},
	/* a payload type that nobody explains */
	{"itsp-minimal", "PCMU", 0, "m=audio 20000 RTP/AVP 0"},
};

START_TEST(formats_are_filtered_and_ordered)
	{
		struct offer_rules rules = rules_of(filtered[_i].rules);
		int error;

		load(&source, source_text, filtered[_i].name);
		error = offer_write_offer(&leg, &source, &rules,
					  places(OURS, BODY_SENDRECV));
		if (filtered[_i].media == NULL) {
			ck_assert_int_eq(error, -ENOTSUP);
			ck_assert_ptr_null(leg.local);
			return;
		}
		ck_assert_int_eq(error, 0);
		ck_assert_str_eq(line_of("m=", filtered[_i].slot),
				 filtered[_i].media);
	}
END_TEST

/* Words that stand in the vectors and may never be said outside. */
static const char *const inside[] = {
	"192.168.",   "10.0.20.",    "10.10.1.",   "10.1.1.",	  "10.99.",
	"172.16.",    "81.2.69",     "198.51.100", "203.0.113.8", "203.0.113.9",
	"127.0.0.1",  "2001:db8:45", "fd00:",	   "0.0.0.0",	  "10.3.3.3",
	"10.0.0.1",   ".local",	     "inside",	   "atlanta",	  "root",
	"alice",      "jitsi",	     "fritz",	   "Asterisk",	  "FreeSWITCH",
	"BroadWorks", "Sonus",	     "Cisco",	   "baresip",	  "Polycom",
	"Talk",	      "candidate",   "ice-",	   "cname",	  "ssrc",
	"msid",	      "mid:",	     "group",	   "extmap",	  "rtcp-mux",
	"rtcp:",      "X-",	     "curr:",	   "des:",	  "record",
	"tool",	      "confid",	     "floor",	   "path:",	  "admin",
	"nortpproxy", "encryption",  "\ni=",	   "\nu=",	  "\ne=",
	"\np=",	      "\nk=",	     "b=RS",
};

static void assert_nothing_leaks(const char *name)
{
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		ck_assert_msg(strstr(leg.local, inside[i]) == NULL,
			      "%s: \"%s\" in\n%s", name, inside[i], leg.local);
}

START_TEST(nothing_of_the_inside_is_said)
	{
		const char *name = vectors_sdp[_i];
		char first[16384];

		load(&source, source_text, name);
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		assert_nothing_leaks(name);
		/* it can be read again, and says the same when said again */
		parse(&other, leg.local);
		ck_assert_uint_eq(other.medias, source.medias);
		snprintf(first, sizeof first, "%s", leg.local);
		ck_assert_int_eq(offer_write_offer(&leg, &other, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		ck_assert_str_eq(leg.local, first);
		ck_assert_uint_eq(leg.version, 1);
		/* and as an answer */
		offer_clear(&leg);
		offer_init(&leg, 1);
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &source, NULL,
					   places(OURS, BODY_SENDRECV)),
			0);
		assert_nothing_leaks(name);
		parse(&other, leg.local);
		ck_assert_uint_eq(other.medias, source.medias);
		/* and as an offer of ours */
		ck_assert_int_eq(offer_write_own(&leg, &source, NULL,
						 places(OURS, BODY_SENDRECV),
						 8),
				 0);
		assert_nothing_leaks(name);
	}
END_TEST

START_TEST(values_that_show_an_address_stay_behind)
	{
		static const char *const values[] = {
			"a=fmtp:0 x=192.0.2.1",
			"a=fmtp:0 x=2001:db8::1",
			"a=fmtp:0 user@host",
			"a=fmtp:0 at=pbx7.corp",
			"a=fmtp:0 caf\xc3\xa9",
			"a=label:192.0.2.1",
			"a=content:main.example",
			"a=lang:en@x",
			"a=key-mgmt:mikey 192.0.2.1",
			"a=fingerprint:sha-256 AA::BB",
			"a=ptime:20;x=y",
			"a=rtcp-fb:0 nack 10.0.0.1",
			"a=T38FaxVersion:0",
			"a=rtcp-mux",
		};
		static const char *const formats[] = {
			"m=audio 9 RTP/AVP 96 0\na=rtpmap:96 192.0.2.1/8000\n",
			"m=audio 9 RTP/AVP 192.0.2.1 0\n",
			"m=audio 9 RTP/AVP 0\nm=image 8 udptl 192.0.2.1 t38\n",
			"m=audio 9 RTP/AVP 0\nm=video 0 RTP/AVP 192.0.2.1\n",
		};

		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			char text[512];

			snprintf(text, sizeof text,
				 "v=0\no=- 1 1 IN IP4 pbx7.corp\nc=IN IP4 "
				 "192.0.2.9\n"
				 "m=audio 9 RTP/AVP 0\n%s\n",
				 values[i]);
			parse(&source, text);
			ck_assert_int_eq(
				offer_write_offer(&leg, &source, NULL,
						  places(OURS, BODY_SENDRECV)),
				0);
			ck_assert_msg(strstr(leg.local,
					     "m=audio 20000 RTP/AVP 0\r\n"
					     "a=rtpmap:0 "
					     "PCMU/8000\r\na=sendrecv\r\n"),
				      "%s", leg.local);
		}
		for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
			char text[512];

			snprintf(text, sizeof text, "v=0\n%s", formats[i]);
			parse(&source, text);
			ck_assert_int_eq(
				offer_write_offer(&leg, &source, NULL,
						  places(OURS, BODY_SENDRECV)),
				0);
			ck_assert_ptr_null(strstr(leg.local, "192.0.2"));
			ck_assert_str_eq(line_of("m=", 0),
					 "m=audio 20000 RTP/AVP 0");
		}
	}
END_TEST

START_TEST(what_the_ends_need_crosses)
	{
		static const struct {
			const char *name, *line;
		} cases[] = {
			{"snom-srtp-optional",
			 "a=crypto:1 AES_CM_128_HMAC_SHA1_32 "
			 "inline:WVNfX19zZW1jdGwgK"
			 "CkgewkyMjA7fQp9CnVubGVz"},
			{"freeswitch-srtp",
			 "a=crypto:2 AES_CM_128_HMAC_SHA1_80"},
			{"zrtp", "a=zrtp-hash:1.10 fe30efd02423cb"},
			{"dtls-session", "a=fingerprint:SHA-1 4A:AD:B9"},
			{"dtls-session", "a=setup:actpass"},
			{"webrtc", "a=setup:actpass"},
			{"webrtc", "a=rtcp-rsize"},
			{"cisco-caps", "a=silenceSupp:off - - - -"},
			{"itsp-answer", "a=maxptime:30"},
			{"linphone", "a=rtcp-fb:* ccm tmmbr"},
			{"t38-offer", "a=T38FaxRateManagement:transferredTCF"},
			{"t38-offer", "a=T38FaxUdpEC:t38UDPRedundancy"},
			{"freeswitch",
			 "a=fmtp:102 useinbandfec=1; maxaveragebitrate=30000"},
			{"polycom", "a=fmtp:102 bitrate=32000"},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			load(&source, source_text, cases[i].name);
			ck_assert_int_eq(
				offer_write_offer(&leg, &source, NULL,
						  places(OURS, BODY_SENDRECV)),
				0);
			ck_assert_msg(strncmp(line_of(cases[i].line, 0),
					      cases[i].line,
					      strlen(cases[i].line)) == 0,
				      "%s: %s", cases[i].name, cases[i].line);
		}
	}
END_TEST

START_TEST(the_version_rises_only_with_a_change)
	{
		char first[2048];

		load(&source, source_text, "yealink");
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		snprintf(first, sizeof first, "%s", leg.local);
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(
				offer_write_offer(&leg, &source, NULL,
						  places(OURS, BODY_SENDRECV)),
				0);
		ck_assert_str_eq(leg.local, first);
		ck_assert_uint_eq(leg.version, 1);
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL,
						   places(OURS, BODY_SENDONLY)),
				 0);
		ck_assert_uint_eq(leg.version, 2);
		ck_assert_ptr_nonnull(
			strstr(leg.local, "o=- 4242 2 IN IP4 203.0.113.7\r\n"));
		ck_assert_str_eq(line_of("a=send", 0), "a=sendonly");
		/* another address of ours: c= moves, o= does not */
		ck_assert_int_eq(offer_write_offer(
					 &leg, &source, NULL,
					 places("198.51.100.1", BODY_SENDONLY)),
				 0);
		ck_assert_uint_eq(leg.version, 3);
		ck_assert_ptr_nonnull(strstr(
			leg.local, "o=- 4242 3 IN IP4 203.0.113.7\r\ns=-\r\n"
				   "c=IN IP4 198.51.100.1\r\n"));
	}
END_TEST

START_TEST(a_failure_leaves_all_as_it_was)
	{
		static const char *const list[] = {"EVS"};
		struct offer_rules rules = names(list, 1);
		struct offer_place none[8] = {0};
		char *before;

		load(&source, source_text, "yealink");
		ck_assert_int_eq(offer_write_offer(&leg, &source, &rules, none),
				 -EINVAL);
		ck_assert_ptr_null(leg.local);
		ck_assert_str_eq(leg.address, "");
		ck_assert_int_eq(offer_write_offer(&leg, &source, &rules,
						   places(OURS, BODY_SENDRECV)),
				 -ENOTSUP);
		ck_assert_str_eq(leg.address, "");
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		before = leg.local;
		ck_assert_int_eq(offer_write_offer(&leg, &source, &rules,
						   places(OURS, BODY_SENDRECV)),
				 -ENOTSUP);
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL, none),
				 -ENOTSUP);
		ck_assert_ptr_eq(leg.local, before);
		ck_assert_uint_eq(leg.version, 1);
	}
END_TEST

START_TEST(a_body_that_grows_too_large_is_refused)
	{
		static char text[16384];
		size_t len;

		/* "key-mgmt" of the session is said again in each slot */
		len = (size_t)snprintf(text, sizeof text, "v=0\n");
		for (int i = 0; i < 3; i++) {
			len += (size_t)snprintf(text + len, sizeof text - len,
						"a=key-mgmt:mikey %d", i);
			memset(text + len, 'A', 950);
			len += 950;
			text[len++] = '\n';
		}
		for (int i = 0; i < 8; i++)
			len += (size_t)snprintf(text + len, sizeof text - len,
						"m=audio 9 RTP/AVP 0\n");
		ck_assert_int_eq(body_parse(&source, text, len, NULL), 0);
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL,
						   places(OURS, BODY_SENDRECV)),
				 -EMSGSIZE);
		ck_assert_ptr_null(leg.local);
	}
END_TEST

/* How a hold is put, by the peer's key. */
static const struct {
	int hold;
	enum body_direction direction;
	const char *said;
	bool zero;
} holds[] = {
	{OFFER_HOLD_SENDONLY, BODY_SENDRECV, "a=sendrecv", false},
	{OFFER_HOLD_SENDONLY, BODY_SENDONLY, "a=sendonly", false},
	{OFFER_HOLD_SENDONLY, BODY_INACTIVE, "a=inactive", false},
	{OFFER_HOLD_SENDONLY, BODY_RECVONLY, "a=recvonly", false},
	{OFFER_HOLD_INACTIVE, BODY_SENDRECV, "a=sendrecv", false},
	{OFFER_HOLD_INACTIVE, BODY_SENDONLY, "a=inactive", false},
	{OFFER_HOLD_INACTIVE, BODY_INACTIVE, "a=inactive", false},
	{OFFER_HOLD_INACTIVE, BODY_RECVONLY, "a=recvonly", false},
	{OFFER_HOLD_ZERO, BODY_SENDRECV, "a=sendrecv", false},
	{OFFER_HOLD_ZERO, BODY_SENDONLY, "a=sendonly", true},
	{OFFER_HOLD_ZERO, BODY_INACTIVE, "a=inactive", true},
	{OFFER_HOLD_ZERO, BODY_RECVONLY, "a=recvonly", false},
	{OFFER_HOLD_NONE, BODY_SENDRECV, "a=sendrecv", false},
	{OFFER_HOLD_NONE, BODY_SENDONLY, "a=sendrecv", false},
	{OFFER_HOLD_NONE, BODY_INACTIVE, "a=sendrecv", false},
	{OFFER_HOLD_NONE, BODY_RECVONLY, "a=sendrecv", false},
};

START_TEST(a_hold_is_put_as_the_peer_bears_it)
	{
		struct offer_rules rules = {0};

		rules.hold = holds[_i].hold;
		load(&source, source_text, "yealink");
		ck_assert_int_eq(
			offer_write_offer(&leg, &source, &rules,
					  places(OURS, holds[_i].direction)),
			0);
		ck_assert_str_eq(line_of(holds[_i].said, 0), holds[_i].said);
		ck_assert_str_eq(line_of("c=", 0),
				 holds[_i].zero ? "c=IN IP4 0.0.0.0" : "");
		ck_assert_ptr_nonnull(
			strstr(leg.local, "s=-\r\nc=IN IP4 " OURS));
		/* an answer says what the place says */
		offer_clear(&leg);
		offer_init(&leg, 1);
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &source, &rules,
					   places(OURS, holds[_i].direction)),
			0);
		ck_assert_str_eq(line_of("c=", 0), "");
		parse(&other, leg.local);
		ck_assert_int_eq(other.media[0].direction, holds[_i].direction);
	}
END_TEST

START_TEST(slots_on_other_addresses_say_so)
	{
		struct offer_place *place = places(OURS, BODY_SENDRECV);

		ck_assert_int_eq(
			address_parse(&place[1].at, "2001:db8::7", 30000), 0);
		load(&source, source_text, "linphone");
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL, place),
				 0);
		ck_assert_str_eq(line_of("c=", 0), "");
		ck_assert_str_eq(line_of("c=", 1), "c=IN IP6 2001:db8::7");
		ck_assert_str_eq(line_of("m=", 1),
				 "m=video 30000 RTP/AVP 96 97");
		ck_assert_str_eq(line_of("b=", 1), "b=AS:512");
	}
END_TEST

START_TEST(an_invite_without_offer_gets_ours)
	{
		static const struct {
			const char *rules, *media, *line;
		} cases[] = {
			{"", "m=audio 20000 RTP/AVP 8 0 9 101",
			 "a=rtpmap:101 telephone-event/8000"},
			{"PCMU,telephone-event", "m=audio 20000 RTP/AVP 0 101",
			 "a=fmtp:101 0-15"},
			{"g722,unheard-of,PCMA", "m=audio 20000 RTP/AVP 9 8",
			 "a=rtpmap:9 G722/8000"},
			{"opus,telephone-event",
			 "m=audio 20000 RTP/AVP 107 101",
			 "a=rtpmap:101 telephone-event/48000"},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct offer_rules rules = rules_of(cases[i].rules);

			ck_assert_int_eq(
				offer_write_own(&leg, NULL, &rules,
						places(OURS, BODY_SENDRECV), 1),
				0);
			ck_assert_str_eq(line_of("m=", 0), cases[i].media);
			ck_assert_msg(strstr(leg.local, cases[i].line) != NULL,
				      "%s", leg.local);
		}
		struct offer_rules rules = rules_of("unheard-of");
		ck_assert_int_eq(offer_write_own(&leg, NULL, &rules,
						 places(OURS, BODY_SENDRECV),
						 1),
				 -ENOTSUP);
		ck_assert_int_eq(offer_write_own(&leg, NULL, NULL, NULL, 0),
				 -ENOTSUP);
	}
END_TEST

START_TEST(a_reinvite_without_offer_gets_the_session)
	{
		load(&source, source_text, "webrtc");
		ck_assert_int_eq(offer_write_offer(&leg, &source, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		/* from our own last body, which is replaced */
		parse(&other, leg.local);
		ck_assert_int_eq(offer_write_own(&leg, &other, NULL,
						 places(OURS, BODY_SENDRECV),
						 1),
				 0);
		ck_assert_uint_eq(leg.version, 2);
		ck_assert_str_eq(line_of("m=", 0),
				 "m=audio 20000 UDP/TLS/RTP/SAVPF 111 63 9 0 8 "
				 "13 110 126");
		ck_assert_str_eq(line_of("m=", 1),
				 "m=video 0 UDP/TLS/RTP/SAVPF 96");
		ck_assert_str_eq(line_of("a=setup", 0), "a=setup:actpass");
	}
END_TEST

static Suite *offer_suite(void)
{
	Suite *suite = suite_create("offer");
	TCase *tcase = tcase_create("offer");

	tcase_add_checked_fixture(tcase, offer_setup, offer_teardown);
	tcase_add_test(tcase, an_offer_is_written_anew);
	tcase_add_loop_test(tcase, formats_are_filtered_and_ordered, 0,
			    sizeof filtered / sizeof *filtered);
	tcase_add_loop_test(tcase, nothing_of_the_inside_is_said, 0,
			    VECTORS_SDP);
	tcase_add_test(tcase, values_that_show_an_address_stay_behind);
	tcase_add_test(tcase, what_the_ends_need_crosses);
	tcase_add_test(tcase, the_version_rises_only_with_a_change);
	tcase_add_test(tcase, a_failure_leaves_all_as_it_was);
	tcase_add_test(tcase, a_body_that_grows_too_large_is_refused);
	tcase_add_loop_test(tcase, a_hold_is_put_as_the_peer_bears_it, 0,
			    sizeof holds / sizeof *holds);
	tcase_add_test(tcase, slots_on_other_addresses_say_so);
	tcase_add_test(tcase, an_invite_without_offer_gets_ours);
	tcase_add_test(tcase, a_reinvite_without_offer_gets_the_session);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(offer_suite())
