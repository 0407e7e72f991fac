/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By which of our ports a request came: its answers' Contact names the same. */
#ifndef SBC_SIP_LISTENER_H
#define SBC_SIP_LISTENER_H

#include <sofia-sip/nta.h>

/* The listener's port, also of a connection that it accepted; 0: not known.
 * Listeners are named "192.0.2.10:5060" (agent_network.c). */
uint16_t listener_port(nta_incoming_t *irq);

#endif
