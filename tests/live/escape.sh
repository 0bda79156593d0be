#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The escape suite: every attempt must be stopped, every control must work, and nothing outside may
# have changed; as an ordinary user and, if started by root, as root too; first with files alone
# granted, then with every kind of endpoint as well ("doors"). Prints TAP.
#
#   tests/live/escape.sh [BUILD]
#
#   PALE      the program under test; default: the one in BUILD
#   SECONDS_A_RACE   how long each race runs (default 2; continuous integration 10). As root each
#                    runs for one second: races do not depend on the user.
#   ESCAPE_WORLD     a directory that an ordinary user can reach (default /var/tmp)
#   ESCAPE_AROUND    same or wide: in a cage inside another, that grants the same or much more
#   ESCAPE_NATIVE    if set: without a cage instead, where the attempts must succeed; that is the
#                    proof that each is real
set -u
build=$(realpath -m "${1:-${BUILD:-$(dirname "$0")/../../build}}")
driver=$build/tests/live/escape/escape
probe=$build/tests/live/escape/probe
pale=$(realpath -m "${PALE:-$build/pale}")
seconds=${SECONDS_A_RACE:-2}
engine=pale
[ -z "${ESCAPE_NATIVE:-}" ] || engine=native
people=user
[ "$(id -u)" -ne 0 ] || people='user root'
failed=0

# An ordinary user may not be able to enter the build directory: then everything runs from a copy.
tools=$(mktemp -d "${ESCAPE_WORLD:-/var/tmp}/pale-tools.XXXXXX") || exit 1
running=
trap 'rm -rf "$tools"' EXIT
# The driver removes its world when it is told to end.
trap 'test -z "$running" || { kill "$running"; wait "$running"; }; exit 130' INT TERM HUP
cp "$driver" "$probe" "$tools" || exit 1
[ "$engine" = native ] || cp "$pale" "$tools/pale" || exit 1
chmod 755 "$tools" "$tools"/*

# Natively everything is there: nothing has to be granted.
kinds='no yes'
around=${ESCAPE_AROUND:-nothing}
[ "$engine" = pale ] && [ "$around" = nothing ] || kinds=no
for who in $people; do
	[ "$who" = user ] || [ "$seconds" -le 1 ] || seconds=1
	for doors in $kinds; do
		"$tools/escape" --probe "$tools/probe" --pale "$tools/pale" --engine "$engine" \
			--as "$who" --seconds "$seconds" --doors "$doors" --around "$around" \
			--world "${ESCAPE_WORLD:-/var/tmp}" >"$tools/$who.$doors.tap" &
		running=$!
		wait "$running" || failed=1
		running=
	done
done

# One plan over all runs; each line says whom it is about.
for who in $people; do
	for doors in $kinds; do
		whom="as $who"
		[ "$doors" = no ] || whom="as $who with doors"
		sed -E "/^1\.\./d; s/^((not )?ok) [0-9]+ - /\1 - $whom: /; s/^# attempts/# $whom: attempts/" \
			"$tools/$who.$doors.tap"
	done
done | awk '/^(not )?ok / { sub(/ok/, "ok " ++n) } { print } END { print "1.." n + 0 }'
exit "$failed"
