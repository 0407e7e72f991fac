#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# In the background: the command ends, nothing holds who started it, and what
# is said afterwards is found where sallyport(8) says. As a user without rights.
. "${srcdir:-.}/tests/net/lib.sh"

USER_NAME=nobody

# The program has no parent of ours: it is who is in the namespace.
pids() { ip netns pids "$NET_PREFIX-edge"; }
gone() { [ -z "$(pids)" ]; }
only() { pids | head -n 1; }
points() { [ "$(readlink "/proc/$(only)/$1")" = "$2" ]; }
holds() { grep -a -q -E -e "$2" "$NET_WORK/$1" 2>/dev/null; }

# background NAME [ARGUMENT...]: from the folder of the configuration; read to
# the end, as by a script that starts it. Its exit status.
background()
{
	local name=$1
	shift
	(
		cd "$NET_WORK" || exit 99
		ulimit -n 600 # which is too low, and told at the start
		timeout 20 nsenter --net="/run/netns/$NET_PREFIX-edge" -- \
			"${WRAP[@]}" "$NET_BUILD/sallyport" \
			-f sallyport.conf "$@" 2>&1
		echo "status=$?"
	) | timeout 30 cat >"$NET_WORK/$name.out"
	READER=${PIPESTATUS[1]}
	return "$(field "$name" status)"
}
WRAP=() READER=

need_users
getent passwd $USER_NAME >/dev/null || net_skip "there is no user $USER_NAME"
net_begin
net_world
trunk acme $PROVIDER
printf 'secret-101\n' >"$NET_WORK/101.secret"
CONF_STORE=store.db CONF_STATUS=status.log
CONF_MORE='limits: { max_calls = 1000; };'
configure
sed -i 's|log: {|& messages = "messages.log";|' "$NET_WORK/sallyport.conf"
chown -R $USER_NAME "$NET_WORK"

promise "it starts, and the command ends with 0" background first -u $USER_NAME
promise "a pipe's reader is not kept" [ "$READER" = 0 ]
promise "he has what was said at the start" said first 'warning: .*open files'
promise "it runs" ctl_answers
promise "once, as that user" \
	[ "$(stat -c %U "/proc/$(only)")" = $USER_NAME ]
promise "it holds no terminal" eval \
	'points fd/0 /dev/null && points fd/1 /dev/null && points fd/2 /dev/null'
promise "nor a folder" points cwd /

cp "$NET_WORK/sallyport.conf" "$NET_WORK/good"
echo 'broken' >>"$NET_WORK/sallyport.conf"
kill -HUP "$(only)"
promise "what is said later stands in its file" \
	within 3 holds messages.log 'sallyport.conf:[0-9]+: error: '
cat "$NET_WORK/good" >"$NET_WORK/sallyport.conf"
kill -HUP "$(only)"
promise "a reload finds its files" \
	within 3 holds status.log 'event=reload config='
mv "$NET_WORK/messages.log" "$NET_WORK/messages.1"
mv "$NET_WORK/status.log" "$NET_WORK/status.1"
kill -USR1 "$(only)"
promise "USR1 begins both logs anew" within 3 eval \
	'[ -e "$NET_WORK/messages.log" ] && [ -e "$NET_WORK/status.log" ]'
echo 'broken' >>"$NET_WORK/sallyport.conf"
kill -HUP "$(only)"
promise "and they are written" within 3 eval \
	'holds messages.log error: && holds status.log event=reload-failed'
promise "a second one cannot start" never background second -u $USER_NAME
cat "$NET_WORK/good" >"$NET_WORK/sallyport.conf"
promise "nor with a good configuration" never background third -u $USER_NAME
promise "and says why where it was started" said third 'error: .*cannot listen'
promise "the first does not notice" ctl_answers
kill -TERM "$(only)"
promise "TERM ends it" within 10 gone

# The system's log, in a /dev of our own.
sed -i 's|messages = "messages.log";||' "$NET_WORK/sallyport.conf"
cat >"$NET_WORK/dev.sh" <<END
mkdir -p "$NET_WORK/dev"
: >>"$NET_WORK/dev/null"
mount --bind /dev/null "$NET_WORK/dev/null" &&
	mount --rbind "$NET_WORK/dev" /dev && exec "\$@"
END
# shellcheck disable=SC2016
LISTEN='use Socket; socket(S, PF_UNIX, SOCK_DGRAM, 0) or die;
	bind(S, sockaddr_un($ARGV[0])) or die; chmod 0666, $ARGV[0]; $| = 1;
	print "$b\n" while defined recv(S, $b, 4096, 0)'
if unshare -m sh "$NET_WORK/dev.sh" true 2>/dev/null &&
	command -v perl >/dev/null; then
	start system edge perl -e "$LISTEN" "$NET_WORK/dev/log"
	within 5 [ -S "$NET_WORK/dev/log" ]
	WRAP=(unshare -m sh "$NET_WORK/dev.sh")
	only() { pids | grep -v -x "${NET_PID[system]}" | head -n 1; }
	promise "without a file of its own it starts as well" \
		background fourth -u $USER_NAME
	promise "the reader has what was said at the start" \
		said fourth 'warning: .*open files'
	echo 'broken' >>"$NET_WORK/sallyport.conf"
	kill -HUP "$(only)"
	promise "what is said later is in the system's log" \
		await system '^<2[78]>.* sallyport\[[0-9]+\]: .*:[0-9]+: error: '
	kill -TERM "$(only)"
	promise "and it ends" within 10 eval '[ -z "$(only)" ]'
fi
WRAP=()
background broken
code=$?
promise "bad configuration is told with 78" [ $code = 78 ]
cat "$NET_WORK/good" >"$NET_WORK/sallyport.conf"
chown root "$NET_WORK/sallyport.conf"
background hidden -u $USER_NAME
code=$?
promise "what that user could not read again is told at the start" \
	[ $code = 78 ]
promise "with the file" said hidden 'sallyport.conf: .*Permission denied'
background stranger -u no-such-user
code=$?
promise "a user that there is not ends it with 1" [ $code = 1 ]
promise "and is told" said stranger 'no such user: no-such-user'
net_end
