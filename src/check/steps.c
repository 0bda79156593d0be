/* SPDX-License-Identifier: BSD-2-Clause */
/* The room for the steps of a state; see system.h. */
#include "check/system.h"

#include <errno.h>
#include <stdlib.h>

enum {
	FIRST_STEPS = 64, /* few systems have more from one state */
};

/* Each array is replaced only once it has grown, so that a failure leaves them as they were. */
static int
resize(struct pale_steps *steps, size_t size)
{
	uint64_t *states;
	uint32_t *labels, *violates;

	states = realloc(steps->states, (size + 1) * steps->words * sizeof(*states));
	if (states == NULL)
		return -ENOMEM;
	steps->states = states;
	labels = realloc(steps->labels, size * sizeof(*labels));
	if (labels == NULL)
		return -ENOMEM;
	steps->labels = labels;
	violates = realloc(steps->violates, size * sizeof(*violates));
	if (violates == NULL)
		return -ENOMEM;
	steps->violates = violates;
	steps->size = size;
	return 0;
}

int
pale_steps_init(struct pale_steps *steps, unsigned words)
{
	*steps = (struct pale_steps){ .words = words };
	return resize(steps, FIRST_STEPS);
}

void
pale_steps_clear(struct pale_steps *steps)
{
	steps->count = 0;
	steps->failed = 0;
	steps->final = false;
	steps->here = 0;
}

void
pale_steps_done(struct pale_steps *steps)
{
	free(steps->states);
	free(steps->labels);
	free(steps->violates);
	*steps = (struct pale_steps){ 0 };
}

bool
pale_steps_grow(struct pale_steps *steps)
{
	if (steps->size >= PALE_STEPS_MAX)
		steps->failed = -E2BIG;
	else if (steps->failed == 0)
		steps->failed = resize(steps, steps->size * 2);
	return steps->failed == 0;
}
