/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/diet: the input is an SDP that somebody offered. Our offer
 * written from it is shortened step by step to nothing more: each step makes
 * it shorter and leaves an SDP with the same m= lines in the same order, of
 * which every live one has a format. The input itself is shortened too: that
 * only has to end.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/sip/diet.h"
#include "sbc/sip/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const struct body *before)
{
	static struct body after;

	if (body_parse(&after, text, strlen(text), NULL) != 0 ||
	    after.medias != before->medias)
		abort();
	for (unsigned i = 0; i < after.medias; i++)
		if (after.media[i].port != before->media[i].port ||
		    after.media[i].kind != before->media[i].kind ||
		    after.media[i].formats == 0)
			abort();
}

static void starve(char *text, const struct body *shape)
{
	char name[24];
	size_t len = strlen(text);

	while (diet_body(text, name) != NULL) {
		if (strlen(text) >= len)
			abort();
		len = strlen(text);
		if (shape != NULL)
			check(text, shape);
	}
}

static void fit(char *text, size_t limit)
{
	struct diet diet = {.limit = (unsigned)limit};
	size_t len = strlen(text);

	diet_fit(&diet, 400, 300, text);
	if (diet.was != 400 + len || diet.is > diet.was ||
	    diet.left_out[sizeof diet.left_out - 1] != '\0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct body theirs, ours;
	static char text[BODY_BYTES_MAX + 1];
	struct offer_place place[BODY_MEDIA_MAX];
	struct offer o;

	if (size > BODY_BYTES_MAX)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	starve(text, NULL);
	if (body_parse(&theirs, (const char *)data, size, NULL) != 0)
		return 0;
	for (unsigned i = 0; i < BODY_MEDIA_MAX; i++) {
		place[i].direction = BODY_SENDRECV;
		address_parse(&place[i].at, "203.0.113.7",
			      (uint16_t)(20000 + 2 * i));
	}
	offer_init(&o, 1);
	if (offer_write_offer(&o, &theirs, NULL, place) == 0 &&
	    body_parse(&ours, o.local, o.local_len, NULL) == 0) {
		strcpy(text, o.local);
		fit(text, size);
		strcpy(text, o.local);
		starve(text, &ours);
	}
	offer_clear(&o);
	return 0;
}
