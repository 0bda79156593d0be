#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `mpirun -n K pale check --mpi`: the same states, by many processes.

setup() {
	load lib.bash
	area_make
	# Without the part that is built with Open MPI there is nothing to test but the sentence.
	[ "$BATS_TEST_DESCRIPTION" = "built without Open MPI: a sentence" ] && return
	need mpirun
	[ -x "$(dirname "$PALE")/pale-check-mpi" ] || skip "needs pale-check-mpi (Open MPI)"
}

teardown() {
	area_remove
}

# many K ARGUMENT...: a check by K processes.
many() {
	local k=$1
	shift
	timeout 120 mpirun --quiet --oversubscribe --allow-run-as-root -n "$k" pale check --mpi "$@" </dev/null
}

@test "verdict, length and all counts are those of one process" {
	local check k
	for check in "dotdots" "dotdots --no-reduce --no-symmetry" "dotdots --walker pale --no-reduce" \
		"ladder --walker realpath-open --property union,root,call,rights,progress" \
		"fifo-for-file" "sigpipe" "queue-pre-created-safe" "dotdots --no-reduce --limit 4steps"; do
		# shellcheck disable=SC2086
		pale check $check --json --no-replay >one.json || true
		for k in 2 3; do
			# shellcheck disable=SC2086
			run --separate-stderr many $k $check --json --no-replay
			json 'all(j[k] == json.load(open("one.json"))[k] for k in "verdict length states transitions \
levels ends deadlocks property verdicts complete limit shortest".split())'
			json 'j["threads"] == int(sys.argv[2])' $k
			json 'len(j["witness"]) == (j["length"] or 0)'
		done
	done
}

@test "exit codes: 0, 1, 2, 4" {
	run --separate-stderr many 2 dotdots --walker pale -q
	exits 0
	[[ "$output" == "holds: "* ]]
	run --separate-stderr many 2 dotdots -q
	exits 1
	[[ "$output" == "violated: attacker 1 obtains /tmp"* ]]
	run --separate-stderr many 2 nosuch -q
	exits 2
	[ "$(grep -c "there is no file and no scenario 'nosuch'" <<<"$stderr")" -eq 1 ]
	run --separate-stderr many 2 ladder --walker pale --no-reduce --scope 3x3 --limit 20K -q
	exits 4
	[[ "$output" == "limit reached (states): nothing proved"* ]]
}

@test "only the first process speaks" {
	run --separate-stderr many 3 dotdots --no-replay
	exits 1
	[ "$(grep -c '^violated: ' <<<"$output")" -eq 1 ]
}

@test "without mpirun it is one process" {
	run --separate-stderr timeout 60 env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
		pale check --mpi dotdots -q
	exits 1
}

@test "a walker of one's own is not for many processes" {
	says 2 "--mpi is for the walkers that pale brings" "" pale check --mpi dotdots --walker ./mine.so
}

@test "built without Open MPI: a sentence" {
	cp "$PALE" "$(dirname "$PALE")/pale-check" "$area/"
	run --separate-stderr "$area/pale" check --mpi dotdots
	exits 3
	[ "${stderr_lines[0]}" = "pale: cannot run '$area/pale-check-mpi': No such file or directory" ]
	[ "${stderr_lines[1]}" = "      it is there where pale was built with Open MPI" ]
}
