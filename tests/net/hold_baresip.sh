#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real phone holds and resumes toward a provider that hangs up on re-INVITEs.
. "${srcdir:-.}/tests/net/lib.sh"

need baresip
net_usual 'reinvite = "suppress";'
provider provider $PROVIDER -e kill
baresip_start phone lan $PHONE1 101 $LAN_EDGE
promise "baresip registers" await phone ' 200 OK ' 8
promise "it dials" baresip_tell dial "sip:05551234@$LAN_EDGE"
promise "the provider hears it" await provider '^heard seconds=1' 8
promise "it holds" baresip_tell hold
promise "and is answered here" status 'leg=a .*event=call-hold'
# Long enough for the filler to be judged, and no condition to wait for.
sleep 1
promise "the call lasts" never said provider '^ended'
heard=$(grep -c '^heard' "$NET_WORK/provider.out")
promise "it resumes" baresip_tell resume
promise "and is answered here again" status 'leg=a .*event=call-resume'
promise "the provider hears it again" \
	await provider '^heard' 8 $((heard + 1))
promise "it hangs up" baresip_tell hangup
promise "the hangup reaches the provider" await provider '^ended by=them'
dismiss provider
promise "the provider saw no re-INVITE" judged provider reinvites == 0
promise "and no UPDATE" judged provider updates == 0
promise "one SSRC" judged provider ssrcs == 1
promise "sequence numbers in steps of one" judged provider breaks == 0
promise "no gap over 60 ms" judged provider gap_ms '<=' 60
net_end
