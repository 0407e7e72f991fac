#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ./quickstart demo: one call with a hold, through three namespaces, with a
# real phone inside and a provider outside that hangs up on re-INVITEs.
export NET_DEMO=1
. "${srcdir:-.}/tests/net/lib.sh"

step() { printf '\n== %s\n' "$*"; }
fail()
{
	NET_FAILED=1
	printf 'demo: %s\n' "$*" >&2
	net_show_logs >&2
	exit 1
}
net_skip() { fail "$*"; }
net_fatal() { fail "$*"; }
# must TEXT COMMAND...
must()
{
	local text=$1
	shift
	"$@" || fail "this did not happen: $text"
	printf '   %s\n' "$text"
}

report()
{
	local name=$1 title=$2
	printf '%-30s heard 440 Hz: %s, share %s, %s s\n' "$title" \
		"$(awk "BEGIN { print ($(field "$name" tone_seconds) >= 1) ? \
			\"yes\" : \"no\" }")" \
		"$(field "$name" share)" "$(field "$name" tone_seconds)"
}

step "Three namespaces: lan 192.168.77.0/24 -- edge -- wan 198.51.100.0/24"
need baresip
net_begin
net_world
trunk acme $PROVIDER 'reinvite = "suppress";'
configure
sallyport_start
must "sallyport runs on the edge" alive sallyport
provider provider $PROVIDER -e kill
must "a provider outside: any re-INVITE gets 488 and a BYE" alive provider
baresip_start phone lan $PHONE1 101 $LAN_EDGE
must "baresip on the LAN registers as 101" await phone ' 200 OK ' 8

step "The call"
must "the phone dials 05551234" baresip_tell dial "sip:05551234@$LAN_EDGE"
must "the provider is called at +445551234 and answers" \
	await provider '^answered'
must "it hears the phone's tone" await provider '^heard seconds=2' 8
must "the phone holds" baresip_tell hold
must "and is answered by Sallyport" status 'event=.*(hold|held)' 3
sleep 2
must "the call is still up" never said provider '^ended'
ctl calls | sed 's/^/   | /'
heard=$(grep -c '^heard' "$NET_WORK/provider.out")
must "the phone resumes" baresip_tell resume
must "the provider hears it again" await provider '^heard' 8 $((heard + 2))
must "the phone hangs up" baresip_tell hangup
must "the provider gets the BYE" await provider '^ended by=them'
must "the status log has the call's account" status 'event=call-end '
dismiss provider

step "The status log"
cat "$NET_WORK/status.log"

step "What each end heard"
report provider "provider ($PROVIDER)"
baresip_heard phone
report phone-heard "phone (baresip, $PHONE1)"
printf 're-INVITEs seen by the provider: %s; UPDATEs: %s; SSRCs: %s; %s\n' \
	"$(field provider reinvites)" "$(field provider updates)" \
	"$(field provider ssrcs)" \
	"sequence breaks: $(field provider breaks); longest gap: $(
		field provider gap_ms) ms"

for judgement in "provider reinvites == 0" "provider ssrcs == 1" \
	"provider breaks == 0" "provider gap_ms <= 60" \
	"provider tone_seconds >= 3" "phone-heard tone_seconds >= 1"; do
	# shellcheck disable=SC2086
	judged $judgement || NET_FAILED=1
done
[ "$NET_FAILED" = 0 ] && step "The provider saw one perfect call."
exit "$NET_FAILED"
