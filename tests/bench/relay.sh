#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Relay bench: this media engine beside rtpengine in userspace, on the same
# streams over loopback, each on one core, in interleaved runs; prints ratios.
# As root, in the build folder:
#   make tests/bench/relay_host tests/bench/relay_load && ../tests/bench/relay.sh
# --quick: under 40 s.
set -u

rounds=25 ms=400 ramps=5 ramp_ms=300 rate=100000 calls=1000 many=4000
if [ "${1-}" = --quick ]; then
	rounds=7 ms=250 ramps=1 ramp_ms=200
fi
here=$(dirname "$0")
for bin in tests/bench "$here"; do
	[ -x "$bin/relay_host" ] && break
done
if [ ! -x "$bin/relay_host" ] || [ ! -x "$bin/relay_load" ]; then
	echo "relay.sh: make tests/bench/relay_host tests/bench/relay_load first" >&2
	exit 2
fi
if [ "$(id -u)" != 0 ]; then
	echo "relay.sh: run as root (socket buffers, niceness)" >&2
	exit 2
fi
if [ "$(nproc)" -lt 2 ]; then
	echo "relay.sh: needs two cores: one for the relay, one for its load" >&2
	exit 2
fi
# shellcheck disable=SC3045 # dash, bash and busybox have it
ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

dir=$(mktemp -d) || exit 1
ours='' theirs='' few=''
far=6000 ng=62223

quit_ours()
{
	exec 9>&-
	if [ -n "$ours" ]; then
		kill "$ours" 2>/dev/null
		wait "$ours" 2>/dev/null
	fi
	ours=''
}
quit_theirs()
{
	if [ -n "$theirs" ]; then
		kill "$theirs" 2>/dev/null
		wait "$theirs" 2>/dev/null
	fi
	theirs=''
}
cleanup()
{
	quit_ours
	quit_theirs
	[ -n "$few" ] && kill "$few" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# wait_for FILE WORD: until a program has written it, at most 60 s
wait_for()
{
	tries=0
	until grep -q "^$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		if [ "$tries" -gt 600 ]; then
			echo "relay.sh: no \"$2\" in 60 s" >&2
			exit 1
		fi
		sleep 0.1
	done
}

on_core()
{
	core=$1
	shift
	exec nice -n -20 taskset -c "$core" "$@"
}

# start_ours CALLS: engine with calls; ports in $dir/ours
start_ours()
{
	rm -f "$dir/in"
	mkfifo "$dir/in"
	: > "$dir/ours"
	on_core 1 "$bin/relay_host" "$1" "$far" < "$dir/in" > "$dir/ours" 9>&- &
	ours=$!
	exec 9> "$dir/in"
	wait_for "$dir/ours" started
	before=$(memory "$ours")
	echo go >&9
	wait_for "$dir/ours" ready
	after=$(memory "$ours")
}

# start_theirs CALLS
start_theirs()
{
	on_core 1 rtpengine --config-file=none --foreground --table=-1 \
		--interface=127.0.0.1 --listen-ng="127.0.0.1:$ng" \
		--port-min=41000 --port-max=60001 --num-threads=1 \
		--tos=184 --log-stderr --log-level=1 --pidfile="$dir/pid" \
		2> "$dir/rtpengine.log" > /dev/null 9>&- &
	theirs=$!
	sleep 0.5
	"$bin/relay_load" ng "$ng" "$1" "$far" > "$dir/theirs" || exit 1
}

# Resident memory of a program, and the kernel's for sockets, in kB: the slabs
# that a socket takes part of.
memory()
{
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status")
	slab=$(awk '
		$1 ~ /^(UDP|sock_inode_cache|filp|dentry|eventpoll_epi)$/ ||
		$1 ~ /^(eventpoll_pwq|ep_head|lsm_.*|kmalloc-64)$/ {
			sum += $3 * $4 }
		END { printf "%d", sum / 1024 }' /proc/slabinfo)
	echo "$rss ${slab:-0}"
}

# load run|ramp RATE MS ROUNDS NAME PORTS PID ...
load()
{
	what=$1
	shift
	(on_core 0 "$bin/relay_load" "$what" "$far" "$@")
}

value() # KEY < line
{
	tr ' ' '\n' | sed -n "s/^$1=//p"
}

median()
{
	sort -n | awk '{ v[NR] = $1 } END {
		print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# --- CPU per packet, delay, highest rate: both stand side by side, in turn ------
both()
{
	load "$@" ours "$dir/ours" "$ours" theirs "$dir/theirs" "$theirs"
}
start_ours "$calls"
start_theirs "$calls"
both run "$rate" 300 2 > /dev/null # sources lock, queues settle
sleep 1.2
both run "$rate" 300 2 > /dev/null
both run "$rate" "$ms" "$rounds" > "$dir/runs"
both ramp 40000 "$ramp_ms" "$ramps" > "$dir/ramps"
quit_ours
quit_theirs

# --- cost from 100 to 4,000 calls, at the same packet rate ------------------------
start_ours 100
few=$ours
mv "$dir/ours" "$dir/few"
exec 8>&9 # its input stays open
start_ours "$many"
echo "$before $after" > "$dir/memory"
scale()
{
	load run "$rate" "$1" "$2" "$many" "$dir/ours" "$ours" 100 "$dir/few" "$few"
}
scale 300 2 > /dev/null
sleep 1.2
scale 300 2 > /dev/null
scale "$ms" "$rounds" > "$dir/flat"
quit_ours
exec 8>&-
kill "$few"
few=''

# --- the table ------------------------------------------------------------------
pick() # FILE NAME KEY: median
{
	sed -n "s/^$2 //p" "$dir/$1" | value "$3" | median
}
least() # FILE NAME KEY
{
	sed -n "s/^$2 //p" "$dir/$1" | value "$3" | sort -n | head -n 1
}
sum() # FILE NAME KEY
{
	sed -n "s/^$2 //p" "$dir/$1" | value "$3" |
		awk '{ s += $1 } END { print s + 0 }'
}
{
	echo "cpu $(pick runs ours cpu_us) $(pick runs theirs cpu_us)"
	echo "best $(pick ramps ours best) $(pick ramps theirs best)"
	echo "delay $(pick runs ours median_us) $(pick runs theirs median_us)"
	echo "quiet $(least runs ours median_us) $(least runs theirs median_us)"
	echo "p99 $(pick runs ours p99_us) $(pick runs theirs p99_us)"
	echo "lost $(sum runs ours lost) $(sum runs theirs lost)"
	echo "end $(grep '^ours' "$dir/ramps" | value end | sort | uniq -c |
		sort -rn | awk 'NR == 1 { print $2 }')"
	echo "flat $(pick flat 100 cpu_us) $(pick flat "$many" cpu_us)"
	echo "memory $(cat "$dir/memory") $many"
} > "$dir/table"
awk -v rate="$rate" '
function row(what, ours, theirs, ratio, goal) {
	printf "%-44s %10s %10s %8s  %s\n", what, ours, theirs, ratio, goal
}
BEGIN { row("", "sallyport", "rtpengine", "ratio", "to reach") }
$1 == "cpu" { row("CPU per packet, us (1,000 calls)", $2, $3,
	sprintf("%.2f", $2 / $3), "0.80 or less") }
$1 == "best" { ours = $2; theirs = $3 }
$1 == "end" { row("packets/s without loss" ($2 == "load" ? " (load at its end)" : ""),
	ours, theirs, theirs > 0 ? sprintf("%.2f", ours / theirs) : "", "1.25 or more") }
$1 == "delay" { row("delay, median at " rate "/s, us", $2, $3, "", "under 100") }
$1 == "quiet" { row("delay, median of the quietest run, us", $2, $3, "", "") }
$1 == "p99" { row("delay, 99 %, us", $2, $3, "", "") }
$1 == "lost" { row("packets lost at " rate "/s", $2, $3, "", "0") }
$1 == "flat" { row("CPU per packet, us, 100 and 4,000 calls", $2, $3,
	sprintf("%.2f", $3 / $2), "1.25 or less") }
$1 == "memory" { row("memory a call, kB: program + kernel",
	sprintf("%.1f", ($4 - $2) / $6) "+" sprintf("%.1f", ($5 - $3) / $6),
	"", sprintf("%.1f", ($4 - $2 + $5 - $3) / $6), "14 or less") }
' "$dir/table"
