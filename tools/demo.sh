#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `make demo` shows: a real build inside of pale, five attacks stopped, and the race that
# started all this: lost inside and won outside, then found by search and played. Ends with 0 only if
# all of it is as claimed.
set -u
build=$(realpath "${1:-build}")
source=$(realpath "$(dirname "$0")/..")
pale=$build/pale
seconds=3
failed=0
victim=
world=$(mktemp -d "${TMPDIR:-/var/tmp}/pale-demo.XXXXXX") || exit 1
trap 'test -z "$victim" || kill "$victim" 2>/dev/null; rm -rf "$world"' EXIT
trap 'exit 130' INT TERM HUP

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi
heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
wrong() {
	echo "   NOT AS CLAIMED: $1"
	failed=1
}

copy() { # the tree as git has it, or all of it but builds
	mkdir -p "$1"
	if git -C "$source" ls-files >"$world/files" 2>/dev/null && [ -s "$world/files" ]; then
		tar -C "$source" -cf - -T "$world/files" | tar -C "$1" -xf -
	else
		tar -C "$source" --exclude=./build* --exclude=./.git -cf - . | tar -C "$1" -xf -
	fi
}

compile() { # DIR COMMAND...: the seconds that it took
	local dir=$1 start=$EPOCHREALTIME
	shift
	(cd "$dir" && "$@") >"$dir.log" 2>&1 || return 1
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'
}

heading "1. A real job: pale compiles itself inside of pale."
copy "$world/inside"
copy "$world/native"
echo "   \$ pale run -p cc -w . -- make SETUP=-Dtests=false"
if inside=$(compile "$world/inside" "$pale" run -p cc -w . -- make SETUP=-Dtests=false) &&
	native=$(compile "$world/native" make SETUP=-Dtests=false); then
	echo "   built in $inside; without pale $native"
	"$world/inside/build/pale" run -- true || wrong "what was built there does not run"
	echo "   It read the system's programs, wrote only below '.', and found nothing else:"
	echo "   no home directory, no network, no other process."
else
	tail -n 5 "$world"/inside.log "$world"/native.log
	wrong "the build failed"
fi

heading "2. What a program that was taken over would try."
mkdir -p "$world/job"
echo "the key" >"$world/secret"
ln -s ../secret "$world/job/link"
: >"$world/job/program"
sleep 1000 &
victim=$!
cp "$build/tools/attempts" "$build/tools/dotdot" "$world/job"
echo "   \$ pale run -p cc -w job -- job/attempts ..."
(cd "$world" && "$pale" run -p cc -w job -- job/attempts "$world/secret" job/link $victim \
	job/program) || wrong "an attempt succeeded, or none was made"
kill -0 $victim 2>/dev/null || wrong "the process outside is gone"
[ "$(cat "$world/secret")" = "the key" ] || wrong "the secret was changed"
[ ! -u "$world/job/program" ] || wrong "a set-user-id program was left behind"

heading "3. The race that broke directory capabilities in 2010."
echo "   One process opens \"bar/../..\" from foo, which by its text ends in sandbox; another"
echo "   renames bar out of foo at the same time. Whoever follows the second '..' from the new"
echo "   place has left the sandbox."
mkdir -p "$world/job/sandbox/foo/bar" "$world/race/sandbox/foo/bar"
echo "the key" >"$world/race/secret"
mkdir -p "$world/race/tools" && cp "$build/tools/dotdot" "$world/race/tools"
echo "   \$ pale run -w sandbox -- dotdot        for $seconds seconds, the sandbox being the grant"
lost=$("$pale" run -x "$world/race/tools" -w "$world/race/sandbox" -- \
	"$world/race/tools/dotdot" "$world/race" $seconds) || wrong "the race did not run"
echo "   inside of pale:  $lost"
won=$("$world/race/tools/dotdot" "$world/race" $seconds) || wrong "the race did not run"
echo "   without pale:    $won"
case $lost in *" 0 reached the secret") ;; *) wrong "the race was won inside" ;; esac
case $won in *" 0 reached the secret")
	echo "   (luck: the race was not won this time. It usually is; try again.)" ;;
esac

heading "4. The same race without luck: every order of steps."
echo "   \$ pale check dotdots        the rule of 2010, in a model that is held to this kernel"
"$pale" check dotdots >"$world/check.log" 2>&1
[ $? -eq 1 ] || wrong "the race was not found"
sed -n '1,/^Scenario/{/^Scenario/!s/^/   /p}; /^Replay/,$s/^/   /p' "$world/check.log"
grep -q 'this walker.*reproduced' "$world/check.log" || wrong "the race was not played"
echo "   \$ pale check dotdots --walker mount-root        what pale run does instead"
held=$("$pale" check dotdots --walker mount-root) || wrong "it does not hold"
echo "   ${held%%$'\n'*}"

heading "5. What was denied, and what would allow it."
file=/etc/debian_version
echo "   \$ pale run --trace -- cat $file"
"$pale" run --trace -- cat $file >"$world/trace.log" 2>&1
sed -n "s/^/   /; /denied\|missing/p" "$world/trace.log"
grep -q "to allow: --file $file:read" "$world/trace.log" || wrong "it is not told"
echo "   \$ pale run --file $file:read -- cat $file"
told=$("$pale" run --file $file:read -- cat $file) || wrong "what is proposed does not help"
echo "   $told"

if [ $failed -eq 0 ]; then
	heading "All as claimed. Next: pale run --help, pale check, pale run -p cc -w . --explain"
else
	heading "Not all was as claimed."
fi
exit $failed
