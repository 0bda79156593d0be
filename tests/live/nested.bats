#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale run` inside `pale run`: a cage inside works as any other, and is never wider than the one
# around it; as root and as an ordinary user.
# shellcheck disable=SC2016,SC2154 # scripts for the shell inside; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/cli/lib.bash
	. "$BATS_TEST_DIRNAME/../cli/lib.bash"
	area_make
	cp "$PALE" "$area/pale"
	chmod 755 "$area/pale"
	mkdir -p r/in w out
	echo hello >r/file
	echo hello >r/in/file
	echo secret >out/secret
	ln -s ../out/secret w/link
	ln -s / w/top
	for who in $(people); do
		mkdir -p "w/$who"
		own "w/$who"
	done
	around=(-x "$area/pale" -r r)
}

teardown() {
	area_remove
}

# In a cage that shows pale, r and what is named before "--": in_cage GRANT... -- COMMAND...
in_cage() {
	as "$area/pale" run "${around[@]}" "$@"
}

# The inner one alone says something: refused GRANT... -- INNER... : WORDS
refused() {
	local words=${*: -1}
	run in_cage "${@:1:$#-1}"
	exits 125
	has "$words"
}

@test "a cage inside gives its command what it asks for, and its end back" {
	for who in $(people); do
		run in_cage -- "$area/pale" run -r r -- cat r/file
		exits 0
		[ "$output" = hello ]
		run in_cage -- "$area/pale" run -- sh -c 'exit 7'
		exits 7
		run in_cage -- "$area/pale" run -- sh -c 'kill -TERM $$'
		exits 143
		run in_cage -- "$area/pale" run -- cat r/file
		exits 1
		run -127 in_cage -- "$area/pale" run -- nothing-like-it
		has "pale: cannot run 'nothing-like-it' in the cage: No such file or directory"
		run in_cage -- "$area/pale" run -r r -- r/file
		exits 126
		run in_cage -- sh -c "seq 3 | $area/pale run -- sort -r | $area/pale run -- head -1"
		[ "$output" = 3 ]
	done
}

@test "the directory, the arguments and the variables are those that were asked for" {
	for who in $(people); do
		run in_cage -w w --env A=1 -- sh -c "cd w && $area/pale run -r . --env A --env 'B=x y
z' -- sh -c 'pwd; echo \"\$A \$B\"; echo \"\$@\"' - '\"' '\$(x)' ''"
		exits 0
		[ "$output" = "$area/w"$'\n1 x y\nz\n" $(x) ' ]
		run in_cage -w w -- sh -c "cd w && $area/pale run -- pwd"
		[ "$output" = / ]
	done
}

@test "cages nest eight deep" {
	for who in $(people); do
		local deep=()
		for _ in 1 2 3 4 5 6 7; do
			deep+=("$area/pale" run -x "$area/pale" -r r --)
		done
		run in_cage -- "${deep[@]}" cat r/file
		exits 0
		[ "$output" = hello ]
	done
}

@test "what lies in a cage inside is what the one around has, and no more" {
	for who in $(people); do
		run in_cage -w "w/$who" -- "$area/pale" run -r r -w "w/$who" -- \
			sh -c "echo \$(ls) >w/$who/list; ls r/in; cat r/in/file; echo x >r/new"
		exits 2
		[ "$(cat "w/$who/list")" = "r w" ]
		[ ! -e r/new ]
		# Writable around, readable inside.
		run in_cage -w "w/$who" -- "$area/pale" run -r "w/$who" -- sh -c "echo x >w/$who/list"
		exits 2
		[ "$(cat "w/$who/list")" = "r w" ]
		run in_cage -w "w/$who" -- "$area/pale" run -r "w/$who" -- chmod 777 "w/$who"
		exits 1
	done
}

@test "more than the cage around has is refused, by name" {
	for who in $(people); do
		refused -- "$area/pale" run -w r -- true \
			"'$area/r' (-w) would have write,create,"
		refused -- "$area/pale" run -x r -- true \
			"would have fexecve, which the cage around withholds from '$area/r' (-r there)"
		refused -- "$area/pale" run -r out -- true "no such file or directory"
		refused -- "$area/pale" run -r w/link -- true "no such file or directory"
		refused -- "$area/pale" run -r "$area/r/../out" -- true "no such file or directory"
		refused -w w -- "$area/pale" run -r w/link -- true "no such file or directory"
		refused -w w -- "$area/pale" run --bare -w w/top -- true \
			"which the cage around grants nowhere there"
		refused -- "$area/pale" run -w "$area" -- true \
			"which the cage around grants nowhere there"
		refused --dir w:lookup,read,write -- "$area/pale" run -w w -- true \
			"would have create,"
		refused -- "$area/pale" run --proc full -- true \
			"a full /proc, which the cage around does not have"
		refused -- "$area/pale" run --net host -- true "a network"
		refused -- "$area/pale" run --tcp 127.0.0.1:80 -- true "a network"
		refused -- "$area/pale" run --tcp localhost:80 -- true "is a name"
		refused --bare -x /usr -x /bin -x /lib -x /lib64 --proc self -- \
			"$area/pale" run --bare --tmp /t -x /usr -- true "would be a private directory"
	done
}

@test "a grant that holds a narrower one of the cage around is refused, unless it is as narrow" {
	mkdir -p r/in/deep
	for who in $(people); do
		run as "$area/pale" run -x "$area/pale" -x r -r r/in -- "$area/pale" run -x r -- true
		exits 0
		run as "$area/pale" run --best-effort overlap -x "$area/pale" -w w -r w/root -- \
			"$area/pale" run -w w -- true
		exits 125
		has "'$area/w' (-w) would have"
		has "at '$area/w/root', which the cage around withholds"
		run as "$area/pale" run --best-effort overlap -x "$area/pale" -w w --hide w/root -- \
			"$area/pale" run -w w -- sh -c "ls w/root; touch w/root/x"
		exits 1
		has "Read-only file system"
	done
}

@test "no permission of a file is passed over for a cage inside" {
	for who in $(people); do
		[ "$who" != root ] || continue
		mkdir -p "m/in"
		echo secret >m/file
		echo "copy('$area/m/file')" >copy.pale
		own m
		as chmod 0 m/file m/in
		run in_cage -r m -r copy.pale -- "$area/pale" run --policy copy.pale -- cat m/file
		exits 125
		has "cannot copy '$area/m/file': Permission denied"
		run in_cage -r m -- "$area/pale" run -r m/file -- cat m/file
		exits 1
		run in_cage -r m -- "$area/pale" run -r m/in -- ls m/in
		exits 2
		as chmod 600 m/file
		run in_cage --dir m:lookup,fstat -r copy.pale -- \
			"$area/pale" run --policy copy.pale -- cat m/file
		exits 125
		has "would have read, which the cage around withholds from '$area/m' (--dir there)"
	done
}

@test "what the cage around protects from others stays so inside" {
	for who in $(people); do
		run in_cage --hide /usr/share/doc -- \
			"$area/pale" run --hide /usr/share/doc -- ls /usr/share/doc
		exits 0
		[ -z "$output" ]
		run in_cage --hide /usr/share/doc -- "$area/pale" run -- ls /usr/share/doc
		exits 0
		[ -z "$output" ]
	done
}

@test "descriptors are those of whoever asked, under the same rules" {
	for who in $(people); do
		run in_cage -- sh -c "$area/pale run -- true </usr"
		exits 125
		has "descriptor 0 is a directory"
		run in_cage -- sh -c "$area/pale run --fd 5:read -- cat /dev/fd/5 5<r/file"
		[ "$output" = hello ]
		run in_cage -- sh -c "$area/pale run --fd 5:read,write -- true 5<r/file"
		exits 125
		run in_cage -w "w/$who" -- sh -c \
			"$area/pale run -- sh -c 'echo one; echo two >>/dev/stdout' >w/$who/out"
		[ "$(cat "w/$who/out")" = $'one\ntwo' ]
		run in_cage -- sh -c "$area/pale run --fd 3:read,lookup -- sh -c 'cd -P /dev/fd/3/.. && pwd; ls' 3<r/in"
		has file
		run in_cage -- sh -c "$area/pale run -- sh -c 'ls /proc/self/fd | wc -l' 9<r/file"
		[ "$output" = 4 ]
	done
}

@test "a socket is judged where it lies, whatever name leads to it" {
	need python3
	for who in $(people); do
		[ "$who" != root ] || continue
		mkdir -p "w/$who/d/ro"
		own "w/$who"
		as python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('w/$who/d/ro/s')"
		run as "$area/pale" run --best-effort overlap -x "$area/pale" -w "w/$who" \
			-r "w/$who/d/ro" -- sh -c "mv w/$who/d w/$who/e &&
				exec $area/pale run --unix w/$who/e/ro/s:connect -- true"
		exits 125
		has "unix '$area/w/$who/e/ro/s' (--unix) is not granted to the cage around"
	done
}

@test "a socket of the network that is handed on reaches no other host than before" {
	need python3
	cat >r/hand.py <<-'END'
		import os, socket, sys
		if len(sys.argv) > 1:
		    for fd, kind in (8, socket.SOCK_DGRAM), (9, socket.SOCK_STREAM):
		        os.dup2(socket.socket(socket.AF_INET, kind).detach(), fd)
		    os.execv(sys.argv[1], [sys.argv[1], "run", "--fd", "8:read,write", "--fd",
		        "9:read,write", "-r", "r", "--", "python3", "r/hand.py"])
		there = ("127.0.0.1", 7)
		udp, tcp = (socket.socket(fileno=os.dup(fd)) for fd in (8, 9))
		for attempt in (lambda: udp.sendto(b"x", there), lambda: udp.sendmsg([b"x"], [], 0, there),
		    lambda: udp.connect(there), lambda: tcp.connect(there), lambda: tcp.listen(1),
		    lambda: udp.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)):
		    try:
		        attempt()
		        print("won")
		    except PermissionError:
		        print("refused")
		    except OSError as error:
		        print(error)
	END
	for who in $(people); do
		run in_cage --udp 127.0.0.1:9:connect --tcp 127.0.0.1:9:connect -- \
			python3 r/hand.py "$area/pale"
		exits 0
		[ "$(echo "$output" | sort | uniq -c | tr -s ' ')" = " 6 refused" ]
	done
}

@test "a directory that is handed on gives nothing back that lies below it" {
	need python3
	for who in $(people); do
		run as "$area/pale" run -x "$area/pale" --dir r:lookup,fstat -- python3 -c \
			"import os; os.dup2(os.open('/', os.O_PATH), 9)
os.execv('$area/pale', ['pale', 'run', '--fd', '9:read', '--', 'cat', '/dev/fd/9$area/r/file'])"
		exits 125
		has "'fd 9' (--fd) would lead to '$area/r' with rights that the cage around withholds"
	done
}

@test "limits, umask and ignored signals are inherited, and go no higher" {
	for who in $(people); do
		run in_cage --limit nofile=100 -- "$area/pale" run --limit nofile=200 -- sh -c 'ulimit -Hn'
		[ "$output" = 100 ]
		run in_cage -- sh -c "ulimit -f 8; umask 027; trap '' USR1
			$area/pale run --limit fsize=unlimited -- sh -c 'ulimit -f; umask; kill -USR1 \$\$; echo on'"
		[ "$output" = $'8\n0027\non' ]
	done
}

@test "the terminal, its signals and its jobs work through two cages" {
	local scenario
	need python3
	for who in $(people); do
		cd "$area/w/$who"
		for scenario in bash outer nested signals stop; do
			as timeout 100 env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TERM=xterm \
				/usr/bin/python3 - "$scenario" "$area/pale" run -x "$area/pale" -w . -- \
				"$area/pale" run -w . -- <"$BATS_TEST_DIRNAME/pty_driver.py"
		done
	done
}

@test "a terminal of a session inside hands its signals on" {
	need python3
	for who in $(people); do
		cd "$area/w/$who"
		as timeout 100 env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TERM=xterm \
			/usr/bin/python3 - "$area/pale" 3>&- <<-'EOF'
				import os, pty, sys
				pale = sys.argv[1]
				inner = [pale, "run", "--", "sh", "-c", "trap 'echo got; exit 3' INT; echo up; while :; do read x; done"]
				# setsid: the cage inside cannot be in this session.
				outer = [pale, "run", "-x", pale, "--", "script", "-qec", "exec " + " ".join(map(__import__("shlex").quote, inner)), "/dev/null"]
				pid, fd = pty.fork()
				if pid == 0:
				    os.execv(outer[0], outer)
				seen = b""
				while b"up" not in seen:
				    seen += os.read(fd, 1000)
				os.write(fd, b"\x03")
				while b"got" not in seen:
				    seen += os.read(fd, 1000)
				sys.exit(os.waitpid(pid, 0)[1] != 3 << 8)
			EOF
	done
}

@test "whoever speaks to the supervisor itself wins nothing" {
	local attack
	need python3
	cp "$BATS_TEST_DIRNAME/nested_attacks.py" "$area/r"
	for who in $(people); do
		for attack in garbage huge flood threads descriptors rights limits orphan passing \
			processes; do
			run timeout 100 setpriv --no-new-privs true
			run in_cage -- python3 r/nested_attacks.py "$attack" </dev/null
			[ "$status" -eq 0 ] || {
				echo "as $who: $attack: $output"
				return 1
			}
		done
	done
}

@test "two hundred cages inside leave nothing behind" {
	for who in $(people); do
		run in_cage -- sh -c '
			processes() { set -- /proc/[0-9]*; echo $#; }
			before=$(processes)
			i=0
			while [ $i -lt 200 ]; do
				'"$area/pale"' run -- true || exit 9
				i=$((i + 1))
			done
			until [ "$(processes)" -eq "$before" ]; do :; done
			set -- /proc/self/mounts
			'"$area/pale"' run -- true'
		exits 0
	done
}

@test "a cage inside ends with whoever asked for it, and with the cage around" {
	need pgrep
	local mark victim pid
	for who in $(people); do
		for victim in inner outer; do
			mark=98765$((RANDOM + 10000))
			rm -f "w/$who/up"
			as sh -c 'echo $$ >"$0"; exec "$@"' "w/$who/pid" "$area/pale" run -x "$area/pale" -- \
				"$area/pale" run -- sh -c "echo up; sleep $mark; :" >"w/$who/up" 3>&- &
			until grep -qs up "w/$who/up"; do :; done
			pid=$(cat "w/$who/pid")
			# What was asked for by the cage's command, which is the waiter's child.
			[ "$victim" = outer ] || pid=$(pgrep -P "$pid" -f "^$area/pale run -- sh -c echo up")
			kill -9 "$pid"
			wait $! || :
			while pgrep -f "sleep $mark" >"$area/left"; do :; done
		done
	done
}

@test "killed at any moment, a cage inside leaves nothing and the one around goes on" {
	need python3 pgrep
	for who in $(people); do
		local mark=98765$((RANDOM + 10000))
		run in_cage -- python3 -c '
import os, random, signal, subprocess, sys
rng = random.Random(20100804)
for n in range(60):
    child = subprocess.Popen([sys.argv[1], "run", "--", "sleep", sys.argv[2]],
                             stderr=subprocess.DEVNULL)
    # A moment is a number of system calls of ours, not a time.
    for _ in range(rng.choice((0, 10, 100, 1000, 10000, 30000))):
        os.getppid()
    child.kill()
    child.wait()
sys.exit(subprocess.call([sys.argv[1], "run", "--", "sh", "-c", "exit 7"]))' "$area/pale" "$mark"
		exits 7
		while pgrep -f "^sleep $mark" >"$area/left"; do :; done
	done
}
