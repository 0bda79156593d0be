/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights to mechanisms: what each entry's mount withholds, what Landlock has to handle, what the
 * call filter takes from the whole cage; and what nothing here can withhold, which is refused.
 */
#ifndef PALE_RUN_COMPILE_H
#define PALE_RUN_COMPILE_H

#include "run/plan.h"

/* Decide. Fills .rights .attr .landlock .redundant of the entries, and what the plan says of the
 * cage. */
int pale_compile(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err);

/*
 * Landlock unites the rules on the way up, across mounts too: what it lets be done around a grant
 * it lets be done in it. Which rights does a grant lack and get back so?
 *
 *   around      what Landlock allows in the grants around it
 *   is_regular  not a directory, and no FIFO, socket or device either
 */
pale_rights pale_compile_around(pale_rights rights, uint64_t around, bool is_dir, bool is_regular);

#endif
