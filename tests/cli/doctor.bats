#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale doctor`: what this machine can enforce. What it says where something is missing is tested in
# refusals.bats.

setup() {
	load lib.bash
	area_make
}

teardown() {
	area_remove
}

@test "it says that pale run works exactly where it does" {
	for who in $(people); do
		run as pale doctor
		if as pale run -- true; then
			exits 0
			[ "${lines[-1]}" = "\`pale run\` works here" ]
		else
			exits 3
			[[ "${lines[-1]}" == "\`pale run\` does not work here: "* ]]
		fi
	done
}

@test "it fits on a screen" {
	run pale doctor
	[ "${#lines[@]}" -le 40 ]
	local line
	for line in "${lines[@]}"; do
		[ "${#line}" -le 100 ]
	done
}

@test "the kernel and the ABI of Landlock are those of this machine" {
	run pale doctor --json
	json 'j["kernel"] == sys.argv[2]' "$(uname -r)"
	json '[m["abi"] for m in j["landlock"]["missing"]] == list(range(j["landlock"]["abi"] + 1, 10))'
	json 'all(m["loses"] or m["abi"] in (4, 7, 8) for m in j["landlock"]["missing"])'
}

@test "JSON: every feature with its state, purpose and, if something is wrong, a remedy" {
	run pale doctor --json
	json 'sorted(j) == ["features", "kernel", "landlock", "works"]'
	json '{f["id"] for f in j["features"]} == set("kernel userns mounts derive proc devpts landlock \
seccomp notify wait_killable passrights pid_max max_userns surroundings".split())'
	json 'all(f["state"] in ("yes", "no", "partly", "info") and f["purpose"] and f["value"] \
for f in j["features"])'
	json 'all(f["because"] for f in j["features"] if f["needed"] and f["state"] == "no")'
	json 'j["works"] == all(f["state"] != "no" for f in j["features"] if f["needed"])'
}

@test "what a newer kernel brings is told by version" {
	run pale doctor --json
	local new
	new=$(uname -r | awk -F'[.-]' '{ print ($1 > 6 || ($1 == 6 && $2 >= 15)) ? "yes" : "no" }')
	json 'next(f for f in j["features"] if f["id"] == "derive")["state"] == sys.argv[2]' "$new"
}

@test "a mistake on the command line: 2" {
	says 2 "unknown option '--jsno'" "did you mean --json?" pale doctor --jsno
	says 2 "'x' is one argument too many" "write \`pale doctor\` alone" pale doctor x
	run pale doctor --help
	exits 0
	has "Usage: pale doctor"
}

@test "nothing is left behind" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	pale doctor >/dev/null
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
	[ -z "$(ls -A)" ]
}

@test "an answer that cannot be written is an error" {
	[ -c /dev/full ] || skip "needs /dev/full"
	run --separate-stderr bash -c 'pale doctor >/dev/full'
	exits 3
	[ "$stderr" = "pale: cannot write the answer: No space left on device" ]
}
