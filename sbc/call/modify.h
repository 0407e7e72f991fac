/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offers in mid-call: answered here, forwarded or refused, as the plan and the
 * peer that would receive them say (interworking of re-INVITE and UPDATE).
 */
#ifndef SBC_CALL_MODIFY_H
#define SBC_CALL_MODIFY_H

#include "sbc/sip/body.h"

struct call;
struct leg;
struct leg_event;

/* A re-INVITE or UPDATE came on `leg`; it gets its final answer, now or when
 * the other leg has answered. */
void modify_offered(struct call *call, struct leg *leg,
		    const struct leg_event *event);

/* An UPDATE came before the answer (RFC 3311), or an offer in a PRACK: it is
 * answered from the early session, and never goes on. */
void modify_early(struct call *call, struct leg *leg,
		  const struct leg_event *event);

/* What a refusal says of its cause (RFC 3261 section 20.43). */
void modify_warning(const struct leg *p, const char *cause, char *out,
		    size_t size);

/* --- for forward, delayed and transfer -------------------------------------
 */

struct body;
/* Answer `theirs`, P's offer `text`, from the session that T has; `convert`:
 * in the other G.711 law. */
void modify_here(struct call *call, struct leg *p, const struct body *theirs,
		 struct body_span text, bool update, bool convert,
		 const char *cause);
/* `theirs` where what the other end said has that line, too; the others are
 * refused and need no port. */
void modify_common(struct body *out, const struct body *theirs,
		   const struct body *chosen);
/* Is T to be asked for this offer of P's, as things are now? */
bool modify_asks(const struct call *call, const struct leg *p,
		 const struct body *theirs, struct body_span text);
/* P's stream may pause now, or no longer: T's is kept alive by the filler. */
void modify_fill(struct call *call, struct leg *p);
void modify_refuse(struct call *call, struct leg *p, unsigned status,
		   const char *cause);
/* Hold and resume, as the far end of `p` said in `theirs`. */
void modify_tell_hold(struct call *call, struct leg *p,
		      const struct body *theirs);
/* An offer of `p` that T is told nothing of; `cause`: why. */
void modify_suppressed(struct call *call, struct leg *p, bool update,
		       const char *cause);
/* Did the end that said this remove its audio, and put nothing in its place? */
bool modify_is_removed(const struct call *call, const struct body *said);
/*
 * May T be asked? A peer of `auto` that took a hold in this call has to be told
 * that it is over, whatever was learned of it since.
 */
bool modify_may_ask(const struct call *call, const struct leg *t);

#endif
