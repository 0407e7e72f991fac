#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Relay bench: this media engine beside rtpengine in userspace, on the same
# streams over loopback, each on one core, in interleaved runs; prints ratios.
# As root, in the build folder:
#   make tests/bench/relay_host tests/bench/relay_load && ../tests/bench/relay.sh
# --quick: under 40 s.
set -u

rounds=5 ms=2000 ramp_ms=700 calls=1000 many=4000
if [ "${1-}" = --quick ]; then
	rounds=2 ms=600 ramp_ms=250
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
ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

dir=$(mktemp -d) || exit 1
ours='' theirs=''
far=6000 ng=62223

quit_ours()
{
	exec 9>&-
	[ -n "$ours" ] && wait "$ours" 2>/dev/null
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
		--port-min=20000 --port-max=52001 --num-threads=1 \
		--tos=184 --log-stderr --log-level=1 --pidfile="$dir/pid" \
		2> "$dir/rtpengine.log" > /dev/null &
	theirs=$!
	sleep 0.5
	"$bin/relay_load" ng "$ng" "$1" "$far" > "$dir/theirs" || exit 1
}

# Resident memory of a program and the kernel's slabs, in kB.
memory()
{
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status")
	slab=$(awk '/^Slab:/ { print $2 }' /proc/meminfo)
	echo "$rss $slab"
}

# load ours|theirs run|ramp RATE MS: prints what relay_load prints
load()
{
	pid=$ours
	[ "$1" = theirs ] && pid=$theirs
	(on_core 0 "$bin/relay_load" "$2" "$dir/$1" "$pid" "$far" "$3" "$4")
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

# --- CPU per packet and highest rate, 1,000 calls, both running in turn ------
# rtpengine's ports are taken while it runs, so each has its own turns.
i=0
while [ "$i" -lt "$rounds" ]; do
	start_ours "$calls"
	[ "$i" = 0 ] && echo "$before $after" > "$dir/memory"
	load ours run 100000 "$ms" > /dev/null # sockets lock and settle
	sleep 1
	line=$(load ours run 100000 "$ms")
	echo "ours    $line"
	echo "$line" >> "$dir/ours.runs"
	load ours ramp 120000 "$ramp_ms" | tee -a "$dir/ours.ramps"
	quit_ours
	start_theirs "$calls"
	load theirs run 100000 "$ms" > /dev/null
	sleep 1
	line=$(load theirs run 100000 "$ms")
	echo "theirs  $line"
	echo "$line" >> "$dir/theirs.runs"
	load theirs ramp 60000 "$ramp_ms" | tee -a "$dir/theirs.ramps"
	quit_theirs
	i=$((i + 1))
done

# --- cost from 100 to 4,000 calls, at the same packet rate --------------------
for n in 100 "$many"; do
	start_ours "$n"
	[ "$n" = "$many" ] && echo "$before $after" > "$dir/memory"
	load ours run 100000 "$ms" > /dev/null
	sleep 1
	i=0
	while [ "$i" -lt 3 ]; do
		load ours run 100000 "$ms" >> "$dir/calls.$n"
		i=$((i + 1))
	done
	quit_ours
done

# --- the table ------------------------------------------------------------------
pick() # FILE KEY: median
{
	value "$2" < "$dir/$1" | median
}
sum() # FILE KEY
{
	value "$2" < "$dir/$1" | awk '{ s += $1 } END { print s + 0 }'
}
{
	echo "cpu $(pick ours.runs cpu_us) $(pick theirs.runs cpu_us)"
	echo "best $(pick ours.ramps best) $(pick theirs.ramps best)"
	echo "delay $(pick ours.runs median_us) $(pick theirs.runs median_us)"
	echo "p99 $(pick ours.runs p99_us) $(pick theirs.runs p99_us)"
	echo "lost $(sum ours.runs lost) $(sum theirs.runs lost)"
	echo "end $(value end < "$dir/ours.ramps" | sort | uniq -c | sort -rn |
		awk 'NR == 1 { print $2 }')"
	echo "flat $(pick calls.100 cpu_us) $(pick "calls.$many" cpu_us)"
	echo "memory $(cat "$dir/memory") $many"
} > "$dir/table"
awk '
function row(what, ours, theirs, ratio, goal) {
	printf "%-44s %10s %10s %8s  %s\n", what, ours, theirs, ratio, goal
}
BEGIN { row("", "sallyport", "rtpengine", "ratio", "to reach") }
$1 == "cpu" { row("CPU per packet, us (1,000 calls)", $2, $3,
	sprintf("%.2f", $2 / $3), "0.80 or less") }
$1 == "best" { ours = $2; theirs = $3 }
$1 == "end" { row("packets/s without loss" ($2 == "load" ? " (limit: load)" : ""),
	ours, theirs, sprintf("%.2f", ours / theirs), "1.25 or more") }
$1 == "delay" { row("delay, median, us", $2, $3, "", "under 100") }
$1 == "p99" { row("delay, 99 %, us", $2, $3, "", "") }
$1 == "lost" { row("packets lost at 100,000/s", $2, $3, "", "0") }
$1 == "flat" { row("CPU per packet, us, 100 and 4,000 calls", $2, $3,
	sprintf("%.2f", $3 / $2), "1.25 or less") }
$1 == "memory" { row("memory a call, kB: program + kernel",
	sprintf("%.1f", ($4 - $2) / $6) "+" sprintf("%.1f", ($5 - $3) / $6),
	"", sprintf("%.1f", ($4 - $2 + $5 - $3) / $6), "14 or less") }
' "$dir/table"
