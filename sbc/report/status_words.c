/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of the status log: every event and every field. Each stands in
 * sallyport-status(5) too, and tests/docs_status.sh compares them.
 */
#include "config.h"

#include "sbc/report/status.h"

static const struct status_word event_table[] = {
	/* of one call */
	{"call-start", "an INVITE was let in and its caller is known"},
	{"call-route", "a peer was chosen for the call and is asked"},
	{"call-ring", "the called end rings, or sends early media"},
	{"call-answer", "the called end answered"},
	{"call-suppressed", "a request was answered here, not passed on"},
	{"call-hold", "an end put the call on hold"},
	{"call-resume", "an end took the call up again"},
	{"call-refused", "the call was refused before it was answered"},
	{"call-candidate-failed", "one candidate failed, the next is tried"},
	{"call-media", "the first packet came from an end"},
	{"call-end", "the call is over; its whole account"},
	{"media-moved", "an end's packets come from another address now"},
	{"media-fault", "a media socket failed"},
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
	{"trunk-resolved", "a trunk's name can be looked up again"},
	/* of the program */
	{"start", "the program runs"},
	{"stop", "the program ends"},
	{"reload", "a new policy is in force"},
	{"reload-failed", "a broken policy was not taken"},
	{"drain", "no more calls are taken"},
	{"guard", "packets were dropped; at most one line a second"},
	{"store-trouble", "the store could not write"},
	{"log-trouble", "lines of this log were lost"},
};

static const struct status_word field_table[] = {
	{"call", "the call's id, - if it is of no call"},
	{"leg", "a called us, b is called by us, - neither"},
	{"peer", "the peer's name in the policy, - if none"},
	{"event", "what happened"},
	/* who and where to */
	{"from", "the caller's number or name"},
	{"to", "the number asked for"},
	{"number", "the number as the peer is asked for it"},
	{"network", "the network the packet came in on"},
	{"source", "the address and port it came from"},
	{"target", "the address and port it goes to"},
	{"transport", "udp or tcp"},
	{"class", "same-subnet, other-subnet, local or remote"},
	{"plan", "relay or direct, and what is kept from whom"},
	{"route", "file:line of the route"},
	{"policy", "file:line of the key that decided"},
	/* what happened */
	{"method", "the SIP method"},
	{"status", "the SIP status"},
	{"reason", "the reason text that came with it"},
	{"cause", "one word for why"},
	{"by", "who ended it: a, b, admin, media, program"},
	{"error", "the system's error in words"},
	{"side", "the leg the packets came from"},
	{"slot", "the m= line, from 0"},
	{"held", "who holds: a, b or both"},
	/* a call's account */
	{"anchor", "relay or direct"},
	{"anchor_why", "why the media was relayed or not"},
	{"codec_a", "the codec on leg a"},
	{"codec_b", "the codec on leg b"},
	{"encryption", "none, or what protects the media"},
	{"duration_ms", "from the answer to the end"},
	{"ring_ms", "from the INVITE to the answer"},
	{"packets_a", "RTP packets that came from a"},
	{"bytes_a", "their bytes, RTP headers included"},
	{"lost_a", "packets of a lost before us"},
	{"jitter_us_a", "jitter of a's packets"},
	{"mos_a", "MOS of what a sent, by the E-model"},
	{"dropped_a", "packets on a's port from elsewhere or no RTP"},
	{"filler_a", "silence packets of ours sent to a"},
	{"packets_b", "RTP packets that came from b"},
	{"bytes_b", "their bytes, RTP headers included"},
	{"lost_b", "packets of b lost before us"},
	{"jitter_us_b", "jitter of b's packets"},
	{"mos_b", "MOS of what b sent, by the E-model"},
	{"dropped_b", "packets on b's port from elsewhere or no RTP"},
	{"filler_b", "silence packets of ours sent to b"},
	{"suppressed", "requests answered here in this call"},
	/* registrations */
	{"user", "the phone's user name"},
	{"contact", "the phone's Contact"},
	{"expires_s", "for how long it stands"},
	{"user_agent", "what the phone says it is"},
	{"nat", "yes: the phone's Contact is not where it sends from"},
	{"stun", "yes: a phone of our LAN shows a public Contact"},
	{"unsaid", "refusals before this one that got no line"},
	{"targets", "addresses that the name leads to"},
	{"stale", "yes: the name server is silent, old answer used"},
	/* the program */
	{"version", "the program's version"},
	{"config", "the configuration file"},
	{"errors", "errors found in it"},
	{"calls", "calls at this moment"},
	{"peers", "trunks and PBXs"},
	{"networks", "networks"},
	{"dropped", "packets of one source over its rate"},
	{"shed", "requests over the global rate"},
	{"admitted", "requests let in"},
	{"lost", "status lines lost"},
	{"cut", "yes: this line was too long, fields are missing"},
};

const struct status_word *status_events(unsigned *count)
{
	*count = sizeof event_table / sizeof *event_table;
	return event_table;
}

const struct status_word *status_fields(unsigned *count)
{
	*count = sizeof field_table / sizeof *field_table;
	return field_table;
}
