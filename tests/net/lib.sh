# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The scenarios' world: network namespaces lan, edge and wan with the real
# program in the middle, fakes and real phones at the ends; TAP on standard
# output, one line a promise. Sourced by tests/net/*.sh and by ./quickstart.
#
# Names hold the process id, so that runs side by side do not meet; what a
# killed run left behind is removed by the next one.

# A scenario that hangs is ended, and cleans up, after this many seconds.
if [ -z "${NET_TIMED-}" ] && [ -z "${NET_DEMO-}" ]; then
	export NET_TIMED=1
	exec timeout --foreground -k 10 "${NET_TIMEOUT:-120}" bash "$0" "$@"
fi

set -u
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
# shellcheck disable=SC2034
NET_SRC=$(cd "${srcdir:-.}" && pwd)
NET_BUILD=$(cd "${builddir:-.}" && pwd)
NET_PREFIX=sallyport-$$
NET_TESTS=0
NET_FAILED=0
NET_NAMES=()	# namespaces made
NET_PIDS=()	# processes started
NET_WORK=
declare -A NET_FD=() NET_PID=()
# The ends come before a busy machine's other work: what is judged is the
# program between them. Where that is not allowed they run like anybody.
NET_FIRST=()
NET_SALLYPORT=() # what the program is started by
chrt -r 5 true 2>/dev/null && NET_FIRST=(chrt -r 5)

# The addresses everybody uses.
LAN_EDGE=192.168.77.1 LAN6_EDGE=fd77::1
# The provider stands outside of the edge's own small subnet.
WAN_EDGE=198.51.100.1 WAN_ROUTER=198.51.100.2 WAN6_EDGE=2001:db8:100::1
PROVIDER=198.51.100.10 PROVIDER2=198.51.100.11 PROVIDER3=198.51.100.12
STRANGER=198.51.100.66
PHONE1=192.168.77.11 PHONE2=192.168.77.12 PHONE3=192.168.77.13
PHONE6=fd77::11

# --- TAP -----------------------------------------------------------------------

net_note() { printf '# %s\n' "$*"; }

# promise TEXT COMMAND...: ok when the command succeeds.
promise()
{
	local text=$1
	shift
	NET_TESTS=$((NET_TESTS + 1))
	if "$@"; then
		echo "ok $NET_TESTS - $text"
	else
		echo "not ok $NET_TESTS - $text"
		net_note "failed: $*"
		NET_FAILED=$((NET_FAILED + 1))
	fi
}

# never COMMAND...: the command must fail.
never() { ! "$@"; }

net_skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# What cannot be gone on without.
net_fatal()
{
	NET_TESTS=$((NET_TESTS + 1))
	NET_FAILED=$((NET_FAILED + 1))
	echo "not ok $NET_TESTS - $*"
	echo "1..$NET_TESTS"
	exit 0
}

need()
{
	local tool
	for tool; do
		command -v "$tool" >/dev/null || net_skip "$tool is not installed"
	done
}

# No sanitizer has complained (of a build that has one).
unharmed()
{
	never grep -a -q -E \
		'(Address|Leak|Thread)Sanitizer|runtime error: ' \
		"$NET_WORK/sallyport.out"
}

# The last line of a scenario.
net_end()
{
	if [ -n "${NET_PID[sallyport]-}" ] && alive sallyport; then
		stop sallyport
		promise "the program ends cleanly" [ $? = 0 ]
	fi
	[ ! -s "$NET_WORK/sallyport.out" ] ||
		promise "without a sanitizer's complaint" unharmed
	echo "1..$NET_TESTS"
	exit $((NET_FAILED > 0))
}

# --- begin and clean up -----------------------------------------------------------

# Skips where nobody else can be become: in a user namespace with one user.
need_users()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null ||
		net_skip "no other user can be become here"
}

net_show_logs()
{
	local file
	for file in "$NET_WORK"/*.out "$NET_WORK"/*.log "$NET_WORK"/*.conf \
		"$NET_WORK"/policy.d/*.conf; do
		[ -s "$file" ] || continue
		echo "# --- ${file#"$NET_WORK"/}"
		tail -n "${NET_LOG_LINES:-60}" "$file" | tr -d '\000' |
			cut -c1-400 | sed 's/^/#   /'
	done
}

net_cleanup()
{
	local pid name
	trap '' INT TERM HUP
	trap - EXIT
	for pid in "${NET_PIDS[@]}"; do
		kill -TERM "$pid" 2>/dev/null
	done
	for pid in "${NET_PIDS[@]}"; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	for name in "${NET_NAMES[@]}"; do
		net_remove "$name"
	done
	if [ -n "$NET_WORK" ]; then
		[ "$NET_FAILED" -gt 0 ] && [ -z "${NET_DEMO-}" ] && net_show_logs
		umount "$NET_WORK"/small 2>/dev/null
		if [ -n "${NET_KEEP-}" ]; then
			net_note "kept: $NET_WORK"
		else
			rm -rf "$NET_WORK"
		fi
	fi
}

# A namespace with whatever still runs in it.
net_remove()
{
	local pid
	for pid in $(ip netns pids "$1" 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null
	done
	ip netns del "$1" 2>/dev/null
}

net_remove_stale()
{
	local name pid
	for name in /run/netns/sallyport-[0-9]*-* \
		"${TMPDIR:-/tmp}"/sallyport-[0-9]*-*; do
		pid=${name##*/sallyport-}
		pid=${pid%%-*}
		if [ ! -e "$name" ] || [ -d "/proc/$pid" ]; then
			continue
		elif [ -f "$name" ]; then
			net_remove "${name##*/}"
		else
			umount "$name/small" 2>/dev/null
			rm -rf "$name"
		fi
	done
}

net_interrupted()
{
	[ -n "${NET_DEMO-}" ] || echo "Bail out! interrupted"
	NET_FAILED=$((NET_FAILED + 1))
	exit 130
}

# Private folder and traps; skips where namespaces cannot be made.
net_begin()
{
	[ "$(id -u)" = 0 ] || net_skip "network namespaces need root, or unshare: see README"
	need ip nsenter
	net_remove_stale
	ip netns add "$NET_PREFIX-try" 2>/dev/null ||
		net_skip "network namespaces cannot be made here"
	ip netns del "$NET_PREFIX-try"
	trap net_cleanup EXIT
	trap net_interrupted INT TERM HUP
	NET_WORK=$(mktemp -d "${TMPDIR:-/tmp}/$NET_PREFIX-XXXXXX")
	mkdir "$NET_WORK/policy.d"
	: >"$NET_WORK/status.log"
}

# --- networks -----------------------------------------------------------------

netns() { nsenter --net="/run/netns/$NET_PREFIX-$1" -- "${@:2}"; }

net_space()
{
	local name
	for name; do
		ip netns add "$NET_PREFIX-$name" || net_fatal "namespace $name"
		NET_NAMES+=("$NET_PREFIX-$name")
		netns "$name" ip link set lo up
		netns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0 2>/dev/null
	done
}

# net_link SPACE DEVICE SPACE DEVICE: a cable between two namespaces.
net_link()
{
	ip link add "$2" netns "$NET_PREFIX-$1" type veth \
		peer name "$4" netns "$NET_PREFIX-$3" || net_fatal "link $2 $4"
	netns "$1" ip link set "$2" up
	netns "$3" ip link set "$4" up
}

# net_address SPACE DEVICE ADDRESS/LEN...
net_address()
{
	local space=$1 device=$2 address
	shift 2
	for address; do
		case $address in
		*:*) netns "$space" ip addr add "$address" dev "$device" nodad ;;
		*) netns "$space" ip addr add "$address" dev "$device" ;;
		esac || net_fatal "address $address"
	done
}

net_gateway() { netns "$1" ip route add default via "$2"; }

# lan -- edge -- wan
net_world()
{
	net_space lan edge wan
	net_link lan eth0 edge lan0
	net_link edge wan0 wan eth0
	net_address lan eth0 $PHONE1/24 $PHONE2/24 $PHONE3/24 $PHONE6/64
	net_address edge lan0 $LAN_EDGE/24 $LAN6_EDGE/64
	net_address edge wan0 $WAN_EDGE/29 $WAN6_EDGE/64
	net_address wan eth0 $PROVIDER/24 $WAN_ROUTER/24 $PROVIDER2/24 $PROVIDER3/24 \
		$STRANGER/24 2001:db8:100::10/64
	net_gateway lan $LAN_EDGE
	net_gateway edge $WAN_ROUTER
	net_gateway wan $WAN_EDGE
}

# --- processes and waiting --------------------------------------------------------

# start NAME SPACE COMMAND...: output in $NET_WORK/NAME.out
start()
{
	local name=$1 space=$2
	shift 2
	nsenter --net="/run/netns/$NET_PREFIX-$space" -- "$@" </dev/null \
		>>"$NET_WORK/$name.out" 2>&1 &
	NET_PID[$name]=$!
	NET_PIDS+=($!)
}

alive() { kill -0 "${NET_PID[$1]}" 2>/dev/null; }

# stop NAME [SIGNAL]: returns its exit status; at most 10 s.
stop()
{
	local pid=${NET_PID[$1]} i
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	for ((i = 0; i < 200; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# within SECONDS COMMAND...: try until it succeeds.
within()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# await NAME REGEX [SECONDS] [TIMES]: until its output has such a line.
await() { within "${3:-5}" said "$1" "$2" "${4:-1}"; }
said()
{
	local times
	times=$(grep -a -c -E -e "$2" "$NET_WORK/$1.out" 2>/dev/null)
	[ "${times:-0}" -ge "${3:-1}" ]
}

# lines NAME: how many lines its output has; since NAME N REGEX: after line N.
lines() { wc -l <"$NET_WORK/$1.out"; }
since() { tail -n +$(($2 + 1)) "$NET_WORK/$1.out" | grep -a -q -E -e "$3"; }

# status REGEX [SECONDS] [TIMES]: until the status log has such a line. Of what
# an earlier call has said, too, the TIMES tell.
status() { within "${2:-5}" reported "$1" "${3:-1}"; }
reported()
{
	local times
	times=$(grep -a -c -E -e "$1" "$NET_WORK/status.log")
	[ "${times:-0}" -ge "$2" ]
}
logged() { grep -a -q -E -e "$1" "$NET_WORK/sallyport.out"; }

# field NAME KEY: the last "KEY=value" its output holds.
field()
{
	grep -a -o -E "(^| )$2=[^ ]*" "$NET_WORK/$1.out" | tail -n 1 |
		cut -d= -f2-
}

# judged NAME KEY OPERATOR NUMBER: judged provider gap_ms '<=' 60
judged()
{
	local value
	value=$(field "$1" "$2")
	if [ -n "$value" ] && awk "BEGIN { exit !($value $3 $4) }"; then
		return 0
	fi
	net_note "$1: $2=${value:-(nothing)}, wanted $3 $4"
	return 1
}

# --- fakes -------------------------------------------------------------------

# fake NAME SPACE ARGUMENT...: a phone or a provider, told things by "tell".
fake()
{
	local name=$1 space=$2 fd
	shift 2
	mkfifo "$NET_WORK/$name.in"
	exec {fd}<>"$NET_WORK/$name.in"
	NET_FD[$name]=$fd
	nsenter --net="/run/netns/$NET_PREFIX-$space" -- "${NET_FIRST[@]}" \
		"$NET_BUILD/tests/net/fake" "$@" \
		<"$NET_WORK/$name.in" >"$NET_WORK/$name.out" 2>&1 &
	NET_PID[$name]=$!
	NET_PIDS+=($!)
	await "$name" '^ready' || net_fatal "$name does not start"
}

tell()
{
	local name=$1
	shift
	echo "$*" >&"${NET_FD[$name]}"
}

# Ends a fake, so that its last words are said.
dismiss()
{
	local name
	for name; do
		tell "$name" quit
		within 5 never alive "$name"
	done
}

# phone NAME USER ADDRESS ARGUMENT...; its password is secret-USER
phone()
{
	local name=$1 user=$2 address=$3 edge=$LAN_EDGE
	shift 3
	case $address in
	*:*) edge="[$LAN6_EDGE]" address="[$address]" ;;
	esac
	fake "$name" lan -l "$address:5060" -p "$edge:5060" -u "$user" \
		-w "secret-$user" -d "$edge" "$@"
}

# provider NAME ADDRESS ARGUMENT...
provider()
{
	local name=$1 address=$2
	shift 2
	fake "$name" wan -l "$address:5060" -p "$WAN_EDGE:5060" \
		-d "$WAN_EDGE" -M "$NET_WORK/$name.messages" "$@"
}

register()
{
	local name
	for name; do
		tell "$name" register
		await "$name" '^registered' || return 1
	done
}

# Both of them have heard the tone for so many seconds.
heard_both()
{
	await "$1" "^heard seconds=$3" $(($3 + 6)) &&
		await "$2" "^heard seconds=$3" $(($3 + 6))
}

# --- the program in the middle ---------------------------------------------------

# configure: writes sallyport.conf from these pieces; a scenario changes some.
CONF_NETWORKS='lan: { address = [ "192.168.77.1", "fd77::1" ];
	       rtp_ports = "20000-20099"; };
	wan: { address = [ "198.51.100.1", "2001:db8:100::1" ];
	       rtp_ports = "30000-30099"; };'
CONF_PHONES='network = "lan";'
CONF_ROUTES='{ from = "phones"; number = "^0(.*)$"; to_number = "+44\\1";
	  to = [ "acme" ]; },
	{ from = "acme"; number = "^\\+442079460101$"; to = [ "101" ]; }'
CONF_MORE=
CONF_USERS='101 102 103'
# Where status log and store are; a scenario moves them to a small disk.
CONF_STORE=
CONF_STATUS=

configure()
{
	local user users=
	for user in $CONF_USERS; do
		users="$users${users:+,}
		{ user = \"$user\"; password = \"secret-$user\"; }"
	done
	cat >"$NET_WORK/sallyport.conf" <<-END
	networks: {
		$CONF_NETWORKS
	};
	phones: {
		$CONF_PHONES
		users = ($users
		);
	};
	routes = (
		$CONF_ROUTES
	);
	store: { file = "${CONF_STORE:-$NET_WORK/store.db}"; };
	log: { status = "${CONF_STATUS:-$NET_WORK/status.log}"; };
	control: { socket = "$NET_WORK/control"; };
	$CONF_MORE
	END
	chmod 600 "$NET_WORK/sallyport.conf"
}

# trunk NAME ADDRESS [MORE LINES]
trunk()
{
	printf 'kind = "trunk";\nnetwork = "wan";\nhost = "%s";\n%s\n' \
		"$2" "${3-}" >"$NET_WORK/policy.d/$1.conf"
	chmod 600 "$NET_WORK/policy.d/$1.conf"
}

ctl() { timeout 5 "$NET_BUILD/sallyctl" -s "$NET_WORK/control" "$@"; }
ctl_answers() { ctl >"$NET_WORK/ctl.out" 2>&1; }

sallyport_start()
{
	start sallyport edge "${NET_SALLYPORT[@]}" "$NET_BUILD/sallyport" -F \
		-f "$NET_WORK/sallyport.conf"
	within 10 sallyport_ready || net_fatal "sallyport does not start"
}

# It answers on its control socket, or has ended and will not.
sallyport_ready()
{
	alive sallyport || net_fatal "sallyport ended at once"
	ctl_answers
}

# Resident memory in kB.
rss() { awk '/^VmRSS/ { print $2 }' "/proc/${NET_PID[$1]}/status"; }

# The usual: world, one trunk "acme", configuration, the program.
net_usual()
{
	net_begin
	net_world
	trunk acme $PROVIDER "${1-}"
	configure
	sallyport_start
}

# --- a real phone -----------------------------------------------------------------

# baresip_start NAME SPACE ADDRESS USER EDGE: its recordings in NAME/
BARESIP_REGINT=300 # 0: it does not register
BARESIP_ACCOUNT=   # further parameters of its account
BARESIP_MODULE=	   # one more module
baresip_start()
{
	local name=$1 space=$2 address=$3 user=$4 edge=$5 home=$NET_WORK/$1
	mkdir "$home"
	cat >"$home/config" <<-END
	poll_method epoll
	sip_listen $address:5060
	call_local_timeout 30
	call_max_calls 4
	audio_source aufile,$home/tone.wav
	audio_player aubridge,nowhere
	audio_alert aubridge,nowhere
	ausrc_channels 1
	auplay_channels 1
	rtp_ports 12000-12100
	rtp_timeout 0
	module_path $(baresip_modules)
	module g711.so
	module aufile.so
	module aubridge.so
	module sndfile.so
	${BARESIP_MODULE:+module $BARESIP_MODULE}
	module_tmp uuid.so
	module_tmp account.so
	module_app menu.so
	module_app ctrl_tcp.so
	ctrl_tcp_listen 127.0.0.1:4444
	snd_path $home
	END
	printf '<sip:%s@%s>;auth_pass=secret-%s;regint=%s;answermode=auto%s\n' \
		"$user" "$edge" "$user" "$BARESIP_REGINT" "$BARESIP_ACCOUNT" \
		>"$home/accounts"
	: >"$home/contacts"
	"$NET_BUILD/tests/net/hear" -w "$home/tone.wav"
	start "$name" "$space" "${NET_FIRST[@]}" baresip -f "$home"
	NET_BARESIP_SPACE=$space
}

baresip_modules()
{
	local folder
	for folder in /usr/lib/baresip/modules /usr/lib/*/baresip/modules; do
		[ -d "$folder" ] && echo "$folder" && return
	done
}

# baresip_tell COMMAND [ARGUMENT]: over its control connection.
baresip_tell()
{
	local json="{\"command\":\"$1\",\"params\":\"${2-}\",\"token\":\"t\"}"
	# shellcheck disable=SC2016
	netns "$NET_BARESIP_SPACE" timeout 5 bash -c '
		exec 3<>/dev/tcp/127.0.0.1/4444 || exit 1
		printf "%d:%s," "${#1}" "$1" >&3
		while IFS= read -r -t 3 -d , answer <&3; do
			case $answer in *response*true*) exit 0 ;; esac
		done
		exit 1' tell "$json"
}

# hear NAME: judges what that baresip wrote; fields as of a fake's judgement.
baresip_heard()
{
	local home=$NET_WORK/$1
	timeout 10 "$NET_BUILD/tests/net/hear" "$home"/*-dec.wav \
		>"$NET_WORK/$1-heard.out" 2>&1
}
