/* SPDX-License-Identifier: BSD-2-Clause */
/* `pale run --learn`: what the options say of it, and what is told at its end. */
#ifndef PALE_CLI_LEARN_H
#define PALE_CLI_LEARN_H

#include <stdbool.h>

#include "cli/run_options.h"
#include "core/err.h"
#include "run/learn/learn.h"

/*
 * Begin, if the arguments say so: args->policy gets what the file says.
 *
 *   ret            NULL if nothing is to be learned
 *   command_given  the command line has a command
 *
 * Returns 0 or -errno with a sentence.
 */
int pale_cli_learn_start(
    struct pale_run_args *args, bool command_given, struct pale_learn **ret, struct pale_err *err);

/* Put the compartment of the run in place of what is granted, and a watcher before the one of the
 * plan. Nothing where learn is NULL. */
int pale_cli_learn_open(struct pale_learn *learn, struct pale_run_args *args,
    struct pale_compartment **compartment, struct pale_err *err);

/* Write what was learned, if the command ran, and say so. Returns 0 or -errno with a sentence. */
int pale_cli_learn_end(
    struct pale_learn *learn, const struct pale_run_args *args, bool ran, struct pale_err *err);

#endif
