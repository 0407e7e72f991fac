/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the loop does by the clock, and the descriptors that wake it. */
#include "config.h"

#include "sbc/agent_private.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <sofia-sip/su_wait.h>

#include "sbc/call/call.h"
#include "sbc/guard/connections.h"
#include "sbc/guard/guard.h"
#include "sbc/report/log.h"
#include "sbc/report/notify.h"
#include "sbc/report/status.h"
#include "sbc/sip/leg.h"
#include "sbc/store/store.h"

#define CHORES_TICK_MS 1000
/* The heap keeps a burst's peak unless told otherwise. */
#define CHORES_TRIM_TICKS 10
#define CHORES_TCP_TICKS  5
/* The stack accepts a connection within a turn of the loop; a flood of them is
 * looked at so often. */
#define CHORES_TCP_MS 25
/* The same just after some had to be ended: a look at every descriptor. */
#define CHORES_TCP_BUSY_MS 250

struct agent_chores {
	su_timer_t *timer;
	su_timer_t *trim; /* soon after a TCP connection came */
	bool trimming;	  /* it runs */
	su_wait_t media_wait, signal_wait, arrivals_wait;
	/* -1: not registered */
	int media_index, signal_index, arrivals_index;
	int signal_fd;
	unsigned ticks;
	uint64_t watchdog_ms;
	unsigned trim_ms; /* from an arrival to the look at it */
	struct guard_counts guard_told;
	unsigned store_told;
};

/* --- by the clock ------------------------------------------------------ */

static void chores_sweep_legs(struct agent *agent)
{
	uint64_t now = agent_now_ms();
	struct leg *leg;

	while ((leg = TAILQ_FIRST(&agent->leaving)) &&
	       now - leg->left_ms > LEG_LEAVING_MS)
		leg_free(leg);
}

static bool chores_may_connect(void *arg, const struct sockaddr *far)
{
	const struct agent_network *network = arg;

	return agent_peer_by_source(network->agent, network, far) != NULL;
}

/* How many were ended. */
static unsigned chores_trim_network(struct agent_network *network)
{
	const struct policy_network *at = network->policy;
	unsigned most = policy_limits(network->agent->policy)->tcp_per_address;
	unsigned ended = 0;

	for (unsigned k = 0; at->tcp && k < at->addresses; k++)
		for (unsigned p = 0; p <= at->more_sip_ports; p++) {
			struct sockaddr_storage local = at->address[k].local;

			if (p)
				address_set_port((struct sockaddr *)&local,
						 at->more_sip_port[p - 1]);
			ended += connections_trim(
				(struct sockaddr *)&local, most,
				network->tcp_open ? chores_may_connect : NULL,
				network);
		}
	return ended;
}

/* Who makes us look often, and in vain, is looked at less often. */
static void chores_trim_connections(struct agent *agent)
{
	unsigned ended = 0;

	for (unsigned i = 0; i < agent->networks; i++)
		ended += chores_trim_network(&agent->network[i]);
	agent->chores->trim_ms = ended ? CHORES_TCP_BUSY_MS : CHORES_TCP_MS;
}

static void chores_tell_guard(struct agent *agent)
{
	struct agent_chores *chores = agent->chores;
	struct guard_counts now;
	struct status_line line;

	guard_counts(agent->guard, &now);
	if (now.dropped_source == chores->guard_told.dropped_source &&
	    now.shed == chores->guard_told.shed &&
	    now.overload == chores->guard_told.overload)
		return;
	status_begin(&line, NULL, '-', NULL, "guard");
	status_number(&line, "dropped",
		      (int64_t)(now.dropped_source -
				chores->guard_told.dropped_source));
	status_number(&line, "shed",
		      (int64_t)(now.shed - chores->guard_told.shed));
	status_number(&line, "overload",
		      (int64_t)(now.overload - chores->guard_told.overload));
	status_number(&line, "sources", now.sources);
	status_end(&line);
	chores->guard_told = now;
}

static void chores_tell_store(struct agent *agent)
{
	struct agent_chores *chores = agent->chores;
	struct status_line line;
	char text[256];
	unsigned store_now = store_trouble(agent->store, text, sizeof(text));

	if (store_now != chores->store_told && text[0]) {
		status_begin(&line, NULL, '-', NULL, "store-trouble");
		status_text(&line, "error", text);
		status_end(&line);
	}
	chores->store_told = store_now;
}

static void chores_watchdog(struct agent_chores *chores)
{
	unsigned every_ms = notify_watchdog_ms();
	uint64_t now = agent_now_ms();

	if (!every_ms || now - chores->watchdog_ms + CHORES_TICK_MS < every_ms)
		return;
	chores->watchdog_ms = now;
	notify_watchdog();
}

static void chores_tick(su_root_magic_t *magic, su_timer_t *timer, void *arg)
{
	struct agent *agent = arg;

	(void)magic;
	(void)timer;
	chores_sweep_legs(agent);
	chores_tell_guard(agent);
	chores_tell_store(agent);
	chores_watchdog(agent->chores);
	move_tidy(agent);
	agent->chores->ticks++;
	if (agent->chores->ticks % CHORES_TCP_TICKS == 0)
		chores_trim_connections(agent);
	if (agent->chores->ticks % CHORES_TRIM_TICKS == 0)
		heap_rest(&agent->heap, agent->calls_begun,
			  CHORES_TRIM_TICKS * CHORES_TICK_MS / 1000);
}

/* --- by descriptor ----------------------------------------------------- */

static int chores_on_media(su_root_magic_t *magic, su_wait_t *wait, void *arg)
{
	struct agent *agent = arg;
	struct media_event event;

	(void)magic;
	(void)wait;
	while (media_engine_event(agent->media, &event))
		call_media_event(event.user, &event);
	return 0;
}

static void chores_on_trim(su_root_magic_t *magic, su_timer_t *timer, void *arg)
{
	struct agent *agent = arg;

	(void)magic;
	(void)timer;
	agent->chores->trimming = false;
	chores_trim_connections(agent);
}

static int chores_on_arrival(su_root_magic_t *magic, su_wait_t *wait, void *arg)
{
	struct agent *agent = arg;
	struct agent_chores *chores = agent->chores;

	(void)magic;
	(void)wait;
	arrivals_clear(agent->arrivals);
	if (chores->trimming)
		return 0;
	chores->trimming = !su_timer_set_interval(chores->trim, chores_on_trim,
						  agent, chores->trim_ms);
	return 0;
}

static void chores_reload(struct agent *agent)
{
	char *why = NULL;

	agent_reload(agent, &why); /* It has said why. */
	free(why);
}

static int chores_on_signal(su_root_magic_t *magic, su_wait_t *wait, void *arg)
{
	struct agent *agent = arg;
	const struct policy_files *files;
	struct signalfd_siginfo info;

	(void)magic;
	(void)wait;
	while (read(agent->chores->signal_fd, &info, sizeof(info)) ==
	       sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			chores_reload(agent);
			break;
		case SIGINT:
		case SIGTERM:
			agent_end(agent);
			break;
		case SIGQUIT:
			agent_drain(agent);
			break;
		case SIGUSR1:
			files = policy_files(agent->policy);
			log_reopen(files->status_log);
			log_reopen_messages(files->messages);
			break;
		}
	}
	return 0;
}

static int chores_watch(struct agent *agent, su_wait_t *wait, int fd,
			su_wakeup_f on_ready, int *index)
{
	*index = -1;
	if (su_wait_create(wait, fd, SU_WAIT_IN))
		return -ENOMEM;
	*index = su_root_register(agent->root, wait, on_ready,
				  (su_wakeup_arg_t *)agent, 0);
	return *index < 0 ? -ENOMEM : 0;
}

/* The signals that main() blocked. */
static int chores_signals(struct agent_chores *chores)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT,
				      SIGUSR1};
	sigset_t blocked, ours;

	sigemptyset(&ours);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigismember(&blocked, signals[i]))
			sigaddset(&ours, signals[i]);
	chores->signal_fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
	return chores->signal_fd < 0 ? -errno : 0;
}

int chores_start(struct agent *agent)
{
	struct agent_chores *chores = calloc(1, sizeof(*chores));
	int error;

	if (!chores)
		return -ENOMEM;
	agent->chores = chores;
	chores->media_index = chores->signal_index = -1;
	chores->arrivals_index = -1;
	chores->trim_ms = CHORES_TCP_MS;
	error = chores_signals(chores);
	if (!error)
		error = chores_watch(agent, &chores->signal_wait,
				     chores->signal_fd, chores_on_signal,
				     &chores->signal_index);
	if (!error)
		error = chores_watch(agent, &chores->media_wait,
				     media_engine_fd(agent->media),
				     chores_on_media, &chores->media_index);
	chores->trim = su_timer_create(su_root_task(agent->root), 0);
	if (!error && !chores->trim)
		error = -ENOMEM;
	if (!error && agent->arrivals >= 0)
		error = chores_watch(agent, &chores->arrivals_wait,
				     agent->arrivals, chores_on_arrival,
				     &chores->arrivals_index);
	chores->timer =
		su_timer_create(su_root_task(agent->root), CHORES_TICK_MS);
	if (!error &&
	    (!chores->timer ||
	     su_timer_set_for_ever(chores->timer, chores_tick, agent)))
		error = -ENOMEM;
	return error;
}

void chores_stop(struct agent *agent)
{
	struct agent_chores *chores = agent->chores;

	if (!chores)
		return;
	if (chores->media_index >= 0)
		su_root_deregister(agent->root, chores->media_index);
	if (chores->signal_index >= 0)
		su_root_deregister(agent->root, chores->signal_index);
	if (chores->arrivals_index >= 0)
		su_root_deregister(agent->root, chores->arrivals_index);
	if (chores->timer)
		su_timer_destroy(chores->timer);
	if (chores->trim)
		su_timer_destroy(chores->trim);
	if (chores->signal_fd >= 0)
		close(chores->signal_fd);
	free(chores);
	agent->chores = NULL;
}
