/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Write one body of ours, slot by slot, and give it its version. */
#include "sbc/sip/offer_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/address.h"

/* What was said, to judge whether it may be sent. */
struct offer_tally {
	unsigned offered;  /* slots that have a port in `shape` */
	unsigned accepted; /* ... and got one from us */
	bool audio_failed; /* no common format though both have audio */
	bool audio_locked; /* secured in a way that cannot be had */
	bool audio_accepted;
};

/* Transports that the relay knows: one datagram in, the same one out. */
static bool proto_known(const struct body_media *media)
{
	static const char *const known[] = {
		"RTP/AVP",   "RTP/AVPF",	 "RTP/SAVP",
		"RTP/SAVPF", "UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF",
		"udptl",
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (body_span_is(media->proto, known[i]))
			return media->kind != BODY_IMAGE || !media->rtp;
	}
	return false;
}

static bool place_live(const struct offer_job *job, unsigned slot)
{
	return slot < job->places &&
	       job->place[slot].at.ss_family != AF_UNSPEC &&
	       address_port((const struct sockaddr *)&job->place[slot].at) != 0;
}

const struct body *offer_source(const struct offer_job *job, unsigned slot)
{
	const struct offer_rules *rules = job->rules;
	bool theirs = job->role == OFFER_ANSWER && rules != NULL &&
		      rules->agreed != NULL && rules->agreed_theirs &&
		      rules->agreed_slot == slot;

	return theirs ? job->shape : job->from;
}

/* May this slot have a port at all, formats aside? */
static bool slot_live(const struct offer_job *job, unsigned slot)
{
	const struct body_media *media = &job->shape->media[slot], *chosen;
	const struct body *from = offer_source(job, slot);

	if (media->port == 0 || !place_live(job, slot) || !proto_known(media) ||
	    (job->locks != NULL && job->locks->slot[slot].refused))
		return false;
	if (job->role != OFFER_ANSWER)
		return true;
	if (slot >= from->medias)
		return false;
	chosen = &from->media[slot];
	return chosen->port != 0 && chosen->kind == media->kind &&
	       chosen->rtp == media->rtp &&
	       (job->locks != NULL || chosen->secure == media->secure);
}

static void write_host(struct body_writer *w, const char *host)
{
	body_write_text(w, strchr(host, ':') != NULL ? "IN IP6 " : "IN IP4 ");
	body_write_text(w, host);
	body_write_text(w, "\r\n");
}

/* Port 0 and one format of theirs: RFC 3264 section 6. */
static void write_refused(struct body_writer *w, const struct body *shape,
			  unsigned slot)
{
	const struct body_media *media = &shape->media[slot];
	struct body_span id = {"0", 1};

	for (unsigned i = 0; i < media->formats; i++) {
		struct body_span theirs =
			shape->format[media->first_format + i].id;

		if (theirs.len > 0 && offer_token_ok(theirs)) {
			id = theirs;
			break;
		}
	}
	body_write_text(w, "m=");
	body_write_span(w, media->kind_text);
	body_write_text(w, " 0 ");
	body_write_span(w, media->proto);
	body_write_text(w, " ");
	body_write_span(w, id);
	body_write_text(w, "\r\n");
}

static void write_format(struct body_writer *w, const struct offer_pick *pick,
			 const struct body *from)
{
	const struct body_format *format = pick->format;

	if (format->encoding.len > 0 && format->clock > 0) {
		body_write_text(w, "a=rtpmap:");
		body_write_span(w, pick->number->id);
		body_write_text(w, " ");
		body_write_span(w, format->encoding);
		body_write_text(w, "/");
		body_write_number(w, format->clock);
		if (format->channels > 1) {
			body_write_text(w, "/");
			body_write_number(w, format->channels);
		}
		body_write_text(w, "\r\n");
	}
	if (format->fmtp.len > 0 && offer_value_ok(format->fmtp, from)) {
		body_write_text(w, "a=fmtp:");
		body_write_span(w, pick->number->id);
		body_write_text(w, " ");
		body_write_span(w, format->fmtp);
		body_write_text(w, "\r\n");
	}
}

/* How the direction is put to a peer that may not bear being held. */
static enum body_direction said_direction(const struct offer_job *job,
					  unsigned slot)
{
	enum body_direction direction = job->place[slot].direction;
	const struct body_media *theirs = &job->shape->media[slot];

	if (job->role == OFFER_ANSWER) { /* RFC 3264 6.1: within the offer */
		direction &= body_direction_reverse(theirs->direction);
		return theirs->zero ? direction & BODY_RECVONLY : direction;
	}
	if (job->rules == NULL)
		return direction;
	switch (job->rules->hold) {
	case OFFER_HOLD_NONE:
		return BODY_SENDRECV;
	case OFFER_HOLD_INACTIVE:
		return direction == BODY_SENDONLY ? BODY_INACTIVE : direction;
	case OFFER_HOLD_SENDONLY:
	case OFFER_HOLD_ZERO:
		break;
	}
	return direction;
}

/* A c= line of its own for a slot elsewhere, or held in RFC 2543's way. */
static void write_connection(struct body_writer *w, const struct offer_job *job,
			     unsigned slot, const char *session_host)
{
	const struct offer_place *place = &job->place[slot];
	char text[ADDRESS_TEXT_MAX];
	const char *host;

	host = address_host(text, (const struct sockaddr *)&place->at);
	if (job->role != OFFER_ANSWER && job->rules != NULL &&
	    job->rules->hold == OFFER_HOLD_ZERO &&
	    (place->direction & BODY_RECVONLY) == 0)
		host = place->at.ss_family == AF_INET6 ? "::" : "0.0.0.0";
	if (strcmp(host, session_host) == 0)
		return;
	body_write_text(w, "c=");
	write_host(w, host);
}

static void write_live(struct body_writer *w, const struct offer_job *job,
		       unsigned slot, const struct offer_picks *picks,
		       const char *session_host)
{
	const struct body_media *media = &job->shape->media[slot];
	const struct body *source = offer_source(job, slot);
	const struct body_media *from = &source->media[slot];
	const struct offer_place *place = &job->place[slot];

	body_write_text(w, "m=");
	body_write_span(w, media->kind_text);
	body_write_text(w, " ");
	body_write_number(w, address_port((const struct sockaddr *)&place->at));
	body_write_text(w, " ");
	if (job->locks != NULL && job->locks->slot[slot].proto != NULL)
		body_write_text(w, job->locks->slot[slot].proto);
	else
		body_write_span(w, media->proto);
	for (unsigned i = 0; i < picks->count; i++) {
		body_write_text(w, " ");
		body_write_span(w, picks->pick[i].number->id);
	}
	body_write_text(w, "\r\n");
	write_connection(w, job, slot, session_host);
	if (from->kind == BODY_VIDEO && from->as_kbps > 0)
		body_write(w, "b=AS:%u\r\n", from->as_kbps);
	if (from->kind == BODY_VIDEO && from->tias_bps > 0)
		body_write(w, "b=TIAS:%u\r\n", from->tias_bps);
	if (media->rtp) {
		for (unsigned i = 0; i < picks->count; i++)
			write_format(w, &picks->pick[i], source);
	}
	offer_write_attributes(w, job, slot, picks);
	if (media->rtp) {
		body_write_text(w, "a=");
		body_write_text(w,
				body_direction_name(said_direction(job, slot)));
		body_write_text(w, "\r\n");
	}
}

static void write_slot(struct body_writer *w, const struct offer_job *job,
		       unsigned slot, const char *session_host,
		       struct offer_tally *tally)
{
	const struct body_media *media = &job->shape->media[slot];
	struct offer_picks picks;

	tally->offered += media->port != 0;
	picks.count = 0;
	if (job->locks != NULL && job->locks->slot[slot].refused &&
	    media->kind == BODY_AUDIO)
		tally->audio_locked = true;
	if (slot_live(job, slot)) {
		offer_pick_formats(&picks, job, slot);
		if (media->kind == BODY_AUDIO && picks.count == 0)
			tally->audio_failed = true;
	}
	if (picks.count == 0) {
		write_refused(w, job->shape, slot);
		return;
	}
	tally->accepted++;
	tally->audio_accepted |= media->kind == BODY_AUDIO;
	write_live(w, job, slot, &picks, session_host);
}

/* RFC 3264 8: a slot of `had`, a body of ours, that the other side never had,
 * or took away, stays in our next offer, refused. kept: how many stand there
 * already. */
static void write_vanished(struct body_writer *w, const char *had,
			   unsigned kept)
{
	const char *line = had;
	unsigned slots = 0;

	while (line && (line = strstr(line, "\r\nm="))) {
		const char *kind = line + 4, *proto, *format;

		line = kind;
		if (slots++ < kept)
			continue;
		/* Ours: "audio 4000 RTP/AVP 8 101" */
		proto = strchr(strchr(kind, ' ') + 1, ' ') + 1;
		format = strchr(proto, ' ') + 1;
		body_write(w, "m=%.*s 0 %.*s %.*s\r\n", (int)strcspn(kind, " "),
			   kind, (int)strcspn(proto, " "), proto,
			   (int)strcspn(format, " \r"), format);
	}
}

/* The host of our c= line for the whole session: the first slot's in use. */
static const char *session_host(char text[ADDRESS_TEXT_MAX],
				const struct offer_job *job)
{
	for (unsigned i = 0; i < job->shape->medias; i++) {
		if (slot_live(job, i))
			return address_host(
				text,
				(const struct sockaddr *)&job->place[i].at);
	}
	return job->o->address;
}

/* Everything after the o= line. */
static int write_tail(struct body_writer *w, const struct offer_job *job,
		      const char *origin)
{
	struct offer_tally tally = {0};
	char text[ADDRESS_TEXT_MAX];
	const char *host = session_host(text, job);

	if (*host == '\0')
		host = origin;
	body_write_text(w, "s=-\r\nc=");
	write_host(w, host);
	body_write_text(w, "t=0 0\r\n");
	for (unsigned i = 0; i < job->shape->medias; i++)
		write_slot(w, job, i, host, &tally);
	if (job->role != OFFER_ANSWER)
		write_vanished(w, job->o->local, job->shape->medias);
	if (w->overflow)
		return -EMSGSIZE;
	if (tally.audio_locked && !tally.audio_accepted)
		return -EPROTONOSUPPORT;
	if (tally.accepted == 0 && !(job->rules && job->rules->bare) &&
	    (tally.offered > 0 || job->role != OFFER_ANSWER))
		return -ENOTSUP;
	if (job->role == OFFER_ANSWER && tally.audio_failed &&
	    !tally.audio_accepted)
		return -ENOTSUP;
	return 0;
}

/* The host of our o= line: the first one ever written on this leg. */
static const char *origin_host(char text[ADDRESS_TEXT_MAX],
			       const struct offer_job *job)
{
	if (job->o->address[0] != '\0')
		return job->o->address;
	for (unsigned i = 0; i < job->places && i < job->shape->medias; i++) {
		if (job->place[i].at.ss_family != AF_UNSPEC)
			return address_host(
				text,
				(const struct sockaddr *)&job->place[i].at);
	}
	return NULL;
}

/* The text after the o= line of a body of ours. */
static const char *tail_of(const char *local)
{
	for (int lines = 0; lines < 2; lines++)
		local = strchr(local, '\n') + 1;
	return local;
}

/* `tail` under this version is our body now. */
static int offer_keep(struct offer *o, uint64_t version, const char *origin,
		      const char *tail, size_t len)
{
	char head[160], *local;
	size_t head_len = (size_t)snprintf(
		head, sizeof head, "v=0\r\no=- %llu %llu IN IP%c %s\r\n",
		(unsigned long long)o->session_id, (unsigned long long)version,
		strchr(origin, ':') != NULL ? '6' : '4', origin);

	if (head_len + len > BODY_BYTES_MAX)
		return -EMSGSIZE;
	local = malloc(head_len + len + 1);
	if (local == NULL)
		return -ENOMEM;
	memcpy(local, head, head_len);
	memcpy(local + head_len, tail, len);
	local[head_len + len] = '\0';
	crypto_wipe(o->local, o->local_len);
	free(o->local);
	offer_forget(&o->refused);
	o->local = local;
	o->local_len = head_len + len;
	o->version = version;
	if (o->told < version)
		o->told = version;
	o->rekeyed = o->rekey;
	return 0;
}

uint64_t offer_version(const char *local)
{
	/* "v=0\r\no=- 1234 5 IN IP4 192.0.2.1" */
	const char *id = strchr(local, '-') + 2;

	return strtoull(strchr(id, ' ') + 1, NULL, 10);
}

unsigned offer_slots(const struct offer *o)
{
	const char *local = o->local;
	unsigned slots = 0;

	while (local != NULL && (local = strstr(local, "\r\nm=")) != NULL) {
		local += 4;
		slots++;
	}
	return slots;
}

int offer_renew(struct offer *o)
{
	struct body_writer w;
	int error = -EMSGSIZE;

	if (o->local == NULL)
		return -EINVAL;
	if (o->refused == NULL)
		return 0;
	w.len = 0;
	w.overflow = false;
	body_write_text(&w, tail_of(o->local));
	write_vanished(&w, o->refused, offer_slots(o));
	if (!w.overflow)
		error = offer_keep(o, o->told + 1, o->address, w.text, w.len);
	crypto_wipe(w.text, w.len);
	return error;
}

/* What the far end refused is the same text if it is said again. */
static uint64_t next_version(const struct offer *o, const char *tail)
{
	if (o->refused != NULL && strcmp(tail_of(o->refused), tail) == 0)
		return offer_version(o->refused);
	return o->told + (o->local != NULL);
}

static int write_body(struct offer *o, const struct offer_job *job)
{
	char text[ADDRESS_TEXT_MAX];
	const char *origin = origin_host(text, job);
	struct body_writer w;
	int error;

	w.len = 0;
	w.overflow = false;
	if (origin == NULL)
		return -EINVAL;
	error = write_tail(&w, job, origin);
	if (error == 0 &&
	    (o->local == NULL || strcmp(tail_of(o->local), w.text) != 0))
		error = offer_keep(o, next_version(o, w.text), origin, w.text,
				   w.len);
	if (job->locks != NULL)
		crypto_wipe(w.text, w.len);
	if (error == 0 && o->address[0] == '\0')
		snprintf(o->address, sizeof o->address, "%s", origin);
	return error;
}

int offer_write(struct offer *o, struct offer_job *job)
{
	struct offer_locks locks;
	int error;

	if (job->rules == NULL || job->rules->secure == NULL)
		return write_body(o, job);
	error = offer_lock(&locks, job);
	job->locks = &locks;
	if (error == 0)
		error = write_body(o, job);
	if (error == 0)
		o->rekey = false;
	crypto_wipe(&locks, sizeof locks);
	return error;
}
