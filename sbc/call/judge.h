/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is done with an offer in mid-call: one decision, a pure function of the
 * two legs' peers, the session and the offer. P is the leg that asks, T the
 * other one.
 */
#ifndef SBC_CALL_JUDGE_H
#define SBC_CALL_JUDGE_H

#include <stdbool.h>

#include "sbc/sip/body.h"

enum judge_action {
	JUDGE_AGAIN,   /* a refresh: our last body, byte for byte */
	JUDGE_PLAIN,   /* an UPDATE without SDP: 200 without SDP */
	JUDGE_OURS,    /* no offer: 200 with our own */
	JUDGE_HERE,    /* answered from the session that T has */
	JUDGE_FORWARD, /* T is asked */
	JUDGE_REFUSE,  /* with `status`; the call goes on as it was */
};

struct judge_question {
	bool update;
	bool anchored;
	bool t_protected;	/* no re-INVITE may be sent to T */
	bool t_takes_image;	/* T's policy forwards T.38 */
	bool t_has_image;	/* T's session is a fax: no audio in it */
	bool can_convert;	/* G.711 A to u and back */
	bool secure;		/* the ends share their keys */
	const char *codec;	/* the session's; "" if it has no audio */
	unsigned audio;		/* its slot */
	const struct body *was; /* P's last body, NULL: none */
	const struct body *now; /* NULL: no offer */
	bool same;		/* version and body are those of `was` */
	bool stands;		/* and our last body answers it */
};

struct judge_decision {
	enum judge_action action;
	unsigned status;   /* JUDGE_REFUSE */
	const char *cause; /* one of sallyport-status(5)'s words */
	bool convert;	   /* P's side speaks the other G.711 law */
};

/*
 * In this order: no offer; refresh; an offer that contradicts the last one; no
 * stream left; an m=image that is new, and the way back from it; media that
 * goes past us; a codec that T does not have; a new key that T has to know;
 * UPDATE; T protected; what T would not see; else T is asked.
 */
struct judge_decision judge_offer(const struct judge_question *q);

/* "PCMU" for "PCMA" and the other way round; NULL for other codecs. */
const char *judge_other_law(const char *codec);

#endif
