/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last good answers, kept for the day when the servers are silent: 1,024,
 * then the oldest goes. Internal to the resolver. */
#ifndef SBC_SIP_RESOLVE_KEPT_H
#define SBC_SIP_RESOLVE_KEPT_H

#include <sys/queue.h>

#include "sbc/sip/dns.h"
#include "sbc/sip/resolve.h"

#define RESOLVE_KEY_MAX	     (DNS_NAME_MAX + 16)
#define RESOLVE_KEPT_BUCKETS 256

struct resolve_kept_answer;

struct resolve_kept {
	TAILQ_HEAD(resolve_kept_list, resolve_kept_answer) oldest_first;
	struct resolve_kept_answer *bucket[RESOLVE_KEPT_BUCKETS];
	unsigned count;
};

/* Of one that is all zero. */
void resolve_kept_begin(struct resolve_kept *kept);
void resolve_kept_clear(struct resolve_kept *kept);
/* Instead of what this key had. key: up to RESOLVE_KEY_MAX with its NUL; count:
 * up to RESOLVE_TARGETS_MAX. Without memory it is not kept. */
void resolve_keep(struct resolve_kept *kept, const char *key,
		  const struct resolve_target *target, unsigned count);
/* How many there are; 0: none was kept, and `out` is untouched. */
unsigned resolve_recall(const struct resolve_kept *kept, const char *key,
			struct resolve_target out[RESOLVE_TARGETS_MAX]);

#endif
