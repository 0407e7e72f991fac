#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Three candidates, of which one refuses and one says nothing.
. "${srcdir:-.}/tests/net/lib.sh"

CONF_ROUTES='{ from = "phones"; number = "^0(.*)$"; to_number = "+44\\1";
	  to = [ "refuses", "silent", "acme" ]; }'
net_begin
net_world
trunk refuses $PROVIDER2
trunk silent $PROVIDER3 'attempt_timeout = "1s";'
trunk acme $PROVIDER
configure
sallyport_start
provider refuses $PROVIDER2 -i unavailable
provider silent $PROVIDER3 -i silent
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "the first candidate is asked and refuses" await refuses '^refused-it 503'
promise "the second is asked and says nothing" await silent '^ignored INVITE'
promise "the third takes the call" await provider '^incoming' 8
promise "the phone is answered" await phone '^answered' 8
promise "audio both ways" heard_both phone provider 1
promise "the phone saw no failure" never said phone '^refused'
tell phone hangup
promise "the hangup goes to the one that answered" \
	await provider '^ended by=them'
promise "the status log tells of all three" eval \
	'status peer=refuses && status peer=silent && status peer=acme'
net_end
