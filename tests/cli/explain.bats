#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale run --explain`: what is granted, and what enforces it, for people and programs.

setup() {
	load lib.bash
	area_make
	mkdir w r
	echo x >r/file
}

teardown() {
	area_remove
}

# The line of a grant in the table.
row() {
	grep -E -- "$1" <<<"$output" | head -1
}

explain() {
	run pale run "$@" --explain </dev/null
	exits 0
}

explain_json() {
	run --separate-stderr pale run "$@" --explain --json </dev/null
	exits 0
}

@test "nothing is run" {
	run pale run -w w --explain -- touch w/ran
	exits 0
	[ ! -e w/ran ]
}

@test "a profile and a tree fit on a screen" {
	explain -p cc -w .
	[ "${#lines[@]}" -le 40 ]
	local line
	for line in "${lines[@]}"; do
		[ "${#line}" -le 100 ]
	done
}

@test "what was asked for comes first, with rights, mechanism and option" {
	explain -w w -r r
	[[ "${lines[1]}" == "read "*"ro noexec"*" -r "*"$area/r" ]]
	[[ "${lines[2]}" == "read write "*"rw noexec"*" -w "*"$area/w" ]]
	[[ "$(row 'profile system.* /usr')" == "read execute "*"ro, Landlock "* ]]
}

@test "grants of one kind and one source stand in one row" {
	local i grants=()
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		mkdir "d$i"
		grants+=(-r "d$i")
	done
	explain "${grants[@]}"
	[ "$(grep -c -- ' -r ' <<<"$output")" -eq 1 ]
	has "and 4 more"
}

@test "rights that no short word names are listed" {
	explain --dir w:lookup,read,create
	[[ "$output" == *"read, create"* ]]
}

@test "what comes along is said" {
	explain -r r
	has "Comes along"
	has "connectat"
	has "flock"
}

@test "a file that standard output goes to carries fchmod and futimes, and it is said" {
	pale run -r r --explain >r/answer </dev/null
	output=$(tr -s '\n ' ' ' <r/answer)
	has "1 a file '$area/r/answer': write; it is passed as it is, so fchmod, fchown, futimes"
	# It is so: the file lies in a read-only grant, and changes its mode all the same.
	pale run -r r -w w -- python3 -c 'import os; os.fchmod(1, 0o600)' >r/answer
	[ "$(stat -c %a r/answer)" = 600 ]
}

@test "a directory as standard input is shown as what would be refused" {
	run bash -c 'pale run --explain <r'
	exits 0
	has "0 a directory '$area/r': read; REFUSED, for it would open a way out"
}

@test "accepted losses and what this kernel lacks are said" {
	explain --assume landlock=1 --dir w:lookup,read,write,create --best-effort=landlock
	has "Accepted"
	run tr -s '\n ' ' ' <<<"$output"
	has "nothing here withholds ftruncate from '$area/w'"
	has "(that takes Linux 6.2)"
	has "(that takes Linux 7.1)"
}

@test "limits, environment and working directory are said" {
	run env -i PATH=/usr/bin:/bin HOME=/h SECRET=1 "$PALE" run -w w --limit as=2G --limit nofile=unlimited \
		--env A=b --chdir w --explain
	has "nproc 4096, nofile unlimited, as 2147483648"
	[[ "$(row ^Environment)" == "Environment   PATH HOME A" ]]
	[[ "$(row '^Starts in')" == "Starts in     $area/w" ]]
}

@test "a policy that would be refused is refused with the same words" {
	says 125 "-r: '$area/no': no such file or directory ('$area' exists)" "" \
		pale run -r no --explain
}

@test "names cannot give the terminal commands" {
	mkdir $'\e[31m\n'
	explain -r $'\e[31m\n'
	has '\x1b[31m\n'
	[[ "$output" != *$'\e'* ]]
}

@test "colour only on a terminal, and not where NO_COLOR is set" {
	need script
	run script -qec "pale run --explain" /dev/null
	[[ "$output" == *$'\e[1m'* ]]
	run script -qec "NO_COLOR=1 pale run --explain" /dev/null
	[[ "$output" != *$'\e'* ]]
	explain
	[[ "$output" != *$'\e'* ]]
}

@test "JSON: every entry with rights, mechanism and origin" {
	ln -s r link
	explain_json -w w -r link --file r/file:read
	json 'sorted(j) == sorted("kernel landlock grants endpoints network withheld filter descriptors namespaces proc \
terminal limits environment chdir accepted unenforced".split())'
	json 'next(g for g in j["grants"] if g["path"] == sys.argv[2])["origin"] == "-w"' "$area/w"
	json '"unlinkat" in next(g for g in j["grants"] if g["path"] == sys.argv[2])["rights"]' "$area/w"
	json 'next(g for g in j["grants"] if g["path"] == sys.argv[2])["mount"] == \
["noexec", "nosuid", "nodev"]' "$area/w"
	json 'next(g for g in j["grants"] if g["path"] == sys.argv[2])["mount"] == \
["rdonly", "noexec", "nosuid", "nodev"]' "$area/r"
	json 'next(g for g in j["grants"] if g["path"] == sys.argv[2])["links"] == \
[{"path": sys.argv[3], "target": "r"}]' "$area/r" "$area/link"
	json 'next(g for g in j["grants"] if g["path"] == sys.argv[2])["redundant"]' "$area/r/file"
	json 'next(g for g in j["grants"] if g["path"] == sys.argv[2])["inside"] == sys.argv[3]' \
		"$area/r/file" "$area/r"
	json '"seek" in next(g for g in j["grants"] if g["path"] == sys.argv[2])["along"]' "$area/r"
	json '"flock" not in next(g for g in j["grants"] if g["path"] == sys.argv[2])["rights"]' "$area/r"
	json '"flock" in next(g for g in j["grants"] if g["path"] == sys.argv[2])["rights"]' "$area/w"
	json '{"connect", "bind", "flock"} <= set(j["filter"]["asked"])'
	# What could be passed to somebody outside by way of the writable tree.
	json '{"sendmsg", "sendmmsg"} <= set(j["filter"]["asked"])'
	run -0 --separate-stderr pale run -r r --json --explain
	json 'j["filter"]["asked"] == ["connect", "bind", "flock"]'
}

@test "JSON: the call filter with errno and reason" {
	explain_json -w w
	json 'any(d["call"] == "io_uring_setup" and d["errno"] == "EPERM" and d["argument"] is None \
and d["because"] for d in j["filter"]["denied"])'
	json 'any(d["call"] == "ioctl" and d["argument"] == "TIOCSTI" for d in j["filter"]["denied"])'
	json 'any(d["call"] == "openat2" and d["errno"] == "ENOSYS" for d in j["filter"]["denied"])'
	json '"sysv" in j["filter"]["gates"] and "inet" not in j["filter"]["gates"]'
}

@test "JSON: descriptors, limits, names of the environment but not their values" {
	export SECRET=tell-nobody
	run --separate-stderr pale run --env SECRET --limit nofile=unlimited --explain --json </dev/null
	json 'j["descriptors"][0]["name"] == "/dev/null" and j["descriptors"][0]["rights"][0] == "read"'
	json 'j["limits"] == {"nproc": 4096, "nofile": None}'
	json '"SECRET" in j["environment"]'
	[[ "$output" != *tell-nobody* ]]
}

@test "JSON: a name that is no text can be got back" {
	local name=$'a\xff\\b\n'
	mkdir "$name"
	explain_json -r "$name"
	json 'any(g["path"].endswith("/a\\xff\\\\b\n") for g in j["grants"])'
}

@test "JSON: what is not enforced here names the kernel that would" {
	explain_json --assume landlock=4
	json 'j["landlock"]["abi"] <= 4 and any(u["abi"] == 6 and u["kernel"] == "6.12" for u in j["unenforced"])'
	json '"net" in j["namespaces"] and j["landlock"]["scoped"] == []'
	json '"sigscope" not in j["filter"]["gates"]'
}

@test "a full disk is not an answer" {
	[ -c /dev/full ] || skip "needs /dev/full"
	run --separate-stderr bash -c 'pale run --explain >/dev/full'
	exits 125
	[ "$stderr" = "pale: cannot write the answer: No space left on device" ]
	run --separate-stderr bash -c 'pale run --explain --json >/dev/full'
	exits 125
}

@test "an answer costs little: 2,000 grants in less than five seconds of processor time" {
	local i grants=()
	mkdir many
	for ((i = 0; i < 2000; i++)); do
		: >"many/$i"
		grants+=(-r "many/$i")
	done
	(
		ulimit -t 5
		pale run "${grants[@]}" --explain >out
		pale run "${grants[@]}" --why open many/1999 >>out
	)
	tr -s '\n ' ' ' <out | grep -q 'and 1992 more'
	grep -q '^allowed' out
}
