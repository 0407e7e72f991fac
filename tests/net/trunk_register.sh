#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# We register with the provider, which challenges us, and so does it our calls.
. "${srcdir:-.}/tests/net/lib.sh"

net_begin
net_world
provider provider $PROVIDER -k 442079460101:hush
trunk acme $PROVIDER 'register: { user = "442079460101"; };
username = "442079460101"; password = "hush";'
configure
sallyport_start
promise "we register with our digest" await provider '^authenticated REGISTER'
promise "at our outer address" await provider "^registration .*$WAN_EDGE"
promise "sallyctl shows it" within 3 eval 'ctl trunks | grep -q -i acme.*reg'
phone phone 101 $PHONE1
promise "a phone registers" register phone
tell phone call 05551234
promise "a challenged call is answered with our digest" \
	await provider '^authenticated INVITE'
promise "audio both ways" heard_both phone provider 1
tell phone hangup
promise "it ends" await provider '^ended by=them'
net_end
