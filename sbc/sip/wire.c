/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Three functions of the library, replaced by symbols of the same name; it
 * calls them through its procedure and method tables.
 *
 * su_vsend: an answer that cannot be sent puts its transaction on a queue on
 * which an ACK fails an assertion, and an assertion ends the program. A Via
 * that names a broadcast address or port 0, or a connection reset at the
 * right moment, does it without credentials. So an answer that the kernel
 * refuses counts as sent and lost, which the far end's timers are made for.
 *
 * su_getaddrinfo: it would wait for a name server in the signalling thread,
 * for any name that a Via holds. Names are resolved elsewhere (resolve.h); here
 * they become an address to which nothing can be sent.
 *
 * stun_mini_request: every UDP listener of the library is a STUN server, too:
 * a second parser of wire bytes in front of the guard, that answers without a
 * limit and writes a line to standard error for each packet.
 */
#include "config.h"

#include "sbc/sip/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sofia-sip/stun.h>
#include <sofia-sip/su.h>

#include "media/chance.h"
#include "sbc/text.h"

#define WIRE_NOWHERE "255.255.255.255"

bool wire_answerable(const sip_t *sip)
{
	const sip_via_t *via = sip->sip_via;
	unsigned long port;
	char *end;

	if (!via)
		return false;
	if (via->v_maddr)
		return false;
	if (!via->v_port)
		return true;
	port = strtoul(via->v_port, &end, 10);
	return !*end && port > 0 && port < 65536;
}

static bool wire_is_answer(const su_iovec_t iov[], isize_t iovlen)
{
	return iovlen > 0 && iov[0].siv_len >= 8 &&
	       !memcmp(iov[0].siv_base, "SIP/2.0 ", 8);
}

issize_t su_vsend(su_socket_t s, su_iovec_t const iov[], isize_t iovlen,
		  int flags, su_sockaddr_t const *su, socklen_t sulen)
{
	struct msghdr message = {
		.msg_name = (void *)(uintptr_t)su,
		.msg_namelen = su ? sulen : 0,
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = iovlen,
	};
	issize_t total = 0, sent;

	do
		sent = sendmsg(s, &message, flags);
	while (sent < 0 && errno == EINTR);
	/* ICMP's error about another far end: it was taken by the first try. */
	if (sent < 0 && su && errno != EAGAIN)
		sent = sendmsg(s, &message, flags);
	if (sent >= 0 || errno == EAGAIN || !wire_is_answer(iov, iovlen))
		return sent;
	for (isize_t i = 0; i < iovlen; i++)
		total += (issize_t)iov[i].siv_len;
	return total;
}

/* What nearly all are, an IPv4 address and a port: in one block, as
 * freeaddrinfo of libc frees it. */
static bool wire_is_number(const char *node, const char *service,
			   const struct addrinfo *hints, struct addrinfo **res)
{
	struct {
		struct addrinfo info;
		struct sockaddr_in to;
	} * block;
	struct in_addr host;
	unsigned long port;
	char *end;

	if ((hints->ai_family != AF_INET && hints->ai_family != AF_UNSPEC) ||
	    hints->ai_flags & AI_CANONNAME ||
	    (hints->ai_socktype != SOCK_DGRAM &&
	     hints->ai_socktype != SOCK_STREAM) ||
	    *service < '0' || *service > '9' ||
	    inet_pton(AF_INET, node, &host) != 1)
		return false;
	port = strtoul(service, &end, 10);
	if (*end || port > 65535)
		return false;
	block = calloc(1, sizeof(*block));
	if (!block)
		return false;
	block->to.sin_family = AF_INET;
	block->to.sin_addr = host;
	block->to.sin_port = htons((uint16_t)port);
	block->info.ai_family = AF_INET;
	block->info.ai_socktype = hints->ai_socktype;
	block->info.ai_protocol = hints->ai_protocol ? hints->ai_protocol
				  : hints->ai_socktype == SOCK_DGRAM
					  ? IPPROTO_UDP
					  : IPPROTO_TCP;
	block->info.ai_addr = (struct sockaddr *)&block->to;
	block->info.ai_addrlen = sizeof(block->to);
	*res = &block->info;
	return true;
}

int su_getaddrinfo(char const *node, char const *service,
		   su_addrinfo_t const *hints, su_addrinfo_t **res)
{
	struct addrinfo only = *hints;
	int error;

	if (node && service && wire_is_number(node, service, hints, res))
		return 0;
	only.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
	error = getaddrinfo(node, service, &only, res);
	if (!error || !node)
		return error;
	only.ai_family = AF_INET;
	return getaddrinfo(WIRE_NOWHERE, "9", &only, res);
}

void stun_mini_request(stun_mini_t *mini, su_socket_t socket, void *msg,
		       ssize_t msglen, void *from, socklen_t fromlen)
{
	(void)mini;
	(void)socket;
	(void)msg;
	(void)msglen;
	(void)from;
	(void)fromlen;
}

const char *wire_call_id(char out[WIRE_CALL_ID_MAX])
{
	uint32_t word[4];

	if (!chance_take(word, sizeof(word)))
		return NULL;
	for (unsigned i = 0; i < 4; i++)
		text_hex(out + 8 * i, word[i]);
	return out;
}
