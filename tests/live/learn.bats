#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What is learned of a real program runs it: at most three runs of learning, then the learned policy
# alone, with the same output, exit code and files as natively; and it stops what was never used.
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

# Learn a command, and hold a run under what was learned against a native one.
# learned GRANT... -- COMMAND...   with $rounds runs of learning (default 1)
learned() {
	local grants=() part i
	local env=("PATH=/usr/bin:/bin" "HOME=$area/home" LANG=C.UTF-8 TERM=xterm TZ=UTC "${vars[@]}")
	while [ "$1" != -- ]; do
		grants+=("$1")
		shift
	done
	shift
	policy=$area/learned.pale
	rm -f "$policy"
	one native "${env[@]}" "$@"
	for i in $(seq "${rounds:-1}"); do
		one learn "${env[@]}" "$PALE" run --learn "$policy" "${grants[@]}" \
			"${vars[@]/#/--env=}" -- "$@"
	done
	[ -f "$policy" ] || {
		echo "nothing was learned:"
		cat "$area/learn.err"
		return 1
	}
	one cage "${env[@]}" "$PALE" run --policy "$policy"
	sed -i '/^pale: /d' "$area/cage.err"
	for part in code err out list sums; do
		if [ "$part" = out ] || [ "$part" = err ]; then
			stable "$area/native.$part"
			stable "$area/cage.$part"
		fi
		diff -u "$area/native.$part" "$area/cage.$part" || {
			echo "as $who, '$part' differs; learned was:"
			cat "$policy"
			head -50 "$area/learn.err" "$area/cage.err"
			return 1
		}
	done
	[ "$(cat "$area/native.code")" -eq "${want:-0}" ]
	nothing_else
}

# Under the learned policy, what the program never did: read a home's keys, write beside the tree,
# read what nobody used, connect.
nothing_else() {
	local probe out
	probe=$(sed '/^command(/d' "$policy")
	printf '%s\n' "$probe" >"$area/probe.pale"
	as mkdir -p "$area/home/.ssh"
	as sh -c "echo key >$area/home/.ssh/id_rsa; echo text >$area/beside"
	chmod 644 "$area/probe.pale"
	out=$(cd "$area/w" && as env -i PATH=/usr/bin:/bin HOME="$area/home" "$PALE" run \
		--policy "$area/probe.pale" -- sh -c '
		cat "$HOME/.ssh/id_rsa" && echo READ KEY
		cat ../beside && echo READ BESIDE
		echo x >../made
		echo x >../beside
		cat /etc/shadow && echo READ SHADOW
		: >/usr/made && echo WROTE USR' 2>/dev/null) || true
	# In the private /tmp of the cage a file can be made; outside none must be.
	[ ! -e "$area/made" ] && [ "$(cat "$area/beside")" = text ] && [ -z "$out" ] || {
		echo "the learned policy lets through: $out"
		cat "$policy"
		return 1
	}
}

@test "make and gcc" {
	for who in $(people); do
		area_make "$who"
		cat >"$area/tree/main.c" <<'END'
#include <stdio.h>
#include "gen.h"
int main(void) { printf("%d\n", SEED); return 3; }
END
		cat >"$area/tree/Makefile" <<'END'
prog: main.o
	$(CC) -o $@ $^
main.o: gen.h
gen.h:
	echo '#define SEED 17' >$@
END
		area_own
		want=3 learned -p cc -- sh -c 'make -s && ./prog'
	done
}

@test "meson and ninja" {
	need /usr/bin/meson /usr/bin/ninja
	make_stable() { sed -E 's/[0-9.]+ ?s\b/TIME/g'; }
	for who in $(people); do
		area_make "$who"
		printf '%s\n' "project('p', 'c')" "prog = executable('prog', 'main.c')" \
			"test('runs', prog)" >"$area/tree/meson.build"
		echo 'int main(void) { return 0; }' >"$area/tree/main.c"
		area_own
		skip='/meson-(logs|private|info)/|/\.ninja_(log|deps)$'
		learned -p cc -- sh -c 'meson setup b && ninja -C b --quiet && meson test -C b --quiet'
	done
}

@test "git status" {
	for who in $(people); do
		area_make "$who"
		git_tree
		skip='/\.git/index$'
		learned -p git -- git status --porcelain
	done
}

git_tree() {
	vars=(GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C
		GIT_COMMITTER_EMAIL=c@example.org GIT_AUTHOR_DATE=2020-01-01T00:00:00Z
		GIT_COMMITTER_DATE=2020-01-01T00:00:00Z GIT_CONFIG_NOSYSTEM=1
		GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0
		GIT_CONFIG_KEY_1=pack.threads GIT_CONFIG_VALUE_1=1)
	[ "$(id -u)" -ne 0 ] || chown -R 0:0 "$area/tree"
	(
		cd "$area/tree" || exit 1
		for d in 1 2 3 4 5 6; do
			mkdir "d$d"
			for f in 1 2 3 4 5 6; do echo "$d $f" >"d$d/f$f"; done
		done
		env "${vars[@]}" git init -q -b main .
		env "${vars[@]}" git add .
		env "${vars[@]}" git commit -q -m first
	)
	area_own
}

@test "git add, commit, log, gc and fsck" {
	for who in $(people); do
		area_make "$who"
		git_tree
		skip='/\.git/index$'
		learned -p git -- sh -ec '
			echo change >>d1/f1; rm d2/f2; git mv d3/f3 d3/moved; echo new >new
			git add -A; git commit -m second; git log --stat --format=raw
			git gc --quiet; git fsck; git count-objects'
	done
}

@test "python with a virtual environment" {
	need /usr/bin/python3
	for who in $(people); do
		area_make "$who"
		(
			cd "$area" && as /usr/bin/python3 -m venv --without-pip w && mv w/* tree/ &&
				rmdir w
		)
		echo 'import mine, sqlite3, json; print(mine.VALUE, __file__)' >"$area/tree/job.py"
		mkdir "$area/tree/mine"
		echo 'VALUE = 42' >"$area/tree/mine/__init__.py"
		area_own
		skip='\.pyc$'
		learned -p python -- ./bin/python job.py
	done
}

file_tree() {
	(
		cd "$area/tree" || exit 1
		mkdir -p in/deep/er
		seq 5000 >in/numbers
		printf 'x' >in/deep/er/x
		chmod 750 in/deep
		ln -s ../numbers in/deep/link
		printf 'name' >"in/$(printf 'odd\nname "$HOME" \047*#\377')"
		touch -d 2001-02-03T04:05:06 in/numbers
	)
	area_own
}

@test "tar packs and unpacks, hostile names among them" {
	export LC_ALL=C # a name is no UTF-8
	for who in $(people); do
		area_make "$who"
		file_tree
		learned -p untar -- sh -ec '
			tar -cf a.tar --sort=name in; tar -tvf a.tar
			mkdir out; tar -xpf a.tar -C out; find out | sort'
	done
}

@test "zip and unzip" {
	need /usr/bin/zip /usr/bin/unzip
	for who in $(people); do
		area_make "$who"
		file_tree
		skip='\.zip$'
		learned -p untar -- sh -ec 'zip -qr a.zip in; unzip -q a.zip -d out; ls -R out'
	done
}

@test "sqlite in WAL mode" {
	need /usr/bin/sqlite3
	for who in $(people); do
		area_make "$who"
		skip='/x\.db'
		learned -- sqlite3 x.db \
			'PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(7); SELECT * FROM t;'
	done
}

@test "node with modules, a worker and files" {
	need /usr/bin/node
	for who in $(people); do
		area_make "$who"
		mkdir -p "$area/tree/node_modules/mine"
		echo 'exports.x = 5' >"$area/tree/node_modules/mine/index.js"
		cat >"$area/tree/job.js" <<'END'
const { x } = require("mine");
const { Worker } = require("worker_threads");
const fs = require("fs");
new Worker("require('worker_threads').parentPort.postMessage(3)", { eval: true }).on("message", (m) => {
	fs.mkdirSync("out");
	fs.writeFileSync("out/a", String(m + x));
	fs.renameSync("out/a", "out/b");
	console.log(fs.readFileSync("out/b", "utf8"));
});
END
		area_own
		learned -p node -- node job.js
	done
}

@test "sed in place" {
	for who in $(people); do
		area_make "$who"
		seq 10 >"$area/tree/numbers"
		echo other >"$area/tree/other"
		area_own
		learned -- sed -i s/1/one/ numbers
	done
}

@test "ImageMagick" {
	need /usr/bin/convert-im6.q16
	for who in $(people); do
		area_make "$who"
		learned -p convert -- sh -ec '
			im=/usr/bin/convert-im6.q16
			$im -size 80x60 gradient:red-blue -strip -define png:exclude-chunks=date,time a.png
			$im a.png -resize 50% -rotate 90 -quality 80 -strip b.jpg'
	done
}

@test "gpg makes a key, signs and verifies" {
	need /usr/bin/gpg
	for who in $(people); do
		area_make "$who"
		skip='/g/'
		make_stable() { grep -vE 'key|[0-9A-F]{16}|using|Signature made'; }
		learned -- sh -ec '
			mkdir -m 700 g; echo text >f
			g="gpg --homedir $PWD/g --batch --quiet --passphrase= --pinentry-mode loopback"
			$g --quick-gen-key "A B <a@example.org>" ed25519 sign never
			$g --sign -o f.sig f; $g --decrypt f.sig; rm f.sig
			gpgconf --homedir "$PWD/g" --kill all; rm -rf g'
	done
}

@test "less on a pipe" {
	need /usr/bin/less
	for who in $(people); do
		area_make "$who"
		seq 100 >"$area/tree/numbers"
		area_own
		learned -p pager -- less numbers
	done
}

@test "a script and a library of the tree, which the kernel and the loader open by themselves" {
	for who in $(people); do
		area_make "$who"
		(
			cd "$area/tree" || exit 1
			echo 'int f(void) { return 7; }' >f.c
			echo 'int f(void); int main(void) { return f(); }' >m.c
			gcc -shared -fPIC -o libf.so f.c && gcc -o m m.c -L. -lf -Wl,-rpath,'$ORIGIN'
			mkdir bin && cp /usr/bin/dash bin/mysh
			printf '#!%s\n./m\n' "$area/w/bin/mysh" >script
			chmod +x script
		)
		area_own
		want=7 learned -- ./script
	done
}

@test "three runs of different commands are united" {
	for who in $(people); do
		area_make "$who"
		git_tree
		cp -a "$area/tree" "$area/w"
		policy=$area/learned.pale
		env=(env -i PATH=/usr/bin:/bin HOME="$area/home" "${vars[@]}")
		for words in 'status --porcelain' 'log --oneline' 'commit -q --allow-empty -m x'; do
			(cd "$area/w" && as "${env[@]}" "$PALE" run --learn "$policy" -p git \
				"${vars[@]/#/--env=}" -- git $words)
		done
		grep -qx '# runs 3' "$policy"
		grep -qx "command('git')" "$policy"
		for words in 'status --porcelain' 'log --oneline' 'commit -q --allow-empty -m x'; do
			(cd "$area/w" && as "${env[@]}" "$PALE" run --policy "$policy" -- $words) ||
				{
					cat "$policy"
					return 1
				}
		done
	done
}
