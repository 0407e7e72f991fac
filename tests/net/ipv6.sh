#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An IPv6 phone talks by an IPv4 trunk.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE6
promise "the phone registers over IPv6" register phone
tell phone call 05551234
promise "the call is up, audio both ways" heard_both phone provider 1
promise "the phone is shown IPv6 media" \
	said phone "^media \[$LAN6_EDGE\]:20[0-9]+"
promise "the provider is shown IPv4 media" \
	said provider "^media $WAN_EDGE:30[0-9]+"
tell phone hangup
promise "the hangup crosses" await provider '^ended by=them'
tell provider call +442079460101
promise "the phone is called over IPv6" await phone '^incoming'
promise "audio both ways, inbound" \
	eval 'await provider "^heard seconds=1" 5 2 &&
	      await phone "^heard seconds=1" 5 2'
tell provider hangup
promise "the provider's hangup crosses" await phone '^ended by=them' 5
promise "nothing of IPv6 was shown to the provider" \
	never grep -q -a -F fd77: "$NET_WORK/provider.messages"
net_end
