/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One SIP end for call tests: a socket of its own on a loopback address of
 * its own, transactions with retransmission, calls, and a record of every
 * message and packet. It behaves well; phone.h and itsp.h are its two faces,
 * and what misbehaves is asked for there. Nothing here sleeps: fake_step()
 * does what is due and returns.
 */
#ifndef TESTS_FAKES_FAKE_H
#define TESTS_FAKES_FAKE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/fakes/text.h"
#include "tests/fakes/tone.h"

#define FAKE_CALLS_MAX	 16
#define FAKE_STREAMS_MAX 2

struct fake;
struct fake_call;

enum fake_way { FAKE_IN, FAKE_OUT };

/* Every message, also lost ones and copies. */
struct fake_record {
	uint64_t at_ms;
	enum fake_way way;
	bool dropped;	/* on demand: it never arrived */
	bool copy;	/* of one seen or sent before */
	bool in_dialog; /* a request with a To tag */
	char label[32]; /* "INVITE", "200 INVITE" */
	struct text_message message;
};

enum fake_state {
	FAKE_CALLING,  /* our INVITE is out */
	FAKE_RINGING,  /* theirs is in, no final answer yet */
	FAKE_ANSWERED, /* our 2xx is out, no ACK yet */
	FAKE_UP,
	FAKE_ENDED,
};

/* What we say in an offer or answer. */
struct fake_media {
	const char *codecs;    /* payload types, "8 0 101" */
	const char *direction; /* "sendrecv" ... */
	bool zero_address;     /* c=0.0.0.0 */
	bool port_zero;	       /* m=audio 0 */
	const char *protocol;  /* NULL: RTP/AVP */
	const char *lines;     /* further a= lines of the audio, CRLF each */
	const char *more;      /* further m= sections, CRLF each line */
	const char *address;   /* NULL: ours; the c= that a NATed phone says */
	unsigned streams;      /* 0 or 1: audio; 2: a second audio stream */
	const char *instead;   /* the whole body, whatever it is */
};

struct fake_call {
	struct fake *fake;
	bool outgoing;
	enum fake_state state;
	char call_id[192];
	char local_tag[64], remote_tag[128];
	char local[256], remote[256]; /* From/To values without tag */
	char target[256];	      /* their Contact */
	char routes[1024];	      /* "Route: ...\r\n" lines */
	struct sockaddr_in hop;
	unsigned cseq, invite_cseq, remote_cseq;
	struct text_message invite; /* the last INVITE that came in */
	char *invite_out;	    /* the last INVITE we sent */
	int status;		    /* last answer to our INVITE */
	int reinvite_status;	    /* final answer to our last re-INVITE;
				       0 while it is open */
	int update_status, bye_status, cancel_status;
	bool bye_sent, bye_seen, cancel_sent, cancel_seen;
	unsigned provisionals; /* 18x seen */
	unsigned rseq;	       /* of the last reliable one; PRACKed */
	int prack_status;      /* of our last PRACK */
	unsigned acks;	       /* seen for our 2xx */
	bool withhold_ack;     /* never ACK their 2xx */
	bool delayed;	       /* we sent an INVITE without SDP */
	struct fake_media media;
	char sdp[sizeof(((struct text *)0)->data)]; /* the last we sent */
	unsigned sdp_version;
	uint32_t sdp_id;
	struct text_sdp remote_sdp; /* the last that came */
	unsigned remote_sdps;	    /* how many came */
	char remote_body[sizeof(((struct text *)0)->data)];
	unsigned credentials_sent;
	char more[1024];    /* header lines of our INVITE */
	char redirect[256]; /* Contact of a 3xx that came */
};

struct fake_tx;
struct fake_later;
struct fake_reply;

struct fake_drop {
	const char *label;
	enum fake_way way;
	unsigned count;
};

struct fake_hooks {
	/* A request. true: the hook dealt with it. */
	bool (*request)(struct fake *fake, struct fake_call *call,
			const struct text_message *request);
	/* A final or provisional answer that was ours to have. */
	void (*answer)(struct fake *fake, struct fake_call *call,
		       const struct text_message *answer);
	void *user;
};

struct fake {
	const char *name;
	struct sockaddr_in at;
	char host[20];
	uint16_t port;
	int fd;
	char user[64];		  /* our user part */
	char agent[64];		  /* our User-Agent or Server */
	const char *password;	  /* answers 401 and 407 when set */
	struct sockaddr_in proxy; /* where our requests go first */
	unsigned t1_ms;		  /* 500 */
	unsigned ok_give_up_ms;	  /* 32000: no ACK by then, BYE */
	struct fake_media media;  /* what new calls begin with */
	const char *invite_lines; /* in each INVITE of ours, CRLF each */
	const char *ok_lines;	  /* in each 2xx to INVITE and UPDATE */
	bool no_update;		  /* UPDATE is not in our Allow */
	bool no_refer;		  /* REFER is not */
	bool no_prack;		  /* a reliable 18x gets none */
	const char *prack_lines;  /* in each PRACK of ours, CRLF each */
	bool prack_offers;	  /* PRACKs hold a new offer */
	struct fake_hooks hooks;

	struct fake_call *call[FAKE_CALLS_MAX];
	unsigned calls;
	struct fake_record *record;
	unsigned records, records_room;
	struct fake_drop drop[8];
	struct fake_tx *tx;
	struct fake_later *later;
	struct fake_reply *reply;
	struct tone tone;		/* the audio stream(s) */
	struct sockaddr_in last_source; /* of the message at hand */
	unsigned serial;
	bool closed;
};

/* Bind UDP on `host` (a free port) and RTP beside it. Aborts on failure: a
 * machine without loopback addresses cannot run these tests. */
void fake_open(struct fake *fake, const char *name, const char *host);
void fake_close(struct fake *fake);
/* Take what came, send what is due; never waits. */
void fake_step(struct fake *fake);

/* Lose the next `count` messages whose label begins with `label`. */
void fake_drop_next(struct fake *fake, enum fake_way way, const char *label,
		    unsigned count);

/* --- calls -----------------------------------------------------------------
 */

/* INVITE sip:number@hop. The call, in FAKE_CALLING. */
struct fake_call *fake_invite(struct fake *fake, const char *number);
/* The same with further header lines. */
struct fake_call *fake_invite_with(struct fake *fake, const char *number,
				   const char *more);
/* The same without an offer; the answer goes into the ACK. */
struct fake_call *fake_invite_without_offer(struct fake *fake,
					    const char *number);
/* Answer the INVITE at hand. status 1xx..6xx; sdp: with a body; more: further
 * header lines, CRLF each, or NULL. */
void fake_answer(struct fake_call *call, int status, bool sdp,
		 const char *more);
/* Another branch of the same INVITE: its own To tag. */
struct fake_call *fake_fork(struct fake_call *call);
void fake_cancel(struct fake_call *call);
void fake_bye(struct fake_call *call);
void fake_ack(struct fake_call *call);
/* A mid-call offer of what call->media now says. */
void fake_reinvite(struct fake_call *call);
/* The same body and version as before: a refresh. */
void fake_refresh(struct fake_call *call);
void fake_reinvite_without_offer(struct fake_call *call);
void fake_update(struct fake_call *call, bool sdp);
/* Any request in the dialog with these header lines and this body. */
void fake_request(struct fake_call *call, const char *method, const char *more,
		  const char *body);
/* The same with a body of this type. */
void fake_request_typed(struct fake_call *call, const char *method,
			const char *more, const char *type, const char *body);
/* The same bytes from a socket of a stranger; the answer goes nowhere. */
void fake_request_from(struct fake_call *call, const char *method,
		       const char *stranger);
/* The same with this CSeq, these header lines and this body. */
void fake_forge(struct fake_call *call, const char *method, unsigned cseq,
		const char *more, const char *body, const char *stranger);
/* Another address (Wi-Fi to cable): what is open stays open, the next request
 * comes from there. */
void fake_move_host(struct fake *fake, const char *host);
/* New RTP sockets: the next offer tells the new port. */
void fake_move_media(struct fake *fake);
/* A request of our own outside of any call, answered through `hooks`. */
void fake_send_request(struct fake *fake, const char *method, const char *uri,
		       const char *from, const char *to, const char *call_id,
		       unsigned cseq, const char *more, const char *body);
/* Raw bytes to the proxy: what no builder would write. */
void fake_send_raw(struct fake *fake, const char *data, size_t len);
/* Answer any request without a call. */
void fake_reply(struct fake *fake, const struct text_message *request,
		int status, const char *more);
/* Do it in a while. The call may be NULL. */
void fake_later(struct fake *fake, unsigned in_ms,
		void (*act)(struct fake *fake, struct fake_call *call),
		struct fake_call *call);

/* The last one made; NULL if there is none. */
struct fake_call *fake_last_call(const struct fake *fake);

/* --- what was seen ---------------------------------------------------------
 */

/* Messages that arrived with this label ("INVITE", "200 INVITE"): each one,
 * without copies / with them. */
unsigned fake_seen(const struct fake *fake, const char *label);
unsigned fake_seen_copies(const struct fake *fake, const char *label);
/* Requests inside a dialog only: a re-INVITE is fake_seen_inside("INVITE"). */
unsigned fake_seen_inside(const struct fake *fake, const char *method);
/* The n-th (from 0) or last arrived message of that label, or NULL. */
const struct text_message *fake_message(const struct fake *fake,
					const char *label, unsigned n);
const struct text_message *fake_last_message(const struct fake *fake,
					     const char *label);
/* Does any message that arrived here contain this text, in any case? */
const struct text_message *fake_saw_text(const struct fake *fake,
					 const char *needle);
/* Print every message on standard error; for the story of a failed test. */
void fake_tell(const struct fake *fake);

/* Media out now: both the port they gave and the directions allow it. */
bool fake_may_talk(const struct fake_call *call);

/* Send where what was agreed says. Done by itself after each answer. */
void fake_settle(struct fake_call *call);

uint64_t fake_now_ms(void);

#endif
