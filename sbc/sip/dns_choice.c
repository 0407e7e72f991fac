/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of several records is meant, and in what order. */
#include "config.h"

#include "sbc/sip/dns_choice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* RFC 2782: of one priority the next is drawn by weight. */
static unsigned draw(const struct dns_record *record, unsigned count)
{
	unsigned sum = 0, dice;

	for (unsigned i = 0; i < count; i++)
		sum += record[i].srv.weight;
	if (!sum || getrandom(&dice, sizeof(dice), GRND_NONBLOCK) < 0)
		return 0;
	dice %= sum;
	for (unsigned i = 0; i < count; i++) {
		if (dice < record[i].srv.weight)
			return i;
		dice -= record[i].srv.weight;
	}
	return 0;
}

static int by_priority(const void *a, const void *b)
{
	const struct dns_record *x = a, *y = b;

	return (int)x->srv.priority - (int)y->srv.priority;
}

void dns_order_srv(struct dns_record *record, unsigned count)
{
	qsort(record, count, sizeof(*record), by_priority);
	for (unsigned i = 0; i < count; i++) {
		unsigned same = 1;
		while (i + same < count &&
		       record[i + same].srv.priority == record[i].srv.priority)
			same++;
		unsigned drawn = i + draw(record + i, same);
		struct dns_record swap = record[i];
		record[i] = record[drawn];
		record[drawn] = swap;
	}
}

const struct dns_record *dns_best_naptr(const struct dns_record *record,
					unsigned count, const char *service)
{
	const struct dns_record *best = NULL;

	for (unsigned i = 0; i < count; i++) {
		const struct dns_record *it = &record[i];
		if (strcasecmp(it->naptr.service, service) ||
		    strcasecmp(it->naptr.flags, "s") ||
		    !it->naptr.replacement[0])
			continue;
		if (!best || it->naptr.order < best->naptr.order ||
		    (it->naptr.order == best->naptr.order &&
		     it->naptr.preference < best->naptr.preference))
			best = it;
	}
	return best;
}
