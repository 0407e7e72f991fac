/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fakes' RTP. */
#include "tests/fakes/tone.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "media/crypt.h"
#include "tests/fakes/machine.h"

#define PAYLOAD 160
#define HEADER	12

static int bound(struct in_addr host, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = host};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* An even port and the one above it. */
static void open_pair(struct tone *tone, struct tone_stream *stream)
{
	for (int tries = 0; tries < 500; tries++) {
		uint16_t port = (uint16_t)(30000 + 2 * (rand() % 14000));
		stream->rtp = bound(tone->host, port);
		if (stream->rtp < 0)
			continue;
		stream->rtcp = bound(tone->host, port + 1);
		if (stream->rtcp >= 0) {
			stream->port = port;
			return;
		}
		close(stream->rtp);
	}
	abort();
}

static void close_pair(struct tone_stream *stream)
{
	close(stream->rtp);
	close(stream->rtcp);
}

void tone_open(struct tone *tone, struct in_addr host)
{
	memset(tone, 0, sizeof(*tone));
	tone->host = host;
	tone->payload_type = 8;
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++) {
		struct tone_stream *s = &tone->stream[i];
		open_pair(tone, s);
		s->ssrc = (uint32_t)rand() << 8 | (i + 1);
		s->sequence = (uint16_t)rand();
		s->timestamp = (uint32_t)rand();
	}
}

void tone_close(struct tone *tone)
{
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++)
		close_pair(&tone->stream[i]);
	free(tone->in);
	tone->in = NULL;
	tone->ins = 0;
	crypt_free(tone->receive);
	crypt_free(tone->send);
	tone->receive = tone->send = NULL;
}

static void relock(struct crypt **crypt, struct media_key *had,
		   const struct media_key *key, enum crypt_direction direction)
{
	if (!memcmp(had, key, sizeof(*key)))
		return;
	crypt_free(*crypt);
	*crypt = NULL;
	*had = *key;
	if (key->suite != MEDIA_CRYPTO_NONE &&
	    crypt_new(crypt, key, direction) != 0)
		abort();
}

void tone_lock(struct tone *tone, const struct media_crypto *keys)
{
	relock(&tone->receive, &tone->keys.receive, &keys->receive,
	       CRYPT_RECEIVE);
	relock(&tone->send, &tone->keys.send, &keys->send, CRYPT_SEND);
}

static void send_out(struct tone *tone, bool rtcp, int fd,
		     const struct sockaddr_in *to, const uint8_t *bytes,
		     size_t len)
{
	_Alignas(8) uint8_t out[512];

	memcpy(out, bytes, len);
	if (tone->send && crypt_protect(tone->send, rtcp, out, &len) != 0)
		abort();
	sendto(fd, out, len, 0, (const struct sockaddr *)to, sizeof(*to));
}

void tone_move(struct tone *tone)
{
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++) {
		struct tone_stream old = tone->stream[i];
		open_pair(tone, &tone->stream[i]);
		close_pair(&old);
	}
}

static void put16(uint8_t *at, uint16_t value)
{
	value = htons(value);
	memcpy(at, &value, 2);
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, 4);
}

static void send_voice(struct tone *tone, struct tone_stream *s)
{
	uint8_t packet[HEADER + PAYLOAD] = {0x80, tone->payload_type};

	put16(packet + 2, s->sequence++);
	put32(packet + 4, s->timestamp);
	put32(packet + 8, s->ssrc);
	s->timestamp += PAYLOAD;
	for (unsigned i = 0; i < PAYLOAD; i++)
		packet[HEADER + i] = (uint8_t)(s->sequence * 7 + i);
	memcpy(tone->last_sent, packet, sizeof(packet));
	tone->last_len = sizeof(packet);
	send_out(tone, false, s->rtp, &s->to, packet, sizeof(packet));
	tone->sent++;
}

static void send_report(struct tone *tone, struct tone_stream *s)
{
	uint8_t report[28] = {0x80, 200, 0, 6};

	put32(report + 4, s->ssrc);
	put32(report + 16, s->timestamp);
	put32(report + 20, tone->sent);
	put32(report + 24, tone->sent * PAYLOAD);
	send_out(tone, true, s->rtcp, &s->to_rtcp, report, sizeof(report));
	tone->sent_rtcp++;
}

void tone_send(struct tone *tone, const void *bytes, size_t len)
{
	struct tone_stream *s = &tone->stream[0];

	sendto(s->rtp, bytes, len, 0, (struct sockaddr *)&s->to, sizeof(s->to));
}

void tone_send_rtcp(struct tone *tone, const void *bytes, size_t len)
{
	struct tone_stream *s = &tone->stream[0];

	sendto(s->rtcp, bytes, len, 0, (struct sockaddr *)&s->to_rtcp,
	       sizeof(s->to_rtcp));
}

static void keep(struct tone *tone, unsigned stream, bool rtcp,
		 const uint8_t *bytes, size_t len,
		 const struct sockaddr_in *from, uint64_t now_ms)
{
	if (tone->ins == tone->room) {
		tone->room = tone->room ? 2 * tone->room : 256;
		tone->in = realloc(tone->in, tone->room * sizeof(*tone->in));
		if (!tone->in)
			abort();
	}
	struct tone_packet *p = &tone->in[tone->ins++];
	memset(p, 0, sizeof(*p));
	p->at_ms = now_ms;
	p->from = *from;
	p->stream = stream;
	p->rtcp = rtcp;
	p->len = len < sizeof(p->bytes) ? len : sizeof(p->bytes);
	memcpy(p->bytes, bytes, p->len);
	if (len >= HEADER && !rtcp) {
		p->marker = bytes[1] & 0x80;
		p->payload_type = bytes[1] & 0x7f;
		p->sequence = (uint16_t)(bytes[2] << 8 | bytes[3]);
		memcpy(&p->timestamp, bytes + 4, 4);
		p->timestamp = ntohl(p->timestamp);
		memcpy(&p->ssrc, bytes + 8, 4);
		p->ssrc = ntohl(p->ssrc);
	}
}

static void take(struct tone *tone, unsigned stream, bool rtcp, uint64_t now)
{
	int fd = rtcp ? tone->stream[stream].rtcp : tone->stream[stream].rtp;
	_Alignas(8) uint8_t bytes[2048];
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, bytes, sizeof(bytes), 0,
			     (struct sockaddr *)&from, &size)) >= 0) {
		size_t len = (size_t)n;

		size = sizeof(from);
		if (tone->receive &&
		    crypt_unprotect(tone->receive, rtcp, bytes, &len,
				    (int64_t)now * 1000000) != 0) {
			tone->unauthentic++;
			continue;
		}
		keep(tone, stream, rtcp, bytes, len, &from, now);
	}
}

void tone_step(struct tone *tone, uint64_t now_ms)
{
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++) {
		take(tone, i, false, now_ms);
		take(tone, i, true, now_ms);
	}
	if (!tone->talking || !tone->allowed) {
		tone->next_ms = now_ms;
		return;
	}
	if (now_ms < tone->next_ms)
		return;
	if (now_ms > tone->next_ms + 200)
		tone->next_ms = now_ms;
	tone->next_ms += 20;
	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++) {
		struct tone_stream *s = &tone->stream[i];
		if (!s->to.sin_port)
			continue;
		send_voice(tone, s);
		if (tone->rtcp_too && tone->sent % 5 == 0)
			send_report(tone, s);
	}
}

static unsigned heard(const struct tone *tone, bool rtcp)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tone->ins; i++)
		count += tone->in[i].rtcp == rtcp;
	return count;
}

unsigned tone_heard(const struct tone *tone)
{
	return heard(tone, false);
}

unsigned tone_heard_rtcp(const struct tone *tone)
{
	return heard(tone, true);
}

bool tone_heard_bytes(const struct tone *tone, const void *bytes, size_t len)
{
	for (unsigned i = 0; i < tone->ins; i++)
		if (tone->in[i].len == len &&
		    !memcmp(tone->in[i].bytes, bytes, len))
			return true;
	return false;
}

unsigned tone_heard_in(const struct tone *tone, unsigned stream)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tone->ins; i++)
		count += !tone->in[i].rtcp && tone->in[i].stream == stream;
	return count;
}

/* The next RTP packet of a stream behind index *at, which is moved on. */
static const struct tone_packet *next_in(const struct tone *tone,
					 unsigned stream, unsigned *at)
{
	while (*at < tone->ins) {
		const struct tone_packet *p = &tone->in[(*at)++];
		if (!p->rtcp && p->stream == stream)
			return p;
	}
	return NULL;
}

static bool runs_on(const struct tone_packet *last, const struct tone_packet *p)
{
	if (p->ssrc == last->ssrc &&
	    p->sequence == (uint16_t)(last->sequence + 1) &&
	    (int32_t)(p->timestamp - last->timestamp) >= 0)
		return true;
	fprintf(stderr, "# stream %u: ssrc %08x->%08x seq %u->%u ts %u->%u\n",
		p->stream, last->ssrc, p->ssrc, last->sequence, p->sequence,
		last->timestamp, p->timestamp);
	return false;
}

bool tone_unbroken(const struct tone *tone, unsigned from)
{
	for (unsigned stream = 0; stream < TONE_STREAMS_MAX; stream++) {
		const struct tone_packet *p, *last = NULL;
		unsigned at = 0, number = 0;

		while ((p = next_in(tone, stream, &at))) {
			if (number++ < from)
				continue;
			if (last && !runs_on(last, p))
				return false;
			last = p;
		}
		if (stream == 0 && !last)
			return false;
	}
	return true;
}

/* Without the moments in which the machine was elsewhere. */
static uint64_t gap_ms(const struct tone_packet *a, const struct tone_packet *b)
{
	return b->at_ms - a->at_ms - machine_lost_ms(a->at_ms, b->at_ms);
}

unsigned tone_longest_gap_ms(const struct tone *tone, unsigned from)
{
	uint64_t longest = 0;

	for (unsigned stream = 0; stream < TONE_STREAMS_MAX; stream++) {
		const struct tone_packet *p, *last = NULL;
		unsigned at = 0, number = 0;

		while ((p = next_in(tone, stream, &at))) {
			if (number++ < from)
				continue;
			if (last) {
				uint64_t gap = gap_ms(last, p);
				if (gap > longest)
					longest = gap;
			}
			last = p;
		}
	}
	return (unsigned)longest;
}
