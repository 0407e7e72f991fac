#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A LAN phone that shows a public address in Contact and SDP (STUN) is known
# by its packets' source and treated as the LAN phone it is.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1 -c 203.0.113.50:5060 -m 203.0.113.50
promise "the phone registers" register phone
tell provider call +442079460101
promise "it is called at its real address" await phone '^incoming'
promise "audio both ways, inbound" heard_both phone provider 1
tell provider hangup
promise "the provider's hangup reaches it" await phone '^ended by=them'
tell phone call 05551234
promise "it calls out" await phone '^answered' 5 2
promise "audio both ways, outbound" \
	eval 'await provider "^heard seconds=1" 5 2 &&
	      await phone "^heard seconds=1" 5 2'
tell provider hangup
promise "its second call is ended too" await phone '^ended by=them' 5 2
promise "its false address went nowhere" \
	never grep -q -a -F 203.0.113.50 "$NET_WORK/provider.messages"
net_end
