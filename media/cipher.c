/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AES and HMAC-SHA1 by OpenSSL, a few hundred ns a packet. */
#define OPENSSL_SUPPRESS_DEPRECATED  /* SHA_CTX can be copied, EVP's not \
				      * without an allocation a packet */
#include "media/cipher.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct cipher {
	EVP_CIPHER_CTX *ctx;
	enum cipher_mode mode;
	size_t key_len;
	uint8_t iv[CIPHER_IV_LEN]; /* of this packet */
};

static const EVP_CIPHER *kind_of(enum cipher_mode mode, size_t key_len)
{
	if (mode == CIPHER_GCM)
		return key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
	return key_len == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
}

int cipher_new(struct cipher **out, enum cipher_mode mode, size_t key_len)
{
	if (key_len != 16 && key_len != 32)
		return -EINVAL;
	struct cipher *cipher = calloc(1, sizeof(*cipher));
	if (!cipher)
		return -ENOMEM;
	cipher->mode = mode;
	cipher->key_len = key_len;
	cipher->ctx = EVP_CIPHER_CTX_new();
	if (!cipher->ctx ||
	    EVP_CipherInit_ex(cipher->ctx, kind_of(mode, key_len), NULL, NULL,
			      NULL, 1) != 1) {
		cipher_free(cipher);
		return -ENOMEM;
	}
	*out = cipher;
	return 0;
}

void cipher_free(struct cipher *cipher)
{
	if (!cipher)
		return;
	EVP_CIPHER_CTX_free(cipher->ctx); /* cleanses the key */
	free(cipher);
}

int cipher_key(struct cipher *cipher, const uint8_t *key)
{
	int rc = EVP_CipherInit_ex(cipher->ctx, NULL, NULL, key, NULL, -1);
	return rc == 1 ? 0 : -EIO;
}

int cipher_begin(struct cipher *cipher, const uint8_t *iv, bool encrypt)
{
	size_t len =
		cipher->mode == CIPHER_GCM ? CIPHER_GCM_IV_LEN : CIPHER_IV_LEN;
	/* Counter mode is the same both ways. */
	int direction = cipher->mode == CIPHER_GCM ? encrypt : -1;
	memcpy(cipher->iv, iv, len);
	int rc =
		EVP_CipherInit_ex(cipher->ctx, NULL, NULL, NULL, iv, direction);
	return rc == 1 ? 0 : -EIO;
}

int cipher_authenticate(struct cipher *cipher, const uint8_t *bytes, size_t len)
{
	int n;
	if (len > INT_MAX)
		return -EIO;
	int rc = EVP_CipherUpdate(cipher->ctx, NULL, &n, bytes, (int)len);
	return rc == 1 ? 0 : -EIO;
}

int cipher_crypt(struct cipher *cipher, uint8_t *buf, size_t len)
{
	int n;
	if (len > INT_MAX)
		return -EIO;
	if (len == 0)
		return 0;
	int rc = EVP_CipherUpdate(cipher->ctx, buf, &n, buf, (int)len);
	return rc == 1 ? 0 : -EIO;
}

int cipher_tag(struct cipher *cipher, uint8_t *tag, size_t tag_len)
{
	uint8_t none[CIPHER_IV_LEN];
	int n;
	if (EVP_CipherFinal_ex(cipher->ctx, none, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher->ctx, EVP_CTRL_AEAD_GET_TAG,
				(int)tag_len, tag) != 1)
		return -EIO;
	return 0;
}

/* The same key stream once more gives back what was there, so that another
 * key can be tried. */
static void undo(struct cipher *cipher, uint8_t *buf, size_t len)
{
	uint8_t iv[CIPHER_IV_LEN];
	memcpy(iv, cipher->iv, sizeof(iv));
	if (cipher_begin(cipher, iv, true) == 0)
		cipher_crypt(cipher, buf, len);
}

int cipher_open(struct cipher *cipher, uint8_t *buf, size_t len,
		const uint8_t *tag, size_t tag_len)
{
	uint8_t none[CIPHER_IV_LEN], expected[CIPHER_TAG_LEN];
	int n;
	if (tag_len > sizeof(expected))
		return -EIO;
	memcpy(expected, tag, tag_len);
	if (cipher_crypt(cipher, buf, len) < 0)
		return -EIO;
	if (EVP_CIPHER_CTX_ctrl(cipher->ctx, EVP_CTRL_AEAD_SET_TAG,
				(int)tag_len, expected) == 1 &&
	    EVP_CipherFinal_ex(cipher->ctx, none, &n) == 1)
		return 0;
	undo(cipher, buf, len);
	return -EBADMSG;
}

/* --- HMAC-SHA1 --------------------------------------------------------------
 */

struct hmac {
	SHA_CTX inner, outer; /* behind the key's block */
	SHA_CTX now;
};

int hmac_new(struct hmac **out)
{
	struct hmac *hmac = calloc(1, sizeof(*hmac));
	if (!hmac)
		return -ENOMEM;
	*out = hmac;
	return 0;
}

void hmac_free(struct hmac *hmac)
{
	if (!hmac)
		return;
	OPENSSL_cleanse(hmac, sizeof(*hmac));
	free(hmac);
}

static void absorb(SHA_CTX *ctx, const uint8_t block[SHA_CBLOCK], uint8_t pad)
{
	uint8_t padded[SHA_CBLOCK];
	for (size_t i = 0; i < sizeof(padded); i++)
		padded[i] = block[i] ^ pad;
	SHA1_Init(ctx);
	SHA1_Update(ctx, padded, sizeof(padded));
	OPENSSL_cleanse(padded, sizeof(padded));
}

void hmac_key(struct hmac *hmac, const uint8_t *key, size_t len)
{
	uint8_t block[SHA_CBLOCK] = {0};
	if (len > sizeof(block))
		SHA1(key, len, block);
	else
		memcpy(block, key, len);
	absorb(&hmac->inner, block, 0x36);
	absorb(&hmac->outer, block, 0x5c);
	OPENSSL_cleanse(block, sizeof(block));
	hmac_begin(hmac);
}

void hmac_begin(struct hmac *hmac)
{
	hmac->now = hmac->inner;
}

void hmac_add(struct hmac *hmac, const uint8_t *bytes, size_t len)
{
	SHA1_Update(&hmac->now, bytes, len);
}

void hmac_end(struct hmac *hmac, uint8_t out[HMAC_SHA1_LEN])
{
	SHA1_Final(out, &hmac->now);
	hmac->now = hmac->outer;
	SHA1_Update(&hmac->now, out, HMAC_SHA1_LEN);
	SHA1_Final(out, &hmac->now);
}
