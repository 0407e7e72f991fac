/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A leg, and bodies to write its own from. */
#define _GNU_SOURCE
#include "tests/offer.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy/address.h"
#include "tests/vectors/vectors.h"

struct offer leg;
struct body source, other;
char source_text[16384], other_text[16384];

struct offer_place *places(const char *host, enum body_direction direction)
{
	static struct offer_place place[BODY_MEDIA_MAX];

	for (unsigned i = 0; i < BODY_MEDIA_MAX; i++) {
		ck_assert_int_eq(address_parse(&place[i].at, host,
					       (uint16_t)(20000 + 2 * i)),
				 0);
		place[i].direction = direction;
	}
	return place;
}

void load(struct body *body, char text[16384], const char *name)
{
	size_t len = vectors_load(text, name);

	ck_assert_int_eq(body_parse(body, text, len, NULL), 0);
}

void parse(struct body *body, const char *text)
{
	ck_assert_int_eq(body_parse(body, text, strlen(text), NULL), 0);
}

struct offer_rules names(const char *const *list, unsigned count)
{
	struct offer_rules rules = {.codecs = list, .codecs_count = count};

	return rules;
}

struct offer_rules rules_of(const char *text)
{
	static char copy[256];
	static const char *list[16];
	unsigned count = 0;
	char *save = NULL;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *name = strtok_r(copy, ",", &save); name != NULL;
	     name = strtok_r(NULL, ",", &save))
		list[count++] = name;
	return names(list, count);
}

const char *line_of(const char *start, unsigned slot)
{
	static char line[2048];
	const char *at = leg.local;
	int media = -1;

	ck_assert_ptr_nonnull(leg.local);
	while (*at != '\0') {
		size_t len = strcspn(at, "\r\n");

		media += strncmp(at, "m=", 2) == 0;
		if (media == (int)slot &&
		    strncmp(at, start, strlen(start)) == 0) {
			snprintf(line, sizeof line, "%.*s", (int)len, at);
			return line;
		}
		at += len;
		at += strspn(at, "\r\n");
	}
	return "";
}

void offer_setup(void)
{
	offer_init(&leg, 4242);
}

void offer_teardown(void)
{
	offer_clear(&leg);
}
