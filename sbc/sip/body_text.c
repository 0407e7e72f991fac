/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Take the SDP out of a message body; write text within bounds. */
#include "sbc/sip/body.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PARTS_MAX    8
#define BOUNDARY_MAX 70 /* RFC 2046 section 5.1.1 */

/* Is `text` the media type `type`, with or without parameters? */
static bool is_type(const char *text, size_t len, const char *type)
{
	size_t n = strlen(type);

	return len >= n && strncasecmp(text, type, n) == 0 &&
	       (len == n || strchr("; \t\r", text[n]) != NULL);
}

static int found(struct body_span *out, const char *text, size_t len)
{
	if (len > BODY_BYTES_MAX)
		return -EMSGSIZE;
	out->text = text;
	out->len = (uint16_t)len;
	return 0;
}

/* The boundary parameter of a multipart Content-Type; its length, 0: none. */
static size_t read_boundary(char out[BOUNDARY_MAX + 1], const char *type)
{
	const char *at = type;
	size_t len;

	while ((at = strchr(at, ';')) != NULL) {
		at++;
		at += strspn(at, " \t\r\n");
		if (strncasecmp(at, "boundary", 8) != 0)
			continue;
		at += 8;
		at += strspn(at, " \t");
		if (*at != '=')
			continue;
		at++;
		at += strspn(at, " \t");
		if (*at == '"')
			len = strcspn(++at, "\"");
		else
			len = strcspn(at, "; \t\r\n");
		if (len == 0 || len > BOUNDARY_MAX)
			return 0;
		memcpy(out, at, len);
		out[len] = '\0';
		return len;
	}
	return 0;
}

/* One part: its headers, an empty line, its text. */
struct part {
	const char *text;
	size_t len;
	bool wanted; /* an SDP whose transfer encoding is none */
};

static void read_part_header(const char *at, size_t len, bool *sdp, bool *plain)
{
	static const char type[] = "content-type:";
	static const char coding[] = "content-transfer-encoding:";
	const char *value;
	size_t n = 0;

	if (len > sizeof type && strncasecmp(at, type, sizeof type - 1) == 0)
		n = sizeof type - 1;
	else if (len > sizeof coding &&
		 strncasecmp(at, coding, sizeof coding - 1) == 0)
		n = sizeof coding - 1;
	else if (len > 2 && strncasecmp(at, "c:", 2) == 0)
		n = 2;
	else
		return;
	value = at + n;
	len -= n;
	while (len > 0 && (*value == ' ' || *value == '\t')) {
		value++;
		len--;
	}
	if (n == sizeof coding - 1)
		*plain = is_type(value, len, "binary") ||
			 is_type(value, len, "8bit") ||
			 is_type(value, len, "7bit");
	else
		*sdp = is_type(value, len, "application/sdp");
}

static void read_part(struct part *out, const char *at, const char *end)
{
	bool sdp = false, plain = true;

	out->wanted = false;
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len;

		if (eol == NULL)
			return;
		len = (size_t)(eol - at);
		if (len > 0 && at[len - 1] == '\r')
			len--;
		if (len == 0) {
			out->text = eol + 1;
			out->len = (size_t)(end - out->text);
			out->wanted = sdp && plain;
			return;
		}
		read_part_header(at, len, &sdp, &plain);
		at = eol + 1;
	}
}

/* The line break before a boundary belongs to the boundary. */
static const char *before_break(const char *from, const char *at)
{
	if (at > from && at[-1] == '\n')
		at--;
	if (at > from && at[-1] == '\r')
		at--;
	return at;
}

/* Only a whole boundary counts: "--ab" does not end a part of "--a". */
static bool is_boundary(const char *at, size_t left, const char *boundary,
			size_t blen)
{
	if (left < blen + 2 || at[0] != '-' || at[1] != '-' ||
	    memcmp(at + 2, boundary, blen) != 0)
		return false;
	return left == blen + 2 || memchr("- \t\r\n", at[blen + 2], 5) != NULL;
}

static int find_part(struct body_span *out, const char *boundary, size_t blen,
		     const char *text, size_t len)
{
	const char *at = text, *end = text + len, *from = NULL;
	unsigned parts = 0;
	struct part part;

	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		const char *next = eol != NULL ? eol + 1 : end;
		size_t left = (size_t)(end - at);

		if (is_boundary(at, left, boundary, blen)) {
			bool last = left >= blen + 4 && at[blen + 2] == '-' &&
				    at[blen + 3] == '-';

			if (from != NULL) {
				read_part(&part, from, before_break(from, at));
				if (part.wanted)
					return found(out, part.text, part.len);
			}
			if (last)
				return -ENOENT;
			if (++parts > PARTS_MAX)
				return -EPROTO;
			from = next;
		}
		at = next;
	}
	return -EPROTO; /* no closing boundary */
}

int body_find_sdp(struct body_span *out, const char *content_type,
		  const char *text, size_t len)
{
	char boundary[BOUNDARY_MAX + 1];
	size_t blen, tlen;

	if (text == NULL || len == 0)
		return -ENOENT;
	if (content_type == NULL)
		return len >= 3 && memcmp(text, "v=0", 3) == 0
			       ? found(out, text, len)
			       : -ENOENT;
	content_type += strspn(content_type, " \t\r\n");
	tlen = strlen(content_type);
	if (is_type(content_type, tlen, "application/sdp"))
		return found(out, text, len);
	if (!is_type(content_type, tlen, "multipart/mixed") &&
	    !is_type(content_type, tlen, "multipart/alternative") &&
	    !is_type(content_type, tlen, "multipart/related"))
		return -ENOENT;
	blen = read_boundary(boundary, content_type);
	if (blen == 0)
		return -EPROTO;
	return find_part(out, boundary, blen, text, len);
}

static void append(struct body_writer *w, const char *text, size_t len)
{
	if (w->overflow || len > BODY_BYTES_MAX - w->len) {
		w->overflow = true;
		return;
	}
	memcpy(w->text + w->len, text, len);
	w->len += len;
	w->text[w->len] = '\0';
}

void body_write_text(struct body_writer *w, const char *text)
{
	append(w, text, strlen(text));
}

void body_write_span(struct body_writer *w, struct body_span span)
{
	if (span.len > 0)
		append(w, span.text, span.len);
}

void body_write_number(struct body_writer *w, uint64_t number)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	append(w, digits + at, sizeof digits - at);
}

void body_write(struct body_writer *w, const char *format, ...)
{
	size_t room = BODY_BYTES_MAX + 1 - w->len;
	va_list list;
	int n;

	if (w->overflow)
		return;
	va_start(list, format);
	n = vsnprintf(w->text + w->len, room, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= room) {
		w->overflow = true;
		w->text[w->len] = '\0';
		return;
	}
	w->len += (size_t)n;
}
