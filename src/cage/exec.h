/* SPDX-License-Identifier: BSD-2-Clause */
/* The last step of a launch. */
#ifndef PALE_CAGE_EXEC_H
#define PALE_CAGE_EXEC_H

#include "cage/cage.h"

/*
 * Look the cage's program up in the PATH that it will see, as execvp(3) does, and become it.
 * Returns only if that failed: -errno of what was found but refused, else -ENOENT.
 */
int pale_cage_exec(const struct pale_cage *cage);

#endif
