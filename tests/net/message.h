/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Just enough of SIP's text for the fakes of tests/net: look up a header,
 * take a URI apart, answer a digest challenge. Trusts its peer's syntax.
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
/* ";name=value" of a header or "name=value" of a challenge, unquoted. */
bool message_parameter(const char *header, const char *name, char *out,
		       size_t size);
/* The URI inside <> (or the bare one). */
void message_uri(const char *header, char *out, size_t size);

/* response= for a challenge; algorithm MD5 or SHA-256. */
void digest_response(const char *algorithm, const char *user, const char *realm,
		     const char *password, const char *method, const char *uri,
		     const char *nonce, const char *nc, const char *cnonce,
		     const char *qop, char out[65]);

#endif
