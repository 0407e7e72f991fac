/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a call's SRTP ends, and what that makes of its legs. */
#include "config.h"

#include "sbc/call/secure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/call/said.h"
#include "sbc/sip/crypto.h"
#include "sbc/sip/leg.h"

static enum offer_how secure_how(enum policy_srtp srtp)
{
	switch (srtp) {
	case POLICY_SRTP_OFF:
		return OFFER_PLAIN;
	case POLICY_SRTP_SDES:
		return OFFER_SDES;
	case POLICY_SRTP_PASS:
	case POLICY_SRTP_OPTIONAL:
		break;
	}
	return OFFER_EITHER;
}

void secure_rules(const struct policy_peer *peer, struct offer_secure *out)
{
	*out = (struct offer_secure){.how = secure_how(peer->srtp),
				     .mki = peer->srtp_mki,
				     .lifetime = peer->srtp_lifetime};
	for (unsigned i = 0; i < peer->srtp_suites; i++) {
		struct body_span name = {peer->srtp_suite[i],
					 (uint16_t)strlen(peer->srtp_suite[i])};

		out->suite[out->suites++] = crypto_suite_named(name);
	}
}

static bool is_audio(const struct body *body, unsigned slot)
{
	return body->media[slot].kind == BODY_AUDIO && body->media[slot].port;
}

/* One of a pair: SRTP, and the same in plain RTP for who has none. */
static void secure_pair(struct secure_decision *out, const struct body *offer)
{
	bool secure = false;

	for (unsigned i = 0; i < offer->medias; i++)
		secure |= out->live[i] && is_audio(offer, i) &&
			  offer->media[i].secure;
	for (unsigned i = 0; secure && i < offer->medias; i++)
		if (is_audio(offer, i) && !offer->media[i].secure)
			out->live[i] = false;
}

void secure_judge(struct secure_decision *out, const struct policy_peer *from,
		  const struct policy_peer *to, const struct body *offer,
		  bool ended)
{
	struct offer_secure rules;
	bool audio = false;

	*out = (struct secure_decision){.possible = true};
	out->ended = ended || from->srtp != POLICY_SRTP_PASS ||
		     to->srtp != POLICY_SRTP_PASS;
	memset(out->live, true, sizeof(out->live));
	if (!out->ended || !offer)
		return;
	secure_rules(from, &rules);
	out->possible = false;
	for (unsigned i = 0; i < offer->medias; i++) {
		out->live[i] = offer_secure_takes(&rules, offer, i);
		audio |= is_audio(offer, i);
		out->possible |= is_audio(offer, i) && out->live[i];
	}
	out->possible |= !audio;
	if (secure_how(to->srtp) != OFFER_EITHER)
		secure_pair(out, offer);
}

void secure_end(struct leg *leg)
{
	offer_end(&leg->offer);
}

int secure_offer(const struct leg *from, struct leg *to,
		 const struct body *source,
		 struct offer_place place[BODY_MEDIA_MAX])
{
	struct secure_decision decision;

	secure_judge(&decision, from->peer, to->peer, source,
		     from->offer.ended);
	if (!decision.possible)
		return -EPROTONOSUPPORT;
	if (decision.ended)
		secure_end(to);
	for (unsigned i = 0; i < source->medias; i++)
		if (!decision.live[i])
			address_set_port((struct sockaddr *)&place[i].at, 0);
	return 0;
}

bool secure_answered(struct said *said, const struct body *answer)
{
	const struct body *ours = said_local(said);

	return !said->leg->offer.ended ||
	       (ours && offer_secure_answered(ours, answer));
}

bool secure_is_keyed(const struct leg *leg, unsigned slot)
{
	struct said said;
	const struct body *ours;

	if (!leg->offer.ended)
		return false;
	said_begin(&said, leg);
	ours = said_local(&said);
	return ours && slot < ours->medias &&
	       body_attribute(ours, (int)slot, "crypto");
}

const char *secure_warning(const struct leg *leg, char *out, size_t size)
{
	static const char *const say[] = {
		[OFFER_PLAIN] = "RTP/AVP only",
		[OFFER_SDES] = "RTP/SAVP with a=crypto only",
		[OFFER_EITHER] = "RTP/AVP, or RTP/SAVP with a=crypto",
	};
	char host[ADDRESS_TEXT_MAX];

	snprintf(out, size, "302 %s \"Incompatible transport protocol: %s\"",
		 address_text(host, (const struct sockaddr *)&leg->local),
		 say[secure_how(leg->peer->srtp)]);
	return out;
}

bool secure_keys(struct said *said, const struct body *far, unsigned slot,
		 struct media_crypto *out)
{
	const struct body *ours = said_local(said);

	*out = (struct media_crypto){0};
	if (!ours || slot >= ours->medias)
		return false;
	if (!body_attribute(ours, (int)slot, "crypto"))
		return !far->media[slot].secure;
	return crypto_agree(out, ours, far, slot);
}
