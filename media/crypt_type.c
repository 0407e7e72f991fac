/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media/cipher's ciphers as libsrtp2 calls them. */
#include "media/crypt_type.h"

#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "media/cipher.h"

/* --- ciphers, as the library calls them --------------------------------------
 */

struct icm {
	struct cipher *cipher;
	uint8_t offset[CIPHER_IV_LEN]; /* the salt */
	size_t key_len;
};

static srtp_err_status_t icm_free(srtp_cipher_t *c)
{
	if (!c)
		return srtp_err_status_bad_param;
	struct icm *icm = c->state;
	if (icm) {
		cipher_free(icm->cipher);
		explicit_bzero(icm, sizeof(*icm));
	}
	free(icm);
	free(c);
	return srtp_err_status_ok;
}

static const srtp_cipher_type_t icm_128, icm_256, gcm_128, gcm_256;

static srtp_err_status_t icm_new(srtp_cipher_pointer_t *out, int key_len,
				 int tag_len)
{
	(void)tag_len;
	if (key_len != SRTP_AES_ICM_128_KEY_LEN_WSALT &&
	    key_len != SRTP_AES_ICM_256_KEY_LEN_WSALT)
		return srtp_err_status_bad_param;
	bool is_128 = key_len == SRTP_AES_ICM_128_KEY_LEN_WSALT;
	srtp_cipher_t *c = calloc(1, sizeof(*c));
	struct icm *icm = calloc(1, sizeof(*icm));
	if (c)
		c->state = icm;
	else
		free(icm);
	if (!c || !icm)
		goto fail;
	icm->key_len = is_128 ? 16 : 32;
	if (cipher_new(&icm->cipher, CIPHER_CTR, icm->key_len) < 0)
		goto fail;
	c->type = is_128 ? &icm_128 : &icm_256;
	c->algorithm = is_128 ? SRTP_AES_ICM_128 : SRTP_AES_ICM_256;
	c->key_len = key_len;
	*out = c;
	return srtp_err_status_ok;
fail:
	icm_free(c);
	return srtp_err_status_alloc_fail;
}

static srtp_err_status_t icm_key(void *state, const uint8_t *key)
{
	struct icm *icm = state;
	memset(icm->offset, 0, sizeof(icm->offset));
	memcpy(icm->offset, key + icm->key_len, SRTP_SALT_LEN);
	return cipher_key(icm->cipher, key) == 0 ? srtp_err_status_ok
						 : srtp_err_status_fail;
}

static srtp_err_status_t icm_iv(void *state, uint8_t *iv,
				srtp_cipher_direction_t direction)
{
	struct icm *icm = state;
	uint8_t block[CIPHER_IV_LEN];
	(void)direction;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = icm->offset[i] ^ iv[i];
	return cipher_begin(icm->cipher, block, true) == 0
		       ? srtp_err_status_ok
		       : srtp_err_status_cipher_fail;
}

static srtp_err_status_t icm_crypt(void *state, uint8_t *buf, unsigned int *len)
{
	struct icm *icm = state;
	return cipher_crypt(icm->cipher, buf, *len) == 0
		       ? srtp_err_status_ok
		       : srtp_err_status_cipher_fail;
}

struct gcm {
	struct cipher *cipher;
	unsigned tag_len;
};

static srtp_err_status_t gcm_free(srtp_cipher_t *c)
{
	if (!c)
		return srtp_err_status_bad_param;
	struct gcm *gcm = c->state;
	if (gcm)
		cipher_free(gcm->cipher);
	free(gcm);
	free(c);
	return srtp_err_status_ok;
}

static srtp_err_status_t gcm_new(srtp_cipher_pointer_t *out, int key_len,
				 int tag_len)
{
	if ((key_len != SRTP_AES_GCM_128_KEY_LEN_WSALT &&
	     key_len != SRTP_AES_GCM_256_KEY_LEN_WSALT) ||
	    (tag_len != CIPHER_TAG_LEN && tag_len != CIPHER_SHORT_TAG_LEN))
		return srtp_err_status_bad_param;
	bool is_128 = key_len == SRTP_AES_GCM_128_KEY_LEN_WSALT;
	srtp_cipher_t *c = calloc(1, sizeof(*c));
	struct gcm *gcm = calloc(1, sizeof(*gcm));
	if (c)
		c->state = gcm;
	else
		free(gcm);
	if (!c || !gcm ||
	    cipher_new(&gcm->cipher, CIPHER_GCM, is_128 ? 16 : 32) < 0) {
		gcm_free(c);
		return srtp_err_status_alloc_fail;
	}
	gcm->tag_len = (unsigned)tag_len;
	c->type = is_128 ? &gcm_128 : &gcm_256;
	c->algorithm = is_128 ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256;
	c->key_len = key_len;
	*out = c;
	return srtp_err_status_ok;
}

static srtp_err_status_t gcm_key(void *state, const uint8_t *key)
{
	struct gcm *gcm = state;
	return cipher_key(gcm->cipher, key) == 0 ? srtp_err_status_ok
						 : srtp_err_status_fail;
}

static srtp_err_status_t gcm_iv(void *state, uint8_t *iv,
				srtp_cipher_direction_t direction)
{
	struct gcm *gcm = state;
	bool encrypt = direction == srtp_direction_encrypt;
	return cipher_begin(gcm->cipher, iv, encrypt) == 0
		       ? srtp_err_status_ok
		       : srtp_err_status_cipher_fail;
}

static srtp_err_status_t gcm_aad(void *state, const uint8_t *aad, uint32_t len)
{
	struct gcm *gcm = state;
	return cipher_authenticate(gcm->cipher, aad, len) == 0
		       ? srtp_err_status_ok
		       : srtp_err_status_algo_fail;
}

static srtp_err_status_t gcm_encrypt(void *state, uint8_t *buf,
				     unsigned int *len)
{
	struct gcm *gcm = state;
	return cipher_crypt(gcm->cipher, buf, *len) == 0
		       ? srtp_err_status_ok
		       : srtp_err_status_cipher_fail;
}

static srtp_err_status_t gcm_tag(void *state, uint8_t *tag, uint32_t *len)
{
	struct gcm *gcm = state;
	*len = gcm->tag_len;
	return cipher_tag(gcm->cipher, tag, gcm->tag_len) == 0
		       ? srtp_err_status_ok
		       : srtp_err_status_algo_fail;
}

static srtp_err_status_t gcm_decrypt(void *state, uint8_t *buf,
				     unsigned int *len)
{
	struct gcm *gcm = state;
	if (*len < gcm->tag_len)
		return srtp_err_status_bad_param;
	*len -= gcm->tag_len;
	return cipher_open(gcm->cipher, buf, *len, buf + *len, gcm->tag_len) ==
			       0
		       ? srtp_err_status_ok
		       : srtp_err_status_auth_fail;
}

/* --- authentication, as the library calls it ---------------------------------
 */

static const srtp_auth_type_t sha1;

static srtp_err_status_t sha1_new(srtp_auth_pointer_t *out, int key_len,
				  int out_len)
{
	struct hmac *hmac;
	if (key_len < 0 || key_len > HMAC_SHA1_LEN || out_len < 0 ||
	    out_len > HMAC_SHA1_LEN)
		return srtp_err_status_bad_param;
	srtp_auth_t *auth = calloc(1, sizeof(*auth));
	if (!auth || hmac_new(&hmac) < 0) {
		free(auth);
		return srtp_err_status_alloc_fail;
	}
	auth->type = &sha1;
	auth->state = hmac;
	auth->out_len = out_len;
	auth->key_len = key_len;
	*out = auth;
	return srtp_err_status_ok;
}

static srtp_err_status_t sha1_free(srtp_auth_pointer_t auth)
{
	hmac_free(auth->state);
	free(auth);
	return srtp_err_status_ok;
}

static srtp_err_status_t sha1_key(void *state, const uint8_t *key, int len)
{
	hmac_key(state, key, (size_t)len);
	return srtp_err_status_ok;
}

static srtp_err_status_t sha1_begin(void *state)
{
	hmac_begin(state);
	return srtp_err_status_ok;
}

static srtp_err_status_t sha1_add(void *state, const uint8_t *bytes, int len)
{
	hmac_add(state, bytes, (size_t)len);
	return srtp_err_status_ok;
}

static srtp_err_status_t sha1_end(void *state, const uint8_t *bytes, int len,
				  int tag_len, uint8_t *tag)
{
	uint8_t all[HMAC_SHA1_LEN];
	if (tag_len < 0 || tag_len > HMAC_SHA1_LEN)
		return srtp_err_status_bad_param;
	hmac_add(state, bytes, (size_t)len);
	hmac_end(state, all);
	memcpy(tag, all, (size_t)tag_len);
	return srtp_err_status_ok;
}

/* --- vectors: the library tests each type with one of its own and with those
 * of the type that it replaces -------------------------------------------- */

/* RFC 3711 B.2, RFC 6188 7.1: the first two blocks of the key stream. */
static const uint8_t icm_128_test_key[] = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7,
	0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c, 0xf0, 0xf1, 0xf2, 0xf3,
	0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
static const uint8_t icm_256_test_key[] = {
	0x57, 0xf8, 0x2f, 0xe3, 0x61, 0x3f, 0xd1, 0x70, 0xa8, 0x5e, 0xc9, 0x3c,
	0x40, 0xb1, 0xf0, 0x92, 0x2e, 0xc4, 0xcb, 0x0d, 0xc0, 0x25, 0xb5, 0x82,
	0x72, 0x14, 0x7c, 0xc4, 0x38, 0x94, 0x4a, 0x98, 0xf0, 0xf1, 0xf2, 0xf3,
	0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
static uint8_t icm_test_iv[CIPHER_IV_LEN];
static const uint8_t icm_test_plain[32];
static const uint8_t icm_128_test_out[] = {
	0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1,
	0x6d, 0xd9, 0x2b, 0x4e, 0xb4, 0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02,
	0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab};
static const uint8_t icm_256_test_out[] = {
	0x92, 0xbd, 0xd2, 0x8a, 0x93, 0xc3, 0xf5, 0x25, 0x11, 0xc6, 0x77,
	0xd0, 0x8b, 0x55, 0x15, 0xa4, 0x9d, 0xa7, 0x1b, 0x23, 0x78, 0xa8,
	0x54, 0xf6, 0x70, 0x50, 0x75, 0x6d, 0xed, 0x16, 0x5b, 0xac};

/* Cases 4 and 16 of the GCM specification; the salt is not used. */
static const uint8_t gcm_128_test_key[28] = {0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65,
					     0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94,
					     0x67, 0x30, 0x83, 0x08};
static const uint8_t gcm_256_test_key[44] = {
	0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f,
	0x94, 0x67, 0x30, 0x83, 0x08, 0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65,
	0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};
static uint8_t gcm_test_iv[] = {0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce,
				0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88};
static const uint8_t gcm_test_plain[] = {
	0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5,
	0xaf, 0xf5, 0x26, 0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda,
	0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31, 0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95,
	0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49, 0xa6, 0xb5, 0x25,
	0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39};
static const uint8_t gcm_test_aad[] = {0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe,
				       0xef, 0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad,
				       0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2};
static const uint8_t gcm_128_test_out[] = {
	0x42, 0x83, 0x1e, 0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21,
	0xb7, 0x84, 0xd0, 0xd4, 0x9c, 0xe3, 0xaa, 0x21, 0x2f, 0x2c, 0x02,
	0xa4, 0xe0, 0x35, 0xc1, 0x7e, 0x23, 0x29, 0xac, 0xa1, 0x2e, 0x21,
	0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93, 0x1c, 0x7d, 0x8f, 0x6a, 0x5a,
	0xac, 0x84, 0xaa, 0x05, 0x1b, 0xa3, 0x0b, 0x39, 0x6a, 0x0a, 0xac,
	0x97, 0x3d, 0x58, 0xe0, 0x91, 0x5b, 0xc9, 0x4f, 0xbc, 0x32, 0x21,
	0xa5, 0xdb, 0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47};
static const uint8_t gcm_256_test_out[] = {
	0x52, 0x2d, 0xc1, 0xf0, 0x99, 0x56, 0x7d, 0x07, 0xf4, 0x7f, 0x37,
	0xa3, 0x2a, 0x84, 0x42, 0x7d, 0x64, 0x3a, 0x8c, 0xdc, 0xbf, 0xe5,
	0xc0, 0xc9, 0x75, 0x98, 0xa2, 0xbd, 0x25, 0x55, 0xd1, 0xaa, 0x8c,
	0xb0, 0x8e, 0x48, 0x59, 0x0d, 0xbb, 0x3d, 0xa7, 0xb0, 0x8b, 0x10,
	0x56, 0x82, 0x88, 0x38, 0xc5, 0xf6, 0x1e, 0x63, 0x93, 0xba, 0x7a,
	0x0a, 0xbc, 0xc9, 0xf6, 0x62, 0x76, 0xfc, 0x6e, 0xce, 0x0f, 0x4e,
	0x17, 0x68, 0xcd, 0xdf, 0x88, 0x53, 0xbb, 0x2d, 0x55, 0x1b};

/* RFC 2202 section 3, case 1. */
static const uint8_t sha1_test_key[] = {
	0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
	0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b};
static const uint8_t sha1_test_data[] = {'H', 'i', ' ', 'T',
					 'h', 'e', 'r', 'e'};
static const uint8_t sha1_test_tag[] = {
	0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
	0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00};

static const srtp_cipher_test_case_t icm_128_test = {
	.key_length_octets = sizeof(icm_128_test_key),
	.key = icm_128_test_key,
	.idx = icm_test_iv,
	.plaintext_length_octets = sizeof(icm_test_plain),
	.plaintext = icm_test_plain,
	.ciphertext_length_octets = sizeof(icm_128_test_out),
	.ciphertext = icm_128_test_out,
};
static const srtp_cipher_test_case_t icm_256_test = {
	.key_length_octets = sizeof(icm_256_test_key),
	.key = icm_256_test_key,
	.idx = icm_test_iv,
	.plaintext_length_octets = sizeof(icm_test_plain),
	.plaintext = icm_test_plain,
	.ciphertext_length_octets = sizeof(icm_256_test_out),
	.ciphertext = icm_256_test_out,
};
static const srtp_cipher_test_case_t gcm_128_test = {
	.key_length_octets = sizeof(gcm_128_test_key),
	.key = gcm_128_test_key,
	.idx = gcm_test_iv,
	.plaintext_length_octets = sizeof(gcm_test_plain),
	.plaintext = gcm_test_plain,
	.ciphertext_length_octets = sizeof(gcm_128_test_out),
	.ciphertext = gcm_128_test_out,
	.aad_length_octets = sizeof(gcm_test_aad),
	.aad = gcm_test_aad,
	.tag_length_octets = CIPHER_TAG_LEN,
};
static const srtp_cipher_test_case_t gcm_256_test = {
	.key_length_octets = sizeof(gcm_256_test_key),
	.key = gcm_256_test_key,
	.idx = gcm_test_iv,
	.plaintext_length_octets = sizeof(gcm_test_plain),
	.plaintext = gcm_test_plain,
	.ciphertext_length_octets = sizeof(gcm_256_test_out),
	.ciphertext = gcm_256_test_out,
	.aad_length_octets = sizeof(gcm_test_aad),
	.aad = gcm_test_aad,
	.tag_length_octets = CIPHER_TAG_LEN,
};
static const srtp_auth_test_case_t sha1_test = {
	.key_length_octets = sizeof(sha1_test_key),
	.key = sha1_test_key,
	.data_length_octets = sizeof(sha1_test_data),
	.data = sha1_test_data,
	.tag_length_octets = sizeof(sha1_test_tag),
	.tag = sha1_test_tag,
};

/* --- the types ------------------------------------------------------------ */

static const srtp_cipher_type_t icm_128 = {
	.alloc = icm_new,
	.dealloc = icm_free,
	.init = icm_key,
	.encrypt = icm_crypt,
	.decrypt = icm_crypt,
	.set_iv = icm_iv,
	.description = "AES-128 counter mode",
	.test_data = &icm_128_test,
	.id = SRTP_AES_ICM_128,
};
static const srtp_cipher_type_t icm_256 = {
	.alloc = icm_new,
	.dealloc = icm_free,
	.init = icm_key,
	.encrypt = icm_crypt,
	.decrypt = icm_crypt,
	.set_iv = icm_iv,
	.description = "AES-256 counter mode",
	.test_data = &icm_256_test,
	.id = SRTP_AES_ICM_256,
};
static const srtp_cipher_type_t gcm_128 = {
	.alloc = gcm_new,
	.dealloc = gcm_free,
	.init = gcm_key,
	.set_aad = gcm_aad,
	.encrypt = gcm_encrypt,
	.decrypt = gcm_decrypt,
	.set_iv = gcm_iv,
	.get_tag = gcm_tag,
	.description = "AES-128 GCM",
	.test_data = &gcm_128_test,
	.id = SRTP_AES_GCM_128,
};
static const srtp_cipher_type_t gcm_256 = {
	.alloc = gcm_new,
	.dealloc = gcm_free,
	.init = gcm_key,
	.set_aad = gcm_aad,
	.encrypt = gcm_encrypt,
	.decrypt = gcm_decrypt,
	.set_iv = gcm_iv,
	.get_tag = gcm_tag,
	.description = "AES-256 GCM",
	.test_data = &gcm_256_test,
	.id = SRTP_AES_GCM_256,
};
static const srtp_auth_type_t sha1 = {
	.alloc = sha1_new,
	.dealloc = sha1_free,
	.init = sha1_key,
	.compute = sha1_end,
	.update = sha1_add,
	.start = sha1_begin,
	.description = "HMAC-SHA1",
	.test_data = &sha1_test,
	.id = SRTP_HMAC_SHA1,
};

bool crypt_replace_types(void)
{
	const srtp_cipher_type_t *ciphers[] = {&icm_128, &icm_256, &gcm_128,
					       &gcm_256};
	bool all = srtp_replace_auth_type(&sha1, sha1.id) == srtp_err_status_ok;
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		all &= srtp_replace_cipher_type(ciphers[i], ciphers[i]->id) ==
		       srtp_err_status_ok;
	return all;
}
