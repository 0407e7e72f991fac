/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One cryptographic context of SRTP and SRTCP (RFC 3711 section 3.2): one
 * master key in one direction, or several that their MKIs tell apart. The only
 * user of libsrtp2, whose ciphers are replaced by those of media/cipher.
 *
 * Each SSRC has a rollover counter and a replay window of its own. Their
 * number is bounded: a packet that is not authentic makes none; of those that
 * are received the CRYPT_RECEIVE_MAX used last are kept, of those that are
 * sent CRYPT_SEND_MAX and then no more, since to forget one could mean to
 * use its key stream twice. Nothing is allocated for a packet but when an
 * SSRC is the first time seen.
 */
#ifndef MEDIA_CRYPT_H
#define MEDIA_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/media.h"

struct crypt;

#define CRYPT_RECEIVE_MAX 8
#define CRYPT_SEND_MAX	  16
/* How much longer crypt_protect() makes a packet at most: tag, SRTCP's index,
 * MKI. */
#define CRYPT_ROOM 24
/* The window in which packets may come out of order. */
#define CRYPT_WINDOW 1024
/* The far end may have counted so far before its first packet reached us. */
#define CRYPT_ROLLOVERS_MAX 64

enum crypt_direction { CRYPT_RECEIVE, CRYPT_SEND };

/* Returns 0; -EINVAL: no such suite, or NONE, or a long MKI; -ENOMEM. */
int crypt_new(struct crypt **out, const struct media_key *key,
	      enum crypt_direction direction);
void crypt_free(struct crypt *crypt);

/* What comes may also be under this key, as its MKI says. Returns as
 * crypt_new; -EINVAL also if its suite or its MKI's length is another, or the
 * MKI is none or one that is known. */
int crypt_add(struct crypt *crypt, const struct media_key *key);

/* It takes the place of `before`, both receive: keys with the same MKI that
 * both have go on here, with their counters and windows, and `before` takes
 * nothing under them any more. Nothing is allocated. */
void crypt_inherit(struct crypt *crypt, struct crypt *before);

/*
 * Check and decrypt in place.
 *
 * buf[*len]  as received, aligned to four bytes; *len gets the length of the
 *            plain packet
 * rtcp       it is SRTCP
 * Returns 0; -EALREADY: replayed, or too old to tell; -EBADMSG: not
 * authentic, or no SRTP at all. buf is as it was if it is not 0.
 */
int crypt_unprotect(struct crypt *crypt, bool rtcp, uint8_t *buf, size_t *len,
		    int64_t now_ns);

/*
 * Encrypt in place; buf has CRYPT_ROOM bytes behind *len.
 * Returns 0; -EALREADY: its number was used, or is too old (after ten of
 * these in a row the SSRC's numbers run on from the last that was sent; buf
 * may be changed); -EBADMSG: it is
 * no packet; -ENOSPC: too many SSRCs with this key; -EKEYEXPIRED.
 */
int crypt_protect(struct crypt *crypt, bool rtcp, uint8_t *buf, size_t *len);

/* Another key should be agreed on. */
bool crypt_is_worn(const struct crypt *crypt);

/* Starts the library, which takes 20 ms and more, once a
 * process: else the first crypt_new() does so. Any thread may. */
void crypt_start(void);

/* Are all ciphers ours, or are some libsrtp2's own? After the first
 * crypt_new(). */
bool crypt_is_replaced(void);

#endif
