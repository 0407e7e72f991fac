#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A trunk whose name does not resolve, with no name server in reach: its calls
# are refused in time, and the next candidate is taken.
. "${srcdir:-.}/tests/net/lib.sh"

CONF_ROUTES='{ from = "phones"; number = "^1(.*)$"; to = [ "nowhere" ]; },
	{ from = "phones"; number = "^0(.*)$"; to_number = "+44\\1";
	  to = [ "nowhere", "acme" ]; }'
net_begin
net_world
trunk nowhere sip.provider.invalid
trunk acme $PROVIDER
configure
sallyport_start
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 15551234
promise "a call by that trunk alone is refused" \
	await phone '^refused (50[0-9]|480)' 8
promise "the status log says why" status 'peer=nowhere .*(cause|reason)='
tell phone call 05551234
promise "a call with another candidate is taken there" \
	await provider '^incoming' 8
promise "audio both ways" heard_both phone provider 1
tell phone hangup
promise "it ends" await provider '^ended by=them'
promise "sallyctl shows the trouble" eval 'ctl trunks | grep -q nowhere'
net_end
