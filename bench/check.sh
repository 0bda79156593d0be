# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The search against SPIN, for bench/run.sh: the same system (its own --promela), in turns. SPIN is
# compiled as its authors say for speed, and that time is not counted. Rates are the best of some
# runs of each, as what else the machine does only ever takes away.
#
# By itself: bench/check.sh BUILD prints the rows.

check_rounds=5

# best COLUMN FILE: the greatest of the column of numbers.
best() { awk -v c="$1" '$c > m { m = $c } END { print m + 0 }' "$2"; }
least() { awk -v c="$1" 'NR == 1 || $c < m { m = $c } END { print m + 0 }' "$2"; }

# verifier WALKER PROCESSES CALLS NAME FLAGS...: SPIN's, in $world/pan.NAME.
verifier() {
	local walker=$1 processes=$2 calls=$3 name=$4
	shift 4
	rm -rf "$world/spin" && mkdir "$world/spin"
	"$states" "$dotdots" "$walker" "$processes" "$calls" promela "$world/spin/model.pml" &&
		(cd "$world/spin" && spin -o2 -a model.pml >/dev/null &&
			cc -w -O3 -march=native -DSAFETY -DMEMLIM=4000 "$@" -o "$world/pan.$name" pan.c)
}

# spin_once NAME: states, seconds of the whole process, states a second, bytes a state.
spin_once() {
	local begin end
	begin=$(date +%s%N)
	"$world/pan.$1" -E -n -m100000 >"$world/pan.out" 2>&1
	end=$(date +%s%N)
	awk -v wall="$(((end - begin) / 1000))" '
		/states, stored/ { states = $1 }
		/state-vector as stored/ { bytes = $5 + $8 }
		/elapsed time/ { seconds = $4 }
		END { s = wall / 1e6
			print states, s, (seconds > 0 ? states / seconds : states / s), bytes }' "$world/pan.out"
}

searches() {
	local round one two spin
	if ! command -v spin >/dev/null; then
		row "search, against SPIN" "not there" "" "" "" ""
		return
	fi
	verifier beneath 2 3 full -DNOREDUCE || return
	: >"$world/spin.full"
	: >"$world/one" && : >"$world/two"
	for ((round = 0; round < check_rounds; round++)); do
		spin_once full >>"$world/spin.full"
		"$states" "$dotdots" beneath 2 3 1 >>"$world/one"
		"$states" "$dotdots" beneath 2 3 2 >>"$world/two"
	done
	spin=$(best 3 "$world/spin.full") one=$(best 3 "$world/one") two=$(best 3 "$world/two")
	row "search, full states, 1 thread, against SPIN" "$(calc "$spin / 1e6") M/s" \
		"$(calc "$one / 1e6") M/s" "$(calc "$one / $spin")" ">= 3" "$(verdict "$one >= 3 * $spin")"
	row "search, full states, 2 threads, against SPIN" "$(calc "$spin / 1e6") M/s" \
		"$(calc "$two / 1e6") M/s" "$(calc "$two / $spin")" ">= 4.5" \
		"$(verdict "$two >= 4.5 * $spin")"
	row "search, bytes a state" "$(best 4 "$world/spin.full") B" "$(best 4 "$world/one") B" "" \
		"<= 32" "$(verdict "$(best 4 "$world/one") <= 32")"

	# SPIN with its own reduction, as it is by default.
	verifier beneath 3 2 reduced || return
	: >"$world/spin.reduced"
	: >"$world/reduced"
	for ((round = 0; round < check_rounds; round++)); do
		spin_once reduced >>"$world/spin.reduced"
		"$states" "$dotdots" beneath 3 2 2 reduced >>"$world/reduced"
	done
	spin=$(least 2 "$world/spin.reduced") one=$(least 5 "$world/reduced")
	row "search, verdict at 3x2, against SPIN" "$(calc "$spin * 1000" %.0f) ms" \
		"$(calc "$one * 1000" %.0f) ms" "$(calc "$one / $spin" %.4f)" "<= 0.0333" \
		"$(verdict "$one * 30 <= $spin")"
}

matrix() {
	local begin end
	begin=$(date +%s%N)
	"$world/pale-check" --matrix >"$world/matrix" 2>&1 || true
	end=$(date +%s%N)
	row "the whole matrix over the ladder, 2 threads" "" "$(calc "($end - $begin) / 1e9") s" "" \
		"<= 30 s" "$(verdict "($end - $begin) / 1e9 <= 30")"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	set -u
	here=$(dirname "$(realpath "$0")")
	build=$(realpath "${1:-build}")
	world=$(mktemp -d /var/tmp/pale-bench.XXXXXX) || exit 1
	trap 'rm -rf "$world"' EXIT
	rows=$world/rows
	cp "$build/pale-check" "$world" || exit 1
	states=$build/bench/states dotdots=$here/../scenarios/dotdots.pale
	row() { (IFS='|' && echo "$*") >>"$rows"; }
	calc() { awk "BEGIN { printf \"${2:-%.2f}\", $1 }"; }
	verdict() { awk "BEGIN { print ($1) ? \"met\" : \"not met\" }"; }
	searches
	[ "${2:-}" = "--no-matrix" ] || matrix
	cat "$rows"
fi
