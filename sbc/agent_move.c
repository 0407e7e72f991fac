/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This host's addresses come and go: the kernel tells, and networks that are
 * named by their interface move along.
 *
 * The library cannot close one listener. A network without a call is opened
 * anew; one with calls gets listeners at its new addresses beside the dead
 * ones, and is opened anew once it is quiet.
 */
#include "config.h"

#include "sbc/agent_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sofia-sip/su_wait.h>

#include "sbc/guard/guard.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/report/log.h"
#include "sbc/report/status.h"
#include "sbc/sip/leg.h"

/* A change comes in pieces: the old address goes, the new one comes. */
#define MOVE_SETTLE_MS 100
/* An address may be there and not yet usable. */
#define MOVE_RETRY_MS 2000

struct agent_move {
	struct agent *agent;
	su_timer_t *timer;
	su_wait_t wait;
	int fd, index;
	bool news; /* addresses may be others than those we know */
};

static void move_on_timer(su_root_magic_t *magic, su_timer_t *timer, void *arg);

/* --- one network --------------------------------------------------------- */

static bool move_has_legs(const struct agent_network *network)
{
	const struct agent *agent = network->agent;
	const struct leg *leg;

	TAILQ_FOREACH (leg, &agent->legs, entry)
		if (leg->at == network)
			return true;
	TAILQ_FOREACH (leg, &agent->leaving, entry)
		if (leg->at == network)
			return true;
	return false;
}

/* Nothing of ours is under way there any more. */
static void move_let_go(struct agent_network *network)
{
	struct agent *agent = network->agent;

	for (unsigned i = 0; i < agent->trunks; i++)
		if (agent->trunk[i] &&
		    !strcmp(trunk_state(agent->trunk[i])->peer->network->name,
			    network->name))
			trunk_let_go(agent->trunk[i]);
	if (agent->registrar)
		registrar_let_go(agent->registrar, network->name);
}

static void move_after(struct agent_move *move, unsigned ms)
{
	su_timer_set_interval(move->timer, move_on_timer, move,
			      (su_duration_t)ms);
}

/* What cannot be listened on yet is tried again (move_retry), and told once. */
static void move_listen(struct agent_network *network)
{
	const struct policy_network *policy = network->policy;
	bool told = network->incomplete;
	char why[256];

	network->incomplete = false;
	for (unsigned i = 0; i < policy->addresses; i++) {
		if (!network_listen_at(network, &policy->address[i], why,
				       sizeof(why)))
			continue;
		if (!told)
			log_warning("%s; it is tried again every %d s", why,
				    MOVE_RETRY_MS / 1000);
		network->incomplete = true;
	}
	/* News are due sooner, and it is tried again with them. */
	if (network->incomplete && !network->agent->move->news)
		move_after(network->agent->move, MOVE_RETRY_MS);
	if (told && !network->incomplete)
		log_warning("network %s is listened on as it should now",
			    network->name);
}

int network_move(struct agent_network *network)
{
	int error = 0;

	move_let_go(network);
	network->incomplete = false;
	network->stale = move_has_legs(network);
	if (!network->stale) {
		network_stop(network);
		error = network_start(network);
	}
	if (!error)
		move_listen(network);
	return error;
}

static void move_say(const struct agent_network *network)
{
	const struct policy_network *policy = network->policy;
	char text[4 * ADDRESS_TEXT_MAX] = "", host[ADDRESS_TEXT_MAX];
	struct status_line line;

	for (unsigned i = 0; i < policy->addresses && i < 4; i++) {
		size_t len = strlen(text);

		address_host(host,
			     (struct sockaddr *)&policy->address[i].local);
		snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "",
			 host);
	}
	status_begin(&line, NULL, '-', NULL, "address-changed");
	status_text(&line, "network", network->name);
	status_text(&line, "address", text[0] ? text : "none");
	status_end(&line);
}

/* --- all of them --------------------------------------------------------- */

/* Whoever waits for a registration through what is listened on now. */
static void move_wake(struct agent_network *network)
{
	struct agent *agent = network->agent;

	for (unsigned i = 0; i < agent->trunks; i++) {
		const struct trunk_state *state =
			agent->trunk[i] ? trunk_state(agent->trunk[i]) : NULL;

		if (!state ||
		    strcmp(state->peer->network->name, network->name) != 0)
			continue;
		if (state->peer->reg.wanted && !state->registered_until_ms)
			trunk_let_go(agent->trunk[i]);
		trunk_update(agent->trunk[i], state->peer);
	}
}

/* What could not be listened on, once more. */
static void move_retry(struct agent *agent)
{
	bool gained = false;

	for (unsigned i = 0; i < agent->networks; i++) {
		struct agent_network *network = &agent->network[i];
		unsigned before = network->opened;

		if (!network->incomplete)
			continue;
		move_listen(network);
		if (network->opened == before)
			continue;
		gained = true;
		move_wake(network);
	}
	if (gained)
		agent_sources_changed(agent);
}

static void move_follow(struct agent *agent)
{
	bool moved[64] = {false}, any = false;
	struct policy_host host = {0};
	struct policy_faults faults;
	struct policy *policy = NULL;
	int error;

	if (policy_host_read(&host))
		return;
	error = policy_move(&policy, agent->policy, &host, &faults);
	policy_host_free(&host);
	for (unsigned i = 0; error && i < faults.count; i++)
		log_warning("%s", faults.line[i]);
	policy_faults_free(&faults);
	if (error)
		return;
	for (unsigned i = 0; i < agent->networks && i < 64; i++) {
		moved[i] = !network_same_place(agent->network[i].policy,
					       policy_network(policy, i));
		any |= moved[i];
	}
	if (!any) {
		policy_unref(policy);
		return;
	}
	if (agent_move_to(agent, policy))
		log_warning("the new addresses could not be taken");
	for (unsigned i = 0; i < agent->networks && i < 64; i++)
		if (moved[i])
			move_say(&agent->network[i]);
}

static void move_on_timer(su_root_magic_t *magic, su_timer_t *timer, void *arg)
{
	struct agent_move *move = arg;

	(void)magic;
	(void)timer;
	if (move->news) {
		move->news = false;
		move_follow(move->agent);
	}
	move_retry(move->agent);
}

void move_tidy(struct agent *agent)
{
	bool any = false;

	for (unsigned i = 0; i < agent->networks; i++) {
		struct agent_network *network = &agent->network[i];

		if (!network->stale || move_has_legs(network))
			continue;
		any = true;
		if (network_move(network))
			log_warning("network %s could not be opened anew",
				    network->name);
		for (unsigned k = 0; k < agent->trunks; k++)
			if (agent->trunk[k])
				trunk_update(
					agent->trunk[k],
					trunk_state(agent->trunk[k])->peer);
	}
	if (any)
		agent_sources_changed(agent);
}

/* --- what the kernel says ------------------------------------------------ */

/* Which address does not matter: all are read anew. A message that was lost
 * (ENOBUFS) means a change as well. */
static int move_on_news(su_root_magic_t *magic, su_wait_t *wait, void *arg)
{
	struct agent_move *move = arg;
	char news[8192];
	ssize_t len;

	(void)magic;
	(void)wait;
	do
		len = recv(move->fd, news, sizeof(news), MSG_DONTWAIT);
	while (len > 0 || (len < 0 && (errno == EINTR || errno == ENOBUFS)));
	move->news = true;
	move_after(move, MOVE_SETTLE_MS);
	return 0;
}

int move_start(struct agent *agent)
{
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	struct agent_move *move = calloc(1, sizeof(*move));

	if (!move)
		return -ENOMEM;
	agent->move = move;
	move->agent = agent;
	move->index = -1;
	move->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  NETLINK_ROUTE);
	move->timer = su_timer_create(su_root_task(agent->root), 0);
	if (!move->timer)
		return -ENOMEM;
	/* What changed since the configuration was read, and what could not be
	 * listened on then. */
	move->news = true;
	move_after(move, MOVE_SETTLE_MS);
	if (move->fd < 0 ||
	    bind(move->fd, (struct sockaddr *)&groups, sizeof(groups))) {
		log_warning("changes of addresses are not seen: netlink: %s",
			    strerror(errno));
		return 0;
	}
	if (su_wait_create(&move->wait, move->fd, SU_WAIT_IN))
		return -ENOMEM;
	move->index = su_root_register(agent->root, &move->wait, move_on_news,
				       (su_wakeup_arg_t *)move, 0);
	return move->index < 0 ? -ENOMEM : 0;
}

void move_stop(struct agent *agent)
{
	struct agent_move *move = agent->move;

	if (!move)
		return;
	if (move->index >= 0)
		su_root_deregister(agent->root, move->index);
	if (move->timer)
		su_timer_destroy(move->timer);
	if (move->fd >= 0)
		close(move->fd);
	free(move);
	agent->move = NULL;
}
