/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of each call, found by its id. */
#include "config.h"

#include "sbc/report/story.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

static LIST_HEAD(bucket, story) buckets[BUCKETS];
static TAILQ_HEAD(stories, story) live = TAILQ_HEAD_INITIALIZER(live),
				  ended = TAILQ_HEAD_INITIALIZER(ended);
static unsigned ended_count;
static unsigned long last_serial;

static struct bucket *bucket_of(const char *id, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)id[i]) * 16777619u;
	return &buckets[(hash ^ hash >> 16) % BUCKETS];
}

static struct story *find(const char *id, size_t len)
{
	struct story *story;

	LIST_FOREACH (story, bucket_of(id, len), bucket)
		if (!strncmp(story->id, id, len) && !story->id[len])
			return story;
	return NULL;
}

static void story_free(struct story *story)
{
	struct story_entry *entry;

	while ((entry = TAILQ_FIRST(&story->entries))) {
		TAILQ_REMOVE(&story->entries, entry, entry);
		free(entry);
	}
	LIST_REMOVE(story, bucket);
	if (story->ended) {
		TAILQ_REMOVE(&ended, story, entry);
		ended_count--;
	} else {
		TAILQ_REMOVE(&live, story, entry);
	}
	free(story);
}

void story_begin(const char *id)
{
	struct story *story = find(id, strlen(id));

	if (story)
		story_free(story);
	if (strlen(id) >= sizeof(story->id))
		return;
	story = calloc(1, sizeof(*story));
	if (!story)
		return; /* the call goes on unexplained */
	strcpy(story->id, id);
	story->serial = ++last_serial;
	TAILQ_INIT(&story->entries);
	LIST_INSERT_HEAD(bucket_of(id, strlen(id)), story, bucket);
	TAILQ_INSERT_TAIL(&live, story, entry);
}

static void story_end(struct story *story)
{
	if (story->ended)
		return;
	story->ended = true;
	TAILQ_REMOVE(&live, story, entry);
	TAILQ_INSERT_TAIL(&ended, story, entry);
	if (++ended_count > STORY_ENDED_MAX)
		story_free(TAILQ_FIRST(&ended));
}

/* The oldest line behind the head goes. */
static void drop_one(struct story *story)
{
	struct story_entry *old = story->head ? TAILQ_NEXT(story->head, entry)
					      : TAILQ_FIRST(&story->entries);

	if (!old)
		return;
	TAILQ_REMOVE(&story->entries, old, entry);
	story->count--;
	story->bytes -= old->len;
	story->dropped++;
	free(old);
}

static void add(struct story *story, const char *time, size_t time_len,
		const char *rest, size_t rest_len)
{
	size_t len = time_len + rest_len;
	struct story_entry *entry = malloc(sizeof(*entry) + len + 1);

	if (!entry) {
		story->dropped++;
		return;
	}
	while (story->count > story->head_count &&
	       (story->count >= STORY_ENTRIES_MAX ||
		story->bytes + len > STORY_BYTES_MAX))
		drop_one(story);
	entry->len = len;
	memcpy(entry->text, time, time_len);
	memcpy(entry->text + time_len, rest, rest_len);
	entry->text[len] = '\0';
	TAILQ_INSERT_TAIL(&story->entries, entry, entry);
	if (story->head_count == story->count &&
	    story->head_count < STORY_HEAD &&
	    story->head_bytes + len <= STORY_HEAD_BYTES) {
		story->head = entry;
		story->head_count++;
		story->head_bytes += len;
	}
	story->count++;
	story->bytes += len;
}

/* "TIME call=ID leg=b peer=... event=..." */
void story_tell(const char *line, size_t len)
{
	static const char call[] = " call=";
	const char *end = line + len, *time_end = memchr(line, ' ', len);
	const char *id, *id_end;
	struct story *story;

	if (!time_end || (size_t)(end - time_end) < sizeof(call) ||
	    memcmp(time_end, call, sizeof(call) - 1) != 0)
		return;
	id = time_end + sizeof(call) - 1;
	id_end = memchr(id, ' ', (size_t)(end - id));
	if (!id_end || (id_end - id == 1 && *id == '-') ||
	    (size_t)(id_end - id) >= sizeof(story->id))
		return;
	story = find(id, (size_t)(id_end - id));
	if (!story)
		return;
	add(story, line, (size_t)(time_end - line), id_end,
	    (size_t)(end - id_end));
	if (story_is(TAILQ_LAST(&story->entries, story_entries), "event",
		     "call-end"))
		story_end(story);
}

const struct story *story_find(const char *id)
{
	return find(id, strlen(id));
}

const struct story *story_newest(void)
{
	const struct story *newest = TAILQ_LAST(&live, stories), *story;

	TAILQ_FOREACH (story, &ended, entry)
		if (!newest || story->serial > newest->serial)
			newest = story;
	return newest;
}

void story_clear(void)
{
	while (!TAILQ_EMPTY(&live))
		story_free(TAILQ_FIRST(&live));
	while (!TAILQ_EMPTY(&ended))
		story_free(TAILQ_FIRST(&ended));
}

/* --- fields ------------------------------------------------------------- */

bool story_next(const char **at, struct story_field *out)
{
	const char *text = *at + strspn(*at, " "), *end;

	out->key = text;
	out->key_len = strcspn(text, "= ");
	if (!*text)
		return false;
	if (text[out->key_len] != '=') { /* the time */
		*out = (struct story_field){"time", text, 4, out->key_len};
		*at = text + out->value_len;
		return true;
	}
	out->value = text + out->key_len + 1;
	if (*out->value == '"') {
		/* No quote stands within: log_quote() wrote it. */
		out->value++;
		out->value_len = strcspn(out->value, "\"");
		end = out->value + out->value_len;
		*at = *end ? end + 1 : end;
		return true;
	}
	out->value_len = strcspn(out->value, " ");
	*at = out->value + out->value_len;
	if (out->value_len == 1 && *out->value == '-')
		out->value_len = 0;
	return true;
}

static bool field(const struct story_entry *entry, const char *key,
		  struct story_field *out)
{
	const char *at = entry->text;

	while (story_next(&at, out))
		if (out->key_len == strlen(key) &&
		    !memcmp(out->key, key, out->key_len))
			return out->value_len > 0;
	return false;
}

bool story_value(const struct story_entry *entry, const char *key, char *out,
		 size_t size)
{
	struct story_field found;

	*out = '\0';
	if (!field(entry, key, &found))
		return false;
	snprintf(out, size, "%.*s", (int)found.value_len, found.value);
	return true;
}

bool story_is(const struct story_entry *entry, const char *key,
	      const char *value)
{
	struct story_field found;

	return field(entry, key, &found) && found.value_len == strlen(value) &&
	       !memcmp(found.value, value, found.value_len);
}

long long story_number(const struct story_entry *entry, const char *key)
{
	struct story_field found;

	return field(entry, key, &found) ? strtoll(found.value, NULL, 10) : 0;
}
