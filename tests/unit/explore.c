/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search meets every state once, counts by its rules, is the same in every number of threads,
 * and never takes a limit for an answer.
 */
#include "check/explore.h"

#include <errno.h>
#include <sys/resource.h>

#include "check/crew.h"
#include "core/scope.h"
#include "harness.h"
#include "systems.h"

static struct pale_explored
explore(const struct pale_system *system, const struct pale_explore_options *options)
{
	struct pale_explored explored;
	struct pale_err err;

	ck_assert_int_eq(pale_explore(system, options, &explored, &err), 0);
	return explored;
}

static struct pale_explored
explore_grid(const struct test_grid *grid, const struct pale_explore_options *options)
{
	struct pale_system system = grid_system(grid);

	system.properties |= options->properties;
	return explore(&system, options);
}

static const struct pale_explore_options plain = { .threads = 1 };

TEST(ring, "a ring of 250 states has 250 of them and as many steps")
{
	struct test_grid grid = { .count = 1, .top = 249, .words = 1, .wrap = true };
	struct pale_explored explored = explore_grid(&grid, &plain);

	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	ck_assert_uint_eq(explored.states, 250);
	ck_assert_uint_eq(explored.transitions, 250);
	ck_assert_uint_eq(explored.levels, 249);
	ck_assert_uint_eq(explored.ends, 0);
	pale_explored_done(&explored);
}

TEST(counters,
    "independent counters have as many states as there are combinations, one of them an end")
{
	struct test_grid grid = { .count = 5, .top = 7, .words = 1 };
	struct pale_explored explored = explore_grid(&grid, &plain);

	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	ck_assert_uint_eq(explored.states, 8 * 8 * 8 * 8 * 8);
	ck_assert_uint_eq(explored.transitions, 5 * 7 * 8 * 8 * 8 * 8);
	ck_assert_uint_eq(explored.levels, 5 * 7);
	ck_assert_uint_eq(explored.ends, 1);
	ck_assert_uint_eq(explored.deadlocks, 0);
	pale_explored_done(&explored);
}

TEST(single, "a system without steps has one state")
{
	struct test_grid grid = { .count = 1, .top = 0, .words = 1 };
	struct pale_explored explored = explore_grid(&grid, &plain);

	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	ck_assert_uint_eq(explored.states, 1);
	ck_assert_uint_eq(explored.transitions, 0);
	ck_assert_uint_eq(explored.levels, 0);
	pale_explored_done(&explored);
}

TEST(each_word, "states of 1 to 64 words are told apart by each of their words")
{
	static const unsigned widths[] = { 1, 2, 3, 4, 5, 6, 7, 8, 33, 64 };

	for (size_t i = 0; i < PALE_COUNT(widths); i++)
		for (int fingerprint = 0; fingerprint < 2; fingerprint++) {
			/* In every word a counter, up to the eleventh. */
			struct test_grid grid = { .top = 1, .words = widths[i] };
			struct pale_explore_options options = { .threads = 2 };
			struct pale_explored explored;

			options.fingerprint = fingerprint;
			grid.count = widths[i] < 8 ? 8 : widths[i] > 11 ? 11 : widths[i];
			explored = explore_grid(&grid, &options);
			ck_assert_uint_eq(explored.states, 1U << grid.count);
			pale_explored_done(&explored);
		}
}

TEST(any_threads, "1, 2, 3 and 8 threads find the same numbers")
{
	struct test_grid grid = { .count = 6, .top = 6, .words = 2, .target = 4 };

	for (int fingerprint = 0; fingerprint < 2; fingerprint++)
		for (unsigned threads = 1; threads <= 8; threads += threads == 3 ? 5 : 1) {
			struct pale_explore_options options = {
				.threads = threads,
				.properties = GRID_ALL | GRID_TARGET,
				.fingerprint = fingerprint,
				.until = PALE_UNTIL_END,
			};
			struct pale_explored explored = explore_grid(&grid, &options);

			ck_assert_uint_eq(explored.states, 117649);
			ck_assert_uint_eq(explored.transitions, 6 * 6 * 16807);
			ck_assert_uint_eq(explored.levels, 36);
			ck_assert_uint_eq(explored.violations[0].count, 6);
			ck_assert_uint_eq(explored.violations[0].length, 36);
			ck_assert_uint_eq(explored.violations[1].count, 16807);
			ck_assert_uint_eq(explored.violations[1].length, 4);
			ck_assert_uint_eq(explored.threads, threads);
			pale_explored_done(&explored);
		}
}

TEST(planted, "a violation is found at its depth, and that level is finished")
{
	struct test_grid grid = { .count = 3, .top = 9, .words = 1, .target = 5 };

	for (unsigned threads = 1; threads <= 3; threads++) {
		struct pale_explore_options options = {
			.threads = threads,
			.properties = GRID_TARGET,
		};
		struct pale_explored explored = explore_grid(&grid, &options);

		ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
		ck_assert_uint_eq(explored.length, 5);
		ck_assert_uint_eq(explored.violated, GRID_TARGET);
		ck_assert_uint_eq(explored.levels, 5);
		ck_assert_uint_eq(explored.states, 1 + 3 + 6 + 10 + 15 + 21);
		ck_assert_uint_eq(explored.transitions, 3 * (1 + 3 + 6 + 10 + 15));
		pale_explored_done(&explored);
	}
}

TEST(each, "the search can go on until each property has been violated")
{
	struct test_grid grid = { .count = 3, .top = 4, .words = 1, .target = 2 };
	struct pale_explore_options options = {
		.threads = 1,
		.properties = GRID_ALL | GRID_TARGET,
		.until = PALE_UNTIL_EACH,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_uint_eq(explored.violated, GRID_ALL | GRID_TARGET);
	ck_assert_uint_eq(explored.length, 2);
	ck_assert_uint_eq(explored.violations[0].length, 12);
	pale_explored_done(&explored);
}

TEST(unasked, "a property that is not asked for is not found")
{
	struct test_grid grid = { .count = 3, .top = 4, .words = 1, .target = 2 };
	struct pale_explored explored = explore_grid(&grid, &plain);

	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	ck_assert_uint_eq(explored.violated, 0);
	pale_explored_done(&explored);
}

TEST(deadlock, "a state without steps that is not final is a deadlock, at its own depth")
{
	struct test_grid grid = { .count = 3, .top = 4, .words = 1, .dead = true };
	struct pale_explored explored = explore_grid(&grid, &plain);

	ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
	ck_assert_uint_eq(explored.violated, GRID_DEAD);
	ck_assert_uint_eq(explored.length, 12);
	ck_assert_uint_eq(explored.deadlocks, 1);
	ck_assert(explored.violations[2].is_state);
	pale_explored_done(&explored);
}

/*
 * A bounded buffer: word 0 what was put in, word 1 what was taken out. ctx is the capacity; the
 * producer makes ten. One that has `here` violated may never be more than half full.
 */
static void
buffer_initial(const void *ctx, uint64_t *ret_state)
{
	(void)ctx;
	ret_state[0] = ret_state[1] = 0;
}

static void
buffer_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const unsigned *capacity = ctx;
	uint64_t *next;

	(void)scratch;
	(void)flags;
	steps->here = state[0] - state[1] > *capacity / 2;
	if (state[0] < 10 && state[0] - state[1] < *capacity) {
		next = pale_steps_add(steps, 0, 0);
		next[0] = state[0] + 1;
		next[1] = state[1];
	}
	if (state[1] < state[0]) {
		next = pale_steps_add(steps, 1, 0);
		next[0] = state[0];
		next[1] = state[1] + 1;
	}
	steps->final = state[1] == 10;
}

TEST(bounded, "a bounded buffer has the states in which it is neither over- nor underfull")
{
	unsigned capacity = 4;
	struct pale_system system = {
		.ctx = &capacity,
		.words = 2,
		.initial = buffer_initial,
		.successors = buffer_successors,
	};
	struct pale_explored explored = explore(&system, &plain);

	/* For each number taken out, how full it can be: 5 while enough are to come, then 4 to 1.
	 */
	ck_assert_uint_eq(explored.states, 7 * 5 + 4 + 3 + 2 + 1);
	ck_assert_uint_eq(explored.ends, 1);
	ck_assert_uint_eq(explored.deadlocks, 0);
	pale_explored_done(&explored);
}

TEST(here, "a state that itself violates does so at its own depth")
{
	unsigned capacity = 4;
	struct pale_system system = {
		.ctx = &capacity,
		.words = 2,
		.properties = 1,
		.initial = buffer_initial,
		.successors = buffer_successors,
	};
	struct pale_explored explored = explore(&system, &plain);

	ck_assert_uint_eq(explored.length, 3);
	ck_assert(explored.violations[0].is_state);
	ck_assert_uint_eq(explored.violations[0].states[0], 3);
	ck_assert_uint_eq(explored.violations[0].states[1], 0);
	pale_explored_done(&explored);
}

TEST(beaten, "the slides: the start-directory compare is beaten in 6 steps, in every mode")
{
	struct test_toy toy = { .mount = false };
	struct pale_system system = toy_system(&toy);

	for (unsigned mode = 0; mode < 12; mode++) {
		struct pale_explore_options options = {
			.threads = 1 + mode % 3,
			.symmetry = mode / 3 % 2 != 0,
			.fingerprint = mode / 6 != 0,
		};
		struct pale_explored explored = explore(&system, &options);

		ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
		ck_assert_uint_eq(explored.length, 6);
		pale_explored_done(&explored);
	}
}

TEST(holds, "the slides: a mount root holds in the 532 states that docs/toy.c counts")
{
	struct test_toy toy = { .mount = true };
	struct pale_system system = toy_system(&toy);
	struct pale_explored explored = explore(&system, &plain);

	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	ck_assert_uint_eq(explored.states, 532);
	pale_explored_done(&explored);
}

TEST(alike, "of states that are like each other one is met")
{
	struct test_grid grid = { .count = 4, .top = 5, .words = 1, .target = 0 };
	struct pale_explore_options options = {
		.threads = 1,
		.symmetry = true,
		.properties = GRID_ALL,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	/* Multisets of 4 from 6 values. */
	ck_assert_uint_eq(explored.states, 126);
	ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
	ck_assert_uint_eq(explored.length, 20);
	pale_explored_done(&explored);
}

TEST(reduced, "reduced steps give the same verdicts with fewer states")
{
	struct test_grid grid = { .count = 4, .top = 5, .words = 1, .target = 3, .dead = true };

	for (unsigned symmetry = 0; symmetry < 2; symmetry++) {
		struct pale_explore_options options = {
			.threads = 1,
			.reduce = true,
			.symmetry = symmetry != 0,
			.properties = GRID_ALL | GRID_DEAD,
			.until = PALE_UNTIL_END,
		};
		struct pale_explored explored = explore_grid(&grid, &options);

		ck_assert_uint_eq(explored.states, 21);
		ck_assert_uint_eq(explored.violated, GRID_ALL | GRID_DEAD);
		ck_assert_uint_eq(explored.violations[0].length, 20);
		ck_assert_uint_eq(explored.violations[2].length, 20);
		pale_explored_done(&explored);
	}
}

TEST(state_limit, "exactly as many states as allowed are a complete search, one more is none")
{
	struct test_grid grid = { .count = 4, .top = 7, .words = 1 };

	for (unsigned threads = 1; threads <= 3; threads++) {
		struct pale_explore_options options = { .threads = threads, .max_states = 4096 };
		struct pale_explored explored = explore_grid(&grid, &options);

		ck_assert_int_eq(explored.verdict, PALE_SAFE);
		ck_assert_uint_eq(explored.states, 4096);
		pale_explored_done(&explored);
		options.max_states = 4095;
		explored = explore_grid(&grid, &options);
		ck_assert_int_eq(explored.verdict, PALE_LIMIT);
		ck_assert_int_eq(explored.limit, PALE_LIMIT_STATES);
		ck_assert_uint_eq(explored.states, 4095);
		pale_explored_done(&explored);
	}
}

TEST(memory_limit, "a memory limit is kept, and proves nothing")
{
	struct test_grid grid = { .count = 6, .top = 9, .words = 2 };

	for (unsigned threads = 1; threads <= 3; threads++)
		for (int fingerprint = 0; fingerprint < 2; fingerprint++)
			for (uint64_t bytes = 100000; bytes < 4000000; bytes = bytes * 3 / 2) {
				struct pale_explore_options options = {
					.threads = threads,
					.max_bytes = bytes,
					.fingerprint = fingerprint,
				};
				struct pale_explored explored = explore_grid(&grid, &options);

				ck_assert_int_eq(explored.verdict, PALE_LIMIT);
				ck_assert_int_eq(explored.limit, PALE_LIMIT_MEMORY);
				ck_assert_uint_le(explored.bytes, bytes);
				ck_assert_uint_gt(explored.states, 0);
				pale_explored_done(&explored);
			}
}

TEST(no_memory, "a limit without room for one state is a limit")
{
	struct test_grid grid = { .count = 2, .top = 3, .words = 1 };
	struct pale_system system = grid_system(&grid);
	struct pale_explored explored;
	struct pale_err err;

	for (uint64_t bytes = 1; bytes < 20000; bytes += 5000) {
		struct pale_explore_options options = { .threads = 1, .max_bytes = bytes };

		ck_assert_int_eq(pale_explore(&system, &options, &explored, &err), 0);
		ck_assert_int_eq(explored.verdict, PALE_LIMIT);
		ck_assert_int_eq(explored.limit, PALE_LIMIT_MEMORY);
		ck_assert_uint_eq(explored.states, 0);
		pale_explored_done(&explored);
	}
}

/* The sanitizers take address space of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

TEST(machine_limit, "memory that the machine refuses ends the search at a limit, not the program")
{
	struct test_grid grid = { .count = 12, .top = 9, .words = 4 };
	const struct rlimit limit = { 96 << 20, 96 << 20 };

	if (SANITIZED)
		return;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	for (int fingerprint = 0; fingerprint < 2; fingerprint++) {
		struct pale_explore_options options = { .threads = 2, .max_states = 20000000 };
		struct pale_explored explored;

		options.fingerprint = fingerprint;
		explored = explore_grid(&grid, &options);
		ck_assert_int_eq(explored.verdict, PALE_LIMIT);
		ck_assert_int_eq(explored.limit, PALE_LIMIT_MEMORY);
		ck_assert_uint_gt(explored.states, 10000);
		pale_explored_done(&explored);
	}
}

static uint64_t ticks;

static uint64_t
fake_clock(void)
{
	return ticks += 1000000;
}

TEST(time_limit, "a time limit ends the search, and proves nothing")
{
	struct test_grid grid = { .count = 6, .top = 6, .words = 2 };
	struct pale_explore_options options = {
		.threads = 2,
		.now_ns = fake_clock,
		.max_ns = 50000000,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_int_eq(explored.verdict, PALE_LIMIT);
	ck_assert_int_eq(explored.limit, PALE_LIMIT_TIME);
	ck_assert_uint_lt(explored.states, 117649);
	ck_assert_uint_ge(explored.elapsed_ns, 50000000);
	pale_explored_done(&explored);
}

TEST(level_limit, "up to a bound of levels every violation is found, and none beyond it")
{
	struct test_grid grid = { .count = 3, .top = 4, .words = 1, .target = 3 };
	struct pale_explore_options options = {
		.threads = 2,
		.max_levels = 2,
		.properties = GRID_TARGET,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_int_eq(explored.verdict, PALE_LIMIT);
	ck_assert_int_eq(explored.limit, PALE_LIMIT_LEVELS);
	ck_assert_uint_eq(explored.states, 1 + 3 + 6);
	pale_explored_done(&explored);
	options.max_levels = 3;
	explored = explore_grid(&grid, &options);
	ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
	ck_assert_uint_eq(explored.length, 3);
	pale_explored_done(&explored);
}

TEST(level_limit_states, "a state at the bound of levels is still looked at")
{
	struct test_grid grid = { .count = 3, .top = 4, .words = 1, .dead = true };
	struct pale_explore_options options = { .threads = 1, .max_levels = 12 };
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
	ck_assert_uint_eq(explored.length, 12);
	pale_explored_done(&explored);
	grid.dead = false;
	explored = explore_grid(&grid, &options);
	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	pale_explored_done(&explored);
	options.max_levels = 11;
	explored = explore_grid(&grid, &options);
	ck_assert_int_eq(explored.verdict, PALE_LIMIT);
	pale_explored_done(&explored);
}

/* What the progress callback of a test sees, and does. */
struct watcher {
	unsigned calls, asked;
	struct pale_progress last;
	atomic_bool *stop;
};

static void
watch(void *arg, const struct pale_progress *progress)
{
	struct watcher *watcher = arg;

	watcher->calls++;
	watcher->asked += progress->asked;
	watcher->last = *progress;
	if (watcher->stop != NULL)
		atomic_store(watcher->stop, true);
}

TEST(interrupt, "a search that is stopped proves nothing, and says how far it came")
{
	struct test_grid grid = { .count = 6, .top = 6, .words = 2 };
	atomic_bool stop = false;
	struct watcher watcher = { .stop = &stop };
	struct pale_explore_options options = {
		.threads = 2,
		.now_ns = fake_clock,
		.progress = watch,
		.progress_arg = &watcher,
		.stop = &stop,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_int_eq(explored.verdict, PALE_LIMIT);
	ck_assert_int_eq(explored.limit, PALE_LIMIT_STOPPED);
	ck_assert_uint_eq(watcher.calls, 1);
	ck_assert_uint_ge(explored.states, watcher.last.states);
	ck_assert_uint_lt(explored.states, 117649);
	pale_explored_done(&explored);
}

TEST(stopped_before, "a search that is stopped before it begins has its first state")
{
	struct test_grid grid = { .count = 2, .top = 3, .words = 1 };
	atomic_bool stop = true;
	struct pale_explore_options options = { .threads = 1, .stop = &stop };
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_int_eq(explored.verdict, PALE_LIMIT);
	ck_assert_uint_eq(explored.states, 1);
	pale_explored_done(&explored);
}

TEST(told, "progress is told ten times a second by the caller's clock")
{
	struct test_grid grid = { .count = 6, .top = 6, .words = 2 };
	struct watcher watcher = { 0 };
	struct pale_explore_options options = {
		.threads = 1,
		.now_ns = fake_clock,
		.progress = watch,
		.progress_arg = &watcher,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_int_eq(explored.verdict, PALE_SAFE);
	ck_assert_uint_gt(watcher.calls, 1);
	ck_assert_uint_le(watcher.calls, explored.elapsed_ns / 100000000);
	ck_assert_uint_eq(watcher.asked, 0);
	ck_assert_uint_le(watcher.last.level, explored.levels);
	ck_assert_uint_gt(watcher.last.frontier, 0);
	ck_assert_uint_gt(watcher.last.bytes, 0);
	ck_assert_uint_gt(watcher.last.transitions, watcher.last.states);
	pale_explored_done(&explored);
}

TEST(asked, "who asks is told at once, without a clock too")
{
	struct test_grid grid = { .count = 4, .top = 4, .words = 1 };
	atomic_bool tell = true;
	struct watcher watcher = { 0 };
	struct pale_explore_options options = {
		.threads = 1,
		.progress = watch,
		.progress_arg = &watcher,
		.tell = &tell,
	};
	struct pale_explored explored = explore_grid(&grid, &options);

	ck_assert_uint_eq(watcher.calls, 1);
	ck_assert_uint_eq(watcher.asked, 1);
	ck_assert(!atomic_load(&tell));
	pale_explored_done(&explored);
}

TEST(fingerprints, "fingerprints say that they prove less, and how much")
{
	struct test_grid grid = { .count = 6, .top = 6, .words = 8 };
	struct pale_explore_options options = { .threads = 1 };
	struct pale_explored full = explore_grid(&grid, &options), few;

	options.fingerprint = true;
	few = explore_grid(&grid, &options);
	ck_assert(!full.probabilistic);
	ck_assert(few.probabilistic);
	ck_assert_uint_eq(few.states, full.states);
	ck_assert(few.collision_bound > 3.7e-10 && few.collision_bound < 3.8e-10);
	ck_assert_uint_lt(few.bytes, full.bytes / 2);
	pale_explored_done(&full);
	pale_explored_done(&few);
}

TEST(small, "a state of two words takes at most 32 bytes")
{
	struct test_grid grid = { .count = 6, .top = 6, .words = 2 };
	struct pale_explored explored = explore_grid(&grid, &plain);

	ck_assert(explored.bytes_per_state >= 8 * 2 + 4 + 4);
	ck_assert(explored.bytes_per_state <= 32);
	pale_explored_done(&explored);
}

/* One state with as many steps as ctx says. */
static void
fan_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const unsigned *count = ctx;

	(void)scratch;
	(void)flags;
	for (unsigned i = 0; i < *count && state[0] == 0; i++) {
		uint64_t *next = pale_steps_add(steps, i, 0);

		next[0] = i + 1;
		next[1] = 0;
	}
}

TEST(fan, "65536 steps from one state are possible, one more is an error")
{
	unsigned count = PALE_STEPS_MAX;
	struct pale_system system = {
		.ctx = &count,
		.words = 2,
		.initial = buffer_initial,
		.successors = fan_successors,
	};
	struct pale_explored explored = explore(&system, &plain);
	struct pale_err err;

	ck_assert_uint_eq(explored.states, PALE_STEPS_MAX + 1);
	pale_explored_done(&explored);
	count++;
	ck_assert_int_eq(pale_explore(&system, &plain, &explored, &err), -E2BIG);
}

/* Scratch is a thread's own: each call finds what it left there. */
struct scratch {
	uint64_t mark;
};

static _Atomic unsigned spoilt;

static void
scratch_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	struct scratch *mine = scratch;

	mine->mark = state[0];
	grid_successors(ctx, scratch, state, flags, steps);
	if (mine->mark != state[0])
		atomic_fetch_add(&spoilt, 1);
}

TEST(own_scratch, "each thread has a scratch of its own")
{
	struct test_grid grid = { .count = 5, .top = 6, .words = 1 };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 3 };
	struct pale_explored explored;

	system.scratch_bytes = sizeof(struct scratch);
	system.successors = scratch_successors;
	explored = explore(&system, &options);
	ck_assert_uint_eq(explored.states, 7 * 7 * 7 * 7 * 7);
	ck_assert_uint_eq(atomic_load(&spoilt), 0);
	pale_explored_done(&explored);
}

TEST(refused, "what cannot be searched is refused with a sentence")
{
	static const struct {
		struct pale_explore_options options;
		unsigned words;
	} bad[] = {
		{ { .threads = 0 }, 1 },
		{ { .threads = PALE_CREW_MAX + 1 }, 1 },
		{ { .threads = 1 }, 0 },
		{ { .threads = 1 }, PALE_STATE_WORDS_MAX + 1 },
		{ { .threads = 1, .properties = 8 }, 1 },
		{ { .threads = 1, .max_ns = 1 }, 1 },
	};
	struct test_grid grid = { .count = 1, .top = 1, .words = 1 };
	struct pale_explored explored;

	for (size_t i = 0; i < PALE_COUNT(bad); i++) {
		struct pale_system system = grid_system(&grid);
		struct pale_err err = { 0 };

		system.words = bad[i].words;
		ck_assert_int_eq(pale_explore(&system, &bad[i].options, &explored, &err), -EINVAL);
		ck_assert_str_ne(err.text, "");
	}
}

TEST(one_hash, "states with one hash are told apart, by whichever word they differ in")
{
	for (unsigned words = 1; words <= 8; words++) {
		struct pale_store_options options = { .words = words, .writers = 1 };
		struct pale_store store;
		uint64_t state[8] = { 0 };
		uint32_t number, again;

		ck_assert_int_eq(pale_store_init(&store, &options), 0);
		ck_assert_int_eq(pale_store_make_room(&store), 0);
		for (unsigned i = 0; i < words; i++) {
			state[i] = 1;
			ck_assert_int_eq(pale_store_add(&store, store.writers, state, 99,
					     PALE_NO_STATE, &number),
			    PALE_STORE_NEW);
			ck_assert_int_eq(
			    pale_store_add(&store, store.writers, state, 99, PALE_NO_STATE, &again),
			    PALE_STORE_OLD);
			ck_assert_uint_eq(number, again);
			ck_assert_mem_eq(
			    pale_store_state(&store, number), state, words * sizeof(*state));
			state[i] = 0;
		}
		ck_assert_uint_eq(pale_store_count(&store), words);
		pale_store_done(&store);
	}
}

static _Atomic unsigned jobs;

static void
count_job(void *arg, unsigned thread)
{
	(void)arg;
	atomic_fetch_add(&jobs, 1U << 8 * thread);
}

TEST(crew_works, "every thread of a crew does every job once")
{
	struct pale_crew crew;

	ck_assert_int_eq(pale_crew_init(&crew, 4), 0);
	for (unsigned i = 0; i < 100; i++)
		pale_crew_run(&crew, count_job, NULL);
	pale_crew_done(&crew);
	ck_assert_uint_eq(atomic_load(&jobs), 0x64646464);
}

TEST(idle_crew, "a crew that never had a job ends")
{
	struct pale_crew crew;

	ck_assert_int_eq(pale_crew_init(&crew, 4), 0);
	pale_crew_done(&crew);
	pale_crew_done(&crew);
	ck_assert_int_eq(pale_crew_init(&crew, 0), -EINVAL);
}

TEST_MAIN("explore", ring, counters, single, each_word, any_threads, planted, each, unasked,
    deadlock, bounded, here, beaten, holds, alike, reduced, state_limit, memory_limit, no_memory,
    machine_limit, time_limit, level_limit, level_limit_states, interrupt, stopped_before, told,
    asked, fingerprints, small, fan, own_scratch, refused, one_hash, crew_works, idle_crew)
