#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What cannot be enforced here is refused, each cause with its own sentence and remedy; `pale doctor`
# says the same.

setup() {
	load lib.bash
	area_make
	mkdir w r
}

teardown() {
	area_remove
}

# refused ABI RIGHTS WITHHELD NEEDED: a directory with RIGHTS is refused at this ABI, because nothing
# withholds WITHHELD below ABI NEEDED.
refused() {
	says 125 \
		"nothing here withholds $3 from '$area/w' (--dir): that needs Landlock ABI $4, this kernel has $1" \
		"use a newer kernel (\`pale doctor\` shows this one's), grant these rights, or accept it with --best-effort=landlock" \
		pale run --assume "landlock=$1" --dir "w:$2" -- true
}

# A program that denies one system call to what it starts: filter.py CALL COMMAND...
write_filter() {
	cat >filter.py <<-'EOF'
		import ctypes, os, struct, sys
		number = {"unshare": 272, "mount": 165}[sys.argv[1]]
		code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x00050001), (6, 0, 0, 0x7fff0000)]
		if number == 165:  # the new calls too
		    code = [(0x20, 0, 0, 0)] + [(0x15, 7 - i, 0, n) for i, n in
		            enumerate((165, 428, 429, 430, 431, 432, 442))]
		    code += [(6, 0, 0, 0x7fff0000), (6, 0, 0, 0x00050001)]
		raw = b"".join(struct.pack("HBBI", *one) for one in code)
		buffer = ctypes.create_string_buffer(raw)
		prog = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
		libc = ctypes.CDLL(None, use_errno=True)
		assert libc.prctl(38, 1, 0, 0, 0) == 0
		assert libc.prctl(22, 2, ctypes.create_string_buffer(prog), 0, 0) == 0
		os.execvp(sys.argv[2], sys.argv[2:])
	EOF
}

@test "no Landlock: refused, for a FIFO in a read-only grant could be written to" {
	says 125 "this kernel has no Landlock, so a FIFO in a read-only grant could be written to" \
		"start the kernel with lsm=landlock,..., or accept it with --best-effort=landlock" \
		pale run --assume landlock=0 -r r -- true
}

@test "no Landlock, accepted: it is said what that means, and it is so" {
	local status=0
	mkfifo r/fifo
	run --separate-stderr pale run --assume landlock=0 --best-effort=landlock -r r -- \
		python3 -c 'import os; os.open("r/fifo", os.O_RDWR)'
	exits 0
	[ "$stderr" = "pale: note: no Landlock here: FIFOs in read-only grants can be written to, and there is no second fence" ]
	run pale run -r r -- python3 -c 'import os; os.open("r/fifo", os.O_RDWR)'
	exits 1
	has "Permission denied"
}

@test "Landlock ABI 1 and 2: ftruncate cannot be withheld from a writable grant" {
	refused 1 lookup,read,write,create ftruncate 3
	refused 2 lookup,read,write,create ftruncate 3
	pale run --assume landlock=1 --dir w:lookup,read,write,create,ftruncate -- true
	pale run --assume landlock=2 -w w -- true
}

@test "from Landlock ABI 3 on every right of a path is withheld or granted exactly" {
	local abi
	for abi in 3 4 5 6 7; do
		run pale run --assume landlock=$abi --dir w:lookup,read,write,create -- \
			python3 -c 'import os
open("w/x", "x").close()
os.truncate("w/x", 1)'
		exits 1
		has "Permission denied"
		rm w/x
	done
}

@test "accepted, the right that is lost is named, and it is lost" {
	echo hello >w/file
	# The kernel at hand can withhold it: what is tried is that pale does not ask for it.
	run --separate-stderr pale run --assume landlock=2 --best-effort=landlock \
		--dir w:lookup,read,write -- python3 -c 'import os; os.truncate("w/file", 1)'
	exits 0
	[ "$stderr" = "pale: note: nothing here withholds ftruncate from '$area/w' (--dir): that needs Landlock ABI 3, this kernel has 2" ]
	[ "$(cat w/file)" = h ]
}

@test "a right that only the filter withholds cannot be parted between two grants" {
	run --separate-stderr pale run -w w --dir r:lookup,read,write -- true
	exits 125
	[ "${stderr_lines[0]}" = "pale: '$area/r' (--dir) is to be without fchmod,fchown,futimes,extattr_delete,extattr_set, which another grant has, and no mechanism here tells the two apart" ] ||
		[[ "${stderr_lines[0]}" == "pale: '$area/r' (--dir) is to be without "*"fchmod"*", which another grant has, and no mechanism here tells the two apart" ]]
	[[ "${stderr_lines[1]}" == "      grant "*" there too, or take it from every grant" ]]
}

@test "--assume pretends no more than there is" {
	run pale run --assume landlock=99 --explain --json
	local pretended=$output
	run pale run --explain --json
	[ "$output" = "$pretended" ]
	says 125 "option --assume: 'landlock=x' is not landlock=N, passrights=no or userns=no" "" \
		pale run --assume landlock=x -- true
}

@test "an unknown layer of --best-effort is refused" {
	says 125 "option --best-effort: there is no layer 'overlpa'" "did you mean 'overlap'?" \
		pale run --best-effort=overlpa -- true
}

# After this, what a cage needs is denied: each case as each of the people, to `run` and to `doctor`.
denied() { # SENTENCE REMEDY COMMAND...: COMMAND runs pale in the surroundings
	local sentence=$1 remedy=$2
	shift 2
	says 125 "$sentence" "$remedy" "$@" run -- true
	run --separate-stderr "$@" doctor
	exits 3
	[ "${lines[-1]}" = "\`pale run\` does not work here: $sentence" ]
	run tr -s '\n ' ' ' <<<"$output"
	has "$remedy"
}

@test "user.max_user_namespaces = 0" {
	unshare -Ur true 2>/dev/null || skip "needs user namespaces"
	local who
	for who in $(people); do
		denied "cannot make namespaces: user.max_user_namespaces is 0 here" \
			"as root: sysctl user.max_user_namespaces=15000, or run pale as root outside this container" \
			as unshare -Ur sh -c \
			'echo 0 >/proc/sys/user/max_user_namespaces && exec pale "$@"' sh
	done
}

@test "user namespaces nested too deep" {
	unshare -Ur true 2>/dev/null || skip "needs user namespaces"
	cat >deep <<-'EOF'
		#!/bin/sh
		# Go down until the kernel says no, then do it there.
		unshare -Ur true 2>/dev/null && exec unshare -Ur sh "$0" "$@"
		exec pale "$@"
	EOF
	chmod 755 deep
	local who
	for who in $(people); do
		denied "cannot make namespaces: too many of them, or nested deeper than 32" \
			"leave the namespaces you are in, or raise user.max_*_namespaces" as sh deep
	done
}

@test "a filter on system calls, as containers have" {
	write_filter
	[ "$(uname -m)" = x86_64 ] || skip "needs x86-64"
	local who
	for who in $(people); do
		denied "cannot make namespaces: a filter on system calls refuses it, as containers have" \
			"run pale outside the container, or start the container with a filter that allows unshare and mount" \
			as python3 filter.py unshare pale
	done
}

@test "a filter that refuses only mounts" {
	write_filter
	[ "$(uname -m)" = x86_64 ] || skip "needs x86-64"
	local who
	for who in $(people); do
		run --separate-stderr as python3 filter.py mount pale run -- true
		exits 125
		[ "${stderr_lines[0]}" = "pale: cannot make mounts in a user namespace: a filter on system calls refuses it, as containers have" ]
		run as python3 filter.py mount pale doctor
		exits 3
	done
}

@test "a chroot" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir -p root/proc
	cp "$PALE" root/pale
	cat >in_root.py <<-'EOF'
		import os, sys
		os.chroot("root")
		os.chdir("/")
		if sys.argv[1] != "0":
		    os.setgroups([])
		    os.setgid(int(sys.argv[1]))
		    os.setuid(int(sys.argv[1]))
		os.execv("/pale", ["pale"] + sys.argv[2:])
	EOF
	for id in 0 "$USER_ID"; do
		denied "cannot make namespaces: this is a chroot, where it is refused" \
			"use a mount namespace with pivot_root instead of chroot, or run pale outside of it" \
			python3 in_root.py "$id"
	done
}

@test "inside of pale run" {
	local who
	cp "$PALE" w/pale
	for who in $(people); do
		run as pale run -x w -- w/pale run -- true
		exits 0
		run as pale run -x w -- w/pale doctor
		exits 3
		has "inside \`pale run\`"
	done
}

@test "--assume passrights=no: single sockets are granted with passing, or not at all" {
	for who in $(people); do
		cd "$area" && mkdir "$who" && own "$who" && cd "$who"
		as /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'
		# A tree is granted as ever, and sockets in it are connected to.
		as pale run --assume passrights=no -p python -w . -- /usr/bin/python3 -c '
import socket
a = socket.socket(socket.AF_UNIX)
a.bind("own")
a.listen()
socket.socket(socket.AF_UNIX).connect("own")'
		says 125 "nothing here keeps descriptors from being passed by $PWD/s: that needs Linux 6.16" \
			"grant scm-in and scm-out with it, or accept the loss with --best-effort=passing" \
			as pale run --assume passrights=no --unix s:connect -- true
		as pale run --assume passrights=no --unix s:connect,scm-in,scm-out -- true
		run as pale run --assume passrights=no --best-effort=passing --unix s:connect -- echo ran
		[ "$status" = 0 ]
		[[ $output == *"descriptors can be passed in and out by $PWD/s"*ran ]]
	done
}

@test "--assume userns=no" {
	says 125 "no user namespaces, as --assume userns=no pretends" "" \
		pale run --assume userns=no -- true
}

@test "a container that covers files of its /proc: no fresh /proc, which is said" {
	unshare -Urm true 2>/dev/null || skip "needs user namespaces"
	cat >covered <<-'EOF'
		mount -t proc proc /proc && mount --bind /dev/null /proc/timer_list ||
			mount --bind /dev/null /proc/meminfo
		exec unshare -U --map-root-user "$@"
	EOF
	unshare -Urmpf sh covered true 2>/dev/null || skip "needs a /proc of its own"
	run --separate-stderr unshare -Urmpf sh covered pale run -- sh -c 'ls /proc | wc -l'
	exits 0
	[ "$output" = 0 ]
	[ "$stderr" = "pale: note: this machine refuses a fresh /proc, as containers do: the program runs without one" ] ||
		skip "the kernel allows a fresh /proc here"
	run --separate-stderr unshare -Urmpf sh covered pale run --proc full -- true
	exits 125
	[[ "${stderr_lines[0]}" == "pale: cannot mount a fresh /proc: files of the one here are covered" ]]
	run unshare -Urmpf sh covered pale doctor
	exits 0
	has "fresh /proc         no"
}
