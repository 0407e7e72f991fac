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
#include "sbc/sip/offer.h"

struct call;
struct leg;

struct path {
	bool anchored;
	struct media_session *session; /* NULL unless anchored */
	unsigned slots;
	uint16_t port[2][MEDIA_SLOTS_MAX]; /* by media_side; 0: none */
	struct sockaddr_storage at[2];	   /* where side's ports are bound */
	struct sockaddr_storage shown[2]; /* by that end's SDP, if behind NAT */
	bool secure[MEDIA_SLOTS_MAX];	  /* between the ends: byte for byte */
	bool held[2];			  /* that end does not take our audio */
	struct media_filler filler[2];	  /* toward that side, slot `audio` */
	unsigned audio;			  /* the first audio slot */
	const char *law[2]; /* the other G.711 law is spoken on that side,
			       converted here; NULL: the session's codec */
};

/* A call's media begins. 0, or -ENOMEM. */
int path_open(struct call *call, bool anchored);
/* MEDIA_CLOSED follows if this returns true. */
bool path_close(struct call *call);

/*
 * Ports toward `leg` for every slot of `source` that carries something, and
 * the places to write in its SDP: ours when anchored, else those that `from`,
 * the leg whose far end said `source`, showed. A side that has ports at
 * another address gives them back first. Directions are those of `source`.
 * 0; -EAGAIN no port is free; or what media_session_bind returned.
 */
int path_place(struct call *call, const struct leg *leg, const struct leg *from,
	       const struct body *source,
	       struct offer_place place[BODY_MEDIA_MAX]);

/* What leg's far end said: where to send, whose packets to take. */
void path_target(struct call *call, const struct leg *leg,
		 const struct body *far);

/*
 * How packets are written toward both ends now that both have spoken: payload
 * types as each numbers them, G.711 converted where they differ, one steady
 * stream where policy asks for it. Media that is secure between the ends is
 * left alone.
 */
void path_flows(struct call *call, const struct leg *a, const struct leg *b);

/*
 * An event may let `leg`'s stream pause although its far end was promised
 * sendrecv: keep it alive by the codec's silence. `codec` is leg's far end's
 * SDP. Does nothing where media is secure between the ends.
 */
void path_arm(struct call *call, const struct leg *leg,
	      const struct body *codec);
void path_disarm(struct call *call, const struct leg *leg);

/* Did packets come from this leg's far end in the last `ms`? */
bool path_alive(const struct call *call, const struct leg *leg, unsigned ms);

#endif
