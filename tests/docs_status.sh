#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every status event, field and cause: in the source, in the table of words and
# in sallyport-status(5), each of them in all three. Every command of the control
# socket: in ctl_command.c, sallyctl.c, sallyctl(1) and the completion. Speaks
# TAP.
set -u
LC_ALL=C
export LC_ALL
srcdir=${srcdir:-.}
words=$srcdir/sbc/report/status_words.c
page=$srcdir/man/sallyport-status.5
t=$(mktemp -d "${TMPDIR:-/tmp}/docs_status.XXXXXX") || exit 99
trap 'rm -rf "$t"' EXIT
trap 'exit 99' HUP INT TERM
n=0

# same "what it says" "left file" "right file"
same() {
	n=$((n + 1))
	if diff "$2" "$3" >"$t/diff" && test -s "$2"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' "$t/diff"
		test -s "$2" || echo "# nothing was found"
	fi
}

# The names of one table of status_words.c.
table() {
	sed -n "/$1\\[\\]/,/^};/s/^[^\"]*{ *\"\\([a-z0-9_-]*\\)\".*/\\1/p" \
		"$words" | sort -u
}

# The items of one section of a manual, one name an ".It Cm".
items() {
	sed -n "/^\\.Sh $2\$/,/^\\.Sh /s/^\\.It Cm \\([a-z0-9_-]*\\).*/\\1/p" \
		"$1" | sort -u
}

# One statement a line, comments gone.
statements() {
	find "$srcdir/sbc" -name '*.c' ! -name status_words.c \
		! -name sallyctl.c -exec cat {} + |
		sed 's,//.*,,; s,/\*.*\*/,,' | tr '\n\t' '[ *]' | tr ';{}' '[\n*]'
}

literals() {
	grep -o "\"$1\"" | tr -d '"'
}

table event_table >"$t/events"
table field_table >"$t/fields"
items "$page" EVENTS >"$t/page_events"
items "$page" FIELDS >"$t/page_fields"
same "each event stands in the manual, and no other" \
	"$t/events" "$t/page_events"
same "each field stands in the manual, and no other" \
	"$t/fields" "$t/page_fields"
table cause_table >"$t/causes"
items "$page" CAUSES >"$t/page_causes"
same "each cause stands in the manual, and no other" \
	"$t/causes" "$t/page_causes"

statements >"$t/source"
# What is said, by whichever function says it.
grep -E '(^|[^a-z_])(status_begin|call_status|agent_event|trunk_say|say|say_[a-z]*|drop) *\(|event *= ' \
	"$t/source" | literals '[a-z][a-z-]*' | sort -u >"$t/said"
# Keys, the peer "phones" and an RTP format stand in such calls too.
printf '%s\n' phones telephone-event | sort - "$t/fields" | comm -23 "$t/said" - |
	comm -23 - "$t/events" >"$t/unknown"
n=$((n + 1))
if test -s "$t/unknown"; then
	echo "not ok $n - each event that is written stands in the table"
	sed 's/^/# /' "$t/unknown"
else
	echo "ok $n - each event that is written stands in the table"
fi
# Fixed by status_begin itself, or by its end.
printf '%s\n' call leg peer event cut >"$t/own"
grep -E 'status_(text|number|address|at) *\(' "$t/source" |
	sed 's/.*status_\(text\|number\|address\|at\) *(//' |
	sed -n 's/^[^"]*,[ ]*"\([a-z_]*\)".*/\1/p' >"$t/written"
statements | tr -d '\n' | grep -o 'name\[2\]\[[0-9]*\] = *"[^=]*= *' |
	literals '[a-z_]*' >>"$t/written"
sort -u "$t/written" -o "$t/written"
comm -23 "$t/written" "$t/fields" >"$t/unknown"
n=$((n + 1))
if test -s "$t/unknown"; then
	echo "not ok $n - each field that is written stands in the table"
	sed 's/^/# /' "$t/unknown"
else
	echo "ok $n - each field that is written stands in the table"
fi

# What stands in the table and nobody writes any more.
literals '[a-z-]*' <"$t/source" | sort -u | comm -12 - "$t/events" >"$t/live"
same "each event of the table is written somewhere" "$t/events" "$t/live"
sort -u "$t/written" "$t/own" | comm -12 - "$t/fields" >"$t/live"
same "each field of the table is written somewhere" "$t/fields" "$t/live"

literals '[a-z_0-9-]*' <"$t/source" | sort -u | comm -12 - "$t/causes" \
	>"$t/live"
same "each cause of the table is written somewhere" "$t/causes" "$t/live"
# Where a cause is chosen: by name, or handed to whoever says it.
{
	grep -E '(^|[^a-z_])((\*|[a-z]+->)?cause|\*why|r->why) *= ' "$t/source"
	grep -E '(^|[^a-z_])(call_(end|refuse|refused_line)|modify_(refuse|suppressed|here)|hunt_failed|ask_refuse|pass_line|rekey_line|refuse|act) *\(' \
		"$t/source"
	grep -E 'status_text *\([a-z&]*, "cause"' "$t/source"
	sed -n 's/.*return \("[a-z-]*"\).*/\1/p' "$srcdir/sbc/call/judge.c"
	sed -n '/^static const char \*modify_unfit/,/^}/s/.*return //p' \
		"$srcdir/sbc/call/modify.c"
} | literals '[a-z][a-z0-9_-]*' | sort -u >"$t/chosen"
# Who ended it, a place, a method and the field's own name.
printf '%s\n' a b sallyport cause UPDATE | sort - "$t/causes" |
	comm -23 "$t/chosen" - >"$t/unknown"
n=$((n + 1))
if test -s "$t/unknown"; then
	echo "not ok $n - each cause that is written stands in the table"
	sed 's/^/# /' "$t/unknown"
else
	echo "ok $n - each cause that is written stands in the table"
fi

sed -n '/^} commands\[\]/,/^};/p' "$srcdir/sbc/control/ctl_command.c" |
	literals '[a-z]*' | grep . | sort -u >"$t/ctl"
sed -n '/^} known\[\]/,/^};/p' "$srcdir/sbc/control/sallyctl.c" |
	literals '[a-z]*' | sort -u >"$t/known"
items "$srcdir/man/sallyctl.1" COMMANDS >"$t/page"
sed -n 's/^[[:space:]]*local commands="\(.*\)"$/\1/p' \
	"$srcdir/conf/sallyctl.bash-completion" | tr ' ' '\n' |
	sort -u >"$t/completion"
same "sallyctl knows the socket's commands" "$t/ctl" "$t/known"
same "sallyctl(1) has each command, and no other" "$t/ctl" "$t/page"
same "the completion has each command, and no other" "$t/ctl" "$t/completion"

# Manuals must be clean where mandoc is there to say so.
n=$((n + 1))
if command -v mandoc >/dev/null; then
	if mandoc -Tlint -Wwarning "$srcdir"/man/*.[1-8] >"$t/lint"; then
		echo "ok $n - the manuals are clean"
	else
		echo "not ok $n - the manuals are clean"
		sed 's/^/# /' "$t/lint"
	fi
else
	echo "ok $n - the manuals are clean # SKIP mandoc is not installed"
fi
echo "1..$n"
