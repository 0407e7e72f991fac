/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A name server on a loopback port: it knows what the test tells it and
 * misbehaves on demand. fake_dns_step() answers what came; it never waits.
 */
#ifndef TESTS_FAKES_DNS_H
#define TESTS_FAKES_DNS_H

#include <stdbool.h>
#include <stdint.h>

struct fake_dns_entry {
	const char *name;
	unsigned type; /* 1 A, 5 CNAME, 28 AAAA, 33 SRV, 35 NAPTR */
	uint32_t ttl;
	const char *data; /* "192.0.2.1"; "10 60 5060 host"; NAPTR:
			     "10 50 s SIP+D2U _sip._udp.x" */
};

struct fake_dns {
	int fd;
	char server[32]; /* "127.0.0.1:PORT" */
	const struct fake_dns_entry *entry;
	unsigned entries;
	bool silent;	      /* answers nothing */
	unsigned silent_type; /* answers nothing to this type */
	unsigned rcode;	      /* answers all with this, if not 0 */
	bool garbage;	      /* answers with broken bytes */
	unsigned asked;
};

void fake_dns_open(struct fake_dns *dns);
void fake_dns_close(struct fake_dns *dns);
void fake_dns_step(struct fake_dns *dns);

#endif
