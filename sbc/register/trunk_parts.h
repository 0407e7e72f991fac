/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of a trunk share: its place, health and registration. */
#ifndef SBC_REGISTER_TRUNK_PARTS_H
#define SBC_REGISTER_TRUNK_PARTS_H

#include <sofia-sip/msg_header.h>
#include <sofia-sip/nta_tag.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_tag.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/url.h>

#include "sbc/agent.h"
#include "sbc/register/place.h"
#include "sbc/register/trunk.h"

/* How long one target may be silent before the next is asked. */
#define TRUNK_SILENCE_MS 4000
#define TRUNK_ROUTE_MAX	 (ADDRESS_TEXT_MAX + 32)
#define TRUNK_NAME_MAX	 272

struct signup;

/* OPTIONS at intervals; see health.c for its timers. */
struct health {
	su_timer_t *timer;
	nta_outgoing_t *ping;
	unsigned target; /* index of the one being asked */
	unsigned misses; /* rounds without an answer, in a row */
};

struct trunk {
	struct agent *agent;
	const struct policy_peer *peer;
	struct trunk_state state;
	struct place *place;
	struct health health;
	struct signup *signup;	      /* NULL: not wanted */
	struct sockaddr_storage seen; /* how the peer sees us, if that is
					 neither known nor private */
	uint64_t seen_ms;
	bool unresolved;  /* said so */
	bool ready;	  /* trunk_new is over */
	bool way_worked;  /* some answer came by the present way */
	su_timer_t *turn; /* to another way, out of every callback */
	char place_key[1024], signup_key[1024]; /* what a reload compares */
};

/* --- trunk.c --- */
uint32_t trunk_random(uint32_t below);
struct agent_network *trunk_network(const struct trunk *trunk);
/* "sip:192.0.2.1:5060;transport=udp" */
void trunk_route(char out[TRUNK_ROUTE_MAX],
		 const struct resolve_target *target);
/* Our address and port as this target is to see them. */
bool trunk_us(struct sockaddr_storage *out, const struct trunk *trunk,
	      const struct resolve_target *target);
/* Host part of a URI: brackets around IPv6, a ":port" in the text kept only
 * with `port`. */
void trunk_host(char out[TRUNK_NAME_MAX], const char *name, bool port);
/* The listener's name in nta for requests to this target; NULL: its only one.
 */
const char *trunk_ident(char out[ADDRESS_TEXT_MAX], const struct trunk *trunk,
			const struct resolve_target *target);
/* Was this answer, or for a registration its Contacts, rewritten on the way?
 * `contact`: the one that we wrote, or NULL. */
void trunk_look_for_alg(struct trunk *trunk, const sip_t *sip,
			const struct resolve_target *target, bool contacts);
/* No answer came by this way, ever: `alg = avoid` takes another. */
void trunk_way_is_dead(struct trunk *trunk, const char *why);
/* What an answer's Via says of our address (RFC 3581). */
void trunk_seen(struct trunk *trunk, const sip_t *sip,
		const struct resolve_target *target);
/* The last trouble, for sallyctl; "" when it is over. */
void trunk_why(struct trunk *trunk, const char *why);
void trunk_say(const struct trunk *trunk, const char *event, unsigned status,
	       const char *reason);

/* --- health.c --- */
int health_start(struct trunk *trunk);
void health_stop(struct trunk *trunk);
/* No ping is under way, none is planned. */
void health_pause(struct trunk *trunk);
/* The targets or the interval changed: ask soon. */
void health_soon(struct trunk *trunk);

/* --- signup.c --- */
int signup_new(struct signup **out, struct trunk *trunk);
/* Was a farewell sent? */
bool signup_free(struct signup *signup, bool politely);
/* The trunk's targets, or our address, changed. */
void signup_moved(struct signup *signup);
bool signup_owns(const struct signup *signup, const struct sockaddr *source);

#endif
