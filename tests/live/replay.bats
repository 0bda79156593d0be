#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Witnesses of scenarios on this kernel: at the first try, as root and as an ordinary user, and
# nothing is left behind, whoever is killed.
# shellcheck disable=SC2154 # names of people.bash

setup() {
	# shellcheck disable=SC1091 source=tests/people.bash
	. "$BATS_TEST_DIRNAME/../people.bash"
	top=$(realpath "$BATS_TEST_DIRNAME/../..")
	tool=$(realpath -m "${PALE_BUILD:-$top/build}/tests/live/replay-tool")
	scenarios=$top/scenarios
	area=$(mktemp -d /tmp/pale-replay-test.XXXX)
	chmod 1777 "$area"
}

teardown() {
	rm -rf "$area"
}

# Scenarios that have a witness: what is vulnerable, as their first comment says.
vulnerable() {
	grep -l '^# Expected: violated' "$scenarios"/*.pale | grep -v ladder
}

# Can FUSE be had by $who?
has_fuse() {
	as test -w /dev/fuse
}

# Refused by a setting of this machine that the scenario does not have is no fault of ours.
settings='fs.protected_'

@test "the dot-dot race is reproduced 50 times of 50 by its walker, at the first try each time" {
	for who in $(people); do
		run as "$tool" "$scenarios/dotdots.pale" walker --times 50
		[ "$status" -eq 0 ]
		[ "$(grep -c '^walker: ' <<<"$output")" -eq 1 ]
		grep -q '^walker: 50 of 50 reproduced' <<<"$output"
	done
}

@test "the kernel's own walk is stopped at the right component 50 times of 50" {
	for who in $(people); do
		run as "$tool" "$scenarios/dotdots.pale" kernel --times 50
		[ "$status" -eq 0 ]
		if has_fuse; then
			grep -q '^kernel: 50 of 50 reproduced' <<<"$output"
		else
			grep -q '^kernel: 50 of 50 unable: .*/dev/fuse.*root' <<<"$output"
		fi
	done
}

@test "openat2 beneath and in-root, and a mount root, refuse it 50 times of 50" {
	who=root
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	has_fuse || skip "needs /dev/fuse"
	for how in beneath in-root mount; do
		run "$tool" "$scenarios/dotdots.pale" $how --times 50
		[ "$status" -eq 0 ]
		grep -qE "^$how: 50 of 50 refused: .* (EAGAIN|EXDEV|ENOENT)\$" <<<"$output"
	done
}

@test "what a stopped walk says of itself is where the kernel stands" {
	who=root
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	has_fuse || skip "needs /dev/fuse"
	run "$tool" "$scenarios/dotdots.pale" kernel -v
	diff <(grep '^  ' <<<"$output") - <<-'END'
		  attacker 1: openat(foo, "bar/../..")  starts
		  attacker 1: openat  bar -> /tmp/sandbox/foo/bar
		  attacker 2: renameat(foo, "bar", sandbox, "bar") = 0
		  attacker 1: openat  .. -> /tmp/sandbox
		  attacker 1: openat  .. -> /tmp
		  attacker 1: openat = /tmp
	END
	run "$tool" "$scenarios/dotdots.pale" beneath -v
	[[ $output == *"openat  .. = E"* ]]
}

@test "every scenario's witness is reproduced by its walker, as root at the first try" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for file in $(vulnerable); do
		run "$tool" "$file" walker -v
		echo "$file: $output"
		[ "$status" -eq 0 ]
		grep -qE "^walker: 1 of 1 reproduced|^walker: .*$settings" <<<"$output"
	done
}

@test "every scenario's witness can be played by the kernel's walk, and by those that confine it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	who=root
	has_fuse || skip "needs /dev/fuse"
	for file in $(vulnerable); do
		run "$tool" "$file"
		echo "$file: $output"
		[ "$status" -eq 0 ]
		[[ $output != *unable* ]]
	done
}

@test "without root a witness is reproduced, or it says what it lacks" {
	who=user
	for file in $(vulnerable); do
		run as "$tool" "$file" walker
		echo "$file: $output"
		[ "$status" -eq 0 ]
		grep -qE '^walker: 1 of 1 (reproduced|unable: .*run as root)' <<<"$output"
	done
	run as "$tool" "$scenarios/trailing-slash.pale"
	grep -q '^kernel: 1 of 1 reproduced' <<<"$output"
}

@test "another directory than a private tmpfs is as good, and is empty afterwards" {
	for who in $(people); do
		mkdir -p "$area/$who"
		chmod 777 "$area/$who"
		run as "$tool" "$scenarios/dotdots.pale" walker --dir "$area/$who"
		grep -q '^walker: 1 of 1 reproduced' <<<"$output"
		[ -z "$(ls -A "$area/$who")" ]
	done
}

# What a replay could leave on the machine; others may come and go meanwhile.
traces() {
	grep -cE 'pale-replay|- fuse pale' /proc/self/mountinfo
	ipcs -q -m -s | grep -iE "^0x0*($(grep -ohE "(msg|sem|shm)(get)?\('?0x[0-9a-f]+" "$scenarios"/*.pale |
		grep -oE '[0-9a-f]+$' | sort -u | paste -sd '|')) "
	compgen -G "$area/pale-replay-*"
	return 0
}

@test "no mount, process, descriptor, file or IPC object is left" {
	before=$(traces)
	for who in $(people); do
		for file in $(vulnerable); do
			run as "$tool" "$file" --dir "$area" --mark "$area"
			echo "$output"
			[ "$status" -eq 0 ]
			[[ $output != *"descriptors are left"* ]]
		done
	done
	[ "$before" = "$(traces)" ]
	# Its processes have its arguments; a caller that has an answer has waited for them.
	! pgrep -f -- "--mark $area"
}

@test "whoever is killed, at whatever moment, nothing is left" {
	before=$(wc -l </proc/self/mountinfo)
	seed=${PALE_SEED:-$RANDOM}
	for who in $(people); do
		ways=(walker)
		prefix=()
		[ $who = root ] || [ "$(id -u)" -ne 0 ] ||
			prefix=(setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups)
		! has_fuse || ways+=(kernel)
		for how in "${ways[@]}"; do
			run python3 "$BATS_TEST_DIRNAME/replay_kill.py" 15 "$seed" "${prefix[@]}" "$tool" \
				"$scenarios/dotdots.pale" "$how" --times 1000000
			echo "$output"
			[ "$status" -eq 0 ]
		done
		# A scratch directory of ours is emptied, whoever of the two that could do it is killed.
		mkdir -p "$area/$who"
		chmod 777 "$area/$who"
		run python3 "$BATS_TEST_DIRNAME/replay_kill.py" 15 "$seed" "${prefix[@]}" "$tool" \
			"$scenarios/dotdots.pale" walker --times 1000000 --dir "$area/$who"
		echo "$output"
		[ "$status" -eq 0 ]
	done
	[ "$before" = "$(wc -l </proc/self/mountinfo)" ]
}

@test "each script compiles without a warning, and happens while the kernel lets it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	written=0
	for file in $(vulnerable); do
		name=$area/$(basename "$file" .pale)
		run "$tool" "$file" none --script "$name.c"
		echo "$file: $output"
		if grep -q '^script: unable' <<<"$output"; then
			continue
		fi
		written=$((written + 1))
		cc -Wall -Wextra -Werror -O2 -o "$name" "$name.c"
		run "$name"
		echo "$output"
		[ "$status" -eq 1 ] || [[ $output == *"Operation not permitted" ]]
	done
	[ "$written" -ge 30 ]
	! compgen -G '/tmp/witness-*'
}

@test "a script ends with 0 where the violation does not happen, and with 2 where it cannot be played" {
	who=user
	as "$tool" "$scenarios/dotdots.pale" none --script "$area/a.c"
	sed 's/expect(renameat2(/expect(0 \& renameat2(/' "$area/a.c" >"$area/b.c"
	sed -i 's/0 & renameat2([^)]*)/0/' "$area/b.c"
	cc -Wall -Wextra -Werror -o "$area/a" "$area/a.c"
	cc -Wall -Wextra -Werror -o "$area/b" "$area/b.c"
	run as "$area/a"
	[ "$status" -eq 1 ]
	run as "$area/b"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"does not come as in the witness"* ]]
	as "$tool" "$scenarios/symlink-swap.pale" none --script "$area/c.c"
	cc -Wall -Wextra -Werror -o "$area/c" "$area/c.c"
	run as "$area/c"
	[ "$status" -eq 2 ]
	! compgen -G '/tmp/witness-*'
}

@test "random ways through every scenario give on this kernel what they give in the model" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	who=root
	seed=${PALE_SEED:-$RANDOM}
	for file in "$scenarios"/*.pale; do
		# What a kernel's walk would answer is asked of the plain walk, which it is.
		for how in walker "kernel --walker none"; do
			[ "$how" = walker ] || has_fuse || continue
			# shellcheck disable=SC2086 # words
			run "$tool" "$file" $how --random 10 --seed "$seed"
			echo "$file: $how: seed $seed: $output"
			[ "$status" -eq 0 ]
		done
	done
}
