/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One end of a voice stream: sends the tone in G.711 every 20 ms and judges
 * what comes in (kernel receive times, so a late reader changes nothing).
 */
#ifndef TESTS_NET_VOICE_H
#define TESTS_NET_VOICE_H

#include "tests/net/tone.h"

#include <stdio.h>
#include <sys/socket.h>

enum voice_sound { VOICE_TONE, VOICE_SILENCE, VOICE_NOTHING };

/* Encrypts and decrypts in place: the new length, 0 if it cannot. A packet that
 * is sealed has room for VOICE_ROOM bytes more. */
#define VOICE_ROOM 32
struct voice_cipher {
	size_t (*seal)(void *with, uint8_t *buf, size_t len);
	size_t (*open)(void *with, uint8_t *buf, size_t len);
	void *with;
};

struct voice {
	struct voice_cipher cipher; /* NULL functions: none */
	int fd;
	struct sockaddr_storage far;
	socklen_t far_len; /* 0: nowhere to send */
	enum voice_sound sound;
	unsigned payload; /* 0 PCMU, 8 PCMA */
	uint32_t ssrc, ts;
	uint16_t seq;
	uint64_t at; /* sample of the tone */
	uint64_t due_us;
	unsigned sent;

	/* what came in */
	struct tone_ear ear;
	unsigned packets, ssrcs, breaks, ts_breaks, other_payload;
	unsigned seconds_said;
	uint32_t in_ssrc[8], last_ts;
	uint16_t last_seq;
	uint64_t last_us, gap_us, gap_at_packet;
	uint64_t lost_us; /* by the machine, in gaps as long */
	struct sockaddr_storage from;
	FILE *wav;
	unsigned wav_samples;
};

int voice_open(struct voice *voice, const struct sockaddr *local, socklen_t len,
	       const char *wav);
/* A new call: forget what was heard. */
void voice_begin(struct voice *voice);
/* Sends what is due; returns microseconds until the next packet. */
uint64_t voice_turn(struct voice *voice, uint64_t now_us);
void voice_receive(struct voice *voice);
void voice_judgement(const struct voice *voice, FILE *out);
void voice_close(struct voice *voice);

#endif
