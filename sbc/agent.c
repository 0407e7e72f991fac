/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running program: built, run, reloaded, drained and ended here. */
#include "config.h"

#include "sbc/agent_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_log.h>

#include "sbc/call/call.h"
#include "sbc/call/learn.h"
#include "sbc/control/ctl.h"
#include "sbc/descriptors.h"
#include "sbc/guard/connections.h"
#include "sbc/guard/guard.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/report/log.h"
#include "sbc/report/notify.h"
#include "sbc/report/status.h"
#include "sbc/report/story.h"
#include "sbc/sip/leg.h"
#include "sbc/sip/resolve.h"
#include "sbc/store/store.h"

#define AGENT_GOODBYE_MS 5000
#define AGENT_LEAVE_MS	 1000
#define AGENT_WATCH_MS	 5

/* --- birth ------------------------------------------------------------- */

static void agent_library_log(void *stream, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void agent_library_log(void *stream, const char *format, va_list args)
{
	char text[512];

	(void)stream;
	vsnprintf(text, sizeof(text), format, args);
	log_debug("sofia-sip: %s", text);
}

void agent_prepare_srtp(struct agent *agent)
{
	bool ends = false;

	for (unsigned i = 0; i < policy_peers(agent->policy); i++)
		ends |= policy_peer(agent->policy, i)->srtp != POLICY_SRTP_PASS;
	if (!ends || agent->srtp_prepared)
		return;
	agent->srtp_prepared = true;
	media_engine_prepare(agent->media);
}

static int agent_open_media(struct agent *agent, char *why, size_t why_size)
{
	const struct policy_media *media = policy_media(agent->policy);
	struct media_config config = {.workers = media->workers,
				      .dscp = media->dscp};
	int error = media_engine_new(&agent->media, &config);

	if (error)
		snprintf(why, why_size, "cannot start media workers: %s",
			 strerror(-error));
	else
		agent_prepare_srtp(agent);
	return error;
}

static int agent_open_networks(struct agent *agent, char *why, size_t why_size)
{
	unsigned count = policy_networks(agent->policy);

	agent->network = calloc(count, sizeof(*agent->network));
	if (!agent->network)
		return -ENOMEM;
	agent->networks = count;
	for (unsigned i = 0; i < count; i++) {
		int error = network_open(&agent->network[i], agent,
					 policy_network(agent->policy, i), why,
					 why_size);

		if (error)
			return error;
	}
	return 0;
}

int agent_open_trunks(struct agent *agent, struct trunk **old, unsigned olds)
{
	unsigned count = policy_peers(agent->policy);
	int error = 0;

	agent->trunks = 0;
	agent->trunk = calloc(count ? count : 1, sizeof(*agent->trunk));
	if (!agent->trunk)
		return -ENOMEM;
	agent->trunks = count;
	for (unsigned i = 0; i < count && !error; i++) {
		const struct policy_peer *peer = policy_peer(agent->policy, i);

		if (peer->kind == POLICY_PHONES)
			continue;
		for (unsigned k = 0; k < olds && !agent->trunk[i]; k++) {
			if (!old[k] ||
			    strcmp(trunk_state(old[k])->peer->name, peer->name))
				continue;
			agent->trunk[i] = old[k];
			old[k] = NULL;
			trunk_update(agent->trunk[i], peer);
		}
		if (!agent->trunk[i])
			error = trunk_new(&agent->trunk[i], agent, peer);
	}
	return error;
}

static int agent_open_rest(struct agent *agent, char *why, size_t why_size)
{
	const struct policy_files *files = policy_files(agent->policy);
	const struct policy_phones *phones = policy_phones(agent->policy);
	int error = 0;

	if (phones)
		error = cred_new(&agent->cred, phones->realm,
				 AGENT_NONCE_LIFE_MS);
	if (!error)
		error = resolve_new(&agent->resolve, agent->root);
	if (!error)
		error = agent_open_trunks(agent, NULL, 0);
	if (!error)
		error = registrar_new(&agent->registrar, agent);
	if (error) {
		snprintf(why, why_size, "cannot start: %s", strerror(-error));
		return error;
	}
	error = ctl_new(&agent->ctl, agent, files->control_socket,
			files->control_group, why, why_size);
	if (!error)
		error = chores_start(agent);
	if (!error)
		error = move_start(agent);
	return error;
}

/* Calls go on without it (store.h). */
static void agent_open_store(struct agent *agent, char *why, size_t why_size)
{
	int error =
		store_open(&agent->store, policy_files(agent->policy)->store,
			   why, why_size);

	if (error) {
		agent->store = NULL;
		log_error("%s; the program runs without its store: what phones "
			  "registered and what was learned of peers is lost "
			  "when it ends",
			  why);
		agent_event("store-trouble", "error", why);
	} else if (why[0]) {
		log_warning("%s", why);
	}
	why[0] = '\0';
}

static void agent_start_line(const struct agent *agent)
{
	struct status_line line;

	status_begin(&line, NULL, '-', NULL, "start");
	status_text(&line, "version", PACKAGE_VERSION);
	status_number(&line, "networks", agent->networks);
	status_number(&line, "peers",
		      policy_peers(agent->policy) -
			      (policy_phones(agent->policy) != NULL));
	status_text(&line, "config", agent->config_path);
	status_end(&line);
}

void agent_tell_descriptors(const struct agent *agent)
{
	char text[256];

	if (descriptors_short(policy_limits(agent->policy)->max_calls, text,
			      sizeof(text)))
		log_warning("%s", text);
}

int agent_new(struct agent **out, struct policy *policy,
	      const char *config_path, char *why, size_t why_size)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int error;

	if (!agent) {
		policy_unref(policy);
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	agent->policy = policy;
	agent->config_path = config_path;
	agent->started_ms = agent_now_ms();
	agent->arrivals = arrivals_new();
	TAILQ_INIT(&agent->calls);
	TAILQ_INIT(&agent->ended);
	TAILQ_INIT(&agent->legs);
	TAILQ_INIT(&agent->leaving);
	descriptors_raise();
	heap_start(&agent->heap);
	agent_clock_init();
	su_init();
	su_log_redirect(NULL, agent_library_log, NULL);
	agent->root = su_root_create(NULL);
	error = agent->root ? 0 : -ENOMEM;
	if (error)
		snprintf(why, why_size, "cannot make the event loop");
	else
		su_root_threading(agent->root, 0);
	if (!error)
		error = guard_new(&agent->guard, policy_limits(policy));
	if (!error)
		agent_open_store(agent, why, why_size);
	if (!error)
		error = learn_new(&agent->learn, agent->store);
	if (!error)
		error = music_load(&agent->music, policy, why, why_size);
	if (!error)
		error = agent_open_media(agent, why, why_size);
	if (!error)
		error = agent_open_networks(agent, why, why_size);
	if (!error)
		error = agent_open_rest(agent, why, why_size);
	if (error) {
		agent_free(agent);
		return error;
	}
	agent_sources_changed(agent);
	media_engine_prepared(agent->media);
	agent_start_line(agent);
	agent_tell_descriptors(agent);
	*out = agent;
	return 0;
}

void agent_free(struct agent *agent)
{
	struct call *call;
	struct leg *leg;

	if (!agent)
		return;
	move_stop(agent);
	chores_stop(agent);
	if (agent->arrivals >= 0)
		close(agent->arrivals);
	ctl_free(agent->ctl);
	while ((call = TAILQ_FIRST(&agent->calls)))
		call_free(call);
	while ((call = TAILQ_FIRST(&agent->ended)))
		call_free(call);
	story_clear();
	while ((leg = TAILQ_FIRST(&agent->legs)))
		leg_free(leg);
	while ((leg = TAILQ_FIRST(&agent->leaving)))
		leg_free(leg);
	for (unsigned i = 0; i < agent->trunks; i++)
		trunk_free(agent->trunk[i], agent->ending);
	free(agent->trunk);
	registrar_free(agent->registrar);
	resolve_free(agent->resolve);
	for (unsigned i = 0; i < agent->networks; i++)
		network_close(&agent->network[i]);
	free(agent->network);
	media_engine_free(agent->media);
	music_free(agent->music);
	learn_free(agent->learn);
	store_close(agent->store);
	cred_free(agent->cred);
	guard_free(agent->guard);
	if (agent->root)
		su_root_destroy(agent->root);
	su_deinit();
	policy_unref(agent->policy);
	free(agent);
}

/* --- life -------------------------------------------------------------- */

/* A look costs a system call a listener: not at every turn. */
static void agent_watch_queues(struct agent *agent)
{
	uint64_t now_ms = agent_now_ms();
	struct guard_queue worst = {0};

	if (now_ms - agent->watched_ms < AGENT_WATCH_MS)
		return;
	agent->watched_ms = now_ms;
	for (unsigned i = 0; i < agent->networks; i++)
		network_queue_look(&agent->network[i], &worst);
	guard_queued(agent->guard, &worst, now_ms);
}

void agent_step(struct agent *agent, unsigned wait_ms)
{
	unsigned media_ms = media_engine_turn(agent->media);

	agent_watch_queues(agent);
	su_root_step(agent->root,
		     (su_duration_t)(media_ms < wait_ms ? media_ms : wait_ms));
	call_reap(agent);
	heap_turn(&agent->heap);
}

static bool agent_is_quiet(const struct agent *agent)
{
	return TAILQ_EMPTY(&agent->calls) && TAILQ_EMPTY(&agent->ended) &&
	       TAILQ_EMPTY(&agent->legs) && TAILQ_EMPTY(&agent->leaving);
}

int agent_run(struct agent *agent)
{
	for (;;) {
		agent_step(agent, agent->ending ? 50 : 1000);
		if (agent->draining && !agent->ending &&
		    TAILQ_EMPTY(&agent->calls))
			agent_end(agent);
		if (agent->ending && agent_now_ms() > agent->leave_ms &&
		    (agent_is_quiet(agent) || agent_now_ms() > agent->end_ms))
			break;
	}
	return agent->exit_status;
}

void agent_event(const char *event, const char *key, const char *value)
{
	struct status_line line;

	status_begin(&line, NULL, '-', NULL, event);
	if (key)
		status_text(&line, key, value);
	status_end(&line);
}

void agent_drain(struct agent *agent)
{
	if (agent->draining)
		return;
	agent->draining = true;
	agent_event("drain", NULL, NULL);
}

void agent_end(struct agent *agent)
{
	struct call *call;

	if (agent->ending)
		return;
	agent->draining = agent->ending = true;
	agent->end_ms = agent_now_ms() + AGENT_GOODBYE_MS;
	notify_stopping();
	agent_event("stop", NULL, NULL);
	while ((call = TAILQ_FIRST(&agent->calls)))
		call_end(call, "sallyport", "shutdown");
	for (unsigned i = 0; i < agent->trunks; i++)
		if (agent->trunk[i] && trunk_leave(agent->trunk[i]))
			agent->leave_ms = agent_now_ms() + AGENT_LEAVE_MS;
}

int agent_hangup(struct agent *agent, const char *id)
{
	struct call *call = call_find(agent, id);

	if (!call)
		return -ENOENT;
	call_end(call, "sallyport", "admin");
	return 0;
}

/* --- looking around ---------------------------------------------------- */

struct agent_network *agent_network(struct agent *agent, const char *name)
{
	for (unsigned i = 0; i < agent->networks; i++)
		if (!strcmp(agent->network[i].name, name))
			return &agent->network[i];
	return NULL;
}

struct trunk *agent_trunk(struct agent *agent, const struct policy_peer *peer)
{
	const struct policy_peer *now = peer;

	if (peer->index < agent->trunks && agent->trunk[peer->index] &&
	    !strcmp(trunk_state(agent->trunk[peer->index])->peer->name,
		    peer->name))
		return agent->trunk[peer->index];
	/* The call's snapshot is older than ours. */
	now = policy_peer_named(agent->policy, peer->name);
	return now && now->index < agent->trunks ? agent->trunk[now->index]
						 : NULL;
}

void agent_relearn(struct agent *agent, const char *name)
{
	const struct policy_peer *peer = policy_peer_named(agent->policy, name);
	struct trunk *trunk = peer ? agent_trunk(agent, peer) : NULL;

	if (trunk)
		trunk_update(trunk, trunk_state(trunk)->peer);
}

const struct policy_peer *agent_peer_by_source(struct agent *agent,
					       const struct agent_network *at,
					       const struct sockaddr *source)
{
	const struct policy_peer *peer =
		policy_peer_by_source(agent->policy, at->policy, source);

	if (peer && peer->kind != POLICY_PHONES)
		return peer;
	for (unsigned i = 0; i < agent->trunks; i++)
		if (agent->trunk[i] &&
		    policy_peer(agent->policy, i)->network->index ==
			    at->policy->index &&
		    trunk_owns(agent->trunk[i], source))
			return policy_peer(agent->policy, i);
	return peer;
}
