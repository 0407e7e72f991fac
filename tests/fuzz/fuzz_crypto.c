/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/crypto and the bodies of a leg whose SRTP ends here: the input
 * is a byte of options and a far end's SDP, or the value of one a=crypto.
 * What is read is written and read again as the same; no body of ours holds a
 * key of theirs, and written twice it is the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/address.h"
#include "sbc/sip/crypto.h"
#include "sbc/sip/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text, size_t len)
{
	struct body_span value = {len ? text : NULL, (uint16_t)len};
	struct crypto_line line, again;
	static struct body_writer w;

	if (len > BODY_BYTES_MAX || crypto_parse(&line, value) != 0)
		return;
	w.len = 0;
	w.overflow = false;
	crypto_write(&w, &line);
	value = (struct body_span){w.text + 9, (uint16_t)(w.len - 11)};
	if (crypto_parse(&again, value) != 0 ||
	    memcmp(&line, &again, sizeof line) != 0)
		abort();
}

static struct offer_place place[BODY_MEDIA_MAX];

/* Keys of ours are of the kernel's random bytes, never those of `theirs`. */
static void check_keys(const struct offer *o, const struct body *theirs)
{
	static struct body ours;
	struct media_crypto agreed;

	if (body_parse(&ours, o->local, o->local_len, NULL) != 0)
		abort();
	for (unsigned i = 0; i < ours.medias; i++) {
		if (!crypto_agree(&agreed, &ours, theirs, i))
			continue;
		if (agreed.send.suite != agreed.receive.suite ||
		    memcmp(agreed.send.key, agreed.receive.key,
			   media_key_len(agreed.send.suite)) == 0)
			abort();
	}
}

static void check_body(const struct offer_rules *rules, const char *text,
		       size_t len)
{
	static struct body theirs;
	struct offer o;
	char *first;

	if (body_parse(&theirs, text, len, NULL) != 0)
		return;
	offer_init(&o, 1);
	for (unsigned answer = 0; answer < 2; answer++) {
		int error =
			answer ? offer_write_answer(&o, &theirs, &theirs, rules,
						    place)
			       : offer_write_offer(&o, &theirs, rules, place);

		if (error != 0)
			continue;
		check_keys(&o, &theirs);
		first = strdup(o.local);
		if (answer)
			offer_write_answer(&o, &theirs, &theirs, rules, place);
		else
			offer_write_offer(&o, &theirs, rules, place);
		if (first == NULL || strcmp(first, o.local) != 0)
			abort();
		free(first);
	}
	offer_clear(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct offer_secure secure;
	static const struct offer_rules rules = {.secure = &secure};
	char *text;

	if (size < 1 || size > BODY_BYTES_MAX)
		return 0;
	secure = (struct offer_secure){.how = (enum offer_how)(data[0] % 3),
				       .mki = data[0] & 4,
				       .lifetime = data[0] & 8 ? 4096 : 0};
	for (int i = 1; i < MEDIA_CRYPTO_SUITES; i++)
		if (data[0] & 16 || i < 3)
			secure.suite[secure.suites++] =
				(enum media_crypto_suite)i;
	for (unsigned i = 0; i < BODY_MEDIA_MAX; i++) {
		address_parse(&place[i].at, "203.0.113.7",
			      (uint16_t)(20000 + 2 * i));
		place[i].direction = BODY_SENDRECV;
	}
	text = malloc(size); /* so that no byte behind it is read */
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	check_line(text, size - 1);
	check_body(&rules, text, size - 1);
	free(text);
	return 0;
}
