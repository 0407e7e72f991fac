#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The judge of perfect_call sees what each mechanism is for: without it, it
# finds what is wrong.
cd "${builddir:-.}" || exit 1
scenario=${srcdir:-.}/tests/net/perfect_call.sh
n=0 failed=0
for mechanism in steady suppress; do
	n=$((n + 1))
	NET_TIMED='' timeout --foreground -k 10 100 "$scenario" \
		--without $mechanism >without.$$ 2>&1
	status=$?
	sed 's/^/# /' without.$$
	if grep -q '^1\.\.0 # SKIP' without.$$; then
		echo "ok $n - without $mechanism # SKIP see above"
	elif [ $status = 0 ] && grep -q '^ok' without.$$; then
		echo "ok $n - without $mechanism the judge finds it"
	else
		echo "not ok $n - without $mechanism the judge finds it"
		failed=1
	fi
	rm -f without.$$
done
echo "1..$n"
exit $failed
