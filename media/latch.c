/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Learn, lock, re-open.
 *
 *   state   packet from              verdict
 *   locked  its source               PASS
 *   locked  elsewhere                DROP
 *   open    not admitted             DROP
 *   open    previous source, LEARN,
 *           within LATCH_GRACE_NS    PASS (it may be the old stream's tail)
 *   open    admitted                 LOCK
 *
 * Admitted, FIXED: the address SDP told; for RTCP any port of its host.
 * Admitted, LEARN: any port of the host that signals; the address SDP told,
 * and any port of its host if that is public (media from another machine than
 * signalling). RTCP only from RTP's host, once that is known.
 */
#include "media/latch.h"

#include <string.h>

void latch_reset(struct latch *latch)
{
	memset(latch, 0, sizeof(*latch));
}

static void reopen(struct latch_channel *c)
{
	if (c->locked)
		c->previous = c->source;
	c->locked = false;
	endpoint_clear(&c->source);
}

static bool differs(const struct endpoint *a, const struct endpoint *b)
{
	return (endpoint_is_set(a) || endpoint_is_set(b)) &&
	       !endpoint_equal(a, b);
}

static struct endpoint behind(const struct endpoint *rtp)
{
	struct endpoint rtcp = *rtp;
	endpoint_set_port(&rtcp, (uint16_t)(endpoint_port(rtp) + 1));
	return rtcp;
}

unsigned latch_target(struct latch *latch, enum media_latch_mode mode,
		      const struct endpoint *rtp, const struct endpoint *rtcp,
		      const struct endpoint *expect, int64_t now_ns)
{
	unsigned reopened = 0;

	if (mode != latch->mode ||
	    (mode == MEDIA_LATCH_LEARN &&
	     (endpoint_is_set(expect) || endpoint_is_set(&latch->expect)) &&
	     !endpoint_same_host(expect, &latch->expect)))
		reopened = 1u << MEDIA_RTP | 1u << MEDIA_RTCP;
	latch->mode = mode;
	latch->expect = *expect;

	latch->told = endpoint_is_set(rtp);
	if (latch->told) {
		struct endpoint other =
			endpoint_is_set(rtcp) ? *rtcp : behind(rtp);
		if (differs(rtp, &latch->want[MEDIA_RTP]))
			reopened = 1u << MEDIA_RTP | 1u << MEDIA_RTCP;
		if (differs(&other, &latch->want[MEDIA_RTCP]))
			reopened |= 1u << MEDIA_RTCP;
		latch->want[MEDIA_RTP] = *rtp;
		latch->want[MEDIA_RTCP] = other;
	}
	for (int c = MEDIA_RTP; c <= MEDIA_RTCP; c++)
		if (reopened & 1u << c)
			reopen(&latch->channel[c]);
	if (reopened)
		latch->opened_ns = now_ns;
	return reopened;
}

static bool admitted(const struct latch *latch, enum media_channel channel,
		     const struct endpoint *from)
{
	const struct endpoint *want = &latch->want[channel];
	const struct latch_channel *rtp = &latch->channel[MEDIA_RTP];

	if (endpoint_equal(from, want))
		return true;
	if (latch->mode == MEDIA_LATCH_FIXED)
		return channel == MEDIA_RTCP &&
		       (endpoint_same_host(from, want) ||
			endpoint_same_host(from, &latch->want[MEDIA_RTP]));
	if (channel == MEDIA_RTCP && rtp->locked)
		return endpoint_same_host(from, &rtp->source);
	return endpoint_same_host(from, &latch->expect) ||
	       (endpoint_same_host(from, want) && !endpoint_is_private(from));
}

enum latch_verdict latch_check(const struct latch *latch,
			       enum media_channel channel,
			       const struct endpoint *from, int64_t now_ns)
{
	const struct latch_channel *c = &latch->channel[channel];

	if (c->locked)
		return endpoint_equal(from, &c->source) ? LATCH_PASS
							: LATCH_DROP;
	if (!admitted(latch, channel, from))
		return LATCH_DROP;
	if (latch->mode == MEDIA_LATCH_LEARN &&
	    endpoint_equal(from, &c->previous) &&
	    now_ns - latch->opened_ns < LATCH_GRACE_NS)
		return LATCH_PASS;
	return LATCH_LOCK;
}

bool latch_lock(struct latch *latch, enum media_channel channel,
		const struct endpoint *from)
{
	struct latch_channel *c = &latch->channel[channel];
	bool moved = endpoint_is_set(&c->previous) &&
		     !endpoint_equal(from, &c->previous);
	c->locked = true;
	c->source = *from;
	endpoint_clear(&c->previous);
	return moved;
}

/* Behind NAT what SDP told is no use, but until the first packet comes we do
 * not know that there is one: then the last known source, else SDP. */
static bool learning_dest(const struct latch *latch, enum media_channel channel,
			  struct endpoint *out)
{
	const struct latch_channel *c = &latch->channel[channel];
	const struct latch_channel *rtp = &latch->channel[MEDIA_RTP];
	const struct endpoint *want = &latch->want[channel];

	if (c->locked) {
		*out = c->source;
		return true;
	}
	if (channel == MEDIA_RTCP && rtp->locked &&
	    !endpoint_same_host(want, &rtp->source)) {
		*out = behind(&rtp->source);
		return true;
	}
	if (endpoint_is_set(&c->previous) &&
	    !endpoint_same_host(&latch->expect, want)) {
		*out = c->previous;
		return true;
	}
	*out = *want;
	return latch->told;
}

bool latch_dest(const struct latch *latch, enum media_channel channel,
		struct endpoint *out)
{
	if (latch->mode == MEDIA_LATCH_LEARN)
		return learning_dest(latch, channel, out);
	*out = latch->want[channel];
	return latch->told;
}
