/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * (peer A, peer B, zones) to a plan: do the two exchange media directly?
 *
 * The first line that fits decides:
 *
 *   what is so                                     media     anchor_why
 *   ---------------------------------------------  --------  ---------------
 *   the two addresses are of different families    through   address-family
 *   a side's SRTP ends here (srtp is not pass)     through   srtp
 *   a side has anchor = always                     through   anchor=always ...
 *   a side has anchor = never                      direct    anchor=never ...
 *   both auto, a side is a trunk or a PBX          through   not-two-phones
 *   both auto, two phones of one subnet            direct    same-subnet
 *   both auto, anything else                       through   the pair's class
 *
 * The pair's class is that of the farther side; two sides that each stand in
 * a subnet of ours, but not in the same one, are other-subnet to each other.
 */
#include "policy/snapshot.h"

/* The subnet of ours that the side stands in, or NULL. */
static const struct address_prefix *subnet_of(const struct policy_side *side)
{
	for (unsigned i = 0; i < side->network->addresses; i++)
		if (address_in(&side->network->address[i].subnet,
			       side->address))
			return &side->network->address[i].subnet;
	return NULL;
}

static enum policy_class pair_class(const struct policy *policy,
				    const struct policy_side *a,
				    const struct policy_side *b)
{
	enum policy_class x = policy_zone(policy, a->network, a->address);
	enum policy_class y = policy_zone(policy, b->network, b->address);
	enum policy_class class = x > y ? x : y;

	if (class != POLICY_SAME_SUBNET)
		return class;
	if (a->network != b->network || subnet_of(a) != subnet_of(b))
		return POLICY_OTHER_SUBNET;
	return POLICY_SAME_SUBNET;
}

static bool is_four(const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;

	return address->sa_family == AF_INET ||
	       (address->sa_family == AF_INET6 &&
		IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr));
}

/* The side whose own key says so; the called one is asked first, since its
 * peer is the one that the key protects. */
static const struct policy_peer *wanting(const struct policy_side *a,
					 const struct policy_side *b,
					 enum policy_anchor anchor)
{
	if (b->peer->anchor == anchor)
		return b->peer;
	return a->peer->anchor == anchor ? a->peer : NULL;
}

void policy_plan(const struct policy *policy, const struct policy_side *a,
		 const struct policy_side *b, struct policy_plan *out)
{
	const struct policy_peer *peer;

	*out = (struct policy_plan){
		.class = pair_class(policy, a, b),
		.anchored = true,
		.anchor_at = b->peer->anchor_at,
	};
	if (is_four(a->address) != is_four(b->address)) {
		out->anchor_why = "address-family";
	} else if (b->peer->srtp != POLICY_SRTP_PASS) {
		out->anchor_why = "srtp";
		out->anchor_at = b->peer->srtp_at;
	} else if (a->peer->srtp != POLICY_SRTP_PASS) {
		out->anchor_why = "srtp";
		out->anchor_at = a->peer->srtp_at;
	} else if ((peer = wanting(a, b, POLICY_ANCHOR_ALWAYS)) ||
		   (peer = wanting(a, b, POLICY_ANCHOR_NEVER))) {
		out->anchored = peer->anchor == POLICY_ANCHOR_ALWAYS;
		out->anchor_why = conf_of(peer)->anchor_why[peer->anchor];
		out->anchor_at = peer->anchor_at;
	} else if (a->peer->kind != POLICY_PHONES ||
		   b->peer->kind != POLICY_PHONES) {
		out->anchor_why = "not-two-phones";
	} else {
		out->anchored = out->class != POLICY_SAME_SUBNET;
		out->anchor_why = policy_class_name(out->class);
	}
}
