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

/* --- lines ----------------------------------------------------------------- */

struct status_line {
	char text[2048];
	size_t len;
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

/* --- live calls ------------------------------------------------------------ */

enum status_state { STATUS_TRYING, STATUS_RINGING, STATUS_ESTABLISHED,
		    STATUS_HELD, STATUS_ENDING };
const char *status_state_name(enum status_state state);

struct status_leg {
	char peer[32];
	char number[64];		/* from on leg a, to on leg b */
	char network[32];
	struct sockaddr_storage signalling;
	char codec[32];			/* "" until agreed */
	char encryption[16];		/* "none", "sdes", "dtls", "zrtp?" */
	bool held;			/* by that end */
	unsigned suppressed;		/* requests kept from it */
};

struct status_call {	/* embedded in the call; signalling thread only */
	TAILQ_ENTRY(status_call) entry;
	uint64_t serial;
	char id[17];
	enum status_state state;
	uint64_t started_ms, answered_ms;	/* monotonic; 0: not yet */
	enum policy_class class;
	bool anchored;
	const char *anchor_why;
	struct policy_at route;
	struct status_leg a, b;
	struct media_session *media;	/* NULL: not anchored */
	unsigned slots;
};

void status_call_add(struct status_call *call);
void status_call_remove(struct status_call *call);
unsigned status_calls(void);
struct status_call *status_call_find(const char *id);
/* Walk in order of serial without holding a pointer between two steps of the
 * loop: the first call whose serial is above `after`. */
struct status_call *status_call_after(uint64_t after);

/* MOS of one direction from loss and jitter (G.107 E-model). */
double status_mos(const struct media_stats *stats);

#endif
