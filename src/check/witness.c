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
	bool canonical;
	void *scratch;
	struct pale_steps steps;
	struct pale_witness *witness;
	uint32_t *numbers; /* of the states on the way */
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

/*
 * Take step i of the way: to the state of a number, or, where target is not NULL, the one that
 * violates. Of several steps the one with the smallest label, then the smallest state.
 */
static int
take(struct walk *walk, unsigned i, uint32_t number, const uint64_t *target, uint32_t bit)
{
	struct pale_witness *witness = walk->witness;
	unsigned words = witness->words;
	struct pale_steps *steps = &walk->steps;
	uint64_t *to = witness->states + (size_t)(i + 1) * words;
	bool found = false;

	pale_steps_clear(steps);
	walk->system->successors(
	    walk->system->ctx, walk->scratch, pale_witness_state(witness, i), 0, steps);
	if (steps->failed != 0)
		return steps->failed;
	for (size_t step = 0; step < steps->count; step++) {
		const uint64_t *state = steps->states + step * words;
		uint32_t label = steps->labels[step];

		if (found &&
		    (label > witness->labels[i] ||
			(label == witness->labels[i] && compare(state, to, words) >= 0)))
			continue;
		if (target == NULL
			? !is_kept(walk, state, number)
			: (steps->violates[step] & bit) == 0 || !is_like(walk, state, target))
			continue;
		memcpy(to, state, words * sizeof(*to));
		witness->labels[i] = label;
		found = true;
	}
	return found ? 0 : -EPROTO;
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
		r = take(walk, i, walk->numbers[i + 1], NULL, 0);
	if (r == 0 && !violation->is_state)
		r = take(walk, kept, 0, violation->states + witness->words, bit);
	return r;
}

static int
walk_init(struct walk *walk, unsigned length)
{
	struct pale_witness *witness = walk->witness;
	unsigned words = walk->system->words;

	witness->length = length;
	witness->words = words;
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
