#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# TERM ends running calls with BYE on both legs.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "a call is up" heard_both phone provider 1
kill -TERM "${NET_PID[sallyport]}"
promise "the phone gets a BYE" await phone '^ended by=them'
promise "the provider gets a BYE" await provider '^ended by=them'
promise "the program ends within its bound" within 6 never alive sallyport
wait "${NET_PID[sallyport]}"
code=$?
promise "with status 0" [ "$code" = 0 ]
promise "the status log has the call's end" status 'event=call-end'
net_end
