#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing of the inside shows outside, in any message.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual 'reinvite = "forward";'
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "a call goes out" heard_both phone provider 1
from=$(lines phone)
tell phone hold
promise "a hold is forwarded to a provider that takes it" \
	await provider '^reinvite count=1'
promise "and accepted" within 5 since phone "$from" '^accepted'
tell phone hangup
promise "it ends" await provider '^ended by=them'
tell provider call +442079460101
promise "a call comes in" await phone '^incoming'
promise "and is answered" await provider '^answered'
tell phone hangup
promise "and ends" await provider '^ended by=them' 5 2
seen=$NET_WORK/provider.messages
promise "the provider's messages were kept" grep -q -a '^INVITE ' "$seen"
for inside in 192.168. fd77: Fakephone secret User-Agent \
	Record-Route; do
	promise "\"$inside\" is in none of them" \
		never grep -q -a -i -F -e "$inside" "$seen"
done
promise "every message gives one Via, ours" eval \
	'! grep -a -E "^(Via|v):" "$seen" | grep -v -q -E "'"$WAN_EDGE|$PROVIDER"'"'
# The library's own Call-IDs end with the address of the first interface.
for mac in $(netns edge ip -o link show type veth |
	sed -n 's/.*ether \([0-9a-f:]*\) .*/\1/p' | tr -d :); do
	promise "our hardware address $mac is in none of them" \
		never grep -q -a -i -F -e "$mac" "$seen"
done
promise "o= is ours" never grep -q -a '^o=fake' "$seen"
net_end
