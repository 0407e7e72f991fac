/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/body: the input is an SDP; or, if it begins with "T", a
 * Content-Type up to the first line break and a message body after it.
 */
#include <stdlib.h>
#include <string.h>

#include "sbc/sip/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct body_span span, const char *text, size_t len)
{
	if (span.len == 0)
		return;
	if (span.text < text || span.text + span.len > text + len)
		abort();
}

/* Counts agree with each other, and spans lie in the text. */
static void check(const struct body *body, const char *text, size_t len)
{
	unsigned formats = 0, attributes = body->session_attributes;

	if (body->medias == 0 || body->medias > BODY_MEDIA_MAX)
		abort();
	inside(body->origin_host, text, len);
	for (unsigned i = 0; i < body->medias; i++) {
		const struct body_media *media = &body->media[i];

		if (media->first_format != formats ||
		    media->first_attribute != attributes ||
		    media->formats > BODY_FORMATS_MAX)
			abort();
		formats += media->formats;
		attributes += media->attributes;
		inside(media->proto, text, len);
	}
	if (formats != body->formats || attributes != body->attributes ||
	    attributes > BODY_ATTRIBUTES_MAX)
		abort();
	for (unsigned i = 0; i < formats; i++) {
		inside(body->format[i].id, text, len);
		inside(body->format[i].fmtp, text, len);
		if (body->format[i].payload_type < -1 ||
		    body->format[i].payload_type > 127)
			abort();
	}
	for (unsigned i = 0; i < attributes; i++) {
		inside(body->attribute[i].name, text, len);
		inside(body->attribute[i].value, text, len);
	}
}

static void find(const char *text, size_t len)
{
	const char *eol = memchr(text, '\n', len);
	struct body_span out;
	char *type;

	if (eol == NULL)
		return;
	type = calloc(1, (size_t)(eol - text) + 1);
	if (type == NULL)
		return;
	memcpy(type, text, (size_t)(eol - text));
	len -= (size_t)(eol + 1 - text);
	if (body_find_sdp(&out, type, eol + 1, len) == 0)
		inside(out, eol + 1, len);
	free(type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct body body;
	char *text = malloc(size + 1);
	const char *why;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	if (size > 0 && data[0] == 'T')
		find(text + 1, size - 1);
	else if (body_parse(&body, text, size, &why) == 0)
		check(&body, text, size);
	else if (why == NULL)
		abort();
	free(text);
	return 0;
}
