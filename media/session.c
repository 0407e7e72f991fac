/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A call's media as the signalling thread sees it. Each function notes what
 * is wished and tells the worker; where the ring has no room the wish waits,
 * and a newer one takes its place, so that nothing is lost and nothing grows.
 *
 *   pair        unbind                  told to the worker   answered
 *   NEW         closed at once          -> ATTACHED
 *   ATTACHED    -> LEAVING
 *   LEAVING                             -> DETACHING
 *   DETACHING                                                closed
 */
#include "media/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "media/chance.h"
#include "media/keying.h"
#include "media/music.h"

static struct worker *least_busy(struct media_engine *engine)
{
	struct worker *best = &engine->workers[0];
	for (unsigned i = 1; i < engine->config.workers; i++)
		if (engine->workers[i].sessions < best->sessions)
			best = &engine->workers[i];
	return best;
}

int media_session_new(struct media_session **out, struct media_engine *engine,
		      void *user)
{
	struct media_session *session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->engine = engine;
	session->user = user;
	session->worker = least_busy(engine);
	session->worker->sessions++;
	session->relay.session = session;
	TAILQ_INIT(&session->pairs);
	TAILQ_INSERT_TAIL(&engine->sessions, session, link);
	engine->session_count++;
	*out = session;
	return 0;
}

static void free_rooms(struct side_wish *wish)
{
	free(wish->due);
	free(wish->maps);
	free(wish->keys);
	free(wish->last);
	keying_free(wish->keying);
}

void session_free(struct media_session *session)
{
	struct media_engine *engine = session->engine;
	struct pair *pair;
	while ((pair = TAILQ_FIRST(&session->pairs)) != NULL) {
		TAILQ_REMOVE(&session->pairs, pair, link);
		pair_close(pair, engine);
	}
	for (int i = 0; i < MEDIA_SLOTS_MAX; i++) {
		if (!session->slots[i])
			continue;
		free_rooms(&session->slots[i]->wishes[MEDIA_A]);
		free_rooms(&session->slots[i]->wishes[MEDIA_B]);
		free(session->slots[i]);
	}
	for (int i = 0; i < MEDIA_MUSIC_MAX && session->music[i]; i++)
		music_leave(session->music[i]);
	free(session);
}

/* --- telling the worker ------------------------------------------------------
 */

static bool tell(struct media_session *session, const struct command *command)
{
	return mailbox_put(&session->worker->commands, command);
}

static bool tell_pair(struct media_session *session, struct pair *pair)
{
	if (pair->state != PAIR_NEW && pair->state != PAIR_LEAVING)
		return true;
	struct command command = {
		.kind = pair->state == PAIR_NEW ? COMMAND_ATTACH
						: COMMAND_DETACH,
		.side = pair->side,
		.slot = pair->slot,
		.relay = &session->relay,
		.stream = &session->slots[pair->slot]->stream,
		.attach = {.pair = pair, .generation = pair->generation},
	};
	if (!tell(session, &command))
		return false;
	pair->state = pair->state == PAIR_NEW ? PAIR_ATTACHED : PAIR_DETACHING;
	return true;
}

/* Without chance it would still work, only guessably. */
static uint64_t chance(const void *fallback)
{
	uint64_t random = (uintptr_t)fallback;
	chance_take(&random, sizeof(random));
	return random;
}

static bool tell_keys(struct media_session *session, struct side_wish *wish,
		      struct command *command)
{
	unsigned told = 0;
	if (wish->key_count == 0)
		return true;
	struct dtmf_key *keys = wish->keys[0];
	command->kind = COMMAND_DTMF;
	while (told < wish->key_count) {
		command->dtmf.key = keys[told];
		command->dtmf.room = wish->keys[1];
		if (!tell(session, command))
			break;
		told++;
	}
	wish->key_count -= told;
	if (told)
		memmove(keys, keys + told, wish->key_count * sizeof(keys[0]));
	return wish->key_count == 0;
}

static bool tell_target(struct media_session *session, struct side_due *due,
			struct command *command)
{
	command->kind = COMMAND_TARGET;
	command->target = due->target;
	due->has_target = !tell(session, command);
	return !due->has_target;
}

static bool tell_flow(struct media_session *session, struct side_wish *wish,
		      struct command *command)
{
	struct side_due *due = wish->due;
	command->kind = COMMAND_FLOW;
	command->flow.rules = due->flow;
	if (due->flow.mapped) {
		memcpy(command->flow.map, wish->maps[0], FLOW_MAP_LEN);
		command->flow.room = wish->maps[1];
	}
	command->flow.random = chance(wish);
	due->has_flow = !tell(session, command);
	return !due->has_flow;
}

static bool tell_filler(struct media_session *session, struct side_wish *wish,
			struct command *command)
{
	struct side_due *due = wish->due;
	command->kind = COMMAND_FILLER;
	command->filler.config = due->filler;
	command->filler.room = wish->last;
	command->filler.random = chance(wish);
	due->has_filler = !tell(session, command);
	return !due->has_filler;
}

static bool tell_due(struct media_session *session, struct side_wish *wish,
		     struct command *command)
{
	struct side_due *due = wish->due;
	if (!due)
		return true;
	if (due->has_target && !tell_target(session, due, command))
		return false;
	if (due->has_flow && !tell_flow(session, wish, command))
		return false;
	if (due->has_filler && !tell_filler(session, wish, command))
		return false;
	free(due);
	wish->due = NULL;
	return true;
}

static bool tell_keying(struct media_session *session, struct side_wish *wish,
			struct command *command)
{
	if (!keying_is_due(wish->keying))
		return true;
	command->kind = COMMAND_CRYPTO;
	keying_command(wish->keying, &command->crypto);
	if (!tell(session, command))
		return false;
	keying_told(wish->keying);
	return true;
}

static bool tell_wish(struct media_session *session, unsigned slot,
		      enum media_side side)
{
	struct side_wish *wish = &session->slots[slot]->wishes[side];
	struct command command = {
		.side = (uint8_t)side,
		.slot = (uint8_t)slot,
		.relay = &session->relay,
		.stream = &session->slots[slot]->stream,
	};
	/* Keys before packets are taken, which are read with them; but who
	 * had keys gets nothing in the clear, not even for the moment before
	 * another takes the place. */
	bool is_plain = keying_is_plain(wish->keying);
	if (!is_plain && !tell_keying(session, wish, &command))
		return false;
	if (!tell_due(session, wish, &command))
		return false;
	if (is_plain && !tell_keying(session, wish, &command))
		return false;
	return tell_keys(session, wish, &command);
}

static bool tell_timeouts(struct media_session *session)
{
	struct command command = {
		.kind = COMMAND_TIMEOUTS,
		.relay = &session->relay,
		.timeouts = {session->silence_ms, session->hold_ms},
	};
	if (!session->timeouts_due)
		return true;
	if (!tell(session, &command))
		return false;
	session->timeouts_due = false;
	return true;
}

static bool tell_close(struct media_session *session)
{
	struct command command = {
		.kind = COMMAND_CLOSE,
		.relay = &session->relay,
	};
	if (!session->close_told)
		session->close_told = tell(session, &command);
	return session->close_told;
}

bool session_flush(struct media_session *session)
{
	struct pair *pair;
	if (session->closing)
		return tell_close(session);
	TAILQ_FOREACH (pair, &session->pairs, link)
		if (!tell_pair(session, pair))
			return false;
	for (unsigned slot = 0; slot < MEDIA_SLOTS_MAX; slot++)
		if (session->slots[slot] &&
		    (!tell_wish(session, slot, MEDIA_A) ||
		     !tell_wish(session, slot, MEDIA_B)))
			return false;
	return tell_timeouts(session);
}

void session_changed(struct media_session *session)
{
	if (session->dirty)
		return;
	session->dirty = true;
	TAILQ_INSERT_TAIL(&session->worker->dirty, session, dirty_link);
}

/* --- sides
 * -------------------------------------------------------------------- */

static int need_slot(struct media_session *session, unsigned slot)
{
	if (session->closing || slot >= MEDIA_SLOTS_MAX)
		return -EINVAL;
	if (session->slots[slot])
		return 0;
	struct slot *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	stream_init(&s->stream, &session->relay, slot);
	session->slots[slot] = s;
	return 0;
}

int session_wish(struct side_wish **out, struct media_session *session,
		 enum media_side side, unsigned slot)
{
	int rc = need_slot(session, slot);
	if (rc == 0)
		*out = &session->slots[slot]->wishes[side];
	return rc;
}

static struct side_wish *find_wish(const struct media_session *session,
				   enum media_side side, unsigned slot)
{
	if (session->closing || slot >= MEDIA_SLOTS_MAX ||
	    !session->slots[slot])
		return NULL;
	return &session->slots[slot]->wishes[side];
}

static bool need_due(struct side_wish *wish)
{
	if (!wish->due)
		wish->due = calloc(1, sizeof(*wish->due));
	return wish->due != NULL;
}

/* The wish with room for what is due; NULL without memory. */
static struct side_wish *make_due(struct media_session *session,
				  enum media_side side, unsigned slot)
{
	if (need_slot(session, slot) < 0)
		return NULL;
	struct side_wish *wish = find_wish(session, side, slot);
	return need_due(wish) ? wish : NULL;
}

void media_session_user(struct media_session *session, void *user)
{
	session->user = user;
}

int media_session_bind(struct media_session *session, enum media_side side,
		       unsigned slot, struct media_block *block,
		       const struct sockaddr *local, uint16_t *port)
{
	struct pair *pair;
	int rc = need_slot(session, slot);
	if (rc < 0)
		return rc;
	struct side_wish *wish = &session->slots[slot]->wishes[side];
	if (wish->pair)
		return -EEXIST;
	rc = pair_open(&pair, session->engine, block, local);
	if (rc < 0)
		return rc;
	pair->side = (uint8_t)side;
	pair->slot = (uint8_t)slot;
	pair->state = PAIR_NEW;
	pair->generation = ++wish->generation;
	TAILQ_INSERT_TAIL(&session->pairs, pair, link);
	wish->pair = pair;
	*port = pair->port;
	session_changed(session);
	return 0;
}

void media_session_unbind(struct media_session *session, enum media_side side,
			  unsigned slot)
{
	struct side_wish *wish = find_wish(session, side, slot);
	if (!wish || !wish->pair)
		return;
	struct pair *pair = wish->pair;
	wish->pair = NULL;
	free(wish->due);
	wish->due = NULL;
	wish->key_count = 0;
	keying_forget(wish->keying);
	wish->generation++;
	if (pair->state == PAIR_NEW) {
		TAILQ_REMOVE(&session->pairs, pair, link);
		pair_close(pair, session->engine);
		/* No detaching makes the worker forget what it was told
		 * before these ports were bound. */
		if (need_due(wish))
			wish->due->has_target = wish->due->has_filler = true;
		session_changed(session);
		return;
	}
	pair->state = PAIR_LEAVING;
	session_changed(session);
}

void media_session_target(struct media_session *session, enum media_side side,
			  unsigned slot, const struct media_target *target)
{
	struct side_wish *wish = make_due(session, side, slot);
	if (!wish)
		return;
	struct target *t = &wish->due->target;
	endpoint_set(&t->rtp, (const struct sockaddr *)&target->rtp);
	endpoint_set(&t->rtcp, (const struct sockaddr *)&target->rtcp);
	endpoint_set(&t->expect, (const struct sockaddr *)&target->expect);
	if (endpoint_port(&t->rtp) == 0) /* port 0 is nowhere, too */
		endpoint_clear(&t->rtp);
	t->latch = target->latch;
	t->clock_hz = target->clock_hz ? target->clock_hz : 8000;
	t->may_send = target->may_send;
	t->may_receive = target->may_receive;
	t->rtp_checked = target->rtp_checked;
	t->held = target->held;
	t->event_type = target->event_pt;
	wish->clock_hz = t->clock_hz;
	wish->due->has_target = true;
	session_changed(session);
}

/* The worker may play it until the session has gone, so it has to live that
 * long. False if there are too many. */
static bool hold_music(struct media_session *session,
		       const struct media_music *music)
{
	for (int i = 0; i < MEDIA_MUSIC_MAX; i++) {
		if (session->music[i] == music)
			return true;
		if (session->music[i])
			continue;
		/* Only its bytes are constant, not who uses it. */
		session->music[i] = (struct media_music *)(uintptr_t)music;
		music_use(session->music[i]);
		return true;
	}
	return false;
}

void media_session_filler(struct media_session *session, enum media_side side,
			  unsigned slot, const struct media_filler *filler)
{
	struct side_wish *wish = make_due(session, side, slot);
	if (!wish)
		return;
	wish->due->filler = *filler;
	if (filler->music && !hold_music(session, filler->music))
		wish->due->filler.music = NULL;
	/* Without room for it nothing is repeated. */
	if (filler->kind == MEDIA_FILLER_REPEAT && !wish->last)
		wish->last = calloc(1, FILLER_REPEAT_MAX);
	wish->due->has_filler = true;
	session_changed(session);
}

void media_session_flow(struct media_session *session, enum media_side toward,
			unsigned slot, const struct media_flow *flow)
{
	const struct g711_tables *g711 = &session->engine->g711;
	struct side_wish *wish = make_due(session, toward, slot);
	if (!wish)
		return;
	struct flow_rules *rules = &wish->due->flow;
	if (flow->mapped && !wish->maps)
		wish->maps = calloc(2, sizeof(wish->maps[0]));
	if (flow->mapped && !wish->maps)
		return;
	rules->steady = flow->steady;
	rules->event_type = flow->event_pt == 0 || flow->event_pt > 127
				    ? FLOW_NO_TYPE
				    : flow->event_pt;
	rules->mapped = flow->mapped;
	if (flow->mapped)
		memcpy(wish->maps[0], flow->map, FLOW_MAP_LEN);
	rules->converted = flow->convert != MEDIA_CONVERT_NONE;
	rules->convert_type = flow->convert_pt;
	rules->table = flow->convert == MEDIA_CONVERT_PCMA_TO_PCMU
			       ? g711->a_to_u
			       : g711->u_to_a;
	wish->event_type = rules->event_type;
	wish->due->has_flow = true;
	session_changed(session);
}

int media_session_dtmf(struct media_session *session, enum media_side toward,
		       unsigned slot, char digit, unsigned duration_ms)
{
	struct side_wish *wish = find_wish(session, toward, slot);
	int event = dtmf_event(digit);
	if (event < 0)
		return -EINVAL;
	if (!wish || wish->event_type == FLOW_NO_TYPE || wish->event_type == 0)
		return -ENOTSUP;
	if (!wish->keys)
		wish->keys = calloc(2, sizeof(wish->keys[0]));
	if (!wish->keys || wish->key_count == DTMF_QUEUE_MAX)
		return -ENOBUFS;
	if (duration_ms < DTMF_MIN_MS)
		duration_ms = DTMF_MIN_MS;
	if (duration_ms > DTMF_MAX_MS)
		duration_ms = DTMF_MAX_MS;
	wish->keys[0][wish->key_count++] = (struct dtmf_key){
		.event = (uint8_t)event,
		.duration_ms = (uint16_t)duration_ms,
	};
	session_changed(session);
	return 0;
}

void media_session_timeouts(struct media_session *session, unsigned silence_ms,
			    unsigned hold_ms)
{
	session->silence_ms = silence_ms;
	session->hold_ms = hold_ms;
	session->timeouts_due = true;
	session_changed(session);
}

void media_session_close(struct media_session *session)
{
	if (session->closing)
		return;
	session->closing = true;
	session_changed(session);
}

/* --- statistics
 * ---------------------------------------------------------------- */

static uint32_t ms_since(int64_t then_ns)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec - then_ns;
	return then_ns && ns > 0 ? (uint32_t)(ns / 1000000) : 0;
}

void media_session_stats(const struct media_session *session,
			 enum media_side side, unsigned slot,
			 struct media_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->source.ss_family = AF_UNSPEC;
	if (slot >= MEDIA_SLOTS_MAX || !session->slots[slot])
		return;
	const struct slot *s = session->slots[slot];
	const struct counters *c = &s->stream.ends[side].counters;
	uint32_t clock_hz = s->wishes[side].clock_hz;
	struct endpoint source;

	out->packets = counter_get(&c->packets);
	out->bytes = counter_get(&c->bytes);
	out->sent_packets = counter_get(&c->sent_packets);
	out->sent_bytes = counter_get(&c->sent_bytes);
	out->dropped_source = counter_get(&c->dropped_source);
	out->dropped_crypto = counter_get(&c->dropped_crypto);
	out->dropped_other = counter_get(&c->dropped_other);
	out->filler_packets = counter_get(&c->filler_packets);
	out->rtcp_packets = counter_get(&c->rtcp_packets);
	out->lost = counter_get(&c->lost);
	out->ssrc = counter_get(&c->ssrc);
	out->silent_ms = ms_since(counter_get(&c->last_ns));
	if (clock_hz)
		out->jitter_us =
			(uint32_t)((uint64_t)counter_get(&c->jitter_ticks) *
				   1000000u / clock_hz);
	shared_endpoint_read(&c->source, &source);
	endpoint_get(&source, &out->source);
}
