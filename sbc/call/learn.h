/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was learned of peers whose policy says `reinvite = auto` or
 * `update = auto`: the first try is judged. A refusal (405 415 420 488 500 501
 * 504 or no reply), or a BYE within 2 s of it, marks the peer; from then on
 * such requests stay here. The fact, its evidence and its date survive a
 * restart. A static setting always wins.
 */
#ifndef SBC_CALL_LEARN_H
#define SBC_CALL_LEARN_H

#include "policy/policy.h"
#include "sbc/store/store.h"

struct agent;
struct learn;

enum learn_method { LEARN_REINVITE, LEARN_UPDATE };

/* Loads what the store kept. 0 or -ENOMEM. */
int learn_new(struct learn **out, struct store *store);
void learn_free(struct learn *learn);

/* May this request be sent to the peer now? */
bool learn_allows(const struct learn *learn, const struct policy_peer *peer,
		  enum learn_method method);

/* Does this answer to the first try mean that the peer cannot take it? */
bool learn_is_refusal(unsigned status);
#define LEARN_BYE_MS 2000

/*
 * It cannot. Does nothing unless the peer's key is `auto`.
 * sent, came  evidence in a few words: "re-INVITE, hold", "488 Not Acceptable"
 * Returns true if that is news.
 */
bool learn_refused(struct learn *learn, const struct policy_peer *peer,
		   enum learn_method method, const char *call, const char *sent,
		   const char *came);

/*
 * Requests to this peer by that way ("udp:5060", see register/alg.h) are
 * disturbed by an ALG; kept for every peer, in force with `alg = avoid`.
 * Returns true if that is news.
 */
bool learn_way(struct learn *learn, const struct policy_peer *peer,
	       const char *way, const char *call, const char *sign,
	       const char *evidence);
bool learn_knows_way(const struct learn *learn, const struct policy_peer *peer,
		     const char *way);

/* All facts in the order they were learned; NULL starts. For sallyctl. */
const struct store_fact *learn_next(const struct learn *learn,
				    const struct store_fact *after);
/* Forget all of one peer; returns how many facts. */
unsigned learn_forget(struct learn *learn, const char *peer);

#endif
