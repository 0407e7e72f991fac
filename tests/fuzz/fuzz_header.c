/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/header_name: the input is a list of name-addrs. Each step goes
 * forward, and what is read is clean and can be written.
 */
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#include "sbc/sip/header_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct header_name *one)
{
	char escaped[3 * 128];

	if (strlen(one->user) >= sizeof one->user ||
	    strlen(one->display) >= sizeof one->display)
		abort();
	for (const char *c = one->user; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || strchr("\"<>@\\;:,%", *c) != NULL)
			abort();
	}
	for (const char *c = one->display; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
	}
	header_user_escape(escaped, sizeof escaped, one->user);
	if (strpbrk(escaped, " \"<>@\\;:,?#") != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *at = text;
	struct header_name one;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (at != NULL && *at != '\0') {
		const char *next = header_name_read(&one, at);

		if (next != NULL) {
			if (next <= at || next > text + strlen(text))
				abort();
			check(&one);
		}
		at = next;
	}
	free(text);
	return 0;
}
