/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the streams toward both ends are written: the filler, the numbers, the
 * payload types. Each slot has streams of its own.
 */
#include "config.h"

#include "sbc/call/path.h"

#include <errno.h>
#include <strings.h>

#include "sbc/call/call_private.h"
#include "sbc/call/learn.h"
#include "sbc/call/path_private.h"

/* --- filler ------------------------------------------------------------ */

const char *path_codec(const struct call *call, const struct leg *leg)
{
	const char *law = call->path.law[path_place_of(leg)];

	return law ? law : call->codec;
}

/* Where the codec's own silence is not known, comfort noise is if it was
 * agreed. */
static void path_choose(const struct body *body, unsigned slot,
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

static void path_fill(struct call *call, const struct leg *leg,
		      const struct body *codec, bool armed)
{
	struct path *path = &call->path;
	const struct body_format *agreed =
		path_find(codec, path->audio, path_codec(call, leg));
	struct media_filler filler = {.ptime_ms = 20, .armed = armed};
	unsigned place = path_place_of(leg);
	unsigned other = place == PATH_A ? PATH_B : PATH_A;
	struct path_end end = path->end[place];

	if (!end.session || path->secure[path->audio] || !agreed)
		return;
	path_choose(codec, path->audio, agreed, &filler);
	if (codec->media[path->audio].ptime_ms)
		filler.ptime_ms = codec->media[path->audio].ptime_ms;
	/* Music is for who is held; a late packet is no reason to play it. */
	if (path->held[other])
		filler.music = agent_music(call->agent, leg->peer);
	path->filler[place] = filler;
	media_session_filler(end.session, end.side, path->audio, &filler);
}

void path_arm(struct call *call, const struct leg *leg,
	      const struct body *codec)
{
	path_fill(call, leg, codec, true);
}

void path_disarm(struct call *call, const struct leg *leg)
{
	struct media_filler *filler = &call->path.filler[path_place_of(leg)];
	struct path_end end = path_end(call, leg);

	if (!end.session || !filler->armed)
		return;
	filler->armed = false;
	media_session_filler(end.session, end.side, call->path.audio, filler);
}

bool path_is_armed(const struct call *call, const struct leg *leg)
{
	return call->path.filler[path_place_of(leg)].armed;
}

/* --- flows ------------------------------------------------------------- */

static bool path_is_steady(const struct call *call, const struct leg *toward)
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
static void path_convert(const struct call *call, const struct leg *from,
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
static void path_keep_events(const struct path *path, const struct body *sent,
			     struct media_flow *flow)
{
	const struct body_format *event =
		path_find(sent, path->audio, "telephone-event");

	if (!event)
		return;
	for (unsigned i = 0; !flow->mapped && i < 128; i++)
		flow->map[i] = (uint8_t)i;
	flow->mapped = true;
	flow->map[event->payload_type] = 255;
}

/* From `from`'s far end, numbered as we told it, to `to`'s, as that asked. */
static void path_flow(struct call *call, struct said *said_from,
		      struct said *said_to)
{
	const struct leg *from = said_from->leg, *to = said_to->leg;
	struct path *path = &call->path;
	struct media_flow flow = {.event_pt = 255};
	struct path_end end = path_end(call, to);
	const struct body_format *event;
	const struct body *sent = said_local(said_from);
	const struct body *wanted = said_remote(said_to);

	if (!sent || !wanted)
		return;
	flow.mapped = offer_payload_map(flow.map, sent, wanted, path->audio);
	flow.steady = path_is_steady(call, to);
	path_convert(call, from, to, sent, wanted, &flow);
	event = path_find(wanted, path->audio, "telephone-event");
	if (event)
		flow.event_pt = (uint8_t)event->payload_type;
	if (pass_by_info(to))
		path_keep_events(path, sent, &flow);
	media_session_flow(end.session, end.side, path->audio, &flow);
	/* What is repeated has to have been seen before it is needed. */
	if (!path->filler[path_place_of(to)].armed)
		path_fill(call, to, wanted, false);
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
	if (!path_end(call, a->leg).session ||
	    !path_end(call, b->leg).session ||
	    call->path.secure[call->path.audio])
		return;
	path_flow(call, a, b);
	path_flow(call, b, a);
	/* So does what they are numbered by. */
	if (call->state == CALL_ANSWERED)
		media_engine_flush(call->agent->media);
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
