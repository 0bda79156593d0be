/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reductions change no verdict and no length where processes wait for each other, share pipes,
 * sockets and System V objects, and end: small plays at random, searched with all steps and with
 * less. PALE_TEST_SEED repeats, PALE_TEST_ROUNDS says how many.
 */
#include "check/explore.h"
#include "check/witness.h"
#include "check/world/world.h"
#include "harness.h"
#include "model/property.h"
#include "model/read.h"
#include "model_ipc.h"
#include "random.h"

enum {
	ROUNDS = 150,
	STATES_MAX = 60000,
};

static uint64_t seed;
static char text[TEXT_BYTES];

static const char claims[] = "never('blocked(a)', 'blocked(b)', 'killed(a)', 'failed(b)', "
			     "'knows(b, one)', 'knows(a, one)',\n"
			     "    'finished(a) and blocked(c)', 'received(b, one)', 'can_write(b, "
			     "0x1)', 'attached(c, 0x1)',\n"
			     "    'connected(a, b)', 'exists(/t/g)', 'holds(a, /f, READ)')\n";

/* A play that can be read, short enough to be searched. */
static struct pale_model *
make_model(void)
{
	static struct drama drama;
	struct pale_model *model = NULL;

	for (;;) {
		drama_write(&drama, &seed);
		drama.counts[0] = 3 + test_below(&seed, 4);
		drama.counts[1] = 3 + test_below(&seed, 4);
		drama.counts[2] = 1 + test_below(&seed, 3);
		strcpy(drama.calls[0][drama.counts[0] - 2], "fork()");
		drama.bold = test_below(&seed, 2) == 0;
		drama.may = test_below(&seed, 2) == 0;
		drama_print(&drama, text + sprintf(text, "%s", claims));
		if (pale_model_read("play", text, strlen(text), NULL, &model, NULL) == 0)
			return model;
	}
}

static void
assert_alike(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *is, const struct pale_explored *should)
{
	ck_assert_msg(is->violated == should->violated, "%#x is violated, but should be %#x\n%s",
	    is->violated, should->violated, text);
	ck_assert_msg(is->states <= should->states, "more states\n%s", text);
	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		struct pale_witness witness = { 0 };
		struct pale_shortening shortening;

		if (!should->violations[i].found)
			continue;
		ck_assert_int_eq(pale_witness_find(system, options, is, i, &witness, NULL), 0);
		ck_assert_int_eq(
		    pale_witness_shorten(system, options, is, i, &witness, &shortening, NULL), 0);
		ck_assert_msg(witness.length == should->violations[i].length,
		    "property %u: %u steps, but the shortest has %u\n%s", i, witness.length,
		    should->violations[i].length, text);
		pale_witness_done(&witness);
	}
}

static void
search_all(unsigned series)
{
	const char *words = getenv("PALE_TEST_ROUNDS");
	unsigned rounds = words == NULL ? ROUNDS : (unsigned)strtoul(words, NULL, 0);
	unsigned searched = 0, violated = 0;
	uint64_t states = 0, less = 0;

	seed = test_seed(611) + series;
	for (unsigned i = 0; i < rounds; i++) {
		struct pale_explore_options options = {
			.threads = 1, .until = PALE_UNTIL_END, .max_states = STATES_MAX
		};
		struct pale_model *model = make_model();
		struct pale_explored full, some;
		struct pale_system system;

		pale_world_system(model, &system);
		ck_assert_int_eq(pale_explore(&system, &options, &full, NULL), 0);
		if (full.limit == PALE_LIMIT_NONE) {
			options.reduce = options.symmetry = true;
			ck_assert_int_eq(pale_explore(&system, &options, &some, NULL), 0);
			assert_alike(&system, &options, &some, &full);
			searched++;
			violated += (unsigned)__builtin_popcount(full.violated);
			states += full.states;
			less += some.states;
			pale_explored_done(&some);
		}
		pale_explored_done(&full);
		pale_model_free(model);
	}
	printf("# %u plays searched, %u violations, %" PRIu64 " states, %" PRIu64
	       " with reductions\n",
	    searched, violated, states, less);
	ck_assert_uint_ge(searched * 10, rounds * 8);
	ck_assert_uint_ge(violated, rounds);
}

TEST(lawful, "reductions keep verdicts and shortest lengths where processes wait for each other")
{
	search_all(0);
}

TEST(second, "and in other plays")
{
	search_all(1);
}

TEST_MAIN("reductions_ipc", lawful, second)
