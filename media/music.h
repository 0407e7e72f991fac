/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hold music as the workers play it: 8 bytes a millisecond, in each codec. */
#ifndef MEDIA_MUSIC_H
#define MEDIA_MUSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/media.h"

struct media_music {
	/* The signalling thread's. */
	unsigned users; /* sessions that may be playing it */
	bool retired;
	/* Unchanged once it is loaded. */
	size_t len; /* of each */
	uint8_t *pcmu, *pcma, *g722;
};

/* A session begins, or ends, to use it. */
void music_use(struct media_music *music);
void music_leave(struct media_music *music);

/* The loop in this codec; NULL if it cannot be played in it. */
const uint8_t *music_bytes(const struct media_music *music,
			   enum media_filler_kind kind);

#endif
