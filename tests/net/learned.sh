#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An administrator's hand: what was learned of a provider, forgotten again, and
# a drain that ends with the last call.
. "${srcdir:-.}/tests/net/lib.sh"

learned() { ctl learned | grep -E -q "^acme +re-INVITE +yes .* 488 Not"; }
forget() { ctl learned forget "$1" >"$NET_WORK/forget.out" 2>&1; }

net_usual 'reinvite = "auto";'
provider provider $PROVIDER -e kill
phone phone 101 $PHONE1
phone other 102 $PHONE2
promise "phones register" register phone other
promise "nothing is learned yet" never learned
tell phone call 05551234
promise "a call is up" heard_both phone provider 1
tell phone hold
promise "the hold shows what the provider cannot take" \
	status 'event=peer-learned method=INVITE evidence="488 '
promise "which ended the call" await phone '^ended'
promise "sallyctl shows it, with the evidence" learned
tell phone call 05551234
promise "the next call" await phone '^answered' 5 2
from=$(lines phone)
tell phone hold
promise "is held" within 5 since phone "$from" '^accepted'
# Two calls and the hold of the first one.
promise "without the provider" eval '[ "$(grep -c "got INVITE" \
	"$NET_WORK/provider.out")" = 3 ]'
tell phone hangup
promise "and ends as its user wants" await provider '^ended by=them'
stop sallyport
sallyport_start
promise "it is known after a restart" learned
promise "a peer of whom nothing is known cannot be forgotten" never forget pbx
promise "which is told" said forget 'nothing was learned'
promise "but this one" forget acme
promise "is" never learned
promise "not twice" never forget acme

promise "the phones are still registered" eval \
	'[ "$(ctl phones | grep -c -E "^10[12] ")" = 2 ]'
tell phone call 05551234
promise "a last call" await phone '^answered' 5 3
promise "a drain" eval 'ctl drain >"$NET_WORK/drain.out"'
promise "is shown" eval 'ctl | grep -q -E "^state +draining"'
tell other call 05551234
promise "takes no more calls" await other '^refused 503'
promise "but goes on with this one" alive sallyport
tell phone hangup
promise "and ends after it" within 10 never alive sallyport
wait "${NET_PID[sallyport]}"
code=$?
promise "with 0" [ $code = 0 ]
promise "and leaves no socket" [ ! -S "$NET_WORK/control" ]
net_end
