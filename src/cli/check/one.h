/* SPDX-License-Identifier: BSD-2-Clause */
/* One scenario: read, searched, told. */
#ifndef PALE_CLI_CHECK_ONE_H
#define PALE_CLI_CHECK_ONE_H

#include "cli/check/args.h"
#include "cli/check/progress.h"
#include "pale/walker.h"

/* Returns the exit code; what went wrong was said. */
int pale_check_one(const struct pale_check_args *args);

/* A walker by its name or file; the latter only inside of pale_foreign_contain. */
int pale_check_walker(
    const char *name, const struct pale_walker **ret_walker, struct pale_err *err);

/* Is the error a mistake in what was asked for, not in what could be done? */
bool pale_check_usage(int error);

enum pale_progress_how pale_progress_how(const struct pale_check_args *args);

#endif
