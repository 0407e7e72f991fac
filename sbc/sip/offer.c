/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was said on one leg, and what a new body changes in it. */
#include "sbc/sip/offer_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/address.h"

/* Codecs we can offer by ourselves: names and usual payload types. */
static const struct {
	const char *name, *encoding, *fmtp;
	int payload_type;
	uint32_t clock;
	unsigned channels;
} usual[] = {
	{"PCMA", "PCMA", NULL, 8, 8000, 1},
	{"PCMU", "PCMU", NULL, 0, 8000, 1},
	{"G722", "G722", NULL, 9, 8000, 1},
	{"G729", "G729", NULL, 18, 8000, 1},
	{"GSM", "GSM", NULL, 3, 8000, 1},
	{"G723", "G723", NULL, 4, 8000, 1},
	{"G728", "G728", NULL, 15, 8000, 1},
	{"opus", "opus", "useinbandfec=1", 107, 48000, 2},
	{"iLBC", "iLBC", "mode=30", 97, 8000, 1},
	{"AMR", "AMR", "octet-align=1", 98, 8000, 1},
	{"AMR-WB", "AMR-WB", "octet-align=1", 99, 16000, 1},
	{"speex", "speex", NULL, 100, 8000, 1},
	{"CN", "CN", NULL, 13, 8000, 1},
	{"telephone-event", "telephone-event", "0-15", 101, 8000, 1},
};

static const char *const preset[] = {"PCMA", "PCMU", "G722", "telephone-event"};

void offer_init(struct offer *o, uint64_t session_id)
{
	memset(o, 0, sizeof *o);
	/* 62 bits: some ends read it as a signed number */
	o->session_id = session_id & (UINT64_MAX >> 2);
	o->version = o->told = 1;
}

void offer_clear(struct offer *o)
{
	crypto_wipe(o->local, o->local_len);
	crypto_wipe(o->remote, o->remote_len);
	free(o->local);
	free(o->remote);
	offer_forget(&o->refused);
	memset(o, 0, sizeof *o);
}

void offer_end(struct offer *o)
{
	if (o->ended)
		return;
	o->ended = true;
	/* What stands in our bodies were another end's keys. */
	o->rekey = o->local != NULL;
	offer_forget(&o->refused);
}

int offer_remember(struct offer *o, const char *text, size_t len)
{
	char *remote;

	if (offer_is_same(o, text, len))
		return 0;
	remote = malloc(len + 1);
	if (remote == NULL)
		return -ENOMEM;
	memcpy(remote, text, len);
	remote[len] = '\0';
	crypto_wipe(o->remote, o->remote_len);
	free(o->remote);
	o->remote = remote;
	o->remote_len = len;
	return 0;
}

int offer_save(const struct offer *o, char **kept)
{
	offer_forget(kept);
	if (o->local == NULL)
		return -EINVAL;
	*kept = malloc(o->local_len + 1);
	if (*kept == NULL)
		return -ENOMEM;
	memcpy(*kept, o->local, o->local_len + 1);
	return 0;
}

static void put_back(struct offer *o, char **kept)
{
	o->local = *kept;
	o->local_len = strlen(*kept);
	o->version = offer_version(o->local);
	o->rekeyed = false;
	*kept = NULL;
}

void offer_restore(struct offer *o, char **kept)
{
	if (*kept == NULL)
		return;
	if (strcmp(*kept, o->local) == 0) {
		offer_forget(&o->local);
		put_back(o, kept);
		return;
	}
	offer_forget(&o->refused);
	o->refused = o->local;
	o->rekey |= o->rekeyed;
	put_back(o, kept);
}

void offer_unsaid(struct offer *o, char **kept)
{
	if (*kept == NULL)
		return;
	if (o->told == o->version && o->told > offer_version(*kept))
		o->told--;
	/* A key that was due is due. */
	if (strcmp(*kept, o->local) != 0)
		o->rekey |= o->rekeyed;
	crypto_wipe(o->local, o->local_len);
	offer_forget(&o->local);
	put_back(o, kept);
}

void offer_forget(char **kept)
{
	if (*kept != NULL)
		crypto_wipe(*kept, strlen(*kept));
	free(*kept);
	*kept = NULL;
}

bool offer_is_same(const struct offer *o, const char *text, size_t len)
{
	return o->remote != NULL && o->remote_len == len &&
	       memcmp(o->remote, text, len) == 0;
}

int offer_write_offer(struct offer *o, const struct body *source,
		      const struct offer_rules *rules,
		      const struct offer_place *place)
{
	struct offer_job job = {
		.o = o,
		.role = OFFER_RELAYED,
		.shape = source,
		.from = source,
		.rules = rules,
		.place = place,
		.places = source->medias,
	};

	return offer_write(o, &job);
}

int offer_write_answer(struct offer *o, const struct body *theirs,
		       const struct body *chosen,
		       const struct offer_rules *rules,
		       const struct offer_place *place)
{
	struct offer_job job = {
		.o = o,
		.role = OFFER_ANSWER,
		.shape = theirs,
		.from = chosen,
		.rules = rules,
		.place = place,
		.places = theirs->medias,
	};

	return offer_write(o, &job);
}

/* An SDP that holds what we would say if nobody had said anything. */
static void write_usual(struct body_writer *w, const struct offer_rules *rules)
{
	const char *const *names = preset;
	unsigned count = sizeof preset / sizeof *preset;
	const unsigned all = sizeof usual / sizeof *usual;
	bool narrow = false;
	unsigned pick[OFFER_CODECS_MAX], picks = 0;

	if (rules != NULL && rules->codecs_count > 0) {
		names = rules->codecs;
		count = rules->codecs_count;
	}
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < all && picks < OFFER_CODECS_MAX; k++) {
			if (strcasecmp(names[i], usual[k].name) != 0)
				continue;
			pick[picks++] = k;
			narrow |= usual[k].clock == 8000 && k + 2 < all;
		}
	}
	body_write_text(w, "v=0\r\nm=audio 9 RTP/AVP");
	for (unsigned i = 0; i < picks; i++)
		body_write(w, " %d", usual[pick[i]].payload_type);
	for (unsigned i = 0; i < picks; i++) {
		unsigned k = pick[i];

		/* telephone-event has the codec's clock (RFC 4733 2.1) */
		body_write(w, "\r\na=rtpmap:%d %s/%u", usual[k].payload_type,
			   usual[k].encoding,
			   k + 1 == all && !narrow ? 48000 : usual[k].clock);
		if (usual[k].channels > 1)
			body_write(w, "/%u", usual[k].channels);
		if (usual[k].fmtp != NULL)
			body_write(w, "\r\na=fmtp:%d %s", usual[k].payload_type,
				   usual[k].fmtp);
	}
	body_write_text(w, "\r\n");
}

int offer_write_own(struct offer *o, const struct body *session,
		    const struct offer_rules *rules,
		    const struct offer_place *place, unsigned places)
{
	struct offer_job job = {
		.o = o,
		.role = OFFER_OWN,
		.shape = session,
		.from = session,
		.rules = rules,
		.place = place,
		.places = places,
	};
	struct body_writer w;
	struct body body;

	if (session == NULL) {
		w.len = 0;
		w.overflow = false;
		write_usual(&w, rules);
		if (body_parse(&body, w.text, w.len, NULL) != 0)
			return -EMSGSIZE;
		job.shape = job.from = &body;
	}
	return offer_write(o, &job);
}

const char *offer_encryption(const struct body *body, unsigned slot)
{
	static const struct {
		const char *attribute, *name;
		bool session;
	} signs[] = {
		{"crypto", "sdes", false},
		{"fingerprint", "dtls", true},
		{"zrtp-hash", "zrtp", true},
		{"key-mgmt", "mikey", true},
	};

	if (slot >= body->medias || !body->media[slot].rtp)
		return "none";
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (body_attribute(body, (int)slot, signs[i].attribute) ||
		    (signs[i].session &&
		     body_attribute(body, -1, signs[i].attribute)))
			return signs[i].name;
	}
	return "none";
}

static unsigned count_crypto(const struct body *body, unsigned slot)
{
	const struct body_media *media = &body->media[slot];
	unsigned count = 0;

	for (unsigned i = 0; i < media->attributes; i++)
		count += body_span_is(
			body->attribute[media->first_attribute + i].name,
			"crypto");
	return count;
}

bool offer_stands(const struct body *ours, const struct body *theirs)
{
	if (!offer_fits(theirs, ours))
		return false;
	for (unsigned i = 0; i < ours->medias; i++) {
		const struct body_media *said = &theirs->media[i];
		unsigned may = body_direction_reverse(said->direction);

		if (ours->media[i].port == 0)
			continue;
		if (said->zero)
			may &= BODY_RECVONLY;
		if ((ours->media[i].direction & ~may) != 0 ||
		    count_crypto(ours, i) > 1)
			return false;
	}
	return true;
}

void offer_strike(const struct offer *o, struct body *theirs)
{
	const char *line = o->local;

	for (unsigned i = 0; line != NULL && i < theirs->medias; i++) {
		line = strstr(line, "\r\nm=");
		if (line == NULL)
			return;
		line += 4;
		/* Ours: "audio 4000 RTP/AVP 8 101" */
		if (strncmp(strchr(line, ' '), " 0 ", 3) == 0)
			theirs->media[i].port = 0;
	}
}

static bool same_formats(const struct body *then, const struct body *now,
			 unsigned slot)
{
	const struct body_media *a = &then->media[slot];
	const struct body_media *b = &now->media[slot];

	if (a->formats != b->formats)
		return false;
	for (unsigned i = 0; i < a->formats; i++) {
		const struct body_format *x =
			&then->format[a->first_format + i];
		const struct body_format *y = &now->format[b->first_format + i];

		if (!body_span_equal(x->id, y->id) ||
		    !body_span_equal(x->encoding, y->encoding) ||
		    x->clock != y->clock || x->channels != y->channels)
			return false;
	}
	return true;
}

static bool same_attribute(const struct body *then, const struct body *now,
			   unsigned slot, const char *name)
{
	const struct body_attribute *a, *b;

	a = body_attribute(then, (int)slot, name);
	b = body_attribute(now, (int)slot, name);
	if (a == NULL)
		a = body_attribute(then, -1, name);
	if (b == NULL)
		b = body_attribute(now, -1, name);
	if (a == NULL || b == NULL)
		return a == b;
	return a->value.len == b->value.len &&
	       (a->value.len == 0 ||
		memcmp(a->value.text, b->value.text, a->value.len) == 0);
}

/* Without tag and session parameters: suite and keys. */
static bool same_line(struct body_span x, struct body_span y)
{
	const char *a = x.len ? memchr(x.text, ' ', x.len) : NULL;
	const char *b = y.len ? memchr(y.text, ' ', y.len) : NULL;
	size_t n, m;

	if (a == NULL || b == NULL)
		return false;
	n = (size_t)(x.text + x.len - a);
	m = (size_t)(y.text + y.len - b);
	return n == m && memcmp(a, b, n) == 0;
}

/* An offer has a line for each suite, its answer only one: the key is another
 * if none of the lines is the same. */
static bool same_crypto(const struct body *then, const struct body *now,
			unsigned slot)
{
	const struct body_media *a = &then->media[slot];
	const struct body_media *b = &now->media[slot];
	unsigned lines = 0, budget = CRYPTO_LINES_MAX * CRYPTO_LINES_MAX;

	for (unsigned i = 0; i < a->attributes; i++) {
		const struct body_attribute *x =
			&then->attribute[a->first_attribute + i];

		if (!body_span_is(x->name, "crypto"))
			continue;
		lines++;
		for (unsigned k = 0; k < b->attributes && budget; k++) {
			const struct body_attribute *y =
				&now->attribute[b->first_attribute + k];

			if (!body_span_is(y->name, "crypto"))
				continue;
			budget--;
			if (same_line(x->value, y->value))
				return true;
		}
	}
	return lines == 0 && !body_attribute(now, (int)slot, "crypto");
}

static void compare_slot(struct offer_change *out, const struct body *then,
			 const struct body *now, unsigned slot)
{
	const struct body_media *a = &then->media[slot];
	const struct body_media *b = &now->media[slot];

	if (a->port != 0 && b->port == 0)
		out->slots_removed = true;
	if (b->kind == BODY_IMAGE && b->port != 0 &&
	    (a->kind != BODY_IMAGE || a->port == 0))
		out->image = true;
	if (b->port == 0)
		return;
	out->slots_added |= a->port == 0;
	out->direction |= a->direction != b->direction || a->zero != b->zero;
	out->formats |= !same_formats(then, now, slot);
	out->address |= !address_equal((const struct sockaddr *)&a->address,
				       (const struct sockaddr *)&b->address);
	out->key |= !same_crypto(then, now, slot) ||
		    !same_attribute(then, now, slot, "fingerprint");
}

void offer_compare(struct offer_change *out, const struct body *then,
		   const struct body *now)
{
	memset(out, 0, sizeof *out);
	out->same_version =
		body_span_equal(then->origin_id, now->origin_id) &&
		body_span_equal(then->origin_version, now->origin_version);
	out->slots_added = now->medias > then->medias;
	out->slots_removed = now->medias < then->medias;
	for (unsigned i = 0; i < now->medias; i++) {
		if (i < then->medias)
			compare_slot(out, then, now, i);
		else if (now->media[i].kind == BODY_IMAGE &&
			 now->media[i].port != 0)
			out->image = true;
	}
}
