#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The measured promise: random sequences of 20 mid-call steps in many calls at
# once, toward a provider that answers any re-INVITE with 488 and hangs up.
# What it was shown is judged from a capture. 20 sequences; the whole promise,
# 200 of them, with --full. PERFECT_SEED=N repeats a run's dice; by its two
# last bits two phones talk by themselves or through us (1), and the phones
# encrypt with keys that end here (2).
#
# --without steady|suppress gives the trunk a policy without that mechanism: the
# judge has to find what is wrong then (tests/net/perfect_call_without.sh).
#
# Moments in which the machine kept the ends from their work are left out of
# what is said of timing, and counted; a run with too much of them is made again.
NET_TIMEOUT=${NET_TIMEOUT:-280}
. "${srcdir:-.}/tests/net/lib.sh"

SEQUENCES=20 LANES=20 WITHOUT=
[ "${1-}" = --full ] && SEQUENCES=${PERFECT_SEQUENCES:-200} LANES=40
[ "${1-}" = --without ] && SEQUENCES=10 LANES=10 WITHOUT=$2
SEED=${PERFECT_SEED:-$((${EPOCHREALTIME/./} % 1000000))}
SRTP=
[ $((SEED / 2 % 2)) = 0 ] || SRTP=-e
TRIES=3 STALLS_MS=300

perfect_configuration()
{
	local i
	CONF_NETWORKS='lan: { address = "192.168.77.1"; rtp_ports = "20000-24999"; };
	wan: { address = "198.51.100.1"; rtp_ports = "30000-34999"; };'
	# Two phones that talk do so by themselves, or through us; with SRTP
	# that ends here always through us.
	[ $((SEED % 2)) = 0 ] || CONF_PHONES="$CONF_PHONES anchor = \"always\";"
	[ -z "$SRTP" ] || CONF_PHONES="$CONF_PHONES srtp = \"sdes\";"
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

policy()
{
	case $WITHOUT in
	steady) echo 'reinvite = "suppress"; update = "suppress"; stream = "pass";' ;;
	suppress) echo 'reinvite = "forward"; update = "forward";' ;;
	*) echo 'reinvite = "suppress"; update = "suppress";' ;;
	esac
}

# A second judge, whom we did not write: RTP streams and what is missing in
# them, requests inside a dialog that the policy forbids, calls and o= lines.
tshark_judges()
{
	look() { tshark -r "$NET_WORK/wan.pcap" "$@" 2>>"$NET_WORK/tshark.err"; }
	look -q -o rtp.heuristic_rtp:TRUE -z rtp,streams | awk '/ 0x[0-9A-F]+ / {
		streams++; sub(/\(.*/, ""); lost += $NF }
		END { printf "streams=%d lost=%d ", streams, lost }'
	look -Y '(sip.Method == "INVITE" && sip.to.tag) || sip.Method == "UPDATE"' |
		awk 'END { printf "asked=%d ", NR }'
	look -Y sdp.owner -T fields -e sip.Call-ID -e sdp.owner | sort -u |
		awk '{ calls[$1] } END { printf "calls=%d origins=%d\n", length(calls), NR }'
}

# One run of all sequences, and its judgement.
perfect_run()
{
	rm -f "$NET_WORK"/driver.out "$NET_WORK"/capture.out
	sallyport_start
	capture_start
	# shellcheck disable=SC2086
	start driver lan "${NET_FIRST[@]}" "$NET_BUILD/tests/net/perfect" $SRTP \
		-l "$LANES" -n "$SEQUENCES" -s "$SEED" \
		"/run/netns/$NET_PREFIX-lan" "/run/netns/$NET_PREFIX-wan" \
		$LAN_EDGE $WAN_EDGE 192.168.77 $PROVIDER
	await driver '^seed=' $((SEQUENCES / 4 + 70))
	ENDED=$?
	stop capture INT
	"$NET_BUILD/tests/net/judge" -v -s "$NET_WORK/driver.out" $WAN_EDGE \
		"$NET_WORK/wan.pcap" >"$NET_WORK/judge.out" 2>&1
	tshark_judges >"$NET_WORK/tshark.out"
	grep -a -E '^(seed=|fault|unheard)' "$NET_WORK/driver.out" | head -n 20 | sed 's/^/# /'
	grep -a -E '^(calls=|bad|break|payload)' "$NET_WORK/judge.out" | head -n 20 | sed 's/^/# /'
	sed 's/^/# tshark: /' "$NET_WORK/tshark.out"
	grep -a 'dropped by kernel' "$NET_WORK/capture.out" | sed 's/^/# capture: /'
}

need tcpdump tshark
net_begin
perfect_configuration
perfect_world
trunk acme $PROVIDER "$(policy) ${SRTP:+srtp = \"off\";} t38 = \"reject\"; options_ping = \"0s\";"
configure
# The scheduler of a busy machine is not what is measured here.
NET_SALLYPORT=("${NET_FIRST[@]}")
net_note "seed $SEED: PERFECT_SEED=$SEED repeats it"
perfect_run
while [ $((TRIES -= 1)) -gt 0 ] && judged driver stalls_ms '>' $STALLS_MS >/dev/null; do
	net_note "the machine stood still too long: once more"
	stop sallyport
	stop driver
	perfect_run
done

promise "all sequences come to their end" [ $ENDED = 0 ]
if [ "$WITHOUT" = steady ]; then
	promise "without it the provider sees several SSRCs" judged judge ssrcs_most '>' 1
	promise "and breaks of sequence numbers" judged judge breaks '>' 0
	promise "and of timestamps" judged judge ts_breaks '>' 0
	promise "while nothing else is wrong" judged judge forbidden == 0
	net_end
elif [ "$WITHOUT" = suppress ]; then
	promise "without it the provider is asked" judged judge forbidden '>' 0
	promise "and hangs up" judged driver killed '>' 0
	promise "and sees o= change" judged judge origins_most '>' 1
	net_end
fi
promise "all of them were run" judged driver sequences == "$SEQUENCES"
promise "20 steps each and one back" judged driver steps == $((SEQUENCES * 21))
promise "with transfers of both kinds" judged driver attended '>' 0
promise "and calls that another phone takes over" judged driver taken '>' 0
[ -z "$SRTP" ] ||
	promise "and new keys" judged driver rekeys '>' 0
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
promise "tshark sees as many calls and streams" eval \
	'judged tshark calls == $SEQUENCES && judged tshark streams == $SEQUENCES'
promise "with nothing missing" judged tshark lost == 0
promise "nothing asked" judged tshark asked == 0
promise "and o= unchanged" judged tshark origins == "$SEQUENCES"
net_end
