# SPDX-License-Identifier: BSD-2-Clause
# A report that nobody reads, that has no room, or of a run that was none.
# shellcheck disable=SC2016,SC2154 # a script for the shell inside; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/cli/lib.bash
	. "$BATS_TEST_DIRNAME/lib.bash"
	area_make
	mkdir out
	chmod 777 .
}

teardown() {
	area_remove
}

@test "whoever reads the report and goes away changes nothing of how the command ended" {
	for who in $(people); do
		for form in "" --report=json; do
			mkfifo "pipe.$who$form"
			: <"pipe.$who$form" &
			as timeout 60 "$PALE" run --trace ${form:+"$form"} -- \
				sh -c "cat /etc/shadow 2>/dev/null; exit 3" 2>"pipe.$who$form" || code=$?
			[ "$code" -eq 3 ]
		done
	done
}

@test "a report that has no room says so" {
	need unshare
	[ "$(id -u)" -eq 0 ] || skip "root alone mounts"
	run unshare -m sh -c 'mount -t tmpfs -o size=8k,mode=777 tmpfs "$1/out" &&
		head -c 4096 /dev/zero >"$1/out/a" && head -c 4096 /dev/zero >"$1/out/b"
		"$0" run --trace="$1/out/report" -- sh -c "cat /etc/shadow 2>/dev/null; exit 3"' "$PALE" "$area"
	[ "$status" -eq 3 ]
	echo "$output"
	[[ $output == *"'$area/out/report' is not complete: No space left on device"* ]]
}

@test "where nothing was run no report is left" {
	for who in $(people); do
		run -127 as "$PALE" run --trace="$area/report" -- no-such-program
		[ ! -e report ]
		run as "$PALE" run --trace=report -r "$area/not-there" -- true
		[ "$status" -eq 125 ]
		[ ! -e report ]
	done
}
