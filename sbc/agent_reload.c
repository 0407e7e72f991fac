/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new policy takes the place of the one in force, or changes nothing. */
#include "config.h"

#include "sbc/agent_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/guard/guard.h"
#include "sbc/register/trunk.h"
#include "sbc/report/log.h"
#include "sbc/report/notify.h"
#include "sbc/sip/cred.h"

static char *agent_faults_text(const struct policy_faults *faults)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (unsigned i = 0; i < faults->count; i++)
		fprintf(out, "%s\n", faults->line[i]);
	fclose(out);
	return text;
}

/* Sockets are bound once: what they stand on needs a restart. */
static char *agent_unmovable(const struct agent *agent,
			     const struct policy *policy)
{
	char *text = NULL;
	bool same = policy_networks(policy) == agent->networks;

	for (unsigned i = 0; i < policy_networks(policy); i++) {
		const struct policy_network *now = policy_network(policy, i);

		if (same &&
		    (network_same_place(agent->network[i].policy, now) ||
		     (now->interface && agent->network[i].policy->interface)))
			continue;
		if (asprintf(&text,
			     "%s:%u: error: networks, their addresses and "
			     "sip_port cannot change by a reload; restart "
			     "sallyport\n",
			     now->at.file, now->at.line) < 0)
			return NULL;
		return text;
	}
	return NULL;
}

/* A realm that is new or has another name: its nonces begin anew. */
static int agent_swap_realm(struct agent *agent, const struct policy *policy)
{
	const struct policy_phones *was = policy_phones(agent->policy);
	const struct policy_phones *now = policy_phones(policy);
	struct cred *cred;
	int error;

	if (!now || (was && !strcmp(was->realm, now->realm)))
		return 0;
	error = cred_new(&cred, now->realm, AGENT_NONCE_LIFE_MS);
	if (error)
		return error;
	cred_free(agent->cred);
	agent->cred = cred;
	return 0;
}

/* A file that is broken changes nothing; takes `policy` then. */
static int agent_swap_music(struct agent *agent, struct policy *policy,
			    char **why)
{
	struct agent_music *music;
	char fault[256] = "";
	int error = music_load(&music, policy, fault, sizeof(fault));

	if (error) {
		free(*why);
		if (asprintf(why, "hold_music: %s\n", fault) < 0)
			*why = NULL;
		policy_unref(policy);
		return error;
	}
	music_free(agent->music);
	agent->music = music;
	return 0;
}

static int agent_swap(struct agent *agent, struct policy *policy, char **why)
{
	struct policy *old = agent->policy;
	struct trunk **old_trunk = agent->trunk;
	unsigned old_trunks = agent->trunks;
	const struct policy_files *files = policy_files(policy);
	char fault[256] = "";
	int error = agent_swap_realm(agent, policy), one;

	/* Nothing may keep a pointer into the old snapshot, whatever fails. */
	agent->policy = policy;
	for (unsigned i = 0; i < agent->networks; i++) {
		one = network_update(&agent->network[i],
				     policy_network(policy, i), fault,
				     sizeof(fault));
		error = error ? error : one;
	}
	one = agent_open_trunks(agent, old_trunk, old_trunks);
	error = error ? error : one;
	if (error && asprintf(why, "%s\n", fault) < 0)
		*why = NULL;
	for (unsigned i = 0; i < old_trunks; i++)
		if (old_trunk[i])
			trunk_free(old_trunk[i], true);
	free(old_trunk);
	agent_prepare_srtp(agent);
	guard_limits(agent->guard, policy_limits(policy));
	log_level(files->log_level);
	log_reopen(files->status_log);
	log_reopen_messages(files->messages);
	policy_unref(old);
	agent_sources_changed(agent);
	return error;
}

int agent_move_to(struct agent *agent, struct policy *policy)
{
	char *why = NULL;
	int error = agent_swap(agent, policy, &why);

	if (why)
		log_warning("%s", why);
	free(why);
	return error;
}

int agent_reload(struct agent *agent, char **why)
{
	struct policy_faults faults;
	struct policy_host host = {0};
	struct policy *policy = NULL;
	int error;

	*why = NULL;
	notify_reloading();
	policy_host_read(&host);
	error = policy_load(&policy, agent->config_path,
			    host.addresses ? &host : NULL, &faults);
	policy_host_free(&host);
	if (faults.count)
		*why = agent_faults_text(&faults);
	policy_faults_free(&faults);
	if (!error) {
		char *unmovable = agent_unmovable(agent, policy);

		if (unmovable) {
			free(*why);
			*why = unmovable;
			policy_unref(policy);
			error = -EINVAL;
		}
	}
	if (!error)
		error = agent_swap_music(agent, policy, why);
	if (!error)
		error = agent_swap(agent, policy, why);
	if (!error)
		agent_tell_descriptors(agent);
	agent_event(error ? "reload-failed" : "reload", "config",
		    agent->config_path);
	if (*why)
		log_warning("%s", *why);
	notify_ready(NULL);
	return error;
}
