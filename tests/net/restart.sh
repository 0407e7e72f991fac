#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bindings survive a restart, an orderly one and a kill.

. "${srcdir:-.}/tests/net/lib.sh"

stored() { grep -q -a -F "$1" "$NET_WORK"/store.db*; }

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
stop sallyport
promise "it ends on TERM" never alive sallyport
sallyport_start
tell provider call +442079460101
promise "after the restart the phone is called" await phone '^incoming'
promise "audio both ways" heard_both phone provider 1
tell provider hangup
promise "the call ends" await phone '^ended by=them'
phone second 102 $PHONE2
promise "another phone registers" register second
# What was told a phone is on disk within the writer's own second.
promise "its binding is written" within 3 stored $PHONE2
stop sallyport KILL
sallyport_start
tell phone call 102
promise "after a kill both phones are still known" await second '^incoming'
promise "the first one need not register anew" await phone '^answered'
net_end
