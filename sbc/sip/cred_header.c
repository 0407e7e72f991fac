/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsed authentication headers back to text. */
#include "config.h"

#include "sbc/sip/cred_header.h"

#include <string.h>

char *cred_header_text(su_home_t *home, const msg_auth_t *header)
{
	size_t len = strlen(header->au_scheme) + 2;

	for (msg_param_t const *it = header->au_params; it && *it; it++)
		len += strlen(*it) + 2;
	char *text = su_alloc(home, (isize_t)len);
	if (!text)
		return NULL;
	char *at = stpcpy(text, header->au_scheme);
	for (msg_param_t const *it = header->au_params; it && *it; it++) {
		at = stpcpy(at, it == header->au_params ? " " : ", ");
		at = stpcpy(at, *it);
	}
	return text;
}
