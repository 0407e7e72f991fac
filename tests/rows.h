/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call of which either end asks: P, and T, who may or may not be told. Side
 * 0: P is the phone; side 1: P is the provider.
 */
#ifndef TESTS_ROWS_H
#define TESTS_ROWS_H

#include "tests/fakes/fixture.h"
#include "tests/fakes/hurry.h"

/* 60 ms are promised; the fakes' clock is good to a few ms. */
#define ROWS_GAP_MS 100

extern struct fixture f;
extern struct fake *asks, *other; /* P and T */

/* Every way to be silent or deaf, and what is answered. */
struct hold {
	const char *name, *direction, *answer; /* answer NULL: port 0 */
	bool zero, removed, talks;
};
#define HOLDS	      8
#define HOLD_INACTIVE 2
#define HOLD_ZERO     4
#define HOLD_REMOVED  7
extern const struct hold holds[HOLDS];

#define VIDEO "m=video 40000 RTP/AVP 34\r\na=rtpmap:34 H263/90000\r\n"

/* The last call of each. */
struct fake_call *p(void);
struct fake_call *t(void);
/* P's first stream, as we said last. */
const struct text_stream *p_was_told(void);
/* Hearing is counted from here: 15 packets more. */
void from_now(void);
bool t_hears(struct fixture *x);
bool p_hears(struct fixture *x);
bool p_done(struct fixture *x);
bool p_update_done(struct fixture *x);
/* A call of the phone's, with these keys; both hear each other. begin: neither
 * may be told; begin_forward: both may. */
void begin_with(int side, const char *acme, const char *phones);
void begin(int side);
void begin_forward(int side);
/* P's offer of what p()->media says; its final status. */
int reinvite(void);
int hold(const char *direction);
/* No re-INVITE, no UPDATE. */
void t_was_left_alone(void);
/* T's stream goes on, and was one all the while. */
void t_hears_on(void);
void both_ways(void);
unsigned long version_of(const struct fake_call *call);
/* What P will say: holds[i], or all again. */
void set_hold(int i);
void set_resume(void);
void answer_is(int i);
bool p_has_200(struct fixture *x);
/* T keeps our re-INVITE until t_answers; t_request is its usual self. */
bool t_was_asked(struct fixture *x);
bool t_saw_cancel(struct fixture *x);
void t_keeps_reinvites(void);
void t_answers(void);
bool t_is_sendrecv(struct fixture *x);
bool t_has_our_200(struct fixture *x);
/* The body of the last message of this label that arrived. */
const char *last_body(const struct fake *fake, const char *label);
void swap_roles(void);
bool both_asked(struct fixture *x);
/* A hook: 491 to ours while its own is open. */
bool glaring(struct fake *fake, struct fake_call *call,
	     const struct text_message *m);
bool t_reinvite_done(struct fixture *x);
/* A test case with the fixture around it. */
TCase *group(Suite *suite, const char *name);
extern struct text_message waiting; /* the re-INVITE that T keeps */
extern bool (*t_request)(struct fake *fake, struct fake_call *call,
			 const struct text_message *m);

#endif
