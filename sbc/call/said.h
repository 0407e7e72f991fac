/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was said on one leg, both ways, for as long as one event is handled:
 * each body is parsed when it is first asked for, and handed on from there.
 */
#ifndef SBC_CALL_SAID_H
#define SBC_CALL_SAID_H

#include "sbc/sip/body.h"
#include "sbc/sip/leg.h"

enum said_state { SAID_UNREAD, SAID_READ, SAID_NOTHING };

/* About 60 kB, of which only what the bodies hold is touched: for the stack
 * of the signalling thread. */
struct said {
	const struct leg *leg;
	enum said_state local_state, remote_state;
	struct body local, remote;
};

void said_begin(struct said *said, const struct leg *leg);
/* The leg's offer writes another body of ours: the one read is stale. */
void said_rewritten(struct said *said);
/*
 * The far end says this now; text[len] is kept by the caller.
 * 0; or what body_parse returned, and it said nothing.
 */
int said_hear(struct said *said, struct body_span sdp);

/* Our last body, and the far end's. NULL: none, or none that can be read. */
const struct body *said_local(struct said *said);
const struct body *said_remote(struct said *said);

/* What leg's far end has now: its last body without the lines that we refused.
 * 0; or what body_parse returned. */
int said_session(struct body *out, const struct leg *leg);

#endif
