/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the streams toward both ends are written: the filler, the numbers, the
 * payload types. Each slot has streams of its own.
 */
#include "config.h"

#include "sbc/call/path.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sbc/call/call_private.h"
#include "sbc/call/judge.h"
#include "sbc/call/learn.h"
#include "sbc/call/path_private.h"

/* --- filler ------------------------------------------------------------ */

const char *path_codec(const struct call *call, const struct leg *leg)
{
	const char *law = call->path.law[path_place_of(leg)];

	return law ? law : call->codec;
}

bool path_note_law(struct call *call, struct said *said)
{
	const struct body *theirs = said_remote(said);
	const char **law = &call->path.law[path_place_of(said->leg)];
	const char *codec = path_codec(call, call_other(call, said->leg));
	const char *other = judge_other_law(codec);
	unsigned audio = call->path.audio;

	if (!theirs || audio >= theirs->medias || !theirs->media[audio].port ||
	    !call->path.anchored || call->path.secure[audio])
		return false;
	if (!path_find(theirs, audio, codec)) {
		if (!other || !path_find(theirs, audio, other))
			return false;
		codec = other;
	}
	*law = strcasecmp(codec, call->codec) ? codec : NULL;
	return true;
}

static unsigned stream_other(unsigned place)
{
	return place == PATH_A ? PATH_B : PATH_A;
}

/* What the leg's two bodies agree on in a slot, as its far end numbers it. */
static const struct body_format *stream_agreed(const struct call *call,
					       struct said *said, unsigned slot)
{
	const struct body *told = said_local(said), *wanted = said_remote(said);
	const struct body_format *theirs, *ours;

	if (slot == call->path.audio)
		return path_find(wanted, slot, path_codec(call, said->leg));
	/* Which of the two is the answer, and so the shorter, is not known. */
	theirs = offer_agreed(wanted, slot);
	ours = told ? offer_agreed(told, slot) : NULL;
	if (!theirs || !ours)
		return NULL; /* One of them refused it. */
	if (path_like(told, slot, theirs))
		return theirs;
	return path_like(wanted, slot, ours);
}

/* Where the codec's own silence is not known, comfort noise is if it was
 * agreed. */
static void stream_choose(const struct body *body, unsigned slot,
			  const struct body_format *agreed,
			  struct media_filler *filler)
{
	const struct body_format *noise = path_find(body, slot, "CN");

	filler->kind =
		media_filler_kind(agreed->encoding.text, agreed->encoding.len);
	filler->payload_type = (uint8_t)agreed->payload_type;
	if (filler->kind == MEDIA_FILLER_REPEAT && noise) {
		filler->kind = MEDIA_FILLER_CN;
		filler->payload_type = (uint8_t)noise->payload_type;
	}
}

static void stream_fill(struct call *call, struct said *said, unsigned slot,
			bool armed)
{
	const struct leg *leg = said->leg;
	struct path *path = &call->path;
	const struct body *wanted = said_remote(said);
	const struct body_format *agreed;
	struct media_filler filler = {.ptime_ms = 20};
	unsigned place = path_place_of(leg), other = stream_other(place);
	struct path_end end = path->end[place];

	if (!end.session || !wanted || !path->sound[slot] || path->secure[slot])
		return;
	agreed = stream_agreed(call, said, slot);
	if (!agreed && slot == path->audio)
		return;
	path->armed[place][slot] = armed;
	if (agreed) {
		filler.armed = armed;
		stream_choose(wanted, slot, agreed, &filler);
		if (wanted->media[slot].ptime_ms)
			filler.ptime_ms = wanted->media[slot].ptime_ms;
		/* Music is for who is held; a late packet is no reason to play
		 * it. */
		if (path->held[other][slot] || path->away[other])
			filler.music = agent_music(call->agent, leg->peer);
	}
	media_session_filler(end.session, end.side, slot, &filler);
}

bool path_arm(struct call *call, const struct leg *leg, bool all)
{
	const struct path *path = &call->path;
	unsigned place = path_place_of(leg), other = stream_other(place);
	bool any = false;
	struct said said;

	said_begin(&said, leg);
	for (unsigned slot = 0; slot < path->slots; slot++) {
		if (all || path->quiet[other][slot] || path->armed[place][slot])
			stream_fill(call, &said, slot, true);
		any |= path->armed[place][slot];
	}
	return any;
}

void path_disarm(struct call *call, const struct leg *leg)
{
	const struct path *path = &call->path;
	unsigned place = path_place_of(leg), other = stream_other(place);
	struct said said;

	said_begin(&said, leg);
	for (unsigned slot = 0; slot < path->slots; slot++)
		if (path->armed[place][slot] && !path->quiet[other][slot] &&
		    !path->away[other])
			stream_fill(call, &said, slot, false);
}

void path_leave(struct call *call, const struct leg *leg)
{
	call->path.away[path_place_of(leg)] = true;
}

void path_return(struct call *call)
{
	memset(call->path.away, 0, sizeof(call->path.away));
}

/* --- flows ------------------------------------------------------------- */

static bool stream_is_steady(const struct call *call, const struct leg *toward)
{
	switch (toward->peer->stream) {
	case POLICY_STREAM_STEADY:
		return true;
	case POLICY_STREAM_PASS:
		return false;
	case POLICY_STREAM_AUTO:
		break;
	}
	return !learn_allows(call->agent->learn, toward->peer, LEARN_REINVITE);
}

/*
 * G.711 of one law toward an end that speaks the other one. Also where both
 * have agreed on one and the stream is ours: packets of the law before may
 * still be on their way when an answer changes it.
 */
static void stream_convert(const struct call *call, const struct leg *from,
			   const struct leg *to, const struct body *sent,
			   const struct body *wanted, struct media_flow *flow)
{
	const char *is = path_codec(call, from), *be = path_codec(call, to);
	const struct body_format *x, *y;
	bool stray = strcasecmp(is, be) == 0;
	uint8_t type;

	if (stray)
		is = strcasecmp(be, "PCMA") ? "PCMA" : "PCMU";
	if (strcasecmp(be, "PCMA") && strcasecmp(be, "PCMU"))
		return;
	x = path_find(sent, call->path.audio, is);
	y = path_find(wanted, call->path.audio, be);
	if (!y || (!stray && !x))
		return;
	if (stray && (!flow->steady || path_find(wanted, call->path.audio, is)))
		return;
	/* Their static numbers (RFC 3551). */
	type = strcasecmp(is, "PCMA") ? 0 : 8;
	if (x)
		type = (uint8_t)x->payload_type;
	flow->convert = strcasecmp(is, "PCMA") ? MEDIA_CONVERT_PCMU_TO_PCMA
					       : MEDIA_CONVERT_PCMA_TO_PCMU;
	flow->convert_pt = type;
	for (unsigned i = 0; stray && !flow->mapped && i < 128; i++)
		flow->map[i] = (uint8_t)i;
	flow->map[type] = (uint8_t)y->payload_type;
	flow->mapped = true;
}

/* Events are told by INFO: as packets they do not cross. */
static void stream_keep_events(const struct body *sent, unsigned slot,
			       struct media_flow *flow)
{
	const struct body_format *event =
		path_find(sent, slot, "telephone-event");

	if (!event)
		return;
	for (unsigned i = 0; !flow->mapped && i < 128; i++)
		flow->map[i] = (uint8_t)i;
	flow->mapped = true;
	flow->map[event->payload_type] = 255;
}

/* Repairs and layers of video come beside it as sources of their own (RFC 4588,
 * RFC 8627): they are no one stream. */
static bool stream_is_one(const struct body *wanted, unsigned slot)
{
	return !path_find(wanted, slot, "rtx") &&
	       !path_find(wanted, slot, "flexfec") &&
	       !path_find(wanted, slot, "parityfec");
}

/* From `from`'s far end, numbered as we told it, to `to`'s, as that asked. */
static void stream_flow(struct call *call, struct said *from, struct said *to,
			unsigned slot)
{
	const struct body *sent = said_local(from), *wanted = said_remote(to);
	struct media_flow flow = {.event_pt = 255};
	unsigned place = path_place_of(to->leg);
	struct path_end end = call->path.end[place];
	const struct body_format *event;

	flow.mapped = offer_payload_map(flow.map, sent, wanted, slot);
	flow.steady =
		stream_is_steady(call, to->leg) && stream_is_one(wanted, slot);
	if (slot == call->path.audio)
		stream_convert(call, from->leg, to->leg, sent, wanted, &flow);
	event = path_find(wanted, slot, "telephone-event");
	if (event)
		flow.event_pt = (uint8_t)event->payload_type;
	if (pass_by_info(to->leg))
		stream_keep_events(sent, slot, &flow);
	media_session_flow(end.session, end.side, slot, &flow);
	/* What is repeated has to have been seen before it is needed. */
	stream_fill(call, to, slot, call->path.armed[place][slot]);
}

/* A fax, or keys of the ends': nothing of ours comes between, and nothing is
 * done to what passes, whatever the line was before. */
static void stream_leave(struct call *call, const struct said *to,
			 unsigned slot)
{
	static const struct media_flow as_it_is = {.event_pt = 255};
	static const struct media_filler none;
	unsigned place = path_place_of(to->leg);
	struct path_end end = call->path.end[place];

	call->path.armed[place][slot] = false;
	media_session_filler(end.session, end.side, slot, &none);
	media_session_flow(end.session, end.side, slot, &as_it_is);
}

static void stream_flows(struct call *call, struct said *from, struct said *to)
{
	const struct path *path = &call->path;
	const struct body *sent = said_local(from), *wanted = said_remote(to);

	for (unsigned slot = 0; sent && wanted && slot < path->slots; slot++)
		if (path->rtp[slot] && !path->secure[slot])
			stream_flow(call, from, to, slot);
		else
			stream_leave(call, to, slot);
}

void path_flows(struct call *call, const struct leg *a, const struct leg *b)
{
	struct said said_a, said_b;

	said_begin(&said_a, a);
	said_begin(&said_b, b);
	path_flows_said(call, &said_a, &said_b);
}

void path_flows_said(struct call *call, struct said *a, struct said *b)
{
	if (!path_end(call, a->leg).session || !path_end(call, b->leg).session)
		return;
	path_row_tell(call);
	stream_flows(call, a, b);
	stream_flows(call, b, a);
	path_tell(call);
}

int path_dtmf(struct call *call, const struct leg *leg, char digit,
	      unsigned duration_ms)
{
	struct path_end end = path_end(call, leg);

	if (!end.session || call->path.secure[call->path.audio])
		return -ENOTSUP;
	return media_session_dtmf(end.session, end.side, call->path.audio,
				  digit, duration_ms);
}
