/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What leg.c, leg_in.c and leg_out.c share. */
#ifndef SBC_SIP_LEG_PRIVATE_H
#define SBC_SIP_LEG_PRIVATE_H

#define NTA_LEG_MAGIC_T	     struct leg
#define NTA_INCOMING_MAGIC_T struct leg
#define NTA_OUTGOING_MAGIC_T struct leg
#define NTA_RELIABLE_MAGIC_T struct leg

#include "sbc/sip/leg.h"
#include "sbc/agent.h"

/* Our Contact, route and listener for a far end at `remote`. */
int leg_place(struct leg *leg);
struct leg *leg_alloc(struct agent_network *at, struct policy *policy,
		      const struct policy_peer *peer);

/* A leg with a dialog that their request makes. Takes `irq` on failure: it was
 * answered with 500. */
int leg_answering(struct leg **out, struct agent_network *at,
		  struct policy *policy, const struct policy_peer *peer,
		  nta_incoming_t *irq, const sip_t *sip,
		  const struct sockaddr *source, nta_request_f *on_request);
/* What a request came by. */
enum policy_transport leg_transport(const sip_t *sip);
/* Tell the owner. The leg may be gone afterwards: return at once. */
void leg_emit(struct leg *leg, const struct leg_event *event);
/* Their Contact is where our next request goes (RFC 3261 12.2.1.2). */
void leg_retarget(struct leg *leg, const sip_t *sip, bool initial);
/* Where requests go, after leg->remote or their Contact changed. */
void leg_reroute(struct leg *leg);
/* The leg has nothing more to say: tell the owner or, left alone, free. */
void leg_ended(struct leg *leg, const struct leg_event *event);

nta_request_f leg_on_request;	    /* in dialog */
nta_ack_cancel_f leg_on_ack_cancel; /* of their INVITE */
nta_response_f leg_on_invite_response;
nta_response_f leg_on_bye_response;

/* Inside a dialog the rates hold as well. */
bool leg_is_flooded(const struct leg *leg, nta_incoming_t *irq);
/* A request that names our dialog but comes from somebody else's address. */
bool leg_from_stranger(const struct leg *leg, nta_incoming_t *irq);

/* The value of Supported toward this leg's peer, 100rel only if `reliable`;
 * NULL: nothing. */
const char *leg_supported(const struct leg *leg, bool reliable);
/* Make our INVITE, `msg` without its body, and our offer short enough for the
 * peer; the owner is told what it took. */
void leg_slim(struct leg *leg, msg_t *msg);

int leg_send_invite(struct leg *leg, const char *credentials);
void leg_send_bye(struct leg *leg, const char *credentials);

/* The credentials line for a second try; NULL if there will be none. tries:
 * of this request, which may be one of several under way. */
const char *leg_credentials(struct leg *leg, const sip_t *sip,
			    const char *method, unsigned *tries);

/* leg_request.c: take a request without an offer; false: not one of those. */
bool leg_on_asked(struct leg *leg, nta_incoming_t *irq, const sip_t *sip);
/* Answer what is open with 487; the second forgets ours, too. */
void leg_requests_end(struct leg *leg);
void leg_requests_free(struct leg *leg);

#endif
