/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words, numbers and tokens, taken from the front of a span. */
#include "sbc/sip/body_span.h"

#include <string.h>
#include <strings.h>

bool body_span_is(struct body_span span, const char *text)
{
	return strlen(text) == span.len &&
	       (span.len == 0 || strncasecmp(span.text, text, span.len) == 0);
}

bool body_span_equal(struct body_span a, struct body_span b)
{
	return a.len == b.len &&
	       (a.len == 0 || strncasecmp(a.text, b.text, a.len) == 0);
}

struct body_span body_span_of(const char *from, const char *end)
{
	struct body_span span = {NULL, 0};

	if (end > from) {
		span.text = from;
		span.len = (uint16_t)(end - from);
	}
	return span;
}

struct body_span body_span_word(struct body_span *rest)
{
	const char *at = rest->text, *end, *from;

	if (rest->len == 0)
		return (struct body_span){NULL, 0};
	end = at + rest->len;
	while (at < end && body_blank(*at))
		at++;
	from = at;
	while (at < end && !body_blank(*at))
		at++;
	*rest = body_span_of(at, end);
	return body_span_of(from, at);
}

struct body_span body_span_until(struct body_span *rest, char mark)
{
	struct body_span all = *rest;
	const char *at = all.len > 0 ? memchr(all.text, mark, all.len) : NULL;

	if (at == NULL) {
		*rest = (struct body_span){NULL, 0};
		return all;
	}
	*rest = body_span_of(at + 1, all.text + all.len);
	return body_span_of(all.text, at);
}

struct body_span body_span_trim(struct body_span span)
{
	while (span.len > 0 && body_blank(span.text[0])) {
		span.text++;
		span.len--;
	}
	while (span.len > 0 && body_blank(span.text[span.len - 1]))
		span.len--;
	return span;
}

bool body_span_number(struct body_span span, uint32_t max, uint32_t *out)
{
	uint64_t number = 0;

	if (span.len == 0 || span.len > 10)
		return false;
	for (size_t i = 0; i < span.len; i++) {
		if (span.text[i] < '0' || span.text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(span.text[i] - '0');
	}
	if (number > max)
		return false;
	*out = (uint32_t)number;
	return true;
}

bool body_span_token(struct body_span span, bool slash)
{
	for (size_t i = 0; i < span.len; i++) {
		unsigned char c = (unsigned char)span.text[i];

		if (c <= ' ' || c >= 0x7f)
			return false;
		if (strchr("\"(),.:;<=>?@[\\]", c) != NULL)
			return false;
		if (c == '/' && !slash)
			return false;
	}
	return span.len > 0 && span.len <= 32;
}
