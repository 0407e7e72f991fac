/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and prefixes: parse, format, compare. */
#ifndef POLICY_ADDRESS_H
#define POLICY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* "[2001:db8:...%scope]:65535" and a NUL */
#define ADDRESS_TEXT_MAX 72

/* An address and how many of its leading bits count; port is ignored. */
struct address_prefix {
	struct sockaddr_storage base;
	unsigned bits;
};

/*
 * Parse a literal: "192.0.2.1", "192.0.2.1:5060", "2001:db8::1",
 * "[2001:db8::1]:5060". Without a port, `port` is used (host order).
 * Returns 0, or -EINVAL if the text is no literal address.
 */
int address_parse(struct sockaddr_storage *out, const char *text,
		  uint16_t port);

/* Parse "192.0.2.0/24"; without "/" the whole address counts. */
int address_prefix_parse(struct address_prefix *out, const char *text);

/* Write "192.0.2.1" or "2001:db8::1"; returns `buf`. */
const char *address_host(char buf[ADDRESS_TEXT_MAX],
			 const struct sockaddr *address);

/* Write "192.0.2.1:5060" or "[2001:db8::1]:5060"; returns `buf`. */
const char *address_text(char buf[ADDRESS_TEXT_MAX],
			 const struct sockaddr *address);

uint16_t address_port(const struct sockaddr *address);
void address_set_port(struct sockaddr *address, uint16_t port);
socklen_t address_len(const struct sockaddr *address);

/*
 * Same host (and same port)? An IPv4 address and its IPv4-mapped IPv6 form
 * are the same host.
 */
bool address_host_equal(const struct sockaddr *a, const struct sockaddr *b);
bool address_equal(const struct sockaddr *a, const struct sockaddr *b);

bool address_in(const struct address_prefix *prefix,
		const struct sockaddr *address);

/* RFC 1918, RFC 6598, loopback, link-local, RFC 4193: not reachable from
 * the Internet. */
bool address_is_private(const struct sockaddr *address);

#endif
