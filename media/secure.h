/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How one end is secured, in the worker: which context reads what comes from
 * it and which one writes what is sent to it.
 *
 *   receive key     replaced           2 s later
 *   `receive`       -> `before`        -> spent, back to signalling
 */
#ifndef MEDIA_SECURE_H
#define MEDIA_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "media/crypt.h"
#include "media/worker.h"

/* How long packets with the key before this one are taken. */
#define SECURE_OVERLAP_NS INT64_C(2000000000)

/* A key in use: its owner is the signalling thread, but from the command that
 * hands it over until EVENT_SPENT the worker alone looks at it. */
struct context {
	LIST_ENTRY(context) link; /* signalling's */
	bool handed_over;	  /* the same */
	bool told;		  /* of its trouble */
	struct crypt *crypt;
	struct owed owed;
};

struct secure {
	struct context *receive, *send;
	struct context *before; /* the receive key before `receive` */
	int64_t before_until_ns;
};

/* COMMAND_CRYPTO: contexts that it has already go on as they are. */
void secure_change(struct worker *worker, struct end *end,
		   const struct secure_keys *keys);
/* The end has no ports any more: it is plain until it is told anew. */
void secure_detach(struct worker *worker, struct end *end);

/*
 * A packet came that the latch would take: make it plain, in place. `from` is
 * NULL where the latch's source is known to be the sender.
 * Returns 0; -EPROTO: STUN, DTLS and the like; -EBADMSG, -EALREADY as
 * crypt_unprotect().
 */
int secure_receive(struct worker *worker, struct end *end,
		   const struct endpoint *from, uint8_t *buf, size_t *len);
/* A packet is about to be sent; buf has CRYPT_ROOM bytes behind *len. Returns
 * 0; -errno: it cannot be sent. */
int secure_send(struct worker *worker, struct end *end, bool rtcp, uint8_t *buf,
		size_t *len);

#endif
