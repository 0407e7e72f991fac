/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SIP ports of a network. */
#include "policy/policy.h"

uint16_t policy_public_port(const struct policy_network *network, uint16_t port)
{
	return port == network->sip_port ? network->public_sip_port : port;
}

bool policy_has_port(const struct policy_network *network, uint16_t port)
{
	bool has = port == network->sip_port;

	for (unsigned i = 0; i < network->more_sip_ports; i++)
		has |= port == network->more_sip_port[i];
	return has;
}
