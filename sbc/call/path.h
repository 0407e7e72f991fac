/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way a call's media goes: through us (anchored), with ports of ours on
 * each side, or straight between the ends. Everything that a call asks of the
 * media engine is asked here.
 */
#ifndef SBC_CALL_PATH_H
#define SBC_CALL_PATH_H

#include "media/media.h"
#include "policy/policy.h"
#include "sbc/call/said.h"
#include "sbc/sip/offer.h"

struct call;
struct leg;

/* The places of a call's media: a, b, and the newcomer of a transfer. */
enum { PATH_A, PATH_B, PATH_N, PATH_PLACES };

/* Sessions in a row that one call may have. Those in the middle are left out
 * when the row grows, so that two stay, unless IPv4 and IPv6 meet there. */
#define PATH_SESSIONS_MAX 4

struct path_row; /* where the sessions of a row meet */

struct path {
	bool anchored;
	struct media_session *session; /* NULL unless anchored */
	/* Further ones, of calls that were joined to this one: side by side
	 * with `session`, each sends to the next one's port. */
	struct media_session *joined[PATH_SESSIONS_MAX - 1];
	unsigned joineds;
	struct path_row *row; /* NULL while there is one session */
	/* The newcomer's own session, if it has one, and whose place it will
	 * take; by's place itself if they share ports. */
	struct media_session *guest;
	bool shared;
	unsigned guest_of;
	unsigned closing; /* closed before the call: MEDIA_CLOSED is awaited */
	unsigned slots;
	struct path_end { /* which side of which session a place is */
		struct media_session *session;
		enum media_side side;
	} end[PATH_PLACES];
	uint16_t port[PATH_PLACES][MEDIA_SLOTS_MAX]; /* 0: none */
	struct sockaddr_storage at[PATH_PLACES];     /* where they are bound */
	bool secure[MEDIA_SLOTS_MAX]; /* end to end: byte for byte; SRTP that
					 ends here is not */
	bool rtp[MEDIA_SLOTS_MAX];    /* an RTP profile */
	bool sound[MEDIA_SLOTS_MAX];  /* audio in it */
	/* That end does not take what we send it. */
	bool held[PATH_PLACES][MEDIA_SLOTS_MAX];
	/* It was not promised to send: held, removed, or it only listens. */
	bool quiet[PATH_PLACES][MEDIA_SLOTS_MAX];
	/* The filler toward it waits for its turn. */
	bool armed[PATH_PLACES][MEDIA_SLOTS_MAX];
	bool away[PATH_PLACES]; /* who stood there went to make a transfer */
	struct media_stats last[PATH_PLACES]; /* once its session is closed */
	unsigned audio;			      /* the first audio slot */
	struct sockaddr_storage shown[PATH_PLACES]; /* by that end's SDP, if
						       behind NAT */
	const char *law[PATH_PLACES]; /* the other G.711 law is spoken there,
					 converted here; NULL: the session's
					 codec */
};

/* A call's media begins. 0, or -ENOMEM. */
int path_open(struct call *call, bool anchored);
/* MEDIA_CLOSED follows if this returns true. */
bool path_close(struct call *call);
/* This session's MEDIA_CLOSED came. True if it is the call's own, whose
 * statistics tell the call's story. */
bool path_closed(struct call *call, const struct media_session *session);
/* Every session's MEDIA_CLOSED came. */
bool path_is_closed(const struct call *call);
/* Is that side of that session where this place's far end is? */
bool path_is_at(const struct call *call, unsigned place,
		const struct media_session *session, enum media_side side);
/* The figures of what came from that place's far end. */
void path_stats(const struct call *call, unsigned place, unsigned slot,
		struct media_stats *out);

/*
 * Ports toward `leg` for every slot of `source` that carries something, and
 * the places to write in its SDP: ours when anchored, else those that `from`,
 * the leg whose far end said `source`, showed. A side that has ports at
 * another address gives them back first. A slot that cannot cross a row of
 * sessions has port 0, and so has one for which no port is to be had once the
 * call is up, which is told: unless it is the session's audio, or no slot is
 * left. Directions are those of `source`.
 * 0; -EAGAIN no port is free; or what media_session_bind returned.
 */
int path_place(struct call *call, const struct leg *leg, const struct leg *from,
	       const struct body *source,
	       struct offer_place place[BODY_MEDIA_MAX]);

/* Why, where it is what we lack that made path_place fail; else NULL. */
const char *path_lack(int error);

/* What leg's far end said: where to send, whose packets to take. */
void path_target(struct call *call, const struct leg *leg,
		 const struct body *far);
/* The same where the leg's bodies are at hand. */
void path_target_said(struct call *call, struct said *said,
		      const struct body *far);

/*
 * How packets are written toward both ends now that both have spoken: payload
 * types as each numbers them, G.711 converted where they differ, one steady
 * stream where policy asks for it. Media that is secure between the ends is
 * left alone.
 */
void path_flows(struct call *call, const struct leg *a, const struct leg *b);
void path_flows_said(struct call *call, struct said *a, struct said *b);

/* What `leg`'s far end speaks: the call's codec, or G.711's other law. */
const char *path_codec(const struct call *call, const struct leg *leg);

/* Its far end answered an offer of ours that had several codecs: which of
 * G.711's laws it speaks now, whatever the other end has. False: what those two
 * have cannot be passed on, and nothing is noted. */
bool path_note_law(struct call *call, struct said *said);

/*
 * An event may let the audio toward `leg` pause although its far end was
 * promised sendrecv: keep each audio slot alive by its codec's silence, or by
 * music where the other end takes nothing. `all` slots, or only those whose
 * source was not promised to send, and those that are armed already. Does
 * nothing where media is secure between the ends; video may pause. True if
 * any is armed now.
 */
bool path_arm(struct call *call, const struct leg *leg, bool all);
/* Of those, the ones whose source was promised to send have had their time; not
 * while that waits to be replaced (path_leave). */
void path_disarm(struct call *call, const struct leg *leg);
/* Nothing may come in some audio slot of this leg's far end, for as long as it
 * likes. */
bool path_is_quiet(const struct call *call, const struct leg *leg);
/* This leg is busy with a transfer: who hears it waits as if it were held. */
void path_leave(struct call *call, const struct leg *leg);
/* Each leg is where its place says. */
void path_return(struct call *call);

/* Send a key press to leg's far end as an event of RFC 4733. Errors as
 * media_session_dtmf; -ENOTSUP also where media is not ours to touch. */
int path_dtmf(struct call *call, const struct leg *leg, char digit,
	      unsigned duration_ms);

/* Did packets come from this leg's far end in the last `ms`, or at all if it is
 * quiet now? */
bool path_alive(const struct call *call, const struct leg *leg, unsigned ms);

/* --- a newcomer takes a leg's place -------------------------------------- */

/*
 * Prepare place n for `newcomer`, who will take `by`'s place: by's own ports
 * where they stand at an address that the newcomer can use, else ports of a
 * session of its own, which path_take joins to the call's. `anchored` asks for
 * ports in a call whose media went past us until now.
 * 0; -ENFILE if the call has PATH_SESSIONS_MAX sessions; -ENOMEM.
 */
int path_guest(struct call *call, const struct leg *by,
	       const struct sockaddr *local, bool anchored);
/* Can this slot cross the row? Not a new one where more lies between its two
 * ends than their meeting: IPv4 on one side, IPv6 on the other. */
bool path_row_takes(const struct call *call, unsigned slot);
/* A line that was added at both of a row's ends gets ports where its sessions
 * meet, or none: 0; or what media_session_bind returned. */
int path_row_grow(struct call *call, unsigned slot);
/* These ports are told of each other, and of what is no RTP any more. */
void path_row_tell(struct call *call);
/* The row is over with its sessions. */
void path_row_free(struct call *call);
/* The newcomer did not come: as it was. */
void path_guest_leave(struct call *call);
/*
 * Place n becomes by's place. Nothing changes for the third leg but whose
 * packets it is sent. The newcomer's leg->place is changed by the caller.
 * 0; or what media_session_bind returned, with everything as it was.
 */
int path_take(struct call *call, const struct leg *by);
/* The other leg did not take it, in a call whose media went past us: it does
 * so again. */
void path_untake(struct call *call);

/*
 * Both calls' media joined: `other`, of which `lent` stands at place n of this
 * call, gives its sessions up to it, and `by`'s place sends to the place where
 * other's `by` stood. Afterwards as if path_guest had been called for `lent`.
 * 0; -ENFILE; -EAFNOSUPPORT if one is IPv4 and one IPv6.
 */
int path_join(struct call *call, const struct leg *by, struct call *other,
	      const struct leg *other_by);

#endif
