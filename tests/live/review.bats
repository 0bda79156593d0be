#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Attacks on `pale run` that once worked, as root and as an ordinary user: each did what its name
# says it does not.
# shellcheck disable=SC2016,SC2154 # scripts for the shell inside; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/cli/lib.bash
	. "$BATS_TEST_DIRNAME/../cli/lib.bash"
	area_make
	mkdir -p w r/in
	echo hello >r/file
	echo hello >r/in/file
	mkfifo r/in/fifo
}

teardown() {
	area_remove
	[ -z "${private:-}" ] || rm -rf "$private"
}

@test "what is granted inside the private /tmp has its own rights, not those of /tmp" {
	private=$(mktemp -d /tmp/pale-review.XXXX)
	chmod 755 "$private"
	mkdir "$private/in"
	mkfifo "$private/fifo"
	for who in $(people); do
		own "$private"
		run as pale run --dir "$private/in:lookup,read,write" -- true
		exits 125
		has "nothing here withholds create,ftruncate,mkdirat,mkfifoat,symlinkat,unlinkat,bindat"
		run as pale run -r "$private/fifo" -- true
		exits 125
		has "nothing here withholds write of a FIFO in '$private/fifo' (-r), as it lies in '/tmp'"
		# A directory may hold one: that is said.
		run as pale run -r "$private/in" -- true
		exits 0
		has "pale: note: a FIFO in '$private/in' (-r) could be written to"
		run as pale run -w "$private/in" -- true
		exits 0
		[ -z "$output" ]
	done
}

@test "what is granted inside a writable grant has its own rights, not those around it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	local kept=fchmod,fchown,futimes,extattr_delete,extattr_set
	run pale run -w r --dir "r/in:lookup,read,write,$kept" -- rm r/in/file
	exits 125
	has "nothing here withholds create,ftruncate,mkdirat,mkfifoat,symlinkat,unlinkat,bindat"
	run pale run -w r -r r/in/fifo -- true
	exits 125
	has "nothing here withholds write of a FIFO in '$area/r/in/fifo' (-r)"
	run pale run -w r -r r/in -- true
	exits 0
	has "pale: note: a FIFO in '$area/r/in' (-r) could be written to"
	# A regular file is no FIFO.
	run pale run -w r -r r/file -- cat r/file
	[ "$output" = hello ]
}

@test "a name inside a grant that adds nothing is still judged by the mount that it lies in" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chmod 777 r
	run pale run -r r -r r/in --hide r/in/file -- true
	exits 125
	has "its name can be replaced from outside"
}

@test "a descriptor that is not open is never one of pale's own" {
	for who in $(people); do
		for fd in 3 4 5 6 7 8 9; do
			says 125 "--fd: descriptor $fd is not open" \
				"open it in the shell, for example $fd<FILE" \
				bash -c "exec $fd<&-; $(declare -f as); who=$who USER_ID=$USER_ID
					as pale run -r r --fd $fd:read -- readlink /proc/self/fd/$fd"
		done
	done
}

@test "a file that is handed over without ftruncate cannot be cut" {
	for who in $(people); do
		echo hello >w/file
		own w/file
		run as bash -c 'exec 3<>w/file; pale run --fd 3:read,write -- python3 -c "
import os
os.write(3, b\"H\")
os.ftruncate(3, 0)"'
		exits 1
		has "Operation not permitted"
		[ "$(cat w/file)" = Hello ]
		run as bash -c 'exec 3<>w/file
			pale run --fd 3:read,write --dir w:write,ftruncate,fchmod,fchown,futimes -- true'
		exits 125
		run as bash -c 'exec 3<>w/file; pale run --fd 3:read,write,ftruncate -- \
			python3 -c "import os; os.ftruncate(3, 1)"'
		exits 0
		[ "$(cat w/file)" = H ]
	done
}

@test "a handle of the kernel's does not pass as standard input" {
	for who in $(people); do
		run as python3 -c 'import os, subprocess, sys
sys.exit(subprocess.run(["pale", "run", "true"], stdin=os.pidfd_open(os.getpid())).returncode)'
		exits 125
		has "descriptor 0 is a handle of the kernel's"
	done
}

@test "a grant two thousand directories deep is reached" {
	for who in $(people); do
		rm -rf deep
		mkdir deep
		own deep
		as python3 -c '
import os
os.chdir("deep")
for i in range(2000):
    os.mkdir("d")
    os.chdir("d")'
		run as pale run -r "deep$(printf '/d%.0s' {1..2000})" -- true
		exits 0
		[ -z "$output" ]
	done
}

@test "no umask keeps a program from its own grants, and it has the caller's" {
	for who in $(people); do
		own r
		for mask in 0077 0177 0777; do
			run as sh -c "umask $mask; pale run -r r -- sh -c 'cat r/in/file; umask'"
			exits 0
			[ "$output" = "hello
$mask" ]
		done
	done
}

@test "the whole of /dev, or of the machine, can be granted at a terminal" {
	need script
	for who in $(people); do
		own r
		for grant in /dev /; do
			run as script -qec "pale run -r $grant -- echo started" /dev/null
			exits 0
			has started
		done
	done
}

@test "a terminal that hangs up, and a timer set before the start, end the command" {
	cat >hang.py <<-'END'
		import os, pty, sys, time
		pid, terminal = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[1], sys.argv[1:])
		while b"started" not in os.read(terminal, 99):
		    pass
		os.close(terminal)
		print(os.WTERMSIG(os.waitpid(pid, 0)[1]))
	END
	for who in $(people); do
		run as timeout 20 /usr/bin/python3 hang.py pale run -- sh -c 'echo started; exec sleep 30'
		[ "$output" = 1 ]
		run as timeout 20 perl -e 'alarm 1; exec @ARGV' pale run -- sleep 30
		exits 142
	done
}

@test "more grants than descriptors by default are granted, and the command has the caller's limit" {
	local grants=()
	for i in $(seq 150); do
		mkdir "r/$i"
		grants+=(-r "r/$i")
	done
	for who in $(people); do
		run as sh -c 'ulimit -Sn 100; exec "$@"' - pale run "${grants[@]}" -- sh -c 'ulimit -Sn; ls r | wc -l'
		exits 0
		[ "$output" = "100
150" ]
		run as sh -c 'ulimit -n 100; exec "$@"' - pale run "${grants[@]}" -- true
		exits 125
		has 'each grant takes a descriptor: raise `ulimit -n`'
	done
}

@test "a /proc of another pid namespace, and none, do not lead to another process" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	run unshare -Urmpf pale run -- echo ran
	exits 0
	[ "$output" = ran ] || has "processes of root are not limited"
	run unshare -m sh -c 'umount -l /proc; pale run -- true'
	exits 125
	has "cannot map user ids: /proc is not mounted here"
}

@test "a limit on root's processes that the kernel does not take is not taken silently" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	need_feature userns
	run pale run --limit nproc=5 -- true
	has "pale: note: root's processes are limited to 301"
}

@test "a device that is granted as a file is refused, and one that a profile gives stays usable" {
	for who in $(people); do
		run as pale run -w /dev/null -r /dev/zero -- sh -c 'echo x >/dev/null && head -c 3 /dev/zero'
		exits 0
		[ "${#output}" -eq 0 ]
		says 125 "-w: '/dev/ptmx' is a device, which does not open in a grant of files" \
			"grant it in a policy: device('/dev/ptmx')" as pale run --bare -w /dev/ptmx -- true
	done
}

@test "a terminal, or root's /dev/null, as standard input cannot be changed by fchmod" {
	cat >change.py <<-'END'
		import os, sys
		for what in (lambda: os.fchmod(0, os.fstat(0).st_mode & 0o777),
		             lambda: os.chmod("/proc/self/fd/0", os.fstat(0).st_mode & 0o777),
		             lambda: os.fchown(0, -1, os.fstat(0).st_gid), lambda: os.utime(0)):
		    try:
		        what()
		        print("changed")
		    except OSError as e:
		        print(e.strerror)
		print(os.isatty(0))
	END
	chmod 644 change.py
	for who in $(people); do
		cat >"pty-$who.py" <<-END
			import os, pty, sys
			pid, terminal = pty.fork()
			if pid == 0:
			    os.fchown(0, $([ "$who" = root ] && echo 0 || echo "$USER_ID"), -1)
			    os.execvp(sys.argv[1], sys.argv[1:])
			try:
			    while True:
			        print(os.read(terminal, 999).decode(), end="")
			except OSError:
			    pass
			os.waitpid(pid, 0)
		END
		as=()
		[ "$who" = root ] || as=(setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups)
		[ "$(id -u)" -eq 0 ] || as=()
		run timeout 20 /usr/bin/python3 "pty-$who.py" "${as[@]}" pale run -r change.py -- \
			/usr/bin/python3 change.py
		[[ "$output" != *changed* ]]
		has "Read-only file system"
		has True
	done
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	run pale run -r change.py -- /usr/bin/python3 change.py </dev/null
	[[ "$output" != *changed* ]]
	has False
	run bash -c 'echo in | pale run -- sh -c "cat; echo x >/dev/stderr" 2>/dev/null'
	[ "$output" = in ]
}

@test "hidden in hidden is hidden, and what is granted in hidden is refused" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	run pale run -r . --hide r --hide r/in --hide r/file -- ls -A r
	exits 0
	[ -z "$output" ]
	says 125 "'$area/r/in' (-x) lies in '$area/r' (--hide), which is hidden" \
		"hide the other parts of it one by one" pale run -r . --hide r -x r/in -- true
	run pale run -r / --hide /etc -- ls -A /etc
	exits 0
	[ -z "$output" ]
}

@test "a private directory where a grant has no such name is refused, and nothing is made there" {
	says 125 "cannot put anything at '$area/w/a/b' inside: No such file or directory" \
		"it lies in a grant that has no such name; make it there first" \
		pale run -w w --tmp w/a/b -- true
	[ -z "$(ls -A w)" ]
	mkdir w/a
	run pale run -w w --tmp w/a -- sh -c 'echo x >w/a/file && cat w/a/file'
	exits 0
	[ "$output" = x ]
	[ -z "$(ls -A w/a)" ]
}

@test "a connect that waits, waits for an ordinary user too, and the supervisor does not" {
	[ -x "${PALE%/*}/tests/live/live-supervisor" ] || skip "live-supervisor is not built"
	cp "${PALE%/*}/tests/live/live-supervisor" .
	for who in $(people); do
		for probe in full blocking-flips; do
			run as timeout -s KILL 20 env PALE="$PALE" "$area/live-supervisor" "$probe"
			exits 0
			has "ok 1 - "
		done
	done
}

@test "a program that stops what performs its bind does not stop the supervisor" {
	# Without Landlock nothing keeps a signal from a process with a number inside.
	cat >stop.py <<-'END'
		import os, signal, socket
		me = os.getpid()
		other = os.fork()
		while other == 0:
		    child = os.fork()
		    if child == 0:
		        os._exit(0)
		    os.waitpid(child, 0)
		    for pid in range(child + 1, child + 40):
		        try:
		            os.kill(pid, signal.SIGSTOP)
		        except OSError:
		            pass
		for _ in range(4000):
		    with socket.socket(socket.AF_UNIX) as s:
		        try:
		            s.bind("/tmp/name")
		            os.unlink("/tmp/name")
		        except OSError:
		            if os.path.exists("/tmp/name"):
		                os.unlink("/tmp/name")
		os.kill(other, signal.SIGKILL)
		print("went on")
	END
	chmod 644 stop.py
	for who in $(people); do
		run as timeout -s KILL 20 pale run --best-effort landlock --assume landlock=0 \
			-r stop.py -- /usr/bin/python3 stop.py
		has "went on"
	done
}

@test "a server whose process is dead and had the waiter's number is not taken for the waiter" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to choose the numbers of processes"
	cat >number.py <<-'EOF'
		import ctypes, errno, os, socket, sys
		class Args(ctypes.Structure):
		    _fields_ = [(name, ctypes.c_uint64) for name in (
		        "flags pidfd child_tid parent_tid exit_signal stack stack_size tls "
		        "set_tid set_tid_size cgroup").split()]
		libc = ctypes.CDLL(None, use_errno=True)
		def fork_as(number):
		    wanted = (ctypes.c_int * 1)(number)
		    args = Args(exit_signal=17, set_tid=ctypes.addressof(wanted), set_tid_size=1)
		    pid = libc.syscall(435, ctypes.byref(args), ctypes.sizeof(args))
		    if pid < 0:
		        raise OSError(ctypes.get_errno(), "clone3")
		    return pid
		server = socket.socket(socket.AF_UNIX)
		server.bind("w/server")
		for number in range(20000 + os.getpid() % 1000, 30000):
		    try:
		        pid = fork_as(number)
		    except OSError as e:
		        if e.errno == errno.EEXIST:
		            continue
		        print("cannot choose", e.strerror)
		        sys.exit()
		    if pid == 0:
		        server.listen(1)
		        os._exit(0)
		    os.waitpid(pid, 0)
		    break
		program = """
		import os, socket
		s = socket.socket(socket.AF_UNIX)
		s.connect("w/server")
		try:
		    socket.send_fds(s, [b"x"], [0])
		    print("passed", flush=True)
		except OSError as e:
		    print(e.strerror, flush=True)
		"""
		if fork_as(number) == 0:
		    os.execvp("pale", ["pale", "run", "-x", "/usr", "-w", "w", "--", "python3", "-c", program])
		os.waitpid(number, 0)
	EOF
	run python3 number.py
	[[ $output != "cannot choose"* ]] || skip "$output"
	[ "$output" = "Operation not permitted" ]
}

@test "a datagram socket is not connected elsewhere while a message waits in it, and passes nothing there" {
	cat >waits.py <<-'EOF'
		import os, socket, subprocess, sys
		door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		door.bind("door")
		other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		other.bind("w/other")
		for name in "door", "w/other":
		    os.chmod(name, 0o777)
		program = """
		import errno, os, socket, threading
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect("door")
		try:
		    while True:
		        s.send(b"x", socket.MSG_DONTWAIT)
		except BlockingIOError:
		    pass
		threading.Thread(target=lambda: socket.send_fds(s, [b"y"], [0]), daemon=True).start()
		result = 0
		for i in range(100000):
		    result = s.connect_ex("door")
		    if result != 0:
		        break
		print(os.strerror(result), flush=True)
		print(os.strerror(s.connect_ex("w/other")), flush=True)
		os._exit(0)
		"""
		subprocess.run(sys.argv[1:] + ["python3", "-c", program])
		other.setblocking(False)
		try:
		    other.recv(1)
		    print("came")
		except BlockingIOError:
		    print("nothing came")
	EOF
	run python3 waits.py pale run -x /usr -w w --unix door:connect,scm-out --
	[ "$output" = "$(printf "%s\n" "Operation already in progress" "Operation already in progress" "nothing came")" ]
}

@test "a socket that is bound by a door for passing out passes nothing where it is connected itself" {
	cat >both.py <<-'EOF'
		import os, socket, subprocess, sys
		def serve(name, kind):
		    s = socket.socket(socket.AF_UNIX, kind)
		    s.bind(name)
		    os.chmod(name, 0o777)
		    if kind == socket.SOCK_STREAM:
		        s.listen(8)
		    return s
		servers = serve("w/stream", socket.SOCK_STREAM), serve("w/datagrams", socket.SOCK_DGRAM)
		program = """
		import socket
		for order in "bc", "cb":
		    for name, kind in ("w/stream", socket.SOCK_STREAM), ("w/datagrams", socket.SOCK_DGRAM):
		        s = socket.socket(socket.AF_UNIX, kind)
		        for step in order:
		            try:
		                s.bind("%s") if step == "b" else s.connect(name)
		            except OSError:
		                pass
		        try:
		            socket.send_fds(s, [b"x"], [0])
		            print(order, name, "passed")
		        except OSError:
		            print("no")
		"""
		subprocess.run(sys.argv[1:] + ["python3", "-c", program % os.path.abspath("door")])
	EOF
	for who in $(people); do
		own "$area"
		rm -f door w/stream w/datagrams
		run as python3 both.py pale run -x /usr -w w --unix "$area/door:bind,scm-out" --
		[ "$output" = "$(printf 'no\n%.0s' 1 2 3 4)" ]
	done
}

@test "where descriptors pass by a door a socket listens by no abstract name that it got by itself" {
	cat >itself.py <<-'EOF'
		import os, socket, subprocess, sys
		door = socket.socket(socket.AF_UNIX)
		door.bind("door")
		os.chmod("door", 0o777)
		program = """
		import socket
		def attempt(name, how):
		    s = socket.socket(socket.AF_UNIX)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
		    try:
		        how(s)
		    except OSError:
		        pass
		    try:
		        s.listen(1)
		        print(name, "listens as", s.getsockname())
		    except OSError:
		        print("no")
		attempt("refused", lambda s: s.connect("door"))
		attempt("chosen", lambda s: s.bind(""))
		attempt("unnamed", lambda s: None)
		s = socket.socket(socket.AF_UNIX)
		s.bind("/tmp/own")
		s.listen(1)
		c = socket.socket(socket.AF_UNIX)
		c.connect("/tmp/own")
		print("yes")
		"""
		subprocess.run(sys.argv[1:] + ["python3", "-c", program])
	EOF
	for use in scm-in scm-out scm-in,scm-out scm-in,follow; do
		rm -f door
		run python3 itself.py pale run -x /usr --unix "door:connect,$use" --
		[ "$output" = "$(printf '%s\n' no no no yes)" ]
	done
}

@test "a directory that is passed in leads to no file and no socket of the machine" {
	cat >passed.py <<-'EOF'
		import os, socket, subprocess, sys, threading
		def serve(name):
		    s = socket.socket(socket.AF_UNIX)
		    s.bind(name)
		    os.chmod(name, 0o777)
		    s.listen(8)
		    return s
		door, other = serve("door"), serve("other")
		def give():
		    peer, _ = door.accept()
		    socket.send_fds(peer, [b"x"], [os.open("r", os.O_RDONLY)])
		threading.Thread(target=give, daemon=True).start()
		program = """
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		_, fds, _, _ = socket.recv_fds(s, 1, 1)
		fd = fds[0]
		by_name = "/proc/self/fd/%d/../" % fd
		for act in (lambda: os.open("file", os.O_RDONLY, dir_fd=fd),
		        lambda: os.listdir(by_name),
		        lambda: os.open("../w/new", os.O_CREAT | os.O_WRONLY, dir_fd=fd),
		        lambda: os.mkdir("../w/dir", dir_fd=fd),
		        lambda: socket.socket(socket.AF_UNIX).connect(by_name + "other"),
		        lambda: socket.socket(socket.AF_UNIX).bind(by_name + "w/bound")):
		    try:
		        act()
		        print("done")
		    except PermissionError:
		        print("no")
		"""
		subprocess.run(sys.argv[1:] + ["python3", "-c", program, os.path.abspath("door")])
	EOF
	for who in $(people); do
		own "$area"
		for more in "" follow,; do
			rm -f door other
			run as python3 passed.py pale run -x /usr --unix "$area/door:connect,${more}scm-in" --
			[ "$output" = "$(printf 'no\n%.0s' 1 2 3 4 5 6)" ]
		done
	done
}
