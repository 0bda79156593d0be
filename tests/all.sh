#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every test of pale, over all runners; each prints TAP, and this counts the lines.
#
#   tests/all.sh BUILD [WORD...]   all, or only those whose name holds one of the words
#
# Rings: lint (layout, layers, sizes, scripts, man pages), unit, law, live, cli; then unit and law
# again under clang, and under the address and undefined-behaviour sanitizers.
# The last line is `N passed, N failed, N skipped`; the exit status says whether any failed.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "${1:-build}")
shift
words=("$@")
logs=$build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
# Each race of the escape suite: long where nobody waits for it.
export SECONDS_A_RACE=${SECONDS_A_RACE:-$([ -n "${CI:-}" ] && echo 10 || echo 2)}
# An ordinary user, whom many tests play, may not be able to enter the build directory.
public=$(mktemp -d /var/tmp/pale-test.XXXXXX) || exit 1
trap 'rm -rf "$public"' EXIT
chmod 755 "$public"
find "$build" -maxdepth 1 -type f -name "pale*" -perm -u+x -exec cp {} "$public/" \;
export PALE=$public/pale PALE_BUILD=$build PALE_SOURCE=$PWD

wanted() {
	[ ${#words[@]} -eq 0 ] && return 0
	for word in "${words[@]}"; do
		case $1 in *"$word"*) return 0 ;; esac
	done
	return 1
}

# Run one file and keep its TAP; a file that dies, or stops before its plan, has failed.
one() {
	local name=$1 log=$logs/$1.tap seconds=$SECONDS status
	shift
	timeout --kill-after=10 600 "$@" >"$log" 2>"$log.err" </dev/null
	status=$?
	awk -v name="$name" -v status="$status" -v seconds=$((SECONDS - seconds)) '
		/^1\.\.[0-9]+/ { sub(/^1\.\./, ""); planned = $1 + 0; next }
		/^ok .*# *[Ss][Kk][Ii][Pp]/ { skipped++; print "# " $0 >> skips; next }
		/^ok / { passed++; next }
		/^not ok / { failed++; print }
		END {
			if (passed + failed + skipped < planned || planned == 0 ||
			    (status != 0 && failed == 0)) {
				failed++
				print "not ok - " name " ended with status " status " after " \
				    passed + skipped " of " planned
			}
			printf "%-34s %4d passed %4d failed %4d skipped %5d s\n", name, passed, \
			    failed, skipped, seconds
		}' skips="$log.skips" "$log" >"$log.sum"
	cat "$log.sum"
	if grep -q '^not ok' "$log.sum"; then
		sed -n '/^not ok/,/^ok /{/^ok /!p}' "$log" | head -n 60 | sed 's/^/    /'
		tail -n 20 "$log.err" | sed 's/^/    /'
	fi
}

run_all() { # RING GLOB: executables of a build directory, two at a time
	local ring=$1 dir=$2 pattern=$3 file name
	for file in "$dir"/$pattern; do
		[ -x "$file" ] || continue
		[ -f "$file" ] || continue
		name=$ring/$(basename "$file")
		mkdir -p "$logs/$ring"
		wanted "$name" || continue
		one "$name" "$file" &
		[ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
	done
	wait
}

run_bats() {
	local dir=$1 file name
	mkdir -p "$logs/$dir"
	for file in tests/"$dir"/*.bats tests/"$dir"/*.sh; do
		[ -f "$file" ] || continue
		name=$dir/$(basename "$file")
		wanted "$name" || continue
		case $file in
		*.bats) one "$name" bats --tap "$file" ;;
		*.sh) one "$name" bash "$file" "$build" ;;
		esac
	done
}

second_build() { # NAME COMPILER OPTIONS...: the same tests under another compiler
	local name=$1 cc=$2
	shift 2
	wanted "$name/" || [ ${#words[@]} -eq 0 ] || return 0
	if [ ! -f "build-$name/build.ninja" ]; then
		CC=$cc meson setup "build-$name" "$@" >"$logs/$name.setup" 2>&1
	fi
	mkdir -p "$logs/$name"
	one "$name/build" bash -c "echo 1..1; ninja -C build-$name --quiet >&2 && echo 'ok 1 - builds' ||
		echo 'not ok 1 - builds with $cc $*'"
	run_all "$name" "build-$name/tests/unit" 'unit-*'
	run_all "$name" "build-$name/tests/law" 'law-*'
}

mkdir -p "$logs/lint"
wanted lint/ && one lint/tree bash tests/lint.sh
run_all unit "$build/tests/unit" 'unit-*'
run_all law "$build/tests/law" 'law-*'
run_all live "$build/tests/live" 'live-*'
run_bats cli
run_bats live
if [ -z "${PALE_TEST_QUICK:-}" ]; then
	second_build clang clang
	second_build asan gcc -Db_sanitize=address,undefined
fi

find "$logs" -name '*.skips' -exec cat {} + | sort -u | head -n 40
find "$logs" -name '*.sum' -exec cat {} + | awk '
	/ passed .* failed .* skipped/ { passed += $2; failed += $4; skipped += $6 }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }'
