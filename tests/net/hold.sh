#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The main promise: whatever the phone does, a provider that hangs up on
# re-INVITEs sees none and hears one unbroken stream.
. "${srcdir:-.}/tests/net/lib.sh"

held_and_back()
{
	local from
	from=$(lines phone)
	tell phone hold "$1"
	promise "hold ($1) is answered here" \
		within 5 since phone "$from" '^accepted'
	# Long enough for the filler to be judged, and no condition to wait for.
	sleep 1
	promise "the provider's stream goes on while held ($1)" alive_stream
	from=$(lines phone)
	tell phone resume
	promise "resume is answered here" within 5 since phone "$from" '^accepted'
	promise "both ways are open again" \
		since phone "$from" "direction=sendrecv"
	promise "the provider hears the phone again" more_heard
}

# Packets went on coming during the last second.
alive_stream()
{
	local from
	from=$(lines provider)
	tell provider judge
	within 2 since provider "$from" '^judgement' || return 1
	judged provider packets '>' $((SEEN + 40)) || return 1
	SEEN=$(field provider packets)
}

more_heard()
{
	local now
	now=$(grep -c '^heard' "$NET_WORK/provider.out")
	await provider '^heard' 5 $((now + 1))
}
SEEN=0

net_usual 'reinvite = "suppress";'
provider provider $PROVIDER -e kill
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "the call is up" heard_both phone provider 1
held_and_back sendonly
held_and_back inactive
promise "the call lasts" never said provider '^ended'
tell phone hangup
promise "the hangup reaches the provider" await provider '^ended by=them'
dismiss provider
promise "the provider saw no re-INVITE" judged provider reinvites == 0
promise "and no UPDATE" judged provider updates == 0
promise "one SSRC" judged provider ssrcs == 1
promise "sequence numbers in steps of one" judged provider breaks == 0
promise "timestamps that never go back" judged provider ts_breaks == 0
promise "no gap over 60 ms" judged provider gap_ms '<=' 60
promise "the status log tells of the suppressed requests" \
	status 'suppressed=[1-9]'
net_end
