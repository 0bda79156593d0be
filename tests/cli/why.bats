#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale run --why CALL PATH`: allowed or denied, by what, and what would allow it. Wherever it can be
# tried, the cage is asked too.

setup() {
	load lib.bash
	area_make
	mkdir w r
	echo x >r/file
	echo x >w/file
	echo x >outside
}

teardown() {
	area_remove
}

# why CODE GRANT... -- CALL [PATH]
why() {
	local code=$1 grants=()
	shift
	while [ "$1" != -- ]; do
		grants+=("$1")
		shift
	done
	shift
	run -"$code" pale run "${grants[@]}" --why "$@"
	output=$(tr -s '\n ' ' ' <<<"$output")
}

@test "allowed: the grant is named, and ordinary permissions are mentioned" {
	why 0 -r r -- open r/file
	has "allowed: open r/file -> $area/r/file"
	has "grant -r '$area/r': read"
	has "ordinary permissions still apply: mode 0644, uid $(id -u), gid $(id -g)"
}

@test "outside every grant: nothing of that name exists, and an option would allow it" {
	why 1 -r r -- open outside
	has "denied: open outside"
	has "the empty root (ENOENT), because nothing named '$area/outside' exists inside"
	has "missing read"
	has "nearest -r '$area/r': read"
	has "to allow --file $area/outside:read"
	run -1 pale run -r r -- cat "$area/outside"
}

@test "the option that is proposed does allow it" {
	local call path option
	mkdir other
	while read -r call path; do
		run -1 --separate-stderr pale run -r r -w w --json --why "$call" "$path"
		json 'j["option"] and not j["allowed"]'
		option=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["allow"])' <<<"$output")
		# shellcheck disable=SC2086
		pale run -r r -w w $option --why "$call" "$path" || {
			echo "$call $path: $option does not"
			return 1
		}
	done <<-EOT
		open outside
		open:O_WRONLY outside
		open:O_RDWR|O_TRUNC r/file
		open:O_WRONLY|O_CREAT r/new
		open:O_WRONLY|O_CREAT $area/new
		unlinkat r/file
		rename r/file
		mkdir r/new
		symlink r/new
		mkfifo r/new
		bind r/new
		chmod r/file
		chown r/file
		utimensat r/file
		setxattr r/file
		truncate r/file
		execve w/file
		stat outside
		connect outside
		chdir other
	EOT
}

@test "the answer is what the cage does" {
	local verdict call path command
	while read -r verdict call path command; do
		run pale run -r r -w w --why "$call" "$path"
		[ "$status" -eq "$verdict" ] || {
			echo "$call $path: --why says $output"
			return 1
		}
		run pale run -r r -w w -- sh -c "$command"
		{ [ "$verdict" -eq 0 ] && [ "$status" -eq 0 ]; } ||
			{ [ "$verdict" -ne 0 ] && [ "$status" -ne 0 ]; } || {
			echo "$call $path: --why says $verdict, the cage $status: $output"
			return 1
		}
	done <<-EOT
		0 open r/file cat r/file
		1 open:O_WRONLY r/file echo y >>r/file
		1 open:O_WRONLY|O_CREAT r/new : >r/new
		0 open:O_WRONLY|O_CREAT w/new : >w/new
		1 open outside cat outside
		1 open /etc/shadow cat /etc/shadow
		0 open /etc/passwd cat /etc/passwd
		1 open:O_WRONLY /etc/passwd echo >>/etc/passwd
		0 open:O_WRONLY /dev/null echo >/dev/null
		1 chmod /dev/null chmod 666 /dev/null
		0 mkdir w/dir mkdir w/dir
		1 mkdir r/dir mkdir r/dir
		1 mkdir /dir mkdir /dir
		0 mkdir /tmp/dir mkdir /tmp/dir
		1 unlink r/file rm -f r/file && test ! -e r/file
		1 rmdir r rmdir r
		0 chmod w/file chmod 600 w/file
		1 chmod r/file chmod 600 r/file
		0 execve /bin/true /bin/true
		1 execve w/file ./w/file
		0 stat /dev stat /dev
		1 stat /home stat /home
		0 symlink w/link ln -s x w/link
		0 mkfifo w/fifo mkfifo w/fifo
		1 mkfifo r/fifo mkfifo r/fifo
		0 readlink /bin readlink /bin
		1 unshare:CLONE_NEWUSER w unshare -U true
	EOT
}

@test "a symbolic link is followed inside, not outside" {
	ln -s ../r/file w/in
	ln -s "$area/outside" w/out
	why 0 -r r -w w -- open w/in
	has "-> $area/r/file"
	has "grant -r"
	why 1 -r r -w w -- open w/out
	has "nothing named '$area/outside' exists inside"
	why 0 -r r -w w -- readlink w/out
	why 0 -r r -w w -- unlink w/out
	why 0 -r r -w w -- lstat w/out
	why 1 -r r -w w -- stat w/out
}

@test "'..' leads where it leads in the cage" {
	why 1 -r r -- open r/../outside
	why 0 -r r -w w -- open r/../w/file
	has "-> $area/w/file"
}

@test "a FIFO in a read-only grant: Landlock, not the mount" {
	mkfifo r/fifo
	why 1 -r r -- open:O_WRONLY r/fifo
	has "by Landlock (EACCES)"
	why 0 -r r -- open r/fifo
}

@test "the flags decide" {
	why 1 -r r -- open:O_RDWR r/file
	has "missing write"
	why 1 -r r -- 'open:O_WRONLY|O_TRUNC' r/file
	has "missing write, ftruncate"
	why 0 -r r -- open:O_PATH r/file
	why 0 -w w -- 'open:O_WRONLY|O_CREAT' w/new
	why 0 --dir w:write -- 'open:O_WRONLY|O_CREAT' w/file
	why 1 --dir w:write -- 'open:O_WRONLY|O_CREAT' w/new
	has "missing create"
	why 0 -r r -- open:0 r/file
}

@test "rights one by one: Landlock names what is missing" {
	why 1 --dir w:lookup,read,write,create -- unlink w/file
	has "by Landlock (EACCES)"
	has "missing unlinkat"
	has "grant --dir '$area/w': read, write, create"
	has "to allow --dir $area/w:unlinkat"
}

@test "a right that nobody has is withheld by the call filter" {
	why 1 --dir w:lookup,read,write -- chmod w/file
	has "by the call filter (EPERM)"
	has "missing fchmod"
	has "to allow --dir $area/w:fchmod"
}

@test "what the filter denies whatever the path says why" {
	why 1 -- io_uring_setup
	has "the call filter (EPERM), because a ring performs calls that no filter sees"
	why 1 -- openat2
	has "(ENOSYS)"
	why 1 -- socket:AF_INET
	has "because AF_INET: no network is granted"
	why 1 -- socket:AF_VSOCK
	why 1 -- 'socket:AF_UNIX|SOCK_DGRAM'
	why 0 -- 'socket:AF_UNIX|SOCK_STREAM'
	why 1 -- ioctl:TIOCSTI
	why 1 -w w -- 'open:O_CREAT, mode 04000' w/x
	has "whoever runs the file outside"
	why 1 -w w -- mknod:S_IFCHR w/x
}

@test "a call that concerns no path needs none" {
	why 0 -- getpid
	has "allowed: getpid"
	says 125 "option --why: there is no path behind open" \
		"for example: pale run -r /etc --why open /etc/shadow" pale run --why open
	says 125 "option --why: the path is empty" "" pale run --why open ""
}

@test "the names of the library will do" {
	why 0 -r r -- fstatat r/file
	why 0 -w w -- mkfifo w/p
	why 0 -- execvp /bin/true
	why 0 -r r -- opendir r
}

@test "an unknown call or flag is refused, and the nearest suggested" {
	says 125 "there is no system call 'opne'" "did you mean 'open'?" pale run --why opne x
	says 125 "'O_WRNLY' is no known argument of open" "did you mean 'O_WRONLY'?" \
		pale run --why open:O_WRNLY x
	says 125 "there is no system call 'frobnicate'" \
		"write it as in its manual page, for example open or unlinkat" pale run --why frobnicate x
}

@test "what is not there, on the machine either" {
	why 0 -r r -- open r/no
	has "nothing of this name is there now, so the call would answer ENOENT"
	why 1 -r r -- open no
	has "nothing on this machine: '$area/no' is not there either"
	why 1 -r r -- open r/no/such
	has "(ENOENT)"
	why 1 -r r -- open r/file/such
	has "(ENOTDIR)"
}

@test "private, copied, hidden and own things are named as such" {
	why 0 -- 'open:O_WRONLY|O_CREAT' /tmp/new
	has "private directory"
	why 1 -- execve /tmp/new
	has "to allow tmp_exec('/tmp') in a policy file"
	why 1 -- open:O_WRONLY /etc/passwd
	has "read-only copy"
	why 1 -- mkdir /x
	has "to allow nothing: the root itself is never granted; grant a directory for it, or make a private one with --tmp"
	why 0 -- open /proc/self/status
	has "the cage's own /proc"
	why 1 --proc none -- open /proc/self/status
	has "to allow --proc self"
	chmod 755 . # root owns it: nobody can replace the name
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	why 1 -w . --hide r -- unlink r/file
	has "hidden"
	has "to allow take --hide of '$area/r' away"
}

@test "the name of a grant cannot be removed from inside" {
	why 1 -w . -w w -r r -- rmdir w || why 1 -w w -- rmdir w
	why 1 -w w -- rmdir w
	has "(EBUSY)"
	has "to allow nothing: it is the name of a grant; grant the directory around it instead"
}

@test "devices do not open in a grant, but can be granted by a policy" {
	[ -c /dev/full ] || skip "needs /dev/full"
	why 1 --bare -r /dev -- open /dev/full
	has "(nodev)"
	why 1 --bare -- open /dev/full
	has "to allow device('/dev/full') in a policy file"
}

@test "a place that the caller may not look at" {
	mkdir secret secret/in
	who=user
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be another user"
	chmod 755 secret
	run as pale run -r secret --why open secret/in/x
	exits 0
	chmod 700 secret/in
	run as pale run -r secret --why open secret/in/x
	exits 1
	has "ordinary permissions (EACCES)"
}

@test "flock and connect: the supervisor goes by the mount, and the cage agrees" {
	why 1 -r r -- flock r/file
	has "the supervisor (EPERM)"
	has "--file $area/r/file:flock"
	why 1 -r r -- connect r/file
	has "the supervisor (EACCES)"
	has "--file $area/r/file:connectat"
	why 0 -w w -- flock w/file
	why 0 -w w -- connect w/file
	why 0 -w w -- bind w/socket
	why 0 -r r -- fcntl:F_SETLK r/file
	run -0 pale run -w w -- flock w/file true
	run pale run -r r -- flock -n r/file true
	[ "$status" -ne 0 ]
	has "Operation not permitted"
}

@test "JSON" {
	run -1 --separate-stderr pale run -r r --json --why open:O_WRONLY r/file
	json 'sorted(j) == sorted("call path inside exists allowed by errno because need missing grant \
nearest allow option note".split())'
	json 'j["call"] == "open" and j["path"] == "r/file" and j["inside"] == sys.argv[2]' "$area/r/file"
	json 'not j["allowed"] and j["by"] == "mount" and j["errno"] == "EROFS"'
	json 'j["missing"] == ["write"] and j["grant"]["origin"] == "-r" and j["option"]'
	run -1 --separate-stderr pale run --json --why io_uring_setup
	json 'j["by"] == "filter" and j["path"] is None and j["grant"] is None'
	run -0 --separate-stderr pale run -r r --json --why open r/file
	json 'j["allowed"] and j["by"] == "grant" and j["errno"] is None and j["allow"] is None'
}
