#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a re-INVITE costs that is answered here, in the real program: CPU, time,
# memory over 10,000 holds and resumes of one call, then in 200 calls at once,
# and whether the provider, whose policy says reinvite = "suppress", noticed.
#
# usage, as root: tests/bench/midcall.sh [--quick] [--strict] [BUILD_DIR]
#
# --quick   a tenth of everything
# --strict  exit 1 when a target is missed
#
# It stays in a network namespace of its own, keeps the measured program on the
# first core and the ends on the last one, and ends only what it started.
set -u
here=$(cd "$(dirname "$0")" && pwd)
quick=no strict=no build=
for argument; do
	case $argument in
	--quick) quick=yes ;;
	--strict) strict=yes ;;
	-*) sed -n '3,13p' "$0"; exit 2 ;;
	*) build=$(cd "$argument" && pwd) || exit 2 ;;
	esac
done
build=${build:-$PWD}
for program in sallyport sallyctl tests/bench/midcall_load; do
	[ -x "$build/$program" ] || {
		echo "no $build/$program: run 'make $program' there, or name" \
			"the build folder" >&2
		exit 2
	}
done
if [ -z "${SALLYPORT_BENCH_NS:-}" ]; then
	SALLYPORT_BENCH_NS=1 exec unshare --net "$here/midcall.sh" "$@"
fi
ip link set lo up || exit 2

dir=$(mktemp -d)
started=()
finish() {
	for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
	sleep 0.3
	for pid in "${started[@]}"; do kill -9 "$pid" 2>/dev/null; done
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

core=0 load_core=$(($(nproc) - 1))
# What else runs here shall not be measured.
first='nice -n -15'
chrt -r 5 true 2>/dev/null && first='chrt -r 5'
via=127.0.31.1:5060 phones=127.0.31.2:5061 provider=127.0.32.2:5062
if [ $quick = yes ]; then
	pairs=1000 many_pairs=10 warm=1000 rest_s=3 settle_s=6
else
	pairs=10000 many_pairs=50 warm=6000 rest_s=10 settle_s=25
fi
many=200 pace=100
missed=0

field() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" "$dir/out" | tail -n 1; }
# target NAME VALUE LIMIT: PASS or FAIL
target() {
	local met=PASS
	awk -v v="${2:-x}" -v l="$3" 'BEGIN { exit !(v ~ /^-?[0-9.]+$/ && v <= l) }' || {
		met=FAIL
		missed=$((missed + 1))
	}
	printf '%s  %-46s %10s   target %s\n' "$met" "$1" "${2:-none}" "$3"
}

mkdir -p "$dir/policy.d"
cat >"$dir/sallyport.conf" <<END
networks: {
  lan: { address = "127.0.31.1"; rtp_ports = "20000-29999"; };
  wan: { address = "127.0.32.1"; rtp_ports = "20000-29999"; };
};
routes = ( { from = "pbx"; number = "^\\\\d+\$"; to = [ "acme" ]; } );
limits: {
  per_source_rate = 100000; per_source_burst = 100000;
  global_rate = 100000; global_burst = 100000;
};
log: { status = "$dir/status.log"; };
store: { file = "$dir/store.db"; };
control: { socket = "$dir/control"; };
END
printf 'kind = "pbx";\nnetwork = "lan";\nhost = "%s";\noptions_ping = "0s";\n' \
	$phones >"$dir/policy.d/pbx.conf"
printf 'kind = "trunk";\nnetwork = "wan";\nhost = "%s";\noptions_ping = "0s";
reinvite = "suppress";\nupdate = "suppress";\n' \
	$provider >"$dir/policy.d/acme.conf"
start_sallyport() { # sets $pid
	rm -f "$dir"/store.db* "$dir/status.log" "$dir/control"
	$first taskset -c $core "$build/sallyport" -F -f "$dir/sallyport.conf" \
		>"$dir/sallyport.log" 2>&1 &
	pid=$!
	started+=("$pid")
	for _ in $(seq 300); do
		"$build/sallyctl" -s "$dir/control" calls >/dev/null 2>&1 &&
			return
		kill -0 $pid 2>/dev/null || break
		sleep 0.02
	done
	echo "sallyport did not start:" >&2
	cat "$dir/sallyport.log" >&2
	exit 1
}
stop_sallyport() {
	kill $pid 2>/dev/null
	wait $pid
}
measure() {
	start_sallyport
	$first taskset -c $load_core "$build/tests/bench/midcall_load" \
		--from $phones --to $provider --via $via --pid $pid \
		--rest $rest_s "$@" >"$dir/out" 2>&1
	stop_sallyport
	tail -n 20 "$dir/out" | sed 's/^/# /'
}
# What the provider must not have noticed.
unnoticed() {
	target "requests not answered with 200" "$(field failed)" 0
	target "answers that were not right" "$(field faults)" 0
	target "requests that the provider was asked" "$(field asked)" 0
	target "SSRCs a stream" "$(field ssrcs)" 1
	target "breaks of sequence numbers" "$(field breaks)" 0
	target "breaks of timestamps" "$(field ts_breaks)" 0
	target "longest gap, ms" "$(field gap_ms)" 60
}

echo "# one call, $pairs holds and resumes one after the other"
measure --pairs $pairs --warm $warm --settle $settle_s
target "CPU a re-INVITE, ms" "$(field cpu_ms)" 0.15
target "answered, median, ms" "$(field median_ms)" 2
target "memory afterwards, growth" "$(field growth)" 0.01
unnoticed
echo "# $many calls at once, $((many * many_pairs)) holds and resumes"
measure --calls $many --pairs $many_pairs --warm $many_pairs \
	--pace $pace --long 10 --settle $settle_s
target "CPU a re-INVITE, ms" "$(field cpu_ms)" 0.15
target "answered, median, ms" "$(field median_ms)" 2
target "memory afterwards, growth" "$(field growth)" 0.01
unnoticed
echo "$missed targets missed"
[ $strict = no ] || [ $missed -eq 0 ]
