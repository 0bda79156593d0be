#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Real servers and clients over granted endpoints, one in a cage and the other outside, as root and
# as an ordinary user. lib.bash has what the tests of programs share; each test ends what it started
# and looks that nothing is left.
# shellcheck disable=SC2016,SC2034,SC2154 # scripts for the shell inside; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/live/lib.bash
	. "$BATS_TEST_DIRNAME/lib.bash"
	[ -x "$PALE" ] || {
		echo "there is no $PALE; build it, or set PALE"
		return 1
	}
	jobs=()
}

teardown() {
	stop_all
	[ -z "${top:-}" ] || rm -rf "$top"
}

# start LOG COMMAND...: in the background, in the tree, as $who; it becomes the last of ${jobs[@]}.
start() {
	local log=$area/$1 run=(env -i PATH=/usr/bin:/bin:/usr/sbin "HOME=$area/home" LANG=C.UTF-8)
	shift
	[ "$who" != user ] || [ "$(id -u)" -ne 0 ] ||
		run=(setpriv "--reuid=$USER_ID" "--regid=$USER_ID" --clear-groups "${run[@]}")
	(cd "$area/tree" && exec "${run[@]}" "$@") <"${in:-/dev/null}" >"$log" 2>&1 3>&- &
	jobs+=($!)
}

# The same in a cage with these grants.
start_caged() {
	local log=$1
	shift
	start "$log" "$PALE" run "$@"
}

stop() { # PID...
	kill "$@" 2>/dev/null || true
	wait "$@" 2>/dev/null || true
}

# End everything; what has this test's directory in its arguments is left from it.
stop_all() {
	[ "${#jobs[@]}" -eq 0 ] || stop "${jobs[@]}"
	jobs=()
	[ -n "${top:-}" ] || return 0
	until_true 10 nothing_left || {
		echo "left: $(pgrep -af "$top")"
		return 1
	}
}
nothing_left() { ! pgrep -f "$top" >/dev/null; }

# Wait for a condition, up to some seconds.
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -rt 0.02 <>/dev/zero || true
	done
}

says() { # LOG TEXT: wait until it is there
	until_true 20 grep -qs -- "$2" "$area/$1" || {
		echo "as $who, no '$2' in $1:"
		find "$area" -maxdepth 1 -type f -exec tail -n 20 {} +
		return 1
	}
}

there() { until_true 20 test "$1" "$2"; }

# Run as $who in a cage, with nothing granted but what is said.
inside() {
	in_tree "$PALE" run "$@"
}

# Somewhere that nobody listens.
free_port() { # [TYPE]
	/usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' "SOCK_${1:-STREAM}"
}

# The server under the name that Debian's package of its tools has for it, as the package of the
# server itself starts one.
REDIS=(/bin/bash -c 'exec -a redis-server /usr/bin/redis-check-rdb "$@"' redis --save '' --appendonly no --daemonize no --loglevel notice)

@test "redis-cli inside talks to redis-server outside over its granted socket" {
	need /usr/bin/redis-check-rdb /usr/bin/redis-cli
	local grants
	for who in $(people); do
		area_make "$who"
		start server "${REDIS[@]}" --port 0 --unixsocket "$area/home/s"
		there -S "$area/home/s"
		# Where the kernel connects, and where the supervisor does.
		for grants in "" "-w ." "--bare -x /usr -x /lib -x /lib64 -r $area/tree"; do
			# shellcheck disable=SC2086 # several words
			inside $grants --unix "$area/home/s:connect" -- /usr/bin/redis-cli -s "$area/home/s" \
				set "k$grants" "v $grants" | grep -x OK
			in_tree redis-cli -s "$area/home/s" get "k$grants" | grep -x "v $grants"
		done
		! inside -r "$area/home" -- redis-cli -s "$area/home/s" ping || false
		inside --unix "$area/home/s:connect" -- redis-cli -s "$area/home/s" \
			eval 'for i = 1, 100000 do redis.call("set", i, i) end return redis.call("dbsize")' 0 |
			grep -x '10000[0-3]'
		inside --unix "$area/home/s:connect" -- redis-cli -s "$area/home/s" --bigkeys |
			grep -E '^(Sampled|.*keys)'
		stop_all
	done
}

@test "redis-server inside serves redis-cli outside, by a granted name and in a granted directory" {
	need /usr/bin/redis-check-rdb /usr/bin/redis-cli
	local grants
	for who in $(people); do
		area_make "$who"
		for grants in "--unix $area/home/s:bind" "-w $area/home"; do
			# shellcheck disable=SC2086 # several words
			start_caged server $grants -- "${REDIS[@]}" --port 0 --unixsocket "$area/home/s"
			there -S "$area/home/s"
			in_tree redis-cli -s "$area/home/s" set k "v $grants" | grep -x OK
			in_tree redis-cli -s "$area/home/s" get k | grep -x "v $grants"
			stop_all
			rm -f "$area/home/s"
		done
	done
}

@test "redis goes over a granted TCP port, inside on either end" {
	need /usr/bin/redis-check-rdb /usr/bin/redis-cli
	local port
	for who in $(people); do
		area_make "$who"
		port=$(free_port)
		start server "${REDIS[@]}" --bind 127.0.0.1 --port "$port"
		says server 'Ready to accept'
		inside --tcp "127.0.0.1:$port" -- redis-cli -h 127.0.0.1 -p "$port" set k v | grep -x OK
		inside --tcp "localhost:$port" -- redis-cli -h localhost -p "$port" get k | grep -x v
		! inside --tcp "127.0.0.1:1" -- redis-cli -h 127.0.0.1 -p "$port" get k || false
		stop_all
		start_caged server --tcp "127.0.0.1:$port:bind" -- \
			"${REDIS[@]}" --bind 127.0.0.1 --port "$port"
		says server 'Ready to accept'
		in_tree redis-cli -p "$port" set k w | grep -x OK
		in_tree redis-cli -p "$port" get k | grep -x w
		stop_all
	done
}

@test "a client with 'follow' goes on when its server was started again, and one without does not" {
	need /usr/bin/redis-check-rdb /usr/bin/redis-cli
	local server
	for who in $(people); do
		area_make "$who"
		start server "${REDIS[@]}" --port 0 --unixsocket "$area/home/s"
		server=${jobs[0]}
		there -S "$area/home/s"
		mkfifo -m 666 "$area/home/in.connect" "$area/home/in.connect,follow"
		exec 5<>"$area/home/in.connect" 6<>"$area/home/in.connect,follow"
		for use in connect connect,follow; do
			in=$area/home/in.$use start_caged "client.$use" --unix "$area/home/s:$use" -- \
				/usr/bin/redis-cli -s "$area/home/s"
		done
		echo 'echo first' >&5
		echo 'echo first' >&6
		says client.connect first
		says client.connect,follow first
		stop "$server"
		rm -f "$area/home/s"
		start server "${REDIS[@]}" --port 0 --unixsocket "$area/home/s"
		there -S "$area/home/s"
		# The first command finds out that the connection is gone, and makes a new one.
		printf 'echo second\necho third\n' | tee /dev/fd/5 >&6
		says client.connect,follow third
		says client.connect 'Could not connect'
		! grep third "$area/client.connect" || false
		exec 5>&- 6>&-
		stop_all
	done
}

# A server that says which program and user each client is; it tells clients by their letter.
peers() { # SOCKET [TYPE]
	cat >"$area/home/peers.py" <<-'END'
		import socket, struct, sys
		s = socket.socket(socket.AF_UNIX, getattr(socket, "SOCK_" + sys.argv[2]))
		s.bind(sys.argv[1])
		s.listen(8)
		print("ready", flush=True)
		while True:
		    c = s.accept()[0]
		    pid, uid, gid = struct.unpack("3i", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
		    name = open(f"/proc/{pid}/comm").read().strip() if pid > 0 else "nobody"
		    print(c.recv(100).decode(), name, uid, gid, flush=True)
		    c.send(b"seen\n")
		    c.close()
	END
	start peers.log /usr/bin/python3 "$area/home/peers.py" "$1" "${2:-STREAM}"
	says peers.log ready
}

letter() { # SOCKET LETTER [TYPE]
	echo "import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_${3:-STREAM})
s.connect('$1')
s.send(b'$2')
assert s.recv(10) == b'seen\\n'"
}

@test "SO_PEERCRED at the server names the program, or pale where it connects in its stead" {
	local ids type
	for who in $(people); do
		area_make "$who"
		ids=$(in_tree sh -c 'echo $(id -u) $(id -g)')
		for type in STREAM SEQPACKET; do
			rm -f "$area/home/s"
			peers "$area/home/s" $type
			# Plain, with a directory that can be written, with one that can be read but
			# not written, and by name.
			inside --unix "$area/home/s:connect" -- \
				python3 -c "$(letter "$area/home/s" plain $type)"
			inside -w . --unix "$area/home/s:connect" -- \
				python3 -c "$(letter "$area/home/s" writable $type)"
			inside -r . --unix "$area/home/s:connect" -- \
				python3 -c "$(letter "$area/home/s" readable $type)"
			inside --unix "$area/home/s:connect,follow" -- \
				python3 -c "$(letter "$area/home/s" followed $type)"
			says peers.log "plain python3 $ids"
			says peers.log "writable python3 $ids"
			says peers.log "readable pale $ids"
			says peers.log "followed pale $ids"
			stop_all
		done
	done
}

@test "ssh-add inside lists and uses the keys of ssh-agent outside" {
	need /usr/bin/ssh-agent /usr/bin/ssh-add /usr/bin/ssh-keygen
	for who in $(people); do
		area_make "$who"
		in_tree ssh-keygen -q -t ed25519 -N '' -C for-the-test -f "$area/home/key"
		start agent /usr/bin/ssh-agent -D -a "$area/home/agent"
		there -S "$area/home/agent"
		SSH_AUTH_SOCK=$area/home/agent
		in_tree "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" ssh-add -q "$area/home/key"
		inside --unix "$SSH_AUTH_SOCK:connect" --env "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" -- \
			ssh-add -l | grep -E '^256 SHA256:.* for-the-test \(ED25519\)$'
		# What the agent signs inside is good outside; the key itself is not there.
		echo text >"$area/tree/text"
		cp "$area/home/key.pub" "$area/tree/"
		area_own
		caged --unix "$SSH_AUTH_SOCK:connect" --env "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" -- \
			ssh-keygen -Y sign -q -n test -f key.pub text
		in_tree ssh-keygen -Y check-novalidate -n test -s text.sig <"$area/tree/text"
		! inside --env "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" -- ssh-add -l || false
		stop_all
	done
}

@test "ssh inside logs in at a server outside with its agent's key" {
	need /usr/bin/ssh /usr/sbin/sshd
	local port name run
	for who in $(people); do
		area_make "$who"
		name=$(as id -un) || skip "needs a name for user $USER_ID"
		port=$(free_port)
		in_tree ssh-keygen -q -t ed25519 -N '' -f "$area/home/key"
		in_tree ssh-keygen -q -t ed25519 -N '' -f "$area/home/hostkey"
		echo "[127.0.0.1]:$port $(cut -d' ' -f1-2 "$area/home/hostkey.pub")" >"$area/tree/known"
		cat >"$area/home/sshd.conf" <<-END
			ListenAddress 127.0.0.1:$port
			HostKey $area/home/hostkey
			AuthorizedKeysFile $area/home/key.pub
			PidFile none
			StrictModes no
			UsePAM no
			PasswordAuthentication no
			PermitRootLogin yes
		END
		area_own
		run=(/usr/sbin/sshd -D -e -f "$area/home/sshd.conf")
		# As root it wants a directory that only its package makes.
		[ "$who" = user ] || run=(unshare -m sh -c
			'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"' sh "${run[@]}")
		start sshd "${run[@]}"
		says sshd 'Server listening'
		start agent /usr/bin/ssh-agent -D -a "$area/home/agent"
		there -S "$area/home/agent"
		in_tree "SSH_AUTH_SOCK=$area/home/agent" ssh-add -q "$area/home/key"
		caged --unix "$area/home/agent:connect" --env "SSH_AUTH_SOCK=$area/home/agent" \
			--tcp "127.0.0.1:$port" -- ssh -F none -o BatchMode=yes -o ConnectTimeout=20 \
			-o UserKnownHostsFile=known -o GlobalKnownHostsFile=none -p "$port" \
			"$name@127.0.0.1" 'echo in; seq 100000 | cksum; exit 7' >"$area/said" || code=$?
		[ "$code" = 7 ] || {
			cat "$area/said" "$area/sshd"
			return 1
		}
		grep -x in "$area/said"
		grep -x "$(seq 100000 | cksum)" "$area/said"
		stop_all
	done
}

@test "nc talks over UNIX sockets, streams and datagrams, inside on either end" {
	need /usr/bin/nc.openbsd
	for who in $(people); do
		area_make "$who"
		start stream /usr/bin/nc.openbsd -lU "$area/home/s"
		mkfifo -m 666 "$area/home/in" "$area/home/back"
		exec 5<>"$area/home/in" 6<>"$area/home/back"
		in=$area/home/back start dgram /usr/bin/nc.openbsd -luU "$area/home/d"
		there -S "$area/home/s"
		there -S "$area/home/d"
		inside --unix "$area/home/s:connect" -- sh -c 'echo by stream | nc.openbsd -NU "$1"' \
			sh "$area/home/s"
		says stream 'by stream'
		# The server of datagrams connects to the name of whoever sends first, and answers.
		in=$area/home/in start_caged client -w . --unix "$area/home/d:connect" -- \
			/usr/bin/nc.openbsd -uU -s "$area/tree/me" "$area/home/d"
		echo by datagram >&5
		says dgram 'by datagram'
		echo an answer >&6
		says client 'an answer'
		exec 5>&- 6>&-
		stop_all
		rm -f "$area/home/s" "$area/home/d"
		start_caged stream --unix "$area/home/s:bind" -- /usr/bin/nc.openbsd -lU "$area/home/s"
		start_caged dgram --unix "$area/home/d:bind" -- /usr/bin/nc.openbsd -kluU "$area/home/d"
		there -S "$area/home/s"
		there -S "$area/home/d"
		echo to inside | in_tree nc.openbsd -NU "$area/home/s"
		echo to inside | in_tree nc.openbsd -uU -q 0 "$area/home/d"
		says stream 'to inside'
		says dgram 'to inside'
		stop_all
	done
}

@test "nc talks over TCP and UDP, inside on either end" {
	need /usr/bin/nc.openbsd
	local tcp udp
	for who in $(people); do
		area_make "$who"
		tcp=$(free_port)
		udp=$(free_port DGRAM)
		start tcp /usr/bin/nc.openbsd -vln 127.0.0.1 "$tcp"
		start udp /usr/bin/nc.openbsd -vuln 127.0.0.1 "$udp"
		says tcp '[Ll]istening\|Bound'
		says udp '[Ll]istening\|Bound'
		inside --tcp "127.0.0.1:$tcp" --udp "127.0.0.1:$udp" -- sh -c '
			echo by stream | nc.openbsd -Nn 127.0.0.1 "$1" &&
			echo by datagram | nc.openbsd -un -q 0 127.0.0.1 "$2"' sh "$tcp" "$udp"
		says tcp 'by stream'
		says udp 'by datagram'
		stop_all
		start_caged tcp --tcp "127.0.0.1:$tcp:bind" -- /usr/bin/nc.openbsd -vln 127.0.0.1 "$tcp"
		# It connects its socket to whoever sends first.
		start_caged udp --udp "127.0.0.1:$udp:bind" --udp '127.0.0.1:*' -- \
			/usr/bin/nc.openbsd -vuln 127.0.0.1 "$udp"
		says tcp '[Ll]istening\|Bound'
		says udp '[Ll]istening\|Bound'
		echo to inside | in_tree nc.openbsd -Nn 127.0.0.1 "$tcp"
		echo to inside | in_tree nc.openbsd -un -q 0 127.0.0.1 "$udp"
		says tcp 'to inside'
		says udp 'to inside'
		stop_all
	done
}

@test "a client inside is on a granted bus, which knows its process" {
	need /usr/bin/dbus-daemon /usr/bin/dbus-send /usr/bin/busctl
	local bus list pid
	for who in $(people); do
		area_make "$who"
		start bus /usr/bin/dbus-daemon --session --nofork --print-address \
			"--address=unix:path=$area/home/bus"
		says bus unix:path
		bus=unix:path=$area/home/bus
		for list in \
			"dbus-send --bus=$bus --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames" \
			"busctl --address=$bus --no-pager list --acquired"; do
			# shellcheck disable=SC2086 # several words
			inside --unix "$area/home/bus:connect" -- $list | grep org.freedesktop.DBus
			# shellcheck disable=SC2086
			inside -r . --unix "$area/home/bus:connect" -- $list | grep org.freedesktop.DBus
			# shellcheck disable=SC2086
			! inside -w . -- $list || false
		done
		stop_all
		# On a new bus the first client has this name; it waits for an answer of its own.
		rm -f "$area/home/bus"
		start bus /usr/bin/dbus-daemon --session --nofork --print-address "--address=$bus"
		there -S "$area/home/bus"
		start_caged client -w . --unix "$area/home/bus:connect" -- /usr/bin/dbus-send \
			"--bus=$bus" --print-reply --reply-timeout=60000 --dest=:1.0 / a.b.C
		on_bus() {
			pid=$(in_tree dbus-send "--bus=$bus" --print-reply=literal --dest=org.freedesktop.DBus / \
				org.freedesktop.DBus.GetConnectionUnixProcessID string::1.0 2>&1 | awk '{ print $2 }')
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dbus-send ]
		}
		until_true 20 met "$area/home/bus"
		until_true 20 on_bus
		[ "$(readlink "/proc/$pid/exe")" = "$(realpath /usr/bin/dbus-send)" ]
		stop_all
	done
}

# Does anybody wait at the other end of this server's socket?
met() { [ "$(grep -c " $1\$" /proc/net/unix)" -ge 2 ]; }

# A server of files of the tree: web ADDRESS.
web() {
	start web /usr/bin/python3 -u -c "
import http.server as h
s = h.ThreadingHTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler)
print('port', s.server_address[1], flush=True)
s.serve_forever()"
	says web '^port'
	port=$(awk '$1 == "port" { print $2 }' "$area/web")
}

@test "curl inside gets a file from a granted port by address and by name, and from no other" {
	need /usr/bin/curl
	local port other
	for who in $(people); do
		area_make "$who"
		seq 200000 >"$area/tree/file"
		web
		inside --tcp "127.0.0.1:$port" -- curl -sS "http://127.0.0.1:$port/file" |
			cmp - "$area/tree/file"
		inside --tcp "localhost:$port" -- curl -sS "http://localhost:$port/file" |
			cmp - "$area/tree/file"
		inside --net=host -- curl -sS "http://localhost:$port/file" | cmp - "$area/tree/file"
		other=$((port == 65535 ? 1024 : port + 1))
		! inside --tcp "127.0.0.1:$other" -- curl -sS "http://127.0.0.1:$port/file" || false
		! inside --net=loopback -- curl -sS "http://127.0.0.1:$port/file" || false
		! inside -- curl -sS "http://127.0.0.1:$port/file" || false
		stop_all
	done
}

@test "apt's method for http inside gets a file from a granted host" {
	need /usr/lib/apt/methods/http
	local port
	for who in $(people); do
		area_make "$who"
		seq 200000 >"$area/tree/file"
		web
		# It ends with its input, so that stays open until it says that it is done.
		caged --tcp "localhost:$port" -- sh -c '
			mkfifo in
			exec 3<>in
			printf "%s\n" "601 Configuration" "Config-Item: APT::Sandbox::User=" \
				"Config-Item: Acquire::http::Proxy=DIRECT" "" "600 URI Acquire" \
				"URI: http://localhost:$1/file" "Filename: $PWD/got" "" >&3
			/usr/lib/apt/methods/http <in 3>&- >out &
			until grep -qE "^(201|40[0-9]) " out; do :; done
			kill $!' sh "$port"
		grep -q '^201 URI Done' "$area/tree/out" || {
			cat "$area/tree/out"
			return 1
		}
		cmp "$area/tree/got" "$area/tree/file"
		stop_all
	done
}

# Both ends of one segment, queue and set: sysv_end KEY put|get, each in its own process.
sysv_end() {
	cat <<-'END'
		import ctypes, os, sys
		c = ctypes.CDLL(None, use_errno=True)
		c.shmat.restype = ctypes.c_void_p
		key, do = int(sys.argv[1], 0), sys.argv[2]
		def ok(r):
		    if r in (-1, ctypes.c_void_p(-1).value):
		        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
		    return r
		class Msg(ctypes.Structure):
		    _fields_ = [("type", ctypes.c_long), ("text", ctypes.c_char * 64)]
		class Op(ctypes.Structure):
		    _fields_ = [("num", ctypes.c_ushort), ("op", ctypes.c_short), ("flag", ctypes.c_short)]
		shm, msg, sem = ok(c.shmget(key, 0, 0)), ok(c.msgget(key, 0)), ok(c.semget(key, 0, 0))
		at = ok(c.shmat(shm, None, 0 if do == "put" else 0o10000))
		m = Msg(1, b"a message")
		if do == "put":
		    ctypes.memmove(at, b"in memory\0", 10)
		    ok(c.msgsnd(msg, ctypes.byref(m), 64, 0))
		    ok(c.semop(sem, ctypes.byref(Op(0, 1, 0)), 1))
		    print("put", flush=True)
		else:
		    ok(c.semop(sem, ctypes.byref(Op(0, -1, 0)), 1))
		    ok(c.msgrcv(msg, ctypes.byref(m), 64, 0, 0))
		    print("got", ctypes.string_at(at).decode(), "and", m.text.decode(), flush=True)
		sys.stdin.read()
	END
}

attached() { # KEY COUNT: what ipcs says of the segment
	[ "$(ipcs -m | awk -v key="$1" '$1 == key { print $6 }')" = "$2" ]
}

@test "a producer and a consumer share a segment, a queue and a semaphore that ipcs shows" {
	need /usr/bin/ipcs /usr/bin/ipcmk
	local key grants id put get
	for who in $(people); do
		area_make "$who"
		sysv_end >"$area/tree/end.py"
		mkfifo -m 666 "$area/home/in"
		key=$(printf '0x%08x' $((0x70a00000 + $$ % 0x100000)))
		in_tree /usr/bin/python3 -c "
import ctypes
c = ctypes.CDLL(None)
assert min(c.shmget($key, 4096, 0o1600), c.msgget($key, 0o1600), c.semget($key, 1, 0o1600)) >= 0"
		grants=(--sysv "shm:$key:read,write" --sysv "msg:$key:read,write"
			--sysv "sem:$key:read,write")
		exec 5<>"$area/home/in"
		in=$area/home/in
		for inside in put get both; do
			put=("$PALE" run -r . "${grants[@]}" --)
			get=("$PALE" run -r . --sysv "shm:$key:read" --sysv "msg:$key:read"
				--sysv "sem:$key:read,write" --)
			[ $inside != put ] || get=()
			[ $inside != get ] || put=()
			start put.$inside "${put[@]}" /usr/bin/python3 end.py "$key" put
			start get.$inside "${get[@]}" /usr/bin/python3 end.py "$key" get
			says put.$inside put || remove_objects "$key"
			says get.$inside 'got in memory and a message' || remove_objects "$key"
			until_true 20 attached "$key" 2 || remove_objects "$key"
			stop "${jobs[@]}"
			jobs=()
			until_true 20 attached "$key" 0 || remove_objects "$key"
		done
		in=
		exec 5>&-
		remove_objects "$key" 0
		stop_all
	done
}

remove_objects() { # KEY [STATUS]
	as ipcrm -M "$1" -Q "$1" -S "$1"
	return "${2:-1}"
}

# What else can be granted, all at once, with servers for what must be there: sets ${grants[@]}.
every_grant() {
	local port name=pale-servers-$$-$who
	peers "$area/home/s"
	start named /usr/bin/python3 -c "
import socket
s = socket.socket(socket.AF_UNIX)
s.bind('\\0$name')
s.listen()
print('ready', flush=True)
s.accept()"
	says named ready
	as mkfifo "$area/home/fifo"
	port=$(free_port)
	grants=(--unix "$area/home/s:connect" --unix "$area/home/new:bind"
		--unix "$area/home/later:connect,follow,scm-in,scm-out" --unix "@$name:connect"
		--fifo "$area/home/fifo:read,write" --tcp "127.0.0.1:$port:connect,bind"
		--udp "127.0.0.1:$port:connect,bind")
	key=$(printf '0x%08x' $((0x70b00000 + $$ % 0x100000)))
	in_tree /usr/bin/python3 -c "
import ctypes
assert ctypes.CDLL(None).shmget($key, 4096, 0o1600) >= 0"
	grants+=(--sysv "shm:$key:read,write")
}

@test "tmux works with every kind of grant" {
	need /usr/bin/tmux
	local grants key code
	for who in $(people); do
		area_make "$who"
		every_grant
		code=0
		# Its clients pass it their terminal, by a name that others could connect to as well.
		on_terminal tmux "${grants[@]}" --unix own:connect,bind,scm-in,scm-out || code=1
		as ipcrm -M "$key"
		[ "$code" = 0 ]
		stop_all
	done
}

@test "descriptors pass between processes of a cage with every kind of grant" {
	local grants key code
	for who in $(people); do
		area_make "$who"
		every_grant
		cat >"$area/tree/pass.py" <<-'END'
			import multiprocessing as mp, os
			from multiprocessing.reduction import recv_handle, send_handle
			def child(pipe):
			    for _ in range(200):
			        fd = recv_handle(pipe)
			        os.write(fd, b"x")
			        os.close(fd)
			if __name__ == "__main__":
			    for method in "fork", "spawn", "forkserver":
			        mp.set_start_method(method, force=True)
			        ours, theirs = mp.Pipe()
			        p = mp.Process(target=child, args=(theirs,))
			        p.start()
			        r, w = os.pipe()
			        for _ in range(200):
			            send_handle(ours, w, p.pid)
			        p.join()
			        print(method, len(os.read(r, 1000)), p.exitcode)
		END
		area_own
		skip=__pycache__
		code=0
		same -p python "${grants[@]}" -- /usr/bin/python3 pass.py || code=1
		as ipcrm -M "$key"
		[ "$code" = 0 ]
		stop_all
	done
}
