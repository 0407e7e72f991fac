#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A phone behind a SIP ALG is told another port of ours (sip_ports): it
# registers there, calls and is called by it, over UDP and over TCP.
. "${srcdir:-.}/tests/net/lib.sh"

need tcpdump
CONF_NETWORKS='lan: { address = "192.168.77.1"; sip_ports = [ 5080 ];
	       rtp_ports = "20000-20099"; };
	wan: { address = "198.51.100.1"; rtp_ports = "30000-30099"; };'
net_usual
provider provider $PROVIDER
# What is sent to such a phone comes from the port that it talks to: what comes
# from another one does not pass its router.
netns lan timeout 60 tcpdump -i eth0 -n -l -c 200 \
	"src host $LAN_EDGE and src port 5060" \
	>"$NET_WORK/tcpdump.out" 2>"$NET_WORK/tcpdump.err" &
NET_PIDS+=($!)
within 5 grep -q listening "$NET_WORK/tcpdump.err"
fake udp lan -l $PHONE1:5060 -p $LAN_EDGE:5080 -u 101 -w secret-101 \
	-d $LAN_EDGE:5080
fake tcp lan -l $PHONE2:5060 -p $LAN_EDGE:5080 -u 102 -w secret-102 \
	-d $LAN_EDGE:5080 -t
promise "a phone registers at the further port" register udp
promise "and one over TCP" register tcp
promise "sallyctl lists both" eval \
	'[ "$(ctl phones | grep -c -E "^10[12] ")" = 2 ]'
calls=0
for name in udp tcp; do
	tell $name call 05551234
	promise "$name calls out" await $name '^heard seconds=1' 8
	tell $name hold
	promise "holds" await $name '^accepted'
	tell $name resume
	promise "and resumes" await $name '^accepted' 5 2
	tell $name hangup
	calls=$((calls + 1))
	promise "the provider is told the end" \
		await provider '^ended by=them' 5 $calls
done
tell provider call +442079460101
promise "it is called by it" await udp '^incoming INVITE'
promise "and talks" await udp '^heard seconds=1' 8
tell udp hangup
promise "and ends it" await provider '^ended by=them' 5 3
sleep 0.3 # what tcpdump has not written yet
promise "all by that port" never grep -q -E "$LAN_EDGE.5060 >" \
	"$NET_WORK/tcpdump.out"
net_end
