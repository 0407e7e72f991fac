#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The table of mutants still fits: each row of rows.txt and each complaint has
# one whose test is named for it, each edit changes its file, each test is
# there. Speaks TAP.
set -u
src=${srcdir:-.}
here=$src/tests
n=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

ok() {
	n=$((n + 1))
	echo "ok $n - $1"
}
not_ok() {
	n=$((n + 1))
	echo "not ok $n - $1"
}

# "row program:test" of both lists, and of the mutants.
for list in complaints rows; do
	sed -n 's/^\([a-z0-9-]*\)  *\([a-z0-9_]*\)\.c  *\([a-z0-9_]*\)$/\1 \2:\3/p' \
		"$here/$list.txt"
done >"$work/named"
awk -F ' :: ' '/^[a-z0-9]/ {
	n = split($1, row, " ")
	t = split($4, test, " ")
	for (i = 1; i <= n; i++)
		for (k = 1; k <= t; k++)
			print row[i], test[k]
}' "$here/mutants/table" >"$work/tested"
sort -u "$work/named" -o "$work/named"
sort -u "$work/tested" -o "$work/tested"
comm -12 "$work/named" "$work/tested" | cut -d ' ' -f 1 | sort -u >"$work/shown"
cut -d ' ' -f 1 "$work/named" | sort -u >"$work/rows"

for complaint in $(seq 27); do
	grep -q -x "$complaint" "$work/rows" ||
		not_ok "complaint $complaint has a test"
done
while read -r row; do
	if grep -q -x -e "$row" "$work/shown"; then
		ok "$row has a mutant"
	else
		not_ok "$row has a mutant for one of its tests"
	fi
done <"$work/rows"
cut -d ' ' -f 1 "$work/tested" | sort -u | comm -13 "$work/rows" - |
	while read -r row; do echo "$row"; done >"$work/unknown"
if [ -s "$work/unknown" ]; then
	not_ok "no mutant for what is no row: $(tr '\n' ' ' <"$work/unknown")"
else
	ok "no mutant for what is no row"
fi

line=0
while IFS= read -r mutant; do
	line=$((line + 1))
	case $mutant in '' | '#'*) continue ;; esac
	file=$(printf "%s\n" "$mutant" | awk -F ' :: ' '{ print $2 }')
	edit=$(printf "%s\n" "$mutant" | awk -F ' :: ' '{ print $3 }')
	tests=$(printf "%s\n" "$mutant" | awk -F ' :: ' '{ print $4 }')
	if ! sed -e "$edit" "$src/$file" >"$work/edited" 2>"$work/why"; then
		not_ok "line $line: $(cat "$work/why")"
	elif cmp -s "$src/$file" "$work/edited"; then
		not_ok "line $line changes nothing in $file"
	else
		missing=
		for test in $tests; do
			grep -q "^START_TEST(${test#*:})" \
				"$here/${test%%:*}.c" || missing=$test
		done
		if [ -n "$missing" ]; then
			not_ok "line $line: no test $missing"
		else
			ok "line $line fits $file"
		fi
	fi
done <"$here/mutants/table"
echo "1..$n"
