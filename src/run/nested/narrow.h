/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan inside a cage holds nothing that the plan of the cage does not hold: every right of every
 * grant is compared with what is granted there, where it lies. What is asked for beyond that is
 * refused by name, never left out silently.
 *
 * Where something lies is told by the mount that its descriptor is in, because those inside can
 * rename what leads to it, also while it is looked at. What the mounts alone would not withhold,
 * Landlock's rules, is compared once more in the mounts that were made.
 */
#ifndef PALE_RUN_NESTED_NARROW_H
#define PALE_RUN_NESTED_NARROW_H

#include "cage/cage.h"
#include "core/err.h"
#include "policy/policy.h"
#include "run/plan.h"

/* The cage that another is made in. All borrowed. */
struct pale_outer {
	const struct pale_plan *plan;
	const struct pale_cage *cage;
	int maps;                    /* see struct pale_nest_caller */
	const struct rlimit *limits; /* of whoever asked, for each resource */
};

/*
 * Compare a plan with that of the cage around it, and add to it what the cage withholds. To be
 * called where its grants were opened: in the new mount namespace, its root still the cage's.
 *
 * Returns 0, or -EPERM with the right, the path and what the cage around grants there, or -errno
 * of looking.
 * Test: tests/live/nested.bats
 */
int pale_narrow(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_outer *outer, struct pale_err *err);

/*
 * What is refused before anything is looked at: names of hosts, since looking them up runs a
 * program, and what the cage around has for a program is not to be run outside of it.
 */
int pale_narrow_early(const struct pale_compartment *compartment, struct pale_err *err);

/* The second look, as .inspect of the cage, whose .inspect_state is the struct pale_outer. */
int pale_narrow_inspect(const struct pale_cage *cage, int proc, struct pale_err *err);

#endif
