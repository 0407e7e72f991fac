/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The running program: event loop, one nta agent a network, listeners, timers.
 * It owns calls, trunks, the registrar, the media engine and the current
 * policy snapshot. All of it lives in the signalling thread.
 */
#ifndef SBC_AGENT_H
#define SBC_AGENT_H

#include <sys/queue.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/su_wait.h>

#include "media/media.h"
#include "policy/policy.h"
#include "sbc/heap.h"

struct call;
struct cred;
struct ctl;
struct guard;
struct learn;
struct leg;
struct registrar;
struct resolve;
struct store;
struct trunk;

/* One network of the snapshot, brought to life. */
#define AGENT_QUEUES_MAX 80

struct agent_network {
	struct agent *agent;
	const struct policy_network *policy; /* of the current snapshot */
	nta_agent_t *nta;
	char *name;	 /* outlives the snapshot */
	bool named;	 /* its listeners have names in nta: "192.0.2.1:5060" */
	bool incomplete; /* a port or address could not be listened on yet */
	unsigned opened; /* listeners, since the start */
	bool stale;	 /* there are listeners at addresses that are gone */
	bool tcp_open;	 /* the system allows no filter there: strangers'
			    connections are ended as they come */
	nta_leg_t *out_of_dialog;     /* for REGISTER and OPTIONS of ours */
	uint16_t rtp_first, rtp_last; /* of the block */
	struct media_block *block;
	int queue[AGENT_QUEUES_MAX]; /* its UDP listeners: the library's */
	unsigned queues;
};

struct agent {
	su_root_t *root;
	struct policy *policy; /* the current snapshot, one reference */
	const char *config_path;
	struct agent_network *network; /* by policy_network.index */
	unsigned networks;
	struct trunk **trunk; /* by policy_peer.index; NULL: phones */
	unsigned trunks;
	struct registrar *registrar;
	struct cred *cred;
	struct guard *guard;
	struct resolve *resolve;
	struct store *store;
	struct learn *learn;
	struct agent_music *music;
	struct media_engine *media;
	struct ctl *ctl;
	TAILQ_HEAD(agent_calls, call) calls, ended; /* ended: to be freed */
	TAILQ_HEAD(agent_legs, leg) legs, leaving;  /* leaving: oldest first */
	unsigned calls_count;
	unsigned calls_begun; /* since the start */
	struct heap heap;
	/* The end waits until leave_ms for trunks to be told, and until end_ms
	 * at the latest for calls. */
	uint64_t started_ms, leave_ms, end_ms;
	uint64_t watched_ms; /* when the listeners' queues were looked at */
	bool draining, ending;
	struct agent_move *move;
	int arrivals;		     /* of TCP connections; -1: not noticed */
	struct agent_chores *chores; /* timers and descriptors of the loop */
	bool srtp_prepared; /* its library was started, or is about to be */
	int exit_status;
};

/*
 * Everything is bound and started, or nothing is. Takes the caller's reference
 * to `policy`, also on failure. `why` says what failed and what to do.
 */
int agent_new(struct agent **out, struct policy *policy,
	      const char *config_path, char *why, size_t why_size);
/* Until agent_end has ended everything; returns the exit status. */
int agent_run(struct agent *agent);
/* One turn of the loop, at most `wait_ms`; for tests. */
void agent_step(struct agent *agent, unsigned wait_ms);
void agent_free(struct agent *agent);

/* Load the files again and swap the snapshot; calls keep theirs. A broken
 * file changes nothing: -EINVAL and *why (the faults; caller frees). */
int agent_reload(struct agent *agent, char **why);
/* Take no more calls; end when the last one has. */
void agent_drain(struct agent *agent);
/* BYE on every leg, then stop, at the latest after 5 s. */
void agent_end(struct agent *agent);
/* End one call by its id; -ENOENT. */
int agent_hangup(struct agent *agent, const char *id);

/* Monotonic milliseconds, the clock of everything here and of the library. */
uint64_t agent_now_ms(void);
/* Gives that clock to the library; before su_init(). */
void agent_clock_init(void);

/* By name, since a call's snapshot may be older than ours; NULL if gone. */
struct agent_network *agent_network(struct agent *agent, const char *name);
struct trunk *agent_trunk(struct agent *agent, const struct policy_peer *peer);

/* What was learned of this peer was forgotten: its way is chosen anew. */
void agent_relearn(struct agent *agent, const char *peer);

/* What this peer hears while its call is held; NULL: silence. */
const struct media_music *agent_music(const struct agent *agent,
				      const struct policy_peer *peer);

/* Which peer sent this? Literal sources by policy, resolved ones by trunk. */
const struct policy_peer *agent_peer_by_source(struct agent *agent,
					       const struct agent_network *at,
					       const struct sockaddr *source);
/* The set of known sources changed (a name resolved anew, a reload): build
 * the listeners' filters again. */
void agent_sources_changed(struct agent *agent);

#endif
