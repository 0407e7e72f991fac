/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long an INVITE will be, and its diet. */
#include "config.h"

#include "sbc/sip/leg_private.h"

#include <string.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>

/* What the library adds when it sends: Via with a branch, the length, the
 * empty line. */
#define DIET_VIA    "Via: SIP/2.0/UDP ;rport;branch=z9hG4bK0123456789abc\r\n"
#define DIET_LENGTH "Content-Length: 65535\r\n\r\n"

/* Bytes of the header fields that are there already. */
static size_t diet_headers(const sip_t *sip, int flags)
{
	const char *end = (const char *)sip + sip->sip_size;
	msg_header_t *const *field = (msg_header_t *const *)&sip->sip_request;
	char text[2048];
	size_t len = 0;

	for (; (const char *)field < end; field++)
		for (const msg_header_t *h = *field; h; h = h->sh_next) {
			issize_t n = msg_header_e(text, sizeof(text), h, flags);

			len += n > 0 ? (size_t)n : 0;
		}
	return len;
}

void leg_slim(struct leg *leg, msg_t *msg)
{
	struct diet diet = {.limit = leg->peer->max_message};
	sip_t *sip = sip_object(msg);
	char nothing[1] = "", *body = leg->offer.local;
	/* The Contact is not shorter than what stands in Via. */
	size_t more = strlen(DIET_VIA DIET_LENGTH) + strlen(leg->contact);
	size_t headers;

	if (leg->transport != POLICY_UDP)
		return;
	headers = diet_headers(sip, 0) + more;
	if (headers + leg->offer.local_len <= diet.limit)
		return;
	diet_fit(&diet, headers, diet_headers(sip, MSG_DO_COMPACT) + more,
		 body ? body : nothing);
	if (!diet.left_out[0])
		return;
	sip->sip_flags |= MSG_DO_COMPACT;
	leg->offer.local_len = body ? strlen(body) : 0;
	leg_emit(leg, &(struct leg_event){.kind = LEG_SLIMMED, .diet = &diet});
}
