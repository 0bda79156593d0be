/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Passing of descriptors that was refused: whom the socket leads to, by the name that a grant would
 * have. For reports; decides nothing.
 */
#ifndef PALE_RUN_WHY_PASS_H
#define PALE_RUN_WHY_PASS_H

#include <stdbool.h>

#include "kernel/caller.h"
#include "run/trace/heard.h"
#include "run/plan.h"
#include "run/why/why.h"

/*
 * Is this the refusal of a message because descriptors are in it?
 *
 *   io_last  for pale_caller_fd
 *   ret      .call is filled; the rest is, if it is
 *
 * Test: tests/live/advice.sh
 */
bool pale_why_pass_heard(const struct pale_plan *plan, const struct pale_heard_call *heard,
    const struct pale_heard_facts *facts, struct pale_caller_last *io_last, struct pale_why *ret);

#endif
