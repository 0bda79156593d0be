/* SPDX-License-Identifier: BSD-2-Clause */
/* One scenario: read, searched, told. */
#ifndef PALE_CLI_CHECK_ONE_H
#define PALE_CLI_CHECK_ONE_H

#include "cli/check/args.h"

/* Returns the exit code; what went wrong was said. */
int pale_check_one(const struct pale_check_args *args);

#endif
