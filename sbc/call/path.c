/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way a call's media goes.
 *
 * Whose packets are taken (rule of path_latch):
 *   far end                       SDP shows             packets from
 *   phone on our side             where it signals from exactly that one
 *   phone on our side             anything else (NAT,   learned from its
 *                                 STUN)                 signalling host
 *   phone on the Internet         anything              the same
 *   trunk, PBX on the Internet    a private address     the same
 *   trunk, PBX                    else                  exactly that one
 *
 * A newcomer that takes a leg's place is in path_guest.c.
 */
#include "config.h"

#include "sbc/call/path.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sbc/call/call_private.h"
#include "sbc/call/learn.h"
#include "sbc/sip/crypto.h"

static unsigned path_place_of(const struct leg *leg)
{
	return leg->place == 'a' ? PATH_A : leg->place == 'b' ? PATH_B : PATH_N;
}

static struct path_end path_end(const struct call *call, const struct leg *leg)
{
	return call->path.end[path_place_of(leg)];
}

int path_open(struct call *call, bool anchored)
{
	struct path *path = &call->path;
	int error;

	path->anchored = false;
	if (!anchored)
		return 0;
	error = media_session_new(&path->session, call->agent->media, call);
	if (error)
		return error;
	path->anchored = true;
	path->end[PATH_A] = (struct path_end){path->session, MEDIA_A};
	path->end[PATH_B] = (struct path_end){path->session, MEDIA_B};
	return 0;
}

bool path_close(struct call *call)
{
	struct path *path = &call->path;

	for (unsigned i = 0; i < path->joineds; i++) {
		media_session_close(path->joined[i]);
		path->closing++;
	}
	path->joineds = 0;
	path_row_free(call);
	if (!path->session)
		return false;
	media_session_close(path->session);
	return true;
}

bool path_closed(struct call *call, const struct media_session *session)
{
	struct path *path = &call->path;

	for (unsigned place = 0; place < PATH_PLACES; place++) {
		if (path->end[place].session != session)
			continue;
		path_stats(call, place, path->audio, &path->last[place]);
		path->end[place].session = NULL;
	}
	if (session == path->session) {
		path->session = NULL;
		return true;
	}
	path->closing--;
	return false;
}

bool path_is_closed(const struct call *call)
{
	return !call->path.session && !call->path.closing;
}

bool path_is_at(const struct call *call, unsigned place,
		const struct media_session *session, enum media_side side)
{
	return call->path.end[place].session == session &&
	       call->path.end[place].side == side;
}

void path_stats(const struct call *call, unsigned place, unsigned slot,
		struct media_stats *out)
{
	const struct path_end *end = &call->path.end[place];

	*out = call->path.last[place];
	if (end->session)
		media_session_stats(end->session, end->side, slot, out);
}

static enum media_latch_mode path_latch(const struct call *call,
					const struct leg *leg,
					const struct body_media *media)
{
	const struct sockaddr *source = (const struct sockaddr *)&leg->remote;
	const struct sockaddr *said = (const struct sockaddr *)&media->address;
	bool remote = policy_zone(call->policy, leg->at->policy, source) ==
		      POLICY_REMOTE;
	bool learn;

	if (media->address.ss_family == AF_UNSPEC || media->zero)
		return MEDIA_LATCH_LEARN;
	if (leg->peer->kind == POLICY_PHONES)
		learn = remote || !address_host_equal(said, source);
	else
		learn = remote && address_is_private(said);
	return learn ? MEDIA_LATCH_LEARN : MEDIA_LATCH_FIXED;
}

/* --- ports ------------------------------------------------------------- */

/* Can we relay this m= line at all? UDPTL is plain, which is nothing for who
 * takes SRTP alone. */
static bool path_carries(const struct leg *leg, const struct body_media *media)
{
	bool plain = !leg->offer.ended || leg->peer->srtp != POLICY_SRTP_SDES;

	return media->port &&
	       (media->rtp || (media->kind == BODY_IMAGE && plain));
}

static int path_bind(struct call *call, const struct leg *leg, unsigned slot)
{
	struct path *path = &call->path;
	unsigned place = path_place_of(leg);
	struct path_end end = path->end[place];
	const struct sockaddr *local = (const struct sockaddr *)&leg->local;

	if (path->port[place][slot] &&
	    address_host_equal((struct sockaddr *)&path->at[place], local))
		return 0;
	if (path->port[place][slot] && place == PATH_N && path->shared)
		return -EADDRNOTAVAIL; /* They are still another leg's. */
	if (path->port[place][slot]) {
		media_session_unbind(end.session, end.side, slot);
		path->port[place][slot] = 0;
	}
	return media_session_bind(end.session, end.side, slot, leg->at->block,
				  local, &path->port[place][slot]);
}

/* Our address as the far end of `leg` has to see it. */
static void path_shown(const struct leg *leg, uint16_t port,
		       struct sockaddr_storage *out)
{
	const struct policy_network_address *ours = policy_network_address(
		leg->at->policy, (const struct sockaddr *)&leg->remote);

	*out = ours && ours->public.ss_family ? ours->public : leg->local;
	address_set_port((struct sockaddr *)out, port);
}

/* Where `from` really takes media: a STUN phone's public address is no place
 * to send to from its own subnet. */
static void path_direct(const struct call *call, const struct leg *from,
			const struct body_media *media,
			struct sockaddr_storage *out)
{
	*out = media->address;
	if (!media->port || path_latch(call, from, media) == MEDIA_LATCH_FIXED)
		return;
	*out = from->remote;
	address_set_port((struct sockaddr *)out, media->port);
}

int path_place(struct call *call, const struct leg *leg, const struct leg *from,
	       const struct body *source,
	       struct offer_place place[BODY_MEDIA_MAX])
{
	struct path *path = &call->path;
	unsigned side = path_place_of(leg);
	int error;

	for (unsigned i = 0; i < source->medias; i++) {
		const struct body_media *media = &source->media[i];
		uint16_t port = 0;

		place[i].direction = media->direction;
		/* A newcomer may have ports before the others do. */
		if (!path->end[side].session) {
			path_direct(call, from, media, &place[i].at);
			continue;
		}
		if (path_carries(leg, media)) {
			error = path_bind(call, leg, i);
			if (error)
				return error;
			port = path->port[side][i];
		}
		path_shown(leg, port, &place[i].at);
	}
	path->at[side] = leg->local;
	if (source->medias > path->slots)
		path->slots = source->medias;
	return 0;
}

/* --- targets ----------------------------------------------------------- */

static const struct body_format *path_find(const struct body *body,
					   unsigned slot, const char *encoding)
{
	const struct body_media *media = &body->media[slot];

	for (unsigned i = 0; slot < body->medias && i < media->formats; i++) {
		const struct body_format *format =
			&body->format[media->first_format + i];

		if (body_span_is(format->encoding, encoding))
			return format;
	}
	return NULL;
}

/* The number under which leg's far end sends events: as we told it; 0: none. */
static uint8_t path_event(struct said *said, unsigned slot)
{
	const struct body *told = said_local(said);
	const struct body_format *event =
		told ? path_find(told, slot, "telephone-event") : NULL;

	return event ? (uint8_t)event->payload_type : 0;
}

/* SRTP that ends here gets its keys. False: nothing may pass in the clear. */
static bool path_lock(struct said *said, const struct path_end *end,
		      const struct body *far, unsigned slot)
{
	struct media_crypto crypto;
	bool locked;

	if (!said->leg->offer.ended || !far->media[slot].rtp)
		return true;
	locked = secure_keys(said, far, slot, &crypto) &&
		 !media_session_crypto(end->session, end->side, slot, &crypto);
	crypto_wipe(&crypto, sizeof(crypto));
	return locked;
}

static void path_target_slot(struct call *call, struct said *said,
			     const struct body *far, unsigned slot)
{
	const struct leg *leg = said->leg;
	const struct body_media *media = &far->media[slot];
	struct media_target target = {
		.rtp = media->address,
		.rtcp = media->rtcp,
		.latch = path_latch(call, leg, media),
		.expect = leg->remote,
		.may_send = media->direction & BODY_SENDONLY,
		.may_receive =
			(media->direction & BODY_RECVONLY) && !media->zero,
		.rtp_checked = media->rtp,
		.held = media->direction != BODY_SENDRECV || media->zero ||
			!media->port,
	};
	struct path_end end;

	if (!media->port) {
		target.may_send = target.may_receive = false;
		target.rtp.ss_family = AF_UNSPEC;
	} else if (target.latch == MEDIA_LATCH_LEARN) {
		/* The best guess until its first packet tells. */
		target.rtp = leg->remote;
		address_set_port((struct sockaddr *)&target.rtp, media->port);
		target.rtcp.ss_family = AF_UNSPEC;
		if (media->address.ss_family != AF_UNSPEC && !media->zero)
			call_report_nat(call, leg, slot,
					(struct sockaddr *)&media->address);
	}
	if (media->formats && far->format[media->first_format].clock)
		target.clock_hz = far->format[media->first_format].clock;
	if (slot == call->path.audio)
		target.event_pt = path_event(said, slot);
	end = path_end(call, leg);
	if (media->port && !path_lock(said, &end, far, slot)) {
		target.may_send = target.may_receive = false;
		target.rtp.ss_family = AF_UNSPEC;
	}
	media_session_target(end.session, end.side, slot, &target);
	if (slot == call->path.audio) {
		call->path.held[path_place_of(leg)] = !target.may_receive;
		call->path.quiet[path_place_of(leg)] = target.held;
	}
}

void path_target(struct call *call, const struct leg *leg,
		 const struct body *far)
{
	struct said said;

	said_begin(&said, leg);
	path_target_said(call, &said, far);
}

/* The first audio slot that both use; else the first one. */
static unsigned path_audio(struct said *said, const struct body *far)
{
	const struct body *told = said_local(said);
	unsigned first = far->medias;

	for (unsigned i = 0; i < far->medias; i++) {
		if (far->media[i].kind != BODY_AUDIO)
			continue;
		if (far->media[i].port &&
		    (!told || i >= told->medias || told->media[i].port))
			return i;
		if (first == far->medias)
			first = i;
	}
	return first < far->medias ? first : 0;
}

/* In mid-call the worker has to know before the far end hears our answer, and
 * moves or sends as it says. */
static void path_tell(const struct call *call)
{
	if (call->state == CALL_ANSWERED)
		media_engine_flush(call->agent->media);
}

void path_target_said(struct call *call, struct said *said,
		      const struct body *far)
{
	const struct leg *leg = said->leg;
	struct path *path = &call->path;
	struct media_session *session = path_end(call, leg).session;

	path->audio = path_audio(said, far);
	call_report_alg(call, leg, far);
	for (unsigned i = 0; i < far->medias && i < path->slots; i++) {
		const struct body_media *media = &far->media[i];

		/* DTLS and ZRTP key themselves in the stream. */
		if (leg->offer.ended)
			path->secure[i] = false;
		else if (media->secure || offer_encryption(far, i)[0] != 'n')
			path->secure[i] = true;
		path->rtp[i] = media->rtp;
		if (session && path->port[path_place_of(leg)][i])
			path_target_slot(call, said, far, i);
	}
	if (session)
		media_session_timeouts(session, leg->peer->media_timeout_ms,
				       leg->peer->hold_timeout_ms);
	if (session)
		path_tell(call);
}

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

bool path_is_quiet(const struct call *call, const struct leg *leg)
{
	return call->path.quiet[path_place_of(leg)];
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

bool path_alive(const struct call *call, const struct leg *leg, unsigned ms)
{
	struct media_stats stats;

	if (!path_end(call, leg).session)
		return true; /* Nobody here can tell. */
	path_stats(call, path_place_of(leg), call->path.audio, &stats);
	/* Who holds, or only listens, sends nothing. */
	return stats.packets &&
	       (path_is_quiet(call, leg) || stats.silent_ms < ms);
}
