/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trunk's life: its place, what a reload changes, how many calls it has. */
#include "config.h"

#include "sbc/register/trunk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "sbc/call/learn.h"
#include "sbc/register/trunk_parts.h"
#include "sbc/report/status.h"

/* A NAT that shows us with a new port each time must not keep us busy. */
#define SEEN_EVERY_MS 10000

uint32_t trunk_random(uint32_t below)
{
	uint32_t dice;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		dice = (uint32_t)agent_now_ms() * 2654435761u;
	return dice % below;
}

struct agent_network *trunk_network(const struct trunk *trunk)
{
	unsigned index = trunk->peer->network->index;

	return index < trunk->agent->networks ? &trunk->agent->network[index]
					      : NULL;
}

void trunk_route(char out[TRUNK_ROUTE_MAX], const struct resolve_target *target)
{
	char text[ADDRESS_TEXT_MAX];

	snprintf(out, TRUNK_ROUTE_MAX, "sip:%s;transport=%s",
		 address_text(text, (const struct sockaddr *)&target->address),
		 target->transport == POLICY_TCP ? "tcp" : "udp");
}

void trunk_host(char out[TRUNK_NAME_MAX], const char *name, bool port)
{
	struct sockaddr_storage address;
	char text[ADDRESS_TEXT_MAX];

	if (!address_parse(&address, name, 0)) {
		const struct sockaddr *literal =
			(const struct sockaddr *)&address;
		if (port && address_port(literal))
			address_text(text, literal);
		else
			address_host(text, literal);
		bool bare6 = text[0] != '[' && strchr(text, ':') &&
			     address.ss_family == AF_INET6;
		snprintf(out, TRUNK_NAME_MAX, bare6 ? "[%s]" : "%s", text);
		return;
	}
	snprintf(out, TRUNK_NAME_MAX, "%s", name);
	char *colon = strchr(out, ':');
	if (!port && colon)
		*colon = '\0';
}

/* --- how we are seen --- */

bool trunk_us(struct sockaddr_storage *out, const struct trunk *trunk,
	      const struct resolve_target *target)
{
	const struct policy_network *network = trunk->peer->network;
	const struct policy_network_address *ours = policy_network_address(
		network, (const struct sockaddr *)&target->address);

	if (!ours)
		return false;
	if (ours->public.ss_family != AF_UNSPEC) {
		*out = ours->public;
		address_set_port(
			(struct sockaddr *)out,
			policy_public_port(network, trunk->state.way.port));
	} else if (trunk->seen.ss_family == ours->local.ss_family) {
		*out = trunk->seen;
	} else {
		*out = ours->local;
		address_set_port((struct sockaddr *)out, trunk->state.way.port);
	}
	return true;
}

static bool read_via(struct sockaddr_storage *out, const sip_via_t *via,
		     uint16_t port)
{
	if (!via || !via->v_received)
		return false;
	/* A connection's port is no place to call. */
	if (via->v_rport && via->v_protocol &&
	    !strcasecmp(via->v_protocol, "SIP/2.0/UDP"))
		port = (uint16_t)atoi(via->v_rport);
	if (address_parse(out, via->v_received, port))
		return false;
	address_set_port((struct sockaddr *)out, port);
	return port != 0;
}

void trunk_seen(struct trunk *trunk, const sip_t *sip,
		const struct resolve_target *target)
{
	const struct policy_network *network = trunk->peer->network;
	const struct policy_network_address *ours = policy_network_address(
		network, (const struct sockaddr *)&target->address);
	struct sockaddr_storage seen, before;
	uint64_t now_ms = agent_now_ms();

	/* A configured public address is the administrator's word. */
	if (!ours || ours->public.ss_family != AF_UNSPEC ||
	    !read_via(&seen, sip->sip_via, trunk->state.way.port) ||
	    address_is_private((struct sockaddr *)&seen) ||
	    seen.ss_family != ours->local.ss_family ||
	    !trunk_us(&before, trunk, target) ||
	    address_equal((struct sockaddr *)&seen, (struct sockaddr *)&before))
		return;
	if (trunk->seen_ms && now_ms - trunk->seen_ms < SEEN_EVERY_MS)
		return;
	trunk->seen = seen;
	trunk->seen_ms = now_ms;
	if (trunk->signup)
		signup_moved(trunk->signup);
}

/* --- an ALG on the way --- */

const char *trunk_ident(char out[ADDRESS_TEXT_MAX], const struct trunk *trunk,
			const struct resolve_target *target)
{
	const struct policy_network *network = trunk->peer->network;
	const struct policy_network_address *ours = policy_network_address(
		network, (const struct sockaddr *)&target->address);
	struct sockaddr_storage local;

	if (!ours || !trunk_network(trunk)->named)
		return NULL;
	local = ours->local;
	address_set_port((struct sockaddr *)&local, trunk->state.way.port);
	return address_text(out, (struct sockaddr *)&local);
}

static void on_turn(su_root_magic_t *magic, su_timer_t *timer,
		    su_timer_arg_t *arg)
{
	struct trunk *trunk = (struct trunk *)arg;

	(void)magic;
	(void)timer;
	trunk_update(trunk, trunk->peer);
}

/* What stands in the trouble column while the configured way is disturbed. */
static void note_alg(struct trunk *trunk)
{
	const struct learn *learn = trunk->agent->learn;
	const struct policy_peer *peer = trunk->peer;
	char text[ALG_WAY_TEXT_MAX], advice[ALG_ADVICE_MAX];
	struct policy_peer plain = *peer;
	struct alg_way set;

	plain.alg = POLICY_ALG_REPORT;
	alg_choose(&set, NULL, &plain);
	trunk->state.alg[0] = '\0';
	if (!learn || !learn_knows_way(learn, peer, alg_way_text(text, &set)))
		return;
	alg_advice(advice, peer, &set);
	if (trunk->state.way.port != set.port ||
	    trunk->state.way.transport != set.transport)
		snprintf(trunk->state.alg, sizeof(trunk->state.alg),
			 "a SIP ALG is suspected on %s, and avoided", text);
	else
		snprintf(trunk->state.alg, sizeof(trunk->state.alg),
			 "a SIP ALG is suspected: %.220s", advice);
}

void trunk_touched(struct trunk *trunk, const struct alg_way *way,
		   enum alg_sign sign, const char *call, const char *evidence)
{
	const struct policy_peer *peer = trunk->peer;
	char text[ALG_WAY_TEXT_MAX], advice[ALG_ADVICE_MAX];
	struct status_line line;

	if (!trunk->agent->learn ||
	    !learn_way(trunk->agent->learn, peer, alg_way_text(text, way),
		       call ? call : "", alg_sign_name(sign), evidence))
		return;
	alg_advice(advice, peer, way);
	status_begin(&line, call, '-', peer->name, "alg-suspected");
	status_text(&line, "way", text);
	status_text(&line, "sign", alg_sign_name(sign));
	status_text(&line, "evidence", evidence);
	status_text(&line, "advice", advice);
	status_end(&line);
	note_alg(trunk);
	if (peer->alg == POLICY_ALG_AVOID)
		su_timer_set_interval(trunk->turn, on_turn,
				      (su_timer_arg_t *)trunk, 1);
}

void trunk_look_for_alg(struct trunk *trunk, const sip_t *sip,
			const struct resolve_target *target, bool contacts)
{
	const struct policy_network *network = trunk->peer->network;
	const struct sockaddr *far = (const struct sockaddr *)&target->address;
	const struct policy_network_address *ours =
		policy_network_address(network, far);
	bool mapped = ours && ours->public.ss_family != AF_UNSPEC;
	struct sockaddr_storage wrote, us;
	char evidence[ALG_TEXT_MAX];
	enum alg_sign sign;

	if (!ours)
		return;
	wrote = mapped ? ours->public : ours->local;
	address_set_port((struct sockaddr *)&wrote, trunk->state.way.port);
	sign = alg_judge_via(evidence, sip->sip_via, (struct sockaddr *)&wrote,
			     (const struct sockaddr *)&ours->local, mapped,
			     far);
	if (!sign && contacts && trunk_us(&us, trunk, target))
		sign = alg_judge_contact(evidence, sip->sip_contact,
					 trunk->peer->reg.user,
					 (struct sockaddr *)&us, sip->sip_via);
	if (sign)
		trunk_touched(trunk, &trunk->state.way, sign, NULL, evidence);
}

void trunk_way_is_dead(struct trunk *trunk, const char *why)
{
	struct policy_peer plain = *trunk->peer;
	struct alg_way set;

	plain.alg = POLICY_ALG_REPORT;
	alg_choose(&set, NULL, &plain);
	/* The way that is configured may have to wait for its far end. */
	if (trunk->way_worked || (set.port == trunk->state.way.port &&
				  set.transport == trunk->state.way.transport))
		return;
	trunk_touched(trunk, &trunk->state.way, ALG_NONE, NULL, why);
}

/* --- what is said --- */

void trunk_why(struct trunk *trunk, const char *why)
{
	snprintf(trunk->state.why, sizeof(trunk->state.why), "%s", why);
}

void trunk_say(const struct trunk *trunk, const char *event, unsigned status,
	       const char *reason)
{
	struct status_line line;

	status_begin(&line, NULL, '-', trunk->peer->name, event);
	if (status)
		status_number(&line, "status", status);
	if (reason && reason[0])
		status_text(&line, "reason", reason);
	status_end(&line);
}

/* --- where it is --- */

static void say_place(const struct trunk *trunk, const char *event,
		      const char *reason)
{
	struct status_line line;

	status_begin(&line, NULL, '-', trunk->peer->name, event);
	if (reason)
		status_text(&line, "reason", reason);
	status_number(&line, "targets", trunk->state.targets);
	status_text(&line, "stale", trunk->state.stale ? "yes" : "no");
	status_end(&line);
}

static void on_place(void *user, const struct place_state *place, bool moved)
{
	struct trunk *trunk = user;
	struct trunk_state *state = &trunk->state;
	const char *why =
		place->error == -ENOENT ? "no such name" : "DNS did not answer";

	memcpy(state->target, place->target, sizeof(state->target));
	state->targets = place->targets;
	state->stale = place->stale;
	if (place->error) {
		trunk_why(trunk, why);
		say_place(trunk, "trunk-unresolved", why);
	} else if (trunk->unresolved) {
		trunk_why(trunk, "");
		say_place(trunk, "trunk-resolved", NULL);
	}
	trunk->unresolved = place->error != 0;
	if (!moved)
		return;
	health_soon(trunk);
	if (trunk->signup)
		signup_moved(trunk->signup);
	if (trunk->ready)
		agent_sources_changed(trunk->agent);
}

/* --- reload --- */

/* Everything that decides where it is, and as whom it sees us. */
static void place_key(char *out, size_t size, const struct policy_peer *peer,
		      const struct alg_way *way)
{
	const struct policy_network *network = peer->network;
	char local[ADDRESS_TEXT_MAX], public[ADDRESS_TEXT_MAX];
	size_t len;

	snprintf(out, size, "%s|%s|%u|%u|%s|%u|%u",
		 peer->domain ? peer->domain : "", peer->host ? peer->host : "",
		 peer->port, (unsigned)way->transport, network->name, way->port,
		 policy_public_port(network, way->port));
	for (unsigned i = 0; i < network->addresses; i++) {
		const struct policy_network_address *ours =
			&network->address[i];
		len = strlen(out);
		public[0] = '\0';
		address_host(local, (const struct sockaddr *)&ours->local);
		if (ours->public.ss_family != AF_UNSPEC)
			address_host(public,
				     (const struct sockaddr *)&ours->public);
		snprintf(out + len, size - len, "|%s|%s", local, public);
	}
}

static void signup_key(char *out, size_t size, const struct policy_peer *peer)
{
	const struct policy_register *reg = &peer->reg;

	if (!reg->wanted)
		snprintf(out, size, "none");
	else
		snprintf(out, size, "%s|%s|%u|%s|%s",
			 reg->user ? reg->user : "",
			 reg->registrar ? reg->registrar : "", reg->expires_s,
			 peer->username ? peer->username : "",
			 peer->password ? peer->password : "");
}

static int find_place(struct trunk *trunk)
{
	const struct policy_peer *peer = trunk->peer;

	alg_choose(&trunk->state.way, trunk->agent->learn, peer);
	trunk->way_worked = false;
	note_alg(trunk);
	place_key(trunk->place_key, sizeof(trunk->place_key), peer,
		  &trunk->state.way);
	return place_new(&trunk->place, trunk->agent,
			 peer->domain ? peer->domain : peer->host,
			 peer->domain != NULL, peer->port, peer,
			 trunk->state.way.transport, on_place, trunk);
}

static int sign_up(struct trunk *trunk)
{
	signup_key(trunk->signup_key, sizeof(trunk->signup_key), trunk->peer);
	trunk->state.registration = TRUNK_NOT_WANTED;
	trunk->state.registration_status = 0;
	trunk->state.registered_until_ms = 0;
	if (!trunk->peer->reg.wanted)
		return 0;
	trunk->state.registration = TRUNK_TRYING;
	return signup_new(&trunk->signup, trunk);
}

void trunk_update(struct trunk *trunk, const struct policy_peer *peer)
{
	char key[sizeof(trunk->place_key)], text[ALG_WAY_TEXT_MAX];
	struct status_line line;
	struct alg_way way;
	bool moved, changed, turned;

	trunk->peer = trunk->state.peer = peer;
	alg_choose(&way, trunk->agent->learn, peer);
	turned = way.transport != trunk->state.way.transport ||
		 way.port != trunk->state.way.port;
	place_key(key, sizeof(trunk->place_key), peer, &way);
	moved = strcmp(key, trunk->place_key) != 0;
	signup_key(key, sizeof(key), peer);
	changed = moved || strcmp(key, trunk->signup_key) != 0;
	if (changed) {
		(void)signup_free(trunk->signup, true);
		trunk->signup = NULL;
	}
	if (moved) {
		place_free(trunk->place);
		trunk->place = NULL;
		trunk->state.targets = 0;
		trunk->state.health = TRUNK_UNKNOWN;
		trunk->health.misses = 0;
		memset(&trunk->seen, 0, sizeof(trunk->seen));
		trunk->ready = false;
		(void)find_place(trunk); /* no memory: no targets, refused */
		trunk->ready = true;
	}
	note_alg(trunk);
	if (turned) {
		status_begin(&line, NULL, '-', peer->name, "trunk-way");
		status_text(&line, "way",
			    alg_way_text(text, &trunk->state.way));
		status_end(&line);
	}
	if (changed)
		(void)sign_up(trunk);
	health_soon(trunk);
}

/* --- life --- */

int trunk_new(struct trunk **out, struct agent *agent,
	      const struct policy_peer *peer)
{
	struct trunk *trunk = calloc(1, sizeof(*trunk));
	int error = -ENOMEM;

	if (!trunk)
		return -ENOMEM;
	trunk->agent = agent;
	trunk->peer = trunk->state.peer = peer;
	trunk->turn = su_timer_create(su_root_task(agent->root), 0);
	error = trunk->turn ? health_start(trunk) : -ENOMEM;
	if (!error)
		error = find_place(trunk);
	if (!error)
		error = sign_up(trunk);
	if (error) {
		trunk_free(trunk, false);
		return error;
	}
	trunk->ready = true;
	*out = trunk;
	return 0;
}

void trunk_free(struct trunk *trunk, bool politely)
{
	if (!trunk)
		return;
	(void)signup_free(trunk->signup, politely);
	health_stop(trunk);
	if (trunk->turn)
		su_timer_destroy(trunk->turn);
	place_free(trunk->place);
	free(trunk);
}

void trunk_let_go(struct trunk *trunk)
{
	(void)trunk_leave(trunk);
	health_pause(trunk);
	trunk->place_key[0] = '\0';
}

bool trunk_leave(struct trunk *trunk)
{
	if (!trunk->signup)
		return false;
	bool spoke = signup_free(trunk->signup, true);
	trunk->signup = NULL;
	trunk->state.registration = TRUNK_NOT_WANTED;
	trunk->state.registered_until_ms = 0;
	return spoke;
}

const struct trunk_state *trunk_state(const struct trunk *trunk)
{
	return &trunk->state;
}

bool trunk_owns(const struct trunk *trunk, const struct sockaddr *source)
{
	const struct trunk_state *state = &trunk->state;

	for (unsigned i = 0; i < state->targets; i++)
		if (address_host_equal(
			    (const struct sockaddr *)&state->target[i].address,
			    source))
			return true;
	return trunk->signup && signup_owns(trunk->signup, source);
}

bool trunk_take(struct trunk *trunk)
{
	if (trunk->peer->max_calls &&
	    trunk->state.calls >= trunk->peer->max_calls)
		return false;
	trunk->state.calls++;
	return true;
}

void trunk_give(struct trunk *trunk)
{
	if (trunk->state.calls)
		trunk->state.calls--;
}
