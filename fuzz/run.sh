#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Build every fuzz target with clang's fuzzer and its sanitizers into build-fuzz, and run each for
# FUZZ_SECONDS (20), or the targets that are named as arguments. What a target finds interesting
# stays in build-fuzz/corpus; what makes it fail is kept in build-fuzz/crash and named.
set -u
cd "$(dirname "$0")/.." || exit 1
build="build-fuzz"
seconds=${FUZZ_SECONDS:-20}

if [ ! -f $build/build.ninja ]; then
	CC=clang meson setup $build -Dfuzz=true -Dtests=false -Db_sanitize=address,undefined \
		-Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link >$build.log 2>&1 || {
		cat $build.log
		exit 1
	}
	rm -f $build.log
fi
if [ $# -gt 0 ]; then
	targets=$*
else
	targets=$(for source in fuzz/*.c; do basename "$source" .c; done)
fi
passed=0
failed=0
for target in $targets; do
	mkdir -p "$build/corpus/$target" "$build/crash"
	log=$build/fuzz-$target.log
	seeds=()
	[ -d "fuzz/seeds/$target" ] && seeds=("fuzz/seeds/$target")
	if ninja -C $build --quiet "fuzz/fuzz-$target" >"$log" 2>&1 &&
		"$build/fuzz/fuzz-$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
			-artifact_prefix="$build/crash/$target-" "$build/corpus/$target" \
			"${seeds[@]}" >>"$log" 2>&1; then
		passed=$((passed + 1))
		echo "ok - $target: $(tail -n 1 "$log")"
	else
		failed=$((failed + 1))
		echo "not ok - $target"
		tail -n 40 "$log" | sed 's/^/# /'
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
