/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys in the worker: taken over, used, overlapped, given back. */
#include "media/secure.h"

#include <errno.h>

#include "media/stream.h"

static void spend(struct worker *worker, struct end *end,
		  struct context **context)
{
	if (!*context)
		return;
	(*context)->owed.kind = EVENT_SPENT;
	(*context)->owed.relay = end->stream->relay;
	(*context)->owed.context = *context;
	worker_answer(worker, &(*context)->owed);
	*context = NULL;
}

void secure_change(struct worker *worker, struct end *end,
		   const struct secure_keys *keys)
{
	struct secure *secure = keys->secure;
	bool goes_on = end->secure != NULL; /* the far end is the same */
	end->secure = secure;
	if (!secure)
		return;
	if (secure->receive != keys->receive) {
		spend(worker, end, &secure->before);
		/* Other ones were changed beside it, perhaps. */
		if (keys->receive && secure->receive)
			crypt_inherit(keys->receive->crypt,
				      secure->receive->crypt);
		if (keys->receive && goes_on)
			secure->before = secure->receive;
		else
			spend(worker, end, &secure->receive);
		secure->before_until_ns =
			loop_now_ns(worker->loop) + SECURE_OVERLAP_NS;
		secure->receive = keys->receive;
	}
	if (secure->send != keys->send) {
		spend(worker, end, &secure->send);
		secure->send = keys->send;
	}
}

void secure_detach(struct worker *worker, struct end *end)
{
	if (end->secure)
		spend(worker, end, &end->secure->before);
	end->secure = NULL;
}

static bool tell(struct worker *worker, struct end *end,
		 enum relay_event_kind kind, const struct endpoint *source)
{
	struct relay_event event = {
		.kind = kind,
		.side = end->side,
		.slot = end->slot,
		.generation = end->generation,
		.relay = end->stream->relay,
		.source = *source,
	};
	return worker_tell(worker, &event);
}

/* RFC 5761 section 4: the packet type stands where RTP has the marker and the
 * payload type, and is not encrypted. */
static bool is_rtcp(const uint8_t *buf, size_t len)
{
	return len > 1 && buf[1] >= 192 && buf[1] <= 223;
}

int secure_receive(struct worker *worker, struct end *end,
		   const struct endpoint *from, uint8_t *buf, size_t *len)
{
	struct secure *secure = end->secure;
	int64_t now_ns = loop_now_ns(worker->loop);
	bool rtcp = is_rtcp(buf, *len);
	if (!secure->receive)
		return 0;
	if (*len == 0 || buf[0] >> 6 != 2)
		return -EPROTO;
	int rc =
		crypt_unprotect(secure->receive->crypt, rtcp, buf, len, now_ns);
	if (secure->before && now_ns >= secure->before_until_ns)
		spend(worker, end, &secure->before);
	if (rc == -EBADMSG && secure->before)
		rc = crypt_unprotect(secure->before->crypt, rtcp, buf, len,
				     now_ns);
	/* Some phones send their first RTCP in the clear, and mean no harm. */
	if (rc == -EBADMSG && !rtcp && !secure->receive->told) {
		if (!from)
			from = &end->latch.channel[MEDIA_RTP].source;
		secure->receive->told =
			tell(worker, end, EVENT_UNAUTHENTIC, from);
	}
	return rc;
}

int secure_send(struct worker *worker, struct end *end, bool rtcp, uint8_t *buf,
		size_t *len)
{
	struct context *context = end->secure->send;
	if (!context)
		return 0;
	int rc = crypt_protect(context->crypt, rtcp, buf, len);
	if (!context->told && crypt_is_worn(context->crypt))
		context->told = tell(worker, end, EVENT_KEY_WORN,
				     &end->latch.channel[MEDIA_RTP].source);
	return rc;
}
