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

# shellcheck source=tests/bench/lib.sh
. "${0%/*}/lib.sh"
quick=no strict=no
options "quick strict" "$@"
own_namespace "$@"
opens sallyport sallyctl tests/bench/midcall_load
chrt -r 5 true 2>/dev/null && first=(chrt -r 5)
via=127.0.31.1:5060 phones=127.0.31.2:5061 provider=127.0.32.2:5062
if [ $quick = yes ]; then
	pairs=1000 many_pairs=10 warm=6000 rest_s=3
else
	pairs=10000 many_pairs=50 warm=6000 rest_s=10
fi
# A transaction lives for 32 s more (RFC 3261 17), then memory is trimmed.
many=200 pace=100 settle_s=40

said() { field "$1" <"$dir/out" | tail -n 1; }
# target NAME VALUE LIMIT: PASS or FAIL
target() {
	local met=PASS
	meets "$2" "$3" || met=FAIL
	printf '%s  %-46s %10s   target %s\n' "$met" "$1" "${2:-none}" "$3"
}

configure $phones $provider 20000-29999 ''
echo 'update = "suppress";' >>"$dir/policy.d/acme.conf"
measure() {
	start_sallyport
	(on_core "$load_core" "$build/tests/bench/midcall_load" \
		--from $phones --to $provider --via $via --pid "$pid" \
		--rest $rest_s "$@") >"$dir/out" 2>&1
	stop "$pid"
	tail -n 20 "$dir/out" | sed 's/^/# /'
}
# What the provider must not have noticed.
unnoticed() {
	target "requests not answered with 200" "$(said failed)" 0
	target "answers that were not right" "$(said faults)" 0
	target "requests that the provider was asked" "$(said asked)" 0
	target "SSRCs a stream" "$(said ssrcs)" 1
	target "breaks of sequence numbers" "$(said breaks)" 0
	target "breaks of timestamps" "$(said ts_breaks)" 0
	target "longest gap, ms" "$(said gap_ms)" 60
}

echo "# one call, $pairs holds and resumes one after the other"
measure --pairs $pairs --warm $warm --settle $settle_s
target "CPU a re-INVITE, ms" "$(said cpu_ms)" 0.15
target "answered, median, ms" "$(said median_ms)" 2
target "memory afterwards, growth" "$(said growth)" 0.01
unnoticed
echo "# $many calls at once, $((many * many_pairs)) holds and resumes"
measure --calls $many --pairs $many_pairs --warm $many_pairs \
	--pace $pace --long 10 --settle $settle_s
target "CPU a re-INVITE, ms" "$(said cpu_ms)" 0.15
target "answered, median, ms" "$(said median_ms)" 2
target "memory afterwards, growth" "$(said growth)" 0.01
unnoticed
echo "$missed targets missed"
[ $strict = no ] || [ "$missed" -eq 0 ]
