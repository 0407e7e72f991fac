/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of offer share: a job, its picked formats, writers. */
#ifndef SBC_SIP_OFFER_INTERNAL_H
#define SBC_SIP_OFFER_INTERNAL_H

#include "sbc/sip/crypto.h"
#include "sbc/sip/offer.h"

/* One format that will be written. */
struct offer_pick {
	const struct body_format *format; /* whose encoding and fmtp */
	const struct body_format *number; /* whose id; the same in offers */
};

struct offer_picks {
	struct offer_pick pick[BODY_FORMATS_MAX];
	unsigned count;
};

enum offer_role { OFFER_RELAYED, OFFER_OWN, OFFER_ANSWER };

/* How each slot is secured, where that ends here (offer_secure.c). */
struct offer_locks {
	struct offer_lock {
		bool refused;	   /* cannot be had in this way */
		const char *proto; /* in offers; NULL: the source's */
		unsigned lines;	   /* 0: plain */
		struct crypto_line line[MEDIA_CRYPTO_SUITES];
	} slot[BODY_MEDIA_MAX];
};

/* One body being written. In offers `shape` and `from` are the same. */
struct offer_job {
	const struct offer *o;
	enum offer_role role;
	const struct body *shape; /* whose slots, numbers and profiles */
	const struct body *from;  /* whose formats and attributes */
	const struct offer_rules *rules;
	const struct offer_place *place;
	unsigned places;
	const struct offer_locks *locks; /* NULL: security crosses */
};

/* Whose formats and attributes slot `slot` gets. */
const struct body *offer_source(const struct offer_job *job, unsigned slot);

/* The version in a body of ours. */
uint64_t offer_version(const char *local);

/* offer_secure.c: 0, or -EIO. */
int offer_lock(struct offer_locks *out, const struct offer_job *job);

/* offer_write.c: write the body and keep it as o->local, with the version it
 * deserves. Errors as offer_write_offer and offer_write_answer say. */
int offer_write(struct offer *o, struct offer_job *job);

/* offer_format.c: the formats of slot `slot` that stay, in order. */
void offer_pick_formats(struct offer_picks *out, const struct offer_job *job,
			unsigned slot);
bool offer_format_is_codec(const struct body_format *format);

/* offer_attribute.c */
void offer_write_attributes(struct body_writer *w, const struct offer_job *job,
			    unsigned slot, const struct offer_picks *picks);
/* May this value of `from` be copied out? Printable ASCII that shows no
 * address or host. */
bool offer_value_ok(struct body_span value, const struct body *from);
/* A token of modest length that is no address; empty is fine. */
bool offer_token_ok(struct body_span token);

#endif
