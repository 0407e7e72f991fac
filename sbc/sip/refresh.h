/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session timer of one leg (RFC 4028), ended here: what is asked of the
 * far end, what it is told, who refreshes and when the call is dead. The
 * functions of the first half decide and touch nothing; the second half does
 * it for a leg.
 *
 * uac and uas are of ONE transaction: whoever sent that request is its uac.
 */
#ifndef SBC_SIP_REFRESH_H
#define SBC_SIP_REFRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/su_wait.h>

#include "policy/policy.h"

struct leg;

enum refresh_who { REFRESH_NOBODY, REFRESH_UAC, REFRESH_UAS };

/* What one message says of it. */
struct refresh_terms {
	unsigned expires_s; /* Session-Expires; 0: none */
	unsigned min_se_s;  /* Min-SE; 0: none */
	enum refresh_who refresher;
	bool supported; /* "timer" in Supported or Require */
	bool required;	/* in Require */
};

/* What is agreed on a leg. */
struct refresh_session {
	unsigned expires_s; /* 0: no timer runs */
	bool ours;	    /* we refresh */
};

/* What the peer's policy says and what can be sent to it. */
struct refresh_means {
	bool wanted;	    /* session_timer is not off */
	unsigned expires_s; /* to ask for; 0: do not */
	unsigned min_se_s;  /* least that we take or, after a 422, they do */
	bool update;	    /* its Allow and its policy have UPDATE */
	bool reinvite;	    /* its policy lets it have re-INVITEs */
};

#define REFRESH_MIN_S	   90	  /* RFC 4028 section 4 */
#define REFRESH_MAX_S	   604800 /* longer is as good as none */
#define REFRESH_RAISES_MAX 3	  /* 422s in a row */
#define REFRESH_LINES_MAX  128

void refresh_read(struct refresh_terms *out, const sip_t *sip);

/* Session-Expires, Min-SE and (answers) Require as whole header lines; "" if
 * nothing is to be said. */
void refresh_write(char out[REFRESH_LINES_MAX],
		   const struct refresh_terms *terms, bool answer);

/*
 * What our INVITE, re-INVITE or UPDATE says. The first INVITE (`first`) asks
 * for the policy's interval, of a peer that may not have re-INVITEs with
 * refresher=uas; later ones repeat what runs.
 */
void refresh_offer(struct refresh_terms *out, const struct refresh_means *means,
		   const struct refresh_session *now, bool first);

/*
 * Their INVITE, re-INVITE or UPDATE: 0 and what our 2xx says, or 422, to be
 * sent with means->min_se_s. No timer is begun that they did not ask for, and
 * none is taken that we would have to refresh but may not: then they are made
 * the refresher, or it is left out (RFC 4028 section 9, table 2).
 */
unsigned refresh_judge(struct refresh_terms *answer,
		       const struct refresh_means *means,
		       const struct refresh_session *now,
		       const struct refresh_terms *asked);

/* What runs after a 2xx to ours (section 7.2), and after ours to theirs. */
void refresh_settle(struct refresh_session *now,
		    const struct refresh_terms *sent,
		    const struct refresh_terms *answer, bool first);
void refresh_grant(struct refresh_session *now,
		   const struct refresh_terms *answer);

/* After how many ms we refresh, and the call is given up (section 10). */
uint64_t refresh_due_ms(const struct refresh_session *now);
uint64_t refresh_expiry_ms(const struct refresh_session *now);

/* --- of a leg ------------------------------------------------------------ */

struct refresh {
	struct refresh_session now;
	struct refresh_terms sent;	/* our open request */
	struct refresh_terms answer[2]; /* to their open INVITE, UPDATE */
	unsigned relayed_s; /* the other leg's interval, forward; 0: none */
	unsigned min_se_s;  /* what 422s raised it to */
	unsigned raises;
	bool hopeless;	     /* 422 whatever we ask for: ask no more */
	bool update;	     /* their Allow has UPDATE */
	bool reinviting;     /* the open re-INVITE is a refresh */
	bool failing;	     /* the last refresh was refused */
	uint64_t heard_ms;   /* when it was last refreshed */
	su_timer_t *timer;   /* NULL: none ever ran */
	nta_outgoing_t *out; /* our UPDATE */
	uint64_t update_ms;  /* when the last one was sent; 0: none ever */
};

/* Their INVITE or UPDATE: 0, or 422. Remembers what our 2xx will say. */
unsigned refresh_asked(struct leg *leg, const sip_t *sip, bool update);
/* The lines of our 2xx to it; in a dialog that stands, the timer runs from
 * now. */
void refresh_answer(struct leg *leg, bool update, char out[REFRESH_LINES_MAX]);
/* The lines of a request of ours. */
void refresh_request(struct leg *leg, char out[REFRESH_LINES_MAX]);
/* Its 2xx. `first`: of the leg's first INVITE. */
void refresh_accepted(struct leg *leg, const sip_t *sip, bool first);
/* Its 422: may it be sent again? */
bool refresh_raise(struct leg *leg, const sip_t *sip);
/* Our refresh by re-INVITE got this final answer that is no 2xx. */
void refresh_refused(struct leg *leg, unsigned status);
/* The leg is leaving: no timer any more. */
void refresh_stop(struct leg *leg);
void refresh_clear(struct leg *leg);

/* May this INVITE be let in? 0, or 422 with *min_se_s. */
unsigned refresh_screen(const struct policy_peer *peer, const sip_t *sip,
			unsigned *min_se_s);

#endif
