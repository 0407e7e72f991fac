/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sentences, and what fills them. */
#include "config.h"

#include "sbc/report/sentence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 512

static const struct sentence table[] = {
	{"call-start", NULL,
	 "{from} of {end} called {to}[, from {source}][ on network {network}]. "
	 "[Route {route} ]asks {candidate} first[, for the number {number}]."},

	{"call-ring", "early_media=yes",
	 "{end} rings with early media ({status}); {far} was given it."},
	{"call-ring", NULL, "{end} rings ({status}); {far} was told so."},

	{"call-answer", "anchor=no",
	 "{end} answered[ as {number}][ after {wait_ms}]; {far} was told "
	 "200. "
	 "The media goes straight between the ends[ ({anchor_why})]"
	 "[; a sends {codec_a} to {told_a}][; b sends {codec_b} to {told_b}]."},
	{"call-answer", "srtp=here",
	 "{end} answered[ as {number}][ after {wait_ms}]; {far} was told "
	 "200. "
	 "The media passes through us[ ({anchor_why})] and its SRTP ends here"
	 "[; a sends {codec_a} to {told_a}][; b sends {codec_b} to {told_b}]"
	 "[; encryption: {encryption_a} on a, {encryption_b} on b]."},
	{"call-answer", NULL,
	 "{end} answered[ as {number}][ after {wait_ms}]; {far} was told "
	 "200. "
	 "The media passes through us[ ({anchor_why})]"
	 "[; a sends {codec_a} to {told_a}][; b sends {codec_b} to {told_b}]"
	 "[; encryption: {encryption_a} on a, {encryption_b} on b]."},

	{"call-suppressed", "cause=refresh",
	 "{far} sent a {method} that changes nothing, a refresh: it was "
	 "answered here with the same SDP, {end} saw nothing of it."},
	{"call-suppressed", "cause=no-offer",
	 "{far} sent a {method} without an offer: it was given ours, {end} "
	 "saw nothing of it[ ({policy})]."},
	{"call-suppressed", "cause=address",
	 "{far} changed only its address or keys by {method}: it was "
	 "answered here, {end} saw nothing of it."},
	{"call-suppressed", "cause=refused-by-peer",
	 "{end} refused the {method} that {far} sent: it was answered here "
	 "in its place[ ({policy})]."},
	{"call-suppressed", "cause=codec",
	 "{far} changed to another codec by {method}: it was answered here "
	 "and its packets are converted, {end} keeps its own codec."},
	{"call-suppressed", "cause=policy",
	 "{far} sent a {method}: it was answered here and kept from {end}, "
	 "as the policy says[ ({policy})]."},
	{"call-suppressed", NULL,
	 "{far} sent a {method}: it was answered here and kept from {end}"
	 "[, cause {cause}][ ({policy})]."},

	{"call-forwarded", NULL,
	 "The {method} of {far}[ ({cause})] was passed on to {end}, which "
	 "took it ({status})."},
	{"peer-learned", NULL,
	 "{end} could not take a {method}[: {evidence}]. From now on such "
	 "requests are kept from it; \"sallyctl learned\" shows what is "
	 "known."},

	{"call-hold", "direction=inactive",
	 "{end} put the call on hold and neither sends nor listens "
	 "(inactive)."},
	{"call-hold", "direction=zero",
	 "{end} put the call on hold the old way (c=0.0.0.0)."},
	{"call-hold", NULL,
	 "{end} put the call on hold[ ({direction})]; what it sends meanwhile "
	 "is heard."},
	{"call-resume", NULL, "{end} took the call up again[ ({direction})]."},

	{"call-ack-lost", "kept=yes",
	 "The ACK of {end} for our 200 never came, but its media flows: the "
	 "call was kept[; suspected: {suspect}]."},
	{"call-ack-lost", NULL,
	 "The ACK of {end} for our 200 never came[ and its media is {media}]: "
	 "the call was ended[; suspected: {suspect}]."},
	{"alg-suspected", NULL,
	 "A SIP ALG on the way to {peer} seems to rewrite messages[: "
	 "{evidence}][; set {advice}]."},
	{"call-slimmed", "fits=yes",
	 "The INVITE to {end} was too long for it ({was} bytes, max_message "
	 "{limit}): without {left_out} it had {bytes}."},
	{"call-slimmed", NULL,
	 "The INVITE to {end} was too long for it ({was} bytes, max_message "
	 "{limit}) and stayed so ({bytes}) even without {left_out}."},
	{"call-answer-missing", NULL,
	 "The ACK of {end} brought no answer to our offer that could be used "
	 "({cause}); the session stayed as it was."},

	{"call-refresh-failed", "cause=no-means",
	 "{end} expects us to refresh its session timer, but takes no UPDATE "
	 "and may be sent no re-INVITE: it may hang up when the timer has run "
	 "out."},
	{"call-refresh-failed", NULL,
	 "{end} refused our refresh of its session timer ({method}) with "
	 "{status}; the call went on, but it may hang up when the timer has "
	 "run out."},

	{"call-request", "cause=key",
	 "{end} pressed a key and said so by {method}: the other end was told "
	 "it its own way."},
	{"call-request", "cause=passed",
	 "The {method} of {end} was passed on to the other end."},
	{"call-request", "cause=answered",
	 "The {method} of {end} was answered here: the other end is not sent "
	 "any."},
	{"call-request", NULL,
	 "The {method} of {end} was refused[ ({cause})]."},

	{"call-transfer", "method=INVITE",
	 "An INVITE came that is to take the place of {end} (Replaces)."},
	{"call-transfer", NULL,
	 "{end} asked for a transfer[ to {number}][, to be joined with call "
	 "{other}]; it was told 202."},
	{"call-transferred", NULL,
	 "Another end[, {number},] took the place of {end}[, from call "
	 "{other}]; {end} was told so, and goodbye."},
	{"call-transfer-failed", "cause=policy",
	 "{end} was refused a transfer with {status}: the policy does not "
	 "allow it (refer)."},
	{"call-transfer-failed", "cause=provider-to-provider",
	 "{end} was refused a transfer with {status}: it would join two "
	 "providers, which no route allows."},
	{"call-transfer-failed", "cause=no-route",
	 "{end} was refused a transfer with {status}: no route fits the "
	 "number."},
	{"call-transfer-failed", NULL,
	 "The transfer that {end} asked for[, to {number},] failed[ with "
	 "{status}][, cause {cause}]."},
	{"call-redirected", NULL,
	 "{end} sent us on[ to {number}] with {status}; {target} is asked "
	 "next."},

	{"call-refused", "cause=no-common-codec",
	 "{end} was refused with {status}: its offer had no codec that the "
	 "other end takes; the call went on as it was."},
	{"call-refused", "cause=refused-by-peer",
	 "{end} was refused with {status}, as the other end had refused its "
	 "change; the call went on as it was."},
	{"call-refused", "cause=other-leg-busy",
	 "{end} was told 491 to try again: the other leg was busy with a "
	 "change of its own."},
	{"call-refused", "cause=t38",
	 "{end} was refused with {status}: its switch to fax (T.38) is not for "
	 "the other end; the audio went on."},
	{"call-refused", "cause=update-needs-time",
	 "{end} was refused with {status}: what it asked by UPDATE needs the "
	 "other end, which only a re-INVITE can wait for."},
	{"call-refused", "cause=srtp",
	 "{end} was refused with {status}: its offer was not secured as its "
	 "policy wants (srtp); the call went on as it was."},
	{"call-refused", "cause=rekey",
	 "{end} was refused with {status}: it wanted another key, which the "
	 "other end would have to know and may not be told; the call went on "
	 "as it was."},
	{"call-refused", NULL,
	 "{end} was refused with {status}[, cause {cause}]; the call went on "
	 "as it was."},

	{"call-line-refused", "cause=ports-taken",
	 "The m= line {slot} that was to be added found no port toward {end}: "
	 "all RTP ports of the network are taken; the rest was taken up."},
	{"call-line-refused", NULL,
	 "The m= line {slot} that was to be added found no port toward "
	 "{end}[, cause {cause}]; the rest was taken up."},

	{"call-candidate-failed", "cause=refused",
	 "{end} refused[ the number {number}] with {status}[ {reason}]."},
	{"call-candidate-failed", "cause=silent",
	 "{end} did not answer our INVITE[ for {number}] at all."},
	{"call-candidate-failed", "cause=ring-timeout",
	 "{end} rang until its ring_timeout and nobody answered."},
	{"call-candidate-failed", "cause=down",
	 "{end} was passed over: it is down."},
	{"call-candidate-failed", "cause=unresolved",
	 "{end} was passed over: its name could not be looked up."},
	{"call-candidate-failed", "cause=max_calls",
	 "{end} was passed over: it has as many calls as its max_calls "
	 "allows."},
	{"call-candidate-failed", "cause=not-registered",
	 "{end} was passed over: no phone is registered[ for {number}]."},
	{"call-candidate-failed", "cause=no-common-codec",
	 "{end} was passed over: it allows none of the caller's codecs."},
	{"call-candidate-failed", "cause=t38",
	 "{end} was not asked: the call is a fax (T.38), which its policy does "
	 "not take (t38)."},
	{"call-candidate-failed", "cause=srtp",
	 "{end} could not be asked: the caller's media is secured (or not) in "
	 "a way that the policy of the two does not allow (srtp)."},
	{"call-candidate-failed", "cause=ports-taken",
	 "{end} could not be tried: all RTP ports of the network are taken."},
	{"call-candidate-failed", "cause=ports-unusable",
	 "{end} could not be tried: other programs hold our RTP ports."},
	{"call-candidate-failed", "cause=descriptors",
	 "{end} could not be tried: no descriptor is left for RTP ports."},
	{"call-candidate-failed", "cause=address-family",
	 "{end} could not be tried: we have no address of its IP version."},
	{"call-candidate-failed", NULL,
	 "{end} failed[ with {status}][, cause {cause}]."},

	{"call-media", NULL,
	 "The first packet came from {end}[, {source}][ (m= line {slot})]."},
	{"media-moved", NULL,
	 "The packets of {end} come from another address now[, {source}]."},
	{"media-unauthentic", NULL,
	 "Packets from {end} fail authentication[ (m= line {slot})]: its key "
	 "is not the one in its SDP. They are dropped."},
	{"srtp-key-worn", "cause=protected",
	 "Our key toward {end} nears the end of its lifetime, but it may be "
	 "sent no re-INVITE: the key stays."},
	{"srtp-key-worn", "cause=renewed",
	 "Our key toward {end} nears the end of its lifetime: it is given "
	 "another one by re-INVITE."},
	{"srtp-key-worn", NULL,
	 "{end} did not take our new key[ ({status})]: the old one stays."},
	{"media-fault", NULL,
	 "The media socket toward {end} failed[: {error}]."},
	{"media-nat", "cause=private-address",
	 "The SDP of {end} showed the private address {shown}: its packets are "
	 "taken from {source} instead, as soon as the first one tells the "
	 "port."},
	{"media-nat", NULL,
	 "The SDP of {end} showed {shown}, which is not where it signals "
	 "from: its packets are taken from {source}, as soon as the first one "
	 "tells the port."},

	{"call-end", "cause=hangup", "{ender} hung up[ after {duration_ms}]."},
	{"call-end", "cause=cancelled",
	 "The caller gave up; it was told {status}."},
	{"call-end", "cause=no-candidate",
	 "No candidate was left: the caller was told {status}."},
	{"call-end", "cause=media-timeout",
	 "It was ended here[ after {duration_ms}]: no packet came from either "
	 "end for the media_timeout."},
	{"call-end", "cause=ack-lost",
	 "It was ended here: the ACK of {ender} never came."},
	{"call-end", "cause=session-expired",
	 "It was ended here[ after {duration_ms}]: the session timer of "
	 "{ender} "
	 "ran out without a refresh."},
	{"call-end", "cause=prack-missing",
	 "It was ended here: the PRACK of {ender} never came."},
	{"call-end", "cause=dialog-lost",
	 "It was ended[ after {duration_ms}]: {ender} does not know the call "
	 "any more (408 or 481)."},
	{"call-end", "cause=transferred",
	 "It was ended[ after {duration_ms}] by a transfer: {ender} left, and "
	 "the other end goes on in another call."},
	{"call-end", "cause=transfer-failed",
	 "{ender} hung up[ after {duration_ms}] while a transfer went on, "
	 "which failed."},
	{"call-end", "cause=answer-unusable",
	 "It was ended: the answer's SDP could not be used; the caller was "
	 "told {status}."},
	{"call-end", "cause=srtp",
	 "It was ended: the answer was not secured as our offer said (srtp); "
	 "the caller was told {status}."},
	{"call-end", "cause=admin",
	 "It was ended by the administrator[ after {duration_ms}]."},
	{"call-end", "cause=shutdown",
	 "It was ended[ after {duration_ms}] because the program ends."},
	{"call-end", "cause=max_calls",
	 "It was refused with {status}: {ender} has as many calls as its "
	 "max_calls allows."},
	{"call-end", NULL,
	 "It was ended by {ender}[ after {duration_ms}], cause {cause}; the "
	 "caller was told {status}."},
};

const struct sentence *sentence_table(unsigned *count)
{
	*count = sizeof(table) / sizeof(*table);
	return table;
}

/* --- filling one -------------------------------------------------------- */

struct writer {
	char *out;
	size_t len, size;
};

static void put(struct writer *writer, const char *text, size_t len)
{
	size_t room = writer->size - writer->len - 1;

	if (len > room)
		len = room;
	memcpy(writer->out + writer->len, text, len);
	writer->len += len;
	writer->out[writer->len] = '\0';
}

/* "0.8 s", "75 s", "1:02:03" */
static void put_ms(struct writer *writer, long long ms)
{
	char text[48];

	if (ms < 60000)
		snprintf(text, sizeof(text), "%lld.%lld s", ms / 1000,
			 ms / 100 % 10);
	else if (ms < 3600000)
		snprintf(text, sizeof(text), "%lld:%02lld min", ms / 60000,
			 ms / 1000 % 60);
	else
		snprintf(text, sizeof(text), "%lld:%02lld:%02lld h",
			 ms / 3600000, ms / 60000 % 60, ms / 1000 % 60);
	put(writer, text, strlen(text));
}

static bool put_value(struct writer *writer, const char *key, size_t key_len,
		      sentence_value_f *value, const void *user)
{
	char name[32], text[VALUE_MAX];

	snprintf(name, sizeof(name), "%.*s", (int)key_len, key);
	if (!value(user, name, text, sizeof(text)))
		return false;
	if (key_len > 3 && !strcmp(name + strlen(name) - 3, "_ms"))
		put_ms(writer, strtoll(text, NULL, 10));
	else
		put(writer, text, strlen(text));
	return true;
}

void sentence_write(char *out, size_t size, const char *text,
		    sentence_value_f *value, const void *user)
{
	struct writer writer = {.out = out, .size = size};
	size_t begun = 0;
	bool whole = true, optional = false;

	*out = '\0';
	while (*text) {
		size_t n = strcspn(text, "[]{");

		put(&writer, text, n);
		text += n;
		if (*text == '[') {
			begun = writer.len;
			optional = whole = true;
		} else if (*text == ']') {
			if (!whole)
				writer.len = begun;
			out[writer.len] = '\0';
			optional = false;
		} else if (*text == '{') {
			n = strcspn(++text, "}");
			if (!put_value(&writer, text, n, value, user)) {
				whole = false;
				if (!optional)
					put(&writer, "?", 1);
			}
			text += n;
		}
		if (*text)
			text++;
	}
}

/* --- a line ------------------------------------------------------------- */

struct told {
	const struct story_entry *entry;
	const struct sentence_ends *ends;
};

/* Leg "a" or "b" by its name; anybody else by `role`. */
static void end_name(const struct told *told, const char *leg, const char *role,
		     char *out, size_t size)
{
	if (!strcmp(leg, "a") || !strcmp(leg, "b"))
		role = told->ends->name[leg[0] - 'a'];
	snprintf(out, size, "%s", role);
}

static void this_end(const struct told *told, char *out, size_t size)
{
	char leg[4], peer[64];

	story_value(told->entry, "leg", leg, sizeof(leg));
	/* A candidate that failed is not the b that answered. */
	if (!strcmp(leg, "n"))
		snprintf(leg, sizeof(leg), "new");
	if (story_value(told->entry, "peer", peer, sizeof(peer)))
		snprintf(out, size, "%s (%s)", leg, peer);
	else
		end_name(told, leg, "Sallyport", out, size);
}

static bool told_value(const void *user, const char *key, char *out,
		       size_t size)
{
	const struct told *told = user;
	char text[VALUE_MAX];

	if (!strcmp(key, "ender")) {
		story_value(told->entry, "by", text, sizeof(text));
		end_name(told, text,
			 strcmp(text, "admin") != 0 ? "Sallyport"
						    : "the administrator",
			 out, size);
	} else if (!strcmp(key, "end")) {
		this_end(told, out, size);
	} else if (!strcmp(key, "far")) {
		end_name(told, story_is(told->entry, "leg", "a") ? "b" : "a",
			 "", out, size);
	} else if (!story_value(told->entry, key, text, sizeof(text))) {
		*out = '\0';
		return false;
	} else if (!strcmp(key, "method") && !strcmp(text, "INVITE")) {
		snprintf(out, size, "re-INVITE");
	} else if (!strcmp(key, "anchor_why")) {
		sentence_anchor(out, size, text);
	} else {
		snprintf(out, size, "%s", text);
	}
	return true;
}

void sentence_of_text(char *out, size_t size, const char *text,
		      const struct story_entry *entry,
		      const struct sentence_ends *ends)
{
	const struct told told = {.entry = entry, .ends = ends};

	sentence_write(out, size, text, told_value, &told);
}

bool sentence_fits(const struct story_entry *entry, const char *when)
{
	size_t len = when ? strcspn(when, "=") : 0;
	char key[32];

	if (!when)
		return true;
	snprintf(key, sizeof(key), "%.*s", (int)len, when);
	return story_is(entry, key, when + len + 1);
}

/* What no sentence knows. */
static void by_fields(char *out, size_t size, const struct story_entry *entry)
{
	struct writer writer = {.out = out, .size = size};
	struct story_field field;
	const char *at = entry->text;

	*out = '\0';
	while (story_next(&at, &field)) {
		if (field.key_len == 4 && !memcmp(field.key, "time", 4))
			continue;
		if (writer.len)
			put(&writer, " ", 1);
		put(&writer, field.key, field.key_len);
		put(&writer, "=", 1);
		put(&writer, field.value, field.value_len);
	}
}

void sentence_of(char *out, size_t size, const struct story_entry *entry,
		 const struct sentence_ends *ends)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (story_is(entry, "event", table[i].event) &&
		    sentence_fits(entry, table[i].when)) {
			sentence_of_text(out, size, table[i].text, entry, ends);
			return;
		}
	by_fields(out, size, entry);
}

/* --- names -------------------------------------------------------------- */

void sentence_ends(const struct story *story, struct sentence_ends *out)
{
	const struct story_entry *entry;
	char leg[4], peer[32];

	strcpy(out->name[0], "a");
	strcpy(out->name[1], "b");
	TAILQ_FOREACH (entry, &story->entries, entry) {
		if (!story_value(entry, "leg", leg, sizeof(leg)) ||
		    (leg[0] != 'a' && leg[0] != 'b') ||
		    !story_value(entry, "peer", peer, sizeof(peer)))
			continue;
		snprintf(out->name[leg[0] - 'a'], sizeof(out->name[0]),
			 "%c (%s)", leg[0], peer);
	}
}

static const struct {
	const char *why, *text;
} anchors[] = {
	{"address-family", "the two ends speak different IP versions"},
	{"not-two-phones", "one end is a trunk or a PBX"},
	{"srtp", "a policy ends SRTP here"},
	{"same-subnet", "both phones stand in one subnet"},
	{"other-subnet", "the phones stand in different subnets"},
	{"local", "a phone stands behind a router of ours"},
	{"remote", "a phone is out on the Internet"},
};

void sentence_anchor(char *out, size_t size, const char *anchor_why)
{
	static const char key[] = "anchor=";
	const char *space = strchr(anchor_why, ' ');

	for (size_t i = 0; i < sizeof(anchors) / sizeof(*anchors); i++)
		if (!strcmp(anchors[i].why, anchor_why)) {
			snprintf(out, size, "%s", anchors[i].text);
			return;
		}
	if (!strncmp(anchor_why, key, strlen(key)) && space &&
	    strcmp(space + 1, "default") != 0)
		snprintf(out, size, "%s says %.*s", space + 1,
			 (int)(space - anchor_why), anchor_why);
	else if (!strncmp(anchor_why, key, strlen(key)) && space)
		snprintf(out, size, "%.*s is the default there",
			 (int)(space - anchor_why), anchor_why);
	else
		snprintf(out, size, "%s", anchor_why);
}
