/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A piece of a text that somebody else keeps. */
#ifndef SBC_SIP_BODY_SPAN_H
#define SBC_SIP_BODY_SPAN_H

#include <stdbool.h>
#include <stdint.h>

/* Packed to 10 bytes: it keeps struct body under 32 kB. */
struct body_span {
	const char *text; /* not NUL-terminated; NULL if len is 0 */
	uint16_t len;
} __attribute__((packed, aligned(2)));
bool body_span_is(struct body_span span, const char *text);   /* any case */
bool body_span_equal(struct body_span a, struct body_span b); /* any case */

static inline bool body_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* From `from` up to `end`; empty where that is not behind it. */
struct body_span body_span_of(const char *from, const char *end);
/* Without the blanks around it. */
struct body_span body_span_trim(struct body_span span);
/* Take the next word of `*rest`; empty when there is none. */
struct body_span body_span_word(struct body_span *rest);
/* Take what stands before `mark`, and the mark; or everything. */
struct body_span body_span_until(struct body_span *rest, char mark);
/* A decimal number up to `max`; false if it is none or larger. */
bool body_span_number(struct body_span span, uint32_t max, uint32_t *out);
/* RFC 4566 section 9 "token" without "." (no address fits, and it is echoed in
 * our answers), and "/" for protocols; 32 bytes at most. */
bool body_span_token(struct body_span span, bool slash);

#endif
