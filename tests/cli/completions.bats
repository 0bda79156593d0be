#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Options are named in four places beside their table: the manual and three completions.

setup() {
	PALE=${PALE:-$BATS_TEST_DIRNAME/../../build/pale}
	SOURCE=$BATS_TEST_DIRNAME/../..
	options=$("$PALE" run --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE '[a-z][a-z-]+$')
	[ "$(wc -w <<<"$options")" -gt 20 ]
}

@test "the manual of pale run names every option" {
	for option in $options; do
		grep -qE "^\.(It|Ns).* -$option( |$)" "$SOURCE/man/pale-run.1.in" || {
			echo "no --$option in man/pale-run.1.in"
			false
		}
	done
}

@test "the completion of bash names every option" {
	for option in $options; do
		grep -qE -- "--$option([ )\"]|$)" "$SOURCE/completions/pale.bash" || {
			echo "no --$option"
			false
		}
	done
}

@test "the completion of zsh names every option" {
	for option in $options; do
		grep -qE -- "--$option(=-)?[]}[]" "$SOURCE/completions/_pale" || {
			echo "no --$option"
			false
		}
	done
}

@test "the completion of fish names every option" {
	for option in $options; do
		grep -qE -- "-l $option( |$)" "$SOURCE/completions/pale.fish" || {
			echo "no --$option"
			false
		}
	done
}

@test "bash completes verbs, options, profiles and limits" {
	run env PATH="$(dirname "$PALE"):$PATH" SOURCE="$SOURCE" bash -c '
		source "$SOURCE/completions/pale.bash"
		try() {
			COMP_WORDS=("$@")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			COMPREPLY=()
			_pale
			echo "${COMPREPLY[@]}"
		}
		try pale ru
		try pale run --parano
		try pale run -p pyth
		try pale run --limit npr
		try pale run -w . -- --par'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = run ]
	[ "${lines[1]}" = --paranoid ]
	[ "${lines[2]}" = python ]
	[ "${lines[3]}" = nproc= ]
	[ "${#lines[@]}" -eq 4 ]
}
