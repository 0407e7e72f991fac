#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A SIP port that is taken: a clear error and no start.
. "${srcdir:-.}/tests/net/lib.sh"

net_begin
net_world
trunk acme $PROVIDER
configure
fake squatter edge -l $WAN_EDGE:5060 -p $PROVIDER:5060
netns edge timeout 10 "$NET_BUILD/sallyport" -F -f "$NET_WORK/sallyport.conf" \
	>"$NET_WORK/sallyport.out" 2>&1
code=$?
promise "it does not start" [ $code -ne 0 ]
promise "nor hang" [ $code -ne 124 ]
promise "it names the address" logged "$WAN_EDGE:5060"
promise "it leaves no control socket" [ ! -S "$NET_WORK/control" ]
dismiss squatter
sallyport_start
promise "when the port is free it starts" alive sallyport

echo 'broken' >>"$NET_WORK/sallyport.conf"
netns edge timeout 10 "$NET_BUILD/sallyport" -F -f "$NET_WORK/sallyport.conf" \
	>"$NET_WORK/broken.out" 2>&1
promise "bad configuration ends it with 78" [ $? = 78 ]
netns edge timeout 10 "$NET_BUILD/sallyport" -t -f "$NET_WORK/sallyport.conf" \
	>"$NET_WORK/test.out" 2>&1
promise "-t ends with 1" [ $? = 1 ]
promise "and says where" said test 'sallyport.conf:[0-9]+: error: '
net_end
