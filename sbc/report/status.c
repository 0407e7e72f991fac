/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One status line: bounded, its values fit for a log. */
#include "config.h"

#include "sbc/report/status.h"

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

/* `width` decimal digits, and what follows them. Every line of every call
 * comes through here: printf would be a tenth of a call's work. */
static char *digits(char *out, unsigned value, unsigned width, char then)
{
	for (unsigned i = width; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
	out[width] = then;
	return out + width + 1;
}

const char *status_time(char out[STATUS_TIME_MAX])
{
	struct timespec now;
	struct tm tm;
	char *at = out;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	at = digits(at, (unsigned)tm.tm_year + 1900, 4, '-');
	at = digits(at, (unsigned)tm.tm_mon + 1, 2, '-');
	at = digits(at, (unsigned)tm.tm_mday, 2, 'T');
	at = digits(at, (unsigned)tm.tm_hour, 2, ':');
	at = digits(at, (unsigned)tm.tm_min, 2, ':');
	at = digits(at, (unsigned)tm.tm_sec, 2, '.');
	at = digits(at, (unsigned)(now.tv_nsec / 1000000), 3, 'Z');
	*at = '\0';
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

static char *append(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

/* A field is written whole or not at all. */
static void field(struct status_line *line, const char *key, const char *value)
{
	char text[STATUS_VALUE_MAX + 1];
	const char *quote = "";
	size_t key_len = strlen(key), quote_len, len;
	char *at;

	if (line->cut)
		return;
	if (!value)
		value = "-";
	len = strlen(value);
	if (!plain(value) || len > STATUS_VALUE_MAX) {
		quote = plain(value) ? "" : "\"";
		value = log_quote(text, sizeof text, value, len);
		len = strlen(value);
	}
	quote_len = strlen(quote);
	if (line->len + key_len + len + 2 + 2 * quote_len > ROOM) {
		line->cut = true;
		return;
	}
	at = line->text + line->len;
	*at++ = ' ';
	at = append(at, key, key_len);
	*at++ = '=';
	at = append(at, quote, quote_len);
	at = append(at, value, len);
	at = append(at, quote, quote_len);
	*at = '\0';
	line->len = (size_t)(at - line->text);
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
	if (strict && !strcmp(key, "cause")) {
		table = status_causes(&count);
		check_word(table, count, value ? value : "(none)");
	}
	field(line, key, value);
}

void status_number(struct status_line *line, const char *key, int64_t value)
{
	char text[24], *at = text + sizeof text - 1;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	*at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		*--at = '-';
	status_text(line, key, at);
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
