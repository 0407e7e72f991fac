/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The value of a parsed challenge or credentials header as text again, for
 * cred. sip_header_as_string() must not be used for it: it cuts long ones.
 */
#ifndef SBC_SIP_CRED_HEADER_H
#define SBC_SIP_CRED_HEADER_H

#include <sofia-sip/msg_types.h>
#include <sofia-sip/su_alloc.h>

/* "Digest realm=\"x\", ..."; in `home`. NULL: no memory. */
char *cred_header_text(su_home_t *home, const msg_auth_t *header);

#endif
