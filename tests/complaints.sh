#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tests that complaints.txt names are there, and are run. Speaks TAP.
set -u
here=${srcdir:-.}/tests
n=0

# A test is run when its suite adds it: its name stands there a second time.
while read -r number file test; do
	case $number in '' | '#') continue ;; esac
	n=$((n + 1))
	if grep -q "^START_TEST($test)" "$here/$file" &&
		[ "$(grep -c -w "$test" "$here/$file")" -ge 2 ]; then
		echo "ok $n - $number: $test"
	else
		echo "not ok $n - $number: $test is not in $file, or not run"
	fi
done <"$here/complaints.txt"
echo "1..$n"
