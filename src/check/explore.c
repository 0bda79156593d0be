/* SPDX-License-Identifier: BSD-2-Clause */
/* Every state that a system can reach; see explore.h. */
#include "check/explore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/search.h"

enum {
	GRAIN_MAX = 256, /* states a thread takes from a level at once: some 0.1 ms */
	GRAIN_MIN = 8,
};

/* What the threads found in the level, put together. */
static void
gather(struct pale_search *search)
{
	struct pale_explored *result = search->result;

	for (unsigned i = 0; i < search->options->threads; i++) {
		struct pale_worker *worker = &search->workers[i];
		uint32_t bits = worker->violated;

		result->violated |= bits;
		worker->violated = 0;
		for (; bits != 0; bits &= bits - 1) {
			struct pale_violation *found = &worker->violations[__builtin_ctz(bits)];

			pale_violation_keep(
			    &result->violations[__builtin_ctz(bits)], found, search->system->words);
			found->found = false;
			found->count = 0;
		}
	}
}

static bool
is_enough(const struct pale_search *search)
{
	switch (search->options->until) {
	case PALE_UNTIL_FIRST:
		return search->result->violated != 0;
	case PALE_UNTIL_EACH:
		return search->result->violated != 0 &&
		    search->result->violated == search->properties;
	case PALE_UNTIL_END:
		break;
	}
	return false;
}

/* Level after level. Returns 0, with the limit set where one was reached, or -errno. */
static int
search_levels(struct pale_search *search)
{
	const struct pale_explore_options *options = search->options;
	uint64_t before = 0, count;
	enum pale_halt halt;
	int r = 0;

	for (search->level = 0;; search->level++) {
		uint64_t grain;

		count = pale_store_count(search->store);
		if (count == before)
			return 0;
		grain = (count - before) / (options->threads * UINT64_C(8));
		grain = grain < GRAIN_MIN ? GRAIN_MIN : grain > GRAIN_MAX ? GRAIN_MAX : grain;
		before = count;
		search->result->levels = search->level;
		r = pale_store_next_level(search->store, (uint32_t)grain, &search->frontier);
		if (r < 0) {
			pale_search_limit(search, PALE_LIMIT_MEMORY);
			return 0;
		}
		search->last = options->max_levels != 0 && search->level == options->max_levels;
		halt = pale_search_level(search);
		gather(search);
		if (halt == PALE_BROKEN)
			return atomic_load(&search->error);
		if (atomic_load(&search->cut))
			pale_search_limit(search, PALE_LIMIT_LEVELS);
		if (halt == PALE_AT_LIMIT || is_enough(search) || search->last)
			break;
	}
	/* States that the last steps led to. */
	if (pale_store_count(search->store) > before)
		search->result->levels = search->level + 1;
	return 0;
}

/* n states have n(n-1)/2 pairs, each with one chance in 2^64. */
static double
collision_bound(uint64_t states)
{
	double n = (double)states, bound = n * (n - 1) / 2 / 18446744073709551616.0;

	return bound > 1 ? 1 : bound;
}

static void
conclude(struct pale_search *search)
{
	const struct pale_explore_options *options = search->options;
	struct pale_explored *result = search->result;
	bool any = false;

	result->limit = (enum pale_limit)atomic_load(&search->limit);
	result->verdict = result->violated != 0 ? PALE_VIOLATED
	    : result->limit != PALE_LIMIT_NONE  ? PALE_LIMIT
						: PALE_SAFE;
	result->states = pale_store_count(search->store);
	result->transitions = pale_search_transitions(search);
	for (unsigned i = 0; i < options->threads; i++) {
		result->ends += search->workers[i].ends;
		result->deadlocks += search->workers[i].deadlocks;
	}
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX; i++) {
		const struct pale_violation *violation = &result->violations[i];

		if (violation->found && (!any || violation->length < result->length)) {
			result->length = violation->length;
			any = true;
		}
	}
	result->bytes = search->store->bytes_peak;
	if (atomic_load(&search->store->bytes) > result->bytes)
		result->bytes = atomic_load(&search->store->bytes);
	result->bytes_per_state = (double)result->bytes / (double)result->states;
	result->elapsed_ns = options->now_ns == NULL ? 0 : options->now_ns() - search->begin_ns;
	result->threads = search->crew.wanted;
	result->probabilistic = options->fingerprint;
	if (options->fingerprint)
		result->collision_bound = collision_bound(result->states);
}

static int
init(struct pale_search *search)
{
	const struct pale_explore_options *options = search->options;
	const struct pale_system *system = search->system;
	const struct pale_store_options store = {
		.words = system->words,
		.fingerprint = options->fingerprint,
		.seed = options->fingerprint ? options->seed : 0,
		.max_states = options->max_states,
		.max_bytes = options->max_bytes,
		.writers = options->threads,
	};
	int r;

	r = pale_crew_init(&search->crew, options->threads);
	if (r < 0)
		return r;
	r = pale_store_init(search->store, &store);
	if (r < 0)
		return r;
	r = pale_violations_init(
	    search->result->violations, system->words, &search->result->violation_states);
	if (r < 0)
		return r;
	search->workers = aligned_alloc(
	    _Alignof(struct pale_worker), options->threads * sizeof(*search->workers));
	if (search->workers == NULL)
		return -ENOMEM;
	memset(search->workers, 0, options->threads * sizeof(*search->workers));
	for (unsigned i = 0; i < options->threads; i++) {
		struct pale_worker *worker = &search->workers[i];

		worker->writer = &search->store->writers[i];
		r = pale_violations_init(
		    worker->violations, system->words, &worker->violation_states);
		for (unsigned j = 0; j < 2 && r == 0; j++)
			r = pale_steps_init(&worker->batches[j].steps, system->words);
		if (r < 0)
			return r;
		worker->scratch =
		    system->scratch_bytes == 0 ? NULL : calloc(1, system->scratch_bytes);
		if (system->scratch_bytes != 0 && worker->scratch == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void
done(struct pale_search *search)
{
	for (unsigned i = 0; search->workers != NULL && i < search->options->threads; i++) {
		for (unsigned j = 0; j < 2; j++) {
			pale_steps_done(&search->workers[i].batches[j].steps);
			free(search->workers[i].batches[j].hashes);
		}
		free(search->workers[i].scratch);
		free(search->workers[i].violation_states);
	}
	free(search->workers);
	pale_crew_done(&search->crew);
}

static int
add_initial(struct pale_search *search)
{
	const struct pale_system *system = search->system;
	uint64_t state[PALE_STATE_WORDS_MAX] = { 0 };
	uint32_t number;
	int r;

	system->initial(system->ctx, state);
	if (search->options->symmetry && system->canonical != NULL)
		system->canonical(system->ctx, search->workers[0].scratch, state);
	r = pale_search_room(search);
	if (r == 0)
		r = pale_store_add(search->store, search->workers[0].writer, state,
		    pale_store_hash(search->store, state), PALE_NO_STATE, &number);
	return r < 0 ? -ENOMEM : 0;
}

static int
check_input(const struct pale_system *system, const struct pale_explore_options *options,
    struct pale_err *err)
{
	if (options->threads == 0 || options->threads > PALE_CREW_MAX)
		return pale_fail(err, -EINVAL,
		    "cannot search with %u threads: 1 to %d are possible", options->threads,
		    PALE_CREW_MAX);
	if (system->words == 0 || system->words > PALE_STATE_WORDS_MAX)
		return pale_fail(err, -EINVAL, "a state cannot have %u words: 1 to %d are possible",
		    system->words, PALE_STATE_WORDS_MAX);
	if ((options->properties & ~system->properties) != 0)
		return pale_fail(err, -EINVAL, "a property was asked for that the system has not");
	if (options->max_ns != 0 && options->now_ns == NULL)
		return pale_fail(err, -EINVAL, "a time limit needs a clock");
	return 0;
}

int
pale_explore(const struct pale_system *system, const struct pale_explore_options *options,
    struct pale_explored *ret, struct pale_err *err)
{
	struct pale_search search = {
		.system = system,
		.options = options,
		.result = ret,
		.store = &ret->store,
		.properties = options->properties != 0 ? options->properties : system->properties,
	};
	int r;

	*ret = (struct pale_explored){ 0 };
	r = check_input(system, options, err);
	if (r < 0)
		return r;
	if (options->now_ns != NULL)
		search.begin_ns = search.told_ns = options->now_ns();
	r = init(&search);
	if (r == 0)
		r = add_initial(&search);
	if (r == 0)
		r = search_levels(&search);
	if (r == 0)
		conclude(&search);
	done(&search);
	if (r == 0)
		return 0;
	pale_explored_done(ret);
	if (r == -E2BIG)
		return pale_fail(
		    err, r, "a state has more than %d steps: the system is wrong", PALE_STEPS_MAX);
	/* What the caller has limited is a limit, however low. */
	if (r == -ENOMEM && options->max_bytes != 0) {
		ret->verdict = PALE_LIMIT;
		ret->limit = PALE_LIMIT_MEMORY;
		ret->threads = options->threads;
		return 0;
	}
	pale_fail(err, r, "cannot begin the search: no memory for the first state");
	return pale_remedy(err, "allow more memory");
}

const char *
pale_limit_name(enum pale_limit limit)
{
	static const char *const names[] = {
		[PALE_LIMIT_NONE] = "none",
		[PALE_LIMIT_STATES] = "states",
		[PALE_LIMIT_MEMORY] = "memory",
		[PALE_LIMIT_TIME] = "time",
		[PALE_LIMIT_LEVELS] = "levels",
		[PALE_LIMIT_STOPPED] = "stopped",
	};

	return names[limit];
}

void
pale_explored_done(struct pale_explored *explored)
{
	pale_store_done(&explored->store);
	free(explored->violation_states);
	*explored = (struct pale_explored){ 0 };
}
