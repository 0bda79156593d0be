#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What pale costs, on this machine, in one run: `make bench`.
#
#   bench/run.sh [BUILD]
#
# Everything is pinned to one processor and takes turns with what it is compared to. Lowest times
# are compared, as what else the machine does only ever adds; medians are shown beside them. Prints a
# table with each target and whether it is met, and writes the same to docs/bench.md. A missed
# target is said, not failed: another machine has other numbers.
set -u
here=$(dirname "$(realpath "$0")")
build=$(realpath "${1:-build}")
report=$here/../docs/bench.md
world=$(mktemp -d /var/tmp/pale-bench.XXXXXX) || exit 1
trap 'rm -rf "$world"' EXIT
trap 'exit 130' INT TERM HUP

# The ordinary user that root takes for it: any number will do, it needs no name.
ordinary=1000
cpu=$(($(nproc) - 1))
rows=$world/rows

# Copies, because the ordinary user may not reach the build directory.
chmod 755 "$world"
for file in pale pale-check bench/bare bench/jobs bench/micro bench/asked; do
	cp "$build/$file" "$world" || exit 1
done
mkdir "$world/job"
pale=$world/pale
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv "--reuid=$ordinary" "--regid=$ordinary" --clear-groups)
	chown "$ordinary:$ordinary" "$world/job"
else
	as_user=()
fi
export HOME=$world/job LC_ALL=C
pinned() { taskset -c "$cpu" "$@"; }
user() { pinned ${as_user[@]+"${as_user[@]}"} "$@"; }
jobs_of() { awk -v job="$1" -v column="$2" '$1 == job { print $column }' "$world/out"; }

# row WHAT NATIVE-OR-PEER PALE COMPARISON TARGET MET, one line of the table.
row() { (IFS='|' && echo "$*") >>"$rows"; }
# calc EXPRESSION FORMAT; holds EXPRESSION
calc() { awk "BEGIN { printf \"${2:-%.2f}\", $1 }"; }
verdict() { awk "BEGIN { print ($1) ? \"met\" : \"not met\" }"; }

# shellcheck source=bench/check.sh
. "$here/check.sh"
states=$build/bench/states dotdots=$here/../scenarios/dotdots.pale

# bwrap with what the profile system gives: the same trees, links, files of /etc, devices and
# private directories, the same namespaces. (It binds the files that pale copies; it installs no
# call filter and no Landlock rules, so it has less to do.)
bwrap_policy() {
	local path
	policy=(bwrap --unshare-user --unshare-pid --unshare-ipc --die-with-parent --ro-bind /usr /usr)
	for path in /bin /sbin /lib /lib64; do
		if [ -L "$path" ]; then
			policy+=(--symlink "$(readlink "$path")" "$path")
		elif [ -d "$path" ]; then
			policy+=(--ro-bind "$path" "$path")
		fi
	done
	for path in alternatives ld.so.cache passwd group nsswitch.conf localtime locale.alias \
		os-release hosts resolv.conf; do
		if [ -L "/etc/$path" ]; then
			policy+=(--symlink "$(readlink "/etc/$path")" "/etc/$path")
		elif [ -e "/etc/$path" ]; then
			policy+=(--ro-bind "/etc/$path" "/etc/$path")
		fi
	done
	policy+=(--symlink /proc/self/mounts /etc/mtab --dev /dev --proc /proc --tmpfs /tmp
		--symlink /tmp /var/tmp --chdir /)
}

start_of() { # WHO PREFIX...: start of /usr/bin/true
	local who=$1 true=/usr/bin/true native added bare bwrap
	shift
	"$@" "$world/jobs" 500 native "$true" --- bare "$world/bare" "$true" \
		--- pale "$pale" run -- "$true" --- bwrap "${policy[@]}" "$true" >"$world/out" || return
	for column in 2 3; do
		native=$(jobs_of native $column)
		bare=$(calc "$(jobs_of bare $column) - $native" %.0f)
		added=$(calc "$(jobs_of pale $column) - $native" %.0f)
		bwrap=$(calc "$(jobs_of bwrap $column) - $native" %.0f)
		if [ $column = 2 ]; then
			row "start, $who: against bwrap" "+$bwrap us" "+$added us" \
				"$(calc "$added / $bwrap")" "<= 0.33" "$(verdict "$added * 3 <= $bwrap")"
			row "start, $who: against a bare launcher" "+$bare us" "+$added us" \
				"$(calc "$added / $bare")" "<= 1.50" "$(verdict "$added <= 1.5 * $bare")"
		else
			row "the same, median: against bwrap" "+$bwrap us" "+$added us" \
				"$(calc "$added / $bwrap")" "" ""
			row "the same, median: against a bare launcher" "+$bare us" "+$added us" \
				"$(calc "$added / $bare")" "" ""
		fi
	done
}

memory() { # of the waiter, while the command runs
	local waiter line size
	mkfifo "$world/job/in" "$world/job/out"
	[ "$(id -u)" != 0 ] || chown "$ordinary" "$world/job/in" "$world/job/out"
	user "$pale" run -- sh -c 'echo ready; read -r line' <"$world/job/in" >"$world/job/out" &
	waiter=$!
	exec 3>"$world/job/in" 4<"$world/job/out"
	read -r line <&4
	size=$([ "$line" = ready ] && awk '/^VmRSS/ { print $2 }' "/proc/$waiter/status")
	echo >&3
	exec 3>&- 4<&-
	wait "$waiter"
	row "memory of the waiter" "" "${size:-?} KiB" "" "<= 2048 KiB" \
		"$(verdict "${size:-9999} <= 2048")"
}

libraries() {
	local count
	count=$(ldd "$pale" 2>/dev/null | grep -c '=>')
	row "shared libraries that pale loads" "" "$count" "" "0" "$(verdict "$count == 0")"
}

# ratio NAME ROUNDS PROFILE COMMAND...: processor time of the whole tree, and wall time.
ratio() {
	local name=$1 rounds=$2 profile=$3 kind column native inside
	shift 3
	(cd "$world/job/tree" && user "$world/jobs" "$rounds" native "$@" \
		--- pale "$pale" run -p "$profile" -w . -- "$@") >"$world/out" || return
	for kind in "cpu 4" "wall 2"; do
		column=${kind#* }
		native=$(jobs_of native "$column")
		inside=$(jobs_of pale "$column")
		row "$name, ${kind% *}" "$(calc "$native / 1000" %.1f) ms" \
			"$(calc "$inside / 1000" %.1f) ms" "$(calc "$inside / $native" %.3f)" \
			"$([ "$column" = 4 ] && echo "<= 1.05")" \
			"$([ "$column" = 4 ] && verdict "$inside <= 1.05 * $native")"
	done
}

compile_tree() {
	mkdir -p "$world/job/tree"
	cp -r "$here/../src" "$world/job/tree/src"
	own "$world/job/tree"
}
own() { [ "$(id -u)" != 0 ] || chown -R "$ordinary:$ordinary" "$1"; }

git_status() { # 80 directories of 100 files
	local tree=$world/job/files native inside
	mkdir "$tree"
	(cd "$tree" && for dir in $(seq 80); do
		mkdir "d$dir"
		for file in $(seq 100); do echo "$dir $file" >"d$dir/f$file"; done
	done)
	own "$tree"
	(cd "$tree" && user git init -q && user git add . &&
		user git -c user.name=b -c user.email=b@b commit -qm tree && user git status -s &&
		user "$world/jobs" 60 native git status --short \
			--- pale "$pale" run -p git -w . -- git status --short) >"$world/out" || return
	for kind in "lowest 2" "median 3"; do
		native=$(jobs_of native "${kind#* }")
		inside=$(jobs_of pale "${kind#* }")
		row "git status, 8,000 files, ${kind% *}" "$(calc "$native / 1000" %.1f) ms" \
			"$(calc "$inside / 1000" %.1f) ms" "+$(calc "($inside - $native) / 1000") ms" \
			"$([ "${kind% *}" = lowest ] && echo "<= +3 ms")" \
			"$([ "${kind% *}" = lowest ] && verdict "$inside <= $native + 3000")"
	done
}

micro() { # five turns each, the lowest of all counts
	local name most native inside # of the cage, then of a filter alone
	cd "$world/job" || return
	for _ in 1 2 3 4 5; do
		user "$world/micro" native.tmp | sed 's/^/native:/'
		user "$world/micro" native.tmp filter | sed 's/^/filter:/'
		user "$pale" run -x "$world/micro" -w . -- "$world/micro" inside.tmp | sed 's/^/pale:/'
	done | awk '!($1 in low) || $2 < low[$1] { low[$1] = $2 }
		END { for (name in low) print name, low[name] }' >"$world/out"
	cd "$here" || return
	while read -r name most; do
		native=$(jobs_of "native:$name" 2)
		inside=$(jobs_of "pale:$name" 2)
		row "$name" "$native ns" "$inside ns" "$(calc "$inside / $native")" "<= $most" \
			"$(verdict "$inside <= $most * $native")"
		inside=$(jobs_of "filter:$name" 2)
		row "$name, no cage but any call filter" "$native ns" "$inside ns" \
			"$(calc "$inside / $native")" "" ""
	done <<-EOF
		open+close 1.25
		stat 1.05
		read 1.10
		write 1.20
	EOF
}

asked() { # what the supervisor performs; three turns each, the lowest of all counts
	local name what most native inside port=40009 address=127.9.8.7 both=connect,bind
	# shellcheck disable=SC2054 # the comma is an option's
	local grants=(-x "$world/asked" -w . --tcp "$address:$port:$both"
		--udp "$address:$port:$both" --mq pale-bench:read,write --best-effort=queue)
	cd "$world/job" || return
	user "$world/asked" make || return
	for _ in 1 2 3; do
		user "$world/asked" . $port | sed 's/^/native:/'
		user "$pale" run "${grants[@]}" -- "$world/asked" . $port | sed 's/^/pale:/'
	done | awk '!($1 in low) || $2 < low[$1] { low[$1] = $2 }
		END { for (name in low) print name, low[name] }' >"$world/out"
	user "$world/asked" remove
	cd "$here" || return
	while read -r name most what; do
		native=$(calc "$(jobs_of "native:$name" 2) / 1000" %.1f)
		inside=$(calc "$(jobs_of "pale:$name" 2) / 1000" %.1f)
		row "$what" "$native us" "$inside us" "" "$([ "$most" = - ] || echo "<= $most us")" \
			"$([ "$most" = - ] || verdict "$inside <= $most")"
	done <<-EOF
		flock 12 flock, asked
		connect,own 15 connect to a server of its own in /tmp, asked
		connect,granted 15 connect to a server of its own in a grant, asked
		connect,TCP - connect to a granted TCP port, asked
		sendto,UDP - sendto a granted UDP port, asked
		sendmsg - sendmsg where descriptors could cross, asked
		mq_open - mq_open of a granted queue, asked
	EOF
}

# traced NAME ROUNDS MOST WHO PROFILE COMMAND...: a run with --trace against one without.
traced() {
	local name=$1 rounds=$2 most=$3 who=$4 profile=$5 plain watched how="all calls heard"
	shift 5
	[ "$who" = user ] || how="with a root that tells"
	"$who" "$world/jobs" "$rounds" plain sh -c 'rm -f ../trace; exec "$@"' sh \
		"$pale" run -p "$profile" -w . -- "$@" \
		--- traced sh -c 'rm -f ../trace; exec "$@"' sh \
		"$pale" run --trace=../trace -p "$profile" -w . -- "$@" >"$world/out" || return
	plain=$(jobs_of plain 2)
	watched=$(jobs_of traced 2)
	row "--trace, $name, $how" "$(calc "$plain / 1000" %.1f) ms" \
		"$(calc "$watched / 1000" %.1f) ms" "$(calc "$watched / $plain" %.3f)" "<= $most" \
		"$(verdict "$watched <= $most * $plain")"
}

traces() {
	local who
	for who in user $([ "$(id -u)" != 0 ] || [ ! -c /dev/fuse ] || echo pinned); do
		# What root owns it can write to without capabilities.
		[ "$who" = user ] || chown -R 0:0 "$world/job"
		cd "$world/job/tree" || return
		# shellcheck disable=SC2016 # the inner shell expands it
		traced "compile" 3 1.15 "$who" cc sh -c 'for file in src/core/*.c; do
			cc -std=gnu17 -D_GNU_SOURCE -O1 -Isrc -c -o out.o "$file" || exit
		done'
		cd "$world/job/files" || return
		traced "git status" 30 1.3 "$who" git git status --short
	done
	cd "$here" || return
}

# Standard error on a pipe: on a file that is open for writing only, Landlock has reading to handle
# too, which costs more than anything else here.
exec 2> >(cat >&2)
bwrap_policy
echo "Measuring on processor $cpu; about five minutes." >&2
start_of "ordinary user" user
[ "$(id -u)" != 0 ] || start_of root pinned
memory
libraries
compile_tree
# shellcheck disable=SC2016 # the inner shell expands it
ratio "compile $(find "$here/../src/core" "$here/../src/cage" -name '*.c' | wc -l) C files" 4 cc sh -c \
	'for file in src/core/*.c src/cage/*.c; do
		cc -std=gnu17 -D_GNU_SOURCE -O1 -Isrc -c -o out.o "$file" || exit
	done'
ratio "python3 starts, imports asyncio" 20 python python3 -c 'import json, asyncio, http.client'
ratio "find /usr" 12 system sh -c 'find /usr -type f -size +9999k -print 2>/dev/null || true'
ratio "tar of /usr/share/doc" 8 system sh -c 'tar -C /usr/share -cf - doc | cat'
git_status
micro
asked
traces
searches
matrix

awk -F'|' 'BEGIN { printf "%-48s %11s %11s %9s  %-12s %s\n", "what", "native/peer", "pale",
	"ratio", "target", "" }
	{ printf "%-48s %11s %11s %9s  %-12s %s\n", $1, $2, $3, $4, $5, $6 }' "$rows"
{
	echo "# What pale costs"
	echo
	echo "Written by \`make bench\`: $(date -u +%F), Linux $(uname -r | cut -d- -f1)," \
		"$(uname -m), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
		"$(nproc) processors, $(bwrap --version)."
	cat "$here/about.md"
	echo
	echo "| what | native or peer | pale | ratio | target | |"
	echo "|---|---|---|---|---|---|"
	sed 's/|/ | /g; s/^/| /; s/$/ |/' "$rows"
} >"$report"
echo
echo "Written to docs/bench.md."
