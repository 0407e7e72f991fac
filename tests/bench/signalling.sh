#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What signalling costs, beside Kamailio on the same calls in the same run.
#
# usage, as root: tests/bench/signalling.sh [--quick] [--strict] [BUILD_DIR]
#
# --quick   one short round of everything, under a minute
# --strict  exit 1 when a target is missed
#
# It stays in a network namespace of its own, keeps the measured program on the
# first core and the load on the last one, and ends only what it started.

# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"
quick=no strict=no
options "quick strict" "$@"
own_namespace "$@"
opens sallyport sallyctl tests/bench/call_load
lan=127.0.31.1:5060 caller=127.0.31.2:5061 answerer=127.0.32.2:5062
if [ $quick = yes ]; then
	rounds=1 calls=1000 burst=4000 held=2000 idle_s=4 settle_s=3 linger_s=0
else
	rounds=5 calls=2000 burst=30000 held=5000 idle_s=10 settle_s=5 linger_s=45
fi
listed=$held
# A relayed call holds four descriptors; who may raise the limit, does.
limit=$((held * 4 + 512))
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge $limit ] ||
	ulimit -n $limit 2>/dev/null || {
		held=$((($(ulimit -Hn) - 512) / 4))
		echo "the limit of open files is $(ulimit -Hn): $held relayed" \
			"calls are held, $listed whose media goes past us"
	}
rate=250 burst_rate=2500 over_rate=4000 over=$((burst / 2))

# --- small tools -------------------------------------------------------------
# Median of one measure over another, round by round: what else the machine did
# in a round weighed on both.
median_ratio() {
	paste "$1" "$2" | awk '$2 > 0 { printf "%.3f\n", $1 / $2 }' | median
}
# target NAME VALUE LIMIT: says whether it was met
target() {
	local met=met
	meets "$2" "$3" || met=MISSED
	printf '%-44s %10s   target %s %s\n' "$1" "$2" "$3" "$met"
}
load() { # takes this shell's place
	on_core "$load_core" "$build/tests/bench/call_load" --from $caller \
		--to $answerer --via $lan "$@"
}

# --- Kamailio ------------------------------------------------------------------
modules=$(dirname "$(find /usr/lib -path "*/kamailio/modules/tm.so" | head -n 1)")
sed -e "s/@VIA@/$lan/; s/@TO@/$answerer/; s/@ENGINE@/127.0.31.1:2223/" \
	-e "s#@MODULES@#$modules/#" "$here/kamailio.cfg.in" >"$dir/kamailio.cfg"
engine='' loader=''
start_kamailio() { # further options; sets $pid and $pids
	mkdir -p "$dir/run"
	on_core "$core" kamailio -DD -E -m 1024 -M 16 -f "$dir/kamailio.cfg" \
		-Y "$dir/run" -P "$dir/kamailio.pid" "$@" >"$dir/kamailio.log" 2>&1 &
	keep pid
	sleep 1.5
	pids=$pid,$(pgrep -P "$pid" | tr '\n' ',')$engine
}
start_rtpengine() {
	on_core "$core" rtpengine --foreground --interface=127.0.31.1 \
		--listen-ng=127.0.31.1:2223 --table=-1 --port-min=10000 \
		--port-max=65000 --log-level=2 --num-threads=1 \
		>"$dir/rtpengine.log" 2>&1 &
	keep engine
	sleep 0.7
}
measure_kamailio() { # name, options...
	local name=$1
	shift
	start_kamailio "$@"
	(load --rate $rate --calls $calls --pid "$pids") >"$dir/out"
	echo "$name: $(cat "$dir/out")" >>"$dir/all"
	field cpu_ms_per_call <"$dir/out" >>"$dir/$name"
	stop "$pid"
}
measure_hiding() {
	start_rtpengine
	measure_kamailio hiding -A HIDING -A RELAY
	stop "$engine"
	engine=
}

# --- Sallyport -----------------------------------------------------------------
configure $caller $answerer 10000-65533 'max_calls = 40000;'
measure_sallyport() {
	start_sallyport
	(load --rate $rate --calls $calls --pid "$pid") >"$dir/out"
	echo "sallyport: $(cat "$dir/out")" >>"$dir/all"
	field cpu_ms_per_call <"$dir/out" >>"$dir/sallyport"
	stop "$pid"
}

# The same with a line more for the trunk and the PBX.
restart_sallyport_with() {
	stop "$pid"
	echo "$1" | tee -a "$dir/policy.d/acme.conf" >>"$dir/policy.d/pbx.conf"
	start_sallyport
}

# hold N: the calls stay up until `release`
hold() {
	mkfifo "$dir/word"
	load --rate 700 --calls "$1" --hold <"$dir/word" >"$dir/held" &
	keep loader
	exec 9>"$dir/word"
	for _ in $(seq 300); do
		grep -q held= "$dir/held" && return
		sleep 0.1
	done
	echo "only a part of $1 calls was held" >&2
}
release() {
	echo go >&9
	exec 9>&-
	wait "$loader"
	unset "started[$loader]"
	rm -f "$dir/word"
	tail -1 "$dir/held"
}

echo "# calls of 7 messages a side at $rate/s, $calls a run, $rounds" \
	"interleaved rounds; medians, ratios round by round"
for _ in $(seq $rounds); do
	if [ -n "$modules" ] && command -v kamailio >/dev/null; then
		measure_kamailio plain
		command -v rtpengine >/dev/null && measure_hiding
	fi
	measure_sallyport
done
cat "$dir/all"
ours=$(median <"$dir/sallyport")
for other in plain hiding; do
	[ -s "$dir/$other" ] || {
		echo "kamailio ($other) was not measured: package missing"
		continue
	}
	theirs=$(median <"$dir/$other")
	printf '%-44s %10s ms\n' "kamailio ($other), CPU a call" "$theirs"
	[ $other = plain ] && printf '%-44s %10s\n' "sallyport / kamailio plain" \
		"$(median_ratio "$dir/sallyport" "$dir/$other")"
	[ $other = hiding ] && target "sallyport / kamailio hiding + rtpengine" \
		"$(median_ratio "$dir/sallyport" "$dir/$other")" 0.30
done
printf '%-44s %10s ms\n' "sallyport, CPU a call" "$ours"

start_sallyport
target "start, ms" "$start_ms" 500
(load --rate $rate --calls 500) >/dev/null # warm
rest=$(rss_kb "$pid")
hold 1000
sleep $settle_s # the last answers' timers
before=$(ticks "$pid")
sleep $idle_s
target "idle with 1,000 calls held, % of a core" \
	"$(awk -v t=$(($(ticks "$pid") - before)) -v s=$idle_s \
		'BEGIN { printf "%.2f", t / s }')" 1
release >/dev/null
before=$(rss_kb "$pid")
hold $held
target "memory a held call, kB" \
	"$(awk -v a="$(rss_kb "$pid")" -v b="$before" -v n=$held \
		'BEGIN { printf "%.1f", (a - b) / n }')" 40
target "failed of $held calls to hold" \
	$((held - $(field held <"$dir/held"))) 0
release >/dev/null
(load --rate $burst_rate --calls $burst --pid "$pid") >"$dir/out"
echo "burst: $(cat "$dir/out")"
target "failed of $burst calls at $burst_rate/s" \
	"$(field failed <"$dir/out")" 0
if [ $linger_s -gt 0 ]; then
	most=$((rest * 12 / 10))
	for second in $(seq 0 $linger_s); do
		[ "$(rss_kb "$pid")" -le $most ] && break
		sleep 1
	done
	echo "memory at rest $rest kB, $second s after the burst $(rss_kb "$pid") kB"
	target "memory after the burst / at rest" \
		"$(ratio "$(rss_kb "$pid")" "$rest")" 1.20
fi
(load --rate $over_rate --calls $over --pid "$pid") >"$dir/out"
echo "overload: $(cat "$dir/out")"
target "broken of $over calls at $over_rate/s, others 503" \
	"$(field broken <"$dir/out")" 0
restart_sallyport_with 'anchor = "never";' # they need no descriptors
hold $listed
before=$(now_ms)
control calls >"$dir/calls"
target "sallyctl calls with $listed calls, ms" $(($(now_ms) - before)) 500
target "of them not shown" \
	$((listed - $(grep -c ' acme' "$dir/calls"))) 0
release >/dev/null
stop "$pid"
echo "$missed targets missed"
[ $strict = no ] || [ "$missed" -eq 0 ]
