/* SPDX-License-Identifier: BSD-2-Clause */
/* About how many states a scenario has, before it is searched. */
#ifndef PALE_CLI_CHECK_ESTIMATE_H
#define PALE_CLI_CHECK_ESTIMATE_H

#include "check/world/world.h"
#include "core/err.h"

struct pale_estimate {
	double states; /* without reductions */
	double bytes;
	bool at_least; /* there are more: not even one process alone was searched to its end */
};

/*
 * Each process is searched alone, for a moment; as nearly every state of one goes with every state
 * of the others, the product of their numbers is within a factor of a few.
 */
void pale_estimate(const struct pale_model *model, struct pale_estimate *ret);

/*
 * Say what can be expected of a search with so much memory: nothing where it fits, a note where it
 * may not; where reductions cannot help any more it is refused, unless a limit was asked for.
 *
 * Returns 0, or -E2BIG with a sentence.
 * Test: tests/cli/check.bats
 */
int pale_estimate_judge(const struct pale_estimate *estimate, uint64_t max_bytes, bool limited,
    bool note, struct pale_err *err);

#endif
