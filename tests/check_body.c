/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sbc/sip/body: SDP of real phones and of nobody's friends. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "policy/address.h"
#include "sbc/sip/body.h"
#include "tests/check_main.h"
#include "tests/vectors/vectors.h"

static struct body body;

static int parse(const char *text)
{
	const char *why;

	return body_parse(&body, text, strlen(text), &why);
}

static const struct body_format *format_at(unsigned slot, unsigned i)
{
	ck_assert_uint_lt(slot, body.medias);
	ck_assert_uint_lt(i, body.media[slot].formats);
	return &body.format[body.media[slot].first_format + i];
}

static void assert_span(struct body_span span, const char *text)
{
	ck_assert_msg(span.len == strlen(text) &&
			      (span.len == 0 ||
			       memcmp(span.text, text, span.len) == 0),
		      "\"%.*s\" is not \"%s\"", (int)span.len,
		      span.text ? span.text : "", text);
}

static void assert_address(const struct sockaddr_storage *at, const char *text)
{
	char buf[ADDRESS_TEXT_MAX];

	ck_assert_int_ne(at->ss_family, AF_UNSPEC);
	ck_assert_str_eq(address_text(buf, (const struct sockaddr *)at), text);
}

/* What each vector says, in one line. */
static const struct {
	const char *name;
	unsigned medias, formats, port;
	const char *address, *encoding; /* of the first slot */
	enum body_direction direction;
} said[] = {
	{"asterisk", 1, 5, 15846, "192.168.1.5:15846", "PCMA", BODY_SENDRECV},
	{"baresip", 1, 4, 19344, "10.99.1.2:19344", "opus", BODY_SENDRECV},
	{"bfcp-and-data", 6, 2, 2326, "10.3.3.3:2326", "G722", BODY_SENDRECV},
	{"cisco-caps", 1, 3, 18044, "10.10.1.1:18044", "PCMA", BODY_SENDRECV},
	{"cisco-spa", 1, 9, 16450, "192.168.5.60:16450", "PCMU", BODY_SENDRECV},
	{"dtls-session", 2, 1, 6056, "192.168.1.60:6056", "PCMU",
	 BODY_SENDRECV},
	{"freeswitch", 1, 6, 26012, "10.1.1.9:26012", "opus", BODY_SENDRECV},
	{"freeswitch-srtp", 1, 3, 26012, "10.1.1.9:26012", "PCMA",
	 BODY_SENDRECV},
	{"grandstream", 1, 8, 5004, "192.168.86.40:5004", "PCMU",
	 BODY_SENDRECV},
	{"hold-inactive", 1, 2, 11780, "10.0.20.31:11780", "PCMA",
	 BODY_INACTIVE},
	{"hold-zero", 1, 2, 7078, "0.0.0.0:7078", "PCMA", BODY_SENDRECV},
	{"hostile-format", 1, 2, 9, "192.0.2.66:9", "PCMU", BODY_SENDRECV},
	{"ims", 1, 6, 49152, "[2001:db8:45::3]:49152", "AMR-WB", BODY_SENDRECV},
	{"ipv6-phone", 1, 3, 5062, "[fd00:1::66]:5062", "PCMA", BODY_SENDRECV},
	{"itsp-answer", 1, 2, 31420, "203.0.113.80:31420", "PCMA",
	 BODY_SENDRECV},
	{"itsp-early", 1, 3, 5130, "203.0.113.91:5130", "PCMA", BODY_SENDRECV},
	{"itsp-minimal", 1, 1, 40000, "203.0.113.81:40000", "PCMU",
	 BODY_SENDRECV},
	{"lf-only", 1, 1, 4000, "192.0.2.33:4000", "PCMA", BODY_SENDRECV},
	{"linphone", 2, 8, 7078, "81.2.69.160:7078", "opus", BODY_SENDRECV},
	{"name-host", 1, 1, 4000, NULL, "PCMU", BODY_SENDRECV},
	{"no-session-lines", 1, 2, 4000, "192.0.2.50:4000", "PCMU",
	 BODY_SENDRECV},
	{"odd-order", 2, 1, 4000, "192.0.2.7:4000", "PCMA", BODY_SENDONLY},
	{"odd-spacing", 1, 3, 4000, "192.168.1.9:4000", "PCMU", BODY_RECVONLY},
	{"polycom", 1, 6, 2226, "192.168.30.77:2226", "G722", BODY_SENDRECV},
	{"rfc4317-2.4", 3, 1, 49170, NULL, "iLBC", BODY_SENDRECV},
	{"snom", 1, 8, 57822, "192.168.1.21:57822", "G722", BODY_SENDRECV},
	{"snom-srtp-optional", 1, 3, 52044, "192.168.1.21:52044", "PCMA",
	 BODY_SENDRECV},
	{"t38-offer", 1, 1, 4602, "198.51.100.9:4602", "", BODY_SENDRECV},
	{"t38-with-audio", 2, 1, 0, "172.16.4.2:0", "PCMA", BODY_SENDRECV},
	{"webrtc", 2, 8, 51472, "192.168.1.77:51472", "opus", BODY_SENDRECV},
	{"yealink", 1, 5, 11780, "10.0.20.31:11780", "G722", BODY_SENDRECV},
	{"yealink-hold", 1, 2, 11780, "10.0.20.31:11780", "PCMA",
	 BODY_SENDONLY},
	{"zrtp", 1, 4, 5012, "192.168.1.61:5012", "opus", BODY_SENDRECV},
};

START_TEST(every_phone_is_understood)
	{
		char text[16384];
		size_t len = vectors_load(text, said[_i].name);
		const char *why = NULL;
		const struct body_media *media = &body.media[0];

		ck_assert_msg(body_parse(&body, text, len, &why) == 0, "%s: %s",
			      said[_i].name, why);
		ck_assert_uint_eq(body.medias, said[_i].medias);
		ck_assert_uint_eq(media->formats, said[_i].formats);
		ck_assert_uint_eq(media->port, said[_i].port);
		if (said[_i].address != NULL)
			assert_address(&media->address, said[_i].address);
		else
			ck_assert_int_eq(media->address.ss_family, AF_UNSPEC);
		assert_span(format_at(0, 0)->encoding, said[_i].encoding);
		ck_assert_int_eq(media->direction, said[_i].direction);
	}
END_TEST

START_TEST(no_vector_is_left_untried)
	{
		ck_assert_uint_eq(sizeof said / sizeof *said, VECTORS_SDP);
		for (size_t i = 0; i < VECTORS_SDP; i++)
			ck_assert_str_eq(said[i].name, vectors_sdp[i]);
	}
END_TEST

START_TEST(spans_hold_what_the_lines_said)
	{
		char text[16384];
		size_t len = vectors_load(text, "linphone");
		const struct body_attribute *a;

		ck_assert_int_eq(body_parse(&body, text, len, NULL), 0);
		assert_span(body.origin_user, "alice");
		assert_span(body.origin_id, "3264");
		assert_span(body.origin_version, "2811");
		assert_span(body.origin_host, "192.168.0.50");
		assert_span(format_at(0, 0)->fmtp, "useinbandfec=1");
		ck_assert_uint_eq(format_at(0, 0)->clock, 48000);
		ck_assert_uint_eq(format_at(0, 0)->channels, 2);
		assert_span(format_at(1, 1)->fmtp, "profile-level-id=42801F");
		ck_assert_uint_eq(body.media[1].as_kbps, 512);
		assert_address(&body.media[0].rtcp, "81.2.69.160:38611");
		ck_assert_uint_eq(body.session_attributes, 4);
		a = body_attribute(&body, -1, "record");
		ck_assert_ptr_nonnull(a);
		assert_span(a->value, "off");
		a = body_attribute(&body, 1, "rtcp");
		ck_assert_ptr_nonnull(a);
		assert_span(a->value, "60119");
		ck_assert_int_eq(a->media, 1);
		ck_assert_ptr_null(body_attribute(&body, 0, "nortpproxy"));
	}
END_TEST

START_TEST(odd_spacing_is_forgiven)
	{
		char text[16384];
		size_t len = vectors_load(text, "odd-spacing");

		ck_assert_int_eq(body_parse(&body, text, len, NULL), 0);
		assert_span(format_at(0, 1)->encoding, "PCMA");
		assert_span(format_at(0, 2)->encoding, "telephone-event");
		assert_span(format_at(0, 2)->fmtp, "0-15");
		ck_assert_uint_eq(body.media[0].ptime_ms, 20);
	}
END_TEST

START_TEST(static_payload_types_need_no_rtpmap)
	{
		static const struct {
			int type;
			const char *encoding;
			unsigned clock, channels;
		} cases[] = {
			{0, "PCMU", 8000, 1},	{3, "GSM", 8000, 1},
			{4, "G723", 8000, 1},	{8, "PCMA", 8000, 1},
			{9, "G722", 8000, 1},	{10, "L16", 44100, 2},
			{11, "L16", 44100, 1},	{13, "CN", 8000, 1},
			{15, "G728", 8000, 1},	{18, "G729", 8000, 1},
			{31, "H261", 90000, 1}, {34, "H263", 90000, 1},
			{1, "", 0, 1},		{35, "", 0, 1},
			{96, "", 0, 1},		{127, "", 0, 1},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char text[64];

			snprintf(text, sizeof text,
				 "v=0\nm=audio 9 RTP/AVP %d\n", cases[i].type);
			ck_assert_int_eq(parse(text), 0);
			ck_assert_int_eq(format_at(0, 0)->payload_type,
					 cases[i].type);
			assert_span(format_at(0, 0)->encoding,
				    cases[i].encoding);
			ck_assert_uint_eq(format_at(0, 0)->clock,
					  cases[i].clock);
			ck_assert_uint_eq(format_at(0, 0)->channels,
					  cases[i].channels);
		}
	}
END_TEST

START_TEST(an_rtpmap_overrides_the_static_table)
	{
		ck_assert_int_eq(parse("v=0\nm=audio 9 RTP/AVP 8\na=rtpmap:8 "
				       "L16/16000/2\n"),
				 0);
		assert_span(format_at(0, 0)->encoding, "L16");
		ck_assert_uint_eq(format_at(0, 0)->clock, 16000);
		ck_assert_uint_eq(format_at(0, 0)->channels, 2);
	}
END_TEST

START_TEST(profiles_are_told_apart)
	{
		static const struct {
			const char *proto;
			bool rtp, secure;
		} cases[] = {
			{"RTP/AVP", true, false},
			{"RTP/AVPF", true, false},
			{"rtp/savp", true, true},
			{"RTP/SAVPF", true, true},
			{"UDP/TLS/RTP/SAVP", true, true},
			{"UDP/TLS/RTP/SAVPF", true, true},
			{"TCP/RTP/AVP", true, false},
			{"udptl", false, false},
			{"TCP/MSRP", false, false},
			{"UDP/DTLS/SCTP", false, false},
			{"AVP", false, false},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char text[64];

			snprintf(text, sizeof text, "v=0\nm=audio 9 %s 0\n",
				 cases[i].proto);
			ck_assert_int_eq(parse(text), 0);
			ck_assert_int_eq(body.media[0].rtp, cases[i].rtp);
			ck_assert_int_eq(body.media[0].secure, cases[i].secure);
		}
	}
END_TEST

START_TEST(connections_are_read)
	{
		static const struct {
			const char *line, *address;
			bool zero;
		} cases[] = {
			{"c=IN IP4 192.0.2.1", "192.0.2.1:9", false},
			{"c=IN IP4 224.2.1.1/127/3", "224.2.1.1:9", false},
			{"c=IN IP6 ff15::101/3", "[ff15::101]:9", false},
			{"c=IN IP6 2001:db8::1", "[2001:db8::1]:9", false},
			{"c=IN IP4 2001:db8::1", "[2001:db8::1]:9", false},
			{"c=IN IP6 [2001:db8::1]", "[2001:db8::1]:9", false},
			{"c=IN IP4 0.0.0.0", "0.0.0.0:9", true},
			{"c=IN IP6 ::", "[::]:9", true},
			{"c=IN IP4 phone.example", NULL, false},
			{"c=IN IP4 1.2.3", NULL, false},
			{"c=IN IP4", NULL, false},
			{"c=", NULL, false},
			{"b=x", NULL, false},
			{"c=IN IP4 "
			 "11111111111111111111111111111111111111111111111"
			 "111111",
			 NULL, false},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			for (int in_media = 0; in_media < 2; in_media++) {
				char text[256];

				snprintf(text, sizeof text,
					 in_media ? "v=0\nm=audio 9 RTP/AVP "
						    "0\n%s\n"
						  : "v=0\n%s\nm=audio 9 "
						    "RTP/AVP 0\n",
					 cases[i].line);
				ck_assert_int_eq(parse(text), 0);
				ck_assert_int_eq(body.media[0].zero,
						 cases[i].zero);
				if (cases[i].address != NULL)
					assert_address(&body.media[0].address,
						       cases[i].address);
				else
					ck_assert_int_eq(
						body.media[0].address.ss_family,
						AF_UNSPEC);
			}
		}
	}
END_TEST

START_TEST(a_slot_overrides_the_session)
	{
		ck_assert_int_eq(
			parse("v=0\r\nc=IN IP4 192.0.2.1\r\na=sendonly\r\n"
			      "a=ptime:30\r\n"
			      "m=audio 10 RTP/AVP 0\r\n"
			      "m=audio 12 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\n"
			      "a=recvonly\r\na=ptime:40\r\n"),
			0);
		assert_address(&body.media[0].address, "192.0.2.1:10");
		assert_address(&body.media[1].address, "192.0.2.2:12");
		ck_assert_int_eq(body.media[0].direction, BODY_SENDONLY);
		ck_assert_int_eq(body.media[1].direction, BODY_RECVONLY);
		ck_assert_uint_eq(body.media[0].ptime_ms, 30);
		ck_assert_uint_eq(body.media[1].ptime_ms, 40);
	}
END_TEST

START_TEST(rtcp_is_one_above_unless_said)
	{
		static const struct {
			const char *line, *address;
		} cases[] = {
			{"a=x", "192.0.2.1:9001"},
			{"a=rtcp:53020", "192.0.2.1:53020"},
			{"a=rtcp:53020 IN IP4 192.0.2.9", "192.0.2.9:53020"},
			{"a=rtcp:53020 IN IP4 name.example", "192.0.2.1:53020"},
			{"a=rtcp:99999", "192.0.2.1:9001"},
			{"a=rtcp:", "192.0.2.1:9001"},
		};

		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char text[256];

			snprintf(text, sizeof text,
				 "v=0\nc=IN IP4 192.0.2.1\nm=audio 9000 "
				 "RTP/AVP 0\n"
				 "%s\na=rtcp-mux\n",
				 cases[i].line);
			ck_assert_int_eq(parse(text), 0);
			assert_address(&body.media[0].rtcp, cases[i].address);
			ck_assert(body.media[0].rtcp_mux);
		}
		ck_assert_int_eq(parse("v=0\nc=IN IP4 192.0.2.1\n"
				       "m=audio 65535 RTP/AVP 0\n"),
				 0);
		assert_address(&body.media[0].rtcp, "192.0.2.1:0");
	}
END_TEST

START_TEST(a_format_named_twice_counts_once)
	{
		ck_assert_int_eq(parse("v=0\nm=audio 9 RTP/AVP 8 8 08 0 8\n"),
				 0);
		ck_assert_uint_eq(body.media[0].formats, 2);
	}
END_TEST

/* What is refused, and with what. */
static const struct {
	const char *text;
	int error;
} refused[] = {
	{"", -EPROTO},
	{"v", -EPROTO},
	{"v=0", -EPROTO},
	{"v=1\nm=audio 9 RTP/AVP 0\n", -EPROTO},
	{"v=00\nm=audio 9 RTP/AVP 0\n", -EPROTO},
	{" v=0\nm=audio 9 RTP/AVP 0\n", -EPROTO},
	{"hello", -EPROTO},
	{"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n", -EPROTO},
	{"v=0\nm=\n", -EPROTO},
	{"v=0\nm=audio\n", -EPROTO},
	{"v=0\nm=audio 9\n", -EPROTO},
	{"v=0\nm=audio x RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=audio -1 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=audio 65536 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=audio 99999999999 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=audio 9 RTP<AVP 0\n", -EPROTO},
	{"v=0\nm=192.0.2.1 9 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=au/dio 9 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=\xc3\xa4udio 9 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=audio 9 RTP/AVP 0\na=x:\x01\n", -EPROTO},
	{"v=0\ns=\x1b[2J\nm=audio 9 RTP/AVP 0\n", -EPROTO},
	{"v=0\ns=\x7f\nm=audio 9 RTP/AVP 0\n", -EPROTO},
	{"v=0\nm=audio 9 RTP/AVP 0", 0},
	{"v=0\r\nm=audio 9 RTP/AVP\r\n", 0},
	{"v=0\nm=audio 65535 RTP/AVP 0\n", 0},
	{"v=0\ns=\xff\xfe caf\xe9\nm=audio 9 RTP/AVP 0\n", 0},
};

START_TEST(what_is_no_sdp_is_refused)
	{
		const char *why = "unset";
		int error = body_parse(&body, refused[_i].text,
				       strlen(refused[_i].text), &why);

		ck_assert_int_eq(error, refused[_i].error);
		if (error != 0)
			ck_assert_ptr_nonnull(why);
		else
			ck_assert_str_eq(why, "unset");
	}
END_TEST

START_TEST(a_nul_is_refused)
	{
		static const char text[] = "v=0\nm=audio 9 RTP/AVP 0\na=x\0y\n";

		ck_assert_int_eq(body_parse(&body, text, sizeof text - 1, NULL),
				 -EPROTO);
	}
END_TEST

/* `count` times `line` between head and tail. */
static int parse_many(const char *head, const char *line, unsigned count,
		      const char *tail)
{
	static char text[65536];
	size_t len = (size_t)snprintf(text, sizeof text, "%s", head);

	while (count-- > 0)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s",
					line);
	len += (size_t)snprintf(text + len, sizeof text - len, "%s", tail);
	ck_assert_uint_lt(len, sizeof text);
	return body_parse(&body, text, len, NULL);
}

START_TEST(the_limits_are_where_they_are_said_to_be)
	{
		static const char m[] = "m=audio 9 RTP/AVP 0\n";
		static char line[4096];
		size_t len = 0;

		ck_assert_int_eq(parse_many("v=0\n", m, 8, ""), 0);
		ck_assert_int_eq(parse_many("v=0\n", m, 9, ""), -EMSGSIZE);
		ck_assert_int_eq(parse_many("v=0\nm=audio 9 RTP/AVP 0\n",
					    "a=x\n", 256, ""),
				 0);
		ck_assert_int_eq(parse_many("v=0\nm=audio 9 RTP/AVP 0\n",
					    "a=x\n", 257, ""),
				 -EMSGSIZE);
		ck_assert_int_eq(parse_many("v=0\nm=audio 9 RTP/AVP 0\n",
					    "a=x\n", 10000, ""),
				 -EMSGSIZE);
		for (int i = 0; i < 64; i++)
			len += (size_t)snprintf(line + len, sizeof line - len,
						" %d", i);
		ck_assert_int_eq(
			parse_many("v=0\nm=audio 9 RTP/AVP", line, 1, "\n"), 0);
		ck_assert_int_eq(
			parse_many("v=0\nm=audio 9 RTP/AVP", line, 1, " 64\n"),
			-EMSGSIZE);
		/* all of it at once */
		snprintf(line + len, sizeof line - len, "\n");
		memmove(line + 18, line, strlen(line) + 1);
		memcpy(line, "m=audio 9 RTP/AVP ", 18);
		ck_assert_int_eq(parse_many("v=0\n", line, 8, ""), 0);
		ck_assert_uint_eq(body.formats, 512);
		/* 16,384 bytes, and one more */
		memset(line, 'x', 1000);
		memcpy(line, "z=", 2);
		line[999] = '\n';
		line[1000] = '\0';
		ck_assert_int_eq(parse_many("v=0\nm=audio 9 RTP/AVP 0\n", line,
					    16, "z=xx"),
				 0);
		memset(line + 998, 'x', 358);
		line[1357] = '\0';
		line[1356] = '\n';
		ck_assert_int_eq(
			parse_many("v=0\nm=audio 9 RTP/AVP 0\n", line, 12, ""),
			0);
		ck_assert_int_eq(
			parse_many("v=0\nm=audio 9 RTP/AVP 0\n", line, 13, ""),
			-EMSGSIZE);
	}
END_TEST

START_TEST(a_failed_parse_leaves_nothing_of_the_last_one)
	{
		ck_assert_int_eq(parse("v=0\nm=audio 9 RTP/AVP 0\n"), 0);
		ck_assert_int_eq(parse("nothing"), -EPROTO);
		ck_assert_uint_eq(body.medias, 0);
		ck_assert_uint_eq(body.formats, 0);
		ck_assert_uint_eq(body.attributes, 0);
	}
END_TEST

#define SDP "v=0\r\nm=audio 9 RTP/AVP 0\r\n"

static const struct {
	const char *type, *text;
	int error;
	const char *sdp;
} found[] = {
	{"application/sdp", SDP, 0, SDP},
	{"Application/SDP; charset=utf-8", SDP, 0, SDP},
	{" application/sdp", SDP, 0, SDP},
	{NULL, SDP, 0, SDP},
	{NULL, "hello", -ENOENT, NULL},
	{"application/sdpx", SDP, -ENOENT, NULL},
	{"text/plain", SDP, -ENOENT, NULL},
	{"application/sdp", "", -ENOENT, NULL},
	{"", SDP, -ENOENT, NULL},
	{"multipart/mixed;boundary=ab",
	 "--ab\r\nContent-Type: application/sdp\r\n\r\n" SDP "\r\n--ab--\r\n",
	 0, SDP},
	{"multipart/mixed; charset=x ; boundary=\"a b\"",
	 "preamble\r\n--a b\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
	 "--a b\r\nc: application/sdp\r\n\r\n" SDP "\r\n--a b--",
	 0, SDP},
	{"multipart/alternative;boundary=ab",
	 "--ab\nContent-type:application/sdp ;x=1\n\nv=0\nm=audio 9 RTP/AVP "
	 "0\n--ab--\n",
	 0, "v=0\nm=audio 9 RTP/AVP 0"},
	{"multipart/mixed;boundary=ab",
	 "--abc\r\nContent-Type: application/sdp\r\n\r\n" SDP "\r\n--abc--\r\n",
	 -EPROTO, NULL},
	{"multipart/mixed;boundary=ab",
	 "--ab\r\nContent-Type: text/plain\r\n\r\nhi\r\n--ab--\r\n", -ENOENT,
	 NULL},
	{"multipart/mixed;boundary=ab",
	 "--ab\r\nContent-Type: application/sdp\r\n"
	 "Content-Transfer-Encoding: base64\r\n\r\ndj0w\r\n--ab--\r\n",
	 -ENOENT, NULL},
	{"multipart/mixed;boundary=ab",
	 "--ab\r\nContent-Type: application/sdp\r\n"
	 "Content-Transfer-Encoding: 8bit\r\n\r\n" SDP "\r\n--ab--\r\n",
	 0, SDP},
	{"multipart/mixed;boundary=ab",
	 "--ab\r\nContent-Type: application/sdp\r\n\r\n" SDP, -EPROTO, NULL},
	{"multipart/mixed;boundary=ab", "--ab", -EPROTO, NULL},
	{"multipart/mixed;boundary=ab", "--ab--", -ENOENT, NULL},
	{"multipart/mixed;boundary=ab", "--ab\r\n--ab\r\n--ab--", -ENOENT,
	 NULL},
	{"multipart/mixed;boundary=ab", "------------", -EPROTO, NULL},
	{"multipart/mixed;boundary=", "--\r\n\r\n----", -EPROTO, NULL},
	{"multipart/mixed;boundary=\"\"", "--\r\n\r\n----", -EPROTO, NULL},
	{"multipart/mixed", SDP, -EPROTO, NULL},
	{"multipart/mixed;;;boundary", SDP, -EPROTO, NULL},
	{"multipart/mixed;boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 SDP, -EPROTO, NULL},
	{"multipart/mixed;boundary=a",
	 "--a\n\n--a\n\n--a\n\n--a\n\n--a\n\n--a\n\n--a\n\n--a\n\n--a\n\n--a--",
	 -EPROTO, NULL},
};

START_TEST(the_sdp_is_taken_out_of_its_wrapping)
	{
		struct body_span out = {NULL, 0};
		int error = body_find_sdp(&out, found[_i].type, found[_i].text,
					  strlen(found[_i].text));

		ck_assert_int_eq(error, found[_i].error);
		if (error == 0)
			assert_span(out, found[_i].sdp);
	}
END_TEST

START_TEST(a_huge_sdp_is_not_a_span)
	{
		static char text[70000];
		struct body_span out;

		memset(text, 'x', sizeof text);
		memcpy(text, "v=0\n", 4);
		ck_assert_int_eq(body_find_sdp(&out, "application/sdp", text,
					       sizeof text),
				 -EMSGSIZE);
		ck_assert_int_eq(body_find_sdp(&out, NULL, text, 16385),
				 -EMSGSIZE);
		ck_assert_int_eq(body_find_sdp(&out, NULL, text, 16384), 0);
	}
END_TEST

START_TEST(the_writer_stops_at_its_end)
	{
		static struct body_writer w;
		struct body_span span = {"0123456789", 10};

		body_write(&w, "%s", "");
		for (int i = 0; i < 1638; i++)
			body_write_span(&w, span);
		body_write_number(&w, 1234);
		ck_assert(!w.overflow);
		ck_assert_uint_eq(w.len, BODY_BYTES_MAX);
		body_write_text(&w, "x");
		ck_assert(w.overflow);
		ck_assert_uint_eq(w.len, BODY_BYTES_MAX);
		ck_assert_uint_eq(strlen(w.text), BODY_BYTES_MAX);
		w.len = 16380;
		w.overflow = false;
		body_write(&w, "%s", "12345");
		ck_assert(w.overflow);
		body_write(&w, "%s", "1");
		ck_assert_uint_eq(w.len, 16380);
		ck_assert_uint_eq(strlen(w.text), 16380);
		w.len = 0;
		w.overflow = false;
		body_write_number(&w, UINT64_MAX);
		ck_assert_str_eq(w.text, "18446744073709551615");
		w.len = 0;
		body_write_number(&w, 0);
		ck_assert_str_eq(w.text, "0");
	}
END_TEST

START_TEST(directions_mirror)
	{
		ck_assert_int_eq(body_direction_reverse(BODY_SENDONLY),
				 BODY_RECVONLY);
		ck_assert_int_eq(body_direction_reverse(BODY_RECVONLY),
				 BODY_SENDONLY);
		ck_assert_int_eq(body_direction_reverse(BODY_SENDRECV),
				 BODY_SENDRECV);
		ck_assert_int_eq(body_direction_reverse(BODY_INACTIVE),
				 BODY_INACTIVE);
		ck_assert_str_eq(body_direction_name(BODY_SENDONLY),
				 "sendonly");
		ck_assert_str_eq(body_direction_name(BODY_INACTIVE),
				 "inactive");
	}
END_TEST

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The bound is 50 times what it takes: it is there for what loops. */
START_TEST(the_worst_body_is_quick)
	{
		static char text[BODY_BYTES_MAX + 1];
		static const char line[] = "a=rtpmap:63 x/8000\n";
		size_t len = 0;
		double begin, took;

		for (int i = 0; i < 8; i++) {
			len += (size_t)snprintf(text + len, sizeof text - len,
						"%sm=audio 9 RTP/SAVPF",
						i == 0 ? "v=0\n" : "");
			for (int k = 0; k < 64; k++)
				len += (size_t)snprintf(
					text + len, sizeof text - len, " (");
			for (int k = 0; k < 31; k++)
				len += (size_t)snprintf(text + len,
							sizeof text - len,
							"\n%s", line);
		}
		begin = cpu_ms();
		for (int i = 0; i < 100; i++)
			body_parse(&body, text, len, NULL);
		took = (cpu_ms() - begin) / 100;
		ck_assert_msg(took < 10, "%.3f ms", took);
	}
END_TEST

static Suite *body_suite(void)
{
	Suite *suite = suite_create("body");
	TCase *tcase = tcase_create("body");

	tcase_add_loop_test(tcase, every_phone_is_understood, 0,
			    sizeof said / sizeof *said);
	tcase_add_test(tcase, no_vector_is_left_untried);
	tcase_add_test(tcase, spans_hold_what_the_lines_said);
	tcase_add_test(tcase, odd_spacing_is_forgiven);
	tcase_add_test(tcase, static_payload_types_need_no_rtpmap);
	tcase_add_test(tcase, an_rtpmap_overrides_the_static_table);
	tcase_add_test(tcase, profiles_are_told_apart);
	tcase_add_test(tcase, connections_are_read);
	tcase_add_test(tcase, a_slot_overrides_the_session);
	tcase_add_test(tcase, rtcp_is_one_above_unless_said);
	tcase_add_test(tcase, a_format_named_twice_counts_once);
	tcase_add_loop_test(tcase, what_is_no_sdp_is_refused, 0,
			    sizeof refused / sizeof *refused);
	tcase_add_test(tcase, a_nul_is_refused);
	tcase_add_test(tcase, the_limits_are_where_they_are_said_to_be);
	tcase_add_test(tcase, a_failed_parse_leaves_nothing_of_the_last_one);
	tcase_add_loop_test(tcase, the_sdp_is_taken_out_of_its_wrapping, 0,
			    sizeof found / sizeof *found);
	tcase_add_test(tcase, a_huge_sdp_is_not_a_span);
	tcase_add_test(tcase, the_writer_stops_at_its_end);
	tcase_add_test(tcase, directions_mirror);
	tcase_add_test(tcase, the_worst_body_is_quick);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(body_suite())
