/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP parsing, demultiplexing and renumbering on any bytes. */
#include <stdlib.h>
#include <string.h>

#include "media/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_header h, again;
	uint8_t *copy = malloc(size ? size : 1);
	require(copy != NULL);
	memcpy(copy, data, size);
	int rc = rtp_parse(&h, copy, size);
	require(memcmp(copy, data, size) == 0);
	if (rc == 0) {
		require(h.payload >= copy + RTP_HEADER_LEN);
		require(h.payload + h.payload_len <= copy + size);
		require(h.payload_type < 128);
		rtp_renumber(copy, 1, 2, 3);
		require(rtp_parse(&again, copy, size) == 0);
		require(again.seq == 1 && again.rtp_ts == 2 && again.ssrc == 3);
		require(again.payload == h.payload);
	}
	rtp_classify(&h, data, size);
	free(copy);
	return 0;
}
