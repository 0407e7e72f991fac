#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No room for the store and the status log: calls do not notice.
. "${srcdir:-.}/tests/net/lib.sh"

net_begin
mkdir "$NET_WORK/small"
mount -t tmpfs -o size=400k none "$NET_WORK/small" 2>/dev/null ||
	net_skip "no small disk can be made here"
net_world
CONF_STORE=$NET_WORK/small/store.db
CONF_STATUS=$NET_WORK/small/status.log
trunk acme $PROVIDER
configure
sallyport_start
provider provider $PROVIDER
phone phone 101 $PHONE1
promise "the phone registers" register phone
tell phone call 05551234
promise "a call is up" heard_both phone provider 1
dd if=/dev/zero of="$NET_WORK/small/full" bs=1k 2>/dev/null
phone second 102 $PHONE2
promise "with the disk full another phone registers" register second
tell phone hangup
promise "the call ends" await provider '^ended by=them'
tell second call 05551234
promise "a new call comes up" heard_both second provider 1
# A line's last block has room yet: write until it has not.
fill()
{
	local i
	for ((i = 1; i <= 20; i++)); do
		tell phone register 0
		await phone '^unregistered' 5 "$i" || return 1
		tell phone register
		await phone '^registered' 5 $((i + 1)) || return 1
	done
}
promise "a phone leaves and comes, twenty times" fill
promise "sallyctl says that the store cannot write" \
	within 5 eval 'ctl | grep -q "cannot write.*full"'
promise "and that the status log cannot" \
	within 5 eval 'ctl | grep -q -E "write errors +[1-9]"'
promise "the program says that the disk is full" \
	within 5 logged '[Nn]o space left|full'
rm "$NET_WORK/small/full"
tell second hangup
promise "the second call ends" await provider '^ended by=them' 5 2
tell second call 05551234
promise "and a third is made" await second '^answered' 5 2
promise "with room again the status log goes on" \
	within 8 grep -q -a 'leg=.*event=' "$CONF_STATUS"
promise "the program lives" ctl_answers
tell second hangup
await second '^told 200 BYE'
stop sallyport
net_end
