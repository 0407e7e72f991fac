/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was learned of peers: a short list in memory, kept by the store. */
#include "config.h"

#include "sbc/call/learn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

struct learn_entry {
	struct store_fact fact; /* first: learn_next hands it out */
	TAILQ_ENTRY(learn_entry) entry;
};

struct learn {
	struct store *store;
	TAILQ_HEAD(, learn_entry) facts;
};

static const char *const method_name[] = {
	[LEARN_REINVITE] = "INVITE",
	[LEARN_UPDATE] = "UPDATE",
};

static enum policy_choice choice(const struct policy_peer *peer,
				 enum learn_method method)
{
	return method == LEARN_UPDATE ? peer->update : peer->reinvite;
}

static struct learn_entry *find(const struct learn *learn, const char *peer,
				const char *method)
{
	struct learn_entry *known;

	TAILQ_FOREACH (known, &learn->facts, entry)
		if (!strcmp(known->fact.peer, peer) &&
		    !strcmp(known->fact.method, method))
			return known;
	return NULL;
}

static struct learn_entry *add(struct learn *learn,
			       const struct store_fact *fact)
{
	struct learn_entry *known = malloc(sizeof(*known));

	if (!known)
		return NULL;
	known->fact = *fact;
	TAILQ_INSERT_TAIL(&learn->facts, known, entry);
	return known;
}

static void on_loaded(void *user, const struct store_fact *fact)
{
	add(user, fact);
}

int learn_new(struct learn **out, struct store *store)
{
	struct learn *learn = calloc(1, sizeof(*learn));

	if (!learn)
		return -ENOMEM;
	learn->store = store;
	TAILQ_INIT(&learn->facts);
	/* What cannot be read is learned anew. */
	store_load_facts(store, on_loaded, learn);
	*out = learn;
	return 0;
}

void learn_free(struct learn *learn)
{
	struct learn_entry *known;

	if (!learn)
		return;
	while ((known = TAILQ_FIRST(&learn->facts))) {
		TAILQ_REMOVE(&learn->facts, known, entry);
		free(known);
	}
	free(learn);
}

bool learn_allows(const struct learn *learn, const struct policy_peer *peer,
		  enum learn_method method)
{
	switch (choice(peer, method)) {
	case POLICY_FORWARD:
		return true;
	case POLICY_SUPPRESS:
		return false;
	case POLICY_AUTO:
		break;
	}
	return !find(learn, peer->name, method_name[method]);
}

bool learn_is_refusal(unsigned status)
{
	static const unsigned refusals[] = {405, 408, 415, 420,
					    488, 500, 501, 504};

	for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i] == status)
			return true;
	return false;
}

static bool learn_new_fact(struct learn *learn, const struct policy_peer *peer,
			   const char *method, const char *call,
			   const char *sent, const char *came)
{
	struct store_fact fact = {.learned_at = time(NULL)};

	if (find(learn, peer->name, method))
		return false;
	snprintf(fact.peer, sizeof(fact.peer), "%s", peer->name);
	snprintf(fact.method, sizeof(fact.method), "%s", method);
	snprintf(fact.call, sizeof(fact.call), "%s", call);
	snprintf(fact.sent, sizeof(fact.sent), "%s", sent);
	snprintf(fact.came, sizeof(fact.came), "%s", came);
	if (!add(learn, &fact))
		return false;
	store_put_fact(learn->store, &fact);
	return true;
}

bool learn_refused(struct learn *learn, const struct policy_peer *peer,
		   enum learn_method method, const char *call, const char *sent,
		   const char *came)
{
	return choice(peer, method) == POLICY_AUTO &&
	       learn_new_fact(learn, peer, method_name[method], call, sent,
			      came);
}

bool learn_way(struct learn *learn, const struct policy_peer *peer,
	       const char *way, const char *call, const char *sign,
	       const char *evidence)
{
	return learn_new_fact(learn, peer, way, call, sign, evidence);
}

bool learn_knows_way(const struct learn *learn, const struct policy_peer *peer,
		     const char *way)
{
	return find(learn, peer->name, way);
}

const struct store_fact *learn_next(const struct learn *learn,
				    const struct store_fact *after)
{
	const struct learn_entry *known = (const struct learn_entry *)after;

	known = known ? TAILQ_NEXT(known, entry) : TAILQ_FIRST(&learn->facts);
	return known ? &known->fact : NULL;
}

unsigned learn_forget(struct learn *learn, const char *peer)
{
	struct learn_entry *known, *next;
	unsigned count = 0;

	for (known = TAILQ_FIRST(&learn->facts); known; known = next) {
		next = TAILQ_NEXT(known, entry);
		if (strcmp(known->fact.peer, peer))
			continue;
		store_drop_fact(learn->store, peer, known->fact.method);
		TAILQ_REMOVE(&learn->facts, known, entry);
		free(known);
		count++;
	}
	return count;
}
