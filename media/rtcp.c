/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTCP (RFC 3550 section 6; feedback RFC 4585; reports RFC 3611). */
#include "media/rtcp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "media/bytes.h"

#define REPORT_BLOCK 24
#define SENDER_INFO  20

static bool is_rtcp_type(uint8_t type)
{
	return type >= 192 && type <= 223;
}

/* Length of the packet at buf with its header, or -errno. */
static long packet_len(const uint8_t *buf, size_t len)
{
	if (len < 4)
		return -EMSGSIZE;
	if (buf[0] >> 6 != 2 || !is_rtcp_type(buf[1]))
		return -EPROTO;
	size_t need = 4 * (get16(buf + 2) + (size_t)1);
	return need <= len ? (long)need : -EMSGSIZE;
}

int rtcp_check(const uint8_t *buf, size_t len)
{
	long n = packet_len(buf, len);
	if (n < 0)
		return (int)n;
	return len >= 8 ? 0 : -EMSGSIZE; /* each real one has an SSRC */
}

/* Does the packet hold what its count promises? */
static bool content_fits(const uint8_t *buf, size_t len)
{
	size_t count = buf[0] & 0x1f;
	switch (buf[1]) {
	case RTCP_SR:
		return len >= 28 + count * REPORT_BLOCK;
	case RTCP_RR:
		return len >= 8 + count * REPORT_BLOCK;
	case RTCP_BYE:
		return len >= 4 + count * 4;
	case RTCP_APP:
	case RTCP_RTPFB:
	case RTCP_PSFB:
		return len >= 12;
	case RTCP_XR:
		return len >= 8;
	case RTCP_SDES:
		return len >= 4 + count * 8;
	}
	return true;
}

int rtcp_parse(const uint8_t *buf, size_t len)
{
	int packets = 0;
	if (len == 0)
		return -EMSGSIZE;
	for (size_t at = 0; at < len; packets++) {
		long n = packet_len(buf + at, len - at);
		if (n < 0)
			return (int)n;
		if (buf[at] & 0x20) {
			uint8_t padding = buf[at + (size_t)n - 1];
			if (at + (size_t)n != len || padding == 0 ||
			    padding % 4 || padding > n - 4)
				return -EPROTO;
		}
		if (!content_fits(buf + at, (size_t)n))
			return -EMSGSIZE;
		at += (size_t)n;
	}
	return packets;
}

static void map_sender(uint8_t *ssrc, const struct rtcp_map *map)
{
	if (map->ours || (map->sent && get32(ssrc) == map->sent_from))
		put32(ssrc, map->sent_to);
}

static void map_subject(uint8_t *ssrc, const struct rtcp_map *map)
{
	if (map->back && get32(ssrc) == map->back_to)
		put32(ssrc, map->back_from);
}

/* Extended numbers: in the first cycle there is none to borrow. */
static uint32_t unmap_seq(uint32_t extended, uint16_t offset)
{
	if (extended >= offset)
		return extended - offset;
	return (uint16_t)(extended - offset);
}

static void map_blocks(uint8_t *block, size_t count, const struct rtcp_map *map)
{
	for (; count > 0; count--, block += REPORT_BLOCK) {
		if (!map->back || get32(block) != map->back_to)
			continue;
		put32(block, map->back_from);
		put32(block + 8,
		      unmap_seq(get32(block + 8), map->back_seq_offset));
	}
}

/* Of another source than the stream's, only what it reports is of use: it
 * goes on as RR. Returns the new length. */
static size_t map_sr(uint8_t *buf, size_t len, const struct rtcp_map *map)
{
	map_blocks(buf + 28, buf[0] & 0x1f, map);
	if (map->sent && get32(buf + 4) == map->sent_from) {
		put32(buf + 16, get32(buf + 16) + map->rtp_ts_offset);
		put32(buf + 20, map->packets);
		put32(buf + 24, map->octets);
	} else if (map->ours) {
		memmove(buf + 8, buf + 8 + SENDER_INFO, len - 8 - SENDER_INFO);
		len -= SENDER_INFO;
		buf[1] = RTCP_RR;
		put16(buf + 2, (uint16_t)(len / 4 - 1));
	}
	return len;
}

/* Chunks: SSRC, items of (type, length, text), a zero, filled to 4. */
static void map_sdes(uint8_t *buf, size_t len, const struct rtcp_map *map)
{
	size_t at = 4;
	for (size_t chunks = buf[0] & 0x1f; chunks > 0; chunks--) {
		if (at + 8 > len)
			return;
		map_sender(buf + at, map);
		at += 4;
		while (at + 1 < len && buf[at] != 0)
			at += 2u + buf[at + 1];
		at = (at + 4) & ~(size_t)3;
	}
}

/* A source keeps its CNAME (RFC 3550 6.5.1), whoever stands behind it. */
size_t rtcp_write_sdes(uint8_t out[RTCP_SDES_LEN], uint32_t ssrc,
		       uint32_t cname)
{
	char text[9];
	memset(out, 0, RTCP_SDES_LEN);
	out[0] = 0x81;
	out[1] = RTCP_SDES;
	put16(out + 2, RTCP_SDES_LEN / 4 - 1);
	put32(out + 4, ssrc);
	out[8] = 1; /* CNAME */
	out[9] = 8;
	snprintf(text, sizeof(text), "%08x", cname);
	memcpy(out + 10, text, 8);
	return RTCP_SDES_LEN;
}

/* True if the packet is to be left out. */
static bool map_bye(uint8_t *buf, const struct rtcp_map *map)
{
	for (size_t i = 0; i < (buf[0] & 0x1fu); i++) {
		uint8_t *ssrc = buf + 4 + 4 * i;
		if (map->drop_bye &&
		    (!map->sent || get32(ssrc) == map->sent_from))
			return true;
		map_sender(ssrc, map);
	}
	return false;
}

/* Returns the packet's new length; 0 if it is to be left out. */
static size_t map_packet(uint8_t *buf, size_t len, const struct rtcp_map *map)
{
	switch (buf[1]) {
	case RTCP_SR:
		len = map_sr(buf, len, map);
		break;
	case RTCP_RR:
		map_blocks(buf + 8, buf[0] & 0x1f, map);
		break;
	case RTCP_SDES:
		map_sdes(buf, len, map);
		return len;
	case RTCP_BYE:
		return map->ours || map_bye(buf, map) ? 0 : len;
	case RTCP_RTPFB:
	case RTCP_PSFB:
		map_subject(buf + 8, map);
		break;
	case RTCP_APP:
	case RTCP_XR:
		break;
	default: /* types we do not know have no SSRC we could know */
		return map->ours ? 0 : len;
	}
	map_sender(buf + 4, map);
	return len;
}

long rtcp_rewrite(uint8_t *buf, size_t len, const struct rtcp_map *map)
{
	int rc = rtcp_parse(buf, len);
	if (rc < 0)
		return rc;
	bool described = false;
	size_t in = 0, out = 0;
	if (map->ours) { /* the one packet that grows finds room */
		memmove(buf + RTCP_ROOM, buf, len);
		in = RTCP_ROOM;
		len += RTCP_ROOM;
	}
	while (in < len) {
		size_t n = (size_t)packet_len(buf + in, len - in), kept;
		if (map->ours && buf[in + 1] == RTCP_SDES) {
			in += n;
			if (described || n < RTCP_SDES_LEN - RTCP_ROOM)
				continue;
			described = true;
			out += rtcp_write_sdes(buf + out, map->sent_to,
					       map->cname);
			continue;
		}
		kept = map_packet(buf + in, n, map);
		memmove(buf + out, buf + in, kept);
		in += n;
		out += kept;
	}
	return (long)out;
}
