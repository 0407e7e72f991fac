/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A REFER outside of a call (RFC 4538): who it comes from has to have the leg
 * that its Target-Dialog names, and then it is that leg's.
 *
 *   no Target-Dialog            403: who asks has to have a call here
 *   broken, or no Contact       400
 *   not a user of the phones    407, 403 (registrar)
 *   no answered call, or not
 *   this user's or peer's leg   481, whichever it is
 *   else                        judged as one that came inside (transfer_ask),
 *                               answered and told in the dialog it made
 */
#include "config.h"

#include "sbc/call/transfer_private.h"

#include <errno.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>

#include "sbc/register/registrar.h"
#include "sbc/sip/refer.h"

static void outside_decline(nta_incoming_t *irq, unsigned status)
{
	nta_incoming_treply(irq, (int)status, sip_status_phrase((int)status),
			    TAG_END());
	nta_incoming_destroy(irq);
}

/* 0: go on. */
static unsigned outside_screen(const sip_t *sip, struct refer_replaces *target)
{
	int error = refer_target_read(target, sip);

	if (error)
		return error == -ENOENT ? 403 : 400;
	if (sip->sip_max_forwards && !sip->sip_max_forwards->mf_count)
		return 483;
	return sip->sip_contact ? 0 : 400;
}

/* Refused with 420 what requires more than we do; Target-Dialog we do, whoever
 * asks. */
static bool outside_bad_extension(nta_incoming_t *irq, const sip_t *sip,
				  const struct policy_peer *peer)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	sip_unsupported_t *more = leg_unsupported(home, sip, peer);
	bool bad = more && more->k_items &&
		   (strcasecmp(more->k_items[0], "tdialog") != 0 ||
		    more->k_items[1]);

	if (bad) {
		nta_incoming_treply(irq, SIP_420_BAD_EXTENSION,
				    SIPTAG_UNSUPPORTED(more), TAG_END());
		nta_incoming_destroy(irq);
	}
	su_home_deinit(home);
	return bad;
}

void transfer_outside(struct agent_network *at, const struct policy_peer *peer,
		      const struct sockaddr *source, msg_t *msg, sip_t *sip)
{
	struct agent *agent = at->agent;
	struct leg asks = {.peer = peer}, *by = NULL;
	struct leg_event event = {
		.kind = LEG_REFERRED, .method = "REFER", .sip = sip};
	nta_incoming_t *irq =
		nta_incoming_create(at->nta, NULL, msg, sip, TAG_END());
	struct refer_replaces target;
	struct call *call;
	unsigned status;

	if (!irq)
		return;
	status = outside_screen(sip, &target);
	if (status) {
		outside_decline(irq, status);
		return;
	}
	if (outside_bad_extension(irq, sip, peer))
		return;
	if (peer->kind == POLICY_PHONES) {
		asks.user = registrar_authenticate(agent->registrar, irq, sip,
						   source);
		if (!asks.user)
			return;
	}
	call = transfer_find(agent, &target, &by);
	if (!call || !transfer_same_owner(&asks, by)) {
		outside_decline(irq, 481);
		return;
	}
	if (leg_outside(&event.outside, &event.ticket, at, agent->policy, peer,
			irq, sip, source))
		return;
	event.outside->user = asks.user;
	transfer_referred(call, by, &event);
	forward_resume(call);
}

/* Who does not know the dialog any more wants no NOTIFYs; the transfer goes
 * on. */
static void outside_on_leg(void *owner, struct leg *leg,
			   const struct leg_event *event)
{
	struct transfer *t = owner;

	if (event->kind == LEG_REPLIED && t->asker == leg &&
	    (event->status == 481 || event->status == 408))
		t->asker = NULL;
}

void transfer_take_outside(struct transfer *t, const struct leg_event *refer)
{
	if (!refer->outside)
		return;
	t->asker = t->outside = refer->outside;
	leg_own(t->outside, t, outside_on_leg, t->by->place);
}
