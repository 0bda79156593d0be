# SPDX-License-Identifier: BSD-2-Clause
# Helpers of the command-line tests. Sourced by *.bats.
#
#   PALE      the program under test; default: the one build/pale of this tree

bats_require_minimum_version 1.5.0

cli_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PALE=$(realpath -m "${PALE:-${PALE_BUILD:-$cli_dir/../../build}/pale}")
# The system's own programs first: what lies in the home of root is not for everybody.
PATH=$(dirname "$PALE"):/usr/bin:/bin:$PATH
. "$cli_dir/../people.bash"

# An empty directory that everybody may search, removed at the end; the test starts in it.
# Not in /tmp, which is private in a cage.
area_make() {
	area=$(mktemp -d /var/tmp/pale-cli.XXXX)
	chmod 755 "$area"
	cd "$area" || return
	who=root
	[ "$(id -u)" -eq 0 ] || who=user
	unset NO_COLOR
	export LC_ALL=C
}

area_remove() {
	cd / || return
	chmod -R u+rwX "$area" 2>/dev/null
	rm -rf "$area"
}

# Give files to $who.
own() {
	if [ "$who" = user ] && [ "$(id -u)" -eq 0 ]; then
		chown -hR "$USER_ID:$USER_ID" "$@"
	fi
}

# says CODE SENTENCE REMEDY COMMAND...: that exit code, that text on standard error to the letter,
# nothing on standard output. An empty remedy: there is none.
says() {
	local code=$1 want="pale: $2"
	[ -z "$3" ] || want+=$'\n'"      $3"
	shift 3
	# With the code named, bats does not warn of 127.
	run -"$code" --separate-stderr "$@"
	[ "$stderr" = "$want" ] || {
		diff <(echo "$want") <(echo "$stderr")
		return 1
	}
	[ -z "$output" ]
}

# exits CODE: what was run last did.
exits() {
	[ "$status" -eq "$1" ] || {
		echo "exit code $status, not $1, saying:"
		echo "$output"
		echo "${stderr-}"
		return 1
	}
}

# has WORDS: what was run last said so, on standard output, in one line.
has() {
	[[ "$output" == *"$1"* ]] || {
		echo "no '$1' in:"
		echo "$output"
		return 1
	}
}

# json EXPRESSION [ARGUMENT...]: true of the JSON that was printed last, as `j`, in Python.
json() {
	local expression=$1
	shift
	python3 -c 'import json, sys
j = json.loads(sys.stdin.read())
ok = eval(sys.argv[1])
if not ok: print("not so:", sys.argv[1], json.dumps(j, indent=1)[:6000])
sys.exit(0 if ok else 1)' "$expression" "$@" <<<"$output"
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
}

# A feature that `pale doctor` names by this id.
need_feature() {
	pale doctor --json >"$area/doctor.json" || true
	python3 -c 'import json, sys
f = {f["id"]: f for f in json.load(open(sys.argv[1]))["features"]}
sys.exit(0 if f[sys.argv[2]]["state"] in ("yes", "partly") else 1)' "$area/doctor.json" "$1" ||
		skip "needs $1"
	rm "$area/doctor.json"
}
