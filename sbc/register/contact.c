/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Contacts of a REGISTER say, before anything is done about it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/register/registrar_parts.h"

#define EXPIRES_MALFORMED 3600 /* RFC 3261 section 10.2.1.1 */

/* --- reading a request --- */

void request_reply(struct request *request, unsigned status, const char *phrase)
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

bool contact_read(struct wanted *wanted, const url_t *from)
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
		seconds = EXPIRES_MALFORMED;
		if (!header->ex_date)
			seconds = header->ex_delta < UINT32_MAX
					  ? (uint32_t)header->ex_delta
					  : UINT32_MAX;
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
		request_reply(request, 403, "Too Many Contacts");
		return false;
	}
	memset(wanted, 0, sizeof(*wanted));
	if (!contact_read(wanted, contact->m_url)) {
		request_reply(request, 400, "Contact Must Be A SIP URI");
		return false;
	}
	wanted->expires_s = read_expires(request, contact);
	if (is_brief(request, wanted->expires_s))
		return reply_brief(request);
	read_instance(wanted, contact);
	const struct binding *binding = binding_find(
		request->registrar->table, request->user, wanted->contact);
	if (binding && !in_order(request, binding)) {
		request_reply(request, 500, "CSeq Out Of Order");
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
		request_reply(request, 400, "Contact * Needs Expires 0");
		return false;
	}
	it = binding_first(request->registrar->table, request->user);
	for (; it; it = binding_next(it))
		if (!in_order(request, it)) {
			request_reply(request, 500, "CSeq Out Of Order");
			return false;
		}
	request->all = true;
	return true;
}

bool request_read_contacts(struct request *request)
{
	const sip_contact_t *contact = request->sip->sip_contact;

	if (contact && contact->m_url->url_type == url_any)
		return read_star(request);
	for (; contact; contact = contact->m_next) {
		if (contact->m_url->url_type == url_any) {
			request_reply(request, 400,
				      "Contact * Must Stand Alone");
			return false;
		}
		if (!read_contact(request, contact))
			return false;
	}
	return true;
}

/* --- where the phone stands --- */

/* Behind a NAT the Contact names another place than the packets come from.
 * A port of TCP tells nothing: connections leave from any. */
bool contact_is_elsewhere(const struct request *request,
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
bool contact_used_stun(const struct request *request,
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
