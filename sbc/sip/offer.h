/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offer/answer of one leg (RFC 3264): what we last said on it, what its far
 * end last said, our o= line and version. SDP for one leg is written anew
 * from what the other leg's far end said: our origin, addresses and ports,
 * formats that the leg's peer allows, attributes by allow-list.
 */
#ifndef SBC_SIP_OFFER_H
#define SBC_SIP_OFFER_H

#include "sbc/sip/body.h"

struct offer {
	uint64_t session_id;	/* of our o= line */
	uint64_t version;
	char *local;		/* our last body, NULL: none yet; owned */
	size_t local_len;
	char *remote;		/* the far end's last body; owned */
	size_t remote_len;
	char address[72];	/* host of our o= line, fixed by the first write */
};

void offer_init(struct offer *o, uint64_t session_id);
void offer_clear(struct offer *o);

/* Keep the far end's body. Returns 0, or -ENOMEM with the old one kept. */
int offer_remember(struct offer *o, const char *text, size_t len);

/* Where one slot of ours stands, and what we say of it. */
struct offer_place {
	struct sockaddr_storage at;	/* our RTP address and port as the far
					   end sees it; port 0: slot refused */
	enum body_direction direction;
};

/* What this leg's peer allows. */
struct offer_rules {
	const char *const *codecs;	/* names in order; count 0: all */
	unsigned codecs_count;
	enum { OFFER_HOLD_SENDONLY, OFFER_HOLD_INACTIVE, OFFER_HOLD_ZERO,
	       OFFER_HOLD_NONE } hold;	/* how a direction that is not sendrecv
					   is written in OUR offers */
};

/*
 * Write our offer toward this leg from `source`, the body that the other
 * leg's far end offered: same slots in the same order, its payload type
 * numbers, formats filtered and ordered by the rules. A slot with no format
 * left gets port 0.
 *
 * place[source->medias]
 * Returns 0 and the body in o->local; -ENOTSUP if no slot has a format left;
 * -EMSGSIZE; -ENOMEM. On failure o is as it was.
 * The version rises by one only if the body differs from the last one sent;
 * otherwise the body is byte-identical (RFC 3264 section 8).
 */
int offer_write_offer(struct offer *o, const struct body *source,
		      const struct offer_rules *rules,
		      const struct offer_place *place);

/*
 * Write our answer to `theirs`, this leg's far end's offer, from `chosen`, the
 * body that the other leg's far end last gave (its answer, or its current
 * session for a mid-call offer that we answer ourselves). Slot by slot: the
 * formats of `theirs` that `chosen` has too, numbered as `theirs` numbered
 * them (matched by encoding, clock, channels and for telephone-event and
 * others by fmtp where it tells codecs apart), telephone-event kept. A slot
 * that `chosen` lacks, refused (port 0), or that has place port 0 is answered
 * with port 0 and its first format; slots never vanish.
 *
 * place[theirs->medias]
 * Returns 0; -ENOTSUP if no audio format is common (488); -EMSGSIZE; -ENOMEM.
 * On failure o is as it was.
 */
int offer_write_answer(struct offer *o, const struct body *theirs,
		       const struct body *chosen,
		       const struct offer_rules *rules,
		       const struct offer_place *place);

/*
 * Write an offer of ours on a leg whose INVITE had none (or whose re-INVITE
 * has none): `codecs` of the rules as G.711, G.722, ... with their usual
 * numbers, or, when `session` is not NULL, exactly the session's formats.
 */
int offer_write_own(struct offer *o, const struct body *session,
		    const struct offer_rules *rules,
		    const struct offer_place *place, unsigned places);

/* Same session id, version and text as the last remote body: a refresh. */
bool offer_is_same(const struct offer *o, const char *text, size_t len);

/*
 * Payload types of side x as side y numbers the same formats: map[pt] = pt of
 * y, or 255 for none. Returns true if any differs.
 */
bool offer_payload_map(uint8_t map[128], const struct body *x,
		       const struct body *y, unsigned slot);

#endif
