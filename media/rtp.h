/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP datagrams, parsed, told apart and renumbered: pure over (buf, len). */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_LEN 12

struct rtp_header {
	uint32_t ssrc;
	uint32_t rtp_ts;
	uint16_t seq;
	uint8_t payload_type;
	bool marker;
	const uint8_t *payload; /* behind CSRCs and extension */
	size_t payload_len;	/* without padding */
};

/*
 * Check one datagram and fill `out` with its RTP header.
 *
 * buf[len]  as received; not modified, and `out` points into it
 * Returns 0; -EMSGSIZE if len cannot hold the header, its CSRCs and its
 * extension; -EPROTO if the version is not 2 or the padding is longer than
 * the payload.
 * RFC 3550 section 5.1 and A.1; RFC 8285 for the extension.
 */
int rtp_parse(struct rtp_header *out, const uint8_t *buf, size_t len);

enum rtp_kind {
	RTP_KIND_RTP,	/* `out` is filled */
	RTP_KIND_RTCP,	/* or SRTCP */
	RTP_KIND_OTHER, /* STUN, ZRTP or DTLS: the ends' own business */
	RTP_KIND_BAD,
};

/*
 * What a datagram is, by its first bytes (RFC 7983 section 7, RFC 5761
 * section 4). Padding is not judged: in SRTP its length is encrypted.
 */
enum rtp_kind rtp_classify(struct rtp_header *out, const uint8_t *buf,
			   size_t len);

/* Overwrite sequence, timestamp and SSRC; buf is a valid RTP datagram. */
void rtp_renumber(uint8_t *buf, uint16_t seq, uint32_t rtp_ts, uint32_t ssrc);

/* Write the 12 bytes of a header without CSRC and extension. */
void rtp_write(uint8_t buf[RTP_HEADER_LEN], uint8_t payload_type, bool marker,
	       uint16_t seq, uint32_t rtp_ts, uint32_t ssrc);

#endif
