#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Real programs in `pale run`: the same output, exit code and files as natively, as root and as an
# ordinary user. What must differ is a test of its own. lib.bash says how a run is compared.
# shellcheck disable=SC2016,SC2028,SC2034,SC2154 # scripts for the shell inside; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/live/lib.bash
	. "$BATS_TEST_DIRNAME/lib.bash"
	[ -x "$PALE" ] || {
		echo "there is no $PALE; build it, or set PALE"
		return 1
	}
}

teardown() {
	[ -z "${top:-}" ] || rm -rf "$top"
}

# A C project of thirty files, a library, a program and a generated header.
c_project() {
	local i
	for i in $(seq 30); do
		printf '#include "gen.h"\nint f%d(int x);\nint f%d(int x) { return x * %d + SEED; }\n' \
			"$i" "$i" "$i" >"$area/tree/f$i.c"
	done
	{
		echo '#include <stdio.h>'
		for i in $(seq 30); do echo "int f$i(int);"; done
		echo 'int main(void) { int s = 0;'
		for i in $(seq 30); do echo "s += f$i($i);"; done
		echo 'printf("%d\n", s); return s % 7; }'
	} >"$area/tree/main.c"
	cat >"$area/tree/gen.c" <<'END'
#include <stdio.h>
int main(void) { return puts("#define SEED 17") < 0; }
END
	cat >"$area/tree/Makefile" <<'END'
OBJ = $(patsubst %.c,%.o,$(wildcard f*.c))
prog: main.o libf.a
	$(CC) -o $@ $^
libf.a: $(OBJ)
	$(AR) rcD $@ $^
$(OBJ): gen.h
gen.h: gen
	./gen >$@
END
	cat >"$area/tree/meson.build" <<'END'
project('thirty', 'c')
fs = import('fs')
gen = executable('gen', 'gen.c')
header = custom_target('header', output: 'gen.h', command: gen, capture: true)
files = []
foreach i : range(1, 31)
  files += 'f@0@.c'.format(i)
endforeach
f = static_library('f', files, header)
prog = executable('prog', 'main.c', link_with: f)
test('sum', prog, should_fail: true)
END
	area_own
}

@test "make -j2 builds and runs a project as natively" {
	for who in $(people); do
		area_make "$who"
		c_project
		want=4 same -p cc -- sh -c 'make -s -j2 && ./prog; echo $?; ./prog >/dev/null'
	done
}

@test "gcc compiles pale's own core as natively, and ar makes the same library" {
	for who in $(people); do
		area_make "$who"
		mkdir "$area/tree/core"
		cp "$live_dir"/../../src/core/*.[chd]* "$area/tree/core/"
		area_own
		same -p cc -- sh -c '
			for c in core/*.c; do gcc -D_GNU_SOURCE -std=gnu17 -O1 -I. -c "$c" || exit 1; done
			ar rcD libcore.a *.o && nm -A libcore.a | wc -l'
	done
}

@test "meson configures, ninja builds and tests a project as natively" {
	need /usr/bin/meson /usr/bin/ninja
	make_stable() { sed -E 's/[0-9.]+ ?s\b/TIME/g'; }
	for who in $(people); do
		area_make "$who"
		c_project
		skip='/meson-(logs|private|info)/|/\.ninja_(log|deps)$'
		same -p cc -- sh -c 'meson setup b && ninja -C b --quiet && meson test -C b --quiet'
	done
}

# A repository with 8,000 files and its history; made once.
git_repository() {
	local from=$BATS_FILE_TMPDIR/repository
	vars=(GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C
		GIT_COMMITTER_EMAIL=c@example.org GIT_AUTHOR_DATE=2020-01-01T00:00:00Z
		GIT_COMMITTER_DATE=2020-01-01T00:00:00Z GIT_CONFIG_NOSYSTEM=1
		GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
		GIT_CONFIG_KEY_1=pack.threads GIT_CONFIG_VALUE_1=1)
	if [ ! -d "$from" ]; then
		mkdir "$from"
		(
			cd "$from" || exit 1
			for d in $(seq 80); do
				mkdir "d$d"
				for f in $(seq 100); do echo "$d $f" >"d$d/f$f"; done
			done
			env "${vars[@]}" git init -q -b main .
			env "${vars[@]}" git add .
			env "${vars[@]}" git commit -q -m first
			git gc -q
		)
	fi
	rmdir "$area/tree"
	cp -a "$from" "$area/tree"
	area_own
}

@test "git status, commit, log, gc and fsck on 8,000 files say and leave the same as natively" {
	for who in $(people); do
		area_make "$who"
		git_repository
		skip='/\.git/index$'
		same -p git -- sh -ec '
			git status --porcelain
			echo change >>d1/f1; rm d2/f2; git mv d3/f3 d3/moved; echo new >new
			git status --porcelain
			git add -A; git commit -m second; git log --stat --format=raw
			git gc --quiet; git fsck; git count-objects'
	done
}

@test "git clones 8,000 files over its own protocol as natively" {
	for who in $(people); do
		area_make "$who"
		git_repository
		skip='/\.git/index$|/pack/'
		same -p git -- sh -ec '
			git clone -q --no-local . copy; cd copy; git status; git log --format=%H; ls | wc -l'
	done
}

@test "python runs asyncio, subprocesses, threads and a pool of processes as natively" {
	need /usr/bin/python3
	for who in $(people); do
		area_make "$who"
		cat >"$area/tree/job.py" <<'END'
import asyncio, concurrent.futures, multiprocessing, os, socket, sqlite3, subprocess, sys, tempfile
import threading

def square(x):
    return x * x

async def main():
    child = await asyncio.create_subprocess_exec(
        "sh", "-c", "read x; echo got $x; exit 4",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    said, _ = await child.communicate(b"word\n")
    print(said, child.returncode)
    server = await asyncio.start_unix_server(
        lambda r, w: (w.write(b"hello"), w.close()), path="socket")
    reader, writer = await asyncio.open_unix_connection("socket")
    print(await reader.read())
    writer.close()
    server.close()
    print(await asyncio.gather(*(asyncio.to_thread(square, i) for i in range(5))))

if __name__ == "__main__":
    asyncio.run(main())
    os.unlink("socket")
    print(subprocess.run(["cat"], input=b"in", capture_output=True).stdout)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(20))))
    for way in "fork", "spawn", "forkserver":
        with multiprocessing.get_context(way).Pool(2) as pool:
            print(way, pool.map(square, range(5)))
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as d, open(os.path.join(d, "x"), "w") as f:
        print(f.write("x"))
    a, b = socket.socketpair()
    a.send(b"pair")
    print(b.recv(9))
    sys.exit(5)
END
		area_own
		want=5 same -p python -- /usr/bin/python3 job.py
	done
}

@test "python makes a virtual environment and runs a program of it as natively" {
	need /usr/bin/python3
	for who in $(people); do
		area_make "$who"
		skip='\.pyc$'
		same -p python -- sh -ec '
			/usr/bin/python3 -m venv --without-pip v
			cd v/lib/python3*/site-packages
			mkdir mine
			echo "VALUE = 42" >mine/__init__.py
			cd ../../../..
			. v/bin/activate
			python -c "import sys, mine; print(sys.prefix, mine.VALUE)"
			printf "#!%s\nimport mine\nprint(mine.__file__)\n" "$PWD/v/bin/python" >v/bin/tool
			chmod +x v/bin/tool; tool'
	done
}

@test "node runs workers, child processes and streams as natively" {
	need /usr/bin/node
	for who in $(people); do
		area_make "$who"
		cat >"$area/tree/job.js" <<'END'
const { Worker } = require("worker_threads");
const { execFileSync, spawnSync } = require("child_process");
const fs = require("fs");
const zlib = require("zlib");
const work = "const w=require('worker_threads');w.parentPort.postMessage(w.workerData**2)";
const one = (n) => new Promise((ok, no) => {
	const w = new Worker(work, { eval: true, workerData: n });
	w.on("message", ok);
	w.on("error", no);
});
(async () => {
	console.log(await Promise.all([1, 2, 3, 4].map(one)));
	console.log(execFileSync("echo", ["child"]).toString());
	console.log(spawnSync("sh", ["-c", "exit 3"]).status);
	fs.writeFileSync("x.gz", zlib.gzipSync("text"));
	console.log(zlib.gunzipSync(fs.readFileSync("x.gz")).toString());
	const old = await fs.promises.readdir(".");
	console.log(old);
	process.exitCode = 6;
})();
END
		area_own
		want=6 same -p node -- node job.js
	done
}

# Files of several kinds and modes.
file_tree() {
	(
		cd "$area/tree" || exit 1
		mkdir -p in/deep/er
		seq 5000 >in/numbers
		printf 'x' >in/deep/er/x
		chmod 750 in/deep
		chmod 600 in/deep/er/x
		ln -s ../numbers in/deep/link
		ln in/numbers in/hard
		printf 'name' >"in/$(printf 'odd\nname \303\251')"
		mkfifo in/fifo
		touch -d 2001-02-03T04:05:06 in/numbers
	)
	area_own
}

@test "tar packs, lists and unpacks as natively" {
	for who in $(people); do
		area_make "$who"
		file_tree
		same -p untar -- sh -ec '
			tar -cf a.tar --sort=name in; tar -tvf a.tar
			mkdir out; tar -xpf a.tar -C out; find out | sort
			tar -czf a.tgz --sort=name in/numbers; tar -tzf a.tgz; tar -df a.tar'
	done
}

@test "the one thing that differs: owners other than the user are shown as nobody" {
	area_make user
	file_tree
	if [ "$(id -u)" -eq 0 ]; then
		chown 7:7 "$area/tree/in/deep/er/x"
		chmod 644 "$area/tree/in/deep/er/x"
		caged -- stat -c '%u:%g %a %s' in/deep/er/x in/numbers >"$area/out"
		[ "$(cat "$area/out")" = "65534:65534 644 1
$USER_ID:$USER_ID 644 23893" ]
	else
		caged -- stat -c '%u:%g' /usr >"$area/out"
		[ "$(cat "$area/out")" = 65534:65534 ]
	fi
}

@test "root sees owners as they are, but without capabilities is a user like others" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	area_make root
	file_tree
	chown 7:8 "$area/tree/in/numbers"
	same -- stat -c '%u:%g' in/numbers in/deep
	chmod 600 "$area/tree/in/numbers"
	run caged -- cat in/numbers
	[ "$status" -eq 1 ]
	run caged -- chown 7:8 in/deep
	[ "$status" -eq 1 ]
}

@test "zip and unzip as natively" {
	need /usr/bin/zip /usr/bin/unzip
	for who in $(people); do
		area_make "$who"
		file_tree
		rm "$area/tree/in/fifo"
		skip='\.zip$'
		same -p untar -- sh -ec 'zip -qr a.zip in; unzip -q a.zip -d out; ls -R out; unzip -tq a.zip'
	done
}

@test "xz and gzip compress and expand as natively" {
	for who in $(people); do
		area_make "$who"
		file_tree
		same -p untar -- sh -ec '
			rm in/hard
			xz -T2 -k in/numbers; xz -dc in/numbers.xz | wc; xz -l in/numbers.xz
			gzip -n in/numbers; gzip -dc in/numbers.gz | tail -1; xz -d in/numbers.xz
			echo junk >bad.xz; xz -d bad.xz || echo $?'
	done
}

@test "ImageMagick converts images as natively" {
	need /usr/bin/convert-im6.q16
	for who in $(people); do
		area_make "$who"
		same -p convert -- sh -ec '
			im=/usr/bin/convert-im6.q16
			$im -size 80x60 gradient:red-blue -strip -define png:exclude-chunks=date,time a.png
			$im a.png -resize 50% -rotate 90 -quality 80 -strip b.jpg
			$im a.png -blur 2 -crop 10x10+3+3 +repage -strip -define png:exclude-chunks=date,time c.png
			/usr/bin/identify-im6.q16 -format "%m %w %h %[mean]\n" a.png b.jpg c.png'
	done
}

@test "sqlite keeps a database in WAL mode that two processes write as natively" {
	need /usr/bin/sqlite3
	for who in $(people); do
		area_make "$who"
		skip='/x\.db'
		same -- sh -ec '
			sqlite3 x.db "PRAGMA journal_mode=WAL; CREATE TABLE t(a);"
			mkfifo in out
			sqlite3 -batch x.db <in >out & writer=$!
			exec 3>in 4<out
			echo "BEGIN IMMEDIATE; INSERT INTO t VALUES(1); SELECT count(*) FROM t;" >&3
			read inside <&4
			# A reader beside the open transaction, and a second writer that waits for its end.
			sqlite3 x.db "SELECT $inside, count(*) FROM t;"
			sqlite3 x.db ".timeout 9000" "INSERT INTO t VALUES(2);" & second=$!
			echo "COMMIT;" >&3; exec 3>&-
			wait $writer; wait $second
			sqlite3 x.db "SELECT sum(a) FROM t; PRAGMA integrity_check; PRAGMA journal_mode;"
			rm in out'
	done
}

@test "gpg makes a key, signs, verifies and encrypts as natively" {
	need /usr/bin/gpg
	for who in $(people); do
		area_make "$who"
		skip='/g/'
		make_stable() { grep -vE 'key|[0-9A-F]{16}|using|Signature made'; }
		same -- sh -ec '
			mkdir -m 700 g; echo text >f
			g="gpg --homedir $PWD/g --batch --quiet --passphrase= --pinentry-mode loopback"
			$g --quick-gen-key "A B <a@example.org>" ed25519 sign never
			$g --list-secret-keys --with-colons | cut -d: -f1,10
			$g --sign -o f.sig f; $g --decrypt f.sig; rm f.sig
			g="$g --passphrase=word"; $g --symmetric -o f.gpg f; $g --decrypt f.gpg; rm f.gpg
			gpgconf --homedir "$PWD/g" --kill all; rm -rf g'
	done
}

@test "gdb stops an own child at a breakpoint, and strace sees its calls, as natively" {
	need /usr/bin/gdb /usr/bin/strace
	for who in $(people); do
		area_make "$who"
		printf '#include <stdio.h>\nint twice(int x) { return 2 * x; }\n%s\n' \
			'int main(void) { printf("%d\n", twice(21)); return 9; }' >"$area/tree/a.c"
		area_own
		skip='/log$'
		# The cage's /proc is read-only: gdb says so, and goes on by ptrace.
		make_stable() {
			sed -E '/^warning: .*mem file.*Read-only/d; s/process [0-9]+/process N/
				s/0x[0-9a-f]+/ADDRESS/g'
		}
		same -p cc -- sh -c '
			gcc -g -O0 -o a a.c || exit 1
			gdb -nx -batch -ex "break twice" -ex run -ex bt -ex "print x" -ex finish \
				-ex continue ./a || exit 1
			strace -f -o log -e trace=write,execve sh -c "./a; echo \$?"
			grep -c execve log; sed -nE "s/^[0-9]+ +(write.*)/\1/p" log'
	done
}

@test "a static program runs as natively" {
	need /usr/bin/busybox
	for who in $(people); do
		area_make "$who"
		file_tree
		same -- busybox sh -c 'busybox find in | busybox sort | busybox md5sum; busybox id -u
			busybox tar c in/numbers | busybox tar t; busybox awk "BEGIN { print 6 * 7 }"; exit 0'
	done
}

@test "the exit code is the program's own, and a signal that kills it kills pale" {
	for who in $(people); do
		area_make "$who"
		want=42 same -- sh -c 'exit 42'
		run caged -- sh -c 'kill -KILL $$'
		[ "$status" -eq 137 ]
		run caged -- sh -c 'kill -SEGV $$'
		[ "$status" -eq 139 ]
	done
}

@test "a program that forks daemons: they end with the cage" {
	for who in $(people); do
		area_make "$who"
		# The daemons hold the pipe open; were one of them left, this would not return in time.
		run caged -- sh -c '
			setsid sh -c "trap : TERM HUP; while :; do sleep 1000; done" &
			(setsid sleep 1000 & setsid nohup sleep 1000 2>/dev/null &)
			echo started; exit 3'
		[ "$output" = started ]
		[ "$status" -eq 3 ]
	done
}

@test "a process that outlives its parent is reaped, not left as a zombie" {
	for who in $(people); do
		area_make "$who"
		run caged -- sh -c '
			mkfifo f
			sh -c "sh -c \"echo done >f\" &"
			read x <f
			until ! grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null; do :; done
			echo "$x"'
		[ "$output" = "done" ]
	done
}

@test "bash -i on a terminal: prompt, ^C, ^Z, jobs, fg, bg, pipelines" {
	for who in $(people); do
		area_make "$who"
		on_terminal bash
	done
}

@test "from a shell outside: ^C ends the cage, ^Z stops it, fg brings it back" {
	for who in $(people); do
		area_make "$who"
		on_terminal outer
	done
}

@test "an interactive bash in the cage gives the terminal back to the shell outside" {
	for who in $(people); do
		area_make "$who"
		on_terminal nested
	done
}

@test "SIGTERM, SIGHUP and SIGUSR1 sent to pale reach the program" {
	for who in $(people); do
		area_make "$who"
		on_terminal signals
	done
}

@test "SIGTSTP sent to pale stops program and pale, SIGCONT continues both" {
	for who in $(people); do
		area_make "$who"
		on_terminal stop
	done
}

@test "script records a session on a terminal of its own" {
	need /usr/bin/script
	for who in $(people); do
		area_make "$who"
		on_terminal script
	done
}

@test "tmux: a server, two panes, a command in one, detach and attach" {
	need /usr/bin/tmux
	for who in $(people); do
		area_make "$who"
		# Its clients pass it their terminal, by a name that others could connect to as well.
		on_terminal tmux --unix own:connect,bind,scm-in,scm-out
	done
}

@test "less pages, searches and quits on a terminal" {
	need /usr/bin/less
	for who in $(people); do
		area_make "$who"
		seq 1000 >"$area/tree/numbers"
		area_own
		on_terminal less -p pager
	done
}

@test "man formats a page with its pager" {
	need /usr/bin/man /usr/bin/less
	for who in $(people); do
		area_make "$who"
		printf '.TH OWN 1\n.SH NAME\nown \\- a page of the test\n.SH MORE\nlast words\n' \
			>"$area/tree/own.1"
		area_own
		same -p pager -- man -P cat ./own.1
		on_terminal man -p pager
	done
}
