/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is sent toward one side when its source falls silent: when, and with
 * what in it. Its numbers are the line's. Pure over state and time.
 */
#ifndef MEDIA_FILLER_H
#define MEDIA_FILLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/line.h"
#include "media/media.h"

#define FILLER_PTIME_MAX_MS 120
#define FILLER_PACKET_MAX   (RTP_HEADER_LEN + 8 * FILLER_PTIME_MAX_MS)
#define FILLER_REPEAT_MAX   160
#define FILLER_NEVER	    INT64_MAX

struct filler {
	struct media_filler config;
	bool running;	  /* the last packet sent was ours */
	unsigned late_ms; /* how late we may wake up */
	int64_t due_ns;	  /* when ours is due; FILLER_NEVER */
	size_t at;	  /* in the music */
	uint16_t last_len;
	uint8_t *last; /* a real payload, for REPEAT: FILLER_REPEAT_MAX, or
			  NULL */
};

/* `last` is forgotten, too: few streams need it, so it is given with them. */
void filler_reset(struct filler *f);

/* Arm or disarm. A ptime outside 10..120 ms means 20. */
void filler_configure(struct filler *f, struct line *line,
		      const struct media_filler *config, int64_t now_ns);

/* A real packet was sent, with this payload; NULL: none of the codec. */
void filler_yield(struct filler *f, const uint8_t *payload, size_t len,
		  int64_t now_ns);

/* A real packet came too late to be sent: the next one may be in time. */
void filler_listen(struct filler *f, const struct line *line);
/* Something else of ours was sent. */
void filler_hold(struct filler *f, int64_t now_ns);

/* When filler_make() is to be called; FILLER_NEVER if not. */
static inline int64_t filler_due(const struct filler *f)
{
	return f->due_ns;
}

/* Write the packet that is due; returns its length, 0 if there is nothing to
 * fill it with. */
size_t filler_make(struct filler *f, struct line *line,
		   uint8_t buf[FILLER_PACKET_MAX], int64_t now_ns);
/* Nothing may be sent now: wait for another interval. */
void filler_skip(struct filler *f, int64_t now_ns);

#endif
