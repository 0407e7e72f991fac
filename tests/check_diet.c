/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an offer does without, in which order. */
#include "config.h"

#include <string.h>

#include "tests/check_main.h"

#include "sbc/sip/diet.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"

static const struct {
	const char *what; /* the step's name; NULL: nothing is left */
	const char *before, *after;
} steps[] = {
	{"attributes",
	 HEAD "m=audio 4 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	      "a=ssrc:1 cname:x\r\na=fmtp:101 0-15\r\na=extmap:1 urn:x\r\n"
	      "a=ptime:20\r\na=maxptime:40\r\na=sendrecv\r\n",
	 HEAD "m=audio 4 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	      "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"},
	{"rtpmap",
	 HEAD "m=audio 4 RTP/AVP 8 0 80 101\r\na=rtpmap:8 PCMA/8000\r\n"
	      "a=rtpmap:0 PCMU/8000\r\na=rtpmap:80 X/8000\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\n",
	 HEAD "m=audio 4 RTP/AVP 8 0 80 101\r\na=rtpmap:80 X/8000\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\n"},
	{"GSM",
	 HEAD "m=audio 4 RTP/AVP 8 3 101\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\n",
	 HEAD "m=audio 4 RTP/AVP 8 101\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\n"},
	{"opus",
	 HEAD "m=audio 4 RTP/AVP 8 96 101\r\na=rtpmap:96 opus/48000/2\r\n"
	      "a=fmtp:96 useinbandfec=1\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\n",
	 HEAD "m=audio 4 RTP/AVP 8 101\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\n"},
	{"H264", /* the last m= line first; the 9 of the audio stays */
	 HEAD "m=audio 4 RTP/AVP 8 9\r\nm=video 6 RTP/AVP 96 97\r\n"
	      "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\n"
	      "a=fmtp:97 packetization-mode=1\r\n",
	 HEAD "m=audio 4 RTP/AVP 8 9\r\nm=video 6 RTP/AVP 96\r\n"
	      "a=rtpmap:96 VP8/90000\r\n"},
	{"G722", /* nothing of another line's 9 is touched */
	 HEAD "m=audio 4 RTP/AVP 8 9\r\nm=video 6 RTP/AVP 96\r\n"
	      "a=rtpmap:96 VP8/90000\r\n",
	 HEAD "m=audio 4 RTP/AVP 8\r\nm=video 6 RTP/AVP 96\r\n"
	      "a=rtpmap:96 VP8/90000\r\n"},
	{"attributes",
	 HEAD "m=image 4 udptl t38\r\na=T38FaxVersion:0\r\n"
	      "a=T38FaxRateManagement:transferredTCF\r\na=X-more:1\r\n"
	      "a=T38FaxUdpEC:t38UDPRedundancy\r\n",
	 HEAD "m=image 4 udptl t38\r\na=T38FaxVersion:0\r\n"
	      "a=T38FaxRateManagement:transferredTCF\r\n"
	      "a=T38FaxUdpEC:t38UDPRedundancy\r\n"},
	{"keys",
	 HEAD "m=audio 4 RTP/SAVP 8\r\na=crypto:1 A inline:x\r\n"
	      "a=crypto:2 B inline:y\r\nm=video 6 RTP/SAVP 96\r\n"
	      "a=crypto:1 A inline:z\r\n",
	 HEAD "m=audio 4 RTP/SAVP 8\r\na=crypto:1 A inline:x\r\n"
	      "m=video 6 RTP/SAVP 96\r\na=crypto:1 A inline:z\r\n"},
	{NULL,
	 HEAD "m=audio 4 RTP/AVP 8 101\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n",
	 HEAD "m=audio 4 RTP/AVP 8 101\r\n"
	      "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"},
	{NULL, HEAD "m=image 4 udptl t38\r\n", HEAD "m=image 4 udptl t38\r\n"},
	{NULL, HEAD "m=audio 0 RTP/AVP 8\r\n", HEAD "m=audio 0 RTP/AVP 8\r\n"},
	/* What our own writer never says must do no harm either. */
	{NULL, "", ""},
	{NULL, "m=", "m="},
	{NULL, "m=audio", "m=audio"},
	{NULL, "m=audio 4 RTP/AVP", "m=audio 4 RTP/AVP"},
	{NULL, "m=audio 4 RTP/AVP \r\n", "m=audio 4 RTP/AVP \r\n"},
	{"attributes", "a=", ""},
	{"3", "m=a 4 RTP/AVP 1 3 \n", NULL},
};

START_TEST(one_step_at_a_time)
	{
		char body[1024], name[24];
		const char *what;

		strcpy(body, steps[_i].before);
		what = diet_body(body, name);
		if (!steps[_i].after)
			return; /* it came back: enough */
		if (steps[_i].what)
			ck_assert_str_eq(what ? what : "", steps[_i].what);
		else
			ck_assert_ptr_null(what);
		ck_assert_str_eq(body, steps[_i].after);
	}
END_TEST

#define LONG                                                                 \
	HEAD "m=audio 4 RTP/AVP 8 0 9 96 101\r\na=rtpmap:8 PCMA/8000\r\n"    \
	     "a=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n"              \
	     "a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000" \
	     "\r\na=extmap:1 urn:x\r\n"

static const struct {
	unsigned limit;
	const char *left_out;
	bool fits;
} fits[] = {
	{2000, "", true},
	{700 + 220, "headers", true},
	{700 + 202, "headers,attributes", true},
	{700 + 136, "headers,attributes,rtpmap", true},
	{700 + 135, "headers,attributes,rtpmap,opus", true},
	{700 + 10, "headers,attributes,rtpmap,opus,G722,PCMU", false},
};

START_TEST(no_more_is_left_out_than_is_needed)
	{
		char body[1024] = LONG;
		struct diet diet = {.limit = fits[_i].limit};

		diet_fit(&diet, 900, 700, body);
		ck_assert_uint_eq(diet.was, 900 + strlen(LONG));
		ck_assert_str_eq(diet.left_out, fits[_i].left_out);
		ck_assert_int_eq(diet.is <= diet.limit, fits[_i].fits);
		ck_assert_uint_eq(diet.is, (diet.left_out[0] ? 700 : 900) +
						   strlen(body));
	}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static Suite *diet_suite(void)
{
	Suite *suite = suite_create("diet");
	TCase *tests = tcase_create("order");

	tcase_add_loop_test(tests, one_step_at_a_time, 0, ROWS(steps));
	tcase_add_loop_test(tests, no_more_is_left_out_than_is_needed, 0,
			    ROWS(fits));
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(diet_suite())
