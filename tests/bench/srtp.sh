#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What SRTP costs: CPU a packet of calls that are SRTP on one side, to calls
# that are plain on both, on the same streams over loopback, in interleaved
# runs; prints ratios. Each packet goes through two sessions, which are secured
# toward one another: one of them protects it, the other one unprotects it.
# As root, in the build folder:
#   make tests/bench/relay_host tests/bench/relay_load && ../tests/bench/srtp.sh
# --quick: under 30 s.
set -u

rounds=15 ms=400 rate=20000 calls=1000
if [ "${1-}" = --quick ]; then
	rounds=5 ms=250
fi
here=$(dirname "$0")
for bin in tests/bench "$here"; do
	[ -x "$bin/relay_host" ] && break
done
if [ ! -x "$bin/relay_host" ] || [ ! -x "$bin/relay_load" ]; then
	echo "srtp.sh: make tests/bench/relay_host tests/bench/relay_load first" >&2
	exit 2
fi
if [ "$(id -u)" != 0 ]; then
	echo "srtp.sh: run as root (socket buffers, niceness)" >&2
	exit 2
fi
if [ "$(nproc)" -lt 2 ]; then
	echo "srtp.sh: needs two cores: one for the relay, one for its load" >&2
	exit 2
fi
# shellcheck disable=SC3045 # dash, bash and busybox have it
ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

dir=$(mktemp -d) || exit 1
far=6100 plain='' secured=''

quit() # PID
{
	if [ -n "$1" ]; then
		kill "$1" 2>/dev/null
		wait "$1" 2>/dev/null
	fi
}
cleanup()
{
	quit "$plain"
	quit "$secured"
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# start MODE: an engine with calls; ports in $dir/MODE, its pid in $pid
start()
{
	rm -f "$dir/in"
	mkfifo "$dir/in"
	: > "$dir/$1"
	(exec nice -n -20 taskset -c 1 "$bin/relay_host" "$calls" "$far" "$1" \
		< "$dir/in" > "$dir/$1" 8>&- 9>&-) &
	pid=$!
	exec 9> "$dir/in" # it ends when this is closed
	echo go >&9
	tries=0
	until grep -q '^ready' "$dir/$1"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 600 ]; then
			echo "srtp.sh: no calls in 60 s" >&2
			exit 1
		fi
		sleep 0.1
	done
}

run() # MS ROUNDS
{
	(exec taskset -c 0 "$bin/relay_load" run "$far" "$rate" "$1" "$2" \
		plain "$dir/twice" "$plain" srtp "$dir/$suite" "$secured")
}

pick() # NAME KEY: median
{
	sed -n "s/^$1 //p" "$dir/runs" | tr ' ' '\n' | sed -n "s/^$2=//p" |
		sort -n | awk '{ v[NR] = $1 } END {
		print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

lost() # NAME
{
	sed -n "s/^$1 //p" "$dir/runs" | tr ' ' '\n' | sed -n 's/^lost=//p' |
		awk '{ s += $1 } END { print s + 0 }'
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
	a=$(pick plain cpu_us)
	b=$(pick srtp cpu_us)
	printf '%-28s %8s %8s %8s %8s\n' "$name" "$(half "$a")" "$(half "$b")" \
		"$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.2f", b / a }')" \
		"$(lost plain) $(lost srtp)"
	quit "$secured"
	secured=''
done
