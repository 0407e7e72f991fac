/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a REFER or an INVITE with Replaces asks for, and whether it may.
 *
 * Order of judgement of a REFER:
 *   the asker's key `refer`       reject: 403
 *   no, several, or a broken
 *   Refer-To; what it may not ask 400, 403
 *   another transfer under way,
 *   too many in this call         491, 482
 *   Replaces                      names the asker's own answered call: joined;
 *                                 one of its own that still rings: that ends,
 *                                 and its number is tried for T; else 403
 *   refer = forward               T is asked, if it may be (its own key) and
 *                                 can be (its Allow); else it is done here
 *   no route from the asker       404
 *   to T itself                   482
 *   provider to provider          403, unless a route leads from T's peer to
 *                                 that provider for this number
 *   else                          202, and the candidates are tried
 */
#include "config.h"

#include "sbc/call/transfer_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_tagarg.h>

#include "sbc/call/branch.h"
#include "sbc/call/judge.h"
#include "sbc/call/learn.h"
#include "sbc/sip/refer.h"

/* Transfers of one call; more are a loop of phones that refer by themselves. */
#define TRANSFERS_MAX 10

static void ask_decline(struct leg *leg, const struct leg_event *event,
			unsigned status)
{
	leg_refer_reply(event->outside ? event->outside : leg, event->ticket,
			status, NULL);
	leg_free(event->outside);
}

static void ask_refuse(struct call *call, struct leg *leg,
		       const struct leg_event *event, unsigned status,
		       const char *cause)
{
	struct status_line line;

	call_status(call, &line, leg, "call-transfer-failed");
	status_number(&line, "status", status);
	status_text(&line, "cause", cause);
	status_end(&line);
	ask_decline(leg, event, status);
}

/* May T be sent a re-INVITE, where its media has to be told anew? */
static bool ask_t_may_be_told(const struct call *call, const struct leg *far)
{
	bool secure = false;

	for (unsigned i = 0; i < call->path.slots; i++)
		secure |= call->path.secure[i];
	return (call->path.anchored && !secure) ||
	       (learn_allows(call->agent->learn, far->peer, LEARN_REINVITE) &&
		leg_is_idle(far));
}

/* --- to a number ---------------------------------------------------------- */

bool transfer_may_reach(const struct policy *policy,
			const struct policy_peer *from, const char *number,
			const struct policy_target *target)
{
	struct policy_target allowed[POLICY_TARGETS_MAX];
	const struct policy_peer *here;
	int count;

	if (from->kind != POLICY_TRUNK || target->peer->kind != POLICY_TRUNK)
		return true;
	here = policy_peer_named(policy, from->name);
	count = here ? policy_route(policy, here, number, allowed,
				    POLICY_TARGETS_MAX)
		     : 0;
	for (int i = 0; i < count; i++)
		if (allowed[i].peer == target->peer)
			return true;
	return false;
}

/* The candidates that are left of the routes'. 0: none, `*status` why. */
static unsigned ask_targets(struct transfer *t, const struct leg *from,
			    struct policy_target out[POLICY_TARGETS_MAX],
			    unsigned *status)
{
	const struct leg *far = t->far;
	unsigned left = 0;
	int count = policy_route(t->policy, from->peer, t->number, out,
				 POLICY_TARGETS_MAX);

	*status = 404;
	for (int i = 0; i < count; i++) {
		if (out[i].user && far->user &&
		    !strcmp(out[i].user->user, far->user->user))
			*status = 482;
		else if (!transfer_may_reach(t->policy, far->peer, t->number,
					     &out[i]))
			*status = 403;
		else
			out[left++] = out[i];
	}
	return left;
}

/* Who N is told is calling: T. */
static void ask_caller(const struct call *call, const struct leg *far,
		       struct header_caller *out)
{
	if (far == call->a) {
		*out = call->caller;
		return;
	}
	memset(out, 0, sizeof(*out));
	snprintf(out->user, sizeof(out->user), "%s", call->status.b.number);
}

/* rings: a call of P to the same target, which ends by this; or NULL. */
static void ask_blind(struct transfer *t, const struct leg_event *event,
		      struct call *rings)
{
	struct call *call = t->call;
	struct policy_target target[POLICY_TARGETS_MAX];
	struct hunt_task task = {.client = &transfer_hunt,
				 .from = t->far,
				 .policy = t->policy,
				 .place = 'n',
				 .counted = &t->counted};
	unsigned status, count = ask_targets(t, t->by, target, &status);

	ask_caller(call, t->far, &task.caller);
	if (count && hunt_new(&t->hunt, call, &task, target, count)) {
		count = 0;
		status = 500;
	}
	if (!count) {
		ask_refuse(call, t->by, event, status,
			   status == 404   ? "no-route"
			   : status == 482 ? "loop"
			   : status == 403 ? "provider-to-provider"
					   : "memory");
		transfer_done(call);
		return;
	}
	transfer_accept(t, event);
	/* First: a phone with one line has it free when T's call comes. */
	if (rings)
		call_refuse(rings, &(struct leg_refusal){.status = 487}, "a",
			    "transferred");
	hunt_next(t->hunt);
}

/* --- to the other end of another call --------------------------------------
 */

bool transfer_same_owner(const struct leg *x, const struct leg *y)
{
	if (x->peer->kind != y->peer->kind ||
	    strcmp(x->peer->name, y->peer->name))
		return false;
	if (x->peer->kind != POLICY_PHONES)
		return true;
	return x->user && y->user && !strcmp(x->user->user, y->user->user);
}

/* The call of which `replaces` names a leg; *by: that leg. */
static struct call *ask_find_any(struct agent *agent,
				 const struct refer_replaces *replaces,
				 struct leg **by)
{
	sip_replaces_t dialog[1];

	sip_replaces_init(dialog);
	dialog->rp_call_id = replaces->call_id;
	dialog->rp_to_tag = replaces->to_tag;
	dialog->rp_from_tag = replaces->from_tag;
	for (unsigned i = 0; i < agent->networks; i++) {
		nta_leg_t *found =
			nta_leg_by_replaces(agent->network[i].nta, dialog);
		struct call *call;

		if (!found)
			continue;
		TAILQ_FOREACH (call, &agent->calls, entry) {
			if (call->a && call->a->dialog == found)
				*by = call->a;
			else if (call->b && call->b->dialog == found)
				*by = call->b;
			else
				continue;
			return call;
		}
	}
	return NULL;
}

struct call *transfer_find(struct agent *agent,
			   const struct refer_replaces *replaces,
			   struct leg **by)
{
	struct call *call = ask_find_any(agent, replaces, by);

	return call && call->state == CALL_ANSWERED ? call : NULL;
}

/* The asker's own call that nobody has answered yet. A dialog that rings at
 * the asker is not its to give away (RFC 3891 3). */
static struct call *ask_find_ringing(struct call *call, const struct leg *leg,
				     const struct refer_replaces *replaces)
{
	struct leg *by = NULL;
	struct call *other = ask_find_any(call->agent, replaces, &by);

	return other && other != call && other->state == CALL_HUNTING &&
			       by == other->a && transfer_same_owner(leg, by)
		       ? other
		       : NULL;
}

static bool ask_is_busy(const struct call *call)
{
	const struct transfer *t = call->transfer;

	return call->lent || (t && (t->state != TRANSFER_OVER || t->resuming));
}

static const char *ask_codec(const struct call *call, const struct leg *leg)
{
	const char *law = call->path.law[leg->place == 'a' ? PATH_A : PATH_B];

	return law ? law : call->codec;
}

/* Can both calls' packets be passed on, mapped and at most converted between
 * the two G.711 laws? *law: what X speaks, if that is the other one. */
static bool ask_alike(const struct transfer *t, const char **law)
{
	const struct call *call = t->call, *other = t->other;
	const char *speaks = ask_codec(other, t->next);

	if (call->path.audio != other->path.audio)
		return false;
	for (unsigned i = 0; i < MEDIA_SLOTS_MAX; i++)
		if (call->path.secure[i] || other->path.secure[i])
			return false;
	*law = NULL;
	if (!strcasecmp(speaks, call->codec))
		return true;
	*law = judge_other_law(call->codec);
	return *law && !strcasecmp(speaks, *law);
}

/* X is asked to send to where T's media is. */
static int ask_lent(struct transfer *t)
{
	struct call *call = t->call;
	struct leg *next = t->next;
	struct policy_side far = {
		.peer = t->far->peer,
		.network = t->far->at->policy,
		.address = (const struct sockaddr *)&t->far->remote};
	struct policy_side x = {.peer = next->peer,
				.network = next->at->policy,
				.address =
					(const struct sockaddr *)&next->remote};
	struct policy_plan plan;
	struct body said, theirs;
	const char *why;
	int error;

	if (!learn_allows(call->agent->learn, next->peer, LEARN_REINVITE))
		return -ENOTSUP;
	/* RFC 3264 8: a slot never disappears. */
	if (body_parse(&said, t->far->offer.remote, t->far->offer.remote_len,
		       &why) ||
	    body_parse(&theirs, next->offer.local, next->offer.local_len,
		       &why) ||
	    theirs.medias > said.medias)
		return -ENOTSUP;
	policy_plan(t->policy, &far, &x, &plan);
	error = path_guest(call, t->by, (struct sockaddr *)&next->local,
			   plan.anchored);
	if (error)
		return error;
	leg_own(next, call, call_on_leg, 'n');
	transfer_ask(t);
	return 0;
}

/* The call that stays is `t`'s; `other` gives the leg at its far end. */
static void ask_roles(struct transfer *t, struct leg *leg, struct call *other,
		      struct leg *other_by)
{
	struct leg *x = call_other(other, other_by);

	t->asker = leg;
	t->other = other;
	t->other_by = other_by;
	t->next = x;
	t->next_place = x->place;
	snprintf(t->number, sizeof(t->number), "%s",
		 call_status_leg(other, x)->number);
	other->lent = t;
}

static void ask_join(struct transfer *t, const struct leg_event *event)
{
	struct call *call = t->call, *other = t->other;
	bool both = call->path.anchored && other->path.anchored;
	const char *law;
	int error = 0;

	t->state = TRANSFER_ASKING;
	transfer_accept(t, event);
	if (both && !ask_alike(t, &law))
		error = -ENOTSUP;
	else if (both)
		error = path_join(call, t->by, other, t->other_by);
	else
		error = ask_lent(t);
	if (error) {
		transfer_fail(t, error == -ENFILE ? 503 : 488);
	} else if (both) {
		call->path.law[PATH_N] = law;
		path_take(call, t->by); /* Nothing is left to be bound. */
		transfer_settle(t);
	}
}

static void ask_attended(struct call *call, struct leg *leg,
			 const struct leg_event *event,
			 const struct refer *refer)
{
	struct leg *other_by = NULL, *by = leg;
	struct call *other =
		transfer_find(call->agent, &refer->replaces, &other_by);
	struct transfer *t;

	if (!other || other == call || !transfer_same_owner(leg, other_by)) {
		ask_refuse(call, leg, event, 403, "replaces-not-yours");
		return;
	}
	if (ask_is_busy(other)) {
		ask_refuse(call, leg, event, 491, "transfer-under-way");
		return;
	}
	if (!call->path.anchored && other->path.anchored) {
		struct call *stays = other;

		other = call;
		call = stays;
		by = other_by;
		other_by = leg;
	}
	if (!ask_t_may_be_told(call, call_other(call, by))) {
		ask_refuse(call, leg, event, 488, "policy");
		return;
	}
	t = transfer_new(call, by, leg);
	if (!t) {
		ask_decline(leg, event, 500);
		return;
	}
	ask_roles(t, leg, other, other_by);
	ask_join(t, event);
}

/* --- passed on to T --------------------------------------------------------
 */

/* T's own words for the target: the number as our routes write it for T. */
static bool ask_forward(struct transfer *t, const struct leg_event *event)
{
	struct policy_target target[POLICY_TARGETS_MAX];
	int i, count = policy_route(t->policy, t->by->peer, t->number, target,
				    POLICY_TARGETS_MAX);
	su_home_t home[1] = {SU_HOME_INIT(home)};
	struct hunt aim = {.call = t->call};
	struct leg_message message = {.method = "REFER"};
	const char *uri;
	int error;

	if (t->far->peer->refer == POLICY_REFER_REJECT || t->far->refer_unknown)
		return false;
	for (i = 0; i < count; i++)
		if (!strcmp(target[i].peer->name, t->far->peer->name))
			break;
	if (i >= count || target[i].peer->kind == POLICY_PHONES)
		return false;
	aim.now = &target[i];
	uri = branch_uri(&aim, home);
	message.extra =
		uri ? su_sprintf(home, "Refer-To: <%s>\r\n", uri) : NULL;
	error = message.extra ? leg_request(t->far, &message, &t->sent)
			      : -ENOMEM;
	su_home_deinit(home);
	if (error)
		return false;
	t->state = TRANSFER_FORWARDED;
	transfer_expect(t, 0);
	transfer_take_outside(t, event);
	t->ticket = event->ticket;
	t->silent = refer_wants_silence(event->sip);
	snprintf(t->event_id, sizeof(t->event_id), ";id=%u",
		 event->sip->sip_cseq->cs_seq);
	return true;
}

/* --- the judgement ---------------------------------------------------------
 */

static unsigned ask_screen(const struct call *call, const struct leg *leg,
			   const sip_t *sip, struct refer *refer,
			   const char **cause)
{
	const struct leg *far = call_other(call, leg);
	int error;

	*cause = "policy";
	if (leg->peer->refer == POLICY_REFER_REJECT)
		return 403;
	*cause = "refer-to";
	if (!sip->sip_refer_to || sip->sip_refer_to->r_next)
		return 400;
	error = refer_read(refer, sip->sip_refer_to->r_url);
	if (error)
		return error == -EPERM ? 403 : 400;
	*cause = "transfer-under-way";
	if (ask_is_busy(call) || !far || far->state != LEG_ESTABLISHED ||
	    leg->state != LEG_ESTABLISHED)
		return 491;
	*cause = "loop";
	return call->transfers >= TRANSFERS_MAX ? 482 : 0;
}

void transfer_referred(struct call *call, struct leg *leg,
		       const struct leg_event *event)
{
	struct leg *far = call_other(call, leg);
	struct call *rings = NULL;
	struct refer refer;
	struct transfer *t;
	const char *cause;
	unsigned status = ask_screen(call, leg, event->sip, &refer, &cause);

	if (status) {
		ask_refuse(call, leg, event, status, cause);
		return;
	}
	if (refer.replaces.call_id[0])
		rings = ask_find_ringing(call, leg, &refer.replaces);
	if (refer.replaces.call_id[0] && !rings) {
		ask_attended(call, leg, event, &refer);
		return;
	}
	t = transfer_new(call, leg, leg);
	if (!t) {
		ask_decline(leg, event, 500);
		return;
	}
	snprintf(t->number, sizeof(t->number), "%s",
		 rings ? rings->status.b.number : refer.number);
	if (!rings && leg->peer->refer == POLICY_REFER_FORWARD &&
	    ask_forward(t, event))
		return;
	if (!ask_t_may_be_told(call, far)) {
		ask_refuse(call, leg, event, 488, "policy");
		transfer_done(call);
		return;
	}
	ask_blind(t, event, rings);
}

/* --- INVITE with Replaces ---------------------------------------------------
 */

static void replace_decline(nta_incoming_t *irq, unsigned status)
{
	nta_incoming_treply(irq, status, sip_status_phrase((int)status),
			    TAG_END());
	nta_incoming_destroy(irq);
}

/* Whom it may replace: a leg of its own, in a call that is answered. */
static struct call *replace_find(struct agent *agent,
				 const struct policy_peer *peer,
				 const struct policy_user *user,
				 const sip_t *sip, struct leg **by,
				 unsigned *status)
{
	const sip_replaces_t *header = sip->sip_replaces;
	struct leg asks = {.peer = peer, .user = user};
	struct refer_replaces replaces;
	struct call *call;

	*status = 400;
	if (header->rp_next || !header->rp_call_id || !header->rp_to_tag ||
	    !header->rp_from_tag ||
	    snprintf(replaces.call_id, sizeof(replaces.call_id), "%s",
		     header->rp_call_id) >= (int)sizeof(replaces.call_id) ||
	    snprintf(replaces.to_tag, sizeof(replaces.to_tag), "%s",
		     header->rp_to_tag) >= (int)sizeof(replaces.to_tag) ||
	    snprintf(replaces.from_tag, sizeof(replaces.from_tag), "%s",
		     header->rp_from_tag) >= (int)sizeof(replaces.from_tag))
		return NULL;
	*status = 481;
	if (!strcmp(replaces.to_tag, "0") || !strcmp(replaces.from_tag, "0"))
		return NULL;
	call = transfer_find(agent, &replaces, by);
	if (!call || !transfer_same_owner(&asks, *by))
		return NULL;
	if (header->rp_early_only)
		*status = 486; /* RFC 3891 3 */
	else if (ask_is_busy(call) ||
		 !ask_t_may_be_told(call, call_other(call, *by)))
		*status = 491;
	else
		return call;
	return NULL;
}

static void replace_line(struct call *call, const struct leg *by)
{
	struct status_line line;

	call_status(call, &line, by, "call-transfer");
	status_text(&line, "method", "INVITE");
	status_end(&line);
}

void transfer_replace(struct agent_network *at, const struct policy_peer *peer,
		      const struct policy_user *user, nta_incoming_t *irq,
		      const sip_t *sip, const struct sockaddr *source)
{
	struct agent *agent = at->agent;
	struct leg *by = NULL, *next;
	struct body_span sdp = leg_sdp(sip);
	struct transfer *t;
	unsigned status;
	struct call *call = replace_find(agent, peer, user, sip, &by, &status);
	int error;

	if (!call || !sdp.len) {
		replace_decline(irq, call ? 488 : status);
		return;
	}
	if (leg_accept(&next, at, agent->policy, peer, irq, sip, source))
		return;
	next->user = user;
	t = transfer_new(call, by, NULL);
	if (!t) {
		leg_end(next, 500, NULL);
		return;
	}
	t->silent = true;
	t->next = next;
	t->state = TRANSFER_ASKING;
	snprintf(t->number, sizeof(t->number), "%s",
		 user ? user->user : call_status_leg(call, by)->number);
	leg_own(next, call, call_on_leg, 'n');
	call->transfers++;
	replace_line(call, by);
	error = path_guest(call, by, (struct sockaddr *)&next->local, false);
	if (error)
		transfer_fail(t, 503);
	else
		transfer_joined(t, sdp);
}
