/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which formats stay, in what order, and how two sides number the same one. */
#include "sbc/sip/offer_internal.h"

#include <string.h>
#include <strings.h>

/* Formats that go with a codec and are none themselves. */
static const char *const auxiliary[] = {
	"telephone-event", "CN",	 "red",	 "rtx",
	"ulpfec",	   "flexfec-03", "tone", "parityfec"};

/* Same name and clock, yet another codec if these fmtp parameters differ.
 * chars: how many leading bytes are compared, 0: all. */
static const struct {
	const char *encoding, *parameter, *preset;
	unsigned chars;
} telling[] = {
	{"AMR", "octet-align", "0", 0},
	{"AMR-WB", "octet-align", "0", 0},
	{"G7221", "bitrate", "", 0},
	{"H264", "packetization-mode", "0", 0},
	{"H264", "profile-level-id", "42", 2}, /* the profile, not the level */
	{"VP9", "profile-id", "0", 0},
	{"mpeg4-generic", "config", "", 0},
	{"MP4A-LATM", "config", "", 0},
};

bool offer_format_is_codec(const struct body_format *format)
{
	for (size_t i = 0; i < sizeof auxiliary / sizeof *auxiliary; i++) {
		if (body_span_is(format->encoding, auxiliary[i]))
			return false;
	}
	return true;
}

static struct body_span span_text(const char *text)
{
	return (struct body_span){text, (uint16_t)strlen(text)};
}

/* "name=value" of a fmtp, `preset` if it is not there. */
static struct body_span parameter(struct body_span fmtp, const char *name,
				  const char *preset)
{
	size_t n = strlen(name);
	const char *at = fmtp.text, *end;

	if (fmtp.len == 0)
		return span_text(preset);
	end = at + fmtp.len;
	while (at < end) {
		const char *stop;

		while (at < end && (*at == ' ' || *at == ';'))
			at++;
		stop = at;
		while (stop < end && *stop != ';')
			stop++;
		if ((size_t)(stop - at) > n && at[n] == '=' &&
		    strncasecmp(at, name, n) == 0) {
			at += n + 1;
			while (stop > at && stop[-1] == ' ')
				stop--;
			return (struct body_span){at, (uint16_t)(stop - at)};
		}
		at = stop;
	}
	return span_text(preset);
}

static bool same_parameters(const struct body_format *a,
			    const struct body_format *b)
{
	for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
		struct body_span x, y;

		if (!body_span_is(a->encoding, telling[i].encoding))
			continue;
		x = parameter(a->fmtp, telling[i].parameter, telling[i].preset);
		y = parameter(b->fmtp, telling[i].parameter, telling[i].preset);
		if (telling[i].chars > 0 && x.len > telling[i].chars)
			x.len = (uint16_t)telling[i].chars;
		if (telling[i].chars > 0 && y.len > telling[i].chars)
			y.len = (uint16_t)telling[i].chars;
		if (!body_span_equal(x, y))
			return false;
	}
	return true;
}

static bool same_format(const struct body_format *a,
			const struct body_format *b)
{
	if (a->payload_type < 0 || b->payload_type < 0)
		return a->payload_type == b->payload_type &&
		       body_span_equal(a->id, b->id);
	if (a->encoding.len == 0 && b->encoding.len == 0)
		return a->payload_type == b->payload_type;
	return a->clock == b->clock && a->channels == b->channels &&
	       body_span_equal(a->encoding, b->encoding) &&
	       same_parameters(a, b);
}

/* The format of slot `slot` of `body` that is `format`: the one of the same
 * number first, because a side may name one codec twice. */
static const struct body_format *find_same(const struct body *body,
					   unsigned slot,
					   const struct body_format *format,
					   const bool *taken)
{
	const struct body_media *media = &body->media[slot];
	const struct body_format *list = &body->format[media->first_format];
	const struct body_format *found = NULL;

	for (unsigned i = 0; i < media->formats; i++) {
		if (taken != NULL && taken[i])
			continue;
		if (list[i].payload_type != format->payload_type &&
		    found != NULL)
			continue;
		if (!same_format(&list[i], format))
			continue;
		found = &list[i];
		if (found->payload_type == format->payload_type)
			break;
	}
	return found;
}

/* Where the rules' list has this name; codecs_count if nowhere. */
static unsigned rank(const struct offer_rules *rules,
		     const struct body_format *format)
{
	unsigned i;

	for (i = 0; i < rules->codecs_count; i++) {
		if (body_span_is(format->encoding, rules->codecs[i]))
			break;
	}
	return i;
}

static bool allowed(const struct offer_rules *rules,
		    const struct body_format *format)
{
	return rules == NULL || rules->codecs_count == 0 ||
	       rank(rules, format) < rules->codecs_count;
}

static bool is_agreed_slot(const struct offer_rules *rules, unsigned slot)
{
	return rules != NULL && rules->agreed != NULL &&
	       rules->agreed_slot == slot;
}

/* What may stand in the slot whose codec is agreed. */
static bool agreed(const struct offer_rules *rules,
		   const struct body_format *format)
{
	return body_span_is(format->encoding, rules->agreed) ||
	       (body_span_is(format->encoding, "telephone-event") &&
		allowed(rules, format));
}

/* Fit to be written? What is no payload type is no format of RTP. */
static bool writable(const struct body_format *format, bool rtp)
{
	if (!rtp)
		return offer_token_ok(format->id);
	return format->payload_type >= 0 && offer_token_ok(format->encoding);
}

static void add(struct offer_picks *out, const struct body_format *format,
		const struct body_format *number)
{
	if (out->count < BODY_FORMATS_MAX) {
		out->pick[out->count].format = format;
		out->pick[out->count].number = number;
		out->count++;
	}
}

/* In an offer: by the rules' order, codecs before what goes with them. */
static void pick_offer(struct offer_picks *out, const struct offer_job *job,
		       unsigned slot)
{
	const struct body_media *media = &job->from->media[slot];
	const struct body_format *list =
		&job->from->format[media->first_format];
	const struct offer_rules *rules = job->rules;
	uint8_t place[BODY_FORMATS_MAX];
	unsigned names = rules != NULL ? rules->codecs_count : 0;
	bool one = media->rtp && is_agreed_slot(rules, slot);
	bool all = one || !media->rtp || names == 0 || job->role == OFFER_OWN;

	if (all) {
		for (unsigned i = 0; i < media->formats; i++) {
			if (writable(&list[i], media->rtp) &&
			    (!one || agreed(rules, &list[i])))
				add(out, &list[i], &list[i]);
		}
		return;
	}
	for (unsigned i = 0; i < media->formats; i++) {
		unsigned r = rank(rules, &list[i]);

		place[i] = UINT8_MAX;
		if (r < names && writable(&list[i], true))
			place[i] = (uint8_t)(r < UINT8_MAX ? r : UINT8_MAX - 1);
	}
	for (int codec = 1; codec >= 0; codec--) {
		for (unsigned r = 0; r < names && r < UINT8_MAX; r++) {
			for (unsigned i = 0; i < media->formats; i++) {
				if (place[i] == r &&
				    offer_format_is_codec(&list[i]) == codec)
					add(out, &list[i], &list[i]);
			}
		}
	}
}

/* In an answer: what `from` chose, as `shape` numbered it. */
static void pick_answer(struct offer_picks *out, const struct offer_job *job,
			unsigned slot)
{
	const struct body_media *theirs = &job->shape->media[slot];
	const struct body *from = offer_source(job, slot);
	const struct body_media *chosen = &from->media[slot];
	const struct body_format *list = &from->format[chosen->first_format];
	bool one = is_agreed_slot(job->rules, slot);
	const struct body_format *first =
		&job->shape->format[theirs->first_format];
	bool taken[BODY_FORMATS_MAX] = {false};

	for (unsigned i = 0; i < chosen->formats; i++) {
		const struct body_format *number;

		if (theirs->rtp && !(one ? agreed(job->rules, &list[i])
					 : allowed(job->rules, &list[i])))
			continue;
		number = find_same(job->shape, slot, &list[i], taken);
		if (number == NULL || !writable(number, theirs->rtp))
			continue;
		taken[number - first] = true;
		add(out, &list[i], number);
	}
}

/* red's "96/97" and rtx's "apt=96" speak of payload types: keep such a format
 * only if each number in it stays and keeps its meaning. */
static bool references_stay(const struct offer_picks *picks,
			    const struct offer_pick *pick)
{
	struct body_span fmtp = pick->format->fmtp;
	bool rtx = body_span_is(pick->format->encoding, "rtx");
	int number = -1;

	if (!rtx && !body_span_is(pick->format->encoding, "red"))
		return true;
	if (pick->format->payload_type != pick->number->payload_type)
		return false;
	if (rtx)
		fmtp = parameter(fmtp, "apt", "");
	for (size_t i = 0; i <= fmtp.len; i++) {
		bool known = false;

		if (i < fmtp.len && fmtp.text[i] >= '0' &&
		    fmtp.text[i] <= '9' && number < 1000) {
			number = (number < 0 ? 0 : number * 10) +
				 (fmtp.text[i] - '0');
			continue;
		}
		if (number < 0)
			continue;
		for (unsigned k = 0; k < picks->count; k++) {
			known |=
				picks->pick[k].format->payload_type == number &&
				picks->pick[k].number->payload_type == number;
		}
		if (!known)
			return false;
		number = -1;
	}
	return true;
}

/*
 * telephone-event and CN of a clock that no codec left has go, if one of a
 * fitting clock stays: phones offer one a clock. The only one stays whatever
 * its clock: phones send telephone-event/8000 beside opus/48000.
 *
 * fits[i]  a codec of the clock of pick i stays
 */
static bool clock_fits(const struct offer_picks *picks, const bool *fits,
		       unsigned at)
{
	for (unsigned i = 0; !fits[at] && i < picks->count; i++) {
		if (fits[i] &&
		    body_span_equal(picks->pick[i].format->encoding,
				    picks->pick[at].format->encoding))
			return false;
	}
	return true;
}

/* Without a codec nothing that goes with one makes sense. */
static void drop_orphans(struct offer_picks *picks)
{
	struct offer_picks kept = {.count = 0};
	bool codec[BODY_FORMATS_MAX], fits[BODY_FORMATS_MAX];
	unsigned codecs = 0;

	for (unsigned i = 0; i < picks->count; i++) {
		codec[i] = offer_format_is_codec(picks->pick[i].format);
		codecs += codec[i];
	}
	for (unsigned i = 0; i < picks->count; i++) {
		uint32_t clock = picks->pick[i].format->clock;

		fits[i] = codec[i];
		for (unsigned k = 0; !fits[i] && k < picks->count; k++)
			fits[i] = codec[k] &&
				  picks->pick[k].format->clock == clock;
	}
	for (unsigned i = 0; codecs > 0 && i < picks->count; i++) {
		struct offer_pick *pick = &picks->pick[i];

		if (references_stay(picks, pick) && clock_fits(picks, fits, i))
			kept.pick[kept.count++] = *pick;
	}
	picks->count = kept.count;
	memcpy(picks->pick, kept.pick, kept.count * sizeof *kept.pick);
}

void offer_pick_formats(struct offer_picks *out, const struct offer_job *job,
			unsigned slot)
{
	out->count = 0;
	if (job->role == OFFER_ANSWER)
		pick_answer(out, job, slot);
	else
		pick_offer(out, job, slot);
	if (job->shape->media[slot].rtp)
		drop_orphans(out);
}

bool offer_payload_map(uint8_t map[128], const struct body *x,
		       const struct body *y, unsigned slot)
{
	const struct body_media *media;
	bool differs = false;

	memset(map, 255, 128);
	if (slot >= x->medias || slot >= y->medias)
		return false;
	media = &x->media[slot];
	for (unsigned i = 0; i < media->formats; i++) {
		const struct body_format *from =
			&x->format[media->first_format + i];
		const struct body_format *to;

		if (from->payload_type < 0)
			continue;
		to = find_same(y, slot, from, NULL);
		if (to == NULL)
			continue;
		map[from->payload_type] = (uint8_t)to->payload_type;
		differs |= to->payload_type != from->payload_type;
	}
	return differs;
}

bool offer_takes(const struct body *offer, const struct body *answer,
		 unsigned slot)
{
	const struct body_media *ours, *theirs;

	if (slot >= offer->medias || slot >= answer->medias)
		return false;
	ours = &offer->media[slot];
	theirs = &answer->media[slot];
	if (!ours->port || !theirs->port || theirs->kind != ours->kind ||
	    theirs->rtp != ours->rtp || theirs->secure != ours->secure)
		return false;
	for (unsigned i = 0; i < theirs->formats && theirs->rtp; i++) {
		const struct body_format *format =
			&answer->format[theirs->first_format + i];

		if (format->payload_type >= 0 &&
		    offer_format_is_codec(format) &&
		    find_same(offer, slot, format, NULL))
			return true;
	}
	return !theirs->rtp;
}

bool offer_fits(const struct body *offer, const struct body *answer)
{
	if (answer->medias != offer->medias)
		return false;
	for (unsigned i = 0; i < answer->medias; i++)
		if (answer->media[i].port && !offer_takes(offer, answer, i))
			return false;
	return true;
}

const struct body_format *offer_agreed(const struct body *answer, unsigned slot)
{
	const struct body_media *media;

	if (slot >= answer->medias || answer->media[slot].port == 0)
		return NULL;
	media = &answer->media[slot];
	for (unsigned i = 0; i < media->formats; i++) {
		const struct body_format *format =
			&answer->format[media->first_format + i];

		if (media->rtp && (format->payload_type < 0 ||
				   !offer_format_is_codec(format)))
			continue;
		return format;
	}
	return NULL;
}

unsigned offer_codecs_join(const char *out[OFFER_CODECS_MAX],
			   const struct offer_rules *a,
			   const struct offer_rules *b, bool *none)
{
	const struct offer_rules *list = b->codecs_count > 0 ? b : a;
	unsigned count = 0;

	for (unsigned i = 0; i < list->codecs_count; i++) {
		bool common = a->codecs_count == 0 || list == a;

		for (unsigned k = 0; !common && k < a->codecs_count; k++)
			common = strcasecmp(list->codecs[i], a->codecs[k]) == 0;
		if (common && count < OFFER_CODECS_MAX)
			out[count++] = list->codecs[i];
	}
	*none = count == 0 && list->codecs_count > 0;
	return count;
}
