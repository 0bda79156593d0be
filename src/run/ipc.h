/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V objects and POSIX queues of the machine that are granted one by one. Objects are found
 * by their keys when the plan is made, and the filter knows them by key and identifier; the cage
 * then has the machine's ipc namespace. Queues are pinned before the cage has a namespace of its
 * own, and the supervisor opens them.
 */
#ifndef PALE_RUN_IPC_H
#define PALE_RUN_IPC_H

#include <stdbool.h>
#include <stddef.h>

#include "cage/doors.h"
#include "core/err.h"
#include "policy/policy.h"

struct pale_plan;
struct pale_plan_options;

/* Queues that are pinned. */
struct pale_ipc {
	struct pale_door_queue *queues; /* owned, with their descriptors; names are the policy's */
	size_t queue_count;
};

/* Is a System V object granted, so that the cage has the machine's ipc namespace? */
bool pale_ipc_is_machines(const struct pale_compartment *compartment);

/* Is it a grant of such an object or of a queue, and none of a path? */
bool pale_ipc_is_kind(enum pale_grant_kind kind);

/*
 * Pin the granted queues, in the ipc namespace that we are in.
 *
 *   around   what the cage around has, whose queues cannot be handed on; NULL where there is none
 *   ret_ipc  to be given to pale_ipc_done, also after a failure
 *
 * Returns 0, or -ENOENT, -EACCES with a sentence and what to do. Test: tests/cli/sysv.bats
 */
int pale_ipc_pin(const struct pale_compartment *compartment, const struct pale_doors *around,
    struct pale_ipc *ret_ipc, struct pale_err *err);

void pale_ipc_done(struct pale_ipc *ipc);

/*
 * Find the granted objects, and complete a compiled plan: .sys.objects and gates, .doors.queues.
 * Queues come from the options if they are pinned already, else they are pinned now.
 *
 * Returns 0, or -ENOENT, -EACCES, -EOPNOTSUPP (a use that nothing here enforces alone).
 * Test: tests/cli/sysv.bats
 */
int pale_ipc_plan(struct pale_plan *plan, const struct pale_compartment *compartment,
    const struct pale_plan_options *options, struct pale_err *err);

#endif
