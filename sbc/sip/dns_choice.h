/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of several DNS records is meant. */
#ifndef SBC_SIP_DNS_CHOICE_H
#define SBC_SIP_DNS_CHOICE_H

#include "sbc/sip/dns.h"

/* SRV records in the order they are tried: by priority, and those of one
 * priority drawn by weight (RFC 2782). */
void dns_order_srv(struct dns_record *record, unsigned count);
/* The NAPTR that leads to SRV records of this service ("SIP+D2U"), the one of
 * the lowest order and preference; NULL: there is none (RFC 3403, 3263 4.1). */
const struct dns_record *dns_best_naptr(const struct dns_record *record,
					unsigned count, const char *service);

#endif
