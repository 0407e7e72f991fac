#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What SRTP costs: CPU a packet of calls that are SRTP on one side, to calls
# that are plain on both, on the same streams over loopback, in interleaved
# runs; prints ratios. Each packet goes through two sessions, which are secured
# toward one another: one of them protects it, the other one unprotects it.
#
# usage, as root: tests/bench/srtp.sh [--quick] [BUILD_DIR]
#
# --quick  under 30 s

# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"
quick=no
options quick "$@"
opens tests/bench/relay_host tests/bench/relay_load
relay_alone
rounds=15 ms=400 rate=20000 calls=1000
[ $quick = no ] || rounds=5 ms=250
far=6100

# start MODE: an engine with calls; ports in $dir/MODE
start()
{
	start_host "$1" "$calls" "$far" "$1"
	echo go >&9
	wait_for "$dir/$1" ready
}

run() # MS ROUNDS
{
	(exec taskset -c "$load_core" "$build/tests/bench/relay_load" \
		run "$far" "$rate" "$1" "$2" plain "$dir/twice" "$plain" \
		srtp "$dir/$suite" "$secured")
}

pick() # NAME KEY: of each round
{
	sed -n "s/^$1 //p" "$dir/runs" | field "$2"
}

# two SESSIONS: what a packet costs in one of them
half()
{
	awk -v x="$1" 'BEGIN { printf "%.2f", x / 2 }'
}

echo "CPU a packet, us ($calls calls, $((rate / 1000))k packets/s)"
printf '%-28s %8s %8s %8s %8s\n' "" plain SRTP ratio lost
start twice
plain=$pid
exec 8>&9
for suite in 1 5; do
	start "$suite"
	secured=$pid
	# In one go: numbers that begin anew would be replayed ones. In the
	# first rounds sources lock and queues settle.
	run "$ms" "$((rounds + 5))" | tail -n +11 > "$dir/runs"
	case $suite in
	1) name=AES_CM_128_HMAC_SHA1_80 ;;
	*) name=AEAD_AES_128_GCM ;;
	esac
	a=$(pick plain cpu_us | median)
	b=$(pick srtp cpu_us | median)
	printf '%-28s %8s %8s %8s %8s\n' "$name" "$(half "$a")" "$(half "$b")" \
		"$(ratio "$b" "$a")" \
		"$(pick plain lost | sum) $(pick srtp lost | sum)"
	stop "$secured"
done
