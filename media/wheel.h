/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A wheel of timers of 1 ms, for things due soon; empty it costs nothing. */
#ifndef MEDIA_WHEEL_H
#define MEDIA_WHEEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define WHEEL_SLOTS  256
#define WHEEL_MAX_MS 200 /* later ones come at this distance, to ask again */

struct wheel_entry {
	LIST_ENTRY(wheel_entry) link;
	bool queued;
	uint8_t slot;
};

LIST_HEAD(wheel_list, wheel_entry);

struct wheel {
	int64_t now_ms;
	uint64_t busy[WHEEL_SLOTS / 64]; /* a bit for each list in use */
	struct wheel_list slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, int64_t now_ms);
/* Queue, or queue anew. One that is overdue comes at the next advance. */
void wheel_put(struct wheel *wheel, struct wheel_entry *entry, int64_t due_ms);
void wheel_remove(struct wheel *wheel, struct wheel_entry *entry);
/* When the next entry comes; -1 if there is none. */
int64_t wheel_next_ms(const struct wheel *wheel);
/*
 * Call `due` for each entry up to now_ms, taken off the wheel before; it may
 * put it again. Entries can come before their time.
 */
void wheel_advance(struct wheel *wheel, int64_t now_ms,
		   void (*due)(void *arg, struct wheel_entry *entry),
		   void *arg);

#endif
