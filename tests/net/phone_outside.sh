#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A phone on the road: phones may register from anywhere, and talk to the LAN.
. "${srcdir:-.}/tests/net/lib.sh"

CONF_PHONES='network = [ "lan", "wan" ]; from = "any";'
net_usual
phone inside 101 $PHONE1
fake outside wan -l $STRANGER:5060 -p $WAN_EDGE:5060 -u 102 -w secret-102 \
	-d $WAN_EDGE -M "$NET_WORK/outside.messages"
fake guess wan -l $STRANGER:5070 -p $WAN_EDGE:5060 -u 102 -w guess \
	-d $WAN_EDGE -r 10010
promise "the phone inside registers" register inside
promise "the phone outside registers" register outside
tell guess register
promise "who does not know the password does not" \
	await guess '^register-refused 40[13]'
tell outside call 101
promise "outside calls inside, audio both ways" heard_both outside inside 1
promise "through the edge" said outside "^media $WAN_EDGE:30[0-9]+"
tell outside hangup
promise "it ends" await inside '^ended by=them'
tell inside call 102
promise "inside calls outside" await outside '^incoming'
promise "audio both ways" \
	eval 'await outside "^heard seconds=1" 5 2 &&
	      await inside "^heard seconds=1" 5 2'
tell outside hangup
promise "the hangup crosses" await inside '^ended by=them' 5 2
promise "nothing of the LAN was shown outside" \
	never grep -q -a -F 192.168. "$NET_WORK/outside.messages"
net_end
