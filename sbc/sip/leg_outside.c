/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dialog that a REFER outside of one makes (RFC 3515 2.4.4): its answer
 * and our NOTIFYs go there, and nothing else is taken.
 */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>

#include "sbc/sip/ready.h"
#include "sbc/sip/wire.h"

/* No call is in this dialog, so there is none to change or to end. */
static unsigned outside_refusal(sip_method_t method)
{
	if (method == sip_method_options)
		return 200;
	if (method == sip_method_invite || method == sip_method_bye ||
	    method == sip_method_update || method == sip_method_prack)
		return 481;
	return method == sip_method_refer || method == sip_method_info ||
			       method == sip_method_message ||
			       method == sip_method_notify
		       ? 403
		       : 405;
}

static int outside_on_request(struct leg *leg, nta_leg_t *dialog,
			      nta_incoming_t *irq, const sip_t *sip)
{
	unsigned status = outside_refusal(sip->sip_request->rq_method);

	(void)dialog;
	if (sip->sip_request->rq_method == sip_method_ack) {
		nta_incoming_destroy(irq);
		return 0;
	}
	if (!wire_answerable(sip))
		return 403;
	if (leg_is_flooded(leg, irq))
		status = 503;
	nta_incoming_treply(irq, (int)status, sip_status_phrase((int)status),
			    TAG_IF(status == 200 || status == 405,
				   SIPTAG_ALLOW(ready_allow())),
			    TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR("2")),
			    TAG_END());
	nta_incoming_destroy(irq);
	return 0;
}

int leg_outside(struct leg **out, unsigned *ticket, struct agent_network *at,
		struct policy *policy, const struct policy_peer *peer,
		nta_incoming_t *irq, const sip_t *sip,
		const struct sockaddr *source)
{
	struct leg *leg;
	int error = leg_answering(&leg, at, policy, peer, irq, sip, source,
				  outside_on_request);

	if (error)
		return error;
	leg->state = LEG_ESTABLISHED;
	*ticket = ++leg->ticket;
	leg->asked[0] = (struct leg_asked){*ticket, irq};
	*out = leg;
	return 0;
}
