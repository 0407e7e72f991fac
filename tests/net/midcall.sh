#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 300 holds and resumes one after the other: each answered rightly, memory comes
# back to where it was, and the provider has heard one unbroken stream. What
# 10,000 of them cost is measured by tests/bench/midcall.sh.
. "${srcdir:-.}/tests/net/lib.sh"

net_begin
net_space edge
CONF_NETWORKS='lan: { address = "127.0.31.1"; rtp_ports = "20000-20999"; };
	wan: { address = "127.0.32.1"; rtp_ports = "20000-20999"; };'
CONF_ROUTES='{ from = "pbx"; number = "^\\d+$"; to = [ "acme" ]; }'
CONF_MORE='limits: { per_source_rate = 100000; per_source_burst = 100000; };'
printf 'kind = "pbx";\nnetwork = "lan";\nhost = "127.0.31.2:5061";
options_ping = "0s";\n' >"$NET_WORK/policy.d/pbx.conf"
chmod 600 "$NET_WORK/policy.d/pbx.conf"
trunk acme 127.0.32.2:5062 'reinvite = "suppress"; update = "suppress";
options_ping = "0s";'
configure
NET_SALLYPORT=("${NET_FIRST[@]}")
sallyport_start
start load edge "${NET_FIRST[@]}" "$NET_BUILD/tests/bench/midcall_load" \
	--from 127.0.31.2:5061 --to 127.0.32.2:5062 --via 127.0.31.1:5060 \
	--pid "${NET_PID[sallyport]}" --pairs 300 --warm 300 --long 50 \
	--rest 1 --settle 16
promise "they come to their end" await load '^calls=' 80
grep -a -E '^(calls=|fault)' "$NET_WORK/load.out" | head -n 20 | sed 's/^/# /'
promise "each was answered" judged load answered == 600
promise "and none refused" judged load failed == 0
promise "each answer is right" judged load faults == 0
promise "half of the answers came within 20 ms" judged load median_ms '<=' 20
# A sanitizer keeps what is freed.
grep -q -a -E '__(a|t)san_init' "$NET_BUILD/sallyport" ||
	promise "memory comes back" judged load growth '<=' 0.05
promise "the provider is asked nothing" judged load asked == 0
promise "one SSRC" judged load ssrcs == 1
promise "sequence numbers in steps of one" judged load breaks == 0
promise "timestamps that never go back" judged load ts_breaks == 0
net_end
