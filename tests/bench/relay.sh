#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Relay bench: this media engine beside rtpengine in userspace, on the same
# streams over loopback, each on one core, in interleaved runs; prints ratios,
# and PASS or FAIL for each target; the exit status is 1 where one was missed.
#
# usage, as root: tests/bench/relay.sh [--quick] [--realtime] [BUILD_DIR]
#
# --quick     1 minute, not 5
# --realtime  where others work on the machine, too, so that their turns are
#             not what is measured

# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"
quick=no realtime=no
options "quick realtime" "$@"
opens tests/bench/relay_host tests/bench/relay_load
relay_alone
rounds=25 ms=400 ramps=5 ramp_ms=700 rate=100000 calls=1000 many=4000
[ $quick = no ] || rounds=7 ms=250 ramps=1 ramp_ms=500
usual=("${first[@]}")
[ $realtime = no ] || first=(chrt -f 50)
far=6000 ng=62223
ours='' theirs=''

# start_ours CALLS: engine with calls; ports in $dir/ours
start_ours()
{
	start_host ours "$1" "$far"
	ours=$pid
	wait_for "$dir/ours" started
	before=$(memory "$ours")
	echo go >&9
	wait_for "$dir/ours" ready
	after=$(memory "$ours")
}
quit_ours()
{
	exec 9>&-
	stop "$ours"
}

# start_theirs CALLS
start_theirs()
{
	on_core "$core" rtpengine --config-file=none --foreground --table=-1 \
		--interface=127.0.0.1 --listen-ng="127.0.0.1:$ng" \
		--port-min=41000 --port-max=60001 --num-threads=1 \
		--tos=184 --log-stderr --log-level=1 --pidfile="$dir/pid" \
		2> "$dir/rtpengine.log" > /dev/null 9>&- &
	keep theirs
	sleep 0.5
	"$build/tests/bench/relay_load" ng "$ng" "$1" "$far" > "$dir/theirs" ||
		exit 1
}

# Resident memory of a program, and the kernel's for sockets, in kB: all that a
# socket and its place in epoll are made of, each with its share of its pages.
memory()
{
	local rss slab
	rss=$(awk '/^Rss/ { print $2 }' "/proc/$1/smaps_rollup")
	slab=$(for cache in UDP sock_inode_cache filp dentry eventpoll_epi \
		eventpoll_pwq ep_head lsm_inode_cache lsm_file_cache kmalloc-64
	do
		readlink -f "/sys/kernel/slab/$cache"
	done | sort -u | while read -r cache; do
		[ -r "$cache/objects" ] || continue
		objects=$(sed 's/ .*//' "$cache/objects")
		read -r order < "$cache/order"
		read -r of < "$cache/objs_per_slab"
		echo "$objects $order $of"
	done | awk '{ kb += $1 / $3 * 4 * 2 ^ $2 } END { printf "%d", kb }')
	echo "$rss ${slab:-0}"
}

# load run|ramp RATE MS ROUNDS NAME PORTS PID ...
load()
{
	local what=$1
	shift
	(on_core "$load_core" "$build/tests/bench/relay_load" "$what" "$far" "$@")
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
both ramp 100000 "$ramp_ms" "$ramps" > "$dir/ramps"
quit_ours
stop "$theirs"

# --- memory, and cost from 100 to 4,000 calls, at the same packet rate ------------
first=("${usual[@]}")
for _ in 1 2 3; do # others' files come and go meanwhile: the median
	start_ours "$many"
	echo "$before $after" >> "$dir/memory"
	quit_ours
done
[ $realtime = no ] || first=(chrt -f 50)
start_ours 100
few=$ours
mv "$dir/ours" "$dir/few"
exec 8>&9 # its input stays open
start_ours "$many"
scale()
{
	load run "$rate" "$1" "$2" "$many" "$dir/ours" "$ours" \
		100 "$dir/few" "$few"
}
scale 300 2 > /dev/null
sleep 1.2
scale 300 2 > /dev/null
scale "$ms" "$rounds" > "$dir/flat"
quit_ours
exec 8>&-
stop "$few"

# --- the table ------------------------------------------------------------------
pick() # FILE NAME KEY: median
{
	sed -n "s/^$2 //p" "$dir/$1" | field "$3" | median
}
least() # FILE NAME KEY
{
	sed -n "s/^$2 //p" "$dir/$1" | field "$3" | sort -n | head -n 1
}
total() # FILE NAME KEY
{
	sed -n "s/^$2 //p" "$dir/$1" | field "$3" | sum
}
grown() # AFTER BEFORE: median growth, in columns of the memory file
{
	awk -v after="$1" -v before="$2" '{ print $after - $before }' \
		"$dir/memory" | median
}
ends() # NAME: how most of its ramps ended
{
	sed -n "s/^$1 //p" "$dir/ramps" | field end | sort | uniq -c |
		sort -rn | awk 'NR == 1 { print $2 }'
}
{
	echo "cpu $(pick runs ours cpu_us) $(pick runs theirs cpu_us)"
	echo "best $(pick ramps ours best) $(pick ramps theirs best)" \
		"$(ends ours) $(ends theirs)"
	echo "delay $(pick runs ours median_us) $(pick runs theirs median_us)"
	echo "quiet $(least runs ours median_us) $(least runs theirs median_us)"
	echo "p99 $(pick runs ours p99_us) $(pick runs theirs p99_us)"
	echo "lost $(total runs ours lost) $(total runs theirs lost)"
	echo "flat $(pick flat 100 cpu_us) $(pick flat "$many" cpu_us)"
	echo "memory $(grown 3 1) $(grown 4 2) $many"
} > "$dir/table"
awk -v rate="$rate" '
function row(what, ours, theirs, ratio, goal, good) {
	printf "%-44s %10s %10s %7s  %-12s %s\n", what, ours, theirs, ratio,
		goal, goal == "" || goal == "to reach" ? "" : good ? "PASS" : "FAIL"
	if (goal != "" && goal != "to reach" && !good)
		missed++
}
function by(a, b) { return b > 0 ? sprintf("%.2f", a / b) : "-" }
BEGIN { row("", "sallyport", "rtpengine", "ratio", "to reach") }
$1 == "cpu" { row("CPU per packet, us (1,000 calls)", $2, $3, by($2, $3),
	"0.80 or less", $3 > 0 && $2 / $3 <= 0.80) }
$1 == "best" { row("packets/s without loss", $2, $3, by($2, $3),
	"1.25 or more", $3 > 0 && $2 / $3 >= 1.25)
	if ($4 == "load" || $5 == "load")
		printf "  (the load could not send more beside %s)\n",
			$4 == $5 ? "both" : $4 == "load" ? "sallyport" : "rtpengine" }
$1 == "delay" { row("delay, median at " rate "/s, us", $2, $3, "",
	"under 100", $2 < 100) }
$1 == "quiet" { row("delay, median of the quietest run, us", $2, $3, "", "") }
$1 == "p99" { row("delay, 99 %, us", $2, $3, "", "") }
$1 == "lost" { row("packets lost at " rate "/s", $2, $3, "", "0", $2 == 0) }
$1 == "flat" { row("CPU per packet, us, 100 and 4,000 calls", $2, $3,
	by($3, $2), "1.25 or less", $2 > 0 && $3 / $2 <= 1.25) }
$1 == "memory" { kb = ($2 + $3) / $4
	row("memory a call, kB: program + kernel",
	sprintf("%.1f+%.1f", $2 / $4, $3 / $4), "", sprintf("%.1f", kb),
	"14 or less", $3 > 0 && kb <= 14) }
END { printf "%d target%s missed\n", missed, missed == 1 ? "" : "s"
	exit missed > 0 }
' "$dir/table"
