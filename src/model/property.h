/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must never happen. An assertion is about a state; all else is about one step, mostly the
 * finish of a lookup. "Beneath" is by the way up, as the tree is at one instant; a directory is
 * beneath itself, a removed one is where it was (as `..` says).
 *
 * What a lookup *obtains* is what its call opens, makes, executes, connects to, links, asks about
 * or makes the working or root directory; of a call that creates, removes or renames also the
 * directories in which it did. A call that is one step (single names) looks nothing up. Lookups of
 * a compartment to which no directory is delegated are nobody's boundary: they are not judged. The
 * working directory of one that has some is a dirfd like another.
 *
 *   union     nobody obtains what was, at no instant from the start of its lookup to its finish,
 *             beneath any directory delegated to its compartment. Delegated are the directories
 *             that it was given at the start; where it can receive descriptors, also what those
 *             were given who can send
 *   root      nobody obtains the root of the tree, unless that was delegated to it
 *   call      nobody obtains what was, at no instant from start to finish, beneath the directory
 *             at which this lookup began
 *   rights    no lookup gives a descriptor a right that no directory gives which its process
 *             holds, or its compartment was given, and beneath which the object is at the finish
 *             (where the lookup began: was, at some instant)
 *   progress  a lookup that is legal when it begins (pale_walk_legal) succeeds if it is left
 *             alone from there, and finds the same; and a walk that is left alone anywhere ends.
 *             Where somebody else holds the lock, nobody is left alone: that is not judged
 *   never     the scenario's own assertions, one bit each: a state in which all terms of one hold
 *
 * Instants are the states between two steps, the one after the start and the one after the finish
 * included; of linkat, which brings what it has found to where it may be, the one before.
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

/* What the properties must know of a scenario that has been read: model->delegated. */
void pale_property_prepare(struct pale_model *model);

/*
 * Remember, for each lookup that is under way, what has been beneath since it began and is no
 * longer (seen_call, seen_union), if a property asks. Called after a step that changed names, with
 * the states around it. Who frees an inode takes its bit out of all of them.
 */
void pale_property_watch(
    const struct pale_model *model, const struct pale_state *before, struct pale_state *state);

/* Bits of what a step violates, of those in model->properties. */
uint32_t pale_property_judge(const struct pale_model *model, const struct pale_state *before,
    const struct pale_move *move, const struct pale_event *event, const struct pale_state *after);

/* Bits of assertions that hold in a state: what is violated by being there. */
uint32_t pale_property_here(const struct pale_model *model, const struct pale_state *state);

#endif
