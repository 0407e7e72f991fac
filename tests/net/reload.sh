#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A broken file changes nothing and says why; a good one is used; the running
# call does not notice.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
phone phone 101 $PHONE1
phone late 104 $PHONE2
promise "the phone registers" register phone
tell late register
promise "a user not configured is refused" await late '^register-refused'
tell phone call 05551234
promise "a call is up" heard_both phone provider 1

echo 'no_such_key = 1;' >>"$NET_WORK/sallyport.conf"
promise "a broken file is refused" never eval 'ctl reload >"$NET_WORK/r.out"'
promise "with file and line" \
	grep -q -E 'sallyport.conf:[0-9]+: error: ' "$NET_WORK/r.out"
kill -HUP "${NET_PID[sallyport]}"
promise "HUP says so in the log" within 3 logged 'no_such_key'
promise "the call goes on" alive phone

CONF_USERS="$CONF_USERS 104"
configure
promise "a good file is taken" eval 'ctl reload >"$NET_WORK/r.out"'
tell late register
promise "its new user may register" await late '^registered'
promise "the call goes on all the while" await phone '^heard seconds=3' 8
tell phone hangup
promise "and ends as asked" await provider '^ended by=them'
promise "unbroken" judged provider breaks == 0
promise "no gap over 60 ms" judged provider gap_ms '<=' 60
net_end
