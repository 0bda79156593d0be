/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owners as they are. In a user namespace that maps one id, everybody else is the overflow user,
 * root too, so nobody can be told from root there. A policy with an overlap is therefore planned
 * once outside first; which names are safe is kept for the plan inside.
 */
#ifndef PALE_RUN_VOUCH_H
#define PALE_RUN_VOUCH_H

#include <stdbool.h>

#include "policy/policy.h"
#include "run/plan.h"

/*
 * Is a plan needed that sees owners as they are? That is where a UNIX socket is granted
 * (run/doors.h), and where a grant may narrow or hide part of a wider one: judged by the names as
 * written: where a symbolic link hides an overlap the answer is no, and the plan inside then knows
 * less and refuses more.
 */
bool pale_vouch_needed(const struct pale_compartment *compartment);

/*
 * Was this entry, inside this cover, found safe from others by the plan made outside?
 *
 *   hidden  that plan is of the cage around, where something empty is in place of what it hides
 */
bool pale_vouch_for(const struct pale_plan *outside, const struct pale_entry *entry,
    const struct pale_entry *cover, bool hidden);

#endif
