#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The corpus of tests/victims is what its table says: each program works when nobody disturbs it; the
# vulnerable one falls to its action before its call, and no twin falls, whenever that is tried.
# victims.bash has the adversaries; tests/victims/step.c stops a program before each call in turn.
# shellcheck disable=SC2154 # names that a row of the table sets

setup_file() {
	local build=${PALE_BUILD:-$BATS_TEST_DIRNAME/../../build}
	# Short, and where everybody may go.
	top=$(mktemp -d /tmp/pale-victims.XXXX)
	chmod 755 "$top"
	cp -r "$build/tests/victims" "$top/bin"
	export top
}

teardown_file() {
	[ -z "${top:-}" ] || rm -rf "$top"
}

setup() {
	. "$BATS_TEST_DIRNAME/victims.bash"
	VICTIM=65530 ADVERSARY=65531
	export VICTIM
}

# Every row of the corpus: each FUNCTION ARG..., with name, kind, call, plain, sticky, form, user set.
each() {
	local failed=0 rows=0 row
	while read -r row; do
		read -r name kind cwe action call plain sticky form user script <<<"$row"
		rows=$((rows + 1))
		"$@" 3>&- </dev/null || {
			echo "$name: not as the table says: $*"
			failed=1
		}
	done < <(sed -n 's/^VICTIM(\(.*\))$/\1/p' "$BATS_TEST_DIRNAME/../victims/corpus.def" | tr -d ,)
	[ $rows -ge 22 ] && [ $failed -eq 0 ]
}

two_users() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be two users"
}

# In an ordinary directory, as an ordinary user (root, where that is what it is for).
natively() {
	local who=() twin area
	if [ "$(id -u)" -eq 0 ]; then
		[ "$user" = ROOT ] ||
			who=(setpriv --reuid="$VICTIM" --regid="$VICTIM" --clear-groups)
	elif [ "$user" = ROOT ]; then
		return 0
	fi
	for twin in "$name" "$name-fixed"; do
		area=$top/native.$1/$twin
		mkdir -p "$area/home" "$area/shared"
		chmod "$1" "$area/shared"
		echo secret >"$area/home/secret"
		chmod 600 "$area/home/secret"
		[ "$(id -u)" -ne 0 ] || chown -R $VICTIM:$VICTIM "$area/home"
		(
			cd "$area" || exit 99
			# System V objects end with their namespace.
			[ "$(id -u)" -ne 0 ] || who=(unshare -i "${who[@]}")
			PALE_WORLD=$area timeout 20 "${who[@]}" "$top/bin/$twin"
		) || return 1
		[ "$(cat "$area/home/secret")" = secret ] && [ "$(ls -A "$area/home")" = secret ] || return 1
	done
}

# Every run of a program, each with its rival before one call: steps TWIN COMMAND [-s]
steps() {
	local how=()
	[ "$user" = USER ] || how=(-r)
	mkdir -p "$top/world"
	"$top/bin/step" "${how[@]}" "${@:3}" "$top/world" $VICTIM $ADVERSARY "$2" \
		"$(fallen "$kind")" "$top/bin/$1" >"$top/steps"
	# Undisturbed it works, and there were calls to stop before.
	grep -qx '0 - held 0' "$top/steps" && [ "$(wc -l <"$top/steps")" -gt 3 ] || {
		cat "$top/steps"
		return 1
	}
}

# It falls before the call of its row: falls FOUND|SILENT [-s]
falls() {
	local verdict=$1
	if [ "$verdict" = LINKS ]; then
		verdict=FOUND
		[ "$(cat /proc/sys/fs/protected_symlinks)" -eq 0 ] || verdict=SILENT
	fi
	steps "$name" "$(rival "$name")" "${@:2}" || return 1
	if [ "$verdict" = SILENT ]; then
		! grep ' fell ' "$top/steps"
	else
		grep -q "^[0-9]* $call fell " "$top/steps" || {
			cat "$top/steps"
			return 1
		}
	fi
}

# Nor does its twin fall, before any call, to either rival.
stands() {
	steps "$name-fixed" "$(rival "$name")" "$@" && ! grep ' fell \|hung' "$top/steps" || return 1
	[ "$(rival_of_twin "$name")" != "$(rival "$name")" ] || return 0
	steps "$name-fixed" "$(rival_of_twin "$name")" "$@" && ! grep ' fell \|hung' "$top/steps"
}

# Nor to what is tried with every name at once.
stands_any() {
	local how=() replacement
	[ "$user" = USER ] || how=(-r)
	mkdir -p "$top/world"
	for replacement in "${replacements[@]}"; do
		"$top/bin/step" "${how[@]}" "$top/world" $VICTIM $ADVERSARY "$(replace_all "$replacement")" \
			"$(fallen_any)" "$top/bin/$name-fixed" >"$top/steps"
		grep -qx '0 - held 0' "$top/steps" && ! grep ' fell \|hung' "$top/steps" || return 1
	done
}

falls_plain() { falls "$plain"; }
falls_sticky() { falls "$sticky" -s; }

@test "undisturbed, every program and its twin work in a directory of mode 0777" {
	each natively 0777
}

@test "undisturbed, every program and its twin work in a directory of mode 1777" {
	each natively 1777
}

@test "in a directory of mode 0777 every program falls to its action, before its call" {
	two_users
	each falls_plain
}

@test "in a directory of mode 1777 a program falls exactly if the table says so" {
	two_users
	each falls_sticky
}

@test "in a directory of mode 0777 no twin falls, whenever its adversary acts" {
	two_users
	each stands
}

@test "in a directory of mode 1777 no twin falls, whenever its adversary acts" {
	two_users
	each stands -s
}

@test "in a directory of mode 0777 no twin falls where every name is replaced" {
	two_users
	each stands_any
}

@test "each row of the table has its program and its twin, and they are what it says" {
	local files
	is_there() {
		local twin
		grep -q "^ACTION($action," "$BATS_TEST_DIRNAME/../../src/race/actions.def" || return 1
		[ "$script" = NULL ] || return 1
		for twin in "$name" "$name-fixed"; do
			[ -x "$top/bin/$twin" ] || return 1
			case $form in
			STATIC) ! readelf -lW "$top/bin/$twin" | grep INTERP ;;
			DYNAMIC) readelf -lW "$top/bin/$twin" | grep -q INTERP ;;
			THREADS) grep -q pthread_create "$BATS_TEST_DIRNAME/../victims/$twin.c" ;;
			SHELL) [ "$(head -n 1 "$top/bin/$twin")" = "#!/bin/sh" ] ;;
			*) false ;;
			esac || return 1
			grep -q "CWE-$cwe" "$BATS_TEST_DIRNAME/../victims/$twin".* || return 1
		done
		grep -q "Wins: $action " "$BATS_TEST_DIRNAME/../victims/$name".*
	}
	each is_there
	files=$(find "$BATS_TEST_DIRNAME/../victims" -name '*-fixed.*' | wc -l)
	[ "$files" -eq "$(grep -c '^VICTIM(' "$BATS_TEST_DIRNAME/../victims/corpus.def")" ]
}
