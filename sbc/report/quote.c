/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Network text made fit for a log line. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "sbc/report/log.h"

/* Length of the well-formed UTF-8 sequence at text (RFC 3629), 0 if broken. */
static size_t sequence(uint32_t *point, const unsigned char *text, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char c = text[0];
	size_t need = c < 0x80		   ? 1
		      : (c & 0xe0) == 0xc0 ? 2
		      : (c & 0xf0) == 0xe0 ? 3
		      : (c & 0xf8) == 0xf0 ? 4
					   : 0;

	if (!need || need > len)
		return 0;
	*point = need == 1 ? c : c & (0x7fU >> need);
	for (size_t i = 1; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (text[i] & 0x3f);
	}
	if (*point < least[need] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return need;
}

/* May stand in a line as it is? Not what moves a terminal's cursor, ends a
 * line or turns the reading direction, so that no line can pose as another. */
static bool harmless(uint32_t point, const char *also)
{
	if (point < 0x20 || (point >= 0x7f && point < 0xa0))
		return false;
	if (point && point < 0x80 && strchr(also, (int)point))
		return false;
	if (point >= 0x2028 && point <= 0x202e)
		return false;
	if (point >= 0x2066 && point <= 0x2069)
		return false;
	return point != 0xfeff && point != 0x200e && point != 0x200f;
}

static const char *fit(char *out, size_t size, const char *text, size_t len,
		       const char *also)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t used = 0;

	if (!size)
		return out;
	while (len) {
		uint32_t point = 0;
		size_t n = sequence(&point, in, len);

		if (n && harmless(point, also)) {
			if (used + n >= size)
				break;
			memcpy(out + used, in, n);
			used += n;
		} else {
			if (!n)
				n = 1;
			if (used + 4 * n >= size)
				break;
			for (size_t i = 0; i < n; i++)
				used += (size_t)sprintf(out + used, "\\x%02x",
							in[i]);
		}
		in += n;
		len -= n;
	}
	out[used] = '\0';
	return out;
}

const char *log_quote(char *out, size_t size, const char *text, size_t len)
{
	return fit(out, size, text, len, "\"\\");
}

const char *log_visible(char *out, size_t size, const char *text, size_t len)
{
	return fit(out, size, text, len, "");
}
