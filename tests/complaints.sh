#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tests that complaints.txt and rows.txt name are there, and are run. Speaks
# TAP.
set -u
here=${srcdir:-.}/tests
n=0

# A test is run when its suite adds it: its name stands there a second time.
for list in complaints rows; do
	while read -r row file test; do
		case $row in '' | '#') continue ;; esac
		n=$((n + 1))
		if grep -q "^START_TEST($test)" "$here/$file" &&
			[ "$(grep -c -w "$test" "$here/$file")" -ge 2 ]; then
			echo "ok $n - $row: $test"
		else
			echo "not ok $n - $row: $test is not in $file, or not run"
		fi
	done <"$here/$list.txt"
done
echo "1..$n"
