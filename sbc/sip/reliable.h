/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reliable provisional answers of one leg (RFC 3262), ended here: own RSeq,
 * own PRACKs, so that Require: 100rel never crosses.
 *
 * Their INVITE: 18x go out reliably if it requires 100rel, or if it supports
 * it and the peer's policy is `prack = require`. One at a time: the next one,
 * and the 2xx, wait for the PRACK. No PRACK at all: 504, LEG_UNPRACKED.
 *
 * Our INVITE: each reliable 18x is PRACKed in order, in the early dialog of
 * its own To tag; copies and what comes out of order go no further.
 */
#ifndef SBC_SIP_RELIABLE_H
#define SBC_SIP_RELIABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/su_wait.h>

struct leg;

/* Early dialogs of one INVITE that are PRACKed; later ones are not, and their
 * far ends give up (a forking proxy sends a handful). */
#define RELIABLE_FORKS_MAX 8
/* A moment before the library's own timer (64 times T1), which would answer
 * 503 and leave us no say. */
#define RELIABLE_PATIENCE_MS 31500

struct reliable_fork {
	char *tag; /* To tag */
	nta_leg_t *dialog;
	uint32_t rseq;	       /* of the last one that was PRACKed */
	char rack[40];	       /* its RAck */
	char *sdp;	       /* its answer; NULL: none yet */
	nta_outgoing_t *prack; /* ours, until it is answered */
	unsigned tries;	       /* challenges of it that were answered */
};

struct reliable {
	/* their INVITE */
	bool asked;	      /* our 18x are reliable */
	bool mute;	      /* it requires that, but holds no offer */
	nta_reliable_t *open; /* waits for its PRACK */
	bool told;	      /* one had a body: there is no other answer */
	unsigned status;      /* the next 18x, 0: none */
	char *phrase, *sdp;   /* of it; in malloc's memory */
	bool answered;	      /* the 200 waits */
	char *answer;	      /* its body */
	su_timer_t *timer;
	/* our INVITE */
	struct reliable_fork fork[RELIABLE_FORKS_MAX];
	unsigned forks;
	const char *answer_heard; /* of several, the winner's; in the leg's
				     home */
};

/* What to do with a reliable 18x after `last` (0: the dialog's first). RFC 3262
 * section 4: no RSeq may be left out, and copies are no news. */
enum reliable_order { RELIABLE_NEXT, RELIABLE_COPY, RELIABLE_EARLY };
enum reliable_order reliable_order(uint32_t last, uint32_t rseq);

/* Their INVITE came. */
void reliable_asked(struct leg *leg, const sip_t *sip);
/* Sent, or kept until its turn? false: it is to be sent unreliably. */
bool reliable_progress(struct leg *leg, unsigned status, const char *phrase,
		       const char *sdp);
/* Must this 200 wait? Then it is sent by itself. */
bool reliable_delays(struct leg *leg, const char *sdp);

/* An 18x to our INVITE; false: it goes no further. */
bool reliable_heard(struct leg *leg, const sip_t *sip);
/* Its 2xx: the early dialog of this To tag, if there is one, is the leg's
 * dialog now. */
bool reliable_won(struct leg *leg, const sip_t *sip);

void reliable_clear(struct leg *leg);

#endif
