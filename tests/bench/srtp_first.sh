#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How long the first call with SRTP that ends here waits for its answer, and
# what it costs the signalling thread, beside the calls after it: the library of
# SRTP starts with the program, not in a call.
#
# usage, as root, in the build directory: srcdir=.. ../tests/bench/srtp_first.sh
#
# NET_PROGRAM=FILE   measures another build of the program
. "${srcdir:-.}/tests/net/lib.sh"

# call NAME NUMBER: a provider's call; says how long the answer took.
call()
{
	local id=$RANDOM$RANDOM sdp before
	printf -v sdp '%s\r\n' 'v=0' "o=- 1 1 IN IP4 $PROVIDER" 's=-' \
		"c=IN IP4 $PROVIDER" 't=0 0' 'm=audio 4000 RTP/SAVP 0' \
		'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz'
	{
		printf '%s\r\n' "INVITE sip:$2@$WAN_EDGE SIP/2.0" \
			"Via: SIP/2.0/UDP $PROVIDER;branch=z9hG4bK$id;rport" \
			"From: <sip:1@$PROVIDER>;tag=$id" \
			"To: <sip:$2@$WAN_EDGE>" "Call-ID: $id" \
			'CSeq: 1 INVITE' 'Max-Forwards: 70' \
			"Contact: <sip:1@$PROVIDER>" \
			'Content-Type: application/sdp' \
			"Content-Length: ${#sdp}" ''
		printf '%s' "$sdp"
	} >"$NET_WORK/$1.sip"
	before=$(signalling_us)
	# shellcheck disable=SC2016
	netns wan timeout 5 bash -c '
		exec 3<>"/dev/udp/$1/5060"
		exec 4< <(exec cat <&3)
		sleep 0.3 # until cat reads
		began=${EPOCHREALTIME/./}
		cat "$2" >&3
		while read -r line <&4; do
			case $line in "SIP/2.0 200"*)
				echo "us=$((${EPOCHREALTIME/./} - began))"
				break ;;
			esac
		done
		kill $!' call "$WAN_EDGE" "$NET_WORK/$1.sip" >"$NET_WORK/$1.out" 2>/dev/null
	echo "cpu_us=$(($(signalling_us) - before))" >>"$NET_WORK/$1.out"
	[ -n "$(field "$1" us)" ]
}
signalling_us()
{
	awk '{ print int($1 / 1000) }' \
		"/proc/${NET_PID[sallyport]}/task/${NET_PID[sallyport]}/schedstat"
}

net_begin
net_world
CONF_PHONES='network = "lan"; srtp = "off";'
CONF_ROUTES='{ from = "acme"; number = "^101$"; to = [ "101" ]; },
	{ from = "acme"; number = "^102$"; to = [ "102" ]; },
	{ from = "acme"; number = "^103$"; to = [ "103" ]; }'
trunk acme $PROVIDER 'srtp = "sdes";'
configure
if [ -n "${NET_PROGRAM-}" ]; then
	start sallyport edge "$NET_PROGRAM" -F -f "$NET_WORK/sallyport.conf"
	within 10 sallyport_ready
else
	sallyport_start
fi
phone phone1 101 $PHONE1
phone phone2 102 $PHONE2
phone phone3 103 $PHONE3
promise "phones register" register phone1 phone2 phone3
for name in "one 101" "two 102" "three 103"; do
	# shellcheck disable=SC2086
	promise "call $name is answered" call $name
done
for name in one two three; do
	net_note "$name: answered after $(field $name us) us," \
		"$(field $name cpu_us) us of the signalling thread"
done
net_end
