/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sallyctl shows of calls, trunks, phones and the program. */
#include "config.h"

#include "sbc/control/ctl_show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/guard/guard.h"
#include "sbc/register/registrar.h"
#include "sbc/register/trunk.h"
#include "sbc/report/log.h"
#include "sbc/report/status.h"
#include "sbc/store/store.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* "acme.conf:12"; nothing where no file says it. */
static struct show_value place(char *out, size_t size, struct policy_at at)
{
	const char *file = at.file ? strrchr(at.file, '/') : NULL;

	file = file ? file + 1 : at.file;
	if (!file)
		return show_text(NULL);
	if (at.line)
		snprintf(out, size, "%s:%u", file, at.line);
	else
		snprintf(out, size, "%s", file);
	return show_text(out);
}

static struct show_value where(char out[ADDRESS_TEXT_MAX],
			       const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_UNSPEC)
		return show_text(NULL);
	return show_text(address_text(out, (const struct sockaddr *)address));
}

static struct show_value seconds_since(uint64_t since_ms)
{
	uint64_t now_ms = agent_now_ms();

	if (!since_ms || now_ms < since_ms)
		return show_text(NULL);
	return show_seconds((int64_t)((now_ms - since_ms) / 1000));
}

/* --- calls -------------------------------------------------------------- */

static const char *who_holds(const struct status_call *call)
{
	if (call->a.held && call->b.held)
		return "both";
	return call->a.held ? "a" : call->b.held ? "b" : NULL;
}

static const char *anchor(const struct status_call *call)
{
	return call->anchored ? "relay" : "direct";
}

static const struct show_column call_column[] = {
	{"id", "ID", 16},	    {"state", "STATE", 11},
	{"from", "FROM", 16},	    {"to", "TO", 16},
	{"peer_a", "A", 10},	    {"peer_b", "B", 10},
	{"class", "CLASS", 12},	    {"anchor", "MEDIA", 6},
	{"codec_a", "CODEC A", 8},  {"codec_b", "CODEC B", 8},
	{"held", "HELD", 4},	    {"suppressed", "KEPT", 4},
	{"duration_s", "TIME", -1},
};
static const struct show_table call_table = {"calls", call_column,
					     COUNT(call_column)};

static void call_row(struct show *show, const struct status_call *call)
{
	const struct show_value value[] = {
		show_text(call->id),
		show_text(status_state_name(call->state)),
		show_text(call->a.number),
		show_text(call->b.number),
		show_text(call->a.peer),
		show_text(call->b.peer),
		show_text(policy_class_name(call->class)),
		show_text(anchor(call)),
		show_text(call->a.codec),
		show_text(call->b.codec),
		show_text(who_holds(call)),
		show_number(call->a.suppressed + call->b.suppressed),
		seconds_since(call->answered_ms),
	};

	_Static_assert(COUNT(value) == COUNT(call_column), "a value each");
	show_row(show, &call_table, value);
}

bool ctl_show_calls(struct show *show, struct agent *agent,
		    struct ctl_cursor *cursor)
{
	const struct status_call *call = status_call_after(cursor->serial);

	(void)agent;
	if (!cursor->begun) {
		cursor->begun = true;
		show_open(show, NULL, NULL);
		show_rows_open(show, &call_table);
	}
	for (unsigned i = 0; call && i < CTL_PIECE; i++) {
		call_row(show, call);
		cursor->serial = call->serial;
		call = TAILQ_NEXT(call, entry);
	}
	if (call)
		return false;
	show_rows_close(show);
	show_close(show);
	return true;
}

static const struct show_column media_column[] = {
	{"slot", "SLOT", 4},
	{"side", "SIDE", 4},
	{"source", "FAR END", 28},
	{"packets", "RECEIVED", 10},
	{"bytes", "BYTES", 12},
	{"lost", "LOST", 8},
	{"jitter_ms", "JITTER", 7},
	{"mos", "MOS", 5},
	{"sent_packets", "SENT", 10},
	{"filler_packets", "FILLER", 8},
	{"dropped_source", "STRANGE", 8},
	{"dropped_crypto", "FORGED", 8},
	{"dropped_other", "DROPPED", 8},
	{"silent_ms", "SILENT MS", -1},
};
static const struct show_table media_table = {"media", media_column,
					      COUNT(media_column)};

static void media_row(struct show *show, const struct status_call *call,
		      enum media_side side, unsigned slot)
{
	char source[ADDRESS_TEXT_MAX];
	struct media_stats s;

	status_call_stats(call, side, slot, &s);

	const struct show_value value[] = {
		show_number(slot),
		show_text(side == MEDIA_A ? "a" : "b"),
		where(source, &s.source),
		show_number((int64_t)s.packets),
		show_number((int64_t)s.bytes),
		show_number((int64_t)s.lost),
		show_real(s.jitter_us / 1000.0),
		s.packets ? show_real(status_mos(&s)) : show_text(NULL),
		show_number((int64_t)s.sent_packets),
		show_number((int64_t)s.filler_packets),
		show_number((int64_t)s.dropped_source),
		show_number((int64_t)s.dropped_crypto),
		show_number((int64_t)s.dropped_other),
		show_number(s.silent_ms),
	};

	_Static_assert(COUNT(value) == COUNT(media_column), "a value each");
	show_row(show, &media_table, value);
}

static void show_leg(struct show *show, const char *key, const char *title,
		     const struct status_leg *leg)
{
	char text[ADDRESS_TEXT_MAX];

	show_open(show, key, title);
	show_field(show, "peer", "  peer", show_text(leg->peer));
	show_field(show, "number", "  number", show_text(leg->number));
	show_field(show, "network", "  network", show_text(leg->network));
	show_field(show, "signalling", "  signalling",
		   where(text, &leg->signalling));
	show_field(show, "codec", "  codec", show_text(leg->codec));
	show_field(show, "encryption", "  encryption",
		   show_text(leg->encryption));
	show_field(show, "held", "  holds", show_yes(leg->held));
	show_field(show, "suppressed", "  kept from it",
		   show_number(leg->suppressed));
	show_close(show);
}

int ctl_show_call(struct show *show, const char *id)
{
	const struct status_call *call = status_call_find(id);
	char text[128];

	if (!call)
		return -ENOENT;
	show_open(show, NULL, NULL);
	show_field(show, "id", "call", show_text(call->id));
	show_field(show, "state", "state",
		   show_text(status_state_name(call->state)));
	show_field(show, "age_s", "since", seconds_since(call->started_ms));
	show_field(show, "duration_s", "answered since",
		   seconds_since(call->answered_ms));
	show_field(show, "class", "class",
		   show_text(policy_class_name(call->class)));
	show_field(show, "anchor", "media", show_text(anchor(call)));
	show_field(show, "anchor_why", "because", show_text(call->anchor_why));
	show_field(show, "route", "route",
		   place(text, sizeof text, call->route));
	show_leg(show, "a", "leg a", &call->a);
	show_leg(show, "b", "leg b", &call->b);
	if (!show->json)
		show_raw(show, "\n");
	show_rows_open(show, &media_table);
	for (unsigned slot = 0; call->media && slot < call->slots; slot++) {
		media_row(show, call, MEDIA_A, slot);
		media_row(show, call, MEDIA_B, slot);
	}
	show_rows_close(show);
	show_close(show);
	return 0;
}

/* --- trunks ------------------------------------------------------------- */

static const char *health_name(enum trunk_health health)
{
	switch (health) {
	case TRUNK_UNKNOWN:
		return "unknown";
	case TRUNK_UP:
		return "up";
	case TRUNK_DOWN:
		return "down";
	}
	return "?";
}

static const char *registration_name(enum trunk_registration registration)
{
	switch (registration) {
	case TRUNK_NOT_WANTED:
		return NULL;
	case TRUNK_TRYING:
		return "trying";
	case TRUNK_REGISTERED:
		return "registered";
	case TRUNK_REFUSED:
		return "refused";
	}
	return "?";
}

static const struct show_column trunk_column[] = {
	{"name", "TRUNK", 14},
	{"kind", "KIND", 5},
	{"network", "NETWORK", 8},
	{"health", "HEALTH", 7},
	{"registration", "REGISTER", 10},
	{"registration_status", "STATUS", 6},
	{"registered_for_s", "FOR", 8},
	{"calls", "CALLS", 5},
	{"max_calls", "MAX", 5},
	{"target", "TARGET", 22},
	{"way", "WAY", 9},
	{"stale", "STALE", 5},
	{"policy", "POLICY", 16},
	{"why", "TROUBLE", -1},
};
static const struct show_table trunk_table = {"trunks", trunk_column,
					      COUNT(trunk_column)};

static void trunk_row(struct show *show, const struct trunk_state *t)
{
	char target[ADDRESS_TEXT_MAX], at[128], way[ALG_WAY_TEXT_MAX];
	uint64_t now_ms = agent_now_ms();
	bool stands = t->registration == TRUNK_REGISTERED &&
		      t->registered_until_ms > now_ms;
	uint64_t left_ms = stands ? t->registered_until_ms - now_ms : 0;
	const struct policy_peer *peer = t->peer;
	const struct show_value value[] = {
		show_text(peer->name),
		show_text(peer->kind == POLICY_PBX ? "pbx" : "trunk"),
		show_text(peer->network ? peer->network->name : NULL),
		show_text(health_name(t->health)),
		show_text(registration_name(t->registration)),
		t->registration_status ? show_number(t->registration_status)
				       : show_text(NULL),
		stands ? show_seconds((int64_t)(left_ms / 1000))
		       : show_text(NULL),
		show_number(t->calls),
		peer->max_calls ? show_number(peer->max_calls)
				: show_text(NULL),
		t->targets ? where(target, &t->target[0].address)
			   : show_text(NULL),
		show_text(alg_way_text(way, &t->way)),
		show_yes(t->stale),
		place(at, sizeof at, peer->at),
		show_text(t->why[0] ? t->why : t->alg),
	};

	_Static_assert(COUNT(value) == COUNT(trunk_column), "a value each");
	show_row(show, &trunk_table, value);
}

static void trunk_rows(struct show *show, struct agent *agent)
{
	show_rows_open(show, &trunk_table);
	for (unsigned i = 0; i < agent->trunks; i++)
		if (agent->trunk[i])
			trunk_row(show, trunk_state(agent->trunk[i]));
	show_rows_close(show);
}

void ctl_show_trunks(struct show *show, struct agent *agent)
{
	show_open(show, NULL, NULL);
	trunk_rows(show, agent);
	show_close(show);
}

/* --- phones ------------------------------------------------------------- */

static const struct show_column phone_column[] = {
	{"user", "USER", 12},
	{"network", "NETWORK", 8},
	{"source", "SOURCE", 22},
	{"transport", "VIA", 4},
	{"nat", "NAT", 4},
	{"stun", "STUN", 4},
	{"expires_s", "EXPIRES", 8},
	{"contact", "CONTACT", 36},
	{"user_agent", "USER AGENT", -1},
};
static const struct show_table phone_table = {"phones", phone_column,
					      COUNT(phone_column)};

static void phone_row(struct show *show, const struct registrar_binding *b)
{
	char source[ADDRESS_TEXT_MAX];
	uint64_t now_ms = agent_now_ms();
	uint64_t left_ms = b->expires_ms > now_ms ? b->expires_ms - now_ms : 0;
	const struct show_value value[] = {
		show_text(b->user),
		show_text(b->network_name),
		where(source, &b->source),
		show_text(b->transport == POLICY_TCP ? "tcp" : "udp"),
		show_yes(b->behind_nat),
		show_yes(b->stun),
		show_seconds((int64_t)(left_ms / 1000)),
		show_text(b->contact),
		show_text(b->user_agent),
	};

	_Static_assert(COUNT(value) == COUNT(phone_column), "a value each");
	show_row(show, &phone_table, value);
}

/* A binding may go between two pieces, so the place is kept as a number: then
 * one phone may be missing, but none is read after it is gone. */
bool ctl_show_phones(struct show *show, struct agent *agent,
		     struct ctl_cursor *cursor)
{
	const struct registrar_binding *b = NULL;

	if (!cursor->begun) {
		cursor->begun = true;
		show_open(show, NULL, NULL);
		show_rows_open(show, &phone_table);
	}
	if (agent->registrar)
		b = registrar_next(agent->registrar, NULL);
	for (unsigned i = 0; b && i < cursor->row; i++)
		b = registrar_next(agent->registrar, b);
	for (unsigned i = 0; b && i < CTL_PIECE; i++) {
		phone_row(show, b);
		cursor->row++;
		b = registrar_next(agent->registrar, b);
	}
	if (b)
		return false;
	show_rows_close(show);
	show_close(show);
	return true;
}

/* --- the program -------------------------------------------------------- */

static const struct show_column network_column[] = {
	{"name", "NETWORK", 14},  {"address", "ADDRESS", 28},
	{"public", "PUBLIC", 28}, {"pairs_used", "PORTS USED", 10},
	{"pairs", "OF", 6},	  {"policy", "POLICY", -1},
};
static const struct show_table network_table = {"networks", network_column,
						COUNT(network_column)};

/* A row an address; the port block is the network's, so it is said once. */
static void network_rows(struct show *show, const struct agent_network *n)
{
	const struct policy_network *policy = n->policy;

	/* An interface may have none now: one row all the same. */
	for (unsigned i = 0; !i || i < policy->addresses; i++) {
		const struct policy_network_address *a =
			i < policy->addresses ? &policy->address[i] : NULL;
		char local[ADDRESS_TEXT_MAX], mapped[ADDRESS_TEXT_MAX];
		char at[128];
		bool ports = !i && n->block;
		const struct show_value value[] = {
			show_text(policy->name),
			a ? where(local, &a->local) : show_text(NULL),
			a ? where(mapped, &a->public) : show_text(NULL),
			ports ? show_number(media_block_used(n->block))
			      : show_text(NULL),
			ports ? show_number(media_block_pairs(n->block))
			      : show_text(NULL),
			place(at, sizeof at, policy->at),
		};

		_Static_assert(COUNT(value) == COUNT(network_column),
			       "a value each");
		show_row(show, &network_table, value);
	}
}

static void show_totals(struct show *show, const struct agent *agent)
{
	struct media_totals m = {0};
	struct guard_counts g = {0};
	struct log_counts l;

	if (agent->media)
		media_engine_totals(agent->media, &m);
	if (agent->guard)
		guard_counts(agent->guard, &g);
	log_counts(&l);
	show_open(show, "media", "media");
	show_field(show, "sessions", "  sessions", show_number(m.sessions));
	show_field(show, "sockets", "  sockets", show_number(m.sockets));
	show_field(show, "packets", "  packets",
		   show_number((int64_t)m.packets));
	show_field(show, "bytes", "  bytes", show_number((int64_t)m.bytes));
	show_field(show, "dropped", "  dropped",
		   show_number((int64_t)m.dropped));
	show_field(show, "events_lost", "  events lost",
		   show_number((int64_t)m.events_lost));
	show_close(show);
	show_open(show, "guard", "guard");
	show_field(show, "sources", "  sources", show_number(g.sources));
	show_field(show, "admitted", "  admitted",
		   show_number((int64_t)g.admitted));
	show_field(show, "dropped", "  over own rate",
		   show_number((int64_t)g.dropped_source));
	show_field(show, "shed", "  over all", show_number((int64_t)g.shed));
	show_field(show, "overload", "  overload",
		   show_number((int64_t)g.overload));
	show_close(show);
	show_open(show, "log", "log");
	show_field(show, "lines", "  lines", show_number((int64_t)l.lines));
	show_field(show, "lost", "  lost", show_number((int64_t)l.lost));
	show_field(show, "write_errors", "  write errors",
		   show_number((int64_t)l.write_errors));
	show_close(show);
}

static void show_store(struct show *show, struct agent *agent)
{
	char trouble[256] = "";
	unsigned count = 0;

	count = store_trouble(agent->store, trouble, sizeof trouble);
	show_open(show, "store", "store");
	show_field(show, "troubles", "  failures", show_number(count));
	show_field(show, "trouble", "  last trouble", show_text(trouble));
	show_close(show);
}

static const char *state_name(const struct agent *agent)
{
	if (agent->ending)
		return "ending";
	return agent->draining ? "draining" : "in service";
}

void ctl_show_state(struct show *show, struct agent *agent, uint64_t since_ms)
{
	const struct registrar *registrar = agent->registrar;

	show_open(show, NULL, NULL);
	show_field(show, "version", "sallyport", show_text(PACKAGE_VERSION));
	show_field(show, "state", "state", show_text(state_name(agent)));
	show_field(show, "uptime_s", "up", seconds_since(since_ms));
	show_field(show, "config", "config", show_text(agent->config_path));
	show_field(show, "calls", "calls", show_number(status_calls()));
	show_field(show, "bindings", "phones",
		   show_number(registrar ? registrar_count(registrar) : 0));
	if (!show->json)
		show_raw(show, "\n");
	show_rows_open(show, &network_table);
	for (unsigned i = 0; i < agent->networks; i++)
		network_rows(show, &agent->network[i]);
	show_rows_close(show);
	if (!show->json)
		show_raw(show, "\n");
	trunk_rows(show, agent);
	show_totals(show, agent);
	show_store(show, agent);
	show_close(show);
}
