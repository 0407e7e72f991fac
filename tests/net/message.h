/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of both families and headers looked up, for the fakes of
 * tests/net; the rest of SIP's text and digest is tests/fakes'.
 */
#ifndef TESTS_NET_MESSAGE_H
#define TESTS_NET_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define MESSAGE_MAX 65536

/* "1.2.3.4:5060" or "[2001:db8::1]:5060"; the port may be left out. */
int address_parse(const char *text, struct sockaddr_storage *out,
		  socklen_t *len);
const char *address_host(const struct sockaddr_storage *address, char *out,
			 size_t size);
unsigned address_port(const struct sockaddr_storage *address);
/* Host as a SIP URI has it: IPv6 in brackets; with the port. */
const char *address_text(const struct sockaddr_storage *address, char *out,
			 size_t size);

/* 0 for a request, else the response's status. */
int message_status(const char *message);
void message_method(const char *message, char *out, size_t size);
/* The nth header of that name (compact form too), or false. */
bool message_header(const char *message, const char *name, unsigned nth,
		    char *out, size_t size);
const char *message_body(const char *message);
#endif
