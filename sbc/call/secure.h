/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a call's SRTP ends: at the two far ends, which then share their keys,
 * or here, on each leg by itself.
 *
 *   srtp of both peers is pass      end to end, as it always was
 *   else, on each leg, by its own   off       plain RTP
 *                                   sdes      SRTP with keys of ours
 *                                   optional  as it is offered to us; in our
 *                                             offer as the other end offered
 *                                   pass      as optional
 */
#ifndef SBC_CALL_SECURE_H
#define SBC_CALL_SECURE_H

#include "policy/policy.h"
#include "sbc/sip/offer.h"

struct call;
struct leg;
struct said;

/* How a peer's media is secured where that ends here. */
void secure_rules(const struct policy_peer *peer, struct offer_secure *out);

struct secure_decision {
	bool ended;		   /* here, and not at the far ends */
	bool possible;		   /* else it is to be refused with 488 */
	bool live[BODY_MEDIA_MAX]; /* slots that our offer may hold */
};

/*
 * `from` offers `offer` (NULL: nothing), and `to` gets our offer. Of audio
 * lines that are secured and others that are not (complaint 25) the secured
 * ones are taken, unless `to` may choose itself.
 *
 * ended  it has been decided before that from's media ends here
 */
void secure_judge(struct secure_decision *out, const struct policy_peer *from,
		  const struct policy_peer *to, const struct body *offer,
		  bool ended);

/* From now on this leg's SRTP ends here. */
void secure_end(struct leg *leg);

/*
 * What secure_judge says of an offer from `from`'s far end, `source`, done to
 * `to` and to the places of the offer that it will be sent.
 * 0, or -EPROTONOSUPPORT.
 */
int secure_offer(const struct leg *from, struct leg *to,
		 const struct body *source,
		 struct offer_place place[BODY_MEDIA_MAX]);

/* Does leg's far end's answer keep to what our offer said of security? */
bool secure_answered(struct said *said, const struct body *answer);

/* Is the leg's slot SRTP with keys of ours? */
bool secure_is_keyed(const struct leg *leg, unsigned slot);

/* The Warning of a 488 for that reason: RFC 3261's 302. */
const char *secure_warning(const struct leg *leg, char *out, size_t size);

/*
 * How one slot of leg's far end, who said `far`, is secured: to be given to
 * media_session_crypto. False: there is no key, nothing may pass.
 */
bool secure_keys(struct said *said, const struct body *far, unsigned slot,
		 struct media_crypto *out);

#endif
