#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# --learn: what is written, what is kept, what is never learned, and what is said.
# shellcheck disable=SC2016 # scripts for the shell inside

load lib

setup() {
	area_make
	mkdir w home
	export HOME=$area/home
	F=$area/f.pale
	# A name for the tree, in the file's own words.
	W=$area/w
}

teardown() {
	area_remove
}

# Learn a command in the tree.
learn() {
	(cd "$W" && pale run --learn "$F" "$@")
}

# The lines that are in force and were learned.
used() {
	sed -n '/^# -- used/,/^# -- denied/{/^[^#]/p}' "$F"
}

@test "a file that is read is granted for reading, and nothing else in its directory is" {
	echo one >w/a
	echo two >w/b
	learn -- cat a
	[ "$(used)" = "maybe_file('$W/a', 'read')" ]
	run pale run --policy "$F"
	[ "${lines[-1]}" = one ]
	run pale run --policy "$F" -- "$W/b"
	[[ "$output" == *"b: No such file"* ]]
}

@test "the line at the end says what was learned and what to do next" {
	echo one >w/a
	run --separate-stderr learn -- cat a
	exits 0
	[ "$output" = one ]
	[ "$stderr" = "pale: learned 1 grant in $F after 1 run, 0 of them widened; 0 denied outside of the trees, 0 not granted; next: read it, then pale run --policy $F" ]
}

@test "a file that is made, renamed or removed needs its directory, and that is said" {
	mkdir w/d
	echo one >w/d/a
	learn -- sh -c 'echo x >d/new; mv d/new d/final; rm d/a'
	used | grep -q "^maybe_dir('$W/d', '.*create.*unlinkat.*')$"
	grep -q '^# widened: .* are made, removed or renamed$' "$F"
	echo one >w/d/a
	pale run --policy "$F"
}

@test "four siblings with the same rights become their directory, three do not" {
	touch w/a w/b w/c w/d
	learn -- cat a b c
	[ "$(used | grep -c maybe_file)" -eq 3 ]
	learn -- cat a b c d
	[ "$(used)" = "maybe_dir('$W', 'read')" ]
	grep -q '^# widened: 4 names in it (a, b, c ...) have the same rights$' "$F"
}

@test "a name that is not there needs nothing, one that is asked for by stat is only shown" {
	touch w/there
	learn -- sh -c 'test -e there; test -e gone; cat gone 2>/dev/null; exit 0'
	[ "$(used)" = "maybe_file('$W/there', 'lookup')" ]
}

@test "several runs are united: counts add up, nothing that was learned is lost" {
	echo 1 >w/a
	echo 2 >w/b
	learn -- cat a
	learn -- cat b
	learn -- cat a
	grep -qx '# runs 3' "$F"
	[ "$(used)" = "maybe_file('$W/a', 'read')
maybe_file('$W/b', 'read')" ]
	# What differs is given behind the policy.
	grep -qx "command('cat')" "$F"
	run pale run --policy "$F" -- a b
	[ "${lines[-1]}" = 2 ]
	[ "$(grep -c '^# seen' "$F")" -eq 2 ]
}

@test "what people wrote around the marks is kept to the byte, and is in force" {
	echo 1 >w/a
	printf '# mine\nenv("OWN=1")\n/* and\n   more */' >"$F"
	cp "$F" before
	learn -- sh -c 'cat a; echo $OWN' >out
	[ "$(cat out)" = "1
1" ]
	printf '\n# below\nlimit("nofile=99")' >>"$F"
	learn -- cat a
	head -c "$(stat -c %s before)" "$F" | cmp - before
	[ "$(tail -2 "$F")" = '# below
limit("nofile=99")' ]
	run pale run --policy "$F" -- sh
	exits 0
}

@test "a line that people change between the marks counts as seen, one that they remove is gone" {
	echo 1 >w/a
	echo 2 >w/b
	learn -- cat a
	learn -- cat b
	sed -i "/w.b'/d; s/w.a', 'read'/w\/a', 'read,write'/" "$F"
	learn -- cat a
	[ "$(used)" = "maybe_file('$W/a', 'read,write')" ]
}

@test "a mark that is missing is an error, and the file stays as it is" {
	echo 1 >w/a
	learn -- cat a
	sed -i '/^# <<</d' "$F"
	cp "$F" before
	run learn -- cat a
	exits 125
	[[ "$output" == *"the line '# <<< learned by pale run --learn' is missing"* ]]
	cmp "$F" before
}

@test "secrets stay out, even where the whole home may be learned" {
	mkdir -p home/.ssh home/.config/gh home/proj
	echo key >home/.ssh/id_rsa
	echo token >home/.config/gh/hosts.yml
	printf -- '-----BEGIN PRIVATE KEY-----\nkey\n' >home/proj/server.pem
	echo 'certificate' >home/proj/ca.pem
	run pale run --learn "$F" --learn-within "$HOME" -- sh -c '
		cd; cat .ssh/id_rsa .config/gh/hosts.yml proj/server.pem proj/ca.pem; exit 0'
	exits 0
	[[ "$output" != *key* ]]
	[[ "$output" != *token* ]]
	[[ "$output" == *certificate* ]]
	[[ "$output" == *"the program came upon 3 secrets"* ]]
	run used
	[ "$output" = "maybe_file('$HOME/proj/ca.pem', 'read')" ]
}

@test "a secret stays hidden whatever the command does to the names around it" {
	mkdir -p home/.config/gh home/.ssh home/x
	echo token >home/.config/gh/hosts.yml
	echo key >home/.ssh/id_rsa
	echo pass >home/.netrc
	run pale run --learn "$F" --learn-within "$HOME" -- sh -c '
		cd
		mv .config c2; cat c2/gh/*; mv .ssh s2; cat s2/* .ssh/*; rm -f .netrc; cat .netrc
		ln .netrc n2; cat n2; mv x .netrc; rm -rf .ssh c2; rmdir .ssh; cat .ssh/id_rsa
		ln -s .ssh l; cat l/id_rsa; cd .ssh && cat ../.ssh/id_rsa; cat /proc/self/cwd/id_rsa
		cat "$HOME/.ssh/../.ssh/id_rsa" /proc/self/root"$HOME"/.ssh/id_rsa; exit 0'
	exits 0
	[[ "$output" != *token* ]]
	! grep -qE '^(key|pass)$' <<<"$output"
	[ "$(cat home/.ssh/id_rsa home/.netrc)" = "key
pass" ]
	! used | grep -qE "ssh|netrc"
}

@test "no directory that has a secret is granted as a whole, and that is said" {
	mkdir -p home/proj/src
	printf -- '-----BEGIN PRIVATE KEY-----\n' >home/proj/key.pem
	for i in a b c d e; do echo $i >home/proj/$i; done
	(cd home/proj && pale run --learn "$F" -- sh -c 'cat a b c d e; ls; echo x >new; echo y >src/new')
	! used | grep -q "proj', "
	used | grep -q "proj/src', "
	grep -q '^# used, but not granted: it would show a secret$' "$F"
	run pale run --policy "$F" -- sh -c 'cat key.pem; cat a'
	[[ "$output" != *BEGIN* ]]
}

@test "a secret that is named is learned" {
	mkdir home/.ssh
	echo host >home/.ssh/config
	echo key >home/.ssh/id_rsa
	run pale run --learn "$F" --learn-within "$HOME" -r home/.ssh/config -- \
		sh -c 'cd; cat .ssh/config .ssh/id_rsa; exit 0'
	[[ "$output" == *host* ]]
	[[ "$output" != *key* ]]
	used | grep -q "home/.ssh/config', 'read"
}

@test "a home is never granted, nor what is above it" {
	mkdir home/.cache
	run pale run --learn "$F" --learn-within "$area" -- sh -c 'cd; ls; echo x >.new; exit 0'
	exits 0
	[ -z "$(used)" ]
	grep -q '^# used, but not granted: it would show all of a home$' "$F"
}

@test "the whole machine cannot be learned, nor what is no directory or not there" {
	run pale run --learn "$F" --learn-within / -- true
	exits 125
	[[ "$output" == *"'/' is the whole machine"* ]]
	run pale run --learn "$F" --learn-within /proc/self -- true
	exits 125
	touch file
	run pale run --learn "$F" --learn-within file -- true
	exits 125
	[[ "$output" == *"'file' is no directory"* ]]
	run pale run --learn "$F" --learn-within gone -- true
	exits 125
	[ ! -e "$F" ]
}

@test "what lies outside of the trees stays closed, and is written as comments" {
	echo beyond >x
	echo one >w/a
	run learn -- sh -c 'cat a; cat ../x; echo y >../y; exit 0'
	[[ "$output" != *beyond* ]]
	[ ! -e y ]
	grep -q "^# maybe_read('$area/x')$" "$F"
	run pale run --policy "$F" -- sh
	exits 0
	[[ "$output" != *beyond* ]]
	# Without the mark of a comment it is a statement.
	{
		sed -n "s/^# \(maybe_read('.*x')\)/\1/p" "$F"
		cat "$F"
	} >g.pale
	run pale run --policy g.pale
	[[ "$output" == *beyond* ]]
}

@test "the network is not learned: each address is a comment, and nothing is reached" {
	/usr/bin/python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
s.settimeout(20)
s.accept()
print("reached", flush=True)' >port 3>&- &
	server=$!
	until [ -s port ]; do :; done
	port=$(cat port)
	run learn -- /usr/bin/python3 -c "
import socket
try:
    socket.create_connection(('127.0.0.1', $port))
except OSError as e:
    print('refused')
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))
except OSError as e:
    print('refused')"
	[[ "$output" == *refused*refused* ]]
	kill $server
	! used | grep -qE 'tcp|udp|net'
	grep -qx "# tcp('127.0.0.1:$port', 'connect')" "$F"
	grep -qx "# udp('127.0.0.1:53', 'connect')" "$F"
	! grep -q reached port
	# Not even a socket of it can be made by what was learned.
	run pale run --policy "$F"
	[[ "$output" == *refused*refused* ]]
}

@test "profiles and what else the command line grants are in the policy, which is then complete" {
	mkdir lib
	echo data >lib/d
	echo one >w/a
	learn -p python -r ../lib --env=V=7 -- sh -c 'cat a ../lib/d; echo $V'
	grep -qx "profile('python')" "$F"
	grep -qx "read('$W/../lib')" "$F"
	grep -qx "env('V=7')" "$F"
	cd /
	run --separate-stderr pale run --policy "$F"
	[ "$output" = "one
data
7" ]
	# And not twice.
	(cd "$W" && pale run --learn "$F" -p python -r ../lib --env=V=7 -- true)
	[ "$(grep -c "^profile" "$F")" -eq 1 ]
}

@test "a grant in a tree gives way to what is learned of it" {
	echo one >w/a
	echo two >w/b
	learn -w . -- cat a
	[ "$(used)" = "maybe_file('$W/a', 'read')" ]
	! grep -q '^write' "$F"
}

@test "the file is made anew, for its owner alone, and nothing is left beside it" {
	echo one >w/a
	mkdir out
	F=$area/out/f.pale
	(umask 0 && learn -- cat a)
	[ "$(stat -c %a "$F")" = 600 ]
	chmod 644 "$F"
	learn -- cat a
	[ "$(stat -c %a "$F")" = 600 ]
	[ "$(ls -A out)" = f.pale ]
}

@test "a link, a FIFO, a directory or an unwritable place is refused before anything runs" {
	echo keep >target
	ln -s target link
	ln -s nowhere dangling
	mkfifo fifo
	for name in link dangling fifo w gone/f /dev/null; do
		run timeout 10 pale run --learn "$name" --learn-within w -- touch w/ran
		exits 125
	done
	[ "$(cat target)" = keep ]
	[ ! -e w/ran ]
	mkdir locked
	chmod 555 locked
	own .
	who=user
	run as timeout 10 pale run --learn locked/f --learn-within w -- touch w/ran
	exits 125
	[ ! -e w/ran ]
}

@test "a file that becomes a link while the program runs is not written through" {
	echo keep >target
	(
		cd w
		mkfifo go
		timeout 20 pale run --learn ../f.pale -- sh -c 'echo >started; read x <go' 2>../err &
		wait_for=$!
		until [ -e started ]; do :; done
		ln -s target ../f.pale
		echo >go
		! wait $wait_for
	)
	[ "$(cat target)" = keep ]
	grep -q 'cannot write what was learned' err
}

@test "a text that is no policy is refused, and stays" {
	echo 'no policy' >"$F"
	run learn -- true
	exits 125
	[ "$(cat "$F")" = 'no policy' ]
}

@test "hostile names are written so that they mean themselves, and the policy runs" {
	cd w
	printf x >"$(printf 'a\nread("etc")\n# ')"
	printf x >'b * "quote" $HOME ${HOME} `id`'
	mkdir 'e *'
	printf x >'e */ #'
	printf x >"c ' #"
	printf x >"$(printf 'd\377\033[31m\342\200\256')"
	cd ..
	for round in 1 2; do
		learn -- sh -c 'cat a* b* c* d* e*/*'
	done
	! grep -q '^read' "$F"
	! LC_ALL=C grep -q "$(printf '[\033\377]')" "$F"
	run --separate-stderr pale run --policy "$F"
	[ "$output" = xxxxx ]
	# One by one, too: three are not yet their directory.
	rm "$F"
	names='cat "$(printf "a\nread(\"etc\")\n# ")" "b * \"quote\" \$HOME \${HOME} \`id\`" "e */ #"'
	learn -- sh -c "$names"
	[ "$(used | grep -c '^maybe_file')" -eq 3 ]
	run --separate-stderr pale run --policy "$F"
	[ "$output" = xxx ]
}

@test "a flood of names is bounded, and said" {
	run learn -- /usr/bin/python3 -c '
import os
for i in range(210):
    os.mkdir("d%d" % i)
    for k in range(100):
        os.close(os.open("d%d/n%d" % (i, k), os.O_CREAT | os.O_WRONLY))'
	exits 0
	[[ "$output" == *"too many names"* ]]
	[ "$(stat -c %s "$F")" -lt 100000 ]
	[ "$(used | wc -l)" -eq 1 ]
}

@test "the command's exit code is pale's, and one that is not found leaves no file" {
	run learn -- sh -c 'exit 9'
	exits 9
	[ -f "$F" ]
	rm "$F"
	run -127 learn -- nothing-such
	[ ! -e "$F" ]
}

@test "links in the tree are made anew where they lead to what is granted" {
	mkdir w/real
	echo one >w/real/x
	ln -s real/x w/link
	ln -s /usr/bin/cat w/mycat
	learn -- ./mycat link
	used | grep -qx "link('$W/link', 'real/x')"
	used | grep -qx "link('$W/mycat', '/usr/bin/cat')"
	run --separate-stderr pale run --policy "$F"
	[ "$output" = one ]
}

@test "a name that the program replaces by a link is not what a grant goes by, in no later run" {
	mkdir -p w/d home/.ssh
	echo secret >x
	echo one >w/d/tool
	# While it is learned: a directory becomes a link, and the file in it one of outside.
	learn -- sh -c 'cat d/tool; mv d e; ln -s .. d; mkdir f; echo 1 >f/x; cat f/x; rm -r f; ln -s .. f'
	run pale run --policy "$F" -- sh
	rm w/d w/f
	mv w/e w/d
	run pale run --policy "$F"
	# And by what was granted, before the next run.
	rm -rf w/* "$F"
	mkdir -p w/sub
	printf '#!/bin/sh\necho tool\n' >w/sub/tool
	chmod +x w/sub/tool
	learn -- sh -c './sub/tool; mkdir t; ln -s x l; rm -r t l'
	pale run --policy "$F"
	(cd w && rm -r sub && ln -s .. sub && cp /usr/bin/true ../tool)
	sed '/^command/d' "$F" >g.pale
	run pale run --policy g.pale -- sh -c 'cat sub/x; ls -l sub/; ls ..'
	[[ "$output" != *secret* ]]
	[[ "$output" != *home* ]]
}

@test "beside a hand-written grant that lets names be replaced nothing is granted by name" {
	printf '#!/bin/sh\necho ran\n' >w/tool
	chmod +x w/tool
	echo "write('$W')" >"$F"
	learn -- sh -c 'cat tool; ./tool'
	[ -z "$(used)" ]
	grep -q '^# used, but not granted: the command could replace its name' "$F"
	grep -qx "# maybe_file('$W/tool', '.*fexecve.*')" "$F"
}

@test "a socket and a FIFO of the tree are learned as what they are" {
	mkfifo w/pipe
	/usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.bind("w/sock")
s.listen()
c, _ = s.accept()
c.sendall(b"served\n")
c, _ = s.accept()
c.sendall(b"served\n")' &
	server=$!
	until [ -S w/sock ]; do :; done
	script='
import os, socket
s = socket.socket(socket.AF_UNIX)
s.connect("sock")
print(s.recv(9).decode(), end="")
f = os.open("pipe", os.O_RDWR)
os.write(f, b"x")'
	run learn -- /usr/bin/python3 -c "$script"
	[[ "$output" == *served* ]]
	used | grep -qx "unix('$W/sock', 'connect')"
	used | grep -qx "fifo('$W/pipe', 'read,write')"
	run pale run --policy "$F"
	[[ "$output" == *served* ]]
	wait $server
}

@test "a policy that lies where the command can write is told of" {
	run pale run --learn "$F" --learn-within "$W" --chdir "$W" -- sh -c "touch n; rm n"
	[[ "$output" != *"lies where the command may write"* ]]
	run pale run --learn "$W/own.pale" --learn-within "$W" --chdir "$W" -- sh -c "touch n; rm n"
	[[ "$output" == *"lies where the command may write"* ]]
}

@test "what the command writes into its own policy while it is learned is lost" {
	F=$W/own.pale
	echo "env('A=1')" >"$F"
	learn -- sh -c 'echo "read('"'/etc'"')" >>own.pale; cat own.pale' >out
	grep -q "read('/etc')" out
	! grep -q "^read" "$F"
	grep -q "^env('A=1')" "$F"
}

@test "a run can be traced and learned at once" {
	echo x >x
	run learn --trace -- sh -c 'cat ../x; exit 0'
	[[ "$output" == *"pale: denied cat"* ]]
	[[ "$output" == *"pale: learned"* ]]
}

@test "options that do not go together are refused" {
	run pale run --learn-within w -- true
	exits 125
	[[ "$output" == *"option --learn-within is for --learn"* ]]
	run pale run --learn "$F" --explain
	exits 125
	run pale run --learn "$F" --compartment x -- true
	exits 125
}

@test "trying to execute a directory is not a use that would grant to execute what is in it" {
	mkdir w/d
	run learn -- sh -c './d; ls d'
	[ "$(used)" = "maybe_dir('$W/d', 'read')" ]
}

@test "where the file cannot be written, it is said that the command could have" {
	[ "$(id -u)" -eq 0 ] || skip "root alone mounts"
	run unshare -m sh -c 'mount -t tmpfs -o size=16k,mode=777 tmpfs "$1" && cd "$1" &&
		pale run --learn f.pale -- sh -c "
			echo \"write(\\\"/etc\\\")\" >f.pale; head -c 20000 /dev/zero >z; true"' sh "$W"
	[ "$status" -eq 125 ]
	[[ "$output" == *"do not use 'f.pale': it lies where the command could write"* ]]
}
