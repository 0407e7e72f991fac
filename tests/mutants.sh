#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Is each mechanism's test a test of it? Every line of tests/mutants/table
# switches one mechanism off; the tests that it names have to fail then, and to
# pass without it. Works on a copy of the tree.
#
# usage: tests/mutants.sh [-j JOBS] [-k] [WORD...]
#
# -j    make's jobs, 1
# -b    do not try the tests without any mutant first
# -k    keep the copy (mutants.work/ here) for the next time
# WORD  only mutants whose row, file or test holds it; "=2" only complaint 2
#
# Half an hour on one core. Prints one line a mutant, "caught" or "SURVIVED",
# and the counts; exit status 1 if one survived.
set -u
jobs=1 keep=no before=yes
while getopts bj:k option; do
	case $option in
	j) jobs=$OPTARG ;;
	b) before=no ;;
	k) keep=yes ;;
	*) sed -n '3,16p' "$0"; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
src=$(cd "$(dirname "$0")/.." && pwd)
work=$PWD/mutants.work
table=$work/src/tests/mutants/table

[ $keep = yes ] || trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/src" "$work/build" || exit 2
# What is the same stays untouched, so that little is built again.
tar -C "$src" -cf - --exclude=./.git --exclude=./build --exclude=./mutants.work \
	--exclude="./${work#"$src"/}" --exclude=./autom4te.cache . |
	tar -C "$work/src" -xf - || exit 2
[ -x "$work/src/configure" ] ||
	(cd "$work/src" && autoreconf --install) >"$work/log" 2>&1 || {
	tail "$work/log"
	exit 2
}
cd "$work/build" || exit 2
if [ -f Makefile ]; then
	# What the last mutant of the last run left is built again.
	sed -n 's/^[a-z0-9].* :: \([^ ]*\) :: .* :: .*/\1/p' "$table" |
		(cd "$work/src" && xargs touch)
elif ! "$work/src/configure" CFLAGS='-O0 -g' >"$work/log" 2>&1; then
	tail "$work/log"
	exit 2
fi

# wanted LINE WORD...
wanted() {
	local line=$1 word rows
	shift
	[ $# = 0 ] && return
	for word; do
		case $word in
		=*)
			rows=" ${line%% :: *} "
			[ "${rows#* "${word#=}" }" != "$rows" ] && return
			;;
		*) [ "${line#*"$word"}" != "$line" ] && return ;;
		esac
	done
	return 1
}

# runs TEST: is it well? 77: there is no such test.
runs() {
	srcdir=$work/src CHECK_ONLY=${1#*:} timeout -k 5 300 "./tests/${1%%:*}" >"$work/log" 2>&1
}

builds() { make -s -j"$jobs" "$@" >"$work/log" 2>&1; }

mutants=() programs=() tests=()
while IFS= read -r line; do
	case $line in '' | '#'*) continue ;; esac
	wanted "$line" "$@" || continue
	mutants+=("$line")
	for test in ${line##* :: }; do
		tests+=("$test")
		programs+=("tests/${test%%:*}")
	done
done <"$table"
[ ${#mutants[@]} -gt 0 ] || {
	echo "no such mutant"
	exit 2
}

echo "# ${#mutants[@]} mutants"
mapfile -t programs < <(printf '%s\n' "${programs[@]}" | sort -u)
mapfile -t tests < <(printf '%s\n' "${tests[@]}" | sort -u)
builds "${programs[@]}" || {
	tail "$work/log"
	exit 2
}
broken=0
for test in "${tests[@]}"; do
	[ $before = no ] && break
	runs "$test" && continue
	echo "without any mutant FAILS: $test"
	broken=$((broken + 1))
done

caught=0 survived=0
for mutant in "${mutants[@]}"; do
	rows=${mutant%% :: *}
	rest=${mutant#* :: }
	file=${rest%% :: *}
	rest=${rest#* :: }
	edit=${rest%% :: *}
	named=${mutant##* :: }
	cp -p "$work/src/$file" "$work/kept"
	sed -e "$edit" "$work/kept" >"$work/src/$file"
	targets=()
	for test in $named; do targets+=("tests/${test%%:*}"); done
	verdict=caught
	if cmp -s "$work/kept" "$work/src/$file"; then
		verdict="SURVIVED (the edit changes nothing)"
	elif ! builds "${targets[@]}"; then
		verdict="SURVIVED (does not build: $(grep -m 1 error "$work/log"))"
	else
		for test in $named; do
			runs "$test"
			status=$?
			[ $status = 0 ] && verdict="SURVIVED $test"
			[ $status = 77 ] && verdict="SURVIVED (no test $test)"
			[ "$verdict" = caught ] || break
		done
	fi
	cp "$work/kept" "$work/src/$file" # newer than what was built of it
	case $verdict in
	caught) caught=$((caught + 1)) ;;
	*) survived=$((survived + 1)) ;;
	esac
	echo "$verdict: $rows: $file: $edit"
done
echo "${#mutants[@]} mutants, $caught caught, $survived survived; ${#tests[@]}" \
	"tests, $broken broken without any"
[ $survived = 0 ] && [ $broken = 0 ]
