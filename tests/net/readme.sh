#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The configuration in README loads, and the program starts with it.
. "${srcdir:-.}/tests/net/lib.sh"

# block N: the Nth ``` block of README.
block()
{
	awk -v n="$1" '/^```/ { inside = !inside; if (inside) count++; next }
		inside && count == n' "$NET_SRC/README.md"
}

net_begin
net_space lan edge
net_link lan eth0 edge lan0
net_address edge lan0 192.168.1.2/24 192.0.2.10/24
block 1 >"$NET_WORK/sallyport.conf"
block 2 >"$NET_WORK/policy.d/acme.conf"
umask 077
for name in 101 102 acme; do
	echo "secret-$name" >"$NET_WORK/$name.secret"
	echo "secret-$name" >"$NET_WORK/policy.d/$name.secret"
done
promise "README has a configuration of about 15 lines" \
	[ "$(wc -l <"$NET_WORK/sallyport.conf")" -lt 18 ]
promise "README has a trunk" [ -s "$NET_WORK/policy.d/acme.conf" ]
netns edge timeout 10 "$NET_BUILD/sallyport" -t \
	-f "$NET_WORK/sallyport.conf" >"$NET_WORK/test.out" 2>&1
promise "both load without a fault" [ $? = 0 ]
promise "and without a warning" never said test 'warning'
net_end
