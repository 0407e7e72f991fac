/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Good answers by name and question, in a table and in the order of their age.
 */
#include "config.h"

#include "sbc/sip/resolve_kept.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 1024

struct resolve_kept_answer {
	TAILQ_ENTRY(resolve_kept_answer) entry;
	struct resolve_kept_answer *chain;
	char key[RESOLVE_KEY_MAX];
	struct resolve_target target[RESOLVE_TARGETS_MAX];
	unsigned count;
};

static unsigned bucket_of(const char *key)
{
	uint32_t hash = 2166136261u;

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * 16777619u;
	return hash % RESOLVE_KEPT_BUCKETS;
}

static struct resolve_kept_answer *find(const struct resolve_kept *kept,
					const char *key)
{
	struct resolve_kept_answer *it = kept->bucket[bucket_of(key)];

	while (it && strcmp(it->key, key))
		it = it->chain;
	return it;
}

static void forget(struct resolve_kept *kept,
		   struct resolve_kept_answer *answer)
{
	struct resolve_kept_answer **at = &kept->bucket[bucket_of(answer->key)];

	while (*at != answer)
		at = &(*at)->chain;
	*at = answer->chain;
	TAILQ_REMOVE(&kept->oldest_first, answer, entry);
	kept->count--;
	free(answer);
}

void resolve_kept_begin(struct resolve_kept *kept)
{
	TAILQ_INIT(&kept->oldest_first);
}

void resolve_kept_clear(struct resolve_kept *kept)
{
	while (kept->count)
		forget(kept, TAILQ_FIRST(&kept->oldest_first));
}

void resolve_keep(struct resolve_kept *kept, const char *key,
		  const struct resolve_target *target, unsigned count)
{
	struct resolve_kept_answer *answer = find(kept, key), **bucket;

	if (answer)
		forget(kept, answer);
	else if (kept->count >= KEPT_MAX)
		forget(kept, TAILQ_FIRST(&kept->oldest_first));
	answer = calloc(1, sizeof(*answer));
	if (!answer)
		return;
	strcpy(answer->key, key);
	memcpy(answer->target, target, count * sizeof(*target));
	answer->count = count;
	bucket = &kept->bucket[bucket_of(key)];
	answer->chain = *bucket;
	*bucket = answer;
	TAILQ_INSERT_TAIL(&kept->oldest_first, answer, entry);
	kept->count++;
}

unsigned resolve_recall(const struct resolve_kept *kept, const char *key,
			struct resolve_target out[RESOLVE_TARGETS_MAX])
{
	const struct resolve_kept_answer *answer = find(kept, key);

	if (!answer)
		return 0;
	memcpy(out, answer->target, answer->count * sizeof(*out));
	return answer->count;
}
