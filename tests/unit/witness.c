/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A witness is a way that the system itself can go, from its first state to the violation; the same
 * in every number of threads; and no shorter one exists where it says so.
 */
#include "check/witness.h"

#include <errno.h>

#include "core/scope.h"
#include "harness.h"
#include "systems.h"

/* The witness of a property, whose every step is held to the system. */
static struct pale_witness
find(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored, unsigned property)
{
	struct pale_witness witness;
	struct pale_steps steps;
	struct pale_err err;
	size_t bytes = system->words * sizeof(uint64_t);

	ck_assert_int_eq(pale_witness_find(system, options, explored, property, &witness, &err), 0);
	ck_assert_uint_ge(witness.length, explored->violations[property].length);
	ck_assert_int_eq(pale_steps_init(&steps, system->words), 0);
	for (unsigned i = 0; i < witness.length; i++) {
		bool found = false;

		pale_steps_clear(&steps);
		system->successors(system->ctx, NULL, pale_witness_state(&witness, i), 0, &steps);
		for (size_t step = 0; step < steps.count; step++)
			found |= steps.labels[step] == witness.labels[i] &&
			    memcmp(steps.states + step * system->words,
				pale_witness_state(&witness, i + 1), bytes) == 0 &&
			    (i + 1 < witness.length || explored->violations[property].is_state ||
				(steps.violates[step] & 1U << property) != 0);
		ck_assert(found);
	}
	pale_steps_done(&steps);
	return witness;
}

TEST(slides, "the slides: start, down, a rename by the other, up, up, and it has tmp")
{
	static const uint32_t labels[] = { 1, TOY_WALKS, 8 + TOY_MOVES, TOY_WALKS, TOY_WALKS,
		TOY_HAS };
	struct test_toy toy = { .mount = false };
	struct pale_system system = toy_system(&toy);

	for (unsigned mode = 0; mode < 12; mode++) {
		struct pale_explore_options options = {
			.threads = 1 + mode % 3,
			.symmetry = mode / 3 % 2 != 0,
			.fingerprint = mode / 6 != 0,
		};
		struct pale_explored explored;
		struct pale_witness witness;
		unsigned other;

		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		witness = find(&system, &options, &explored, 0);
		ck_assert_uint_eq(witness.length, 6);
		/* Either process may be the one. */
		other = witness.labels[0] & 8;
		for (unsigned i = 0; i < 6; i++)
			ck_assert_uint_eq(witness.labels[i] ^ other, labels[i]);
		pale_witness_done(&witness);
		pale_explored_done(&explored);
	}
}

/* Between many states by many ways: a parent is a matter of luck, if nobody sees to it. */
static void
mesh_initial(const void *ctx, uint64_t *ret_state)
{
	(void)ctx;
	ret_state[0] = 1;
}

enum {
	MESH = 20011,
	MESH_FAR = 204, /* at distance 9, with four parents that have many */
};

static void
mesh_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	(void)ctx;
	(void)scratch;
	(void)flags;
	for (unsigned i = 2; i < 6; i++) {
		uint64_t to = (state[0] * i + i) % MESH;

		*pale_steps_add(steps, i, to == MESH_FAR) = to;
	}
}

TEST(same, "the witness of many equals is the same in 1, 2, 3 and 4 threads, and in every run")
{
	struct pale_system system = {
		.words = 1,
		.properties = 1,
		.initial = mesh_initial,
		.successors = mesh_successors,
	};
	struct pale_witness first = { 0 };

	for (unsigned run = 0; run < 40; run++) {
		struct pale_explore_options options = {
			.threads = 1 + run % 4,
			.until = PALE_UNTIL_END,
		};
		struct pale_explored explored;
		struct pale_witness witness;

		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		witness = find(&system, &options, &explored, 0);
		if (run == 0) {
			first = witness;
		} else {
			ck_assert_uint_eq(witness.length, first.length);
			ck_assert_mem_eq(witness.states, first.states,
			    (first.length + 1) * sizeof(*first.states));
			ck_assert_mem_eq(
			    witness.labels, first.labels, first.length * sizeof(*first.labels));
			pale_witness_done(&witness);
		}
		pale_explored_done(&explored);
	}
	pale_witness_done(&first);
}

TEST(same_grid, "of all ways to the far corner it is always the same one")
{
	struct test_grid grid = { .count = 5, .top = 5, .words = 1 };
	struct pale_system system = grid_system(&grid);
	struct pale_witness first = { 0 };

	system.properties = GRID_ALL;
	for (unsigned run = 0; run < 24; run++) {
		struct pale_explore_options options = {
			.threads = 1 + run % 4,
			.fingerprint = run >= 12,
		};
		struct pale_explored explored;
		struct pale_witness witness;

		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		witness = find(&system, &options, &explored, 0);
		ck_assert_uint_eq(witness.length, 25);
		if (run % 12 == 0) {
			pale_witness_done(&first);
			first = witness;
		} else {
			ck_assert_mem_eq(
			    witness.labels, first.labels, first.length * sizeof(*first.labels));
			pale_witness_done(&witness);
		}
		pale_explored_done(&explored);
	}
	pale_witness_done(&first);
}

TEST(deadlock, "the witness of a deadlock ends in the state that has no steps")
{
	struct test_grid grid = { .count = 3, .top = 4, .words = 2, .dead = true };
	struct pale_system system = grid_system(&grid);

	for (unsigned symmetry = 0; symmetry < 2; symmetry++) {
		struct pale_explore_options options = { .threads = 1, .symmetry = symmetry != 0 };
		struct pale_explored explored;
		struct pale_witness witness;

		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		witness = find(&system, &options, &explored, 2);
		ck_assert_uint_eq(witness.length, 12);
		ck_assert(grid_at_top(&grid, pale_witness_state(&witness, 12)));
		pale_witness_done(&witness);
		pale_explored_done(&explored);
	}
}

TEST(initial, "the witness of what is wrong from the beginning has no steps")
{
	struct test_grid grid = { .count = 1, .top = 0, .words = 1, .dead = true };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 1, .reduce = true };
	struct pale_explored explored;
	struct pale_witness witness;
	struct pale_shortening shortening;

	ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
	ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
	witness = find(&system, &options, &explored, 2);
	ck_assert_uint_eq(witness.length, 0);
	ck_assert_int_eq(
	    pale_witness_shorten(&system, &options, &explored, 2, &witness, &shortening, NULL), 0);
	ck_assert(shortening.shortest);
	pale_witness_done(&witness);
	pale_explored_done(&explored);
}

/* Two that are alike leap over each other: whoever is behind goes before the other, up to 7. */
static void
leap_initial(const void *ctx, uint64_t *ret_state)
{
	(void)ctx;
	ret_state[1] = 1;
}

static void
leap_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	uint32_t behind = state[0] < state[1] ? 0 : 1;
	uint64_t *next;

	(void)ctx;
	(void)scratch;
	(void)flags;
	if (state[1 - behind] == 7)
		return;
	next = pale_steps_add(steps, behind, state[1 - behind] == 6);
	next[behind] = state[1 - behind] + 1;
	next[1 - behind] = state[1 - behind];
}

static void
leap_canonical(const void *ctx, void *scratch, uint64_t *state)
{
	uint64_t first = state[0];

	(void)ctx;
	(void)scratch;
	if (first > state[1]) {
		state[0] = state[1];
		state[1] = first;
	}
}

TEST(symmetric, "where one state stands for others the witness still tells who does what")
{
	struct pale_system system = {
		.words = 2,
		.properties = 1,
		.initial = leap_initial,
		.successors = leap_successors,
		.canonical = leap_canonical,
	};

	for (int fingerprint = 0; fingerprint < 2; fingerprint++) {
		struct pale_explore_options options = { .threads = 1, .symmetry = true };
		struct pale_explored explored;
		struct pale_witness witness;

		options.fingerprint = fingerprint;
		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		witness = find(&system, &options, &explored, 0);
		ck_assert_uint_eq(witness.length, 6);
		/* Among the states that stand for others it is always the first. */
		for (unsigned i = 0; i < witness.length; i++)
			ck_assert_uint_eq(witness.labels[i], i % 2);
		pale_witness_done(&witness);
		pale_explored_done(&explored);
	}
}

/* Counter 0 is the last that the reduction lets rise, so the way to its target is a long one. */
static struct pale_explored
explore_reduced(const struct pale_system *system, const struct pale_explore_options *options,
    struct pale_witness *ret)
{
	struct pale_explored explored;

	ck_assert_int_eq(pale_explore(system, options, &explored, NULL), 0);
	ck_assert_int_eq(explored.verdict, PALE_VIOLATED);
	*ret = find(system, options, &explored, 1);
	return explored;
}

TEST(shorten, "a witness that a reduction made longer becomes the shortest")
{
	struct test_grid grid = { .count = 3, .top = 6, .words = 1, .target = 3 };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 2, .reduce = true };
	struct pale_shortening shortening;
	struct pale_explored explored;
	struct pale_witness witness;

	system.properties = GRID_TARGET;
	explored = explore_reduced(&system, &options, &witness);
	ck_assert_uint_eq(witness.length, 6 + 6 + 3);
	ck_assert_int_eq(
	    pale_witness_shorten(&system, &options, &explored, 1, &witness, &shortening, NULL), 0);
	ck_assert_uint_eq(witness.length, 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(witness.labels[i], 0);
	ck_assert(shortening.shortest);
	ck_assert(shortening.searched);
	ck_assert_uint_eq(shortening.before, 15);
	ck_assert_uint_eq(shortening.after, 3);
	ck_assert_uint_gt(shortening.states, 0);
	pale_witness_done(&witness);
	pale_explored_done(&explored);
}

TEST(fused, "where a reduction made one step of several the witness has them all")
{
	struct test_grid grid = { .count = 3, .top = 6, .words = 2, .target = 3, .fuse = true };
	struct pale_system system = grid_system(&grid);

	for (unsigned mode = 0; mode < 4; mode++) {
		struct pale_explore_options options = {
			.threads = 2,
			.reduce = true,
			.symmetry = mode % 2 != 0,
			.fingerprint = mode / 2 != 0,
		};
		struct pale_shortening shortening;
		struct pale_explored explored;
		struct pale_witness witness;

		/* One counter alone is never like another. */
		grid.count = mode % 2 != 0 ? 1 : 3;
		system.properties = GRID_TARGET;
		explored = explore_reduced(&system, &options, &witness);
		ck_assert_uint_eq(explored.length, grid.count);
		ck_assert_uint_eq(witness.length, (grid.count - 1) * 6 + 3);
		ck_assert_int_eq(pale_witness_shorten(
				     &system, &options, &explored, 1, &witness, &shortening, NULL),
		    0);
		ck_assert_uint_eq(witness.length, 3);
		ck_assert_uint_eq(shortening.before, (grid.count - 1) * 6 + 3);
		ck_assert(shortening.shortest);
		pale_witness_done(&witness);
		pale_explored_done(&explored);
	}
}

TEST(fused_deadlock, "a deadlock behind fused steps has a witness of single ones")
{
	struct test_grid grid = { .count = 3, .top = 6, .words = 1, .dead = true, .fuse = true };
	struct pale_system system = grid_system(&grid);

	for (unsigned symmetry = 0; symmetry < 2; symmetry++) {
		struct pale_explore_options options = {
			.threads = 1,
			.reduce = true,
			.symmetry = symmetry != 0,
		};
		struct pale_explored explored;
		struct pale_witness witness;

		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		ck_assert_uint_eq(explored.length, 3);
		witness = find(&system, &options, &explored, 2);
		ck_assert_uint_eq(witness.length, 18);
		pale_witness_done(&witness);
		pale_explored_done(&explored);
	}
}

TEST(shortest, "a witness that no other is shorter than stays, and is known to be the shortest")
{
	struct test_grid grid = { .count = 1, .top = 6, .words = 1, .target = 5 };
	struct pale_system system = grid_system(&grid);

	for (unsigned mode = 0; mode < 3; mode++) {
		struct pale_explore_options options = {
			.threads = 1,
			.reduce = mode == 1,
			.fingerprint = mode == 2,
		};
		struct pale_shortening shortening;
		struct pale_explored explored;
		struct pale_witness witness;

		system.properties = GRID_TARGET;
		explored = explore_reduced(&system, &options, &witness);
		ck_assert_int_eq(pale_witness_shorten(
				     &system, &options, &explored, 1, &witness, &shortening, NULL),
		    0);
		ck_assert_uint_eq(witness.length, 5);
		ck_assert(shortening.shortest);
		ck_assert_int_eq(shortening.searched, mode != 0);
		pale_witness_done(&witness);
		pale_explored_done(&explored);
	}
}

TEST(shorten_limit, "where the second search meets a limit the first witness stays, and says so")
{
	struct test_grid grid = { .count = 4, .top = 9, .words = 1, .target = 9 };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 1, .reduce = true, .max_states = 100 };
	struct pale_shortening shortening;
	struct pale_explored explored;
	struct pale_witness witness;

	system.properties = GRID_TARGET;
	explored = explore_reduced(&system, &options, &witness);
	ck_assert_int_eq(
	    pale_witness_shorten(&system, &options, &explored, 1, &witness, &shortening, NULL), 0);
	ck_assert_uint_eq(witness.length, 36);
	ck_assert(!shortening.shortest);
	ck_assert_int_eq(shortening.limit, PALE_LIMIT_STATES);
	pale_witness_done(&witness);
	pale_explored_done(&explored);
}

TEST(contradiction, "a system whose canonical states are not like its own is found out")
{
	struct test_grid grid = { .count = 1, .top = 9, .words = 1, .broken = true };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 1, .symmetry = true };
	struct pale_explored explored;
	struct pale_witness witness;
	struct pale_err err;

	system.properties = GRID_ALL;
	ck_assert_int_eq(pale_explore(&system, &options, &explored, &err), 0);
	ck_assert_uint_eq(explored.length, 5);
	ck_assert_int_eq(
	    pale_witness_find(&system, &options, &explored, 0, &witness, &err), -EPROTO);
	ck_assert_str_ne(err.text, "");
	pale_explored_done(&explored);
}

static void
twice_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	(void)ctx;
	(void)scratch;
	(void)flags;
	for (uint32_t label = 9; state[0] < 3 && label > 2; label--)
		*pale_steps_add(steps, label, state[0] == 2) = state[0] + 1;
}

TEST(smallest, "of several steps to one state the witness has the smallest")
{
	struct pale_system system = {
		.words = 1,
		.properties = 1,
		.initial = mesh_initial,
		.successors = twice_successors,
	};
	struct pale_explore_options options = { .threads = 1 };
	struct pale_explored explored;
	struct pale_witness witness;

	ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
	witness = find(&system, &options, &explored, 0);
	ck_assert_uint_eq(witness.length, 2);
	ck_assert_uint_eq(witness.labels[0], 3);
	ck_assert_uint_eq(witness.labels[1], 3);
	pale_witness_done(&witness);
	pale_explored_done(&explored);
}

static void
chain_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const unsigned *length = ctx;

	(void)scratch;
	(void)flags;
	if (state[0] < *length)
		*pale_steps_add(steps, 0, state[0] + 1 == *length) = state[0] + 1;
}

TEST(chain, "a witness of 100,000 steps has them all")
{
	unsigned length = 100000;
	struct pale_system system = {
		.ctx = &length,
		.words = 1,
		.properties = 1,
		.initial = mesh_initial,
		.successors = chain_successors,
	};
	struct pale_explore_options options = { .threads = 2 };
	struct pale_explored explored;
	struct pale_witness witness;

	ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
	ck_assert_uint_eq(explored.levels, 99999);
	witness = find(&system, &options, &explored, 0);
	ck_assert_uint_eq(witness.length, 99999);
	pale_witness_done(&witness);
	pale_explored_done(&explored);
}

TEST(none, "of what was not found there is no witness")
{
	struct test_grid grid = { .count = 1, .top = 9, .words = 1 };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 1 };
	struct pale_explored explored;
	struct pale_witness witness;

	ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
	ck_assert_int_eq(
	    pale_witness_find(&system, &options, &explored, 0, &witness, NULL), -EINVAL);
	ck_assert_int_eq(
	    pale_witness_find(&system, &options, &explored, 32, &witness, NULL), -EINVAL);
	pale_explored_done(&explored);
}

TEST(words, "a step is told in the system's words")
{
	struct test_grid grid = { .count = 2, .top = 1, .words = 1 };
	struct pale_system system = grid_system(&grid);
	struct pale_explore_options options = { .threads = 1 };
	struct pale_explored explored;
	struct pale_witness witness;
	char text[64];

	system.properties = GRID_ALL;
	ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
	witness = find(&system, &options, &explored, 0);
	system.print(system.ctx, pale_witness_state(&witness, 1), witness.labels[1],
	    pale_witness_state(&witness, 2), text, sizeof(text));
	ck_assert_str_eq(text, "counter 1 from 0 to 1");
	pale_witness_done(&witness);
	pale_explored_done(&explored);
}

TEST_MAIN("witness", slides, same, same_grid, deadlock, initial, symmetric, shorten, fused,
    fused_deadlock, shortest, shorten_limit, contradiction, smallest, chain, none, words)
