/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where we stand: this host's addresses, and which of ours to use. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

static unsigned mask_bits(const struct sockaddr *mask)
{
	const uint8_t *byte;
	unsigned count, bits = 0;

	if (mask->sa_family == AF_INET) {
		byte = (const uint8_t *)&(
			       (const struct sockaddr_in *)(const void *)mask)
			       ->sin_addr;
		count = 4;
	} else {
		byte = ((const struct sockaddr_in6 *)(const void *)mask)
			       ->sin6_addr.s6_addr;
		count = 16;
	}
	for (unsigned i = 0; i < count; i++)
		bits += (unsigned)__builtin_popcount(byte[i]);
	return bits;
}

static bool is_usable(const struct ifaddrs *entry)
{
	return entry->ifa_addr && entry->ifa_netmask &&
	       (entry->ifa_addr->sa_family == AF_INET ||
		entry->ifa_addr->sa_family == AF_INET6);
}

int policy_host_read(struct policy_host *out)
{
	struct ifaddrs *list, *entry;
	unsigned count = 0;

	*out = (struct policy_host){0};
	if (getifaddrs(&list) < 0)
		return -errno;
	for (entry = list; entry; entry = entry->ifa_next)
		count += is_usable(entry);
	out->address = calloc(count + 1, sizeof(*out->address));
	out->interface = calloc(count + 1, sizeof(*out->interface));
	if (!out->address || !out->interface) {
		freeifaddrs(list);
		policy_host_free(out);
		return -ENOMEM;
	}
	for (entry = list; entry; entry = entry->ifa_next) {
		struct address_prefix *at = &out->address[out->addresses];
		if (!is_usable(entry))
			continue;
		memcpy(&at->base, entry->ifa_addr,
		       address_len(entry->ifa_addr));
		/* The mask's family is not always filled in. */
		struct sockaddr_storage mask = {0};
		memcpy(&mask, entry->ifa_netmask, address_len(entry->ifa_addr));
		mask.ss_family = entry->ifa_addr->sa_family;
		at->bits = mask_bits((const struct sockaddr *)&mask);
		snprintf(out->interface[out->addresses], POLICY_INTERFACE_MAX,
			 "%s", entry->ifa_name);
		out->addresses++;
	}
	freeifaddrs(list);
	return 0;
}

void policy_host_free(struct policy_host *host)
{
	free(host->address);
	free(host->interface);
	*host = (struct policy_host){0};
}

static sa_family_t family_of(const struct sockaddr *far)
{
	const struct sockaddr_in6 *in6 = (const void *)far;

	if (far->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return AF_INET;
	return far->sa_family;
}

const struct policy_network_address *policy_network_address(
	const struct policy_network *network, const struct sockaddr *far)
{
	const struct policy_network_address *first = NULL;
	sa_family_t family = family_of(far);

	for (unsigned i = 0; i < network->addresses; i++) {
		const struct policy_network_address *a = &network->address[i];
		if (a->local.ss_family != family)
			continue;
		if (address_in(&a->subnet, far))
			return a;
		if (!first)
			first = a;
	}
	return first;
}
