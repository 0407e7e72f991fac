/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sallyctl learned: what was learned of peers. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "sbc/call/learn.h"
#include "sbc/control/ctl_show.h"

static const struct show_column column[] = {
	{"peer", "PEER", 14},	     {"method", "METHOD", 9},
	{"in_force", "IN FORCE", 8}, {"learned_at", "LEARNED", 20},
	{"call", "CALL", 8},	     {"sent", "WE SENT", 24},
	{"came", "CAME BACK", -1},
};
static const struct show_table table = {"learned", column,
					sizeof(column) / sizeof(*column)};

/* A setting of the peer's own wins over what was learned. */
static bool in_force(const struct agent *agent, const struct store_fact *fact)
{
	const struct policy_peer *peer =
		policy_peer_named(agent->policy, fact->peer);
	bool update = !strcmp(fact->method, "UPDATE");

	if (peer && strchr(fact->method, ':'))
		return peer->alg == POLICY_ALG_AVOID;
	return peer && (update ? peer->update : peer->reinvite) == POLICY_AUTO;
}

static void fact_row(struct show *show, const struct agent *agent,
		     const struct store_fact *fact)
{
	time_t at = (time_t)fact->learned_at;
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);

	const struct show_value value[] = {
		show_text(fact->peer),
		show_text(!strcmp(fact->method, "INVITE") ? "re-INVITE"
							  : fact->method),
		show_yes(in_force(agent, fact)),
		show_text(when),
		show_text(fact->call),
		show_text(fact->sent),
		show_text(fact->came),
	};

	show_row(show, &table, value);
}

void ctl_show_learned(struct show *show, struct agent *agent)
{
	const struct store_fact *fact = NULL;

	show_open(show, NULL, NULL);
	show_rows_open(show, &table);
	while (agent->learn && (fact = learn_next(agent->learn, fact)))
		fact_row(show, agent, fact);
	show_rows_close(show);
	show_close(show);
}
