/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz sbc/sip/dns: the first byte is the type asked for, the rest a name
 * server's answer. What is read is bounded and stays inside the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "sbc/sip/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_SRV,
					      DNS_NAPTR};
	struct dns_record record[DNS_RECORDS_MAX];
	unsigned count, ttl_s;

	if (!size)
		return 0;
	/* exactly as long as the answer, so that one byte more is seen */
	uint8_t *answer = malloc(size > 1 ? size - 1 : 1);
	if (!answer)
		return 0;
	memcpy(answer, data + 1, size - 1);
	int error = dns_read(types[data[0] % 4], answer, (int)(size - 1),
			     record, &count, &ttl_s);
	if (count > DNS_RECORDS_MAX || (error == 0) != (count > 0))
		abort();
	free(answer);
	return 0;
}
