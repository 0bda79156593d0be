#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale check --matrix`: the whole of it once, looked at from all sides.

setup_file() {
	load lib.bash
	matrix=$(mktemp -d /var/tmp/pale-matrix.XXXX)
	export matrix
	status=0
	pale check --matrix --json="$matrix/json" >"$matrix/text" 2>"$matrix/err" || status=$?
	echo $status >"$matrix/status"
}

teardown_file() {
	rm -rf "$matrix"
}

setup() {
	load lib.bash
	area_make
	output=$(cat "$matrix/json")
}

teardown() {
	area_remove
}

# verdicts WALKER PROPERTY WANT: over all scopes; WANT is "holds" or "violated".
verdicts() {
	json '{c["verdict"] for w in j["walkers"] if w["name"] == sys.argv[2] for c in w["cells"] \
if c["property"] == sys.argv[3]} == {sys.argv[4]}' "$@"
}

@test "it is complete, and says nothing else" {
	[ "$(cat "$matrix/status")" -eq 0 ]
	[ ! -s "$matrix/err" ]
	json 'j["complete"] and j["scopes"] == ["2x2", "2x3", "3x2", "2x4"]'
	json 'j["properties"] == ["union", "root", "call", "rights", "progress"]'
}

@test "every walker, property and scope has a cell, with states and seconds" {
	json '[w["name"] for w in j["walkers"]] == sys.argv[2].split()' \
		"$(pale check --list-walkers | grep -oE '^[a-z][a-z0-9-]+' | tr '\n' ' ')"
	json 'all(len(w["cells"]) == 20 for w in j["walkers"])'
	json 'all(c["states"] > 0 and c["seconds"] > 0 for w in j["walkers"] for c in w["cells"])'
	json 'all((c["length"] is None) == (c["verdict"] == "holds") and c["verdict"] != "limit" \
for w in j["walkers"] for c in w["cells"])'
	json 'all(c["shortest"] for w in j["walkers"] for c in w["cells"] if c["verdict"] == "violated")'
}

@test "what is violated at a narrower scope is violated at a wider one, and not by a longer way" {
	json 'all(b["verdict"] == "violated" and b["length"] <= a["length"] \
for w in j["walkers"] for a in w["cells"] for b in w["cells"] \
if a["verdict"] == "violated" and a["property"] == b["property"] and a["scope"] == "2x2")'
}

@test "what the slides say" {
	verdicts none union violated
	verdicts start-compare union violated
	verdicts reject-dotdot union holds
	verdicts reject-dotdot progress violated
	verdicts lock union holds
	verdicts mount-root union holds
	verdicts mount-root root holds
}

@test "what pale walks with stays within all that was delegated" {
	local property
	for property in union root rights progress; do
		verdicts pale $property holds
	done
}

@test "a cell is what the search by itself says, with and without reductions" {
	local walker reduce
	for walker in start-compare tracker pale clean-open; do
		for reduce in "" "--no-reduce --no-symmetry"; do
			# shellcheck disable=SC2086
			pale check ladder --walker $walker --property union,root,call,rights,progress --no-replay \
				--json=one.json -q $reduce >/dev/null || true
			json '{c["property"]: c["length"] for w in j["walkers"] if w["name"] == sys.argv[2] \
for c in w["cells"] if c["scope"] == "2x2"} == \
{p: v["length"] for p, v in json.load(open("one.json"))["verdicts"].items()}' $walker
		done
	done
}

@test "functionality: which legal lookups are refused" {
	json 'all(l["legal"] for w in j["walkers"] for l in w["lookups"])'
	json '[w["refused"] for w in j["walkers"] if w["name"] in ("none", "pale", "mount-root", "beneath")] == [[]] * 4'
	json '"a/.." in next(w["refused"] for w in j["walkers"] if w["name"] == "reject-dotdot")'
	json 'next(w["refused"] for w in j["walkers"] if w["name"] == "clean-open") == ["l/..", "l/../f"]'
}

@test "performance: steps and system calls of a lookup" {
	json '{w["name"]: [l["calls"] for l in w["lookups"] if l["path"] == "a/b/c"] for w in j["walkers"] \
if w["name"] in ("none", "beneath", "fd-stack")} == {"none": [1], "beneath": [1], "fd-stack": [3]}'
	json 'all(l["steps"] >= 3 for w in j["walkers"] for l in w["lookups"] if l["path"] == "a/b/c")'
}

@test "as text: a row for each walker, in 100 columns" {
	output=$(cat "$matrix/text")
	[ "$(grep -cE '^(start-compare|pale|mount-root) +[0-9h]' <<<"$output")" -eq 3 ]
	has "Legal lookups that are refused:"
	has '"holds": in every state of all scopes'
	local line
	while IFS= read -r line; do
		[ "${#line}" -le 100 ] || { echo "long: $line"; false; }
	done <<<"$output"
}

@test "one walker: 1 where it is violated, 0 where it holds; one scope; some properties" {
	run pale check --matrix --walker start-compare --scope 2x2
	exits 1
	run pale check --matrix --walker mount-root --scope 2x2 --property union,root --json
	exits 0
	json 'j["scopes"] == ["2x2"] and j["properties"] == ["union", "root"] and len(j["walkers"]) == 1'
}

@test "of any scenario; as Markdown" {
	pale check --print-scenario dotdots >mine.pale
	run pale check --matrix mine.pale --scope 2x2 --property union --markdown
	exits 0
	[ "${lines[0]}" = "| walker | union | \`a/b/c\` | \`a/b/../b/c\` | legal lookups refused |" ]
	[ "${lines[1]}" = "|---|---|---|---|---|" ]
	has "| start-compare | 6 @ 2x2 |"
}

@test "a limit: what is known, and 4" {
	run --separate-stderr pale check --matrix --limit 300 --property union
	exits 4
	has "limit @ 2x"
	run --separate-stderr pale check --matrix --limit 20ms --json
	exits 4
	json 'not j["complete"]'
}

@test "stopped: 4" {
	pale check --matrix --no-reduce >out 2>err &
	local pid=$!
	sleep 1
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	exits 4
	grep -q 'limit @ ' out
}

# page NAME: the table of docs/matrix.md that stands between <!-- NAME --> and <!-- end --> is what
# is on standard input; with PALE_UPDATE=1 it is made so.
page() {
	local page=$BATS_TEST_DIRNAME/../../docs/matrix.md
	cat >now
	if [ -n "${PALE_UPDATE:-}" ]; then
		awk -v name="$1" '
			/^<!-- end -->/ { skip = 0 }
			!skip { print }
			$0 == "<!-- " name " -->" { skip = 1; while ((getline line < "now") > 0) print line }
		' "$page" >page && cat page >"$page"
	fi
	diff <(sed -n "/^<!-- $1 -->/,/^<!-- end -->/p" "$page" | grep '^|') now
}

@test "the page of the matrix is what it says" {
	pale check --matrix --markdown | page ladder
}

@test "the page's other scenarios are what they say" {
	local scenario walker head scenarios
	head=$(grep -A1 '^<!-- scenarios -->' "$BATS_TEST_DIRNAME/../../docs/matrix.md" | tail -n 1)
	scenarios=$(tr -d '|' <<<"${head#| walker}")
	{
		echo "$head"
		echo "|---|$(for scenario in $scenarios; do printf -- '---|'; done)"
		for walker in $(pale check --list-walkers | grep -oE '^[a-z][a-z0-9-]+'); do
			printf '| %s |' "$walker"
			for scenario in $scenarios; do
				pale check "$scenario" --walker "$walker" --json --no-replay |
					python3 -c 'import json, sys; j = json.load(sys.stdin)
print("", j["length"] if j["verdict"] == "violated" else j["verdict"], "|", end="")'
			done
			echo
		done
	} | page scenarios
}

@test "and it has a paragraph on each walker, in the order of the matrix" {
	diff <(pale check --list-walkers | grep -oE '^[a-z][a-z0-9-]+') \
		<(sed -n 's/^\*\*\([a-z0-9-]*\)\*\*: .*/\1/p' "$BATS_TEST_DIRNAME/../../docs/matrix.md")
}
