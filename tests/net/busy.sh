#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the far side says is passed on.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER -i busy
phone phone 101 $PHONE1 -i busy
promise "the phone registers" register phone
tell phone call 05551234
promise "a busy provider: the phone sees 486" await phone '^refused 486'
tell provider call +442079460101
promise "a busy phone: the provider sees 486" await provider '^refused 486'
promise "the status log has it" status 'status=486|486'
net_end
