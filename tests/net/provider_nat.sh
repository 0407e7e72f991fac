#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The edge stands behind a router that maps a public address and ports to it.
. "${srcdir:-.}/tests/net/lib.sh"

need iptables
net_begin
net_space lan edge router wan
net_link lan eth0 edge lan0
net_link edge wan0 router in0
net_link router out0 wan eth0
net_address lan eth0 $PHONE1/24
net_address edge lan0 $LAN_EDGE/24 $LAN6_EDGE/64
net_address edge wan0 10.9.0.2/24
net_address router in0 10.9.0.1/24
net_address router out0 $WAN_EDGE/24
net_address wan eth0 $PROVIDER/24
net_gateway lan $LAN_EDGE
net_gateway edge 10.9.0.1
net_gateway wan $WAN_EDGE
netns router sysctl -qw net.ipv4.ip_forward=1
nat() { netns router iptables -t nat "$@" || net_skip "iptables: no nat here"; }
nat -A PREROUTING -i out0 -p udp --dport 5062 -j DNAT --to 10.9.0.2:5060
nat -A PREROUTING -i out0 -p udp --dport 30000:30099 -j DNAT --to 10.9.0.2
nat -A POSTROUTING -o out0 -p udp --sport 5060 -j SNAT --to $WAN_EDGE:5062
nat -A POSTROUTING -o out0 -j SNAT --to $WAN_EDGE

CONF_NETWORKS='lan: { address = [ "192.168.77.1", "fd77::1" ];
	       rtp_ports = "20000-20099"; };
	wan: { address = "10.9.0.2"; public = "198.51.100.1";
	       public_sip_port = 5062; rtp_ports = "30000-30099"; };'
trunk acme $PROVIDER
configure
sallyport_start
fake provider wan -l $PROVIDER:5060 -p $WAN_EDGE:5062 -d $WAN_EDGE:5062 \
	-M "$NET_WORK/provider.messages"
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "audio both ways, outbound" heard_both phone provider 1
promise "SDP shows the public address" \
	said provider "^media $WAN_EDGE:30[0-9]+"
promise "Via shows the public address" \
	grep -q -a -E "^(Via|v): *SIP/2.0/UDP $WAN_EDGE" \
	"$NET_WORK/provider.messages"
promise "Contact shows it with the public port" \
	grep -q -a -E "^(Contact|m): .*$WAN_EDGE:5062" \
	"$NET_WORK/provider.messages"
tell provider hangup
promise "the provider's BYE finds its way by the Contact" \
	await phone '^ended by=them'
tell provider call +442079460101
promise "the phone is called" await phone '^incoming'
promise "and answers" await provider '^answered'
promise "audio both ways, inbound" \
	eval 'await provider "^heard seconds=1" 5 2 &&
	      await phone "^heard seconds=1" 5 2'
tell phone hangup
promise "the hangup crosses" await provider '^ended by=them'
promise "the private address was never shown" \
	never grep -q -a -F 10.9.0 "$NET_WORK/provider.messages"
net_end
