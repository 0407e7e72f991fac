#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A call whose media has died is ended.
. "${srcdir:-.}/tests/net/lib.sh"

CONF_PHONES='network = "lan"; media_timeout = "2s";'
net_usual 'media_timeout = "2s";'
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "a call is up" heard_both phone provider 1
tell phone sound nothing
tell provider sound nothing
promise "silence ends it toward the phone" await phone '^ended by=them' 8
promise "and toward the provider" await provider '^ended by=them'
promise "the status log says why" status 'media'
net_end
