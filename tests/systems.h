/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small systems for the tests of the search, whose states can be counted by hand.
 *
 * struct test_grid: some counters from 0 to top. With `wrap` the top is followed by 0; without, the
 * space ends where all are at the top. top+1 to the power of count states. Counters take turns in
 * the words of the state. Its label is the counter that goes up by one; its properties:
 *   0  all counters are at the top
 *   1  counter 0 reaches `target`
 *   2  a state without steps that is not final; `dead` makes the last one so
 */
#ifndef PALE_TESTS_SYSTEMS_H
#define PALE_TESTS_SYSTEMS_H

#include <stdio.h>
#include <string.h>

#include "check/explore.h"

enum {
	GRID_ALL = 1,
	GRID_TARGET = 2,
	GRID_DEAD = 4,
};

struct test_grid {
	unsigned count, top, words;
	unsigned target; /* 0: none */
	bool wrap, dead;
	bool fuse;   /* reduced, a counter goes to the top in one step */
	bool broken; /* canonical says that 1 is like 5 */
};

/* Counter i has its word, and there its own eight bits. */
static inline unsigned
grid_get(const struct test_grid *grid, const uint64_t *state, unsigned i)
{
	return (unsigned)(state[i % grid->words] >> i / grid->words * 8 & 255);
}

static inline void
grid_set(const struct test_grid *grid, uint64_t *state, unsigned i, unsigned value)
{
	uint64_t *word = &state[i % grid->words];

	*word = (*word & ~(UINT64_C(255) << i / grid->words * 8)) |
	    (uint64_t)value << i / grid->words * 8;
}

static inline void
grid_initial(const void *ctx, uint64_t *ret_state)
{
	(void)ctx;
	(void)ret_state;
}

static inline bool
grid_at_top(const struct test_grid *grid, const uint64_t *state)
{
	for (unsigned i = 0; i < grid->count; i++)
		if (grid_get(grid, state, i) != grid->top)
			return false;
	return true;
}

/* Counters do not know of each other, so any one of them suffices: the last that can. */
static inline void
grid_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const struct test_grid *grid = ctx;

	(void)scratch;
	steps->final = !grid->dead;
	for (unsigned i = grid->count; i-- > 0;) {
		unsigned value = grid_get(grid, state, i);
		uint64_t *next;

		if (value == grid->top && !grid->wrap)
			continue;
		value = value == grid->top ? 0 : value + 1;
		next = pale_steps_add(steps, i,
		    i == 0 && value == grid->target && grid->target != 0 ? GRID_TARGET : 0);
		memcpy(next, state, grid->words * sizeof(*next));
		if (grid->fuse && (flags & PALE_STEPS_REDUCED)) {
			if (i == 0 && value < grid->target && grid->target != 0)
				steps->violates[steps->count - 1] |= GRID_TARGET;
			value = grid->top;
		}
		grid_set(grid, next, i, value);
		if (grid_at_top(grid, next) && steps->failed == 0)
			steps->violates[steps->count - 1] |= GRID_ALL;
		if (flags & PALE_STEPS_REDUCED)
			return;
	}
}

static inline void
grid_canonical(const void *ctx, void *scratch, uint64_t *state)
{
	const struct test_grid *grid = ctx;

	(void)scratch;
	for (unsigned i = 0; i < grid->count; i++)
		for (unsigned j = i + 1; j < grid->count; j++) {
			unsigned a = grid_get(grid, state, i), b = grid_get(grid, state, j);

			if (a > b) {
				grid_set(grid, state, i, b);
				grid_set(grid, state, j, a);
			}
		}
	if (grid->broken && grid_get(grid, state, 0) == 1)
		grid_set(grid, state, 0, 5);
}

static inline int
grid_print(const void *ctx, const uint64_t *before, uint32_t label, const uint64_t *after,
    char *buf, size_t size)
{
	const struct test_grid *grid = ctx;

	return snprintf(buf, size, "counter %u from %u to %u", label, grid_get(grid, before, label),
	    grid_get(grid, after, label));
}

static inline struct pale_system
grid_system(const struct test_grid *grid)
{
	return (struct pale_system){
		.ctx = grid,
		.words = grid->words,
		.properties = GRID_DEAD, /* the others where a test asks for them */
		.deadlock = GRID_DEAD,
		.initial = grid_initial,
		.successors = grid_successors,
		.canonical = grid_canonical,
		.print = grid_print,
	};
}

/*
 * The system of docs/toy.c, by its rules: two processes look up paths or move bar, one component a
 * step. Word 0 is bar's parent, words 1 and 2 are the processes: 0 idle, or path, part and node.
 * Property 0: somebody has got what is not beneath sandbox. Labels: process * 8 + kind.
 */
enum { TOY_ROOT, TOY_TMP, TOY_SANDBOX, TOY_FOO, TOY_BAR, TOY_NODES, TOY_UP = TOY_NODES, TOY_END };
enum { TOY_PATHS = 4, TOY_STARTS = 0, TOY_MOVES = 4, TOY_WALKS, TOY_FAILS, TOY_HAS };

struct test_toy {
	bool mount; /* the start is a mount root; else compared with it alone */
};

static const struct {
	unsigned start;
	unsigned part[5];
} toy_paths[TOY_PATHS] = {
	{ TOY_FOO, { TOY_BAR, TOY_UP, TOY_END } },
	{ TOY_FOO, { TOY_BAR, TOY_UP, TOY_UP, TOY_END } },
	{ TOY_SANDBOX, { TOY_FOO, TOY_BAR, TOY_UP, TOY_UP, TOY_END } },
	{ TOY_SANDBOX, { TOY_BAR, TOY_UP, TOY_END } },
};

static inline unsigned
toy_parent(const uint64_t *state, unsigned node)
{
	static const unsigned parents[] = { TOY_ROOT, TOY_ROOT, TOY_TMP, TOY_SANDBOX };

	return node == TOY_BAR ? (unsigned)state[0] : parents[node];
}

static inline bool
toy_beneath(const uint64_t *state, unsigned node, unsigned top)
{
	while (node != top && node != TOY_ROOT)
		node = toy_parent(state, node);
	return node == top;
}

static inline void
toy_initial(const void *ctx, uint64_t *ret_state)
{
	(void)ctx;
	ret_state[0] = TOY_FOO;
}

static inline uint64_t *
toy_add(struct pale_steps *steps, const uint64_t *state, unsigned p, unsigned kind,
    uint32_t violates, uint64_t place)
{
	uint64_t *next = pale_steps_add(steps, p * 8 + kind, violates);

	memcpy(next, state, 3 * sizeof(*next));
	next[1 + p] = place;
	return next;
}

static inline uint64_t
toy_place(unsigned path, unsigned part, unsigned at)
{
	return UINT64_C(1) << 32 | path << 16 | part << 8 | at;
}

static inline void
toy_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const struct test_toy *toy = ctx;

	(void)scratch;
	(void)flags;
	for (unsigned p = 0; p < 2; p++) {
		unsigned path = state[1 + p] >> 16 & 255, mine = state[1 + p] >> 8 & 255;
		unsigned at = state[1 + p] & 255, part = toy_paths[path].part[mine];
		unsigned start = toy_paths[path].start;
		bool goes;

		if (state[1 + p] == 0) {
			for (path = 0; path < TOY_PATHS; path++)
				toy_add(steps, state, p, TOY_STARTS + path, 0,
				    toy_place(path, 0, toy_paths[path].start));
			toy_add(steps, state, p, TOY_MOVES, 0, 0)[0] =
			    state[0] == TOY_FOO ? TOY_SANDBOX : TOY_FOO;
			continue;
		}
		if (part == TOY_END) {
			toy_add(steps, state, p, TOY_HAS, !toy_beneath(state, at, TOY_SANDBOX), 0);
			continue;
		}
		if (part != TOY_UP) {
			goes = toy_parent(state, part) == at;
			at = part;
		} else if (at == start) {
			goes = toy->mount;
		} else {
			goes = !toy->mount || toy_beneath(state, at, start);
			at = toy_parent(state, at);
		}
		toy_add(steps, state, p, goes ? TOY_WALKS : TOY_FAILS, 0,
		    goes ? toy_place(path, mine + 1, at) : 0);
	}
}

/* The smaller process first. */
static inline void
toy_canonical(const void *ctx, void *scratch, uint64_t *state)
{
	uint64_t first = state[1] < state[2] ? state[1] : state[2];

	(void)ctx;
	(void)scratch;
	state[2] = state[1] < state[2] ? state[2] : state[1];
	state[1] = first;
}

static inline struct pale_system
toy_system(const struct test_toy *toy)
{
	return (struct pale_system){
		.ctx = toy,
		.words = 3,
		.properties = 1,
		.initial = toy_initial,
		.successors = toy_successors,
		.canonical = toy_canonical,
	};
}

#endif
