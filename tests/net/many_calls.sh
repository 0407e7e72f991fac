#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# sipp on both sides: a hundred calls, none lost, nothing left behind.
. "${srcdir:-.}/tests/net/lib.sh"

need sipp
CONF_ROUTES='{ from = "acme"; number = "^9(.*)$"; to = [ "other" ]; }'
CONF_NETWORKS='lan: { address = "192.168.77.1"; rtp_ports = "20000-20099"; };
	wan: { address = "198.51.100.1"; rtp_ports = "30000-30999"; };'
net_begin
net_world
trunk acme $PROVIDER 'options_ping = "0s";'
trunk other $PROVIDER2 'options_ping = "0s";'
configure
sallyport_start
start uas wan sipp -sn uas -i $PROVIDER2 -p 5060 -nostdin -timeout 60 \
	-trace_err -error_file "$NET_WORK/uas.log"
within 5 eval 'netns wan ss -lun | grep -q "'"$PROVIDER2"':5060"'
netns wan timeout 40 sipp -sn uac -i $PROVIDER -p 5060 -s 9123 -r 25 -m 100 \
	-d 500 -timeout 30 -nostdin -trace_err \
	-error_file "$NET_WORK/uac.log" $WAN_EDGE:5060 \
	>"$NET_WORK/uac.out" 2>&1
code=$?
promise "a hundred calls, none failed" [ $code = 0 ]
promise "no call is left" within 3 never eval 'ctl calls | grep -q acme'
promise "every call has its end in the status log" \
	within 3 eval '[ "$(grep -c event=call-end "$NET_WORK/status.log")" = 100 ]'
net_end
