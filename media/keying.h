/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of one side as the signalling thread wants them, and the contexts
 * made of them that a worker has: the other end of media/secure. Where
 * `keying` is NULL there is nothing to do.
 */
#ifndef MEDIA_KEYING_H
#define MEDIA_KEYING_H

#include <stdbool.h>

struct context;
struct keying;
struct secure_keys;

/* Its worker uses it no more. */
void keying_free(struct keying *keying);
/* The ports are given up: plain, until the keys are given again. */
void keying_forget(struct keying *keying);

/* Is the worker to be told? */
bool keying_is_due(const struct keying *keying);
/* Nothing is encrypted. */
bool keying_is_plain(const struct keying *keying);
void keying_command(const struct keying *keying, struct secure_keys *out);
void keying_told(struct keying *keying);

/* EVENT_SPENT: frees it. */
void keying_spent(struct context *context);

#endif
