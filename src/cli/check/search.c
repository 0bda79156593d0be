/* SPDX-License-Identifier: BSD-2-Clause */
/* One search; see search.h. */
#include "cli/check/search.h"

#include <errno.h>

#include "cli/check/machine.h"

enum {
	/* Of the free memory, in quarters: the rest is for others, and for what is not counted. */
	SHARE = 3,
	MEMORY_UNKNOWN = 1 << 30,
};

void
pale_check_search_options(
    const struct pale_check_args *args, struct pale_explore_options *ret_options)
{
	uint64_t bytes = args->max_bytes;

	if (bytes == 0)
		bytes = pale_machine_free() / 4 * SHARE;
	*ret_options = (struct pale_explore_options){
		.threads = args->threads != 0 ? args->threads : pale_machine_processors(),
		.reduce = !args->no_reduce,
		.symmetry = !args->no_symmetry,
		.fingerprint = args->fingerprint,
		.max_states = args->max_states,
		.max_bytes = bytes != 0 ? bytes : MEMORY_UNKNOWN,
		.max_ns = args->max_ns,
		.max_levels = args->max_levels,
	};
}

static unsigned
first_bit(uint32_t bits)
{
	return (unsigned)__builtin_ctz(bits);
}

/* Of the properties that were violated first, the one that has the shortest witness. */
static unsigned
choose(const struct pale_explored *explored)
{
	unsigned best = first_bit(explored->violated);

	for (unsigned i = best; i < PALE_PROPERTIES_MAX; i++) {
		if ((explored->violated >> i & 1) != 0 &&
		    explored->violations[i].length < explored->violations[best].length)
			best = i;
	}
	return best;
}

int
pale_check_search(const struct pale_model *model, const struct pale_explore_options *options,
    struct pale_check_search *ret, struct pale_err *err)
{
	int result;

	ret->model = model;
	ret->options = *options;
	pale_world_system(model, &ret->system);
	result = pale_explore(&ret->system, options, &ret->explored, err);
	if (result < 0 || ret->explored.verdict != PALE_VIOLATED)
		return result;
	ret->property = choose(&ret->explored);
	result = pale_witness_find(
	    &ret->system, options, &ret->explored, ret->property, &ret->witness, err);
	if (result == 0)
		result = pale_witness_shorten(&ret->system, options, &ret->explored, ret->property,
		    &ret->witness, &ret->shortening, err);
	if (result == 0)
		result = pale_trace_make(model, &ret->witness, &ret->trace);
	ret->traced = result == 0;
	if (result == -ENOMEM)
		pale_fail(err, result, "out of memory");
	return result;
}

void
pale_check_search_done(struct pale_check_search *search)
{
	if (search->traced)
		pale_trace_done(&search->trace);
	pale_witness_done(&search->witness);
	pale_explored_done(&search->explored);
	*search = (struct pale_check_search){ 0 };
}
