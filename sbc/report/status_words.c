/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of the status log: every event, every field and every cause. Each
 * stands in sallyport-status(5) too, and tests/docs_status.sh compares them.
 */
#include "config.h"

#include "sbc/report/status.h"

#include <string.h>

static const struct status_word event_table[] = {
	/* of one call; in words in sentence.c */
	{"call-start", "an INVITE was let in and its caller is known"},
	{"call-ring", "the called end rings, or sends early media"},
	{"call-answer", "the called end answered"},
	{"call-suppressed", "a request was answered here, not passed on"},
	{"call-forwarded", "a request was passed on and taken"},
	{"peer-learned", "a peer of `auto` cannot take such a request"},
	{"call-hold", "an end put the call on hold"},
	{"call-resume", "an end took the call up again"},
	{"call-ack-lost", "the ACK for our 200 never came"},
	{"alg-suspected", "a SIP ALG on the way seems to rewrite messages"},
	{"call-answer-missing",
	 "an ACK brought no answer to our offer, or one that does not fit"},
	{"call-refresh-failed", "our refresh of a session timer failed"},
	{"call-slimmed", "an INVITE was shortened to max_message"},
	{"call-refused", "the call was refused before it was answered"},
	{"call-line-refused",
	 "an m= line in a call found no port; the rest was taken"},
	{"call-candidate-failed", "one candidate failed, the next is tried"},
	{"call-media", "the first packet came from an end"},
	{"call-request", "INFO or MESSAGE in the call, and what came of it"},
	{"call-transfer", "an end asked for a transfer, and it began"},
	{"call-transferred", "another end took its place"},
	{"call-transfer-failed", "the transfer failed, the call is as it was"},
	{"call-redirected", "a candidate's 3xx was followed"},
	{"call-end", "the call is over; its whole account"},
	{"media-moved", "an end's packets come from another address now"},
	{"media-fault", "a media socket failed"},
	{"media-unauthentic", "SRTP of an end fails its authentication"},
	{"srtp-key-worn", "a key of ours nears the end of its lifetime"},
	{"media-nat", "an end's SDP shows an address it does not send from"},
	/* of phones */
	{"registered", "a phone registered or refreshed"},
	{"unregistered", "a phone took its registration back"},
	{"expired", "a phone's registration ran out"},
	{"register-refused", "a REGISTER was refused"},
	/* of trunks */
	{"trunk-up", "a trunk answers"},
	{"trunk-down", "a trunk does not answer"},
	{"trunk-registered", "our registration at a trunk stands"},
	{"trunk-register-refused", "a trunk refuses our registration"},
	{"trunk-unresolved", "a trunk's name cannot be looked up"},
	{"trunk-resolved", "a trunk's name is found again"},
	{"trunk-way", "a trunk is talked to by another transport or port"},
	/* of the program */
	{"start", "the program runs"},
	{"stop", "the program ends"},
	{"reload", "a new policy is in force"},
	{"reload-failed", "a broken policy was not taken"},
	{"drain", "no more calls are taken"},
	{"address-changed", "a network stands at other addresses now"},
	{"guard", "requests were dropped or new calls refused; at most "
		  "one line a second"},
	{"store-trouble", "the store could not write"},
	{"log-trouble", "lines of this log were lost"},
};

static const struct status_word field_table[] = {
	{"call", "the call's id, - if it is of no call"},
	{"leg", "a called us, b is called by us, n comes by a transfer"},
	{"peer", "the peer's name in the policy, - if none"},
	{"event", "what happened"},
	/* who and where to */
	{"from", "the caller's number or name"},
	{"to", "the number asked for; at the end, of who answered"},
	{"number", "the number as the peer is asked for it"},
	{"candidate", "the peer that is asked first"},
	{"address", "our addresses there"},
	{"network", "the network the packet came in on"},
	{"source", "the address and port it came from"},
	{"target", "the address and port it goes to"},
	{"transport", "udp or tcp"},
	{"class", "same-subnet, other-subnet, local or remote"},
	{"route", "file:line of the route"},
	{"policy", "file:line of the key that decided"},
	/* what happened */
	{"method", "the SIP method"},
	{"status", "the SIP status"},
	{"reason", "the reason text that came with it"},
	{"unsaid", "lines like this one that were left out"},
	{"cause", "one word for why"},
	{"by", "who ended it: a, b or sallyport"},
	{"evidence", "what came back from it"},
	{"error", "the system's error in words"},
	{"slot", "the m= line, from 0"},
	{"limit", "the peer's max_message"},
	{"was", "bytes of it as a whole"},
	{"bytes", "bytes of it as sent"},
	{"fits", "yes: it is short enough"},
	{"left_out", "what it does without, in this order"},
	{"early_media", "yes: it can be heard before the answer"},
	{"direction", "how the end asked for it: sendonly, inactive, zero"},
	{"media", "flows or silent"},
	{"kept", "yes: the call goes on all the same"},
	{"suspect", "what is probably the cause"},
	{"advice", "which key to set, in which file"},
	{"way", "a transport and a port of ours, as udp:5060"},
	{"sign", "by what it shows: ack, via, contact, sdp or none"},
	{"shown", "the address and port that its SDP shows"},
	{"other", "the id of the other call that it was joined to"},
	/* a call's account */
	{"anchor", "yes: the media goes through us"},
	{"anchor_why", "why the media was relayed or not"},
	{"codec_a", "the codec on leg a"},
	{"codec_b", "the codec on leg b"},
	{"encryption_a", "none, or what protects the media on leg a"},
	{"encryption_b", "none, or what protects the media on leg b"},
	{"srtp", "here: SRTP ends here on each leg; passed: it would not"},
	{"told_a", "where a was told to send its audio"},
	{"told_b", "where b was told to send its audio"},
	{"duration_ms", "from the answer to the end"},
	{"wait_ms", "from the INVITE to the answer"},
	{"peer_a", "the peer of leg a"},
	{"peer_b", "the peer of leg b"},
	{"packets_a", "RTP packets that came from a"},
	{"bytes_a", "their bytes, RTP headers included"},
	{"lost_a", "packets of a lost before us"},
	{"jitter_us_a", "jitter of a's packets"},
	{"mos_a", "MOS of what a sent, by the E-model"},
	{"dropped_a", "packets on a's port that were not taken"},
	{"unauthentic_a", "SRTP packets of a that were not authentic"},
	{"filler_a", "silence packets of ours sent to a"},
	{"source_a", "where a's packets came from"},
	{"elsewhere_a", "of dropped_a, those from elsewhere"},
	{"silent_ms_a", "since the last packet of a"},
	{"sends_a", "no: by its SDP, or ours to it, a sends no audio"},
	{"packets_b", "RTP packets that came from b"},
	{"bytes_b", "their bytes, RTP headers included"},
	{"lost_b", "packets of b lost before us"},
	{"jitter_us_b", "jitter of b's packets"},
	{"mos_b", "MOS of what b sent, by the E-model"},
	{"dropped_b", "packets on b's port that were not taken"},
	{"unauthentic_b", "SRTP packets of b that were not authentic"},
	{"filler_b", "silence packets of ours sent to b"},
	{"source_b", "where b's packets came from"},
	{"elsewhere_b", "of dropped_b, those from elsewhere"},
	{"silent_ms_b", "since the last packet of b"},
	{"sends_b", "no: by its SDP, or ours to it, b sends no audio"},
	{"suppressed", "requests answered here in this call"},
	/* registrations */
	{"user", "the phone's user name"},
	{"contact", "the phone's Contact"},
	{"expires_s", "seconds for which it stands"},
	{"nat", "yes: its Contact is not where it is"},
	{"stun", "yes: it shows a public address though it is here"},
	{"user_agent", "what the phone says it is"},
	{"stale", "yes: the name server is silent, old answer used"},
	{"targets", "addresses found for it"},
	/* the program */
	{"version", "the program's version"},
	{"config", "the configuration file"},
	{"peers", "trunks and PBXs"},
	{"networks", "networks"},
	{"dropped", "requests of sources over their own rate"},
	{"shed", "requests over the global rate"},
	{"overload", "new calls refused because requests had to wait"},
	{"sources", "sources remembered at this moment"},
	{"lost", "status lines lost"},
	{"cut", "yes: this line was too long, fields are missing"},
};

static const struct status_word cause_table[] = {
	/* how a call ended */
	{"hangup", "an end hung up: the usual end"},
	{"cancelled", "the caller hung up before the answer"},
	{"admin", "it was ended by sallyctl hangup"},
	{"shutdown", "the program was told to stop"},
	{"transferred", "its ends went on in another call"},
	{"transfer-failed",
	 "a transfer failed after the end that asked for it had left"},
	{"media-timeout", "no packet came for media_timeout"},
	{"session-expired", "an end did not refresh its session timer in time"},
	{"dialog-lost",
	 "an end did not know the call any more, or did not answer in it"},
	{"ack-lost", "the ACK for our 200 never came"},
	{"prack-missing", "the caller never confirmed our ringing"},
	{"no-candidate", "no candidate took the call"},
	/* why a call was refused, or a candidate failed */
	{"screened", "it can be no call"},
	{"draining", "no call is taken any more"},
	{"number", "it asks for something that can be no number"},
	{"no-route", "no route fits the number, of a call or a transfer"},
	{"route-limits", "a route's expression gave up on the number"},
	{"body-not-sdp", "a body came, and no SDP in it"},
	{"no-media", "the SDP has no m= line, or none with a port"},
	{"max_calls", "there are as many calls as max_calls says"},
	{"memory", "memory ran out"},
	{"internal", "a fault of ours"},
	{"unresolved", "the peer's name could not be looked up"},
	{"down", "the peer did not answer before and is not asked again yet"},
	{"not-registered", "no phone is registered for that user"},
	{"silent", "the peer did not answer at all"},
	{"ring-timeout", "it rang for ring_timeout and nobody answered"},
	{"refused", "the peer refused; status and reason say what"},
	{"address-family", "its network has no address of that IP version"},
	{"ports-taken", "all ports of rtp_ports are in use"},
	{"ports-unusable", "other programs hold the ports of rtp_ports"},
	{"descriptors", "the limit of open files is reached"},
	/* what an SDP lacked */
	{"no-common-codec", "no codec that both sides may use"},
	{"srtp", "the media is not secured as the other side needs it"},
	{"answer-unusable", "the answer does not fit the offer"},
	{"no-answer", "the ACK brought no SDP"},
	{"broken-sdp", "SDP that cannot be read"},
	{"sdp-version", "SDP that does not begin with v=0"},
	{"sdp-control", "SDP with control bytes in it"},
	{"sdp-media", "SDP with an m= line that cannot be read"},
	{"sdp-limits", "SDP beyond 16 kB, 8 m= lines, 64 formats in one of "
		       "them or 256 a= lines"},
	{"slots-missing",
	 "a later offer has fewer m= lines than the one before"},
	{"version-backwards", "the version in o= went back"},
	/* what became of a request in a call */
	{"policy", "the peer's policy says so"},
	{"refresh", "nothing changes: a refresh, answered here"},
	{"no-offer", "a re-INVITE without an offer got ours"},
	{"removed",
	 "the asking end removed all media; the other end is not told"},
	{"address", "the asking end moved; the other end need not know"},
	{"codec", "another codec, or the same sound in the other G.711 law"},
	{"change", "media, codecs or direction change"},
	{"direct-media",
	 "the media goes past us, so the other end has to know"},
	{"rekey", "a new SRTP key that the other end has to know"},
	{"early", "an UPDATE before the answer"},
	{"no-early-session",
	 "an UPDATE before the answer, and nothing is agreed yet"},
	{"update-needs-time",
	 "an UPDATE for what only a re-INVITE can ask the other end"},
	{"refused-by-peer", "the other end refused it"},
	{"not-forwarded", "it could not be sent to the other end"},
	{"t38", "a fax"},
	{"t38-timeout",
	 "the other end did not answer the offer of a fax in time"},
	{"key", "a key press"},
	{"passed", "it was passed on"},
	{"answered", "it was answered here"},
	/* why a transfer was refused */
	{"refer-to", "Refer-To is missing or cannot be followed"},
	{"replaces-not-yours", "it would take the place of another's call"},
	{"transfer-under-way", "one is under way, or an end is not ready"},
	{"loop", "the call was transferred ten times"},
	{"provider-to-provider", "it would join two providers"},
	/* what else has a cause */
	{"renewed", "a re-INVITE with another SRTP key is sent"},
	{"protected", "that peer may be sent no re-INVITE; its SRTP key stays"},
	{"no-means", "that end lets no refresh be sent"},
	{"private-address",
	 "the SDP shows a private address, the packets come from another one"},
	{"other-address",
	 "the SDP shows another address than the packets come from"},
};

const struct status_word *status_events(unsigned *count)
{
	*count = sizeof event_table / sizeof *event_table;
	return event_table;
}

const struct status_word *status_call_events(unsigned *count)
{
	for (*count = 0; strcmp(event_table[*count].name, "registered") != 0;)
		(*count)++;
	return event_table;
}

const struct status_word *status_fields(unsigned *count)
{
	*count = sizeof field_table / sizeof *field_table;
	return field_table;
}

const struct status_word *status_causes(unsigned *count)
{
	*count = sizeof cause_table / sizeof *cause_table;
	return cause_table;
}
