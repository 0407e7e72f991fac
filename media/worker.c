/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker's turn: packets, commands, filler that is due, once a second a
 * look for silence, answers that had no room.
 */
#include "media/worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "media/secure.h"

#define NICE	     -10
#define COMMANDS     512
#define EVENTS	     1024
#define MS_NS	     INT64_C(1000000)
#define SWEEP_NS     (1000 * MS_NS)
#define LATE_MAX_MS  50
#define SWEEP_MIN_NS (100 * MS_NS)

bool worker_tell(struct worker *worker, const struct relay_event *event)
{
	if (!mailbox_put(&worker->events, event)) {
		counter_add(&worker->events_lost, 1);
		return false;
	}
	bell_ring(worker->event_bell);
	return true;
}

/* The reader looks at `owing` after it made room, we look for room after we
 * set it: one of both sees the other. */
static void pay(struct worker *worker)
{
	struct owed *owed;
	bool tried = false;
	while ((owed = STAILQ_FIRST(&worker->owed)) != NULL) {
		struct relay_event event = {
			.kind = owed->kind,
			.relay = owed->relay,
		};
		if (owed->kind == EVENT_SPENT)
			event.context = owed->context;
		else
			event.pair = owed->pair;
		STAILQ_REMOVE_HEAD(&worker->owed, link);
		/* Once put, it is the signalling thread's and may be freed. */
		if (mailbox_put(&worker->events, &event)) {
			bell_ring(worker->event_bell);
			continue;
		}
		STAILQ_INSERT_HEAD(&worker->owed, owed, link);
		if (tried)
			return;
		atomic_store(&worker->owing, true);
		tried = true;
	}
	if (tried || atomic_load_explicit(&worker->owing, memory_order_relaxed))
		atomic_store(&worker->owing, false);
}

void worker_answer(struct worker *worker, struct owed *owed)
{
	STAILQ_INSERT_TAIL(&worker->owed, owed, link);
}

/* --- commands ---------------------------------------------------------------
 */

static void list_relay(struct worker *worker, struct relay *relay)
{
	if (relay->listed)
		return;
	relay->listed = true;
	relay->since_ns = loop_now_ns(worker->loop);
	LIST_INSERT_HEAD(&worker->relays, relay, link);
}

static void on_detach(struct worker *worker, const struct command *command)
{
	struct pair *pair = command->attach.pair;
	end_detach(worker, &command->stream->ends[command->side]);
	pair->owed.kind = EVENT_DETACHED;
	pair->owed.relay = command->relay;
	pair->owed.pair = pair;
	worker_answer(worker, &pair->owed);
}

/* A short limit, as tests have it, is looked at more often. */
static int64_t sweep_pause_ns(const struct relay *relay)
{
	if (!relay->silence_ns || relay->silence_ns > SWEEP_NS)
		return SWEEP_NS;
	return relay->silence_ns < SWEEP_MIN_NS ? SWEEP_MIN_NS
						: relay->silence_ns;
}

static void on_timeouts(struct worker *worker, const struct command *command)
{
	struct relay *relay = command->relay;
	relay->silence_ns = command->timeouts.silence_ms * MS_NS;
	relay->hold_ns = command->timeouts.hold_ms * MS_NS;
	relay->since_ns = loop_now_ns(worker->loop);
	relay->silence_told = false;
	/* Not at once: every call sets them, and a sweep looks at them all. */
	if (relay->since_ns + sweep_pause_ns(relay) < worker->next_sweep_ns)
		worker->next_sweep_ns = relay->since_ns + sweep_pause_ns(relay);
}

static void on_close(struct worker *worker, struct relay *relay)
{
	for (int slot = 0; slot < MEDIA_SLOTS_MAX; slot++) {
		struct stream *stream = relay->streams[slot];
		if (!stream)
			continue;
		end_detach(worker, &stream->ends[MEDIA_A]);
		end_detach(worker, &stream->ends[MEDIA_B]);
	}
	if (relay->listed)
		LIST_REMOVE(relay, link);
	relay->owed.kind = EVENT_CLOSED;
	relay->owed.relay = relay;
	worker_answer(worker, &relay->owed);
}

static void on_filler(struct worker *worker, struct end *end,
		      const struct command *command)
{
	if (command->filler.room)
		end->flow.filler.last = command->filler.room;
	end_filler(worker, end, &command->filler.config,
		   command->filler.random);
}

static void on_flow(struct end *end, const struct command *command)
{
	struct flow_rules rules = command->flow.rules;
	rules.map = NULL;
	if (rules.mapped) {
		memcpy(command->flow.room, command->flow.map, FLOW_MAP_LEN);
		rules.map = command->flow.room;
	}
	end_flow(end, &rules, command->flow.random);
}

static void obey(struct worker *worker, const struct command *command)
{
	struct end *end =
		command->stream ? &command->stream->ends[command->side] : NULL;
	if (command->kind != COMMAND_CLOSE)
		list_relay(worker, command->relay);
	if (command->stream)
		command->relay->streams[command->slot] = command->stream;
	switch (command->kind) {
	case COMMAND_ATTACH:
		end_attach(worker, end, command->attach.pair,
			   command->attach.pair->fds,
			   command->attach.generation);
		break;
	case COMMAND_DETACH:
		on_detach(worker, command);
		break;
	case COMMAND_CRYPTO:
		secure_change(worker, end, &command->crypto);
		break;
	case COMMAND_TARGET:
		end_target(worker, end, &command->target);
		break;
	case COMMAND_FILLER:
		on_filler(worker, end, command);
		break;
	case COMMAND_FLOW:
		on_flow(end, command);
		break;
	case COMMAND_DTMF:
		end->flow.dtmf.keys = command->dtmf.room;
		end_dtmf(worker, end, command->dtmf.key);
		break;
	case COMMAND_TIMEOUTS:
		on_timeouts(worker, command);
		break;
	case COMMAND_CLOSE:
		on_close(worker, command->relay);
		break;
	}
}

static void on_bell(void *arg)
{
	struct worker *worker = arg;
	struct command command;
	bell_answer(&worker->bell);
	while (mailbox_take(&worker->commands, &command))
		obey(worker, &command);
	if (atomic_exchange(&worker->starved, false))
		bell_ring(worker->event_bell);
}

void worker_obey(struct worker *worker)
{
	if (atomic_load_explicit(&worker->bell.ringing, memory_order_acquire))
		on_bell(worker);
}

/* --- silence ----------------------------------------------------------------
 */

static void look_for_silence(struct worker *worker, struct relay *relay)
{
	int64_t last_ns = relay->since_ns;
	bool held = false, heard = false;

	for (int slot = 0; slot < MEDIA_SLOTS_MAX; slot++) {
		struct stream *stream = relay->streams[slot];
		if (!stream)
			continue;
		for (int side = MEDIA_A; side <= MEDIA_B; side++) {
			struct end *end = &stream->ends[side];
			int64_t at_ns = counter_get(&end->counters.last_ns);
			held |= end->held;
			if (end->pair && at_ns > last_ns) {
				last_ns = at_ns;
				heard = true;
			}
		}
	}
	if (heard) { /* and count on from here, whatever is detached later */
		relay->since_ns = last_ns;
		relay->silence_told = false;
	}
	int64_t limit_ns = held ? relay->hold_ns : relay->silence_ns;
	if (!limit_ns || relay->silence_told ||
	    loop_now_ns(worker->loop) - last_ns < limit_ns)
		return;
	struct relay_event event = {.kind = EVENT_SILENT, .relay = relay};
	/* Without room it is told at the next look. */
	relay->silence_told = worker_tell(worker, &event);
}

static void sweep(struct worker *worker)
{
	struct relay *relay;
	int64_t pause_ns = SWEEP_NS;
	LIST_FOREACH (relay, &worker->relays, link) {
		look_for_silence(worker, relay);
		if (sweep_pause_ns(relay) < pause_ns)
			pause_ns = sweep_pause_ns(relay);
	}
	worker->next_sweep_ns = loop_now_ns(worker->loop) + pause_ns;
	worker->late_ms -= (worker->late_ms + 7) / 8;
}

/* What was to be done at next_ms comes only now: so will other things. */
static void note_lateness(struct worker *worker, int64_t next_ms,
			  int64_t now_ms)
{
	if (next_ms >= 0 && now_ms - next_ms > (int64_t)worker->late_ms)
		worker->late_ms = now_ms - next_ms > LATE_MAX_MS
					  ? LATE_MAX_MS
					  : (unsigned)(now_ms - next_ms);
}

/* --- the thread
 * --------------------------------------------------------------- */

static int timeout_ms(const struct worker *worker, int64_t next_ms)
{
	int64_t now_ns = loop_now_ns(worker->loop);
	int64_t wait_ms = -1;
	if (!LIST_EMPTY(&worker->relays)) {
		wait_ms = (worker->next_sweep_ns - now_ns + MS_NS - 1) / MS_NS;
		if (wait_ms < 0)
			wait_ms = 0;
	}
	if (next_ms >= 0) {
		int64_t ms = next_ms - now_ns / MS_NS;
		if (ms < 0)
			ms = 0;
		if (wait_ms < 0 || ms < wait_ms)
			wait_ms = ms;
	}
	return (int)wait_ms;
}

/* Audio goes before other work; where that is not allowed, so be it. */
static void hurry(void)
{
	if (getpriority(PRIO_PROCESS, 0) > NICE)
		(void)setpriority(PRIO_PROCESS, 0, NICE); /* of the thread */
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	hurry();
	while (!atomic_load(&worker->stop)) {
		int64_t next_ms = wheel_next_ms(&worker->wheel);
		loop_turn(worker->loop, timeout_ms(worker, next_ms));
		int64_t now_ns = loop_now_ns(worker->loop);
		note_lateness(worker, next_ms, now_ns / MS_NS);
		wheel_advance(&worker->wheel, now_ns / MS_NS, stream_flow_due,
			      worker);
		if (now_ns >= worker->next_sweep_ns)
			sweep(worker);
		pay(worker);
	}
	return NULL;
}

/* Signals are the signalling thread's. */
static int start_thread(struct worker *worker)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return -rc;
	worker->started = true;
	pthread_setname_np(worker->thread, "media");
	return 0;
}

int worker_start(struct worker *worker, struct bell *event_bell)
{
	const struct loop_handler handler = {
		.packet = stream_packet,
		.soon = stream_soon,
		.error = stream_error,
		.bell = on_bell,
		.arg = worker,
	};
	memset(worker, 0, sizeof(*worker));
	LIST_INIT(&worker->relays);
	STAILQ_INIT(&worker->owed);
	TAILQ_INIT(&worker->dirty);
	worker->event_bell = event_bell;
	int rc = bell_init(&worker->bell);
	if (rc == 0)
		rc = mailbox_init(&worker->commands, COMMANDS,
				  sizeof(struct command));
	if (rc == 0)
		rc = mailbox_init(&worker->events, EVENTS,
				  sizeof(struct relay_event));
	if (rc == 0)
		rc = loop_new(&worker->loop, &handler, worker->bell.fd);
	if (rc == 0) {
		wheel_init(&worker->wheel, loop_now_ns(worker->loop) / MS_NS);
		rc = start_thread(worker);
	}
	if (rc < 0)
		worker_stop(worker);
	return rc;
}

void worker_stop(struct worker *worker)
{
	if (worker->started) {
		atomic_store(&worker->stop, true);
		bell_ring(&worker->bell);
		pthread_join(worker->thread, NULL);
		worker->started = false;
	}
	loop_free(worker->loop);
	worker->loop = NULL;
	mailbox_fini(&worker->commands);
	mailbox_fini(&worker->events);
	bell_fini(&worker->bell);
}
