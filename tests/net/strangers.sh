#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An unknown source gets no SIP answer and costs no state.
. "${srcdir:-.}/tests/net/lib.sh"

net_usual
provider provider $PROVIDER
fake stranger wan -l $STRANGER:5060 -p $WAN_EDGE:5060 -u 101 -w secret-101 \
	-d $WAN_EDGE
fake caller wan -l $STRANGER:5070 -p $WAN_EDGE:5060 -u x -d $WAN_EDGE -r 10010
fake dialler wan -l $STRANGER:5080 -p $WAN_EDGE:5060 -u x -d $WAN_EDGE \
	-r 10020 -t
phone phone 101 $PHONE1
promise "a known phone registers" register phone
before=$(rss sallyport)
tell stranger register
tell caller call +442079460101
tell dialler call +442079460101
# Several retransmissions pass; there is nothing to wait for.
sleep 2
promise "a stranger's REGISTER gets no answer" \
	eval '[ "$(lines stranger)" = 1 ]'
promise "a stranger's INVITE gets no answer" eval '[ "$(lines caller)" = 1 ]'
promise "nor does one over TCP" \
	never said dialler '^(trying|ringing|refused|answered)'
promise "no phone rang" never said phone '^incoming'
small() { [ "$(rss sallyport)" -le $(($1 + 400)) ]; }
promise "no state was made" small "$before"
promise "the trunk is served all the same" eval \
	'tell provider call +442079460101; await phone "^incoming"'
net_end
