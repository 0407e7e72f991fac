/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which headers cross from one leg to the other, and how the caller is told:
 * identity, privacy, topology hiding. Everything not named here stays behind.
 * The outputs are text in `home`, ready for SIPTAG_..._STR.
 */
#ifndef SBC_SIP_HEADER_H
#define SBC_SIP_HEADER_H

#include <stdbool.h>
#include <sofia-sip/sip.h>

#include "policy/policy.h"

struct header_caller {
	char user[128];	   /* a number or a name; "" if none was told */
	char display[128]; /* UTF-8 without control bytes */
	bool restricted;   /* Privacy: id, user or header; or anonymous */
};

/*
 * Who calls: P-Asserted-Identity of a trusted peer, else P-Preferred-Identity
 * or From. A phone is who its credentials say (`user`), whatever it claims.
 * Bytes that may not stand in a number or name are left out.
 */
void header_caller_read(struct header_caller *out, const sip_t *sip,
			const struct policy_peer *from,
			const struct policy_user *user);

/* What the INVITE toward `to` says of the caller. Hosts are ours or the
 * peer's domain, never one of the inside (RFC 3323, 3325). */
struct header_identity {
	const char *from;      /* From value without tag */
	const char *asserted;  /* P-Asserted-Identity value, or NULL */
	const char *preferred; /* P-Preferred-Identity value, or NULL */
	const char *privacy;   /* Privacy value, or NULL */
};
/* our_host: our address as `to` sees it, "[...]" for IPv6. 0 or -ENOMEM. */
int header_identity_write(struct header_identity *out, su_home_t *home,
			  const struct header_caller *caller,
			  const struct policy_peer *to, const char *our_host);

/* Further headers of a request or answer that cross (Alert-Info, Reason,
 * Subject, Diversion and History-Info without hosts of the inside, ...), as
 * whole lines "Name: value\r\n"; NULL for none. */
char *header_cross(su_home_t *home, const sip_t *sip,
		   const struct policy_peer *to);

/* Is this text fit for a number we route: 1..127 bytes, no control bytes,
 * no "@" or spaces? */
bool header_number_ok(const char *number);

/* The source a request came from as the wire says, not as Via claims. */
void header_source(struct sockaddr_storage *out, msg_t *msg);

#endif
