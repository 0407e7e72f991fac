/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The status log: one event one line, "time call= leg= peer= event=" first,
 * then key=value; and the table of live calls that sallyctl shows.
 */
#ifndef SBC_REPORT_STATUS_H
#define SBC_REPORT_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "media/media.h"
#include "policy/policy.h"

/* --- lines -------------------------------------------------------------- */

struct status_line {
	char text[2048];
	size_t len;
	bool cut; /* a field found no room: the line ends "cut=yes" */
};
/* call: id or NULL ("-"); leg: 'a', 'b' or '-'; peer: name or NULL. Time is
 * wall-clock UTC with milliseconds, RFC 3339. Every event and field name
 * stands in sallyport-status(5). */
void status_begin(struct status_line *line, const char *call, char leg,
		  const char *peer, const char *event);
void status_text(struct status_line *line, const char *key, const char *value);
void status_number(struct status_line *line, const char *key, int64_t value);
void status_address(struct status_line *line, const char *key,
		    const struct sockaddr *value);
void status_at(struct status_line *line, const char *key, struct policy_at at);
void status_end(struct status_line *line);

/* A value stands as it is if it is of printable ASCII without space, quote,
 * '=' and backslash; else in quotes, log_quote()d. "" is `key=""`, NULL is
 * `key=-`. One value takes at most STATUS_VALUE_MAX bytes of the line. */
#define STATUS_VALUE_MAX 400

/* "2026-01-31T12:00:00.000Z", now. */
#define STATUS_TIME_MAX 32
const char *status_time(char out[STATUS_TIME_MAX]);

/* Every event, every field and every value of the field "cause", in one file
 * (status_words.c): new ones are added there and in sallyport-status(5); a
 * test compares the two. */
struct status_word {
	const char *name, *meaning;
};
const struct status_word *status_events(unsigned *count);
const struct status_word *status_fields(unsigned *count);
const struct status_word *status_causes(unsigned *count);
/* The events of calls alone: each needs a sentence in sentence.c, too. */
const struct status_word *status_call_events(unsigned *count);

/* For tests: abort on a word that is not in the table; see every finished
 * line (without newline) as it is written. NULL ends that. */
void status_strict(bool strict);
void status_watch(void (*seen)(void *user, const char *line, size_t len),
		  void *user);

/* --- live calls --------------------------------------------------------- */

enum status_state {
	STATUS_TRYING,
	STATUS_RINGING,
	STATUS_ESTABLISHED,
	STATUS_HELD,
	STATUS_ENDING
};
const char *status_state_name(enum status_state state);

struct status_leg {
	char peer[32];
	char number[64]; /* from on leg a, to on leg b */
	char network[32];
	struct sockaddr_storage signalling;
	char codec[32];	     /* "" until agreed */
	char encryption[16]; /* "none", "sdes", "dtls", "zrtp?" */
	bool held;	     /* by that end */
	bool mute;	     /* it was agreed that it sends no audio */
	unsigned suppressed; /* requests kept from it */
};

struct status_call { /* embedded in the call; signalling thread only */
	TAILQ_ENTRY(status_call) entry;
	uint64_t serial;
	char id[17];
	enum status_state state;
	uint64_t started_ms, answered_ms; /* monotonic; 0: not yet */
	enum policy_class class;
	bool anchored;
	const char *anchor_why;
	struct policy_at route;
	struct status_leg a, b;
	struct media_session *media; /* NULL: not anchored */
	/* What came from that end; NULL: as `media` has it. */
	void (*stats)(const struct status_call *call, enum media_side side,
		      unsigned slot, struct media_stats *out);
	unsigned slots, audio; /* audio: the first audio slot */
};

/* Gives the call its serial, and begins its story (story.h). */
void status_call_add(struct status_call *call);
void status_call_remove(struct status_call *call);
unsigned status_calls(void);
struct status_call *status_call_find(const char *id);
/* Walk in order of serial without holding a pointer between two steps of the
 * loop: the first call whose serial is above `after`. */
struct status_call *status_call_after(uint64_t after);
/* Of a call with `media`. */
void status_call_stats(const struct status_call *call, enum media_side side,
		       unsigned slot, struct media_stats *out);

/* MOS of one direction from loss and jitter: G.107's E-model with G.711 that
 * conceals losses (Bpl 25.1), the jitter buffer's delay taken as twice the
 * jitter. 1.0 to 4.4; 0 without packets. */
double status_mos(const struct media_stats *stats);

#endif
