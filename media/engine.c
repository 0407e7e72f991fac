/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers, the port blocks, and what comes back from them. */
#include "media/engine.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "media/crypt.h"
#include "media/keying.h"

/* A worker that is woken for every call's every step costs more than what it
 * does then; and one packet's time is not noticed at a call's beginning. */
#define PACE_US 4000

int media_engine_new(struct media_engine **out,
		     const struct media_config *config)
{
	if (config->workers < 1 || config->workers > 64 || config->dscp > 63)
		return -EINVAL;
	struct media_engine *engine = calloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	engine->config = *config;
	g711_tables(&engine->g711);
	LIST_INIT(&engine->blocks);
	TAILQ_INIT(&engine->sessions);
	unsigned started = 0;
	int rc = bell_init(&engine->bell);
	if (rc < 0)
		goto fail;
	rc = -ENOMEM;
	engine->workers = calloc(config->workers, sizeof(*engine->workers));
	if (!engine->workers)
		goto fail;
	for (; started < config->workers; started++) {
		rc = worker_start(&engine->workers[started], &engine->bell);
		if (rc < 0)
			goto fail;
	}
	*out = engine;
	return 0;
fail:
	while (started > 0)
		worker_stop(&engine->workers[--started]);
	free(engine->workers);
	bell_fini(&engine->bell);
	free(engine);
	return rc;
}

void media_engine_free(struct media_engine *engine)
{
	struct media_session *session;
	struct media_block *block;

	if (!engine)
		return;
	for (unsigned i = 0; i < engine->config.workers; i++)
		worker_stop(&engine->workers[i]);
	if (engine->corpse)
		session_free(engine->corpse);
	while ((session = TAILQ_FIRST(&engine->sessions)) != NULL) {
		TAILQ_REMOVE(&engine->sessions, session, link);
		session_free(session);
	}
	while ((block = LIST_FIRST(&engine->blocks)) != NULL) {
		LIST_REMOVE(block, link);
		port_pool_free(block->pool);
		free(block);
	}
	media_engine_prepared(engine);
	free(engine->workers);
	bell_fini(&engine->bell);
	free(engine);
}

/* --- the SRTP library ------------------------------------------------------
 */

static void *prepare(void *unused)
{
	crypt_start();
	return unused;
}

void media_engine_prepare(struct media_engine *engine)
{
	sigset_t all, before;

	media_engine_prepared(engine);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	engine->is_preparing =
		pthread_create(&engine->preparing, NULL, prepare, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void media_engine_prepared(struct media_engine *engine)
{
	if (engine->is_preparing)
		pthread_join(engine->preparing, NULL);
	engine->is_preparing = false;
}

int media_engine_fd(const struct media_engine *engine)
{
	return engine->bell.fd;
}

void media_engine_totals(const struct media_engine *engine,
			 struct media_totals *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < engine->config.workers; i++) {
		const struct worker *worker = &engine->workers[i];
		out->packets += counter_get(&worker->packets);
		out->bytes += counter_get(&worker->bytes);
		out->dropped += counter_get(&worker->dropped);
		out->events_lost += counter_get(&worker->events_lost);
	}
	out->sessions = engine->session_count;
	out->sockets = engine->socket_count;
}

/* --- port blocks
 * -------------------------------------------------------------- */

int media_block_new(struct media_block **out, struct media_engine *engine,
		    uint16_t first, uint16_t last, unsigned quarantine_ms)
{
	struct timespec now;
	uint64_t seed;
	struct media_block *block = calloc(1, sizeof(*block));
	if (!block)
		return -ENOMEM;
	clock_gettime(CLOCK_MONOTONIC, &now);
	seed = (uint64_t)now.tv_nsec;
	(void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	int rc = port_pool_new(&block->pool, first, last, quarantine_ms, seed);
	if (rc < 0) {
		free(block);
		return rc;
	}
	LIST_INSERT_HEAD(&engine->blocks, block, link);
	*out = block;
	return 0;
}

void media_block_retire(struct media_block *block)
{
	block->retired = true;
	if (port_used(block->pool) > 0)
		return;
	LIST_REMOVE(block, link);
	port_pool_free(block->pool);
	free(block);
}

unsigned media_block_pairs(const struct media_block *block)
{
	return port_pairs(block->pool);
}

unsigned media_block_used(const struct media_block *block)
{
	return port_used(block->pool);
}

/* --- events
 * -------------------------------------------------------------------- */

/* First come, first served; what finds no room waits for the next time. */
static void flush_worker(struct worker *worker)
{
	struct media_session *session;
	if (TAILQ_EMPTY(&worker->dirty))
		return;
	while ((session = TAILQ_FIRST(&worker->dirty)) != NULL) {
		if (!session_flush(session)) {
			/* It makes room and looks at `starved`, or we see the
			 * room: one of both. */
			atomic_store(&worker->starved, true);
			if (!session_flush(session))
				break;
		}
		TAILQ_REMOVE(&worker->dirty, session, dirty_link);
		session->dirty = false;
	}
	worker->behind = session != NULL;
	bell_ring(&worker->bell);
}

void media_engine_flush(struct media_engine *engine)
{
	for (unsigned i = 0; i < engine->config.workers; i++)
		flush_worker(&engine->workers[i]);
}

static uint64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

unsigned media_engine_turn(struct media_engine *engine)
{
	bool noted = false;
	engine->paced = true;
	for (unsigned i = 0; i < engine->config.workers; i++) {
		const struct worker *worker = &engine->workers[i];
		noted |= !TAILQ_EMPTY(&worker->dirty) && !worker->behind;
	}
	if (!noted)
		return UINT_MAX;
	uint64_t now = now_us(), past = now - engine->flushed_us;
	if (past < PACE_US)
		return (unsigned)(PACE_US - past + 999) / 1000;
	engine->flushed_us = now;
	media_engine_flush(engine);
	return UINT_MAX;
}

/* Where a ring was full there is room now. */
static void catch_up(struct media_engine *engine)
{
	for (unsigned i = 0; i < engine->config.workers; i++)
		if (!engine->paced || engine->workers[i].behind)
			flush_worker(&engine->workers[i]);
}

static void on_detached(const struct relay_event *event)
{
	struct media_session *session = event->relay->session;
	TAILQ_REMOVE(&session->pairs, event->pair, link);
	pair_close(event->pair, session->engine);
}

static void on_closed(struct media_session *session)
{
	struct media_engine *engine = session->engine;
	struct pair *pair;
	while ((pair = TAILQ_FIRST(&session->pairs)) != NULL) {
		TAILQ_REMOVE(&session->pairs, pair, link);
		pair_close(pair, engine);
	}
	TAILQ_REMOVE(&engine->sessions, session, link);
	engine->session_count--;
	session->worker->sessions--;
	engine->corpse = session;
}

/* Is it about the ports the side has now? */
static bool is_current(const struct relay_event *event)
{
	const struct media_session *session = event->relay->session;
	const struct slot *slot = session->slots[event->slot];
	if (session->closing)
		return false;
	return event->kind == EVENT_SILENT ||
	       (slot &&
		slot->wishes[event->side].generation == event->generation);
}

/* True if the event is one of those that users see. */
static bool translate(const struct relay_event *event, struct media_event *out)
{
	static const enum media_event_kind kinds[] = {
		[EVENT_FIRST_PACKET] = MEDIA_FIRST_PACKET,
		[EVENT_MOVED] = MEDIA_MOVED,
		[EVENT_SILENT] = MEDIA_SILENT,
		[EVENT_FAULT] = MEDIA_FAULT,
		[EVENT_UNAUTHENTIC] = MEDIA_UNAUTHENTIC,
		[EVENT_KEY_WORN] = MEDIA_KEY_WORN,
		[EVENT_DTMF] = MEDIA_DTMF,
		[EVENT_CLOSED] = MEDIA_CLOSED,
	};
	struct media_session *session = event->relay->session;
	if (event->kind == EVENT_DETACHED) {
		on_detached(event);
		return false;
	}
	if (event->kind == EVENT_SPENT) {
		keying_spent(event->context);
		return false;
	}
	if (event->kind == EVENT_CLOSED)
		on_closed(session);
	else if (!is_current(event))
		return false;
	*out = (struct media_event){
		.kind = kinds[event->kind],
		.session = session,
		.user = session->user,
		.side = event->side,
		.slot = event->slot,
		.error = event->error,
		.digit = event->digit,
		.duration_ms = event->duration_ms,
	};
	endpoint_get(&event->source, &out->source);
	return true;
}

static bool take_event(struct media_engine *engine, struct media_event *out)
{
	struct relay_event event;
	for (unsigned i = 0; i < engine->config.workers; i++) {
		struct worker *worker =
			&engine->workers[engine->turn++ %
					 engine->config.workers];
		while (mailbox_take(&worker->events, &event)) {
			if (atomic_load(&worker->owing))
				bell_ring(&worker->bell);
			if (translate(&event, out))
				return true;
		}
	}
	return false;
}

bool media_engine_event(struct media_engine *engine, struct media_event *out)
{
	if (engine->corpse) {
		session_free(engine->corpse);
		engine->corpse = NULL;
	}
	catch_up(engine);
	if (take_event(engine, out))
		return true;
	/* Answer the bell only when all is taken, then look again: what came
	 * in between rang for nothing. */
	bell_answer(&engine->bell);
	catch_up(engine);
	return take_event(engine, out);
}
