#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A number nobody has a route for.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 7777
promise "no route: 404" await phone '^refused 404'
tell provider call +449999999999
promise "from the trunk too" await provider '^refused 404'
tell provider call +442079460101
promise "a route's phone that is there is called" await phone '^incoming'
promise "and answers" await provider '^answered'
tell provider hangup
promise "the call ends" await phone '^ended by=them'
tell phone register 0
promise "the phone leaves" await phone '^unregistered'
tell provider call +442079460101
promise "a phone that is not there: 480" await provider '^refused 480'
promise "the status log says why" status '(cause|reason)='
net_end
