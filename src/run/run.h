/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `pale run`: a compartment made into a cage and its command run in it.
 */
#ifndef PALE_RUN_RUN_H
#define PALE_RUN_RUN_H

#include "cage/cage.h"
#include "core/err.h"
#include "policy/policy.h"
#include "run/plan.h"

enum {
	/* The limit on processes where none is asked for: enough for every build, too few for a
	 * fork bomb to stop a machine. */
	PALE_RUN_NPROC = 4096,
};

/* What the caller is told before the command runs; strings are borrowed for the call. */
typedef void pale_run_notice(const char *sentence);

/*
 * Run a compartment's command and wait for it.
 *
 *   compartment  with .command set
 *   env          the caller's environment
 *   notice       called for each accepted loss; may be NULL
 *   ret_status   wait status of the command
 *   ret_stage    on failure, for the exit code
 *
 * Returns 0 once the command ran, whatever became of it, or -errno: then it did not.
 */
int pale_run(const struct pale_compartment *compartment, const struct pale_plan_options *options,
    char *const *env, pale_run_notice *notice, int *ret_status, enum pale_cage_stage *ret_stage,
    struct pale_err *err);

#endif
