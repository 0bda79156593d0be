#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Descriptors: what a command inherits, what it does not, and what a granted one carries.

setup() {
	load lib.bash
	area_make
	mkdir dir w
	echo hello >dir/file
	echo secret >outside
}

teardown() {
	area_remove
}

@test "descriptors above 2 are closed" {
	run bash -c 'exec 3<dir 4<dir/file 9>&1; pale run -- sh -c "for fd in /proc/self/fd/*; do
		readlink \$fd; done"'
	[ -n "$output" ]
	[[ "$output" != *"$area"* ]]
	run bash -c 'exec 3<dir 9>&1; pale run -- python3 -c "
import os
print([fd for fd in range(3, 256) if os.path.exists(\"/proc/self/fd/%d\" % fd) and
       os.readlink(\"/proc/self/fd/%d\" % fd)[:5] != \"/proc\"])"'
	[ "$output" = "[]" ]
}

@test "a granted descriptor is kept, and only that" {
	run bash -c 'exec 3<dir/file 4<outside; pale run --fd 3:read -- sh -c "cat <&3; cat <&4"'
	[ "$status" -ne 0 ]
	[ "${lines[0]}" = hello ]
	[[ "$output" != *secret* ]]
}

@test "'..' stops at a granted directory, also through openat, fchdir and /proc" {
	run bash -c 'exec 3<dir; pale run --fd 3:read -- python3 -c "
import os
top = os.fstat(3)
up = os.open(\"..\", os.O_RDONLY | os.O_DIRECTORY, dir_fd=3)
print(os.path.samestat(os.fstat(up), top), os.listdir(up))
print(os.path.samestat(os.stat(\"../..\", dir_fd=3), top))
os.fchdir(3)
print(os.path.samestat(os.stat(\"..\"), top))
print(os.path.samestat(os.stat(\"/proc/self/fd/3/..\"), top))
try:
    os.open(\"../outside\", os.O_RDONLY, dir_fd=3)
except OSError as e:
    print(e.strerror)"'
	exits 0
	[ "$output" = "True ['file']
True
True
True
No such file or directory" ]
}

@test "a directory that is granted for reading cannot be changed, also not its metadata" {
	run bash -c 'exec 3<dir; pale run -w w --fd 3:read -- python3 -c "
import os
def try_(what, *args, **more):
    try:
        what(*args, **more)
        print(what.__name__)
    except OSError as e:
        print(e.strerror)
try_(os.open, \"new\", os.O_CREAT | os.O_WRONLY, dir_fd=3)
try_(os.unlink, \"file\", dir_fd=3)
try_(os.mkdir, \"new\", dir_fd=3)
try_(os.chmod, \"file\", 0o600, dir_fd=3)
try_(os.fchmod, 3, 0o700)
try_(os.utime, \"file\", dir_fd=3)"'
	exits 0
	[ "$(sort -u <<<"$output")" = "Read-only file system" ]
}

@test "a directory granted with rights by name has these and no others" {
	run bash -c 'exec 3<dir; pale run --fd 3:lookup,read,create,write -- python3 -c "
import os
os.close(os.open(\"new\", os.O_CREAT | os.O_WRONLY, dir_fd=3))
try:
    os.unlink(\"new\", dir_fd=3)
except OSError as e:
    print(e.strerror)"'
	exits 0
	[ "$output" = "Permission denied" ]
	[ -e dir/new ]
}

@test "a file granted for reading cannot be written, cut, or changed by fchmod and futimes" {
	local mode
	mode=$(stat -c '%a %Y' dir/file)
	run bash -c 'exec 3<>dir/file; pale run -w w --fd 3:read -- python3 -c "
import os
def try_(what, *args):
    try:
        what(*args)
        print(what.__name__)
    except OSError as e:
        print(what.__name__, e.strerror)
try_(os.write, 3, b\"x\")
try_(os.ftruncate, 3, 0)
try_(os.fchmod, 3, 0o600)
try_(os.utime, 3)
try_(os.setxattr, 3, \"user.x\", b\"x\")
try_(os.open, \"/proc/self/fd/3\", os.O_RDWR)
print(os.read(3, 9))"'
	exits 0
	[ "${lines[0]}" = "write Bad file descriptor" ]
	[ "${lines[1]}" = "ftruncate Invalid argument" ]
	[ "${lines[2]}" = "fchmod Read-only file system" ]
	[ "${lines[3]}" = "utime Read-only file system" ]
	[ "${lines[4]}" = "setxattr Read-only file system" ]
	# By the mount or by Landlock.
	[[ "${lines[5]}" == "open "[RP]* ]]
	[ "${lines[6]}" = "b'hello\\n'" ]
	[ "$(stat -c '%a %Y' dir/file)" = "$mode" ]
}

@test "a file keeps its offset, and what it is opened for in addition" {
	run bash -c 'exec 3<dir/file
		python3 -c "import os; os.lseek(3, 2, 0)" 3<&3
		pale run --fd 3:read -- sh -c "cat <&3"'
	exits 0
	[ "$output" = llo ]
	bash -c 'exec 3>>dir/file; pale run --fd 3:write -- sh -c "echo more >&3"'
	[ "$(cat dir/file)" = "hello
more" ]
}

@test "a descriptor that is not open, or not open for what is granted, is refused" {
	says 125 "--fd: descriptor 77 is not open" "open it in the shell, for example 77<FILE" \
		pale run --fd 77:read -- true
	says 125 "--fd: descriptor 3 is open for reading only" "" \
		bash -c 'exec 3<dir/file; pale run --fd 3:read,write -- true'
	says 125 "--fd: descriptor 3 is open for writing only" "" \
		bash -c 'exec 3>>dir/file; pale run --fd 3:read -- true'
	says 125 "option --fd: 'x' is not N:RIGHTS" "for example --fd 3:read" pale run --fd x -- true
}

@test "a file that has no name any more is refused" {
	says 125 \
		"descriptor 3 has no name any more that leads to it ('$area/dir/file (deleted)')" \
		"grant the path instead, or pass it through a pipe" \
		bash -c 'exec 3<dir/file; rm dir/file; pale run --fd 3:read -- true'
}

@test "a pipe is passed as it is, and must be open as granted" {
	run bash -c 'exec 3< <(echo hi); pale run --fd 3:read -- cat /dev/fd/3'
	[ "$output" = hi ]
	says 125 "--fd: descriptor 3 is not open for 'read'" "" \
		bash -c 'exec 3> >(cat >/dev/null); pale run --fd 3:read -- true'
	mkfifo p
	says 125 "--fd: descriptor 3 is a pipe that is open for 'write', and nothing here withholds that" \
		"grant 'write' too, or open it otherwise before" \
		bash -c 'exec 3<>p; pale run --fd 3:read -- true'
}

@test "a directory as standard input is refused unless it is granted" {
	says 125 "descriptor 0 is a directory, which would open a way out of the cage" \
		"redirect it from somewhere else, or grant it with --fd 0:RIGHTS" \
		bash -c 'pale run -- true <dir'
	run bash -c 'pale run --fd 0:read -- ls /dev/fd/0/ <dir'
	[ "$output" = file ]
}

@test "a socket as standard input is refused unless it is granted" {
	cat >sock.py <<-'EOF'
		import socket, subprocess, sys
		a, b = socket.socketpair()
		b.send(b"hi")
		b.close()
		sys.exit(subprocess.run(sys.argv[1:], stdin=a).returncode)
	EOF
	says 125 "descriptor 0 is a socket, which would open a way out of the cage" \
		"grant it with --fd 0:read,write, or put a pipe before it" \
		python3 sock.py pale run -- cat
	run python3 sock.py pale run --fd 0:read,write -- cat
	exits 0
	[ "$output" = hi ]
}

@test "a datagram socket that is handed over sends to no socket that may not be connected to" {
	cat >send.py <<-'EOF'
		import os, socket, subprocess, sys
		victim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		victim.bind("dir/victim")
		os.chmod("dir/victim", 0o777)
		fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		program = """
		import socket, sys
		s = socket.socket(fileno=0)
		to = sys.argv[1]
		for send in lambda: s.sendto(b"x", to), lambda: s.sendmsg([b"x"], [], 0, to), lambda: s.connect(to):
		    try:
		        send()
		        print("sent")
		    except OSError as e:
		        print(e.strerror)
		"""
		subprocess.run(sys.argv[1:] + ["python3", "-c", program, os.path.abspath("dir/victim")], stdin=fd)
		os.unlink("dir/victim")
	EOF
	run python3 send.py pale run -x /usr -r dir --fd 0:read,write --
	[ "$output" = "$(printf 'Permission denied\n%.0s' 1 2 3)" ]
}

@test "an O_PATH descriptor is refused as standard input, and cannot be granted if it is no file" {
	cat >opath.py <<-'EOF'
		import os, subprocess, sys
		fd = os.open(sys.argv[1], os.O_PATH)
		sys.exit(subprocess.run(sys.argv[2:], stdin=fd).returncode)
	EOF
	says 125 "descriptor 0 is an O_PATH descriptor, which would open a way out of the cage" \
		"redirect it from somewhere else, or grant it with --fd 0:RIGHTS" \
		python3 opath.py dir pale run -- true
	mkfifo p
	says 125 "--fd: descriptor 0 is an O_PATH descriptor, which cannot be granted" "" \
		python3 opath.py p pale run --fd 0:read -- true
}

@test "a file on standard input or output opens again for no more than it was opened for" {
	cat >again.py <<-'EOF'
		import os, sys
		for fd, flags in ((0, os.O_RDWR), (0, os.O_WRONLY), (1, os.O_RDONLY), (1, os.O_RDWR)):
		    try:
		        os.open("/proc/self/fd/%d" % fd, flags)
		        sys.stderr.write("opened %d\n" % fd)
		    except OSError as e:
		        sys.stderr.write(e.strerror + "\n")
	EOF
	run bash -c 'pale run -r again.py -- python3 again.py <dir/file 2>&1 >w/out'
	[ "$(sort -u <<<"$output")" = "Permission denied" ]
	# What it was opened for does open: /dev/stdin and /dev/stdout work.
	bash -c 'pale run -- sh -c "cat /dev/stdin >/dev/stdout" <dir/file >w/out'
	[ "$(cat w/out)" = hello ]
}
