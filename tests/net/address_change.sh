#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The outer address changes: the network is named by its interface.
. "${srcdir:-.}/tests/net/lib.sh"

NEW=198.51.100.5

# How many of them the program holds.
listeners() { netns edge ss -Hlnutp "src $1" 2>/dev/null | grep -c :5060; }
# The interface has another address.
change()
{
	netns edge ip addr del "$1/29" dev wan0
	netns edge ip addr add "$2/29" dev wan0
	netns edge ip route replace default via $WAN_ROUTER
}
status_says() { grep -q -E "$1" "$NET_WORK/status.log"; }

need ss
net_begin
net_world
CONF_NETWORKS='lan: { address = [ "192.168.77.1", "fd77::1" ];
	       rtp_ports = "20000-20099"; };
	wan: { interface = "wan0"; rtp_ports = "30000-30099"; };'
provider provider $PROVIDER -k 442079460101:hush
trunk acme $PROVIDER 'register: { user = "442079460101"; };
username = "442079460101"; password = "hush";'
configure
sallyport_start
promise "we register" await provider '^authenticated REGISTER'
promise "at the interface's address" \
	await provider "^registration .*$WAN_EDGE"
phone phone 101 $PHONE1
promise "a phone registers" register phone
tell phone call 05551234
promise "audio both ways" heard_both phone provider 1
tell phone hangup
promise "it ends" await provider '^ended by=them'

change $WAN_EDGE $NEW
promise "the new address is seen within a second" \
	within 1 status_says "event=address-changed network=wan address=.*$NEW"
promise "we register there at once" \
	within 3 grep -q "^registration .*$NEW" "$NET_WORK/provider.out"
promise "it listens there" [ "$(listeners $NEW)" = 2 ]
promise "and no more at the old one" [ "$(listeners $WAN_EDGE)" = 0 ]
tell phone call 05551234
promise "a new call is answered" await phone '^answered' 5 2
promise "its audio is heard both ways" \
	eval 'await provider "^heard seconds=1" 8 2 &&
	      await phone "^heard seconds=1" 8 2'
promise "from the new address" said provider "^media $NEW:30[0-9]+"

# While the call stands the address changes back; the next call is elsewhere.
change $NEW $WAN_EDGE
promise "a change in mid-call is seen" \
	within 2 status_says "event=address-changed .*$WAN_EDGE"
promise "it listens at the first address again" \
	within 2 eval '[ "$(listeners $WAN_EDGE)" = 2 ]'
tell phone hangup
promise "the call ends" await phone '^ended' 5 2
promise "the dead listeners go when the network is quiet" \
	within 70 eval '[ "$(listeners $NEW)" = 0 ]'

netns edge ip addr del $WAN_EDGE/29 dev wan0
promise "an interface may be without an IPv4 address" \
	within 2 eval '[ "$(listeners $WAN_EDGE)" = 0 ]'
promise "and the program goes on" ctl_answers
netns edge ip addr add $WAN_EDGE/29 dev wan0
netns edge ip route replace default via $WAN_ROUTER
promise "it registers when there is one again" \
	within 5 eval '[ "$(grep -c "^registration .*$WAN_EDGE" \
		"$NET_WORK/provider.out")" -ge 2 ]'
net_end
