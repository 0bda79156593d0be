#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The walkers of examples/walker/: they build with the line that they name, from the public header
# alone, and the search says of them what their first comment says.

load lib.bash

setup() {
	area_make
	source=$(realpath "$cli_dir/../..")
}

teardown() {
	area_remove
}

# build NAME: with the line of its first comment.
build() {
	local line
	cp "$source/examples/walker/$1.c" .
	line=$(sed -n 's/^ \*     \(cc .*\)/\1/p' "$1.c")
	[ -n "$line" ]
	# The public headers and no others.
	mkdir -p include
	cp -r "$source/include/pale" include/
	eval "$line -Iinclude -Wall -Wextra -Wconversion -Werror"
}

# check NAME: with the line of its first comment, and what is given besides.
check() {
	local line
	line=$(sed -n 's/^ \*     pale \(check .*\)/\1/p' "$1.c")
	shift
	[ -n "$line" ]
	eval "run \"\$PALE\" $line $*"
}

@test "the walker that holds is built from its first comment, and holds" {
	build held
	check held
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "holds: union, under walker held, "* ]]
}

@test "and at each further scope of the ladder" {
	build held
	for scope in 2x3 3x2; do
		check held --scope $scope
		[ "$status" -eq 0 ]
	done
}

@test "it falls for call, and a look at the end would have helped" {
	build held
	run "$PALE" check moved-while-walked --walker ./held.so --property call --no-replay
	[ "$status" -eq 1 ]
	run "$PALE" check moved-while-walked --walker beneath --property call --no-replay
	[ "$status" -eq 0 ]
}

@test "a walker that refuses links is told so" {
	build held
	run "$PALE" check lookups --walker ./held.so --property progress
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "violated: "* ]]
}

@test "the walker that is wrong falls as its first comment says, in 6 steps" {
	build compare
	check compare
	[ "$status" -eq 1 ]
	[[ $output == *"obtains /tmp"*"in 6 steps"* ]]
}

@test "a C++ compiler takes the header" {
	printf '#include <pale/walker.h>\nextern "C" const struct pale_walker pale_walker = {};\n' >w.cc
	c++ -Wall -Wextra -Werror -Wno-missing-field-initializers -I"$source/include" -c w.cc
}
