/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Short texts of every call, written without printf, which would be a thirtieth
 * of a call's work.
 */
#ifndef SBC_TEXT_H
#define SBC_TEXT_H

#include <stdint.h>
#include <string.h>

/* As much of text[len] as has room, always ended with 0. */
static inline void text_copy_len(char *out, size_t size, const char *text,
				 size_t len)
{
	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(out, text, len);
	out[len] = '\0';
}

static inline void text_copy(char *out, size_t size, const char *text)
{
	text_copy_len(out, size, text, strlen(text));
}

/* Eight hexadecimal digits, ended with 0. */
static inline void text_hex(char out[9], uint32_t word)
{
	for (int i = 7; i >= 0; i--, word >>= 4)
		out[i] = "0123456789abcdef"[word & 15];
	out[8] = '\0';
}

#endif
