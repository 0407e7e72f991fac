/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the ends of tests/net/perfect stand: namespaces, addresses, sockets. */
#ifndef TESTS_NET_PERFECT_PLACE_H
#define TESTS_NET_PERFECT_PLACE_H

#include "tests/net/perfect_end.h"

struct place {
	const char *edge_lan, *edge_wan; /* the program's addresses */
	const char *phone_net;		 /* "192.168.77" */
	const char *provider_host;
	bool srtp; /* the phones encrypt */
};

/* Ends the process; nothing could be judged. */
void place_die(const char *what) __attribute__((noreturn));
/* The network namespace of that file; sockets opened before stay theirs. */
void place_enter(const char *file);
/* The provider's one SIP socket. */
int place_sip(const struct place *place);
void place_provider(const struct place *place, struct end *end, unsigned number,
		    int sip);
/* Phone `user` at that host of phone_net; it registers. */
void place_phone(const struct place *place, struct end *end, unsigned user,
		 unsigned host_number);
/* Whose name and password it uses. */
void place_account(struct end *end, unsigned user);
/* A phone's second call: the phone is chosen when it is begun. */
void place_consult(const struct place *place, struct end *end, unsigned number);

#endif
