/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP parsing, demultiplexing and renumbering on any bytes. */
#include <stdlib.h>
#include <string.h>

#include "media/filler.h"
#include "media/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int fact)
{
	if (!fact)
		abort();
}

/* The input cut into datagrams of 24 bytes, as one flow with pauses. */
static void flow(const uint8_t *data, size_t size)
{
	static const struct media_filler armed = {
		.kind = MEDIA_FILLER_PCMA, .ptime_ms = 20, .armed = true};
	struct filler f;
	struct rtp_header h;
	uint8_t buf[FILLER_PACKET_MAX];
	int64_t now_ns = 0;
	filler_reset(&f);
	filler_configure(&f, &armed, 42, now_ns);
	for (; size >= 24; data += 24, size -= 24) {
		now_ns += data[23] * INT64_C(1000000);
		while (filler_due(&f) <= now_ns)
			require(filler_make(&f, buf, filler_due(&f)) == 172);
		if (rtp_classify(&h, data, 23) != RTP_KIND_RTP)
			continue;
		uint32_t ssrc = f.out_ssrc;
		bool renumbered = f.running || f.mapped;
		enum filler_verdict verdict = filler_real(&f, &h, now_ns);
		require((verdict == FILLER_PASS) != renumbered);
		require(verdict != FILLER_RENUMBER || h.ssrc == ssrc);
		require(!f.running || verdict == FILLER_DROP);
	}
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
	flow(data, size);
	return 0;
}
