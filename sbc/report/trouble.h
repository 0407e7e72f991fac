/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong in a call, in plain words: from its story, and from the
 * figures of its media.
 */
#ifndef SBC_REPORT_TROUBLE_H
#define SBC_REPORT_TROUBLE_H

#include <stdint.h>

#include "sbc/report/sentence.h"

struct status_call;

/* What came from one end. */
struct account_side {
	uint64_t packets, lost, elsewhere;
	uint32_t silent_ms, jitter_us;
	bool held;	/* by that end */
	bool mute;	/* it was agreed that it sends nothing */
	char shown[64]; /* in its SDP: not where it signals from; "" if none */
	bool private_sdp; /* and it is a private address */
};
struct account {
	struct sentence_ends ends;
	bool answered, ended;
	bool media; /* the figures are known: it was relayed */
	long long duration_ms;
	int64_t at_ms; /* wall clock of the figures, since 1970 */
	struct account_side side[2];
};
/* From the story; the figures only if the call has ended. */
void account_read(struct account *out, const struct story *story);
/* The figures of a live call, now: agent_now_ms(). */
void account_live(struct account *out, const struct status_call *call,
		  uint64_t now_ms);

struct trouble {
	const char *name; /* "one-way" */
	char leg;	  /* '-': of the call */
	char text[SENTENCE_MAX];
};
/* All that is found, at most `max`; returns how many. */
unsigned trouble_find(const struct account *account, const struct story *story,
		      struct trouble *out, unsigned max);

/* The tables, for tests: lines that mean trouble, and names of those that
 * figures mean. */
struct trouble_line {
	const char *name;
	struct sentence sentence;
};
const struct trouble_line *trouble_lines(unsigned *count);
const char *trouble_figure(unsigned index); /* NULL behind the last */

/* When a line was written, wall clock; 0 if it does not say. */
int64_t story_time_ms(const struct story_entry *entry);

#endif
