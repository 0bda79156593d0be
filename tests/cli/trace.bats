# SPDX-License-Identifier: BSD-2-Clause
# What --trace tells, and how.

setup() {
	. "$BATS_TEST_DIRNAME/lib.bash"
	area_make
	mkdir in out
	echo in >in/file
	echo secret >out/secret
	chmod -R a+rX .
	chmod 777 . in out
}

teardown() {
	area_remove
}

# traced ARGUMENT...: what goes to standard error, in $text; the exit code in $code.
traced() {
	code=0
	text=$(as timeout 60 "$PALE" run "$@" 2>&1 >/dev/null) || code=$?
}

says_line() {
	grep -qxF -- "$1" <<<"$text" || {
		echo "no line '$1' in: $text"
		false
	}
}

@test "a denial names program, call, path, the missing right, and the option that allows it" {
	for who in $(people); do
		traced --trace -r in -- cat "$area/out/secret"
		grep -qE "^pale: denied cat\[[0-9]+\] openat\(\"$area/out/secret\", O_RDONLY\) -> $area/out/secret$" <<<"$text"
		says_line "      missing: read   nearest grant: -r $area/in (read)   to allow: --file $area/out/secret:read"
		says_line "pale: 1 distinct denial (1 call); each is told above, with what would allow it"
		[ "$code" -eq 1 ]
		traced --trace -r in --file "$area/out/secret:read" -- cat "$area/out/secret"
		[ "$text" = "pale: no denials" ] || grep -q "without /dev/fuse" <<<"$text"
	done
}

@test "the nearest grant is named" {
	traced --trace -r in -- sh -c 'echo x >in/new'
	grep -qF "missing: write, create, ftruncate   nearest grant: -r $area/in (read)   to allow: --dir $area/in:" <<<"$text"
}

@test "the same denial is told once, and its calls are counted" {
	traced --trace -r in -- sh -c 'for i in 1 2 3; do mkdir in/d; done'
	[ "$(grep -c 'denied mkdir' <<<"$text")" -eq 1 ]
	says_line "pale: 1 distinct denial (3 calls); each is told above, with what would allow it"
}

@test "without --trace nothing is told" {
	traced -r in -- sh -c 'echo x 2>/dev/null >in/new; exit 0' 2>/dev/null
	[ -z "$(grep pale: <<<"$text")" ]
}

@test "what fails without a cage as well is no denial" {
	for who in $(people); do
		traced --trace -r in -- sh -c 'cat /nothing/here in/nothing; mkdir in; test -e /tmp/x; rm -f in/none'
		[ -z "$(grep denied <<<"$text")" ]
	done
	[ "$who" != user ] || [ "$(id -u)" -ne 0 ] || {
		traced --trace -r in -- cat /etc/shadow
		[ -z "$(grep denied <<<"$text")" ]
	}
}

@test "a file gets the report, is for its owner alone, and is never one that is there" {
	for who in $(people); do
		traced --trace="$area/report.$who" -r in -- cat "$area/out/secret"
		says_line "pale: 1 distinct denial (1 call); '$area/report.$who' tells of each, and what would allow it"
		grep -q "to allow: --file $area/out/secret:read" "report.$who"
		[ "$(stat -c %a "report.$who")" = 600 ]
		traced --trace="$area/report.$who" -r in -- true
		[ "$code" -eq 125 ]
		says_line "pale: option --trace: cannot make '$area/report.$who': File exists"
		ln -s "$area/not-there" "link.$who"
		traced --trace="$area/link.$who" -r in -- true
		[ "$code" -eq 125 ]
		[ ! -e not-there ]
	done
}

@test "JSON: an object a line, with counts" {
	traced --trace=report --report=json -r in -- sh -c 'mkdir in/d; mkdir in/d'
	python3 - <<-'PY'
		import json
		lines = [json.loads(line) for line in open("report")]
		assert len(lines) == 1, lines
		one = lines[0]
		assert one["program"] == "mkdir" and one["pid"] > 0 and one["syscall"] == "mkdir", one
		assert one["path"].endswith("/in/d") and one["missing"] == ["mkdirat"], one
		assert one["allow"].startswith("--dir ") and one["option"] and one["count"] == 2, one
		assert one["errno"] == "EROFS" and one["nearest"]["origin"] == "-r", one
	PY
}

@test "a report of another form, or without a name, is refused" {
	traced --report=xml -- true
	[ "$code" -eq 125 ]
	says_line "pale: option --report: there is no form 'xml'"
	traced --trace= -- true
	[ "$code" -eq 125 ]
}

@test "names of any bytes cannot give the terminal commands, nor end a line" {
	name=$(printf '%s/out/a\nb\033[2Jc\377' "$area")
	: >"$name"
	traced --trace -r in -- python3 -c '
import ctypes, os, sys
ctypes.CDLL(None).prctl(15, b"\033[1mpale: deny")
try: os.open(os.fsencode(sys.argv[1]), 0)
except OSError: pass' "$name"
	[ -z "$(LC_ALL=C grep -a "$(printf '\033')" <<<"$text")" ]
	grep -qF 'out/a\nb\x1b[2Jc\xff' <<<"$text"
	grep -qF 'pale: denied \x1b[1mpale: deny' <<<"$text"
}

@test "long names, pointers to nothing, and a path that another thread changes do no harm" {
	for who in $(people); do
		traced --trace=report.$who --report=json -r in -- python3 -c '
import ctypes, os, threading
libc = ctypes.CDLL(None, use_errno=True)
for path in (b"/" + b"x" * 4094, b"/" + b"a/" * 2047, b"x" * 5000, b"/" + b"n" * 255, b""):
	for call in (lambda p: libc.open(p, 1), lambda p: libc.mkdir(p, 0o700), libc.unlink,
	    lambda p: libc.rename(p, b"in/file"), libc.rmdir):
		call(path)
for address in (0, 1, 8, 0x7fffffffffff, 2 ** 64 - 1):
	libc.syscall(83, ctypes.c_void_p(address), 0o700)
	libc.syscall(82, ctypes.c_void_p(address), ctypes.c_void_p(address))
	libc.syscall(2, ctypes.c_void_p(address), 1)
text = ctypes.create_string_buffer(b"in/file", 256)
stop = False
def flip():
	while not stop:
		text.value = b"out/secret"
		text.value = b"in/file"
thread = threading.Thread(target=flip)
thread.start()
for i in range(2000):
	assert libc.open(text, 1) < 0
stop = True
thread.join()'
		[ "$code" -eq 0 ]
		python3 -c 'import json; [json.loads(line) for line in open("report.'$who'")]'
	done
	[ "$(cat in/file out/secret)" = "in
secret" ]
}

@test "of any number of distinct denials 4096 are kept, and the others are counted" {
	traced --trace=report -r in -- python3 -c '
import os, resource
for i in range(20000):
	try: os.mkdir("in/" + "d" * 200 + str(i))
	except OSError: pass'
	[ "$code" -eq 0 ]
	[ "$(grep -c denied report)" -eq 4096 ]
	grep -qE '^pale: 4096 distinct denials \(4096 calls\); .*; 159[0-9]{2} more were not told$' <<<"$text"
}

@test "a reader that does not read holds nothing up" {
	mkfifo pipe
	exec 7<>pipe
	as timeout 60 "$PALE" run --trace -r in -- python3 -c '
import os
for i in range(3000):
	try: os.mkdir("in/" + "d" * 200 + str(i))
	except OSError: pass
os.write(1, b"done")' 2>&7 >result 7>&- &
	cage=$!
	for i in $(seq 300); do
		[ "$(cat result)" = done ] && break
		sleep 0.1
	done
	[ "$(cat result)" = done ]
	cat <&7 >/dev/null 7>&- &
	reader=$!
	wait $cage
	kill $reader
}

@test "what is done to a file that was handed over is no denial" {
	for who in $(people); do
		traced --trace -r in -- sh -c 'stat - <in/file; ls -l /proc/self/fd; cat -' </etc/hostname
		[ -z "$(grep denied <<<"$text")" ]
	done
}

@test "a name by way of /proc is told as what it means" {
	traced --trace -w in -- sh -c 'cd in; cat /proc/self/cwd/../out/secret'
	grep -qF -- "-> $area/out/secret" <<<"$text"
	grep -qF -- "to allow: --file $area/out/secret:read" <<<"$text"
}

@test "what the program made itself is granted by its directory" {
	traced --trace -w in -- sh -c 'cp /bin/true in/made; in/made'
	grep -qE -- "to allow: --dir $area/in:[a-z_,]*fexecve" <<<"$text"
}

@test "a directory around grants that hold less says that this is accepted" {
	traced --trace -r in -- sh -c 'echo x >beside'
	grep -qF -- "--best-effort=overlap" <<<"$text"
}

@test "a segment that the namespace hides is told with its key" {
	key=0x$(printf %08x "$((0x1a1e0000 + BASHPID % 65536))")
	perl -e "shmget($key, 64, 01600) // die"
	traced --trace -- perl -e "shmget($key, 64, 0)"
	ipcrm -M "$key"
	grep -qF -- "to allow: --sysv shm:$key:read" <<<"$text"
}
