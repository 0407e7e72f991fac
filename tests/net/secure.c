/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fake's SRTP. */
#include "tests/net/secure.h"

#include <openssl/evp.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEY_LEN 30 /* key and salt */

static void *context(const uint8_t key[KEY_LEN], srtp_ssrc_type_t which)
{
	static bool begun;
	srtp_policy_t policy;
	srtp_t made = NULL;

	if (!begun && srtp_init() != srtp_err_status_ok)
		abort();
	begun = true;
	memset(&policy, 0, sizeof(policy));
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	policy.ssrc.type = which;
	policy.key = (uint8_t *)(uintptr_t)key;
	policy.window_size = 128;
	policy.allow_repeat_tx = 1;
	if (srtp_create(&made, &policy) != srtp_err_status_ok)
		abort();
	return made;
}

static void end(void **made)
{
	if (*made)
		srtp_dealloc(*made);
	*made = NULL;
}

void secure_key(struct secure *secure)
{
	uint8_t key[KEY_LEN];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		abort();
	EVP_EncodeBlock((unsigned char *)secure->ours, key, KEY_LEN);
	end(&secure->next);
	secure->next = context(key, ssrc_any_outbound);
	secure->on = true;
}

void secure_told(struct secure *secure)
{
	if (!secure->next)
		return;
	end(&secure->out);
	secure->out = secure->next;
	secure->next = NULL;
}

bool secure_heard(struct secure *secure, const char *crypto)
{
	const char *at = strstr(crypto, "inline:");
	uint8_t key[KEY_LEN + 3];
	char text[48];

	if (!at || !strstr(crypto, " " SECURE_SUITE " "))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(at + 7, "| \r\n"),
		 at + 7);
	if (strcmp(text, secure->theirs) == 0)
		return true;
	if (strlen(text) != 40 ||
	    EVP_DecodeBlock(key, (const unsigned char *)text, 40) != KEY_LEN)
		return false;
	snprintf(secure->theirs, sizeof(secure->theirs), "%s", text);
	end(&secure->in);
	secure->in = context(key, ssrc_any_inbound);
	return true;
}

size_t secure_seal(struct secure *secure, uint8_t *buf, size_t len)
{
	int now = (int)len;

	if (!secure->out ||
	    srtp_protect(secure->out, buf, &now) != srtp_err_status_ok)
		return 0;
	return (size_t)now;
}

size_t secure_open(struct secure *secure, uint8_t *buf, size_t len)
{
	int now = (int)len;

	if (secure->in &&
	    srtp_unprotect(secure->in, buf, &now) == srtp_err_status_ok)
		return (size_t)now;
	secure->refused++;
	return 0;
}

void secure_off(struct secure *secure)
{
	end(&secure->out);
	end(&secure->next);
	end(&secure->in);
	memset(secure, 0, sizeof(*secure));
}
