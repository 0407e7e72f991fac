/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One dialog with one peer (RFC 3261 sections 12 to 15): INVITE transactions,
 * CANCEL, ACK, BYE. The only file that calls nta's transaction functions for
 * calls. A leg knows nothing of the other leg: what its far end does is told
 * to its owner as an event, what the owner wants is a function below.
 *
 * SDP is text here; `offer` holds what was said on this leg.
 */
#ifndef SBC_SIP_LEG_H
#define SBC_SIP_LEG_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sofia-sip/nta.h>

#include "policy/policy.h"
#include "sbc/sip/diet.h"
#include "sbc/sip/offer.h"
#include "sbc/sip/refresh.h"
#include "sbc/sip/reliable.h"

struct agent_network;
struct leg;

enum leg_state {
	LEG_INCOMING, /* their INVITE has no final answer yet */
	LEG_CALLING,  /* our INVITE has none, nor a provisional one */
	LEG_EARLY,    /* our INVITE has a provisional answer */
	LEG_ANSWERED, /* our 2xx was sent, no ACK seen yet */
	LEG_ESTABLISHED,
	LEG_LEAVING, /* CANCEL or BYE of ours is under way */
	LEG_ENDED,
};

enum leg_event_kind {
	LEG_PROGRESS,	/* 101..199 to our INVITE: status, sdp, to_tag */
	LEG_ACCEPTED,	/* first 2xx to our INVITE; the ACK is sent */
	LEG_REFUSED,	/* 300..699 to our INVITE, or silence: the leg ended */
	LEG_ACKED,	/* ACK for our 2xx; sdp if it carried any */
	LEG_ACK_LOST,	/* 32 s without it; the leg is still up */
	LEG_CANCELLED,	/* the caller gave up; 487 was sent, the leg ended */
	LEG_OFFERED,	/* re-INVITE or UPDATE; answer with leg_reply */
	LEG_RECALLED,	/* their re-INVITE was cancelled; 487 is sent */
	LEG_MODIFIED,	/* 2xx to our re-INVITE: sdp */
	LEG_UNMODIFIED, /* our re-INVITE was refused: status; session as was */
	LEG_REFRESHED,	/* our session refresh is over: status (0: none could be
			   sent), update, sdp; the leg is idle again */
	LEG_ASKED,	/* the 2xx to our INVITE without an offer holds one,
			   sdp: write the answer into `offer`; no more */
	LEG_SLIMMED,	/* our INVITE was too long: diet; it goes out now */
	LEG_UNPRACKED,	/* no PRACK came; 504 was sent, the leg ended */
	LEG_EXPIRED,	/* nobody refreshed the session (RFC 4028): end it */
	LEG_HUNG_UP,	/* BYE, or 481/408 to a request of ours: ended */
	LEG_REFERRED,	/* REFER; answer with leg_refer_reply */
	LEG_REQUESTED,	/* INFO, MESSAGE, NOTIFY; answer with
			   leg_request_reply */
	LEG_REPLIED,	/* final answer to a leg_request of ours */
};

struct leg_event {
	enum leg_event_kind kind;
	unsigned status;
	const char *phrase;
	bool silent;		 /* LEG_REFUSED: no answer at all, or
				    the transport failed */
	bool update;		 /* LEG_OFFERED: by UPDATE; LEG_HUNG_UP: no
				    answer to ours */
	struct body_span sdp;	 /* empty: none. Borrowed. */
	const sip_t *sip;	 /* may be NULL. Borrowed. */
	const struct diet *diet; /* LEG_SLIMMED. Borrowed. */
	/* LEG_REFERRED, LEG_REQUESTED, LEG_REPLIED; all borrowed */
	unsigned ticket;
	const char *method, *content_type; /* type NULL: none given */
	struct body_span body;
	/* LEG_REFERRED: the REFER came outside of this leg's dialog, and is
	 * answered on this leg_outside one; NULL: it came inside. */
	struct leg *outside;
};

/* The owner may end the leg inside, with leg_end(). */
typedef void leg_event_f(void *owner, struct leg *leg,
			 const struct leg_event *event);

/* Requests without an offer that may be open at a time, each way. */
#define LEG_REQUESTS_MAX 4
/* The longest body that one of theirs may have; more is 413. */
#define LEG_BODY_MAX 4096
/* What INFO and MESSAGE may carry; 415 else. */
#define LEG_ACCEPTS                                              \
	"application/dtmf-relay, application/dtmf, text/plain, " \
	"application/media_control+xml, application/im-iscomposing+xml"

struct leg { /* read-only outside of leg*.c, but for `offer` */
	TAILQ_ENTRY(leg) entry; /* the agent's legs, or leaving */
	void *owner;		/* NULL once it was left to itself */
	leg_event_f *on_event;
	struct agent_network *at;
	struct policy *policy; /* keeps `peer` and `user` alive */
	const struct policy_peer *peer;
	const struct policy_user *user; /* a phone's */
	enum leg_state state;
	char place;			/* 'a' or 'b' in its owner's call */
	bool uas;			/* its first INVITE was theirs */
	struct sockaddr_storage remote; /* signalling source or target */
	enum policy_transport transport;
	struct sockaddr_storage local; /* our SIP address, as it sees it */
	uint16_t local_port;	       /* of the listener; 0: sip_port */
	struct offer offer;
	bool answer_due;	  /* our offer in its 2xx waits for its ACK */
	char *answer_kept;	  /* what was our body there before; owned */
	struct refresh refresh;	  /* its session timer */
	bool refer_unknown;	  /* their Allow is without REFER */
	struct reliable reliable; /* 18x with PRACK */

	su_home_t *home;
	nta_leg_t *dialog;
	nta_incoming_t *invite_in; /* their INVITE or re-INVITE */
	nta_incoming_t *update_in;
	nta_outgoing_t *invite_out;  /* our INVITE or re-INVITE */
	nta_outgoing_t *request_out; /* our BYE */
	uint32_t invite_cseq;
	const char *contact; /* our Contact value */
	const char *ident;   /* the listener's name in nta */
	const char *route;   /* where requests go, "sip:..." */
	const char *uri;     /* request URI of our INVITE */
	const char *extra;   /* further header lines of our INVITE */
	const char *reason;  /* Reason of our BYE */
	uint64_t left_ms;    /* when leg_end began; 0: not yet */
	bool bare;	 /* our INVITE has no offer; the ACK answers theirs */
	bool offer_open; /* our offer in the 2xx waits for its ACK */
	unsigned challenges;  /* of INVITE and UPDATE, answered in a row */
	uint64_t reinvite_ms; /* when our last re-INVITE was sent; 0: never */
	const char *reinvite_what; /* leg_reinvite's */
	unsigned bye_tries;
	char *credentials; /* the last line that answered one */
	struct leg_asked {
		unsigned ticket;
		nta_incoming_t *irq; /* NULL: free */
	} asked[LEG_REQUESTS_MAX];   /* theirs, without an answer yet */
	struct leg_sent *sent[LEG_REQUESTS_MAX]; /* ours */
	unsigned ticket;			 /* the last one given */
};

/*
 * A leg for an INVITE that came; `peer` is of the snapshot `policy`. Takes
 * `irq`, also on failure (then it was answered with 500). `source` is where the
 * packet came from.
 */
int leg_accept(struct leg **out, struct agent_network *at,
	       struct policy *policy, const struct policy_peer *peer,
	       nta_incoming_t *irq, const sip_t *sip,
	       const struct sockaddr *source);

/*
 * The dialog that a REFER outside of one made, for its answer and NOTIFYs
 * alone: leg_refer_reply with *ticket, leg_request, leg_free. Its one event is
 * LEG_REPLIED. Takes `irq`, as leg_accept does.
 */
int leg_outside(struct leg **out, unsigned *ticket, struct agent_network *at,
		struct policy *policy, const struct policy_peer *peer,
		nta_incoming_t *irq, const sip_t *sip,
		const struct sockaddr *source);

struct leg_invite {
	const struct sockaddr *target; /* where the INVITE is sent */
	enum policy_transport transport;
	uint16_t local_port;   /* of ours; 0: sip_port */
	const char *uri;       /* request URI */
	const char *from, *to; /* header values without tags */
	const char *extra;     /* header lines, or NULL */
	unsigned expires_s;    /* the other leg's Session-Expires; 0: none */
	unsigned max_forwards;
};

/* A leg for an INVITE of ours; leg_call sends it with offer.local as body; if
 * that is NULL, without one (LEG_ASKED). */
int leg_new(struct leg **out, struct agent_network *at, struct policy *policy,
	    const struct policy_peer *peer, const struct policy_user *user,
	    const struct leg_invite *invite);
/* 0; -EHOSTUNREACH if it could not be sent; -ENOMEM. */
int leg_call(struct leg *leg);

void leg_own(struct leg *leg, void *owner, leg_event_f *on_event, char place);

/* 18x to their INVITE; sdp NULL: none. */
void leg_progress(struct leg *leg, unsigned status, const char *phrase,
		  const char *sdp);
/* 200 to their INVITE. */
void leg_answer(struct leg *leg, const char *sdp);

/* A final refusal: of their INVITE, re-INVITE or UPDATE. */
struct leg_refusal {
	unsigned status;
	const char *phrase;	/* NULL: the standard one */
	unsigned retry_after_s; /* 0: none */
	const char *warning;	/* Warning value, or NULL */
	unsigned min_se_s;	/* of a 422 */
};
/* To the first INVITE: the leg has ended then. */
void leg_refuse(struct leg *leg, const struct leg_refusal *refusal);

/* The answer to LEG_OFFERED: 200 with sdp (NULL: none, an UPDATE's). */
void leg_reply(struct leg *leg, const char *sdp);
void leg_reply_refuse(struct leg *leg, const struct leg_refusal *refusal);

/* Our re-INVITE with offer.local as its body. -EBUSY if one is open. `what`
 * says in a word what it is for; it has to last. */
int leg_reinvite(struct leg *leg, const char *what);

/*
 * A request of ours in the dialog: INFO, MESSAGE, REFER or NOTIFY. Its final
 * answer comes as LEG_REPLIED with this ticket (ticket NULL: not asked for),
 * unless the leg is ended before. A challenge is answered inside. No answer
 * to it ends the dialog.
 * 0; -ENOTCONN if the dialog does not stand; -EBUSY if LEG_REQUESTS_MAX are
 * open; -EHOSTUNREACH; -ENOMEM.
 */
struct leg_message {
	const char *method;
	const char *content_type, *body; /* NULL: none */
	const char *extra;		 /* header lines, CRLF each, or NULL */
};
int leg_request(struct leg *leg, const struct leg_message *message,
		unsigned *ticket);
/* The final answer to theirs; extra: header lines or NULL. A ticket that was
 * answered already is no fault. */
void leg_request_reply(struct leg *leg, unsigned ticket, unsigned status,
		       const char *extra);
/* The same for a REFER: a 2xx has our Contact. */
void leg_refer_reply(struct leg *leg, unsigned ticket, unsigned status,
		     const char *extra);

/* CANCEL it: LEG_UNMODIFIED follows, or LEG_MODIFIED if that came too late. */
void leg_withdraw(struct leg *leg);

/* Does their re-INVITE or UPDATE still wait for our answer? Not if they
 * cancelled it. */
bool leg_is_asked(const struct leg *leg);
/* Nothing of either side's is open on this leg. */
bool leg_is_idle(const struct leg *leg);

/*
 * Say goodbye as fits the state (CANCEL, BYE, or `status` to their INVITE) and
 * be freed when that is done. Takes `leg`; no further event comes.
 * reason: a Reason header value, or NULL.
 */
void leg_end(struct leg *leg, unsigned status, const char *reason);

/* Free at once, silently: when the agent itself ends, or when a far end did
 * not answer our goodbye for LEG_LEAVING_MS (64 times T1, twice). */
void leg_free(struct leg *leg);
#define LEG_LEAVING_MS 64000

/* The SDP in a message; empty if there is none or it is broken. */
struct body_span leg_sdp(const sip_t *sip);
/* It has a body without SDP that is not said to be optional: 415 (RFC 3261
 * 8.2.3, 20.11). */
bool leg_body_unknown(const sip_t *sip);

/* What a request requires of us that this peer is not given; NULL: nothing.
 * Text in `home`. */
sip_unsupported_t *leg_unsupported(su_home_t *home, const sip_t *sip,
				   const struct policy_peer *peer);

/* The value of Allow, in a dialog and out of it. */
const char *leg_allow(void);

#endif
