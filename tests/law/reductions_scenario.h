/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small scenarios at random, as text: a tree, who is delegated what, calls, a walker, properties.
 * Most of them go wrong in some way, which is what they are for.
 */
#ifndef PALE_TESTS_REDUCTIONS_SCENARIO_H
#define PALE_TESTS_REDUCTIONS_SCENARIO_H

#include <stddef.h>
#include <stdint.h>

enum { SCENARIO_BYTES = 4096 };

/* walker: NULL for any. */
void make_scenario(uint64_t *random, const char *walker, char ret_text[SCENARIO_BYTES]);

#endif
