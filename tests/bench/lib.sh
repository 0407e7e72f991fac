# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the benches share: their options and programs, a network namespace, the
# cores, what was started and its end, and how numbers are read. Sourced by
# tests/bench/*.sh.
#
# A bench keeps what it measures on $core and what loads it on $load_core, and
# ends only what it started.
set -u
here=$(cd "${0%/*}" && pwd)
name=${0##*/}
# shellcheck disable=SC2034
core=0 load_core=$(($(nproc) - 1))
first=(nice -n -15) # what else runs here shall not be measured
build=$PWD
dir= # for the bench's files, removed at its end
pid= # of what is measured
missed=0
declare -A started=()

# --- how a bench opens -----------------------------------------------------------

fail()
{
	echo "$name: $*" >&2
	exit 2
}

# The comment that the bench begins with.
usage()
{
	sed -n '3,${/^#/!q;s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

# options WORDS ARGUMENT...: sets to "yes" the variable of each word that is
# given as --WORD, and $build where a folder is named
options()
{
	local words=" $1 " argument
	shift
	for argument; do
		case $argument in
		--*)
			[[ $words == *" ${argument#--} "* ]] || usage
			printf -v "${argument#--}" yes
			;;
		-*) usage ;;
		*) build=$(cd "$argument" && pwd) || exit 2 ;;
		esac
	done
}

# opens PROGRAM...: checks that we are root and that the build folder has the
# programs, and makes $dir
opens()
{
	local program
	[ "$(id -u)" = 0 ] ||
		fail "run as root (priority, namespaces, socket buffers)"
	[ -x "$build/$1" ] || build=$(cd "$here/../.." && pwd)
	for program; do
		[ -x "$build/$program" ] ||
			fail "no $program: run 'make $*' in the build folder" \
				"and this bench there, or name that folder"
	done
	dir=$(mktemp -d) || exit 2
	trap finish EXIT
	trap 'exit 130' INT TERM
}

# Run the bench again in a network namespace of its own; given its arguments.
own_namespace()
{
	if [ -z "${SALLYPORT_BENCH_NS:-}" ]; then
		SALLYPORT_BENCH_NS=1 exec unshare --net "$here/$name" "$@"
	fi
	ip link set lo up || exit 2
}

# --- what is started -------------------------------------------------------------

# on_core N PROGRAM...: takes this shell's place, so in the background or in
# parentheses
on_core()
{
	local at=$1
	shift
	exec "${first[@]}" taskset -c "$at" "$@"
}

# keep NAME: sets $NAME to what was put into the background just now; the end of
# the bench is its end
keep()
{
	printf -v "$1" %s $!
	started[$!]=yes
}

# stop PID: after 6 s with force
stop()
{
	local try
	kill "$1" 2>/dev/null
	for ((try = 0; try < 60; try++)); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	[ $try -lt 60 ] || kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	unset "started[$1]"
}

finish()
{
	local each
	for each in "${!started[@]}"; do kill "$each" 2>/dev/null; done
	[ ${#started[@]} -eq 0 ] || sleep 0.3
	for each in "${!started[@]}"; do kill -9 "$each" 2>/dev/null; done
	rm -rf "$dir"
}

# wait_for FILE WORD: until a program has written a line that begins with it
wait_for()
{
	local tries=0
	until grep -q "^$2" "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -le 600 ] || fail "no \"$2\" in 60 s"
		sleep 0.1
	done
}

# --- the whole program -----------------------------------------------------------

# configure PHONES PROVIDER PORTS LIMITS: a PBX "pbx" in the network lan, that
# calls by the trunk "acme" in wan, whose policy a bench may add to
configure()
{
	mkdir -p "$dir/policy.d"
	cat >"$dir/sallyport.conf" <<-END
	networks: {
	  lan: { address = "127.0.31.1"; rtp_ports = "$3"; };
	  wan: { address = "127.0.32.1"; rtp_ports = "$3"; };
	};
	routes = ( { from = "pbx"; number = "^\\\\d+\$"; to = [ "acme" ]; } );
	limits: {
	  $4 per_source_rate = 100000; per_source_burst = 100000;
	  global_rate = 100000; global_burst = 100000;
	};
	log: { status = "$dir/status.log"; };
	store: { file = "$dir/store.db"; };
	control: { socket = "$dir/control"; };
	END
	cat >"$dir/policy.d/pbx.conf" <<-END
	kind = "pbx";
	network = "lan";
	host = "$1";
	options_ping = "0s";
	END
	cat >"$dir/policy.d/acme.conf" <<-END
	kind = "trunk";
	network = "wan";
	host = "$2";
	reinvite = "suppress";
	options_ping = "0s";
	END
}

control() { "$build/sallyctl" -s "$dir/control" "$@"; }

# Sets $pid, and $start_ms to the time until it answered.
start_sallyport()
{
	rm -f "$dir"/store.db* "$dir/status.log" "$dir/control"
	local before tries=0
	before=$(now_ms)
	on_core "$core" "$build/sallyport" -F -f "$dir/sallyport.conf" \
		>"$dir/sallyport.log" 2>&1 &
	keep pid
	until control calls >/dev/null 2>&1; do
		tries=$((tries + 1))
		if ! kill -0 "$pid" 2>/dev/null || [ $tries -gt 1000 ]; then
			cat "$dir/sallyport.log" >&2
			fail "sallyport did not start"
		fi
		sleep 0.005
	done
	# shellcheck disable=SC2034
	start_ms=$(($(now_ms) - before))
}

# --- the relay alone -------------------------------------------------------------

# The relay on the second core, its load on the first one, and descriptors for
# as many streams as they like.
relay_alone()
{
	[ "$(nproc)" -ge 2 ] ||
		fail "needs two cores: one for the relay, one for its load"
	# shellcheck disable=SC2034
	core=1 load_core=0
	first=(nice -n -20)
	ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
}

# start_host NAME CALLS FAR [MODE]: sets $pid to a relay that writes to $dir/NAME, and makes
# its calls and relays them once it is told "go" on descriptor 9, until that is
# closed
start_host()
{
	local says=$dir/$1
	shift
	rm -f "$dir/in"
	mkfifo "$dir/in"
	: >"$says"
	on_core "$core" "$build/tests/bench/relay_host" "$@" \
		<"$dir/in" >"$says" 8>&- 9>&- &
	keep pid
	exec 9>"$dir/in"
}

# --- numbers ---------------------------------------------------------------------

now_ms() { date +%s%3N; }
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
# The CPU time of a program so far, in hundredths of a second.
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
# field NAME: of lines of NAME=VALUE
field() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p"; }
sum() { awk '{ s += $1 } END { print s + 0 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b ? a / b : 0 }'; }
median()
{
	sort -n | awk '{ v[NR] = $1 } END {
		print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# meets VALUE LIMIT: whether a target is met; $missed counts the others
meets()
{
	awk -v v="${1:-x}" -v l="$2" \
		'BEGIN { exit !(v ~ /^-?[0-9.]+$/ && v + 0 <= l + 0) }' && return
	missed=$((missed + 1))
	return 1
}
