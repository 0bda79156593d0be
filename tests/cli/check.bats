#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale check`: words, exit codes, files. What the scenarios' verdicts are is tested elsewhere.

setup() {
	load lib.bash
	area_make
}

teardown() {
	area_remove
}

# A scenario that holds with 2x2 in no time, and one that no machine searches to its end.
holds() { pale check dotdots --walker pale --no-replay "$@"; }
endless=(pale check ladder --walker pale --scope 3x3 --no-reduce)
endless() { "${endless[@]}" "$@"; }

# As has, where lines were broken to fit.
said() {
	output=$(tr -s ' \n' ' ' <<<"$output") has "$1"
}

@test "alone it teaches, on one screen" {
	run pale check
	exits 2
	has "pale check dotdots"
	has "Exit code: 0 it holds"
	[ "${#lines[@]}" -le 24 ]
	local line
	for line in "${lines[@]}"; do [ "${#line}" -le 100 ]; done
}

@test "pale-check itself is the same program" {
	run pale-check --version
	exits 0
	[ "$output" = "$(pale --version)" ]
	[ "$(pale check --list-walkers)" = "$(pale-check --list-walkers)" ]
}

@test "without pale-check beside it, pale says what is missing" {
	cp "$PALE" "$area/pale"
	says 3 "cannot run '$area/pale-check': No such file or directory" \
		"it is installed beside pale, as a part of it" "$area/pale" check dotdots
}

@test "a violation: sentence, witness in columns, how it is known" {
	run pale check dotdots --no-replay --threads 2 --memory 1G
	exits 1
	sed -n '1,9p' <<<"$output" | diff - <(
		cat <<-'END'
			violated: attacker 1 obtains /tmp, outside of all that was delegated (union), in 6 steps

			      attacker 1                                      attacker 2
			   1  openat(foo, "bar/../..") starts
			   2  openat bar -> /tmp/sandbox/foo/bar
			   3 >                                                renameat(foo, "bar", sandbox, "bar") = 0
			   4  openat .. -> /tmp/sandbox
			   5  openat .. -> /tmp
			   6  openat = fd 2, /tmp
		END
	)
	said "> the step without which it would not have happened"
	said "Scenario The dot-dot race of 2010 (dotdots) Scope 2x2 (processes x calls of each) Spare 1 inode can be made, "
	said "where none is free they fail with ENOSPC Walker start-compare: "
	output=$(tr -s ' \n' ' ' <<<"$output")
	[[ $output =~ "Search "[0-9,]+" states, "[0-9,]+" transitions, "[0-9]+" levels in "[0-9.]+" ms: "[0-9,]+" states/s, "[12]" thread" ]]
	[[ $output =~ "Memory "[0-9.]+" KB, "[0-9.]+" bytes a state; limit 1.0 GB Reductions partial order on, symmetry on; " ]]
	[[ $output =~ ": "[0-9]+" steps in "[0-9.]+" ms, then 6 without partial order in "[0-9.]+" ms" ]]
}

@test "where there is no room for columns each line names its actor" {
	run pale check wider-and-narrower --no-replay
	exits 1
	run env COLUMNS=60 script -qec "stty cols 60; pale check dotdots --no-replay" /dev/null
	has "attacker 1"
	local line
	while read -r line; do
		line=$(sed -E 's/\x1b\[[0-9;]*[mK]//g' <<<"${line%$'\r'}")
		[ "${#line}" -le 60 ] || { echo "long: $line"; false; }
	done <<<"$output"
}

@test "what holds says what was proved, and that it was a complete search" {
	run holds
	exits 0
	[[ "${lines[0]}" == "holds: union, under walker pale, with 2x2, in a complete search of "*" states" ]]
	has "Proved        union: "
	said "these states stand for all that this scope can reach"
	said "A wider scope (--scope) may differ."
	run holds --no-reduce --no-symmetry
	exits 0
	said "these are all states that this scope can reach"
	[[ "${lines[0]}" == *" states" ]]
}

@test "a limit never looks like safe" {
	local limit
	for limit in "--limit 500" "--limit 3steps" "--memory 300K" "--limit 1ms"; do
		# shellcheck disable=SC2086 # two words
		run endless $limit
		exits 4
		[[ "$output" == *"limit reached ("*"): nothing proved about union with 3x3"* ]]
		has "What to do    "
		[[ "$output" != *holds* && "$output" != *safe* && "$output" != *proved\ * ||
			"$output" == *"nothing proved about"* ]]
		# shellcheck disable=SC2086
		run --separate-stderr endless $limit --json
		exits 4
		json 'j["verdict"] == "limit" and not j["complete"] and j["length"] is None and j["witness"] == []'
		json 'j["limit"] in ("states", "levels", "memory", "time")'
	done
}

@test "a limit says from which length on nothing is known" {
	run pale check dotdots --no-reduce --limit 5steps
	exits 4
	said " states; there is none of fewer than 6 steps What to do"
	run pale check dotdots --no-reduce --limit 6steps -q
	exits 1
	run pale check dotdots --limit 1
	exits 4
	said "no violation was met in 1 state What to do"
}

@test "a violation that is met before a limit stands" {
	run pale check dotdots --limit 5K --no-reduce --no-replay -q
	exits 1
	[ "$output" = "violated: attacker 1 obtains /tmp, outside of all that was delegated (union), in 6 steps" ]
}

@test "JSON: its keys, and what they hold" {
	run pale check dotdots --json --replay=walker
	exits 1
	json 'set(j) == set("verdict sentence scenario file walker property properties scope limits reductions \
length shortest states transitions levels ends deadlocks seconds states_per_second bytes bytes_per_state threads \
probabilistic complete limit room shortening verdicts witness replay".split())'
	json '(j["verdict"], j["length"], j["scope"], j["walker"], j["property"], j["shortest"]) == \
("violated", 6, "2x2", "start-compare", "union", True)'
	json '[set(w) for w in j["witness"]] == [set("step actor text call kind error decisive".split())] * 6'
	json '[w["call"] for w in j["witness"]] == ["openat", "openat", "renameat", "openat", "openat", "openat"]'
	json '[w["decisive"] for w in j["witness"]] == [False, False, True, False, False, False]'
	json '[w["kind"] for w in j["witness"]] == ["start", "step", "result", "step", "step", "result"]'
	json 'j["states"] > 0 and j["transitions"] > 0 and 0 < j["seconds"] < 10'
	json 'j["verdicts"] == {"union": {"verdict": "violated", "length": 6}}'
	json '[r["how"] for r in j["replay"]] == ["walker"]'
	run holds --json
	exits 0
	json 'j["verdict"] == "holds" and j["complete"] and j["length"] is None and j["replay"] == []'
	run holds --json --fingerprint
	exits 0
	json 'j["probabilistic"] and 0 <= j["collision_bound"] < 1'
}

@test "with fingerprints it only probably holds" {
	run holds --fingerprint
	exits 0
	[[ "${lines[0]}" == "probably holds: union"* ]]
	said "a state was missed with a chance of at most"
}

@test "of several properties each has its own verdict" {
	run pale check dotdots --property union,root,progress --walker start-compare --json --no-replay
	exits 1
	json '{p: v["verdict"] for p, v in j["verdicts"].items()} == \
{"union": "violated", "root": "violated", "progress": "holds"}'
	json 'j["property"] == "union" and j["length"] == j["verdicts"]["union"]["length"] == 6'
	json 'j["verdicts"]["root"]["length"] > 6'
	run pale check dotdots --property union,root,progress --walker start-compare --no-replay
	has "Properties    union violated in 6; root violated in "
}

@test "threads and reductions change neither verdict nor length" {
	local threads reduce states=
	for reduce in "" --no-reduce --no-symmetry "--no-reduce --no-symmetry"; do
		states=
		for threads in 1 2 3; do
			# shellcheck disable=SC2086
			run pale check dotdots --json --no-replay --threads $threads $reduce
			exits 1
			json 'j["length"] == 6 and j["shortest"]'
			if [ -n "$states" ]; then json 'str(j["states"]) == sys.argv[2]' "$states"; fi
			states=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["states"])' <<<"$output")
		done
	done
}

@test "mistakes on the command line: 2, and what to do" {
	says 2 "unknown option '--jsno'" "did you mean --json?" pale check dotdots --jsno
	says 2 "there is no scenario to check" "name a file or a scenario: pale check dotdots" pale check --json
	says 2 "'b' is one argument too many" "one scenario is checked at a time" pale check dotdots b
	says 2 "there is no file and no scenario 'dotdot'" "did you mean 'dotdots'?" pale check dotdot
	says 2 "there is no file and no scenario './x.pale'" \
		"\`pale check --list-scenarios\` lists those that pale brings" pale check ./x.pale
	says 2 "'.' is a directory" "" pale check .
	says 2 "there is no walker 'start-compar'" "did you mean 'start-compare'?" pale check dotdots -w start-compar
	says 2 "there is no walker 'mine.so'" "a walker of your own is named with its directory: ./mine.so" \
		pale check dotdots -w mine.so
	says 2 "option --scope: '2' is not PROCESSESxCALLS" \
		"for example --scope 2x3: two processes, three calls each" pale check dotdots --scope 2
	says 2 "option -s: '0x2' is not PROCESSESxCALLS" \
		"for example -s 2x3: two processes, three calls each" pale check dotdots -s 0x2
	says 2 "option --limit: 'soon' is no limit" \
		"states (--limit 5M), time (10s, 5min) or length (12steps)" pale check dotdots --limit 5M,soon
	says 2 "option --memory: '-1' is no size" "for example --memory 2G; K, M, G and T are known" \
		pale check dotdots --memory -1
	says 2 "option --threads: '0' is no number from 1 to 256" "" pale check dotdots --threads 0
	says 2 "option --replay: there is no way 'kernal' to replay" "did you mean 'kernel'?" \
		pale check dotdots --replay=kernal
	says 2 "--markdown is a form of the matrix" "add --matrix, or ask for --json" pale check dotdots --markdown
	says 2 "--matrix is many searches; --script is about one" "" pale check --matrix --script x
	says 2 "--json and --markdown are two answers; ask for one" "" pale check --matrix --json --markdown
}

@test "a property that names nothing" {
	run --separate-stderr pale check dotdots --property unoin
	exits 2
	[[ "$stderr" == *unoin* ]]
	[ -z "$output" ]
	says 2 "dotdots: there is no property 'safety'" "there are union, root, call, rights, progress, never" \
		pale check dotdots --property safety
	says 2 "dotdots: 'never' names none of its assertions, of which it has 0" \
		"never('...') in the scenario makes one" pale check dotdots --property never
	says 2 "mkfifo-open: 'never:2' names none of its assertions, of which it has 1" \
		"the first is never:1; 'never' is all of them" pale check mkfifo-open --property never:2
}

@test "a malformed scenario: file and line" {
	printf "scenario('x')\ndirectory('/a')\ncompartment a {\n\tmay('opnat(*, b)')\n}\n" >x.pale
	run --separate-stderr pale check x.pale
	exits 2
	[[ "$stderr" == "pale: x.pale:4: "* ]]
	[ -z "$output" ]
	echo 'directory(' >y.pale
	run --separate-stderr pale check y.pale
	exits 2
	[[ "$stderr" == "pale: y.pale:"[12]": "* ]]
	: >empty.pale
	run --separate-stderr pale check empty.pale
	exits 2
	head -c 2000000 /dev/zero >big.pale
	says 2 "'big.pale' is longer than 1 MB: no scenario" "" pale check big.pale
	head -c 4000 /dev/urandom >noise.pale
	run --separate-stderr pale check noise.pale
	exits 2
}

@test "a scenario comes from a file, standard input, a pipe, or by its name" {
	pale check --print-scenario dotdots >dotdots.pale
	local how
	run pale check ./dotdots.pale -q
	exits 1
	run pale check - -q <dotdots.pale
	exits 1
	run bash -c 'pale check <(cat dotdots.pale) -q'
	exits 1
	run pale check -q -- dotdots.pale
	exits 1
	says 2 "there is no file and no scenario 'nosuch'" \
		"\`pale check --list-scenarios\` lists those that pale brings" pale check --print-scenario nosuch
	says 2 "there is no file and no scenario 'scenarios/dotdots.pale'" "did you mean 'dotdots'?" \
		pale check scenarios/dotdots.pale
	[ "$(pale check --list-scenarios)" = "$(cd "$BATS_TEST_DIRNAME/../../scenarios" && ls ./*.pale | sed 's,^\./,,; s,\.pale$,,' | LC_ALL=C sort)" ]
}

@test "a scope that cannot fit says the estimate, and is searched where a limit is given" {
	run --separate-stderr pale check dotdots --walker pale --scope 4x4 --json
	exits 2
	[[ "${stderr_lines[0]}" == "pale: this scope cannot fit: about 10^1"?" states without reductions, "*" of them, where "*" may be used" ]]
	[[ "${stderr_lines[1]}" == *"--limit 10s"* ]]
	[ -z "$output" ]
	run --separate-stderr pale check dotdots --walker pale --scope 4x4 --limit 2000
	exits 4
	[[ "$stderr" == "pale: note: this scope has about 10^1"* ]]
	says 2 "the scope 9x2 cannot fit" "the model has room for 6 processes of 15 calls each" \
		pale check dotdots --scope 9x2
}

@test "an answer that cannot be written is an error" {
	[ -c /dev/full ] || skip "needs /dev/full"
	local form
	for form in "" --json -q --list-walkers --help; do
		# shellcheck disable=SC2086
		run --separate-stderr bash -c "pale check dotdots --no-replay $form >/dev/full"
		exits 3
		[ "$stderr" = "pale: cannot write the answer: No space left on device" ]
	done
	run --separate-stderr pale check dotdots --no-replay -q --json=/dev/full
	exits 3
	[ "$stderr" = "pale: cannot write '/dev/full': No space left on device" ]
}

@test "a file that cannot be written: a sentence, 3, the verdict is told all the same, no part of it left" {
	local option
	for option in --json= "--script " ; do
		run --separate-stderr bash -c "pale check dotdots --no-replay -q ${option}no/such/file"
		exits 3
		[ "$stderr" = "pale: cannot write 'no/such/file': No such file or directory" ]
		[[ "$output" == "violated: "* ]]
		run --separate-stderr bash -c "pale check dotdots --no-replay -q ${option}."
		exits 3
		[ "$stderr" = "pale: cannot write '.': it is a directory" ]
	done
	run --separate-stderr pale check --matrix dotdots --walker none --scope 2x2 --property union --json=no/such/file
	exits 3
	[ "$stderr" = "pale: cannot write 'no/such/file': No such file or directory" ]
	[[ "$output" == "walker "*"none "*"6 @ 2x2"* ]]
	run --separate-stderr pale check dotdots --promela no/such/file
	exits 3
	[ "$stderr" = "pale: cannot write 'no/such/file': No such file or directory" ]
	[ -z "$(ls -A)" ]
}

@test "a full disk: what was there stays" {
	mkdir disk
	unshare -rm mount -t tmpfs -o size=4k none disk 2>/dev/null || skip "needs to mount a tmpfs"
	# shellcheck disable=SC2016
	run unshare -rm bash -c '
		mount -t tmpfs -o size=8k none disk && cd disk || exit 9
		echo old >witness.json
		head -c 4096 /dev/zero >filler
		pale check ../dotdots --no-replay -q --json=witness.json 2>&1 >/dev/null
		echo "status $?"
		ls -A
		cat witness.json
		pale check dotdots --no-replay -q --json=witness.json 2>&1
		echo "status $?"
		ls -A
		cat witness.json'
	has "pale: cannot write 'witness.json': No space left on device"
	has "status 3"
	[ "$(grep -c '^old$' <<<"$output")" -eq 2 ]
	[[ "$output" != *"witness.json."* ]]
}

@test "files are written whole: JSON, script, Promela" {
	run pale check dotdots --no-replay -q --json=v.json --script s.c
	exits 1
	output=$(cat v.json)
	json 'j["length"] == 6'
	[ -s s.c ]
	run pale check dotdots --promela p.pml
	exits 0
	[ -z "$output" ]
	grep -q proctype p.pml
	[ "$(ls -A | LC_ALL=C sort | tr '\n' ' ')" = "p.pml s.c v.json " ]
	[ "$(stat -c %a v.json)" = "$(umask 022; touch m; stat -c %a m)" ]
	run --separate-stderr pale check dotdots --walker pale --promela q.pml
	exits 2
	[ ! -e q.pml ]
}

# Wait until a file holds some words, for 10 seconds at most.
wait_for() {
	local _
	for _ in {1..200}; do
		grep -q "$1" "$2" && return
		sleep 0.05
	done
	echo "no '$1' in:"
	cat "$2"
	return 1
}

@test "stopped by a signal: what it has, 4; SIGUSR1 asks how far it is" {
	local pid
	"${endless[@]}" --limit 60s --json >out 2>err &
	pid=$!
	sleep 0.5
	kill -USR1 $pid
	wait_for 'states, .*/s, depth [0-9]*, frontier ' err
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	exits 4
	output=$(cat out)
	json 'j["verdict"] == "limit" and j["limit"] == "stopped" and j["states"] > 0'
}

@test "Ctrl-C while a witness is played: the verdict stands, what was not played was stopped" {
	cat >moments.py <<-'END'
		import json, os, signal, subprocess, sys, time
		for moment in [*range(4, 44, 2), 500]:
		    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, start_new_session=True,
		        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
		    time.sleep(moment / 1000)
		    try:
		        os.killpg(process.pid, signal.SIGINT)
		    except ProcessLookupError:
		        pass
		    out = process.communicate()[0]
		    if process.returncode in (4, -signal.SIGINT):  # before there was a violation
		        continue
		    said = {(r["verdict"], r["why"]) for r in json.loads(out)["replay"]}
		    wrong = [s for s in said if s[0] == "unable" and s[1] != "it was stopped"]
		    print("moment", moment, process.returncode, wrong)
	END
	run python3 moments.py pale check dotdots --json --replay=walker
	exits 0
	has "moment 500 1 []"
	[ -z "$(grep -v ' 1 \[\]$' <<<"$output")" ]
}

@test "Ctrl-C, once: what it has, 4; twice: the end" {
	cat >interrupt.py <<-'END'
		import signal, subprocess, sys, time
		times, *command = sys.argv[1:]
		# A background job of a shell ignores SIGINT; a program that a person starts does not.
		process = subprocess.Popen(command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
		time.sleep(1)
		for _ in range(int(times)):
		    process.send_signal(signal.SIGINT)
		    time.sleep(0.005)
		print("status", process.wait())
	END
	run python3 interrupt.py 1 "${endless[@]}" --limit 60s
	has "limit reached (stopped): nothing proved about union with 3x3"
	[ "${lines[-1]}" = "status 4" ] || has "status 4"
	run python3 interrupt.py 2 "${endless[@]}" --limit 60s
	[[ "$output" == *"status -2"* || "$output" == *"status 4"* ]]
}

@test "progress: on a terminal one line that goes away, elsewhere only if it is asked for" {
	need script
	run --separate-stderr endless --limit 1500ms
	[[ "$stderr" != *frontier* ]]
	run --separate-stderr endless --limit 2500ms --progress
	[[ "$stderr" == *"states, "*"/s, depth "*", frontier "*"B, "* ]]
	run script -qec "pale check ladder --walker pale --scope 3x3 --no-reduce --limit 1s" /dev/null
	has "frontier"
	has $'\r\e[K'
	run script -qec "pale check ladder --walker pale --scope 3x3 --no-reduce --limit 1s -q" /dev/null
	[[ "$output" != *frontier* ]]
}

@test "colour only on a terminal, and not with NO_COLOR" {
	need script
	run pale check dotdots --no-replay
	[[ "$output" != *$'\e'* ]]
	run script -qec "pale check dotdots --no-replay" /dev/null
	has $'\e[1;31mviolated\e[0m'
	run env NO_COLOR=1 script -qec "pale check dotdots --no-replay" /dev/null
	[[ "$output" != *$'\e['*m* ]]
}

@test "a title cannot give commands to the terminal" {
	printf "scenario('x\033]0;evil\007')\ndirectory('/a')\nproperty('root')\ncompartment c {\n\topen('a', '/a')\n\tcalls('1')\n\tmay('openat(a, .)')\n}\n" >x.pale
	run pale check x.pale
	[[ "$output" != *$'\e'* ]]
}

@test "the machine's limit is stated" {
	run holds
	[[ "$output" =~ "limit "[0-9.]+" "[MG]B ]]
	run holds --memory 512M
	has "limit 512 MB"
}

@test "the manual names every key of the JSON" {
	local key
	run pale check dotdots --json --replay=walker --fingerprint
	for key in $(python3 -c 'import json, sys
def keys(v):
    if isinstance(v, dict):
        for k, w in v.items():
            yield k
            if k != "verdicts": yield from keys(w)
    elif isinstance(v, list):
        for w in v: yield from keys(w)
print(*sorted(set(keys(json.load(sys.stdin))) - {"as_expected"}))' <<<"$output"); do
		grep -qwE -- "$key" "$BATS_TEST_DIRNAME/../../man/pale-check.1" || {
			echo "no $key"
			false
		}
	done
}

@test "what a scenario has no room to make is said with its verdict" {
	run pale check dotdots --walker pale
	has "1 inode can be made, as the scenario says, and calls for up to 3 more"
	run pale check dotdots --walker pale --json
	[[ "$output" =~ '"inodes_short": 3' ]]
	run pale check mkfifo-open-safe
	! grep -q "fail with ENOSPC" <<<"$output"
}

@test "a limit too low for one state is a limit, and a FIFO that nobody writes to is not waited for" {
	run pale check dotdots --memory 1K
	[ "$status" -eq 4 ]
	has "nothing proved"
	mkfifo fifo
	run timeout 10 pale check ./fifo
	[ "$status" -eq 2 ]
	has "nobody acts"
}
