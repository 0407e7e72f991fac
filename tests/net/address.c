/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of both families, read and written. */
#include "tests/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int address_parse(const char *text, struct sockaddr_storage *out,
		  socklen_t *len)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	char host[64];
	const char *end, *port = NULL;

	memset(out, 0, sizeof(*out));
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end)
			return -1;
		if (end[1] == ':')
			port = end + 2;
	} else {
		end = text + strcspn(text, ":;>");
		if (*end == ':')
			port = end + 1;
	}
	snprintf(host, sizeof(host), "%.*s", (int)(end - text), text);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)(port ? atoi(port) : 5060));
		*len = sizeof(*four);
	} else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)(port ? atoi(port) : 5060));
		*len = sizeof(*six);
	} else {
		return -1;
	}
	return 0;
}

const char *address_host(const struct sockaddr_storage *address, char *out,
			 size_t size)
{
	const void *raw = &((const struct sockaddr_in *)address)->sin_addr;

	if (address->ss_family == AF_INET6)
		raw = &((const struct sockaddr_in6 *)address)->sin6_addr;
	if (!inet_ntop(address->ss_family, raw, out, (socklen_t)size))
		snprintf(out, size, "?");
	return out;
}

unsigned address_port(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

const char *address_text(const struct sockaddr_storage *address, char *out,
			 size_t size)
{
	char host[64];

	address_host(address, host, sizeof(host));
	if (address->ss_family == AF_INET6)
		snprintf(out, size, "[%s]:%u", host, address_port(address));
	else
		snprintf(out, size, "%s:%u", host, address_port(address));
	return out;
}
