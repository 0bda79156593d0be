/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cage has of its own: /proc, pseudo-terminals, private directories. No plan knows what is
 * in them, so whether a call is refused there is told from what it finds.
 */
#ifndef PALE_RUN_TRACE_OWN_H
#define PALE_RUN_TRACE_OWN_H

#include <stdbool.h>
#include <stddef.h>

#include "run/trace/heard.h"
#include "run/plan.h"
#include "run/why/why.h"

/* Does this path lie in one of them? */
bool pale_own_is(const struct pale_plan *plan, const char *path);

/*
 * Is a call refused there, as far as one of its paths goes, that succeeds without a cage?
 *
 *   ret  filled if it is
 *
 * Test: tests/live/advice.sh
 */
bool pale_own_refuses(const struct pale_plan *plan, const struct pale_heard_facts *facts,
    size_t which, struct pale_why *ret);

#endif
