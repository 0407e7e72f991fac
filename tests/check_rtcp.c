/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP: compounds checked, and mapped onto a renumbered stream. */
#include "check_main.h"

#include <errno.h>
#include <string.h>

#include "media/bytes.h"
#include "media/rtcp.h"

START_TEST(compounds_are_walked_or_refused)
	{
		static const struct {
			const char *what;
			uint8_t bytes[64];
			size_t len;
			int rc;
		} cases[] = {
			{"RR", {0x80, 201, 0, 1}, 8, 1},
			{"nothing", {0}, 0, -EMSGSIZE},
			{"3 bytes", {0x80, 201, 0}, 3, -EMSGSIZE},
			{"version 1", {0x40, 201, 0, 1}, 8, -EPROTO},
			{"an RTP type", {0x80, 96, 0, 1}, 8, -EPROTO},
			{"too long", {0x80, 201, 0, 2}, 8, -EMSGSIZE},
			{"rest of 2 bytes", {0x80, 201, 0, 1}, 10, -EMSGSIZE},
			{"RR and BYE",
			 {0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1},
			 16,
			 2},
			{"SR", {0x80, 200, 0, 6}, 28, 1},
			{"SR without sender info",
			 {0x80, 200, 0, 1},
			 8,
			 -EMSGSIZE},
			{"RR without its block",
			 {0x81, 201, 0, 1},
			 8,
			 -EMSGSIZE},
			{"RR with its block", {0x81, 201, 0, 7}, 32, 1},
			{"BYE of 31 with 1", {0x9f, 203, 0, 1}, 8, -EMSGSIZE},
			{"empty BYE", {0x80, 203, 0, 0}, 4, 1},
			{"SDES of 2 chunks with 1",
			 {0x82, 202, 0, 2},
			 12,
			 -EMSGSIZE},
			{"NACK", {0x81, 205, 0, 3}, 16, 1},
			{"NACK without media source",
			 {0x81, 205, 0, 1},
			 8,
			 -EMSGSIZE},
			{"padding",
			 {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4},
			 12,
			 1},
			{"padding of 3",
			 {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3},
			 12,
			 -EPROTO},
			{"padding beyond it",
			 {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 12},
			 12,
			 -EPROTO},
			{"padding in the first",
			 {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0x80, 203},
			 16,
			 -EPROTO},
		};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			int rc = rtcp_parse(cases[i].bytes, cases[i].len);
			ck_assert_msg(rc == cases[i].rc, "%s: %d",
				      cases[i].what, rc);
		}
	}
END_TEST

/* SR of `ssrc` with one block on `subject`, SDES with a CNAME, BYE. */
static size_t compound(uint8_t *buf, uint32_t ssrc, uint32_t subject)
{
	memset(buf, 0, 128);
	buf[0] = 0x81;
	buf[1] = RTCP_SR;
	put16(buf + 2, 12);
	put32(buf + 4, ssrc);
	put32(buf + 8, 0x11112222); /* NTP */
	put32(buf + 12, 0x33334444);
	put32(buf + 16, 1000); /* RTP timestamp */
	put32(buf + 20, 50);
	put32(buf + 24, 8000);
	put32(buf + 28, subject);
	put32(buf + 36, 0x00010005); /* extended highest sequence */
	put32(buf + 44, 0xabcdef01); /* LSR */
	uint8_t *sdes = buf + 52;
	sdes[0] = 0x81;
	sdes[1] = RTCP_SDES;
	put16(sdes + 2, 3);
	put32(sdes + 4, ssrc);
	sdes[8] = 1;
	sdes[9] = 4;
	memcpy(sdes + 10, "cafe", 4);
	uint8_t *bye = buf + 68;
	bye[0] = 0x81;
	bye[1] = RTCP_BYE;
	put16(bye + 2, 1);
	put32(bye + 4, ssrc);
	return 76;
}

START_TEST(reports_tell_the_story_of_the_renumbered_stream)
	{
		uint8_t buf[128];
		size_t len = compound(buf, 7, 99);
		struct rtcp_map map = {
			.sent = true,
			.sent_from = 7,
			.sent_to = 70,
			.rtp_ts_offset = 5000,
			.packets = 123,
			.octets = 19680,
			.back = true,
			.back_from = 9,
			.back_to = 99,
			.back_seq_offset = 3,
		};
		ck_assert_int_eq(rtcp_rewrite(buf, len, &map), (long)len);
		ck_assert_uint_eq(get32(buf + 4), 70);
		ck_assert_uint_eq(get32(buf + 8), 0x11112222);
		ck_assert_uint_eq(get32(buf + 16), 6000);
		ck_assert_uint_eq(get32(buf + 20), 123);
		ck_assert_uint_eq(get32(buf + 24), 19680);
		ck_assert_uint_eq(get32(buf + 28), 9);
		ck_assert_uint_eq(get32(buf + 36), 0x00010002);
		ck_assert_uint_eq(get32(buf + 44), 0xabcdef01);
		ck_assert_uint_eq(get32(buf + 56), 70);
		ck_assert_mem_eq(buf + 62, "cafe", 4);
		ck_assert_uint_eq(get32(buf + 72), 70);
	}
END_TEST

START_TEST(a_bye_is_left_out_while_the_stream_goes_on)
	{
		uint8_t buf[128];
		size_t len = compound(buf, 7, 99);
		struct rtcp_map map = {.sent = true,
				       .sent_from = 7,
				       .sent_to = 7,
				       .drop_bye = true};
		ck_assert_int_eq(rtcp_rewrite(buf, len, &map), (long)len - 8);
		ck_assert_int_eq(rtcp_parse(buf, len - 8), 2);
		/* Of a BYE alone nothing is left. */
		uint8_t bye[] = {0x81, RTCP_BYE, 0, 1, 0, 0, 0, 7};
		ck_assert_int_eq(rtcp_rewrite(bye, sizeof(bye), &map), 0);
		/* Another source's passes. */
		bye[7] = 8;
		ck_assert_int_eq(rtcp_rewrite(bye, sizeof(bye), &map), 8);
	}
END_TEST

START_TEST(others_sources_stay_as_they_are)
	{
		uint8_t buf[128], before[128];
		size_t len = compound(buf, 1, 2);
		struct rtcp_map map = {.sent = true,
				       .sent_from = 7,
				       .sent_to = 70,
				       .rtp_ts_offset = 5000,
				       .back = true,
				       .back_from = 9,
				       .back_to = 99,
				       .back_seq_offset = 3};
		memcpy(before, buf, sizeof(buf));
		ck_assert_int_eq(rtcp_rewrite(buf, len, &map), (long)len);
		ck_assert_mem_eq(buf, before, len);
		buf[2] = 0xff; /* a broken one is not touched */
		memcpy(before, buf, sizeof(buf));
		ck_assert_int_eq(rtcp_rewrite(buf, len, &map), -EMSGSIZE);
		ck_assert_mem_eq(buf, before, len);
	}
END_TEST

START_TEST(feedback_names_the_source_its_sender_knows)
	{
		uint8_t nack[16] = {0x81, RTCP_RTPFB, 0, 3, 0, 0,
				    0,	  7,	      0, 0, 0, 99};
		struct rtcp_map map = {.sent = true,
				       .sent_from = 7,
				       .sent_to = 70,
				       .back = true,
				       .back_from = 9,
				       .back_to = 99};
		ck_assert_int_eq(rtcp_rewrite(nack, sizeof(nack), &map), 16);
		ck_assert_uint_eq(get32(nack + 4), 70);
		ck_assert_uint_eq(get32(nack + 8), 9);
	}
END_TEST

START_TEST(of_a_line_of_ours_one_source_and_cname_are_seen)
	{
		uint8_t buf[128 + RTCP_ROOM];
		size_t len = compound(buf, 7, 99);
		struct rtcp_map map = {.ours = true,
				       .cname = 0xc0ffee,
				       .sent = true,
				       .sent_from = 7,
				       .sent_to = 70,
				       .rtp_ts_offset = 5,
				       .drop_bye = true,
				       .back = true,
				       .back_from = 9,
				       .back_to = 99,
				       .back_seq_offset = 6};
		/* SR of 52 bytes, SDES of 16 becomes 20, BYE of 8 is gone. */
		ck_assert_int_eq(rtcp_rewrite(buf, len, &map), 72);
		ck_assert_int_eq(rtcp_parse(buf, 72), 2);
		ck_assert_uint_eq(get32(buf + 4), 70);
		ck_assert_uint_eq(get32(buf + 16), 1005);
		ck_assert_uint_eq(get32(buf + 28), 9);
		/* Below its first cycle no number is borrowed. */
		ck_assert_uint_eq(get32(buf + 36), 0x0000ffff);
		ck_assert_uint_eq(get32(buf + 56), 70);
		ck_assert_mem_eq(buf + 60,
				 "\1\10"
				 "00c0ffee\0",
				 12);

		/* A source that is not the stream's yet: what it reports goes
		 * on, where it is in its own time does not. */
		len = compound(buf, 8, 99);
		ck_assert_int_eq(rtcp_rewrite(buf, len, &map), 52);
		ck_assert_int_eq(rtcp_parse(buf, 52), 2);
		ck_assert_uint_eq(buf[1], RTCP_RR);
		ck_assert_uint_eq(get32(buf + 4), 70);
		ck_assert_uint_eq(get32(buf + 8), 9);
		ck_assert_uint_eq(get32(buf + 36), 70);

		uint8_t bye[16] = {0x81, RTCP_BYE, 0, 1, 0, 0, 0, 123};
		ck_assert_int_eq(rtcp_rewrite(bye, 8, &map), 0);
	}
END_TEST

static Suite *rtcp_suite(void)
{
	Suite *suite = suite_create("rtcp");
	TCase *tc = tcase_create("rtcp");
	tcase_add_test(tc, compounds_are_walked_or_refused);
	tcase_add_test(tc, reports_tell_the_story_of_the_renumbered_stream);
	tcase_add_test(tc, a_bye_is_left_out_while_the_stream_goes_on);
	tcase_add_test(tc, others_sources_stay_as_they_are);
	tcase_add_test(tc, feedback_names_the_source_its_sender_knows);
	tcase_add_test(tc, of_a_line_of_ours_one_source_and_cname_are_seen);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(rtcp_suite())
