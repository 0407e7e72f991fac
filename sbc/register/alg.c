/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A SIP ALG on the way: its signs, what helps, and the way past it. */
#include "config.h"

#include "sbc/register/alg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sofia-sip/url.h>

#include "sbc/call/learn.h"

const char *alg_sign_name(enum alg_sign sign)
{
	switch (sign) {
	case ALG_NONE:
		break;
	case ALG_ACK:
		return "ack";
	case ALG_VIA:
		return "via";
	case ALG_CONTACT:
		return "contact";
	case ALG_SDP:
		return "sdp";
	}
	return "none";
}

const char *alg_way_text(char out[ALG_WAY_TEXT_MAX], const struct alg_way *way)
{
	snprintf(out, ALG_WAY_TEXT_MAX, "%s:%u",
		 way->transport == POLICY_TCP ? "tcp" : "udp", way->port);
	return out;
}

/* --- signs --------------------------------------------------------------- */

/* Its host and port as an address; false: a name, or nothing. */
static bool read_place(struct sockaddr_storage *out, const char *host,
		       const char *port)
{
	unsigned long number = port ? strtoul(port, NULL, 10) : 5060;

	if (!host || !number || number > 65535 ||
	    address_parse(out, host, (uint16_t)number))
		return false;
	address_set_port((struct sockaddr *)out, (uint16_t)number);
	return true;
}

enum alg_sign alg_judge_via(char evidence[ALG_TEXT_MAX], const sip_via_t *via,
			    const struct sockaddr *wrote,
			    const struct sockaddr *local, bool mapped,
			    const struct sockaddr *target)
{
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_storage seen;

	if (!via || !read_place(&seen, via->v_host, via->v_port))
		return ALG_NONE;
	if (!address_equal((struct sockaddr *)&seen, wrote)) {
		snprintf(evidence, ALG_TEXT_MAX, "Via came back as %s",
			 address_text(text, (struct sockaddr *)&seen));
		return ALG_VIA;
	}
	if (mapped || address_is_private(target) ||
	    !address_is_private(local) || !via->v_received ||
	    !read_place(&seen, via->v_received, NULL) ||
	    !address_is_private((struct sockaddr *)&seen))
		return ALG_NONE;
	snprintf(evidence, ALG_TEXT_MAX, "Via came back with received=%s",
		 address_host(text, (struct sockaddr *)&seen));
	return ALG_VIA;
}

enum alg_sign alg_judge_contact(char evidence[ALG_TEXT_MAX],
				const sip_contact_t *contact, const char *user,
				const struct sockaddr *ours,
				const sip_via_t *via)
{
	const sip_contact_t *changed = NULL;
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_storage seen, helped;

	for (; contact; contact = contact->m_next) {
		const url_t *url = contact->m_url;

		if (url->url_type != url_sip || !url->url_user || !user ||
		    strcmp(url->url_user, user) ||
		    !read_place(&seen, url->url_host, url->url_port))
			continue;
		if (address_equal((struct sockaddr *)&seen, ours))
			return ALG_NONE;
		/* Another phone of that account has its own. */
		if (changed)
			return ALG_NONE;
		changed = contact;
		if (via && read_place(&helped, via->v_received, NULL) &&
		    address_host_equal((struct sockaddr *)&seen,
				       (struct sockaddr *)&helped))
			return ALG_NONE;
		snprintf(evidence, ALG_TEXT_MAX, "Contact came back as %s",
			 address_text(text, (struct sockaddr *)&seen));
	}
	return changed ? ALG_CONTACT : ALG_NONE;
}

enum alg_sign alg_judge_sdp(char evidence[ALG_TEXT_MAX], const char *origin,
			    size_t len, const struct sockaddr *shown,
			    const struct sockaddr *source)
{
	char text[ADDRESS_TEXT_MAX], ours[ADDRESS_TEXT_MAX];
	struct sockaddr_storage wrote;

	if (len >= sizeof(text) || address_is_private(shown) ||
	    !address_host_equal(shown, source))
		return ALG_NONE;
	memcpy(text, origin, len);
	text[len] = '\0';
	if (address_parse(&wrote, text, 0) ||
	    !address_is_private((struct sockaddr *)&wrote))
		return ALG_NONE;
	snprintf(evidence, ALG_TEXT_MAX, "SDP with o= %.40s and c= %.40s", text,
		 address_host(ours, shown));
	return ALG_SDP;
}

/* --- what helps ---------------------------------------------------------- */

/* A UDP port of ours that is not that way's; 0: there is none. */
static uint16_t other_port(const struct policy_network *network,
			   const struct alg_way *way)
{
	for (unsigned i = 0; i < network->more_sip_ports; i++)
		if (network->more_sip_port[i] != way->port)
			return network->more_sip_port[i];
	return network->sip_port != way->port ? network->sip_port : 0;
}

static void advise_phones(char out[ALG_ADVICE_MAX],
			  const struct policy_network *network,
			  const struct alg_way *way)
{
	uint16_t port = other_port(network, way);

	if (port)
		snprintf(out, ALG_ADVICE_MAX, "in the phone: server port %u%s",
			 port, network->tcp ? ", or TCP" : "");
	else
		snprintf(out, ALG_ADVICE_MAX,
			 "sip_ports = [ 5080 ] in networks.%.32s of %.40s and "
			 "that port in the phone%s",
			 network->name, network->at.file,
			 network->tcp ? ", or TCP there" : "");
}

void alg_advice(char out[ALG_ADVICE_MAX], const struct policy_peer *peer,
		const struct alg_way *way)
{
	const struct policy_network *network = peer->network;
	uint16_t port = other_port(network, way);
	const char *file = peer->at.file ? peer->at.file : peer->name;
	const char *tcp =
		network->tcp ? ", or transport = \"tcp\" if it takes that" : "";

	if (peer->kind == POLICY_PHONES)
		advise_phones(out, network, way);
	else if (way->transport == POLICY_TCP)
		snprintf(out, ALG_ADVICE_MAX,
			 "switch the ALG off in the router: TCP is used "
			 "already");
	else if (port)
		snprintf(out, ALG_ADVICE_MAX, "local_port = %u in %.60s%s",
			 port, file, tcp);
	else
		snprintf(out, ALG_ADVICE_MAX,
			 "sip_ports = [ 5080 ] in networks.%.32s of %.40s and "
			 "local_port = 5080 in %.60s%s",
			 network->name,
			 network->at.file ? network->at.file : "sallyport.conf",
			 file, tcp);
}

/* --- the way past it ----------------------------------------------------- */

static bool is_free(const struct learn *learn, const struct policy_peer *peer,
		    const struct alg_way *way)
{
	char text[ALG_WAY_TEXT_MAX];

	return !learn || !learn_knows_way(learn, peer, alg_way_text(text, way));
}

void alg_choose(struct alg_way *out, const struct learn *learn,
		const struct policy_peer *peer)
{
	const struct policy_network *network = peer->network;
	const struct alg_way set = {
		peer->transport, peer->local_port ? (uint16_t)peer->local_port
						  : network->sip_port};
	struct alg_way way = set;

	*out = set;
	if (peer->alg != POLICY_ALG_AVOID || is_free(learn, peer, &set))
		return;
	for (unsigned i = 0;
	     set.transport == POLICY_UDP && i <= network->more_sip_ports; i++) {
		way.port =
			i ? network->more_sip_port[i - 1] : network->sip_port;
		if (is_free(learn, peer, &way)) {
			*out = way;
			return;
		}
	}
	way = (struct alg_way){POLICY_TCP, set.port};
	if (network->tcp && is_free(learn, peer, &way))
		*out = way;
}
