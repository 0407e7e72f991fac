/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compound RTCP, checked and mapped onto renumbered streams: pure over
 * (buf, len). */
#ifndef MEDIA_RTCP_H
#define MEDIA_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rtcp_type {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_RTPFB = 205,
	RTCP_PSFB = 206,
	RTCP_XR = 207,
};

/*
 * Is this RTCP, or SRTCP, whose bytes behind the first eight are encrypted?
 * Returns 0; -EMSGSIZE if the first packet does not fit; -EPROTO if the
 * version or the type is not RTCP's.
 */
int rtcp_check(const uint8_t *buf, size_t len);

/*
 * Walk a whole compound packet in the clear.
 * Returns the number of packets in it; -EMSGSIZE if one does not fit or its
 * content is longer than it is; -EPROTO if a version is not 2, a type is not
 * RTCP's or padding is wrong or not in the last one.
 * RFC 3550 section 6 and A.2; RFC 5506: any type may come first.
 */
int rtcp_parse(const uint8_t *buf, size_t len);

/*
 * What happened to the RTP of two flows, so that reports tell the same story.
 * "Sent" is the flow in the direction of this RTCP, "back" the one the other
 * way, which its report blocks speak of.
 */
struct rtcp_map {
	bool sent;		  /* sent flow is renumbered */
	uint32_t sent_from;	  /* SSRC of its source ... */
	uint32_t sent_to;	  /* ... and what the receiver knows */
	uint32_t rtp_ts_offset;	  /* added to SR's RTP timestamp */
	uint32_t packets, octets; /* of the flow as the receiver saw it */
	bool drop_bye;		  /* the stream goes on without its source */
	bool back;		  /* back flow is renumbered */
	uint32_t back_from;	  /* SSRC of the back flow's source ... */
	uint32_t back_to;	  /* ... and what the reporter knows */
	uint16_t back_seq_offset; /* was added to its sequence numbers */
	bool ours;		  /* all senders are shown as sent_to, and */
	uint32_t cname;		  /* its CNAME, in hex, is all SDES tells */
};

/* An SDES packet with a CNAME of ours, as `ours` above writes it. Returns its
 * length, RTCP_SDES_LEN. */
#define RTCP_SDES_LEN 20
size_t rtcp_write_sdes(uint8_t out[RTCP_SDES_LEN], uint32_t ssrc,
		       uint32_t cname);

/* How much longer rtcp_rewrite() can make a packet. */
#define RTCP_ROOM 8

/*
 * Map a compound packet in place; buf has RTCP_ROOM bytes behind len. Returns
 * its new length; 0 if nothing is left of it; the errors of rtcp_parse(), with
 * buf unchanged.
 */
long rtcp_rewrite(uint8_t *buf, size_t len, const struct rtcp_map *map);

#endif
