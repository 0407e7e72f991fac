/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/offer: what we say on a leg, from what the other one said. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/sip/offer.h"
#include "tests/check_main.h"
#include "tests/vectors/vectors.h"

#define OURS "203.0.113.7"

static struct offer leg;
static struct body source, other;
static char source_text[16384], other_text[16384];

/* Our ports 20000, 20002, ... on one address. */
static struct offer_place *places(const char *host,
				  enum body_direction direction)
{
	static struct offer_place place[BODY_MEDIA_MAX];

	for (unsigned i = 0; i < BODY_MEDIA_MAX; i++) {
		ck_assert_int_eq(address_parse(&place[i].at, host,
					       (uint16_t)(20000 + 2 * i)),
				 0);
		place[i].direction = direction;
	}
	return place;
}

static void load(struct body *body, char text[16384], const char *name)
{
	size_t len = vectors_load(text, name);

	ck_assert_int_eq(body_parse(body, text, len, NULL), 0);
}

static void parse(struct body *body, const char *text)
{
	ck_assert_int_eq(body_parse(body, text, strlen(text), NULL), 0);
}

static struct offer_rules names(const char *const *list, unsigned count)
{
	struct offer_rules rules = {.codecs = list, .codecs_count = count};

	return rules;
}

/* Turn "PCMA,PCMU" into rules; "" allows all. */
static struct offer_rules rules_of(const char *text)
{
	static char copy[256];
	static const char *list[16];
	unsigned count = 0;
	char *save = NULL;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *name = strtok_r(copy, ",", &save); name != NULL;
	     name = strtok_r(NULL, ",", &save))
		list[count++] = name;
	return names(list, count);
}

/* The line of the last body that begins with `start`, of slot `slot`. */
static const char *line_of(const char *start, unsigned slot)
{
	static char line[2048];
	const char *at = leg.local;
	int media = -1;

	ck_assert_ptr_nonnull(leg.local);
	while (*at != '\0') {
		size_t len = strcspn(at, "\r\n");

		media += strncmp(at, "m=", 2) == 0;
		if (media == (int)slot &&
		    strncmp(at, start, strlen(start)) == 0) {
			snprintf(line, sizeof line, "%.*s", (int)len, at);
			return line;
		}
		at += len;
		at += strspn(at, "\r\n");
	}
	return "";
}

static void setup(void)
{
	offer_init(&leg, 4242);
}

static void teardown(void)
{
	offer_clear(&leg);
}

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

#define HEAD "v=0\no=x 1 1 IN IP4 192.168.7.7\nc=IN IP4 192.168.7.7\n"

/* Offer, what the other side chose, rules, our answer's m= lines. */
static const struct {
	const char *theirs, *chosen, *rules;
	int error;
	const char *media[3], *line;
} answers[] = {
	/* the provider numbers telephone-event otherwise */
	{"m=audio 5 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\n",
	 "m=audio 7 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\n"
	 "a=fmtp:96 0-11\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=fmtp:101 0-11"},
	/* chosen's order counts, what was not offered does not */
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 18 0 8\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 0 8"},
	 "a=rtpmap:0 PCMU/8000"},
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 18\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* rules of this leg */
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 0 8\n",
	 "PCMA",
	 0,
	 {"m=audio 20000 RTP/AVP 8"},
	 "a=rtpmap:8 PCMA/8000"},
	{"m=audio 5 RTP/AVP 8 0\n",
	 "m=audio 7 RTP/AVP 0 8\n",
	 "G729",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* telephone-event alone is no audio */
	{"m=audio 5 RTP/AVP 8 101\na=rtpmap:101 telephone-event/8000\n",
	 "m=audio 7 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* names in any case, dynamic numbers for static codecs */
	{"m=audio 5 RTP/AVP 97\na=rtpmap:97 pcma/8000\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 97"},
	 "a=rtpmap:97 PCMA/8000"},
	/* another clock or number of channels is another codec */
	{"m=audio 5 RTP/AVP 97\na=rtpmap:97 L16/16000\n",
	 "m=audio 7 RTP/AVP 97\na=rtpmap:97 L16/8000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 5 RTP/AVP 97\na=rtpmap:97 L16/8000/2\n",
	 "m=audio 7 RTP/AVP 97\na=rtpmap:97 L16/8000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* octet-align tells AMR apart */
	{"m=audio 5 RTP/AVP 96 97\na=rtpmap:96 AMR/8000\na=rtpmap:97 "
	 "AMR/8000/1\na=fmtp:97 mode-set=7; octet-align=1\n",
	 "m=audio 7 RTP/AVP 100\na=rtpmap:100 AMR/8000\n"
	 "a=fmtp:100 octet-align=1\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 97"},
	 "a=fmtp:97 octet-align=1"},
	{"m=audio 5 RTP/AVP 96\na=rtpmap:96 AMR/8000\n",
	 "m=audio 7 RTP/AVP 100\na=rtpmap:100 AMR/8000\n"
	 "a=fmtp:100 octet-align=1\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 5 RTP/AVP 96\na=rtpmap:96 AMR/8000\n",
	 "m=audio 7 RTP/AVP 100\na=rtpmap:100 AMR/8000\n"
	 "a=fmtp:100 octet-align=0\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 96"},
	 "a=fmtp:96 octet-align=0"},
	{"m=audio 5 RTP/AVP 96\na=rtpmap:96 G7221/16000\n"
	 "a=fmtp:96 bitrate=24000\n",
	 "m=audio 7 RTP/AVP 96\na=rtpmap:96 G7221/16000\n"
	 "a=fmtp:96 bitrate=32000\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* H.264: profile and packetization, not the level */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 97 98\n"
	 "a=rtpmap:97 H264/90000\na=fmtp:97 profile-level-id=64001f\n"
	 "a=rtpmap:98 H264/90000\na=fmtp:98 profile-level-id=42801f;"
	 "packetization-mode=0\n",
	 "m=audio 7 RTP/AVP 8\nm=video 8 RTP/AVP 99\n"
	 "a=rtpmap:99 H264/90000\na=fmtp:99 profile-level-id=428014\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 20002 RTP/AVP 98"},
	 NULL},
	/* slots: refused by the other side, missing there, of another kind */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 34\nm=text 7 RTP/AVP 98\n",
	 "m=audio 7 RTP/AVP 8\nm=video 0 RTP/AVP 34\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 0 RTP/AVP 34",
	  "m=text 0 RTP/AVP 98"},
	 NULL},
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 34\n",
	 "m=audio 7 RTP/AVP 8\nm=audio 9 RTP/AVP 34\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 0 RTP/AVP 34"},
	 NULL},
	{"m=audio 0 RTP/AVP 8\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 0,
	 {"m=audio 0 RTP/AVP 8"},
	 NULL},
	{"m=audio 5 RTP/AVP 8\n",
	 "m=audio 0 RTP/AVP 8\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* video without audio is no call, audio that goes away is one */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVP 34\n",
	 "m=audio 7 RTP/AVP 0\nm=video 8 RTP/AVP 34\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 0 RTP/AVP 8\nm=video 6 RTP/AVP 34\n",
	 "m=audio 7 RTP/AVP 0\nm=video 8 RTP/AVP 34\n",
	 "",
	 0,
	 {"m=audio 0 RTP/AVP 8", "m=video 20002 RTP/AVP 34"},
	 NULL},
	/* plain and secure do not meet; the profile is the offer's */
	{"m=audio 5 RTP/SAVP 8\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	{"m=audio 5 RTP/AVPF 8\n",
	 "m=audio 7 RTP/AVP 8\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVPF 8"},
	 NULL},
	/* one crypto, the tag as offered */
	{"m=audio 5 RTP/SAVP 8\na=crypto:4 AES_CM_128_HMAC_SHA1_32 "
	 "inline:AAAA\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:BBBB\n",
	 "m=audio 7 RTP/SAVP 8\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
	 "inline:CCCC|2^31|1:1\na=crypto:2 AES_CM_128_HMAC_SHA1_32 "
	 "inline:DDDD\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:CCCC|2^31|1:1"},
	/* setup: actpass is no answer */
	{"m=audio 5 RTP/SAVP 8\na=setup:actpass\n",
	 "m=audio 7 RTP/SAVP 8\na=setup:active\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=setup:active"},
	{"m=audio 5 RTP/SAVP 8\na=setup:actpass\n",
	 "m=audio 7 RTP/SAVP 8\na=setup:actpass\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=setup:passive"},
	{"m=audio 5 RTP/SAVP 8\na=setup:passive\n",
	 "m=audio 7 RTP/SAVP 8\na=setup:actpass\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/SAVP 8"},
	 "a=setup:active"},
	/* fax */
	{"m=image 5 udptl t38\n",
	 "m=image 7 udptl t38\na=T38FaxVersion:0\na=candidate:x\n",
	 "PCMA",
	 0,
	 {"m=image 20000 udptl t38"},
	 "a=T38FaxVersion:0"},
	{"m=image 5 udptl t38\n",
	 "m=image 7 udptl t37\n",
	 "",
	 -ENOTSUP,
	 {NULL},
	 NULL},
	/* the same codec twice keeps its two numbers */
	{"m=audio 5 RTP/AVP 8 97\na=rtpmap:97 PCMA/8000\n",
	 "m=audio 7 RTP/AVP 97 8\na=rtpmap:97 PCMA/8000\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 97 8"},
	 NULL},
	/* rtcp-fb speaks of the offer's numbers */
	{"m=audio 5 RTP/AVP 8\nm=video 6 RTP/AVPF 97\na=rtpmap:97 VP8/90000\n",
	 "m=audio 7 RTP/AVP 8\na=rtcp-fb:97 nack\nm=video 8 RTP/AVPF 120\n"
	 "a=rtpmap:120 VP8/90000\na=rtcp-fb:120 nack pli\n",
	 "",
	 0,
	 {"m=audio 20000 RTP/AVP 8", "m=video 20002 RTP/AVPF 97"},
	 "a=rtcp-fb:97 nack pli"},
};

START_TEST(answers_hold_what_both_have)
	{
		char theirs[2048], chosen[2048];
		struct offer_rules rules = rules_of(answers[_i].rules);
		int error;

		snprintf(theirs, sizeof theirs, HEAD "%s", answers[_i].theirs);
		snprintf(chosen, sizeof chosen, HEAD "%s", answers[_i].chosen);
		parse(&source, theirs);
		parse(&other, chosen);
		error = offer_write_answer(&leg, &source, &other, &rules,
					   places(OURS, BODY_SENDRECV));
		ck_assert_int_eq(error, answers[_i].error);
		if (error != 0) {
			ck_assert_ptr_null(leg.local);
			return;
		}
		for (unsigned i = 0; i < 3 && answers[_i].media[i] != NULL; i++)
			ck_assert_str_eq(line_of("m=", i),
					 answers[_i].media[i]);
		if (answers[_i].line != NULL)
			ck_assert_msg(strstr(leg.local, answers[_i].line) !=
					      NULL,
				      "%s", leg.local);
		ck_assert_ptr_null(strstr(leg.local, "192.168"));
	}
END_TEST

START_TEST(our_key_stays_ours)
	{
		/* T offered two keys; P took the second; later P offers again
		 */
		static const char t[] = HEAD
			"m=audio 5 RTP/SAVP 8\n"
			"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:FIRST\n"
			"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:SECOND\n";
		static const char p[] =
			HEAD "m=audio 5 RTP/SAVP 8\n"
			     "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:PPPP\n";

		parse(&other, HEAD
		      "m=audio 5 RTP/SAVP 8\n"
		      "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:SECOND\n");
		ck_assert_int_eq(offer_write_offer(&leg, &other, NULL,
						   places(OURS, BODY_SENDRECV)),
				 0);
		parse(&source, p);
		parse(&other, t);
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &other, NULL,
					   places(OURS, BODY_SENDRECV)),
			0);
		ck_assert_str_eq(
			line_of("a=crypto", 0),
			"a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:SECOND");
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

START_TEST(a_refresh_is_recognised)
	{
		size_t len = vectors_load(source_text, "yealink");

		ck_assert(!offer_is_same(&leg, source_text, len));
		ck_assert_int_eq(offer_remember(&leg, source_text, len), 0);
		ck_assert(offer_is_same(&leg, source_text, len));
		ck_assert(!offer_is_same(&leg, source_text, len - 1));
		source_text[20]++;
		ck_assert(!offer_is_same(&leg, source_text, len));
		ck_assert_int_eq(offer_remember(&leg, source_text, len), 0);
		ck_assert(offer_is_same(&leg, source_text, len));
		ck_assert_uint_eq(leg.remote_len, len);
	}
END_TEST

START_TEST(what_was_offered_is_no_answer_to_less)
	{
#define SAID(port, rest)                                               \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1" \
	"\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n" rest "m=audio " port \
	" RTP/AVP 8\r\n"
#define KEYS(lines)                                                  \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2" \
	".1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\n" lines
#define KEY(tag, suite) "a=crypto:" tag " " suite " inline:abc\r\n"
		static const struct {
			const char *ours, *theirs;
			bool stands;
		} table[] = {
			{SAID("4002", ""), SAID("5000", ""), true},
			{SAID("0", ""), SAID("0", ""), true},
			{SAID("0", ""), SAID("5000", ""), true},
			{SAID("4002", ""), SAID("0", ""), false},
			{SAID("0", ""), SAID("0", "a=sendonly\r\n"), false},
			{SAID("0", "a=recvonly\r\n"),
			 SAID("0", "a=sendonly\r\n"), true},
			{SAID("0", "a=inactive\r\n"),
			 SAID("0", "a=sendonly\r\n"), true},
			{SAID("0", ""), SAID("0", "c=IN IP4 0.0.0.0\r\n"),
			 false},
			{SAID("0", "a=recvonly\r\n"),
			 SAID("0", "c=IN IP4 0.0.0.0\r\n"), true},
			{KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")),
			 KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")), true},
			{KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")
				      KEY("2", "AES_CM_128_HMAC_SHA1_32")),
			 KEYS(KEY("1", "AES_CM_128_HMAC_SHA1_80")), false},
		};
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			static struct body ours, theirs;
			parse(&ours, table[i].ours);
			parse(&theirs, table[i].theirs);
			ck_assert_msg(offer_stands(&ours, &theirs) ==
					      table[i].stands,
				      "row %zu", i);
		}
	}
END_TEST

START_TEST(payload_types_are_mapped)
	{
		uint8_t map[128];

		parse(&source, "v=0\nm=audio 5 RTP/AVP 8 96 97\n"
			       "a=rtpmap:96 telephone-event/8000\n"
			       "a=rtpmap:97 opus/48000/2\n");
		parse(&other, "v=0\nm=audio 5 RTP/AVP 8 101\n"
			      "a=rtpmap:101 telephone-event/8000\n");
		ck_assert(offer_payload_map(map, &source, &other, 0));
		ck_assert_uint_eq(map[8], 8);
		ck_assert_uint_eq(map[96], 101);
		ck_assert_uint_eq(map[97], 255);
		ck_assert_uint_eq(map[0], 255);
		ck_assert(!offer_payload_map(map, &source, &source, 0));
		ck_assert_uint_eq(map[97], 97);
		ck_assert(!offer_payload_map(map, &source, &other, 1));
		ck_assert_uint_eq(map[8], 255);
	}
END_TEST

START_TEST(the_agreed_codec_and_its_security)
	{
		static const struct {
			const char *name, *encoding, *encryption;
		} cases[] = {
			{"itsp-answer", "PCMA", "none"},
			{"webrtc", "opus", "dtls"},
			{"dtls-session", "PCMU", "dtls"},
			{"freeswitch-srtp", "PCMA", "sdes"},
			{"snom-srtp-optional", "PCMA", "sdes"},
			{"zrtp", "opus", "zrtp"},
			{"t38-with-audio", NULL, "none"},
		};
		const struct body_format *format;

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			load(&source, source_text, cases[i].name);
			format = offer_agreed(&source, 0);
			if (cases[i].encoding != NULL)
				ck_assert(body_span_is(format->encoding,
						       cases[i].encoding));
			else
				ck_assert_ptr_null(format);
			ck_assert_str_eq(offer_encryption(&source, 0),
					 cases[i].encryption);
		}
		ck_assert_ptr_null(offer_agreed(&source, 7));
		ck_assert_str_eq(offer_encryption(&source, 7), "none");
		parse(&source, "v=0\nm=audio 5 RTP/AVP 13 96 0\n"
			       "a=rtpmap:96 telephone-event/8000\n");
		ck_assert(body_span_is(offer_agreed(&source, 0)->encoding,
				       "PCMU"));
	}
END_TEST

START_TEST(lists_of_codecs_are_joined)
	{
		static const char *const one[] = {"PCMU", "G722", "PCMA"};
		static const char *const two[] = {"pcma", "opus", "PCMU"};
		static const char *const three[] = {"EVS"};
		const char *out[OFFER_CODECS_MAX];
		struct offer_rules a = names(one, 3), b = names(two, 3),
				   c = names(three, 1), all = {0};
		bool none;

		ck_assert_uint_eq(offer_codecs_join(out, &a, &b, &none), 2);
		ck_assert_str_eq(out[0], "pcma");
		ck_assert_str_eq(out[1], "PCMU");
		ck_assert(!none);
		ck_assert_uint_eq(offer_codecs_join(out, &a, &all, &none), 3);
		ck_assert_uint_eq(offer_codecs_join(out, &all, &b, &none), 3);
		ck_assert_uint_eq(offer_codecs_join(out, &all, &all, &none), 0);
		ck_assert(!none);
		ck_assert_uint_eq(offer_codecs_join(out, &a, &c, &none), 0);
		ck_assert(none);
	}
END_TEST

START_TEST(changes_are_told_apart)
	{
		static const char then[] =
			"v=0\no=- 1 1 IN IP4 192.0.2.1\n"
			"c=IN IP4 192.0.2.1\nm=audio 5 RTP/AVP 8 0\n";
		static const struct {
			const char *now, *change;
		} cases[] = {
			{then, "v"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 5 RTP/AVP 8 0\na=sendonly\n",
			 "d"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 0.0.0.0\n"
			 "m=audio 5 RTP/AVP 8 0\n",
			 "da"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 7 RTP/AVP 8\n",
			 "fa"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 0 RTP/AVP 8 0\nm=image 9 udptl t38\n",
			 "+-i"},
			{"v=0\no=- 1 2 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\n"
			 "m=audio 5 RTP/AVP 8 0\na=crypto:1 X inline:Y\n",
			 "k"},
		};

		parse(&other, then);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			struct offer_change c;
			char said[16] = "";

			parse(&source, cases[i].now);
			offer_compare(&c, &other, &source);
			snprintf(said, sizeof said, "%s%s%s%s%s%s%s%s",
				 c.same_version ? "v" : "",
				 c.slots_added ? "+" : "",
				 c.slots_removed ? "-" : "", c.image ? "i" : "",
				 c.formats ? "f" : "", c.direction ? "d" : "",
				 c.address ? "a" : "", c.key ? "k" : "");
			ck_assert_str_eq(said, cases[i].change);
		}
	}
END_TEST

/*
 * interwork.md's rows, as far as SDP answers them: P offers in mid-call, T's
 * session is `itsp-answer`; the place's direction is what its table says.
 */
static const struct {
	const char *row, *theirs;
	enum body_direction direction;
	const char *media[2], *said;
} rows[] = {
	{"hold sendonly",
	 "m=audio 5 RTP/AVP 8 101\na=sendonly\n",
	 BODY_RECVONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=recvonly"},
	{"hold inactive",
	 "m=audio 5 RTP/AVP 8 101\na=inactive\n",
	 BODY_INACTIVE,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=inactive"},
	{"recvonly offered",
	 "m=audio 5 RTP/AVP 8 101\na=recvonly\n",
	 BODY_SENDONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=sendonly"},
	{"RFC 2543 hold",
	 "m=audio 5 RTP/AVP 8 101\nc=IN IP4 0.0.0.0\n",
	 BODY_RECVONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=recvonly"},
	{"resume",
	 "m=audio 5 RTP/AVP 8 101\na=sendrecv\n",
	 BODY_SENDRECV,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=sendrecv"},
	{"another address",
	 "m=audio 9 RTP/AVP 8 101\nc=IN IP4 192.0.2.99\n",
	 BODY_SENDRECV,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=sendrecv"},
	{"T's codec still there, and a hold",
	 "m=audio 5 RTP/AVP 9 0 8 101\na=sendonly\n",
	 BODY_RECVONLY,
	 {"m=audio 20000 RTP/AVP 8 101"},
	 "a=recvonly"},
	{"extra m=",
	 "m=audio 5 RTP/AVP 8 101\nm=video 6 RTP/AVP 34\n",
	 BODY_SENDRECV,
	 {"m=audio 20000 RTP/AVP 8 101", "m=video 0 RTP/AVP 34"},
	 "a=sendrecv"},
	{"stream removed",
	 "m=audio 0 RTP/AVP 8 101\n",
	 BODY_INACTIVE,
	 {"m=audio 0 RTP/AVP 8"},
	 "m=audio 0 RTP/AVP 8"},
	{"T's codec gone",
	 "m=audio 5 RTP/AVP 9 101\n",
	 BODY_SENDRECV,
	 {NULL},
	 NULL},
	{"fax where T has audio",
	 "m=image 5 udptl t38\n",
	 BODY_SENDRECV,
	 {NULL},
	 NULL},
};

START_TEST(mid_call_offers_are_answered_here)
	{
		static const char *const list[] = {"PCMA", "telephone-event"};
		struct offer_rules rules = names(list, 2);
		char theirs[1024], first[1024];
		int error;

		load(&other, other_text, "itsp-answer");
		load(&source, source_text, "yealink");
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &other, NULL,
					   places(OURS, BODY_SENDRECV)),
			0);
		snprintf(first, sizeof first, "%s", leg.local);
		snprintf(theirs, sizeof theirs,
			 "v=0\no=- 20001 20002 IN IP4 10.0.20.31\n"
			 "c=IN IP4 10.0.20.31\n%s",
			 rows[_i].theirs);
		if (strstr(theirs, " 101\n") != NULL) {
			char *at = strchr(strstr(theirs, " 101\n"), '\n') + 1;
			static const char map[] =
				"a=rtpmap:101 telephone-event/8000\n";

			memmove(at + sizeof map - 1, at, strlen(at) + 1);
			memcpy(at, map, sizeof map - 1);
		}
		parse(&source, theirs);
		error = offer_write_answer(&leg, &source, &other, &rules,
					   places(OURS, rows[_i].direction));
		if (rows[_i].said == NULL) {
			ck_assert_int_eq(error, -ENOTSUP);
			ck_assert_str_eq(leg.local, first);
			return;
		}
		ck_assert_int_eq(error, 0);
		for (unsigned i = 0; i < 2 && rows[_i].media[i] != NULL; i++)
			ck_assert_str_eq(line_of("m=", i), rows[_i].media[i]);
		ck_assert_msg(strstr(leg.local, rows[_i].said) != NULL, "%s",
			      leg.local);
		ck_assert_ptr_null(strstr(leg.local, "0.0.0.0"));
		ck_assert_ptr_null(strstr(leg.local, "10.0.20"));
		/* the version rises exactly if the body differs */
		ck_assert_uint_eq(leg.version,
				  strcmp(leg.local, first) == 0 ? 1 : 2);
		/* and the same offer again gets the same bytes */
		snprintf(first, sizeof first, "%s", leg.local);
		ck_assert_int_eq(
			offer_write_answer(&leg, &source, &other, &rules,
					   places(OURS, rows[_i].direction)),
			0);
		ck_assert_str_eq(leg.local, first);
	}
END_TEST

START_TEST(holding_for_ever_leaks_nothing)
	{
		load(&other, other_text, "itsp-answer");
		load(&source, source_text, "yealink");
		for (int i = 0; i < 1000; i++)
			ck_assert_int_eq(
				offer_write_answer(
					&leg, &source, &other, NULL,
					places(OURS, i % 2 ? BODY_RECVONLY
							   : BODY_SENDRECV)),
				0);
		ck_assert_uint_eq(leg.version, 1000);
		ck_assert_uint_lt(leg.local_len, 400);
	}
END_TEST

static Suite *offer_suite(void)
{
	Suite *suite = suite_create("offer");
	TCase *tcase = tcase_create("offer");

	tcase_add_checked_fixture(tcase, setup, teardown);
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
	tcase_add_loop_test(tcase, answers_hold_what_both_have, 0,
			    sizeof answers / sizeof *answers);
	tcase_add_test(tcase, our_key_stays_ours);
	tcase_add_test(tcase, an_invite_without_offer_gets_ours);
	tcase_add_test(tcase, a_reinvite_without_offer_gets_the_session);
	tcase_add_test(tcase, a_refresh_is_recognised);
	tcase_add_test(tcase, what_was_offered_is_no_answer_to_less);
	tcase_add_test(tcase, payload_types_are_mapped);
	tcase_add_test(tcase, the_agreed_codec_and_its_security);
	tcase_add_test(tcase, lists_of_codecs_are_joined);
	tcase_add_test(tcase, changes_are_told_apart);
	tcase_add_loop_test(tcase, mid_call_offers_are_answered_here, 0,
			    sizeof rows / sizeof *rows);
	tcase_add_test(tcase, holding_for_ever_leaks_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(offer_suite())
