/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies of one leg, each parsed at most once while an event is handled. */
#include "config.h"

#include "sbc/call/said.h"

void said_begin(struct said *said, const struct leg *leg)
{
	said->leg = leg;
	said->local_state = said->remote_state = SAID_UNREAD;
}

void said_rewritten(struct said *said)
{
	said->local_state = SAID_UNREAD;
}

static enum said_state said_read(struct body *out, const char *text, size_t len)
{
	const char *why;

	return text && !body_parse(out, text, len, &why) ? SAID_READ
							 : SAID_NOTHING;
}

int said_hear(struct said *said, struct body_span sdp)
{
	const char *why;
	int error = body_parse(&said->remote, sdp.text, sdp.len, &why);

	said->remote_state = error ? SAID_NOTHING : SAID_READ;
	return error;
}

const struct body *said_local(struct said *said)
{
	const struct offer *offer = &said->leg->offer;

	if (said->local_state == SAID_UNREAD)
		said->local_state =
			said_read(&said->local, offer->local, offer->local_len);
	return said->local_state == SAID_READ ? &said->local : NULL;
}

const struct body *said_remote(struct said *said)
{
	const struct offer *offer = &said->leg->offer;

	if (said->remote_state == SAID_UNREAD)
		said->remote_state = said_read(&said->remote, offer->remote,
					       offer->remote_len);
	return said->remote_state == SAID_READ ? &said->remote : NULL;
}

int said_session(struct body *out, const struct leg *leg)
{
	const struct offer *offer = &leg->offer;
	const char *why;
	int error = body_parse(out, offer->remote, offer->remote_len, &why);

	if (!error)
		offer_strike(offer, out);
	return error;
}
