#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two phones of one subnet: anchor = auto lets them talk directly, anchor =
# always relays them.
. "${srcdir:-.}/tests/net/lib.sh"

talk()
{
	promise "$1: both phones register" register one two
	tell one call 102
	promise "$1: the other one answers" await one '^answered'
	promise "$1: they hear each other" heard_both one two 1
	tell two hangup
	promise "$1: the hangup crosses" await one '^ended by=them'
	promise "$1: no break" judged one breaks == 0
}

CONF_PHONES='network = "lan"; anchor = "auto";'
net_usual
phone one 101 $PHONE1
phone two 102 $PHONE2
talk auto
promise "auto: media goes straight to the phone" \
	said one "^media $PHONE2:10000"
promise "auto: and straight back" said two "^media $PHONE1:10000"
promise "auto: the status log says so" status 'anchor=no|anchored=no|direct' 2
dismiss one two
stop sallyport

CONF_PHONES='network = "lan"; anchor = "always";'
configure
sallyport_start
phone three 101 $PHONE1
phone four 102 $PHONE2
promise "always: both phones register" register three four
tell three call 102
promise "always: they hear each other" heard_both three four 1
promise "always: media goes through the edge" \
	said three "^media $LAN_EDGE:20[0-9]+"
promise "always: both ways" said four "^media $LAN_EDGE:20[0-9]+"
tell three hangup
promise "always: the hangup crosses" await four '^ended by=them'
promise "always: no break" judged four breaks == 0
net_end
