/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header fields that are parsed once. */
#include "config.h"

#include "sbc/sip/ready.h"

#include <string.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_alloc.h>

#include "sbc/sip/leg_private.h"

#define READY_OPTIONS_MAX 16

static su_home_t home[1] = {SU_HOME_INIT(home)};

const sip_allow_t *ready_allow(void)
{
	static const sip_allow_t *allow;

	if (!allow)
		allow = sip_allow_make(home, leg_allow());
	return allow;
}

const sip_supported_t *ready_supported(const char *options)
{
	static struct {
		const char *options;
		const sip_supported_t *field;
	} ready[READY_OPTIONS_MAX];
	unsigned i;

	if (!options)
		return NULL;
	for (i = 0; i < READY_OPTIONS_MAX && ready[i].options; i++)
		if (!strcmp(ready[i].options, options))
			return ready[i].field;
	if (i == READY_OPTIONS_MAX)
		return NULL; /* leg.c has not that many */
	ready[i].field = sip_supported_make(home, options);
	if (ready[i].field)
		ready[i].options = options;
	return ready[i].field;
}

const sip_content_type_t *ready_sdp(void)
{
	static const sip_content_type_t *sdp;

	if (!sdp)
		sdp = sip_content_type_make(home, "application/sdp");
	return sdp;
}
