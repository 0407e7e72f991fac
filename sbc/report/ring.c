/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded queue of lines in one block of bytes. */
#include "config.h"

#include "sbc/report/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ring_init(struct ring *ring, size_t size)
{
	*ring = (struct ring){.bytes = malloc(size), .size = size};
	return ring->bytes ? 0 : -ENOMEM;
}

void ring_clear(struct ring *ring)
{
	free(ring->bytes);
	*ring = (struct ring){0};
}

static void put(struct ring *ring, const void *data, size_t len)
{
	size_t at = (ring->head + ring->used) % ring->size;
	size_t first = ring->size - at < len ? ring->size - at : len;

	memcpy(ring->bytes + at, data, first);
	memcpy(ring->bytes, (const char *)data + first, len - first);
	ring->used += len;
}

static void take(struct ring *ring, void *data, size_t len)
{
	size_t first =
		ring->size - ring->head < len ? ring->size - ring->head : len;

	memcpy(data, ring->bytes + ring->head, first);
	memcpy((char *)data + first, ring->bytes, len - first);
	ring->head = (ring->head + len) % ring->size;
	ring->used -= len;
}

bool ring_push(struct ring *ring, const char *line, size_t len)
{
	uint32_t bytes = (uint32_t)len + 1;

	if (!ring->bytes || ring->size - ring->used < sizeof bytes + bytes) {
		ring->lost++;
		return false;
	}
	put(ring, &bytes, sizeof bytes);
	put(ring, line, len);
	put(ring, "\n", 1);
	return true;
}

size_t ring_pop(struct ring *ring, char *out, size_t size, unsigned *lines)
{
	size_t len = 0;

	*lines = 0;
	while (ring->used) {
		struct ring before = *ring;
		uint32_t bytes;

		take(ring, &bytes, sizeof bytes);
		if (len + bytes > size) {
			*ring = before;
			break;
		}
		take(ring, out + len, bytes);
		len += bytes;
		(*lines)++;
	}
	return len;
}
