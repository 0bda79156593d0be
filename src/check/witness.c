/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to a violation; see witness.h. */
#include "check/witness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/scope.h"

/* The walk over the way that the search left behind. */
struct walk {
	const struct pale_system *system;
	const struct pale_store *store;
	bool canonical, reduced;
	void *scratch;
	struct pale_steps steps;
	struct pale_witness *witness;
	unsigned size;     /* steps that the witness has room for */
	uint32_t *numbers; /* of the states that were kept of the way */
};

enum {
	GAP_STATES = 1 << 20, /* looked at to find the steps that a reduction made one */
	GAP_LEVELS = 256,     /* of which so many are the most */
};

static int
compare(const uint64_t *a, const uint64_t *b, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

/* The state that stands for another. */
static void
stand_for(const struct walk *walk, const uint64_t *state, uint64_t *ret)
{
	memcpy(ret, state, walk->witness->words * sizeof(*ret));
	if (walk->canonical)
		walk->system->canonical(walk->system->ctx, walk->scratch, ret);
}

/* Is a state, or the one that stands for it, kept under a number? */
static bool
is_kept(const struct walk *walk, const uint64_t *state, uint32_t number)
{
	uint64_t stands[PALE_STATE_WORDS_MAX], hash;

	stand_for(walk, state, stands);
	if (walk->store->options.fingerprint) {
		hash = pale_store_hash(walk->store, stands);
		return *pale_store_key(walk->store, number) == hash;
	}
	return compare(stands, pale_store_key(walk->store, number), walk->witness->words) == 0;
}

static bool
is_like(const struct walk *walk, const uint64_t *state, const uint64_t *target)
{
	uint64_t stands[PALE_STATE_WORDS_MAX];

	stand_for(walk, state, stands);
	return compare(stands, target, walk->witness->words) == 0;
}

static int
have_room(struct walk *walk, unsigned length)
{
	struct pale_witness *witness = walk->witness;
	unsigned size = length < 2 * walk->size ? 2 * walk->size : length;
	uint64_t *states;
	uint32_t *labels;

	if (length <= walk->size)
		return 0;
	states = realloc(
	    witness->states, ((size_t)size + 1) * witness->words * sizeof(*witness->states));
	if (states == NULL)
		return -ENOMEM;
	witness->states = states;
	labels = realloc(witness->labels, ((size_t)size + 1) * sizeof(*witness->labels));
	if (labels == NULL)
		return -ENOMEM;
	witness->labels = labels;
	walk->size = size;
	return 0;
}

/* Where a part of the way leads: to the state of a number, or to a violation. */
struct aim {
	struct walk *walk;
	uint32_t number;
	const uint64_t *target; /* not NULL: the violation, and the state behind it */
	uint32_t bit;
	const uint64_t *from;
};

static bool
is_there(const struct aim *aim, const uint64_t *state, uint32_t violates)
{
	if (aim->target == NULL)
		return is_kept(aim->walk, state, aim->number);
	return (violates & aim->bit) != 0 && is_like(aim->walk, state, aim->target);
}

/* Take one step. Of several that lead there the one with the smallest label, then state. */
static int
take_step(const struct aim *aim)
{
	struct walk *walk = aim->walk;
	struct pale_witness *witness = walk->witness;
	struct pale_steps *steps = &walk->steps;
	unsigned words = witness->words;
	const uint64_t *best = NULL;
	uint32_t best_label = 0;

	pale_steps_clear(steps);
	walk->system->successors(walk->system->ctx, walk->scratch, aim->from, 0, steps);
	if (steps->failed != 0)
		return steps->failed;
	for (size_t i = 0; i < steps->count; i++) {
		const uint64_t *state = steps->states + i * words;
		uint32_t label = steps->labels[i];

		if (best != NULL &&
		    (label > best_label ||
			(label == best_label && compare(state, best, words) >= 0)))
			continue;
		if (!is_there(aim, state, steps->violates[i]))
			continue;
		best = state;
		best_label = label;
	}
	if (best == NULL)
		return -EPROTO;
	memcpy(
	    witness->states + (size_t)(witness->length + 1) * words, best, words * sizeof(*best));
	witness->labels[witness->length++] = best_label;
	return 0;
}

/* Take the steps of which a reduction made one, as the system says them. Of several such that lead
 * there the one with the smallest label. */
static int
take_parts(const struct aim *aim)
{
	struct walk *walk = aim->walk;
	struct pale_witness *witness = walk->witness;
	const struct pale_system *system = walk->system;
	struct pale_steps *steps = &walk->steps;
	uint32_t label = 0;
	bool found = false;
	int r;

	if (system->parts == NULL)
		return -EPROTO;
	pale_steps_clear(steps);
	system->successors(system->ctx, walk->scratch, aim->from, PALE_STEPS_REDUCED, steps);
	for (size_t i = 0; i < steps->count; i++) {
		if ((found && steps->labels[i] >= label) ||
		    !is_there(aim, steps->states + i * witness->words, steps->violates[i]))
			continue;
		label = steps->labels[i];
		found = true;
	}
	if (!found)
		return -EPROTO;
	pale_steps_clear(steps);
	system->parts(system->ctx, walk->scratch, aim->from, label, steps);
	r = steps->failed != 0 ? steps->failed
			       : have_room(walk, witness->length + (unsigned)steps->count);
	if (r < 0)
		return r;
	memcpy(witness->states + (size_t)(witness->length + 1) * witness->words, steps->states,
	    steps->count * witness->words * sizeof(*steps->states));
	memcpy(witness->labels + witness->length, steps->labels,
	    steps->count * sizeof(*steps->labels));
	witness->length += (unsigned)steps->count;
	return 0;
}

/* The system of a gap: it begins at the one end, and the other is what violates. */
static void
gap_initial(const void *ctx, uint64_t *ret_state)
{
	const struct aim *aim = ctx;

	memcpy(ret_state, aim->from, aim->walk->witness->words * sizeof(*ret_state));
}

static void
gap_successors(const void *ctx, void *scratch, const uint64_t *state, PALE_UNUSED unsigned flags,
    struct pale_steps *steps)
{
	const struct aim *aim = ctx;
	const struct pale_system *system = aim->walk->system;

	system->successors(system->ctx, scratch, state, 0, steps);
	steps->here = 0;
	/* What the steps of a reduction violate on the way is not at its end. */
	for (size_t i = 0; i < steps->count; i++)
		steps->violates[i] = aim->target != NULL
		    ? (steps->violates[i] & aim->bit) != 0
		    : is_there(aim, steps->states + i * steps->words, 0);
}

/* Where the system does not say them, they are found by a search of their own. */
static int
take_gap(const struct aim *aim)
{
	struct walk *walk = aim->walk;
	struct pale_witness *witness = walk->witness, part = { 0 };
	const struct pale_system gap = {
		.ctx = aim,
		.words = witness->words,
		.scratch_bytes = walk->system->scratch_bytes,
		.properties = 1,
		.initial = gap_initial,
		.successors = gap_successors,
	};
	const struct pale_explore_options options = {
		.threads = 1, /* is_kept has one scratch */
		.max_states = GAP_STATES,
		.max_levels = GAP_LEVELS,
	};
	struct pale_explored explored;
	int r;

	r = pale_explore(&gap, &options, &explored, NULL);
	if (r < 0)
		return r;
	r = explored.verdict == PALE_VIOLATED ? 0 : -EPROTO;
	if (r == 0)
		r = pale_witness_find(&gap, &options, &explored, 0, &part, NULL);
	if (r == 0)
		r = have_room(walk, witness->length + part.length);
	if (r == 0) {
		memcpy(witness->states + (size_t)(witness->length + 1) * witness->words,
		    part.states + part.words,
		    (size_t)part.length * part.words * sizeof(*part.states));
		memcpy(witness->labels + witness->length, part.labels,
		    part.length * sizeof(*part.labels));
		witness->length += part.length;
	}
	pale_witness_done(&part);
	pale_explored_done(&explored);
	return r;
}

/* Go on from where the witness stands. */
static int
take(struct walk *walk, uint32_t number, const uint64_t *target, uint32_t bit)
{
	struct aim aim = { .walk = walk, .number = number, .target = target, .bit = bit };
	uint64_t from[PALE_STATE_WORDS_MAX];
	int r = have_room(walk, walk->witness->length + 1);

	if (r < 0)
		return r;
	/* A copy, as the witness may move when it grows. */
	memcpy(from, pale_witness_state(walk->witness, walk->witness->length),
	    walk->witness->words * sizeof(*from));
	aim.from = from;
	r = take_step(&aim);
	if (r == -EPROTO && walk->reduced)
		r = take_parts(&aim);
	return r == -EPROTO && walk->reduced ? take_gap(&aim) : r;
}

static int
walk_again(struct walk *walk, const struct pale_violation *violation, uint32_t bit)
{
	struct pale_witness *witness = walk->witness;
	unsigned kept = violation->length - !violation->is_state;
	uint32_t number = violation->source;
	int r = 0;

	for (unsigned i = kept; number != PALE_NO_STATE; i--) {
		walk->numbers[i] = number;
		number = pale_store_parent(walk->store, number);
		if ((i == 0) != (number == PALE_NO_STATE))
			return -EPROTO;
	}
	walk->system->initial(walk->system->ctx, witness->states);
	if (!is_kept(walk, witness->states, walk->numbers[0]))
		return -EPROTO;
	for (unsigned i = 0; i < kept && r == 0; i++)
		r = take(walk, walk->numbers[i + 1], NULL, 0);
	if (r == 0 && !violation->is_state)
		r = take(walk, 0, violation->states + witness->words, bit);
	return r;
}

static int
walk_init(struct walk *walk, unsigned length)
{
	struct pale_witness *witness = walk->witness;
	unsigned words = walk->system->words;

	witness->words = words;
	walk->size = length;
	witness->states = calloc(((size_t)length + 1) * words, sizeof(*witness->states));
	witness->labels = calloc((size_t)length + 1, sizeof(*witness->labels));
	walk->numbers = calloc((size_t)length + 1, sizeof(*walk->numbers));
	walk->scratch =
	    walk->system->scratch_bytes == 0 ? NULL : calloc(1, walk->system->scratch_bytes);
	if (witness->states == NULL || witness->labels == NULL || walk->numbers == NULL ||
	    (walk->scratch == NULL && walk->system->scratch_bytes != 0))
		return -ENOMEM;
	return pale_steps_init(&walk->steps, words);
}

int
pale_witness_find(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored, unsigned property, struct pale_witness *ret,
    struct pale_err *err)
{
	struct pale_witness witness = { 0 };
	struct walk walk = {
		.system = system,
		.store = &explored->store,
		.canonical = options->symmetry && system->canonical != NULL,
		.reduced = options->reduce,
		.witness = &witness,
	};
	const struct pale_violation *violation;
	int r;

	if (property >= PALE_PROPERTIES_MAX || !explored->violations[property].found)
		return pale_fail(err, -EINVAL, "no violation of that property was found");
	violation = &explored->violations[property];
	r = walk_init(&walk, violation->length);
	if (r == 0)
		r = walk_again(&walk, violation, UINT32_C(1) << property);
	pale_steps_done(&walk.steps);
	free(walk.scratch);
	free(walk.numbers);
	if (r == 0) {
		*ret = witness;
		return 0;
	}
	pale_witness_done(&witness);
	if (r != -EPROTO)
		return pale_fail(err, r, "cannot walk to the violation: no memory");
	if (!options->fingerprint)
		return pale_fail(err, r,
		    "no step leads from a state of the witness to the next: the system contradicts "
		    "itself");
	pale_fail(err, r, "the witness cannot be walked: two states have one fingerprint");
	return pale_remedy(err, "search without fingerprints, or with another seed");
}

int
pale_witness_shorten(const struct pale_system *system, const struct pale_explore_options *options,
    const struct pale_explored *explored, unsigned property, struct pale_witness *witness,
    struct pale_shortening *ret, struct pale_err *err)
{
	struct pale_explore_options second = *options;
	struct pale_shortening shortening = {
		.shortest = true,
		.before = witness->length,
		.after = witness->length,
		.before_ns = explored->elapsed_ns,
	};
	struct pale_witness shorter = { 0 };
	struct pale_explored again;
	int r = 0;

	/* With full states and all steps, nothing is shorter; nor is anything than a single step,
	 * for the initial state is always looked at. */
	if ((!options->reduce && !options->fingerprint) || witness->length <= 1) {
		*ret = shortening;
		return 0;
	}
	second.reduce = false;
	second.fingerprint = false;
	second.properties = UINT32_C(1) << property;
	second.until = PALE_UNTIL_FIRST;
	second.max_levels = witness->length - 1;
	r = pale_explore(system, &second, &again, err);
	if (r < 0)
		return r;
	shortening.searched = true;
	shortening.after_ns = again.elapsed_ns;
	shortening.states = again.states;
	if (again.verdict == PALE_VIOLATED) {
		r = pale_witness_find(system, &second, &again, property, &shorter, err);
		if (r == 0) {
			pale_witness_done(witness);
			*witness = shorter;
			shortening.after = shorter.length;
		}
	} else if (again.limit != PALE_LIMIT_NONE && again.limit != PALE_LIMIT_LEVELS) {
		shortening.shortest = false;
		shortening.limit = again.limit;
	}
	pale_explored_done(&again);
	if (r == 0)
		*ret = shortening;
	return r;
}

void
pale_witness_done(struct pale_witness *witness)
{
	free(witness->states);
	free(witness->labels);
	*witness = (struct pale_witness){ 0 };
}
