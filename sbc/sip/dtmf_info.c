/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A key press in the body of an INFO. */
#include "config.h"

#include "sbc/sip/dtmf_info.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool dtmf_info_is(const char *content_type)
{
	static const char *const type[] = {DTMF_INFO_TYPE, "application/dtmf"};

	for (size_t i = 0; content_type && i < sizeof(type) / sizeof(*type);
	     i++) {
		size_t len = strlen(type[i]);

		if (!strncasecmp(content_type, type[i], len) &&
		    strchr("; \t", content_type[len]))
			return true;
	}
	return false;
}

static char dtmf_key(const char *text, size_t len)
{
	if (len == 2 && text[0] == '1')
		return text[1] == '0' ? '*' : text[1] == '1' ? '#' : '\0';
	if (len == 2 && !strncasecmp(text, "hf", 2))
		return '!';
	if (len != 1 || !text[0])
		return '\0';
	if (text[0] >= 'a' && text[0] <= 'd')
		return (char)(text[0] - 'a' + 'A');
	return strchr("0123456789*#ABCD!", text[0]) ? text[0] : '\0';
}

static size_t dtmf_trim(const char **text, size_t len)
{
	while (len && strchr(" \t\r\n", **text) && **text) {
		++*text;
		len--;
	}
	while (len && strchr(" \t\r\n", (*text)[len - 1]) && (*text)[len - 1])
		len--;
	return len;
}

static unsigned dtmf_number(const char *text, size_t len)
{
	unsigned number = 0;

	for (size_t i = 0; i < len && i < 6; i++) {
		if (text[i] < '0' || text[i] > '9')
			break;
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	return number;
}

/* One line: "Signal=5", "Duration = 160". False: a second key. */
static bool dtmf_line(const char *line, size_t len, char *digit,
		      unsigned *duration_ms)
{
	const char *equals = memchr(line, '=', len);
	const char *name = line, *value;
	size_t name_len, value_len;

	if (!equals)
		return true;
	value = equals + 1;
	name_len = dtmf_trim(&name, (size_t)(equals - line));
	value_len = dtmf_trim(&value, len - (size_t)(value - line));
	if (name_len == 6 && !strncasecmp(name, "Signal", 6)) {
		if (*digit)
			return false;
		*digit = dtmf_key(value, value_len);
		return *digit != '\0';
	}
	if (name_len == 8 && !strncasecmp(name, "Duration", 8))
		*duration_ms = dtmf_number(value, value_len);
	return true;
}

int dtmf_info_read(char *digit, unsigned *duration_ms, const char *body,
		   size_t len)
{
	len = dtmf_trim(&body, len);
	*duration_ms = DTMF_INFO_DURATION_MS;
	*digit = memchr(body, '=', len) ? '\0' : dtmf_key(body, len);
	for (size_t at = 0; !memchr(body, '\0', len) && at < len;) {
		const char *end = memchr(body + at, '\n', len - at);
		size_t line = end ? (size_t)(end - body) - at : len - at;

		if (!dtmf_line(body + at, line, digit, duration_ms))
			return -EINVAL;
		at += line + 1;
	}
	if (*duration_ms < DTMF_INFO_SHORTEST_MS)
		*duration_ms = DTMF_INFO_SHORTEST_MS;
	if (*duration_ms > DTMF_INFO_LONGEST_MS)
		*duration_ms = DTMF_INFO_LONGEST_MS;
	return *digit ? 0 : -EINVAL;
}

size_t dtmf_info_write(char *out, size_t size, char digit, unsigned duration_ms)
{
	int len;

	if (!digit || !strchr("0123456789*#ABCD!", digit))
		return 0;
	len = snprintf(out, size, "Signal=%s%c\r\nDuration=%u\r\n",
		       digit == '!' ? "h" : "", digit == '!' ? 'f' : digit,
		       duration_ms);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
