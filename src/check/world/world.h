/* SPDX-License-Identifier: BSD-2-Clause */
/* A scenario as a system that can be searched: steps, symmetry, reduction, words for a witness. */
#ifndef PALE_CHECK_WORLD_H
#define PALE_CHECK_WORLD_H

#include "check/system.h"
#include "check/witness.h"
#include "model/step.h"

/* Labels of steps: a packed struct pale_move. */
uint32_t pale_world_label(const struct pale_model *model, const struct pale_move *move);
struct pale_move pale_world_move(const struct pale_model *model, uint32_t label);

/*
 * The system of a scenario; ctx is the model, which must stay.
 *
 * PALE_STEPS_REDUCED: persistent sets by the footprints of steps (check/world/footprint.h).
 * canonical: identical processes sorted, what was made numbered in the order in which it is met.
 */
void pale_world_system(const struct pale_model *model, struct pale_system *ret_system);

/* A witness as steps with events, for report and replay. */
struct pale_trace_step {
	struct pale_move move;
	struct pale_event event;
	struct pale_state before, after;
	char text[256]; /* pale_model_print */
	char actor[64]; /* pale_model_actor */
	bool decisive;  /* the step of somebody else without which it would not have happened: the
			 * last step that changed names between start and finish of the lookup that
			 * violates; or the violating step */
};

struct pale_trace {
	struct pale_trace_step *steps;
	size_t count;
	uint32_t violated; /* properties, by the last step or the last state */
};

/* Returns 0, -ENOMEM. */
int pale_trace_make(
    const struct pale_model *model, const struct pale_witness *witness, struct pale_trace *ret);
void pale_trace_done(struct pale_trace *trace);

#endif
