#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real phone on the LAN registers and dials out by the trunk.
. "${srcdir:-.}/tests/net/lib.sh"

need baresip
net_usual
provider provider $PROVIDER
baresip_start phone lan $PHONE1 101 $LAN_EDGE
promise "baresip registers with its digest" await phone ' 200 OK ' 8
promise "it dials" baresip_tell dial "sip:05551234@$LAN_EDGE"
promise "the provider is called at the rewritten number" \
	await provider '^incoming INVITE sip:\+445551234@'
promise "so says the status log as soon as it rings" \
	status 'event=call-ring number=\+445551234 '
promise "the provider hears the phone" await provider '^heard seconds=2' 8
promise "the call is shown while it lasts" eval 'ctl calls | grep -q acme'
baresip_tell hangup
promise "its hangup reaches the provider" await provider '^ended by=them'
promise "what the provider heard was the tone" judged provider share '>' 0.9
promise "in one stream" judged provider ssrcs == 1
promise "without a break" judged provider breaks == 0
promise "the phone heard the provider" eval \
	'baresip_heard phone && judged phone-heard tone_seconds ">=" 1.5'
promise "the status log tells the end" status 'event=call-end.* by=a '
net_end
