/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The INVITE to one candidate: its URI, its headers, its SDP, its leg. */
#include "config.h"

#include "sbc/call/branch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sofia-sip/msg.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/url.h>

#include "sbc/call/call_private.h"

/* "sip.acme.example", "192.0.2.1", "[2001:db8::1]": no port. */
static void branch_host(const struct policy_peer *peer, char *out, size_t size)
{
	struct sockaddr_storage literal;
	const char *name = peer->domain ? peer->domain : peer->host;
	char host[ADDRESS_TEXT_MAX];
	size_t len;

	if (!address_parse(&literal, name, 0)) {
		address_host(host, (struct sockaddr *)&literal);
		snprintf(out, size,
			 literal.ss_family == AF_INET6 ? "[%s]" : "%s", host);
		return;
	}
	len = strcspn(name, ":");
	snprintf(out, size, "%.*s", (int)len, name);
}

/* Header lines of the new INVITE that are not the dialog's. */
static const char *branch_extra(struct hunt *hunt, su_home_t *home,
				const struct header_identity *identity,
				const sip_t *sip)
{
	char *crossing = sip ? header_cross(home, sip, hunt->now->peer) : NULL;
	const struct {
		const char *name, *value;
	} line[] = {
		{"P-Asserted-Identity: ", identity->asserted},
		{"P-Preferred-Identity: ", identity->preferred},
		{"Privacy: ", identity->privacy},
	};
	const char *text = crossing ? crossing : "";

	for (unsigned i = 0; text && i < sizeof(line) / sizeof(line[0]); i++)
		if (line[i].value)
			text = su_strcat_all(home, text, line[i].name,
					     line[i].value, "\r\n", NULL);
	return text;
}

static const char *branch_our_host(su_home_t *home,
				   const struct agent_network *at,
				   const struct sockaddr *target)
{
	const struct policy_network_address *ours =
		policy_network_address(at->policy, target);
	const struct sockaddr *shown;
	char text[ADDRESS_TEXT_MAX];

	if (!ours)
		return NULL;
	shown = (const struct sockaddr *)(ours->public.ss_family
						  ? &ours->public
						  : &ours->local);
	address_host(text, shown);
	return shown->sa_family == AF_INET6 ? su_sprintf(home, "[%s]", text)
					    : su_strdup(home, text);
}

int branch_new(struct hunt *hunt, struct agent_network *at,
	       const struct sockaddr *target, enum policy_transport transport,
	       uint16_t local_port, const char *uri)
{
	const struct hunt_task *task = &hunt->task;
	struct call *call = hunt->call;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	msg_t *msg =
		task->invite ? nta_incoming_getrequest(task->invite) : NULL;
	const sip_t *sip = msg ? sip_object(msg) : NULL;
	const struct policy_peer *peer = hunt->now->peer;
	struct leg_invite invite = {.target = target,
				    .transport = transport,
				    .local_port = local_port,
				    .uri = uri,
				    .max_forwards = 69};
	struct header_identity identity;
	struct leg *branch = NULL;
	const char *ours = branch_our_host(home, at, target);
	int error = ours ? 0 : -EADDRNOTAVAIL;

	if (!error)
		error = header_identity_write(&identity, home, &task->caller,
					      peer, ours);
	if (!error) {
		invite.from = identity.from;
		invite.to = su_sprintf(home, "<%s>", uri);
		invite.extra = branch_extra(hunt, home, &identity, sip);
		if (sip && sip->sip_session_expires)
			invite.expires_s =
				(unsigned)sip->sip_session_expires->x_delta;
		if (sip && sip->sip_max_forwards)
			invite.max_forwards =
				sip->sip_max_forwards->mf_count - 1;
		error = leg_new(&branch, at, task->policy, peer,
				hunt->now->user, &invite);
	}
	if (!error) {
		leg_own(branch, call, call_on_leg, task->place);
		error = task->client->offer(call, branch);
	}
	if (!error)
		error = leg_call(branch);
	if (error)
		leg_free(branch);
	else
		hunt->branch[hunt->branches++] = branch;
	if (msg)
		msg_destroy(msg);
	su_home_deinit(home);
	return error;
}

const char *branch_uri(const struct hunt *hunt, su_home_t *home)
{
	const struct policy_peer *peer = hunt->now->peer;
	char user[3 * sizeof(hunt->now->number)], host[256], port[8] = "";

	url_escape(user, hunt->now->number, ";/?:@&=$,");
	branch_host(peer, host, sizeof(host));
	if (peer->port && peer->port != 5060)
		snprintf(port, sizeof(port), ":%u", peer->port);
	return su_sprintf(home, "sip:%s@%s%s", user, host, port);
}
