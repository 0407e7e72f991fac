/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages between the signalling thread and one worker. */
#include "media/mailbox.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int mailbox_init(struct mailbox *box, size_t places, size_t size)
{
	assert(places && (places & (places - 1)) == 0);
	box->ring = calloc(places, size);
	if (!box->ring)
		return -ENOMEM;
	box->size = size;
	box->mask = places - 1;
	atomic_init(&box->written, 0);
	atomic_init(&box->taken, 0);
	return 0;
}

void mailbox_fini(struct mailbox *box)
{
	free(box->ring);
	box->ring = NULL;
}

bool mailbox_put(struct mailbox *box, const void *message)
{
	size_t at = atomic_load_explicit(&box->written, memory_order_relaxed);
	size_t taken = atomic_load(&box->taken);
	if (at - taken > box->mask)
		return false;
	memcpy(box->ring + (at & box->mask) * box->size, message, box->size);
	/* Ordered with the bell's and the "starved" flags: sequential. */
	atomic_store(&box->written, at + 1);
	return true;
}

bool mailbox_take(struct mailbox *box, void *message)
{
	size_t at = atomic_load_explicit(&box->taken, memory_order_relaxed);
	if (at == atomic_load(&box->written))
		return false;
	memcpy(message, box->ring + (at & box->mask) * box->size, box->size);
	atomic_store(&box->taken, at + 1);
	return true;
}

bool mailbox_is_empty(struct mailbox *box)
{
	return atomic_load_explicit(&box->taken, memory_order_relaxed) ==
	       atomic_load(&box->written);
}

int bell_init(struct bell *bell)
{
	atomic_init(&bell->ringing, false);
	bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return bell->fd < 0 ? -errno : 0;
}

void bell_fini(struct bell *bell)
{
	if (bell->fd >= 0)
		close(bell->fd);
	bell->fd = -1;
}

void bell_ring(struct bell *bell)
{
	uint64_t one = 1;
	if (atomic_exchange(&bell->ringing, true))
		return;
	/* Cannot fail: the counter never comes near its end. */
	while (write(bell->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void bell_answer(struct bell *bell)
{
	uint64_t rings;
	while (read(bell->fd, &rings, sizeof(rings)) < 0 && errno == EINTR)
		;
	atomic_store(&bell->ringing, false);
}
