/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What agent.c, agent_network.c and agent_chores.c share. */
#ifndef SBC_AGENT_PRIVATE_H
#define SBC_AGENT_PRIVATE_H

#include "sbc/agent.h"
#include "sbc/guard/guard.h"

/* --- agent_network.c: listeners and what comes in by them -------------- */

/* Brings one network to life. 0, or -errno with `why`. */
int network_open(struct agent_network *network, struct agent *agent,
		 const struct policy_network *policy, char *why,
		 size_t why_size);
void network_close(struct agent_network *network);
/* The same network in a new snapshot: its port block may differ, its
 * addresses may not. -EADDRNOTAVAIL with `why` if they do. */
int network_update(struct agent_network *network,
		   const struct policy_network *policy, char *why,
		   size_t why_size);
/* Its addresses are others now, or listeners at dead ones can go. */
int network_move(struct agent_network *network);
/* The nta agent without a listener, and its end. 0 or -ENOMEM. */
int network_start(struct agent_network *network);
void network_stop(struct agent_network *network);
/* All ports of one address that are not listened on yet; the others are tried
 * although one fails. 0, or -errno of the first with `why`. */
int network_listen_at(struct agent_network *network,
		      const struct policy_network_address *address, char *why,
		      size_t why_size);
/* Where one of its listeners' queues is worse than `worst`, that is noted. */
void network_queue_look(const struct agent_network *network,
			struct guard_queue *worst);
bool network_same_place(const struct policy_network *a,
			const struct policy_network *b);

/* --- agent.c -------------------------------------------------------------- */

/* The trunks of the present snapshot; those of `old` that stay are kept, and
 * their places there are emptied. */
int agent_open_trunks(struct agent *agent, struct trunk **old, unsigned olds);
/* A status line of the program; key NULL: no field. */
void agent_event(const char *event, const char *key, const char *value);
/* A warning if a limit is too low for the calls that policy allows. */
void agent_tell_descriptors(const struct agent *agent);
/* If SRTP may end here, its library is started, beside us. */
void agent_prepare_srtp(struct agent *agent);
/* How long a nonce of ours is good. */
#define AGENT_NONCE_LIFE_MS 300000

/* --- agent_move.c: the host's addresses change ----------------------------
 */

int move_start(struct agent *agent);
void move_stop(struct agent *agent);
/* Networks that are quiet now are rid of their dead listeners. */
void move_tidy(struct agent *agent);
/* agent_reload.c: the same configuration at new addresses; takes `policy`. */
int agent_move_to(struct agent *agent, struct policy *policy);

/* --- agent_music.c: hold music, by the files' paths ------------------------
 */

/* All that the policy names, or nothing: -errno with `why`. */
int music_load(struct agent_music **out, const struct policy *policy, char *why,
	       size_t why_size);
void music_free(struct agent_music *list);

/* --- agent_chores.c: what the loop does by the clock and by descriptor - */

/* Timers, the media engine's events, signals. 0 or -errno. */
int chores_start(struct agent *agent);
void chores_stop(struct agent *agent);

#endif
