/* SPDX-License-Identifier: BSD-2-Clause */
/* `pale check --matrix`: all walkers and properties, from scope to scope. */
#ifndef PALE_CLI_CHECK_MATRIX_H
#define PALE_CLI_CHECK_MATRIX_H

#include "cli/check/args.h"

/* Returns the exit code; what went wrong was said. */
int pale_check_matrix(const struct pale_check_args *args);

#endif
