/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a call tells the status log and the table of live calls. */
#include "config.h"

#include "sbc/register/alg.h"
#include "sbc/call/call_private.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sbc/text.h"

void call_status(struct call *call, struct status_line *line,
		 const struct leg *leg, const char *event)
{
	status_begin(line, call->status.id, leg ? leg->place : '-',
		     leg ? leg->peer->name : NULL, event);
}

struct status_leg *call_status_leg(struct call *call, const struct leg *leg)
{
	return leg->place == 'a' ? &call->status.a : &call->status.b;
}

/* Keys that one end alone has shown secure nothing; ZRTP agrees in the stream,
 * and MIKEY may need no answer. */
static const char *report_encryption(struct said *said, unsigned slot)
{
	const struct body *told = said_local(said), *far = said_remote(said);
	const char *name = offer_encryption(told, slot);

	if (far && (!strcmp(name, "sdes") || !strcmp(name, "dtls")) &&
	    strcmp(offer_encryption(far, slot), name) != 0)
		return "none";
	return name;
}

static void describe_leg(const struct call *call, struct said *said,
			 struct status_leg *out)
{
	const struct body *told = said_local(said);
	const struct body_format *codec;

	if (!told)
		return;
	codec = offer_agreed(told, call->path.audio);
	if (codec)
		text_copy_len(out->codec, sizeof(out->codec),
			      codec->encoding.text, codec->encoding.len);
	text_copy(out->encryption, sizeof(out->encryption),
		  report_encryption(said, call->path.audio));
}

void call_describe(struct call *call)
{
	struct said a, b;

	said_begin(&a, call->a);
	said_begin(&b, call->b);
	call_describe_said(call, call->a ? &a : NULL, call->b ? &b : NULL);
}

void call_describe_said(struct call *call, struct said *a, struct said *b)
{
	call->status.audio = call->path.audio;
	if (a)
		describe_leg(call, a, &call->status.a);
	if (b)
		describe_leg(call, b, &call->status.b);
}

/* Where one end was told to send; AF_UNSPEC if nowhere. */
static void report_told(const struct call *call, struct said *said,
			struct sockaddr_storage *out)
{
	const struct body *told = said_local(said);

	out->ss_family = AF_UNSPEC;
	if (told && told->medias > call->path.audio)
		*out = told->media[call->path.audio].address;
}

void call_report_told(struct call *call, struct status_line *line,
		      struct said *said_a, struct said *said_b)
{
	struct sockaddr_storage a, b;

	report_told(call, said_a, &a);
	report_told(call, said_b, &b);
	status_address(line, "target", (struct sockaddr *)&call->b->remote);
	status_at(line, "route", call->status.route);
	status_address(line, "told_a", (struct sockaddr *)&a);
	status_address(line, "told_b", (struct sockaddr *)&b);
}

void call_report_alg(struct call *call, const struct leg *leg,
		     const struct body *far)
{
	bool *told = &call->alg_told[leg->place == 'b'];
	const struct alg_way way = {leg->transport, leg->local_port};
	char evidence[ALG_TEXT_MAX], advice[ALG_ADVICE_MAX];
	char text[ALG_WAY_TEXT_MAX];
	struct status_line line;

	/* Providers' own routers do so all the time. */
	if (*told || leg->peer->kind != POLICY_PHONES ||
	    leg->transport != POLICY_UDP ||
	    !alg_judge_sdp(evidence, far->origin_host.text,
			   far->origin_host.len,
			   (const struct sockaddr *)&far->media[0].address,
			   (const struct sockaddr *)&leg->remote))
		return;
	*told = true;
	alg_advice(advice, leg->peer, &way);
	call_status(call, &line, leg, "alg-suspected");
	status_text(&line, "way", alg_way_text(text, &way));
	status_text(&line, "sign", alg_sign_name(ALG_SDP));
	status_text(&line, "evidence", evidence);
	status_text(&line, "advice", advice);
	status_end(&line);
}

void call_report_nat(struct call *call, const struct leg *leg, unsigned slot,
		     const struct sockaddr *shown)
{
	const struct sockaddr *source = (const struct sockaddr *)&leg->remote;
	struct sockaddr_storage *said =
		&call->path.shown[leg->place == 'a'   ? PATH_A
				  : leg->place == 'b' ? PATH_B
						      : PATH_N];
	char host[ADDRESS_TEXT_MAX];
	struct status_line line;

	if (slot != call->path.audio ||
	    address_host_equal((struct sockaddr *)said, shown))
		return;
	memset(said, 0, sizeof(*said));
	memcpy(said, shown,
	       shown->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					    : sizeof(struct sockaddr_in));
	if (address_host_equal(shown, source))
		return;
	call_status(call, &line, leg, "media-nat");
	status_number(&line, "slot", slot);
	status_address(&line, "shown", shown);
	status_text(&line, "source", address_host(host, source));
	status_text(&line, "cause",
		    address_is_private(shown) && !address_is_private(source)
			    ? "private-address"
			    : "other-address");
	status_end(&line);
}

void call_live_stats(const struct status_call *status, enum media_side side,
		     unsigned slot, struct media_stats *out)
{
	const struct call *call =
		(const struct call *)((const char *)status -
				      offsetof(struct call, status));

	path_stats(call, side == MEDIA_A ? PATH_A : PATH_B, slot, out);
}

void call_learned(struct call *call, const struct leg *leg,
		  enum learn_method method, const char *sent, const char *came)
{
	struct status_line line;

	if (!learn_refused(call->agent->learn, leg->peer, method,
			   call->status.id, sent, came))
		return;
	call_status(call, &line, leg, "peer-learned");
	status_text(&line, "method",
		    method == LEARN_UPDATE ? "UPDATE" : "INVITE");
	status_text(&line, "evidence", came);
	status_end(&line);
}

/* One direction's figures: what came from that leg's far end. */
static void report_side(struct call *call, struct status_line *line,
			enum media_side side)
{
	static const char *const name[2][12] = {
		{"packets_a", "bytes_a", "lost_a", "jitter_us_a", "mos_a",
		 "dropped_a", "filler_a", "source_a", "elsewhere_a",
		 "silent_ms_a", "unauthentic_a", "sends_a"},
		{"packets_b", "bytes_b", "lost_b", "jitter_us_b", "mos_b",
		 "dropped_b", "filler_b", "source_b", "elsewhere_b",
		 "silent_ms_b", "unauthentic_b", "sends_b"},
	};
	const char *const *key = name[side];
	const struct status_leg *leg =
		side == MEDIA_A ? &call->status.a : &call->status.b;
	const char *sends = leg->mute ? "no" : NULL;
	struct media_stats stats;
	char mos[8];

	path_stats(call, side == MEDIA_A ? PATH_A : PATH_B, call->path.audio,
		   &stats);
	status_number(line, key[0], (int64_t)stats.packets);
	status_number(line, key[1], (int64_t)stats.bytes);
	status_number(line, key[2], (int64_t)stats.lost);
	status_number(line, key[3], stats.jitter_us);
	if (stats.packets) {
		snprintf(mos, sizeof(mos), "%.2f", status_mos(&stats));
		status_text(line, key[4], mos);
	}
	status_number(line, key[5],
		      (int64_t)(stats.dropped_source + stats.dropped_crypto +
				stats.dropped_other));
	status_number(line, key[6], (int64_t)stats.filler_packets);
	if (stats.source.ss_family != AF_UNSPEC)
		status_address(line, key[7],
			       (const struct sockaddr *)&stats.source);
	status_number(line, key[8], (int64_t)stats.dropped_source);
	status_number(line, key[9], stats.silent_ms);
	if (stats.dropped_crypto)
		status_number(line, key[10], (int64_t)stats.dropped_crypto);
	if (sends)
		status_text(line, key[11], sends);
}

void call_report_end(struct call *call)
{
	const struct status_call *s = &call->status;
	struct status_line line;

	status_begin(&line, s->id, '-', NULL, "call-end");
	status_text(&line, "from", s->a.number);
	status_text(&line, "to", s->b.number);
	status_text(&line, "peer_a", s->a.peer);
	status_text(&line, "peer_b", s->b.peer);
	status_text(&line, "class", policy_class_name(s->class));
	status_text(&line, "anchor", s->anchored ? "yes" : "no");
	status_text(&line, "anchor_why", s->anchor_why ? s->anchor_why : "");
	status_text(&line, "codec_a", s->a.codec);
	status_text(&line, "codec_b", s->b.codec);
	status_text(&line, "encryption_a", s->a.encryption);
	status_text(&line, "encryption_b", s->b.encryption);
	status_number(&line, "duration_ms",
		      s->answered_ms
			      ? (int64_t)(call->ended_ms - s->answered_ms)
			      : 0);
	status_text(&line, "by", call->ended_by);
	status_text(&line, "cause", call->cause);
	status_number(&line, "status", call->dial_status);
	if (call->path.anchored) {
		report_side(call, &line, MEDIA_A);
		report_side(call, &line, MEDIA_B);
	}
	status_number(&line, "suppressed",
		      (int64_t)s->a.suppressed + s->b.suppressed);
	status_end(&line);
}

void call_slimmed(struct call *call, const struct leg *leg,
		  const struct diet *diet)
{
	struct status_line line;

	call_status(call, &line, leg, "call-slimmed");
	status_number(&line, "limit", diet->limit);
	status_number(&line, "was", diet->was);
	status_number(&line, "bytes", diet->is);
	status_text(&line, "fits", diet->is <= diet->limit ? "yes" : "no");
	status_text(&line, "left_out", diet->left_out);
	status_end(&line);
}
