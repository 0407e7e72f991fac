/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a name to targets (RFC 3263), one step after the other:
 *
 *   NAPTR      domains only; at most a quarter of the budget, since some
 *              servers drop what they do not know
 *   SRV        at the NAPTR's replacement or _sip._udp.DOMAIN
 *   ADDRESS    A and AAAA of all hosts found, side by side
 *
 * Whatever is missing when the budget is spent is done without.
 */
#include "config.h"

#include "sbc/sip/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "sbc/agent.h"
#include "sbc/sip/dns.h"
#include "sbc/sip/dns_choice.h"
#include "sbc/sip/resolve_kept.h"

#define BUDGET_MS    3000
#define TTL_MIN_S    30
#define TTL_MAX_S    3600
#define HOSTS_TTL_S  60
#define PORT_DEFAULT 5060

enum step { STEP_NAPTR, STEP_SRV, STEP_ADDRESS };

struct host {
	struct ask *ask;
	char name[DNS_NAME_MAX];
	uint16_t port;
	struct sockaddr_storage v4[RESOLVE_TARGETS_MAX];
	struct sockaddr_storage v6[RESOLVE_TARGETS_MAX];
	unsigned v4s, v6s;
};

struct ask {
	TAILQ_ENTRY(ask) entry;
	struct resolve *resolve;
	char name[DNS_NAME_MAX];
	struct resolve_query query; /* its name is not used */
	resolve_done *done;
	void *user;
	bool finished; /* waits for its last questions */
	bool silent;   /* a server did not answer */
	enum step step;
	unsigned pending; /* questions open in this step */
	unsigned orphans; /* questions of steps given up */
	unsigned serial;  /* rises with each step */
	uint64_t step_until_ms, until_ms;
	unsigned ttl_s;
	char srv[DNS_NAME_MAX];
	struct host host[RESOLVE_TARGETS_MAX];
	unsigned hosts;
};

struct resolve {
	su_root_t *root;
	su_timer_t *timer;
	struct dns *dns;
	bool ending;
	TAILQ_HEAD(, ask) asks;
	struct resolve_kept kept;
};

static void rearm(struct resolve *resolve);

static void key_of(char key[RESOLVE_KEY_MAX], const struct ask *ask)
{
	const struct resolve_query *query = &ask->query;

	snprintf(key, RESOLVE_KEY_MAX, "%s/%u%u%u%u/%u", ask->name,
		 query->domain, (unsigned)query->transport, query->ipv4,
		 query->ipv6, query->port);
}

/* --- the end of an ask --- */

static void ask_free_if_done(struct ask *ask)
{
	if (!ask->finished || ask->pending || ask->orphans)
		return;
	TAILQ_REMOVE(&ask->resolve->asks, ask, entry);
	free(ask);
}

static unsigned gather(const struct ask *ask, struct resolve_target *out)
{
	unsigned count = 0;

	for (unsigned h = 0; h < ask->hosts; h++) {
		const struct host *host = &ask->host[h];
		for (unsigned i = 0; i < host->v4s + host->v6s; i++) {
			if (count == RESOLVE_TARGETS_MAX)
				return count;
			struct resolve_target *target = &out[count++];
			target->address = i < host->v4s
						  ? host->v4[i]
						  : host->v6[i - host->v4s];
			target->transport = ask->query.transport;
			address_set_port((struct sockaddr *)&target->address,
					 host->port);
		}
	}
	return count;
}

static unsigned bounded_ttl(unsigned ttl_s)
{
	if (ttl_s < TTL_MIN_S)
		return TTL_MIN_S;
	return ttl_s > TTL_MAX_S ? TTL_MAX_S : ttl_s;
}

static void finish(struct ask *ask)
{
	struct resolve_target target[RESOLVE_TARGETS_MAX];
	char key[RESOLVE_KEY_MAX];

	if (ask->finished)
		return;
	ask->finished = true;
	memset(target, 0, sizeof(target));
	unsigned count = gather(ask, target);
	key_of(key, ask);
	if (count) {
		resolve_keep(&ask->resolve->kept, key, target, count);
		ask->done(ask->user, 0, target, count, false,
			  bounded_ttl(ask->ttl_s));
		return;
	}
	count = resolve_recall(&ask->resolve->kept, key, target);
	ask->done(ask->user, ask->silent ? -ETIMEDOUT : -ENOENT, target, count,
		  count > 0, TTL_MIN_S);
}

/* --- steps --- */

static void next_step(struct ask *ask);

static void begin_step(struct ask *ask, enum step step, unsigned limit_ms)
{
	uint64_t now_ms = agent_now_ms();

	ask->step = step;
	ask->serial++;
	ask->orphans += ask->pending;
	ask->pending = 0;
	ask->step_until_ms = now_ms + limit_ms;
	if (ask->step_until_ms > ask->until_ms)
		ask->step_until_ms = ask->until_ms;
}

/* One question of one step; a late answer finds its step gone. */
struct inquiry {
	struct ask *ask;
	struct host *host; /* of an address question */
	unsigned serial;
	enum dns_type type;
};

static void use_addresses(struct host *host, enum dns_type type,
			  const struct dns_record *record, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (type == DNS_A && host->v4s < RESOLVE_TARGETS_MAX)
			host->v4[host->v4s++] = record[i].address;
		if (type == DNS_AAAA && host->v6s < RESOLVE_TARGETS_MAX)
			host->v6[host->v6s++] = record[i].address;
	}
}

static void add_host(struct ask *ask, const char *name, uint16_t port)
{
	if (ask->hosts == RESOLVE_TARGETS_MAX)
		return;
	struct host *host = &ask->host[ask->hosts++];
	host->ask = ask;
	snprintf(host->name, sizeof(host->name), "%s", name);
	host->port = port;
}

static void use_srv(struct ask *ask, const struct dns_record *answer,
		    unsigned count)
{
	struct dns_record record[DNS_RECORDS_MAX];

	memcpy(record, answer, count * sizeof(*record));
	dns_order_srv(record, count);
	for (unsigned i = 0; i < count; i++) {
		/* "." says that there is no such service */
		if (record[i].srv.host[0] && strcmp(record[i].srv.host, "."))
			add_host(ask, record[i].srv.host, record[i].srv.port);
	}
}

static void use_naptr(struct ask *ask, const struct dns_record *record,
		      unsigned count)
{
	const char *service =
		ask->query.transport == POLICY_TCP ? "SIP+D2T" : "SIP+D2U";
	const struct dns_record *best = dns_best_naptr(record, count, service);

	if (best)
		snprintf(ask->srv, sizeof(ask->srv), "%s",
			 best->naptr.replacement);
}

static void note_ttl(struct ask *ask, unsigned ttl_s)
{
	if (ttl_s < ask->ttl_s)
		ask->ttl_s = ttl_s;
}

static void on_records(void *user, int error, const struct dns_record *record,
		       unsigned count, unsigned ttl_s)
{
	struct inquiry *inquiry = user, now = *inquiry;
	struct ask *ask = now.ask;

	free(inquiry);
	if (now.serial != ask->serial || ask->finished) {
		if (now.serial == ask->serial)
			ask->pending--;
		else
			ask->orphans--;
		ask_free_if_done(ask);
		return;
	}
	ask->pending--;
	if (error == -ETIMEDOUT && now.type != DNS_NAPTR)
		ask->silent = true;
	if (!error) {
		note_ttl(ask, ttl_s);
		if (now.type == DNS_NAPTR)
			use_naptr(ask, record, count);
		else if (now.type == DNS_SRV)
			use_srv(ask, record, count);
		else
			use_addresses(now.host, now.type, record, count);
	}
	/* SRV says "no such service": not the same as no SRV at all. */
	if (!error && now.type == DNS_SRV && !ask->hosts) {
		finish(ask);
		ask_free_if_done(ask);
		return;
	}
	if (!ask->pending && !ask->resolve->ending)
		next_step(ask);
}

static void inquire(struct ask *ask, struct host *host, const char *name,
		    enum dns_type type)
{
	struct inquiry *inquiry = malloc(sizeof(*inquiry));

	if (!inquiry)
		return;
	*inquiry = (struct inquiry){ask, host, ask->serial, type};
	ask->pending++;
	dns_ask(ask->resolve->dns, name, type, on_records, inquiry);
}

static bool from_hosts_file(struct ask *ask, struct host *host)
{
	struct dns *dns = ask->resolve->dns;

	if (ask->query.ipv4)
		host->v4s = dns_hosts_file(dns, host->name, AF_INET, host->v4,
					   RESOLVE_TARGETS_MAX);
	if (ask->query.ipv6)
		host->v6s = dns_hosts_file(dns, host->name, AF_INET6, host->v6,
					   RESOLVE_TARGETS_MAX);
	if (host->v4s + host->v6s)
		note_ttl(ask, HOSTS_TTL_S);
	return host->v4s + host->v6s > 0;
}

static bool from_literal(struct ask *ask, struct host *host)
{
	struct sockaddr_storage address;

	if (address_parse(&address, host->name, host->port))
		return false;
	bool v4 = address.ss_family == AF_INET;
	if (v4 && ask->query.ipv4)
		host->v4[host->v4s++] = address;
	if (!v4 && ask->query.ipv6)
		host->v6[host->v6s++] = address;
	return true;
}

/* `pending` is held up by one, so that answers given at once do not end the
 * step while it is still being asked. */
static void ask_addresses(struct ask *ask)
{
	begin_step(ask, STEP_ADDRESS, UINT32_MAX);
	if (!ask->hosts)
		add_host(ask, ask->name,
			 ask->query.port ? ask->query.port : PORT_DEFAULT);
	ask->pending++;
	for (unsigned i = 0; i < ask->hosts; i++) {
		struct host *host = &ask->host[i];
		if (from_literal(ask, host) || from_hosts_file(ask, host))
			continue;
		if (ask->query.ipv4)
			inquire(ask, host, host->name, DNS_A);
		if (ask->query.ipv6)
			inquire(ask, host, host->name, DNS_AAAA);
	}
	if (--ask->pending == 0)
		next_step(ask);
}

static void ask_srv(struct ask *ask)
{
	begin_step(ask, STEP_SRV, UINT32_MAX);
	ask->pending++;
	inquire(ask, NULL, ask->srv, DNS_SRV);
	if (ask->finished) {
		ask->pending--;
		ask_free_if_done(ask);
	} else if (--ask->pending == 0) {
		next_step(ask);
	}
}

static void ask_naptr(struct ask *ask, unsigned budget_ms)
{
	begin_step(ask, STEP_NAPTR, budget_ms / 4);
	ask->pending++;
	inquire(ask, NULL, ask->name, DNS_NAPTR);
	if (--ask->pending == 0)
		next_step(ask);
}

static void next_step(struct ask *ask)
{
	switch (ask->step) {
	case STEP_NAPTR:
		ask_srv(ask);
		return;
	case STEP_SRV:
		ask_addresses(ask);
		return;
	case STEP_ADDRESS:
		finish(ask);
		ask_free_if_done(ask);
		return;
	}
}

/* --- time --- */

static void on_timer(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	struct resolve *resolve = (struct resolve *)arg;
	uint64_t now_ms = agent_now_ms();
	struct ask *ask, *next;

	(void)magic;
	(void)timer;
	for (ask = TAILQ_FIRST(&resolve->asks); ask; ask = next) {
		next = TAILQ_NEXT(ask, entry);
		if (ask->finished || now_ms < ask->step_until_ms)
			continue;
		if (ask->step == STEP_NAPTR && now_ms < ask->until_ms) {
			ask_srv(ask);
			/* done() may have asked or cancelled others */
			next = TAILQ_FIRST(&resolve->asks);
			continue;
		}
		ask->silent = true;
		finish(ask);
		ask_free_if_done(ask);
		next = TAILQ_FIRST(&resolve->asks);
	}
	rearm(resolve);
}

static void rearm(struct resolve *resolve)
{
	uint64_t now_ms = agent_now_ms(), first_ms = UINT64_MAX;
	const struct ask *ask;

	TAILQ_FOREACH (ask, &resolve->asks, entry) {
		if (!ask->finished && ask->step_until_ms < first_ms)
			first_ms = ask->step_until_ms;
	}
	if (first_ms == UINT64_MAX)
		su_timer_reset(resolve->timer);
	else
		su_timer_set_interval(
			resolve->timer, on_timer, (su_timer_arg_t *)resolve,
			first_ms > now_ms ? (long)(first_ms - now_ms) : 1);
}

/* --- the face --- */

int resolve_new_with_servers(struct resolve **out, su_root_t *root,
			     const char *servers)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));
	int error = -ENOMEM;

	if (!resolve)
		return -ENOMEM;
	resolve->root = root;
	TAILQ_INIT(&resolve->asks);
	resolve_kept_begin(&resolve->kept);
	resolve->timer = su_timer_create(su_root_task(root), 0);
	if (!resolve->timer)
		goto undo;
	error = dns_new(&resolve->dns, root, servers);
	if (error)
		goto undo;
	*out = resolve;
	return 0;
undo:
	su_timer_destroy(resolve->timer);
	free(resolve);
	return error;
}

int resolve_new(struct resolve **out, su_root_t *root)
{
	return resolve_new_with_servers(out, root, NULL);
}

void resolve_free(struct resolve *resolve)
{
	struct ask *ask;

	if (!resolve)
		return;
	resolve->ending = true;
	TAILQ_FOREACH (ask, &resolve->asks, entry)
		ask->finished = true;
	dns_free(resolve->dns); /* its answers free what still waits */
	while ((ask = TAILQ_FIRST(&resolve->asks))) {
		TAILQ_REMOVE(&resolve->asks, ask, entry);
		free(ask);
	}
	resolve_kept_clear(&resolve->kept);
	su_timer_destroy(resolve->timer);
	free(resolve);
}

static bool ask_literal(const struct resolve_query *query, resolve_done *done,
			void *user)
{
	struct resolve_target target = {.transport = query->transport};

	if (address_parse(&target.address, query->name,
			  query->port ? query->port : PORT_DEFAULT))
		return false;
	done(user, 0, &target, 1, false, TTL_MAX_S);
	return true;
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	/* room for "_sip._udp." */
	if (!len || len >= DNS_NAME_MAX - 16)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789-_.") == len;
}

int resolve_ask(struct resolve *resolve, const struct resolve_query *query,
		resolve_done *done, void *user)
{
	unsigned budget_ms = query->budget_ms ? query->budget_ms : BUDGET_MS;

	if (ask_literal(query, done, user))
		return 0;
	if (!name_ok(query->name))
		return -EINVAL;
	struct ask *ask = calloc(1, sizeof(*ask));
	if (!ask)
		return -ENOMEM;
	ask->resolve = resolve;
	ask->query = *query;
	ask->query.name = NULL;
	ask->done = done;
	ask->user = user;
	ask->ttl_s = UINT32_MAX;
	ask->until_ms = agent_now_ms() + budget_ms;
	snprintf(ask->name, sizeof(ask->name), "%s", query->name);
	snprintf(ask->srv, sizeof(ask->srv), "_sip._%s.%s",
		 query->transport == POLICY_TCP ? "tcp" : "udp", query->name);
	TAILQ_INSERT_TAIL(&resolve->asks, ask, entry);
	dns_refresh(resolve->dns);
	if (query->domain && !query->port)
		ask_naptr(ask, budget_ms);
	else
		ask_addresses(ask);
	rearm(resolve);
	return 0;
}

void resolve_cancel(struct resolve *resolve, void *user)
{
	struct ask *ask;

	/* Freed by the last of its questions, or with the resolver. */
	TAILQ_FOREACH (ask, &resolve->asks, entry)
		if (ask->user == user)
			ask->finished = true;
}
