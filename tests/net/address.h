/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of both families, for the fakes of tests/net. */
#ifndef TESTS_NET_ADDRESS_H
#define TESTS_NET_ADDRESS_H

#include <stddef.h>
#include <sys/socket.h>

/* "1.2.3.4:5060" or "[2001:db8::1]:5060"; the port may be left out. */
int address_parse(const char *text, struct sockaddr_storage *out,
		  socklen_t *len);
const char *address_host(const struct sockaddr_storage *address, char *out,
			 size_t size);
unsigned address_port(const struct sockaddr_storage *address);
/* Host as a SIP URI has it: IPv6 in brackets; with the port. */
const char *address_text(const struct sockaddr_storage *address, char *out,
			 size_t size);

#endif
