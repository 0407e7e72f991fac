/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS questions over c-ares, its sockets and its timer in the signalling
 * thread's loop. Answers are handed on as records, bounded in number.
 */
#ifndef SBC_SIP_DNS_H
#define SBC_SIP_DNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sofia-sip/su_wait.h>

struct dns;

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

#define DNS_NAME_MAX	256
#define DNS_RECORDS_MAX 16

struct dns_record {
	union {
		struct sockaddr_storage address; /* port 0 */
		struct {
			uint16_t priority, weight, port;
			char host[DNS_NAME_MAX];
		} srv;
		struct {
			uint16_t order, preference;
			char flags[4], service[16];
			char replacement[DNS_NAME_MAX];
		} naptr;
	};
};

/* error: 0 with at least one record; -ENOENT, there is none; -ETIMEDOUT, no
 * server gave a usable answer; -ECANCELED, dns_free. */
typedef void dns_done(void *user, int error, const struct dns_record *record,
		      unsigned count, unsigned ttl_s);

/* servers: "127.0.0.1:5353,..." or NULL for the system's. */
int dns_new(struct dns **out, su_root_t *root, const char *servers);
/* Each open question is told -ECANCELED first. */
void dns_free(struct dns *dns);
/* `done` is called exactly once, perhaps before this returns. */
void dns_ask(struct dns *dns, const char *name, enum dns_type type,
	     dns_done *done, void *user);
/* The records of this type in an answer off the wire: 0, -ENOENT, or
 * -ETIMEDOUT for an answer that cannot be used. Reads nothing but `buf`. */
int dns_read(enum dns_type type, const uint8_t *buf, int len,
	     struct dns_record out[DNS_RECORDS_MAX], unsigned *count,
	     unsigned *ttl_s);
/* The name's addresses in /etc/hosts, of one family. */
unsigned dns_hosts_file(struct dns *dns, const char *name, int family,
			struct sockaddr_storage *out, unsigned max);
/* Take up a changed /etc/resolv.conf; only when no question is open. */
void dns_refresh(struct dns *dns);

#endif
