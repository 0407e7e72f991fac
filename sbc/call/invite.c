/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An INVITE that came: screened, authenticated, routed, and made a call.
 */
#include "config.h"

#include "sbc/call/call_private.h"

#include <errno.h>
#include <string.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>

#include "sbc/call/transfer.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/report/log.h"
#include "sbc/text.h"

static void call_reply(nta_incoming_t *irq, unsigned status, const char *phrase,
		       bool retry)
{
	nta_incoming_treply(
		irq, status, phrase ? phrase : sip_status_phrase(status),
		TAG_IF(retry, SIPTAG_RETRY_AFTER_STR("10")), TAG_END());
	nta_incoming_destroy(irq);
}

/* What can be said of an INVITE before anybody is asked; 0: go on. */
static unsigned call_screen(struct agent *agent, const sip_t *sip,
			    const char **phrase, const char **cause)
{
	const struct policy_limits *limits = policy_limits(agent->policy);

	*phrase = NULL;
	if (agent->draining || agent->ending) {
		*phrase = "Going Down";
		*cause = "draining";
		return 503;
	}
	if (limits->max_calls && agent->calls_count >= limits->max_calls) {
		*phrase = "Too Many Calls";
		*cause = "max_calls";
		return 503;
	}
	*cause = "screened";
	if (sip->sip_to->a_tag)
		return 481;
	if (sip->sip_max_forwards && !sip->sip_max_forwards->mf_count)
		return 483;
	if (!sip->sip_contact)
		return 400;
	if (sip->sip_request->rq_url->url_type != url_sip &&
	    sip->sip_request->rq_url->url_type != url_tel)
		return 416;
	return 0;
}

/* `prack = require`, of a caller that cannot (RFC 3262 3, RFC 3261 21.4.15). */
static bool call_lacks_100rel(const sip_t *sip, const struct policy_peer *peer)
{
	return peer->prack == POLICY_PRACK_REQUIRE &&
	       !(sip->sip_supported &&
		 sip_has_feature(sip->sip_supported, "100rel")) &&
	       !(sip->sip_require &&
		 sip_has_feature(sip->sip_require, "100rel"));
}

/* Extensions: 420, 421 or 422 were sent and `irq` is gone. */
static bool call_extension(nta_incoming_t *irq, const sip_t *sip,
			   const struct policy_peer *peer)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	sip_unsupported_t *more = leg_unsupported(home, sip, peer);
	unsigned min_se_s;
	bool refused = true;

	if (more)
		nta_incoming_treply(irq, SIP_420_BAD_EXTENSION,
				    SIPTAG_UNSUPPORTED(more), TAG_END());
	else if (call_lacks_100rel(sip, peer))
		nta_incoming_treply(irq, SIP_421_EXTENSION_REQUIRED,
				    SIPTAG_REQUIRE_STR("100rel"), TAG_END());
	else if (refresh_screen(peer, sip, &min_se_s))
		nta_incoming_treply(
			irq, SIP_422_SESSION_TIMER_TOO_SMALL,
			SIPTAG_MIN_SE_STR(su_sprintf(home, "%u", min_se_s)),
			TAG_END());
	else
		refused = false;
	if (refused)
		nta_incoming_destroy(irq);
	su_home_deinit(home);
	return refused;
}

/* The called number: the request URI's user, unescaped. */
static int call_number(const sip_t *sip, char *out, size_t size)
{
	const url_t *url = sip->sip_request->rq_url;
	const char *user = url->url_user;
	size_t len;

	if (!user)
		return -EINVAL;
	len = strcspn(user, ";");
	if (!len || len >= size)
		return -EINVAL;
	memcpy(out, user, len);
	out[len] = '\0';
	/* A NUL would end the number here, but not where it goes on. */
	if (strstr(out, "%00"))
		return -EINVAL;
	url_unescape(out, out);
	return header_number_ok(out) ? 0 : -EINVAL;
}

static void call_refused_line(const struct policy_peer *peer,
			      const char *number, const struct sockaddr *source,
			      unsigned status, const char *cause)
{
	static struct log_limit limit;
	struct status_line line;

	if (!log_limit_passes(&limit))
		return;
	status_begin(&line, NULL, 'a', peer->name, "call-refused");
	status_text(&line, "number", number);
	status_address(&line, "source", source);
	status_number(&line, "status", status);
	status_text(&line, "cause", cause);
	if (limit.unsaid)
		status_number(&line, "unsaid", limit.unsaid);
	limit.unsaid = 0;
	status_end(&line);
}

/* The offer of a's INVITE. 0, or the status that refuses it. */
static unsigned call_take_offer(struct call *call, const sip_t *sip,
				struct body_span sdp, struct body *body,
				const char **cause)
{
	unsigned live = 0;
	int error;

	if (leg_body_unknown(sip)) {
		*cause = "body-not-sdp";
		return 415;
	}
	if (!sdp.len) {
		call->delayed_offer = true;
		return 0;
	}
	error = body_parse(body, sdp.text, sdp.len, cause);
	if (error == -EMSGSIZE)
		return 513;
	if (error)
		return 400;
	while (live < body->medias && !body->media[live].port)
		live++;
	if (live == body->medias) {
		*cause = "no-media";
		return 488;
	}
	*cause = "memory";
	call->offered = body;
	return offer_remember(&call->a->offer, sdp.text, sdp.len) ? 500 : 0;
}

static void call_start_line(struct call *call, const char *number,
			    const struct policy_target *first)
{
	struct status_line line;

	call_status(call, &line, call->a, "call-start");
	status_text(&line, "from", call->status.a.number);
	status_text(&line, "to", number);
	status_text(&line, "network", call->a->at->policy->name);
	status_address(&line, "source", (struct sockaddr *)&call->a->remote);
	status_text(&line, "class",
		    policy_class_name(
			    policy_zone(call->policy, call->a->at->policy,
					(struct sockaddr *)&call->a->remote)));
	status_text(&line, "candidate", first->peer->name);
	status_text(&line, "number", first->number);
	status_at(&line, "route", first->at);
	status_end(&line);
}

static void call_fill_status(struct call *call, const sip_t *sip,
			     const char *number)
{
	struct status_call *status = &call->status;
	struct header_caller *caller = &call->caller;

	header_caller_read(caller, sip, call->a->peer, call->a->user);
	text_copy(status->a.number, sizeof(status->a.number), caller->user);
	text_copy(status->b.number, sizeof(status->b.number), number);
	text_copy(status->a.peer, sizeof(status->a.peer), call->a->peer->name);
	text_copy(status->a.network, sizeof(status->a.network),
		  call->a->at->policy->name);
	status->a.signalling = call->a->remote;
}

/* A call that is authenticated and has somewhere to go. */
static void call_begin(struct agent_network *at, struct leg *a,
		       const sip_t *sip, const char *number,
		       const struct policy_target *targets, unsigned count)
{
	struct call *call = call_new(at, a);
	const char *cause = "memory";
	unsigned status = 500;
	struct body body;

	if (!call) {
		leg_end(a, 500, NULL);
		return;
	}
	call_fill_status(call, sip, number);
	if (a->peer->kind != POLICY_PHONES) {
		struct trunk *trunk = agent_trunk(at->agent, a->peer);

		if (trunk && trunk_take(trunk)) {
			call->counted_a = a->peer;
		} else if (trunk) {
			call_refuse(call,
				    &(struct leg_refusal){
					    .status = 503,
					    .phrase = "Trunk Full",
					    .retry_after_s = CALL_RETRY_S},
				    "a", "max_calls");
			return;
		}
	}
	call_start_line(call, number, &targets[0]);
	status = call_take_offer(call, sip, leg_sdp(sip), &body, &cause);
	if (!status && call_hunt(call, targets, count)) {
		status = 500;
		cause = "memory";
	}
	call->offered = NULL;
	if (status)
		call_refuse(call, &(struct leg_refusal){.status = status}, "a",
			    cause);
}

void call_invite(struct agent_network *at, const struct policy_peer *peer,
		 const struct sockaddr *source, msg_t *msg, sip_t *sip)
{
	struct agent *agent = at->agent;
	const struct policy_user *user = NULL;
	struct policy_target target[POLICY_TARGETS_MAX];
	nta_incoming_t *irq =
		nta_incoming_create(at->nta, NULL, msg, sip, TAG_END());
	char number[128] = "";
	const char *phrase, *cause;
	struct leg *a;
	unsigned status;
	bool odd;
	int count;

	if (!irq)
		return;
	odd = call_number(sip, number, sizeof(number));
	status = call_screen(agent, sip, &phrase, &cause);
	if (status) {
		call_refused_line(peer, odd ? "" : number, source, status,
				  cause);
		call_reply(irq, status, phrase, status == 503);
		return;
	}
	if (call_extension(irq, sip, peer))
		return;
	if (peer->kind == POLICY_PHONES) {
		user = registrar_authenticate(agent->registrar, irq, sip,
					      source);
		if (!user)
			return;
	}
	if (sip->sip_replaces) {
		transfer_replace(at, peer, user, irq, sip, source);
		return;
	}
	if (odd) {
		call_refused_line(peer, "", source, 404, "number");
		call_reply(irq, 404, NULL, false);
		return;
	}
	count = policy_route(agent->policy, peer, number, target,
			     POLICY_TARGETS_MAX);
	if (count <= 0) {
		call_refused_line(peer, number, source, count ? 500 : 404,
				  count ? "route-limits" : "no-route");
		call_reply(irq, count ? 500 : 404, NULL, false);
		return;
	}
	if (leg_accept(&a, at, agent->policy, peer, irq, sip, source))
		return;
	a->user = user;
	call_begin(at, a, sip, number, target, (unsigned)count);
}
