/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A 491 to a request of ours: how long we wait before we ask again. */
#ifndef SBC_SIP_GLARE_H
#define SBC_SIP_GLARE_H

#include <stdbool.h>

struct leg;

/* RFC 3261 14.1, in steps of 10 ms. `dice` is any random number. */
unsigned glare_pause_ms(bool we_own_call_id, unsigned dice);
/* The same for a leg, with dice of its own. */
unsigned glare_wait_ms(const struct leg *leg);

#endif
