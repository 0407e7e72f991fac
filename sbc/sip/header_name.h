/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One name-addr (RFC 3261 section 25) in plain words, cleaned: what may stand
 * in a number and what in a display name.
 */
#ifndef SBC_SIP_HEADER_NAME_H
#define SBC_SIP_HEADER_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct header_name {
	char user[128];	    /* decoded and cleaned; "": none */
	char display[128];  /* UTF-8 without control bytes */
	bool anonymous;	    /* anonymous@..., ...@anonymous.invalid */
	const char *params; /* what follows in the header: ";..." or "" */
};

/*
 * Read the name-addr or addr-spec that `text` begins with: sip:, sips: or
 * tel:. Visual separators of a number, password and parameters are cut.
 * Returns where the next one of a list begins (after the comma), the end of
 * the text if there is none, or NULL if it cannot be read.
 */
const char *header_name_read(struct header_name *out, const char *text);

/* Copy a display name into out[size], cleaned; quotes and backslashes undone.
 * Never cuts a UTF-8 character. */
void header_display_clean(char *out, size_t size, const char *text, size_t len);

/* Write `user` so that it can stand before the "@" of a SIP URI: at most
 * three bytes for each of its. */
void header_user_escape(char *out, size_t size, const char *user);

#endif
