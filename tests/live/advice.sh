#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What --trace says, held against every attempt of the escape suite: each denial has to be told, and
# the grant that it proposes has to make exactly that attempt succeed; of a control that works
# nothing may be told. As an ordinary user and, if started by root, as root too; with files alone
# granted, and with endpoints as well. The figures are in the lines of TAP, what is behind them in
# the comments. Prints TAP.
#
#   tests/live/advice.sh [BUILD]
#
#   PALE, ESCAPE_WORLD   as for escape.sh
set -u
build=$(realpath -m "${1:-${BUILD:-$(dirname "$0")/../../build}}")
pale=$(realpath -m "${PALE:-$build/pale}")
people=user
[ "$(id -u)" -ne 0 ] || people='user root'
failed=0

# An ordinary user may not be able to enter the build directory: then everything runs from a copy.
tools=$(mktemp -d "${ESCAPE_WORLD:-/var/tmp}/pale-tools.XXXXXX") || exit 1
running=
trap 'rm -rf "$tools"' EXIT
# The driver removes its world when it is told to end.
trap 'test -z "$running" || { kill "$running"; wait "$running"; }; exit 130' INT TERM HUP
cp "$build/tests/live/escape/escape" "$build/tests/live/escape/probe" "$tools" || exit 1
cp "$pale" "$tools/pale" || exit 1
chmod 755 "$tools" "$tools"/*

for who in $people; do
	for doors in no yes; do
		"$tools/escape" --probe "$tools/probe" --pale "$tools/pale" --as "$who" \
			--doors "$doors" --advice yes --world "${ESCAPE_WORLD:-/var/tmp}" \
			>"$tools/$who.$doors.tap" &
		running=$!
		wait "$running" || failed=1
		running=
	done
done

# One plan over all runs; each line says whom it is about.
for who in $people; do
	for doors in no yes; do
		whom="as $who"
		[ "$doors" = no ] || whom="as $who with doors"
		sed -E "/^1\.\./d; s/^((not )?ok) [0-9]+ - /\1 - $whom: /; s/^# attempts/# $whom: attempts/" \
			"$tools/$who.$doors.tap"
	done
done | awk '/^(not )?ok / { sub(/ok/, "ok " ++n) } { print } END { print "1.." n + 0 }'
exit "$failed"
