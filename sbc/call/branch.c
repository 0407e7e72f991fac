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
	char *crossing = header_cross(home, sip, hunt->now->peer);
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

/* The SDP of a new branch: a's offer with our places, or one of our own. */
static int branch_offer(struct hunt *hunt, struct leg *branch)
{
	struct call *call = hunt->call;
	struct offer_place place[BODY_MEDIA_MAX];
	struct call_rules rules;
	struct body source;
	const char *why;
	int error = call_rules_both(branch, call->a, &rules);

	if (error)
		return error;
	if (call->delayed_offer) {
		source.medias = 1;
		source.media[0] =
			(struct body_media){.kind = BODY_AUDIO,
					    .rtp = true,
					    .port = 9,
					    .direction = BODY_SENDRECV};
	} else {
		error = body_parse(&source, call->a->offer.remote,
				   call->a->offer.remote_len, &why);
	}
	/* The caller's ports too: nobody is rung for a call that has none. */
	if (!error && call->path.anchored)
		error = path_place(call, call->a, call->a, &source, place);
	if (!error)
		error = path_place(call, branch, call->a, &source, place);
	if (!error && call->delayed_offer)
		error = offer_write_own(&branch->offer, NULL, &rules.rules,
					place, 1);
	else if (!error)
		error = offer_write_offer(&branch->offer, &source, &rules.rules,
					  place);
	return error;
}

int branch_new(struct hunt *hunt, struct agent_network *at,
	       const struct sockaddr *target, enum policy_transport transport,
	       const char *uri)
{
	struct call *call = hunt->call;
	su_home_t home[1] = {SU_HOME_INIT(home)};
	msg_t *msg = nta_incoming_getrequest(call->a->invite_in);
	const sip_t *sip = sip_object(msg);
	const struct policy_peer *peer = hunt->now->peer;
	struct leg_invite invite = {
		.target = target, .transport = transport, .uri = uri};
	struct header_caller caller;
	struct header_identity identity;
	struct leg *branch = NULL;
	const char *ours = branch_our_host(home, at, target);
	int error = ours ? 0 : -EADDRNOTAVAIL;

	if (!error) {
		header_caller_read(&caller, sip, call->a->peer, call->a->user);
		error = header_identity_write(&identity, home, &caller, peer,
					      ours);
	}
	if (!error) {
		invite.from = identity.from;
		invite.to = su_sprintf(home, "<%s>", uri);
		invite.extra = branch_extra(hunt, home, &identity, sip);
		invite.expires_s =
			sip->sip_session_expires
				? (unsigned)sip->sip_session_expires->x_delta
				: 0;
		invite.max_forwards =
			sip->sip_max_forwards
				? sip->sip_max_forwards->mf_count - 1
				: 69;
		error = leg_new(&branch, at, call->policy, peer,
				hunt->now->user, &invite);
	}
	if (!error) {
		leg_own(branch, call, call_on_leg, 'b');
		error = branch_offer(hunt, branch);
	}
	if (!error)
		error = leg_call(branch);
	if (error)
		leg_free(branch);
	else
		hunt->branch[hunt->branches++] = branch;
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
