/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/offer: the input is a byte of options and two SDPs with a line
 * "---" between them. Whatever they are, what we write can be read again, has
 * their slots, holds only our addresses, and is the same when written twice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/sip/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OURS "203.0.113.7"

static struct offer_place place[BODY_MEDIA_MAX];

static void check_lines(const struct offer *o)
{
	for (const char *at = o->local; *at != '\0';) {
		size_t len = strcspn(at, "\r");

		if (strchr("vosctmab", at[0]) == NULL || at[1] != '=' ||
		    strncmp(at + len, "\r\n", 2) != 0)
			abort();
		for (size_t i = 0; i < len; i++) {
			if (at[i] < ' ' || at[i] > '~')
				abort();
		}
		if (at[0] == 'c' &&
		    strncmp(at, "c=IN IP4 " OURS "\r", len + 1) != 0 &&
		    strncmp(at, "c=IN IP4 0.0.0.0\r", len + 1) != 0)
			abort();
		at += len + 2;
	}
}

/* Is o->local a fit thing to say of `shape`'s slots? An offer also keeps those
 * that our last body had, refused. */
static void check(const struct offer *o, const struct body *shape, bool answer)
{
	static struct body again;

	if (o->local_len != strlen(o->local) || o->local_len > BODY_BYTES_MAX)
		abort();
	check_lines(o);
	if (body_parse(&again, o->local, o->local_len, NULL) != 0 ||
	    again.medias < shape->medias ||
	    (answer && again.medias > shape->medias))
		abort();
	for (unsigned i = 0; i < again.medias; i++) {
		if (again.media[i].port != 0 &&
		    again.media[i].port != 20000 + 2 * i)
			abort();
		if (again.media[i].formats == 0)
			abort();
		if (i >= shape->medias) {
			if (again.media[i].port != 0)
				abort();
			continue;
		}
		if (shape->media[i].port == 0 && again.media[i].port != 0)
			abort();
		if (!body_span_equal(again.media[i].kind_text,
				     shape->media[i].kind_text))
			abort();
	}
}

static void check_error(int error)
{
	if (error != -ENOTSUP && error != -EMSGSIZE && error != -ENOMEM)
		abort();
}

/* The far end refuses b after a: a is ours again, as it was, and b said again
 * is the same text; after it was taken in vain comes a under the next version.
 */
static void refuse(struct offer *o, const struct body *b,
		   const struct offer_rules *rules)
{
	char *kept = NULL, *was = strdup(o->local), *refused;
	uint64_t version = o->version;

	if (was == NULL || offer_save(o, &kept) != 0)
		abort();
	if (offer_write_offer(o, b, rules, place) != 0) {
		offer_forget(&kept);
		free(was);
		return;
	}
	refused = strdup(o->local);
	offer_restore(o, &kept);
	if (strcmp(o->local, was) != 0 || o->version != version)
		abort();
	if (refused == NULL || offer_save(o, &kept) != 0 ||
	    offer_write_offer(o, b, rules, place) != 0 ||
	    strcmp(o->local, refused) != 0)
		abort();
	version = o->version;
	offer_restore(o, &kept);
	if (offer_renew(o) != 0 ||
	    o->version != version + (strcmp(was, refused) != 0))
		abort();
	free(was);
	free(refused);
}

static void write_all(const struct body *a, const struct body *b,
		      const struct offer_rules *rules)
{
	struct offer o;
	uint8_t map[128];
	struct offer_change change;
	int error;

	offer_init(&o, 1);
	error = offer_write_offer(&o, a, rules, place);
	if (error == 0) {
		check(&o, a, false);
		if (offer_write_offer(&o, a, rules, place) != 0 ||
		    o.version != 1)
			abort();
		refuse(&o, b, rules);
	} else {
		check_error(error);
	}
	error = offer_write_answer(&o, a, b, rules, place);
	if (error == 0) {
		check(&o, a, true);
		if (strstr(o.local, "0.0.0.0") != NULL)
			abort();
	} else {
		check_error(error);
	}
	error = offer_write_own(&o, b, rules, place, BODY_MEDIA_MAX);
	if (error == 0)
		check(&o, b, false);
	else
		check_error(error);
	offer_payload_map(map, a, b, 0);
	for (int i = 0; i < 128; i++) {
		if (map[i] > 127 && map[i] != 255)
			abort();
	}
	offer_agreed(a, 0);
	offer_encryption(a, 0);
	offer_compare(&change, a, b);
	offer_clear(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const codecs[] = {"PCMA", "telephone-event", "opus",
					     "red", "H264"};
	static struct body a, b;
	struct offer_rules rules = {0};
	char *text;
	const char *mark;
	size_t first;

	if (size < 1)
		return 0;
	rules.hold = data[0] & 3;
	if (data[0] & 4) {
		rules.codecs = codecs;
		rules.codecs_count = sizeof codecs / sizeof *codecs;
	}
	for (unsigned i = 0; i < BODY_MEDIA_MAX; i++) {
		address_parse(&place[i].at, OURS, (uint16_t)(20000 + 2 * i));
		place[i].direction = data[0] >> 3 & 3;
	}
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, --size);
	mark = memmem(text, size, "---\n", 4);
	first = mark != NULL ? (size_t)(mark - text) : size;
	if (body_parse(&a, text, first, NULL) == 0) {
		if (mark == NULL ||
		    body_parse(&b, mark + 4, size - first - 4, NULL) != 0)
			write_all(&a, &a, &rules);
		else
			write_all(&a, &b, &rules);
	}
	free(text);
	return 0;
}
