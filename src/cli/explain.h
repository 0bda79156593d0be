/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers about a policy: `pale run --explain` and `--why`. Print to standard output. */
#ifndef PALE_CLI_EXPLAIN_H
#define PALE_CLI_EXPLAIN_H

#include <stdbool.h>

#include "core/err.h"
#include "policy/policy.h"
#include "run/plan.h"

/* Both return the exit code, or -errno with words: --explain 0, --why 0 (allowed) or 1 (denied). */
int pale_cli_explain(const struct pale_compartment *compartment,
    const struct pale_plan_options *options, bool json, struct pale_err *err);

/* call: as pale_call_parse takes it; path: NULL where the call concerns none. */
int pale_cli_why(const struct pale_compartment *compartment,
    const struct pale_plan_options *options, const char *call, const char *path, bool json,
    struct pale_err *err);

#endif
