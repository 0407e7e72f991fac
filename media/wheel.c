/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One list a millisecond, and a bit for each list that is not empty. */
#include "media/wheel.h"

#include <string.h>

void wheel_init(struct wheel *wheel, int64_t now_ms)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->now_ms = now_ms;
}

void wheel_remove(struct wheel *wheel, struct wheel_entry *entry)
{
	if (!entry->queued)
		return;
	LIST_REMOVE(entry, link);
	entry->queued = false;
	if (LIST_EMPTY(&wheel->slots[entry->slot]))
		wheel->busy[entry->slot / 64] &=
			~(UINT64_C(1) << entry->slot % 64);
}

void wheel_put(struct wheel *wheel, struct wheel_entry *entry, int64_t due_ms)
{
	wheel_remove(wheel, entry);
	if (due_ms <= wheel->now_ms)
		due_ms = wheel->now_ms + 1;
	if (due_ms > wheel->now_ms + WHEEL_MAX_MS)
		due_ms = wheel->now_ms + WHEEL_MAX_MS;
	entry->slot = (uint8_t)(due_ms % WHEEL_SLOTS);
	entry->queued = true;
	LIST_INSERT_HEAD(&wheel->slots[entry->slot], entry, link);
	wheel->busy[entry->slot / 64] |= UINT64_C(1) << entry->slot % 64;
}

int64_t wheel_next_ms(const struct wheel *wheel)
{
	unsigned first = (unsigned)((wheel->now_ms + 1) % WHEEL_SLOTS);
	/* Five looks: the first word is seen from its middle and again. */
	for (unsigned i = 0; i <= WHEEL_SLOTS / 64; i++) {
		unsigned word = (first / 64 + i) % (WHEEL_SLOTS / 64);
		uint64_t bits = wheel->busy[word];
		if (i == 0)
			bits &= ~UINT64_C(0) << first % 64;
		if (!bits)
			continue;
		unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
		return wheel->now_ms + 1 + (slot - first) % WHEEL_SLOTS;
	}
	return -1;
}

void wheel_advance(struct wheel *wheel, int64_t now_ms,
		   void (*due)(void *arg, struct wheel_entry *entry), void *arg)
{
	int64_t next;
	while ((next = wheel_next_ms(wheel)) >= 0 && next <= now_ms) {
		struct wheel_list *list = &wheel->slots[next % WHEEL_SLOTS];
		struct wheel_list batch = LIST_HEAD_INITIALIZER(batch);
		struct wheel_entry *entry;
		wheel->now_ms = next;
		/* What comes back at once must not come in this turn. */
		while ((entry = LIST_FIRST(list)) != NULL) {
			wheel_remove(wheel, entry);
			LIST_INSERT_HEAD(&batch, entry, link);
		}
		while ((entry = LIST_FIRST(&batch)) != NULL) {
			LIST_REMOVE(entry, link);
			due(arg, entry);
		}
	}
	if (wheel->now_ms < now_ms)
		wheel->now_ms = now_ms;
}
