/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The B2BUA: two legs, one media session, one state machine; the only place
 * where one leg's event becomes the other's action.
 */
#ifndef SBC_CALL_CALL_H
#define SBC_CALL_CALL_H

#include "sbc/agent.h"

struct media_event;

/*
 * A new INVITE that guard let in. Takes `msg`. Always leads to an answer; a
 * call exists afterwards only if it got past authentication and routing.
 */
void call_invite(struct agent_network *at, const struct policy_peer *peer,
		 const struct sockaddr *source, msg_t *msg, sip_t *sip);

/* End it with BYE, CANCEL or a final answer on both legs, whatever fits.
 * cause: one of sallyport-status(5)'s words. */
void call_end(struct call *call, const char *by, const char *cause);

/* An event of the media session whose `user` is this call. */
void call_media_event(struct call *call, const struct media_event *event);

struct call *call_find(struct agent *agent, const char *id);

/* Free what ended. Called between two turns of the loop, when no leg or
 * transaction is on the stack any more. */
void call_reap(struct agent *agent);
/* Free at once, silently: only when the agent itself ends. */
void call_free(struct call *call);

#endif
