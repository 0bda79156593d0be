#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale run` from the command line: exit codes, options, what is said about mistakes.

setup() {
	load lib.bash
	area_make
}

teardown() {
	area_remove
}

@test "the exit code is the command's own" {
	run pale run -- true
	exits 0
	run pale run -- false
	exits 1
	run pale run -- sh -c 'exit 42'
	exits 42
}

@test "a command that a signal ended ends pale by the same signal" {
	run python3 -c 'import subprocess as s, sys
print(s.run(sys.argv[1:]).returncode)' pale run -- sh -c 'kill -TERM $$'
	[ "$output" = -15 ]
	run python3 -c 'import subprocess as s, sys
print(s.run(sys.argv[1:]).returncode)' pale run -- sh -c 'kill -KILL $$'
	[ "$output" = -9 ]
}

@test "a command that is not there: 127" {
	says 127 "cannot run 'no-such-program' in the cage: No such file or directory" \
		"what is to be found and run is granted with -x; --explain shows what is" \
		pale run -- no-such-program
}

@test "a command that may not be executed: 126" {
	says 126 "cannot run '/etc/passwd' in the cage: Permission denied" \
		"what may be run is granted with -x, also in a tree granted with -w" \
		pale run -- /etc/passwd
	printf '#!/bin/sh\n' >script
	chmod 755 script
	says 126 "cannot run './script' in the cage: Permission denied" \
		"what may be run is granted with -x, also in a tree granted with -w" \
		pale run -w . -- ./script
}

@test "no command: 125" {
	says 125 "there is no command to run" "put it behind the options: pale run -w . -- make" \
		pale run
}

@test "an unknown option is refused, and the nearest suggested" {
	says 125 "unknown option '--raed'" "did you mean --read?" pale run --raed x -- true
	says 125 "unknown option '-q'" "--help lists the options" pale run -q -- true
	says 125 "option -r needs PATH behind it" "" pale run -r
	says 125 "option --bare takes no argument" "" pale run --bare=1 -- true
}

@test "an unknown verb is refused, and the nearest suggested" {
	run --separate-stderr pale rnu
	exits 2
	[ "${stderr_lines[0]}" = "pale: there is no verb of this name; did you mean \`pale run\`?" ]
}

@test "a missing path is refused, with the last name that exists" {
	says 125 "-r: '$area/no': no such file or directory ('$area' exists)" "" \
		pale run -r no/such -- true
	says 125 "-w: '$area/x': no such file or directory ('$area' exists)" "" \
		pale run -w x -- true
}

@test "a file where a directory is meant, and the reverse, are refused" {
	mkdir dir
	touch file
	says 125 "--dir: 'file' is not a directory" "grant a single file with --file" \
		pale run --dir file:read -- true
	says 125 "--file: 'dir' is a directory" "grant a directory with --dir" \
		pale run --file dir:read -- true
	says 125 "-r: '$area/file' is not a directory" "" pale run -r file/x -- true
}

@test "an unknown right is refused, and the nearest suggested" {
	touch file
	says 125 "'raed' is not a right" "did you mean 'read'?" pale run --file file:raed -- true
	says 125 "a right is missing in the list 'read,,write'" \
		"write names with one comma between them: read,write" \
		pale run --file file:read,,write -- true
	says 125 "option --dir: 'file' is not PATH:RIGHTS" \
		"for example --dir build:lookup,read,write,create" pale run --dir file -- true
}

@test "a right that means nothing for a path is refused by name" {
	says 125 "--dir: right 'listen' (let others connect) cannot be granted on the path '$area'" \
		"leave it out; pale-run(1) lists the rights of paths" \
		pale run --dir .:read,listen -- true
}

@test "a path may hold colons, spaces, bytes that are no text, and a newline" {
	local name
	for name in 'a:b' 'a b' $'a\xe9b' $'a\nb' '"' "'" '*'; do
		mkdir "$name"
		echo hello >"$name/f"
		run pale run -r "$name" -- cat "$name/f"
		exits 0
		[ "$output" = hello ]
		run pale run --dir "$name:read" -- cat "$name/f"
		[ "$output" = hello ]
	done
}

@test "a message shows bytes that are no text as escapes, never as they are" {
	says 125 "-r: '$area/\\x1b[31m\\xe9\\n': no such file or directory ('$area' exists)" "" \
		pale run -r $'\e[31m\xe9\n' -- true
}

@test "a grant through symbolic links works, and each link is rebuilt" {
	mkdir -p real/dir
	echo hello >real/dir/f
	ln -s real first
	ln -s "$area/first/dir" second
	run pale run -r second -- sh -c 'cat second/f; readlink second first; ls real'
	exits 0
	[ "${lines[0]}" = hello ]
	[ "${lines[1]}" = "$area/first/dir" ]
	[ "${lines[2]}" = real ]
	[ "${lines[3]}" = dir ]
	run pale run -r second -- ls .
	[ "$output" = "first
real
second" ]
}

@test "2,000 grants" {
	local who i
	mkdir many
	for ((i = 0; i < 2000; i++)); do
		echo "$i" >"many/$i"
		echo "-r many/$i"
	done >grants
	for who in $(people); do
		own many
		run as bash -c 'pale run $(cat grants) -- sh -c "ls many | wc -l; cat many/0 many/1999"'
		exits 0
		[ "$output" = "2000
0
1999" ]
	done
}

@test "more grants than can be meant are refused" {
	python3 - >p.pale <<-'EOF'
		for i in range(4097):
		    print("tmp('/x%d')" % i)
	EOF
	run --separate-stderr pale run --bare --policy p.pale -- true
	exits 125
	[[ "$stderr" == "pale: p.pale:4097: more than 4096 grants"* ]]
}

@test "a closed standard descriptor is refused" {
	says 125 "standard input (descriptor 0) is closed" "redirect it: </dev/null" \
		bash -c 'pale run -- true <&-'
	says 125 "standard output (descriptor 1) is closed" "redirect it: >/dev/null" \
		bash -c 'pale run -- true >&-'
	run bash -c 'pale run -- true 2>&-'
	exits 125
}

@test "an unreadable, a malformed, and a FIFO or directory as policy: one sentence each" {
	mkdir d
	mkfifo f
	printf "read('.')\n\nraed('.')\n" >bad.pale
	printf "read('.'\n" >open.pale
	says 125 "policy 'd' is a directory" "" pale run --policy d -- true
	says 125 "policy 'f' is no regular file" "" timeout 10 pale run --policy f -- true
	says 125 "bad.pale:3: unknown word 'raed'" "did you mean 'read'?" \
		pale run --policy bad.pale -- true
	run --separate-stderr pale run --policy open.pale -- true
	exits 125
	[[ "$stderr" == "pale: open.pale:"[12]": "* ]]
	who=user
	chmod 000 bad.pale
	says 125 "cannot open policy 'bad.pale': Permission denied" "" \
		as pale run --policy bad.pale -- true
}

@test "few variables are passed, --env passes and sets more, --clear-env none but those" {
	run env -i PATH=/usr/bin:/bin HOME=/h SECRET=s LD_PRELOAD=/x A=a "$PALE" run -- env
	[ "$output" = "PATH=/usr/bin:/bin
HOME=/h" ]
	run env -i PATH=/usr/bin:/bin A=a B=b "$PALE" run --env A --env B=c --env NOT -- env
	[ "$output" = "PATH=/usr/bin:/bin
A=a
B=c" ]
	run env -i PATH=/usr/bin:/bin A=a "$PALE" run --clear-env --env A -- env
	[ "$output" = "A=a" ]
	says 125 "'1x' names no environment variable" \
		"write NAME or NAME=VALUE; a name has letters, digits and underscores" \
		pale run --env 1x -- true
}

@test "--limit holds for the command" {
	run pale run --limit nofile=17 --limit fsize=1M --limit as=2G --limit cpu=100 -- \
		sh -c 'ulimit -n; ulimit -f; ulimit -v; ulimit -t'
	[ "$output" = "17
2048
2097152
100" ]
	says 125 "unknown limit 'nprc'" "did you mean 'nproc'?" pale run --limit nprc=1 -- true
	says 125 "limit 'nproc' has no value" "write NAME=NUMBER, for instance nproc=256" \
		pale run --limit nproc -- true
	says 125 "'x' is no value for the limit 'nproc'" \
		"write a number, with K, M, G or T behind it if you like, or unlimited" \
		pale run --limit nproc=x -- true
}

@test "--limit nproc stops a fork bomb, as user and as root" {
	local who
	for who in $(people); do
		[ $who = user ] || need_feature pid_max
		run as pale run --limit nproc=310 -- python3 -c '
import os, errno
n = 0
try:
    while n < 1000:
        if os.fork() == 0:
            os.read(os.pipe()[0], 1)
        n += 1
except OSError as e:
    print(errno.errorcode[e.errno], n < 310)'
		exits 0
		[ "$output" = "EAGAIN True" ]
	done
}

@test "a command leaves no core file, and no limit on it can be raised" {
	run pale run -w . -- sh -c 'ulimit -c; ulimit -c unlimited'
	[ "${lines[0]}" = 0 ] || [ "${lines[0]}" = 1 ]
	[ "$status" -ne 0 ]
	[ -z "$(ls)" ]
}

@test "the command starts where pale was started if that is granted, else at the root, or by --chdir" {
	mkdir sub
	run pale run -w . -- pwd
	[ "$output" = "$area" ]
	run pale run -- pwd
	[ "$output" = / ]
	run pale run -w . --chdir sub -- pwd
	[ "$output" = "$area/sub" ]
	says 125 "cannot change to '/nowhere' inside the cage: No such file or directory" \
		"grant it, for example with -r" pale run --chdir /nowhere -- true
}

@test "--proc: none, the own processes, or all with dangerous files covered" {
	need_feature proc
	run pale run --proc none -- sh -c 'ls /proc 2>&1'
	[ "$status" -ne 0 ]
	run pale run -- sh -c 'ls /proc | grep -E "^[0-9]+$|^(self|sys|kcore)$" | sort | uniq -c | wc -l
		test -e /proc/sys; echo $?'
	[ "${lines[1]}" = 1 ]
	run pale run --proc full -- sh -c 'cat /proc/kallsyms /proc/kcore 2>/dev/null | head -c1 | wc -c
		grep -c "^cpu " /proc/stat
		(echo x >/proc/sys/kernel/core_pattern) 2>/dev/null || echo refused'
	[ "$output" = "0
1
refused" ]
	says 125 "option --proc: 'some' is not one of none, self, full" "" pale run --proc some -- true
}

@test "only the cage's own processes can be seen" {
	need_feature proc
	run pale run -- sh -c 'ls -d /proc/[0-9]* | wc -l'
	[ "$output" -le 4 ]
}

@test "--bare gives nothing at all" {
	says 127 "cannot run '/bin/true' in the cage: No such file or directory" \
		"what is to be found and run is granted with -x; --explain shows what is" \
		pale run --bare -- /bin/true
	need busybox
	run pale run --bare -x "$(realpath "$(command -v busybox)")" -- \
		"$(realpath "$(command -v busybox)")" find / -maxdepth 1
	exits 0
	[ "$output" = "/
/${BUSYBOX:-$(realpath "$(command -v busybox)" | cut -d/ -f2)}" ]
}

@test "without grants there is no home, no /var, no /run, no /sys, and /tmp is empty" {
	run pale run -- sh -c 'ls -A /tmp; ls -d /home /root /run /sys /srv /mnt 2>/dev/null'
	[ -z "$output" ]
}

@test "profiles are listed and printed" {
	run pale run --list-profiles
	exits 0
	for name in cc convert git node pager python system untar; do
		grep -qx $name <<<"$output"
	done
	run pale run --print-profile system
	has "execute('/usr')"
	says 125 "there is no profile 'sytem'" "did you mean 'system'?" pale run -p sytem -- true
}

@test "a policy with #! is a program of its own" {
	cat >hello <<-'EOF'
		#!/usr/bin/env -S pale run --script
		read('.')
		command('/bin/echo', 'hello')
	EOF
	chmod +x hello
	run ./hello you
	exits 0
	[ "$output" = "hello you" ]
}

@test "one compartment of several is chosen by name" {
	mkdir a b
	cat >two.pale <<-'EOF'
		compartment 'a' { read('a') }
		compartment 'b' { read('b') }
	EOF
	pale run --policy two.pale --compartment a -- test -d "$area/a" || skip "no such syntax"
	run pale run --policy two.pale --compartment b -- ls "$area"
	[ "$output" = b ]
	says 125 "the policy has no compartment 'c'" "" pale run --policy two.pale --compartment c -- true
}

@test "a name that is granted and hidden is refused" {
	mkdir d
	says 125 "'$area/d' is both granted (-r) and hidden (--hide)" "take one of the two away" \
		pale run -r d --hide d -- true
}

@test "help and version" {
	run pale run --help
	exits 0
	has "Usage: pale run"
	has "--best-effort"
	run pale --version
	exits 0
	[[ "$output" == "pale "[0-9]* ]]
	run pale
	exits 2
}

@test "nothing is left: no mount, process or file, whether it worked or failed" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	pale run -w . -- true
	pale run -w . --chdir /nowhere -- true 2>/dev/null || true
	pale run -w . -- no-such-program 2>/dev/null || true
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
	[ -z "$(ls -A)" ]
}
