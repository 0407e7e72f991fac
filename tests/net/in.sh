#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real phone is dialled from the trunk.
. "${srcdir:-.}/tests/net/lib.sh"

need baresip
net_usual
provider provider $PROVIDER
baresip_start phone lan $PHONE1 101 $LAN_EDGE
promise "baresip registers" await phone ' 200 OK ' 8
tell provider call +442079460101
promise "the provider's call is answered" await provider '^answered' 8
promise "the provider hears the phone" await provider '^heard seconds=2' 8
tell provider hangup
promise "its hangup reaches the phone" await phone 'terminated|session closed'
promise "and is acknowledged" await provider '^told 200 BYE'
promise "what the provider heard was the tone" judged provider share '>' 0.9
promise "in one stream" judged provider ssrcs == 1
promise "the phone heard the provider" eval \
	'baresip_heard phone && judged phone-heard tone_seconds ">=" 1.5'
promise "no call is left" eval 'within 3 never eval "ctl calls | grep -q acme"'
net_end
