/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What transfer.c and transfer_ask.c share. */
#ifndef SBC_CALL_TRANSFER_PRIVATE_H
#define SBC_CALL_TRANSFER_PRIVATE_H

#include "sbc/call/call_private.h"
#include "sbc/call/transfer.h"

enum transfer_state {
	TRANSFER_DIALLING,  /* candidates for N are tried */
	TRANSFER_ASKING,    /* N is another call's leg: our re-INVITE is out */
	TRANSFER_TELLING,   /* T has to know N's media: our re-INVITE is out */
	TRANSFER_FORWARDED, /* T was sent the REFER, and carries it out */
	TRANSFER_OVER,	    /* done; T's filler is armed for a while */
};

struct transfer {
	struct call *call; /* that goes on */
	enum transfer_state state;
	struct leg *by;	       /* P: leaves the call; it may have hung up */
	struct leg *far;       /* T */
	struct leg *next;      /* N, once there is one */
	struct leg *asker;     /* who hears of it: by, or P's leg in `other` */
	struct policy *policy; /* of the targets */
	struct hunt *hunt;
	const struct policy_peer *counted;
	struct call *other;   /* that gives its leg `next` and ends */
	struct leg *other_by; /* P's leg there */
	char next_place;      /* where `next` stood there */
	bool silent;	      /* nobody is to be told: Refer-Sub: false */
	bool was_held;	      /* before T was given something to hear */
	bool direct;	      /* media went past us until N came */
	bool rang, by_left, next_left, resuming;
	char event_id[32]; /* ";id=CSeq" of a second REFER's events */
	unsigned ticket;   /* of the REFER, until it is answered */
	unsigned sent;	   /* of ours, when it was forwarded */
	char number[128];
	char *kept;	  /* our last body on the leg that is asked */
	char *kept_next;  /* ... on `next`, which took ours */
	struct leg *tell; /* T, or N, whom our re-INVITE went to */
	su_timer_t *timer;
};

/* A transfer in this call: path, filler and place n are prepared by the
 * caller. NULL: memory is short. */
struct transfer *transfer_new(struct call *call, struct leg *by,
			      struct leg *asker);
/* 202, or 200 to nobody; then the first NOTIFY; T hears the filler. */
void transfer_accept(struct transfer *t, const struct leg_event *refer);
void transfer_notify(struct transfer *t, unsigned status);
/* N said `sdp`: it can take P's place. */
void transfer_joined(struct transfer *t, struct body_span sdp);
/* N's session is that of T: `why` has been told before. */
void transfer_settle(struct transfer *t);
void transfer_fail(struct transfer *t, unsigned status);

/* --- for transfer_event --------------------------------------------------- */

/* A body that was kept is wiped. */
void transfer_unkeep(char **kept);
/* The leg refused ours: what it last heard is in force again. */
void transfer_restore(struct transfer *t, struct leg *leg);
/* The answer to our re-INVITE to `tell`. 0, or it is as it was. */
int transfer_told(struct transfer *t, const struct leg_event *event);
/* P had put one of them on hold: taken up again, where it may be told. */
void transfer_resume(struct transfer *t);
void transfer_over(struct transfer *t);
/* T carries it out: it is to say how it went within `expires_s` (0: within
 * what we told P), else P is told that it did not. */
void transfer_expect(struct transfer *t, unsigned expires_s);
/* The answer to N's INVITE with Replaces, from the session that T has. */
int transfer_answer(struct transfer *t);

/* Write an offer toward `to`, place n, from T's session. 0 or -errno. */
int transfer_offer(struct call *call, struct leg *to);

extern const struct hunt_client transfer_hunt;

#endif
