#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# --sysv and --mq: what is granted one by one, refused with words, explained, and used by programs.
# What it holds against is in tests/live/sysv.c and tests/live/mqueue.c.
# shellcheck disable=SC2016,SC2154 # programs of perl; names of lib.bash

setup() {
	# shellcheck disable=SC1091 source=tests/cli/lib.bash
	. "$BATS_TEST_DIRNAME/lib.bash"
	need perl ipcs ipcrm
	area_make
	key=$(printf '0x%08x' $((0x5b000000 + ($$ & 0xffff) * 16)))
	before=$(ipcs | grep -c '^0x') || true
}

teardown() {
	ipcrm -M "$key" -Q "$key" -S "$key" 2>/dev/null
	[ -z "${queue:-}" ] || queue_do unlink 2>/dev/null
	area_remove
}

# One object of $who, with the key: make shm|msg|sem MODE
make() {
	as perl -e 'my ($kind, $key, $mode) = ($ARGV[0], hex $ARGV[1], oct $ARGV[2]);
		my $flags = 01000 | 02000 | $mode;
		my $id = $kind eq "shm" ? shmget($key, 4096, $flags) :
			$kind eq "msg" ? msgget($key, $flags) : semget($key, 1, $flags);
		die "$!" unless defined $id' "$1" "$key" "$2"
}

# queue_do make|unlink: a POSIX queue of $who.
queue_do() {
	as python3 -c 'import ctypes, os, sys
rt = ctypes.CDLL("librt.so.1", use_errno=True)
name = sys.argv[2].encode()
r = rt.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, None) if sys.argv[1] == "make" else rt.mq_unlink(name)
sys.exit(0 if r >= 0 else os.strerror(ctypes.get_errno()))' "$1" "$queue"
}

@test "an object or a queue that is not there is refused, saying how one is made" {
	says 125 "--sysv: there is no shared memory segment with the key 0x5a5a5a5a" \
		"it must be there before the program starts: start what makes it, or make one with \`ipcmk -M SIZE\` and grant the key that \`ipcs -m\` shows" \
		pale run --sysv shm:0x5a5a5a5a:read -- true
	says 125 "--sysv: there is no semaphore set with the key 0x5a5a5a5a" \
		"it must be there before the program starts: start what makes it, or make one with \`ipcmk -S COUNT\` and grant the key that \`ipcs -s\` shows" \
		pale run --sysv sem:0x5a5a5a5a:read,write -- true
	says 125 "--mq: there is no POSIX queue '/pale-none'" \
		"it must be there before the program starts: start what makes it; /dev/mqueue lists them where it is mounted" \
		pale run --mq pale-none:read -- true
}

@test "what nothing here tells apart is refused: a semaphore read only, a segment written only" {
	says 125 "--sysv: nothing here withholds 'write' alone from a semaphore set: one call waits for a semaphore and changes it, and which of the two lies in memory" \
		"grant sem:0x7:read,write, or leave it out" pale run --sysv sem:7:read -- true
	says 125 "--sysv: nothing here withholds 'read' alone from a semaphore set: one call waits for a semaphore and changes it, and which of the two lies in memory" \
		"grant sem:0x7:read,write, or leave it out" pale run --sysv sem:7:write -- true
	says 125 "--sysv: nothing here withholds 'read' alone from a shared memory segment: what can be written to in memory can be read" \
		"grant shm:0x7:read,write, or leave it out" pale run --sysv shm:7:write -- true
}

@test "two grants of one object are one, however its key is written" {
	for who in $(people); do
		make shm 600
		as pale run --sysv "shm:$key:read" --sysv "shm:$((key)):write" -- perl -e '
			my $id = shmget(hex $ARGV[0], 0, 0);
			shmwrite($id, "united", 0, 6) or die "$!"' "$key"
		ipcrm -M "$key"
	done
}

@test "what one may not open oneself is refused at the start" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, for somebody else's objects"
	make shm 600
	make msg 600
	queue=/pale-cli-$$
	queue_do make
	who=user
	for object in shm:read msg:read,write; do
		run as pale run --sysv "${object%%:*}:$key:${object#*:}" -- true
		exits 125
		has "you may not read"
	done
	run as pale run --mq "$queue:read" -- true
	exits 125
	has "you may not open the POSIX queue '$queue' so yourself"
	who=root
}

@test "root opens what is somebody else's as little as the program could" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	who=user
	queue=/pale-cli-$$
	make shm 600
	queue_do make
	run pale run --sysv "shm:$key:read" -- true
	exits 125
	has "you may not read the shared memory segment"
	run pale run --mq "$queue:read" -- true
	exits 125
	has "you may not open the POSIX queue"
}

@test "a producer inside is seen by ipcs, a consumer inside gets what was sent outside" {
	for who in $(people); do
		make msg 600
		as pale run --sysv "msg:$key:write" -- perl -e '
			my $id = msgget(hex $ARGV[0], 0);
			msgsnd($id, pack("l! a*", 1, "from inside"), 0) or die "$!"' "$key"
		[ "$(ipcs -q | awk -v k="$key" '$1 == k { print $6 }')" = 1 ]
		run as pale run --sysv "msg:$key:read" -- perl -e '
			my $id = msgget(hex $ARGV[0], 0);
			msgrcv($id, my $got, 64, 0, 0) or die "$!";
			print substr($got, length pack("l!", 0))' "$key"
		exits 0
		[ "$output" = "from inside" ]
		ipcrm -Q "$key"
	done
}

@test "a segment is written to inside and read outside, and nothing is left behind" {
	for who in $(people); do
		make shm 600
		as pale run --sysv "shm:$key:read,write" -- perl -e '
			my $id = shmget(hex $ARGV[0], 4096, 01600);
			shmwrite($id, "from inside", 0, 11) or die "$!"' "$key"
		[ "$(as perl -e 'shmread(shmget(hex $ARGV[0], 0, 0), my $got, 0, 11) or die "$!";
			print $got' "$key")" = "from inside" ]
		ipcrm -M "$key"
		[ "$(ipcs | grep -c '^0x' || true)" = "$before" ]
	done
}

@test "a server that makes what it needs finds that it may not, and leaves nothing" {
	make sem 600
	run pale run --sysv "sem:$key:read,write" -- perl -e '
		print defined shmget(hex $ARGV[0], 4096, 01600) ? "made" : $!' "$key"
	[ "$output" = "Permission denied" ]
	run pale run --sysv "sem:$key:read,write" -- perl -e '
		print defined shmget(0, 4096, 01600) ? "made" : $!'
	[ "$output" = "Permission denied" ]
	ipcrm -S "$key"
	[ "$(ipcs | grep -c '^0x' || true)" = "$before" ]
}

@test "ipcs inside shows nothing of the machine's" {
	make shm 600
	for proc in self full none; do
		run pale run --proc=$proc --sysv "shm:$key:read" -- ipcs
		[[ $output != *"$key"* ]]
	done
}

@test "a policy grants them with words" {
	need python3
	make shm 600
	make sem 600
	queue=/pale-cli-$$
	queue_do make
	cat >p.pale <<-END
		sysv("shm", "$key", "read")
		sysv("sem", "$key", "read,write")
		mq("$queue", "write")
	END
	pale run --policy p.pale -- true
	run pale run --policy p.pale --explain
	has "$key (p.pale:1): read"
	has "$key (p.pale:2): read,write"
	has "$queue (p.pale:3): write"
	has "user, mount, pid; no capability"
	run pale run --policy p.pale --explain --json
	json 'j["namespaces"] == ["user", "mount", "pid"]'
	run pale run --explain --json
	json '"ipc" in j["namespaces"]'
}

@test "--why answers for keys and queues, and names the grant that allows" {
	make shm 600
	run pale run --sysv "shm:$key:read" --why shmat "$key"
	exits 1
	has "to allow    --sysv shm:$key:read,write"
	pale run --sysv "shm:$key:read,write" --why shmat "$key"
	pale run --sysv "shm:$key:read" --why shmat:SHM_RDONLY "$key"
	pale run --sysv "shm:$key:read" --why shmget:IPC_CREAT "$((key))"
	run pale run --sysv "shm:$key:read" --why semop "$key"
	exits 1
	has "to allow    --sysv sem:$key:read,write"
	run pale run --sysv "shm:$key:read,write" --why shmctl:IPC_RMID "$key"
	exits 1
	[[ $output != *"to allow"* ]]
	run pale run --sysv "shm:$key:read" --why mq_open:O_WRONLY jobs
	exits 1
	has "to allow    --mq /jobs:write"
	run pale run --why shmget "$key"
	exits 0
	has "the machine's own is reached with --sysv shm:$key:read"
	run pale run --why mq_open /jobs
	exits 0
	has "the machine's own is reached with --mq /jobs:read"
	run pale run --why shmget nonsense
	exits 125
	has "option --why:"
}

@test "--trace names what would have allowed it, and adding that allows it" {
	local try='my $id = shmget(hex $ARGV[0], 0, 0) // exit 3; shmread($id, my $x, 0, 1) or exit 4;
		shmwrite($id, "x", 0, 1) or exit 5; shmctl($id, 0, 0) or exit 6'
	make shm 600
	make sem 600
	run pale run --trace --sysv "sem:$key:read,write" -- perl -e "$try" "$key"
	exits 3
	has "shmget($key)"
	has "to allow: --sysv shm:$key:read"
	run pale run --trace --sysv "sem:$key:read,write" --sysv "shm:$key:read" -- \
		perl -e "$try" "$key"
	exits 5
	has "to allow: --sysv shm:$key:read,write"
	run pale run --trace --sysv "sem:$key:read,write" --sysv "shm:$key:read,write" -- \
		perl -e "$try" "$key"
	exits 6
	has "to allow: nothing: what is the machine's is never removed"
	run pale run --trace --sysv "sem:$key:read,write" -- \
		perl -e 'exit(defined shmget(0x5a5a5a5a, 4096, 01600) ? 0 : 3)'
	exits 3
	has "nothing: there is no such object"
}

@test "a cage inside another has of the objects what both are granted, and no queue" {
	local try='my $id = shmget(hex $ARGV[0], 0, 0) // exit 3; shmread($id, my $x, 0, 1) or exit 4;
		shmwrite($id, "x", 0, 1) or exit 5'
	make shm 600
	make sem 600
	queue=/pale-cli-$$
	queue_do make
	run pale run -x "$PALE" --sysv "shm:$key:read,write" -- \
		"$PALE" run --sysv "shm:$key:read" -- perl -e "$try" "$key"
	exits 5
	run pale run -x "$PALE" --sysv "shm:$key:read" -- \
		"$PALE" run --sysv "shm:$key:read,write" -- perl -e "$try" "$key"
	exits 125
	has "would have write, which the cage around does not have"
	run pale run -x "$PALE" --sysv "shm:$key:read" -- \
		"$PALE" run --sysv "sem:$key:read,write" -- true
	exits 125
	has "is not granted to the cage around"
	run pale run -x "$PALE" --sysv "shm:$key:read" -- "$PALE" run -- perl -e "$try" "$key"
	exits 3
	run pale run -x "$PALE" --mq "$queue:read" -- "$PALE" run --mq "$queue:read" -- true
	exits 125
	has "cannot be handed on to a cage inside it"
	run pale run -x "$PALE" -- "$PALE" run --sysv "shm:$key:read" -- true
	exits 125
	has "there is no shared memory segment with the key"
}

@test "as many objects as there may be, and one more" {
	local grants=() i
	make msg 600
	for ((i = 0; i < 33; i++)); do
		perl -e 'defined semget($ARGV[0], 1, 01600) or die "$!"' $((key + i))
		grants+=(--sysv "sem:$((key + i)):read,write")
	done
	run pale run "${grants[@]:0:64}" -- perl -e \
		'print defined semget($ARGV[0], 1, 0) ? "there" : $!' $((key + 31))
	local last=$output
	run pale run "${grants[@]}" -- true
	for ((i = 0; i < 33; i++)); do
		ipcrm -S "$((key + i))"
	done
	[ "$last" = there ]
	exits 125
	has "more than 32 System V objects"
}

@test "the mode and times of a queue of one's own cannot be changed, and where another grant could it is refused" {
	need setpriv
	queue=/pale-cli-$$
	mkdir "$area/changed"
	program='import ctypes, os, sys
rt = ctypes.CDLL("librt.so.1", use_errno=True)
fd = rt.mq_open(sys.argv[1].encode(), os.O_RDONLY)
for what in lambda: os.fchmod(fd, 0o666), lambda: os.fchown(fd, -1, os.getgid()), lambda: os.utime(fd):
	try:
		what()
		print("done")
	except OSError as e:
		print(e.strerror)'
	for who in $(people); do
		queue_do make
		run --separate-stderr as pale run -x /usr --mq "$queue:read" -- python3 -c "$program" "$queue"
		[ "$output" = "$(printf 'Operation not permitted\n%.0s' 1 2 3)" ]
		run as pale run -x /usr -w "$area/changed" --mq "$queue:read" -- true
		exits 125
		has "no mechanism here tells the two apart"
		has "or accept it with --best-effort=queue"
		run --separate-stderr as pale run -x /usr -w "$area/changed" --mq "$queue:read" \
			--best-effort=queue -- python3 -c "$program" "$queue"
		[ "$output" = "$(printf 'done\n%.0s' 1 2 3)" ]
		queue_do unlink
	done
	queue=
}
