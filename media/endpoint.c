/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as the packet path compares them. */
#include "media/endpoint.h"

#include <string.h>

void endpoint_clear(struct endpoint *e)
{
	memset(e, 0, sizeof(*e));
}

void endpoint_set(struct endpoint *e, const struct sockaddr *sa)
{
	endpoint_clear(e);
	if (!sa)
		return;
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		if (in.sin_addr.s_addr != htonl(INADDR_ANY)) {
			e->v4.sin_family = AF_INET;
			e->v4.sin_port = in.sin_port;
			e->v4.sin_addr = in.sin_addr;
		}
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof(in6));
		if (!IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr)) {
			e->v6.sin6_family = AF_INET6;
			e->v6.sin6_port = in6.sin6_port;
			e->v6.sin6_addr = in6.sin6_addr;
			e->v6.sin6_scope_id = in6.sin6_scope_id;
		}
	}
}

void endpoint_get(const struct endpoint *e, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	out->ss_family = AF_UNSPEC;
	memcpy(out, e, endpoint_len(e));
}

bool endpoint_is_set(const struct endpoint *e)
{
	return e->sa.sa_family != AF_UNSPEC;
}

socklen_t endpoint_len(const struct endpoint *e)
{
	if (e->sa.sa_family == AF_INET)
		return sizeof(e->v4);
	if (e->sa.sa_family == AF_INET6)
		return sizeof(e->v6);
	return 0;
}

/* sin_port and sin6_port lie at the same place. */
uint16_t endpoint_port(const struct endpoint *e)
{
	return ntohs(e->v4.sin_port);
}

void endpoint_set_port(struct endpoint *e, uint16_t port)
{
	e->v4.sin_port = htons(port);
}

bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	if (a->sa.sa_family != AF_INET6)
		return false;
	/* SDP knows no scope, so it counts only where both sides have one. */
	if (a->v6.sin6_scope_id && b->v6.sin6_scope_id &&
	    a->v6.sin6_scope_id != b->v6.sin6_scope_id)
		return false;
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr,
		      sizeof(a->v6.sin6_addr)) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->v4.sin_port == b->v4.sin_port && endpoint_same_host(a, b);
}

static bool v4_is_private(uint32_t host)
{
	return host >> 24 == 10 || host >> 20 == 0xac1 || /* 172.16/12 */
	       host >> 16 == 0xc0a8 ||			  /* 192.168/16 */
	       host >> 22 == 0x191 ||			  /* 100.64/10 */
	       host >> 16 == 0xa9fe ||			  /* 169.254/16 */
	       host >> 24 == 127;
}

bool endpoint_is_private(const struct endpoint *e)
{
	if (e->sa.sa_family == AF_INET)
		return v4_is_private(ntohl(e->v4.sin_addr.s_addr));
	if (e->sa.sa_family != AF_INET6)
		return false;
	const struct in6_addr *a = &e->v6.sin6_addr;
	return (a->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(a) ||
	       IN6_IS_ADDR_LOOPBACK(a);
}
