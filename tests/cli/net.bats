#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# --tcp, --udp and --net: names and addresses, what cannot be had together, real clients. What
# sockets do inside is in tests/live/net.c.

setup() {
	load lib.bash
	area_make
	echo hello >page
	port=
	server=
}

teardown() {
	[ -z "$server" ] || kill "$server"
	area_remove
}

# A web server on 127.0.0.1 that serves this directory; its port is in $port.
serve() {
	need python3
	mkfifo ready
	/usr/bin/python3 -c 'import http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(server.server_port, file=open("ready", "w"))
server.serve_forever()' >/dev/null 2>&1 3>&- &
	server=$!
	read -r port <ready
}

# A name of this machine that getent knows and that leads to 127.0.0.1.
name() {
	getent ahosts localhost | grep -q '^127\.0\.0\.1 ' || skip "localhost is not 127.0.0.1 here"
	echo localhost
}

@test "a granted name is in /etc/hosts inside, before what the machine says" {
	run pale run --tcp "$(name):80" -- cat /etc/hosts
	exits 0
	[ "${lines[1]}" = "127.0.0.1 localhost" ]
	[ "${#lines[@]}" -gt 2 ]
	run pale run -- cat /etc/hosts
	[ "$output" = "$(cat /etc/hosts)" ]
	run pale run --tcp 127.0.0.1:80 -- cat /etc/hosts
	[ "$output" = "$(cat /etc/hosts)" ]
}

@test "a granted name is in /etc/hosts where /etc is granted, and where nothing is" {
	run pale run -r /etc --udp "$(name):53" -- head -n 2 /etc/hosts
	exits 0
	[ "${lines[1]}" = "127.0.0.1 localhost" ]
	run pale run --bare -x /usr -x /bin -x /lib -x /lib64 --tcp localhost:80 -- \
		head -n 2 /etc/hosts
	exits 0
	[ "${lines[1]}" = "127.0.0.1 localhost" ]
}

@test "the machine's /etc/hosts stays where it is granted itself, and that is said" {
	run --separate-stderr pale run -r /etc/hosts --tcp "$(name):80" -- cat /etc/hosts
	exits 0
	[ "$output" = "$(cat /etc/hosts)" ]
	[[ "$stderr" == *"'/etc/hosts' (-r) stays as it is"* ]]
}

@test "nothing inside changes /etc/hosts" {
	run pale run --tcp "$(name):80" -- sh -c 'echo 127.0.0.2 localhost >/etc/hosts'
	[ "$status" -ne 0 ]
	run pale run --tcp localhost:80 -- rm /etc/hosts
	[ "$status" -ne 0 ]
}

@test "curl fetches from a granted name, and from no other port" {
	need curl
	serve
	run pale run --tcp "$(name):$port" -- curl -sS "http://localhost:$port/page"
	exits 0
	[ "$output" = hello ]
	run pale run --tcp "127.0.0.1:$((port - 1))" -- curl -sS "http://localhost:$port/page"
	[ "$status" -eq 7 ]
	run pale run -- curl -sS "http://127.0.0.1:$port/page"
	[ "$status" -eq 7 ]
}

@test "python's clients resolve and connect as ever" {
	serve
	run pale run -p python --tcp "$(name):$port" -- /usr/bin/python3 -c "
import asyncio, socket, urllib.request
print(urllib.request.urlopen('http://localhost:$port/page').read())
print(socket.getaddrinfo('localhost', $port, 0, socket.SOCK_STREAM)[0][4][0])
async def get():
    r, w = await asyncio.open_connection('localhost', $port)
    w.write(b'GET /page HTTP/1.0\r\n\r\n')
    print((await r.read()).endswith(b'hello\n'))
asyncio.run(get())"
	exits 0
	[ "${lines[*]}" = "b'hello\\n' 127.0.0.1 True" ]
}

@test "a resolver of one's own asks a granted UDP port" {
	need python3
	mkfifo ready
	/usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], file=open("ready", "w"))
while True:
    query, who = s.recvfrom(512)
    s.sendto(query[:2] + b"\x81\x80" + query[4:], who)' >/dev/null 2>&1 3>&- &
	server=$!
	read -r port <ready
	run pale run -p python --udp "127.0.0.1:$port" -- /usr/bin/python3 -c "
import socket
query = b'\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04pale\x04test\x00\x00\x01\x00\x01'
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 0))
s.sendto(query, ('127.0.0.1', $port))
print(s.recv(512)[2:4].hex())
try:
    s.sendto(query, ('127.0.0.1', $port + 1))
except PermissionError:
    print('refused')"
	exits 0
	[ "$output" = $'8180\nrefused' ]
}

@test "a server inside is reached from outside at its granted address" {
	need python3 curl
	port=$(/usr/bin/python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkfifo ready
	pale run -p python -r page --tcp "127.0.0.1:$port:bind" -- /usr/bin/python3 -c "
import http.server
server = http.server.HTTPServer(('127.0.0.1', $port), http.server.SimpleHTTPRequestHandler)
print('listens', flush=True)
server.handle_request()" >ready 2>/dev/null 3>&- &
	server=$!
	read -r _ <ready
	run curl -sS "http://127.0.0.1:$port/page"
	[ "$output" = hello ]
	wait "$server" || true
	server=
}

@test "a loopback network of its own is fresh, and nothing of the machine's is in it" {
	serve
	run pale run -p python --net=loopback -- /usr/bin/python3 -c "
import socket
s = socket.create_server(('127.0.0.1', $port))
c = socket.create_connection(('127.0.0.1', $port))
print(s.accept()[0].send(b'x'), len(open('/proc/self/net/unix').readlines()))
try:
    socket.create_connection(('127.0.0.1', $port - 1))
except ConnectionRefusedError:
    print('refused')"
	exits 0
	[ "$output" = $'1 1\nrefused' ]
}

@test "all of the machine's network" {
	need curl
	serve
	run pale run --net=host -- curl -sS "http://127.0.0.1:$port/page"
	exits 0
	[ "$output" = hello ]
	run pale run --net=none -- curl -sS "http://127.0.0.1:$port/page"
	[ "$status" -eq 7 ]
}

@test "a name that nobody knows is refused, with what to try" {
	says 125 "--tcp: nothing here knows an address of 'no-such-host.invalid'" \
		"try \`getent ahosts no-such-host.invalid\`, or grant its address" \
		pale run --tcp no-such-host.invalid:80 -- true
}

@test "a link-local address wants its interface" {
	says 125 "--udp: 'fe80::1' is an address of every link, or of an interface that is not here" \
		"say which, as in [fe80::1%eth0]:80" pale run --udp '[fe80::1]:53' -- true
	run pale run --udp '[fe80::1%lo]:53' -- true
	exits 0
}

@test "hosts of the machine and a network of one's own are not had together" {
	for net in none loopback; do
		says 125 "'127.0.0.1' (--tcp) is in the machine's network, and with --net=$net the \
program has another" \
			"leave --net out: without it only what is granted of the network is open" \
			pale run --tcp 127.0.0.1:80 --net=$net -- true
		says 125 "'@x' (--unix) is a name in the machine's network namespace, and with \
--net=$net the program has another" \
			"leave --net out, or grant a socket that has a path" \
			pale run --unix @x:connect --net=$net -- true
	done
	says 125 "'127.0.0.1' (--udp) is in the machine's network, and --paranoid gives the program \
another" "leave one of the two out" pale run --paranoid --udp 127.0.0.1:53 -- true
	says 125 "--net=host is the machine's network, and --paranoid gives the program another" \
		"leave one of the two out, or take --net=loopback" \
		pale run --paranoid --net=host -- true
	run pale run --paranoid --net=loopback -- true
	exits 0
}

@test "--explain says what a name is now, who judges, and whose network it is" {
	run pale run --explain --json --bare --tcp "$(name):80" --udp '*:53' -- true
	exits 0
	json 'j["network"] == "hosts" and "net" not in j["namespaces"]'
	json 'j["endpoints"][0]["addresses"] == ["127.0.0.1"]'
	json '[e["by"] for e in j["endpoints"]] == ["supervisor"] * 2'
	for net in none:empty loopback:loopback; do
		run pale run --explain --json --bare --net=${net%:*} -- true
		exits 0
		json 'j["network"] == sys.argv[2] and "net" in j["namespaces"]' "${net#*:}"
	done
	run pale run --explain --json --bare --net=host -- true
	json 'j["network"] == "host" and "net" not in j["namespaces"]'
	run pale run --explain --json --bare -- true
	json 'j["network"] == "none"'
}

@test "a UDP socket that is handed over sends as it was made to, and is not connected elsewhere" {
	need python3
	run bash -c 'exec 3<>/dev/udp/127.0.0.1/9
pale run -p python --fd 3:read,write -- /usr/bin/python3 -c "
import socket
s = socket.socket(fileno=3)
print(s.sendto(b\"x\", (\"127.0.0.1\", 10)), s.sendmsg([b\"x\"], [], 0, (\"127.0.0.1\", 10)))
for call in (s.connect, s.bind):
    try:
        call((\"127.0.0.1\", 10))
    except PermissionError:
        print(\"refused\")
"'
	exits 0
	[ "$output" = $'1 1\nrefused\nrefused' ]
}
