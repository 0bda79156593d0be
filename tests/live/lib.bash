# SPDX-License-Identifier: BSD-2-Clause
# Helpers of the live tests: one program natively and in a cage, as root and as an ordinary user,
# and what must be the same. Sourced by *.bats.
#
#   PALE      the program under test; default: the one in PALE_BUILD, or in build/ of this tree

live_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PALE=${PALE:-${PALE_BUILD:-$live_dir/../../build}/pale}
PALE=$(realpath -m "$PALE")
. "$live_dir/../people.bash"

# Start a test for $1: an area of its own with an empty tree in it, owned by that person.
area_make() {
	who=$1
	vars=()
	skip=
	# A short path, for sockets, and one that everybody may search.
	[ -n "${top:-}" ] || top=$(mktemp -d /tmp/pale-live.XXXX)
	chmod 755 "$top"
	area=$top/$who
	mkdir -p "$area/tree" "$area/home"
	area_own
}

area_own() {
	if [ "$who" = user ] && [ "$(id -u)" -eq 0 ]; then
		chown -hR "$USER_ID:$USER_ID" "$area"
	fi
}

# Run a command in a fresh copy of the tree, always at the same path; keep what it said and left.
# $skip is an extended regular expression of files whose content may differ.
one() {
	local label=$1
	shift
	rm -rf "$area/w"
	cp -a "$area/tree" "$area/w"
	(
		cd "$area/w" || exit 99
		code=0
		as timeout 60 env -i "$@" </dev/null >"$area/$label.out" 2>"$area/$label.err" 3>&- ||
			code=$?
		echo $code >"$area/$label.code"
	)
	(
		cd "$area/w" || exit 99
		find . \( -type d -printf '%p %y %m %U %G\n' \) -o -printf '%p %y %m %U %G %l\n' |
			sort >"$area/$label.list"
		find . -type f -print0 | grep -zEv "${skip:-^$}" | sort -z |
			xargs -0r sha256sum >"$area/$label.sums"
	)
}

# The same output, exit code and files: same GRANT... -- COMMAND...
# With "make_stable" defined, what was said goes through it first.
same() {
	local grants=() part
	local env=("PATH=/usr/bin:/bin" "HOME=$area/home" LANG=C.UTF-8 TERM=xterm TZ=UTC "${vars[@]}")
	while [ "$1" != -- ]; do
		grants+=("$1")
		shift
	done
	shift
	one native "${env[@]}" "$@"
	one cage "${env[@]}" "$PALE" run -w . "${grants[@]}" "${vars[@]/#/--env=}" -- "$@"
	for part in code err out list sums; do
		if [ "$part" = out ] || [ "$part" = err ]; then
			stable "$area/native.$part"
			stable "$area/cage.$part"
		fi
		diff -u "$area/native.$part" "$area/cage.$part" || {
			echo "as $who, '$part' differs; in the cage it said:"
			head -50 "$area/cage.out" "$area/cage.err"
			return 1
		}
	done
	# Two failures that are alike prove nothing.
	[ "$(cat "$area/native.code")" -eq "${want:-0}" ] || {
		echo "natively, as $who, it ended with $(cat "$area/native.code"):"
		head -50 "$area/native.out" "$area/native.err"
		return 1
	}
}

stable() {
	if declare -F make_stable >/dev/null; then
		make_stable <"$1" >"$1.stable"
		mv "$1.stable" "$1"
	fi
}

# Run a command in the tree, as $who, with the environment that every run here has.
in_tree() {
	(
		cd "$area/tree" || exit 99
		# Descriptor 3 is the log of bats: what outlived a test would hold it open.
		as timeout 60 env -i PATH=/usr/bin:/bin HOME="$area/home" LANG=C.UTF-8 TERM=xterm "$@" 3>&-
	)
}

# Run a command in a cage in the tree: caged GRANT... -- COMMAND...
caged() {
	in_tree "$PALE" run -w . "$@"
}

# A scenario of pty_driver.py, natively and in the cage: on_terminal SCENARIO GRANT...
on_terminal() {
	local driver=$live_dir/pty_driver.py scenario=$1
	shift
	in_tree /usr/bin/python3 - "$scenario" <"$driver" || {
		echo "natively, as $who"
		return 1
	}
	in_tree /usr/bin/python3 - "$scenario" "$PALE" run -w . "$@" -- <"$driver" || {
		echo "in the cage, as $who"
		return 1
	}
}

need() {
	local program
	for program; do
		[ -x "$program" ] || skip "needs $program"
	done
}
