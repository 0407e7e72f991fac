/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * a=crypto lines (RFC 4568): parsed, written, matched. Keys are in them, so
 * what holds one is wiped with crypto_wipe, and no log shows it.
 */
#ifndef SBC_SIP_CRYPTO_H
#define SBC_SIP_CRYPTO_H

#include "media/media.h"
#include "sbc/sip/body.h"

#define CRYPTO_LINES_MAX 16 /* looked at in one slot */

struct crypto_line {
	unsigned tag;	      /* 0..999999999 */
	struct media_key key; /* the first of its keys */
	struct media_key further[MEDIA_KEYS_MAX - 1]; /* the others */
	unsigned furthers;
};

/* SDP's name of a suite ("AES_CM_128_HMAC_SHA1_80"), and back:
 * MEDIA_CRYPTO_NONE if it is none of ours. */
const char *crypto_suite_name(enum media_crypto_suite suite);
enum media_crypto_suite crypto_suite_named(struct body_span name);

/*
 * Parse the value of an a=crypto attribute.
 *
 * Of several inline keys each has to be right and to have an MKI of its own,
 * all of one length: its packets may come under any of them (RFC 4568 6.1). A
 * lifetime may be 2^n or decimal. WSH and session parameters that begin with
 * "-" are left aside (RFC 4568 6.3.5, 6.3.6). Returns 0; -EPROTO if the line is
 * broken; -ENOTSUP if it needs what we do not have: its suite, a session
 * parameter, an MKI over MEDIA_MKI_MAX bytes, more than MEDIA_KEYS_MAX keys.
 */
int crypto_parse(struct crypto_line *out, struct body_span value);

/* "1 AES_CM_128_HMAC_SHA1_80 inline:...|2^31|1:4", with its a= and CRLF. */
void crypto_write(struct body_writer *w, const struct crypto_line *line);

/* The lines of a slot that can be used, in their order. */
unsigned crypto_lines(struct crypto_line out[CRYPTO_LINES_MAX],
		      const struct body *body, unsigned slot);

/* A key of the kernel's random bytes, without MKI or lifetime. 0, or -errno. */
int crypto_fresh(struct media_key *out, enum media_crypto_suite suite);

/*
 * What was agreed for a slot of one leg by our last body and the far end's,
 * whichever answered: the pair of lines with one tag and one suite. False:
 * there is none.
 */
bool crypto_agree(struct media_crypto *out, const struct body *ours,
		  const struct body *theirs, unsigned slot);

/* Memory that held keys, before it is let go. NULL is fine. */
void crypto_wipe(void *memory, size_t len);

#endif
