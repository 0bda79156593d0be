#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Policies from the command line: files, scripts, profiles, and what is said about bad ones.

load lib

setup() {
	SOURCE=$(realpath "$BATS_TEST_DIRNAME/../..")
	area_make
}

teardown() {
	area_remove
}

@test "a policy gives what it says and nothing else" {
	mkdir in out
	echo hello >in/a
	echo secret >b
	cat >x.pale <<-'EOF'
		read('in')
		write('out')
	EOF
	run pale run --policy x.pale -- sh -c 'cp in/a out/a && cat out/a; cat b; touch in/c'
	[ "${lines[0]}" = hello ]
	[[ "$output" == *"b: No such file"* ]]
	[[ "$output" == *"in/c"*"Read-only file system"* ]]
	[ -f out/a ]
}

@test "relative paths start from the policy's directory, not from where pale is started" {
	mkdir -p p/in
	echo hello >p/in/a
	echo "read('in') chdir('in')" >p/x.pale
	cd /
	run pale run --policy "$area/p/x.pale" -- cat a
	[ "$output" = hello ]
}

@test "a policy that begins with #! is a program, and its arguments are the command's" {
	cat >x.pale <<-'EOF'
		#!/usr/bin/env -S pale run --script
		command('/usr/bin/printf', '%s+')
	EOF
	chmod +x x.pale
	run ./x.pale one --two '-p three'
	[ "$output" = "one+--two+-p three+" ]
}

@test "a policy can also be a program by --policy, with -- before its arguments" {
	printf '#!/usr/bin/env -S pale run --policy\ncommand("/usr/bin/printf", "%%s+")\n' >x.pale
	chmod +x x.pale
	run ./x.pale -- -a b
	[ "$output" = "-a+b+" ]
}

@test "bytes that are no text, and a newline, are part of a path like any other" {
	name=$(printf 'a\351\nb')
	mkdir "$name"
	echo hello >"$name/f"
	printf "read('a\\351\\nb')\n" >raw.pale
	printf 'read("a\\xe9\\nb")\n' >escaped.pale
	for file in raw escaped; do
		run pale run --policy $file.pale -- cat "$area/$name/f"
		[ "$output" = hello ]
	done
}

@test "nothing of a policy comes from the environment" {
	mkdir '$HOME' '${HOME}'
	echo one >'$HOME/f'
	echo two >'${HOME}/f'
	echo "read('\$HOME', '\${HOME}')" >x.pale
	HOME=/ run pale run --policy x.pale -- cat "$area/\$HOME/f" "$area/\${HOME}/f"
	[ "${lines[0]}" = one ]
	[ "${lines[1]}" = two ]
}

@test "\${...} outside of single quotes is refused with file, line and remedy" {
	printf '\nread("${HOME}")\n' >x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 125 ]
	[[ "${lines[0]}" == "pale: x.pale:2: nothing is taken from the environment"* ]]
	[[ "${lines[1]}" == *"single quotes"* ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "unknown words and rights are refused with file and line, the nearest is suggested" {
	printf "write('.')\nraed('.')\n" >x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "pale: x.pale:2: unknown word 'raed'" ]
	[[ "${lines[1]}" == *"did you mean 'read'?" ]]
	printf "dir('.',\n'lokup')\n" >x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 125 ]
	[ "${lines[0]}" = "pale: x.pale:2: 'lokup' is not a right" ]
	[[ "${lines[1]}" == *"did you mean 'lookup'?" ]]
}

@test "a grant of what is not there is refused with file and line, but maybe_ passes it over" {
	printf "\nread('gone')\n" >x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 125 ]
	[[ "${lines[0]}" == "pale: x.pale:2: "*gone* ]]
	printf "\nmaybe_read('gone')\n" >x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 0 ]
}

@test "a missing or endless policy, a directory and a FIFO are refused at once" {
	mkfifo fifo
	for file in gone . fifo /dev/zero; do
		run timeout 5 pale run --policy $file -- true
		[ "$status" -eq 125 ]
		[ "${#lines[@]}" -le 2 ]
	done
}

@test "a policy that may not be read is refused" {
	[ "$(id -u)" -ne 0 ] || skip "root, who reads everything"
	: >x.pale
	chmod 0 x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 125 ]
}

@test "a file that includes itself is refused with file and line" {
	printf "\ninclude('x.pale')\n" >x.pale
	run pale run --policy x.pale -- true
	[ "$status" -eq 125 ]
	[[ "${lines[0]}" == "pale: x.pale:2: "*deep* ]]
}

@test "each compartment has its own grants and the profiles of the command line" {
	mkdir a b
	echo "compartment one { read('a') chdir('a') } compartment two { read('b') chdir('b') }" >x.pale
	run pale run --policy x.pale --compartment one -- sh -c 'pwd; ls ..'
	[ "${lines[0]}" = "$area/a" ]
	[ "${lines[1]}" = a ]
	[ "${#lines[@]}" -eq 2 ]
	run pale run --policy x.pale --compartment twoo -- true
	[ "$status" -eq 125 ]
	[[ "${lines[1]}" == *"did you mean 'two'?" ]]
}

@test "a policy says the later word than the profile system" {
	echo "proc('none')" >x.pale
	run pale run --policy x.pale -- sh -c 'echo /proc/*'
	[ "$output" = '/proc/*' ]
}

@test "every profile is listed, printed as it stands in the tree, and works" {
	for file in "$SOURCE"/profiles/*.pale; do
		name=$(basename "$file" .pale)
		pale run --list-profiles | grep -qx "$name"
		pale run --print-profile "$name" | cmp - "$file"
		pale run -p "$name" -- true
	done
	[ "$(pale run --list-profiles | wc -l)" -eq "$(find "$SOURCE/profiles" -name '*.pale' | wc -l)" ]
}

@test "an unknown profile is refused, and the nearest suggested" {
	run pale run -p pyton -- true
	[ "$status" -eq 125 ]
	[[ "$output" == *"did you mean 'python'?"* ]]
}

@test "the examples do what they say" {
	cp "$SOURCE"/examples/*.pale .
	mkdir -p inbox out site uploads thumbs
	printf 'all:\n\techo built >made\n\tcat made\n' >Makefile
	echo 'print("in", __file__); open("out/f", "w").write("x")' >report.py
	run ./build.pale -s
	[ "$output" = built ]
	run ./agent.pale sh -c 'echo "$HOME"; ls made'
	[ "${lines[0]}" = /tmp ]
	[ "${lines[1]}" = made ]
	run --separate-stderr ./python.pale report.py
	[ "$output" = "in $area/report.py" ]
	[ -f out/f ]
	run ./inbox.pale letter <<<hello
	[ "$status" -eq 0 ]
	[ "$(cat inbox/letter)" = hello ]
	run pale run --policy service.pale --compartment thumbs
	[[ "$output" == *"image program"* ]]
}
