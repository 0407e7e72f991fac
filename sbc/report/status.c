/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One status line: bounded, its values fit for a log. */
#include "config.h"

#include "sbc/report/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/address.h"
#include "sbc/report/log.h"
#include "sbc/report/story.h"

#define CUT_TEXT " cut=yes"
#define ROOM	 (sizeof((struct status_line *)0)->text - sizeof CUT_TEXT)

static bool strict;
static void (*watch)(void *user, const char *line, size_t len);
static void *watch_user;

void status_strict(bool on)
{
	strict = on;
}

void status_watch(void (*seen)(void *user, const char *line, size_t len),
		  void *user)
{
	watch = seen;
	watch_user = user;
}

static void check_word(const struct status_word *table, unsigned count,
		       const char *name)
{
	if (!strict)
		return;
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return;
	fprintf(stderr, "status word \"%s\" is not in status_words.c\n", name);
	abort();
}

const char *status_time(char out[STATUS_TIME_MAX])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(out, STATUS_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, STATUS_TIME_MAX - n, ".%03uZ",
		 (unsigned)(now.tv_nsec / 1000000) % 1000);
	return out;
}

static bool plain(const char *value)
{
	if (!*value)
		return false;
	for (; *value; value++)
		if (*value <= ' ' || *value > '~' || *value == '"' ||
		    *value == '=' || *value == '\\')
			return false;
	return true;
}

/* A field is written whole or not at all. */
static void field(struct status_line *line, const char *key, const char *value)
{
	char text[STATUS_VALUE_MAX + 1];
	const char *quote = "";
	size_t n;

	if (line->cut)
		return;
	if (!value) {
		value = "-";
	} else if (!plain(value) || strlen(value) > STATUS_VALUE_MAX) {
		quote = plain(value) ? "" : "\"";
		value = log_quote(text, sizeof text, value, strlen(value));
	}
	n = strlen(key) + strlen(value) + 2 + 2 * strlen(quote);
	if (line->len + n > ROOM) {
		line->cut = true;
		return;
	}
	line->len += (size_t)sprintf(line->text + line->len, " %s=%s%s%s", key,
				     quote, value, quote);
}

void status_begin(struct status_line *line, const char *call, char leg,
		  const char *peer, const char *event)
{
	const char name[2] = {leg, '\0'};
	const struct status_word *table;
	unsigned count;

	table = status_events(&count);
	check_word(table, count, event);
	line->cut = false;
	status_time(line->text);
	line->len = strlen(line->text);
	field(line, "call", call);
	field(line, "leg", name);
	field(line, "peer", peer);
	field(line, "event", event);
}

void status_text(struct status_line *line, const char *key, const char *value)
{
	const struct status_word *table;
	unsigned count;

	table = status_fields(&count);
	check_word(table, count, key);
	field(line, key, value);
}

void status_number(struct status_line *line, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, value);
	status_text(line, key, text);
}

void status_address(struct status_line *line, const char *key,
		    const struct sockaddr *value)
{
	char text[ADDRESS_TEXT_MAX];

	if (!value || value->sa_family == AF_UNSPEC)
		status_text(line, key, NULL);
	else
		status_text(line, key, address_text(text, value));
}

void status_at(struct status_line *line, const char *key, struct policy_at at)
{
	char text[128];
	const char *file = at.file ? strrchr(at.file, '/') : NULL;

	file = file ? file + 1 : at.file;
	if (!file)
		status_text(line, key, NULL);
	else if (!at.line)
		status_text(line, key, file);
	else {
		snprintf(text, sizeof text, "%s:%u", file, at.line);
		status_text(line, key, text);
	}
}

void status_end(struct status_line *line)
{
	if (line->cut) {
		memcpy(line->text + line->len, CUT_TEXT, sizeof CUT_TEXT);
		line->len += sizeof CUT_TEXT - 1;
	}
	if (watch)
		watch(watch_user, line->text, line->len);
	story_tell(line->text, line->len);
	log_status(line->text, line->len);
}

double status_mos(const struct media_stats *stats)
{
	double expected = (double)stats->packets + (double)stats->lost;
	double jitter_ms = stats->jitter_us / 1000.0;
	double delay_ms = 20.0 + 2.0 * jitter_ms;
	double loss, r, mos;

	if (!stats->packets)
		return 0;
	loss = 100.0 * (double)stats->lost / expected;
	r = 93.2 - 0.024 * delay_ms - 95.0 * loss / (loss + 25.1);
	if (delay_ms > 177.3)
		r -= 0.11 * (delay_ms - 177.3);
	if (r <= 0)
		return 1;
	mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return mos < 1 ? 1 : mos;
}
