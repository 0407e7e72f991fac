/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a call, shared by the files of this folder. */
#ifndef SBC_CALL_CALL_PRIVATE_H
#define SBC_CALL_CALL_PRIVATE_H

#include "sbc/call/call.h"
#include "sbc/call/forward.h"
#include "sbc/call/hunt.h"
#include "sbc/call/learn.h"
#include "sbc/call/pass.h"
#include "sbc/call/path.h"
#include "sbc/call/rekey.h"
#include "sbc/call/said.h"
#include "sbc/call/secure.h"
#include "sbc/report/status.h"
#include "sbc/sip/header.h"
#include "sbc/sip/leg.h"

enum call_state {
	CALL_HUNTING,  /* no candidate has answered yet */
	CALL_ANSWERED, /* leg b answered, leg a was told */
	CALL_ENDED,    /* waits for its media's last statistics */
};

struct call {
	TAILQ_ENTRY(call) entry; /* agent's calls, or its ended ones */
	struct agent *agent;
	struct policy *policy; /* the snapshot it began with */
	enum call_state state;
	struct leg *a, *b;	     /* b: once it answered */
	struct hunt *hunt;	     /* until then */
	struct header_caller caller; /* who a is */
	struct transfer *transfer;   /* under way, or just over */
	struct transfer *lent;	     /* of another call, which takes a leg */
	unsigned transfers;
	struct pass pass[PASS_MAX];
	struct path path;
	struct policy_plan plan;
	/* Among whose calls it counts; trunks come and go with a reload. */
	const struct policy_peer *counted_a, *counted_b;
	bool alg_told[2];   /* of a and b */
	bool delayed_offer; /* a's INVITE had no SDP */
	/* a's offer, parsed, in the turn in which its INVITE came */
	const struct body *offered;
	const struct leg
		*told; /* whose SDP leg a heard last; not to be followed */
	bool untold;   /* a has another branch's answer, and hears of b's */
	struct forward forward;
	struct rekey rekey[2];
	su_timer_t *timer; /* disarms the filler after a resume */
	struct status_call status;
	char codec[24];	      /* agreed for the audio; "" if none */
	unsigned dial_status; /* what leg a was or will be told */
	const char *ended_by, *cause;
	uint64_t ended_ms;
};

/* A call for an INVITE that got past authentication and routing. Takes `a`
 * unless it returns NULL: memory is short. */
struct call *call_new(struct agent_network *at, struct leg *a);

/* Ends like call_end, with this final answer if leg a still waits for one. */
void call_refuse(struct call *call, const struct leg_refusal *refusal,
		 const char *by, const char *cause);

/* Try these in order, for leg a. It refuses the call when none is left. */
int call_hunt(struct call *call, const struct policy_target *targets,
	      unsigned count);

leg_event_f call_on_leg;

/* It counts no longer among that trunk's calls. */
void call_uncount(struct call *call, const struct policy_peer **counted);

/* The other leg. */
struct leg *call_other(const struct call *call, const struct leg *leg);
/* A begun status line of this call; leg NULL: "-". */
void call_status(struct call *call, struct status_line *line,
		 const struct leg *leg, const char *event);
/* That leg's row of the live table. */
struct status_leg *call_status_leg(struct call *call, const struct leg *leg);
/* Codec, encryption and hold of both legs, as the live table shows them. */
void call_describe(struct call *call);
/* The same where the legs' bodies are at hand; NULL: no such leg. */
void call_describe_said(struct call *call, struct said *a, struct said *b);
/* The leg's peer could not take such a request (learn_refused), and a line if
 * that is news. */
void call_learned(struct call *call, const struct leg *leg,
		  enum learn_method method, const char *sent, const char *came);
/* For the live table: what came from the far end in a's or b's place. */
void call_live_stats(const struct status_call *status, enum media_side side,
		     unsigned slot, struct media_stats *out);
/* LEG_ASKED of a branch: its answer. */
void call_asked(struct call *call, struct leg *branch,
		const struct leg_event *event);
/* An INVITE was made short enough for its peer. */
void call_slimmed(struct call *call, const struct leg *leg,
		  const struct diet *diet);
/* The line that holds the whole story. */
void call_report_end(struct call *call);
/* Fields of the answer's line: who answered, where each end was told to send.
 */
void call_report_told(struct call *call, struct status_line *line,
		      struct said *said_a, struct said *said_b);
/* What leg's end said, was it rewritten by a router? A line, once a leg. */
void call_report_alg(struct call *call, const struct leg *leg,
		     const struct body *far);
/* The packets of leg's end are looked for where it signals, since it stands
 * behind a NAT: a line, if it shows another address than that. */
void call_report_nat(struct call *call, const struct leg *leg, unsigned slot,
		     const struct sockaddr *shown);

/* The rules by which SDP toward a leg is written, with the names they point
 * to. */
struct call_rules {
	struct offer_rules rules;
	const char *name[OFFER_CODECS_MAX];
	struct offer_secure secure; /* where the leg's SRTP ends here */
};
/* What the leg's own peer allows. */
void call_rules(const struct leg *leg, struct call_rules *out);
/* What both legs' peers allow, for an offer: -ENOTSUP if that is nothing. */
int call_rules_both(const struct leg *leg, const struct leg *other,
		    struct call_rules *out);
/* The session's codec and telephone-event alone for its audio; in other slots
 * what the leg's peer allows. */
void call_rules_session(const struct call *call, const struct leg *leg,
			struct call_rules *out);

/*
 * A fax beside audio is one slot more: it is kept from `to`, whose policy takes
 * none (t38), unless its far end offered that slot itself. Nothing but a fax:
 * -EMEDIUMTYPE.
 */
int call_keep_fax(const struct leg *to, const struct body *source,
		  struct offer_place place[BODY_MEDIA_MAX]);

/*
 * The direction of a line as `to` is told of it. Who may turn out not to take
 * it that a hold is over is not told of the hold; media has to come by us then.
 */
enum body_direction call_hold_told(const struct leg *to, bool relayed,
				   enum body_direction direction);

/* Full, going down, no port: when to come back. */
#define CALL_RETRY_S 10

/* Remember which codec an answer settled on. */
void call_note_codec(struct call *call, const struct body *answer);

#endif
