/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offer/answer of one leg (RFC 3264): what we last said on it, what its far
 * end last said, our o= line and version. SDP for one leg is written anew
 * from what the other leg's far end said: our origin, addresses and ports,
 * formats that the leg's peer allows, attributes by allow-list (the table in
 * offer_attribute.c).
 */
#ifndef SBC_SIP_OFFER_H
#define SBC_SIP_OFFER_H

#include "media/media.h"
#include "sbc/sip/body.h"

struct offer {
	uint64_t session_id; /* of our o= line */
	uint64_t version;    /* of our last body */
	uint64_t told;	     /* the highest that the far end saw: what is next
				and differs is one more */
	char *local;	     /* our last body, NULL: none yet; owned */
	size_t local_len;
	char *refused; /* what local replaced again, until the next one; owned
			*/
	char *remote;  /* the far end's last body; owned */
	size_t remote_len;
	char address[72]; /* host of our o= line, fixed by the first write */
	bool ended;   /* SRTP of this leg ends here: rules.secure is given */
	bool rekey;   /* the next body written has new keys of ours */
	bool rekeyed; /* our last body had */
};

/* SRTP of this leg ends here from the next body on: that has keys of ours. */
void offer_end(struct offer *o);

/* Bodies hold keys: they are wiped before they are freed. */
void offer_init(struct offer *o, uint64_t session_id);
void offer_clear(struct offer *o);

/* Keep the far end's body. Returns 0, or -ENOMEM with the old one kept. */
int offer_remember(struct offer *o, const char *text, size_t len);

/*
 * Our body as it is, to be in force again if the far end refuses the next one.
 * Returns 0; -EINVAL if there is none; -ENOMEM.
 */
int offer_save(const struct offer *o, char **kept);
/*
 * The far end refused: what was kept is our body again, under its own version
 * (RFC 3261 section 14.1). It saw the refused one and its number, so what
 * differs from both has the next one; the refused one said again is the same
 * byte for byte, its keys too (RFC 3264 section 8: one version, one body).
 * Nothing kept: nothing is done.
 */
void offer_restore(struct offer *o, char **kept);
/* What was written since could not be sent: as if it had never been. */
void offer_unsaid(struct offer *o, char **kept);
/* It accepted: what was kept is wiped and freed. */
void offer_forget(char **kept);

/* Where one slot of ours stands, and what we say of it. */
struct offer_place {
	struct sockaddr_storage at; /* our RTP address and port as the far
				       end sees it; port 0: slot refused */
	enum body_direction direction;
};

/* How a leg's media is secured where that ends here (RFC 4568). */
enum offer_how {
	OFFER_PLAIN,  /* RTP/AVP and nothing else */
	OFFER_SDES,   /* SRTP and nothing else */
	OFFER_EITHER, /* answers: as it is offered; offers: as the leg has it
			 already, else as the source's slot */
};
struct offer_secure {
	enum offer_how how;
	enum media_crypto_suite suite[MEDIA_CRYPTO_SUITES]; /* in order */
	unsigned suites;
	bool mki;	   /* our keys have one: 1, of four bytes */
	uint64_t lifetime; /* of our keys, in packets; 0: not said */
};

/*
 * Can slot `slot` of an offer be answered on a leg of this kind? Not if it is
 * encrypted (or not) against `how`, or by what can only be passed: DTLS-SRTP,
 * MIKEY, suites that are not allowed.
 */
bool offer_secure_takes(const struct offer_secure *secure,
			const struct body *theirs, unsigned slot);
/* Is `theirs` an answer that keeps to what our offer said of security, in
 * each live slot? */
bool offer_secure_answered(const struct body *ours, const struct body *theirs);

/*
 * What this leg's peer allows. The names count for every RTP slot, video
 * too; auxiliary formats (telephone-event, CN, red, rtx) need their name in
 * the list like any other and stand after the codecs. Non-RTP slots (T.38)
 * are not filtered. NULL instead of rules: everything, OFFER_HOLD_SENDONLY.
 */
struct offer_rules {
	const char *const *codecs; /* names in order; count 0: all */
	unsigned codecs_count;
	/* Not NULL: the session's codec. In slot `agreed_slot` it stands alone
	 * but for telephone-event, whatever the names say of it. */
	const char *agreed;
	unsigned agreed_slot;
	bool agreed_theirs; /* of an answer's formats there: all from `theirs`,
			       whatever `chosen` says of the slot */
	bool bare;	    /* an answer may refuse all that is offered */
	enum {
		OFFER_HOLD_SENDONLY,
		OFFER_HOLD_INACTIVE,
		OFFER_HOLD_ZERO,
		OFFER_HOLD_NONE
	} hold; /* how a direction that is not sendrecv
		   is written in OUR offers:
		   SENDONLY  as it is
		   INACTIVE  sendonly as inactive
		   ZERO      also c=0.0.0.0 where we do
			     not receive (RFC 2543)
		   NONE      always sendrecv */
	/*
	 * NULL: what the ends agree crosses. Else SRTP of this leg ends here:
	 * transports and a=crypto are ours, no other attribute that concerns
	 * keys crosses, and the two legs' slots need not be secured alike. A
	 * key of ours stays what the leg's last body said for its suite, and
	 * the suite what was agreed, as long as it is offered.
	 */
	const struct offer_secure *secure;
};

#define OFFER_CODECS_MAX 32
/*
 * The names that two peers both allow, in b's order: give it as rules for the
 * offer toward b, so that b cannot pick what a's answer may not hold. A list
 * with count 0 allows all; both 0 gives 0.
 * Returns how many names; 0 with `*none` true if they have none in common.
 */
unsigned offer_codecs_join(const char *out[OFFER_CODECS_MAX],
			   const struct offer_rules *a,
			   const struct offer_rules *b, bool *none);

/*
 * Write our offer toward this leg from `source`, the body that the other
 * leg's far end offered: same slots in the same order, its payload type
 * numbers, formats filtered and ordered by the rules. A slot with no format
 * left, of a transport that we cannot relay, or refused in `source` gets
 * port 0.
 *
 * place[source->medias]  at least one has an address, if this is the leg's
 *                        first body
 * Returns 0 and the body in o->local; -ENOTSUP if no slot has a format left;
 * -EINVAL if no place has an address; -EMSGSIZE; -ENOMEM; -EIO if there are no
 * random bytes for a key. On failure o is as it was.
 * The version rises by one only if the body differs from the last one in force
 * (offer_restore); otherwise the body is byte-identical (RFC 3264 section 8).
 * All three writers: the bodies given may point into o->local or o->remote
 * (they are read before o->local is replaced, and are then stale).
 */
int offer_write_offer(struct offer *o, const struct body *source,
		      const struct offer_rules *rules,
		      const struct offer_place *place);

/*
 * Write our answer to `theirs`, this leg's far end's offer, from `chosen`, the
 * body that the other leg's far end last gave (its answer, or its current
 * session for a mid-call offer that we answer ourselves). Slot by slot: the
 * formats of `theirs` that `chosen` has too, numbered as `theirs` numbered
 * them (matched by encoding, clock, channels and for some codecs by the fmtp
 * that tells them apart), in chosen's order, with chosen's fmtp and
 * attributes; telephone-event kept. A slot that `chosen` lacks, refused (port
 * 0), has of another kind or security, or that has place port 0 is answered
 * with port 0 and its first format; slots never vanish.
 *
 * To answer with T's codec only, give its name (offer_agreed) as the rules'
 * `agreed`. Of several a=crypto in `chosen` the one that
 * we said last on this leg is said again, else the first whose suite is
 * offered; its tag is the offer's.
 *
 * place[theirs->medias]
 * Returns 0; -ENOTSUP if no audio format is common, or something is offered
 * and no slot of it is accepted (488, unless rules->bare; an offer with every
 * port 0 is answered);
 * -EPROTONOSUPPORT if that is because of how it is secured (rules->secure);
 * the others as above. On failure o is as it was.
 */
int offer_write_answer(struct offer *o, const struct body *theirs,
		       const struct body *chosen,
		       const struct offer_rules *rules,
		       const struct offer_place *place);

/*
 * Write an offer of ours on a leg whose INVITE had none (or whose re-INVITE
 * has none): `codecs` of the rules as G.711, G.722, ... with their usual
 * numbers in one audio slot (no names: PCMA, PCMU, G722, telephone-event),
 * or, when `session` is not NULL, exactly the session's formats and slots.
 *
 * places  how many places are given; further slots of `session` get port 0
 * Errors as offer_write_offer.
 */
int offer_write_own(struct offer *o, const struct body *session,
		    const struct offer_rules *rules,
		    const struct offer_place *place, unsigned places);

/*
 * Our body, restored, again under the version after that of the other one,
 * which the far end took after all; slots that only that one has are refused.
 * If there was no other it stays as it is. Returns 0; -EINVAL if there is none;
 * -EMSGSIZE; -ENOMEM.
 */
int offer_renew(struct offer *o);

/* How many slots our last body has. */
unsigned offer_slots(const struct offer *o);

/* Same session id, version and text as the last remote body: a refresh. */
bool offer_is_same(const struct offer *o, const char *text, size_t len);

/*
 * Payload types of side x as side y numbers the same formats: map[pt] = pt of
 * y, or 255 for none. Returns true if any that has a number differs.
 */
bool offer_payload_map(uint8_t map[128], const struct body *x,
		       const struct body *y, unsigned slot);

/* Does this answer take that slot: of the offer's kind and security, with a
 * codec that was offered (RFC 3264 section 6)? */
bool offer_takes(const struct body *offer, const struct body *answer,
		 unsigned slot);
/* May this be the answer to that offer: slot by slot refused or taken? */
bool offer_fits(const struct body *offer, const struct body *answer);

/*
 * May our last body be said again, byte for byte, as the answer to `theirs`?
 * Not if it was an offer that they answered with less: a line refused, no
 * sendrecv, one key of several. More codecs than theirs, and another one first,
 * may stand in it (RFC 3264 6.1): who refreshes sees one text all along.
 */
bool offer_stands(const struct body *ours, const struct body *theirs);

/* The lines of `theirs`, this leg's far end's last body, that ours refused get
 * port 0: what it has, not what it asked for. */
void offer_strike(const struct offer *o, struct body *theirs);

/* The codec of a slot: its first format that is not telephone-event, CN or
 * the like. NULL: none, or the slot is refused or absent. */
const struct body_format *offer_agreed(const struct body *answer,
				       unsigned slot);

/* How a slot's media is secured: "none", "sdes", "dtls", "zrtp", "mikey". */
const char *offer_encryption(const struct body *body, unsigned slot);

/*
 * What is new in `now` against `then`, two bodies of the same far end; for the
 * judgement of mid-call offers and for the log.
 */
struct offer_change {
	bool same_version;  /* same o= id and version: RFC 4028 refresh */
	bool slots_added;   /* more m= lines, or one has a port again */
	bool slots_removed; /* a slot now has port 0, or is missing */
	bool image;	    /* a live m=image that was not there */
	bool formats;	    /* formats or their numbers differ in a slot */
	bool direction;	    /* of a live slot, zero included */
	bool address;	    /* address or port of a live slot */
	bool key;	    /* another key: crypto, fingerprint */
};
void offer_compare(struct offer_change *out, const struct body *then,
		   const struct body *now);

#endif
