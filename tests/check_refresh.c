/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session timers: every decision of RFC 4028, as tables. */
#include "config.h"

#include "tests/check_main.h"

#include "sbc/sip/refresh.h"

#define NOBODY REFRESH_NOBODY
#define UAC    REFRESH_UAC
#define UAS    REFRESH_UAS

/* wanted, expires_s, min_se_s, update, reinvite */
#define OFF                                 \
	{                                   \
		false, 1800, 90, true, true \
	}
#define FREE                               \
	{                                  \
		true, 1800, 90, true, true \
	}
#define BY_UPDATE                           \
	{                                   \
		true, 1800, 90, true, false \
	}
#define MUTE                                 \
	{                                    \
		true, 1800, 90, false, false \
	}

static const struct {
	const char *what;
	struct refresh_means means;
	struct refresh_session now;
	bool first;
	struct refresh_terms says;
} offers[] = {
	{"off: not a word",
	 OFF,
	 {0, false},
	 true,
	 {0, 0, NOBODY, false, false}},
	{"a free peer may choose",
	 FREE,
	 {0, false},
	 true,
	 {1800, 90, NOBODY, true, false}},
	{"a protected one refreshes",
	 BY_UPDATE,
	 {0, false},
	 true,
	 {1800, 90, UAS, true, false}},
	{"after 422 with Min-SE 3600",
	 {true, 1800, 3600, true, true},
	 {0, false},
	 true,
	 {3600, 3600, NOBODY, true, false}},
	{"forward, and the other leg has none",
	 {true, 0, 90, true, true},
	 {0, false},
	 true,
	 {0, 0, NOBODY, true, false}},
	{"none runs: none in mid-call",
	 FREE,
	 {0, false},
	 false,
	 {0, 0, NOBODY, true, false}},
	{"ours runs on", FREE, {600, true}, false, {600, 90, UAC, true, false}},
	{"theirs runs on",
	 FREE,
	 {600, false},
	 false,
	 {600, 90, UAS, true, false}},
	{"ours, but nothing can be sent: theirs",
	 MUTE,
	 {600, true},
	 false,
	 {600, 90, UAS, true, false}},
};

static void same(const char *what, const struct refresh_terms *is,
		 const struct refresh_terms *should)
{
	if (is->expires_s != should->expires_s ||
	    is->min_se_s != should->min_se_s ||
	    is->refresher != should->refresher ||
	    is->supported != should->supported ||
	    is->required != should->required)
		ck_abort_msg("%s: SE %u Min-SE %u who %d supported %d "
			     "required %d",
			     what, is->expires_s, is->min_se_s, is->refresher,
			     is->supported, is->required);
}

START_TEST(what_our_requests_say)
	{
		struct refresh_terms says;

		refresh_offer(&says, &offers[_i].means, &offers[_i].now,
			      offers[_i].first);
		same(offers[_i].what, &says, &offers[_i].says);
	}
END_TEST

static const struct {
	const char *what;
	struct refresh_means means;
	struct refresh_session now;
	struct refresh_terms asked;
	unsigned status;
	struct refresh_terms answer;
} judgements[] = {
	{"off: ignored",
	 OFF,
	 {0, false},
	 {1800, 0, UAC, true, false},
	 0,
	 {0, 0, NOBODY, false, false}},
	{"none asked for: none begun",
	 FREE,
	 {0, false},
	 {0, 0, NOBODY, true, false},
	 0,
	 {0, 0, NOBODY, false, false}},
	{"theirs, as they said",
	 FREE,
	 {0, false},
	 {1800, 0, UAC, true, false},
	 0,
	 {1800, 0, UAC, true, true}},
	{"no word who: they",
	 FREE,
	 {0, false},
	 {1800, 0, NOBODY, true, false},
	 0,
	 {1800, 0, UAC, true, true}},
	{"ours, as they said",
	 FREE,
	 {0, false},
	 {1800, 0, UAS, true, false},
	 0,
	 {1800, 0, UAS, true, false}},
	{"ours by UPDATE",
	 BY_UPDATE,
	 {0, false},
	 {1800, 0, UAS, true, false},
	 0,
	 {1800, 0, UAS, true, false}},
	{"ours, but we may send nothing: none",
	 MUTE,
	 {0, false},
	 {1800, 0, UAS, true, false},
	 0,
	 {0, 0, NOBODY, false, false}},
	{"the same, required: they must",
	 MUTE,
	 {0, false},
	 {1800, 0, UAS, true, true},
	 0,
	 {1800, 0, UAC, true, true}},
	{"asked by a proxy for a client without timer: ours",
	 FREE,
	 {0, false},
	 {1800, 0, NOBODY, false, false},
	 0,
	 {1800, 0, UAS, true, false}},
	{"the same, but we may send nothing: none",
	 MUTE,
	 {0, false},
	 {1800, 0, NOBODY, false, false},
	 0,
	 {0, 0, NOBODY, false, false}},
	{"shorter than ours",
	 FREE,
	 {0, false},
	 {89, 0, UAC, true, false},
	 422,
	 {0, 0, NOBODY, false, false}},
	{"just long enough",
	 FREE,
	 {0, false},
	 {90, 0, UAC, true, false},
	 0,
	 {90, 0, UAC, true, true}},
	{"shorter, but 422 would not be understood",
	 FREE,
	 {0, false},
	 {60, 0, NOBODY, false, false},
	 0,
	 {0, 0, NOBODY, false, false}},
	{"a hold without a word of it: theirs runs on",
	 FREE,
	 {600, false},
	 {0, 0, NOBODY, true, false},
	 0,
	 {600, 0, UAC, true, true}},
	{"the same without Supported",
	 FREE,
	 {600, false},
	 {0, 0, NOBODY, false, false},
	 0,
	 {600, 0, UAC, true, false}},
	{"ours runs on",
	 FREE,
	 {600, true},
	 {0, 0, NOBODY, true, false},
	 0,
	 {600, 0, UAS, true, false}},
	{"ours, but nothing can be sent any more: theirs",
	 MUTE,
	 {600, true},
	 {0, 0, NOBODY, true, false},
	 0,
	 {600, 0, UAC, true, true}},
	{"never below their Min-SE",
	 FREE,
	 {600, false},
	 {0, 900, NOBODY, true, false},
	 0,
	 {900, 0, UAC, true, true}},
	{"roles flip: they were, we are",
	 FREE,
	 {600, false},
	 {700, 0, UAS, true, false},
	 0,
	 {700, 0, UAS, true, false}},
	{"roles flip: we were, they are",
	 FREE,
	 {600, true},
	 {700, 0, UAC, true, false},
	 0,
	 {700, 0, UAC, true, true}},
};

START_TEST(what_their_requests_are_answered)
	{
		struct refresh_terms answer;
		unsigned status = refresh_judge(&answer, &judgements[_i].means,
						&judgements[_i].now,
						&judgements[_i].asked);

		ck_assert_msg(status == judgements[_i].status, "%s: %u",
			      judgements[_i].what, status);
		same(judgements[_i].what, &answer, &judgements[_i].answer);
	}
END_TEST

static const struct {
	const char *what;
	struct refresh_session was;
	struct refresh_terms sent, answer;
	bool first;
	struct refresh_session is;
} settled[] = {
	{"nothing was asked",
	 {0, false},
	 {0, 0, NOBODY, false, false},
	 {1800, 0, UAC, true, false},
	 true,
	 {0, false}},
	{"they do not know it",
	 {0, false},
	 {1800, 90, UAS, true, false},
	 {0, 0, NOBODY, false, false},
	 true,
	 {0, false}},
	{"they do it",
	 {0, false},
	 {1800, 90, UAS, true, false},
	 {1800, 0, UAS, true, false},
	 true,
	 {1800, false}},
	{"we shall",
	 {0, false},
	 {1800, 90, NOBODY, true, false},
	 {1200, 0, UAC, true, true},
	 true,
	 {1200, true}},
	{"they do not say who: as was asked",
	 {0, false},
	 {1800, 90, UAS, true, false},
	 {1800, 0, NOBODY, true, false},
	 true,
	 {1800, false}},
	{"nobody says who: we",
	 {0, false},
	 {1800, 90, NOBODY, true, false},
	 {1800, 0, NOBODY, true, false},
	 true,
	 {1800, true}},
	{"a second is no time: the least there is",
	 {0, false},
	 {1800, 90, NOBODY, true, false},
	 {1, 0, UAC, true, true},
	 true,
	 {90, true}},
	{"a bare 200 to our refresh: we go on",
	 {600, true},
	 {600, 90, UAC, true, false},
	 {0, 0, NOBODY, false, false},
	 false,
	 {600, true}},
	{"a bare 200 where they refresh: it is off",
	 {600, false},
	 {600, 90, UAS, true, false},
	 {0, 0, NOBODY, false, false},
	 false,
	 {0, false}},
	{"flipped by their answer",
	 {600, true},
	 {600, 90, UAC, true, false},
	 {600, 0, UAS, true, false},
	 false,
	 {600, false}},
};

START_TEST(what_runs_after_their_answer)
	{
		struct refresh_session now = settled[_i].was;

		refresh_settle(&now, &settled[_i].sent, &settled[_i].answer,
			       settled[_i].first);
		ck_assert_msg(now.expires_s == settled[_i].is.expires_s &&
				      (!now.expires_s ||
				       now.ours == settled[_i].is.ours),
			      "%s: %u %s", settled[_i].what, now.expires_s,
			      now.ours ? "ours" : "theirs");
	}
END_TEST

static const struct {
	unsigned expires_s;
	uint64_t due_ms, expiry_ms;
} times[] = {
	{90, 45000, 60000},	 /* a third is less than 32 */
	{96, 48000, 64000},	 /* both the same */
	{1800, 900000, 1768000}, /* 32 s before the end */
	{1, 500, 1000},		 /* what a broken answer may say */
	{REFRESH_MAX_S, 302400000, 604768000},
};

START_TEST(half_of_it_and_a_third_or_32_s_before_its_end)
	{
		struct refresh_session now = {times[_i].expires_s, true};

		ck_assert_uint_eq(refresh_due_ms(&now), times[_i].due_ms);
		ck_assert_uint_eq(refresh_expiry_ms(&now), times[_i].expiry_ms);
	}
END_TEST

static const struct {
	struct refresh_terms terms;
	bool answer;
	const char *lines;
} written[] = {
	{{0, 90, UAS, true, false}, false, ""},
	{{1800, 90, NOBODY, true, false}, false, "Session-Expires: 1800\r\n"},
	{{1800, 120, UAS, true, false},
	 false,
	 "Session-Expires: 1800;refresher=uas\r\nMin-SE: 120\r\n"},
	{{90, 120, UAC, true, true},
	 true,
	 "Session-Expires: 90;refresher=uac\r\nRequire: timer\r\n"},
	{{604800, 604800, UAC, true, true},
	 false,
	 "Session-Expires: 604800;refresher=uac\r\nMin-SE: 604800\r\n"},
};

START_TEST(how_it_is_written)
	{
		char lines[REFRESH_LINES_MAX];

		refresh_write(lines, &written[_i].terms, written[_i].answer);
		ck_assert_str_eq(lines, written[_i].lines);
	}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static Suite *refresh_suite(void)
{
	Suite *suite = suite_create("refresh");
	TCase *tests = tcase_create("decisions");

	tcase_add_loop_test(tests, what_our_requests_say, 0, ROWS(offers));
	tcase_add_loop_test(tests, what_their_requests_are_answered, 0,
			    ROWS(judgements));
	tcase_add_loop_test(tests, what_runs_after_their_answer, 0,
			    ROWS(settled));
	tcase_add_loop_test(tests,
			    half_of_it_and_a_third_or_32_s_before_its_end, 0,
			    ROWS(times));
	tcase_add_loop_test(tests, how_it_is_written, 0, ROWS(written));
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(refresh_suite())
