/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The judge of the main promise: reads a capture made on the provider's side
 * and says what the provider was shown: dialogs, requests that it did not ask
 * for, and whether each stream was one unbroken stream. Shares no code with
 * the program that it judges, nor with the fakes.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CALLS_MAX   4096
#define STEP_MAX_MS 100 /* of a timestamp, from one packet to the next */
#define TAGS_MAX    8
#define STALLS_MAX  256
#define BEFORE_US   100000 /* a stall's reach: what came late, and what */
#define AFTER_US    400000 /* had piled up */

struct stream {
	unsigned packets, ssrcs, breaks, ts_breaks, payloads;
	uint32_t ssrc[TAGS_MAX], ts;
	uint16_t seq;
	uint8_t payload;
	uint64_t last_us, gap_us, gap_at_us;
};

/* One Call-ID, as far as the program under test spoke in it. */
struct call {
	char id[128];
	char tag[TAGS_MAX][64];	    /* its own, one a dialog */
	char origin[TAGS_MAX][160]; /* the o= lines that it wrote */
	unsigned tags, origins, invites, reinvites, updates, others;
	unsigned first_cseq;
	bool bye;
	uint64_t begun_us, answered_us;
	uint16_t port; /* where its audio comes from */
	struct stream stream;
};

static struct call *calls;
static unsigned call_count;
static struct call *by_port[65536]; /* the newest with that port */
static unsigned stray_packets, skipped;
static bool tell_all;

/* When the machine kept the ends from their work, and nothing can be said of
 * the program's timing. */
static struct stall {
	uint64_t from_us, until_us;
} stalls[STALLS_MAX];
static unsigned stall_count, excused;

static void stalls_read(const char *path)
{
	FILE *in = fopen(path, "r");
	char line[512];

	while (in && fgets(line, sizeof(line), in)) {
		unsigned long long s, us;
		double ms;

		if (stall_count == STALLS_MAX ||
		    sscanf(line, "stall until=%llu.%6llu ms=%lf", &s, &us,
			   &ms) != 3)
			continue;
		stalls[stall_count].until_us = s * 1000000 + us + AFTER_US;
		stalls[stall_count++].from_us =
			s * 1000000 + us - (uint64_t)(ms * 1000) - BEFORE_US;
	}
	if (in)
		fclose(in);
}

static bool stalled(uint64_t from_us, uint64_t until_us)
{
	for (unsigned i = 0; i < stall_count; i++)
		if (from_us < stalls[i].until_us &&
		    until_us > stalls[i].from_us)
			return true;
	return false;
}

static uint32_t be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static uint16_t be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* --- signalling -------------------------------------------------------------
 */

/* The value of a header, long or compact, up to the end of its line. */
static bool header(const char *text, const char *name, char compact, char *out,
		   size_t size)
{
	size_t len = strlen(name);

	for (const char *l = strstr(text, "\r\n"); l && l[2] != '\r';
	     l = strstr(l + 2, "\r\n")) {
		const char *at = l + 2;

		if (strncasecmp(at, name, len) == 0 && at[len] == ':')
			at += len + 1;
		else if (compact && (*at | 32) == compact && at[1] == ':')
			at += 2;
		else
			continue;
		at += strspn(at, " \t");
		snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
		return true;
	}
	*out = 0;
	return false;
}

static bool tag_of(const char *value, char out[64])
{
	const char *at = strstr(value, ";tag=");

	*out = 0;
	if (at)
		snprintf(out, 64, "%.*s", (int)strcspn(at + 5, ";,> \t"),
			 at + 5);
	return at != NULL;
}

static struct call *call_of(const char *id, uint64_t at_us)
{
	for (unsigned i = call_count; i > 0; i--)
		if (strcmp(calls[i - 1].id, id) == 0)
			return &calls[i - 1];
	if (call_count == CALLS_MAX)
		return NULL;
	calls[call_count].begun_us = at_us;
	snprintf(calls[call_count].id, sizeof(calls[0].id), "%s", id);
	return &calls[call_count++];
}

static void add_tag(struct call *call, const char *tag)
{
	if (!*tag)
		return;
	for (unsigned i = 0; i < call->tags && i < TAGS_MAX; i++)
		if (strcmp(call->tag[i], tag) == 0)
			return;
	if (call->tags < TAGS_MAX)
		snprintf(call->tag[call->tags], 64, "%s", tag);
	call->tags++;
}

static void description(struct call *call, const char *text)
{
	const char *body = strstr(text, "\r\n\r\n"), *line;
	char origin[160];
	unsigned port;

	line = body ? strstr(body, "\no=") : NULL;
	if (!line)
		return;
	snprintf(origin, sizeof(origin), "%.*s", (int)strcspn(line + 1, "\r\n"),
		 line + 1);
	line = strstr(body, "\nm=audio ");
	if (line && sscanf(line, "\nm=audio %u", &port) == 1 && port) {
		call->port = (uint16_t)port;
		by_port[call->port] = call;
	}
	for (unsigned i = 0; i < call->origins && i < TAGS_MAX; i++)
		if (strcmp(call->origin[i], origin) == 0)
			return;
	if (call->origins < TAGS_MAX)
		snprintf(call->origin[call->origins], 160, "%s", origin);
	call->origins++;
}

/* The same request with credentials has the next CSeq but no To tag; a copy
 * has the same CSeq. */
static void request(struct call *call, const char *text, bool in_dialog)
{
	char line[128], method[16] = "";
	unsigned cseq = 0;
	static struct {
		const struct call *call;
		unsigned cseq;
		char method[16];
	} last;

	header(text, "CSeq", 0, line, sizeof(line));
	sscanf(line, "%u %15s", &cseq, method);
	if (last.call == call && last.cseq == cseq &&
	    strcmp(last.method, method) == 0)
		return;
	last.call = call;
	last.cseq = cseq;
	strcpy(last.method, method);
	if (strcmp(method, "INVITE") == 0 && in_dialog)
		call->reinvites++;
	else if (strcmp(method, "INVITE") == 0)
		call->invites++;
	else if (strcmp(method, "UPDATE") == 0)
		call->updates++;
	else if (strcmp(method, "BYE") == 0)
		call->bye = true;
	else if (strcmp(method, "ACK") != 0 && strcmp(method, "CANCEL") != 0)
		call->others++;
}

static void signalling(const char *text, uint64_t at_us)
{
	char id[128], from[320], to[320], tag[64], cseq[64];
	bool answer = strncmp(text, "SIP/2.0 ", 8) == 0, in_dialog;
	struct call *call;

	if (!header(text, "Call-ID", 'i', id, sizeof(id)))
		return;
	header(text, "CSeq", 0, cseq, sizeof(cseq));
	/* Not of a call: registration, and OPTIONS that ask for life. */
	if (strstr(cseq, "REGISTER"))
		return;
	header(text, "From", 'f', from, sizeof(from));
	in_dialog = header(text, "To", 't', to, sizeof(to)) && tag_of(to, tag);
	if (strstr(cseq, "OPTIONS") && !in_dialog)
		return;
	call = call_of(id, at_us);
	if (!call)
		return;
	tag_of(answer ? to : from, tag);
	add_tag(call, tag);
	if (!answer)
		request(call, text, in_dialog);
	description(call, text);
}

/* --- streams ----------------------------------------------------------------
 */

static void rtp(const uint8_t *data, size_t len, uint16_t port, uint64_t at_us)
{
	struct call *call = by_port[port];
	struct stream *s;
	uint32_t ts, ssrc, step;
	uint16_t seq;
	unsigned i;

	if (!call) {
		stray_packets += data[0] >> 6 == 2;
		return;
	}
	/* RTCP on the same port (RFC 5761) is none of the stream's. */
	if (len < 12 || data[0] >> 6 != 2 || (data[1] >= 192 && data[1] <= 223))
		return;
	s = &call->stream;
	seq = be16(data + 2);
	ts = be32(data + 4);
	ssrc = be32(data + 8);
	for (i = 0; i < s->ssrcs && i < TAGS_MAX; i++)
		if (s->ssrc[i] == ssrc)
			break;
	if (i == s->ssrcs) {
		if (i < TAGS_MAX)
			s->ssrc[i] = ssrc;
		s->ssrcs++;
	}
	if (s->packets) {
		bool excuse = stalled(s->last_us, at_us);

		step = ts - s->ts;
		excused += excuse;
		if (seq != (uint16_t)(s->seq + 1)) {
			s->breaks++;
			if (tell_all)
				printf("break call=%s at=%.3f seq=%u "
				       "after=%u\n",
				       call->id,
				       (double)(at_us - call->begun_us) / 1e6,
				       seq, s->seq);
		}
		if (!excuse && (step == 0 || step > 8 * STEP_MAX_MS)) {
			s->ts_breaks++;
			if (tell_all)
				printf("ts_break call=%s at=%.3f step=%d\n",
				       call->id,
				       (double)(at_us - call->begun_us) / 1e6,
				       (int32_t)step);
		}
		if (!excuse && at_us - s->last_us > s->gap_us) {
			s->gap_us = at_us - s->last_us;
			s->gap_at_us = at_us - call->begun_us;
		}
		if (s->payload != (data[1] & 127)) {
			s->payloads++;
			if (tell_all)
				printf("payload call=%s at=%.3f seq=%u %u to "
				       "%u\n",
				       call->id,
				       (double)(at_us - call->begun_us) / 1e6,
				       seq, s->payload, data[1] & 127);
		}
	}
	s->payload = data[1] & 127;
	s->seq = seq;
	s->ts = ts;
	s->last_us = at_us;
	s->packets++;
}

/* --- the capture ------------------------------------------------------------
 */

/* One frame of Ethernet; IPv4 and UDP from `host` are looked at. */
static void frame(const uint8_t *at, size_t len, uint32_t host, uint64_t at_us)
{
	static char text[65536];
	size_t head;
	uint16_t port;

	if (len < 14 + 20 + 8 || be16(at + 12) != 0x0800)
		return;
	at += 14;
	len -= 14;
	head = 4u * (at[0] & 15);
	if (at[9] != 17 || be32(at + 12) != host || len < head + 8)
		return;
	if (be16(at + 6) & 0x3fff) { /* a fragment */
		skipped++;
		return;
	}
	if (be16(at + 2) < len)
		len = be16(at + 2);
	at += head;
	len -= head;
	port = be16(at);
	at += 8;
	len -= 8;
	if (port == 5060 && len > 8) {
		memcpy(text, at, len);
		text[len] = 0;
		signalling(text, at_us);
	} else if (port % 2 == 0 && len > 0) {
		rtp(at, len, port, at_us);
	}
}

static uint32_t host32(const uint8_t *at, bool swapped)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return swapped ? __builtin_bswap32(value) : value;
}

static int capture(FILE *in, uint32_t host)
{
	uint8_t head[24], packet[65536];
	uint32_t magic;
	bool swapped, nano;

	if (fread(head, 1, sizeof(head), in) != sizeof(head))
		return -1;
	magic = host32(head, false);
	swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	magic = host32(head, swapped);
	nano = magic == 0xa1b23c4d;
	if (magic != 0xa1b2c3d4 && !nano)
		return -1;
	if (host32(head + 20, swapped) != 1)
		return -1;
	while (fread(head, 1, 16, in) == 16) {
		uint32_t len = host32(head + 8, swapped);
		uint64_t us = host32(head + 4, swapped) / (nano ? 1000 : 1);

		if (len > sizeof(packet) || fread(packet, 1, len, in) != len)
			return -1;
		frame(packet, len, host,
		      host32(head, swapped) * UINT64_C(1000000) + us);
	}
	return 0;
}

static unsigned most(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static bool bad(const struct call *c, uint64_t gap_most_us)
{
	const struct stream *s = &c->stream;

	return c->tags != 1 || c->origins != 1 || c->reinvites || c->updates ||
	       c->others || s->ssrcs != 1 || s->breaks || s->ts_breaks ||
	       s->payloads || s->gap_us > gap_most_us;
}

static void verdict(void)
{
	unsigned dialogs = 0, forbidden = 0, ssrcs = 0, breaks = 0,
		 ts_breaks = 0, origins = 0, packets = 0, payloads = 0,
		 silent = 0, long_gaps = 0;
	uint64_t gap = 0;

	for (unsigned i = 0; i < call_count; i++) {
		const struct call *c = &calls[i];
		const struct stream *s = &c->stream;

		dialogs += c->tags;
		forbidden += c->reinvites + c->updates + c->others;
		origins = most(origins, c->origins);
		ssrcs = most(ssrcs, s->ssrcs);
		breaks += s->breaks;
		ts_breaks += s->ts_breaks;
		payloads += s->payloads;
		packets += s->packets;
		silent += s->packets == 0;
		long_gaps += s->gap_us > 60000;
		gap = s->gap_us > gap ? s->gap_us : gap;
		if (!bad(c, 60000))
			continue;
		printf("bad call=%s dialogs=%u origins=%u reinvites=%u "
		       "updates=%u others=%u packets=%u ssrcs=%u breaks=%u "
		       "ts_breaks=%u payload_changes=%u gap_ms=%.1f "
		       "gap_at=%.3f\n",
		       c->id, c->tags, c->origins, c->reinvites, c->updates,
		       c->others, s->packets, s->ssrcs, s->breaks, s->ts_breaks,
		       s->payloads, (double)s->gap_us / 1e3,
		       (double)s->gap_at_us / 1e6);
		for (unsigned o = 1; tell_all && o < c->origins; o++)
			printf("origin %s then %s\n", c->origin[o - 1],
			       c->origin[o]);
	}
	printf("calls=%u dialogs=%u forbidden=%u packets=%u silent=%u "
	       "ssrcs_most=%u breaks=%u ts_breaks=%u payload_changes=%u "
	       "origins_most=%u gap_ms=%.1f long_gaps=%u stray=%u skipped=%u "
	       "stalls=%u excused=%u\n",
	       call_count, dialogs, forbidden, packets, silent, ssrcs, breaks,
	       ts_breaks, payloads, origins, (double)gap / 1e3, long_gaps,
	       stray_packets, skipped, stall_count, excused);
}

int main(int argc, char **argv)
{
	struct in_addr host;
	FILE *in;

	for (; argc > 2 && argv[1][0] == '-'; argc--, argv++) {
		if (strcmp(argv[1], "-v") == 0) {
			tell_all = true;
			continue;
		}
		if (strcmp(argv[1], "-s") != 0)
			break;
		stalls_read(argv[2]);
		argc--;
		argv++;
	}
	if (argc != 3 || inet_pton(AF_INET, argv[1], &host) != 1) {
		fprintf(stderr, "usage: judge [-v] [-s STALLS] "
				"EDGE-ADDRESS CAPTURE\n");
		return 2;
	}
	in = fopen(argv[2], "rb");
	calls = calloc(CALLS_MAX, sizeof(*calls));
	if (!in || !calls) {
		perror(argv[2]);
		return 1;
	}
	if (capture(in, ntohl(host.s_addr)) != 0)
		fprintf(stderr, "judge: %s: no whole Ethernet capture\n",
			argv[2]);
	fclose(in);
	verdict();
	free(calls);
	return 0;
}
