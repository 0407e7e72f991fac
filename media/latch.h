/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose packets are taken on one side of a slot, and where its packets go: a
 * pure state machine over addresses and time.
 */
#ifndef MEDIA_LATCH_H
#define MEDIA_LATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "media/endpoint.h"
#include "media/media.h"

enum media_channel { MEDIA_RTP, MEDIA_RTCP };

struct latch_channel {
	bool locked;
	struct endpoint source;	  /* while locked */
	struct endpoint previous; /* source of the time before re-opening */
};

struct latch {
	enum media_latch_mode mode;
	bool told;		 /* the last SDP named an address */
	struct endpoint want[2]; /* by channel, the last one told by SDP */
	struct endpoint expect;	 /* signalling source */
	int64_t opened_ns;
	struct latch_channel channel[2];
};

/* Nobody is known and nothing is taken. */
void latch_reset(struct latch *latch);

/*
 * What SDP says now. An unset `rtp` changes nothing but that nothing is sent
 * to it; an unset `rtcp` means the port behind `rtp`. Returns the channels
 * that were re-opened, as a mask of 1 << channel: those whose address, mode
 * or expected host changed.
 */
unsigned latch_target(struct latch *latch, enum media_latch_mode mode,
		      const struct endpoint *rtp, const struct endpoint *rtcp,
		      const struct endpoint *expect, int64_t now_ns);

enum latch_verdict {
	LATCH_PASS,
	LATCH_LOCK, /* taken; if the packet is valid, call latch_lock() */
	LATCH_DROP,
};

/* How long, after re-opening, packets still under way from the old source
 * are taken without locking on it again. */
#define LATCH_GRACE_NS 2000000000

enum latch_verdict latch_check(const struct latch *latch,
			       enum media_channel channel,
			       const struct endpoint *from, int64_t now_ns);

/* Lock the channel on `from`. True if it was locked on another one before it
 * was re-opened. */
bool latch_lock(struct latch *latch, enum media_channel channel,
		const struct endpoint *from);

/* Where to send; false if nowhere. */
bool latch_dest(const struct latch *latch, enum media_channel channel,
		struct endpoint *out);

#endif
