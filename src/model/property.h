/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must never happen.
 *
 *   union     nobody obtains by a lookup what was, from its start to its finish, never beneath any
 *             directory delegated to its compartment
 *   root      nobody obtains the root directory of the tree (unless it was delegated)
 *   call      what a lookup obtains was beneath its own dirfd at some instant from start to finish
 *   rights    nobody has a right on an object that no delegated directory above it, and no
 *             descriptor given at start or passed, gave its compartment
 *   progress  a legal lookup that nobody disturbs succeeds, and a walk ends once names rest
 *   never     the scenario's own assertions, one bit each
 */
#ifndef PALE_MODEL_PROPERTY_H
#define PALE_MODEL_PROPERTY_H

#include "core/err.h"
#include "model/step.h"

struct pale_property_row {
	const char *name, *summary; /* summary: one sentence */
	const char *rule;           /* stable id of a finding */
};
extern const struct pale_property_row pale_properties[PALE_PROPERTY_NEVER + 1]; /* last: never */

/* "union", "call" ..., or "never" (all assertions), "never:2" (the second). Bits, 0: no such name.
 */
uint32_t pale_property_find(const struct pale_model *model, const char *name);

/* "union", "never: knows(adversary, secret)". As snprintf. */
int pale_property_print(const struct pale_model *model, unsigned property, char *buf, size_t size);

/* Bits of what a step violates, of those in model->properties. */
uint32_t pale_property_judge(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after);

/* Bits of assertions that hold in a state: what is violated by being there. */
uint32_t pale_property_here(const struct pale_model *model, const struct pale_state *state);

#endif
