/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What engine.c, session.c and pair.c share: the signalling thread's side. */
#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

#include <pthread.h>
#include <sys/queue.h>

#include "media/g711.h"
#include "media/mailbox.h"
#include "media/media.h"
#include "media/port.h"
#include "media/stream.h"
#include "media/worker.h"

struct media_block {
	LIST_ENTRY(media_block) link;
	struct port_pool *pool;
	bool retired;
};

struct media_engine {
	struct media_config config;
	struct bell bell; /* events of all workers */
	LIST_HEAD(, media_block) blocks;
	TAILQ_HEAD(, media_session) sessions;
	struct media_session *corpse; /* of the last MEDIA_CLOSED */
	unsigned session_count;
	unsigned socket_count;
	unsigned turn; /* whose events come next */
	bool paced;    /* media_engine_turn is called, and tells the workers */
	uint64_t flushed_us;
	struct g711_tables g711;
	pthread_t preparing; /* the SRTP library; while is_preparing */
	bool is_preparing;
	struct worker *workers;
};

enum pair_state {
	PAIR_NEW, /* the worker does not know it */
	PAIR_ATTACHED,
	PAIR_LEAVING,	/* unbound, the worker does not know that */
	PAIR_DETACHING, /* told; the answer frees it */
};

/* What the worker is to be told of one side. */
struct side_due {
	bool has_target, has_filler, has_flow;
	struct target target;
	struct media_filler filler;
	struct flow_rules flow; /* its map: the wish's maps[0] */
};

/* One side of a slot as signalling wants it. */
struct side_wish {
	struct pair *pair;
	uint32_t generation;
	uint32_t clock_hz;    /* by the last target */
	uint8_t event_type;   /* as it is sent; 0, FLOW_NO_TYPE: none */
	struct side_due *due; /* NULL: all was told */
	/* Rooms that most calls never need, made when they are: the first half
	 * holds what is to be told, the second one, and last, are the
	 * worker's. */
	uint8_t (*maps)[FLOW_MAP_LEN];
	struct dtmf_key (*keys)[DTMF_QUEUE_MAX];
	uint8_t *last;
	unsigned key_count;
	struct keying *keying; /* NULL: never secured */
};

struct slot {
	struct side_wish wishes[2];
	struct stream stream; /* the worker's */
};

struct media_session {
	TAILQ_ENTRY(media_session) link;
	TAILQ_ENTRY(media_session) dirty_link;
	struct media_engine *engine;
	struct worker *worker;
	void *user;
	bool dirty; /* in the worker's list: commands wait for room */
	bool closing, close_told;
	bool timeouts_due;
	unsigned silence_ms, hold_ms;
	TAILQ_HEAD(, pair) pairs; /* in the order they were bound */
	struct slot *slots[MEDIA_SLOTS_MAX];
	struct media_music *music[MEDIA_MUSIC_MAX]; /* all it ever played */
	struct relay relay;			    /* the worker's */
};

/* The wish of a side of a slot, which is made if it is new. Returns 0;
 * -EINVAL, -ENOMEM. */
int session_wish(struct side_wish **out, struct media_session *session,
		 enum media_side side, unsigned slot);
/* A wish was noted: it is told with the next flush. */
void session_changed(struct media_session *session);
/* Tell the worker all that is due; false if there was no room for it. */
bool session_flush(struct media_session *session);
/* Close what it has and free it; its worker has answered or is gone. */
void session_free(struct media_session *session);

/* Take ports of the block and bind a pair. Errors: media_session_bind(). */
int pair_open(struct pair **out, struct media_engine *engine,
	      struct media_block *block, const struct sockaddr *local);
/* Close the sockets, give the ports back, free the pair and, with its last
 * pair, a retired block. */
void pair_close(struct pair *pair, struct media_engine *engine);

#endif
