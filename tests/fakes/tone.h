/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fakes' RTP: sockets, a stream of numbered packets out, and a list of
 * every packet in.
 */
#ifndef TESTS_FAKES_TONE_H
#define TESTS_FAKES_TONE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "media/media.h"

struct crypt;

struct tone_packet {
	uint64_t at_ms;
	struct sockaddr_in from;
	uint16_t sequence;
	uint32_t timestamp, ssrc;
	uint8_t payload_type;
	bool marker, rtcp;
	unsigned stream;
	size_t len;
	uint8_t bytes[256]; /* as they came */
};

#define TONE_STREAMS_MAX 2

struct tone_stream {
	int rtp, rtcp;
	uint16_t port; /* of rtp; rtcp is the next one */
	struct sockaddr_in to, to_rtcp;
	uint16_t sequence;
	uint32_t timestamp, ssrc;
};

struct tone {
	struct in_addr host;
	struct tone_stream stream[TONE_STREAMS_MAX];
	bool talking; /* wanted; `allowed` says whether it may */
	bool allowed;
	bool rtcp_too; /* one report in five packets */
	uint8_t payload_type;
	uint64_t next_ms;
	unsigned sent, sent_rtcp;
	struct tone_packet *in;
	unsigned ins, room;
	uint8_t last_sent[256];
	size_t last_len;
	/* SRTP: what is kept of `in` was authentic, and is plain. */
	struct media_crypto keys;
	struct crypt *receive, *send;
	unsigned unauthentic; /* dropped */
};

/* SRTP from now on with these keys, or plain RTP again (suite NONE). A key
 * that stays keeps its context. */
void tone_lock(struct tone *tone, const struct media_crypto *keys);

void tone_open(struct tone *tone, struct in_addr host);
void tone_close(struct tone *tone);
/* New sockets on new ports; the stream's numbers run on. */
void tone_move(struct tone *tone);
void tone_step(struct tone *tone, uint64_t now_ms);
/* Exactly these bytes, now. */
void tone_send(struct tone *tone, const void *bytes, size_t len);
void tone_send_rtcp(struct tone *tone, const void *bytes, size_t len);

unsigned tone_heard(const struct tone *tone);	   /* RTP packets */
unsigned tone_heard_rtcp(const struct tone *tone); /* RTCP packets */
/* Did these bytes come in, unchanged? */
bool tone_heard_bytes(const struct tone *tone, const void *bytes, size_t len);
/* RTP packets of one stream. */
unsigned tone_heard_in(const struct tone *tone, unsigned stream);
/* In each stream since its packet number `from` (0: all): one SSRC, sequence up
 * by one each, timestamps never back, and the first was heard? Says what broke
 * on standard error. */
bool tone_unbroken(const struct tone *tone, unsigned from);
/* The longest silence between packets of a stream since its number `from`,
 * without the moments in which the machine was elsewhere. */
unsigned tone_longest_gap_ms(const struct tone *tone, unsigned from);

#endif
