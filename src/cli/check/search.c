/* SPDX-License-Identifier: BSD-2-Clause */
/* One search; see search.h. */
#include "cli/check/search.h"

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

/* The shortest witness of one property; it takes the place of a longer one of another. */
static int
find_witness(struct pale_check_search *search, unsigned property, struct pale_err *err)
{
	struct pale_witness witness = { 0 };
	struct pale_shortening shortening = { 0 };
	int result = pale_witness_find(
	    &search->system, &search->options, &search->explored, property, &witness, err);

	if (result == 0)
		result = pale_witness_shorten(&search->system, &search->options, &search->explored,
		    property, &witness, &shortening, err);
	if (result == 0) {
		search->lengths[property] = witness.length;
		if (search->witness.labels == NULL || witness.length < search->witness.length) {
			struct pale_witness longer = search->witness;

			search->witness = witness;
			search->shortening = shortening;
			search->property = property;
			witness = longer;
		}
	}
	pale_witness_done(&witness);
	return result;
}

pale_check_searcher pale_check_search_by = pale_check_search;

int
pale_check_search(const struct pale_model *model, const struct pale_explore_options *options,
    struct pale_check_search *ret, struct pale_err *err)
{
	int result;

	ret->model = model;
	ret->options = *options;
	/* Of several properties each is to have its own verdict. */
	ret->options.until = PALE_UNTIL_EACH;
	pale_world_system(model, &ret->system);
	result = pale_explore(&ret->system, &ret->options, &ret->explored, err);
	return result < 0 ? result : pale_check_search_witness(ret, err);
}

int
pale_check_search_witness(struct pale_check_search *ret, struct pale_err *err)
{
	int result = 0;

	if (ret->explored.verdict != PALE_VIOLATED)
		return 0;
	for (unsigned i = 0; i < PALE_PROPERTIES_MAX && result == 0; i++) {
		if ((ret->explored.violated >> i & 1) != 0)
			result = find_witness(ret, i, err);
	}
	if (result == 0) {
		result = pale_trace_make(ret->model, &ret->witness, &ret->trace);
		ret->traced = result == 0;
		if (result < 0)
			pale_fail(err, result, "out of memory");
	}
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
