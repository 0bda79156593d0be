#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Grants inside grants, and what happens outside while a cage runs.

setup() {
	load lib.bash
	area_make
	mkdir -p tree/in
	echo hello >tree/in/file
}

teardown() {
	area_remove
}

# A cage that tells when it is there, waits for the outside, and then does COMMAND:
# meanwhile OUTSIDE COMMAND GRANT...
meanwhile() {
	local outside=$1 command=$2 status=0
	shift 2
	mkdir talk
	mkfifo talk/up talk/go
	own talk
	as pale run -w talk "$@" -- sh -c "echo >talk/up; read x <talk/go; $command" >out 2>&1 3>&- &
	# Opening a FIFO waits for the other end: if the cage did not start, nobody comes.
	timeout 20 cat talk/up >/dev/null || { cat out; return 1; }
	eval "$outside"
	timeout 20 sh -c 'echo >talk/go' || { cat out; return 1; }
	wait $! || status=$?
	output=$(cat out)
	return "$status"
}

@test "writable inside read-only works" {
	for who in $(people); do
		own tree
		run as pale run -r tree -w tree/in -- \
			sh -c 'echo more >>tree/in/file && echo x >tree/new'
		[ "$status" -ne 0 ]
		has "cannot create tree/new: Read-only file system"
		[ "$(cat tree/in/file)" = "hello
more" ]
		echo hello >tree/in/file
	done
}

@test "writable and executable inside read-only adds up with what is around it" {
	printf '#!/bin/sh\necho ran\n' >tree/in/script
	chmod 755 tree/in/script
	run pale run -r tree -w tree/in -x tree/in -- tree/in/script
	[ "$output" = ran ]
	run pale run -x tree -w tree/in -- tree/in/script
	[ "$output" = ran ]
}

@test "read-only inside writable is refused where others can replace the name" {
	who=user
	own tree
	says 125 \
		"'$area/tree/in' (--dir) is narrower inside '$area/tree' (-w), but its name can be replaced from outside (uid $USER_ID owns '$area/tree'), and then the wider grant holds there" \
		"grant the parts of '$area/tree' that you mean one by one, or accept it with --best-effort=overlap" \
		as pale run -w tree --dir tree/in:read -- true
	[ "$(id -u)" -eq 0 ] || return 0
	who=root
	says 125 \
		"'$area/tree/in' (--dir) is narrower inside '$area/tree' (-w), but its name can be replaced from outside (uid $USER_ID owns '$area/tree'), and then the wider grant holds there" \
		"grant the parts of '$area/tree' that you mean one by one, or accept it with --best-effort=overlap" \
		as pale run -w tree --dir tree/in:read -- true
}

@test "hidden inside writable is refused where others can replace the name" {
	who=user
	own tree
	says 125 \
		"'$area/tree/in/file' (--hide) is hidden inside '$area/tree' (-w), but its name can be replaced from outside (uid $USER_ID owns '$area/tree'), and then the wider grant holds there" \
		"grant the parts of '$area/tree' that you mean one by one, or accept it with --best-effort=overlap" \
		as pale run -w tree --hide tree/in/file -- true
}

@test "--explain refuses the same overlap with the same words" {
	who=user
	own tree
	run --separate-stderr as pale run -w tree --hide tree/in -- true
	local said=$stderr
	run --separate-stderr as pale run -w tree --hide tree/in --explain
	exits 125
	[ "$stderr" = "$said" ]
}

@test "others are a group, everybody, or who owns an entry of a sticky directory" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chmod 777 tree
	run --separate-stderr pale run -w tree --hide tree/in -- true
	exits 125
	[[ "$stderr" == *"(everybody may write to '$area/tree')"* ]]
	chmod 775 tree
	chgrp 1234 tree
	run --separate-stderr pale run -w tree --hide tree/in -- true
	[[ "$stderr" == *"(gid 1234 may write to '$area/tree')"* ]]
	chmod 1777 tree
	chown 1234 tree/in
	run --separate-stderr pale run -w tree --hide tree/in -- true
	[[ "$stderr" == *"(uid 1234 owns an entry of the sticky '$area/tree')"* ]]
	chown 0 tree/in
	pale run -w tree --hide tree/in -- true
}

@test "a name that only root can replace passes, for root and for others" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chown -R 0:0 tree
	for who in $(people); do
		run as pale run -w tree --hide tree/in -- sh -c 'ls -A tree/in; echo x >tree/in/new'
		[ "$status" -ne 0 ]
		has "Read-only file system"
		[[ "$output" != file* ]]
		run as pale run -w tree --file tree/in/file:read -- \
			sh -c 'cat tree/in/file; echo x >>tree/in/file'
		[ "${lines[0]}" = hello ]
		[ $who = user ] || has "Read-only file system"
		run as pale run -w tree --hide tree/in/file -- cat tree/in/file
		exits 0
		[ -z "$output" ]
	done
	[ "$(cat tree/in/file)" = hello ]
}

@test "a FIFO in a read-only directory inside a writable one could be written to, and it is said" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkfifo -m 666 tree/in/fifo
	for who in $(people); do
		run --separate-stderr as pale run -w tree --dir tree/in:read -- \
			python3 -c 'import os; os.open("tree/in/fifo", os.O_RDWR)'
		exits 0
		[[ "$stderr" == "pale: note: a FIFO in '$area/tree/in' (--dir) could be written to"* ]]
		run as pale run -w tree --dir tree/in:read --why open:O_RDWR tree/in/fifo
		exits 0
		has "Landlock unites"
		run as pale run -r tree/in -- python3 -c 'import os; os.open("tree/in/fifo", os.O_RDWR)'
		[ "$status" -ne 0 ]
	done
}

@test "accepted, it is said, and it holds until somebody outside renames" {
	for who in $(people); do
		rm -rf tree talk
		mkdir -p tree/in
		who=user own tree
		meanwhile : 'echo x >tree/in/new' -w tree --dir tree/in:read --best-effort=overlap && false
		has "Read-only file system"
		has "pale: note: '$area/tree/in' (--dir) is protected only as long as nobody outside replaces its name (uid $USER_ID owns '$area/tree'); then '$area/tree' (-w) holds there"
		[ ! -e tree/in/new ]
		rm -rf talk
		chmod 777 tree
		meanwhile 'mv tree/in tree/away; mkdir -m 777 tree/in' 'echo x >tree/in/new' \
			-w tree --dir tree/in:read --best-effort=overlap
		[ -e tree/in/new ]
	done
}

@test "writable inside read-only stays so, whatever is renamed outside" {
	for who in $(people); do
		rm -rf tree talk
		mkdir -p tree/in
		who=user own tree
		meanwhile 'mv tree/in tree/away; mkdir -m 777 tree/in' 'echo x >tree/in/new; echo x >tree/new' \
			-r tree -w tree/in && false
		[ ! -e tree/in/new ]
		[ ! -e tree/new ]
	done
}

@test "what is mounted beneath a grant before the start is there, what comes later is not" {
	local us=(unshare -m)
	[ "$(id -u)" -eq 0 ] || us=(unshare -Urm)
	"${us[@]}" true 2>/dev/null || skip "needs mount namespaces"
	mkdir tree/before tree/later talk
	mkfifo talk/up talk/go
	cat >outside <<-'EOF'
		mount -t tmpfs none tree/before
		echo here >tree/before/file
		pale run -r tree -w talk -- sh -c 'echo >talk/up; read x <talk/go
			cat tree/before/file; ls -A tree/later' &
		timeout 20 cat talk/up >/dev/null
		mount -t tmpfs none tree/later
		echo there >tree/later/file
		timeout 20 sh -c 'echo >talk/go'
		wait $!
		cat tree/later/file
	EOF
	run "${us[@]}" sh outside
	exits 0
	[ "$output" = "here
there" ]
}

@test "a mount that goes away outside stays in the cage" {
	local us=(unshare -m)
	[ "$(id -u)" -eq 0 ] || us=(unshare -Urm)
	"${us[@]}" true 2>/dev/null || skip "needs mount namespaces"
	mkdir tree/before talk
	mkfifo talk/up talk/go
	cat >outside <<-'EOF'
		mount -t tmpfs none tree/before
		echo here >tree/before/file
		pale run -r tree -w talk -- sh -c 'echo >talk/up; read x <talk/go
			cat tree/before/file' &
		timeout 20 cat talk/up >/dev/null
		umount tree/before
		timeout 20 sh -c 'echo >talk/go'
		wait $!
	EOF
	run "${us[@]}" sh outside
	exits 0
	[ "$output" = here ]
}

@test "two grants of one name are united" {
	run pale run -r tree -w tree -- sh -c 'echo x >tree/new && cat tree/in/file'
	exits 0
	[ "$output" = hello ]
}

@test "with / granted, its parent is the same root: nothing hidden or protected is behind it" {
	echo secret >tree/hidden
	run pale run -r / --hide tree/hidden -- sh -c '
		stat -c %m:%i / /.. /../..
		cat "/..$PWD/tree/hidden"
		chmod 777 "/..$PWD/tree/in/file" || echo kept
		grep -c " / / " /proc/self/mountinfo'
	has kept
	[[ "$output" != *secret* ]]
	[ "${lines[0]}" = "${lines[1]}" ]
	[ "${lines[0]}" = "${lines[2]}" ]
	[ "${lines[-1]}" = 1 ]
}
