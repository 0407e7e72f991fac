/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP headers (RFC 3550 section 5.1). */
#include "media/rtp.h"

#include <errno.h>

#include "media/bytes.h"
#include "media/rtcp.h"

static int read_header(struct rtp_header *out, const uint8_t *buf, size_t len)
{
	if (len < RTP_HEADER_LEN)
		return -EMSGSIZE;
	if (buf[0] >> 6 != 2)
		return -EPROTO;
	size_t at = RTP_HEADER_LEN + 4u * (buf[0] & 0x0f);
	if (buf[0] & 0x10) {
		if (len < at + 4)
			return -EMSGSIZE;
		at += 4 + 4u * get16(buf + at + 2);
	}
	if (len < at)
		return -EMSGSIZE;
	out->marker = buf[1] & 0x80;
	out->payload_type = buf[1] & 0x7f;
	out->seq = get16(buf + 2);
	out->rtp_ts = get32(buf + 4);
	out->ssrc = get32(buf + 8);
	out->payload = buf + at;
	out->payload_len = len - at;
	return 0;
}

int rtp_parse(struct rtp_header *out, const uint8_t *buf, size_t len)
{
	struct rtp_header header;
	int rc = read_header(&header, buf, len);
	if (rc < 0)
		return rc;
	if (buf[0] & 0x20) {
		uint8_t padding = buf[len - 1];
		if (padding == 0 || padding > header.payload_len)
			return -EPROTO;
		header.payload_len -= padding;
	}
	*out = header;
	return 0;
}

static bool is_stun(const uint8_t *buf, size_t len)
{
	return len >= 20 && buf[0] <= 3 && get32(buf + 4) == 0x2112a442;
}

static bool is_zrtp(const uint8_t *buf, size_t len)
{
	return len >= 12 && buf[0] == 0x10 && get32(buf + 4) == 0x5a525450;
}

/* Content type, version 254.x (or 1.0's 1.0 before negotiation), epoch,
 * sequence, length: RFC 6347 section 4.1. */
static bool is_dtls(const uint8_t *buf, size_t len)
{
	return len >= 13 && buf[0] >= 20 && buf[0] <= 63;
}

enum rtp_kind rtp_classify(struct rtp_header *out, const uint8_t *buf,
			   size_t len)
{
	if (len < 2)
		return RTP_KIND_BAD;
	if (buf[0] >> 6 == 2) {
		if (buf[1] >= 192 && buf[1] <= 223)
			return rtcp_check(buf, len) == 0 ? RTP_KIND_RTCP
							 : RTP_KIND_BAD;
		return read_header(out, buf, len) == 0 ? RTP_KIND_RTP
						       : RTP_KIND_BAD;
	}
	if (is_stun(buf, len) || is_zrtp(buf, len) || is_dtls(buf, len))
		return RTP_KIND_OTHER;
	return RTP_KIND_BAD;
}

void rtp_renumber(uint8_t *buf, uint16_t seq, uint32_t rtp_ts, uint32_t ssrc)
{
	put16(buf + 2, seq);
	put32(buf + 4, rtp_ts);
	put32(buf + 8, ssrc);
}

void rtp_write(uint8_t buf[RTP_HEADER_LEN], uint8_t payload_type, bool marker,
	       uint16_t seq, uint32_t rtp_ts, uint32_t ssrc)
{
	buf[0] = 0x80;
	buf[1] = (uint8_t)((marker ? 0x80 : 0) | (payload_type & 0x7f));
	rtp_renumber(buf, seq, rtp_ts, ssrc);
}
