/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Was it our re-INVITE that the far end could not take? */
#include "config.h"

#include "sbc/call/teach.h"

#include <stdio.h>

#include "sbc/call/call_private.h"
#include "sbc/call/learn.h"

void teach_event(struct call *call, const struct leg *leg,
		 const struct leg_event *event)
{
	uint64_t since = agent_now_ms() - leg->reinvite_ms;
	char sent[64], came[64];

	if (!leg->reinvite_ms)
		return;
	if (event->kind == LEG_UNMODIFIED && learn_is_refusal(event->status))
		snprintf(came, sizeof(came), "%u %s", event->status,
			 event->phrase);
	else if (event->kind != LEG_HUNG_UP || event->update)
		return;
	else if (event->status == 408)
		snprintf(came, sizeof(came), "no reply");
	else if (!event->status && since <= LEARN_BYE_MS)
		snprintf(came, sizeof(came), "BYE after %u ms",
			 (unsigned)since);
	else
		return;
	snprintf(sent, sizeof(sent), "re-INVITE, %s", leg->reinvite_what);
	call_learned(call, leg, LEARN_REINVITE, sent, came);
}
