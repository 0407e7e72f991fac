#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The measured promise: random sequences of 20 mid-call steps in many calls at
# once, toward a provider that answers any re-INVITE with 488 and hangs up.
# What it was shown is judged from a capture. 20 sequences; the whole promise,
# 200 of them, with --full. PERFECT_SEED=N repeats a run's dice; PERFECT_TRUNK
# gives the trunk another policy, to see the judge find what is wrong then.
NET_TIMEOUT=${NET_TIMEOUT:-280}
. "${srcdir:-.}/tests/net/lib.sh"

SEQUENCES=20 LANES=20
[ "${1-}" = --full ] && SEQUENCES=${PERFECT_SEQUENCES:-200} LANES=40
SEED=${PERFECT_SEED:-$((${EPOCHREALTIME/./} % 1000000))}

perfect_configuration()
{
	local i
	CONF_NETWORKS='lan: { address = "192.168.77.1"; rtp_ports = "20000-24999"; };
	wan: { address = "198.51.100.1"; rtp_ports = "30000-34999"; };'
	CONF_USERS="$(seq -s ' ' 201 $((200 + LANES))) $(seq -s ' ' 301 $((300 + LANES)))"
	CONF_ROUTES='{ from = "phones"; number = "^0(.*)$"; to_number = "+44\\1";
		to = [ "acme" ]; }'
	for ((i = 1; i <= LANES; i++)); do
		CONF_ROUTES="$CONF_ROUTES,
		{ from = \"acme\"; number = \"^\\\\+44207946$(printf %03d $i)\$\"; to = [ \"$((200 + i))\" ]; }"
	done
}

perfect_world()
{
	local i
	net_world
	for ((i = 1; i <= LANES; i++)); do
		net_address lan eth0 192.168.77.$((100 + i))/24 \
			192.168.77.$((150 + i))/24
	done
}

capture_start()
{
	start capture wan "${NET_FIRST[@]}" tcpdump -i eth0 -n -U -B 65536 -s 0 \
		-Z root -w "$NET_WORK/wan.pcap" "udp and src host $WAN_EDGE"
	await capture 'listening on' 10 || net_fatal "no capture"
}

need tcpdump
net_begin
perfect_configuration
perfect_world
trunk acme $PROVIDER "${PERFECT_TRUNK-reinvite = \"suppress\"; update = \"suppress\";} options_ping = \"0s\";"
configure
# The scheduler of a busy machine is not what is measured here.
NET_SALLYPORT=("${NET_FIRST[@]}")
sallyport_start
capture_start
net_note "seed $SEED: PERFECT_SEED=$SEED repeats it"
start driver lan "${NET_FIRST[@]}" "$NET_BUILD/tests/net/perfect" \
	-l "$LANES" -n "$SEQUENCES" -s "$SEED" \
	"/run/netns/$NET_PREFIX-lan" "/run/netns/$NET_PREFIX-wan" \
	$LAN_EDGE $WAN_EDGE 192.168.77 $PROVIDER
promise "all sequences come to their end" await driver '^seed=' 240
stop capture INT
"$NET_BUILD/tests/net/judge" -v $WAN_EDGE "$NET_WORK/wan.pcap" \
	>"$NET_WORK/judge.out" 2>&1
grep -a -E '^(seed=|fault|unheard)' "$NET_WORK/driver.out" | head -n 20 | sed 's/^/# /'
grep -a -E '^(calls=|bad)' "$NET_WORK/judge.out" | head -n 20 | sed 's/^/# /'
grep -a 'dropped by kernel' "$NET_WORK/capture.out" | sed 's/^/# capture: /'

promise "all of them were run" judged driver sequences == "$SEQUENCES"
promise "20 steps each and one back" judged driver steps == $((SEQUENCES * 21))
promise "every request got a right answer" judged driver faults == 0
promise "no call was killed by a request" judged driver killed == 0
promise "the tone is heard both ways afterwards" judged driver unheard == 0
promise "the capture is whole" grep -q '^0 packets dropped by kernel' "$NET_WORK/capture.out"
promise "the provider saw as many calls" judged judge calls == "$SEQUENCES"
promise "exactly one dialog a call" judged judge dialogs == "$SEQUENCES"
promise "not one request that its policy forbids" judged judge forbidden == 0
promise "a stream in each" judged judge silent == 0
promise "one SSRC a call" judged judge ssrcs_most == 1
promise "no break of a sequence number" judged judge breaks == 0
promise "no break of a timestamp" judged judge ts_breaks == 0
promise "no change of the payload type" judged judge payload_changes == 0
promise "o= unchanged" judged judge origins_most == 1
promise "no gap over 60 ms" judged judge gap_ms '<=' 60
net_end
