/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with an offer in mid-call, as a table; glare's pause; what a
 * peer of `auto` teaches. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sbc/call/judge.h"
#include "sbc/call/learn.h"
#include "sbc/sip/glare.h"
#include "tests/check_main.h"

#define HEAD                                                                   \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 " \
	"0\r\n"
#define PCMA                                               \
	HEAD "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 " \
	     "telephone-event/8000\r\n"
#define MOVED                                              \
	HEAD "m=audio 4002 RTP/AVP 8 101\r\na=rtpmap:101 " \
	     "telephone-event/8000\r\n"
#define HELD	 PCMA "a=sendonly\r\n"
#define PCMU	 HEAD "m=audio 4000 RTP/AVP 0\r\n"
#define G729	 HEAD "m=audio 4000 RTP/AVP 18\r\n"
#define VIDEO	 PCMA "m=video 4004 RTP/AVP 34\r\n"
#define NO_VIDEO PCMA "m=video 0 RTP/AVP 34\r\n"
#define PAUSED	 PCMA "m=video 4004 RTP/AVP 34\r\na=recvonly\r\n"
#define FAX	 HEAD "m=image 4000 udptl t38\r\n"
#define ONE_SLOT HELD
#define NOTHING                                         \
	HEAD "m=audio 0 RTP/AVP 8 101\r\na=rtpmap:101 " \
	     "telephone-event/8000\r\n"
#define ORIGIN(id, version)                              \
	"v=0\r\no=- " id " " version                     \
	" IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1" \
	"\r\nt=0 0\r\nm=audio 4002 RTP/AVP 8\r\n"
#define OLDER	     ORIGIN("1", "000")
#define NEWER	     ORIGIN("1", "10")
#define OTHER_ORIGIN ORIGIN("7", "0")
#define SAVP(port, line)                                     \
	HEAD "m=audio " port " RTP/SAVP 8\r\na=crypto:" line \
	     " AES_CM_128_HMAC_SHA1_80 inline:"
#define LOCKED	     SAVP("4000", "1") "KEY1\r\n"
#define LOCKED_MOVED SAVP("4002", "7") "KEY1\r\n"
#define LOCKED_ANEW  SAVP("4000", "1") "KEY2\r\n"
#define AUDIO_FAX    PCMA "m=image 4004 udptl t38\r\n"

enum {
	UPDATE = 1,
	DIRECT = 2, /* media goes past us */
	SHIELD = 4, /* T is protected */
	TAKES_FAX = 8,
	CONVERT = 16,
	SAME = 32,
	IN_FAX = 64,	  /* T is */
	TWO_BEFORE = 128, /* P's last body had two slots */
	KEYED = 256,	  /* the ends share their keys */
	REFUSED = 512,	  /* the second of two slots had no port */
	REMOVED = 1024,	  /* none had */
	MORE = 2048,	  /* our last body was an offer of more */
};

static const struct {
	const char *name, *now; /* NULL: no offer */
	unsigned flags;
	enum judge_action action;
	unsigned status;
	const char *cause;
} cases[] = {
	{"no offer", NULL, SHIELD, JUDGE_OURS, 0, "no-offer"},
	{"UPDATE without SDP", NULL, UPDATE, JUDGE_PLAIN, 0, "refresh"},
	{"refresh", PCMA, SAME | SHIELD, JUDGE_AGAIN, 0, "refresh"},
	{"refresh past us", PCMA, SAME | DIRECT, JUDGE_AGAIN, 0, "refresh"},
	{"refresh after an answer to us", PCMA, SAME | MORE | SHIELD,
	 JUDGE_HERE, 0, "refresh"},
	{"the same, T may be asked", PCMA, SAME | MORE, JUDGE_HERE, 0,
	 "refresh"},
	{"the same past us by UPDATE", PCMA, SAME | MORE | DIRECT | UPDATE,
	 JUDGE_HERE, 0, "refresh"},
	{"the same, of the other law", PCMU, SAME | MORE | SHIELD | CONVERT,
	 JUDGE_HERE, 0, "refresh"},
	{"hold", HELD, SHIELD, JUDGE_HERE, 0, "policy"},
	{"hold, T may be asked", HELD, 0, JUDGE_FORWARD, 0, "change"},
	{"hold by UPDATE", HELD, UPDATE, JUDGE_HERE, 0, "policy"},
	{"hold past us", HELD, DIRECT, JUDGE_FORWARD, 0, "direct-media"},
	{"hold past us, protected", HELD, DIRECT | SHIELD, JUDGE_HERE, 0,
	 "policy"},
	{"hold past us by UPDATE, protected", HELD, DIRECT | SHIELD | UPDATE,
	 JUDGE_HERE, 0, "policy"},
	{"moved past us, protected", MOVED, DIRECT | SHIELD, JUDGE_REFUSE, 488,
	 "direct-media"},
	{"hold past us by UPDATE", HELD, DIRECT | UPDATE, JUDGE_REFUSE, 504,
	 "update-needs-time"},
	{"moved", MOVED, 0, JUDGE_HERE, 0, "address"},
	{"moved, protected", MOVED, SHIELD, JUDGE_HERE, 0, "policy"},
	{"codec gone", G729, SHIELD, JUDGE_REFUSE, 488, "no-common-codec"},
	{"codec gone, T may be asked", G729, 0, JUDGE_FORWARD, 0, "codec"},
	{"codec gone by UPDATE", G729, UPDATE, JUDGE_REFUSE, 504,
	 "update-needs-time"},
	{"codec gone by UPDATE, protected", G729, UPDATE | SHIELD, JUDGE_REFUSE,
	 488, "no-common-codec"},
	{"the other law", PCMU, SHIELD, JUDGE_REFUSE, 488, "no-common-codec"},
	{"the other law, converted", PCMU, SHIELD | CONVERT, JUDGE_HERE, 0,
	 "codec"},
	{"no law, converter", G729, SHIELD | CONVERT, JUDGE_REFUSE, 488,
	 "no-common-codec"},
	{"video added", VIDEO, SHIELD, JUDGE_HERE, 0, "policy"},
	{"video added, T may be asked", VIDEO, 0, JUDGE_FORWARD, 0, "change"},
	{"video removed, T may be asked", NO_VIDEO, TWO_BEFORE, JUDGE_FORWARD,
	 0, "change"},
	{"video that comes back", VIDEO, REFUSED, JUDGE_FORWARD, 0, "change"},
	{"video that comes back, protected", VIDEO, REFUSED | SHIELD,
	 JUDGE_HERE, 0, "policy"},
	{"video that pauses", PAUSED, TWO_BEFORE, JUDGE_FORWARD, 0, "change"},
	{"all that was removed comes back", PCMA, REMOVED, JUDGE_HERE, 0,
	 "address"},
	{"fax", FAX, SHIELD, JUDGE_REFUSE, 488, "t38"},
	{"fax that T takes", FAX, SHIELD | TAKES_FAX, JUDGE_FORWARD, 0, "t38"},
	{"fax by UPDATE", FAX, TAKES_FAX | UPDATE, JUDGE_REFUSE, 504,
	 "update-needs-time"},
	{"audio after a fax", MOVED, SHIELD | IN_FAX, JUDGE_FORWARD, 0,
	 "change"},
	{"audio after a fax by UPDATE", MOVED, IN_FAX | UPDATE, JUDGE_REFUSE,
	 504, "update-needs-time"},
	{"a slot is missing", ONE_SLOT, SHIELD | TWO_BEFORE, JUDGE_REFUSE, 488,
	 "slots-missing"},
	{"version backwards", OLDER, SHIELD, JUDGE_REFUSE, 488,
	 "version-backwards"},
	{"version backwards, T may be asked", OLDER, 0, JUDGE_REFUSE, 488,
	 "version-backwards"},
	{"another origin, lower version", OTHER_ORIGIN, SHIELD, JUDGE_HERE, 0,
	 "policy"},
	{"a longer version is a higher one", NEWER, SHIELD, JUDGE_HERE, 0,
	 "policy"},
	{"nothing is left", NOTHING, SHIELD, JUDGE_HERE, 0, "removed"},
	{"nothing is left, T may be asked", NOTHING, 0, JUDGE_HERE, 0,
	 "removed"},
	{"nothing is left past us", NOTHING, DIRECT, JUDGE_FORWARD, 0,
	 "direct-media"},
	{"moved, the same key", LOCKED_MOVED, KEYED, JUDGE_HERE, 0, "address"},
	{"another key", LOCKED_ANEW, KEYED, JUDGE_FORWARD, 0, "rekey"},
	{"another key, protected", LOCKED_ANEW, KEYED | SHIELD, JUDGE_REFUSE,
	 488, "rekey"},
	{"another key by UPDATE", LOCKED_ANEW, KEYED | UPDATE, JUDGE_REFUSE,
	 504, "update-needs-time"},
	{"fax beside audio", AUDIO_FAX, SHIELD, JUDGE_HERE, 0, "policy"},
};

START_TEST(an_offer_is_judged)
	{
		static struct body was, now;
		const char *why, *text = cases[_i].now;
		unsigned flags = cases[_i].flags;
		struct judge_question q = {
			.update = flags & UPDATE,
			.anchored = !(flags & DIRECT),
			.t_protected = flags & SHIELD,
			.t_takes_image = flags & TAKES_FAX,
			.t_has_image = flags & IN_FAX,
			.can_convert = flags & CONVERT,
			.secure = flags & KEYED,
			.codec = "PCMA",
			.was = &was,
			.same = flags & SAME,
			.stands = flags & SAME && !(flags & MORE),
		};

		const char *last = flags & REFUSED	? NO_VIDEO
				   : flags & REMOVED	? NOTHING
				   : flags & TWO_BEFORE ? VIDEO
				   : flags & KEYED	? LOCKED
							: PCMA;
		ck_assert_int_eq(body_parse(&was, last, strlen(last), &why), 0);
		if (text) {
			ck_assert_int_eq(
				body_parse(&now, text, strlen(text), &why), 0);
			q.now = &now;
		}
		struct judge_decision d = judge_offer(&q);
		ck_assert_msg(d.action == cases[_i].action, "%s: action %d",
			      cases[_i].name, d.action);
		ck_assert_uint_eq(d.status, cases[_i].status);
		ck_assert_str_eq(d.cause, cases[_i].cause);
		ck_assert_int_eq(d.convert,
				 !!(flags & CONVERT) && d.action == JUDGE_HERE);
	}
END_TEST

START_TEST(glare_waits_as_rfc_3261_says)
	{
		for (unsigned dice = 0; dice < 1000; dice++) {
			unsigned own = glare_pause_ms(true, dice);
			unsigned other = glare_pause_ms(false, dice);
			ck_assert_uint_ge(own, 2100);
			ck_assert_uint_le(own, 4000);
			ck_assert_uint_le(other, 2000);
			ck_assert_uint_eq(own % 10, 0);
			ck_assert_uint_eq(other % 10, 0);
		}
	}
END_TEST

START_TEST(only_these_refusals_teach)
	{
		static const unsigned teach[] = {405, 408, 415, 420,
						 488, 500, 501, 504};
		unsigned found = 0;

		for (unsigned status = 300; status < 700; status++)
			found += learn_is_refusal(status);
		ck_assert_uint_eq(found, sizeof(teach) / sizeof(teach[0]));
		for (unsigned i = 0; i < sizeof(teach) / sizeof(teach[0]); i++)
			ck_assert(learn_is_refusal(teach[i]));
	}
END_TEST

/* --- what survives ----------------------------------------------------------
 */

static char path[64];

static void make_path(void)
{
	strcpy(path, "/tmp/check-judge-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(path);
}

static void remove_path(void)
{
	char name[80];
	static const char *const suffix[] = {"", "-wal", "-shm"};

	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffix[i]);
		unlink(name);
	}
}

static struct store *open_store(void)
{
	struct store *store;
	char why[256] = "";

	ck_assert_msg(!store_open(&store, path, why, sizeof(why)), "%s", why);
	return store;
}

START_TEST(what_a_peer_taught_survives_a_restart_until_it_is_forgotten)
	{
		struct policy_peer acme = {.name = "acme",
					   .reinvite = POLICY_AUTO,
					   .update = POLICY_AUTO};
		struct policy_peer fixed = {.name = "acme",
					    .reinvite = POLICY_FORWARD};
		struct store *store = open_store();
		struct learn *learn;

		ck_assert_int_eq(learn_new(&learn, store), 0);
		ck_assert(learn_allows(learn, &acme, LEARN_REINVITE));
		ck_assert(learn_refused(learn, &acme, LEARN_REINVITE,
					"5f2c91aa", "re-INVITE, change",
					"488 No"));
		ck_assert(!learn_refused(learn, &acme, LEARN_REINVITE, "x", "y",
					 "z"));
		ck_assert(!learn_allows(learn, &acme, LEARN_REINVITE));
		ck_assert(learn_allows(learn, &acme, LEARN_UPDATE));
		/* A static setting always wins, and is never taught. */
		ck_assert(learn_allows(learn, &fixed, LEARN_REINVITE));
		fixed.name = "other";
		ck_assert(!learn_refused(learn, &fixed, LEARN_REINVITE, "x",
					 "y", "z"));
		learn_free(learn);
		store_close(store);

		store = open_store();
		ck_assert_int_eq(learn_new(&learn, store), 0);
		ck_assert(!learn_allows(learn, &acme, LEARN_REINVITE));
		const struct store_fact *fact = learn_next(learn, NULL);
		ck_assert_ptr_nonnull(fact);
		ck_assert_str_eq(fact->sent, "re-INVITE, change");
		ck_assert_str_eq(fact->came, "488 No");
		ck_assert_str_eq(fact->call, "5f2c91aa");
		ck_assert_int_gt(fact->learned_at, 0);
		ck_assert_ptr_null(learn_next(learn, fact));
		ck_assert_uint_eq(learn_forget(learn, "acme"), 1);
		ck_assert_uint_eq(learn_forget(learn, "acme"), 0);
		ck_assert(learn_allows(learn, &acme, LEARN_REINVITE));
		learn_free(learn);
		store_close(store);

		store = open_store();
		ck_assert_int_eq(learn_new(&learn, store), 0);
		ck_assert_ptr_null(learn_next(learn, NULL));
		learn_free(learn);
		store_close(store);
	}
END_TEST

static Suite *judge_suite(void)
{
	Suite *suite = suite_create("judge");
	TCase *tests = tcase_create("judge");

	tcase_add_checked_fixture(tests, make_path, remove_path);
	tcase_add_loop_test(tests, an_offer_is_judged, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, glare_waits_as_rfc_3261_says);
	tcase_add_test(tests, only_these_refusals_teach);
	tcase_add_test(
		tests,
		what_a_peer_taught_survives_a_restart_until_it_is_forgotten);
	suite_add_tcase(suite, tests);
	return suite;
}

CHECK_MAIN(judge_suite())
