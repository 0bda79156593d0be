#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# `pale check --walker ./mine.so`: a walker that nobody has proved anything about. Whatever it does,
# one sentence, and nothing is left.

setup_file() {
	load lib.bash
	need cc
	walkers=$(mktemp -d /var/tmp/pale-walkers.XXXX)
	export walkers
	cat >"$walkers/walker.h" <<-'END'
		#include <signal.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <time.h>
		#include <unistd.h>
		#include "pale/walker.h"
		static const struct pale_walker_slot slots[] = {
			{ PALE_WALKER_NODE, 0 }, { PALE_WALKER_REST, 0 }, { PALE_WALKER_NUMBER, 3 } };
		#define STEP static int step(uint16_t *slot, unsigned flags, const struct pale_walker_ops *ops, void *ctx)
		#define WALK /* the plain walk of UNIX, without links */ \
			struct pale_walker_part part; uint16_t next = slot[0]; int r; \
			ops->part(ctx, slot[1], &part); \
			if (part.kind == PALE_WALKER_END || ((flags & PALE_WALKER_PARENT) && part.last)) \
				return PALE_WALKER_DONE; \
			if (part.kind == PALE_WALKER_DOTDOT) { \
				r = ops->parent(ctx, slot[0], &next); if (r < 0) return r; \
			} else if (part.kind == PALE_WALKER_NAME) { \
				r = ops->lookup(ctx, slot[0], part.name, &next); if (r < 0) return r; \
			} \
			slot[0] = next; slot[1] = part.rest; \
			ops->part(ctx, slot[1], &part); \
			return part.kind == PALE_WALKER_END || ((flags & PALE_WALKER_PARENT) && part.last) \
				? PALE_WALKER_DONE : PALE_WALKER_MORE;
		#define WALKER(...) const struct pale_walker pale_walker = { .version = PALE_WALKER_VERSION, \
			.name = "mine", .says = "a walker of the tests", .slot_count = 3, .slots = slots, \
			.step = step, __VA_ARGS__ };
	END
	make good 'STEP { WALK } WALKER()'
}

teardown_file() {
	rm -rf "$walkers"
}

# make NAME TEXT: a walker.
make() {
	printf '#include "walker.h"\n%s\n' "$2" >"$walkers/$1.c"
	cc -w -O1 -shared -fPIC -I"$BATS_TEST_DIRNAME/../../include" -o "$walkers/$1.so" "$walkers/$1.c"
}

setup() {
	load lib.bash
	area_make
	cp "$walkers"/walker.h .
}

teardown() {
	area_remove
}

# misbehaves NAME TEXT SENTENCE: such a walker is told of so, with 3, in 9 seconds, and is gone.
misbehaves() {
	local left
	make "$1" "$2"
	run --separate-stderr timeout 30 pale check dotdots --walker "$walkers/$1.so"
	exits 3
	[[ "${stderr_lines[0]}" == "pale: the walker $walkers/$1.so$3"* ]] || {
		echo "$stderr"
		false
	}
	[ -z "$output" ]
	left=$(pgrep -f -- "--walker $walkers/$1.so" || true)
	[ -z "$left" ]
}
broken() {
	misbehaves "$1" "$2" " (mine) does not keep to pale/walker.h: $3"
}

@test "one that behaves is checked and replayed like any other" {
	run pale check dotdots --walker "$walkers/good.so" --json --replay=walker
	exits 1
	json 'j["walker"] == "mine" and j["length"] == 6 and j["property"] == "union"'
	json 'j["replay"][0]["verdict"] == "reproduced"'
	run pale check dotdots --walker "$walkers/good.so" --property progress -q
	exits 0
	has "under walker mine"
	run pale check --matrix --walker "$walkers/good.so" --scope 2x2 --property union,progress --json
	exits 1
	json '[w["name"] for w in j["walkers"]] == ["mine"]'
	json '{c["property"]: c["verdict"] for c in j["walkers"][0]["cells"]} == {"union": "violated", "progress": "holds"}'
}

@test "the example finds what the walker of the same rule finds" {
	cc -shared -fPIC -I"$BATS_TEST_DIRNAME/../../include" -o compare.so "$BATS_TEST_DIRNAME/../../examples/walker/compare.c"
	run pale check dotdots --walker ./compare.so --json --no-replay
	exits 1
	json 'j["length"] == 6'
	cc -shared -fPIC -I"$BATS_TEST_DIRNAME/../../include" -o held.so "$BATS_TEST_DIRNAME/../../examples/walker/held.c"
	run pale check dotdots --walker ./held.so --json --no-replay
	exits 0
}

@test "it crashes" {
	misbehaves crash 'STEP { *(volatile int *)0 = 1; WALK } WALKER()' \
		" (mine) crashed in step, with 'bar' of the path left: Segmentation fault"
	misbehaves abort 'STEP { abort(); WALK } WALKER()' " (mine) crashed in step, with "
	misbehaves recursion 'static volatile int x; static int deep(int n) { char b[999]; b[n % 999] = n; x = b[5]; return deep(n + 1) + b[n % 7]; }
		STEP { return deep(1); } WALKER()' " (mine) crashed in step, with "
	misbehaves trap 'STEP { __builtin_trap(); WALK } WALKER()' " (mine) crashed in step, with "
	misbehaves exit 'STEP { exit(0); } WALKER()' " (mine) ended the search in step, with "
	misbehaves killed 'STEP { kill(getpid(), SIGKILL); WALK } WALKER()' " (mine) crashed in step, with "
}

@test "it crashes or loops while it is loaded" {
	misbehaves early '__attribute__((constructor)) static void f(void) { abort(); } STEP { WALK } WALKER()' \
		" crashed while it was loaded: Aborted"
	misbehaves never '__attribute__((constructor)) static void f(void) { for (;;) ; } STEP { WALK } WALKER()' \
		" does not end while it was loaded"
}

@test "it starts processes: none goes on beside the search, none is left" {
	broken forker 'STEP { fork(); WALK } WALKER()' "step starts a process"
	misbehaves early_forker '__attribute__((constructor)) static void f(void) { fork(); } STEP { WALK } WALKER()' \
		" does not keep to pale/walker.h: it starts a process"
	make spawner '#include <spawn.h>
		STEP { static int n; pid_t p; char *v[] = { "sleep", "4017", 0 };
			if (n++ == 0) posix_spawn(&p, "/bin/sleep", 0, 0, v, 0); WALK } WALKER()'
	run timeout 30 pale check dotdots --walker "$walkers/spawner.so" --no-replay -q
	exits 1
	run pgrep -fx "sleep 4017"
	[ -z "$output" ]
}

@test "it closes descriptors: a sentence all the same" {
	broken closer 'STEP { for (int i = 0; i < 64; i++) close(i); WALK } WALKER()' \
		"it closes descriptors that are not its own"
}

@test "it does not end" {
	misbehaves loop 'STEP { for (;;) ; } WALKER()' " (mine) does not end in step, with 'bar' of the path left"
	misbehaves begin 'static int begin(uint16_t *s, unsigned f, const struct pale_walker_ops *o, void *c) { for (;;) ; }
		STEP { WALK } WALKER(.begin = begin)' " (mine) does not end in begin, with 'bar"
}

@test "it waits for something that is none of the model's" {
	misbehaves sleeper 'STEP { pause(); WALK } WALKER()' " (mine) does not end in step, with "
}

@test "it writes beside its slots, or what a slot cannot hold" {
	broken behind 'STEP { slot[3] = 7; WALK } WALKER()' "step writes beside its slots, at slot 3 of 3"
	broken before 'STEP { slot[-2] = 7; WALK } WALKER()' "step writes beside its slots, at slot -2 of 3"
	broken number 'STEP { slot[2] = 4; WALK } WALKER()' "step leaves 4 in slot 2, whose greatest value is 3"
	broken node 'STEP { slot[0] = 4711; return 1; } WALKER()' "step leaves 4711 in slot 0: there is no such node"
	broken rest 'STEP { slot[1] = 60000; return 1; } WALKER()' "step leaves 60000 in slot 1: there is no such rest of a path"
	broken none 'STEP { slot[0] = 0; return 0; } WALKER()' "step leaves nothing in slot 0"
}

@test "it returns or asks what means nothing" {
	broken answer 'STEP { return 77; } WALKER()' "step returns 77, which means nothing"
	broken error 'STEP { return -5000; } WALKER()' "step returns -5000, which means nothing"
	broken wait 'STEP { slot[2] = 1; return PALE_WALKER_WAIT; } WALKER()' "step waits, and has changed its slots"
	broken asks 'STEP { uint16_t n; ops->parent(ctx, 999, &n); WALK } WALKER()' "step asks parent of node 999, which does not exist"
	broken name 'STEP { uint16_t n; ops->lookup(ctx, slot[0], 999, &n); WALK } WALKER()' "step looks up name 999, which does not exist"
}

@test "in user space it asks what only a kernel has" {
	broken beneath 'STEP { ops->beneath(ctx, slot[0], slot[0]); WALK } WALKER()' "step asks beneath, and the walker does not say .kernel"
	broken mark 'STEP { ops->mark(ctx); WALK } WALKER()' "step asks mark, and the walker does not say .sequence"
	broken lock 'STEP { ops->lock(ctx); WALK } WALKER()' "step asks lock, and the walker does not say .locks"
}

@test "the same slots give another step" {
	local says="step gives another result for the same slots the second time"
	broken counter 'STEP { static int n; slot[2] = n++ & 1; WALK } WALKER()' "$says"
	broken memory 'STEP { static uint16_t last; uint16_t had = last; last = slot[1]; slot[2] = had & 3; WALK } WALKER()' "$says"
	broken clock 'STEP { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); slot[2] = t.tv_nsec >> 4 & 1; WALK } WALKER()' "$says"
	broken chance 'STEP { slot[2] = random() & 1; WALK } WALKER()' "$says"
}

# refused NAME TEXT SENTENCE REMEDY
refused() {
	make "$1" "$2"
	says 2 "$3" "$4" pale check dotdots --walker "$walkers/$1.so"
}

@test "it is none, or not one for this version: 2" {
	local so=$walkers how="pale/walker.h says how it must be (version 1)"
	refused version 'STEP { WALK } WALKER(.version = 99)' \
		"the walker '$so/version.so' cannot be used: it was built for another version of pale/walker.h" "$how"
	refused nothing 'int x;' "'$so/nothing.so' is no walker: it has no symbol 'pale_walker'" \
		"it defines: const struct pale_walker pale_walker = { ... };"
	refused slots 'STEP { WALK } WALKER(.slot_count = 99)' \
		"the walker '$so/slots.so' cannot be used: it has too few or too many slots (2 to 24)" "$how"
	refused steps 'STEP { WALK } WALKER(.step = 0)' \
		"the walker '$so/steps.so' cannot be used: it has no function that takes a step" "$how"
	refused name 'STEP { WALK } WALKER(.name = "Not a name")' \
		"the walker '$so/name.so' cannot be used: its name is not 1 to 40 lower-case letters, digits and '-'" "$how"
	refused size 'struct { struct pale_walker w; char more[8]; } const pale_walker = { { .version = PALE_WALKER_VERSION } };' \
		"the walker '$so/size.so' cannot be used: it was built with another pale/walker.h" "$how"
	says 2 "cannot load the walker './none.so': No such file or directory" "" pale check dotdots --walker ./none.so
	echo text >text.so
	says 2 "cannot load the walker: ./text.so: file too short" \
		"cc -shared -fPIC -o mine.so mine.c makes one; examples/walker has one to start from" \
		pale check dotdots --walker ./text.so
}

@test "what it prints does not get into the answer" {
	make prints 'STEP { puts("hello"); WALK } WALKER()'
	run --separate-stderr pale check dotdots --walker "$walkers/prints.so" --json --no-replay
	exits 1
	json 'j["verdict"] == "violated"'
	[[ "$stderr" == *hello* ]]
}

@test "other mistakes are told as with any walker" {
	says 2 "there is no file and no scenario 'dotdot'" "did you mean 'dotdots'?" \
		pale check dotdot --walker "$walkers/good.so"
	run --separate-stderr bash -c "pale check dotdots --no-replay --walker $walkers/good.so >/dev/full"
	exits 3
	[ "$stderr" = "pale: cannot write the answer: No space left on device" ]
}

@test "stopped: what it has, 4; also where the walker does not come back" {
	local pid
	for walker in good sleeps; do
		[ $walker = good ] || make sleeps 'STEP { pause(); WALK } WALKER()'
		pale check ladder --property progress --scope 3x3 --no-reduce --limit 60s --walker "$walkers/$walker.so" >out 2>err &
		pid=$!
		sleep 1
		kill -TERM $pid
		status=0
		wait $pid || status=$?
		exits 4
		grep -qE 'limit reached \(stopped\)|stopped; the walker .* did not come back in step' out err
		[ -z "$(pgrep -f -- "$walkers/$walker.so" || true)" ]
	done
}

@test "the parent is killed: the walker's process ends too" {
	make loops 'STEP { for (;;) ; } WALKER()'
	pale check dotdots --walker "$walkers/loops.so" >out 2>err &
	local pid=$! _
	sleep 0.5
	kill -KILL $pid
	for _ in {1..100}; do
		[ -z "$(pgrep -f -- "$walkers/loops.so" || true)" ] && return
		sleep 0.05
	done
	false
}
