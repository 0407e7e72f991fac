/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How each slot of a body of ours is secured where SRTP ends here: transport,
 * suite, key. Our keys live in our bodies' text alone: the one last said for
 * a suite is said again, so it changes only when SDP says so.
 */
#include "sbc/sip/offer_internal.h"

#include <errno.h>
#include <string.h>

#define TAG_SAID UINT32_MAX

/* What the leg's last two bodies said, and the one that was refused. */
struct lock_past {
	struct body local, remote, refused;
	bool said, agreed; /* is there the first, and are there both */
	bool again;	   /* is there the third */
};

static bool proto_feedback(struct body_span proto)
{
	return proto.len > 0 && (proto.text[proto.len - 1] | 32) == 'f';
}

/* Keys by DTLS cannot be had, even where a=crypto stands beside them. */
static bool proto_dtls(const struct body_media *media)
{
	return !body_span_is(media->proto, "RTP/AVP") &&
	       !body_span_is(media->proto, "RTP/AVPF") &&
	       !body_span_is(media->proto, "RTP/SAVP") &&
	       !body_span_is(media->proto, "RTP/SAVPF");
}

/* The first suite of ours that is offered. NULL: none is. */
static const struct crypto_line *lock_choose(const struct offer_secure *secure,
					     const struct crypto_line *line,
					     unsigned lines,
					     enum media_crypto_suite preferred)
{
	for (unsigned k = 0; k < lines; k++)
		if (line[k].key.suite == preferred)
			return &line[k];
	for (unsigned i = 0; i < secure->suites; i++)
		for (unsigned k = 0; k < lines; k++)
			if (line[k].key.suite == secure->suite[i])
				return &line[k];
	return NULL;
}

bool offer_secure_takes(const struct offer_secure *secure,
			const struct body *theirs, unsigned slot)
{
	const struct body_media *media = &theirs->media[slot];
	struct crypto_line line[CRYPTO_LINES_MAX];
	unsigned lines = 0;
	bool usable;

	if (!media->rtp)
		return true;
	if (proto_dtls(media))
		return false;
	if (secure->how == OFFER_PLAIN)
		return !media->secure;
	lines = crypto_lines(line, theirs, slot);
	usable = lock_choose(secure, line, lines, MEDIA_CRYPTO_NONE) != NULL;
	crypto_wipe(line, sizeof line);
	return usable || (secure->how == OFFER_EITHER && !media->secure);
}

static bool slot_answered(const struct body *ours, const struct body *theirs,
			  unsigned slot)
{
	const struct body_media *mine = &ours->media[slot];
	const struct body_media *far = &theirs->media[slot];
	struct media_crypto agreed;
	bool fits;

	if (!mine->port || !far->port || !mine->rtp || !far->rtp)
		return true;
	if (!body_attribute(ours, (int)slot, "crypto"))
		return !far->secure;
	fits = crypto_agree(&agreed, ours, theirs, slot);
	crypto_wipe(&agreed, sizeof agreed);
	return fits;
}

bool offer_secure_answered(const struct body *ours, const struct body *theirs)
{
	for (unsigned i = 0; i < ours->medias && i < theirs->medias; i++)
		if (!slot_answered(ours, theirs, i))
			return false;
	return true;
}

/* --- our lines
 * ---------------------------------------------------------------- */

/* The line of a body of ours for this suite. */
static bool lock_find(struct crypto_line *out, const struct body *ours,
		      unsigned slot, enum media_crypto_suite suite)
{
	struct crypto_line line[CRYPTO_LINES_MAX];
	unsigned lines = 0, i;

	if (slot < ours->medias && ours->media[slot].port)
		lines = crypto_lines(line, ours, slot);
	for (i = 0; i < lines && line[i].key.suite != suite; i++)
		;
	if (i < lines)
		*out = line[i];
	crypto_wipe(line, sizeof line);
	return i < lines;
}

/* The key that we said last for this suite, or a new one: that of the body that
 * was refused, so that it can be said again. TAG_SAID: with the first one's
 * tag. */
static int lock_key(struct crypto_line *out, const struct offer_job *job,
		    const struct lock_past *past, unsigned slot,
		    enum media_crypto_suite suite, unsigned tag)
{
	const struct offer_secure *secure = job->rules->secure;
	struct crypto_line again;
	bool said = past->said && lock_find(out, &past->local, slot, suite);
	int error = 0;

	if (said && !job->o->rekey) {
		;
	} else if (past->again &&
		   lock_find(&again, &past->refused, slot, suite)) {
		out->key = again.key;
	} else {
		error = crypto_fresh(&out->key, suite);
		out->key.lifetime = secure->lifetime;
		if (secure->mki) {
			out->key.mki_len = MEDIA_MKI_MAX;
			out->key.mki[MEDIA_MKI_MAX - 1] = 1;
		}
	}
	/* Where it passed through so far, the line was another end's, and may
	 * have had several. */
	out->furthers = 0;
	if (tag != TAG_SAID)
		out->tag = tag;
	crypto_wipe(&again, sizeof again);
	return error;
}

/* The suite that the slot has now; NONE: it has none. */
static enum media_crypto_suite lock_suite(const struct lock_past *past,
					  unsigned slot)
{
	struct media_crypto agreed;
	enum media_crypto_suite suite = MEDIA_CRYPTO_NONE;

	if (past->agreed && slot < past->local.medias &&
	    past->local.media[slot].port &&
	    crypto_agree(&agreed, &past->local, &past->remote, slot))
		suite = agreed.send.suite;
	crypto_wipe(&agreed, sizeof agreed);
	return suite;
}

/* What their offer leaves us. */
static int lock_answer(struct offer_lock *lock, const struct offer_job *job,
		       const struct lock_past *past, unsigned slot)
{
	const struct offer_secure *secure = job->rules->secure;
	const struct crypto_line *best;
	struct crypto_line line[CRYPTO_LINES_MAX];
	unsigned lines;
	int error = 0;

	lock->refused = !offer_secure_takes(secure, job->shape, slot);
	if (lock->refused || secure->how == OFFER_PLAIN)
		return 0;
	lines = crypto_lines(line, job->shape, slot);
	best = lock_choose(secure, line, lines, lock_suite(past, slot));
	if (best != NULL) {
		error = lock_key(&lock->line[0], job, past, slot,
				 best->key.suite, best->tag);
		lock->lines = 1;
	}
	crypto_wipe(line, sizeof line);
	return error;
}

static bool lock_wanted(const struct offer_job *job,
			const struct lock_past *past, unsigned slot)
{
	const struct body *had = past->said ? &past->local : NULL;

	switch (job->rules->secure->how) {
	case OFFER_PLAIN:
		return false;
	case OFFER_SDES:
		return true;
	case OFFER_EITHER:
		break;
	}
	if (had != NULL && slot < had->medias && had->media[slot].port)
		return body_attribute(had, (int)slot, "crypto") != NULL;
	return job->shape->media[slot].secure;
}

/* As the leg has it; secured in a plain profile (RFC 8643) stays so, too. */
static const char *lock_proto(const struct offer_job *job,
			      const struct lock_past *past, unsigned slot,
			      bool wanted)
{
	bool feedback = proto_feedback(job->shape->media[slot].proto);
	const struct body *had = past->said ? &past->local : NULL;

	if (had != NULL && slot < had->medias && had->media[slot].port &&
	    !had->media[slot].secure)
		wanted &= !body_attribute(had, (int)slot, "crypto");
	if (wanted)
		return feedback ? "RTP/SAVPF" : "RTP/SAVP";
	return feedback ? "RTP/AVPF" : "RTP/AVP";
}

static int lock_offer(struct offer_lock *lock, const struct offer_job *job,
		      const struct lock_past *past, unsigned slot)
{
	const struct offer_secure *secure = job->rules->secure;
	enum media_crypto_suite now = lock_suite(past, slot);
	bool wanted = lock_wanted(job, past, slot);
	int error = 0;

	lock->proto = lock_proto(job, past, slot, wanted);
	if (!wanted)
		return 0;
	for (unsigned i = 0; i < secure->suites && error == 0; i++) {
		if (now != MEDIA_CRYPTO_NONE && secure->suite[i] != now)
			continue;
		error = lock_key(&lock->line[lock->lines], job, past, slot,
				 secure->suite[i],
				 now != MEDIA_CRYPTO_NONE ? TAG_SAID
							  : lock->lines + 1);
		lock->lines++;
	}
	lock->refused = lock->lines == 0;
	return error;
}

static void lock_read(struct lock_past *past, const struct offer *o)
{
	past->said = o->local != NULL && body_parse(&past->local, o->local,
						    o->local_len, NULL) == 0;
	past->again =
		o->refused != NULL && body_parse(&past->refused, o->refused,
						 strlen(o->refused), NULL) == 0;
	past->agreed =
		past->said && o->remote != NULL &&
		body_parse(&past->remote, o->remote, o->remote_len, NULL) == 0;
}

int offer_lock(struct offer_locks *out, const struct offer_job *job)
{
	struct lock_past past;
	int error = 0;

	memset(out, 0, sizeof *out);
	lock_read(&past, job->o);
	for (unsigned i = 0; i < job->shape->medias && error == 0; i++) {
		struct offer_lock *lock = &out->slot[i];

		if (!job->shape->media[i].rtp || !job->shape->media[i].port)
			continue;
		error = job->role == OFFER_ANSWER
				? lock_answer(lock, job, &past, i)
				: lock_offer(lock, job, &past, i);
	}
	return error;
}
