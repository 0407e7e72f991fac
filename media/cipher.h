/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What SRTP is made of: AES in counter mode, AES-GCM and HMAC-SHA1 over
 * OpenSSL, with the key schedule kept from packet to packet. Nothing is
 * allocated but by the functions that end in _new.
 */
#ifndef MEDIA_CIPHER_H
#define MEDIA_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIPHER_IV_LEN	     16 /* of counter mode */
#define CIPHER_GCM_IV_LEN    12
#define CIPHER_TAG_LEN	     16
#define CIPHER_SHORT_TAG_LEN 8
#define HMAC_SHA1_LEN	     20

/* --- AES-CM (RFC 3711 section 4.1.1), AES-GCM (RFC 7714) ------------------ */

struct cipher;

enum cipher_mode { CIPHER_CTR, CIPHER_GCM };

/* `key_len` is 16 or 32. Returns 0; -EINVAL; -ENOMEM. */
int cipher_new(struct cipher **out, enum cipher_mode mode, size_t key_len);
void cipher_free(struct cipher *cipher);
/* Returns 0 or -EIO, as the functions below do. */
int cipher_key(struct cipher *cipher, const uint8_t *key);
/* Begin with this counter block, or nonce: 16 or 12 bytes. */
int cipher_begin(struct cipher *cipher, const uint8_t *iv, bool encrypt);
/* GCM: bytes that are authenticated only, in one call or several. */
int cipher_authenticate(struct cipher *cipher, const uint8_t *bytes,
			size_t len);
/* In place; counter mode goes on where the last call ended. */
int cipher_crypt(struct cipher *cipher, uint8_t *buf, size_t len);
/* GCM: the tag of what was encrypted, once. */
int cipher_tag(struct cipher *cipher, uint8_t *tag, size_t tag_len);
/* GCM: decrypt in place and check; -EBADMSG with buf as it was if the tag is
 * another one. */
int cipher_open(struct cipher *cipher, uint8_t *buf, size_t len,
		const uint8_t *tag, size_t tag_len);

/* --- HMAC-SHA1 (RFC 2104) --------------------------------------------------
 */

struct hmac;

/* Returns 0 or -ENOMEM. */
int hmac_new(struct hmac **out);
void hmac_free(struct hmac *hmac);
/* The key's blocks are hashed here, once. */
void hmac_key(struct hmac *hmac, const uint8_t *key, size_t len);
void hmac_begin(struct hmac *hmac);
void hmac_add(struct hmac *hmac, const uint8_t *bytes, size_t len);
void hmac_end(struct hmac *hmac, uint8_t out[HMAC_SHA1_LEN]);

#endif
