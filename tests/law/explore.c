/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search against a naive one, on random graphs: the same states and steps, the farthest at the
 * same distance, each of 31 places reached at its own distance by a way that the graph has, in any
 * number of threads, with full states and with fingerprints.
 */
#include "check/witness.h"

#include <errno.h>

#include "core/scope.h"
#include "harness.h"
#include "random.h"

enum {
	GRAPHS = 150,
	NODES_MAX = 8000,
	DEGREE_MAX = 6,
	PLACES = 31,     /* properties: a step leads there */
	DEAD = 1U << 31, /* the last property: a node without edges */
	UNREACHED = -1,
};

struct graph {
	unsigned nodes, words;
	uint64_t salt; /* of the states */
	unsigned degree[NODES_MAX];
	unsigned edge[NODES_MAX][DEGREE_MAX];
	unsigned place[PLACES];
	/* By the naive search. */
	int distance[NODES_MAX];
	unsigned queue[NODES_MAX], reached, steps, ends;
	int farthest;
};

static struct graph graph;
static uint64_t seed;

/* The state of a node: its number, and what follows from it, so that all words differ. */
static void
state_of(unsigned node, uint64_t *ret_state)
{
	uint64_t state = graph.salt + node;

	for (unsigned i = 0; i < graph.words; i++)
		ret_state[i] = test_random(&state);
	ret_state[graph.words - 1] = node;
}

static void
initial(const void *ctx, uint64_t *ret_state)
{
	(void)ctx;
	state_of(0, ret_state);
}

static void
successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	unsigned node = (unsigned)state[graph.words - 1];

	(void)ctx;
	(void)scratch;
	(void)flags;
	for (unsigned i = 0; i < graph.degree[node]; i++) {
		uint32_t violates = 0;

		for (unsigned place = 0; place < PLACES; place++)
			if (graph.place[place] == graph.edge[node][i])
				violates |= 1U << place;
		state_of(graph.edge[node][i], pale_steps_add(steps, i, violates));
	}
}

static void
grow(void)
{
	/* Some are one long chain, some are small, some have edges back to few nodes. */
	unsigned kind = test_below(&seed, 4), width;

	graph.nodes = 1 + test_below(&seed, kind == 0 ? 20 : NODES_MAX);
	graph.words = 1 + test_below(&seed, 5);
	graph.salt = test_random(&seed);
	width = kind == 1 ? 3 : kind == 2 ? 50 : graph.nodes;
	for (unsigned node = 0; node < graph.nodes; node++) {
		graph.degree[node] =
		    test_below(&seed, 30) == 0 ? 0 : 1 + test_below(&seed, DEGREE_MAX);
		for (unsigned i = 0; i < graph.degree[node]; i++)
			graph.edge[node][i] = test_below(&seed, 4) == 0
			    ? test_below(&seed, node + 1)
			    : (node + 1 + test_below(&seed, width)) % graph.nodes;
	}
	for (unsigned place = 0; place < PLACES; place++)
		graph.place[place] = test_below(&seed, graph.nodes);
}

static void
search_naively(void)
{
	graph.reached = graph.steps = graph.ends = 0;
	for (unsigned node = 0; node < graph.nodes; node++)
		graph.distance[node] = UNREACHED;
	graph.distance[0] = 0;
	graph.queue[graph.reached++] = 0;
	for (unsigned at = 0; at < graph.reached; at++) {
		unsigned node = graph.queue[at];

		graph.farthest = graph.distance[node];
		graph.ends += graph.degree[node] == 0;
		for (unsigned i = 0; i < graph.degree[node]; i++) {
			unsigned to = graph.edge[node][i];

			graph.steps++;
			if (graph.distance[to] != UNREACHED)
				continue;
			graph.distance[to] = graph.distance[node] + 1;
			graph.queue[graph.reached++] = to;
		}
	}
}

/* Steps to a node with at least one; the first node itself is reached by a circle, if at all. */
static int
steps_to(unsigned target)
{
	int best = UNREACHED;

	if (target != 0)
		return graph.distance[target];
	for (unsigned at = 0; at < graph.reached; at++)
		for (unsigned i = 0; i < graph.degree[graph.queue[at]]; i++)
			if (graph.edge[graph.queue[at]][i] == 0 && best == UNREACHED)
				best = graph.distance[graph.queue[at]] + 1;
	return best;
}

static int
steps_to_end(void)
{
	for (unsigned at = 0; at < graph.reached; at++)
		if (graph.degree[graph.queue[at]] == 0)
			return graph.distance[graph.queue[at]];
	return UNREACHED;
}

static void
hold_witness(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored, unsigned property, unsigned target)
{
	struct pale_witness witness;
	unsigned node = 0;

	ck_assert_int_eq(pale_witness_find(system, options, explored, property, &witness, NULL), 0);
	for (unsigned i = 0; i < witness.length; i++) {
		ck_assert_uint_lt(witness.labels[i], graph.degree[node]);
		node = graph.edge[node][witness.labels[i]];
		ck_assert_uint_eq(pale_witness_state(&witness, i + 1)[graph.words - 1], node);
	}
	if (property < PLACES)
		ck_assert_uint_eq(node, target);
	else
		ck_assert_uint_eq(graph.degree[node], 0);
	pale_witness_done(&witness);
}

static void
hold(const struct pale_explore_options *options)
{
	struct pale_system system = {
		.words = graph.words,
		.properties = UINT32_MAX,
		.deadlock = DEAD,
		.initial = initial,
		.successors = successors,
	};
	struct pale_explored explored;

	ck_assert_int_eq(pale_explore(&system, options, &explored, NULL), 0);
	ck_assert_uint_eq(explored.states, graph.reached);
	ck_assert_uint_eq(explored.transitions, graph.steps);
	ck_assert_uint_eq(explored.ends, graph.ends);
	ck_assert_int_eq((int)explored.levels, graph.farthest);
	for (unsigned property = 0; property <= PLACES; property++) {
		unsigned target = property < PLACES ? graph.place[property] : 0;
		int expected = property < PLACES ? steps_to(target) : steps_to_end();

		ck_assert_int_eq(explored.violations[property].found, expected != UNREACHED);
		if (expected == UNREACHED)
			continue;
		ck_assert_int_eq((int)explored.violations[property].length, expected);
		hold_witness(&system, options, &explored, property, target);
	}
	pale_explored_done(&explored);
}

TEST(graphs, "on random graphs the search finds what a naive one finds")
{
	for (unsigned i = 0; i < GRAPHS; i++) {
		struct pale_explore_options options = {
			.threads = 1 + i % 4,
			.fingerprint = i % 3 == 2,
			.seed = i,
			.until = PALE_UNTIL_END,
		};

		grow();
		search_naively();
		hold(&options);
	}
}

TEST(verdicts, "the search that ends with the first violating level has the shortest of all")
{
	for (unsigned i = 0; i < GRAPHS; i++) {
		struct pale_explore_options options = { .threads = 1 + i % 4 };
		struct pale_system system = {
			.words = 1,
			.properties = (1U << PLACES) - 1,
			.initial = initial,
			.successors = successors,
		};
		struct pale_explored explored;
		int shortest = UNREACHED;

		grow();
		graph.words = 1;
		search_naively();
		for (unsigned place = 0; place < PLACES; place++) {
			int steps = steps_to(graph.place[place]);

			if (steps != UNREACHED && (shortest == UNREACHED || steps < shortest))
				shortest = steps;
		}
		ck_assert_int_eq(pale_explore(&system, &options, &explored, NULL), 0);
		ck_assert_int_eq(
		    explored.verdict, shortest == UNREACHED ? PALE_SAFE : PALE_VIOLATED);
		if (shortest != UNREACHED)
			ck_assert_int_eq((int)explored.length, shortest);
		pale_explored_done(&explored);
	}
}

int
main(void)
{
	const TTest *const all[] = { graphs, verdicts };

	seed = test_seed(20260101);
	return test_run("explore", all, PALE_COUNT(all));
}
