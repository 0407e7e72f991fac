/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lines and figures of a call mean trouble, and what to say of it. */
#include "config.h"

#include "sbc/report/trouble.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sbc/report/status.h"

/* Before that, packets may be on their way still. */
#define SETTLED_MS 3000
/* No phone's silence suppression is silent for so long. */
#define SILENT_MS 5000

static const struct trouble_line lines[] = {
	{"silent-peer",
	 {"call-candidate-failed", "cause=silent",
	  "{end} did not answer the INVITE at all. Is its host and port right, "
	  "does a firewall stand between, is the INVITE too long for the "
	  "path (max_message)?"}},
	{"wrong-credentials",
	 {"call-candidate-failed", "status=401",
	  "{end} did not take our user name and password (401): look at "
	  "username and password of the peer."}},
	{"wrong-credentials",
	 {"call-candidate-failed", "status=407",
	  "{end} did not take our user name and password (407): look at "
	  "username and password of the peer."}},
	{"forbidden",
	 {"call-candidate-failed", "status=403",
	  "{end} forbids this call (403[ {reason}]): it does not know our "
	  "address or caller number, or the account may not call {number}."}},
	{"srtp",
	 {"call-candidate-failed", "cause=srtp",
	  "The caller's media is not secured in a way that can go to {end}: "
	  "look at srtp and srtp_suites of both peers. DTLS-SRTP, ZRTP and "
	  "MIKEY need srtp = pass on both."}},
	{"no-common-codec",
	 {"call-candidate-failed", "cause=no-common-codec",
	  "The caller's offer had no codec that the policy of {end} allows: "
	  "look at codecs of both peers."}},
	{"t38",
	 {"call-candidate-failed", "cause=t38",
	  "{end} was not asked: the call is a fax (T.38), which its policy "
	  "does "
	  "not take. Look at t38 of its peer."}},
	{"no-common-codec",
	 {"call-candidate-failed", "status=488",
	  "{end} takes nothing of what it was offered (488): look at codecs, "
	  "srtp and t38 of both peers."}},
	{"no-common-codec",
	 {"call-refused", "cause=no-common-codec",
	  "{end} offered in mid-call no codec that the call can use; it was "
	  "refused with {status}."}},
	{"srtp",
	 {"call-end", "cause=srtp",
	  "The called end answered our offer without the SRTP that was in it, "
	  "or with SRTP where there was none: look at srtp of its peer."}},
	{"unauthentic",
	 {"media-unauthentic", NULL,
	  "Packets from {end} fail authentication: its key is not the one in "
	  "its SDP."}},
	{"key-worn",
	 {"srtp-key-worn", "cause=protected",
	  "Our SRTP key toward {end} will wear out, and it may not be given "
	  "another one: raise srtp_lifetime, or allow it re-INVITEs "
	  "(reinvite)."}},
	{"ports-taken",
	 {"call-candidate-failed", "cause=ports-taken",
	  "All RTP ports of a network were taken: rtp_ports of that network "
	  "is too small for so many calls."}},
	{"ports-taken",
	 {"call-line-refused", "cause=ports-taken",
	  "All RTP ports of a network were taken: rtp_ports of that network "
	  "is too small for so many calls."}},
	{"ports-taken",
	 {"call-refused", "cause=ports-taken",
	  "All RTP ports of a network were taken: rtp_ports of that network "
	  "is too small for so many calls."}},
	{"ports-unusable",
	 {"call-candidate-failed", "cause=ports-unusable",
	  "RTP ports could not be opened: other programs hold them."}},
	{"ports-unusable",
	 {"call-line-refused", "cause=ports-unusable",
	  "RTP ports could not be opened: other programs hold them."}},
	{"ports-unusable",
	 {"call-refused", "cause=ports-unusable",
	  "RTP ports could not be opened: other programs hold them."}},
	{"descriptors",
	 {"call-candidate-failed", "cause=descriptors",
	  "The limit of open files is too low for so many calls, which need "
	  "four each: set LimitNOFILE in the unit file."}},
	{"peer-down",
	 {"call-candidate-failed", "cause=down",
	  "{end} is down: it did not answer before. \"sallyctl trunks\" says "
	  "why."}},
	{"peer-unresolved",
	 {"call-candidate-failed", "cause=unresolved",
	  "The name of {end} could not be looked up: is the name right, does "
	  "the name server answer?"}},
	{"peer-full",
	 {"call-candidate-failed", "cause=max_calls",
	  "{end} had as many calls as its max_calls allows."}},
	{"not-registered",
	 {"call-candidate-failed", "cause=not-registered",
	  "No phone was registered for {number}: \"sallyctl phones\" lists "
	  "those that are."}},
	{"address-family",
	 {"call-candidate-failed", "cause=address-family",
	  "The network of {end} has no address of its IP version."}},
	{"ack-lost",
	 {"call-ack-lost", NULL,
	  "The ACK of {end} for our 200 never came[; its media {media}]. A SIP "
	  "ALG in a router between is suspected, which spoils Contact or ACK: "
	  "switch it off there[, or set {advice}]."}},
	{"alg-suspected",
	 {"alg-suspected", "sign=sdp",
	  "A SIP ALG in the router of {end} seems to rewrite messages[: "
	  "{evidence}]: switch it off there[, or set {advice}]."}},
	{"no-answer-in-ack",
	 {"call-answer-missing", NULL,
	  "The ACK of {end} brought no answer to our offer that could be used "
	  "({cause}), so it may not know where to send."}},
	{"media-fault",
	 {"media-fault", NULL,
	  "A media socket toward {end} failed[: {error}]."}},
	{"transfer-failed",
	 {"call-transfer-failed", NULL,
	  "A transfer that {end} asked for failed[ with {status}][, cause "
	  "{cause}]."}},
	{"refresh-failed",
	 {"call-refresh-failed", NULL,
	  "The session timer of {end} could not be refreshed: it may hang up "
	  "when the timer runs out. Look at session_timer and update of the "
	  "peer."}},
	{"session-expired",
	 {"call-end", "cause=session-expired",
	  "The session timer of {ender} ran out: it neither refreshed it in "
	  "time nor answered a refresh of ours. It is gone, or that was "
	  "lost."}},
	{"prack-missing",
	 {"call-end", "cause=prack-missing",
	  "{ender} never confirmed our ringing by PRACK, which it had asked "
	  "for: its requests may be lost on the way, or prack = off would "
	  "suit it."}},
	{"answer-unusable",
	 {"call-end", "cause=answer-unusable",
	  "The SDP of the answer could not be used: it named no codec that was "
	  "offered, or was broken."}},
	{"caller-full",
	 {"call-end", "cause=max_calls",
	  "{ender} had as many calls as its max_calls allows."}},
	{"dialog-lost",
	 {"call-end", "cause=dialog-lost",
	  "{ender} did not know the call any more, or did not answer a request "
	  "in it: it was restarted, or its NAT closed."}},
	{"media-timeout",
	 {"call-end", "cause=media-timeout",
	  "No packet came from either end for media_timeout, so the call was "
	  "ended here."}},
};

const struct trouble_line *trouble_lines(unsigned *count)
{
	*count = sizeof(lines) / sizeof(*lines);
	return lines;
}

/* --- figures ------------------------------------------------------------ */

static bool settled(const struct account *account)
{
	return account->media && account->answered &&
	       account->duration_ms >= SETTLED_MS && !account->side[0].held &&
	       !account->side[1].held;
}

static bool one_way(const struct account *account, unsigned side)
{
	return settled(account) && !account->side[side].packets &&
	       !account->side[side].mute && account->side[!side].packets >= 50;
}

static bool is_none(const struct account *account, unsigned side)
{
	return settled(account) && !side && !account->side[0].packets &&
	       !account->side[1].packets && !account->side[0].mute &&
	       !account->side[1].mute;
}

static bool is_strange(const struct account *account, unsigned side)
{
	const struct account_side *s = &account->side[side];

	return account->media && s->elsewhere >= 10 &&
	       s->elsewhere * 20 > s->packets;
}

static bool is_one_way(const struct account *account, unsigned side)
{
	return one_way(account, side);
}

static bool is_hidden(const struct account *account, unsigned side)
{
	const struct account_side *s = &account->side[side];

	return settled(account) && s->private_sdp && !s->packets;
}

static bool is_lost(const struct account *account, unsigned side)
{
	const struct account_side *s = &account->side[side];

	return settled(account) && s->shown[0] && !s->private_sdp &&
	       !s->packets;
}

static bool is_stopped(const struct account *account, unsigned side)
{
	const struct account_side *s = &account->side[side];

	return settled(account) && s->packets && !s->mute &&
	       s->silent_ms >= SILENT_MS;
}

static bool is_lossy(const struct account *account, unsigned side)
{
	const struct account_side *s = &account->side[side];

	return s->packets >= 200 && s->lost * 33 > s->packets + s->lost;
}

static bool is_jittery(const struct account *account, unsigned side)
{
	const struct account_side *s = &account->side[side];

	return s->packets >= 200 && s->jitter_us > 50000;
}

static const struct {
	const char *name;
	bool (*is)(const struct account *account, unsigned side);
	const char *text;
} figures[] = {
	{"no-rtp", is_none,
	 "No RTP came from either end[ in {duration_ms}]: does a firewall "
	 "stand before our RTP ports, is public of the network right?"},
	{"one-way", is_one_way,
	 "One-way audio: {far} sent {packets_far} packets, {end} none[ in "
	 "{duration_ms}]. Its packets are lost before us: a firewall, or it "
	 "was told an address it cannot reach."},
	{"elsewhere", is_strange,
	 "{elsewhere} packets on the port of {end} came from another source "
	 "than its SDP told and were dropped. It stands behind a NAT that its "
	 "SDP does not know of, or sends from another port."},
	{"private-sdp", is_hidden,
	 "The SDP of {end} showed the private address {shown} and no packet "
	 "came that would tell the real one: it stands behind a NAT, and "
	 "nothing can be sent to it for sure."},
	{"other-sdp", is_lost,
	 "The SDP of {end} showed {shown}, which is not where it signals from, "
	 "and no packet came that would tell the right one: is that address "
	 "wrong, or can it not be reached from here?"},
	{"rtp-stopped", is_stopped,
	 "No RTP from {end} since {since} ({silent_ms}), without a hold."},
	{"loss", is_lossy,
	 "{loss} of the packets of {end} were lost before they came to us."},
	{"jitter", is_jittery,
	 "The packets of {end} come unevenly, jitter {jitter}."},
};

const char *trouble_figure(unsigned index)
{
	return index < sizeof(figures) / sizeof(*figures) ? figures[index].name
							  : NULL;
}

struct looked {
	const struct account *account;
	unsigned side;
};

/* "12:34:56 UTC" */
static void since(int64_t at_ms, char *out, size_t size)
{
	time_t at = (time_t)(at_ms / 1000);
	struct tm tm;

	gmtime_r(&at, &tm);
	if (!strftime(out, size, "%H:%M:%S UTC", &tm))
		*out = '\0';
}

static bool figure_value(const void *user, const char *key, char *out,
			 size_t size)
{
	const struct looked *looked = user;
	const struct account *account = looked->account;
	const struct account_side *side = &account->side[looked->side];

	*out = '\0';
	if (!strcmp(key, "end"))
		snprintf(out, size, "%s", account->ends.name[looked->side]);
	else if (!strcmp(key, "far"))
		snprintf(out, size, "%s", account->ends.name[!looked->side]);
	else if (!strcmp(key, "packets_far"))
		snprintf(out, size, "%" PRIu64,
			 account->side[!looked->side].packets);
	else if (!strcmp(key, "elsewhere"))
		snprintf(out, size, "%" PRIu64, side->elsewhere);
	else if (!strcmp(key, "shown"))
		snprintf(out, size, "%s", side->shown);
	else if (!strcmp(key, "silent_ms"))
		snprintf(out, size, "%" PRIu32, side->silent_ms);
	else if (!strcmp(key, "jitter"))
		snprintf(out, size, "%" PRIu32 " ms", side->jitter_us / 1000);
	else if (!strcmp(key, "duration_ms"))
		snprintf(out, size, "%lld", account->duration_ms);
	else if (!strcmp(key, "since"))
		since(account->at_ms - side->silent_ms, out, size);
	else if (!strcmp(key, "loss"))
		snprintf(out, size, "%.1f %%",
			 100.0 * (double)side->lost /
				 (double)(side->packets + side->lost));
	return *out;
}

/* --- both --------------------------------------------------------------- */

/* Once is enough. */
static bool known(const struct trouble *found, unsigned count,
		  const struct trouble *one)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(found[i].text, one->text))
			return true;
	return false;
}

static unsigned find_lines(const struct account *account,
			   const struct story *story, struct trouble *out,
			   unsigned max)
{
	const struct story_entry *entry;
	unsigned count = 0;

	TAILQ_FOREACH (entry, &story->entries, entry)
		for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
			const struct sentence *s = &lines[i].sentence;
			struct trouble *one = &out[count];
			char leg[4];

			if (count == max)
				return count;
			if (!story_is(entry, "event", s->event) ||
			    !sentence_fits(entry, s->when))
				continue;
			one->name = lines[i].name;
			story_value(entry, "leg", leg, sizeof(leg));
			one->leg = leg[0] ? leg[0] : '-';
			sentence_of_text(one->text, sizeof(one->text), s->text,
					 entry, &account->ends);
			if (!known(out, count, one))
				count++;
			break;
		}
	return count;
}

unsigned trouble_find(const struct account *account, const struct story *story,
		      struct trouble *out, unsigned max)
{
	unsigned count = story ? find_lines(account, story, out, max) : 0;

	for (unsigned i = 0; i < sizeof(figures) / sizeof(*figures); i++)
		for (unsigned side = 0; side < 2; side++) {
			const struct looked looked = {account, side};

			if (count == max)
				return count;
			if (!figures[i].is(account, side))
				continue;
			out[count].name = figures[i].name;
			out[count].leg = "ab"[side];
			sentence_write(out[count].text, sizeof(out->text),
				       figures[i].text, figure_value, &looked);
			count++;
		}
	return count;
}

/* --- the account -------------------------------------------------------- */

int64_t story_time_ms(const struct story_entry *entry)
{
	struct tm tm = {0};
	unsigned ms;

	if (sscanf(entry->text, "%4d-%2d-%2dT%2d:%2d:%2d.%3uZ", &tm.tm_year,
		   &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		   &ms) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) * 1000 + ms;
}

static void read_figures(struct account *out, const struct story_entry *end)
{
	static const struct {
		const char *packets, *lost, *elsewhere, *silent_ms, *jitter_us,
			*sends;
	} key[2] = {
		{"packets_a", "lost_a", "elsewhere_a", "silent_ms_a",
		 "jitter_us_a", "sends_a"},
		{"packets_b", "lost_b", "elsewhere_b", "silent_ms_b",
		 "jitter_us_b", "sends_b"},
	};
	char text[24];

	out->ended = true;
	out->at_ms = story_time_ms(end);
	out->duration_ms = story_number(end, "duration_ms");
	out->media = story_value(end, key[0].packets, text, sizeof(text));
	for (unsigned i = 0; i < 2; i++) {
		struct account_side *side = &out->side[i];

		side->packets = (uint64_t)story_number(end, key[i].packets);
		side->lost = (uint64_t)story_number(end, key[i].lost);
		side->elsewhere = (uint64_t)story_number(end, key[i].elsewhere);
		side->silent_ms = (uint32_t)story_number(end, key[i].silent_ms);
		side->jitter_us = (uint32_t)story_number(end, key[i].jitter_us);
		side->mute = story_is(end, key[i].sends, "no");
	}
}

static void read_shown(struct account_side *side, const struct story_entry *nat)
{
	story_value(nat, "shown", side->shown, sizeof(side->shown));
	side->private_sdp = story_is(nat, "cause", "private-address");
}

void account_read(struct account *out, const struct story *story)
{
	const struct story_entry *entry;

	*out = (struct account){0};
	sentence_ends(story, &out->ends);
	TAILQ_FOREACH (entry, &story->entries, entry) {
		struct account_side *side =
			&out->side[story_is(entry, "leg", "b")];

		if (story_is(entry, "event", "call-answer"))
			out->answered = true;
		else if (story_is(entry, "event", "call-hold"))
			side->held = true;
		else if (story_is(entry, "event", "call-resume"))
			side->held = false;
		else if (story_is(entry, "event", "call-transferred"))
			*side = (struct account_side){
				0}; /* another end's now */
		else if (story_is(entry, "event", "media-nat"))
			read_shown(side, entry);
		else if (story_is(entry, "event", "call-end"))
			read_figures(out, entry);
	}
}

void account_live(struct account *out, const struct status_call *call,
		  uint64_t now_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	out->at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	out->answered = call->answered_ms != 0;
	if (out->answered)
		out->duration_ms = (long long)(now_ms - call->answered_ms);
	out->side[0].held = call->a.held;
	out->side[1].held = call->b.held;
	out->side[0].mute = call->a.mute;
	out->side[1].mute = call->b.mute;
	out->media = call->media != NULL;
	for (unsigned i = 0; out->media && i < 2; i++) {
		struct account_side *side = &out->side[i];
		struct media_stats stats;

		status_call_stats(call, i ? MEDIA_B : MEDIA_A, call->audio,
				  &stats);
		side->packets = stats.packets;
		side->lost = stats.lost;
		side->elsewhere = stats.dropped_source;
		side->silent_ms = stats.silent_ms;
		side->jitter_us = stats.jitter_us;
	}
}
