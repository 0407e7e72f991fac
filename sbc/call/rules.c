/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may stand in the SDP toward a leg: codecs, a fax, a hold. */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "sbc/call/call_private.h"
#include "sbc/text.h"

void call_rules(const struct leg *leg, struct call_rules *out)
{
	out->rules = (struct offer_rules){
		.codecs = leg->peer->codecs,
		.codecs_count = leg->peer->codecs_count,
	};
	if (leg->offer.ended) {
		secure_rules(leg->peer, &out->secure);
		out->rules.secure = &out->secure;
	}
	switch (leg->peer->hold) {
	case POLICY_HOLD_SENDONLY:
		out->rules.hold = OFFER_HOLD_SENDONLY;
		break;
	case POLICY_HOLD_INACTIVE:
		out->rules.hold = OFFER_HOLD_INACTIVE;
		break;
	case POLICY_HOLD_ZERO:
		out->rules.hold = OFFER_HOLD_ZERO;
		break;
	case POLICY_HOLD_NONE:
		out->rules.hold = OFFER_HOLD_NONE;
		break;
	}
}

int call_rules_both(const struct leg *leg, const struct leg *other,
		    struct call_rules *out)
{
	struct call_rules others;
	unsigned count;
	bool none;

	call_rules(leg, out);
	call_rules(other, &others);
	count = offer_codecs_join(out->name, &others.rules, &out->rules, &none);
	if (none)
		return -ENOTSUP;
	out->rules.codecs = out->name;
	out->rules.codecs_count = count;
	return 0;
}

void call_rules_session(const struct call *call, const struct leg *leg,
			struct call_rules *out)
{
	call_rules(leg, out);
	if (!call->codec[0])
		return;
	out->rules.agreed = path_codec(call, leg);
	out->rules.agreed_slot = call->path.audio;
}

/* Its own last body has that slot as a fax. */
static bool rules_has_fax(const struct leg *leg, unsigned slot)
{
	struct body said;
	const char *why;

	return leg->offer.remote &&
	       !body_parse(&said, leg->offer.remote, leg->offer.remote_len,
			   &why) &&
	       slot < said.medias && said.media[slot].port &&
	       said.media[slot].kind == BODY_IMAGE;
}

int call_keep_fax(const struct leg *to, const struct body *source,
		  struct offer_place place[BODY_MEDIA_MAX])
{
	bool kept = false, live = false;

	for (unsigned i = 0; i < source->medias; i++) {
		if (!source->media[i].port)
			continue;
		if (source->media[i].kind != BODY_IMAGE ||
		    to->peer->t38 != POLICY_T38_REJECT ||
		    rules_has_fax(to, i)) {
			live = true;
		} else {
			address_set_port((struct sockaddr *)&place[i].at, 0);
			kept = true;
		}
	}
	return kept && !live ? -EMEDIUMTYPE : 0;
}

enum body_direction call_hold_told(const struct leg *to, bool relayed,
				   enum body_direction direction)
{
	return relayed && to->peer->reinvite != POLICY_FORWARD ? BODY_SENDRECV
							       : direction;
}

void call_note_codec(struct call *call, const struct body *answer)
{
	const struct body_format *agreed =
		offer_agreed(answer, call->path.audio);

	if (agreed)
		text_copy_len(call->codec, sizeof(call->codec),
			      agreed->encoding.text, agreed->encoding.len);
}
