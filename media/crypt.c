/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libsrtp2 with ciphers of our own: Debian's build makes a new context of NSS
 * for each packet, which costs 12 us with 1,000 sessions.
 *
 * What comes in is tried with a rollover counter (ROC) of 0 first. Where its
 * sender has counted on before we heard it (its first packets were lost, it
 * kept its counter over a change of keys), the next ones are tried, two a
 * packet, till the SSRC's first authentic packet tells. But where another key
 * of the same set has it, it goes on from there: the counter is the SSRC's.
 *
 * What goes out may not use a number twice, and no receiver follows a jump
 * back, or one over half of all numbers. So where a source makes one, in the
 * middle of its stream or while it was not heard, it is renumbered to run on.
 */
#include "media/crypt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "media/bytes.h"
#include "media/crypt_key.h"
#include "media/crypt_type.h"
#include "media/rtp.h"

#define DATAGRAM_MAX	65535
#define TRIES_A_PACKET	2
#define STUCK_MAX	10
#define CANDIDATE_NS	INT64_C(1000000000)
#define SEND_WORN	(CRYPT_SEND_MAX * 3 / 4)
#define SUITE_LIFETIME	(UINT64_C(1) << 48) /* RFC 3711 section 9.2 */
#define SRTCP_INDEX_LEN 4
#define RTCP_HEADER_LEN 8

struct place {
	uint32_t ssrc;
	bool heard;    /* an RTP packet of it was authentic: its ROC is known */
	uint8_t tried; /* the ROC that was tried last */
	bool known;    /* it was heard with another key */
	uint64_t used; /* when, by packets */
	/* Of what is received: */
	uint64_t spoke; /* when it sent RTP, the same */
	uint64_t index; /* the highest (RFC 3711 section 3.3.1) of RTP */
	/* Of what is sent: */
	uint16_t highest; /* sequence number, while `heard` */
	uint16_t offset;  /* added to those of the source */
	uint8_t stuck;	  /* packets in a row whose number was used */
};

struct crypt {
	srtp_t srtp;
	enum crypt_direction direction;
	struct media_key key;
	unsigned count; /* of places */
	struct place places[CRYPT_SEND_MAX];
	struct place *last;
	/* Not authentic so far, so it takes nobody's place; a new one at most
	 * once a second. */
	struct place candidate;
	bool has_candidate;
	int64_t candidate_ns;
	uint64_t packets; /* of what is received the first key's, for all */
	uint64_t worn_at;
	bool is_gcm;
	bool moved; /* to one that has the same key: nothing is taken here */
	unsigned tag_len[2];   /* of RTP; of RTCP */
	struct crypt *further; /* its next key; owned */
};

_Static_assert(CRYPT_RECEIVE_MAX <= CRYPT_SEND_MAX, "places for both");

/* --- the library, started once -----------------------------------------------
 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started, replaced;

static void start(void)
{
	started = srtp_init() == srtp_err_status_ok;
	replaced = started && crypt_replace_types();
}

void crypt_start(void)
{
	pthread_once(&once, start);
}

bool crypt_is_replaced(void)
{
	return replaced;
}

/* --- keys ------------------------------------------------------------------
 */

static unsigned tag_len(const srtp_crypto_policy_t *policy)
{
	return (unsigned)policy->auth_tag_len;
}

/* Early enough for an offer and its answer: an eighth before its end. */
static uint64_t worn_at(uint64_t lifetime)
{
	if (lifetime == 0 || lifetime > SUITE_LIFETIME)
		lifetime = SUITE_LIFETIME;
	return lifetime - lifetime / 8;
}

int crypt_new(struct crypt **out, const struct media_key *key,
	      enum crypt_direction direction)
{
	if (media_key_len(key->suite) == 0 || key->mki_len > MEDIA_MKI_MAX)
		return -EINVAL;
	crypt_start();
	if (!started)
		return -ENOSYS;
	struct crypt *crypt = calloc(1, sizeof(*crypt));
	if (!crypt)
		return -ENOMEM;
	srtp_policy_t policy;
	crypt->direction = direction;
	crypt->key = *key;
	crypt->worn_at = worn_at(key->lifetime);
	key_policy(&policy, &crypt->key,
		   direction == CRYPT_SEND ? ssrc_any_outbound
					   : ssrc_any_inbound,
		   0);
	crypt->is_gcm = key->suite == MEDIA_CRYPTO_AEAD_AES_128_GCM ||
			key->suite == MEDIA_CRYPTO_AEAD_AES_256_GCM;
	crypt->tag_len[false] = tag_len(&policy.rtp);
	crypt->tag_len[true] = tag_len(&policy.rtcp);
	srtp_err_status_t status = srtp_create(&crypt->srtp, &policy);
	if (status != srtp_err_status_ok) {
		crypt->srtp = NULL;
		crypt_free(crypt);
		return status == srtp_err_status_alloc_fail ? -ENOMEM : -ENOSYS;
	}
	*out = crypt;
	return 0;
}

int crypt_add(struct crypt *crypt, const struct media_key *key)
{
	const struct media_key *known = &crypt->key;
	struct crypt **last = &crypt->further;
	if (key->suite != known->suite || key->mki_len != known->mki_len ||
	    key->mki_len == 0 || !memcmp(key->mki, known->mki, key->mki_len))
		return -EINVAL;
	for (; *last; last = &(*last)->further)
		if (!memcmp(key->mki, (*last)->key.mki, key->mki_len))
			return -EINVAL;
	return crypt_new(last, key, crypt->direction);
}

/* The streams of both change places, with the library's contexts. */
static void exchange(struct crypt *a, struct crypt *b)
{
	struct crypt was = *a;
	*a = *b;
	*b = was;
	b->further = a->further;
	a->further = was.further;
	a->last = b->last = NULL; /* it was in the other */
	b->moved = true;
	explicit_bzero(&was, sizeof(was));
}

void crypt_inherit(struct crypt *crypt, struct crypt *before)
{
	uint64_t packets = before->packets;
	for (struct crypt *to = crypt; to; to = to->further)
		for (struct crypt *from = before; from; from = from->further)
			if (!from->moved && key_is_same(&to->key, &from->key)) {
				exchange(to, from);
				break;
			}
	/* Both count on: what is used is used last. */
	crypt->packets = before->packets = packets;
}

void crypt_free(struct crypt *crypt)
{
	while (crypt) {
		struct crypt *further = crypt->further;
		if (crypt->srtp)
			srtp_dealloc(crypt->srtp);
		explicit_bzero(crypt, sizeof(*crypt));
		free(crypt);
		crypt = further;
	}
}

/* --- places: the SSRCs that the library holds streams of ---------------------
 */

static struct place *find(struct crypt *crypt, uint32_t ssrc)
{
	if (crypt->last && crypt->last->ssrc == ssrc)
		return crypt->last;
	for (unsigned i = 0; i < crypt->count; i++)
		if (crypt->places[i].ssrc == ssrc)
			return &crypt->places[i];
	if (crypt->has_candidate && crypt->candidate.ssrc == ssrc)
		return &crypt->candidate;
	return NULL;
}

static struct place *oldest(struct crypt *crypt)
{
	struct place *place = &crypt->places[0];
	for (unsigned i = 1; i < crypt->count; i++)
		if (crypt->places[i].used < place->used)
			place = &crypt->places[i];
	return place;
}

/* The library has a stream for it; so the one that was used least recently
 * has to go. */
static struct place *add(struct crypt *crypt, uint32_t ssrc)
{
	struct place *place;
	if (crypt->count < CRYPT_RECEIVE_MAX) {
		place = &crypt->places[crypt->count++];
	} else {
		place = oldest(crypt);
		srtp_remove_stream(crypt->srtp, htonl(place->ssrc));
	}
	*place = (struct place){.ssrc = ssrc};
	return place;
}

static struct place *promote(struct crypt *crypt)
{
	crypt->has_candidate = false;
	return add(crypt, crypt->candidate.ssrc);
}

/* A stream of its own for an SSRC that may be one, so that its ROC can be
 * set; NULL if there is none now. */
static struct place *try_out(struct crypt *crypt, uint32_t ssrc, bool known,
			     int64_t now_ns)
{
	srtp_policy_t policy;
	if (crypt->has_candidate) {
		if ((!known || crypt->candidate.known) &&
		    now_ns - crypt->candidate_ns < CANDIDATE_NS)
			return NULL;
		srtp_remove_stream(crypt->srtp, htonl(crypt->candidate.ssrc));
		crypt->has_candidate = false;
	}
	key_policy(&policy, &crypt->key, ssrc_specific, ssrc);
	crypt->candidate_ns = now_ns;
	if (srtp_add_stream(crypt->srtp, &policy) != srtp_err_status_ok)
		return NULL;
	crypt->candidate = (struct place){.ssrc = ssrc, .known = known};
	crypt->has_candidate = true;
	return &crypt->candidate;
}

/* --- packets ---------------------------------------------------------------
 */

/* Headers, and `trailer` bytes behind them: the library would believe what
 * they say of themselves. */
static bool fits(bool rtcp, const uint8_t *buf, size_t len, size_t trailer)
{
	if (len > DATAGRAM_MAX)
		return false;
	if (rtcp)
		return len >= RTCP_HEADER_LEN + trailer && buf[0] >> 6 == 2;
	if (len < RTP_HEADER_LEN + trailer || buf[0] >> 6 != 2)
		return false;
	size_t at = RTP_HEADER_LEN + 4u * (buf[0] & 0x0f);
	if (buf[0] & 0x10) {
		if (len < at + 4 + trailer)
			return false;
		at += 4 + 4u * get16(buf + at + 2);
	}
	return len >= at + trailer;
}

/* Bytes behind the MKI: SHA-1's tag. GCM's is part of what is encrypted
 * (RFC 7714 sections 8.1 and 9.1). */
static size_t behind_mki(const struct crypt *crypt, bool rtcp)
{
	return crypt->is_gcm ? 0 : crypt->tag_len[rtcp];
}

/* The MKI is not authenticated, so it can be taken out before. The library
 * would look for it at the wrong place where RTP's tag has another length
 * than RTCP's. */
static bool take_mki(const struct crypt *crypt, bool rtcp, uint8_t *buf,
		     size_t *len)
{
	size_t mki_len = crypt->key.mki_len, behind = behind_mki(crypt, rtcp);
	uint8_t *mki = buf + *len - behind - mki_len;
	if (memcmp(mki, crypt->key.mki, mki_len) != 0)
		return false;
	memmove(mki, mki + mki_len, behind);
	*len -= mki_len;
	return true;
}

static void put_mki(const struct crypt *crypt, bool rtcp, uint8_t *buf,
		    size_t *len)
{
	size_t mki_len = crypt->key.mki_len, behind = behind_mki(crypt, rtcp);
	uint8_t *mki = buf + *len - behind;
	memmove(mki + mki_len, mki, behind);
	memcpy(mki, crypt->key.mki, mki_len);
	*len += mki_len;
}

static srtp_err_status_t open_packet(struct crypt *crypt, bool rtcp,
				     uint8_t *buf, int *len)
{
	return rtcp ? srtp_unprotect_rtcp(crypt->srtp, buf, len)
		    : srtp_unprotect(crypt->srtp, buf, len);
}

static bool is_forged(srtp_err_status_t status)
{
	return status == srtp_err_status_auth_fail ||
	       status == srtp_err_status_cipher_fail;
}

/* Where a packet of RTP would be next to one that came before it. */
static uint64_t index_near(uint64_t index, uint16_t seq)
{
	int64_t at = (int64_t)index + (int16_t)(seq - (uint16_t)index);
	return at < 0 ? seq : (uint64_t)at;
}

/* The ROC is not the one that its place would tell. */
static srtp_err_status_t open_at(struct crypt *crypt, const struct place *place,
				 uint32_t roc, uint8_t *buf, int *len)
{
	srtp_set_stream_roc(crypt->srtp, place->ssrc, roc);
	srtp_err_status_t status = open_packet(crypt, false, buf, len);
	/* Where that made no jump it would hold for good. */
	srtp_set_stream_roc(crypt->srtp, place->ssrc, 0);
	return status;
}

static srtp_err_status_t search(struct crypt *crypt, struct place *place,
				uint8_t *buf, int *len)
{
	srtp_err_status_t status = srtp_err_status_auth_fail;
	int before = *len;
	for (int i = 0; i < TRIES_A_PACKET; i++) {
		place->tried = place->tried % CRYPT_ROLLOVERS_MAX + 1;
		*len = before;
		status = open_at(crypt, place, place->tried, buf, len);
		if (status == srtp_err_status_ok)
			return status;
	}
	return status;
}

/* Where the SSRC was heard last, if that was with another key. */
static const struct place *elsewhere(struct crypt *keys,
				     const struct place *place, uint32_t ssrc)
{
	const struct place *latest = place;
	for (; keys; keys = keys->further) {
		const struct place *other = find(keys, ssrc);
		if (other && other->heard &&
		    (!latest || other->spoke > latest->spoke))
			latest = other;
	}
	return latest == place ? NULL : latest;
}

/* A packet of RTP with one of the keys; *place is its SSRC's, if there is one
 * or the packet needs one, and *index is the packet's. */
static srtp_err_status_t open_rtp(struct crypt *keys, struct crypt *crypt,
				  struct place **place, uint64_t *index,
				  uint8_t *buf, int *len, int64_t now_ns)
{
	uint16_t seq = get16(buf + 2);
	uint32_t ssrc = get32(buf + 8);
	srtp_err_status_t status;
	int before = *len;
	const struct place *other =
		keys->further ? elsewhere(keys, *place, ssrc) : NULL;
	*index = other ? index_near(other->index, seq) : 0;
	uint32_t roc = (uint32_t)(*index >> 16);
	if (roc != 0 && !*place)
		*place = try_out(crypt, ssrc, true, now_ns);
	if (roc != 0 && *place) {
		status = open_at(crypt, *place, roc, buf, len);
		if (status == srtp_err_status_ok)
			return status;
		*len = before;
	}
	bool heard = *place && (*place)->heard;
	*index = heard ? index_near((*place)->index, seq) : seq;
	status = open_packet(crypt, false, buf, len);
	if (!is_forged(status) || heard)
		return status;
	if (!*place)
		*place = try_out(crypt, ssrc, false, now_ns);
	if (!*place)
		return status;
	*len = before;
	status = search(crypt, *place, buf, len);
	*index = (uint64_t)(*place)->tried << 16 | seq;
	return status;
}

/* Without MKI. The place that it belongs to is used now. */
static int unprotect(struct crypt *keys, struct crypt *crypt, bool rtcp,
		     uint8_t *buf, size_t *len, int64_t now_ns)
{
	uint32_t ssrc = get32(buf + (rtcp ? 4 : 8));
	struct place *place = find(crypt, ssrc);
	uint64_t index = 0;
	int n = (int)*len;
	srtp_err_status_t status =
		rtcp ? open_packet(crypt, rtcp, buf, &n)
		     : open_rtp(keys, crypt, &place, &index, buf, &n, now_ns);
	if (status == srtp_err_status_replay_fail ||
	    status == srtp_err_status_replay_old)
		return -EALREADY;
	if (status != srtp_err_status_ok)
		return -EBADMSG;
	if (!place)
		place = add(crypt, ssrc);
	else if (place == &crypt->candidate)
		place = promote(crypt);
	place->used = ++keys->packets;
	if (!rtcp) {
		place->heard = true;
		place->spoke = place->used;
		if (index > place->index)
			place->index = index;
	}
	crypt->last = place;
	*len = (size_t)n;
	return 0;
}

int crypt_unprotect(struct crypt *crypt, bool rtcp, uint8_t *buf, size_t *len,
		    int64_t now_ns)
{
	size_t trailer = crypt->key.mki_len + crypt->tag_len[rtcp] +
			 (rtcp ? SRTCP_INDEX_LEN : 0);
	if (!fits(rtcp, buf, *len, trailer))
		return -EBADMSG;
	struct crypt *keys = crypt;
	while (crypt && (crypt->moved || !take_mki(crypt, rtcp, buf, len)))
		crypt = crypt->further;
	if (!crypt)
		return -EBADMSG;
	int rc = unprotect(keys, crypt, rtcp, buf, len, now_ns);
	if (rc < 0)
		put_mki(crypt, rtcp, buf, len);
	return rc;
}

static int close_packet(struct crypt *crypt, bool rtcp, uint8_t *buf, int *len)
{
	srtp_err_status_t status =
		rtcp ? srtp_protect_rtcp(crypt->srtp, buf, len)
		     : srtp_protect(crypt->srtp, buf, len);
	if (status == srtp_err_status_ok)
		return 0;
	if (status == srtp_err_status_replay_fail ||
	    status == srtp_err_status_replay_old)
		return -EALREADY;
	return status == srtp_err_status_key_expired ? -EKEYEXPIRED : -EBADMSG;
}

/* A number of the source's, as it is sent. */
static void renumber(const struct place *place, uint8_t *buf)
{
	put16(buf + 2, (uint16_t)(get16(buf + 2) + place->offset));
}

static void note_sent(struct place *place, uint16_t seq)
{
	if (!place->heard || (int16_t)(seq - place->highest) > 0)
		place->highest = seq;
	place->heard = true;
	place->stuck = 0;
}

static void note_used(struct place *place, uint16_t seq)
{
	if (++place->stuck < STUCK_MAX)
		return;
	place->offset = (uint16_t)(place->offset + place->highest - seq);
	place->stuck = 0;
}

int crypt_protect(struct crypt *crypt, bool rtcp, uint8_t *buf, size_t *len)
{
	if (!fits(rtcp, buf, *len, 0))
		return -EBADMSG;
	uint32_t ssrc = get32(buf + (rtcp ? 4 : 8));
	struct place *place = find(crypt, ssrc);
	if (!place) {
		if (crypt->count == CRYPT_SEND_MAX)
			return -ENOSPC;
		place = &crypt->places[crypt->count++];
		*place = (struct place){.ssrc = ssrc};
	}
	if (!rtcp)
		renumber(place, buf);
	uint16_t seq = get16(buf + 2);
	int n = (int)*len;
	int rc = close_packet(crypt, rtcp, buf, &n);
	if (rc == -EALREADY && !rtcp)
		note_used(place, seq);
	if (rc < 0)
		return rc;
	if (!rtcp)
		note_sent(place, seq);
	crypt->packets++;
	crypt->last = place;
	*len = (size_t)n;
	put_mki(crypt, rtcp, buf, len);
	return 0;
}

bool crypt_is_worn(const struct crypt *crypt)
{
	return crypt->packets >= crypt->worn_at || crypt->count >= SEND_WORN;
}

const char *media_library(void)
{
	return srtp_get_version_string();
}
