#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What nobody should send: the program lives, its memory stays flat, the log
# holds nothing raw, and the running call does not notice.
. "${srcdir:-.}/tests/net/lib.sh"

# spit FILE: one datagram from the trunk's address; the answer in $NET_WORK/got.
spit()
{
	# shellcheck disable=SC2016
	netns wan timeout 4 bash -c '
		exec 3<>"/dev/udp/$2/5060"
		cat "$1" >&3
		timeout "$3" cat <&3' \
		spit "$1" $WAN_EDGE "${2:-0.05}" >"$NET_WORK/got" 2>/dev/null
}

# head_of METHOD NUMBER: request line and headers up to Content-Type.
head_of()
{
	local id=$RANDOM$RANDOM$RANDOM
	printf '%s sip:%s@%s SIP/2.0\r\n' "$1" "$2" $WAN_EDGE
	printf 'Via: SIP/2.0/UDP %s:5099;branch=z9hG4bK%s;rport\r\n' \
		$PROVIDER $id
	printf 'From: <sip:bad@%s>;tag=%s\r\nTo: <sip:%s@%s>\r\n' \
		$PROVIDER $id "$2" $WAN_EDGE
	printf 'Call-ID: bad-%s\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n' $id "$1"
	printf 'Contact: <sip:bad@%s:5099>\r\n' $PROVIDER
}

# invite TYPE BODY-FILE: a whole INVITE with that body.
invite()
{
	head_of INVITE +442079460101
	printf 'Content-Type: %s\r\nContent-Length: %s\r\n\r\n' "$1" \
		"$(wc -c <"$2")"
	cat "$2"
}

sdp_head()
{
	printf 'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n' \
		$PROVIDER $PROVIDER
}

refused() { grep -q -a -E '^SIP/2.0 [456]' "$NET_WORK/got"; }
repeat() { local i; for ((i = 0; i < $1; i++)); do "${@:2}"; done; }

packets()
{
	local b=$NET_WORK/bad
	mkdir -p "$b"
	head -c 1400 /dev/urandom >"$b/garbage"
	head -c 3 /dev/zero >"$b/zeros"
	: >"$b/empty"
	{ printf '\000\001\000\000\041\022\244\102'
	  head -c 12 /dev/zero; } >"$b/stun"
	{ printf '\000\001\000\100'; head -c 64 /dev/urandom; } >"$b/stun-bad"
	printf '\r\n\r\n' >"$b/crlf"
	head_of INVITE 101 | head -c 150 >"$b/truncated"
	head_of OPTIONS 101 >"$b/unended"
	{ head_of OPTIONS 101; printf 'X-Long: '
	  head -c 64000 /dev/zero | tr '\0' a; printf '\r\n\r\n'; } |
		head -c 65000 >"$b/header-64k"
	head -c 65507 /dev/zero | tr '\0' 'I' >"$b/oversize"
	{ head_of OPTIONS "$(printf '\001\033[31m\177')"; printf '\r\n'; } \
		>"$b/control"
	{ head_of INVITE "$(printf '12\011\33]0;x\007')"
	  printf 'Subject: \033[2J\007\r\nContent-Length: 0\r\n\r\n'; } \
		>"$b/control-invite"
	{ head_of OPTIONS 101; printf 'Subject: a\000b\r\n\r\n'; } >"$b/nul"
	{ head_of INVITE "$(printf '\377\376\300\200')"
	  printf 'Content-Length: 0\r\n\r\n'; } >"$b/not-utf8"
	{ head_of INVITE 101; printf 'Content-Length: -5\r\n\r\n'; } \
		>"$b/length-negative"
	{ head_of INVITE 101; printf 'Content-Length: 99999999999\r\n\r\n'; } \
		>"$b/length-huge"
	{ head_of INVITE 101; for _ in {1..300}; do
		printf 'Via: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK1\r\n'; done
	  printf '\r\n'; } >"$b/many-vias"
	printf 'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s\r\n\r\n' $WAN_EDGE \
		>"$b/stray-response"
	{ head_of BYE 101; printf 'Content-Length: 0\r\n\r\n'; } >"$b/stray-bye"
	{ head_of "$(printf 'INVITE\tX')" 101; printf '\r\n'; } >"$b/method"

	{ sdp_head; printf 'm=audio 9 RTP/SAVPF 0 (\r\n'; } >"$b.sdp"
	invite application/sdp "$b.sdp" >"$b/sdp-loops"
	{ sdp_head; printf 'm=audio 4000 RTP/AVP 0\r\n'
	  for _ in {1..5000}; do printf 'a=x:1\r\n'; done; } >"$b.sdp"
	invite application/sdp "$b.sdp" >"$b/sdp-5000-lines"
	{ sdp_head; for _ in {1..400}; do
		printf 'm=audio 4000 RTP/AVP 0 8\r\n'; done; } >"$b.sdp"
	invite application/sdp "$b.sdp" >"$b/sdp-400-media"
	head -c 2000 /dev/urandom >"$b.sdp"
	invite application/sdp "$b.sdp" >"$b/sdp-garbage"
	printf '%s' '--' >"$b.sdp"
	invite 'multipart/mixed;boundary=""' "$b.sdp" >"$b/multipart-no-boundary"
	{ printf -- '--b\r\nContent-Type: application/sdp\r\n\r\n'
	  sdp_head; printf -- '--b'; } >"$b.sdp"
	invite 'multipart/mixed;boundary=b' "$b.sdp" >"$b/multipart-unended"
	{ printf -- '--b\r\n\r\n--b\r\n--b--\r\n--b--'
	  printf -- '--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n'
	  printf -- '--b\r\n\r\n\r\n--b\r\n'; } >"$b.sdp"
	invite 'multipart/mixed;boundary=b' "$b.sdp" >"$b/multipart-nested"
	invite multipart/mixed "$b.sdp" >"$b/multipart-no-parameter"
	{ for i in {1..40}; do printf -- '--b\r\nContent-ID: <%s>\r\n\r\n' "$i"
	  done; printf -- '--b--\r\n'; } >"$b.sdp"
	invite 'multipart/mixed; boundary=b' "$b.sdp" >"$b/multipart-many"
}

# Each round anew: a copy would be answered as the copy it is.
all_packets()
{
	local file
	packets
	for file in "$NET_WORK"/bad/*; do
		spit "$file"
		alive sallyport || { net_note "died of ${file##*/}"; return 1; }
	done
}

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "a call is up" heard_both phone provider 1
# Rounds until the stack's own memory (32 s of transactions) is warm.
promise "it lives through one of each" all_packets
before=$(rss sallyport)
packets
spit "$NET_WORK/bad/sdp-loops" 1
promise "the SDP that loops gets a proper refusal" refused
spit "$NET_WORK/bad/multipart-nested" 1
promise "the multipart that aborts gets a proper refusal" refused
spit "$NET_WORK/bad/stun" 0.5
promise "STUN gets no answer" eval '[ ! -s "$NET_WORK/got" ]'
promise "and through three more rounds" repeat 3 all_packets
promise "it lives" ctl_answers
after=$(rss sallyport)
net_note "resident: $before kB before, $after kB after"
promise "memory stays flat (under 6 MB more)" [ "$after" -lt $((before + 6144)) ]
{
	head_of INVITE +442079460101
	printf 'Content-Type: application/sdp\r\n'
	{ sdp_head; for _ in {1..10000}; do printf 'a=x:1\r\n'; done; } \
		>"$NET_WORK/bad.sdp"
	printf 'Content-Length: %s\r\n\r\n' "$(wc -c <"$NET_WORK/bad.sdp")"
	cat "$NET_WORK/bad.sdp"
} >"$NET_WORK/ten-thousand"
# Too long for a datagram: over TCP.
# shellcheck disable=SC2016
netns wan timeout 5 bash -c 'exec 3<>"/dev/tcp/$2/5060"
	cat "$1" >&3; timeout 1 cat <&3' \
	x "$NET_WORK/ten-thousand" $WAN_EDGE >"$NET_WORK/got" 2>/dev/null
promise "10,000 a-lines over TCP: alive" ctl_answers
promise "the running call did not notice" never said phone '^ended'
tell phone hangup
promise "and ends as asked" await provider '^ended by=them'
promise "unbroken" judged provider breaks == 0
promise "nothing raw in the logs" never grep -q -a -P \
	'[\x00-\x08\x0b-\x1f\x7f\xff\xfe]' \
	"$NET_WORK/status.log" "$NET_WORK/sallyport.out"
promise "the library says nothing by itself" never logged '^stun'
promise "the log is not flooded" \
	eval '[ "$(wc -l <"$NET_WORK/sallyport.out")" -lt 100 ]'
net_end
