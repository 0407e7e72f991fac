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

#include <stdio.h>
#include <string.h>

#include "sbc/register/registrar_parts.h"
#include "sbc/sip/listener.h"

/* --- changing the table --- */

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
			registrar_drop(registrar, it, "unregistered",
				       "replaced by the same phone");
		it = next;
	}
	while ((it = oldest(registrar, request->user, &count)) &&
	       count >= request->phones->max_contacts)
		registrar_drop(registrar, it, "unregistered",
			       "replaced, phones.max_contacts reached");
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
	pub->local_port = listener_port(request->irq);
	pub->network = request->network->index;
	copy_text(pub->network_name, sizeof(pub->network_name),
		  request->network->name);
	pub->expires_ms = agent_now_ms() + (uint64_t)wanted->expires_s * 1000;
	pub->behind_nat = contact_is_elsewhere(request, wanted);
	pub->stun = contact_used_stun(request, wanted);
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
			registrar_drop(registrar, binding, "unregistered",
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
		registrar_say(binding, "registered", NULL);
	keepalive_plan(registrar, binding, true);
	binding_schedule(registrar->table, binding);
	registrar_store(registrar, binding);
	return true;
}

static void drop_all(struct request *request)
{
	struct registrar *registrar = request->registrar;
	struct binding *it;

	while ((it = binding_first(registrar->table, request->user)))
		registrar_drop(registrar, it, "unregistered", "by the phone");
}

/* --- the answer --- */

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
		request_reply(request, 403, "Not Your Address");
		return;
	}
	if (!request_read_contacts(request))
		return;
	if (request->all)
		drop_all(request);
	for (unsigned i = 0; i < request->count; i++)
		if (!apply(request, &request->wanted[i])) {
			request_reply(request, 500, "Out Of Memory");
			return;
		}
	answer(request);
	registrar_rearm(request->registrar);
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
