/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Would a call fail without a cage as well? Then a grant does not help it, and its failure is no
 * denial: the machine has no such name either, the name is taken, ordinary permissions forbid it.
 * Asked of the machine as it is now, by one who is as powerless as the caller; decides nothing.
 */
#ifndef PALE_RUN_TRACE_ANYWAY_H
#define PALE_RUN_TRACE_ANYWAY_H

#include <stdbool.h>
#include <stddef.h>

#include "run/trace/heard.h"
#include "run/plan.h"

/* Must something have the name of this path already? which: of the paths of the call. */
bool pale_needs_there(const struct pale_heard_facts *facts, size_t which);

/* As far as one of its paths goes. Test: tests/cli/trace.bats */
bool pale_fails_anyway(
    const struct pale_plan *plan, const struct pale_heard_facts *facts, size_t which);

#endif
