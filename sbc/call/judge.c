/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done with an offer in mid-call. */
#include "config.h"

#include "sbc/call/judge.h"

#include <string.h>
#include <strings.h>

#include "sbc/sip/offer.h"

const char *judge_other_law(const char *codec)
{
	if (!strcasecmp(codec, "PCMU"))
		return "PCMA";
	return strcasecmp(codec, "PCMA") ? NULL : "PCMU";
}

static const struct body_media *live_audio(const struct body *body)
{
	for (unsigned i = 0; i < body->medias; i++)
		if (body->media[i].kind == BODY_AUDIO && body->media[i].port)
			return &body->media[i];
	return NULL;
}

static bool offers(const struct judge_question *q, const char *codec)
{
	const struct body_media *audio = &q->now->media[q->audio];

	for (unsigned i = 0; i < audio->formats; i++)
		if (body_span_is(
			    q->now->format[audio->first_format + i].encoding,
			    codec))
			return true;
	return false;
}

/* The session's line is offered, without its codec. A second line that stays
 * while that one goes has a codec of its own. */
static bool lacks_codec(const struct judge_question *q)
{
	const struct body_media *audio = &q->now->media[q->audio];

	return q->codec[0] && q->audio < q->now->medias &&
	       audio->kind == BODY_AUDIO && audio->port && !offers(q, q->codec);
}

static struct judge_decision refuse(unsigned status, const char *cause)
{
	return (struct judge_decision){
		.action = JUDGE_REFUSE, .status = status, .cause = cause};
}

static struct judge_decision act(enum judge_action action, const char *cause)
{
	return (struct judge_decision){.action = action, .cause = cause};
}

/* Fax wants the whole session: T takes it or it is refused at once, and the
 * audio goes on (an image line beside live audio is just one slot more). */
static struct judge_decision judge_image(const struct judge_question *q)
{
	if (q->update)
		return refuse(504, "update-needs-time");
	return q->t_takes_image ? act(JUDGE_FORWARD, "t38")
				: refuse(488, "t38");
}

/* The offer has none of the session's codec. */
static struct judge_decision judge_codec(const struct judge_question *q)
{
	const char *other = judge_other_law(q->codec);
	struct judge_decision here = act(JUDGE_HERE, "codec");

	if (q->can_convert && other && offers(q, other)) {
		here.convert = true;
		return here;
	}
	if (q->t_protected)
		return refuse(488, "no-common-codec");
	return q->update ? refuse(504, "update-needs-time")
			 : act(JUDGE_FORWARD, "codec");
}

/* Two numbers of any length, as o= lines have them. */
static int number_compare(struct body_span a, struct body_span b)
{
	while (a.len && *a.text == '0')
		a.text++, a.len--;
	while (b.len && *b.text == '0')
		b.text++, b.len--;
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len ? memcmp(a.text, b.text, a.len) : 0;
}

/* What no offer may say after the last one (RFC 3264 section 8); NULL: it may.
 * A changed body under an unchanged version is what many phones send. */
static const char *contradiction(const struct body *was, const struct body *now)
{
	if (now->medias < was->medias)
		return "slots-missing";
	if (body_span_equal(was->origin_user, now->origin_user) &&
	    body_span_equal(was->origin_id, now->origin_id) &&
	    body_span_equal(was->origin_host, now->origin_host) &&
	    number_compare(now->origin_version, was->origin_version) < 0)
		return "version-backwards";
	return NULL;
}

static bool all_refused(const struct body *body)
{
	for (unsigned i = 0; i < body->medias; i++)
		if (body->media[i].port)
			return false;
	return true;
}

/* Media goes past us: T has to know where P is. A hold needs no more of a T
 * that may not be told than that P stops. */
static struct judge_decision judge_direct(const struct judge_question *q,
					  const struct offer_change *change,
					  bool zero)
{
	if (q->t_protected)
		return change->formats || change->slots_added ||
				       change->slots_removed || change->key ||
				       (change->address && !zero)
			       ? refuse(488, "direct-media")
			       : act(JUDGE_HERE, "policy");
	return q->update ? refuse(504, "update-needs-time")
			 : act(JUDGE_FORWARD, "direct-media");
}

static bool any_zero(const struct body *body)
{
	for (unsigned i = 0; i < body->medias; i++)
		if (body->media[i].zero)
			return true;
	return false;
}

/* What they said last may have been an answer to an offer of ours, which is
 * more than an answer to them. */
static struct judge_decision judge_refresh(const struct judge_question *q)
{
	struct judge_decision here = act(JUDGE_HERE, "refresh");

	if (q->stands)
		return act(JUDGE_AGAIN, "refresh");
	here.convert = lacks_codec(q);
	return here;
}

struct judge_decision judge_offer(const struct judge_question *q)
{
	struct offer_change change = {.formats = true};
	const char *wrong;
	bool audio;

	if (!q->now)
		return q->update ? act(JUDGE_PLAIN, "refresh")
				 : act(JUDGE_OURS, "no-offer");
	if (q->same)
		return judge_refresh(q);
	wrong = q->was ? contradiction(q->was, q->now) : NULL;
	if (wrong)
		return refuse(488, wrong);
	if (q->was)
		offer_compare(&change, q->was, q->now);
	if (q->anchored && all_refused(q->now))
		return act(JUDGE_HERE, "removed");
	audio = live_audio(q->now);
	if (change.image && !audio)
		return judge_image(q);
	/* T took the fax, so it takes the way back. */
	if (q->t_has_image && audio)
		return q->update ? refuse(504, "update-needs-time")
				 : act(JUDGE_FORWARD, "change");
	if (!q->anchored)
		return judge_direct(q, &change,
				    any_zero(q->now) ||
					    (q->was && any_zero(q->was)));
	if (lacks_codec(q))
		return judge_codec(q);
	if (q->secure && q->was && change.key) {
		if (q->update)
			return refuse(504, "update-needs-time");
		return q->t_protected ? refuse(488, "rekey")
				      : act(JUDGE_FORWARD, "rekey");
	}
	if (q->t_protected || q->update)
		return act(JUDGE_HERE, "policy");
	/* Of a session that was removed as a whole T was not told. */
	if (change.slots_added && q->was && all_refused(q->was))
		change.slots_added = false;
	if (change.formats || change.direction || change.slots_added ||
	    change.slots_removed)
		return act(JUDGE_FORWARD, "change");
	return act(JUDGE_HERE, "address");
}
