/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bounded ring of fixed-size messages from one thread to one other, and the
 * bell that wakes a reader without a write for each message. No lock.
 */
#ifndef MEDIA_MAILBOX_H
#define MEDIA_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mailbox {
	size_t size, mask; /* of a message; of the ring's places */
	unsigned char *ring;
	_Alignas(64) _Atomic size_t written; /* by the writer alone */
	_Alignas(64) _Atomic size_t taken;   /* by the reader alone */
};

/* `places` is a power of two. Returns 0 or -ENOMEM. */
int mailbox_init(struct mailbox *box, size_t places, size_t size);
void mailbox_fini(struct mailbox *box);
/* Writer: copy a message in; false if the ring is full. */
bool mailbox_put(struct mailbox *box, const void *message);
/* Reader: copy the next message out; false if there is none. */
bool mailbox_take(struct mailbox *box, void *message);
/* Reader. */
bool mailbox_is_empty(struct mailbox *box);

/*
 * An eventfd that is written once until its reader answers.
 * Ring after putting; answer before taking.
 */
struct bell {
	int fd;
	_Atomic bool ringing; /* set by writers, cleared by the reader */
};

/* Returns 0 or -errno. */
int bell_init(struct bell *bell);
void bell_fini(struct bell *bell);
void bell_ring(struct bell *bell);
void bell_answer(struct bell *bell);

#endif
