/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What transfer.c and transfer_ask.c share. */
#ifndef SBC_CALL_TRANSFER_PRIVATE_H
#define SBC_CALL_TRANSFER_PRIVATE_H

#include "sbc/call/call_private.h"
#include "sbc/call/transfer.h"

struct refer_replaces;

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
	struct leg *asker;     /* who hears of it: by, or P's leg in `other`,
				  or `outside` */
	struct leg *outside;   /* the REFER's own dialog, if it has one */
	struct policy *policy; /* of the targets */
	struct hunt *hunt;
	const struct policy_peer *counted;
	struct call *other;   /* that gives its leg `next` and ends */
	struct leg *other_by; /* P's leg there */
	char next_place;      /* where `next` stood there */
	bool silent;	      /* nobody is to be told: Refer-Sub: false */
	bool direct;	      /* media went past us until N came */
	bool rang, by_left, next_left, resuming;
	bool told;	   /* T took N's media */
	bool waits;	   /* whom we ask was busy, or asked us meanwhile */
	unsigned tries;	   /* in vain, for that reason */
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
/* The REFER's own dialog, if it has one, is from now on the transfer's. */
void transfer_take_outside(struct transfer *t, const struct leg_event *refer);
/* 202, or 200 to nobody; then the first NOTIFY; T hears the filler. */
void transfer_accept(struct transfer *t, const struct leg_event *refer);
void transfer_notify(struct transfer *t, unsigned status);
/* The re-INVITE that the transfer needs now. */
void transfer_ask(struct transfer *t);
/* N said `sdp`: it can take P's place. */
void transfer_joined(struct transfer *t, struct body_span sdp);
/* N's session is that of T: `why` has been told before. */
void transfer_settle(struct transfer *t);
void transfer_fail(struct transfer *t, unsigned status);

/* --- for transfer_event --------------------------------------------------- */

/* P had put one of them on hold: taken up again, where it may be told. */
void transfer_resume(struct transfer *t);
/* 491 to our re-INVITE: it is sent again after glare's pause. False: it was
 * another answer, or too often that one. */
bool transfer_glare(struct transfer *t, struct leg *leg,
		    const struct leg_event *event);
void transfer_over(struct transfer *t);
/* T carries it out: it is to say how it went within `expires_s` (0: within
 * what we told P), else P is told that it did not. */
void transfer_expect(struct transfer *t, unsigned expires_s);
/* --- what is said, in transfer_sdp ----------------------------------------
 */

/* Do the call's two ends share keys? */
bool transfer_secure(const struct call *call);
/* Write an offer toward `to`, place n, from T's session. 0 or -errno. */
int transfer_offer(struct call *call, struct leg *to);
/* Our re-INVITE to one of the two that stay, with what the other one said.
 * 0; -EBUSY; or it can not be told. */
int transfer_tell(struct transfer *t, struct leg *to, struct leg *from);
/* The same to N, which is another call's leg, with T's session. */
int transfer_lend(struct transfer *t);
/* Does that leg's answer to our offer take the call's audio? One that does not
 * would leave T with nobody to talk to. */
bool transfer_takes(const struct call *call, struct said *said);
/* The answer to our re-INVITE to `tell`. 0, or it has what it had. */
int transfer_told(struct transfer *t, const struct leg_event *event);
/* The answer to N's INVITE with Replaces, from the session that T has. */
int transfer_answer(struct transfer *t);
/* May this leg be told that it is not held any more, and has to be? */
bool transfer_is_held(const struct transfer *t, const struct leg *leg);

/* --- whose call, in transfer_ask ------------------------------------------
 */

/* The answered call of which `replaces` names a leg; *by: that leg. */
struct call *transfer_find(struct agent *agent,
			   const struct refer_replaces *replaces,
			   struct leg **by);
/* Are both legs of one user, or of one peer that has none? */
bool transfer_same_owner(const struct leg *x, const struct leg *y);

/* --- the end ---------------------------------------------------------------
 */

/* The call's own transfer, if it has one, is freed. */
void transfer_done(struct call *call);

extern const struct hunt_client transfer_hunt;

#endif
