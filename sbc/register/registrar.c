/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * REGISTER (RFC 3261 section 10.3): every Contact is read and judged before
 * the first is changed, so that a refused request changes nothing.
 *
 * A user's place is full at phones.max_contacts: then the binding that was
 * refreshed longest ago makes room, since a phone that restarts with a new
 * port must not be locked out by what it left behind. A Contact of the same
 * +sip.instance takes its old one's place at once.
 */
#include "config.h"

#include "sbc/register/registrar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sbc/register/registrar_parts.h"
#include "sbc/report/status.h"
#include "sbc/store/store.h"

/* Contacts in one request; policy's max_contacts may be lower. */
#define CONTACTS_MAX	  16
#define EXPIRES_MALFORMED 3600 /* RFC 3261 section 10.2.1.1 */
/* Bindings dealt with in one turn of the loop. */
#define DUE_BATCH 200

/* One Contact of a request, judged. */
struct wanted {
	char contact[256];
	char instance[80];
	uint32_t expires_s;
	struct sockaddr_storage address; /* its host, if that is a literal */
};

struct request {
	struct registrar *registrar;
	nta_incoming_t *irq;
	const sip_t *sip;
	const struct policy_network *network;
	const struct sockaddr *source;
	enum policy_transport transport;
	const struct policy_phones *phones;
	const char *user;
	bool all; /* Contact: * */
	struct wanted wanted[CONTACTS_MAX];
	unsigned count;
};

/* --- status and store
 * ------------------------------------------------------------- */

static void say(const struct binding *binding, const char *event,
		const char *reason)
{
	const struct registrar_binding *pub = &binding->pub;
	uint64_t now_ms = agent_now_ms();
	struct status_line line;

	status_begin(&line, NULL, '-', "phones", event);
	status_text(&line, "user", pub->user);
	status_text(&line, "contact", pub->contact);
	status_address(&line, "source", (const struct sockaddr *)&pub->source);
	status_text(&line, "network", pub->network_name);
	status_text(&line, "transport",
		    pub->transport == POLICY_TCP ? "tcp" : "udp");
	if (reason) {
		status_text(&line, "reason", reason);
	} else {
		status_number(
			&line, "expires_s",
			pub->expires_ms > now_ms
				? (int64_t)(pub->expires_ms - now_ms + 999) /
					  1000
				: 0);
		status_text(&line, "nat", pub->behind_nat ? "yes" : "no");
		status_text(&line, "stun", pub->stun ? "yes" : "no");
		if (pub->user_agent[0])
			status_text(&line, "user_agent", pub->user_agent);
	}
	status_end(&line);
}

static void store_it(struct registrar *registrar, const struct binding *binding)
{
	const struct registrar_binding *pub = &binding->pub;
	uint64_t now_ms = agent_now_ms();
	struct store_binding row = {
		.cseq = pub->cseq,
		.source = pub->source,
		.transport = pub->transport,
	};

	if (!registrar->agent->store)
		return;
	memcpy(row.user, pub->user, sizeof(row.user));
	memcpy(row.contact, pub->contact, sizeof(row.contact));
	memcpy(row.call_id, pub->call_id, sizeof(row.call_id));
	memcpy(row.network, pub->network_name, sizeof(row.network));
	memcpy(row.user_agent, pub->user_agent, sizeof(row.user_agent));
	memcpy(row.instance, binding->instance, sizeof(row.instance));
	row.expires_at = (int64_t)time(NULL);
	if (pub->expires_ms > now_ms)
		row.expires_at +=
			(int64_t)(pub->expires_ms - now_ms + 999) / 1000;
	store_put_binding(registrar->agent->store, &row);
}

/* The end of a binding, whatever ends it. */
static void drop(struct registrar *registrar, struct binding *binding,
		 const char *event, const char *reason)
{
	say(binding, event, reason);
	keepalive_cancel(binding);
	if (registrar->agent->store)
		store_drop_binding(registrar->agent->store, binding->pub.user,
				   binding->pub.contact);
	binding_remove(registrar->table, binding);
}

/* --- time
 * ----------------------------------------------------------------------------
 */

static void rearm(struct registrar *registrar);

static void deal_with(struct registrar *registrar, struct binding *binding,
		      uint64_t now_ms)
{
	if (binding->pub.expires_ms <= now_ms) {
		drop(registrar, binding, "expired", "not refreshed in time");
		return;
	}
	if (!policy_user(registrar->agent->policy, binding->pub.user)) {
		drop(registrar, binding, "expired",
		     "user is no longer configured");
		return;
	}
	keepalive_send(registrar, binding);
	keepalive_plan(registrar, binding, false);
	binding_schedule(registrar->table, binding);
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer,
		     su_timer_arg_t *arg)
{
	struct registrar *registrar = (struct registrar *)arg;
	uint64_t now_ms = agent_now_ms();
	struct binding *binding;

	(void)magic;
	(void)timer;
	registrar->timer_at_ms = UINT64_MAX;
	for (unsigned n = 0; n < DUE_BATCH; n++) {
		binding = binding_due(registrar->table);
		if (!binding || binding->due_ms > now_ms)
			break;
		deal_with(registrar, binding, now_ms);
	}
	rearm(registrar);
}

static void rearm(struct registrar *registrar)
{
	const struct binding *binding = binding_due(registrar->table);
	uint64_t now_ms = agent_now_ms();

	if (!binding || binding->due_ms == UINT64_MAX ||
	    binding->due_ms >= registrar->timer_at_ms)
		return; /* a timer that comes too early finds nothing to do */
	registrar->timer_at_ms = binding->due_ms;
	su_timer_set_interval(
		registrar->timer, on_timer, (su_timer_arg_t *)registrar,
		binding->due_ms > now_ms ? (long)(binding->due_ms - now_ms)
					 : 1);
}

/* --- reading a request
 * ----------------------------------------------------------------- */

static void reply(struct request *request, unsigned status, const char *phrase)
{
	registrar_refused(request->registrar, "register-refused", request->user,
			  request->source, status, phrase);
	nta_incoming_treply(request->irq, (int)status, phrase, TAG_END());
}

static bool reply_brief(struct request *request)
{
	char min[16];

	snprintf(min, sizeof(min), "%u", request->phones->expires_min_s);
	registrar_refused(request->registrar, "register-refused", request->user,
			  request->source, 423, "Interval Too Brief");
	nta_incoming_treply(request->irq, SIP_423_INTERVAL_TOO_BRIEF,
			    SIPTAG_MIN_EXPIRES_STR(min), TAG_END());
	return false;
}

/* Printable ASCII without what would end a URI in a header. */
static bool uri_text_ok(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || strchr("<>\"\\", *text))
			return false;
	return true;
}

static bool read_uri(struct wanted *wanted, const url_t *from)
{
	url_t url = *from;
	su_home_t home[1] = {SU_HOME_INIT(home)};

	/* Headers in a URI would go into our requests (RFC 3261 19.1.5). */
	url.url_headers = NULL;
	url.url_fragment = NULL;
	char *text = url_as_string(home, &url);
	bool ok = url.url_type == url_sip && url.url_host && url.url_host[0] &&
		  text && strlen(text) < sizeof(wanted->contact) &&
		  uri_text_ok(text);
	if (ok) {
		strcpy(wanted->contact, text);
		const char *port = url_port(&url);
		if (address_parse(&wanted->address, url.url_host,
				  (uint16_t)(port ? atoi(port) : 5060)))
			wanted->address.ss_family = AF_UNSPEC;
	}
	su_home_deinit(home);
	return ok;
}

static bool read_seconds(const char *text, uint32_t *out)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > UINT32_MAX)
			value = UINT32_MAX;
	}
	*out = (uint32_t)value;
	return true;
}

/* The Contact's own parameter, else the header, else our default. */
static uint32_t read_expires(const struct request *request,
			     const sip_contact_t *contact)
{
	const sip_expires_t *header = request->sip->sip_expires;
	uint32_t seconds = request->phones->expires_default_s;

	if (contact->m_expires) {
		if (!read_seconds(contact->m_expires, &seconds))
			seconds = EXPIRES_MALFORMED;
	} else if (header) {
		seconds = header->ex_date ? EXPIRES_MALFORMED
					  : (uint32_t)header->ex_delta;
	}
	if (seconds > request->phones->expires_max_s)
		seconds = request->phones->expires_max_s;
	return seconds;
}

static void read_instance(struct wanted *wanted, const sip_contact_t *contact)
{
	const char *value =
		msg_params_find(contact->m_params, "+sip.instance=");

	if (value && strlen(value) < sizeof(wanted->instance))
		strcpy(wanted->instance, value);
}

static bool is_brief(const struct request *request, uint32_t expires_s)
{
	return expires_s && expires_s < request->phones->expires_min_s;
}

/* RFC 3261 section 10.3 step 7: an older request must not undo a newer. */
static bool in_order(const struct request *request,
		     const struct binding *binding)
{
	const sip_t *sip = request->sip;

	return strcmp(binding->pub.call_id, sip->sip_call_id->i_id) ||
	       sip->sip_cseq->cs_seq > binding->pub.cseq;
}

static bool read_contact(struct request *request, const sip_contact_t *contact)
{
	struct wanted *wanted = &request->wanted[request->count];

	if (request->count == CONTACTS_MAX ||
	    request->count == request->phones->max_contacts) {
		reply(request, 403, "Too Many Contacts");
		return false;
	}
	memset(wanted, 0, sizeof(*wanted));
	if (!read_uri(wanted, contact->m_url)) {
		reply(request, 400, "Contact Must Be A SIP URI");
		return false;
	}
	wanted->expires_s = read_expires(request, contact);
	if (is_brief(request, wanted->expires_s))
		return reply_brief(request);
	read_instance(wanted, contact);
	const struct binding *binding = binding_find(
		request->registrar->table, request->user, wanted->contact);
	if (binding && !in_order(request, binding)) {
		reply(request, 500, "CSeq Out Of Order");
		return false;
	}
	for (unsigned i = 0; i < request->count; i++)
		if (!strcmp(request->wanted[i].contact, wanted->contact))
			return true; /* said twice: the first counts */
	request->count++;
	return true;
}

static bool read_star(struct request *request)
{
	const sip_contact_t *contact = request->sip->sip_contact;
	const sip_expires_t *expires = request->sip->sip_expires;
	const struct binding *it;

	if (contact->m_next || !expires || expires->ex_delta ||
	    expires->ex_date) {
		reply(request, 400, "Contact * Needs Expires 0");
		return false;
	}
	it = binding_first(request->registrar->table, request->user);
	for (; it; it = binding_next(it))
		if (!in_order(request, it)) {
			reply(request, 500, "CSeq Out Of Order");
			return false;
		}
	request->all = true;
	return true;
}

static bool read_contacts(struct request *request)
{
	const sip_contact_t *contact = request->sip->sip_contact;

	if (contact && contact->m_url->url_type == url_any)
		return read_star(request);
	for (; contact; contact = contact->m_next) {
		if (contact->m_url->url_type == url_any) {
			reply(request, 400, "Contact * Must Stand Alone");
			return false;
		}
		if (!read_contact(request, contact))
			return false;
	}
	return true;
}

/* --- changing the table
 * ------------------------------------------------------------------ */

static struct binding *oldest(struct registrar *registrar, const char *user,
			      unsigned *count)
{
	struct binding *it = binding_first(registrar->table, user);
	struct binding *found = it;

	for (*count = 0; it; it = binding_next(it), (*count)++)
		if (it->serial < found->serial)
			found = it;
	return found;
}

static void make_room(struct request *request, const struct wanted *wanted)
{
	struct registrar *registrar = request->registrar;
	struct binding *it = binding_first(registrar->table, request->user);
	unsigned count;

	while (wanted->instance[0] && it) {
		struct binding *next = binding_next(it);
		if (!strcmp(it->instance, wanted->instance))
			drop(registrar, it, "unregistered",
			     "replaced by the same phone");
		it = next;
	}
	while ((it = oldest(registrar, request->user, &count)) &&
	       count >= request->phones->max_contacts)
		drop(registrar, it, "unregistered",
		     "replaced, phones.max_contacts reached");
}

/* Behind a NAT the Contact names another place than the packets come from.
 * A port of TCP tells nothing: connections leave from any. */
static bool is_elsewhere(const struct request *request,
			 const struct wanted *wanted)
{
	const struct sockaddr *address =
		(const struct sockaddr *)&wanted->address;

	if (wanted->address.ss_family == AF_UNSPEC)
		return true;
	return request->transport == POLICY_TCP
		       ? !address_host_equal(address, request->source)
		       : !address_equal(address, request->source);
}

/* A phone of our LAN that asked a STUN server shows a public address. */
static bool used_stun(const struct request *request,
		      const struct wanted *wanted)
{
	const struct sockaddr *address =
		(const struct sockaddr *)&wanted->address;

	return wanted->address.ss_family != AF_UNSPEC &&
	       !address_is_private(address) &&
	       !address_host_equal(address, request->source) &&
	       policy_zone(request->registrar->agent->policy, request->network,
			   request->source) != POLICY_REMOTE;
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

/* Returns whether it says something new. */
static bool fill(struct request *request, struct binding *binding,
		 const struct wanted *wanted)
{
	struct registrar_binding *pub = &binding->pub;
	const sip_user_agent_t *agent = request->sip->sip_user_agent;
	bool moved = !address_equal((struct sockaddr *)&pub->source,
				    request->source) ||
		     pub->transport != request->transport;

	memset(&pub->source, 0, sizeof(pub->source));
	memcpy(&pub->source, request->source, address_len(request->source));
	copy_text(pub->contact, sizeof(pub->contact), wanted->contact);
	copy_text(pub->call_id, sizeof(pub->call_id),
		  request->sip->sip_call_id->i_id);
	pub->cseq = request->sip->sip_cseq->cs_seq;
	pub->transport = request->transport;
	pub->network = request->network->index;
	copy_text(pub->network_name, sizeof(pub->network_name),
		  request->network->name);
	pub->expires_ms = agent_now_ms() + (uint64_t)wanted->expires_s * 1000;
	pub->behind_nat = is_elsewhere(request, wanted);
	pub->stun = used_stun(request, wanted);
	copy_text(pub->user_agent, sizeof(pub->user_agent),
		  agent ? agent->g_string : NULL);
	copy_text(binding->instance, sizeof(binding->instance),
		  wanted->instance);
	return moved;
}

static bool apply(struct request *request, const struct wanted *wanted)
{
	struct registrar *registrar = request->registrar;
	struct binding *binding =
		binding_find(registrar->table, request->user, wanted->contact);
	bool fresh = !binding;

	if (!wanted->expires_s) {
		if (binding)
			drop(registrar, binding, "unregistered",
			     "by the phone");
		return true;
	}
	if (fresh) {
		make_room(request, wanted);
		binding = binding_add(registrar->table, request->user);
		if (!binding)
			return false;
		binding->registrar = registrar;
		binding->pub.source.ss_family = AF_INET;
	} else {
		binding_touch(registrar->table, binding);
	}
	if (fill(request, binding, wanted) || fresh)
		say(binding, "registered", NULL);
	keepalive_plan(registrar, binding, true);
	binding_schedule(registrar->table, binding);
	store_it(registrar, binding);
	return true;
}

static void drop_all(struct request *request)
{
	struct registrar *registrar = request->registrar;
	struct binding *it;

	while ((it = binding_first(registrar->table, request->user)))
		drop(registrar, it, "unregistered", "by the phone");
}

/* --- the answer
 * ----------------------------------------------------------------------------
 */

static void answer(struct request *request)
{
	const struct binding *it =
		binding_first(request->registrar->table, request->user);
	uint64_t now_ms = agent_now_ms();
	su_home_t home[1] = {SU_HOME_INIT(home)};
	char *list = NULL;

	for (; it; it = binding_next(it)) {
		if (it->pub.expires_ms <= now_ms)
			continue;
		list = su_sprintf(
			home, "%s%s<%s>;expires=%u", list ? list : "",
			list ? ", " : "", it->pub.contact,
			(unsigned)((it->pub.expires_ms - now_ms + 999) / 1000));
		if (!list)
			break;
	}
	nta_incoming_treply(request->irq, SIP_200_OK,
			    TAG_IF(list, SIPTAG_CONTACT_STR(list)), TAG_END());
	su_home_deinit(home);
}

/* The user whom To names, unescaped; "" if that is none of ours. */
static void aor_user(char *out, size_t size, const sip_t *sip)
{
	const char *user = sip->sip_to->a_url->url_user;

	out[0] = '\0';
	if (user && strlen(user) < size)
		url_unescape(out, user);
}

static void handle(struct request *request)
{
	char aor[256];

	aor_user(aor, sizeof(aor), request->sip);
	if (strcmp(aor, request->user)) {
		reply(request, 403, "Not Your Address");
		return;
	}
	if (!read_contacts(request))
		return;
	if (request->all)
		drop_all(request);
	for (unsigned i = 0; i < request->count; i++)
		if (!apply(request, &request->wanted[i])) {
			reply(request, 500, "Out Of Memory");
			return;
		}
	answer(request);
	rearm(request->registrar);
}

void registrar_request(struct registrar *registrar, nta_incoming_t *irq,
		       const sip_t *sip, const struct policy_network *network,
		       const struct sockaddr *source,
		       enum policy_transport transport)
{
	if (!sip->sip_to || !sip->sip_call_id || !sip->sip_cseq ||
	    strlen(sip->sip_call_id->i_id) >=
		    sizeof(((struct registrar_binding *)0)->call_id)) {
		nta_incoming_treply(irq, SIP_400_BAD_REQUEST, TAG_END());
		nta_incoming_destroy(irq);
		return;
	}
	const struct policy_user *user =
		registrar_challenge(registrar, irq, sip, source, false);
	if (!user)
		return;
	struct request request = {
		.registrar = registrar,
		.irq = irq,
		.sip = sip,
		.network = network,
		.source = source,
		.transport = transport,
		.phones = policy_phones(registrar->agent->policy),
		.user = user->user,
	};
	handle(&request);
	nta_incoming_destroy(irq);
}

/* --- life
 * -------------------------------------------------------------------------------------
 */

static const struct policy_network *network_named(const struct policy *policy,
						  const char *name)
{
	for (unsigned i = 0; i < policy_networks(policy); i++)
		if (!strcmp(policy_network(policy, i)->name, name))
			return policy_network(policy, i);
	return NULL;
}

/* A clock that was set back must not make a binding live for years. */
static uint64_t remaining_ms(const struct registrar *registrar,
			     int64_t expires_at)
{
	const struct policy_phones *phones =
		policy_phones(registrar->agent->policy);
	int64_t left_s = expires_at - (int64_t)time(NULL);

	if (!phones || left_s <= 0)
		return 0;
	if (left_s > (int64_t)phones->expires_max_s)
		left_s = phones->expires_max_s;
	return (uint64_t)left_s * 1000;
}

static void restore_nat(struct registrar *registrar, struct binding *binding,
			const struct policy_network *network)
{
	struct registrar_binding *pub = &binding->pub;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	url_t *url = url_make(home, pub->contact);
	struct wanted wanted = {.address.ss_family = AF_UNSPEC};
	struct request request = {
		.registrar = registrar,
		.network = network,
		.source = (const struct sockaddr *)&pub->source,
		.transport = pub->transport,
	};

	if (url && read_uri(&wanted, url)) {
		pub->behind_nat = is_elsewhere(&request, &wanted);
		pub->stun = used_stun(&request, &wanted);
	}
	su_home_deinit(home);
}

static void restore(void *user, const struct store_binding *row)
{
	struct registrar *registrar = user;
	const struct policy *policy = registrar->agent->policy;
	const struct policy_network *network =
		network_named(policy, row->network);
	uint64_t left_ms = remaining_ms(registrar, row->expires_at);
	struct binding *binding;

	if (!left_ms || !network || !policy_user(policy, row->user) ||
	    row->transport > POLICY_TCP ||
	    !(binding = binding_add(registrar->table, row->user))) {
		store_drop_binding(registrar->agent->store, row->user,
				   row->contact);
		return;
	}
	struct registrar_binding *pub = &binding->pub;
	binding->registrar = registrar;
	memcpy(pub->contact, row->contact, sizeof(pub->contact));
	memcpy(pub->call_id, row->call_id, sizeof(pub->call_id));
	memcpy(pub->user_agent, row->user_agent, sizeof(pub->user_agent));
	memcpy(binding->instance, row->instance, sizeof(binding->instance));
	pub->cseq = row->cseq;
	pub->source = row->source;
	pub->transport = row->transport;
	pub->network = network->index;
	copy_text(pub->network_name, sizeof(pub->network_name), network->name);
	pub->expires_ms = agent_now_ms() + left_ms;
	restore_nat(registrar, binding, network);
	keepalive_plan(registrar, binding, true);
	binding_schedule(registrar->table, binding);
}

int registrar_new(struct registrar **out, struct agent *agent)
{
	struct registrar *registrar = calloc(1, sizeof(*registrar));
	int error = -ENOMEM;

	if (!registrar)
		return -ENOMEM;
	registrar->agent = agent;
	registrar->timer_at_ms = UINT64_MAX;
	registrar->timer = su_timer_create(su_root_task(agent->root), 0);
	if (!registrar->timer)
		goto undo;
	error = binding_table_new(&registrar->table);
	if (error)
		goto undo;
	/* What cannot be read costs durability, never the start. */
	if (agent->store)
		(void)store_load_bindings(agent->store, restore, registrar);
	rearm(registrar);
	*out = registrar;
	return 0;
undo:
	su_timer_destroy(registrar->timer);
	free(registrar);
	return error;
}

void registrar_free(struct registrar *registrar)
{
	const struct registrar_binding *it = NULL;

	if (!registrar)
		return;
	while ((it = binding_walk(registrar->table, it)))
		keepalive_cancel((struct binding *)it);
	binding_table_free(registrar->table);
	su_timer_destroy(registrar->timer);
	free(registrar);
}

unsigned registrar_find(const struct registrar *registrar, const char *user,
			const struct registrar_binding **out, unsigned max)
{
	const struct binding *it = binding_first(registrar->table, user);
	uint64_t now_ms = agent_now_ms();
	unsigned count = 0;

	for (; it && count < max; it = binding_next(it))
		if (it->pub.expires_ms > now_ms)
			out[count++] = &it->pub;
	return count;
}

const struct registrar_binding *registrar_next(
	const struct registrar *registrar,
	const struct registrar_binding *after)
{
	return binding_walk(registrar->table, after);
}

unsigned registrar_count(const struct registrar *registrar)
{
	return binding_count(registrar->table);
}
