#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What --paranoid adds.

load lib

@test "with --paranoid the lists of the machine's sockets and interfaces are empty" {
	run "$PALE" run --paranoid -- sh -c 'grep -c "" /proc/self/net/unix; grep -c : /proc/self/net/dev'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" -eq 1 ]
	[ "${lines[1]}" -eq 1 ]
}

@test "with --paranoid ordinary programs still run" {
	run "$PALE" run --paranoid -- sh -c 'ls / >/dev/null && echo x >/tmp/y && cat /tmp/y'
	[ "$status" -eq 0 ]
	[ "$output" = x ]
}

@test "with --paranoid /dev/stderr can be opened again" {
	run "$PALE" run --paranoid -- sh -c 'echo seen >/dev/stderr'
	[ "$status" -eq 0 ]
	[ "$output" = seen ]
}
