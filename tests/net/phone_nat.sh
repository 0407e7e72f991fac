#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A phone behind a NAT that changes its ports: registers, is called back on
# the address it was seen at, audio both ways.
. "${srcdir:-.}/tests/net/lib.sh"

need iptables
net_begin
net_world
net_space lan2
net_link lan inner0 lan2 eth0
net_address lan inner0 10.5.0.1/24
net_address lan2 eth0 10.5.0.2/24
net_gateway lan2 10.5.0.1
netns lan sysctl -qw net.ipv4.ip_forward=1
netns lan iptables -t nat -A POSTROUTING -o eth0 -s 10.5.0.0/24 -p udp \
	-j MASQUERADE --to-ports 40000-40999 ||
	net_skip "iptables: no nat here"
trunk acme $PROVIDER
configure
sallyport_start
provider provider $PROVIDER
fake phone lan2 -l 10.5.0.2:5060 -p $LAN_EDGE:5060 -u 101 -w secret-101 \
	-d $LAN_EDGE
promise "the phone registers through its NAT" register phone
tell provider call +442079460101
promise "it is called back where it was seen" await phone '^incoming'
promise "and answers" await provider '^answered'
promise "audio both ways, inbound" heard_both phone provider 1
tell provider hangup
promise "the hangup reaches it" await phone '^ended by=them'
promise "no break in what the provider heard" judged provider breaks == 0
tell phone call 05551234
promise "it calls out" await phone '^answered' 5 2
promise "audio both ways, outbound" \
	eval 'await provider "^heard seconds=1" 5 2 &&
	      await phone "^heard seconds=1" 5 2'
tell phone hangup
promise "its hangup crosses" await provider '^ended by=them'
promise "what its SDP showed is explained" \
	eval 'ctl explain last | grep -q "SDP of a (phones) showed 10.5.0.2:"'
net_end
