/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and prefixes: parse, format, compare. */
#include "policy/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static const struct sockaddr_in *v4(const struct sockaddr *address)
{
	return (const struct sockaddr_in *)(const void *)address;
}

static const struct sockaddr_in6 *v6(const struct sockaddr *address)
{
	return (const struct sockaddr_in6 *)(const void *)address;
}

/*
 * The bytes that say which host it is, and its family; an IPv4-mapped IPv6
 * address is the IPv4 host it stands for. NULL: neither family.
 */
static const uint8_t *host_bytes(const struct sockaddr *address, int *family)
{
	if (address->sa_family == AF_INET) {
		*family = AF_INET;
		return (const uint8_t *)&v4(address)->sin_addr;
	}
	if (address->sa_family != AF_INET6)
		return NULL;
	if (IN6_IS_ADDR_V4MAPPED(&v6(address)->sin6_addr)) {
		*family = AF_INET;
		return v6(address)->sin6_addr.s6_addr + 12;
	}
	*family = AF_INET6;
	return v6(address)->sin6_addr.s6_addr;
}

/* Decimal digits only, no sign, no space, at most `max`. */
static bool number_parse(unsigned *out, const char *text, size_t len,
			 unsigned max)
{
	unsigned value = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*out = value;
	return value <= max;
}

static bool host_parse(struct sockaddr_storage *out, const char *text,
		       size_t len)
{
	char buf[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];

	memset(out, 0, sizeof(*out));
	if (len == 0 || len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';

	struct sockaddr_in *in = (struct sockaddr_in *)out;
	if (inet_pton(AF_INET, buf, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		return true;
	}

	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	char *scope = strchr(buf, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, buf, &in6->sin6_addr) != 1)
		return false;
	in6->sin6_family = AF_INET6;
	if (!scope)
		return true;
	/* A scope may be an interface's name or its index. */
	unsigned index = if_nametoindex(scope);
	if (index == 0 && !number_parse(&index, scope, strlen(scope), 65535))
		return false;
	in6->sin6_scope_id = index;
	return true;
}

int address_parse(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	size_t len = strlen(text);
	const char *host = text, *digits = NULL;
	const char *colon = strrchr(text, ':');
	unsigned value = port;

	if (text[0] == '[') {
		const char *end = strchr(text, ']');
		if (!end || (end[1] != '\0' && end[1] != ':'))
			return -EINVAL;
		host = text + 1;
		len = (size_t)(end - host);
		digits = end[1] == ':' ? end + 2 : NULL;
		if (!memchr(host, ':', len))
			return -EINVAL;
	} else if (colon && strchr(text, ':') == colon) {
		len = (size_t)(colon - text);
		digits = colon + 1;
	}
	if (digits && !number_parse(&value, digits, strlen(digits), 65535))
		return -EINVAL;

	struct sockaddr_storage address;
	if (!host_parse(&address, host, len))
		return -EINVAL;
	address_set_port((struct sockaddr *)&address, (uint16_t)value);
	*out = address;
	return 0;
}

int address_prefix_parse(struct address_prefix *out, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct address_prefix prefix;

	if (!host_parse(&prefix.base, text, len))
		return -EINVAL;
	unsigned width = prefix.base.ss_family == AF_INET ? 32 : 128;
	prefix.bits = width;
	if (slash &&
	    !number_parse(&prefix.bits, slash + 1, strlen(slash + 1), width))
		return -EINVAL;
	*out = prefix;
	return 0;
}

/* inet_ntop(3) prints; addresses are written several times a call. */
static char *decimal(char *out, unsigned value)
{
	char digit[5];
	unsigned count = 0;

	do
		digit[count++] = (char)('0' + value % 10);
	while (value /= 10);
	while (count > 0)
		*out++ = digit[--count];
	return out;
}

static void v4_host(char *out, const struct sockaddr *address)
{
	const uint8_t *byte = (const uint8_t *)&v4(address)->sin_addr;

	for (int i = 0; i < 4; i++) {
		out = decimal(out, byte[i]);
		*out++ = '.';
	}
	out[-1] = '\0';
}

const char *address_host(char buf[ADDRESS_TEXT_MAX],
			 const struct sockaddr *address)
{
	buf[0] = '\0';
	if (address->sa_family == AF_INET) {
		v4_host(buf, address);
	} else if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6(address)->sin6_addr, buf,
			  ADDRESS_TEXT_MAX);
		size_t len = strlen(buf);
		if (v6(address)->sin6_scope_id)
			snprintf(buf + len, ADDRESS_TEXT_MAX - len, "%%%u",
				 v6(address)->sin6_scope_id);
	} else {
		snprintf(buf, ADDRESS_TEXT_MAX, "unknown");
	}
	return buf;
}

const char *address_text(char buf[ADDRESS_TEXT_MAX],
			 const struct sockaddr *address)
{
	char host[ADDRESS_TEXT_MAX];
	bool six = address->sa_family == AF_INET6;
	char *end = buf;
	size_t len;

	/* The longest host leaves room: 39 + 11 of scope + 8 of port. */
	address_host(host, address);
	len = strnlen(host, 60);
	if (six)
		*end++ = '[';
	memcpy(end, host, len);
	end += len;
	if (six)
		*end++ = ']';
	*end++ = ':';
	*decimal(end, address_port(address)) = '\0';
	return buf;
}

uint16_t address_port(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohs(v4(address)->sin_port);
	if (address->sa_family == AF_INET6)
		return ntohs(v6(address)->sin6_port);
	return 0;
}

void address_set_port(struct sockaddr *address, uint16_t port)
{
	if (address->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
	else if (address->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)address)->sin6_port =
			htons(port);
}

socklen_t address_len(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return sizeof(struct sockaddr_in);
	if (address->sa_family == AF_INET6)
		return sizeof(struct sockaddr_in6);
	return sizeof(struct sockaddr_storage);
}

bool address_host_equal(const struct sockaddr *a, const struct sockaddr *b)
{
	int a_family = 0, b_family = 0;
	const uint8_t *a_bytes = host_bytes(a, &a_family);
	const uint8_t *b_bytes = host_bytes(b, &b_family);

	if (!a_bytes || !b_bytes || a_family != b_family)
		return false;
	if (memcmp(a_bytes, b_bytes, a_family == AF_INET ? 4 : 16) != 0)
		return false;
	/* fe80::1 of one link is not fe80::1 of another, when both say. */
	if (a_family == AF_INET6 && v6(a)->sin6_scope_id &&
	    v6(b)->sin6_scope_id)
		return v6(a)->sin6_scope_id == v6(b)->sin6_scope_id;
	return true;
}

bool address_equal(const struct sockaddr *a, const struct sockaddr *b)
{
	return address_host_equal(a, b) && address_port(a) == address_port(b);
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

bool address_in(const struct address_prefix *prefix,
		const struct sockaddr *address)
{
	const struct sockaddr *base = (const struct sockaddr *)&prefix->base;
	int family = 0, base_family = 0;
	const uint8_t *bytes = host_bytes(address, &family);
	const uint8_t *base_bytes = host_bytes(base, &base_family);
	unsigned bits = prefix->bits;

	if (!bytes || !base_bytes || family != base_family)
		return false;
	/* A prefix written ::ffff:192.0.2.0/120 speaks of IPv4 hosts. */
	if (base_family == AF_INET && base->sa_family == AF_INET6)
		bits = bits > 96 ? bits - 96 : 0;
	unsigned width = family == AF_INET ? 32 : 128;
	return bits_equal(bytes, base_bytes, bits < width ? bits : width);
}

bool address_is_private(const struct sockaddr *address)
{
	static const struct {
		int family;
		uint8_t base[2];
		unsigned bits;
	} nets[] = {
		{AF_INET, {10, 0}, 8},	   /* RFC 1918 */
		{AF_INET, {172, 16}, 12},  /* RFC 1918 */
		{AF_INET, {192, 168}, 16}, /* RFC 1918 */
		{AF_INET, {100, 64}, 10},  /* RFC 6598 */
		{AF_INET, {127, 0}, 8},	   /* loopback */
		{AF_INET, {169, 254}, 16}, /* link-local */
		{AF_INET6, {0xfe, 0x80}, 10},
		{AF_INET6, {0xfc, 0x00}, 7}, /* RFC 4193 */
	};
	int family = 0;
	const uint8_t *bytes = host_bytes(address, &family);

	if (!bytes)
		return false;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (nets[i].family == family &&
		    bits_equal(bytes, nets[i].base, nets[i].bits))
			return true;
	return family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)bytes);
}
