/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header fields that are the same in every call, parsed once and for all: the
 * library copies them into a message faster than it parses their text.
 * Kept until the program ends; the signalling thread's alone.
 */
#ifndef SBC_SIP_READY_H
#define SBC_SIP_READY_H

#include <sofia-sip/sip.h>

/* leg_allow()'s methods. NULL: memory is short. */
const sip_allow_t *ready_allow(void);
/* One of the constant texts of leg_supported(). NULL for NULL. */
const sip_supported_t *ready_supported(const char *options);
/* application/sdp */
const sip_content_type_t *ready_sdp(void);

#endif
