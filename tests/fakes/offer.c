/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fakes' side of offer and answer. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "sbc/sip/crypto.h"
#include "tests/fakes/inside.h"

static const struct {
	const char *format, *name;
} maps[] = {
	{"0", "PCMU/8000"},
	{"8", "PCMA/8000"},
	{"9", "G722/8000"},
	{"18", "G729/8000"},
	{"3", "GSM/8000"},
	{"96", "opus/48000/2"},
	{"97", "iLBC/8000"},
	{"99", "X-NOBODY/8000"},
	{"101", "telephone-event/8000"},
	{"100", "telephone-event/8000"},
};

static void write_maps(struct text *out, const char *formats)
{
	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		if (text_has_format(formats, maps[i].format))
			text_add(out, "a=rtpmap:%s %s\r\n", maps[i].format,
				 maps[i].name);
	if (text_has_format(formats, "101"))
		text_add(out, "a=fmtp:101 0-16\r\n");
}

static void write_audio(struct fake_call *call, struct text *out,
			const char *formats, const char *direction,
			const char *protocol, unsigned stream)
{
	struct fake *fake = call->fake;

	text_add(out, "m=audio %u %s %s\r\n",
		 call->media.port_zero ? 0 : fake->tone.stream[stream].port,
		 protocol, formats);
	write_maps(out, formats);
	text_add(out, "a=ptime:20\r\n");
	if (call->media.lines)
		text_add(out, "%s", call->media.lines);
	if (direction)
		text_add(out, "a=%s\r\n", direction);
}

static void write_head(struct fake_call *call, struct text *out)
{
	const char *host =
		call->media.address ? call->media.address : call->fake->host;

	text_add(out,
		 "v=0\r\no=%s %u %u IN IP4 %s\r\ns=%s call\r\nc=IN IP4 %s\r\n"
		 "t=0 0\r\n",
		 call->fake->name, call->sdp_id, call->sdp_version, host,
		 call->fake->name, call->media.zero_address ? "0.0.0.0" : host);
}

static void write_offer(struct fake_call *call, struct text *out)
{
	const struct fake_media *m = &call->media;

	write_head(call, out);
	for (unsigned i = 0; i == 0 || i < m->streams; i++)
		write_audio(call, out, m->codecs, m->direction,
			    m->protocol ? m->protocol : "RTP/AVP", i);
	if (m->more)
		text_add(out, "%s", m->more);
}

/* What both sides have, in the order of the offer. */
static void common(char *out, size_t size, const char *theirs, const char *ours)
{
	out[0] = '\0';
	for (const char *at = theirs; *at;) {
		char format[16];
		size_t len = strcspn(at, " ");
		snprintf(format, sizeof(format), "%.*s", (int)len, at);
		if (text_has_format(ours, format))
			snprintf(out + strlen(out), size - strlen(out), "%s%s",
				 out[0] ? " " : "", format);
		at += len;
		at += strspn(at, " ");
	}
}

/* Our wish, cut to what their offer allows (RFC 3264 section 6.1). */
static const char *answered_direction(const char *theirs, const char *wish)
{
	bool send = strcmp(theirs, "sendonly") && strcmp(theirs, "inactive") &&
		    strcmp(wish, "recvonly") && strcmp(wish, "inactive");
	bool receive = strcmp(theirs, "recvonly") &&
		       strcmp(theirs, "inactive") && strcmp(wish, "sendonly") &&
		       strcmp(wish, "inactive");

	return send ? (receive ? "sendrecv" : "sendonly")
		    : (receive ? "recvonly" : "inactive");
}

static void write_answer(struct fake_call *call, struct text *out)
{
	const struct text_sdp *offer = &call->remote_sdp;
	unsigned audio = 0;

	write_head(call, out);
	for (unsigned i = 0; i < offer->streams; i++) {
		const struct text_stream *s = &offer->stream[i];
		char formats[128];
		common(formats, sizeof(formats), s->formats,
		       call->media.codecs);
		if (strcmp(s->media, "audio") || !s->port || !formats[0] ||
		    audio == FAKE_STREAMS_MAX) {
			text_add(out, "m=%s 0 %s %s\r\n", s->media, s->protocol,
				 s->formats);
			continue;
		}
		write_audio(
			call, out, formats,
			answered_direction(s->direction, call->media.direction),
			s->protocol, audio++);
	}
}

static void write_either(struct fake_call *call, struct text *out, bool answer)
{
	text_begin(out);
	if (answer)
		write_answer(call, out);
	else
		write_offer(call, out);
}

/* The version rises by one when, and only when, the body changes. */
void fake_write_sdp(struct fake_call *call, struct text *out, bool answer)
{
	if (call->media.instead) {
		text_begin(out);
		text_add(out, "%s", call->media.instead);
		strcpy(call->sdp, out->data);
		return;
	}
	write_either(call, out, answer);
	if (call->sdp[0] && strcmp(call->sdp, out->data)) {
		call->sdp_version++;
		write_either(call, out, answer);
	}
	strcpy(call->sdp, out->data);
}

static bool sends(const char *direction)
{
	return !strcmp(direction, "sendrecv") || !strcmp(direction, "sendonly");
}

static bool receives(const char *direction)
{
	return !strcmp(direction, "sendrecv") || !strcmp(direction, "recvonly");
}

bool fake_may_talk(const struct fake_call *call)
{
	struct text_sdp ours;
	struct text_message body = {.body = call->sdp};
	const struct text_stream *theirs = &call->remote_sdp.stream[0];

	return text_sdp(&ours, &body) == 0 && ours.streams &&
	       call->remote_sdp.streams && theirs->port &&
	       strcmp(theirs->address, "0.0.0.0") &&
	       sends(ours.stream[0].direction) && receives(theirs->direction);
}

/* SRTP where both have named a key under one tag (RFC 4568). */
static void lock(struct fake_call *call)
{
	static const struct media_crypto plain;
	struct media_crypto keys = plain;
	static struct body ours, theirs;
	bool agreed = false;

	if (body_parse(&ours, call->sdp, strlen(call->sdp), NULL) ||
	    body_parse(&theirs, call->remote_body, strlen(call->remote_body),
		       NULL))
		return;
	for (unsigned i = 0; i < ours.medias && !agreed; i++)
		agreed = ours.media[i].port && i < theirs.medias &&
			 theirs.media[i].port &&
			 crypto_agree(&keys, &ours, &theirs, i);
	tone_lock(&call->fake->tone, agreed ? &keys : &plain);
}

void fake_settle(struct fake_call *call)
{
	struct tone *tone = &call->fake->tone;
	unsigned audio = 0;

	for (unsigned i = 0; i < TONE_STREAMS_MAX; i++)
		memset(&tone->stream[i].to, 0, sizeof(tone->stream[i].to));
	for (unsigned i = 0; i < call->remote_sdp.streams; i++) {
		const struct text_stream *s = &call->remote_sdp.stream[i];
		if (strcmp(s->media, "audio") || audio == TONE_STREAMS_MAX)
			continue;
		struct tone_stream *t = &tone->stream[audio++];
		if (!s->port)
			continue;
		t->to.sin_family = AF_INET;
		inet_pton(AF_INET, s->address, &t->to.sin_addr);
		t->to_rtcp = t->to;
		t->to.sin_port = htons((uint16_t)s->port);
		t->to_rtcp.sin_port = htons((uint16_t)s->rtcp_port);
		if (audio == 1)
			sscanf(s->formats, "%hhu", &tone->payload_type);
	}
	tone->allowed = fake_may_talk(call);
	lock(call);
}

void fake_learn_sdp(struct fake_call *call, const struct text_message *m)
{
	struct text_sdp sdp;

	if (text_sdp(&sdp, m) < 0)
		return;
	call->remote_sdp = sdp;
	snprintf(call->remote_body, sizeof(call->remote_body), "%s", m->body);
	call->remote_sdps++;
}
