/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP checking and rewriting on any bytes. */
#include <stdlib.h>
#include <string.h>

#include "media/bytes.h"
#include "media/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

/* Nobody but our source is seen, and it does not leave. */
static void check_ours(const uint8_t *buf, size_t len, uint32_t ssrc)
{
	for (size_t at = 0; at < len;
	     at += 4 * (get16(buf + at + 2) + (size_t)1)) {
		require(buf[at + 1] != RTCP_BYE);
		require(get32(buf + at + 4) == ssrc);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtcp_map map = {
		.sent = true,
		.sent_from = 1,
		.sent_to = 0x11111111,
		.rtp_ts_offset = 160,
		.packets = 5,
		.octets = 800,
		.drop_bye = size & 1,
		.back = true,
		.back_from = 0x22222222,
		.back_to = 2,
		.back_seq_offset = 7,
		.ours = size & 2,
		.cname = 0xcafe,
	};
	uint8_t *copy = malloc(size + RTCP_ROOM);
	require(copy != NULL);
	memcpy(copy, data, size);
	rtcp_check(copy, size);
	int packets = rtcp_parse(copy, size);
	require(memcmp(copy, data, size) == 0);
	long n = rtcp_rewrite(copy, size, &map);
	if (packets < 0) {
		require(n == packets);
		require(memcmp(copy, data, size) == 0);
	} else {
		require(n >= 0 && (size_t)n <= size + RTCP_ROOM);
		require(map.drop_bye || map.ours || (size_t)n == size);
		if (n > 0)
			require(rtcp_parse(copy, (size_t)n) > 0);
		if (map.ours)
			check_ours(copy, (size_t)n, map.sent_to);
	}
	free(copy);
	return 0;
}
