/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole edge in one process: the real agent with a policy of its own
 * between phones on 127.0.1.x and providers on 127.0.2.x, its files in a
 * folder that goes with it. Everything is stepped in one loop; a test waits
 * for a condition, never for time.
 *
 * | who           | where      | what                                        |
 * |---------------|------------|---------------------------------------------|
 * | agent         | 127.0.1.1  | network lan                                 |
 * | agent         | 127.0.2.1  | network wan                                 |
 * | phone, other  | 127.0.1.x  | users 101 and 102                           |
 * | itsp, backup  | 127.0.2.x  | trunks acme and backup                      |
 *
 * Phones dial 0 and a number: acme, then backup, without the 0. From acme,
 * 442079460101 rings 101 and 442079460102 rings 102.
 */
#ifndef TESTS_FAKES_FIXTURE_H
#define TESTS_FAKES_FIXTURE_H

#include <check.h>
#include <stdbool.h>

#include "sbc/agent.h"
#include "tests/fakes/condition.h"
#include "tests/fakes/itsp.h"
#include "tests/fakes/phone.h"

/* What a test wants otherwise; NULL keeps the default. */
struct fixture_setup {
	const char *acme;   /* further lines of policy.d/acme.conf */
	const char *backup; /* the same of backup.conf */
	const char *phones; /* further lines in phones */
	const char *conf;   /* further lines of sallyport.conf */
	const char *routes; /* instead of the usual ones */
	const char *rtp_lan, *rtp_wan;
	const char *store; /* its file, elsewhere */
	bool unregistered; /* phones do not register first */
	bool second_port;  /* wan listens on wan_second too */
	bool acme_second;  /* acme's local_port is that one */
};

struct fixture {
	char folder[64];
	struct sockaddr_in lan, wan; /* our SIP addresses there */
	struct sockaddr_in wan_second;
	struct agent *agent;
	struct phone phone, other;
	struct itsp itsp, backup;
	struct fixture_setup setup;
	unsigned rtp_first;
	bool ended; /* the agent was told to end */
	/* What each had heard by then, see fixture_from_now. */
	unsigned phone_heard, other_heard, itsp_heard;
	uint64_t turned_ms; /* when the loop did last */
};

/* Around a test case: one folder for all its tests, gone afterwards, also
 * when a test failed; `f` ended after each; 40 s a test. */
void fixture_around(TCase *tests, struct fixture *f);

void fixture_start(struct fixture *f);
void fixture_start_with(struct fixture *f, const struct fixture_setup *setup);
void fixture_end(struct fixture *f);
/* Write the files again with these settings; for a reload. */
void fixture_write(struct fixture *f, const struct fixture_setup *setup);

/* Until it is met; after 8 s, without what the machine lost of them, the story
 * is told and the test fails. */
#define fixture_run_until(f, condition) \
	fixture_run_until_(f, condition, 8000, #condition, __FILE__, __LINE__)
#define fixture_run_until_in(f, ms, condition) \
	fixture_run_until_(f, condition, ms, #condition, __FILE__, __LINE__)
void fixture_run_until_(struct fixture *f, fixture_condition *condition,
			unsigned limit_ms, const char *name, const char *file,
			int line);
/* What must not happen gets this long to happen; what has to be done meanwhile
 * is, for moments in which the machine was elsewhere do not count. */
void fixture_watch(struct fixture *f, unsigned ms);
/* Until that end has heard so many more packets than now. */
void fixture_hear(struct fixture *f, struct fake *end, unsigned packets);
/* One turn of everything. */
void fixture_step(struct fixture *f);

/* The phone calls acme, and both are up. Its call. */
#define fixture_call_out(f) fixture_call_out_(f, __FILE__, __LINE__)
struct fake_call *fixture_call_out_(struct fixture *f, const char *file,
				    int line);
/* The same, and each has heard the other. */
#define fixture_talk_out(f) fixture_talk_out_(f, __FILE__, __LINE__)
struct fake_call *fixture_talk_out_(struct fixture *f, const char *file,
				    int line);
/* From here on phone_hears_more and its like count. */
void fixture_from_now(struct fixture *f);
/* Phone and itsp hear each other, now. */
#define fixture_both_ways(f)                          \
	do {                                          \
		fixture_from_now(f);                  \
		fixture_run_until(f, both_hear_more); \
	} while (0)

/* The messages of every end and the status log, on standard error. */
void fixture_tell(struct fixture *f);

/* Is there a status line with all of these words? Waits a moment for the
 * writer's thread. */
bool fixture_status_has(struct fixture *f, const char *words);
unsigned fixture_status_count(struct fixture *f, const char *words);

/* Do these bytes stand anywhere in the status log by now? */
bool fixture_status_holds(struct fixture *f, const char *bytes);

#define ck_assert_status(f, words)                                      \
	do {                                                            \
		if (!fixture_status_has(f, words)) {                    \
			fixture_tell(f);                                \
			ck_abort_msg("no status line with: %s", words); \
		}                                                       \
	} while (0)

/* Assert with the story. */
#define fixture_assert(f, fact)                            \
	do {                                               \
		if (!(fact)) {                             \
			fixture_tell(f);                   \
			ck_abort_msg("not so: %s", #fact); \
		}                                          \
	} while (0)

/* The id of the only live call; aborts when there is none. */
const char *fixture_call_id(struct fixture *f);

#endif
