/* SPDX-License-Identifier: BSD-2-Clause */
/* What would allow a call that is denied: an option of `pale run`, or what to do instead. */
#ifndef PALE_RUN_WHY_ADVICE_H
#define PALE_RUN_WHY_ADVICE_H

#include "run/why/why.h"

/* Fill .allow and .is_option of an answer that says denied; they stay empty where nothing helps. */
void pale_advise(const struct pale_plan *plan, const char *path, struct pale_why *answer);

/* Propose a grant of what .missing of the answer holds, at a path of the machine. */
void pale_advise_path(const struct pale_plan *plan, const char *path, struct pale_why *answer);

#endif
