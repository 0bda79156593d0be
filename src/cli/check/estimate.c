/* SPDX-License-Identifier: BSD-2-Clause */
/* About how many states a scenario has; see estimate.h. */
#include "cli/check/estimate.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "check/explore.h"
#include "cli/say.h"
#include "model/pack.h"
#include "report/check.h"

enum {
	ALONE_STATES = 30000, /* some 20 ms */
	/* What the reductions save at most: measured over the matrix it is up to 100. */
	REDUCED = 1000,
};

/* A system in which one process alone acts. */
struct alone {
	struct pale_system whole;
	const struct pale_model *model;
	unsigned process;
};

static void
initial(const void *ctx, uint64_t *ret_state)
{
	const struct alone *alone = ctx;

	alone->whole.initial(alone->whole.ctx, ret_state);
}

static void
successors(
    const void *ctx, void *scratch, const uint64_t *state, unsigned flags, struct pale_steps *steps)
{
	const struct alone *alone = ctx;
	size_t kept = 0;

	alone->whole.successors(alone->whole.ctx, scratch, state, flags, steps);
	for (size_t i = 0; i < steps->count; i++) {
		size_t words = steps->words;

		if (pale_world_move(alone->model, steps->labels[i]).process != alone->process)
			continue;
		memmove(steps->states + kept * words, steps->states + i * words,
		    words * sizeof(*steps->states));
		steps->labels[kept] = steps->labels[i];
		steps->violates[kept] = 0;
		kept++;
	}
	steps->count = kept;
	steps->final = true;
	steps->here = 0;
}

/* How many states process p has alone; at least this where *ret_more. */
static double
count_alone(const struct pale_model *model, unsigned p, bool *ret_more)
{
	struct alone alone = { .model = model, .process = p };
	struct pale_explore_options options = {
		.threads = 1,
		.until = PALE_UNTIL_END,
		.max_states = ALONE_STATES,
	};
	struct pale_explored explored;
	struct pale_system system;
	double states;

	pale_world_system(model, &alone.whole);
	system = alone.whole;
	system.ctx = &alone;
	system.initial = initial;
	system.successors = successors;
	system.canonical = NULL;
	if (pale_explore(&system, &options, &explored, NULL) < 0)
		return 1;
	states = (double)explored.states;
	*ret_more = *ret_more || explored.limit != PALE_LIMIT_NONE;
	pale_explored_done(&explored);
	return states;
}

void
pale_estimate(const struct pale_model *model, struct pale_estimate *ret)
{
	double alone[PALE_MODEL_COMPARTMENTS] = { 0 };

	*ret = (struct pale_estimate){ .states = 1 };
	for (unsigned p = 0; p < model->process_count; p++) {
		unsigned compartment = model->compartment_of[p];

		if (alone[compartment] < 1)
			alone[compartment] = count_alone(model, p, &ret->at_least);
		ret->states *= alone[compartment];
	}
	ret->bytes = ret->states * (8.0 * pale_model_words(model) + 12);
}

/* "40,000", "2e13" */
static void
add_states(const struct pale_estimate *estimate, struct pale_string *ret)
{
	pale_string_add(ret, "%s ", estimate->at_least ? "more than" : "about");
	if (estimate->states < 1e9)
		pale_report_check_number((uint64_t)estimate->states, ret);
	else
		pale_string_add(ret, "10^%.0f", floor(log10(estimate->states) + 0.5));
}

int
pale_estimate_judge(const struct pale_estimate *estimate, uint64_t max_bytes, bool limited,
    bool note, struct pale_err *err)
{
	struct pale_string words = { 0 };
	int result = 0;

	if (max_bytes == 0 || estimate->bytes <= (double)max_bytes)
		return 0;
	add_states(estimate, &words);
	pale_string_add(&words, " states without reductions, ");
	pale_report_check_bytes(estimate->bytes, &words);
	pale_string_add(&words, " of them, where ");
	pale_report_check_bytes((double)max_bytes, &words);
	pale_string_add(&words, " may be used");
	if (estimate->bytes / REDUCED <= (double)max_bytes || limited) {
		struct pale_string sentence = { 0 };

		pale_string_add(
		    &sentence, "this scope has %s: it may end at a limit", pale_string_get(&words));
		if (note)
			pale_say_note(pale_string_get(&sentence));
		pale_string_done(&sentence);
	} else {
		pale_fail(err, -E2BIG, "this scope cannot fit: %s", pale_string_get(&words));
		result = pale_remedy(err,
		    "choose a narrower one (--scope 2x3), or say how far to go: --limit 10s, "
		    "--limit 12steps");
	}
	pale_string_done(&words);
	return result;
}
