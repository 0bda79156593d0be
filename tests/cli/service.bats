#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# For whoever runs services and agents: readiness, sockets that are handed over, and the examples.
# shellcheck disable=SC2016,SC2154 # scripts for the shell inside; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/cli/lib.bash
	. "$BATS_TEST_DIRNAME/lib.bash"
	# shellcheck disable=SC2034 # of tests/cli/policy.bats too
	SOURCE=$(realpath "$BATS_TEST_DIRNAME/../..")
	need python3
	area_make
	cp "$SOURCE"/examples/systemd/* .
	cp "$BATS_TEST_DIRNAME/service_manager.py" .
}

teardown() {
	[ -z "${server:-}" ] || kill "$server" 2>/dev/null
	area_remove
}

# managed KIND CLIENT COMMAND...: a service manager starts it.
managed() {
	chmod 777 "$area"
	rm -f n.sock s.sock
	run --separate-stderr as timeout 60 python3 service_manager.py "$area" "$@" 3>&-
}

# A program that runs inside, with what every one of them needs in front.
inside() {
	local body
	body=$(cat)
	cat >inside.py <<-'END'
		import os, socket, sys
		n = os.environ.get("NOTIFY_SOCKET", "")
		def tell(text):
		    to = "\0" + n[1:] if n[0] == "@" else n
		    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(text.encode(), to)
		def tried(f, *a):
		    try:
		        f(*a)
		        return "done"
		    except OSError as e:
		        return e.strerror
	END
	echo "$body" >>inside.py
}

@test "the service of the example is ready, answers on its sockets, and ends when it is told to" {
	local kind
	for who in $(people); do
		for kind in path abstract; do
			managed $kind talk pale run --policy hello.pale
			[ "${lines[0]}" = "told READY=1 STATUS=listening on one:two by pale" ]
			[[ "${lines[1]}" == "answer hello from process "* ]]
			[[ "${lines[2]}" == "answer hello from process "* ]]
			[ "${lines[3]}" = "exit -15" ]
		done
	done
}

@test "the units of the example are well formed" {
	need systemd-analyze
	mkdir u
	cp hello.socket u
	sed "s|/usr/local/bin/pale|$(command -v pale)|; s|/usr/local/lib/hello|$area|" hello.service \
		>u/hello.service
	run systemd-analyze verify u/hello.service u/hello.socket
	exits 0
	[ -z "$output" ]
}

@test "a client cannot pass a descriptor to a service, nor the service one to a client" {
	need_feature passrights
	managed path pass pale run --policy hello.pale
	[ "${lines[1]}" = "refused Operation not permitted" ]
	inside <<-'END'
		s = socket.socket(fileno=3)
		tell("READY=1")
		c = s.accept()[0]
		tell("STATUS=" + tried(socket.send_fds, c, [b"x"], [0]))
		c.sendall(b"sent\n")
	END
	run --separate-stderr as timeout 60 python3 - "$area" <<-'END'
		import os, socket, subprocess, sys
		os.chdir(sys.argv[1])
		told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		told.bind("n2.sock")
		listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		listener.bind("s2.sock")
		listener.listen(1)
		pid = os.fork()
		if pid == 0:
		    os.dup2(listener.fileno(), 20)
		    os.dup2(20, 3)
		    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1",
		                      NOTIFY_SOCKET=sys.argv[1] + "/n2.sock")
		    os.execvp("pale", ["pale", "run", "--notify", "--listen-fds", "-p", "python",
		                       "-r", "inside.py", "--", "python3", "inside.py"])
		told.settimeout(20)
		told.recv(100)
		c = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		c.connect("s2.sock")
		print(told.recv(100).decode())
		print(socket.recv_fds(c, 100, 4)[:2])
		os.waitpid(pid, 0)
	END
	[ "${lines[0]}" = "STATUS=Operation not permitted" ]
	[ "${lines[1]}" = "(b'sent\n', [])" ] || [ "${lines[1]}" = "(b'sent\\n', [])" ]
}

@test "a socket that was handed over is no way to anywhere else" {
	inside <<-'END'
		u, t = socket.socket(fileno=3), socket.socket(fileno=4)
		port = t.getsockname()[1]
		r = [tried(t.connect, ("127.0.0.1", port)), tried(t.listen, 1)]
		tried(t.shutdown, socket.SHUT_RDWR)
		r += [tried(t.connect, ("127.0.0.1", port)), tried(u.connect, "/run/dbus/system_bus_socket")]
		r += [tried(socket.socket, socket.AF_INET, socket.SOCK_STREAM)]
		tell("STATUS=" + ",".join(r))
		tell("READY=1")
		sys.stdin.read()
	END
	managed path none pale run --notify --listen-fds -p python -r inside.py -- python3 inside.py
	[[ "${lines[0]}" == "told STATUS=Permission denied,done,Permission denied,"*" by pale" ]]
	[[ "${lines[0]}" != *",done by"* ]]
}

@test "without the options nothing of a service manager is there inside" {
	inside <<-'END'
		print([k for k in os.environ if k.startswith("LISTEN") or k == "NOTIFY_SOCKET"],
		      tried(os.fstat, 3), tried(os.fstat, 4))
	END
	managed path none sh -c 'pale run -p python -r inside.py -- python3 inside.py >out'
	[ "$(cat out)" = "[] Bad file descriptor Bad file descriptor" ]
}

@test "where no service manager is, the options ask for nothing" {
	unset NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
	run pale run --notify --listen-fds -- sh -c 'echo "$NOTIFY_SOCKET$LISTEN_FDS$LISTEN_PID."'
	[ "$output" = . ]
}

@test "what was handed to another process is not taken" {
	inside <<-'END'
		print([k for k in os.environ if k.startswith("LISTEN")], tried(os.fstat, 3))
	END
	FOR_PID=1 managed path none sh -c \
		'pale run --listen-fds -p python -r inside.py -- python3 inside.py >out'
	[ "$(cat out)" = "[] Bad file descriptor" ]
}

@test "what is handed over and is no socket is refused, and so is a number that is none" {
	local self='exec env LISTEN_PID=$$ '
	says 125 "--listen-fds: descriptor 3 is no socket" \
		"sockets are what is kept; grant what it is with --fd 3:RIGHTS, or by its name" \
		sh -c "$self LISTEN_FDS=1 pale run --listen-fds -- true 3</dev/null"
	says 125 "--listen-fds: descriptor 3 of LISTEN_FDS is not open" \
		"start pale as the service manager does: directly" \
		sh -c "$self LISTEN_FDS=1 pale run --listen-fds -- true 3<&-"
	says 125 "--listen-fds: LISTEN_FDS is '65', and at most 64 are kept" \
		"it is the number of descriptors from 3 on" \
		sh -c "$self LISTEN_FDS=65 pale run --listen-fds -- true"
	says 125 "--listen-fds: LISTEN_FDS is '1x', and at most 64 are kept" \
		"it is the number of descriptors from 3 on" \
		sh -c "$self LISTEN_FDS=1x pale run --listen-fds -- true"
	says 125 "--notify: NOTIFY_SOCKET is 'vsock:2:9', which is no UNIX socket" \
		"leave it out, or unset the variable" \
		env NOTIFY_SOCKET=vsock:2:9 pale run --notify -- true
}

@test "--explain shows what a service manager hands over" {
	inside </dev/null
	managed path none sh -c 'exec env LISTEN_PID=$$ pale run --policy hello.pale --explain >out'
	grep -q -- "n.sock (--notify): connect" out
	grep -qE -- "--listen-fds +fd 3 fd 4" out
	grep -q "LISTEN_FDS" out
}

@test "an agent with one host has that host, no secret, and its attempts are reported" {
	local port
	cp "$SOURCE"/examples/agent-online.pale .
	echo TOKEN=1 >.env
	python3 -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(8)
open("port", "w").write(str(s.getsockname()[1]))
while True:
    s.accept()[0].sendall(b"hello")' 3>&- &
	server=$!
	until [ -s port ]; do :; done
	port=$(cat port)
	sed -i "s/api.example.com:443/localhost:$port/" agent-online.pale
	cat >agent.py <<-'END'
		import os, socket, sys
		s = socket.create_connection(("localhost", int(sys.argv[1])))
		print(s.recv(5).decode(), os.environ["API_KEY"], repr(open(".env").read()))
		open("made", "w").write("x")
		for attempt in (lambda: socket.create_connection(("127.0.0.1", 1)),
		                lambda: open(os.path.expanduser("~root/.ssh/id_rsa"))):
		    try: attempt()
		    except OSError as e: print(type(e).__name__)
	END
	own .
	for who in $(people); do
		own "$area"
		run --separate-stderr as env API_KEY=k ./agent-online.pale python3 agent.py "$port"
		[ "${lines[0]}" = "hello k ''" ]
		[ "${lines[1]}" = PermissionError ]
		[ "${#lines[@]}" -eq 3 ]
		[ -s made ]
		run --separate-stderr as env API_KEY=k pale run --best-effort=overlap \
			--trace=tried.json --report=json --policy agent-online.pale -- \
			/usr/bin/env python3 agent.py "$port"
		grep -q '127.0.0.1:1' tried.json
		rm -f made tried.json
	done
}
