/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reductions change no verdict and no length: for every walker, small scenarios at random are
 * searched with all steps in all orders, and with symmetry, with partial order, with both, in
 * several threads. And what the reductions stand on: states are stored whole, like states have like
 * steps. PALE_TEST_SEED repeats, PALE_TEST_ROUNDS says how many of each.
 */
#include "check/world/world.h"

#include <signal.h>
#include <unistd.h>

#include "cli/check/scenario.h"
#include "core/scope.h"
#include "harness.h"
#include "model/pack.h"
#include "model/property.h"
#include "model/read.h"
#include "model/walkers.h"
#include "random.h"
#include "reductions_scenario.h"

enum {
	ROUNDS = 12,        /* scenarios of each walker */
	STATES_MAX = 60000, /* of one: larger ones are left out */
	SANITIZED_MAX = 1000,
	LADDER_MAX = 1000000,
	TRIES = 1000,
	LIKE_EACH = 7, /* of so many states one is looked at closely */
};

static uint64_t seed;
static char text[SCENARIO_BYTES];
static uint64_t states_max = STATES_MAX;
static bool must_violate;
static bool watching = true; /* each state closely */

/* A system that looks at the states of another. */
struct watched {
	const struct pale_model *model;
	struct pale_system system;
	struct pale_steps steps;
	void *scratch;
	unsigned count;
};

static void
watched_initial(const void *ctx, uint64_t *ret_state)
{
	const struct watched *watched = ctx;

	watched->system.initial(watched->system.ctx, ret_state);
}

static void
assert_stored_whole(const struct watched *watched, const uint64_t *words)
{
	static struct pale_state state;
	uint64_t again[PALE_STATE_WORDS_MAX] = { 0 };
	const char *lost;

	pale_model_unpack(watched->model, words, &state);
	lost = pale_model_lost(watched->model, &state);
	ck_assert_msg(lost == NULL, "%s is lost:\n%s", lost, text);
	pale_model_pack(watched->model, &state, again);
	ck_assert_msg(memcmp(again, words, watched->system.words * sizeof(*words)) == 0,
	    "a state is not what was stored:\n%s", text);
}

/* Is each step of one state, made canonical, a step of the other with the same violations? */
static bool
has_like_steps(struct watched *watched, struct pale_steps *a, struct pale_steps *b)
{
	const struct pale_system *system = &watched->system;
	size_t bytes = system->words * sizeof(*a->states);

	for (size_t i = 0; i < a->count; i++) {
		bool found = false;

		for (size_t j = 0; j < b->count && !found; j++)
			found = a->violates[i] == b->violates[j] &&
			    memcmp(a->states + i * system->words, b->states + j * system->words,
				bytes) == 0;
		if (!found)
			return false;
	}
	return a->final == b->final && a->here == b->here;
}

static void
take_canonical(
    struct watched *watched, const uint64_t *words, unsigned flags, struct pale_steps *ret)
{
	const struct pale_system *system = &watched->system;

	pale_steps_clear(ret);
	system->successors(system->ctx, watched->scratch, words, flags, ret);
	for (size_t i = 0; i < ret->count; i++)
		system->canonical(system->ctx, watched->scratch, ret->states + i * system->words);
}

static void
show_steps(struct watched *watched, const uint64_t *words, const char *which)
{
	const struct pale_system *system = &watched->system;
	struct pale_steps steps;

	ck_assert_int_eq(pale_steps_init(&steps, system->words), 0);
	system->successors(system->ctx, watched->scratch, words, 0, &steps);
	printf("# %s: %zu steps, here %#x%s\n", which, steps.count, steps.here,
	    steps.final ? ", final" : "");
	for (size_t i = 0; i < steps.count; i++) {
		uint64_t *next = steps.states + i * system->words;
		char words_of[200];

		system->print(
		    system->ctx, words, steps.labels[i], next, words_of, sizeof(words_of));
		printf("#   %s", words_of);
		system->canonical(system->ctx, watched->scratch, next);
		printf(" ->");
		for (unsigned j = 0; j < system->words; j++)
			printf(" %" PRIx64, next[j]);
		printf(" violates %#x\n", steps.violates[i]);
	}
	pale_steps_done(&steps);
}

static void
assert_like(struct watched *watched, const uint64_t *words)
{
	const struct pale_system *system = &watched->system;
	uint64_t once[PALE_STATE_WORDS_MAX], twice[PALE_STATE_WORDS_MAX];
	size_t bytes = system->words * sizeof(*words);
	struct pale_steps a, b;

	memcpy(once, words, bytes);
	system->canonical(system->ctx, watched->scratch, once);
	memcpy(twice, once, bytes);
	system->canonical(system->ctx, watched->scratch, twice);
	ck_assert_msg(memcmp(once, twice, bytes) == 0, "canonical twice is another:\n%s", text);
	assert_stored_whole(watched, once);
	ck_assert_int_eq(pale_steps_init(&a, system->words), 0);
	ck_assert_int_eq(pale_steps_init(&b, system->words), 0);
	take_canonical(watched, words, 0, &a);
	take_canonical(watched, once, 0, &b);
	if (!has_like_steps(watched, &a, &b) || !has_like_steps(watched, &b, &a)) {
		show_steps(watched, words, "one");
		show_steps(watched, once, "the other");
		ck_abort_msg("like states have unlike steps:\n%s", text);
	}
	pale_steps_done(&a);
	pale_steps_done(&b);
}

static void
watched_successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	struct watched *watched = (struct watched *)(uintptr_t)ctx; /* one thread */

	assert_stored_whole(watched, state);
	if (watched->system.canonical != NULL && watched->count++ % LIKE_EACH == 0)
		assert_like(watched, state);
	watched->system.successors(watched->system.ctx, scratch, state, flags, steps);
}

static struct pale_explore_options
plain_options(void)
{
	return (struct pale_explore_options){
		.threads = 1, .until = PALE_UNTIL_END, .max_states = states_max
	};
}

static bool
search_plainly(const struct pale_model *model, struct pale_explored *ret)
{
	const struct pale_explore_options plain = plain_options();
	struct watched watched = { .model = model };
	struct pale_system system;

	pale_world_system(model, &watched.system);
	watched.scratch = calloc(1, watched.system.scratch_bytes);
	system = watched.system;
	system.ctx = &watched;
	system.initial = watching ? watched_initial : watched.system.initial;
	if (watching)
		system.successors = watched_successors;
	else
		system.ctx = watched.system.ctx;
	system.canonical = NULL;
	ck_assert_int_eq(pale_explore(&system, &plain, ret, NULL), 0);
	free(watched.scratch);
	return ret->limit == PALE_LIMIT_NONE;
}

static void
assert_same_verdict(const struct pale_model *model, const struct pale_explored *is,
    const struct pale_explored *should, const char *how)
{
	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		char name[200];

		pale_property_print(model, i, name, sizeof(name));
		ck_assert_msg(((is->violated ^ should->violated) >> i & 1) == 0,
		    "%s: %s is %sviolated, but %s\n%s", name, how,
		    is->violated >> i & 1 ? "" : "not ",
		    should->violated >> i & 1 ? "is" : "is not", text);
	}
}

/* The witness of each violation, and the shortest: as long as without reductions. */
static void
assert_same_lengths(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *is, const struct pale_explored *should)
{
	for (unsigned i = 0; i < PALE_PROPERTY_COUNT; i++) {
		struct pale_witness witness = { 0 };
		struct pale_shortening shortening;
		struct pale_err err = { 0 };

		if (!should->violations[i].found)
			continue;
		ck_assert_msg(pale_witness_find(system, options, is, i, &witness, &err) == 0,
		    "no witness: %s\n%s", err.text, text);
		ck_assert_msg(witness.length >= should->violations[i].length,
		    "%u steps, but the shortest has %u\n%s", witness.length,
		    should->violations[i].length, text);
		ck_assert_msg(
		    pale_witness_shorten(system, options, is, i, &witness, &shortening, &err) == 0,
		    "not shortened: %s\n%s", err.text, text);
		ck_assert_msg(shortening.shortest && witness.length == should->violations[i].length,
		    "%u steps, but the shortest has %u\n%s", witness.length,
		    should->violations[i].length, text);
		pale_witness_done(&witness);
	}
}

/* Returns whether it was small enough. */
static bool
assert_lawful(const struct pale_model *model)
{
	static const struct {
		const char *name;
		bool reduce, symmetry;
	} ways[] = {
		{ "with symmetry", false, true },
		{ "with partial order", true, false },
		{ "with both", true, true },
	};
	struct pale_explored full, some, again;
	struct pale_system system;

	pale_world_system(model, &system);
	if (!search_plainly(model, &full)) {
		pale_explored_done(&full);
		return false;
	}
	ck_assert_msg(full.violated != 0 || !must_violate, "nothing is violated:\n%s", text);
	for (size_t i = 0; i < PALE_COUNT(ways); i++) {
		struct pale_explore_options options = plain_options();

		options.reduce = ways[i].reduce;
		options.symmetry = ways[i].symmetry;
		ck_assert_int_eq(pale_explore(&system, &options, &some, NULL), 0);
		assert_same_verdict(model, &some, &full, ways[i].name);
		ck_assert_uint_le(some.states, full.states);
		assert_same_lengths(&system, &options, &some, &full);
		for (options.threads = 2; options.threads <= 3; options.threads++) {
			ck_assert_int_eq(pale_explore(&system, &options, &again, NULL), 0);
			ck_assert_uint_eq(again.states, some.states);
			ck_assert_uint_eq(again.transitions, some.transitions);
			pale_explored_done(&again);
		}
		pale_explored_done(&some);
	}
	pale_explored_done(&full);
	return true;
}

static unsigned
rounds(void)
{
	const char *words = getenv("PALE_TEST_ROUNDS");

	return words == NULL ? (IS_SANITIZED ? 2 : ROUNDS) : (unsigned)strtoul(words, NULL, 0);
}

/* What is made at random may name what nothing makes, or use what is not there yet: then another.
 */
static struct pale_model *
make_model(uint64_t *random, const char *walker)
{
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };

	for (unsigned i = 0; i < TRIES; i++) {
		make_scenario(random, walker, text);
		if (pale_model_read("scenario", text, strlen(text), NULL, &model, &err) == 0)
			return model;
	}
	ck_abort_msg("no scenario can be read: %s\n%s", err.text, text);
}

TEST(walkers, "every walker: reductions keep all verdicts and shortest lengths")
{
	uint64_t random = seed;
	unsigned tried = 0;

	for (size_t i = 0; i < pale_walker_count; i++)
		for (unsigned j = 0; j < rounds(); j++) {
			struct pale_model *model = make_model(&random, pale_walkers[i]->name);

			tried += assert_lawful(model);
			pale_model_free(model);
		}
	printf("# %u scenarios searched to their end\n", tried);
	ck_assert_uint_ge(tried * 10, rounds() * (unsigned)pale_walker_count * 8);
}

static struct pale_model *
read_file(const struct pale_scenario *scenario, const struct pale_read_options *options)
{
	struct pale_model *model = NULL;
	struct pale_err err = { 0 };

	snprintf(text, sizeof(text), "%s", scenario->name);
	ck_assert_msg(pale_model_read(scenario->name, scenario->text, scenario->size, options,
			  &model, &err) == 0,
	    "%s", err.text);
	return model;
}

/* What only one order of steps leads to, and a reduction that forgot something would not try. */
static const char *const delicate[] = {
	/* The rename sequence: `..` fails because something else was renamed since the start. */
	"directory('/d/x')\ndirectory('/e/bar')\nwalker('beneath')\nnever('failed(victim)')\n"
	"compartment attacker {\n\topen('e', '/e')\n\tcalls('1')\n"
	"\tmay('renameat(e, bar, e, baz)')\n}\n"
	"compartment victim {\n\topen('d', '/d')\n\tprogram('openat(d, x/..)')\n}\n",
	/* Modes: bar is passed before it is closed, x is read after it was opened. */
	"directory('/d/bar/x', 'mode=0')\nwalker('none')\nnever('holds(victim, /d/bar/x)')\n"
	"compartment other {\n\topen('bar', '/d/bar')\n\topen('x', '/d/bar/x')\n"
	"\tprogram('fchmod(bar, 0)', 'fchmod(x, 0777)')\n}\n"
	"compartment victim {\n\tuser('100')\n\tprogram('open(/d/bar/x)')\n}\n",
	/* Rights: what is found in one directory lies only in another when it is opened. */
	"file('/a/e/x')\ndirectory('/a/n')\nwalker('none')\nproperty('rights')\n"
	"compartment attacker {\n\topen('n', '/a/n')\n\topen('e', '/a/e')\n"
	"\topen('wide', '/a', 'lookup,read')\n\tcalls('1')\n\tmay('openat(n, ../e/x, O_RDWR)')\n}\n"
	"compartment mover {\n\tprogram('renameat(AT_FDCWD, /a/e/x, AT_FDCWD, /a/x)')\n}\n",
	/* A FIFO: its reader comes only after the way to it was taken away. */
	"fifo('/d/bar/p')\nwalker('none')\nnever('holds(victim, /d/bar/p)')\n"
	"compartment reader {\n\topen('bar', '/d/bar')\n"
	"\tprogram('renameat(AT_FDCWD, /d/bar, AT_FDCWD, /d/baz)', 'openat(bar, p, O_RDWR)')\n}\n"
	"compartment victim {\n\tprogram('try open(/d/bar/p, O_WRONLY|O_NONBLOCK)', "
	"'umask(0)')\n}\n",
	/* `used`: between two calls of the one somebody else does what only the first allows. */
	"directory('/d', 'mode=777')\nfile('/d/f')\nwalker('none')\n"
	"never('owned(/d/f, 100) and not used(victim, secret)')\n"
	"compartment victim {\n\topen('d', '/d')\n\tprogram('unlinkat(d, f)', 'use(secret)', "
	"'umask(0)')\n}\n"
	"compartment other {\n\tuser('100')\n\topen('d', '/d')\n\tprogram('mkdirat(d, f)')\n}\n",
	/* O_CREAT through a dangling link makes another name than it says. */
	"directory('/d/bar')\nsymlink('/d/l', "
	"'baz/new')\nwalker('none')\nnever('holds(victim, /d/baz/new)')\n"
	"compartment other {\n\tprogram('renameat(AT_FDCWD, /d/bar, AT_FDCWD, /d/baz)',\n"
	"\t    'open(/d/l, O_RDWR|O_CREAT, 0666)')\n}\n"
	"compartment victim {\n\tprogram('try open(/d/bar/new)', 'umask(0)')\n}\n",
	/* What a process holds that has no call left is asserted. */
	"file('/d/f')\ndirectory('/d/e')\nwalker('none')\n"
	"never('holds(attacker, /d/f) and exists(/d/e/new)')\n"
	"compartment attacker {\n\topen('d', '/d')\n\tcalls('1')\n\tmay('openat(d, f)')\n}\n"
	"compartment other {\n\tprogram('mkdirat(AT_FDCWD, /d/e/new)')\n}\n",
	/* Which of two processes that are alike holds an inode without a name. */
	"directory('/d')\nspare('2')\nwalker('none')\nproperty('union')\n"
	"never('failed(victim)')\n"
	"compartment attacker {\n\topen('d', '/d')\n\tcalls('3')\n\tprocesses('2')\n"
	"\tmay('mkdirat(d, x)', 'openat(d, x)', 'unlinkat(d, x, AT_REMOVEDIR)')\n}\n"
	"compartment victim {\n\topen('d', '/d')\n\tprogram('try mkdirat(d, y)', 'mkdirat(d, "
	"z)')\n}\n",
	/* What was seen is renumbered with what it is: y was beneath foo when it was found. */
	"directory('/d/foo')\ndirectory('/out')\nwalker('none')\nproperty('union')\n"
	"never('exists(/d/foo/a)')\n"
	"compartment attacker {\n\topen('foo', '/d/foo')\n\tcalls('1')\n\tmay('openat(foo, "
	"y)')\n}\n"
	"compartment other {\n\tprogram('mkdirat(AT_FDCWD, /d/foo/y)', "
	"'renameat(AT_FDCWD, /d/foo/y, AT_FDCWD, /out/y)', 'mkdirat(AT_FDCWD, /d/foo/a)')\n}\n",
};

TEST(delicacies, "what only one order of steps leads to is found with reductions, too")
{
	for (size_t i = 0; i < PALE_COUNT(delicate); i++) {
		struct pale_model *model = NULL;
		struct pale_err err = { 0 };

		snprintf(text, sizeof(text), "%s", delicate[i]);
		ck_assert_msg(
		    pale_model_read("delicate", text, strlen(text), NULL, &model, &err) == 0,
		    "%s\n%s", err.text, text);
		must_violate = true;
		ck_assert(assert_lawful(model));
		must_violate = false;
		pale_model_free(model);
	}
}

TEST(scenarios, "all scenarios that pale brings")
{
	unsigned tried = 0;

	if (IS_SANITIZED)
		states_max = SANITIZED_MAX;
	for (size_t i = 0; i < pale_scenario_count; i += IS_SANITIZED ? 3 : 1) {
		struct pale_model *model = read_file(&pale_scenarios[i], NULL);

		tried += assert_lawful(model);
		pale_model_free(model);
	}
	printf("# %u of %zu scenarios searched to their end\n", tried, pale_scenario_count);
	ck_assert_uint_ge(tried * 10, (unsigned)pale_scenario_count * (IS_SANITIZED ? 1 : 8));
}

TEST(matrix, "the ladder's first scope, under every walker, for every property")
{
	const struct pale_scenario *ladder = NULL;

	for (size_t i = 0; i < pale_scenario_count; i++)
		if (strcmp(pale_scenarios[i].name, "ladder") == 0)
			ladder = &pale_scenarios[i];
	ck_assert_ptr_nonnull(ladder);
	states_max = LADDER_MAX;
	watching = false;
	for (size_t i = 0; i < pale_walker_count; i += IS_SANITIZED ? 9 : 1) {
		const struct pale_read_options options = {
			.walker = pale_walkers[i],
			.property = "union,root,call,rights,progress",
			.processes = 2,
			.calls = 2,
		};
		struct pale_model *model = read_file(ladder, &options);

		ck_assert_msg(assert_lawful(model), "too large: %s", pale_walkers[i]->name);
		pale_model_free(model);
	}
}

/* An assertion of the model fails: say in which scenario. */
static void
show_text(int signal)
{
	ssize_t unused = write(STDERR_FILENO, text, strlen(text));

	(void)unused;
	(void)signal;
}

int
main(void)
{
	const TTest *const all[] = { walkers, delicacies, scenarios, matrix };

	signal(SIGABRT, show_text);
	seed = test_seed(20260101);
	return test_run("reductions", all, PALE_COUNT(all));
}
