/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States that are alike: whatever happens in the one happens in the other, step by step, with the
 * same violations. One of them stands for all.
 *
 *   processes of one compartment are alike: they are sorted
 *   what was made has any free number: it is numbered anew, in the order in which it is met
 *   entries, and descriptors that the scenario does not name, have any order: they are sorted
 *   a descriptor that is held twice is as good as one, where nothing closes or narrows it
 *   what is open does not matter to a process that has no call left that could use it
 */
#ifndef PALE_CHECK_SYMMETRY_H
#define PALE_CHECK_SYMMETRY_H

#include "model/state.h"

/* What is alike in a scenario, found out once. */
struct pale_symmetry {
	bool any;                               /* else nothing ever is */
	uint32_t entries;                       /* that change, and so can be sorted: a bit each */
	bool fresh;                             /* something is made: it can be numbered */
	uint8_t like[PALE_MODEL_PROCESSES];     /* the next process that is like it, or 0 */
	bool sorted;                            /* some process has one */
	uint8_t loose[PALE_MODEL_COMPARTMENTS]; /* slots of no meaning of their own, a bit each */
	bool once[PALE_MODEL_COMPARTMENTS];     /* a descriptor held twice is as good as one */
	bool ends[PALE_MODEL_COMPARTMENTS];     /* without calls, what is open does not matter */
	bool last[PALE_MODEL_COMPARTMENTS];     /* in the last call, only where it began matters */
	uint32_t held;                          /* inodes that must stay held: to be free matters */
};

void pale_symmetry_find(const struct pale_model *model, struct pale_symmetry *ret);

/* Replace a state by the one that stands for it. */
void pale_symmetry_canonical(
    const struct pale_model *model, const struct pale_symmetry *symmetry, struct pale_state *state);

#endif
