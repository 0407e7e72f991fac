#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Wrong password and unknown user: refused, alike, and nothing goes out.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
fake wrong lan -l $PHONE1:5060 -p $LAN_EDGE:5060 -u 101 -w guess -d $LAN_EDGE
fake nobody lan -l $PHONE2:5060 -p $LAN_EDGE:5060 -u 999 -w guess -d $LAN_EDGE
tell wrong register
tell nobody register
promise "a wrong password is refused" await wrong '^register-refused 40[13]'
promise "an unknown user is refused" await nobody '^register-refused 40[13]'
promise "both with the same answer" eval \
	'[ "$(grep refused "$NET_WORK/wrong.out")" = \
	   "$(grep refused "$NET_WORK/nobody.out")" ]'
tell wrong call 05551234
promise "a call with a wrong password is refused" \
	await wrong '^refused 40[137]'
promise "the provider saw nothing of it" never said provider '^got INVITE'
phone phone 101 $PHONE3
promise "the right password is still good" register phone
promise "the password is in no log" never grep -q -a -r secret-101 \
	"$NET_WORK/status.log" "$NET_WORK/sallyport.out"
net_end
