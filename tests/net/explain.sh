#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What sallyctl explain says of a call that goes wrong: the provider shows a
# private address and sends nothing; and of a hold in it.
. "${srcdir:-.}/tests/net/lib.sh"

says() { ctl explain last | grep -q -F -e "$1"; }

net_usual 'reinvite = "suppress";'
phone phone 101 $PHONE1
provider provider $PROVIDER -m 10.66.0.9 -s nothing
promise "the phone registers" register phone
tell phone call 05551234
promise "a call" await phone '^answered'
promise "the private address of the provider's SDP is said" \
	says "The SDP of b (acme) showed the private address 10.66.0.9:"
promise "and that audio goes one way only" \
	within 8 says "One-way audio: a (phones) sent "
promise "and that nothing told the real address" \
	says "no packet came that would tell the real one"
from=$(lines phone)
tell phone hold
promise "a hold" within 5 since phone "$from" '^accepted'
promise "is said to be kept from the provider, with file and line" \
	says "as the policy says (acme.conf:4)"
from=$(lines phone)
tell phone resume
promise "and taken back" within 5 since phone "$from" '^accepted'
tell phone hangup
promise "it ends" await provider '^ended by=them'
promise "who hung up is said" within 5 says "a (phones) hung up after "
promise "the trouble is said afterwards, too" \
	says "One-way audio: a (phones) sent "
promise "and as JSON" \
	eval 'ctl -j explain last | grep -q "\"name\":\"private-sdp\""'
net_end
