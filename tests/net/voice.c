/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One end of a voice stream: the tone out, the judge in. */
#include "tests/net/voice.h"
#include "tests/fakes/machine.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define RATE   8000
#define FRAME  160
#define PACKET 20000 /* us */

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* Sizes are filled in at the end; a reader copes with 0 ("hear" does). */
static void wav_header(FILE *out, unsigned samples)
{
	unsigned bytes = samples * 2;
	uint8_t head[44] = "RIFF....WAVEfmt ";
	const unsigned le[][3] = {
		{4, 4, bytes + 36}, {16, 4, 16},   {20, 2, 1},
		{22, 2, 1},	    {24, 4, RATE}, {28, 4, RATE * 2},
		{32, 2, 2},	    {34, 2, 16},   {40, 4, bytes},
	};

	memcpy(head + 36, "data", 4);
	for (unsigned i = 0; i < sizeof(le) / sizeof(le[0]); i++)
		for (unsigned b = 0; b < le[i][1]; b++)
			head[le[i][0] + b] = (uint8_t)(le[i][2] >> (8 * b));
	fwrite(head, 1, sizeof(head), out);
}

int voice_open(struct voice *voice, const struct sockaddr *local, socklen_t len,
	       const char *wav)
{
	int on = 1;

	*voice = (struct voice){.fd = -1};
	voice->fd = socket(local->sa_family,
			   SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (voice->fd < 0 || bind(voice->fd, local, len) < 0)
		return -1;
	setsockopt(voice->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (wav) {
		voice->wav = fopen(wav, "wb");
		if (!voice->wav)
			return -1;
		wav_header(voice->wav, 0);
	}
	voice_begin(voice);
	return 0;
}

void voice_begin(struct voice *voice)
{
	struct voice fresh = {
		.cipher = voice->cipher,
		.fd = voice->fd,
		.sound = voice->sound,
		.wav = voice->wav,
		.wav_samples = voice->wav_samples,
	};

	*voice = fresh;
	tone_listen(&voice->ear, RATE);
	if (getrandom(&voice->ssrc, sizeof(voice->ssrc), 0) < 0 ||
	    getrandom(&voice->seq, sizeof(voice->seq), 0) < 0 ||
	    getrandom(&voice->ts, sizeof(voice->ts), 0) < 0)
		abort();
}

static void send_frame(struct voice *voice)
{
	uint8_t packet[12 + FRAME + VOICE_ROOM] = {0x80,
						   (uint8_t)voice->payload};
	size_t len = 12 + FRAME;

	packet[2] = (uint8_t)(voice->seq >> 8);
	packet[3] = (uint8_t)voice->seq;
	put32(packet + 4, voice->ts);
	put32(packet + 8, voice->ssrc);
	for (int i = 0; i < FRAME; i++) {
		int16_t sample = 0;

		if (voice->sound == VOICE_TONE)
			sample = tone_sample(voice->at + (unsigned)i, RATE);
		packet[12 + i] = voice->payload == 8 ? tone_to_alaw(sample)
						     : tone_to_ulaw(sample);
	}
	if (voice->cipher.seal)
		len = voice->cipher.seal(voice->cipher.with, packet, len);
	if (len && sendto(voice->fd, packet, len, 0,
			  (struct sockaddr *)&voice->far, voice->far_len) > 0)
		voice->sent++;
	voice->seq++;
}

uint64_t voice_turn(struct voice *voice, uint64_t now_us)
{
	if (voice->far_len == 0) {
		voice->due_us = 0;
		return PACKET;
	}
	if (voice->due_us == 0)
		voice->due_us = now_us;
	while (voice->due_us <= now_us) {
		if (voice->sound != VOICE_NOTHING)
			send_frame(voice);
		voice->ts += FRAME;
		voice->at += FRAME;
		voice->due_us += PACKET;
	}
	return voice->due_us - now_us;
}

static void hear_payload(struct voice *voice, unsigned payload,
			 const uint8_t *data, size_t len)
{
	if (payload != 0 && payload != 8) {
		voice->other_payload++;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		int16_t sample = payload == 8 ? tone_from_alaw(data[i])
					      : tone_from_ulaw(data[i]);

		tone_hear(&voice->ear, sample);
		if (voice->wav) {
			uint8_t two[2] = {(uint8_t)sample,
					  (uint8_t)(sample >> 8)};

			fwrite(two, 1, 2, voice->wav);
			voice->wav_samples++;
		}
	}
}

static void judge_ssrc(struct voice *voice, uint32_t ssrc)
{
	for (unsigned i = 0; i < voice->ssrcs && i < 8; i++)
		if (voice->in_ssrc[i] == ssrc)
			return;
	if (voice->ssrcs < 8)
		voice->in_ssrc[voice->ssrcs] = ssrc;
	voice->ssrcs++;
}

/* Without the moments in which the machine was elsewhere. */
static void judge_gap(struct voice *voice, uint64_t at_us)
{
	uint64_t gap_us = at_us - voice->last_us, lost_us;
	struct timespec wall, steady;
	uint64_t behind_us;

	if (gap_us <= voice->gap_us)
		return;
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &steady);
	behind_us = (uint64_t)(wall.tv_sec - steady.tv_sec) * 1000000 +
		    (uint64_t)((wall.tv_nsec - steady.tv_nsec) / 1000);
	lost_us = 1000 *
		  (uint64_t)machine_lost_ms((voice->last_us - behind_us) / 1000,
					    (at_us - behind_us) / 1000);
	voice->lost_us += lost_us;
	if (gap_us < voice->gap_us + lost_us)
		return;
	voice->gap_us = gap_us - lost_us;
	voice->gap_at_packet = voice->packets;
}

static void judge_packet(struct voice *voice, const uint8_t *buf, size_t len,
			 uint64_t at_us)
{
	uint16_t seq = (uint16_t)(buf[2] << 8 | buf[3]);
	uint32_t ts = get32(buf + 4);
	size_t head = 12 + 4 * (size_t)(buf[0] & 15);

	judge_ssrc(voice, get32(buf + 8));
	if (voice->packets > 0) {
		if (seq != (uint16_t)(voice->last_seq + 1))
			voice->breaks++;
		if ((int32_t)(ts - voice->last_ts) <= 0)
			voice->ts_breaks++;
		judge_gap(voice, at_us);
	}
	voice->last_seq = seq;
	voice->last_ts = ts;
	voice->last_us = at_us;
	voice->packets++;
	if (head < len)
		hear_payload(voice, buf[1] & 127, buf + head, len - head);
}

static uint64_t receive_time(struct msghdr *msg)
{
	struct timespec ts = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void voice_receive(struct voice *voice)
{
	uint8_t buf[2048];
	char control[256];

	for (;;) {
		struct iovec iov = {buf, sizeof(buf)};
		struct msghdr msg = {
			.msg_name = &voice->from,
			.msg_namelen = sizeof(voice->from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t len = recvmsg(voice->fd, &msg, 0);

		if (len < 0)
			return;
		if (len >= 12 && voice->cipher.open && buf[1] % 128 < 72)
			len = (ssize_t)voice->cipher.open(voice->cipher.with,
							  buf, (size_t)len);
		if (len >= 12 && buf[0] >> 6 == 2)
			judge_packet(voice, buf, (size_t)len,
				     receive_time(&msg));
	}
}

void voice_judgement(const struct voice *voice, FILE *out)
{
	fprintf(out,
		"judgement packets=%u sent=%u ssrcs=%u breaks=%u ts_breaks=%u "
		"gap_ms=%.1f gap_at=%llu lost_ms=%.0f tone_seconds=%.2f "
		"share=%.2f "
		"other_payload=%u\n",
		voice->packets, voice->sent, voice->ssrcs, voice->breaks,
		voice->ts_breaks, (double)voice->gap_us / 1000,
		(unsigned long long)voice->gap_at_packet,
		(double)voice->lost_us / 1000, tone_seconds(&voice->ear),
		tone_share(&voice->ear), voice->other_payload);
	fflush(out);
}

void voice_close(struct voice *voice)
{
	if (voice->wav) {
		rewind(voice->wav);
		wav_header(voice->wav, voice->wav_samples);
		fclose(voice->wav);
	}
	if (voice->fd >= 0)
		close(voice->fd);
	*voice = (struct voice){.fd = -1};
}
