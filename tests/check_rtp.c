/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP: parsed, told apart, renumbered. */
#include "check_main.h"

#include <errno.h>
#include <string.h>

#include "media/rtp.h"

/* version 2, PT 8, seq 0x0102, ts 0x03040506, SSRC 0x0708090a */
#define FIXED_PART 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

START_TEST(headers_are_parsed_or_refused)
	{
		static const struct {
			const char *what;
			uint8_t bytes[40];
			size_t len;
			int rc;
			size_t payload_at, payload_len;
		} cases[] = {
			{"plain", {0x80, FIXED_PART, 0xaa}, 13, 0, 12, 1},
			{"empty payload", {0x80, FIXED_PART}, 12, 0, 12, 0},
			{"nothing", {0}, 0, -EMSGSIZE, 0, 0},
			{"11 bytes", {0x80, FIXED_PART}, 11, -EMSGSIZE, 0, 0},
			{"version 1", {0x40, FIXED_PART}, 20, -EPROTO, 0, 0},
			{"version 3", {0xc0, FIXED_PART}, 20, -EPROTO, 0, 0},
			{"2 CSRCs", {0x82, FIXED_PART}, 22, 0, 20, 2},
			{"CSRCs cut", {0x82, FIXED_PART}, 19, -EMSGSIZE, 0, 0},
			{"extension of 1 word",
			 {0x90, FIXED_PART, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 5},
			 21,
			 0,
			 20,
			 1},
			{"extension of 0 words",
			 {0x90, FIXED_PART, 0xbe, 0xde, 0, 0},
			 16,
			 0,
			 16,
			 0},
			{"extension header cut",
			 {0x90, FIXED_PART, 0xbe, 0xde, 0},
			 15,
			 -EMSGSIZE,
			 0,
			 0},
			{"extension cut",
			 {0x90, FIXED_PART, 0xbe, 0xde, 0, 2},
			 23,
			 -EMSGSIZE,
			 0,
			 0},
			{"extension of 65535 words",
			 {0x90, FIXED_PART, 0xbe, 0xde, 255, 255},
			 40,
			 -EMSGSIZE,
			 0,
			 0},
			{"padding",
			 {0xa0, FIXED_PART, 1, 2, 0, 2},
			 16,
			 0,
			 12,
			 2},
			{"padding alone",
			 {0xa0, FIXED_PART, 0, 0, 0, 4},
			 16,
			 0,
			 12,
			 0},
			{"padding of 0",
			 {0xa0, FIXED_PART, 0, 0, 0, 0},
			 16,
			 -EPROTO,
			 0,
			 0},
			{"padding into the header",
			 {0xa0, FIXED_PART, 0, 0, 0, 5},
			 16,
			 -EPROTO,
			 0,
			 0},
			{"padding bit, no payload",
			 {0xa0, FIXED_PART},
			 12,
			 -EPROTO,
			 0,
			 0},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct rtp_header h;
			int rc = rtp_parse(&h, cases[i].bytes, cases[i].len);
			ck_assert_msg(rc == cases[i].rc, "%s: %d",
				      cases[i].what, rc);
			if (rc < 0)
				continue;
			ck_assert_uint_eq(h.seq, 0x0102);
			ck_assert_uint_eq(h.rtp_ts, 0x03040506);
			ck_assert_uint_eq(h.ssrc, 0x0708090a);
			ck_assert_uint_eq(h.payload_type, 8);
			ck_assert(!h.marker);
			ck_assert_msg(h.payload == cases[i].bytes +
							   cases[i].payload_at,
				      "%s", cases[i].what);
			ck_assert_uint_eq(h.payload_len, cases[i].payload_len);
		}
	}
END_TEST

START_TEST(datagrams_are_told_apart)
	{
		static const struct {
			const char *what;
			uint8_t bytes[24];
			size_t len;
			enum rtp_kind kind;
		} cases[] = {
			{"RTP", {0x80, FIXED_PART}, 12, RTP_KIND_RTP},
			{"RTP with marker", {0x80, 0x88, 1}, 12, RTP_KIND_RTP},
			{"RTP, PT 63 with marker",
			 {0x80, 191},
			 12,
			 RTP_KIND_RTP},
			{"SRTP, encrypted padding length",
			 {0xa0, FIXED_PART, 255},
			 13,
			 RTP_KIND_RTP},
			{"RR", {0x80, 201, 0, 1, 1, 2, 3, 4}, 8, RTP_KIND_RTCP},
			{"SRTCP",
			 {0x80, 200, 0, 1, 1, 2, 3, 4, 9, 9, 9, 9},
			 20,
			 RTP_KIND_RTCP},
			{"RTCP cut",
			 {0x80, 201, 0, 5, 1, 2, 3, 4},
			 8,
			 RTP_KIND_BAD},
			{"STUN",
			 {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42},
			 20,
			 RTP_KIND_OTHER},
			{"STUN without cookie",
			 {0, 1, 0, 0, 1, 2, 3, 4},
			 20,
			 RTP_KIND_BAD},
			{"STUN cut",
			 {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42},
			 19,
			 RTP_KIND_BAD},
			{"ZRTP",
			 {0x10, 0, 0, 1, 'Z', 'R', 'T', 'P'},
			 12,
			 RTP_KIND_OTHER},
			{"DTLS", {22, 254, 253}, 13, RTP_KIND_OTHER},
			{"DTLS cut", {22, 254, 253}, 12, RTP_KIND_BAD},
			{"TURN channel", {64, 0, 0, 4}, 20, RTP_KIND_BAD},
			{"text", "INVITE sip:", 11, RTP_KIND_BAD},
			{"one byte", {0x80}, 1, RTP_KIND_BAD},
			{"nothing", {0}, 0, RTP_KIND_BAD},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct rtp_header h;
			ck_assert_msg(rtp_classify(&h, cases[i].bytes,
						   cases[i].len) ==
					      cases[i].kind,
				      "%s", cases[i].what);
		}
	}
END_TEST

START_TEST(what_is_written_is_read)
	{
		uint8_t buf[RTP_HEADER_LEN];
		struct rtp_header h;
		rtp_write(buf, 96, true, 65535, 0xfffffff0, 0x80000001);
		ck_assert_int_eq(rtp_parse(&h, buf, sizeof(buf)), 0);
		ck_assert_uint_eq(h.payload_type, 96);
		ck_assert(h.marker);
		ck_assert_uint_eq(h.seq, 65535);
		ck_assert_uint_eq(h.rtp_ts, 0xfffffff0);
		ck_assert_uint_eq(h.ssrc, 0x80000001);
		rtp_renumber(buf, 1, 2, 3);
		ck_assert_int_eq(rtp_parse(&h, buf, sizeof(buf)), 0);
		ck_assert_uint_eq(h.payload_type, 96);
		ck_assert(h.marker);
		ck_assert_uint_eq(h.seq, 1);
		ck_assert_uint_eq(h.rtp_ts, 2);
		ck_assert_uint_eq(h.ssrc, 3);
	}
END_TEST

static Suite *rtp_suite(void)
{
	Suite *suite = suite_create("rtp");
	TCase *tc = tcase_create("rtp");
	tcase_add_test(tc, headers_are_parsed_or_refused);
	tcase_add_test(tc, datagrams_are_told_apart);
	tcase_add_test(tc, what_is_written_is_read);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(rtp_suite())
