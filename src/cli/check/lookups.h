/* SPDX-License-Identifier: BSD-2-Clause */
/* What a lookup costs, and which legal ones a walker refuses when nobody disturbs it. */
#ifndef PALE_CLI_CHECK_LOOKUPS_H
#define PALE_CLI_CHECK_LOOKUPS_H

#include "core/err.h"
#include "report/matrix.h"

/* The lookups that are tried: the vocabulary of scenarios/lookups.pale. Returns 0 or -errno. */
int pale_lookups_read(struct pale_model **ret_model, struct pale_err *err);

/* Try them all with the row's walker. */
void pale_lookups_try(const struct pale_model *model, struct pale_matrix_row *row);

#endif
