#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who is not root runs a scenario in a user namespace, as README says; another
# one that needs a second user is skipped there.
. "${srcdir:-.}/tests/net/lib.sh"

need unshare setpriv
need_users
# As somebody else, from a folder that everybody may enter.
somebody()
{
	# shellcheck disable=SC2016
	(cd / && srcdir=$NET_SRC builddir=$NET_BUILD setpriv --reuid=65534 \
		--regid=65534 --clear-groups "$@")
}
rootless()
{
	somebody unshare -Urmn sh -c \
		'mount -t tmpfs none /run && exec "$0" "$@"' "$@"
}

somebody test -r "$NET_SRC/tests/net/lib.sh" -a -x "$NET_BUILD/tests/net/fake" ||
	net_skip "only its owner can read this tree"
rootless true 2>/dev/null || net_skip "users may have no namespaces here"
net_begin
somebody "$NET_SRC/tests/net/no_route.sh" >"$NET_WORK/plain.out" 2>&1
promise "without one it is skipped, and told how" \
	said plain '^1\.\.0 # SKIP .*README'
rootless "$NET_SRC/tests/net/no_route.sh" >"$NET_WORK/inside.out" 2>&1
code=$?
promise "in a user namespace it runs" said inside '^ok 1 '
promise "to its end" [ $code = 0 ]
promise "and nothing fails" never said inside '^not ok'
rootless "$NET_SRC/tests/net/unprivileged.sh" >"$NET_WORK/users.out" 2>&1
promise "what needs a second user is skipped" said users '^1\.\.0 # SKIP'
net_end
