/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A master key, as one of libsrtp2. */
#ifndef MEDIA_CRYPT_KEY_H
#define MEDIA_CRYPT_KEY_H

#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/media.h"

/* Fill the policy of one stream, or of all of a direction; it points into the
 * key. */
void key_policy(srtp_policy_t *policy, struct media_key *key,
		srtp_ssrc_type_t type, uint32_t ssrc);

/* Its lifetime says nothing about the key itself. */
bool key_is_same(const struct media_key *a, const struct media_key *b);

#endif
