#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The judges themselves: phone and provider without anything between them.
. "${srcdir:-.}/tests/net/lib.sh"

net_begin
net_world
netns edge sysctl -qw net.ipv4.ip_forward=1
provider good $PROVIDER -e kill -W "$NET_WORK/good.wav"
provider mute $PROVIDER2 -s silence
provider quiet $PROVIDER3 -i silent
fake a lan -l $PHONE1:5060 -p $PROVIDER:5060 -u a -d $PROVIDER -r 10000
fake b lan -l $PHONE2:5060 -p $PROVIDER2:5060 -u b -d $PROVIDER2 -r 10000
fake c lan -l $PHONE3:5060 -p $PROVIDER3:5060 -u c -d $PROVIDER3 -r 10000

tell a call 1
tell b call 2
tell c call 3
promise "two ends hear each other's tone" heard_both a good 1
promise "silence is not taken for the tone" never said b '^heard'
promise "a silent provider does not answer" never said c '^(ringing|answered)'
tell a hold
promise "a provider that kills on re-INVITE hangs up" await a '^ended by=them'
promise "it saw the re-INVITE" said good '^reinvite count=1'
promise "an unbroken stream is judged one SSRC" judged good ssrcs == 1
promise "and without breaks" judged good breaks == 0
tell b hangup
promise "the other call ends" await mute '^ended by=them'
promise "what it heard was the tone" judged mute share '>' 0.9
dismiss good
timeout 10 "$NET_BUILD/tests/net/hear" "$NET_WORK/good.wav" \
	>"$NET_WORK/hear.out"
promise "the recording holds the tone" judged hear tone_seconds '>=' 1
net_end
