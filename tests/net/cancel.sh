#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The caller gives up while it rings, from either side.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER -i ring
phone phone 101 $PHONE1 -i ring
promise "the phone registers" register phone
tell phone call 05551234
promise "it rings" await phone '^ringing 180'
tell phone cancel
promise "the provider is told" await provider '^cancelled'
promise "the phone gets its 487" await phone '^refused 487'
tell provider call +442079460101
promise "inbound, it rings" await provider '^ringing 180'
tell provider cancel
promise "the phone is told" await phone '^cancelled'
promise "the provider gets its 487" await provider '^refused 487'
promise "no call is left" within 3 never eval 'ctl calls | grep -q acme'
net_end
