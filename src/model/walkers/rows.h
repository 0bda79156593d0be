/* SPDX-License-Identifier: BSD-2-Clause */
/* The walkers that pale brings, by the name of their variable, in the order of the matrix. */
#ifndef PALE_MODEL_WALKERS_ROWS_H
#define PALE_MODEL_WALKERS_ROWS_H

#include "pale/walker.h"

/* clang-format off */
#define PALE_WALKER_ROWS(ROW) \
	ROW(none)             \
	ROW(start_compare)
/* clang-format on */

#define ROW(name) extern const struct pale_walker pale_walker_##name;
PALE_WALKER_ROWS(ROW)
#undef ROW

#endif
