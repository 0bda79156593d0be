/* SPDX-License-Identifier: BSD-2-Clause */
/* A witness as steps with what each did; see world.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/world/world.h"
#include "model/pack.h"
#include "model/property.h"

static void
make_step(const struct pale_model *model, const struct pale_witness *witness, unsigned i,
    struct pale_trace_step *step)
{
	struct pale_state next;

	step->move = pale_world_move(model, witness->labels[i]);
	pale_model_unpack(model, pale_witness_state(witness, i), &step->before);
	pale_model_unpack(model, pale_witness_state(witness, i + 1), &step->after);
	/* The events are not kept: the step is taken once more. */
	next = step->before;
	pale_model_step(model, &next, &step->move, &step->event);
	pale_model_print(model, &step->before, &step->move, &step->event, &step->after, step->text,
	    sizeof(step->text));
	snprintf(
	    step->actor, sizeof(step->actor), "%s", pale_model_actor(model, step->move.process));
}

/* Where the lookup that a step belongs to began. */
static size_t
start_of(const struct pale_trace *trace, size_t last)
{
	size_t i = last;

	while (i > 0) {
		const struct pale_trace_step *step = &trace->steps[i];

		if (step->move.process == trace->steps[last].move.process &&
		    step->move.phase == PALE_PHASE_IDLE)
			return i;
		i--;
	}
	return i;
}

/* Without what somebody else did to the names meanwhile it would not have happened. */
static void
mark_decisive(struct pale_trace *trace)
{
	size_t last = trace->count - 1, start = start_of(trace, last);

	for (size_t i = last; i-- > start;) {
		struct pale_trace_step *step = &trace->steps[i];

		if (step->move.process != trace->steps[last].move.process &&
		    step->event.names_changed) {
			step->decisive = true;
			return;
		}
	}
	trace->steps[last].decisive = true;
}

int
pale_trace_make(
    const struct pale_model *model, const struct pale_witness *witness, struct pale_trace *ret)
{
	struct pale_trace trace = { .count = witness->length };
	struct pale_state *state = calloc(1, sizeof(*state));

	if (state == NULL)
		return -ENOMEM;
	pale_model_unpack(model, pale_witness_state(witness, witness->length), state);
	trace.violated = pale_property_here(model, state);
	free(state);
	if (trace.count != 0) {
		const struct pale_trace_step *last;

		trace.steps = calloc(trace.count, sizeof(*trace.steps));
		if (trace.steps == NULL)
			return -ENOMEM;
		for (unsigned i = 0; i < witness->length; i++)
			make_step(model, witness, i, &trace.steps[i]);
		last = &trace.steps[trace.count - 1];
		trace.violated |= pale_property_judge(
		    model, &last->before, &last->move, &last->event, &last->after);
		mark_decisive(&trace);
	}
	*ret = trace;
	return 0;
}

void
pale_trace_done(struct pale_trace *trace)
{
	free(trace->steps);
	*trace = (struct pale_trace){ 0 };
}
