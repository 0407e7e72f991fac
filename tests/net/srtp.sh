#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real phone with SRTP (SDES, RFC 4568) calls a provider that has none, and a
# plain phone calls a provider that takes nothing else: each hears the other
# through us. Hold and resume leave the provider alone. (baresip 1.0 knows
# neither MKI nor a new key of ours in mid-call; check_call_srtp has those.)
. "${srcdir:-.}/tests/net/lib.sh"

need baresip
[ -e "$(baresip_modules)/srtp.so" ] || net_skip "baresip has no srtp.so"

CONF_PHONES='network = "lan"; srtp = "optional";'
CONF_ROUTES='{ from = "phones"; number = "^0(.*)$"; to_number = "+44\\1";
	  to = [ "acme" ]; },
	{ from = "phones"; number = "^9(.*)$"; to_number = "+44\\1";
	  to = [ "crypt" ]; },
	{ from = "acme"; number = "^\\+442079460101$"; to = [ "101" ]; }'
net_begin
net_world
trunk acme $PROVIDER 'srtp = "off"; reinvite = "suppress";'
trunk crypt $PROVIDER2 'srtp = "sdes"; srtp_lifetime = "2^31";'
configure
sallyport_start
provider provider $PROVIDER -e kill
BARESIP_MODULE=srtp.so BARESIP_ACCOUNT=';mediaenc=srtp-mand'

# --- SRTP inside, plain outside --------------------------------------------------
baresip_start phone lan $PHONE1 101 $LAN_EDGE
promise "baresip registers" await phone ' 200 OK ' 8
promise "it dials" baresip_tell dial "sip:05551234@$LAN_EDGE"
promise "the provider hears it" await provider '^heard seconds=2' 8
promise "SRTP ends here" status \
	"event=call-answer .* encryption_a=sdes encryption_b=none srtp=here"
promise "it holds" baresip_tell hold
promise "and is answered here" status 'leg=a .*event=call-hold'
promise "it resumes" baresip_tell resume
promise "and is answered here again" status 'leg=a .*event=call-resume'
heard=$(grep -c '^heard' "$NET_WORK/provider.out")
promise "the provider hears it on" await provider '^heard' 8 $((heard + 2))
baresip_tell hangup
promise "the hangup reaches the provider" await provider '^ended by=them'
stop phone
promise "the phone heard the provider" eval \
	'baresip_heard phone && judged phone-heard tone_seconds ">=" 1.5'
promise "each packet was authentic for the phone" \
	never said phone 'failed to decrypt'
promise "and for us" never grep -q media-unauthentic "$NET_WORK/status.log"

# --- plain inside, SRTP outside ---------------------------------------------------
BARESIP_REGINT=0
baresip_start crypt wan $PROVIDER2 +445551234 $PROVIDER2
promise "a provider that takes SRTP alone is there" \
	await crypt '^baresip is ready' 8
phone other 102 $PHONE2
promise "a plain phone registers" register other
tell other call 95551234
promise "it hears the provider that takes SRTP alone" \
	await other '^heard seconds=2' 15
promise "SRTP ends here" status \
	"event=call-answer .* encryption_a=none encryption_b=sdes srtp=here"
tell other hold
promise "it holds" await other '^accepted'
promise "which is said" status 'leg=a .*event=call-hold' 5 2
tell other resume
promise "it resumes" await other '^accepted' 5 2
heard=$(grep -c '^heard' "$NET_WORK/other.out")
promise "and hears it again" await other '^heard' 8 $((heard + 1))
tell other hangup
promise "it ends" await other '^told 200|^ended' 5
stop crypt
promise "that provider heard the phone" eval \
	'baresip_heard crypt && judged crypt-heard tone_seconds ">=" 1.5'
promise "each packet was authentic for it" \
	never said crypt 'failed to decrypt'
promise "and for us" never grep -q media-unauthentic "$NET_WORK/status.log"
promise "no key stands in the status log" \
	never grep -q inline: "$NET_WORK/status.log" "$NET_WORK/sallyport.out"

dismiss provider
promise "the plain provider saw no re-INVITE" judged provider reinvites == 0
promise "one SSRC" judged provider ssrcs == 1
promise "sequence numbers in steps of one" judged provider breaks == 0
promise "no gap over 60 ms" judged provider gap_ms '<=' 60
net_end
