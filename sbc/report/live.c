/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of live calls that sallyctl shows; signalling thread only. */
#include "config.h"

#include <string.h>

#include "sbc/report/status.h"
#include "sbc/report/story.h"

static TAILQ_HEAD(calls, status_call) live = TAILQ_HEAD_INITIALIZER(live);
static unsigned count;
static uint64_t last_serial;

const char *status_state_name(enum status_state state)
{
	switch (state) {
	case STATUS_TRYING:
		return "trying";
	case STATUS_RINGING:
		return "ringing";
	case STATUS_ESTABLISHED:
		return "established";
	case STATUS_HELD:
		return "held";
	case STATUS_ENDING:
		return "ending";
	}
	return "?";
}

void status_call_add(struct status_call *call)
{
	call->serial = ++last_serial;
	TAILQ_INSERT_TAIL(&live, call, entry);
	count++;
	story_begin(call->id);
}

void status_call_remove(struct status_call *call)
{
	TAILQ_REMOVE(&live, call, entry);
	count--;
}

unsigned status_calls(void)
{
	return count;
}

struct status_call *status_call_find(const char *id)
{
	struct status_call *call;

	TAILQ_FOREACH (call, &live, entry)
		if (!strcmp(call->id, id))
			return call;
	return NULL;
}

struct status_call *status_call_after(uint64_t after)
{
	struct status_call *call;

	TAILQ_FOREACH (call, &live, entry)
		if (call->serial > after)
			return call;
	return NULL;
}

void status_call_stats(const struct status_call *call, enum media_side side,
		       unsigned slot, struct media_stats *out)
{
	if (call->stats)
		call->stats(call, side, slot, out);
	else
		media_session_stats(call->media, side, slot, out);
}
