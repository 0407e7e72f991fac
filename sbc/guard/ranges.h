/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prefixes as sorted ranges of addresses that neither overlap nor touch.
 * Internal to sbc/guard.
 */
#ifndef SBC_GUARD_RANGES_H
#define SBC_GUARD_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/address.h"

#define RANGES_WORDS 4 /* of an IPv6 address; IPv4 has one */

struct range { /* host order, the first word is the most significant */
	uint32_t low[RANGES_WORDS], high[RANGES_WORDS];
};

struct ranges {
	struct range *range;
	unsigned count, words;
};

/* Those of one family: words 1 is IPv4 (mapped prefixes too), 4 is IPv6. 0 or
 * -ENOMEM; the caller frees out->range either way. */
int ranges_read(struct ranges *out, unsigned words,
		const struct address_prefix *allowed, unsigned count);

/* Close the smallest tenth of all gaps of both families; false if there is
 * none left, or no memory. */
bool ranges_widen(struct ranges list[2]);

#endif
