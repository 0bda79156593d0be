#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a machine can see of the tree's rules (docs/style.md): each line of TAP is one rule.
# shellcheck disable=SC2046 # file names of ours hold no blanks
set -u
cd "$(dirname "$0")/.." || exit 1
number=0

# check SENTENCE COMMAND...: the rule holds if the command prints nothing and succeeds.
check() {
	local sentence=$1 out status
	shift
	number=$((number + 1))
	out=$("$@" 2>&1)
	status=$?
	if [ $status -eq 0 ] && [ -z "$out" ]; then
		echo "ok $number - $sentence"
	else
		echo "not ok $number - $sentence"
		printf '%s\n' "$out" | head -n 40 | sed 's/^/# /'
	fi
}

sources() { git ls-files '*.c' '*.h' | sort; }

layout() {
	local file bad=0
	for file in $(sources); do
		clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || {
			echo "$file"
			bad=1
		}
	done
	return $bad
}

# Layers, lowest first; a file may include from its own or one further left. report needs run's
# types; kernel and policy do not know each other.
layers() {
	awk '
		BEGIN {
			may["core"] = " core "
			may["kernel"] = " core kernel "
			may["policy"] = " core policy "
			may["model"] = " core policy model "
			may["cage"] = " core kernel cage "
			may["run"] = " core kernel policy cage run "
			may["ipc"] = " core kernel cage ipc "
			may["caprights"] = " core kernel cage caprights "
			may["replay"] = " core kernel policy model cage replay "
			may["check"] = " core kernel policy model cage replay check "
			may["race"] = " core kernel policy model cage replay race "
			may["audit"] = " core kernel policy audit "
			may["report"] = " core kernel policy model cage run replay check report "
			may["cli"] = " core kernel policy model cage replay ipc run check race audit report cli "
		}
		/^#include "/ {
			split(FILENAME, at, "/")
			split($2, to, "\"")
			n = split(to[2], part, "/")
			# The public headers belong to all.
			if (n > 1 && part[1] != "pale" && index(may[at[2]], " " part[1] " ") == 0)
				print FILENAME ":" FNR ": " at[2] " may not include " to[2]
		}' $(git ls-files 'src/*.c' 'src/*.h' 'src/*.def')
}

# core, model, check and report make no system call that looks at the machine or changes it: their
# objects ask the C library for none.
pure() {
	local library
	for library in "${PALE_BUILD:-build}"/src/{core,model,check,report}/lib*.a; do
		[ -f "$library" ] && nm -A --undefined-only "$library" | grep -wE \
			'(open|openat|close|read|write|pread|ioctl|fcntl|stat|fstat|lstat|fstatat|statx|access|unlink|rename|mkdir|fork|vfork|clone|execve|kill|mount|socket|bind|connect|syscall|prctl|getenv|getcwd|time|clock_gettime|random|getrandom)(64)?$'
	done
	return 0
}

sizes() {
	wc -l $(git ls-files '*.c' '*.h' '*.sh' '*.bats') | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines, 800 is the most" }'
}

spdx() {
	local file
	for file in $(git ls-files '*.c' '*.h' '*.def' '*.sh' '*.bats' '*.py' '*.pale' '*meson.build' Makefile |
		grep -v '^fuzz/seeds/'); do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$file"
	done
}

# Only src/cli prints or ends the program.
quiet() {
	grep -nE '\b(printf|puts|putchar|perror|exit)\(' $(git ls-files 'src/*.c' | grep -v '^src/cli/') |
		grep -vE '\b_exit\(|(sn|vsn|as|vas|f|d)printf\('
	return 0
}

scripts() {
	shellcheck -x -S warning $(git ls-files '*.sh' .ci/run completions/*.bash 2>/dev/null)
}

manuals() {
	local page
	for page in $(git ls-files 'man/*.[0-9]') "${PALE_BUILD:-build}"/man/*.[0-9]; do
		[ ! -f "$page" ] || mandoc -T lint -W warning "$page"
	done
}

# A name of this machine or of a registry has no place in the tree.
clean_names() {
	git grep -nIE '(/home/[a-z]+/|deb\.debian\.org|registry\.npmjs)' -- . ':!tests/lint.sh'
	return 0
}

needed() {
	local name
	for name in make sh; do command -v $name >/dev/null || echo "$name"; done
	tools/need.sh
}

check "every package that is needed is installed" needed
check "C is laid out as clang-format says" layout
check "a file includes only from its own layer or below" layers
check "core, model, check and report make no system call" pure
check "no file is longer than 800 lines" sizes
check "every file names its licence" spdx
check "libraries never print or exit" quiet
check "scripts pass shellcheck" scripts
check "man pages pass mandoc" manuals
check "no file names a machine or a registry" clean_names
echo "1..$number"
