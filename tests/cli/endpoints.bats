#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Endpoints of communication that are granted one by one: the words, what is refused, what is
# answered, and that a UNIX socket and a FIFO do what is granted and nothing beside it.

setup() {
	load lib.bash
	area_make
	cat >server.py <<'PY'
# One line for each connection: how the kernel calls the process at its other end.
import os, socket, struct, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX)
s.bind("\0" + path[1:] if path[0] == "@" else path)
s.listen(8)
with open(sys.argv[2] + ".new", "w") as ready:
    print(os.getpid(), file=ready)
os.rename(sys.argv[2] + ".new", sys.argv[2])
while True:
    c, _ = s.accept()
    pid = struct.unpack("iII", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    try:
        who = open(f"/proc/{pid}/comm").read()
    except OSError as e:
        who = str(e)
    try:
        c.send(who.encode())
    except OSError:
        pass
    c.close()
PY
	cat >client.py <<'PY'
import errno, socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect("\0" + path[1:] if path[0] == "@" else path)
        print(path, s.recv(100).decode().strip())
    except OSError as e:
        print(path, errno.errorcode[e.errno])
PY
	servers=()
}

teardown() {
	[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null
	area_remove
}

# Listen at a name as $who, and wait until it does.
serve() {
	local ready
	ready=$(mktemp -u "$area/ready.XXXX")
	[ "$who" = root ] || chmod 777 "$area"
	as /usr/bin/python3 "$area/server.py" "$1" "$ready" 3>&- &
	until [ -e "$ready" ]; do kill -0 $! || return; done
	servers+=("$(<"$ready")") # its own number: $! is that of a shell which waits for it
}

# Connect to names from inside.
client() {
	local grants=()
	while [ "$1" != -- ]; do
		grants+=("$1")
		shift
	done
	shift
	run as pale run -p python -r "$area/client.py" "${grants[@]}" -- \
		/usr/bin/python3 "$area/client.py" "$@"
}

@test "a wrong word is refused, with the nearest one" {
	says 125 "option --unix: unix has no use 'conect'" "did you mean 'connect'?" \
		pale run --unix /x:conect -- true
	says 125 "option --sysv: System V has no 'shn'" "did you mean 'shm'?" \
		pale run --sysv shn:1:read -- true
	says 125 "option --tcp: '::1:80' is not HOST:PORT" \
		"an IPv6 address stands in brackets: [::1]:80" pale run --tcp ::1:80 -- true
	says 125 "there is no network 'hots'" "did you mean 'host'?" pale run --net hots -- true
	says 125 "option --mq: 'a/b' is no name of a message queue" \
		"it has one slash, at the front, as in /dev/mqueue: /jobs" pale run --mq a/b:read -- true
	printf 'read("/etc")\nfifo("q", "raed")\n' >p.pale
	says 125 "p.pale:2: fifo has no use 'raed'" "did you mean 'read'?" pale run --policy p.pale -- true
}

@test "what is not there, or something else, is refused with what to do" {
	says 125 "--unix: '$area/s': no such file or directory ('$area' exists)" \
		"start its server first, or follow the name: --unix s:connect,follow" \
		pale run --unix s:connect -- true
	says 125 "--fifo: '$area/q': no such file or directory ('$area' exists)" \
		"make it first: mkfifo q" pale run --fifo q:read -- true
	mkfifo q
	touch file
	ln -s nowhere link
	says 125 "--unix: '$area/q' is not a UNIX socket" \
		"grant it as a FIFO: --fifo $area/q:read or write" pale run --unix q:connect -- true
	says 125 "--fifo: '$area/file' is not a FIFO" "grant a file with --file" \
		pale run --fifo file:read -- true
	says 125 "--unix: '$area' is not a UNIX socket" \
		"grant what lies in it one by one, or the directory: --dir" \
		pale run --unix .:connect -- true
	says 125 "--unix: 'link' is a symbolic link that leads nowhere" \
		"name the path that it should lead to" pale run --unix link:bind -- true
	says 125 "--unix: '$area/none': no such file or directory ('$area' exists)" \
		"the directory must be there: make it first" pale run --unix none/s:bind -- true
}

@test "a FIFO is read or written, as granted, and its mode stays" {
	for who in $(people); do
		as mkfifo q.$who 2>/dev/null || { chmod 777 .; as mkfifo q.$who; }
		run -0 as pale run --fifo q.$who:read -- sh -c "
			(echo x >q.$who) 2>&1; (echo x 1<>q.$who) 2>&1; chmod 777 q.$who 2>&1; ls"
		[ "$(grep -c 'Permission denied' <<<"$output")" -eq 1 ] || grep -q 'q.*ermission' <<<"$output"
		has "Read-only file system"
		[ "$(tail -1 <<<"$output")" = "q.$who" ]
		echo word >q.$who 3>&- &
		run -0 as pale run --fifo q.$who:read -- cat q.$who
		[ "$output" = word ]
		cat q.$who >out.$who 3>&- &
		run -0 as pale run --fifo q.$who:write -- sh -c "echo said >q.$who; (cat q.$who) 2>&1; true"
		has "Permission denied"
		wait $!
		[ "$(cat out.$who)" = said ]
	done
}

@test "a FIFO is not had both ways by way of what is granted around it" {
	mkdir w
	mkfifo w/q
	run -125 pale run -w w --fifo w/q:read -- true
	has "the FIFO '$area/w/q' (--fifo)" || has "'$area/w/q' (--fifo) is narrower inside"
	pale run -w w --fifo w/q:read,write --why open:O_RDWR w/q
	# Reading comes with the directory, writing with the FIFO.
	cat w/q >out 3>&- &
	pale run -r w --fifo w/q:write -- sh -c 'echo said >w/q'
	wait $!
	[ "$(cat out)" = said ]
}

@test "the kernel connects to a granted socket, and the peer sees the program" {
	for who in $(people); do
		serve "$area/s.$who"
		serve "$area/other.$who"
		client --unix "s.$who:connect" -- "$area/s.$who" "$area/other.$who"
		[ "${lines[0]}" = "$area/s.$who python3" ] || {
			echo "$who: $output"
			return 1
		}
		[ "${lines[1]}" = "$area/other.$who ENOENT" ]
	done
}

@test "a socket next to the granted one is not reached by way of a readable directory" {
	for who in $(people); do
		serve "$area/s.$who"
		serve "$area/other.$who"
		client -r . --unix "s.$who:connect" -- "$area/s.$who" "$area/other.$who"
		[[ "${lines[0]}" == "$area/s.$who "* ]] && [[ "${lines[0]}" != *" E"* ]]
		[ "${lines[1]}" = "$area/other.$who EACCES" ]
	done
}

@test "a name that is followed is whoever has it, and may come later" {
	for who in $(people); do
		[ "$who" = root ] || chmod 777 .
		mkfifo "go.$who"
		chmod 666 "go.$who"
		exec 5<>"go.$who"
		as pale run -p python -r client.py --unix "s.$who:connect,follow" -- \
			sh -c "echo started; read go; /usr/bin/python3 client.py $area/s.$who" \
			<&5 >out 2>&1 3>&- &
		client=$!
		until grep -q started out; do kill -0 "$client" || break; done
		serve "$area/s.$who"
		echo go >&5
		wait "$client" || cat out
		exec 5>&-
		grep -q "^$area/s.$who [^E]" out
	done
}

@test "a name that may be bound is bound on the machine, again where one is left, and seen by nobody inside" {
	cat >bind.py <<'PY'
import os, socket, sys
path = sys.argv[1]
try:
    os.unlink(path)
except FileNotFoundError:
    pass
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(1)
print(os.listdir(os.path.dirname(path)), flush=True)
c, _ = s.accept()
print(c.recv(10).decode())
PY
	mkdir d
	for who in $(people); do
		own d
		for round in first again; do
			: >out # or the words of the round before are taken for those of this one
			as pale run -p python -r bind.py --tmp d --unix d/s:bind -- \
				/usr/bin/python3 bind.py "$area/d/s" >out 2>&1 3>&- &
			until grep -q . out; do kill -0 $!; done
			/usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.send(b"hello")' "$area/d/s"
			wait $!
			[ "$(cat out)" = "[]"$'\n'hello ] || {
				echo "$who, $round: $(cat out)"
				return 1
			}
			[ -S d/s ]
		done
		rm d/s
	done
	run -125 as pale run --unix d/none/s:bind -- true
}

@test "an abstract name is connected to by the supervisor, and no other is" {
	serve "@pale-$$-a"
	serve "@pale-$$-b"
	who=root
	[ "$(id -u)" -eq 0 ] || who=user
	client --unix "@pale-$$-a:connect" -- "@pale-$$-a" "@pale-$$-b"
	[[ "${lines[0]}" == "@pale-$$-a pale"* ]]
	[ "${lines[1]}" = "@pale-$$-b ECONNREFUSED" ]
}

@test "--explain says who connects, whom the peer sees, and why" {
	serve "$area/s"
	run -0 pale run --unix s:connect --explain
	output=$(tr -s '\n ' ' ' <<<"$output")
	has "unix $area/s (--unix): connect; the kernel connects, and the peer sees the program; descriptors are passed in neither direction"
	run -0 pale run -r . --unix s:connect,scm-out --explain
	output=$(tr -s '\n ' ' ' <<<"$output")
	has "the supervisor connects, and the peer sees pale's waiter, because '$area' (-r) could lead to other sockets; descriptors are passed out only"
	run -0 pale run --unix s:connect --unix @x:connect --explain
	output=$(tr -s '\n ' ' ' <<<"$output")
	has "because '@x' has no path"
	run -0 pale run --unix later:bind --explain
	output=$(tr -s '\n ' ' ' <<<"$output")
	has "unix $area/later (--unix): bind; the supervisor binds it on the machine; descriptors are passed in neither direction; it is not there now"
}

@test "--explain --json has the endpoints" {
	mkfifo q
	run -0 --separate-stderr pale run --fifo q:read,write --unix @x:connect --json --explain
	json 'len(j["endpoints"]) == 2'
	json '[e for e in j["endpoints"] if e["kind"] == "fifo"][0]["uses"] == ["read", "write"]'
	json '[e for e in j["endpoints"] if e["kind"] == "unix"][0]["by"] == "supervisor"'
	json '[g for g in j["grants"] if g["kind"] == "fifo"][0]["mount"] == ["rdonly", "noexec", "nosuid", "nodev"]'
}

@test "--why proposes the endpoint, and that allows it" {
	local call path option
	mkfifo q
	serve "$area/s"
	while read -r call path; do
		run -1 --separate-stderr pale run --json --why "$call" "$path"
		json 'j["option"] and not j["allowed"]'
		option=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["allow"])' <<<"$output")
		# shellcheck disable=SC2086
		pale run $option --why "$call" "$path" || {
			echo "$call $path: $option does not"
			return 1
		}
	done <<-END
		connect s
		sendto s
		bind later
		connect @x
		bind @x
		open:O_RDONLY q
		open:O_WRONLY q
		open:O_RDWR q
		connect 127.0.0.1:80
		bind 127.0.0.1:8080
		sendto [::1]:53
	END
}

@test "--why names the endpoint that allows a call, and another use is denied" {
	serve "$area/s"
	run -0 pale run --unix s:connect --why connect s
	has "allowed: connect s"
	has "--unix '$area/s': connect"
	run -1 pale run --unix s:connect --why bind s
	has "this socket is granted for another use"
	has "--unix $area/s:bind"
	run -1 pale run --unix s:connect --why connect @s
	has "abstract names belong to the machine"
	run -1 pale run --why connect 192.0.2.1:80
	has "no network is granted"
	has "--tcp 192.0.2.1:80"
}

@test "a socket that is hidden is not granted, and one granted twice has the uses of both" {
	mkdir d
	serve "$area/d/s"
	run -125 pale run -r d --hide d --unix d/s:connect -- true
	run -0 --separate-stderr pale run --unix d/s:connect --unix d/s:scm-in,connect --json --explain
	json 'j["endpoints"][0]["uses"] == ["connect", "scm-in"] and len(j["endpoints"]) == 1'
}
