/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a state costs the search of `pale check`: a system like that of the slides, eight nodes and
 * some processes that each make a few calls, all of it in two words; no reductions, no violation,
 * so that every state is met.
 *
 *   search [PROCESSES [CALLS [THREADS [fingerprint]]]]      3 2 1 if not given
 *
 * Prints: states, transitions, levels, seconds, states a second, bytes a state.
 */
#include "check/explore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The tree: / has etc and tmp, etc has passwd, tmp has sandbox, sandbox has foo, foo has bar; SPARE
 * is what mkdirat makes. */
enum { ROOT, ETC, TMP, PASSWD, SANDBOX, FOO, BAR, SPARE, NODES, UP = NODES, END };
enum {
	PROCESSES_MAX = 4,
	PARTS = 5,
	NODE_BITS = 3,
	ALIVE_AT = NODES * NODE_BITS, /* in word 0: the parents, then a bit for each live node */
	PROCESS_BITS = 16,            /* in word 1, for each process, see struct process */
};

static const struct {
	unsigned start;
	unsigned part[PARTS];
} paths[] = {
	{ FOO, { BAR, UP, END } },
	{ FOO, { BAR, UP, UP, END } },
	{ SANDBOX, { FOO, BAR, UP, UP, END } },
	{ SANDBOX, { BAR, UP, END } },
	{ SANDBOX, { FOO, END } },
	{ FOO, { SPARE, UP, END } },
};
enum { PATHS = sizeof(paths) / sizeof(paths[0]) };

/* A process: calls left, the path it walks (PATHS: none), how far it is and where, what it got. */
struct process {
	unsigned calls : 3, path : 3, part : 3, at : 3, got : 3, has : 1;
};

struct system {
	unsigned processes, calls;
};

static unsigned
parent_of(uint64_t tree, unsigned node)
{
	return tree >> node * NODE_BITS & (NODES - 1);
}

static int
is_alive(uint64_t tree, unsigned node)
{
	return (int)(tree >> (ALIVE_AT + node) & 1);
}

static uint64_t
with_parent(uint64_t tree, unsigned node, unsigned parent)
{
	return (tree & ~((uint64_t)(NODES - 1) << node * NODE_BITS)) |
	    (uint64_t)parent << node * NODE_BITS;
}

static int
is_beneath(uint64_t tree, unsigned node, unsigned top)
{
	while (node != top && node != ROOT)
		node = parent_of(tree, node);
	return node == top;
}

static struct process
get(uint64_t word, unsigned p)
{
	struct process process;
	uint16_t bits = (uint16_t)(word >> p * PROCESS_BITS);

	memcpy(&process, &bits, sizeof(bits));
	return process;
}

static uint64_t
set(uint64_t word, unsigned p, struct process process)
{
	uint16_t bits;

	memcpy(&bits, &process, sizeof(bits));
	return (word & ~((uint64_t)UINT16_MAX << p * PROCESS_BITS)) |
	    (uint64_t)bits << p * PROCESS_BITS;
}

static void
initial(const void *ctx, uint64_t *state)
{
	static const unsigned parents[NODES] = { ROOT, ROOT, ROOT, ETC, TMP, SANDBOX, FOO, ROOT };
	const struct system *system = ctx;

	for (unsigned node = 0; node < NODES; node++)
		state[0] = with_parent(state[0], node, parents[node]) |
		    (uint64_t)(node != SPARE) << (ALIVE_AT + node);
	for (unsigned p = 0; p < system->processes; p++)
		state[1] = set(
		    state[1], p, (struct process){ .calls = (system->calls & 7), .path = PATHS });
}

static void
add(struct pale_steps *steps, unsigned p, uint64_t tree, uint64_t word, struct process process)
{
	uint64_t *next = pale_steps_add(steps, p, 0);

	next[0] = tree;
	next[1] = set(word, p, process);
}

/* The calls that are one step each: bar and the spare are moved, made and removed. */
static void
change(struct pale_steps *steps, unsigned p, const uint64_t *state, struct process process)
{
	static const unsigned movable[] = { BAR, SPARE }, dirs[] = { FOO, SANDBOX, BAR };
	uint64_t tree = state[0];

	for (unsigned i = 0; i < 2; i++) {
		unsigned node = movable[i], inside = 0;

		for (unsigned child = 1; child < NODES; child++)
			inside += is_alive(tree, child) && parent_of(tree, child) == node;
		for (unsigned d = 0; d < 3; d++) {
			if (!is_alive(tree, dirs[d]))
				continue;
			if (!is_alive(tree, node))
				add(steps, p,
				    with_parent(tree, node, dirs[d]) |
					UINT64_C(1) << (ALIVE_AT + node),
				    state[1], process);
			else if (parent_of(tree, node) != dirs[d] &&
			    !is_beneath(tree, dirs[d], node))
				add(steps, p, with_parent(tree, node, dirs[d]), state[1], process);
		}
		if (is_alive(tree, node) && inside == 0)
			add(steps, p, tree & ~(UINT64_C(1) << (ALIVE_AT + node)), state[1],
			    process);
	}
}

static void
successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const struct system *system = ctx;

	(void)scratch;
	(void)flags;
	steps->final = true;
	for (unsigned p = 0; p < system->processes; p++) {
		struct process process = get(state[1], p);
		unsigned part;

		if (process.path == PATHS) {
			if (process.calls == 0)
				continue;
			process.calls = (process.calls - 1U) & 7;
			change(steps, p, state, process);
			for (unsigned path = 0; path < PATHS; path++) {
				process.path = path & 7;
				process.at = paths[path].start & 7;
				add(steps, p, state[0], state[1], process);
			}
			continue;
		}
		part = paths[process.path].part[process.part];
		process.part = (process.part + 1U) & 7;
		if (part == END) {
			process.has = 1;
			process.got = process.at;
			process.path = PATHS;
		} else if (part == UP && process.at != paths[process.path].start) {
			process.at = parent_of(state[0], process.at) & 7;
		} else if (part < NODES && is_alive(state[0], part) &&
		    parent_of(state[0], part) == process.at) {
			process.at = part & 7;
		} else {
			process.path = PATHS;
		}
		if (process.path == PATHS)
			process.part = process.at = 0;
		add(steps, p, state[0], state[1], process);
	}
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static unsigned
number(int argc, char **argv, int i, unsigned otherwise)
{
	return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
	struct system slides = { number(argc, argv, 1, 3), number(argc, argv, 2, 2) };
	struct pale_system system = {
		.ctx = &slides,
		.words = 2,
		.initial = initial,
		.successors = successors,
	};
	struct pale_explore_options options = {
		.threads = number(argc, argv, 3, 1),
		.fingerprint = argc > 4,
		.now_ns = now_ns,
	};
	struct pale_explored explored;
	struct pale_err err;
	double seconds;

	if (slides.processes > PROCESSES_MAX || slides.calls > 7) {
		fprintf(stderr, "at most %d processes and 7 calls\n", PROCESSES_MAX);
		return 2;
	}
	if (pale_explore(&system, &options, &explored, &err) < 0) {
		fprintf(stderr, "search: %s\n", err.text);
		return 3;
	}
	seconds = (double)explored.elapsed_ns / 1e9;
	printf("%" PRIu64 " states %" PRIu64
	       " transitions %u levels %.3f s %.2f M/s %.1f B/state\n",
	    explored.states, explored.transitions, explored.levels, seconds,
	    (double)explored.states / seconds / 1e6, explored.bytes_per_state);
	pale_explored_done(&explored);
	return 0;
}
