#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# All RTP ports taken: 503 with Retry-After; later they are free again.
. "${srcdir:-.}/tests/net/lib.sh"

need sipp
CONF_NETWORKS='lan: { address = "192.168.77.1"; rtp_ports = "20000-20003"; };
	wan: { address = "198.51.100.1"; rtp_ports = "30000-30099"; };'
CONF_MORE='media: { quarantine = "100ms"; };'
net_usual 'options_ping = "0s";'
start uas wan sipp -sn uas -i $PROVIDER -p 5060 -nostdin -timeout 60
phone one 101 $PHONE1
phone two 102 $PHONE2
phone three 103 $PHONE3
promise "three phones register" register one two three
tell one call 05551
promise "the first call is up" await one '^answered' 8
tell two call 05552
promise "the second call is up" await two '^answered'
tell three call 05553
promise "the third is refused with Retry-After" \
	await three '^refused 503 retry-after=[0-9]+'
promise "the running calls do not notice" never said one '^ended'
tell one hangup
promise "one call ends" await one '^told 200 BYE'
free_again()
{
	local from
	from=$(lines three)
	tell three call 05553
	within 2 since three "$from" '^(answered|refused)'
	since three "$from" '^answered'
}
promise "then its ports serve another call" within 8 free_again
net_end
