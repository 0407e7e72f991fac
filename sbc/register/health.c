/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is the peer alive? Any answer says yes, to a ping or to a call.
 *
 *   state    next ping after                 leaves by
 *   UNKNOWN  options_ping_ms (first: soon)   answer: UP; 2 silent rounds: DOWN
 *   UP       options_ping_ms +-10 %          2 silent rounds: DOWN
 *   DOWN     10 s                            answer: UP; without pings after
 *                                            30 s UNKNOWN, so calls try again
 *
 * A round asks each target in turn, 4 s each. Pings keep a NAT open as well.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sofia-sip/tport_tag.h>

#include "sbc/register/trunk_parts.h"
#include "sbc/sip/wire.h"

#define PING_FIRST_MS 500
#define PING_DOWN_MS  10000
#define FORGIVE_MS    30000
#define MISSES_DOWN   2

static void send_ping(struct trunk *trunk);
static void plan_round(struct trunk *trunk);

static void set_timer(struct trunk *trunk, su_timer_f f, unsigned ms)
{
	su_timer_set_interval(trunk->health.timer, f, (su_timer_arg_t *)trunk,
			      ms ? ms : 1);
}

/* --- verdicts --- */

void trunk_answered(struct trunk *trunk)
{
	trunk->health.misses = 0;
	trunk->way_worked = true;
	if (trunk->state.health == TRUNK_UP)
		return;
	trunk->state.health = TRUNK_UP;
	if (trunk->state.registration != TRUNK_REFUSED)
		trunk_why(trunk, "");
	trunk_say(trunk, "trunk-up", 0, NULL);
}

static void on_forgive(su_root_magic_t *magic, su_timer_t *timer,
		       su_timer_arg_t *arg)
{
	struct trunk *trunk = (struct trunk *)arg;

	(void)magic;
	(void)timer;
	if (trunk->state.health == TRUNK_DOWN)
		trunk->state.health = TRUNK_UNKNOWN;
	/* one more silence is enough to be down again */
}

void trunk_silent(struct trunk *trunk, const char *why)
{
	trunk_why(trunk, why);
	if (++trunk->health.misses < MISSES_DOWN ||
	    trunk->state.health == TRUNK_DOWN)
		return;
	trunk->state.health = TRUNK_DOWN;
	trunk_say(trunk, "trunk-down", 0, why);
	trunk_way_is_dead(trunk, why);
	if (!trunk->peer->options_ping_ms)
		set_timer(trunk, on_forgive, FORGIVE_MS);
	else if (!trunk->health.ping)
		plan_round(trunk);
}

/* --- pings --- */

static void stop_ping(struct trunk *trunk)
{
	nta_outgoing_destroy(trunk->health.ping);
	trunk->health.ping = NULL;
}

static void on_round(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	struct trunk *trunk = (struct trunk *)arg;

	(void)magic;
	(void)timer;
	trunk->health.target = 0;
	send_ping(trunk);
}

static void plan_round(struct trunk *trunk)
{
	unsigned every_ms = trunk->peer->options_ping_ms;

	if (!every_ms)
		return;
	every_ms += every_ms / 10 - trunk_random(every_ms / 5 + 1);
	if (trunk->state.health == TRUNK_DOWN && every_ms > PING_DOWN_MS)
		every_ms = PING_DOWN_MS;
	set_timer(trunk, on_round, every_ms);
}

static void next_target(struct trunk *trunk, const char *why)
{
	stop_ping(trunk);
	if (++trunk->health.target < trunk->state.targets) {
		send_ping(trunk);
		return;
	}
	trunk_silent(trunk, why);
	plan_round(trunk);
}

static void on_silence(su_root_magic_t *magic, su_timer_t *timer,
		       su_timer_arg_t *arg)
{
	(void)magic;
	(void)timer;
	next_target((struct trunk *)arg, "no answer to OPTIONS");
}

static int on_answer(nta_outgoing_magic_t *magic, nta_outgoing_t *orq,
		     const sip_t *sip)
{
	struct trunk *trunk = (struct trunk *)magic;

	(void)orq;
	if (sip && sip->sip_status->st_status < 200)
		return 0;
	if (!sip || nta_sip_is_internal(sip)) {
		next_target(trunk, "OPTIONS cannot be delivered");
		return 0;
	}
	stop_ping(trunk);
	if (trunk->health.target < trunk->state.targets) {
		const struct resolve_target *target =
			&trunk->state.target[trunk->health.target];

		trunk_look_for_alg(trunk, sip, target, false);
		trunk_seen(trunk, sip, target);
	}
	trunk_answered(trunk);
	plan_round(trunk);
	return 0;
}

static bool write_ping(const struct trunk *trunk,
		       const struct resolve_target *target,
		       char uri[TRUNK_NAME_MAX + 8],
		       char from[TRUNK_NAME_MAX + 160])
{
	const struct policy_peer *peer = trunk->peer;
	char host[TRUNK_NAME_MAX], text[ADDRESS_TEXT_MAX];
	struct sockaddr_storage us;

	trunk_host(host, peer->domain ? peer->domain : peer->host, true);
	snprintf(uri, TRUNK_NAME_MAX + 8, "sip:%s", host);
	if (!trunk_us(&us, trunk, target))
		return false;
	if (peer->reg.wanted && peer->reg.user) {
		trunk_host(host, peer->domain ? peer->domain : peer->host,
			   false);
		snprintf(from, TRUNK_NAME_MAX + 160, "<sip:%.128s@%s>",
			 peer->reg.user, host);
	} else {
		address_text(text, (const struct sockaddr *)&us);
		snprintf(from, TRUNK_NAME_MAX + 160, "<sip:%s>", text);
	}
	return true;
}

static void send_ping(struct trunk *trunk)
{
	struct agent_network *network = trunk_network(trunk);
	char uri[TRUNK_NAME_MAX + 8], to[TRUNK_NAME_MAX + 12];
	char from[TRUNK_NAME_MAX + 160], route[TRUNK_ROUTE_MAX];
	char call_id[WIRE_CALL_ID_MAX], ident_text[ADDRESS_TEXT_MAX];
	const char *ident;

	stop_ping(trunk);
	if (!trunk->state.targets || !network || !network->out_of_dialog)
		return; /* health_soon when there are some */
	const struct resolve_target *target =
		&trunk->state.target[trunk->health.target];
	if (!write_ping(trunk, target, uri, from)) {
		next_target(trunk, "our network has no address of that family");
		return;
	}
	snprintf(to, sizeof(to), "<%s>", uri);
	trunk_route(route, target);
	ident = trunk_ident(ident_text, trunk, target);
	trunk->health.ping = nta_outgoing_tcreate(
		network->out_of_dialog, on_answer,
		(nta_outgoing_magic_t *)trunk, (url_string_t *)route,
		SIP_METHOD_OPTIONS, (url_string_t *)uri, SIPTAG_FROM_STR(from),
		SIPTAG_TO_STR(to), SIPTAG_CALL_ID_STR(wire_call_id(call_id)),
		TAG_IF(ident, TPTAG_IDENT(ident)), TAG_END());
	set_timer(trunk, on_silence, TRUNK_SILENCE_MS);
}

/* --- life --- */

int health_start(struct trunk *trunk)
{
	trunk->health.timer =
		su_timer_create(su_root_task(trunk->agent->root), 0);
	return trunk->health.timer ? 0 : -ENOMEM;
}

void health_stop(struct trunk *trunk)
{
	stop_ping(trunk);
	if (trunk->health.timer)
		su_timer_destroy(trunk->health.timer);
	trunk->health.timer = NULL;
}

void health_pause(struct trunk *trunk)
{
	stop_ping(trunk);
	su_timer_reset(trunk->health.timer);
}

void health_soon(struct trunk *trunk)
{
	stop_ping(trunk);
	su_timer_reset(trunk->health.timer);
	if (trunk->peer->options_ping_ms && trunk->state.targets)
		set_timer(trunk, on_round, 1 + trunk_random(PING_FIRST_MS));
	else if (trunk->state.health == TRUNK_DOWN)
		set_timer(trunk, on_forgive, FORGIVE_MS);
}
