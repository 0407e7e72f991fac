/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An IPv4 or IPv6 address and port in 28 bytes, or nothing. */
#ifndef MEDIA_ENDPOINT_H
#define MEDIA_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* Copy an address. Anything but IPv4 and IPv6, the wildcard addresses and
 * NULL give the unset endpoint: they name nobody. */
void endpoint_set(struct endpoint *e, const struct sockaddr *sa);
void endpoint_clear(struct endpoint *e);
/* The other way; an unset endpoint gives AF_UNSPEC. */
void endpoint_get(const struct endpoint *e, struct sockaddr_storage *out);
bool endpoint_is_set(const struct endpoint *e);
/* Length for bind, connect and sendto; 0 if unset. */
socklen_t endpoint_len(const struct endpoint *e);
/* Host order. */
uint16_t endpoint_port(const struct endpoint *e);
void endpoint_set_port(struct endpoint *e, uint16_t port);
/* Address and port; an unset endpoint equals nothing, not even itself. */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* Address alone. */
bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b);
/* An address that means something else elsewhere: RFC 1918, RFC 6598,
 * RFC 3927, RFC 4193, link-local, loopback. */
bool endpoint_is_private(const struct endpoint *e);

#endif
