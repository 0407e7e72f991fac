/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an address appears: same subnet, other subnet, local, remote. */
#include "policy/snapshot.h"

const char *policy_class_name(enum policy_class class)
{
	switch (class) {
	case POLICY_SAME_SUBNET:
		return "same-subnet";
	case POLICY_OTHER_SUBNET:
		return "other-subnet";
	case POLICY_LOCAL:
		return "local";
	case POLICY_REMOTE:
		return "remote";
	}
	return "unknown";
}

static bool in_subnets(const struct policy_network *network,
		       const struct sockaddr *address)
{
	for (unsigned i = 0; i < network->addresses; i++)
		if (address_in(&network->address[i].subnet, address))
			return true;
	return false;
}

static bool in_locals(const struct policy_network *network,
		      const struct sockaddr *address)
{
	for (unsigned i = 0; i < network->locals; i++)
		if (address_in(&network->local[i], address))
			return true;
	return false;
}

enum policy_class policy_zone(const struct policy *policy,
			      const struct policy_network *network,
			      const struct sockaddr *address)
{
	if (in_subnets(network, address))
		return POLICY_SAME_SUBNET;
	for (unsigned i = 0; i < policy->networks; i++)
		if (in_subnets(&policy->network[i].net, address))
			return POLICY_OTHER_SUBNET;
	for (unsigned i = 0; i < policy->networks; i++)
		if (in_locals(&policy->network[i].net, address))
			return POLICY_LOCAL;
	return address_is_private(address) ? POLICY_LOCAL : POLICY_REMOTE;
}
