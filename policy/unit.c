/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values as people write them: durations, sizes, ranges, choices, text. */
#include "policy/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Larger values would not fit an unsigned count of ms or bytes. */
#define VALUE_MAX 2147483647u

struct unit {
	const char *name;
	uint64_t times;
};

static int parse(uint64_t *out, const char *text, const struct unit *unit)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t value = 0;

	if (digits == 0)
		return -EINVAL;
	while (unit->name && strcmp(unit->name, text + digits) != 0)
		unit++;
	if (!unit->name)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > VALUE_MAX)
			return -ERANGE;
	}
	value *= unit->times;
	if (value > VALUE_MAX)
		return -ERANGE;
	*out = value;
	return 0;
}

int unit_duration(uint64_t *ms, const char *text)
{
	static const struct unit units[] = {
		{"ms", 1},	{"s", 1000},	 {"", 1000}, {"m", 60000},
		{"h", 3600000}, {"d", 86400000}, {NULL, 0},
	};
	return parse(ms, text, units);
}

int unit_size(uint64_t *bytes, const char *text)
{
	static const struct unit units[] = {
		{"", 1},	{"k", 1024},	{"K", 1024},
		{"M", 1048576}, {"m", 1048576}, {NULL, 0},
	};
	return parse(bytes, text, units);
}

int unit_number(uint64_t *out, const char *text)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};
	return parse(out, text, units);
}

const char *unit_duration_text(char buf[24], uint64_t ms)
{
	static const struct unit units[] = {
		{"h", 3600000},
		{"m", 60000},
		{"s", 1000},
		{"ms", 1},
	};
	unsigned i = ms ? 0 : 2;

	while (ms % units[i].times)
		i++;
	snprintf(buf, 24, "%llu%s", (unsigned long long)(ms / units[i].times),
		 units[i].name);
	return buf;
}

const char *unit_size_text(char buf[24], uint64_t bytes)
{
	static const struct unit units[] = {
		{"M", 1048576},
		{"k", 1024},
		{"", 1},
	};
	unsigned i = bytes ? 0 : 2;

	while (bytes % units[i].times)
		i++;
	snprintf(buf, 24, "%llu%s",
		 (unsigned long long)(bytes / units[i].times), units[i].name);
	return buf;
}

bool unit_range(const char *range, char low[24], char high[24])
{
	const char *dash = strrchr(range, '-');

	if (!dash || dash - range >= 24 || strlen(dash + 1) >= 24)
		return false;
	memcpy(low, range, (size_t)(dash - range));
	low[dash - range] = '\0';
	strcpy(high, dash + 1);
	return true;
}

bool unit_choice(const char *range, unsigned n, char out[32])
{
	const char *begin = range;

	for (; n; n--) {
		begin = strstr(begin, " | ");
		if (!begin)
			return false;
		begin += 3;
	}
	const char *end = strstr(begin, " | ");
	size_t len = end ? (size_t)(end - begin) : strlen(begin);
	if (len >= 32)
		return false;
	memcpy(out, begin, len);
	out[len] = '\0';
	return true;
}

/* How long is the UTF-8 sequence at `p`? 0 if it is none (RFC 3629). */
static size_t sequence_len(const unsigned char *p)
{
	static const struct {
		unsigned char first, last, low, high;
		unsigned char len;
	} forms[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	if (p[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (p[1] < forms[i].low || p[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if (p[k] < 0x80 || p[k] > 0xbf)
				return 0;
		return forms[i].len;
	}
	return 0;
}

bool text_is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		size_t len = sequence_len(p);
		if (len == 0)
			return false;
		p += len;
	}
	return true;
}

bool text_has_control(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return true;
	return false;
}
