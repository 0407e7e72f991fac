/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stories of calls, their sentences, and what means trouble. */
#include "config.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sbc/report/status.h"
#include "sbc/report/story.h"
#include "sbc/report/trouble.h"
#include "tests/check_main.h"

static void setup(void)
{
	status_strict(true);
}

static void teardown(void)
{
	story_clear();
}

static void tell(const char *call, const char *rest)
{
	char line[2048];

	snprintf(line, sizeof(line), "2026-11-22T09:00:00.500Z call=%s %s",
		 call, rest);
	story_tell(line, strlen(line));
}

/* A story of one line, or of those parted by '|'. */
static const struct story *told(const char *lines)
{
	char copy[4096], *rest = copy, *line;

	snprintf(copy, sizeof(copy), "%s", lines);
	story_begin("5f2c91aa");
	while ((line = strsep(&rest, "|")))
		tell("5f2c91aa", line);
	return story_find("5f2c91aa");
}

/* --- what is kept ------------------------------------------------------- */

START_TEST(status_lines_of_a_call_become_its_story)
	{
		struct status_call call = {.id = "5f2c91aa"};
		const struct story *story;
		const struct story_entry *entry;
		struct status_line line;
		char text[64];

		status_call_add(&call);
		status_begin(&line, call.id, 'b', "acme", "call-refused");
		status_number(&line, "status", 488);
		status_text(&line, "reason", "Not \"here\" = call=x");
		status_text(&line, "advice", NULL);
		status_end(&line);
		status_begin(&line, NULL, '-', NULL, "start");
		status_end(&line);
		status_begin(&line, "another", 'a', NULL, "call-ring");
		status_end(&line);
		story = story_find("5f2c91aa");
		ck_assert_ptr_nonnull(story);
		ck_assert_uint_eq(story->count, 1);
		entry = TAILQ_FIRST(&story->entries);
		ck_assert(story_is(entry, "event", "call-refused"));
		ck_assert(story_is(entry, "leg", "b"));
		ck_assert(story_is(entry, "peer", "acme"));
		ck_assert_int_eq(story_number(entry, "status"), 488);
		ck_assert(story_value(entry, "reason", text, sizeof(text)));
		ck_assert_str_eq(text, "Not \\x22here\\x22 = call=x");
		ck_assert(!story_value(entry, "advice", text, sizeof(text)));
		ck_assert_str_eq(text, "");
		ck_assert(!story_value(entry, "call", text, sizeof(text)));
		ck_assert(story_value(entry, "time", text, sizeof(text)));
		ck_assert_uint_eq(strlen(text), 24);
		ck_assert_ptr_null(story_find("another"));
		ck_assert_ptr_null(story_find("5f2c91a"));
		status_call_remove(&call);
	}
END_TEST

START_TEST(a_quoted_value_poses_as_no_field)
	{
		const struct story *story = told(
			"leg=a peer=- event=call-start from=\"x leg=b to=9\" "
			"to=102");
		const struct story_entry *entry = TAILQ_FIRST(&story->entries);

		ck_assert(story_is(entry, "leg", "a"));
		ck_assert(story_is(entry, "to", "102"));
		ck_assert(!story_is(entry, "peer", "-"));
	}
END_TEST

START_TEST(a_long_story_keeps_its_beginning_and_its_end)
	{
		const struct story *story;
		char line[64];
		unsigned i = 0;

		story_begin("5f2c91aa");
		for (i = 0; i < 1000; i++) {
			snprintf(line, sizeof(line),
				 "leg=a peer=x event=call-hold slot=%u", i);
			tell("5f2c91aa", line);
		}
		story = story_find("5f2c91aa");
		ck_assert_uint_eq(story->count, STORY_ENTRIES_MAX);
		ck_assert_uint_eq(story->dropped, 1000 - STORY_ENTRIES_MAX);
		ck_assert_uint_eq(story->head_count, STORY_HEAD);
		ck_assert_int_eq(
			story_number(TAILQ_FIRST(&story->entries), "slot"), 0);
		ck_assert_int_eq(story_number(story->head, "slot"),
				 STORY_HEAD - 1);
		ck_assert_int_eq(
			story_number(TAILQ_NEXT(story->head, entry), "slot"),
			1000 - (STORY_ENTRIES_MAX - STORY_HEAD));
		ck_assert_int_eq(
			story_number(TAILQ_LAST(&story->entries, story_entries),
				     "slot"),
			999);
	}
END_TEST

START_TEST(long_lines_stay_within_the_bytes)
	{
		const struct story *story;
		char line[2000];

		memset(line, 'x', sizeof(line));
		memcpy(line, "leg=a peer=x event=call-refused reason=", 39);
		line[sizeof(line) - 1] = '\0';
		story_begin("5f2c91aa");
		for (unsigned i = 0; i < 100; i++) {
			line[400 + 15 * i] = '\0';
			tell("5f2c91aa", line);
			line[400 + 15 * i] = 'x';
			story = story_find("5f2c91aa");
			ck_assert_uint_le(story->bytes, STORY_BYTES_MAX);
			ck_assert_uint_eq(story->count + story->dropped, i + 1);
		}
		line[sizeof(line) - 1] = '\0';
		for (unsigned i = 0; i < 4; i++)
			tell("5f2c91aa", line);
		ck_assert_uint_le(story->bytes, STORY_BYTES_MAX);
		ck_assert_uint_ge(story->count, 2);
	}
END_TEST

START_TEST(the_last_five_hundred_ended_calls_are_kept)
	{
		char id[17];

		for (unsigned i = 0; i < 1000; i++) {
			snprintf(id, sizeof(id), "%08x", i);
			story_begin(id);
			tell(id, "leg=a peer=x event=call-start");
			if (i != 3)
				tell(id, "leg=- peer=- event=call-end");
		}
		ck_assert_ptr_null(story_find("00000000"));
		ck_assert_ptr_null(story_find("000001f3"));
		ck_assert_ptr_nonnull(story_find("000001f4"));
		ck_assert_ptr_nonnull(story_find("000003e7"));
		/* It lives. */
		ck_assert_ptr_nonnull(story_find("00000003"));
		ck_assert(!story_find("00000003")->ended);
		/* Of a call that was forgotten nothing is kept again. */
		tell("00000000", "leg=a peer=x event=call-refused");
		ck_assert_ptr_null(story_find("00000000"));
		ck_assert_str_eq(story_newest()->id, "000003e7");
		story_begin("another");
		ck_assert_str_eq(story_newest()->id, "another");
		tell("00000003", "leg=- peer=- event=call-end");
		ck_assert(story_find("00000003")->ended);
		ck_assert_ptr_null(story_find("000001f4"));
	}
END_TEST

static const char usual[] =
	"leg=a peer=phones event=call-start from=101 to=02079460102 "
	"network=lan source=192.168.1.31:5060 class=same-subnet candidate=acme "
	"number=+442079460102 route=sallyport.conf:11|"
	"leg=b peer=acme event=call-ring number=+442079460102 status=180 "
	"early_media=no|"
	"leg=b peer=acme event=call-answer number=+442079460102 class=remote "
	"anchor=yes anchor_why=\"anchor=always /etc/x/acme.conf:7\" "
	"codec_a=PCMA codec_b=PCMA encryption_a=none encryption_b=none "
	"wait_ms=2100 "
	"target=198.51.100.4:5060 route=sallyport.conf:11 "
	"told_a=192.168.1.2:20000 told_b=203.0.113.7:30000|"
	"leg=a peer=phones event=call-media slot=0 source=192.168.1.31:4000|"
	"leg=b peer=acme event=call-media slot=0 source=198.51.100.9:4000|"
	"leg=b peer=acme event=call-suppressed method=INVITE cause=policy "
	"policy=acme.conf:4|"
	"leg=a peer=phones event=call-hold direction=sendonly|"
	"leg=b peer=acme event=call-suppressed method=INVITE cause=policy "
	"policy=acme.conf:4|"
	"leg=a peer=phones event=call-resume direction=sendrecv";

START_TEST(a_usual_story_costs_less_than_three_kilobytes)
	{
		size_t before, used;
		char id[17];

		story_begin("warm");
		before = mallinfo2().uordblks;
		for (unsigned i = 0; i < 100; i++) {
			char copy[sizeof(usual)], *rest = copy, *line;

			snprintf(id, sizeof(id), "%08x", i);
			story_begin(id);
			memcpy(copy, usual, sizeof(usual));
			while ((line = strsep(&rest, "|")))
				tell(id, line);
		}
		used = (mallinfo2().uordblks - before) / 100;
		printf("# a held call's story: %zu bytes\n", used);
		ck_assert_uint_lt(used, 3072);
		story_clear();
		/* All gone but what malloc itself holds ready. */
		ck_assert_uint_lt(mallinfo2().uordblks, before + 32768);
	}
END_TEST

/* --- sentences ---------------------------------------------------------- */

static void say(char out[SENTENCE_MAX], const char *line)
{
	const struct story *story = told(line);
	struct sentence_ends ends = {{"a (phones)", "b (acme)"}};

	sentence_of(out, SENTENCE_MAX,
		    TAILQ_LAST(&story->entries, story_entries), &ends);
}

#define A "leg=a peer=phones event="
#define B "leg=b peer=acme event="

static const struct {
	const char *line, *words;
} sentences[] = {
	{A "call-start from=101 to=0123 network=lan source=10.0.0.9:5060 "
	   "class=local candidate=acme number=+44123 route=sallyport.conf:11",
	 "101 of a (phones) called 0123, from 10.0.0.9:5060 on network lan. "
	 "Route sallyport.conf:11 asks acme first, for the number +44123."},
	{B "call-ring number=1 status=183 early_media=yes",
	 "b (acme) rings with early media (183); a (phones) was given it."},
	{B "call-ring number=1 status=180 early_media=no",
	 "b (acme) rings (180); a (phones) was told so."},
	{B "call-answer number=102 anchor=no anchor_why=same-subnet "
	   "codec_a=PCMA codec_b=PCMA wait_ms=900 told_a=10.0.0.8:4000 "
	   "told_b=10.0.0.9:4000",
	 "b (acme) answered as 102 after 0.9 s; a (phones) was told 200. The "
	 "media goes straight between the ends (both phones stand in one "
	 "subnet); a sends PCMA to 10.0.0.8:4000; b sends PCMA to "
	 "10.0.0.9:4000."},
	{B "call-answer number=102 anchor=yes "
	   "anchor_why=\"anchor=always x/acme.conf:7\" codec_a=PCMA "
	   "codec_b=G722 encryption_a=none encryption_b=none wait_ms=62100 "
	   "told_a=10.0.0.1:4000 "
	   "told_b=192.0.2.1:4000",
	 "b (acme) answered as 102 after 1:02 min; a (phones) was told 200. "
	 "The media passes through us (x/acme.conf:7 says anchor=always); a "
	 "sends PCMA to 10.0.0.1:4000; b sends G722 to 192.0.2.1:4000; "
	 "encryption: none on a, none on b."},
	{B "call-answer number=102 anchor=yes anchor_why=srtp codec_a=PCMA "
	   "codec_b=PCMA encryption_a=sdes encryption_b=none srtp=here "
	   "wait_ms=900 told_a=10.0.0.1:4000 told_b=192.0.2.1:4000",
	 "b (acme) answered as 102 after 0.9 s; a (phones) was told 200. The "
	 "media passes through us (a policy ends SRTP here) and its SRTP ends "
	 "here; a sends PCMA to 10.0.0.1:4000; b sends PCMA to "
	 "192.0.2.1:4000; encryption: sdes on a, none on b."},
	{B "call-suppressed method=INVITE cause=refresh policy=acme.conf:4",
	 "a (phones) sent a re-INVITE that changes nothing, a refresh: it was "
	 "answered here with the same SDP, b (acme) saw nothing of it."},
	{B "call-suppressed method=INVITE cause=no-offer policy=acme.conf:4",
	 "a (phones) sent a re-INVITE without an offer: it was given ours, b "
	 "(acme) saw nothing of it (acme.conf:4)."},
	{B "call-suppressed method=UPDATE cause=address policy=acme.conf:4",
	 "a (phones) changed only its address or keys by UPDATE: it was "
	 "answered here, b (acme) saw nothing of it."},
	{B "call-suppressed method=INVITE cause=refused-by-peer "
	   "policy=acme.conf:4",
	 "b (acme) refused the re-INVITE that a (phones) sent: it was answered "
	 "here in its place (acme.conf:4)."},
	{B "call-suppressed method=INVITE cause=codec policy=acme.conf:4",
	 "a (phones) changed to another codec by re-INVITE: it was answered "
	 "here and its packets are converted, b (acme) keeps its own codec."},
	{B "call-suppressed method=INVITE cause=policy policy=acme.conf:4",
	 "a (phones) sent a re-INVITE: it was answered here and kept from b "
	 "(acme), as the policy says (acme.conf:4)."},
	{B "call-suppressed method=INVITE cause=policy policy=-",
	 "a (phones) sent a re-INVITE: it was answered here and kept from b "
	 "(acme), as the policy says."},
	{A "call-suppressed method=UPDATE cause=other policy=x.conf:1",
	 "b (acme) sent a UPDATE: it was answered here and kept from a "
	 "(phones), cause other (x.conf:1)."},
	{B "call-forwarded method=INVITE cause=change status=200",
	 "The re-INVITE of a (phones) (change) was passed on to b (acme), "
	 "which "
	 "took it (200)."},
	{B "peer-learned method=INVITE evidence=\"488 Not Here\"",
	 "b (acme) could not take a re-INVITE: 488 Not Here. From now on such "
	 "requests are kept from it; \"sallyctl learned\" shows what is "
	 "known."},
	{A "call-hold direction=inactive",
	 "a (phones) put the call on hold and neither sends nor listens "
	 "(inactive)."},
	{A "call-hold direction=zero",
	 "a (phones) put the call on hold the old way (c=0.0.0.0)."},
	{A "call-hold direction=sendonly",
	 "a (phones) put the call on hold (sendonly); what it sends meanwhile "
	 "is heard."},
	{A "call-resume direction=sendrecv",
	 "a (phones) took the call up again (sendrecv)."},
	{A "alg-suspected way=udp:5060 sign=sdp evidence=\"SDP with o= x\" "
	   "advice=\"TCP there\"",
	 "A SIP ALG on the way to phones seems to rewrite messages: SDP with "
	 "o= x; set TCP there."},
	{A "call-ack-lost media=flows kept=yes suspect=\"SIP ALG\"",
	 "The ACK of a (phones) for our 200 never came, but its media flows: "
	 "the call was kept; suspected: SIP ALG."},
	{A "call-ack-lost media=silent kept=no suspect=\"SIP ALG\"",
	 "The ACK of a (phones) for our 200 never came and its media is "
	 "silent: the call was ended; suspected: SIP ALG."},
	{A "call-answer-missing cause=no-answer",
	 "The ACK of a (phones) brought no answer to our offer that could be "
	 "used (no-answer); the session stayed as it was."},
	{B "call-refresh-failed status=0 cause=no-means",
	 "b (acme) expects us to refresh its session timer, but takes no "
	 "UPDATE and may be sent no re-INVITE: it may hang up when the timer "
	 "has run out."},
	{B "call-refresh-failed method=UPDATE status=501 cause=refused",
	 "b (acme) refused our refresh of its session timer (UPDATE) with 501; "
	 "the call went on, but it may hang up when the timer has run out."},
	{A "call-transfer number=- method=INVITE",
	 "An INVITE came that is to take the place of a (phones) (Replaces)."},
	{A "call-transfer number=102",
	 "a (phones) asked for a transfer to 102; it was told 202."},
	{A "call-transfer number=102 other=5f2c91ab",
	 "a (phones) asked for a transfer to 102, to be joined with call "
	 "5f2c91ab; it was told 202."},
	{A "call-transferred number=102",
	 "Another end, 102, took the place of a (phones); a (phones) was told "
	 "so, and goodbye."},
	{A "call-transfer-failed status=488 cause=policy",
	 "a (phones) was refused a transfer with 488: the policy does not "
	 "allow it (refer)."},
	{A "call-transfer-failed status=403 cause=provider-to-provider",
	 "a (phones) was refused a transfer with 403: it would join two "
	 "providers, which no route allows."},
	{A "call-transfer-failed status=404 cause=no-route",
	 "a (phones) was refused a transfer with 404: no route fits the "
	 "number."},
	{A "call-transfer-failed number=102 status=486",
	 "The transfer that a (phones) asked for, to 102, failed with 486."},
	{A "call-request method=INFO cause=key",
	 "a (phones) pressed a key and said so by INFO: the other end was "
	 "told it its own way."},
	{A "call-request method=MESSAGE cause=passed",
	 "The MESSAGE of a (phones) was passed on to the other end."},
	{A "call-request method=INFO cause=answered",
	 "The INFO of a (phones) was answered here: the other end is not sent "
	 "any."},
	{A "call-request method=INFO cause=policy",
	 "The INFO of a (phones) was refused (policy)."},
	{B "call-redirected number=123 status=302 target=backup",
	 "b (acme) sent us on to 123 with 302; backup is asked next."},
	{"leg=n peer=backup event=call-candidate-failed status=503 cause=down",
	 "new (backup) was passed over: it is down."},
	{A "call-refused status=488 cause=no-common-codec",
	 "a (phones) was refused with 488: its offer had no codec that the "
	 "other end takes; the call went on as it was."},
	{A "call-refused status=500 cause=refused-by-peer",
	 "a (phones) was refused with 500, as the other end had refused its "
	 "change; the call went on as it was."},
	{A "call-refused status=491 cause=other-leg-busy",
	 "a (phones) was told 491 to try again: the other leg was busy with a "
	 "change of its own."},
	{A "call-refused status=488 cause=t38",
	 "a (phones) was refused with 488: its switch to fax (T.38) is not for "
	 "the other end; the audio went on."},
	{A "call-refused status=504 cause=update-needs-time",
	 "a (phones) was refused with 504: what it asked by UPDATE needs the "
	 "other end, which only a re-INVITE can wait for."},
	{A "call-refused status=488 cause=srtp",
	 "a (phones) was refused with 488: its offer was not secured as its "
	 "policy wants (srtp); the call went on as it was."},
	{A "call-refused status=488 cause=rekey",
	 "a (phones) was refused with 488: it wanted another key, which the "
	 "other end would have to know and may not be told; the call went on "
	 "as it was."},
	{A "call-refused status=500 cause=internal",
	 "a (phones) was refused with 500, cause internal; the call went on as "
	 "it was."},
	{B "call-candidate-failed number=123 status=486 cause=refused "
	   "reason=\"Busy Here\"",
	 "b (acme) refused the number 123 with 486 Busy Here."},
	{"leg=b peer=backup event=call-candidate-failed number=123 status=408 "
	 "cause=silent",
	 "b (backup) did not answer our INVITE for 123 at all."},
	{B "call-candidate-failed status=408 cause=ring-timeout",
	 "b (acme) rang until its ring_timeout and nobody answered."},
	{B "call-candidate-failed status=503 cause=down",
	 "b (acme) was passed over: it is down."},
	{B "call-candidate-failed status=503 cause=unresolved",
	 "b (acme) was passed over: its name could not be looked up."},
	{B "call-candidate-failed status=503 cause=max_calls",
	 "b (acme) was passed over: it has as many calls as its max_calls "
	 "allows."},
	{"leg=b peer=phones event=call-candidate-failed number=102 status=480 "
	 "cause=not-registered",
	 "b (phones) was passed over: no phone is registered for 102."},
	{B "call-candidate-failed status=488 cause=no-common-codec",
	 "b (acme) was passed over: it allows none of the caller's codecs."},
	{B "call-candidate-failed status=488 cause=t38",
	 "b (acme) was not asked: the call is a fax (T.38), which its policy "
	 "does not take (t38)."},
	{B "call-candidate-failed status=488 cause=srtp",
	 "b (acme) could not be asked: the caller's media is secured (or not) "
	 "in a way that the policy of the two does not allow (srtp)."},
	{B "call-candidate-failed status=503 cause=ports-taken",
	 "b (acme) could not be tried: all RTP ports of the network are "
	 "taken."},
	{B "call-candidate-failed status=503 cause=ports-unusable",
	 "b (acme) could not be tried: other programs hold our RTP ports."},
	{B "call-candidate-failed status=503 cause=descriptors",
	 "b (acme) could not be tried: no descriptor is left for RTP ports."},
	{B "call-candidate-failed status=503 cause=address-family",
	 "b (acme) could not be tried: we have no address of its IP version."},
	{B "call-candidate-failed status=500 cause=internal",
	 "b (acme) failed with 500, cause internal."},
	{B "call-line-refused slot=1 cause=ports-taken",
	 "The m= line 1 that was to be added found no port toward b (acme): "
	 "all RTP ports of the network are taken; the rest was taken up."},
	{B "call-line-refused slot=1 cause=descriptors",
	 "The m= line 1 that was to be added found no port toward b (acme), "
	 "cause descriptors; the rest was taken up."},
	{B "call-media slot=0 source=198.51.100.4:4000",
	 "The first packet came from b (acme), 198.51.100.4:4000 (m= line 0)."},
	{A "media-moved slot=0 source=10.0.0.9:4002",
	 "The packets of a (phones) come from another address now, "
	 "10.0.0.9:4002."},
	{B "media-unauthentic slot=0 source=192.0.2.1:4000",
	 "Packets from b (acme) fail authentication (m= line 0): its key is "
	 "not the one in its SDP. They are dropped."},
	{B "srtp-key-worn cause=protected",
	 "Our key toward b (acme) nears the end of its lifetime, but it may be "
	 "sent no re-INVITE: the key stays."},
	{B "srtp-key-worn cause=renewed",
	 "Our key toward b (acme) nears the end of its lifetime: it is given "
	 "another one by re-INVITE."},
	{B "srtp-key-worn cause=refused status=488",
	 "b (acme) did not take our new key (488): the old one stays."},
	{B "media-fault slot=0 error=\"No route to host\"",
	 "The media socket toward b (acme) failed: No route to host."},
	{B "media-nat slot=0 shown=10.1.1.1:4000 source=198.51.100.4 "
	   "cause=private-address",
	 "The SDP of b (acme) showed the private address 10.1.1.1:4000: its "
	 "packets are taken from 198.51.100.4 instead, as soon as the first "
	 "one tells the port."},
	{A "media-nat slot=0 shown=192.0.2.77:4000 source=10.0.0.9 "
	   "cause=other-address",
	 "The SDP of a (phones) showed 192.0.2.77:4000, which is not where it "
	 "signals from: its packets are taken from 10.0.0.9, as soon as the "
	 "first one tells the port."},
	{"leg=- peer=- event=call-end duration_ms=75300 by=b cause=hangup "
	 "status=200",
	 "b (acme) hung up after 1:15 min."},
	{"leg=- peer=- event=call-end duration_ms=9000 by=a "
	 "cause=transferred",
	 "It was ended after 9.0 s by a transfer: a (phones) left, and the "
	 "other end goes on in another call."},
	{"leg=- peer=- event=call-end duration_ms=9000 by=a "
	 "cause=transfer-failed",
	 "a (phones) hung up after 9.0 s while a transfer went on, which "
	 "failed."},
	{"leg=- peer=- event=call-end duration_ms=90000 by=a "
	 "cause=session-expired status=200",
	 "It was ended here after 1:30 min: the session timer of a (phones) "
	 "ran out without a refresh."},
	{"leg=- peer=- event=call-end duration_ms=0 by=a cause=cancelled "
	 "status=487",
	 "The caller gave up; it was told 487."},
	{"leg=- peer=- event=call-end duration_ms=0 by=b cause=no-candidate "
	 "status=503",
	 "No candidate was left: the caller was told 503."},
	{"leg=- peer=- event=call-end duration_ms=3700000 by=sallyport "
	 "cause=media-timeout status=200",
	 "It was ended here after 1:01:40 h: no packet came from either end "
	 "for the media_timeout."},
	{"leg=- peer=- event=call-end duration_ms=32000 by=a cause=ack-lost "
	 "status=200",
	 "It was ended here: the ACK of a (phones) never came."},
	{B "call-slimmed limit=1300 was=1450 bytes=1180 fits=yes "
	   "left_out=headers,attributes",
	 "The INVITE to b (acme) was too long for it (1450 bytes, max_message "
	 "1300): without headers,attributes it had 1180."},
	{B "call-slimmed limit=500 was=1450 bytes=800 fits=no "
	   "left_out=headers,attributes,rtpmap",
	 "The INVITE to b (acme) was too long for it (1450 bytes, max_message "
	 "500) and stayed so (800) even without headers,attributes,rtpmap."},
	{"leg=- peer=- event=call-end duration_ms=90000 by=b "
	 "cause=session-expired",
	 "It was ended here after 1:30 min: the session timer of b (acme) ran "
	 "out without a refresh."},
	{"leg=- peer=- event=call-end by=a cause=prack-missing status=504",
	 "It was ended here: the PRACK of a (phones) never came."},
	{"leg=- peer=- event=call-end duration_ms=5000 by=b cause=dialog-lost "
	 "status=200",
	 "It was ended after 5.0 s: b (acme) does not know the call any more "
	 "(408 or 481)."},
	{"leg=- peer=- event=call-end duration_ms=0 by=b "
	 "cause=answer-unusable status=488",
	 "It was ended: the answer's SDP could not be used; the caller was "
	 "told 488."},
	{"leg=- peer=- event=call-end duration_ms=0 by=b cause=srtp "
	 "status=488",
	 "It was ended: the answer was not secured as our offer said (srtp); "
	 "the caller was told 488."},
	{"leg=- peer=- event=call-end duration_ms=1000 by=sallyport "
	 "cause=admin status=200",
	 "It was ended by the administrator after 1.0 s."},
	{"leg=- peer=- event=call-end duration_ms=1000 by=sallyport "
	 "cause=shutdown status=200",
	 "It was ended after 1.0 s because the program ends."},
	{"leg=- peer=- event=call-end by=a cause=max_calls status=503",
	 "It was refused with 503: a (phones) has as many calls as its "
	 "max_calls allows."},
	{"leg=- peer=- event=call-end by=a duration_ms=0 cause=body-not-sdp "
	 "status=415",
	 "It was ended by a (phones) after 0.0 s, cause body-not-sdp; the "
	 "caller was told 415."},
	{B "call-unheard-of status=1 reason=\"a b\"",
	 "leg=b peer=acme event=call-unheard-of status=1 reason=a b"},
};

START_TEST(lines_are_said_in_words)
	{
		char out[SENTENCE_MAX];

		say(out, sentences[_i].line);
		ck_assert_str_eq(out, sentences[_i].words);
	}
END_TEST

/* Which sentence of the table says this line. */
static int row_of(const struct story_entry *entry)
{
	unsigned count;
	const struct sentence *table = sentence_table(&count);

	for (unsigned i = 0; i < count; i++)
		if (story_is(entry, "event", table[i].event) &&
		    sentence_fits(entry, table[i].when))
			return (int)i;
	return -1;
}

START_TEST(every_sentence_is_tested)
	{
		unsigned count;
		const struct sentence *table = sentence_table(&count);
		bool *tested = calloc(count, sizeof(*tested));

		for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences);
		     i++) {
			const struct story *story = told(sentences[i].line);
			int row = row_of(TAILQ_FIRST(&story->entries));

			if (row >= 0)
				tested[row] = true;
		}
		for (unsigned i = 0; i < count; i++)
			ck_assert_msg(tested[i], "no test says: %s",
				      table[i].text);
		free(tested);
	}
END_TEST

START_TEST(every_event_of_a_call_has_a_sentence)
	{
		unsigned events, count;
		const struct status_word *event = status_call_events(&events);
		const struct sentence *table = sentence_table(&count);

		ck_assert_uint_gt(events, 10);
		for (unsigned i = 0; i < events; i++) {
			bool any = false;

			for (unsigned k = 0; k < count; k++)
				any |= !strcmp(table[k].event, event[i].name) &&
				       !table[k].when;
			ck_assert_msg(any, "sentence.c has none for any \"%s\"",
				      event[i].name);
		}
		/* And the other way round. */
		for (unsigned k = 0; k < count; k++) {
			bool known = false;

			for (unsigned i = 0; i < events; i++)
				known |= !strcmp(table[k].event, event[i].name);
			ck_assert_msg(known, "no call says \"%s\"",
				      table[k].event);
		}
	}
END_TEST

/* Each key of a sentence is a field of the log. */
START_TEST(sentences_name_fields_that_exist)
	{
		static const char *const own[] = {"end", "far", "ender"};
		unsigned count, fields;
		const struct sentence *table = sentence_table(&count);
		const struct status_word *field = status_fields(&fields);

		for (unsigned i = 0; i < count; i++) {
			const char *at = table[i].text;

			while ((at = strchr(at, '{'))) {
				size_t n = strcspn(++at, "}");
				bool known = false;

				for (unsigned k = 0; k < 3; k++)
					known |= strlen(own[k]) == n &&
						 !strncmp(own[k], at, n);
				for (unsigned k = 0; k < fields; k++)
					known |= strlen(field[k].name) == n &&
						 !strncmp(field[k].name, at, n);
				ck_assert_msg(known, "{%.*s} in: %s", (int)n,
					      at, table[i].text);
			}
		}
	}
END_TEST

START_TEST(long_values_are_cut_not_overrun)
	{
		char line[1200], out[SENTENCE_MAX], value[401];

		memset(value, 'v', 400);
		value[400] = '\0';
		snprintf(line, sizeof(line),
			 A "call-start from=%s to=%s candidate=x", value,
			 value);
		say(out, line);
		ck_assert_uint_eq(strlen(out), SENTENCE_MAX - 1);
	}
END_TEST

static const struct {
	const char *why, *words;
} anchors[] = {
	{"address-family", "the two ends speak different IP versions"},
	{"not-two-phones", "one end is a trunk or a PBX"},
	{"same-subnet", "both phones stand in one subnet"},
	{"other-subnet", "the phones stand in different subnets"},
	{"local", "a phone stands behind a router of ours"},
	{"remote", "a phone is out on the Internet"},
	{"anchor=never x/acme.conf:7", "x/acme.conf:7 says anchor=never"},
	{"anchor=always default", "anchor=always is the default there"},
	{"unheard", "unheard"},
	{"", ""},
};

START_TEST(the_reason_to_relay_is_said_in_words)
	{
		char out[256];

		sentence_anchor(out, sizeof(out), anchors[_i].why);
		ck_assert_str_eq(out, anchors[_i].words);
	}
END_TEST

/* --- trouble ------------------------------------------------------------ */

#define FIGURES "leg=- peer=- event=call-end cause=hangup by=a "
#define ANSWERED                                     \
	"leg=a peer=phones event=call-start from=1|" \
	"leg=b peer=acme event=call-answer number=1|"

/* names: what is found, in this order; words: of the first one. */
static const struct {
	const char *lines, *names, *words;
} troubles[] = {
	{"leg=b peer=acme event=call-candidate-failed cause=silent",
	 "silent-peer", "b (acme) did not answer the INVITE at all."},
	{B "call-candidate-failed status=401 cause=refused|" B
	   "call-candidate-failed status=401 cause=refused",
	 "wrong-credentials",
	 "b (acme) did not take our user name and password (401)"},
	{B "call-candidate-failed status=407 cause=refused",
	 "wrong-credentials",
	 "b (acme) did not take our user name and password (407)"},
	{B "call-candidate-failed number=123 status=403 cause=refused "
	   "reason=Forbidden",
	 "forbidden", "b (acme) forbids this call (403 Forbidden)"},
	{B "call-candidate-failed status=488 cause=no-common-codec",
	 "no-common-codec",
	 "The caller's offer had no codec that the policy of b (acme) allows"},
	{B "call-candidate-failed status=488 cause=refused", "no-common-codec",
	 "b (acme) takes nothing of what it was offered (488)"},
	{B "call-candidate-failed status=488 cause=t38", "t38",
	 "b (acme) was not asked: the call is a fax (T.38)"},
	{A "call-refused status=488 cause=no-common-codec", "no-common-codec",
	 "a (phones) offered in mid-call no codec that the call can use"},
	{B "call-candidate-failed status=503 cause=ports-taken", "ports-taken",
	 "All RTP ports of a network were taken"},
	{B "call-candidate-failed status=503 cause=ports-unusable",
	 "ports-unusable", "RTP ports could not be opened"},
	{B "call-line-refused slot=1 cause=ports-taken", "ports-taken",
	 "All RTP ports of a network were taken"},
	{B "call-line-refused slot=1 cause=ports-unusable", "ports-unusable",
	 "RTP ports could not be opened"},
	{A "call-refused status=503 cause=ports-taken", "ports-taken",
	 "All RTP ports of a network were taken"},
	{A "call-refused status=503 cause=ports-unusable", "ports-unusable",
	 "RTP ports could not be opened"},
	{B "call-candidate-failed status=503 cause=descriptors", "descriptors",
	 "The limit of open files is too low for so many calls"},
	{B "call-candidate-failed status=503 cause=down", "peer-down",
	 "b (acme) is down"},
	{B "call-candidate-failed status=503 cause=unresolved",
	 "peer-unresolved", "The name of b (acme) could not be looked up"},
	{B "call-candidate-failed status=503 cause=max_calls", "peer-full",
	 "b (acme) had as many calls as its max_calls allows."},
	{B "call-candidate-failed number=102 status=480 cause=not-registered",
	 "not-registered", "No phone was registered for 102"},
	{B "call-candidate-failed status=503 cause=address-family",
	 "address-family",
	 "The network of b (acme) has no address of its IP version."},
	{A "alg-suspected way=udp:5060 sign=sdp evidence=\"o= x\" "
	   "advice=\"TCP there\"",
	 "alg-suspected",
	 "A SIP ALG in the router of a (phones) seems to rewrite messages: o= "
	 "x: switch it off there, or set TCP there."},
	{A "call-ack-lost media=flows kept=yes", "ack-lost",
	 "The ACK of a (phones) for our 200 never came; its media flows. A "
	 "SIP ALG in a router between is suspected"},
	{A "call-answer-missing", "no-answer-in-ack",
	 "The ACK of a (phones) brought no answer to our offer"},
	{B "media-fault slot=0 error=\"No route to host\"", "media-fault",
	 "A media socket toward b (acme) failed: No route to host."},
	{B "call-refresh-failed status=0 cause=no-means", "refresh-failed",
	 "The session timer of b (acme) could not be refreshed"},
	{"leg=- peer=- event=call-end by=b cause=session-expired",
	 "session-expired", "The session timer of b ran out: it neither"},
	{A "call-transfer-failed number=102 status=486", "transfer-failed",
	 "A transfer that a (phones) asked for failed with 486."},
	{"leg=- peer=- event=call-end by=a cause=prack-missing",
	 "prack-missing", "a never confirmed our ringing by PRACK"},
	{"leg=- peer=- event=call-end by=b cause=answer-unusable",
	 "answer-unusable", "The SDP of the answer could not be used"},
	{B "call-candidate-failed status=488 cause=srtp", "srtp",
	 "The caller's media is not secured in a way that can go to b (acme)"},
	{"leg=- peer=- event=call-end by=b cause=srtp", "srtp",
	 "The called end answered our offer without the SRTP that was in it"},
	{A "media-unauthentic slot=0", "unauthentic",
	 "Packets from a (phones) fail authentication: its key is not the one "
	 "in its SDP."},
	{B "srtp-key-worn cause=protected", "key-worn",
	 "Our SRTP key toward b (acme) will wear out"},
	{"leg=- peer=- event=call-end by=a cause=max_calls", "caller-full",
	 "a had as many calls as its max_calls allows."},
	{"leg=- peer=- event=call-end by=b cause=dialog-lost", "dialog-lost",
	 "b did not know the call any more"},
	{"leg=- peer=- event=call-end by=sallyport cause=media-timeout",
	 "media-timeout", "No packet came from either end for media_timeout"},
	/* figures */
	{ANSWERED FIGURES "duration_ms=9000 packets_a=0 packets_b=0", "no-rtp",
	 "No RTP came from either end in 9.0 s"},
	{ANSWERED FIGURES "duration_ms=9000 packets_a=400 packets_b=0",
	 "one-way",
	 "One-way audio: a (phones) sent 400 packets, b (acme) none in 9.0 s."},
	{ANSWERED FIGURES
	 "duration_ms=9000 packets_a=0 packets_b=400 elsewhere_a=390",
	 "one-way elsewhere",
	 "One-way audio: b (acme) sent 400 packets, a (phones) none in 9.0 "
	 "s."},
	{ANSWERED FIGURES
	 "duration_ms=9000 packets_a=400 packets_b=400 elsewhere_b=50",
	 "elsewhere",
	 "50 packets on the port of b (acme) came from another source than its "
	 "SDP told and were dropped."},
	{ANSWERED "leg=b peer=acme event=media-nat cause=private-address "
		  "shown=10.1.1.1:4000|" FIGURES
		  "duration_ms=9000 packets_a=400 packets_b=0",
	 "one-way private-sdp", "One-way audio: a (phones) sent"},
	{ANSWERED "leg=a peer=phones event=media-nat cause=other-address "
		  "shown=192.168.9.1:4000|" FIGURES
		  "duration_ms=9000 packets_a=0 packets_b=400",
	 "one-way other-sdp", "One-way audio: b (acme) sent"},
	{ANSWERED "leg=a peer=phones event=media-nat cause=other-address "
		  "shown=192.168.9.1:4000|" FIGURES
		  "duration_ms=9000 packets_a=400 packets_b=400",
	 "", NULL},
	{ANSWERED FIGURES "duration_ms=90000 packets_a=400 packets_b=4000 "
			  "silent_ms_a=60000 silent_ms_b=10",
	 "rtp-stopped",
	 "No RTP from a (phones) since 08:59:00 UTC (1:00 min), without a "
	 "hold."},
	{ANSWERED FIGURES
	 "duration_ms=9000 packets_a=400 packets_b=400 lost_b=40",
	 "loss",
	 "9.1 % of the packets of b (acme) were lost before they came to us."},
	{ANSWERED FIGURES
	 "duration_ms=9000 packets_a=400 packets_b=400 jitter_us_a=60000",
	 "jitter", "The packets of a (phones) come unevenly, jitter 60 ms."},
	/* and what is none */
	{ANSWERED FIGURES "duration_ms=9000 packets_a=400 packets_b=400", "",
	 NULL},
	{ANSWERED FIGURES "duration_ms=2000 packets_a=0 packets_b=0", "", NULL},
	{ANSWERED FIGURES "duration_ms=90000", "", NULL}, /* not relayed */
	{"leg=a peer=phones event=call-start|" FIGURES
	 "duration_ms=0 packets_a=0 packets_b=0",
	 "", NULL},
	{ANSWERED
	 "leg=a peer=phones event=call-hold direction=inactive|" FIGURES
	 "duration_ms=90000 packets_a=400 packets_b=4000 "
	 "silent_ms_a=60000",
	 "", NULL},
	{ANSWERED "leg=a peer=phones event=call-hold direction=inactive|"
		  "leg=a peer=phones event=call-resume|" FIGURES
		  "duration_ms=90000 packets_a=400 packets_b=4000 "
		  "silent_ms_a=60000",
	 "rtp-stopped", "No RTP from a (phones) since 08:59:00 UTC"},
	{ANSWERED "leg=b peer=acme event=media-nat cause=private-address "
		  "shown=10.1.1.1:4000|" FIGURES
		  "duration_ms=9000 packets_a=400 packets_b=400",
	 "", NULL},
	/* it was agreed so */
	{ANSWERED FIGURES "duration_ms=9000 packets_a=0 packets_b=400 "
			  "sends_a=no",
	 "", NULL},
	{ANSWERED FIGURES "duration_ms=9000 packets_a=0 packets_b=0 "
			  "sends_b=no",
	 "", NULL},
	{ANSWERED FIGURES "duration_ms=90000 packets_a=400 packets_b=4000 "
			  "silent_ms_a=60000 sends_a=no",
	 "", NULL},
	/* what was said of who has left is not said of who came */
	{ANSWERED "leg=a peer=phones event=media-nat cause=private-address "
		  "shown=10.1.1.1:4000|"
		  "leg=a peer=phones event=call-hold direction=sendonly|"
		  "leg=a peer=phones event=call-transferred number=102|" FIGURES
		  "duration_ms=9000 packets_a=0 packets_b=400",
	 "one-way", "One-way audio: b (acme) sent 400 packets, a (phones) "},
	{B "call-candidate-failed status=486 cause=refused", "", NULL},
};

static void names_of(char out[256], const char *lines, struct trouble found[16])
{
	const struct story *story = told(lines);
	struct account account;
	unsigned count;

	account_read(&account, story);
	count = trouble_find(&account, story, found, 16);
	*out = '\0';
	for (unsigned i = 0; i < count; i++) {
		strcat(out, i ? " " : "");
		strcat(out, found[i].name);
	}
}

START_TEST(trouble_is_found_and_said)
	{
		struct trouble found[16];
		char names[256];

		names_of(names, troubles[_i].lines, found);
		ck_assert_str_eq(names, troubles[_i].names);
		if (troubles[_i].words)
			ck_assert_msg(!strncmp(found[0].text,
					       troubles[_i].words,
					       strlen(troubles[_i].words)),
				      "said: %s", found[0].text);
	}
END_TEST

static bool is_tested(const char *name)
{
	for (size_t i = 0; i < sizeof(troubles) / sizeof(*troubles); i++) {
		const char *at = strstr(troubles[i].names, name);
		size_t len = strlen(name);

		if (at && (at[len] == ' ' || !at[len]) &&
		    (at == troubles[i].names || at[-1] == ' '))
			return true;
	}
	return false;
}

START_TEST(every_trouble_is_tested)
	{
		unsigned count;
		const struct trouble_line *line = trouble_lines(&count);

		for (unsigned i = 0; i < count; i++)
			ck_assert_msg(is_tested(line[i].name), "%s",
				      line[i].name);
		for (unsigned i = 0; trouble_figure(i); i++)
			ck_assert_msg(is_tested(trouble_figure(i)), "%s",
				      trouble_figure(i));
	}
END_TEST

START_TEST(no_more_trouble_than_there_is_room)
	{
		struct trouble found[3];
		const struct story *story =
			told(B "call-candidate-failed cause=down|" B
			       "call-candidate-failed cause=silent|" B
			       "call-candidate-failed cause=max_calls|" B
			       "call-candidate-failed cause=unresolved");
		struct account account;

		account_read(&account, story);
		ck_assert_uint_eq(trouble_find(&account, story, found, 3), 3);
	}
END_TEST

#define LOOP(t, test, table) \
	tcase_add_loop_test(t, test, 0, sizeof(table) / sizeof(*(table)))

static Suite *story_suite(void)
{
	Suite *suite = suite_create("story");
	TCase *t = tcase_create("story");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, status_lines_of_a_call_become_its_story);
	tcase_add_test(t, a_quoted_value_poses_as_no_field);
	tcase_add_test(t, a_long_story_keeps_its_beginning_and_its_end);
	tcase_add_test(t, long_lines_stay_within_the_bytes);
	tcase_add_test(t, the_last_five_hundred_ended_calls_are_kept);
	tcase_add_test(t, a_usual_story_costs_less_than_three_kilobytes);
	LOOP(t, lines_are_said_in_words, sentences);
	tcase_add_test(t, every_sentence_is_tested);
	tcase_add_test(t, every_event_of_a_call_has_a_sentence);
	tcase_add_test(t, sentences_name_fields_that_exist);
	tcase_add_test(t, long_values_are_cut_not_overrun);
	LOOP(t, the_reason_to_relay_is_said_in_words, anchors);
	LOOP(t, trouble_is_found_and_said, troubles);
	tcase_add_test(t, every_trouble_is_tested);
	tcase_add_test(t, no_more_trouble_than_there_is_room);
	suite_add_tcase(suite, t);
	return suite;
}

CHECK_MAIN(story_suite())
