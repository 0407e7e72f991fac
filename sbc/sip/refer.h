/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a transfer asks for, as text: Refer-To (RFC 3515), Replaces (RFC 3891),
 * Target-Dialog (RFC 4538),
 * and the status that a NOTIFY tells (message/sipfrag, RFC 3420). Pure.
 */
#ifndef SBC_SIP_REFER_H
#define SBC_SIP_REFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/url.h>

/* A dialog as the one who asks knows it: to_tag is ours, from_tag theirs. */
struct refer_replaces {
	char call_id[256]; /* "": none was named */
	char to_tag[128], from_tag[128];
	bool early_only;
};

struct refer {
	char number[128]; /* unescaped, fit for a route */
	struct refer_replaces replaces;
};

/*
 * Read a Refer-To URI. Only Replaces may be embedded in it: any other header,
 * a body, or a method but INVITE would let the transferor write our requests.
 * 0; -EINVAL if it cannot be read or names no number; -EPERM for what may not
 * be asked for.
 */
int refer_read(struct refer *out, const url_t *url);

/* Read a Replaces value, unescaped. 0; -EINVAL. */
int refer_replaces_read(struct refer_replaces *out, const char *value);

/*
 * The dialog that a Target-Dialog header names. Its tags are told as the sender
 * has them: his remote one is ours. 0; -ENOENT without such a header; -EINVAL
 * if it is broken or there are two.
 */
int refer_target_read(struct refer_replaces *out, const sip_t *sip);

/* Refer-Sub: false (RFC 4488): no NOTIFY is wanted. */
bool refer_wants_silence(const sip_t *sip);

/* The status in a sipfrag body, 100..699; 0: there is none. */
unsigned refer_fragment_status(const char *body, size_t len);

#endif
