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
 * How the streams are written is in path_stream.c, a newcomer that takes a
 * leg's place in path_guest.c.
 */
#include "config.h"

#include "sbc/call/path.h"

#include <errno.h>
#include <string.h>

#include "sbc/call/call_private.h"
#include "sbc/call/path_private.h"
#include "sbc/sip/crypto.h"

unsigned path_place_of(const struct leg *leg)
{
	return leg->place == 'a' ? PATH_A : leg->place == 'b' ? PATH_B : PATH_N;
}

struct path_end path_end(const struct call *call, const struct leg *leg)
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

/* With those that it needs where sessions meet; else it has none. One that was
 * there before stays: nothing has crossed it until now. */
static int path_bind_slot(struct call *call, const struct leg *leg,
			  unsigned slot)
{
	uint16_t *port = &call->path.port[path_place_of(leg)][slot];
	struct path_end end = path_end(call, leg);
	bool had = *port;
	int error = path_bind(call, leg, slot);

	if (error)
		return error;
	error = path_row_grow(call, slot);
	if (!error || had)
		return 0;
	media_session_unbind(end.session, end.side, slot);
	*port = 0;
	return error;
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

const char *path_lack(int error)
{
	switch (error) {
	case -EAGAIN:
		return "ports-taken";
	case -EADDRINUSE:
		return "ports-unusable";
	case -EMFILE:
	case -ENFILE:
		return "descriptors";
	default:
		return NULL;
	}
}

/* In a call that is up the rest goes on without that line. */
static bool path_spares(struct call *call, const struct leg *leg, unsigned slot,
			int error)
{
	const char *cause = path_lack(error);
	struct status_line line;

	if (!cause || call->state != CALL_ANSWERED || slot == call->path.audio)
		return false;
	call_status(call, &line, leg, "call-line-refused");
	status_number(&line, "slot", slot);
	status_text(&line, "cause", cause);
	status_end(&line);
	return true;
}

int path_place(struct call *call, const struct leg *leg, const struct leg *from,
	       const struct body *source,
	       struct offer_place place[BODY_MEDIA_MAX])
{
	struct path *path = &call->path;
	unsigned side = path_place_of(leg);
	int error, spared = 0;
	bool live = false;

	for (unsigned i = 0; i < source->medias; i++) {
		const struct body_media *media = &source->media[i];
		uint16_t port = 0;

		place[i].direction = media->direction;
		if (media->zero) /* RFC 2543's hold */
			place[i].direction &= BODY_SENDONLY;
		/* A newcomer may have ports before the others do. */
		if (!path->end[side].session) {
			path_direct(call, from, media, &place[i].at);
			continue;
		}
		if (path_carries(leg, media) && path_row_takes(call, i)) {
			error = path_bind_slot(call, leg, i);
			if (error && !path_spares(call, leg, i, error))
				return error;
			port = path->port[side][i];
			live |= !error;
			if (error)
				spared = error;
		}
		path_shown(leg, port, &place[i].at);
	}
	if (spared && !live)
		return spared;
	path->at[side] = leg->local;
	if (source->medias > path->slots)
		path->slots = source->medias;
	return 0;
}

/* --- targets ----------------------------------------------------------- */

const struct body_format *path_find(const struct body *body, unsigned slot,
				    const char *encoding)
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

const struct body_format *path_like(const struct body *body, unsigned slot,
				    const struct body_format *format)
{
	const struct body_media *media = &body->media[slot];

	for (unsigned i = 0; slot < body->medias && i < media->formats; i++) {
		const struct body_format *x =
			&body->format[media->first_format + i];

		if (x->clock == format->clock &&
		    body_span_equal(x->encoding, format->encoding))
			return x;
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

/* Neither they nor we refused the line. */
static bool path_is_live(struct said *said, const struct body *far,
			 unsigned slot)
{
	const struct body *told = said_local(said);

	return far->media[slot].port &&
	       !(told && slot < told->medias && !told->media[slot].port);
}

/* Silence counts as a hold's: not where a line was refused beside live audio.
 */
static bool path_is_held(struct said *said, const struct body *far,
			 unsigned slot)
{
	const struct body_media *media = &far->media[slot];

	if (path_is_live(said, far, slot))
		return media->direction != BODY_SENDRECV || media->zero;
	for (unsigned i = 0; i < far->medias; i++)
		if (far->media[i].kind == BODY_AUDIO &&
		    path_is_live(said, far, i))
			return false;
	return true;
}

/* What both have said leaves it nothing to send, or a fax, whose receiver is
 * silent for pages: its silence is none of a fault's. */
static bool path_is_mute(struct said *said, const struct body *far,
			 unsigned slot)
{
	const struct body *told = said_local(said);

	return !path_is_live(said, far, slot) || !far->media[slot].rtp ||
	       !(far->media[slot].direction & BODY_SENDONLY) ||
	       (told && slot < told->medias &&
		!(told->media[slot].direction & BODY_RECVONLY));
}

static void path_target_slot(struct call *call, struct said *said,
			     const struct body *far, unsigned slot)
{
	const struct leg *leg = said->leg;
	const struct body_media *media = &far->media[slot];
	bool live = path_is_live(said, far, slot);
	struct media_target target = {
		.rtp = media->address,
		.rtcp = media->rtcp,
		.latch = path_latch(call, leg, media),
		.expect = leg->remote,
		.may_send = media->direction & BODY_SENDONLY,
		.may_receive =
			(media->direction & BODY_RECVONLY) && !media->zero,
		.rtp_checked = media->rtp,
		.held = path_is_held(said, far, slot),
	};
	struct path_end end;

	if (!live) {
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
	if (slot == call->path.audio) {
		target.event_pt = path_event(said, slot);
		call_status_leg(call, leg)->mute =
			path_is_mute(said, far, slot);
	}
	end = path_end(call, leg);
	if (live && !path_lock(said, &end, far, slot)) {
		target.may_send = target.may_receive = false;
		target.rtp.ss_family = AF_UNSPEC;
	}
	media_session_target(end.session, end.side, slot, &target);
	call->path.held[path_place_of(leg)][slot] = !target.may_receive;
	call->path.quiet[path_place_of(leg)][slot] =
		media->direction != BODY_SENDRECV || media->zero ||
		!media->port;
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

/* The line that the codec was agreed for stays the call's as long as the other
 * end has it. */
static bool path_keeps_audio(const struct call *call, const struct leg *leg)
{
	const struct leg *other = call_other(call, leg);
	unsigned audio = call->path.audio;
	struct body has;

	return call->state == CALL_ANSWERED && call->codec[0] && other &&
	       other->offer.remote && !said_session(&has, other) &&
	       audio < has.medias && has.media[audio].kind == BODY_AUDIO &&
	       has.media[audio].port;
}

void path_tell(const struct call *call)
{
	if (call->state == CALL_ANSWERED)
		media_engine_flush(call->agent->media);
}

/* 0: never. */
static unsigned path_shorter(unsigned x_ms, unsigned y_ms)
{
	return !x_ms || (y_ms && y_ms < x_ms) ? y_ms : x_ms;
}

/* How long silence is borne: as long as both peers bear it, whoever of them
 * spoke last. */
static void path_patience(const struct call *call, const struct leg *leg)
{
	const struct leg *other = call_other(call, leg);
	const struct policy_peer *x = leg->peer;
	const struct policy_peer *y = other ? other->peer : x;

	media_session_timeouts(
		path_end(call, leg).session,
		path_shorter(x->media_timeout_ms, y->media_timeout_ms),
		path_shorter(x->hold_timeout_ms, y->hold_timeout_ms));
}

static bool path_has_keys(const struct body *body, unsigned slot)
{
	return body->media[slot].secure ||
	       offer_encryption(body, slot)[0] != 'n';
}

/* Keys beside plain RTP, which the other end does not show: they came to
 * nothing. ZRTP may agree on its own in the stream. */
static bool path_is_alone(const struct body *one, const struct body *other,
			  unsigned slot)
{
	return slot < one->medias && slot < other->medias &&
	       one->media[slot].port && other->media[slot].port &&
	       path_has_keys(one, slot) && !one->media[slot].secure &&
	       strcmp(offer_encryption(one, slot), "zrtp") &&
	       !path_has_keys(other, slot);
}

/* DTLS and ZRTP key themselves in the stream. */
static void path_judge_keys(struct call *call, const struct leg *leg,
			    const struct body *far)
{
	const struct leg *other = call_other(call, leg);
	bool *secure = call->path.secure, any = false;
	struct body has;

	for (unsigned i = 0; i < far->medias && i < call->path.slots; i++) {
		if (leg->offer.ended)
			secure[i] = false;
		else if (path_has_keys(far, i))
			secure[i] = true;
		any |= secure[i];
	}
	if (!any || !other || !other->offer.remote || said_session(&has, other))
		return;
	for (unsigned i = 0; i < far->medias && i < call->path.slots; i++)
		if (path_is_alone(far, &has, i) || path_is_alone(&has, far, i))
			secure[i] = false;
}

void path_target_said(struct call *call, struct said *said,
		      const struct body *far)
{
	const struct leg *leg = said->leg;
	struct path *path = &call->path;
	struct media_session *session = path_end(call, leg).session;
	unsigned audio;

	audio = path_audio(said, far);
	if (audio != path->audio && !path_keeps_audio(call, leg))
		path->audio = audio;
	call_report_alg(call, leg, far);
	path_judge_keys(call, leg, far);
	for (unsigned i = 0; i < far->medias && i < path->slots; i++) {
		const struct body_media *media = &far->media[i];

		path->rtp[i] = media->rtp;
		path->sound[i] = media->rtp && media->kind == BODY_AUDIO;
		if (session && path->port[path_place_of(leg)][i])
			path_target_slot(call, said, far, i);
	}
	if (session)
		path_patience(call, leg);
	if (session)
		path_tell(call);
}

bool path_is_quiet(const struct call *call, const struct leg *leg)
{
	const struct path *path = &call->path;
	const bool *quiet = path->quiet[path_place_of(leg)];

	for (unsigned slot = 0; slot < path->slots; slot++)
		if (path->sound[slot] && quiet[slot])
			return true;
	return false;
}

bool path_alive(const struct call *call, const struct leg *leg, unsigned ms)
{
	struct media_stats stats;

	if (!path_end(call, leg).session)
		return true; /* Nobody here can tell. */
	path_stats(call, path_place_of(leg), call->path.audio, &stats);
	/* Who holds, or only listens, sends nothing. */
	return stats.packets &&
	       (call->path.quiet[path_place_of(leg)][call->path.audio] ||
		stats.silent_ms < ms);
}
