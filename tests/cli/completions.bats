#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Options are named in four places beside their table: the manual and three completions.

setup() {
	PALE=${PALE:-$BATS_TEST_DIRNAME/../../build/pale}
	SOURCE=$BATS_TEST_DIRNAME/../..
	options=$(options_of run)
	checks=$(options_of check)
	[ "$(wc -w <<<"$options")" -gt 20 ]
	[ "$(wc -w <<<"$checks")" -gt 20 ]
}

options_of() {
	"$PALE" "$1" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE '[a-z][a-z-]+$'
}

@test "the manual of pale run names every option" {
	for option in $options; do
		grep -qE "^\.(It|Ns).* -$option( |$)" "$SOURCE/man/pale-run.1.in" || {
			echo "no --$option in man/pale-run.1.in"
			false
		}
	done
}

@test "the manual of pale check names every option" {
	for option in $checks; do
		grep -qE "(^\.It Fl|[,;] Fl|, ).*-$option( |$)" "$SOURCE/man/pale-check.1" || {
			echo "no --$option in man/pale-check.1"
			false
		}
	done
}

@test "the completion of bash names every option" {
	for option in $options $checks; do
		grep -qE -- "--$option([ )\"]|$)" "$SOURCE/completions/pale.bash" || {
			echo "no --$option"
			false
		}
	done
}

@test "the completion of zsh names every option" {
	for option in $options $checks; do
		grep -qE -- "--$option(=-)?[]}[]" "$SOURCE/completions/_pale" || {
			echo "no --$option"
			false
		}
	done
}

@test "the completion of fish names every option" {
	for option in $options $checks; do
		grep -qE -- "-l $option( |$)" "$SOURCE/completions/pale.fish" || {
			echo "no --$option"
			false
		}
	done
}

@test "bash completes walkers, scenarios, lists of properties" {
	run env PATH="$(dirname "$PALE"):$PATH" SOURCE="$SOURCE" bash -c '
		source "$SOURCE/completions/pale.bash"
		try() {
			COMP_WORDS=("$@")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			COMPREPLY=()
			_pale
			echo "${COMPREPLY[@]}"
		}
		try pale che
		try pale check --walker start
		try pale check dotd
		try pale check x --property union,cal
		try pale check x --no-red'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = check ]
	[ "${lines[1]}" = start-compare ]
	[[ " ${lines[2]} " == *" dotdots "* ]]
	[ "${lines[3]}" = union,call ]
	[ "${lines[4]}" = --no-reduce ]
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
