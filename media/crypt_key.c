/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The suites of SRTP as libsrtp2 names them (RFC 4568, 6188, 7714). */
#include "media/crypt_key.h"

#include <string.h>

#include "media/crypt.h"

unsigned media_key_len(enum media_crypto_suite suite)
{
	switch (suite) {
	case MEDIA_CRYPTO_AES_CM_128_SHA1_80:
	case MEDIA_CRYPTO_AES_CM_128_SHA1_32:
		return SRTP_AES_ICM_128_KEY_LEN_WSALT;
	case MEDIA_CRYPTO_AES_256_CM_SHA1_80:
	case MEDIA_CRYPTO_AES_256_CM_SHA1_32:
		return SRTP_AES_ICM_256_KEY_LEN_WSALT;
	case MEDIA_CRYPTO_AEAD_AES_128_GCM:
		return SRTP_AES_GCM_128_KEY_LEN_WSALT;
	case MEDIA_CRYPTO_AEAD_AES_256_GCM:
		return SRTP_AES_GCM_256_KEY_LEN_WSALT;
	case MEDIA_CRYPTO_NONE:
	case MEDIA_CRYPTO_SUITES:
		break;
	}
	return 0;
}

/* SRTCP's tag has 80 bits in all suites of SHA-1 (RFC 4568 section 6.2). */
static void set_suite(srtp_policy_t *policy, enum media_crypto_suite suite)
{
	srtp_crypto_policy_t *rtp = &policy->rtp, *rtcp = &policy->rtcp;
	switch (suite) {
	case MEDIA_CRYPTO_AES_CM_128_SHA1_80:
		srtp_crypto_policy_set_rtp_default(rtp);
		srtp_crypto_policy_set_rtcp_default(rtcp);
		break;
	case MEDIA_CRYPTO_AES_CM_128_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(rtp);
		srtp_crypto_policy_set_rtcp_default(rtcp);
		break;
	case MEDIA_CRYPTO_AES_256_CM_SHA1_80:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(rtcp);
		break;
	case MEDIA_CRYPTO_AES_256_CM_SHA1_32:
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(rtp);
		srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(rtcp);
		break;
	case MEDIA_CRYPTO_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(rtcp);
		break;
	case MEDIA_CRYPTO_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(rtcp);
		break;
	case MEDIA_CRYPTO_NONE:
	case MEDIA_CRYPTO_SUITES:
		break;
	}
}

void key_policy(srtp_policy_t *policy, struct media_key *key,
		srtp_ssrc_type_t type, uint32_t ssrc)
{
	memset(policy, 0, sizeof(*policy));
	set_suite(policy, key->suite);
	policy->ssrc.type = type;
	policy->ssrc.value = ssrc;
	policy->window_size = CRYPT_WINDOW;
	policy->key = key->key;
}

bool key_is_same(const struct media_key *a, const struct media_key *b)
{
	return a->suite == b->suite && a->mki_len == b->mki_len &&
	       memcmp(a->mki, b->mki, a->mki_len) == 0 &&
	       memcmp(a->key, b->key, media_key_len(a->suite)) == 0;
}
