/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Candidates in order until one answers.
 *
 * Timers: `attempt_timeout` until the first provisional answer, then
 * `ring_timeout` until the final one, both the candidate's own keys.
 */
#include "config.h"

#include "sbc/call/hunt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/call/branch.h"
#include "sbc/call/call_private.h"
#include "sbc/call/modify.h"
#include "sbc/call/transfer.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/sip/refer.h"

/* What the caller will be told unless a later candidate does better. */
static void hunt_note(struct hunt *hunt, unsigned status, const char *phrase)
{
	hunt->status = status;
	hunt->phrase = phrase;
	hunt->warned = NULL;
}

static void hunt_failed(struct hunt *hunt, unsigned status, const char *cause,
			const char *reason)
{
	struct call *call = hunt->call;
	struct status_line line;

	status_begin(&line, call->status.id, hunt->task.place,
		     hunt->now->peer->name, "call-candidate-failed");
	status_text(&line, "number", hunt->now->number);
	status_number(&line, "status", status);
	status_text(&line, "cause", cause);
	if (reason)
		status_text(&line, "reason", reason);
	status_end(&line);
}

/* --- one candidate ----------------------------------------------------- */

/* The trunk that carries the present candidate; NULL for phones, or if a
 * reload took it away. */
static struct trunk *hunt_carrier(const struct hunt *hunt)
{
	const struct policy_peer *counted = *hunt->task.counted;

	return counted ? agent_trunk(hunt->call->agent, counted) : NULL;
}

/* The trunk's next address. -ENOENT: none is left. */
static int hunt_trunk(struct hunt *hunt, struct agent_network *at)
{
	const struct trunk_state *state = trunk_state(hunt_carrier(hunt));
	su_home_t home[1] = {SU_HOME_INIT(home)};
	const struct resolve_target *target;
	const char *uri;
	int error = -ENOMEM;

	if (hunt->address >= state->targets)
		return -ENOENT;
	target = &state->target[hunt->address++];
	uri = branch_uri(hunt, home);
	if (uri)
		error = branch_new(hunt, at,
				   (const struct sockaddr *)&target->address,
				   target->transport, state->way.port, uri);
	su_home_deinit(home);
	return error;
}

/* All contacts of a phone user at once. */
static int hunt_phone(struct hunt *hunt)
{
	const struct registrar_binding *binding[HUNT_BRANCHES_MAX];
	struct agent *agent = hunt->call->agent;
	unsigned count = registrar_find(agent->registrar, hunt->now->user->user,
					binding, HUNT_BRANCHES_MAX);
	int error = -ENOENT;

	for (unsigned i = 0; i < count; i++) {
		struct agent_network *at =
			agent_network(agent, binding[i]->network_name);
		int one = at ? branch_new(hunt, at,
					  (const struct sockaddr *)&binding[i]
						  ->source,
					  binding[i]->transport,
					  binding[i]->local_port,
					  binding[i]->contact)
			     : -EADDRNOTAVAIL;

		if (error)
			error = one;
	}
	return hunt->branches ? 0 : error;
}

/* Can the candidate's trunk take this call now? Else why not. */
static bool hunt_take(struct hunt *hunt, const char **why)
{
	struct trunk *trunk = agent_trunk(hunt->call->agent, hunt->now->peer);
	const struct trunk_state *state = trunk ? trunk_state(trunk) : NULL;

	if (!state || !state->targets) {
		hunt_note(hunt, 503, "Trunk Not Resolved");
		*why = "unresolved";
	} else if (state->health == TRUNK_DOWN) {
		hunt_note(hunt, 503, "Trunk Down");
		*why = "down";
	} else if (!trunk_take(trunk)) {
		hunt_note(hunt, 503, "Trunk Full");
		*why = "max_calls";
	} else {
		return true;
	}
	hunt->retry_after_s = CALL_RETRY_S;
	return false;
}

/* --- the plan for one pair --------------------------------------------- */

/* What the two ends come to, and whether that can be had. */
static int hunt_plan(struct hunt *hunt, struct agent_network *at,
		     const struct sockaddr *target)
{
	const struct leg *from = hunt->task.from;
	const struct policy_network_address *ours =
		policy_network_address(at->policy, target);
	struct policy_side a = {.peer = from->peer,
				.network = from->at->policy,
				.address =
					(const struct sockaddr *)&from->remote};
	struct policy_side b = {.peer = hunt->now->peer,
				.network = at->policy,
				.address = target};

	if (!ours)
		return -EADDRNOTAVAIL;
	policy_plan(hunt->task.policy, &a, &b, &hunt->plan);
	return hunt->task.client->planned(
		hunt->call, hunt, (const struct sockaddr *)&ours->local);
}

static int hunt_try(struct hunt *hunt, const char **why)
{
	struct call *call = hunt->call;
	const struct policy_peer *peer = hunt->now->peer;
	struct agent_network *at = NULL;
	const struct sockaddr *target = NULL;
	const struct registrar_binding *binding;
	int error;

	if (peer->kind == POLICY_PHONES) {
		if (registrar_find(call->agent->registrar,
				   hunt->now->user->user, &binding, 1)) {
			at = agent_network(call->agent, binding->network_name);
			target = (const struct sockaddr *)&binding->source;
		}
		if (!at) {
			hunt_note(hunt, 480, "Not Registered");
			*why = "not-registered";
			return -ENOENT;
		}
	} else {
		if (!*hunt->task.counted && hunt_take(hunt, why))
			*hunt->task.counted = peer;
		at = agent_network(call->agent, peer->network->name);
		if (!hunt_carrier(hunt) || !at)
			return -ENOENT;
		target = (const struct sockaddr *)&trunk_state(
				 hunt_carrier(hunt))
				 ->target[0]
				 .address;
	}
	error = hunt_plan(hunt, at, target);
	if (error)
		return error;
	return peer->kind == POLICY_PHONES ? hunt_phone(hunt)
					   : hunt_trunk(hunt, at);
}

/* --- the row of candidates --------------------------------------------- */

static void hunt_on_timer(su_root_magic_t *magic, su_timer_t *timer, void *arg);

static void hunt_wait(struct hunt *hunt, unsigned ms)
{
	if (!hunt->timer)
		hunt->timer = su_timer_create(
			su_root_task(hunt->call->agent->root), 0);
	if (hunt->timer && ms)
		su_timer_set_interval(hunt->timer, hunt_on_timer, hunt,
				      (su_duration_t)ms);
	else if (hunt->timer)
		su_timer_reset(hunt->timer);
}

static void hunt_drop(struct hunt *hunt, const char *reason)
{
	for (unsigned i = 0; i < hunt->branches; i++)
		leg_end(hunt->branch[i], 0, reason);
	hunt->branches = 0;
	hunt->answering = false;
}

/* This candidate is done with: its place among the trunk's calls is free. */
static void hunt_leave(struct hunt *hunt)
{
	call_uncount(hunt->call, hunt->task.counted);
	hunt->address = 0;
	hunt->now = NULL;
}

static void hunt_explain(struct hunt *hunt, int error, const char **why)
{
	switch (error) {
	case -EMFILE:
	case -ENFILE:
		hunt_note(hunt, 503, "No Descriptor Left");
		hunt->retry_after_s = CALL_RETRY_S;
		*why = path_lack(error);
		break;
	case -EAGAIN:
	case -EADDRINUSE:
		hunt_note(hunt, 503, "No Media Port Free");
		hunt->retry_after_s = CALL_RETRY_S;
		*why = path_lack(error);
		break;
	case -ENOTSUP:
		hunt_note(hunt, 488, "No Common Codec");
		*why = "no-common-codec";
		break;
	case -EPROTONOSUPPORT:
		hunt_note(hunt, 488, NULL);
		hunt->warned = *why = "srtp";
		break;
	case -EMEDIUMTYPE:
		hunt_note(hunt, 488, NULL);
		hunt->warned = *why = "t38";
		break;
	case -EADDRNOTAVAIL:
		hunt_note(hunt, 503, "No Address Of That Family");
		*why = "address-family";
		break;
	default:
		if (!*why) {
			hunt_note(hunt, 500, "Internal Error");
			*why = "internal";
		}
		break;
	}
}

static const char *hunt_warning(const struct hunt *hunt, char *out, size_t size)
{
	if (!hunt->warned)
		return NULL;
	if (!strcmp(hunt->warned, "srtp"))
		return secure_warning(hunt->task.from, out, size);
	modify_warning(hunt->task.from, hunt->warned, out, size);
	return out;
}

void hunt_next(struct hunt *hunt)
{
	char warning[160];

	hunt->answering = false;
	for (;;) {
		const char *why = NULL;
		int error;

		if (!hunt->now && hunt->next == hunt->targets)
			break;
		if (!hunt->now)
			hunt->now = &hunt->target[hunt->next++];
		error = hunt_try(hunt, &why);
		if (!error) {
			hunt_wait(hunt, hunt->now->peer->attempt_timeout_ms);
			return;
		}
		/* -ENOENT after the last address was tried is no news. */
		if (error != -ENOENT || !hunt->address) {
			hunt_explain(hunt, error, &why);
			hunt_failed(hunt, hunt->status, why, NULL);
		}
		hunt_leave(hunt);
	}
	hunt->task.client->failed(
		hunt->call,
		&(struct leg_refusal){
			.status = hunt->status,
			.phrase = hunt->phrase,
			.warning = hunt_warning(hunt, warning, sizeof(warning)),
			.retry_after_s =
				hunt->status == 503 ? hunt->retry_after_s : 0});
}

static void hunt_on_timer(su_root_magic_t *magic, su_timer_t *timer, void *arg)
{
	struct hunt *hunt = arg;
	bool rang = hunt->answering;

	(void)magic;
	(void)timer;
	if (rang) {
		hunt_note(hunt, 408, "No Answer");
	} else {
		hunt_note(hunt, 504, "Server Time-out");
		if (hunt_carrier(hunt))
			trunk_silent(hunt_carrier(hunt), "no answer to INVITE");
	}
	hunt_failed(hunt, hunt->status, rang ? "ring-timeout" : "silent", NULL);
	hunt_drop(hunt, NULL);
	/* Another address of it would ring as long; phones ring all at once. */
	if (rang || hunt->now->peer->kind == POLICY_PHONES)
		hunt_leave(hunt);
	hunt_next(hunt);
}

/* Does this refusal mean the person, not the way to them? */
static bool hunt_is_final(unsigned status)
{
	switch (status) {
	case 404:
	case 410:
	case 484:
	case 485:
	case 486:
	case 487:
	case 493:
		return true;
	default:
		return status >= 600;
	}
}

/* --- 3xx --------------------------------------------------------------- */

static bool hunt_knows(const struct hunt *hunt,
		       const struct policy_target *target)
{
	for (unsigned i = 0; i < hunt->targets; i++)
		if (hunt->target[i].peer == target->peer &&
		    hunt->target[i].user == target->user &&
		    !strcmp(hunt->target[i].number, target->number))
			return true;
	return false;
}

/* Nobody is sent to himself: a loop. */
static bool hunt_is_caller(const struct hunt *hunt,
			   const struct policy_target *target)
{
	const struct policy_user *from = hunt->task.from->user;

	return target->user && from && !strcmp(target->user->user, from->user);
}

/* The candidates of one Contact come next. How many there are. */
static unsigned hunt_insert(struct hunt *hunt, const char *number)
{
	struct policy_target found[POLICY_TARGETS_MAX];
	unsigned at = hunt->next;
	int count = policy_route(hunt->task.policy, hunt->now->peer, number,
				 found, POLICY_TARGETS_MAX);

	for (int i = 0; i < count && hunt->targets < POLICY_TARGETS_MAX; i++) {
		if (hunt_knows(hunt, &found[i]) ||
		    hunt_is_caller(hunt, &found[i]) ||
		    !transfer_may_reach(hunt->task.policy,
					hunt->task.from->peer, number,
					&found[i]))
			continue;
		memmove(&hunt->target[at + 1], &hunt->target[at],
			(hunt->targets - at) * sizeof(hunt->target[0]));
		hunt->target[at++] = found[i];
		hunt->targets++;
	}
	return at - hunt->next;
}

/* Where a 3xx points, as far as its peer's policy lets us follow. */
static void hunt_redirect(struct hunt *hunt, const struct leg_event *event)
{
	const sip_contact_t *contact =
		event->sip ? event->sip->sip_contact : NULL;
	struct status_line line;
	struct refer refer;

	if (event->status < 300 || event->status >= 400 ||
	    hunt->now->peer->redirect != POLICY_REDIRECT_FOLLOW ||
	    hunt->redirects >= HUNT_REDIRECTS_MAX)
		return;
	for (; contact; contact = contact->m_next) {
		if (refer_read(&refer, contact->m_url) ||
		    refer.replaces.call_id[0] ||
		    !hunt_insert(hunt, refer.number))
			continue;
		hunt->redirects++;
		status_begin(&line, hunt->call->status.id, hunt->task.place,
			     hunt->now->peer->name, "call-redirected");
		status_text(&line, "number", refer.number);
		status_number(&line, "status", event->status);
		status_text(&line, "target",
			    hunt->target[hunt->next].peer->name);
		status_end(&line);
		return;
	}
}

static void hunt_refused(struct hunt *hunt, struct leg *branch,
			 const struct leg_event *event)
{
	unsigned status = event->status;
	unsigned i;

	for (i = 0; i < hunt->branches && hunt->branch[i] != branch; i++)
		;
	if (i == hunt->branches)
		return;
	if (hunt_carrier(hunt) && event->silent)
		trunk_silent(hunt_carrier(hunt), event->phrase);
	else if (hunt_carrier(hunt))
		trunk_answered(hunt_carrier(hunt));
	hunt_failed(hunt, status, event->silent ? "silent" : "refused",
		    event->silent ? NULL : event->phrase);
	hunt_redirect(hunt, event);
	/* What lies between us and them is not the caller's to solve. */
	if (event->silent)
		hunt_note(hunt, 504, "Server Time-out");
	else if (status < 400 || status == 401 || status == 407)
		hunt_note(hunt, 502, "Bad Gateway");
	else
		hunt_note(hunt, status, NULL);
	hunt->branch[i] = hunt->branch[--hunt->branches];
	leg_end(branch, 0, NULL);
	if (hunt_is_final(status)) {
		hunt_drop(hunt, NULL);
		hunt->next = hunt->targets;
	}
	if (hunt->branches)
		return;
	if (!event->silent || hunt->now->peer->kind == POLICY_PHONES)
		hunt_leave(hunt);
	hunt_next(hunt);
}

void hunt_event(struct hunt *hunt, struct leg *branch,
		const struct leg_event *event)
{
	switch (event->kind) {
	case LEG_PROGRESS:
		if (!hunt->answering) {
			hunt->answering = true;
			hunt_wait(hunt, hunt->now->peer->ring_timeout_ms);
		}
		if (event->status > 100)
			hunt->task.client->progress(hunt->call, branch, event);
		return;
	case LEG_ACCEPTED:
		if (hunt_carrier(hunt))
			trunk_answered(hunt_carrier(hunt));
		hunt->task.client->accepted(hunt->call, branch, event);
		return;
	case LEG_REFUSED:
	case LEG_HUNG_UP:
		hunt_refused(hunt, branch, event);
		return;
	case LEG_OFFERED:
		modify_early(hunt->call, branch, event);
		return;
	case LEG_REFERRED:
	case LEG_REQUESTED:
		leg_request_reply(branch, event->ticket, 500, NULL);
		return;
	case LEG_ASKED:
		call_asked(hunt->call, branch, event);
		return;
	case LEG_SLIMMED:
		call_slimmed(hunt->call, branch, event->diet);
		return;
	case LEG_ACKED:
	case LEG_ACK_LOST:
	case LEG_CANCELLED:
	case LEG_RECALLED:
	case LEG_MODIFIED:
	case LEG_UNMODIFIED:
	case LEG_REPLIED:
	case LEG_REFRESHED:
	case LEG_UNPRACKED:
	case LEG_EXPIRED:
		return;
	}
}

struct leg *hunt_branch(const struct hunt *hunt, const struct leg *branch)
{
	for (unsigned i = 0; i < hunt->branches; i++)
		if (hunt->branch[i] == branch)
			return hunt->branch[i];
	return NULL;
}

void hunt_win(struct hunt *hunt, struct leg *winner)
{
	for (unsigned i = 0; i < hunt->branches; i++)
		if (hunt->branch[i] == winner)
			hunt->branch[i--] = hunt->branch[--hunt->branches];
	hunt_drop(hunt, "SIP;cause=200;text=\"Call completed elsewhere\"");
}

int hunt_new(struct hunt **out, struct call *call, const struct hunt_task *task,
	     const struct policy_target *targets, unsigned count)
{
	struct hunt *hunt = calloc(1, sizeof(*hunt));

	if (!hunt)
		return -ENOMEM;
	hunt->call = call;
	hunt->task = *task;
	hunt->targets = count;
	memcpy(hunt->target, targets, count * sizeof(*targets));
	hunt_note(hunt, 480, NULL);
	*out = hunt;
	return 0;
}

void hunt_free(struct hunt *hunt)
{
	if (!hunt)
		return;
	hunt_drop(hunt, NULL);
	if (hunt->timer)
		su_timer_destroy(hunt->timer);
	free(hunt);
}
