/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One thread that relays: commands come by a ring, events go back by one.
 * After its start it takes no lock, no memory and logs nothing.
 */
#ifndef MEDIA_WORKER_H
#define MEDIA_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "media/loop.h"
#include "media/mailbox.h"
#include "media/media.h"
#include "media/stream.h"
#include "media/wheel.h"

/* What an end is secured with: made by signalling, which frees each context
 * when it is told that it is spent. */
struct secure_keys {
	struct secure *secure;		/* NULL: plain, what it has is kept */
	struct context *receive, *send; /* NULL: plain in this direction */
};

enum command_kind {
	COMMAND_ATTACH,
	COMMAND_DETACH, /* answered by EVENT_DETACHED */
	COMMAND_CRYPTO,
	COMMAND_TARGET,
	COMMAND_FILLER,
	COMMAND_FLOW,
	COMMAND_DTMF,
	COMMAND_TIMEOUTS,
	COMMAND_CLOSE, /* answered by EVENT_CLOSED */
};

struct command {
	enum command_kind kind;
	uint8_t side, slot;
	struct relay *relay;
	struct stream *stream; /* of the slot; not in TIMEOUTS, CLOSE */
	union {
		struct {
			struct pair *pair;
			uint32_t generation;
		} attach; /* and detach */
		struct secure_keys crypto;
		struct target target;
		struct {
			struct media_filler config;
			uint64_t random;
			uint8_t *room; /* FILLER_REPEAT_MAX, or NULL */
		} filler;
		struct {
			struct flow_rules rules; /* but its map: */
			uint8_t map[FLOW_MAP_LEN];
			uint8_t *room; /* where it is to be kept */
			uint64_t random;
		} flow;
		struct {
			struct dtmf_key key;
			struct dtmf_key *room; /* DTMF_QUEUE_MAX */
		} dtmf;
		struct {
			unsigned silence_ms, hold_ms;
		} timeouts;
	};
};

enum relay_event_kind {
	EVENT_FIRST_PACKET,
	EVENT_MOVED,
	EVENT_SILENT,
	EVENT_FAULT,
	EVENT_UNAUTHENTIC,
	EVENT_KEY_WORN,
	EVENT_DTMF,
	EVENT_SPENT, /* the worker uses this context no more */
	EVENT_DETACHED,
	EVENT_CLOSED,
};

struct relay_event {
	enum relay_event_kind kind;
	uint8_t side, slot;
	int error;
	uint32_t generation;
	struct relay *relay;
	struct pair *pair;	 /* DETACHED */
	struct context *context; /* SPENT */
	char digit;		 /* DTMF */
	uint32_t duration_ms;
	struct endpoint source;
};

/* An answer that must not be lost waits here while the ring is full. */
struct owed {
	STAILQ_ENTRY(owed) link;
	enum relay_event_kind kind;
	struct relay *relay;
	union {
		struct pair *pair;	 /* DETACHED */
		struct context *context; /* SPENT */
	};
};

/* A bound RTP/RTCP pair as the worker sees it. */
struct pair {
	TAILQ_ENTRY(pair) link; /* the signalling thread's */
	struct media_block *block;
	uint16_t port;
	uint8_t side, slot;
	uint8_t state; /* enum pair_state of session.c */
	uint32_t generation;
	int fds[2];	  /* -1: closed by the worker, which had it attached */
	struct owed owed; /* the worker's */
};

/* A session as the worker sees it. */
struct relay {
	LIST_ENTRY(relay) link;
	bool listed;
	bool silence_told;
	int64_t since_ns; /* silence is counted from here on */
	int64_t silence_ns, hold_ns;
	struct stream *streams[MEDIA_SLOTS_MAX];
	struct media_session *session; /* for the signalling thread */
	struct owed owed;
};

struct worker {
	struct loop *loop;
	struct mailbox commands, events;
	struct bell bell;	 /* commands, or room for events */
	struct bell *event_bell; /* all workers' */
	struct wheel wheel;
	LIST_HEAD(, relay) relays;
	STAILQ_HEAD(, owed) owed;
	int64_t next_sweep_ns;
	unsigned late_ms; /* it woke up so late, in the last seconds */
	pthread_t thread;
	bool started;
	_Atomic bool stop;    /* signalling writes */
	_Atomic bool starved; /* signalling sets: it waits for room for
				 commands; the worker clears */
	_Atomic bool owing;   /* the worker writes: it waits for room for
				 events; signalling reads */
	/* The worker writes, signalling reads. */
	_Atomic uint64_t packets, bytes, dropped, events_lost;
	/* The signalling thread's alone. */
	unsigned sessions;
	TAILQ_HEAD(, media_session) dirty;
	bool behind; /* the ring had no room for all of them */
};

/* Start a thread. Returns 0 or -errno; nothing runs on failure. */
int worker_start(struct worker *worker, struct bell *event_bell);
/* Stop and join it, free what start made; also after a failed start. */
void worker_stop(struct worker *worker);

/* Worker: obey the commands that wait, if any do. */
void worker_obey(struct worker *worker);
/* Worker: tell, or count as lost and return false. */
bool worker_tell(struct worker *worker, const struct relay_event *event);
/* Worker: tell in order, now or when there is room. */
void worker_answer(struct worker *worker, struct owed *owed);

#endif
