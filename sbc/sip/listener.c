/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By which of our ports a request came. */
#include "config.h"

#include "sbc/sip/listener.h"

#include <stdlib.h>
#include <string.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/tport.h>

uint16_t listener_port(nta_incoming_t *irq)
{
	tport_t *tport = nta_incoming_transport(NULL, irq, NULL);
	const char *ident = tport ? tport_ident(tport_parent(tport)) : NULL;
	const char *colon = ident ? strrchr(ident, ':') : NULL;
	uint16_t port = colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;

	if (tport)
		tport_unref(tport);
	return port;
}
