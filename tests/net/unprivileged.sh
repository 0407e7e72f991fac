#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run by a user without any right, as the unit does: calls work, and a
# stranger's TCP connection is not kept, whether the system lets such a user
# filter TCP or not.
. "${srcdir:-.}/tests/net/lib.sh"

need setpriv ss
need_users
NET_SALLYPORT=(setpriv --reuid=65534 --regid=65534 --clear-groups
	--inh-caps=-all)
net_begin
net_world
trunk acme $PROVIDER
configure
chown -R 65534:65534 "$NET_WORK"
sallyport_start
provider provider $PROVIDER
phone phone 101 $PHONE1 -t
promise "a phone registers over TCP" register phone
tell phone call 05551234
promise "audio both ways" heard_both phone provider 1

held() { netns edge ss -Htn state established dst "$STRANGER" | wc -l; }
fake dialler wan -l $STRANGER:5080 -p $WAN_EDGE:5060 -u x -d $WAN_EDGE -t
tell dialler call +442079460101
# It has no end of its own that could be waited for.
sleep 1
promise "a stranger's connection is not kept" eval '[ "$(held)" = 0 ]'
promise "nor answered" never said dialler '^(trying|ringing|refused|answered)'
promise "the phone's own goes on" eval \
	'tell phone hangup; await provider "^ended by=them"'
net_end
