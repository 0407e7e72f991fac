#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A phone on TCP: registers, calls, is called on its connection.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1 -t
promise "the phone registers over TCP" register phone
tell phone call 05551234
promise "audio both ways, outbound" heard_both phone provider 1
tell phone hangup
promise "its hangup crosses" await provider '^ended by=them'
tell provider call +442079460101
promise "it is called" await phone '^incoming'
promise "audio both ways, inbound" \
	eval 'await provider "^heard seconds=1" 5 2 &&
	      await phone "^heard seconds=1" 5 2'
tell provider hangup
promise "the provider's hangup crosses" await phone '^ended by=them'
net_end
